import type { Tx } from '../../platform/ctx.ts'
import { notify } from '../notifications/index.ts'
import type { Refund } from './tables.ts'

const TEXTS: Readonly<Record<'approved' | 'succeeded' | 'failed' | 'rejected', string>> = {
  approved: 'Pengembalian danamu sedang kami proses ke sumber pembayaran.',
  succeeded: 'Danamu sudah dikembalikan ke sumber pembayaran.',
  failed: 'Pengembalian dana gagal. Uangmu kembali ke tempat semula; tim kami akan membantu.',
  rejected: 'Permintaan pengembalian danamu tidak disetujui.',
}

/** Tells the customer what became of a refund, once each. */
export async function tellCustomer(tx: Tx, refund: Refund, what: keyof typeof TEXTS): Promise<void> {
  await notify(tx, [{
    userId: refund.customerId, kind: 'refund', dedupeKey: `refund:${refund.id}:${what}`, title: 'Pengembalian dana', body: TEXTS[what],
    data: { refundId: refund.id, paymentId: refund.paymentId }, push: { tag: `refund:${refund.id}`, ttlSeconds: 86_400, highPriority: false },
  }])
}
