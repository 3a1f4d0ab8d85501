import type { ShippedLexicon } from './types.ts'

/**
 * The lexicon as it is shipped; staff add to it and switch terms off (table lexicon_terms). Written as people would write
 * it: `{a|b}` is either, `~` at the end allows Indonesian particles (-ku, -nya …). Case, leet, spacing and repeated letters
 * are the reader's business, so no variants of those stand here. Each term begins and ends at a word.
 */
export const SHIPPED: ShippedLexicon = {
  crisis: {
    id: [
      'bunuh diri~', 'bundir', 'gantung diri~',
      '{ingin|pengen|pengin|pingin|kepengen|kepingin|mau} mati',
      '{lebih baik|mending|mendingan} mati', '{lebih baik|mending|mendingan} {aku|saya|gue|gw} mati', '{aku|saya|gue|gw} mati {aja|saja}',
      '{akhiri|akhirin|mengakhiri|ngakhirin|menyudahi|nyudahin} hidup~',
      '{tidak|gak|ga|nggak|ngga|enggak|tak|gk} {mau|ingin|pengen|pengin|pingin|sanggup|kuat} hidup lagi',
      '{tidak|gak|ga|nggak|ngga|enggak|tak|gk} ada {gunanya|alasan|alasan untuk|alasan buat} {aku|saya|gue|gw} hidup',
      '{tidak|gak|ga|nggak|ngga|enggak|tak|gk} ada {gunanya|alasan|alasan untuk|alasan buat} hidup~',
      'hidupku {tidak|gak|ga|nggak|ngga|enggak|tak|gk} {berarti|berguna|ada gunanya|ada artinya}',
      '{capek|cape|lelah|muak|bosan} {hidup|untuk hidup}',
      '{menyakiti|nyakitin|nyakiti|sakiti|melukai|lukai|ngelukain} diri {sendiri|aku|saya}', '{menyakiti|nyakitin|melukai|ngelukain} diriku',
      '{sayat|nyayat|menyayat|silet|nyilet|iris|ngiris|potong} {nadi|urat nadi|tangan|lengan|pergelangan}~',
      '{lompat|loncat|terjun} dari {jembatan|gedung|atap|lantai|balkon|rooftop}', '{minum|nenggak|menenggak} {racun|baygon|obat nyamuk}', 'overdosis obat',
      '{hilang|lenyap|menghilang|pergi} dari dunia', '{meninggalkan|tinggalkan|ninggalin} dunia ini', 'selamat tinggal dunia',
      '{dunia|semua|kalian|mereka} lebih baik tanpa {aku|saya|gue|gw|diriku}',
    ],
    en: [
      '{kill|killing} {myself|my self}', 'suicide', 'suicidal', 'unalive', '{hang|hanging} myself',
      '{end|ending|take|taking} {my life|my own life}', '{end|ending} it all',
      '{want|wanted|wanting} to die', 'wanna die', 'wish i {was|were} dead', 'better off dead', 'better off without me',
      '{dont|do not|didnt} want to {live anymore|live any more|live like this|be alive|be here anymore}', 'dont wanna {live anymore|be alive|be here anymore}',
      'no reason to live', 'nothing to live for', 'no point in living', '{tired|sick} of {living|being alive}', 'cant go on living',
      '{hurt|hurting|harm|harming|cut|cutting} myself', '{self harm|self harming}', '{slit|cut|cutting} my {wrist|wrists}',
      '{jump|jumping} off {a|the} {bridge|roof|building}', '{overdose|overdosing} on {pills|my pills|my meds}',
    ],
  },
  contact: {
    id: [
      '{nomor|nomer|no} {wa|whatsapp|hp|telepon|telpon|hape}~', '{minta|bagi|share|kirim} {nomor|nomer}~', '{nomor|nomer} {aku|saya|gue|gw|kamu}',
      '{chat|lanjut|pindah|ngobrol|ketemu} {di|ke|lewat|via} {wa|whatsapp|telegram|tele|line|ig|instagram}', '{lanjut|pindah} {wa|whatsapp}',
      '{instagram|telegram|tele|tiktok} {aku|saya|gue|gw|kamu}', '{ig|line} {aku|saya|kamu}', '{follow|add|dm} {ig|instagram|line|telegram|tiktok|fb}',
      'akun {ig|instagram|telegram|tiktok|fb}', 'id line', 'line id', '{igku|ignya|instagramku|telegramku|nomorku|nomerku}',
    ],
    en: [
      '{whatsapp|phone} number', 'your {whatsapp|instagram|insta|telegram|snapchat}', 'my {whatsapp|instagram|insta|telegram|snapchat|number is}',
      '{text|call|whatsapp} me {at|on}', 'add me on', 'give me your number', '{move|talk|chat} on {whatsapp|telegram|instagram}',
    ],
  },
  /** Where one of these stands, nothing that overlaps it counts. */
  except: [
    'mati {lampu|listrik|ketawa|gaya|kutu|rasa|penasaran|matian|air}', '{hp|hape|handphone|baterai|batre|batrai|laptop|lampu|mesin|motor|mobil|komputer|internet|wifi|tv} {aku|saya|gue|gw} mau mati',
    '{hp|hape|hpku|hapeku|handphone|baterai|batre|batrai|laptop|laptopku|lampu|mesin|motor|mobil|komputer|internet|wifi|tv|tanaman|bunga} {mau|udah mau|sudah mau} mati',
    '{gol|bom|misi|serangan} bunuh diri', 'suicide {squad|bomber|bombing|door|doors}', '{want to|wanna|wanted to} die {laughing|of laughter}', '{kill|killing} myself laughing',
    'cut myself {some slack|shaving|a slice|a piece}', 'cutting myself {some slack|a slice}', 'lebih baik mati {angin|gaya}', 'end it all {inclusive|star}', 'capek hidup {tetangga|orang}',
    '{iris|potong} tangan {baju|kemeja|jaket}', '{lompat|loncat} dari lantai {dansa|ke lantai}', '{nomor|nomer} {antrian|antrean|urut|sepatu|resi|rekening}', 'phone number {of the|for the}',
  ],
}
