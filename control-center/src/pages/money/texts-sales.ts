import { defineTexts } from '../../texts.ts'

/** Words of packages and promo codes. */
export const useSalesText = defineTexts('money-sales', {
  packagesAbout: 'What customers buy. Sessions keep the price that they were made with.', packagesLabel: 'Packages', packagesEmpty: 'Nothing is on sale', packagesEmptyText: 'A package is a number of minutes at a price. Without one nobody can begin a session.',
  newPackage: 'New package', newPackageAbout: 'It is on sale at once. Two of the same length are never on sale together.', packageMade: 'The package is on sale.', minutes: 'Minutes', price: 'Price', priceIdr: 'Price in rupiah', isOnSale: 'On sale', withdrawn: 'Withdrawn', changed: 'Changed',
  change: 'Change', changeOf: 'Change {{name}}', changePackageAbout: 'What is sold from now on; running sessions are not touched.', packageChanged: 'The package is changed.', onSale: 'It is on sale',
  promoAbout: 'Credit for one session, by a code. It costs us: promotions → the customer’s credit.', promoLabel: 'Promo codes', promoEmpty: 'No promo code yet', promoEmptyText: 'A code gives an amount or a share of the price, until its budget is spent or its time is over.',
  newCode: 'New promo code', newCodeAbout: 'It works from its first to its last moment, as long as its budget lasts.', codeMade: 'The promo code is made.', code: 'Code', codeHint: '3 to 32 letters, digits, - or _', worth: 'Worth', worthKind: 'Kind of worth', amount: 'An amount', percent: 'A share of the price', amountIdr: 'Amount in rupiah', percentOf: 'Percent', mostIdr: 'At most, in rupiah',
  budget: 'Budget', budgetIdr: 'Budget in rupiah', spent: 'Spent', perPerson: 'Times a person', least: 'Least price', leastIdr: 'Least price in rupiah', starts: 'Starts', ends: 'Ends', works: 'Works', isActive: 'Active', stopped: 'Stopped',
  changeCodeAbout: 'Holds for uses from now on. The budget cannot be less than what is spent.', codeChanged: 'The promo code is changed.', upTo: '{{percent}} up to {{most}}', timeHint: 'Time of Jakarta', ofBudget: '{{spent}} of {{budget}}',
}, {
  packagesAbout: 'Yang dibeli pelanggan. Sesi menyimpan harga saat dibuat.', packagesLabel: 'Paket', packagesEmpty: 'Tidak ada yang dijual', packagesEmptyText: 'Paket adalah sejumlah menit dengan harga. Tanpanya tidak ada yang dapat memulai sesi.',
  newPackage: 'Paket baru', newPackageAbout: 'Langsung dijual. Dua paket sama panjang tidak pernah dijual bersamaan.', packageMade: 'Paket dijual.', minutes: 'Menit', price: 'Harga', priceIdr: 'Harga dalam rupiah', isOnSale: 'Dijual', withdrawn: 'Ditarik', changed: 'Diubah',
  change: 'Ubah', changeOf: 'Ubah {{name}}', changePackageAbout: 'Berlaku untuk penjualan sejak sekarang; sesi yang berjalan tidak tersentuh.', packageChanged: 'Paket diubah.', onSale: 'Dijual',
  promoAbout: 'Kredit untuk satu sesi, dengan kode. Biayanya dari kita: promosi → kredit pelanggan.', promoLabel: 'Kode promo', promoEmpty: 'Belum ada kode promo', promoEmptyText: 'Kode memberi sejumlah uang atau bagian dari harga, sampai anggarannya habis atau waktunya lewat.',
  newCode: 'Kode promo baru', newCodeAbout: 'Berlaku dari saat pertama sampai terakhir, selama anggarannya ada.', codeMade: 'Kode promo dibuat.', code: 'Kode', codeHint: '3 sampai 32 huruf, angka, - atau _', worth: 'Nilai', worthKind: 'Jenis nilai', amount: 'Jumlah tetap', percent: 'Bagian dari harga', amountIdr: 'Jumlah dalam rupiah', percentOf: 'Persen', mostIdr: 'Paling banyak, dalam rupiah',
  budget: 'Anggaran', budgetIdr: 'Anggaran dalam rupiah', spent: 'Terpakai', perPerson: 'Kali per orang', least: 'Harga terkecil', leastIdr: 'Harga terkecil dalam rupiah', starts: 'Mulai', ends: 'Berakhir', works: 'Berlaku', isActive: 'Aktif', stopped: 'Dihentikan',
  changeCodeAbout: 'Berlaku untuk pemakaian sejak sekarang. Anggaran tidak bisa kurang dari yang terpakai.', codeChanged: 'Kode promo diubah.', upTo: '{{percent}} sampai {{most}}', timeHint: 'Waktu Jakarta', ofBudget: '{{spent}} dari {{budget}}',
})
