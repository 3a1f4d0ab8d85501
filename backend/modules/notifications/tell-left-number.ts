import { findReach, queueLetters } from '../channels/index.ts'
import { languageOf, type LeftNumber } from '../identity/index.ts'
import { reportFaults } from './notice-faults.ts'
import { definitionOf } from './notices.ts'
import { renderInForce } from './render-in-force.ts'

const TEMPLATE = 'security.number_left'

/**
 * Tells the number that was given up by SMS, whatever its person chose: whoever took the account over would rather be
 * silent about it. The number is kept, encrypted, for this letter alone: until it is sent, and no longer than it lives.
 */
export const tellLeftNumber: LeftNumber = async (tx, { userId, phoneEncrypted }) => {
  if (!tx.gateways.sms.enabled) return
  const language = languageOf((await findReach(tx.sql, [userId])).get(userId)?.language ?? 'id')
  const { kind, ttlSeconds } = definitionOf(TEMPLATE)
  const { sms, faults } = renderInForce(tx, TEMPLATE, language, { contact: tx.settings.get('supportUrl') })
  reportFaults(tx, faults)
  await queueLetters(tx, [{ userId, channel: 'sms', kind, template: TEMPLATE, dedupeKey: `number-left:${tx.ids.next()}`, priority: 0, ttlSeconds, text: sms, toEncrypted: phoneEncrypted }])
}
