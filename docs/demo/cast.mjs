// Who lives in the demo, and what they say.
const FIRST = ['Sari', 'Budi', 'Rina', 'Andi', 'Maya', 'Dimas', 'Putri', 'Rizky', 'Nadia', 'Fajar', 'Intan', 'Yoga', 'Laras', 'Bayu', 'Wulan', 'Galih', 'Tika', 'Arif', 'Mega', 'Hendra', 'Ratna', 'Joko', 'Vina', 'Eka', 'Dian']
const LAST = ['Wijaya', 'Lestari', 'Saputra', 'Anggraini', 'Pratama', 'Kusuma', 'Rahmawati', 'Hidayat', 'Permata', 'Nugroho', 'Siregar', 'Maharani', 'Santoso', 'Utami']
const BIOS = ['Pendengar yang sabar, suka kopi dan cerita panjang.', 'Dulu guru, sekarang senang menemani orang bercerita.', 'Ibu dua anak, tidak gampang kaget.', 'Mahasiswa psikologi yang lebih suka mendengar daripada menasihati.', 'Perawat malam; jam tiga pagi pun saya ada.']
export const TOPICS = ['work', 'family', 'love', 'study', 'friends']

const OPENINGS = ['Halo Kak, boleh cerita sebentar?', 'Selamat malam. Aku lagi butuh teman ngobrol.', 'Hai, makasih sudah mau menemani.', 'Halo! Hari ini rasanya panjang banget.', 'Kak, aku bingung mulai dari mana.']
const STORIES = [
  'Di kantor kerjaan lagi numpuk, bosku minta semuanya selesai minggu ini.', 'Aku sama adikku udah dua minggu nggak saling ngomong.', 'Skripsiku mentok di bab tiga, dosennya susah ditemui.',
  'Sebenarnya nggak ada apa-apa, cuma sepi aja di kos.', 'Temanku pindah kota dan sekarang rasanya beda.', 'Aku pengin bilang ke orang tua kalau mau ganti jurusan, tapi takut.', 'Tadi presentasi di depan orang banyak, deg-degan sampai lupa kata-kata.',
  'Iya, kayaknya aku terlalu mikirin omongan orang.', 'Udah coba istirahat, tapi kepala masih penuh.', 'Hehe, iya juga ya. Aku belum pernah lihat dari sisi itu.', 'Kadang aku ngerasa harus kuat terus.', 'Besok aku coba ngomong pelan-pelan sama dia.',
  'Makasih ya, udah didengerin aja rasanya lebih ringan.', 'Menurut Kakak wajar nggak sih kalau capek begini?', 'Lucu juga kalau diingat-ingat lagi.',
]
const ANSWERS = [
  'Tentu, aku di sini. Pelan-pelan saja ceritanya.', 'Wah, berat juga ya. Sudah berapa lama seperti itu?', 'Aku dengerin kok. Terus gimana?', 'Wajar banget kalau capek. Kamu sudah berusaha banyak.', 'Kalau boleh tahu, bagian mana yang paling bikin kepikiran?',
  'Hmm, aku ngerti. Nggak gampang ada di posisi itu.', 'Kamu nggak harus punya jawabannya malam ini.', 'Seneng dengernya! Itu langkah yang bagus.', 'Ada orang dekat yang bisa kamu ajak bicara juga?', 'Boleh kok nangis dulu. Aku temani.', 'Hari ini sudah makan belum? Hal kecil kadang membantu.', 'Coba satu hal kecil dulu besok, nanti ceritain lagi ya.',
]
const GOODBYES = ['Makasih banyak ya Kak, aku lega.', 'Udah agak tenang sekarang. Sampai ketemu lagi!', 'Aku istirahat dulu ya, terima kasih sudah mendengarkan.']
const COMMENTS = ['Enak diajak ngobrol.', 'Sabar dan nggak menghakimi.', 'Lega setelah cerita.', 'Responsnya cepat, terima kasih!', 'Lumayan, tapi jawabannya agak lama.']

export const pick = (list) => list[Math.floor(Math.random() * list.length)]
export const chance = (share) => Math.random() < share
export const between = (least, most) => least + Math.random() * (most - least)

export const opening = () => pick(OPENINGS)
export const story = () => pick(STORIES)
export const answer = () => pick(ANSWERS)
export const goodbye = () => pick(GOODBYES)
export const comment = () => pick(COMMENTS)
export const profile = () => ({ bio: pick(BIOS), topics: [...new Set([pick(TOPICS), pick(TOPICS)])], languages: ['id'] })
/** Always the same for the same place, so that the next run meets the same people. */
export const nameOf = (kind, index) => `${FIRST[(index * 7 + (kind === 'mitra' ? 3 : 0)) % FIRST.length]} ${LAST[(index * 5 + (kind === 'mitra' ? 1 : 0)) % LAST.length]}`
/** Numbers of nobody: `turn` moves on to others when a number has had its codes for the hour. */
export const phoneOf = (kind, index, turn) => `+62812${kind === 'mitra' ? 3 : 4}${String(turn * 1000 + index).padStart(7, '0')}`
