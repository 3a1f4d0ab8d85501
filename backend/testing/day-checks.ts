import { checkLedger } from '../modules/ledger/index.ts'
import type { TestApp } from './app.ts'
import { findUnrest } from './final-state.ts'

type Wish = { id: string; named_mitra_id: string | null; any_mitra: boolean; topic: string | null; language: string | null; gender: string | null }
type Mitra = { id: string; capacity: number; topics: string[]; languages: string[]; gender: string | null }

// Said once more, apart from the product's own rule: that is what is on trial.
const wouldAccept = (wish: Wish, mitra: Mitra): boolean =>
  wish.named_mitra_id === mitra.id
  || ((wish.named_mitra_id === null || wish.any_mitra)
    && (wish.topic === null || mitra.topics.includes(wish.topic))
    && (wish.language === null || mitra.languages.includes(wish.language))
    && (wish.gender === null || wish.gender === mitra.gender))

const WISH = 's.id, s.named_mitra_id, s.any_mitra, s.topic, s.language, s.gender'
const MITRA = 'm.user_id as id, m.capacity, m.topics, m.languages, m.gender'

/** Free slots of mitras whom somebody who waits would accept, while nothing is due: matching has left them unused. */
export async function findIdleSlots(app: TestApp, settle: () => Promise<void>): Promise<string[]> {
  for (let look = 1; ; look++) {
    const [waiting, free] = await Promise.all([
      app.query<Wish & { declined: string[] }>(`
        select ${WISH}, array(select mitra_id from offers o where o.session_id = s.id and o.state = 'declined')::text[] as declined from chat_sessions s
        where s.state = 'queued' or (s.state = 'ringing' and s.slot_mitra_id is null and s.ring_until > app_now())`),
      app.query<Mitra>(`select ${MITRA} from mitras m join mitra_slots x on x.mitra_id = m.user_id where x.open_capacity > x.used`),
    ])
    const idle = waiting.flatMap((wish) => free.filter((mitra) => wouldAccept(wish, mitra) && !wish.declined.includes(mitra.id)).map((mitra) => `${mitra.id} is free while ${wish.id} waits`))
    // What was read in two statements may have changed between them.
    if (idle.length === 0 || look === 3) return idle.slice(0, 1)
    await settle()
  }
}

type EventRow = { id: string; tx: string; at: Date; session_id: string; event: string; from_state: string | null; to_state: string; mitra: string | null }
type Replayed = Wish & { queue_number: string }
type Turn = { state: 'queued' | 'ringing'; turn: number }
type Standing = Turn & { wish: Replayed; declined: Set<string> }

/**
 * Reads the events of all sessions in their order, a transaction at a time: who waited, who held whose slot. Answers
 * whoever was given a mitra past somebody before them who would have accepted that mitra, and every slot given twice.
 */
export async function replayMatching(app: TestApp): Promise<{ problems: string[]; grants: number; waited: number }> {
  const [events, wishes, mitras] = await Promise.all([
    app.query<EventRow>(`select id, xmin::text as tx, at, session_id, event, from_state, to_state, details ->> 'mitraId' as mitra from session_events order by id`),
    app.query<Replayed>(`select ${WISH}, s.queue_number from chat_sessions s`),
    app.query<Mitra>(`select ${MITRA} from mitras m`),
  ])
  const wishOf = new Map(wishes.map((wish) => [wish.id, wish]))
  const mitraOf = new Map(mitras.map((mitra) => [mitra.id, mitra]))
  const waiting = new Map<string, Standing>()
  const slotOf = new Map<string, string>()
  const declinedBy = new Map<string, Set<string>>()
  const problems: string[] = []
  let [grants, waited, paid] = [0, 0, 0]

  const turnOf = new Map<string, number>()
  const since = new Map<string, Date>()
  const apply = (row: EventRow): { id: string; mitra: string; wasRinging: boolean; afterMs: number } | undefined => {
    const { session_id: id } = row
    const declined = declinedBy.get(id) ?? new Set()
    declinedBy.set(id, declined)
    const wait = (state: Standing['state'], turn: number) => {
      waiting.set(id, { wish: wishOf.get(id)!, state, turn, declined })
      since.set(id, row.at)
    }
    if (row.event === 'asked') wait('queued', Number(wishOf.get(id)!.queue_number))
    else if (row.event === 'slot_found' || row.event === 'next_offer') {
      waiting.delete(id)
      slotOf.set(id, row.mitra!)
      if (row.to_state === 'ringing' && !turnOf.has(id)) turnOf.set(id, ++paid)
      return { id, mitra: row.mitra!, wasRinging: row.from_state === 'ringing', afterMs: row.at.getTime() - since.get(id)!.getTime() }
    } else if (row.event.startsWith('offer_') || row.event === 'slot_lost') {
      if (row.event === 'offer_declined') declined.add(slotOf.get(id)!)
      slotOf.delete(id)
      if (row.to_state === 'ringing') wait('ringing', turnOf.get(id)!)
    } else if (row.event === 'payment_applied' && row.to_state === 'ringing') {
      turnOf.set(id, ++paid)
      if (!slotOf.has(id)) wait('ringing', paid)
    } else if (TERMINAL.has(row.to_state)) {
      waiting.delete(id)
      slotOf.delete(id)
    }
    return undefined
  }

  for (const group of byTransaction(events)) {
    const before = new Map(waiting)
    const granted = group.flatMap((row) => apply(row) ?? [])
    const used = new Map<string, number>()
    for (const mitra of slotOf.values()) used.set(mitra, (used.get(mitra) ?? 0) + 1)
    for (const grant of granted) {
      grants++
      // Who rings is given the next mitra in the transaction that took the last one away: in the turn of those who ring.
      const turn = grant.wasRinging ? turnOf.get(grant.id) : undefined
      const own = before.get(grant.id) ?? (turn === undefined ? undefined : { state: 'ringing' as const, turn })
      if (grant.afterMs > WAITED_MS) waited++
      const mitra = mitraOf.get(grant.mitra)!
      if (used.get(mitra.id)! > mitra.capacity) problems.push(`${mitra.id} has ${used.get(mitra.id)} sessions and ${mitra.capacity} slots`)
      for (const [id, other] of before) {
        if (waiting.has(id) && isBefore(other, own) && !other.declined.has(mitra.id) && wouldAccept(other.wish, mitra)) problems.push(`${grant.id} was given ${mitra.id} before ${id}, who was waiting longer`)
      }
    }
  }
  return { problems, grants, waited }
}

/** Whoever is served at once has waited no longer than their transaction takes. */
const WAITED_MS = 1000
const TERMINAL = new Set(['ended', 'cancelled', 'expired', 'unserved'])

// Whoever has just come is after everybody who waits.
const isBefore = (one: Turn, other: Turn | undefined): boolean =>
  other === undefined || (one.state === other.state ? one.turn < other.turn : one.state === 'ringing')

function byTransaction(events: readonly EventRow[]): EventRow[][] {
  const groups: EventRow[][] = []
  for (const row of events) {
    const last = groups.at(-1)
    if (last && last[0]!.tx === row.tx) last.push(row)
    else groups.push([row])
  }
  return groups
}

type SecondsRow = {
  id: string; state: string; end_reason: string; bought_ms: number; clock_ms: number; gap_ms: number; unused_ms: number; late_ms: number
  had_grace: boolean; served_ms: number; should_serve_ms: number; returned_idr: number; price_idr: number; parts: { minutes: number; priceIdr: number }[]
  mitra_idr: number; paused_ms: number; share: number
}

/**
 * Every second of every session that began: bought, used, paused, returned; what was returned and shared of its price;
 * how late its end was noticed (where no extension was waited for).
 */
export async function countSeconds(app: TestApp): Promise<{ problems: string[]; begun: number; latestMs: number; pausedSeconds: number }> {
  const ms = (text: string) => `round(extract(epoch from ${text}) * 1000)::float8`
  const rows = await app.query<SecondsRow>(`
    select s.id, s.state, s.end_reason, s.returned_idr::float8, s.mitra_share_percent as share, s.paused_seconds::float8 * 1000 as paused_ms,
      ${ms('s.ends_at - s.clock_started_at')} as clock_ms, coalesce(g.gap_ms, 0) as gap_ms, p.parts, p.bought_ms, p.price_idr,
      greatest(0, ${ms(`s.ends_at - case when s.end_reason = 'pause_limit' or s.paused_at is not null then s.paused_at else s.ended_at end`)}) as unused_ms,
      ${ms('s.ended_at - s.ends_at')} as late_ms, exists (select from session_events v where v.session_id = s.id and v.event = 'time_is_up') as had_grace,
      (select coalesce(sum(${ms('i.ended_at - i.started_at')}), 0) from mitra_intervals i where i.session_id = s.id and i.kind = 'served') as served_ms,
      ${ms('coalesce(s.paused_at, least(s.ended_at, s.ends_at)) - s.accepted_at')} - round(s.paused_seconds::float8 * 1000) as should_serve_ms,
      (select coalesce(sum(e.amount_idr), 0)::float8 from ledger_transactions t join ledger_entries e on e.transaction_id = t.id where t.key = 'session:' || s.id || ':settle' and e.account like 'mitra_payable:%') as mitra_idr
    from chat_sessions s
    join lateral (
      select sum(q.minutes) * 60000::float8 as bought_ms, sum(q.price_idr)::float8 as price_idr, json_agg(json_build_object('minutes', q.minutes, 'priceIdr', q.price_idr) order by q.position) as parts
      from purchases q where q.session_id = s.id and q.state in ('funded', 'settled', 'returned') and (q.kind = 'session' or exists (select from session_events v where v.session_id = s.id and v.event = 'extended' and v.details ->> 'purchaseId' = q.id::text))) p on true
    left join lateral (
      select sum(${ms(`(v.details -> 'gap' ->> 'until')::timestamptz - (v.details -> 'gap' ->> 'from')::timestamptz`)}) as gap_ms from session_events v where v.session_id = s.id and v.event = 'extended' and v.details ? 'gap') g on true
    where s.state = 'ended' and s.clock_started_at is not null`)
  const problems: string[] = []
  for (const row of rows) {
    const say = (what: string) => problems.push(`${row.id} (${row.end_reason}): ${what}`)
    if (row.clock_ms !== row.bought_ms + row.paused_ms + row.gap_ms) say(`the clock runs ${row.clock_ms} ms of ${row.bought_ms} bought, ${row.paused_ms} paused, ${row.gap_ms} at zero`)
    const back = row.end_reason === 'time_up' || (row.end_reason === 'customer_ended' && row.returned_idr === 0) ? 0 : priceOf(row.parts, row.unused_ms)
    if (row.returned_idr !== back) say(`${row.returned_idr} returned, ${back} of ${row.unused_ms} ms unused`)
    if (row.mitra_idr !== Math.floor(((row.price_idr - back) * row.share) / 100)) say(`the mitra has ${row.mitra_idr} of ${row.price_idr - back}`)
    if (row.gap_ms === 0 && Math.abs(row.served_ms - row.should_serve_ms) > 1) say(`${row.served_ms} ms are reported as served, ${row.should_serve_ms} were`)
  }
  return {
    problems, begun: rows.length, pausedSeconds: rows.reduce((sum, row) => sum + row.paused_ms, 0) / 1000,
    latestMs: Math.max(0, ...rows.filter((row) => row.end_reason === 'time_up' && !row.had_grace).map((row) => row.late_ms)),
  }
}

/** What so many unused milliseconds cost: they belong to what was bought last. Rupiah. */
function priceOf(parts: SecondsRow['parts'], unusedMs: number): number {
  let left = unusedMs
  return parts.toReversed().reduce((sum, { minutes, priceIdr }) => {
    const unused = Math.min(left, minutes * 60_000)
    left -= unused
    return sum + Math.min(priceIdr, Math.ceil((unused * priceIdr) / (minutes * 60_000)))
  }, 0)
}

/** What is left of the day in the books and in the rows. */
export async function findRemains(app: TestApp): Promise<string[]> {
  const [unrest, open] = await Promise.all([findUnrest(app), app.query<{ state: string }>(`select state from chat_sessions where ended_at is null`)])
  const { problems } = await checkLedger(app.replicas[0]!.ctx.sql)
  return [...unrest, ...problems, ...open.map(({ state }) => `a session is still ${state}`)]
}
