import { defineTexts } from './texts.ts'

/** Words of everywhere. */
export const useCommon = defineTexts('common', {
  again: 'Try again', cancel: 'Cancel', close: 'Close', save: 'Save', more: 'Show more', search: 'Search', reason: 'Reason', reasonHint: 'It is kept with the act, and shown to whoever looks later.',
  loading: 'Loading', none: '–', all: 'All', yes: 'Yes', no: 'No', from: 'From', until: 'Until', details: 'Details', open: 'Open', copy: 'Copy', copied: 'Copied', back: 'Back', done: 'Done', clear: 'Clear filters',
  export: 'Download CSV', updated: 'Updated', masked: 'masked', required: 'This must be filled in.',
  problemTitle: 'That did not work', requestId: 'Request {{id}}',
  problem_network: 'The server does not answer. What you typed is kept; try again in a moment.',
  problem_forbidden: 'Your role may not do this.',
  problem_not_found: 'It is not there (any more).',
  problem_conflict: 'Somebody was quicker, or it has changed meanwhile. You see the new state; what you typed is kept.',
  problem_rate_limited: 'Too many requests. Wait a moment.',
  problem_unauthenticated: 'Your sign-in has ended. Sign in again; what you typed is kept.',
  problem_maintenance: 'Maintenance is under way. Try again in a moment.',
  problem_internal: 'A fault of ours. Try again; if it stays, give the request’s number to whoever operates the service.',
  problem_approval_self: 'Nobody decides what they have asked for themselves.',
  stale: 'Shown as of {{time}}: the server does not answer just now.',
  secondTitle: 'It waits for a second person', secondText: 'Another one who may decide finds it among the approvals.', secondLink: 'Go to the approvals',
  emptyTitle: 'Nothing here yet', nothingFound: 'Nothing fits these filters', nothingFoundHint: 'Take one out, or search for something else.',
}, {
  again: 'Coba lagi', cancel: 'Batal', close: 'Tutup', save: 'Simpan', more: 'Tampilkan lagi', search: 'Cari', reason: 'Alasan', reasonHint: 'Disimpan bersama tindakan, dan terlihat oleh siapa pun yang memeriksa nanti.',
  loading: 'Memuat', none: '–', all: 'Semua', yes: 'Ya', no: 'Tidak', from: 'Dari', until: 'Sampai', details: 'Rincian', open: 'Buka', copy: 'Salin', copied: 'Tersalin', back: 'Kembali', done: 'Selesai', clear: 'Hapus filter',
  export: 'Unduh CSV', updated: 'Diperbarui', masked: 'disamarkan', required: 'Wajib diisi.',
  problemTitle: 'Tidak berhasil', requestId: 'Permintaan {{id}}',
  problem_network: 'Server tidak menjawab. Yang Anda ketik tetap tersimpan; coba lagi sebentar.',
  problem_forbidden: 'Peran Anda tidak boleh melakukan ini.',
  problem_not_found: 'Tidak ada (lagi).',
  problem_conflict: 'Seseorang lebih dulu, atau datanya sudah berubah. Anda melihat keadaan terbaru; yang Anda ketik tetap tersimpan.',
  problem_rate_limited: 'Terlalu banyak permintaan. Tunggu sebentar.',
  problem_unauthenticated: 'Sesi masuk Anda berakhir. Masuk lagi; yang Anda ketik tetap tersimpan.',
  problem_maintenance: 'Sedang pemeliharaan. Coba lagi sebentar.',
  problem_internal: 'Kesalahan di pihak kami. Coba lagi; bila tetap terjadi, berikan nomor permintaan kepada pengelola layanan.',
  problem_approval_self: 'Tidak ada yang memutuskan permintaannya sendiri.',
  stale: 'Keadaan pukul {{time}}: server sedang tidak menjawab.',
  secondTitle: 'Menunggu orang kedua', secondText: 'Orang lain yang berwenang menemukannya di daftar persetujuan.', secondLink: 'Ke daftar persetujuan',
  emptyTitle: 'Belum ada apa-apa', nothingFound: 'Tidak ada yang cocok dengan filter ini', nothingFoundHint: 'Hapus satu filter, atau cari yang lain.',
})

/** Codes of the wire in words; one that is not here is shown as it is, spaces for underscores. */
const useCodes = defineTexts('codes', {
  queued: 'In the queue', held: 'Waiting for payment', ringing: 'Ringing', active: 'Running', paused: 'Paused', ended: 'Ended', cancelled: 'Cancelled', expired: 'Expired', unserved: 'Nobody answered',
  super_admin: 'Super admin', admin: 'Admin', finance: 'Finance', moderator: 'Moderator', viewer: 'Viewer',
  customer: 'Customer', mitra: 'Mitra', staff: 'Staff', system: 'System',
  draft: 'Draft', applied: 'Applied', approved: 'Approved', rejected: 'Rejected', deactivated: 'Deactivated',
  pending: 'Pending', waiting: 'Waiting', paid: 'Paid', failed: 'Failed', succeeded: 'Succeeded', sent: 'Sent', open: 'Open', taken: 'Taken', closed: 'Closed', parked: 'Parked', received: 'Received', up: 'Up', down: 'Down',
  inbox: 'Inbox', push: 'Push', email: 'E-mail', sms: 'SMS', accepted: 'Accepted', delivered: 'Delivered', opened: 'Opened', dropped: 'Dropped', read: 'Read', unread: 'Unread', no_device: 'No device', push_disabled: 'Push is off',
}, {
  queued: 'Dalam antrean', held: 'Menunggu pembayaran', ringing: 'Berdering', active: 'Berjalan', paused: 'Dijeda', ended: 'Selesai', cancelled: 'Dibatalkan', expired: 'Kedaluwarsa', unserved: 'Tak terjawab',
  super_admin: 'Super admin', admin: 'Admin', finance: 'Keuangan', moderator: 'Moderator', viewer: 'Pengamat',
  customer: 'Pelanggan', mitra: 'Mitra', staff: 'Staf', system: 'Sistem',
  draft: 'Draf', applied: 'Melamar', approved: 'Disetujui', rejected: 'Ditolak', deactivated: 'Dinonaktifkan',
  pending: 'Menunggu', waiting: 'Menunggu', paid: 'Dibayar', failed: 'Gagal', succeeded: 'Berhasil', sent: 'Terkirim', open: 'Terbuka', taken: 'Diambil', closed: 'Ditutup', parked: 'Diparkir', received: 'Diterima', up: 'Menyala', down: 'Mati',
  inbox: 'Kotak masuk', push: 'Push', email: 'Surel', sms: 'SMS', accepted: 'Diterima', delivered: 'Sampai', opened: 'Dibuka', dropped: 'Dibuang', read: 'Dibaca', unread: 'Belum dibaca', no_device: 'Tanpa perangkat', push_disabled: 'Push mati',
})

export function useCode(): (code: string) => string {
  const text = useCodes()
  return (code) => {
    const found = text(code as 'held')
    return found === code ? code.replaceAll(/[_.]/g, ' ') : found
  }
}
