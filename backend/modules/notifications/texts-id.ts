import type { TemplateKey } from './notices.ts'
import type { NoticeTexts } from './notice-types.ts'

/** Indonesian, the language that everything falls back to. */
export const TEXTS_ID: Readonly<Record<TemplateKey, NoticeTexts>> = {
  'offer.created': { title: 'Permintaan baru', body: 'Seorang pelanggan menunggu. Terima sekarang?' },
  'offer.withdrawn': { title: 'Permintaan sudah ditutup', body: 'Permintaan ini tidak lagi menunggumu. Terima kasih sudah bersiap.' },

  'session.turn': { title: 'Sekarang giliranmu', body: 'Selesaikan pembayaran supaya tempatmu tidak hangus.' },
  'session.accepted': { title: 'Mitra siap', body: 'Mitramu sudah menunggu di percakapan.' },
  'session.time_short': { title: 'Waktu hampir habis', body: 'Sisa {minutes, number} menit.' },
  'session.extended': { title: 'Sesi diperpanjang', body: 'Ditambah {minutes, number} menit.' },
  'session.extension_dropped': { title: 'Perpanjangan batal', body: 'Tidak ada waktu yang ditambahkan. Kalau kamu telanjur membayar, uangnya masuk ke dompetmu.' },
  'session.paused': { title: 'Sesi dijeda', body: 'Mitramu terputus. Waktumu tidak berjalan.' },
  'session.resumed': { title: 'Sesi berlanjut', body: 'Mitramu sudah kembali. Waktumu berjalan lagi.' },
  'session.ended.time_up': { title: 'Sesi selesai', body: 'Waktu sesi sudah habis. Terima kasih!' },
  'session.ended.mitra_ended': { title: 'Sesi selesai', body: 'Mitra mengakhiri sesi. Sisa waktu dikembalikan ke dompetmu.' },
  'session.ended.pause_limit': { title: 'Sesi selesai', body: 'Sesi berakhir karena mitra tidak kembali. Sisa waktu dikembalikan.' },
  'session.ended.staff_ended': { title: 'Sesi selesai', body: 'Sesi diakhiri oleh tim kami.' },
  'session.ended.no_answer': { title: 'Sesi selesai', body: 'Belum ada mitra yang menjawab. Pembayaranmu kembali ke dompet.' },
  'session.ended.mitra_unavailable': { title: 'Sesi selesai', body: 'Mitra pilihanmu tidak tersedia. Kalau kamu telanjur membayar, uangnya masuk ke dompetmu.' },
  'session.ended.payment_unavailable': { title: 'Sesi selesai', body: 'Pembayaran sedang tidak tersedia. Silakan coba lagi.' },
  'session.ended.queue_expired': { title: 'Sesi selesai', body: 'Belum ada mitra yang bebas. Silakan coba lagi.' },
  'session.ended.for_mitra': { title: 'Sesi selesai', body: 'Sesi sudah selesai.' },

  'message.new': { title: 'Pesan baru', body: '{count, plural, =0 {Ada pesan baru untukmu.} =1 {Ada pesan baru untukmu.} other {# pesan baru menunggumu.}}' },
  'message.new.text': { title: '{count, plural, =0 {{name}} =1 {{name}} other {{name} · # pesan}}', body: '{text}' },

  'availability.any': { title: 'Ada mitra yang bebas', body: 'Kamu minta dikabari: sekarang ada yang siap mendengarkan.' },
  'availability.named': { title: '{name} tersedia', body: 'Kamu minta dikabari: sekarang bisa dihubungi.' },
  'availability.chosen': { title: 'Mitra pilihanmu tersedia', body: 'Kamu minta dikabari: sekarang bisa dihubungi.' },

  'status.missed_offers': { title: 'Kamu sekarang offline', body: '{count, number} permintaan berturut-turut tidak terjawab. Online lagi kapan pun kamu siap.' },
  'status.schedule_started': { title: 'Jadwalmu dimulai', body: 'Buka aplikasi supaya pelanggan bisa menghubungimu.' },
  'status.break_over': { title: 'Istirahatmu selesai', body: 'Buka aplikasi supaya pelanggan bisa menghubungimu.' },

  'rating.reminder': { title: 'Bagaimana sesimu tadi?', body: 'Beri bintang untuk mitramu. Cuma sebentar, dan sangat berarti.' },

  'payment.paid': {
    title: 'Pembayaran diterima', body: '{amount} untuk {minutes, number} menit sudah kami terima. Terima kasih!',
    emailSubject: 'Bukti pembayaran {amount}',
    emailBody: 'Terima kasih, pembayaranmu sudah kami terima.\n\nNomor: {number}\nWaktu: {at}\nUntuk: sesi {minutes, number} menit\nJumlah: {amount}\n\nSimpan email ini sebagai bukti pembayaran.',
  },
  'payment.tip_paid': {
    title: 'Tip terkirim', body: 'Tip {amount} sudah sampai ke mitramu. Terima kasih!',
    emailSubject: 'Bukti pembayaran {amount}',
    emailBody: 'Terima kasih, pembayaranmu sudah kami terima.\n\nNomor: {number}\nWaktu: {at}\nUntuk: tip\nJumlah: {amount}\n\nSimpan email ini sebagai bukti pembayaran.',
  },
  'payment.expired': { title: 'Pembayaran tidak selesai', body: 'Waktu untuk membayar {amount} sudah habis. Tidak ada yang ditagih; kamu bisa mulai lagi kapan saja.' },
  'payment.to_wallet': { title: 'Pembayaran masuk ke dompet', body: '{amount} tiba terlambat, jadi kami simpan di dompetmu. Pakai untuk sesi berikutnya, atau minta dikembalikan.' },
  'payment.surplus': { title: 'Ada kelebihan bayar', body: 'Kamu membayar {amount} lebih banyak. Kelebihannya ada di dompetmu.' },

  'refund.requested': { title: 'Pengembalian dana', body: 'Permintaan pengembalian danamu sudah kami terima. Kami kabari begitu diputuskan.' },
  'refund.approved': { title: 'Pengembalian dana', body: 'Pengembalian danamu sedang kami proses ke sumber pembayaran.' },
  'refund.succeeded': { title: 'Pengembalian dana', body: 'Danamu sudah dikembalikan ke sumber pembayaran.' },
  'refund.failed': { title: 'Pengembalian dana', body: 'Pengembalian dana gagal. Uangmu kembali ke tempat semula; tim kami akan membantu.' },
  'refund.rejected': { title: 'Pengembalian dana', body: 'Permintaan pengembalian danamu tidak disetujui.' },

  'credit.given': { title: 'Kamu dapat kredit', body: 'Kredit {amount} ada di dompetmu.' },
  'tip.received': { title: 'Kamu dapat tip', body: '{amount} dari pelangganmu.' },

  'payout.requested': { title: 'Pencairan diminta', body: 'Kamu minta {amount} dicairkan ke {bank} {number}. Bukan kamu? Segera hubungi kami.' },
  'payout.succeeded': { title: 'Pencairan berhasil', body: '{amount} sudah dikirim ke {bank} {number}.' },
  'payout.failed': { title: 'Pencairan gagal', body: '{amount} tetap ada di pendapatanmu. Periksa rekeningmu, lalu minta lagi.' },
  'payout.reversed': { title: 'Pencairan dikembalikan', body: '{amount} sudah kembali ke pendapatanmu. Periksa rekeningmu, lalu minta lagi.' },
  'payout.rejected': { title: 'Pencairan ditolak', body: '{amount} tetap ada di pendapatanmu. Ada pertanyaan? Hubungi kami.' },

  'bank_account.replaced': { title: 'Rekening diganti', body: 'Pencairan berikutnya dikirim ke {bank} {number}. Bukan kamu? Hubungi kami.' },
  'bank_account.refused': { title: 'Rekening tidak ditemukan', body: 'Bank tidak mengenal rekening {bank} {number}. Isi rekening lain supaya pendapatanmu bisa dicairkan.' },

  'safety.crisis_card': {
    title: 'Kamu tidak sendirian', body: 'Kalau kamu dalam bahaya, ada yang siap membantu sekarang: {hotlines}', pushTitle: 'halobestie', pushBody: 'Ada pesan penting untukmu.',
  },
  'safety.crisis_guidance': {
    title: 'Pelangganmu mungkin dalam bahaya',
    body: 'Tetap tenang dan temani. Tanyakan langsung apakah ia aman, jangan menghakimi, jangan berjanji merahasiakan, dan ajak ia menghubungi bantuan di kartunya. Tim kami sudah diberi tahu.',
    pushTitle: 'halobestie', pushBody: 'Ada pesan penting tentang sesimu.',
  },
  'safety.report_closed': {
    title: 'Laporanmu sudah selesai', body: 'Tim kami sudah memeriksa laporanmu dan mengambil keputusan. Terima kasih sudah ikut menjaga halobestie tetap aman.',
    pushTitle: 'halobestie', pushBody: 'Ada kabar untukmu.',
  },

  'sanction.warning': { title: 'Peringatan dari halobestie', body: 'Mohon patuhi pedoman komunitas kami.', pushTitle: 'halobestie', pushBody: 'Ada pesan penting untukmu.' },
  'sanction.warning.words': { title: 'Peringatan dari halobestie', body: '{message}', pushTitle: 'halobestie', pushBody: 'Ada pesan penting untukmu.' },
  'sanction.suspended': {
    title: 'Akunmu dihentikan sementara', body: 'Akunmu dihentikan sementara sampai {until}. Kalau menurutmu ini keliru, kamu bisa mengajukan banding dengan nomor teleponmu.',
    pushTitle: 'halobestie', pushBody: 'Ada pesan penting untukmu.',
  },
  'sanction.suspended.words': {
    title: 'Akunmu dihentikan sementara', body: '{message}\n\nBerlaku sampai {until}. Kalau menurutmu ini keliru, kamu bisa mengajukan banding dengan nomor teleponmu.',
    pushTitle: 'halobestie', pushBody: 'Ada pesan penting untukmu.',
  },
  'sanction.banned': {
    title: 'Akunmu ditutup', body: 'Akunmu kami tutup karena melanggar pedoman komunitas. Kalau menurutmu ini keliru, kamu bisa mengajukan banding dengan nomor teleponmu.',
    pushTitle: 'halobestie', pushBody: 'Ada pesan penting untukmu.',
  },
  'sanction.banned.words': {
    title: 'Akunmu ditutup', body: '{message}\n\nKalau menurutmu ini keliru, kamu bisa mengajukan banding dengan nomor teleponmu.', pushTitle: 'halobestie', pushBody: 'Ada pesan penting untukmu.',
  },
  'sanction.lifted': { title: 'Sanksi dicabut', body: 'Sanksi pada akunmu sudah dicabut.', pushTitle: 'halobestie', pushBody: 'Ada kabar untukmu.' },
  'appeal.upheld': { title: 'Bandingmu sudah diputuskan', body: 'Sanksi pada akunmu tetap berlaku.', pushTitle: 'halobestie', pushBody: 'Ada kabar untukmu.' },
  'appeal.upheld.words': { title: 'Bandingmu sudah diputuskan', body: '{answer}', pushTitle: 'halobestie', pushBody: 'Ada kabar untukmu.' },

  'account.erasure_called_off.customer': {
    title: 'Akunmu belum dihapus', body: 'Ada uang yang kembali ke dompetmu. Minta pengembalian dulu, atau hapus akun sekali lagi dan relakan saldonya.',
  },
  'account.erasure_called_off.mitra': { title: 'Akunmu belum dihapus', body: 'Masih ada sesi atau pendapatanmu yang belum selesai.' },

  'security.new_sign_in': { title: 'Ada yang masuk ke akunmu', body: 'Akunmu dipakai masuk di perangkat baru pada {at}. Bukan kamu? Keluarkan perangkat itu sekarang.' },
  'security.new_sign_in.named': { title: 'Ada yang masuk ke akunmu', body: 'Akunmu dipakai masuk di perangkat baru ({device}) pada {at}. Bukan kamu? Keluarkan perangkat itu sekarang.', pushBody: 'Akunmu dipakai masuk di perangkat baru. Bukan kamu? Keluarkan perangkat itu sekarang.' },
  'security.token_reused': { title: 'Salah satu perangkatmu dikeluarkan', body: 'Akses satu perangkatmu dipakai dua kali pada {at}, jadi kami akhiri. Masuk lagi di sana, dan keluarkan perangkat yang bukan milikmu.' },
  'security.token_reused.named': { title: 'Salah satu perangkatmu dikeluarkan', body: 'Akses {device} dipakai dua kali pada {at}, jadi kami akhiri. Masuk lagi di sana, dan keluarkan perangkat yang bukan milikmu.' },
  'security.phone_changed': { title: 'Nomor teleponmu diganti', body: 'Akunmu sekarang memakai nomor lain. Bukan kamu? Segera hubungi kami.' },
  'security.number_left': {
    title: 'Nomor lamamu', body: 'Akunmu sekarang memakai nomor telepon lain. Bukan kamu yang menggantinya? Hubungi kami: {contact}',
    sms: 'Halobestie: akunmu sekarang memakai nomor telepon lain. Bukan kamu yang menggantinya? Hubungi kami: {contact}',
  },
  'security.email_added': { title: 'Alamat email ditambahkan', body: 'Akunmu sekarang punya alamat email. Bukan kamu yang menambahkannya? Segera hubungi kami.' },
  'security.email_changed': {
    title: 'Alamat emailmu diganti', body: 'Akunmu sekarang memakai alamat email lain. Bukan kamu? Segera hubungi kami.',
    emailBody: 'Akun halobestie-mu sekarang memakai alamat email lain, dan alamat ini tidak menerima email lagi.\n\nBukan kamu yang menggantinya? Buka aplikasi, keluarkan perangkat lain, dan hubungi kami.',
  },
  'security.email_removed': {
    title: 'Alamat emailmu dihapus', body: 'Akunmu tidak punya alamat email lagi. Bukan kamu? Segera hubungi kami.',
    emailBody: 'Alamat ini dihapus dari akun halobestie-mu dan tidak menerima email lagi.\n\nBukan kamu yang menghapusnya? Buka aplikasi, keluarkan perangkat lain, dan hubungi kami.',
  },
  'email.proof': {
    title: 'Kode untuk alamat emailmu',
    body: 'Masukkan kode ini di aplikasi halobestie untuk membuktikan bahwa alamat ini milikmu:\n\n{code}\n\nKode berlaku {minutes, number} menit. Bukan kamu yang meminta? Abaikan saja email ini: tanpa kode tidak terjadi apa-apa.',
  },
  'security.signed_out_everywhere': { title: 'Kamu sudah keluar di semua perangkat', body: 'Semua perangkat sudah keluar dari akunmu. Bukan kamu? Segera hubungi kami.' },

  'digest.listed': {
    title: '{count, plural, other {# kabar belum kamu baca}}',
    body: 'Yang masuk ke kotak masukmu sejak ringkasan terakhir dan belum kamu baca:\n\n{list}\n\n{more, plural, =0 {} other {dan # lagi.}}\n\nBuka aplikasi halobestie untuk membacanya.',
  },
  'digest.counted': {
    title: '{count, plural, other {# kabar belum kamu baca}}', body: '{count, plural, other {Ada # kabar di kotak masukmu yang belum kamu baca.}}\n\nBuka aplikasi halobestie untuk membacanya.',
  },

  'announcement': { title: 'Kabar dari halobestie', body: 'Ada kabar baru untukmu di aplikasi.' },
}
