import type { Ctx } from '../../platform/ctx.ts'
import type { Language } from '../identity/index.ts'
import type { Variables } from './notice-types.ts'
import type { TemplateKey } from './notices.ts'
import { renderNotice, type Rendered } from './render-notice.ts'
import { overridesOf } from './templates.ts'

/** The words of a notice for one person, by the templates of staff that are in force on this replica. No query. */
export function renderInForce(world: Pick<Ctx, 'pool'>, key: TemplateKey, language: Language, variables: Variables = {}, timeZone?: string): Rendered {
  const override = overridesOf(world).find(key, language)
  return renderNotice(key, language, variables, { override: override?.parts, version: override?.version, timeZone })
}
