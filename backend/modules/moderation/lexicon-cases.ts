/** What the shipped lexicon has to find, and what it must leave alone. A change of the data stands or falls with these. */
export const CASES = {
  crisis: {
    found: [
      'aku mau bunuh diri', 'Bunuh diri', 'BUNUH   DIRI', 'bunuh-diri', 'bunuh.diri', 'bunuhdiri', 'b u n u h d i r i', 'b.u.n.u.h d.i.r.i', 'buuunuuuh diriii', 'bunuh d1r1', 'bunuh d!ri', 'bunµh diri bünuh dirí',
      'ingin bunuh dirinya', 'pengen bunuh diriku sendiri', 'bunuh diri!', 'bunuh diri!!!', '"bunuh diri"', 'bunuh\ndiri', 'bunuh\u200bdiri', 'bun\u00aduh diri', 'ｂｕｎｕｈ ｄｉｒｉ', 'bunuh dіrі', '😭bunuh diri😭', 'mau bundir aja',
      'aku pengen mati', 'gue pengen m4ti', 'ingin mati saja rasanya', 'pingin mati', 'aku mau mati', 'mending aku mati', 'lebih baik mati', 'lebih baik saya mati', 'gw mati aja deh',
      'aku ingin mengakhiri hidupku', 'mau akhiri hidup', 'pengen akhirin hidup', 'aku nggak mau hidup lagi', 'ga pengen hidup lagi', 'gak mau hidup lagi', 'tidak ingin hidup lagi', 'udah ga kuat hidup lagi', 'gak ada gunanya aku hidup', 'tidak ada alasan untuk hidup',
      'hidupku gak berarti', 'capek hidup', 'aku lelah hidup begini', 'aku nyakitin diri sendiri', 'menyakiti diri sendiri', 'semalam aku sayat tangan', 'nyilet tanganku lagi', 'iris nadi', 'gantung diri', 'mau lompat dari jembatan', 'loncat dari gedung', 'minum racun', 'minum baygon',
      'pengen hilang dari dunia', 'selamat tinggal dunia', 'dunia lebih baik tanpa aku', 'kalian lebih baik tanpa gue',
      'I want to kill myself', 'kill my self', 'k i l l m y s e l f', 'ki11 mys3lf', 'KILL MYSELF!!!', 'kiiiill myseeelf', 'k.i.l.l. m.y.s.e.l.f', 'killing myself tonight', 'thinking about suicide', 'su1c1de', '$uicide', 's u i c i d e', "i'm suicidal", 'i want to die', 'i just wanna die',
      'wish i was dead', 'i’d be better off dead', 'they are better off without me', 'i want to end my life', 'going to take my own life', 'i want to end it all', "I don't want to live anymore", "don't want to be alive", 'dont wanna be alive', 'no reason to live', 'nothing to live for',
      'tired of living', 'i keep cutting myself', 'i hurt myself again', 'self-harm', 'selfharm', 'slit my wrists', 'jump off a bridge', 'overdose on pills', 'unalive', 'мati: аku mau mаti',
      'mati lampu tadi, tapi aku tetap pengen mati', 'aku mau mati',
    ],
    left: [
      'halo, apa kabar?', 'aku mau makan', 'mati lampu di rumahku', 'di sini lagi mati listrik', 'aku pengen mati ketawa', 'hp aku mau mati', 'baterai hp mau mati nih', 'laptopku mau mati', 'lampu mau mati', 'gol bunuh diri di menit akhir', 'berita bom bunuh diri', 'nonton Suicide Squad', 'suicide squad!!',
      'i was killing it at work', 'this traffic is killing me', 'i want to die laughing', 'wanna die of laughter', 'i need to cut myself some slack', 'kill the process', 'the deadline is killing us', 'he died last year', 'nenekku meninggal tahun lalu', 'kematian ayah masih berat buatku', 'aku takut mati lampu',
      'aku gak mau hidup boros', 'aku tidak mau hidup di Jakarta lagi pula mahal', "I don't want to live in Jakarta", 'hidupku baik-baik saja', 'send it all to me', 'friend it all', 'diri sendiri itu penting', 'bunuh nyamuk', 'dia membunuh waktu', 'sahabat dirimu', 'tanaman mau mati karena kering',
      'end it alley', 'skillmyselfie', 'mau matikan lampu', 'mau mematikan hp', 'matikan saja', 'aku mau matiin AC', 'pengen matikan tv', 'capek kerja', 'lelah banget hari ini', 'bosan', 'potong tangan baju', 'loncat dari kursi', 'minum obat batuk', 'harga 10.000', 'jam 10:30', '5 km s/d 10 km',
      'kamu ingin mat ikan?', 'selamat tinggal di sini', 'selamat pagi dunia', 'lebih baik tidur', 'no reason to lie', 'tired of studying', 'better off with a new job', 'nothing to lose',
    ],
  },
  contact: {
    found: [
      'nomorku 081234567890', '0812-3456-7890', '0812 3456 7890', '0812.3456.7890', '+62 812 3456 7890', '+6281234567890', '(0812) 3456-7890', 'hubungi 6281234567890 ya', '81234567890', 'wa: 0 8 1 2 3 4 5 6 7 8 9 0',
      'nol delapan satu dua tiga empat lima enam tujuh delapan sembilan nol', 'Nol, delapan, satu-dua tiga empat lima enam tujuh lapan', 'zero eight one two three four five six seven eight', 'nol 8 satu 2 tiga 4 lima 6 tujuh 8', 'kosong lapan satu dua 345 678', '０８１２３４５６７８９０', '０８１２-3456-7890',
      'emailku rina@example.com', 'rina.s_22@mail.co.id!', 'ig: @rina_22', 'follow @rinasusanti', 'https://example.com/x', 'http://wa.me/62812', 'wa.me/6281234567890', 't.me/rina', 'www.example.com', 'instagram.com/rina', 'WWW.EXAMPLE.COM',
      'minta nomor dong', 'bagi nomernya', 'no wa kamu berapa', 'nomor wa', 'n0m0r w4', 'lanjut di wa aja', 'chat lewat whatsapp', 'ig aku rina', 'pindah ke telegram yuk', 'add line', 'id line ku', 'give me your number', 'my instagram is', 'text me at', 'add me on snap', 'what is your whatsapp',
    ],
    left: [
      'satu dua tiga empat lima enam tujuh delapan sembilan sepuluh', 'sembilan delapan tujuh enam lima empat tiga dua satu nol', 'umurku delapan belas tahun', 'skornya nol delapan', 'harganya Rp 1.500.000', 'Rp 81.234.567.890', '25000', 'tanggal 08-12-2026 10:00', '08/12/2026', '12.30', 'tahun 1998', '2026-11-21', 'jam 8.15 pagi', 'aku lahir 21 04 1995', 'NIK 3174012104950001', 'ketemu @ kafe', 'a @ b', 'nomor antrian 12', 'nomor urut 5', 'line up', 'I like the outline', 'wawancara kerja', 'no way', 'no wall', 'ok/ya', 'dan/atau', '1/2', '24/7', 'no. 5', '10-15 menit',
      'aku suka instagram', 'main tiktok terus', 'your biggest fan', 'skor 3-2', '0,5', '100%', 'no hope', 'my line manager',
    ],
  },
} as const
