import { defineTexts } from '../../texts.ts'

/** Words of the settings. What a setting is for is told by the catalogue, in English. */
export const useSettingText = defineTexts('settings', {
  about: 'Every number of the product, with its bounds. A change is in force on every replica within a second, and is kept in the history with its reason.',
  search: 'Search by name or description', changedOnly: 'Only what is not at its default', value: 'Value', standard: 'Default', bounds: '{{min}} to {{max}} {{unit}}', most: 'at most {{count}} characters', inForce: 'In force', isDefault: 'default', isChanged: 'changed', changedBy: 'Changed', noneFound: 'No setting fits', noneFoundText: 'Search for another word, or clear the search.',
  change: 'Change', changeOf: 'Change {{key}}', changeAbout: 'Default: {{standard}}. {{bounds}}', changeDone: '{{key}} is changed', newValue: 'New value', line: 'One a line', on: 'On', off: 'Off',
  history: 'History', historyOf: 'History of {{key}}', historyEmpty: 'Nobody has changed it: the default is in force.', fromTo: '{{from}} → {{to}}', revert: 'Back to {{value}}', revertTo: 'Back to what was there before', revertDefault: 'Back to the default', revertAbout: '{{key}} becomes {{value}} again. It is a change like any other, with a row in the history.', revertDone: '{{key}} is what it was',
  replicas: 'Where it is in force', replicasAbout: 'Changes stored: {{version}}. Each replica says which of them it goes by.', replica: 'Replica', version: 'Goes by', has: 'Up to date', behind: 'Behind', gone: 'Silent', seen: 'Last heard of',
  'unit_seconds': 'seconds', 'unit_milliseconds': 'milliseconds', 'unit_rupiah': 'rupiah', 'unit_percent': 'percent', 'unit_bytes': 'bytes', 'unit_minutes': 'minutes',
  'group_signing-in': 'Signing in', group_staff: 'Staff', group_availability: 'Availability', group_sessions: 'Sessions', group_ratings: 'Ratings', group_money: 'Money', group_messages: 'Messages', group_safety: 'Safety', group_privacy: 'Privacy', group_letters: 'E-mail and SMS', group_transcripts: 'Transcripts and sockets', group_limits: 'Limits', group_apps: 'Apps', group_switches: 'Maintenance and switches',
}, {
  about: 'Semua angka produk beserta batasnya. Perubahan berlaku di semua replika dalam satu detik, dan disimpan dalam riwayat beserta alasannya.',
  search: 'Cari menurut nama atau keterangan', changedOnly: 'Hanya yang bukan bawaan', value: 'Nilai', standard: 'Bawaan', bounds: '{{min}} sampai {{max}} {{unit}}', most: 'paling banyak {{count}} karakter', inForce: 'Berlaku', isDefault: 'bawaan', isChanged: 'diubah', changedBy: 'Diubah', noneFound: 'Tidak ada pengaturan yang cocok', noneFoundText: 'Cari kata lain, atau kosongkan pencarian.',
  change: 'Ubah', changeOf: 'Ubah {{key}}', changeAbout: 'Bawaan: {{standard}}. {{bounds}}', changeDone: '{{key}} sudah diubah', newValue: 'Nilai baru', line: 'Satu per baris', on: 'Aktif', off: 'Nonaktif',
  history: 'Riwayat', historyOf: 'Riwayat {{key}}', historyEmpty: 'Belum ada yang mengubahnya: nilai bawaan berlaku.', fromTo: '{{from}} → {{to}}', revert: 'Kembali ke {{value}}', revertTo: 'Kembali ke yang sebelumnya', revertDefault: 'Kembali ke bawaan', revertAbout: '{{key}} menjadi {{value}} lagi. Ini perubahan seperti yang lain, dengan baris dalam riwayat.', revertDone: '{{key}} sudah seperti semula',
  replicas: 'Di mana berlaku', replicasAbout: 'Perubahan tersimpan: {{version}}. Setiap replika menyebut yang mana dipakainya.', replica: 'Replika', version: 'Memakai', has: 'Mutakhir', behind: 'Tertinggal', gone: 'Diam', seen: 'Terakhir terdengar',
  'unit_seconds': 'detik', 'unit_milliseconds': 'milidetik', 'unit_rupiah': 'rupiah', 'unit_percent': 'persen', 'unit_bytes': 'bita', 'unit_minutes': 'menit',
  'group_signing-in': 'Masuk', group_staff: 'Staf', group_availability: 'Ketersediaan', group_sessions: 'Sesi', group_ratings: 'Penilaian', group_money: 'Uang', group_messages: 'Pesan', group_safety: 'Keamanan', group_privacy: 'Privasi', group_letters: 'Surel dan SMS', group_transcripts: 'Transkrip dan soket', group_limits: 'Batas', group_apps: 'Aplikasi', group_switches: 'Pemeliharaan dan sakelar',
})

/** A key of the texts that is made of a code; one that is not there is shown as the code. */
export function useCodeText(): (prefix: 'unit' | 'group', code: string) => string {
  const text = useSettingText()
  return (prefix, code) => {
    const key = `${prefix}_${code}`
    const found = text(key as 'unit_seconds')
    return found === key ? code : found
  }
}
