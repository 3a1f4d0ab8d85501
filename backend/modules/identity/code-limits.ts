import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import type { StoredPhone } from './phones.ts'

/** In development one machine and a few prefixes play everybody. */
const DEVELOPMENT_FACTOR = 100
const HOUR = 3600
const DAY = 86_400

type Counted = { count: number; resetSeconds: number }
type Row = { resend: number; phoneHour: Counted; phoneDay: Counted; ipHour: Counted; prefixHour: Counted }

/**
 * Refuses a code that would be one too many for its phone, address or number prefix. Only under the locks of these
 * three: then what is counted stays true until the commit. Throws `otp_resend_too_soon` or `rate_limited`.
 */
export async function refuseTooManyCodes(tx: Tx, phone: StoredPhone, network: string): Promise<void> {
  const { settings } = tx
  const factor = tx.env.APP_ENV === 'development' ? DEVELOPMENT_FACTOR : 1
  const counted = await count(tx, phone, network)
  // A code that was used up by its sign-in is not resent: its owner may sign in on another device at once.
  if (counted.resend > 0) throw new AppError('otp_resend_too_soon', 'A code was sent a moment ago.', { retryAfterSeconds: counted.resend })
  const limits: [Counted, number][] = [
    [counted.phoneHour, settings.get('otpPerPhoneHour')],
    [counted.phoneDay, settings.get('otpPerPhoneDay')],
    [counted.ipHour, settings.get('otpPerIpHour') * factor],
    [counted.prefixHour, settings.get('otpPerPrefixHour') * factor],
  ]
  const over = limits.filter(([is, limit]) => is.count >= limit).map(([is]) => is.resetSeconds)
  if (over.length === 0) return
  tx.metrics.rateLimited.inc({ limit: 'otp' })
  throw new AppError('rate_limited', 'Too many codes were asked for.', { retryAfterSeconds: Math.max(1, ...over) })
}

async function count(tx: Tx, phone: StoredPhone, network: string): Promise<Row> {
  const within = (seconds: number, which: ReturnType<typeof sql>) => sql`(
    select json_build_object('count', count(*), 'resetSeconds', coalesce(ceil(extract(epoch from min(created_at) - app_now())) + ${seconds}::int, 0))
    from otp_challenges where ${which} and created_at > app_now() - make_interval(secs => ${seconds}))`
  const byPhone = sql`phone_hash = ${phone.phoneHash}`
  const result = await tx.sql.execute<Row>(sql`select
    coalesce((select ceil(extract(epoch from max(resend_at) - app_now()))::int from otp_challenges
      where ${byPhone} and resend_at > app_now() and consumed_at is null and superseded_at is null), 0) as resend,
    ${within(HOUR, byPhone)} as "phoneHour",
    ${within(DAY, byPhone)} as "phoneDay",
    ${within(HOUR, sql`ip = ${network}`)} as "ipHour",
    ${within(HOUR, sql`phone_prefix = ${phone.phonePrefix}`)} as "prefixHour"`)
  return result.rows[0]!
}
