// Preloaded by a replica under test: node --import 'file:///…/shifted-clock.ts?ms=600000'. Its machine's clock is wrong
// from the start; what has elapsed (performance.now(), timers) is measured as ever.
const shiftMs = Number(new URL(import.meta.url).searchParams.get('ms'))
const RealDate = Date

class ShiftedDate extends RealDate {
  constructor(...given: unknown[]) {
    // Date's own overloads take anything.
    super(...((given.length === 0 ? [RealDate.now() + shiftMs] : given) as [number]))
  }

  static override now(): number {
    return RealDate.now() + shiftMs
  }
}

globalThis.Date = ShiftedDate as DateConstructor // callable without `new` as well: nothing here does that
