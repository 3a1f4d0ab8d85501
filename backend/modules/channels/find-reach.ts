import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { personsToTell } from '../identity/index.ts'
import type { QuietHours } from './quiet-hours.ts'
import { notificationPreferences, type ChoiceKey } from './tables.ts'

/** Who a person is to those who tell them something, and how they want to be told. */
export type Reach = {
  kind: 'customer' | 'mitra'
  erased: boolean
  language: string
  timeZone: string
  /** False: notifications are switched off in the app, and no push is made for them. */
  enabled: boolean
  /** Whether letters reach them: an address that they proved, and that somebody has. */
  email: boolean
  emailDigest: 'none' | 'daily' | 'weekly'
  /** What they chose; the rest follows `KINDS`. Read by `wants`. */
  choices: Partial<Record<ChoiceKey, boolean>>
  quiet: QuietHours | null
  /** Whether a push may show a message's words. */
  messageText: boolean
}

type Row = {
  id: string; kind: Reach['kind']; erased: boolean; language: string; time_zone: string; is_enabled: boolean; email_digest: Reach['emailDigest']
  choices: Reach['choices'] | null; quiet_from: string | null; quiet_to: string | null; message_text: boolean | null; has_email: boolean
}

/** How these persons can be reached, erased ones too, in one statement; who does not exist is not in the map. */
export async function findReach(handle: Queryable, userIds: readonly string[]): Promise<Map<string, Reach>> {
  if (userIds.length === 0) return new Map()
  const { rows } = await handle.execute<Row>(sql`
    select u.*, n.choices, n.quiet_from, n.quiet_to, n.message_text, e.user_id is not null as has_email
    from (${personsToTell([...new Set(userIds)])}) u left join ${notificationPreferences} n on n.user_id = u.id
      left join email_addresses e on e.user_id = u.id and e.undeliverable_at is null`)
  return new Map(rows.map((row) => [row.id, {
    kind: row.kind, erased: row.erased, language: row.language, timeZone: row.time_zone, enabled: row.is_enabled, email: row.has_email, emailDigest: row.email_digest,
    choices: row.choices ?? {}, quiet: quietOf(row.quiet_from, row.quiet_to), messageText: row.message_text ?? false,
  }]))
}

/** The two columns are both there, or neither. */
export function quietOf(from: string | null, to: string | null): QuietHours | null {
  return from === null || to === null ? null : { from, to }
}
