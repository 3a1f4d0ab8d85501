import { eq, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { PreferencesBody, PreferencesView } from './contract.ts'
import { quietOf } from './find-reach.ts'
import { releaseHeld } from './keep-quiet.ts'
import { CHANNELS, KINDS, type Channel, type Choice, type Kind } from './kinds.ts'
import { notificationPreferences, type ChoiceKey, type NotificationPreferences } from './tables.ts'

/** How a person wants to be told, kind by kind; who chose nothing has version 0. */
export async function findNotificationPreferences(handle: Queryable, userId: string): Promise<PreferencesView> {
  const [row] = await handle.select().from(notificationPreferences).where(eq(notificationPreferences.userId, userId))
  return preferencesView(row)
}

/**
 * Changes what is named and leaves the rest; of two at once each keeps what only it names.
 * Throws `validation_failed` for an unknown kind, and for a choice that is not theirs.
 */
export async function changeNotificationPreferences(tx: Tx, userId: string, body: PreferencesBody): Promise<PreferencesView> {
  const { chosen, unchosen } = readChoices(body.choices ?? {})
  const { quietHours: quiet, messageText } = body
  const times = { quietFrom: quiet?.from ?? null, quietTo: quiet?.to ?? null }
  const [row] = await tx.sql.insert(notificationPreferences)
    .values({ userId, choices: chosen, ...times, messageText: messageText ?? false })
    .onConflictDoUpdate({ target: notificationPreferences.userId, set: {
      choices: sql`(${notificationPreferences.choices} - ${sql.param(unchosen)}::text[]) || excluded.choices`,
      ...(quiet === undefined ? {} : times), ...(messageText === undefined ? {} : { messageText }),
      version: sql`${notificationPreferences.version} + 1`, updatedAt: sql`app_now()`,
    } }).returning()
  if (quiet !== undefined) await releaseHeld(tx, userId)
  return preferencesView(row)
}

function readChoices(choices: NonNullable<PreferencesBody['choices']>): { chosen: Partial<Record<ChoiceKey, boolean>>; unchosen: ChoiceKey[] } {
  const chosen: Partial<Record<ChoiceKey, boolean>> = {}
  const unchosen: ChoiceKey[] = []
  const errors: { path: string; code: string; message: string }[] = []
  for (const [kind, channels] of Object.entries(choices)) {
    if (!isKind(kind)) {
      errors.push({ path: `choices.${kind}`, code: 'unknown', message: 'is not a kind of notification' })
      continue
    }
    for (const channel of CHANNELS) {
      const wanted = channels[channel]
      if (wanted === undefined) continue
      const fixed = fixedValue(KINDS[kind][channel])
      if (fixed !== undefined) {
        // An app may send back all that it was shown.
        if (wanted !== null && wanted !== fixed) errors.push({ path: `choices.${kind}.${channel}`, code: 'not_choosable', message: `is always ${fixed ? 'on' : 'off'}` })
      } else if (wanted === null) unchosen.push(`${kind}.${channel}`)
      else chosen[`${kind}.${channel}`] = wanted
    }
  }
  if (errors.length > 0) throw new AppError('validation_failed', 'Not all of this can be chosen.', { errors })
  return { chosen, unchosen }
}

function preferencesView(row: NotificationPreferences | undefined): PreferencesView {
  return {
    version: row?.version ?? 0,
    kinds: (Object.keys(KINDS) as Kind[]).map((kind) => { // the catalogue's own keys
      const channelOf = (channel: Channel) => {
        const choice: Choice = KINDS[kind][channel]
        const fixed = fixedValue(choice)
        return { on: fixed ?? row?.choices[`${kind}.${channel}`] ?? choice === 'on', mayChoose: fixed === undefined, default: fixed ?? choice === 'on' }
      }
      return { kind, isCritical: KINDS[kind].critical, channels: { inbox: channelOf('inbox'), push: channelOf('push'), email: channelOf('email'), sms: channelOf('sms') } }
    }),
    quietHours: quietOf(row?.quietFrom ?? null, row?.quietTo ?? null),
    messageText: row?.messageText ?? false,
  }
}

function fixedValue(choice: Choice): boolean | undefined {
  if (choice === 'always') return true
  return choice === 'never' ? false : undefined
}

function isKind(name: string): name is Kind {
  return Object.hasOwn(KINDS, name)
}
