import type { Ctx } from '../../platform/ctx.ts'
import { mask, type Screen } from '../moderation/index.ts'
import type { RatingBody } from './contract.ts'

/** While `maskContacts` is on, a comment is no way to meet outside either: what it says of one is covered before it is stored. */
export function covered({ settings }: Pick<Ctx, 'settings'>, screen: Screen, body: RatingBody): RatingBody {
  if (body.comment === undefined || !settings.get('maskContacts')) return body
  return { ...body, comment: mask(body.comment, screen(body.comment)?.spans ?? []) }
}
