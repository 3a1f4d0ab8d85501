import { Button } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { pathWith, type Query } from '../api/call.ts'
import { useCommon } from '../texts-common.ts'

/** A file that the server streams: the browser saves it, however large it is. */
export function DownloadButton({ path, query, label }: { path: string; query?: Query; label?: string }) {
  const text = useCommon()
  return <Button component="a" href={pathWith(path, query)} download variant="default" leftSection={<IconDownload size={16} aria-hidden />}>{label ?? text('export')}</Button>
}
