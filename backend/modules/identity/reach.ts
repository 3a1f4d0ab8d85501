import { sql, type SQL } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Kind, Preferences } from './contract.ts'
import { preferences, users } from './tables.ts'

export type ToTell = {
  id: string
  kind: Kind
  erased: boolean
  language: string
  time_zone: string
  is_enabled: boolean
  email_digest: Preferences['emailDigest']
}

/** What matters of these persons to who tells them something (rows of `ToTell`), as a query for another module's statement. */
export function personsToTell(ids: readonly string[]): SQL {
  return sql`
    select ${users.id}, ${users.kind}, ${users.erasedAt} is not null as erased, ${users.language}, ${users.timeZone},
      ${preferences.values} ->> 'notificationsEnabled' is distinct from 'false' as is_enabled,
      coalesce(${preferences.values} ->> 'emailDigest', 'daily') as email_digest
    from ${users} left join ${preferences} on ${preferences.userId} = ${users.id} where ${isAnyOf(users.id, ids)}`
}
