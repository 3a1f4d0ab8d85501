import type { DIGEST, Kind } from '../channels/index.ts'
import type { Language } from '../identity/index.ts'

type Words = { title: string; body: string }

/** What a person is told where a notice’s own words can’t be: nothing of it can be missing. */
export const GENERAL: Readonly<Record<Language, Readonly<Record<Kind | typeof DIGEST, Words>>>> = {
  id: {
    offer: { title: 'Permintaan baru', body: 'Buka aplikasi untuk melihatnya.' },
    session: { title: 'Sesimu', body: 'Ada kabar tentang sesimu.' },
    message: { title: 'Pesan baru', body: 'Ada pesan baru untukmu.' },
    payment: { title: 'Pembayaran', body: 'Ada kabar tentang pembayaranmu.' },
    refund: { title: 'Pengembalian dana', body: 'Ada kabar tentang pengembalian danamu.' },
    credit: { title: 'Kredit', body: 'Ada kredit di dompetmu.' },
    tip: { title: 'Kamu dapat tip', body: 'Terima kasih dari pelangganmu.' },
    payout: { title: 'Pencairan', body: 'Ada kabar tentang pencairanmu.' },
    bank_account: { title: 'Rekeningmu', body: 'Ada perubahan pada rekeningmu. Bukan kamu? Hubungi kami.' },
    availability: { title: 'Ada mitra yang bebas', body: 'Kamu minta dikabari: sekarang ada yang siap mendengarkan.' },
    status: { title: 'Statusmu', body: 'Buka aplikasi untuk melihat statusmu.' },
    rating: { title: 'Bagaimana sesimu tadi?', body: 'Beri bintang untuk mitramu.' },
    safety: { title: 'halobestie', body: 'Ada pesan penting untukmu.' },
    account: { title: 'Akunmu', body: 'Ada kabar tentang akunmu.' },
    security_alert: { title: 'Keamanan akunmu', body: 'Ada yang berubah pada akunmu. Bukan kamu? Hubungi kami.' },
    system_announcement: { title: 'Kabar dari halobestie', body: 'Ada kabar baru untukmu di aplikasi.' },
    digest: { title: 'Kotak masukmu', body: 'Ada kabar di kotak masukmu yang belum kamu baca.' },
  },
  en: {
    offer: { title: 'New request', body: 'Open the app to see it.' },
    session: { title: 'Your session', body: 'There is news about your session.' },
    message: { title: 'New message', body: 'You have a new message.' },
    payment: { title: 'Payment', body: 'There is news about your payment.' },
    refund: { title: 'Refund', body: 'There is news about your refund.' },
    credit: { title: 'Credit', body: 'There is credit in your wallet.' },
    tip: { title: 'You got a tip', body: 'A thank-you from your customer.' },
    payout: { title: 'Payout', body: 'There is news about your payout.' },
    bank_account: { title: 'Your bank account', body: 'Something about your bank account has changed. Wasn’t it you? Contact us.' },
    availability: { title: 'A mitra is free', body: 'You asked us to tell you: somebody is ready to listen now.' },
    status: { title: 'Your status', body: 'Open the app to see your status.' },
    rating: { title: 'How was your session?', body: 'Give your mitra some stars.' },
    safety: { title: 'halobestie', body: 'There is an important message for you.' },
    account: { title: 'Your account', body: 'There is news about your account.' },
    security_alert: { title: 'Your account’s security', body: 'Something about your account has changed. Wasn’t it you? Contact us.' },
    system_announcement: { title: 'News from halobestie', body: 'There is something new for you in the app.' },
    digest: { title: 'Your inbox', body: 'There are notices in your inbox that you haven’t read.' },
  },
}

/** What a locked screen shows of what others should not read. */
export const SILENT: Readonly<Record<Language, Words>> = {
  id: { title: 'halobestie', body: 'Ada pesan penting untukmu.' },
  en: { title: 'halobestie', body: 'There is an important message for you.' },
}
