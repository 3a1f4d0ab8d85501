import { defineTexts } from '../../texts.ts'
import { useCode as useCommonCode } from '../../texts-common.ts'

const useCodes = defineTexts('money-codes', {
  creating: 'Being made', paid: 'Paid', requested: 'Asked for', resolved: 'Placed', submitted: 'Handed in', reversed: 'Sent back', released: 'Given to the owner', suspended: 'In suspense', all: 'All', true: 'Yes', yes: 'Yes', no: 'No', active: 'Under way', open: 'Open', approved: 'Approved', sent: 'Sent', received: 'To be judged', applied: 'Applied',
  session: 'Session', extension: 'Extension', tip: 'Tip', weekly: 'Weekly', recent: 'Every ten minutes', nightly: 'At night', asked: 'Asked for', healed: 'Healed', parked: 'Parked', invoice: 'Invoice', 'invoice-listed': 'Invoice, listed', refund: 'Refund', payout: 'Payout', payment: 'Payment', statement: 'Statement',
  wallet: 'Wallet', revenue: 'Our revenue', manual: 'To be made by hand', stuck: 'Stands still', contradiction: 'Contradicts', by_hand: 'Said by hand', rejected: 'Rejected',
  underpaid: 'Less than was asked', payer_gone: 'Who paid is banned or erased', refund_returned: 'A refund that came back', number_recycled: 'Of a number with a new owner', person_erased: 'Left by somebody who was erased',
  unknown_payment: 'Unknown payment', unknown_order: 'Unknown order', amount_mismatch: 'Another amount', currency_mismatch: 'Another currency', posted_differs: 'Something else is posted', not_paid_there: 'Not paid there', not_confirmed: 'Not confirmed by the provider', unreadable: 'Not readable', unknown_status: 'Unknown status',
  second_refund: 'A second refund', fee_changed: 'The fee has changed', fraction_of_rupiah: 'Not a whole rupiah', no_calls_left: 'No calls were left', fault: 'A fault of ours', invoices: 'Invoices', ours: 'Our side', overdue: 'Overdue ones', payouts: 'Payouts', fees: 'Fees',
  refund_approve: 'Refund', refund_settle: 'Outcome of a refund', payout_batch_approve: 'Payout batch', payout_settle: 'Outcome of a payout', credit_give: 'Credit', suspense_resolve: 'Suspended money', wallet_release: 'Held wallet',
}, {
  creating: 'Sedang dibuat', paid: 'Dibayar', requested: 'Diminta', resolved: 'Ditempatkan', submitted: 'Diserahkan', reversed: 'Dikembalikan', released: 'Diberikan kepada pemilik', suspended: 'Tertahan', all: 'Semua', true: 'Ya', yes: 'Ya', no: 'Tidak', active: 'Berjalan', open: 'Terbuka', approved: 'Disetujui', sent: 'Terkirim', received: 'Akan dinilai', applied: 'Diterapkan',
  session: 'Sesi', extension: 'Perpanjangan', tip: 'Tip', weekly: 'Mingguan', recent: 'Setiap sepuluh menit', nightly: 'Malam hari', asked: 'Diminta', healed: 'Dipulihkan', parked: 'Diparkir', invoice: 'Tagihan', 'invoice-listed': 'Tagihan, terdaftar', refund: 'Pengembalian dana', payout: 'Pencairan', payment: 'Pembayaran', statement: 'Rekening koran',
  wallet: 'Dompet', revenue: 'Pendapatan kita', manual: 'Dibuat manual', stuck: 'Terhenti', contradiction: 'Bertentangan', by_hand: 'Dinyatakan manual', rejected: 'Ditolak',
  underpaid: 'Kurang dari yang diminta', payer_gone: 'Pembayar diblokir atau dihapus', refund_returned: 'Pengembalian yang kembali', number_recycled: 'Dari nomor berpemilik baru', person_erased: 'Ditinggalkan orang yang dihapus',
  unknown_payment: 'Pembayaran tak dikenal', unknown_order: 'Pesanan tak dikenal', amount_mismatch: 'Jumlah lain', currency_mismatch: 'Mata uang lain', posted_differs: 'Yang dibukukan berbeda', not_paid_there: 'Tidak dibayar di sana', not_confirmed: 'Tidak ditegaskan penyedia', unreadable: 'Tidak terbaca', unknown_status: 'Keadaan tak dikenal',
  second_refund: 'Pengembalian kedua', fee_changed: 'Biaya berubah', fraction_of_rupiah: 'Bukan rupiah utuh', no_calls_left: 'Jatah panggilan habis', fault: 'Kesalahan kita', invoices: 'Tagihan', ours: 'Sisi kita', overdue: 'Yang lewat waktu', payouts: 'Pencairan', fees: 'Biaya',
  refund_approve: 'Pengembalian dana', refund_settle: 'Hasil pengembalian', payout_batch_approve: 'Kelompok pencairan', payout_settle: 'Hasil pencairan', credit_give: 'Kredit', suspense_resolve: 'Dana tertahan', wallet_release: 'Dompet ditahan',
})

/** Codes of money in words; others as everywhere. */
export function useCode(): (code: string) => string {
  const text = useCodes()
  const common = useCommonCode()
  return (code) => {
    const key = code.replaceAll('.', '_')
    const found = text(key as 'paid')
    return found === key ? common(code) : found
  }
}

const useClaims = defineTexts('money-claims', {
  invoiceId: 'Invoice', externalId: 'Order', status: 'Status', amountIdr: 'Amount', paidIdr: 'Paid', currency: 'Currency', providerRefundId: 'Refund at the provider', referenceId: 'Our reference', providerId: 'Payout at the provider',
}, {
  invoiceId: 'Tagihan', externalId: 'Pesanan', status: 'Keadaan', amountIdr: 'Jumlah', paidIdr: 'Dibayar', currency: 'Mata uang', providerRefundId: 'Pengembalian di penyedia', referenceId: 'Referensi kita', providerId: 'Pencairan di penyedia',
})

/** What an event claims, by name. */
export function useClaim(): (name: string) => string {
  const text = useClaims()
  return (name) => text(name as 'status')
}
