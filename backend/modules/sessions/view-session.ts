import type { UserActor } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import type { SessionView } from './contract.ts'
import { findSessionViews } from './views.ts'

/** One session as this side sees it; the caller has checked that it may. */
export async function viewSession(ctx: Ctx, actor: UserActor, id: string): Promise<{ session: SessionView }> {
  const views = (await findSessionViews(ctx, [id])).get(id)
  if (!views) throw new AppError('not_found')
  return { session: views[actor.kind] }
}
