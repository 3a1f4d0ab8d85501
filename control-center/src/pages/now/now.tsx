import { Alert, Skeleton, Stack } from '@mantine/core'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { useFormat } from '../../format.ts'
import { useLive } from '../../live/provider.tsx'
import { useLiveText } from '../../live/texts.ts'
import { PageFrame } from '../../parts/page.tsx'
import { useTitles } from '../../shell/titles.ts'
import { Alerts } from './alerts.tsx'
import { Mitras, Offers, Queue, Sessions } from './lists.tsx'
import { useNowText } from './texts.ts'
import { Tiles } from './tiles.tsx'

/** The live board. While the connection is away it shows what was known last, and says so. */
export function Page() {
  const text = useNowText()
  const titles = useTitles()
  const { board } = useLive()
  return (
    <PageFrame title={titles('board')} about={text('about')}>
      <Stale />
      {board === undefined
        ? <Stack aria-busy="true" role="status" aria-label={text('loading')}>{['a', 'b', 'c'].map((row) => <Skeleton key={row} height={96} />)}</Stack>
        : (
            <Stack gap="lg">
              {board.alerts && <Alerts alerts={board.alerts} />}
              <Tiles board={board} />
              <Sessions board={board} />
              <Queue board={board} />
              <Offers board={board} />
              <Mitras board={board} />
            </Stack>
          )}
    </PageFrame>
  )
}

function Stale() {
  const text = useLiveText()
  const format = useFormat()
  const { state, receivedAt } = useLive()
  if (state !== 'away') return null
  return <Alert color="red" variant="light" role="alert" icon={<IconPlugConnectedX aria-hidden />} title={text('away')}>{receivedAt === undefined ? text('awayAbout') : text('asOf', { time: format.time(receivedAt) })}</Alert>
}
