import type { AddressWords } from '../channels/index.ts'
import { reportFaults } from './notice-faults.ts'
import { notify } from './notify.ts'
import { renderInForce } from './render-in-force.ts'

/** What is said about e-mail addresses, in the words of the templates. */
export const addressWords: AddressWords = {
  proof: (tx, { code, minutes, language }) => {
    const { email, faults } = renderInForce(tx, 'email.proof', language, { code, minutes })
    reportFaults(tx, faults)
    return { subject: email.subject, text: email.body }
  },
  added: (tx, { userId, dedupeKey }) => notify(tx, [{ userId, template: 'security.email_added', dedupeKey }]),
  left: async (tx, { userId, what, dedupeKey, language }) => {
    const template = `security.email_${what}` as const
    await notify(tx, [{ userId, template, dedupeKey, channels: ['inbox', 'push', 'sms'] }])
    const { email } = renderInForce(tx, template, language)
    return { subject: email.subject, text: email.body }
  },
}
