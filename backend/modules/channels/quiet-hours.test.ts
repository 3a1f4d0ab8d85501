import fc from 'fast-check'
import t from 'tap'
import { quietUntil } from './index.ts'

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS

const ZONES = [
  'Asia/Jakarta', 'Asia/Makassar', 'Asia/Jayapura', 'UTC', 'Europe/Berlin', 'America/New_York', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe',
  'Pacific/Chatham', 'Pacific/Apia', 'Africa/Casablanca', 'America/Santiago', 'Asia/Tehran', 'Atlantic/Azores',
] as const

/** What the wall clock shows, by Intl and not by what is tested. */
const formats = new Map<string, Intl.DateTimeFormat>(ZONES.map((timeZone) => [timeZone, new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })]))
const shown = (ms: number, zone: string) => formats.get(zone)!.format(ms)
const isQuiet = (ms: number, zone: string, { from, to }: { from: string; to: string }) => {
  const now = shown(ms, zone)
  return from <= to ? now >= from && now < to : now >= from || now < to
}

const two = (value: number) => String(value).padStart(2, '0')
const time = fc.tuple(fc.nat(23), fc.oneof(fc.constantFrom(0, 30), fc.nat(59))).map(([hour, minute]) => `${two(hour)}:${two(minute)}`)

/** Moments around which clocks change: both of a year's changes of each zone, found by Intl itself. */
const changes = ZONES.flatMap((zone) => {
  const found: { zone: string; ms: number }[] = []
  for (const year of [2011, 2026]) {
    let before = ''
    for (let ms = Date.UTC(year, 0, 1); ms < Date.UTC(year + 1, 0, 1); ms += 30 * MINUTE_MS) {
      const offset = (Date.parse(`2000-01-01T${shown(ms, zone)}:00Z`) - ms) % DAY_MS
      const normal = String(((offset % DAY_MS) + DAY_MS) % DAY_MS)
      if (before !== '' && normal !== before) found.push({ zone, ms })
      before = normal
    }
  }
  return found
})

const moment = fc.oneof(
  fc.record({ zone: fc.constantFrom(...ZONES), ms: fc.integer({ min: Date.UTC(2001, 0, 1), max: Date.UTC(2045, 0, 1) }) }),
  fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -26 * 60, max: 3 * 60 }), fc.nat(59_999)).map(([{ zone, ms }, minutes, rest]) => ({ zone, ms: ms + minutes * MINUTE_MS + rest })),
)

t.test('quiet hours end when the wall clock says so, whatever clocks do in between', async (t) => {
  t.ok(changes.length > 30, 'zones change their clocks')
  fc.assert(fc.property(moment, time, time, ({ zone, ms }, from, to) => {
    const quiet = { from, to }
    const until = quietUntil(ms, zone, quiet)
    if (until === undefined) {
      if (isQuiet(ms, zone, quiet)) throw new Error('it is quiet now')
      return
    }
    if (!isQuiet(ms, zone, quiet)) throw new Error('it is not quiet now')
    if (until <= ms) throw new Error('not in the future')
    // More than a day only where the clock leaves out all of the time that is not quiet: then it is the next day's.
    if (until - ms > 2 * DAY_MS) throw new Error('longer than two days')
    if (isQuiet(until, zone, quiet)) throw new Error('still quiet then')
    for (let minute = ms; minute < until; minute += MINUTE_MS) if (!isQuiet(minute, zone, quiet)) throw new Error(`not quiet at ${new Date(minute).toISOString()}`)
    if (!isQuiet(until - 1, zone, quiet)) throw new Error('over before')
  }), { numRuns: 500 })
})

const at = (text: string) => Date.parse(text)
const CASES: { name: string; now: string; zone: string; from: string; to: string; until: string | undefined }[] = [
  { name: 'a night in Jakarta', now: '2026-11-22T16:00:00Z', zone: 'Asia/Jakarta', from: '22:00', to: '06:00', until: '2026-11-22T23:00:00Z' },
  { name: 'its last minute', now: '2026-11-22T22:59:59.999Z', zone: 'Asia/Jakarta', from: '22:00', to: '06:00', until: '2026-11-22T23:00:00Z' },
  { name: 'its end', now: '2026-11-22T23:00:00Z', zone: 'Asia/Jakarta', from: '22:00', to: '06:00', until: undefined },
  { name: 'a zone of three quarters', now: '2026-11-22T17:00:00Z', zone: 'Asia/Kathmandu', from: '22:30', to: '05:15', until: '2026-11-22T23:30:00Z' },
  { name: 'the night that has an hour less', now: '2027-03-27T22:00:00Z', zone: 'Europe/Berlin', from: '22:00', to: '06:00', until: '2027-03-28T04:00:00Z' },
  { name: 'the night that has an hour more', now: '2026-10-24T21:00:00Z', zone: 'Europe/Berlin', from: '22:00', to: '06:00', until: '2026-10-25T05:00:00Z' },
  { name: 'an end that the clock leaves out', now: '2027-03-27T22:00:00Z', zone: 'Europe/Berlin', from: '22:00', to: '02:30', until: '2027-03-28T01:00:00Z' },
  { name: 'the one minute that is not quiet left out: that of the next day', now: '2011-03-26T23:26:00Z', zone: 'Europe/Berlin', from: '02:28', to: '02:27', until: '2011-03-28T00:27:00Z' },
  { name: 'an end that the clock shows twice: the first', now: '2026-10-24T21:00:00Z', zone: 'Europe/Berlin', from: '22:00', to: '02:30', until: '2026-10-25T00:30:00Z' },
  { name: 'and quiet again when it shows the hour a second time', now: '2026-10-25T01:10:00Z', zone: 'Europe/Berlin', from: '22:00', to: '02:30', until: '2026-10-25T01:30:00Z' },
  { name: 'half an hour of summer', now: '2026-10-03T13:00:00Z', zone: 'Australia/Lord_Howe', from: '23:00', to: '06:00', until: '2026-10-03T19:00:00Z' },
  { name: 'a day that was left out', now: '2011-12-30T09:00:00Z', zone: 'Pacific/Apia', from: '22:00', to: '06:00', until: '2011-12-30T16:00:00Z' },
  { name: 'the same time twice is none', now: '2026-11-22T15:00:00Z', zone: 'Asia/Jakarta', from: '22:00', to: '22:00', until: undefined },
  { name: 'a zone that nobody knows counts as Jakarta', now: '2026-11-22T16:00:00Z', zone: 'Mars/Olympus_Mons', from: '22:00', to: '06:00', until: '2026-11-22T23:00:00Z' },
]

t.test('nights that somebody will ask about', async (t) => {
  for (const { name, now, zone, from, to, until } of CASES) t.equal(quietUntil(at(now), zone, { from, to }), until && at(until), name)
})
