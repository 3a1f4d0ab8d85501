import { defineTexts } from '../../texts.ts'

export const useReportText = defineTexts('reports', {
  about: 'Numbers over any range of days in Jakarta (WIB), as charts, tables and files.', list: 'Reports', range: 'Days', clearRange: 'Back to the last 30 days', group: 'By', group_day: 'Day', group_week: 'Week', group_month: 'Month',
  chart: 'Chart of the report', chartHint: 'The table below says the same in numbers.', table: 'Rows of the report', emptyTitle: 'Nothing happened on these days', emptyText: 'Rows stand here for every day on which something happened. Choose other days.',
  cut: 'Only the first rows are shown here. The file has all of them.', unknownTitle: 'There is no such report', unknownText: 'Its name may be misspelt, or your role does not see it.', toList: 'To all reports', chooseDays: 'Choose the first and the last day.',
  'sessions': 'Sessions', 'about_sessions': 'How many were asked for, found a mitra, were paid and served, how they ended, and how many minutes were served. A session belongs to the day on which it was asked for.',
  'session-hours': 'Sessions by hour', 'about_session-hours': 'The same by the hour of the day in which they were asked for.',
  'session-ends': 'How sessions end', 'about_session-ends': 'How many ended in which way, and why.',
  'waiting-times': 'Waiting times', 'about_waiting-times': 'What people in the queue were told, beside how long they waited. A p90 that is true holds for about 90 percent.',
  'mitra-hours': 'Mitra hours', 'about_mitra-hours': 'Hours of all mitras together: online, with a taken slot, in sessions, in breaks.',
  'answer-times': 'Answer times', 'about_answer-times': 'What became of offers, and how long mitras took to answer. Withdrawn ones were neither answered nor missed.',
  'ratings': 'Ratings', 'about_ratings': 'How many ratings were given, their average, and how many of each score.',
  'revenue': 'Revenue', 'about_revenue': 'From the ledger, by the day of each posting: received from the provider, settled, the mitras’ part and ours, tips, promotions, refunds, fees.',
  'daily-closing': 'Daily closings', 'about_daily-closing': 'Each closed day with its accounts and flows, and the line that proves the sums.',
  'payouts': 'Payouts', 'about_payouts': 'Every payout that was asked for on these days.',
  'refunds': 'Refunds', 'about_refunds': 'Refunds by day, state, method and channel, beside what the ledger says.',
  'ledger-entries': 'Ledger entries', 'about_ledger-entries': 'Every entry of these days. Long: take the file.',
}, {
  about: 'Angka untuk rentang hari mana pun di Jakarta (WIB), sebagai grafik, tabel, dan berkas.', list: 'Laporan', range: 'Hari', clearRange: 'Kembali ke 30 hari terakhir', group: 'Per', group_day: 'Hari', group_week: 'Minggu', group_month: 'Bulan',
  chart: 'Grafik laporan', chartHint: 'Tabel di bawah memuat angka yang sama.', table: 'Baris laporan', emptyTitle: 'Tidak ada kejadian pada hari-hari ini', emptyText: 'Baris tampil di sini untuk setiap hari yang ada kejadiannya. Pilih hari lain.',
  cut: 'Hanya baris pertama yang ditampilkan di sini. Berkas memuat semuanya.', unknownTitle: 'Laporan itu tidak ada', unknownText: 'Namanya mungkin salah, atau peran Anda tidak melihatnya.', toList: 'Ke semua laporan', chooseDays: 'Pilih hari pertama dan terakhir.',
  'sessions': 'Sesi', 'about_sessions': 'Berapa yang diminta, mendapat mitra, dibayar dan dilayani, bagaimana berakhirnya, dan berapa menit dilayani. Sesi dihitung pada hari diminta.',
  'session-hours': 'Sesi per jam', 'about_session-hours': 'Hal yang sama menurut jam diminta.',
  'session-ends': 'Akhir sesi', 'about_session-ends': 'Berapa yang berakhir dengan cara apa, dan mengapa.',
  'waiting-times': 'Waktu tunggu', 'about_waiting-times': 'Yang disampaikan kepada antrean, di samping lama mereka menunggu. P90 yang benar berlaku untuk sekitar 90 persen.',
  'mitra-hours': 'Jam mitra', 'about_mitra-hours': 'Jam semua mitra: daring, slot terpakai, dalam sesi, istirahat.',
  'answer-times': 'Waktu jawab', 'about_answer-times': 'Nasib tawaran, dan lama mitra menjawab. Yang ditarik tidak dijawab dan tidak terlewat.',
  'ratings': 'Penilaian', 'about_ratings': 'Berapa penilaian diberikan, rata-ratanya, dan jumlah tiap nilai.',
  'revenue': 'Pendapatan', 'about_revenue': 'Dari buku besar, menurut hari pembukuan: diterima dari penyedia, diselesaikan, bagian mitra dan kita, tip, promosi, pengembalian dana, biaya.',
  'daily-closing': 'Tutup hari', 'about_daily-closing': 'Setiap hari yang ditutup dengan akun dan alirannya, dan baris yang membuktikan jumlahnya.',
  'payouts': 'Pencairan', 'about_payouts': 'Setiap pencairan yang diminta pada hari-hari ini.',
  'refunds': 'Pengembalian dana', 'about_refunds': 'Pengembalian dana per hari, status, cara dan kanal, di samping catatan buku besar.',
  'ledger-entries': 'Entri buku besar', 'about_ledger-entries': 'Setiap entri pada hari-hari ini. Panjang: ambil berkasnya.',
})

/** Columns of reports in words. */
export const useColumnText = defineTexts('report-columns', {
  period: 'From', hour: 'Hour', day: 'Day', asked: 'Asked for', found: 'Found a mitra', paid: 'Paid', served: 'Served', ended: 'Ended', cancelled: 'Cancelled', expired: 'Expired', unserved: 'Nobody answered', open: 'Still open',
  minutes_served: 'Minutes served', found_percent: 'Found, %', served_percent: 'Served, %', state: 'State', reason: 'Reason', sessions: 'Sessions',
  received_idr: 'Received', gross_idr: 'Settled', mitra_share_idr: 'Mitras’ part', platform_revenue_idr: 'Our part', platform_net_idr: 'Our part, after refunds', tips_idr: 'Tips', promotions_idr: 'Promotions', refunds_idr: 'Refunds', fees_idr: 'Fees and taxes',
  mitras_a_day: 'Mitras a day', online_hours: 'Online, hours', busy_hours: 'Slot taken, hours', in_session_hours: 'In sessions, hours', break_hours: 'In breaks, hours', busy_percent: 'Slot taken, %',
  offers: 'Offers', accepted: 'Accepted', declined: 'Declined', missed: 'Missed', withdrawn: 'Withdrawn', accepted_percent: 'Accepted, %', missed_percent: 'Missed, %', answer_mean_seconds: 'Answer, mean s', answer_p50_seconds: 'Answer, p50 s', answer_p90_seconds: 'Answer, p90 s',
  ratings: 'Ratings', average: 'Average', of_1: '1 star', of_2: '2 stars', of_3: '3 stars', of_4: '4 stars', of_5: '5 stars',
  place: 'Told', told: 'How many', within_p50_percent: 'Within p50, %', within_p90_percent: 'Within p90, %', waited_p50_seconds: 'Waited, p50 s', waited_p90_seconds: 'Waited, p90 s', told_p50_seconds: 'Told p50, s', told_p90_seconds: 'Told p90, s',
}, {
  period: 'Dari', hour: 'Jam', day: 'Hari', asked: 'Diminta', found: 'Mendapat mitra', paid: 'Dibayar', served: 'Dilayani', ended: 'Selesai', cancelled: 'Dibatalkan', expired: 'Kedaluwarsa', unserved: 'Tak terjawab', open: 'Masih terbuka',
  minutes_served: 'Menit dilayani', found_percent: 'Mendapat, %', served_percent: 'Dilayani, %', state: 'Status', reason: 'Alasan', sessions: 'Sesi',
  received_idr: 'Diterima', gross_idr: 'Diselesaikan', mitra_share_idr: 'Bagian mitra', platform_revenue_idr: 'Bagian kita', platform_net_idr: 'Bagian kita, setelah pengembalian', tips_idr: 'Tip', promotions_idr: 'Promosi', refunds_idr: 'Pengembalian dana', fees_idr: 'Biaya dan pajak',
  mitras_a_day: 'Mitra per hari', online_hours: 'Daring, jam', busy_hours: 'Slot terpakai, jam', in_session_hours: 'Dalam sesi, jam', break_hours: 'Istirahat, jam', busy_percent: 'Slot terpakai, %',
  offers: 'Tawaran', accepted: 'Diterima', declined: 'Ditolak', missed: 'Terlewat', withdrawn: 'Ditarik', accepted_percent: 'Diterima, %', missed_percent: 'Terlewat, %', answer_mean_seconds: 'Jawaban, rata-rata dtk', answer_p50_seconds: 'Jawaban, p50 dtk', answer_p90_seconds: 'Jawaban, p90 dtk',
  ratings: 'Penilaian', average: 'Rata-rata', of_1: '1 bintang', of_2: '2 bintang', of_3: '3 bintang', of_4: '4 bintang', of_5: '5 bintang',
  place: 'Disampaikan', told: 'Berapa', within_p50_percent: 'Dalam p50, %', within_p90_percent: 'Dalam p90, %', waited_p50_seconds: 'Menunggu, p50 dtk', waited_p90_seconds: 'Menunggu, p90 dtk', told_p50_seconds: 'Disampaikan p50, dtk', told_p90_seconds: 'Disampaikan p90, dtk',
})
