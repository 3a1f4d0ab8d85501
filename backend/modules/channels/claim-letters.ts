import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import type { LetterChannel, LetterOutcome } from './letter-rules.ts'

/** A letter that somebody is sending is not taken by anybody else for this long; a worker that died is followed after it. */
const LEASE_SECONDS = 60
/** What must be left of a claim for a call to begin: the slowest gateway's deadline, and a little. */
const CALL_SECONDS = 25
/** Whoever counts SMS holds this to the commit: what was counted stays true. */
const SMS_LOCK = 4_717_320_518

export type ClaimedLetter = {
  id: string
  userId: string
  channel: LetterChannel
  kind: string
  template: string
  subject: string | undefined
  text: string
  toEncrypted: Buffer | undefined
  challengeId: string | undefined
  attempts: number
  /** Calls that were begun. */
  tries: number
  /** Claims that ended without a try. */
  waits: number
  leftSeconds: number
}

type Row = {
  id: string; user_id: string; channel: ClaimedLetter['channel']; kind: string; template: string; subject: string | null; text: string
  to_encrypted: Buffer | null; challenge_id: string | null; attempts: number; tries: number; waits: number; left_seconds: string
}

/** A condition: letters of a channel that have been due for so long and that nobody is sending. */
export function areClaimable(channel: LetterChannel, waitedSeconds: number): SQL {
  return sql`state = 'queued' and channel = ${channel} and due_at <= app_now() - make_interval(secs => ${waitedSeconds}) and (claimed_until is null or claimed_until <= app_now())`
}

/** Claims due letters of a channel that nobody is sending, the urgent ones first. */
export async function claimLetters(ctx: Ctx, channel: LetterChannel, limit: number, waitedSeconds: number): Promise<ClaimedLetter[]> {
  const { rows } = await ctx.sql.execute<Row>(sql`
    update letters set claimed_until = app_now() + make_interval(secs => ${LEASE_SECONDS}), attempts = attempts + 1
    where id = any(array(
      select id from letters
      where ${areClaimable(channel, waitedSeconds)}
      order by priority, due_at limit ${limit} for update skip locked))
    returning id, user_id, channel, kind, template, subject, text, to_encrypted, challenge_id, attempts, tries, waits, extract(epoch from expires_at - app_now()) as left_seconds`)
  return rows.map((row) => ({
    id: row.id, userId: row.user_id, channel: row.channel, kind: row.kind, template: row.template, subject: row.subject ?? undefined, text: row.text,
    toEncrypted: row.to_encrypted ?? undefined, challengeId: row.challenge_id ?? undefined, attempts: row.attempts, tries: row.tries, waits: row.waits, leftSeconds: Number(row.left_seconds),
  }))
}

export type Begun = { ours: Set<string>; overCap: Map<string, 'sms_cap_person' | 'sms_cap_day'> }

/**
 * Counts the try of these letters, right before their calls: `ours` may be called. Those of a worker that was stopped for
 * so long that another follows are in neither; an SMS that would be one too many of the last 24 hours is over the cap.
 */
export async function beginLetters(ctx: Ctx, letters: readonly ClaimedLetter[]): Promise<Begun> {
  if (letters.length === 0) return { ours: new Set(), overCap: new Map() }
  return transact(ctx, async (tx) => {
    const hasSms = letters.some(({ channel }) => channel === 'sms')
    if (hasSms) await tx.sql.execute(sql`select pg_advisory_xact_lock(${SMS_LOCK})`)
    // A try again is counted where it was counted first: `sent_at` is when a letter was called last.
    const { rows } = await tx.sql.execute<{ id: string; cap: 'sms_cap_person' | 'sms_cap_day' | null }>(sql`
      with mine as (
        select l.id, l.user_id, l.channel, l.sent_at from letters l join jsonb_to_recordset(${JSON.stringify(letters.map(({ id, attempts }) => ({ id, attempts })))}::jsonb) as r(id uuid, attempts int)
          on l.id = r.id and l.attempts = r.attempts
        where l.state = 'queued' and l.claimed_until > app_now() + make_interval(secs => ${CALL_SECONDS}) for update of l
      ), fresh as (
        select id, row_number() over (partition by user_id order by id)
          + (select count(*) from letters x where x.channel = 'sms' and x.user_id = m.user_id and x.sent_at > app_now() - interval '1 day') as own_place
        from mine m where channel = 'sms' and (sent_at is null or sent_at <= app_now() - interval '1 day')
      ), allowed as (
        select id, row_number() over (order by id)
          + (select count(*) from letters x where x.channel = 'sms' and x.sent_at > app_now() - interval '1 day') as place
        from fresh where own_place <= ${tx.settings.get('smsPerPersonDay')}
      ), judged as (
        select m.id, case when f.id is not null and a.id is null then 'sms_cap_person' when a.place > ${tx.settings.get('smsPerDay')} then 'sms_cap_day' end as cap
        from mine m left join fresh f on f.id = m.id left join allowed a on a.id = m.id
      ), begun as (
        update letters l set tries = l.tries + 1, sent_at = app_now() from judged j where l.id = j.id and j.cap is null
      ) select id, cap from judged`)
    return { ours: new Set(rows.filter(({ cap }) => cap === null).map(({ id }) => id)), overCap: new Map(rows.flatMap(({ id, cap }) => (cap === null ? [] : [[id, cap]]))) }
  })
}

/** Writes what became of them. The number of the claim is the fence: a worker that was followed meanwhile changes nothing any more. */
export async function settleLetters(ctx: Ctx, outcomes: readonly { letter: ClaimedLetter; outcome: LetterOutcome }[]): Promise<void> {
  const changes = outcomes.map(({ letter, outcome }) => ({
    id: letter.id, attempts: letter.attempts, state: outcome.to === 'later' ? 'queued' : outcome.to,
    reason: outcome.to === 'sent' ? null : outcome.reason, delay: outcome.to === 'later' ? outcome.delaySeconds : null,
    tries: outcome.to === 'later' && outcome.isWait === true ? letter.tries : null,
  }))
  // What was written to somebody is kept nowhere once it is sent; that it was, for some weeks.
  await ctx.sql.execute(sql`
    update letters l set state = r.state, reason = r.reason, claimed_until = null,
      due_at = coalesce(app_now() + make_interval(secs => r.delay), l.due_at), settled_at = case when r.delay is null then app_now() end,
      text = case when r.delay is null then '' else l.text end, to_encrypted = case when r.delay is null then null else l.to_encrypted end,
      tries = coalesce(r.tries, l.tries), waits = l.waits + case when r.tries is null then 0 else 1 end
    from jsonb_to_recordset(${JSON.stringify(changes)}::jsonb) as r(id uuid, attempts int, state text, reason text, delay float8, tries int)
    where l.id = r.id and l.state = 'queued' and l.attempts = r.attempts`)
}
