import { randomUUID } from 'node:crypto'
import type { ActPlace } from './crash-acts.ts'
import { crowd } from './crowd.ts'
import type { Answer, CallOptions } from './http.ts'
import { Books, CODE_IDR, LEAST_PAYOUT_IDR, type ModelPayment, type ModelRefund, type Step } from './money-model.ts'
import { findDifferences, returnedOf, settleDown, sharedSums } from './money-rest.ts'
import type { Person } from './people.ts'
import { testSecrets } from './simulators/index.ts'
import { staffByRows, type StaffPerson } from './staff-rows.ts'
import { packageOf } from './stage.ts'
import { eventually } from './wait.ts'

/** Nobody asks by time, nothing ends by itself, and as often as one likes: what moves is what the steps move. */
export const MONEY_SETTINGS = {
  sweepMs: 100, healMs: 1000, recoverySweepSeconds: 0, livenessWriteSeconds: 0, staleSeconds: 600, goneSeconds: 3600, holdSeconds: 7200, offerSeconds: 600, ringingSeconds: 3600,
  clockStartSeconds: 600, holdCooldownWindowSeconds: 60, holdCooldownSeconds: 1, holdCooldownCount: 20, minPayoutIdr: LEAST_PAYOUT_IDR, userRequests: 1_000_000, anonymousRequests: 1_000_000,
  paymentAskSeconds: [7200], refundAskSeconds: [86_400], payoutAskSeconds: [86_400], reconcileSeconds: 86_400, providerCallsPerMinute: 100_000, invoiceWaitMs: 10_000, staffCreditDailyIdr: 100_000_000,
} as const

const PATIENCE = { timeoutMs: 60_000 }
const REST = ['due_at', 'queued_at', 'held_at', 'hold_until', 'closing_at', 'paid_at', 'ring_until', 'accepted_at', 'clock_started_at', 'ends_at', 'ended_at']

type Who = Pick<Person, 'call'> | StaffPerson

/** One customer, one mitra, two members of staff: does the steps at the place and in the books. */
export async function createMoneyRun(place: ActPlace) {
  await place.query('update mitras set wants_online = false, stale = false where wants_online')
  const [[customer], [mitra], finance, boss] = await Promise.all([
    crowd(place, { kind: 'customer', count: 1 }), crowd(place, { kind: 'mitra', count: 1, online: true }), staffByRows(place, 'finance'), staffByRows(place, 'super_admin'),
  ])
  const books = new Books()
  const { xendit } = place.simulators.control
  const began = await sharedSums(place)
  const [since] = await place.query<{ now: string }>('select app_now()::text as now')
  let turn = 0

  const ask = async (who: Who, method: string, path: string, body?: object): Promise<Answer> => {
    const options: CallOptions = body === undefined ? {} : { body, headers: { 'idempotency-key': randomUUID() } }
    return eventually(async () => {
      const answer = await who.call(method, path, options).catch(() => undefined)
      return answer === undefined || answer.status >= 500 || answer.body?.code === 'idempotency_in_progress' ? undefined : answer
    }, `an answer to ${method} ${path}`, PATIENCE)
  }
  const must = async (...asked: Parameters<typeof ask>): Promise<Answer> => {
    const answer = await ask(...asked)
    if (answer.status >= 400) throw new Error(`${asked[1]} ${asked[2]} was answered ${answer.status} ${answer.text.slice(0, 300)}`)
    return answer
  }
  const approve = async (answer: Answer) => (answer.status === 202 ? void await must(boss, 'POST', `/approvals/${answer.body.approval.id}/approve`, {}) : undefined)
  const webhook = async (kind: string, body: unknown, token: string = testSecrets.xenditWebhookToken) => eventually(async () => {
    const { url } = place.replicas[turn++ % place.replicas.length]!
    return fetch(`${url}/webhooks/xendit/${kind}`, { method: 'POST', headers: { 'x-callback-token': token }, body: JSON.stringify(body) }).then((answer) => (answer.status < 500 ? answer.status : undefined), () => undefined)
  }, 'a webhook is answered', PATIENCE)
  const tell = async (kind: string, body: unknown, copies: number) => void await Promise.all(Array.from({ length: copies }, () => webhook(kind, body)))
  const invoiceBody = (payment: ModelPayment, status: string) => ({
    id: payment.invoiceId, external_id: payment.id, status, amount: payment.amountIdr, currency: 'IDR', updated: randomUUID(),
    ...(status === 'PAID' || status === 'SETTLED' ? { paid_amount: payment.paidIdr ?? payment.amountIdr } : {}),
  })
  const paymentOf = async (sessionId: string, kind: 'session' | 'tip') => eventually(async () => {
    const rows = await place.query<{ id: string; invoice: string | null; amount: number }>(`
      select id, provider_invoice_id as invoice, amount_idr::int as amount from payments where session_id = $1 and kind = $2 and id <> all($3) order by id desc limit 1`, [sessionId, kind, books.payments.map((one) => one.id)])
    return rows[0]?.invoice ? { ...rows[0], invoice: rows[0].invoice } : undefined
  }, 'the invoice is made', PATIENCE)

  const settleRefund = async (refund: ModelRefund, copies = 1) => {
    if (refund.state !== 'succeeded' && refund.state !== 'failed') return
    const made = xendit.refunds.all(refund.payment.invoiceId).find((one) => one.reference_id === refund.id)!
    await tell('refund', xendit.webhooks(made.id).at(-1)!.body, copies)
    books.endRefund(refund)
  }
  const makeRefund = async (payment: ModelPayment, amountIdr: number, plan: NonNullable<ReturnType<Books['refund']>>, answer: Answer, knownId?: string) => {
    await approve(answer)
    const id = knownId ?? (answer.body.refund ?? (await place.query<{ id: string }>(`select id from refunds where payment_id = $1 order by id desc limit 1`, [payment.id]))[0]).id as string
    books.addRefund(id, payment, amountIdr, plan.sources)
    await eventually(() => xendit.refunds.all(payment.invoiceId).some((one) => one.reference_id === id), 'the provider has the refund', PATIENCE)
  }

  const act = async (one: Step): Promise<void> => {
    const { session } = books
    switch (one.do) {
      case 'goOn': {
        if (session?.state === 'ringing') return act({ do: 'accept' })
        if (session?.state === 'active') return act({ do: 'end' })
        const payment = books.payments.find((each) => each.session === session && !each.isTip)
        const index = { which: books.payments.filter((each) => each.paidIdr === undefined).indexOf(payment!) }
        if (!session || !payment || payment.isPosted) return act({ ...one, do: 'start' })
        if (payment.paidIdr === undefined) return act({ do: 'pay', how: 'exact', ...index })
        return act({ do: 'tell', what: 'invoice', which: books.payments.indexOf(payment), copies: 1, status: 'PAID' })
      }
      case 'start': {
        if (session) return
        await place.query(`update mitras set wants_online = true, stale = false, last_seen_at = app_now() where user_id = $1`, [mitra!.id])
        const pack = await packageOf(place, one.minutes)
        const promoCode = `CODE-${randomUUID()}`
        if (one.withCode) {
          await place.query(`insert into promo_codes (id, code, kind, amount_idr, most_idr, budget_idr, starts_at, ends_at)
            values (gen_random_uuid(), $1, 'amount', $2, $2, $2, app_now() - interval '1 day', app_now() + interval '1 day')`, [promoCode, CODE_IDR])
        }
        const { body } = await must(customer!, 'POST', '/api/v1/sessions', { packageId: pack.id, mitraId: mitra!.id, useWallet: one.useWallet, ...(one.withCode ? { promoCode } : {}) })
        const begun = books.start(body.session.id, pack.priceIdr, one.useWallet, one.withCode ? CODE_IDR : 0)
        if (begun.invoiceIdr === 0) return
        const payment = await paymentOf(begun.id, 'session')
        if (payment.amount !== begun.invoiceIdr) throw new Error(`an invoice of ${payment.amount} instead of ${begun.invoiceIdr}`)
        return books.addPayment(payment.id, payment.invoice, begun, false, payment.amount)
      }
      case 'pay': {
        const unpaid = books.payments.filter((payment) => payment.paidIdr === undefined)
        const payment = unpaid[one.which % (unpaid.length || 1)]
        if (!payment) return
        const paidIdr = payment.amountIdr + (one.how === 'more' ? 3000 : one.how === 'less' && !payment.isTip ? -4000 : 0)
        await xendit.pay(payment.invoiceId, { amount: paidIdr, afterExpiry: true })
        payment.paidIdr = paidIdr
        return
      }
      case 'tell': {
        if (one.what === 'refund') {
          const over = books.refunds.filter((refund) => refund.state === 'succeeded' || refund.state === 'failed')
          return over.length > 0 ? settleRefund(over[one.which % over.length]!, one.copies) : undefined
        }
        if (one.what === 'payout') {
          const payout = books.payouts[one.which % (books.payouts.length || 1)]
          if (!payout) return
          await tell('payout', xendit.payoutCallback(xendit.payouts(payout.id)[0]!.id, payout.atProvider), one.copies)
          return books.tellPayout(payout)
        }
        const payment = books.payments[one.which % (books.payments.length || 1)]
        if (!payment) return
        // What the provider would never say of an invoice is said all the same, and changes nothing.
        await tell('invoice', invoiceBody(payment, one.status), one.copies)
        return one.status === 'PENDING' ? undefined : books.apply(payment)
      }
      case 'forge': {
        const payment = books.payments.find((each) => each.paidIdr === undefined || !each.isPosted)
        if (!payment) return
        const body = invoiceBody(payment, 'PAID')
        const status = one.how === 'token' ? await webhook('invoice', body, 'guessed')
          : await webhook('invoice', one.how === 'amount' ? { ...body, amount: 1 } : one.how === 'currency' ? { ...body, currency: 'USD' } : one.how === 'order' ? { ...body, external_id: randomUUID() } : { ...body, id: `forged-${randomUUID()}` })
        if (status !== (one.how === 'token' ? 401 : 200)) throw new Error(`a forgery was answered ${status}`)
        return
      }
      case 'cancel': {
        if (session?.state !== 'held' && session?.state !== 'ringing') return
        const { state } = session
        await must(customer!, 'POST', `/api/v1/sessions/${session.id}/cancel`)
        return state === 'held' ? books.close('given up') : books.giveAllBack()
      }
      case 'accept': {
        if (session?.state !== 'ringing') return
        const offer = await eventually(async () => (await place.query<{ id: string }>(`select id from offers where session_id = $1 and state = 'ringing'`, [session.id]))[0], 'it rings', PATIENCE)
        await must(mitra!, 'POST', `/api/v1/offers/${offer.id}/accept`)
        session.state = 'active'
        session.mitraSince = true
        return
      }
      case 'end':
      case 'mitraEnds': {
        if (session?.state !== 'active') return
        await must(one.do === 'end' ? customer! : mitra!, 'POST', `/api/v1/sessions/${session.id}/end`)
        return books.finish(one.do === 'end' ? 0 : await returnedOf(place, session.id))
      }
      case 'timePasses': {
        if (!session) return
        const before = session.state
        const seconds = before === 'active' ? 7200 : 7201
        await place.query(`update chat_sessions set ${REST.map((column) => `${column} = ${column} - make_interval(secs => $2)`).join(', ')}, version = version + 1 where id = $1`, [session.id, seconds])
        await place.query('update offers set created_at = created_at - make_interval(secs => $2), expires_at = expires_at - make_interval(secs => $2) where session_id = $1', [session.id, seconds])
        await eventually(async () => (await place.query<{ state: string }>('select state from chat_sessions where id = $1', [session.id]))[0]!.state !== before, `it is not ${before} any more`, PATIENCE)
        return before === 'held' ? books.close('deadline') : before === 'ringing' ? books.giveAllBack() : books.finish(0)
      }
      case 'expireLots':
        await place.query(`update promo_lots set expires_at = app_now() where customer_id = $1 and remaining_idr > 0`, [customer!.id])
        await place.query(`update timetable set due_at = app_now() where what = 'expire-promo-lots'`)
        await eventually(async () => (await place.query('select 1 from promo_lots where customer_id = $1 and remaining_idr > 0', [customer!.id])).length === 0, 'the lots are over', PATIENCE)
        return books.expireLots()
      case 'redeliver':
        await place.query(`update outbox set done_at = null, due_at = app_now() where done_at is not null and created_at >= $1`, [since!.now])
        await place.query(`update provider_inbox set state = 'received', due_at = app_now() where state = 'applied' and received_at >= $1`, [since!.now])
        return
      case 'tip': {
        const served = books.payments.findLast((payment) => payment.session.mitraSince)?.session ?? (session?.mitraSince ? session : undefined)
        if (!served) return
        const isPossible = one.fromWallet ? books.walletIdr >= one.amountIdr : one.amountIdr >= 10_000
        const answer = await ask(customer!, 'POST', `/api/v1/sessions/${served.id}/tip`, { amountIdr: one.amountIdr, useWallet: one.fromWallet })
        if (answer.status < 400 !== isPossible) throw new Error(`a tip was answered ${answer.status} ${answer.text}`)
        if (!isPossible) return
        if (one.fromWallet) return void books.tipFromWallet(one.amountIdr)
        const payment = await paymentOf(served.id, 'tip')
        return books.addPayment(payment.id, payment.invoice, served, true, payment.amount)
      }
      case 'credit':
        await approve(await must(finance, 'POST', `/customers/${customer!.id}/credit`, { amountIdr: one.amountIdr, reason: 'we are sorry' }))
        return books.credit(one.amountIdr)
      case 'place': {
        const payment = books.payments.find((each) => each.suspendedIdr > 0)
        if (!payment) return
        const [item] = await place.query<{ id: string }>(`select id from suspense_items where payment_id = $1 and state = 'open'`, [payment.id])
        await approve(await must(finance, 'POST', `/suspense/${item!.id}/resolve`, { to: one.to, reason: 'placed' }))
        return books.place(payment, one.to)
      }
      case 'ask':
      case 'refund': {
        const payment = books.payments[one.which % (books.payments.length || 1)]
        if (!payment?.isPosted) return
        const plan = books.refund(payment, one.amountIdr, one.do === 'refund' && one.clawback)
        if (one.do === 'refund') {
          const answer = await ask(finance, 'POST', '/refunds', { paymentId: payment.id, amountIdr: one.amountIdr, clawback: one.clawback, reason: 'a test' })
          if (answer.status !== (plan === undefined ? answer.status >= 400 && answer.status : plan.needsSecond ? 202 : 201)) throw new Error(`a refund was answered ${answer.status} ${answer.text}, the model has ${JSON.stringify(plan)}`)
          return plan && makeRefund(payment, one.amountIdr, plan, answer)
        }
        if (payment.isTip || !plan) return
        const asked = await ask(customer!, 'POST', `/api/v1/payments/${payment.id}/refund-requests`, { reason: 'not what I wanted' })
        if (asked.status >= 400) return
        const { id } = asked.body.refund
        if (!one.grant) return void await must(finance, 'POST', `/refunds/${id}/reject`, { reason: 'no' })
        return makeRefund(payment, one.amountIdr, plan, await must(finance, 'POST', `/refunds/${id}/approve`, { amountIdr: one.amountIdr, clawback: false }), id)
      }
      case 'refundEnds': {
        const open = books.refunds.filter((refund) => refund.state === 'open')
        const refund = open[one.which % (open.length || 1)]
        if (!refund) return
        const made = xendit.refunds.all(refund.payment.invoiceId).find((each) => each.reference_id === refund.id)!
        await (one.well ? xendit.refunds.succeed(made.id) : xendit.refunds.fail(made.id, 'ACCOUNT_NOT_FOUND'))
        refund.state = one.well ? 'succeeded' : 'failed'
        return
      }
      case 'payout': {
        if (books.availableIdr < LEAST_PAYOUT_IDR || books.refunds.some((refund) => refund.state !== 'told') || books.payouts.some((payout) => payout.known === 'ACCEPTED')) return
        await must(mitra!, 'PUT', '/api/v1/mitra/bank-account', { bankCode: 'BCA', accountNumber: '7310284596', accountHolderName: 'I Made Wirawan' })
        const { availableIdr } = books
        const asked = await must(mitra!, 'POST', '/api/v1/mitra/payouts', {})
        const { batch } = (await must(finance, 'POST', '/payouts', { kind: 'requested' })).body
        await approve(await must(finance, 'POST', `/payout-batches/${batch.id}/submit`, { reason: 'the payouts of today' }))
        books.addPayout(asked.body.payout.id, availableIdr)
        await eventually(() => xendit.payouts(asked.body.payout.id).length > 0, 'the provider has the payout', PATIENCE)
        return
      }
      case 'payoutMoves': {
        const payout = books.payouts.find((each) => (one.to === 'REVERSED' ? each.atProvider === 'SUCCEEDED' && each.known === 'SUCCEEDED' : each.atProvider === 'ACCEPTED'))
        if (!payout) return
        await xendit.movePayout(xendit.payouts(payout.id)[0]!.id, { status: one.to, notify: false })
        payout.atProvider = one.to
      }
    }
  }

  return {
    books, act,
    /** What the ledger and the provider have otherwise than the books, once everything is done that waits. */
    differences: () => findDifferences(place, books, { customerId: customer!.id, mitraId: mitra!.id, began }),
    /** Everything is told, placed and over. */
    async end(): Promise<void> {
      for (const payment of books.payments) if (payment.paidIdr !== undefined && !payment.isPosted) await act({ do: 'tell', what: 'invoice', which: books.payments.indexOf(payment), copies: 1, status: 'PAID' })
      await settleDown(place)
      for (const refund of books.refunds) {
        if (refund.state === 'open') await act({ do: 'refundEnds', which: 0, well: true })
        await settleRefund(refund)
      }
      for (const payout of books.payouts) if (payout.known !== payout.atProvider) await act({ do: 'tell', what: 'payout', which: books.payouts.indexOf(payout), copies: 1, status: 'PAID' })
      while (books.suspenseIdr > 0) await act({ do: 'place', to: 'wallet' })
      await act({ do: 'cancel' })
      await act({ do: 'end' })
    },
  }
}
