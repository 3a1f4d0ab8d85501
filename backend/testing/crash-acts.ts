import { randomUUID } from 'node:crypto'
import { ChatClient } from './chat-client.ts'
import type { StatePlace } from './final-state.ts'
import type { Answer, CallOptions } from './http.ts'
import type { Person } from './people.ts'
import type { StaffPerson } from './staff-rows.ts'
import { packageOf } from './stage.ts'
import { eventually } from './wait.ts'

export type ActPlace = StatePlace & { replicas: readonly { url: string; internalUrl: string }[] }
export type Cast = { customer: Person; mitra: Person; other: Person; finance: StaffPerson; boss: StaffPerson }
export type Acts = ReturnType<typeof createActs>

const PATIENCE = { timeoutMs: 60_000 }

/**
 * What people and the provider do in a flow, as they do it when the service dies under them: whoever gets no answer
 * asks again, with the same Idempotency-Key and the same clientId, until there is one.
 */
export function createActs(place: ActPlace, cast: Cast) {
  const { xendit } = place.simulators.control

  const insist = async (person: Pick<Person, 'call'> | StaffPerson, method: string, path: string, options: CallOptions = {}): Promise<Answer> => {
    const isAnswer = (answer: Answer) => answer.status < 500 && answer.body?.code !== 'idempotency_in_progress'
    const answer = await eventually(() => person.call(method, path, options).then((one) => (isAnswer(one) ? one : undefined), () => undefined), `an answer to ${method} ${path}`, PATIENCE)
    if (answer.status >= 400) throw new Error(`${method} ${path} was answered ${answer.status} ${answer.text.slice(0, 300)}`)
    return answer
  }
  const ofSession = (path: string) => async (sessionId: string, person = cast.customer) => void await insist(person, 'POST', `/api/v1/sessions/${sessionId}/${path}`)

  return {
    place, cast, insist,
    async start(input: { minutes?: number; anyMitra?: boolean; useWallet?: boolean; promoCode?: string } = {}): Promise<string> {
      const { id: packageId } = await packageOf(place, input.minutes ?? 15)
      const body = { packageId, mitraId: cast.mitra.id, ...(input.anyMitra ? { anyMitra: true } : {}), ...(input.useWallet ? { useWallet: true } : {}), ...(input.promoCode === undefined ? {} : { promoCode: input.promoCode }) }
      const answer = await insist(cast.customer, 'POST', '/api/v1/sessions', { body, headers: { 'idempotency-key': randomUUID() } })
      return answer.body.session.id as string
    },
    /** A code of Rp 5,000 for a use. */
    async promoCode(): Promise<string> {
      const code = `CODE-${randomUUID()}`
      await place.query(`insert into promo_codes (id, code, kind, amount_idr, most_idr, budget_idr, starts_at, ends_at)
        values (gen_random_uuid(), $1, 'amount', 5000, 5000, 5000, app_now() - interval '1 day', app_now() + interval '1 day')`, [code])
      return code
    },
    /** Tips, and pays where the tip wants an invoice. */
    async tip(sessionId: string, amountIdr: number, options: { useWallet?: boolean } = {}): Promise<void> {
      const { body } = await insist(cast.customer, 'POST', `/api/v1/sessions/${sessionId}/tip`, { body: { amountIdr, ...options }, headers: { 'idempotency-key': randomUUID() } })
      if (body.payment === undefined) return
      await this.payInvoice(await this.invoiceOfPayment(body.payment.id as string))
      await eventually(async () => (await place.query<{ state: string }>('select state from tips where id = $1', [body.tip.id]))[0]?.state === 'paid', 'the tip is paid', PATIENCE)
    },
    /** Asks for more time and answers the provider's id of its invoice. */
    async extend(sessionId: string, minutes: number): Promise<string> {
      const { id: packageId } = await packageOf(place, minutes)
      const { body } = await insist(cast.customer, 'POST', `/api/v1/sessions/${sessionId}/extend`, { body: { packageId }, headers: { 'idempotency-key': randomUUID() } })
      return this.invoiceOfPayment(body.payment.id as string)
    },
    untilExtended: async (sessionId: string, state: string) => void await eventually(async () => (await place.query<{ state: string }>(
      `select state from purchases where session_id = $1 and kind = 'extension' order by position desc limit 1`, [sessionId]))[0]?.state === state, `the extension is ${state}`, PATIENCE),
    async invoiceOfPayment(paymentId: string): Promise<string> {
      return eventually(async () => {
        const { payment } = (await insist(cast.customer, 'GET', `/api/v1/payments/${paymentId}`)).body
        return payment.checkoutUrl === undefined ? undefined : String(payment.checkoutUrl).split('/').at(-1)
      }, 'the invoice is made', PATIENCE)
    },
    /** Waits for the checkout, as the app does, and answers the provider's id of the invoice. */
    async invoiceOf(sessionId: string): Promise<string> {
      return eventually(async () => {
        const { payment } = (await insist(cast.customer, 'GET', `/api/v1/sessions/${sessionId}`)).body.session
        return payment?.checkoutUrl === undefined ? undefined : String(payment.checkoutUrl).split('/').at(-1)
      }, 'the invoice is made', PATIENCE)
    },
    async pay(sessionId: string, amountIdr?: number): Promise<void> {
      await this.payInvoice(await this.invoiceOf(sessionId), amountIdr)
    },
    /** Pays; the provider goes on telling of it until it is heard. */
    async payInvoice(invoiceId: string, amountIdr?: number): Promise<void> {
      await xendit.pay(invoiceId, amountIdr === undefined ? {} : { amount: amountIdr })
      await eventually(async () => {
        const unheard = xendit.webhooks(invoiceId).filter((event) => event.state !== 'delivered')
        for (const event of unheard) await xendit.resendWebhook(event.id)
        return unheard.length === 0
      }, 'the webhook is heard', PATIENCE)
    },
    /** Pays, and nobody is told. */
    async paySilently(sessionId: string): Promise<void> {
      const invoiceId = await this.invoiceOf(sessionId)
      place.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
      await xendit.pay(invoiceId)
      place.simulators.control.resetFaults()
    },
    async offerOf(mitra: Person): Promise<string> {
      return eventually(async () => (await insist(mitra, 'GET', '/api/v1/offers')).body.items[0]?.id as string | undefined, 'an offer rings', PATIENCE)
    },
    async answer(mitra: Person, how: 'accept' | 'decline'): Promise<void> {
      await insist(mitra, 'POST', `/api/v1/offers/${await this.offerOf(mitra)}/${how}`)
    },
    /** Both say a few things over their sockets, in turns, and read each other. */
    async talk(sessionId: string, mitra: Person): Promise<void> {
      const conversationId = (await insist(cast.customer, 'GET', `/api/v1/sessions/${sessionId}`)).body.session.conversationId as string
      const clients = [cast.customer, mitra].map((person) => new ChatClient(person, () => [person.url]))
      try {
        for (const client of clients) client.join(conversationId)
        for (const body of ['first', 'second', 'third']) {
          for (const client of clients) client.send(body)
          await eventually(() => clients.every((client) => client.outbox.size === 0 && client.said.filter((message) => message.body === body).length === 2), `both have the ${body} messages`, PATIENCE)
        }
      } finally {
        await Promise.all(clients.map((client) => client.stop()))
      }
    },
    /** A member of staff does something, again and again until it is answered. */
    async staff(who: StaffPerson, method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
      return insist(who, method, path, method === 'GET' ? {} : { body: body ?? {}, headers: { 'idempotency-key': randomUUID() } })
    },
    /** What was asked for and waits gets its second person. */
    async approve(asked: Answer): Promise<void> {
      await this.staff(cast.boss, 'POST', `/approvals/${asked.body.approval.id}/approve`)
    },
    askForPayout: async (mitra: Person) => void await insist(mitra, 'POST', '/api/v1/mitra/payouts', { body: {}, headers: { 'idempotency-key': randomUUID() } }),
    /** The bank takes the payout; the provider goes on telling of it until it is heard. */
    async bankPays(mitra: Person): Promise<void> {
      const row = async () => (await place.query<{ state: string; provider_payout_id: string | null }>('select state, provider_payout_id from payouts where mitra_id = $1', [mitra.id]))[0]
      const id = await eventually(async () => (await row())?.provider_payout_id, 'the provider has the payout', PATIENCE)
      await xendit.movePayout(id, { status: 'SUCCEEDED' })
      await eventually(async () => {
        for (const event of xendit.webhooks(id)) if (event.state !== 'delivered') await xendit.resendWebhook(event.id)
        return (await row())?.state === 'succeeded'
      }, 'the payout has succeeded', PATIENCE)
    },
    /** Asks again until they are erased; whoever was before the answer came is a stranger. */
    erase: async () => {
      await eventually(() => cast.customer.call('DELETE', '/api/v1/me').then(({ status }) => status === 401 || status < 300, () => false), 'the erasure is asked for', PATIENCE)
      await eventually(async () => (await place.query('select 1 from erasures where user_id = $1 and state = $2', [cast.customer.id, 'done'])).length > 0, 'the customer is erased', PATIENCE)
    },
    /** Asks for the code of an address until there is one on its way: what was answered to nobody is refused a moment later. */
    askEmail: async (address: string) => void await eventually(
      () => cast.customer.call('PUT', '/api/v1/me/email', { body: { address } }).then(({ status }) => status === 200 || status === 429, () => false), 'the code is asked for', PATIENCE),
    /** A code is good once: whoever got no answer looks. */
    proveEmail: async (code: string) => void await eventually(async () => {
      await cast.customer.call('POST', '/api/v1/me/email/verify', { body: { code } }).catch(() => undefined)
      return (await insist(cast.customer, 'GET', '/api/v1/me/email')).body.email !== null
    }, 'the address is proven', PATIENCE),
    cancel: ofSession('cancel'),
    end: ofSession('end'),
    async until(sessionId: string, state: string): Promise<void> {
      await eventually(async () => (await place.query<{ state: string }>('select state from chat_sessions where id = $1', [sessionId]))[0]?.state === state, `the session is ${state}`, PATIENCE)
    },
    /** Nothing is heard of the mitra for longer than a session waits; a last sign of life may still be on its way to its row. */
    async vanish(mitra: Person, sessionId: string): Promise<void> {
      await eventually(async () => {
        const [row] = await place.query<{ state: string }>('select state from chat_sessions where id = $1', [sessionId])
        if (row?.state === 'paused') return true
        await place.query(`update mitras set last_seen_at = app_now() - interval '2 hours' where user_id = $1`, [mitra.id])
        return false
      }, 'the session pauses', PATIENCE)
    },
    reappear: async (mitra: Person) => void await insist(mitra, 'POST', '/api/v1/mitra/heartbeat'),
  }
}
