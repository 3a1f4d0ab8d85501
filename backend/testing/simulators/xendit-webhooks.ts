import { randomUUID } from 'node:crypto'
import { createCourier } from './courier.ts'
import type { SimulatedWorld } from './answering.ts'
import type { Invoice } from './xendit-invoices.ts'

/** Xendit's schedule: what is not acknowledged is sent again after these waits, a day in all. */
const retryAfterSeconds = [15 * 60, 45 * 60, 2 * 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600]

/** With this scale the first retry comes after 1 s, the next ones after 3, 8, 12, 24 and 48 s more. */
export const developmentRetryScale = 1 / 900

const eventsKept = 10_000

export interface WebhookOptions {
  webhookToken: string
  /** Where webhooks of invoices go; several take turns, as replicas behind a balancer do. The other kinds go beside: `…/refund`, `…/payout`. */
  webhookUrl?: string | string[] | undefined
  /** Factor on the provider's retry schedule; 0 sends once. */
  retryScale: number
  /** No answer in this time counts as a failed attempt. */
  webhookTimeoutMs: number
  /** Whoever has something sent waits this long for its first attempt; 2 s unless told. */
  patienceMs?: number | undefined
}

/** What a webhook is about; each kind goes to an address of its own. */
export type WebhookKind = 'invoice' | 'refund' | 'payout'

/** One event and what became of it. */
export interface WebhookEvent {
  /** The `webhook-id` header: the same for each retry and copy. */
  id: string
  kind: WebhookKind
  /** The invoice, refund or payout. */
  subjectId: string
  body: Record<string, unknown>
  token: string
  state: 'waiting' | 'delivered' | 'retrying' | 'failed' | 'lost' | 'unaddressed'
  attempts: { at: string; url: string; copy: number; status?: number; error?: string }[]
}

export type XenditWebhooks = ReturnType<typeof createWebhooks>

/** Sends the callbacks, with retries, and remembers them. */
export function createWebhooks(world: SimulatedWorld, options: WebhookOptions) {
  let urls = [options.webhookUrl ?? []].flat()
  let turn = 0
  const events = new Map<string, WebhookEvent>()
  const courier = createCourier<WebhookEvent>(world, () => world.faults.current.xendit.webhooks, attemptAndRetry, options.patienceMs)

  /** True when there is nothing left to try. */
  async function attempt(event: WebhookEvent, copy: number): Promise<boolean> {
    const base = urls[turn++ % urls.length]
    if (base === undefined) {
      event.state = 'unaddressed'
      return true
    }
    const url = addressOf(base, event.kind)
    const record: WebhookEvent['attempts'][number] = { at: new Date(world.now()).toISOString(), url, copy }
    event.attempts.push(record)
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-callback-token': event.token,
          'webhook-id': event.id,
          // A kept connection to a replica that has just been replaced would fail an attempt for no reason of ours.
          connection: 'close',
        },
        body: JSON.stringify(event.body),
        redirect: 'manual',
        signal: AbortSignal.any([world.life.signal, AbortSignal.timeout(options.webhookTimeoutMs)]),
      })
      record.status = response.status
      await response.body?.cancel()
      if (response.ok) event.state = 'delivered'
      return response.ok
    } catch (error) {
      record.error = reasonOf(error)
      return false
    }
  }

  async function attemptAndRetry(event: WebhookEvent, copy: number) {
    const settled = await attempt(event, copy)
    // Copies go out once: a retried event is one event, however often it was doubled.
    if (!settled && copy === 0) retry(event, 0)
  }

  /** Plans the next attempt; a reset forgets the event, and with it the attempt. */
  function retry(event: WebhookEvent, round: number) {
    const wait = retryAfterSeconds[round]
    if (wait === undefined || options.retryScale === 0) {
      event.state = 'failed'
      return
    }
    event.state = 'retrying'
    world.life.after(wait * 1_000 * options.retryScale, () => {
      if (events.get(event.id) !== event) return
      void attempt(event, 0).then((settled) => {
        if (!settled) retry(event, round + 1)
      })
    })
  }

  function post(event: WebhookEvent) {
    events.set(event.id, event)
    if (events.size > eventsKept) events.delete(events.keys().next().value!)
    return deliver(event)
  }

  async function deliver(event: WebhookEvent) {
    if ((await courier.send(event)) === 'lost') event.state = 'lost'
    return event
  }

  function announce(kind: WebhookKind, subjectId: string, body: Record<string, unknown>): Promise<WebhookEvent> {
    const { forge } = world.faults.current.xendit.webhooks
    const token = forge?.callbackToken ?? options.webhookToken
    return post({ id: randomUUID(), kind, subjectId, body: forge ? forged(body, forge) : body, token, state: 'waiting', attempts: [] })
  }

  return {
    /** Resolves when the first attempt is over, or at once when faults make it wait. */
    invoiceChanged: (invoice: Invoice): Promise<WebhookEvent> => announce('invoice', invoice.id, callbackOf(invoice)),
    /** The same for anything else that the provider tells of. */
    announce,
    /** Anything, signed with any token: what a forger, or the dashboard's test button, sends. */
    send: (body: Record<string, unknown>, forger: { token?: string; webhookId?: string; kind?: WebhookKind } = {}): Promise<WebhookEvent> => {
      return post({
        id: forger.webhookId ?? randomUUID(),
        kind: forger.kind ?? 'invoice',
        subjectId: typeof body['id'] === 'string' ? body['id'] : '',
        body,
        token: forger.token ?? options.webhookToken,
        state: 'waiting',
        attempts: [],
      })
    },
    /** The dashboard's "resend": the same event once more, also one that was lost. */
    resend: async (eventId: string): Promise<WebhookEvent | undefined> => {
      const event = events.get(eventId)
      return event && deliver(event)
    },
    /** The oldest first. */
    events: (subjectId?: string): WebhookEvent[] => {
      return [...events.values()].filter((event) => subjectId === undefined || event.subjectId === subjectId)
    },
    setUrls: (next: string | string[]) => {
      urls = [next].flat()
    },
    reset() {
      events.clear()
      courier.reset()
    },
  }
}

const callbackFields = [
  'id',
  'external_id',
  'user_id',
  'status',
  'merchant_name',
  'amount',
  'paid_amount',
  'paid_at',
  'payer_email',
  'description',
  'currency',
  'payment_id',
  'payment_method',
  'payment_channel',
  'payment_destination',
  'bank_code',
  'ewallet_type',
  'created',
  'updated',
  'success_redirect_url',
  'failure_redirect_url',
  'items',
  'fees',
] as const satisfies (keyof Invoice)[]

/** The flat invoice callback: xendit-node's InvoiceCallback on the wire. */
function callbackOf(invoice: Invoice): Record<string, unknown> {
  const known = callbackFields.filter((field) => invoice[field] !== undefined)
  return { ...Object.fromEntries(known.map((field) => [field, invoice[field]])), is_high: false }
}

type Forge = NonNullable<SimulatedWorld['faults']['current']['xendit']['webhooks']['forge']>

function forged(body: Record<string, unknown>, forge: Forge): Record<string, unknown> {
  // Callbacks other than an invoice's wrap what they tell of.
  const data = body['data']
  if (typeof data === 'object' && data !== null) return { ...body, data: forged(data as Record<string, unknown>, forge) }
  const moved = (field: string, delta: number | undefined) =>
    delta === undefined || typeof body[field] !== 'number' ? {} : { [field]: body[field] + delta }
  return {
    ...body,
    ...moved('amount', forge.amountDelta),
    ...moved('paid_amount', forge.paidAmountDelta),
    ...(forge.currency !== undefined && { currency: forge.currency }),
    ...(forge.externalId !== undefined && { ['external_id' in body ? 'external_id' : 'reference_id']: forge.externalId }),
    ...(forge.id !== undefined && { id: forge.id }),
    ...(forge.status !== undefined && { status: forge.status }),
  }
}

/** The address of a kind: the last segment of an invoice's replaced. */
function addressOf(invoiceUrl: string, kind: WebhookKind): string {
  return kind === 'invoice' ? invoiceUrl : invoiceUrl.replace(/[^/]*$/, kind)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
