/**
 * The ledger: append-only double entry in whole rupiah, wallets and promotional credit.
 * Owns ledger_transactions, ledger_entries, ledger_balances, promo_lots, ledger_checks, daily_closings,
 * wallet_holds, ledger_days.
 * Promises: a key is posted once; every transaction sums to zero (the database checks it at commit); nothing is ever
 * changed or removed; a person's balance never falls below zero, save mitra_payable.
 */
export { account } from './accounts.ts'
export { post, postAll } from './post.ts'
export { lockBalance } from './lock-balance.ts'
export { findPosting, findPostingsOfSession, findWallet, findWalletEntries, findPayableEntries, sumAccount, sumAccounts, sumClearing } from './queries.ts'
export { takePromo, takeLot, giveBackPromo, grantPromo, grantLot, withdrawLot } from './promo-lots.ts'
export { expirePromoLots } from './expire-promo-lots.ts'
export { checkLedger, countLedger } from './check-ledger.ts'
export { findOpenEscrows } from './open-escrows.ts'
export { findLastCheck, recordCheck, type LedgerCheck } from './record-check.ts'
export { closeDays, findClosings, listClosings, type Closing } from './close-day.ts'
export { verifyClosings, type ClosingsVerdict } from './verify-closings.ts'
export { findMoves, findTransaction, findTransactions, readEntries, sumByClass, type ClassSums, type LedgerTransaction, type Move } from './find-transactions.ts'
export { measureMoney, sumToday, type Today } from './sum-today.ts'
export { findAccountEntries, findBalances, isEntryCursor, readAccountEntries, type RunningEntry } from './find-entries.ts'
export { findPayable, findPayablesFrom, findPayableStatement, lockPayable, type PayableStatement } from './payable.ts'
export { emptyWallet } from './empty-wallet.ts'
export { holdEarnings, holdWallet } from './hold-wallet.ts'
export { releaseWallet } from './release-wallet.ts'
export { countWalletHolds, findWalletAccount, findWalletHold, findWalletHolds, findWalletHoldsById, walletBegins, type WalletHold } from './wallet-holds.ts'
export { sumRevenue } from './report-revenue.ts'
export { LEDGER_DAYS } from './rollups.ts'
export { walletRoutes } from './routes.ts'
export type { SessionPosting } from './queries.ts'
export type { AccountEntry, Entry, LotPart, Posting, Wallet } from './types.ts'
