import { defineTexts } from '../../texts.ts'

export const useSystemText = defineTexts('system', {
  about: 'What the product stands on, and work that did not succeed by itself.',
  replicas: 'Replicas', host: 'Host and process', version: 'Version', settingsVersion: 'Settings', started: 'Started', seen: 'Seen', alive: 'Lives', silent: 'Silent',
  noReplicas: 'No replica has said that it lives', noReplicasText: 'Each process says so every two seconds while it serves.', settingsDiffer: 'Replicas go by different settings. Within a second of a change all show the same number.',
  database: 'Postgres', postgresVersion: 'Version', schema: 'Schema', pool: 'Connections of the replica that answered', poolValue: '{{total}} open, {{idle}} idle, {{waiting}} waiting',
  valkey: 'Valkey', queues: 'Queues', queue: 'Queue', waitingJobs: 'Waiting', activeJobs: 'Running', delayedJobs: 'Later', failedJobs: 'Failed', queuesAway: 'Valkey is away', queuesAwayText: 'Nothing is known of the queues. Their work is done by sweeps meanwhile, from Postgres.', board: 'Look into the queues',
  work: 'Work to be done', outboxWaiting: 'Waits in the outbox', oldest: 'Oldest is due since', nothingDue: 'nothing is due', given: 'Given up', inboxWaiting: 'Events to be judged', inboxParked: 'Events parked', inboxLink: 'To the parked events',
  mirror: 'Mirror', drift: 'Differs from Postgres by', driftNone: 'nothing', reseed: 'Reseed now', reseedAbout: 'The mirror in Valkey is built anew from Postgres. Nothing is lost; until it is done, Postgres answers.', reseeded: 'The mirror is being built anew.',
  ledger: 'Ledger', checked: 'Checked', ledgerOk: 'All sums agree', ledgerWrong_one: '{{count}} problem', ledgerWrong_other: '{{count}} problems', ledgerDrift: 'Differs by', ledgerNever: 'It has not been checked yet.', ledgerLink: 'To the ledger',
  dead: 'Work that was given up', topic: 'What', ids: 'About', attempts: 'Tries', error: 'Last error', parked: 'Given up', retry: 'Try again', retryAbout: 'It is done again from its first try, at once. What it does is safe to be done twice.', retried: 'It is being tried again.',
  noDead: 'Nothing was given up', noDeadText: 'What follows from a payment, an end, a refund is written down with it and done right after. What fails twelve times stands here, with its last error, until somebody has it tried again.',
  failed: 'Jobs that failed', job: 'Job', reason: 'Why', at: 'When', noFailed: 'No job has failed', noFailedText: 'Jobs only wake what stands in Postgres; one that a dying process left twice stands here. Its row is found by a sweep all the same.',
  as: 'As seen by the replica that answered: {{host}}, process {{pid}}, Node {{node}}, up for {{up}}.',
}, {
  about: 'Yang menopang produk ini, dan pekerjaan yang tidak berhasil dengan sendirinya.',
  replicas: 'Replika', host: 'Mesin dan proses', version: 'Versi', settingsVersion: 'Pengaturan', started: 'Mulai', seen: 'Terlihat', alive: 'Hidup', silent: 'Diam',
  noReplicas: 'Belum ada replika yang melapor', noReplicasText: 'Tiap proses melapor setiap dua detik selama melayani.', settingsDiffer: 'Replika memakai pengaturan berbeda. Dalam satu detik setelah perubahan semua menunjukkan angka yang sama.',
  database: 'Postgres', postgresVersion: 'Versi', schema: 'Skema', pool: 'Sambungan replika yang menjawab', poolValue: '{{total}} terbuka, {{idle}} menganggur, {{waiting}} menunggu',
  valkey: 'Valkey', queues: 'Antrean tugas', queue: 'Antrean', waitingJobs: 'Menunggu', activeJobs: 'Berjalan', delayedJobs: 'Nanti', failedJobs: 'Gagal', queuesAway: 'Valkey tidak ada', queuesAwayText: 'Keadaan antrean tidak diketahui. Sementara itu pekerjaannya dilakukan dari Postgres.', board: 'Lihat isi antrean',
  work: 'Pekerjaan', outboxWaiting: 'Menunggu di kotak keluar', oldest: 'Yang tertua jatuh tempo sejak', nothingDue: 'tidak ada yang jatuh tempo', given: 'Dihentikan', inboxWaiting: 'Peristiwa belum dinilai', inboxParked: 'Peristiwa diparkir', inboxLink: 'Ke peristiwa terparkir',
  mirror: 'Cermin', drift: 'Berbeda dari Postgres', driftNone: 'tidak ada', reseed: 'Bangun ulang sekarang', reseedAbout: 'Cermin di Valkey dibangun ulang dari Postgres. Tidak ada yang hilang; sampai selesai, Postgres yang menjawab.', reseeded: 'Cermin sedang dibangun ulang.',
  ledger: 'Buku besar', checked: 'Diperiksa', ledgerOk: 'Semua jumlah cocok', ledgerWrong_one: '{{count}} masalah', ledgerWrong_other: '{{count}} masalah', ledgerDrift: 'Selisih', ledgerNever: 'Belum pernah diperiksa.', ledgerLink: 'Ke buku besar',
  dead: 'Pekerjaan yang dihentikan', topic: 'Apa', ids: 'Tentang', attempts: 'Percobaan', error: 'Kesalahan terakhir', parked: 'Dihentikan', retry: 'Coba lagi', retryAbout: 'Dikerjakan lagi dari percobaan pertama, seketika. Aman bila dikerjakan dua kali.', retried: 'Sedang dicoba lagi.',
  noDead: 'Tidak ada yang dihentikan', noDeadText: 'Akibat dari pembayaran, akhir sesi, atau pengembalian dana ditulis bersamanya dan segera dikerjakan. Yang gagal dua belas kali tampil di sini beserta kesalahan terakhirnya, sampai seseorang mencobanya lagi.',
  failed: 'Tugas yang gagal', job: 'Tugas', reason: 'Sebab', at: 'Kapan', noFailed: 'Tidak ada tugas gagal', noFailedText: 'Tugas hanya membangunkan yang ada di Postgres; yang dua kali ditinggalkan proses yang mati tampil di sini. Barisnya tetap ditemukan penyapu.',
  as: 'Menurut replika yang menjawab: {{host}}, proses {{pid}}, Node {{node}}, hidup selama {{up}}.',
})
