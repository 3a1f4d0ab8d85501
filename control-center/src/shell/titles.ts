import { defineTexts } from '../texts.ts'

const en = {
  now: 'Now', people: 'People', sessions: 'Sessions', money: 'Money', safety: 'Safety', reports: 'Reports', system: 'System',
  board: 'Live board', mitras: 'Mitras', mitra: 'Mitra', customers: 'Customers', customer: 'Customer', staff: 'Staff', staffMember: 'Member of staff', account: 'My account',
  session: 'Session', payments: 'Payments', payment: 'Payment', refunds: 'Refunds', refund: 'Refund', payouts: 'Payouts', payout: 'Payout batch', approvals: 'Approvals',
  parked: 'Parked events', suspense: 'Suspense', holds: 'Wallet holds', reconciliation: 'Reconciliation', reconciliationRun: 'Reconciliation run', ledger: 'Ledger', account2: 'Ledger account', transaction: 'Ledger transaction',
  closings: 'Daily closings', packages: 'Packages', promoCodes: 'Promo codes', alerts: 'Alerts', cases: 'Cases', case: 'Case', sanctions: 'Sanctions', appeals: 'Appeals', ratings: 'Ratings', lexicon: 'Lexicon',
  announcements: 'Announcements', announcement: 'Announcement', report: 'Report', settings: 'Settings', templates: 'Templates', template: 'Template', audit: 'Audit log', health: 'Health and jobs',
}
/** Titles of pages and of the groups they stand in. */
export type TitleKey = keyof typeof en
export const useTitles = defineTexts('titles', en, {
  now: 'Sekarang', people: 'Orang', sessions: 'Sesi', money: 'Uang', safety: 'Keamanan', reports: 'Laporan', system: 'Sistem',
  board: 'Papan langsung', mitras: 'Mitra', mitra: 'Mitra', customers: 'Pelanggan', customer: 'Pelanggan', staff: 'Staf', staffMember: 'Anggota staf', account: 'Akun saya',
  session: 'Sesi', payments: 'Pembayaran', payment: 'Pembayaran', refunds: 'Pengembalian dana', refund: 'Pengembalian dana', payouts: 'Pencairan', payout: 'Kelompok pencairan', approvals: 'Persetujuan',
  parked: 'Peristiwa terparkir', suspense: 'Dana tertahan', holds: 'Dompet ditahan', reconciliation: 'Rekonsiliasi', reconciliationRun: 'Proses rekonsiliasi', ledger: 'Buku besar', account2: 'Akun buku besar', transaction: 'Transaksi buku besar',
  closings: 'Tutup hari', packages: 'Paket', promoCodes: 'Kode promo', alerts: 'Peringatan', cases: 'Kasus', case: 'Kasus', sanctions: 'Sanksi', appeals: 'Banding', ratings: 'Penilaian', lexicon: 'Leksikon',
  announcements: 'Pengumuman', announcement: 'Pengumuman', report: 'Laporan', settings: 'Pengaturan', templates: 'Templat', template: 'Templat', audit: 'Log audit', health: 'Kesehatan dan tugas',
})
