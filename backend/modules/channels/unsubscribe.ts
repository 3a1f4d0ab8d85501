import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { chooseDigest } from '../identity/index.ts'
import { findReach, type Reach } from './find-reach.ts'
import { KINDS, type Kind, type KindOf } from './kinds.ts'
import { DIGEST } from './lay-mail.ts'
import { changeNotificationPreferences } from './preferences.ts'
import { readUnsubscribeToken, type Unsubscribe } from './unsubscribe-token.ts'

/** What a link is for, in the person's language. Throws `not_found` for one that we did not make. */
export async function findUnsubscribe(ctx: Ctx, token: string): Promise<Unsubscribe & { language: string }> {
  const { link, reach } = await look(ctx, token)
  return { ...link, language: reach?.language ?? 'id' }
}

/**
 * Switches off what a link is for, or all e-mail that may be switched off. As often as one likes (what is off already is
 * not written again), and without a sign-in;
 * of an account that is gone nothing is left to switch off. Throws `not_found` for a link that we did not make.
 */
export async function unsubscribe(ctx: Ctx, token: string, scope: 'this' | 'all'): Promise<Unsubscribe & { language: string }> {
  const { link, reach } = await look(ctx, token)
  const said = { ...link, language: reach?.language ?? 'id' }
  if (!reach || reach.erased) return said
  const kinds = (Object.keys(KINDS) as Kind[]) // the catalogue's own keys
    .filter((kind) => mayChoose(KINDS[kind]) && (scope === 'all' || kind === link.what) && reach.choices[`${kind}.email`] !== false)
  if (kinds.length > 0) await transact(ctx, (tx) => changeNotificationPreferences(tx, link.userId, { choices: Object.fromEntries(kinds.map((kind) => [kind, { email: false }])) }))
  if ((scope === 'all' || link.what === DIGEST) && reach.emailDigest !== 'none') await chooseDigest(ctx.sql, link.userId, 'none')
  return said
}

async function look(ctx: Ctx, token: string): Promise<{ link: Unsubscribe; reach: Reach | undefined }> {
  const link = readUnsubscribeToken(ctx.env, token)
  if (!link) throw new AppError('not_found', 'This link is not complete.')
  return { link, reach: (await findReach(ctx.sql, [link.userId])).get(link.userId) }
}

function mayChoose(kind: KindOf): boolean {
  return kind.email === 'on' || kind.email === 'off'
}
