import { defineTexts } from '../../texts.ts'

/** The names of what a timeline tells of each thing that happened. */
const useNames = defineTexts('session-details', {
  from: 'From', to: 'To', actor: 'By', actorId: 'By', reason: 'Reason', mitraId: 'Mitra', customerId: 'Customer', subjectId: 'About', userId: 'For', offerId: 'Offer', endedAt: 'Ended', returnedIdr: 'Returned', purchaseId: 'Purchase', minutes: 'Minutes', priceIdr: 'Price', promoIdr: 'From credit',
  walletIdr: 'From the wallet', invoiceIdr: 'By invoice', paymentId: 'Payment', kind: 'Kind', amountIdr: 'Amount', providerInvoiceId: 'Invoice at the provider', paidAt: 'Paid', expiresAt: 'Payable until', key: 'Key', entries: 'Entries', tipId: 'Tip', fromWallet: 'From the wallet', seq: 'Place in the chat',
  pausedAt: 'Paused', pauseUntil: 'Paused until at most', endsAt: 'Ends', sessionId: 'Session', state: 'State', title: 'Title', body: 'Text', eventId: 'Event', about: 'About', receivedCount: 'Received', settledAt: 'Settled', refundId: 'Refund', method: 'Way', requestedBy: 'Asked for by', decidedBy: 'Decided by',
  score: 'Stars', isHidden: 'Hidden', comment: 'Comment', caseId: 'Case', takenBy: 'Taken by', outcome: 'Outcome', closedAt: 'Closed', sanctionId: 'Sanction', until: 'Until', createdBy: 'Imposed by', liftedAt: 'Lifted', remainingSeconds: 'Seconds left', dueAt: 'Due', closingReason: 'Why it closes', position: 'Place in the queue',
}, {
  from: 'Dari', to: 'Menjadi', actor: 'Oleh', actorId: 'Oleh', reason: 'Alasan', mitraId: 'Mitra', customerId: 'Pelanggan', subjectId: 'Tentang', userId: 'Untuk', offerId: 'Tawaran', endedAt: 'Selesai', returnedIdr: 'Dikembalikan', purchaseId: 'Pembelian', minutes: 'Menit', priceIdr: 'Harga', promoIdr: 'Dari kredit',
  walletIdr: 'Dari dompet', invoiceIdr: 'Lewat tagihan', paymentId: 'Pembayaran', kind: 'Jenis', amountIdr: 'Jumlah', providerInvoiceId: 'Tagihan di penyedia', paidAt: 'Dibayar', expiresAt: 'Bayar sebelum', key: 'Kunci', entries: 'Pos', tipId: 'Tip', fromWallet: 'Dari dompet', seq: 'Urutan di obrolan',
  pausedAt: 'Dijeda', pauseUntil: 'Dijeda paling lama sampai', endsAt: 'Berakhir', sessionId: 'Sesi', state: 'Status', title: 'Judul', body: 'Teks', eventId: 'Peristiwa', about: 'Tentang', receivedCount: 'Diterima', settledAt: 'Diselesaikan', refundId: 'Pengembalian dana', method: 'Cara', requestedBy: 'Diminta oleh', decidedBy: 'Diputuskan oleh',
  score: 'Bintang', isHidden: 'Disembunyikan', comment: 'Komentar', caseId: 'Kasus', takenBy: 'Diambil oleh', outcome: 'Hasil', closedAt: 'Ditutup', sanctionId: 'Sanksi', until: 'Sampai', createdBy: 'Dijatuhkan oleh', liftedAt: 'Dicabut', remainingSeconds: 'Sisa detik', dueAt: 'Jatuh tempo', closingReason: 'Alasan penutupan', position: 'Urutan antrean',
})

/** A name that is not here is told in its own words. */
export function useDetailNames(): (name: string) => string {
  const text = useNames()
  return (name) => {
    const found = text(name as 'from') // whatever the server tells: unknown ones are answered as they are
    if (found !== name) return found
    const words = name.replaceAll(/(?=[A-Z])/g, ' ').replace(/ (Id|Idr|At)$/, '').toLowerCase()
    return words.charAt(0).toUpperCase() + words.slice(1)
  }
}
