/** Why a text can't be stored; undefined when it can. Length counts Unicode code points. */
export function refuseText(text: string, maxLength: number): { code: 'validation_failed' | 'message_too_long'; detail: string } | undefined {
  if (text.length === 0) return { code: 'validation_failed', detail: 'The message is empty.' }
  // A code point is one or two code units: only what might be too long is counted.
  if (text.length > maxLength && (text.length > 2 * maxLength || countCodePoints(text) > maxLength)) {
    return { code: 'message_too_long', detail: `A message has at most ${maxLength} characters.` }
  }
  // Postgres stores neither.
  if (text.includes('\0') || !text.isWellFormed()) return { code: 'validation_failed', detail: 'The message has characters that are not text.' }
  return undefined
}

/** The number of Unicode code points: what domain and apps call characters. */
export function countCodePoints(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length - 1; at++) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      count--
      at++
    }
  }
  return count
}
