import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useState } from 'react'
import { MeProvider } from './api/me.tsx'
import { createQueries } from './api/queries.ts'
import { LiveProvider } from './live/provider.tsx'
import { router } from './router.tsx'
import { Gate } from './shell/gate.tsx'
import { cssVariables, theme } from './theme.ts'

export function App() {
  const [queries] = useState(createQueries)
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      {/* Long enough to be read by who reads slowly or looks up late (WCAG 2.2.1); it waits while the pointer is over it. */}
      <Notifications position="top-right" autoClose={8000} />
      <QueryClientProvider client={queries}>
        <MeProvider>
          <LiveProvider>
            <Gate><RouterProvider router={router} /></Gate>
          </LiveProvider>
        </MeProvider>
      </QueryClientProvider>
    </MantineProvider>
  )
}
