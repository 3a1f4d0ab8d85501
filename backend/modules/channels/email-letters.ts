import { languageOf } from '../identity/index.ts'
import type { NewLetter } from './queue-letters.ts'

type Words = { subject: string; text: string }
type Language = 'id' | 'en'

const DAY_SECONDS = 86_400

/** Who was asked for the address need not be who reads it: the letter says what to do then. */
const PROOF: Record<Language, Words> = {
  id: {
    subject: 'Kode untuk alamat surel Anda',
    text: 'Masukkan kode ini di aplikasi Halobestie untuk membuktikan bahwa alamat ini milik Anda:\n\n{{code}}\n\nKode berlaku {{minutes}} menit. Jika bukan Anda yang meminta, abaikan saja surel ini: tanpa kode tidak terjadi apa-apa.',
  },
  en: {
    subject: 'The code for your e-mail address',
    text: 'Enter this code in the Halobestie app to prove that this address is yours:\n\n{{code}}\n\nIt is good for {{minutes}} minutes. If you did not ask for it, ignore this e-mail: nothing happens without the code.',
  },
}

const LEFT: Record<'changed' | 'removed', Record<Language, Words>> = {
  changed: {
    id: { subject: 'Alamat surel Anda diganti', text: 'Akun Halobestie Anda sekarang memakai alamat surel lain, dan alamat ini tidak menerima surel lagi.\n\nJika bukan Anda yang menggantinya, buka aplikasi, akhiri sesi masuk perangkat lain, dan hubungi kami.' },
    en: { subject: 'Your e-mail address was changed', text: 'Your Halobestie account has another e-mail address now, and this one gets no more e-mail.\n\nIf it was not you, open the app, end the sign-ins of other devices, and contact us.' },
  },
  removed: {
    id: { subject: 'Alamat surel Anda dihapus', text: 'Alamat ini dihapus dari akun Halobestie Anda dan tidak menerima surel lagi.\n\nJika bukan Anda yang menghapusnya, buka aplikasi, akhiri sesi masuk perangkat lain, dan hubungi kami.' },
    en: { subject: 'Your e-mail address was removed', text: 'This address was removed from your Halobestie account and gets no more e-mail.\n\nIf it was not you, open the app, end the sign-ins of other devices, and contact us.' },
  },
}

/** The letter with the code, to an address that is nobody's yet. */
export function proofLetter(challenge: { id: string; userId: string; addressEncrypted: Buffer }, language: string, ttlSeconds: number): NewLetter {
  const { subject, text } = PROOF[languageOf(language)]
  return {
    userId: challenge.userId, channel: 'email', kind: 'security_alert', template: 'email.proof', dedupeKey: `email-proof:${challenge.id}`, priority: 0, ttlSeconds,
    subject, text: text.replaceAll('{{minutes}}', String(Math.round(ttlSeconds / 60))), toEncrypted: challenge.addressEncrypted, challengeId: challenge.id,
  }
}

/** Tells the address that was given up: whoever took an account over would rather be silent about it. */
export function leftLetter(what: 'changed' | 'removed', left: { userId: string; addressEncrypted: Buffer; language: string; dedupeKey: string }): NewLetter {
  return {
    userId: left.userId, channel: 'email', kind: 'security_alert', template: `security.email_${what}`, dedupeKey: left.dedupeKey, priority: 0, ttlSeconds: 3 * DAY_SECONDS,
    ...LEFT[what][languageOf(left.language)], toEncrypted: left.addressEncrypted,
  }
}
