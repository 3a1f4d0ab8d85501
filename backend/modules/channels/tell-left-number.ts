import { languageOf, type LeftNumber } from '../identity/index.ts'
import { findReach } from './find-reach.ts'
import { queueLetters } from './queue-letters.ts'

/** The number is kept, encrypted, for this letter alone: until it is sent, and no longer than this. */
const DAY_SECONDS = 86_400

/** In letters that fit seven bits, so that it is paid as one. */
const WORDS = {
  id: 'Halobestie: akunmu sekarang memakai nomor telepon lain. Bukan kamu yang menggantinya? Hubungi kami: ',
  en: 'Halobestie: your account uses another phone number now. Wasn\'t it you? Contact us: ',
}

/** Tells the number that was given up by SMS, whatever its person chose: whoever took the account over would rather be silent about it. */
export const tellLeftNumber: LeftNumber = async (tx, { userId, phoneEncrypted }) => {
  if (!tx.gateways.sms.enabled) return
  const language = languageOf((await findReach(tx.sql, [userId])).get(userId)?.language ?? 'id')
  await queueLetters(tx, [{
    userId, channel: 'sms', kind: 'security_alert', template: 'security.number_left', dedupeKey: `number-left:${tx.ids.next()}`, priority: 0, ttlSeconds: DAY_SECONDS,
    text: `${WORDS[language]}${tx.settings.get('supportUrl')}`, toEncrypted: phoneEncrypted,
  }])
}
