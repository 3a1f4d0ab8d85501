import { useEffect, useState } from 'react'

let offsetMs = 0

/** Whatever the server says about its time; clocks on pages are the server's, not this machine's. */
export function noteServerTime(at: number): void {
  if (Number.isFinite(at)) offsetMs = at - Date.now()
}

/** Milliseconds since 1970, of the server. */
export function serverNow(): number {
  return Date.now() + offsetMs
}

/** The server's time, again every `stepMs`. */
export function useNow(stepMs = 1000): number {
  const [now, setNow] = useState(serverNow)
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), stepMs)
    return () => clearInterval(timer)
  }, [stepMs])
  return now
}
