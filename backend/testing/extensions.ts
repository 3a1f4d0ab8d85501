import { expect } from './people.ts'
import type { Answer, TestApp } from './app.ts'
import { fillWallet } from './promo-flows.ts'
import { newKey, packageOf, type Scene } from './stage.ts'
import { eventually } from './wait.ts'

export type ExtensionRow = { id: string; state: string; promo_idr: number; wallet_idr: number; invoice_idr: number; returned_idr: number; payment_id: string | null; payment_state: string | null; invoice_id: string | null }

/** Of half an hour at Rp 45,000 this much comes out of the wallet, where a test wants both. */
export const OWN_IDR = 5_000

export async function extend(scene: Scene, wish: { minutes?: number; useWallet?: boolean; key?: string; replica?: number } = {}): Promise<Answer> {
  const { id: packageId } = await packageOf(scene.app, wish.minutes ?? 30)
  const who = wish.replica === undefined ? scene.customer : scene.customer.on(wish.replica)
  return who.call('POST', `/api/v1/sessions/${scene.sessionId}/extend`, {
    body: { packageId, ...(wish.useWallet === undefined ? {} : { useWallet: wish.useWallet }) }, headers: { 'idempotency-key': wish.key ?? newKey() },
  })
}

/** Half an hour is asked for, a part of it out of the wallet, and its invoice is made. */
export async function askForExtension(scene: Scene): Promise<ExtensionRow> {
  await fillWallet(scene.app, scene.customer.id, OWN_IDR)
  await expect(201, extend(scene, { useWallet: true }))
  return eventually(async () => {
    const row = await lastExtension(scene)
    return row?.payment_state === 'pending' ? row : undefined
  }, 'the invoice of the extension is made')
}

export async function extensionsOf(app: TestApp, sessionId: string): Promise<ExtensionRow[]> {
  return app.query<ExtensionRow>(`
    select e.id, e.state, e.promo_idr::int, e.wallet_idr::int, e.invoice_idr::int, e.returned_idr::int, p.id as payment_id, p.state as payment_state, p.provider_invoice_id as invoice_id
    from purchases e left join payments p on p.purchase_id = e.id where e.session_id = $1 and e.kind = 'extension' order by e.position`, [sessionId])
}

export async function lastExtension(scene: Scene): Promise<ExtensionRow | undefined> {
  return (await extensionsOf(scene.app, scene.sessionId)).at(-1)
}

/** Pays the last extension's invoice, also one that is over already. */
export async function payExtension(scene: Scene): Promise<void> {
  // A request waits only so long for its invoice.
  const invoiceId = await eventually(async () => (await lastExtension(scene))?.invoice_id, 'the invoice of the extension is made')
  const { xendit } = scene.app.simulators.control
  await xendit.pay(invoiceId, xendit.invoice(invoiceId).status === 'PENDING' ? {} : { afterExpiry: true })
}

/** Waits until the last extension is in this state. */
export async function untilExtension(scene: Scene, state: string): Promise<ExtensionRow> {
  return eventually(async () => {
    const row = await lastExtension(scene)
    return row?.state === state ? row : undefined
  }, `the extension is ${state}`)
}
