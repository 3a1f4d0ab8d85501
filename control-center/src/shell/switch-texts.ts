import { defineTexts } from '../texts.ts'

/** Words of what staff can close at once; a name and a sentence for each switch. */
export const useSwitchText = defineTexts('switches', {
  bannerTitle: 'Part of the product is closed', toSwitches: 'To the switches', until: 'Should be over:', title: 'Switches', about: 'What can be closed at once, on every replica within seconds. Each change needs a reason and stands in the audit log.',
  open: 'open', thrown: 'closed', throw: 'Close: {{name}}', takeBack: 'Open again: {{name}}', throwAbout: '{{about}} It is in force on every replica within seconds.', takeBackAbout: 'Everything of it works again, on every replica within seconds.', done: '{{name}} is closed', undone: '{{name}} is open again',
  last: 'Changed', told: 'What people are told: {{text}}', words: 'Message and expected length of a maintenance',
  name_maintenance: 'Maintenance', name_newSessionsClosed: 'New sessions', name_signUpClosed: 'Sign-up', name_paymentsClosed: 'Payments', name_pushesClosed: 'Pushes', name_emailsClosed: 'E-mail', name_smsClosed: 'SMS',
  about_maintenance: 'The apps are closed and sockets are sent away; sessions that run pause. Webhooks, background work and this control center go on.',
  about_newSessionsClosed: 'Nobody begins or extends a session. What has begun goes on.',
  about_signUpClosed: 'Nobody makes a new account. Who has one signs in as ever.',
  about_paymentsClosed: 'Nothing new is charged at the provider. Wallet and what costs nothing work; payments that were begun, refunds and payouts go on.',
  about_pushesClosed: 'No push is sent. What is not stale is sent when they open again.',
  about_emailsClosed: 'No e-mail is sent, and nobody can give an address. What still matters is sent when it opens again.',
  about_smsClosed: 'No SMS is sent; one-time codes go on. What still matters is sent when they open again.',
}, {
  bannerTitle: 'Sebagian layanan ditutup', toSwitches: 'Ke sakelar', until: 'Perkiraan selesai:', title: 'Sakelar', about: 'Yang dapat ditutup seketika, di setiap replika dalam hitungan detik. Setiap perubahan memerlukan alasan dan tercatat di log audit.',
  open: 'terbuka', thrown: 'ditutup', throw: 'Tutup: {{name}}', takeBack: 'Buka lagi: {{name}}', throwAbout: '{{about}} Berlaku di setiap replika dalam hitungan detik.', takeBackAbout: 'Semuanya berfungsi lagi, di setiap replika dalam hitungan detik.', done: '{{name}} ditutup', undone: '{{name}} terbuka lagi',
  last: 'Diubah', told: 'Yang disampaikan: {{text}}', words: 'Pesan dan perkiraan lama pemeliharaan',
  name_maintenance: 'Pemeliharaan', name_newSessionsClosed: 'Sesi baru', name_signUpClosed: 'Pendaftaran', name_paymentsClosed: 'Pembayaran', name_pushesClosed: 'Notifikasi dorong', name_emailsClosed: 'Surel', name_smsClosed: 'SMS',
  about_maintenance: 'Aplikasi ditutup dan soket diputus; sesi yang berjalan dijeda. Webhook, pekerjaan latar, dan pusat kendali ini tetap berjalan.',
  about_newSessionsClosed: 'Tidak ada yang memulai atau memperpanjang sesi. Yang sudah dimulai tetap berjalan.',
  about_signUpClosed: 'Tidak ada akun baru. Pemilik akun tetap dapat masuk.',
  about_paymentsClosed: 'Tidak ada tagihan baru di penyedia. Dompet dan yang gratis berfungsi; pembayaran yang sudah dimulai, pengembalian dana, dan pencairan tetap berjalan.',
  about_pushesClosed: 'Tidak ada notifikasi dorong yang dikirim. Yang belum basi dikirim setelah dibuka lagi.',
  about_emailsClosed: 'Tidak ada surel yang dikirim, dan alamat surel tidak bisa didaftarkan. Yang masih berlaku dikirim setelah dibuka lagi.',
  about_smsClosed: 'Tidak ada SMS yang dikirim; kode masuk tetap dikirim. Yang masih berlaku dikirim setelah dibuka lagi.',
})
