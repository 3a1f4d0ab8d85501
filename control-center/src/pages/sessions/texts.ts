import { defineTexts } from '../../texts.ts'

export const useSessionText = defineTexts('sessions', {
  about: 'Every session, the last one first. Filters stand in the address: a link shows a colleague the same.',
  list: 'Sessions that were found', state: 'State', asked: 'Asked for', customer: 'Customer', mitra: 'Mitra', minutes: 'Minutes', price: 'Price', topic: 'Topic', language: 'Language', endReason: 'Ended because',
  q: 'Id', qHint: 'Of a session, conversation, payment, offer or person; or the first eight digits of a session’s.', days: 'Asked for on', has: 'Has', has_extension: 'An extension', has_refund: 'A refund', has_case: 'A case',
  filters: 'Filters', ofCustomer: 'Of customer {{id}}', ofMitra: 'Of mitra {{id}}', takeOut: 'Take out this filter', clearDays: 'Take out the days',
  emptyTitle: 'No session yet', emptyText: 'As soon as a customer asks for a session in the app, it stands here, whatever becomes of it.',
  session: 'Session {{id}}', started: 'Started', ends: 'Ends', left: 'Time left', pausedSince: 'Paused since', ended: 'Ended', returned: 'Returned', payment: 'Payment', extended: 'Extended by', minutesOf: '{{count}} min', queue: 'Place in the queue', nobody: 'nobody yet', facts: 'What is known',
  end: 'End the session', endAbout: 'It ends now. What is unused goes back to the customer; both are told that our team ended it, not why.', endDone: 'The session is ended.',
  credit: 'Give credit', creditAbout: 'Credit for the customer of this session. Above your daily limit a second person decides.', amount: 'Amount in rupiah', validDays: 'Valid for days', creditDone: 'The credit is given.',
  case: 'Open a case', caseAbout: 'The messages of this session are copied as they are now.', aboutWhom: 'About', note: 'Note', caseDone: 'The case is open.',
  transcript: 'Read the transcript', transcriptAbout: 'What the two wrote. That you read it, and why, is kept in the audit log.', transcriptTitle: 'Transcript', transcriptShown: 'The transcript is shown below.', hide: 'Put it away', deleted: 'Deleted or erased', bySystem: 'System', moreMessages: 'Show more messages', noMessages: 'Nobody has written anything.',
  timeline: 'Timeline', kinds: 'Show only', noEntries: 'Nothing of these kinds has happened.', detailsOf: 'Details', hiddenMoney: 'Amounts and postings are shown to roles that read the ledger.',
  kind_event: 'Event', kind_offer: 'Offer', kind_extension: 'Extension', kind_payment: 'Payment', kind_provider: 'Provider', kind_posting: 'Posting', kind_tip: 'Tip', kind_refund: 'Refund', kind_push: 'Push', kind_notification: 'Notice', kind_note: 'Note in the chat', kind_rating: 'Rating', kind_case: 'Case', kind_sanction: 'Sanction',
  stars_one: '{{count}} star', stars_other: '{{count}} stars',
}, {
  about: 'Semua sesi, yang terakhir lebih dulu. Filter ada di alamat: tautan menampilkan hal yang sama kepada rekan.',
  list: 'Sesi yang ditemukan', state: 'Status', asked: 'Diminta', customer: 'Pelanggan', mitra: 'Mitra', minutes: 'Menit', price: 'Harga', topic: 'Topik', language: 'Bahasa', endReason: 'Berakhir karena',
  q: 'Id', qHint: 'Dari sesi, percakapan, pembayaran, tawaran, atau orang; atau delapan digit pertama id sesi.', days: 'Diminta pada', has: 'Memiliki', has_extension: 'Perpanjangan', has_refund: 'Pengembalian dana', has_case: 'Kasus',
  filters: 'Filter', ofCustomer: 'Dari pelanggan {{id}}', ofMitra: 'Dari mitra {{id}}', takeOut: 'Hapus filter ini', clearDays: 'Hapus tanggal',
  emptyTitle: 'Belum ada sesi', emptyText: 'Begitu pelanggan meminta sesi di aplikasi, sesi itu tampil di sini, apa pun hasilnya.',
  session: 'Sesi {{id}}', started: 'Mulai', ends: 'Berakhir', left: 'Sisa waktu', pausedSince: 'Dijeda sejak', ended: 'Selesai', returned: 'Dikembalikan', payment: 'Pembayaran', extended: 'Diperpanjang', minutesOf: '{{count}} menit', queue: 'Urutan antrean', nobody: 'belum ada', facts: 'Yang diketahui',
  end: 'Akhiri sesi', endAbout: 'Sesi berakhir sekarang. Sisa waktu dikembalikan kepada pelanggan; keduanya diberi tahu bahwa tim kami mengakhirinya, tanpa alasan.', endDone: 'Sesi diakhiri.',
  credit: 'Beri kredit', creditAbout: 'Kredit untuk pelanggan sesi ini. Di atas batas harian Anda, orang kedua yang memutuskan.', amount: 'Jumlah dalam rupiah', validDays: 'Berlaku (hari)', creditDone: 'Kredit diberikan.',
  case: 'Buka kasus', caseAbout: 'Pesan sesi ini disalin seperti keadaannya sekarang.', aboutWhom: 'Tentang', note: 'Catatan', caseDone: 'Kasus dibuka.',
  transcript: 'Baca transkrip', transcriptAbout: 'Apa yang ditulis keduanya. Bahwa Anda membacanya, dan alasannya, disimpan di log audit.', transcriptTitle: 'Transkrip', transcriptShown: 'Transkrip tampil di bawah.', hide: 'Tutup transkrip', deleted: 'Dihapus', bySystem: 'Sistem', moreMessages: 'Tampilkan pesan lagi', noMessages: 'Belum ada yang menulis.',
  timeline: 'Lini masa', kinds: 'Tampilkan hanya', noEntries: 'Tidak ada kejadian jenis ini.', detailsOf: 'Rincian', hiddenMoney: 'Jumlah uang dan pembukuan tampil bagi peran yang membaca buku besar.',
  kind_event: 'Peristiwa', kind_offer: 'Tawaran', kind_extension: 'Perpanjangan', kind_payment: 'Pembayaran', kind_provider: 'Penyedia', kind_posting: 'Pembukuan', kind_tip: 'Tip', kind_refund: 'Pengembalian dana', kind_push: 'Push', kind_notification: 'Pemberitahuan', kind_note: 'Catatan di obrolan', kind_rating: 'Penilaian', kind_case: 'Kasus', kind_sanction: 'Sanksi',
  stars_one: '{{count}} bintang', stars_other: '{{count}} bintang',
})

/** Codes of sessions in words; what is not here is shown as it is. */
const useCodes = defineTexts('session-codes', {
  time_up: 'Time was up', customer_ended: 'Customer ended it', mitra_ended: 'Mitra ended it', staff_ended: 'Our team ended it', customer_cancelled: 'Customer cancelled', no_answer: 'No mitra answered', mitra_unavailable: 'The mitra was not available',
  payment_unavailable: 'No payment was possible', payment_expired: 'Not paid in time', queue_expired: 'Waited too long', pause_limit: 'The mitra did not come back', payer_gone: 'The payer is gone', deadline: 'Not paid in time',
  started: 'Asked for', asked: 'Asked for', closing: 'Closing', clock_started: 'The clock started', extension_asked: 'An extension was asked for', extension_dropped: 'The extension was dropped', next_offer: 'The next mitra is asked', slot_lost: 'The place was lost', time_is_up: 'Time is up', warned: 'Warned that time ends', payment: 'Payment', late_payment: 'Late payment', surplus: 'Paid too much', invoice: 'Invoice', session: 'Session', extension: 'Extension', slot_found: 'A mitra was found', payment_applied: 'Paid', accepted: 'Accepted', declined: 'Declined', withdrawn: 'Withdrawn', extended: 'Extended', mitra_back: 'The mitra came back', mitra_gone: 'The mitra is gone',
  session_paused: 'The session is paused', session_resumed: 'The session goes on', session_extended: 'The session was extended', settlement: 'Settled', return: 'Returned', hold: 'Held',
}, {
  time_up: 'Waktu habis', customer_ended: 'Diakhiri pelanggan', mitra_ended: 'Diakhiri mitra', staff_ended: 'Diakhiri tim kami', customer_cancelled: 'Dibatalkan pelanggan', no_answer: 'Tidak ada mitra yang menjawab', mitra_unavailable: 'Mitra tidak tersedia',
  payment_unavailable: 'Pembayaran tidak tersedia', payment_expired: 'Tidak dibayar tepat waktu', queue_expired: 'Menunggu terlalu lama', pause_limit: 'Mitra tidak kembali', payer_gone: 'Pembayar sudah tidak ada', deadline: 'Tidak dibayar tepat waktu',
  started: 'Diminta', asked: 'Diminta', closing: 'Sedang ditutup', clock_started: 'Waktu mulai berjalan', extension_asked: 'Perpanjangan diminta', extension_dropped: 'Perpanjangan gugur', next_offer: 'Mitra berikutnya ditanya', slot_lost: 'Tempat hilang', time_is_up: 'Waktu habis', warned: 'Diperingatkan waktu hampir habis', payment: 'Pembayaran', late_payment: 'Pembayaran terlambat', surplus: 'Kelebihan bayar', invoice: 'Tagihan', session: 'Sesi', extension: 'Perpanjangan', slot_found: 'Mitra ditemukan', payment_applied: 'Dibayar', accepted: 'Diterima', declined: 'Ditolak mitra', withdrawn: 'Ditarik', extended: 'Diperpanjang', mitra_back: 'Mitra kembali', mitra_gone: 'Mitra hilang',
  session_paused: 'Sesi dijeda', session_resumed: 'Sesi berlanjut', session_extended: 'Sesi diperpanjang', settlement: 'Diselesaikan', return: 'Dikembalikan', hold: 'Ditahan',
})
export const END_REASONS = ['time_up', 'customer_ended', 'mitra_ended', 'staff_ended', 'customer_cancelled', 'no_answer', 'mitra_unavailable', 'payment_unavailable', 'payment_expired', 'queue_expired', 'pause_limit'] as const

export function useSessionCode(fallback: (code: string) => string): (code: string) => string {
  const text = useCodes()
  return (code) => {
    const found = text(code as 'time_up') // a code of the wire: what has no words is answered as it is
    return found === code ? fallback(code) : found
  }
}
