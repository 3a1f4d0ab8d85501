import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { findSignIn } from '../identity/index.ts'
import { clip } from './format-values.ts'
import { notify, type Notice } from './notify.ts'

export type SecurityEvent = { userId: string } & (
  | { what: 'new_sign_in' | 'token_reused'; signInId: string }
  | { what: 'phone_changed' | 'signed_out_everywhere'; eventId: string }
)

/** A device's name is its owner's words, or a thief's: of a notice it may fill a part only. */
const NAME_MOST = 40

/**
 * Tells a person what happened to their account: in the inbox, by e-mail, and on the devices that are still signed in.
 * Those that were thrown out have no token any more. It says when and which device; an address tells nobody anything.
 */
export async function tellSecurity(ctx: Ctx, event: SecurityEvent): Promise<void> {
  await transact(ctx, async (tx) => {
    const { userId } = event
    if (!('signInId' in event)) return notify(tx, [{ userId, template: `security.${event.what}`, dedupeKey: `security:${event.what}:${event.eventId}` }])
    const signIn = await findSignIn(tx.sql, event.signInId)
    if (!signIn) return
    const about = { userId, dedupeKey: `security:${event.what}:${event.signInId}`, data: { signInId: event.signInId } }
    const name = nameOf(signIn.deviceName ?? '')
    const at = (event.what === 'new_sign_in' ? signIn.createdAt : signIn.revokedAt ?? signIn.lastUsedAt).toISOString()
    const notice: Notice = name === undefined
      ? { ...about, template: `security.${event.what}`, variables: { at } }
      : { ...about, template: `security.${event.what}.named`, variables: { at, device: name } }
    await notify(tx, [notice])
  })
}

/** Undefined where there is nothing to be seen of it: the words for devices without a name are the better ones. */
function nameOf(words: string): string | undefined {
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(words) ? clip(words.replaceAll(/\s+/g, ' ').trim(), NAME_MOST) : undefined
}
