import { defineTexts } from '../../texts.ts'

/** Words of the search in the header, which is loaded with every page: no more than it needs. */
export const useSearchText = defineTexts('search', {
  title: 'Find anybody and anything', label: 'Whom or what', about: 'A whole phone number, part of a name, or the id of a person, session, conversation or payment.', aboutMasked: 'Part of a name, or the id of a person, session or conversation.', found: 'What was found', nothing: 'Nothing is known by that.',
  customer: 'Customer', mitra: 'Mitra', session: 'Session', payment: 'Payment', active: 'In good standing', suspended: 'Suspended', banned: 'Banned', erased: 'Erased',
}, {
  title: 'Temukan siapa dan apa saja', label: 'Siapa atau apa', about: 'Nomor telepon lengkap, bagian dari nama, atau id orang, sesi, percakapan, atau pembayaran.', aboutMasked: 'Bagian dari nama, atau id orang, sesi, atau percakapan.', found: 'Yang ditemukan', nothing: 'Tidak ada yang dikenal dengan itu.',
  customer: 'Pelanggan', mitra: 'Mitra', session: 'Sesi', payment: 'Pembayaran', active: 'Baik', suspended: 'Ditangguhkan', banned: 'Diblokir', erased: 'Dihapus',
})
