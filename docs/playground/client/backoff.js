const FIRST_MS = 1000
const MOST_MS = 30_000
/** A socket that stood this long was a good one: what comes after it is a first try again. */
export const GOOD_AFTER_MS = 10_000

/**
 * How long to wait before the next try (ms). The first try after a loss follows the server's advice, which spreads a
 * herd; later ones double, and half of it is chance. `attempt` counts the tries that have failed since a good socket.
 */
export function reconnectDelayMs(attempt, advisedMs, random = Math.random) {
  if (attempt === 0 && advisedMs !== undefined) return advisedMs
  const longest = Math.min(MOST_MS, FIRST_MS * 2 ** attempt)
  return Math.max(advisedMs ?? 0, longest * (0.5 + random() / 2))
}

/** `reconnectAfterMs=…` in the reason of a close; undefined where there is none. */
export function advisedDelayMs(reason) {
  const [, ms] = /reconnectAfterMs=(\d+)/.exec(reason) ?? []
  return ms === undefined ? undefined : Number(ms)
}

/** What a client does about the code of a close. */
export function afterClose(code) {
  switch (code) {
    case 4401:
      return 'refresh' // the token: get a new one, then come again
    case 4403:
      return 'sign-out' // the sign-in has ended: nothing will bring it back
    case 4409:
      return 'stay-away' // more devices than are allowed: come again when the person does something here
    case 4413:
    case 4429:
      return 'slow-down' // a fault of this client: come again, but late
    default:
      return 'again' // 1012, 1013, 4408, and whatever the network does
  }
}
