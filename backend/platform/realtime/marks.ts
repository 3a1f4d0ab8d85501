/** What one socket has had of a dense stream: everything up to `upTo`, and `ahead` of it what overtook something lost. */
type Mark = { upTo: number; ahead: Set<number> | undefined }

/** What one socket has had of each stream. Streams that nobody told the start of are `UNKNOWN` until somebody does. */
export type Marks = Map<string, Mark>

const UNKNOWN = -1

/** Notes that `seq` is delivered; false when the socket has had it before. */
export function take(marks: Marks, stream: string, seq: number): boolean {
  const mark = marks.get(stream)
  if (mark === undefined) {
    marks.set(stream, seq === 1 ? { upTo: 1, ahead: undefined } : { upTo: UNKNOWN, ahead: new Set([seq]) })
    return true
  }
  if (seq === mark.upTo + 1 && mark.upTo !== UNKNOWN) {
    mark.upTo = seq
    if (mark.ahead !== undefined) absorb(mark)
    return true
  }
  if (seq <= mark.upTo || mark.ahead?.has(seq) === true) return false
  mark.ahead ??= new Set()
  mark.ahead.add(seq)
  return true
}

/** Says that the socket has everything up to `upTo` (it was in `ready`, or in a page that it asked for). */
export function begin(marks: Marks, stream: string, upTo: number): void {
  const mark = marks.get(stream)
  if (mark === undefined) marks.set(stream, { upTo, ahead: undefined })
  else if (mark.upTo < upTo) {
    mark.upTo = upTo
    absorb(mark)
  }
}

/** Up to where the socket has everything; undefined when the stream's start is unknown. */
export function reached(marks: Marks | undefined, stream: string): number | undefined {
  const mark = marks?.get(stream)
  return mark === undefined || mark.upTo === UNKNOWN ? undefined : mark.upTo
}

function absorb(mark: Mark): void {
  if (mark.ahead === undefined) return
  while (mark.ahead.delete(mark.upTo + 1)) mark.upTo++
  for (const seq of mark.ahead) if (seq <= mark.upTo) mark.ahead.delete(seq)
  if (mark.ahead.size === 0) mark.ahead = undefined
}
