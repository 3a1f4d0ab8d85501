import { z } from 'zod'

/**
 * What can go wrong outside: the one place that says so, and the body of `PUT /faults`.
 *
 *     { seed?, xendit?: { api?, webhooks? }, fazpass?: { api?, messages? }, fcm?: { api?, messages?, tokens? },
 *       sms?: { api? }, mail?: { fault?, times?, addresses? } }
 *
 * PUT replaces everything: what it does not name is well again. `api` is what happens to calls made to the
 * provider; `webhooks`/`messages` is what happens to what the provider sends out (webhooks to us, an OTP to a
 * phone, a push to a device). GET answers the full shape, with the counts of `times` that are left.
 */
const delayMs = z
  .union([z.int().min(0).max(600_000), z.strictObject({ min: z.int().min(0), max: z.int().max(600_000) })])
  .default(0)

function apiFaults<const Operation extends string>(operations: readonly Operation[]) {
  return z
    .strictObject({
      delayMs,
      /**
       * A number or html502 refuses the call. hang never answers, reset cuts the connection. garbage (a 200 that
       * is not JSON), shapeless (a 200 that says nothing) and truncate (half a body, then cut) happen to the answer of a call that took effect.
       */
      error: z
        .union([z.literal([429, 500, 502, 503]), z.enum(['html502', 'garbage', 'shapeless', 'truncate', 'hang', 'reset'])])
        .nullable()
        .default(null),
      errorRate: z.number().min(0).max(1).default(1),
      /** How many calls are to fail before all is well again; null is for ever. */
      times: z.int().positive().nullable().default(null),
      /** The call takes effect first and only its answer is late or lost: how an invoice exists after a time-out. */
      afterEffect: z.boolean().default(false),
      /** Only these calls; null is all. */
      operations: z.array(z.enum(operations)).nullable().default(null),
      /** The Retry-After of 429 and 503. */
      retryAfterSeconds: z.int().min(0).nullable().default(null),
    })
    .prefault({})
}

const deliveryFields = {
  delayMs,
  /** How many further copies go out, all at once. */
  duplicate: z.int().min(0).max(1_000).default(0),
  /** What comes within a quarter of a second goes out in another order, one after another. */
  reorder: z.boolean().default(false),
  /** The share that is lost for good: not retried. */
  drop: z.number().min(0).max(1).default(0),
}

/** What a webhook is changed into on its way: the provider itself knows nothing of it, as with a forger. */
const forge = z
  .strictObject({
    callbackToken: z.string(),
    paidAmountDelta: z.int(),
    amountDelta: z.int(),
    currency: z.string(),
    externalId: z.string(),
    id: z.string(),
    status: z.string(),
  })
  .partial()

/** How FCM treats one token. The code that firebase-admin makes of each stands in `fcm-answers.ts`. */
export const tokenBehaviours = [
  'unregistered',
  'invalid-token',
  'invalid-payload',
  'sender-id-mismatch',
  'quota-exceeded',
  'third-party-auth',
  'internal',
  'unavailable',
  'hang',
  'reset',
  'slow',
] as const

const tokenFault = z.preprocess(
  (value) => (typeof value === 'string' ? { behaviour: value } : value),
  z.strictObject({
    behaviour: z.enum(tokenBehaviours),
    times: z.int().positive().nullable().default(null),
    retryAfterSeconds: z.int().min(0).nullable().default(null),
    /** How slow slow is. */
    delayMs: z.int().min(0).max(600_000).default(2_000),
  }),
)

/**
 * What a mail server does to a sign-in (auth), a connection (garbage, mute, reset), a recipient (greylist 451, closing
 * 421, unknown 550, full 552, policy 550, hang) or a mail (data-refused 554, cut in its middle, cut-after: kept, and the
 * answer lost, hold: neither kept nor answered before `mail.release()`).
 */
export const mailFaults = [
  'auth', 'garbage', 'mute', 'reset', 'greylist', 'closing', 'unknown', 'full', 'policy', 'hang', 'data-refused', 'cut', 'cut-after', 'hold',
] as const
const timed = z.strictObject({ fault: z.enum(mailFaults).nullable().default(null), times: z.int().positive().nullable().default(null) })
export type MailFault = (typeof mailFaults)[number]

/** Xendit's calls: of invoices, refunds, payouts, and what it tells of the account. */
const xenditOperations = [
  'create', 'list', 'get', 'expire',
  'refund-create', 'refund-get', 'refund-list', 'refund-cancel',
  'payout-create', 'payout-get', 'payout-list', 'payout-cancel', 'channels',
  'balance', 'transactions',
] as const

export const faultsSchema = z.strictObject({
  /** Where the dice begin again; left out, they roll on. */
  seed: z.int().optional(),
  xendit: z
    .strictObject({
      api: apiFaults(xenditOperations),
      webhooks: z.strictObject({ ...deliveryFields, forge: forge.nullable().default(null) }).prefault({}),
    })
    .prefault({}),
  fazpass: z
    .strictObject({
      api: apiFaults(['request', 'generate', 'send', 'verify']),
      messages: z.strictObject(deliveryFields).prefault({}),
    })
    .prefault({}),
  fcm: z
    .strictObject({
      api: apiFaults(['send']),
      messages: z.strictObject(deliveryFields).prefault({}),
      tokens: z.record(z.string(), tokenFault).default({}),
    })
    .prefault({}),
  sms: z.strictObject({ api: apiFaults(['send']) }).prefault({}),
  /** For everybody, and by address (in lower case). */
  mail: timed.extend({ addresses: z.record(z.string(), timed).default({}) }).prefault({}),
})

export type Faults = z.infer<typeof faultsSchema>
export type FaultsInput = z.input<typeof faultsSchema>
export type Provider = 'xendit' | 'fazpass' | 'fcm' | 'sms'
export type TokenFault = z.infer<typeof tokenFault>
export type TokenFaultInput =
  | TokenFault['behaviour']
  | (Pick<TokenFault, 'behaviour'> & Partial<Omit<TokenFault, 'behaviour'>>)
export type DeliveryFaults = Pick<Faults['fazpass']['messages'], 'delayMs' | 'duplicate' | 'reorder' | 'drop'>
export type ApiError = NonNullable<Faults['fcm']['api']['error']>

/** What happens to one call. */
export interface CallPlan {
  delayMs: number
  error: ApiError | null
  afterEffect: boolean
  retryAfterSeconds: number | null
}

export type FaultBoard = ReturnType<typeof createFaultBoard>

/** The faults in force and the seeded dice that decide who is hit. */
export function createFaultBoard(seed: number) {
  let current = faultsSchema.parse({})
  let dice = mulberry32(seed)

  const within = (delay: DeliveryFaults['delayMs']) =>
    typeof delay === 'number' ? delay : Math.round(delay.min + dice() * Math.max(0, delay.max - delay.min))

  return {
    get current() {
      return current
    },
    random: () => dice(),
    delay: within,
    /** Replaces all faults; throws a ZodError on a shape that is not the schema's. */
    set(input: unknown): Faults {
      current = faultsSchema.parse(input)
      if (current.seed !== undefined) dice = mulberry32(current.seed)
      return current
    },
    reset() {
      current = faultsSchema.parse({})
      dice = mulberry32(seed)
    },
    setToken(token: string, fault: TokenFaultInput | null) {
      if (fault === null) delete current.fcm.tokens[token]
      else current.fcm.tokens[token] = tokenFault.parse(fault)
    },
    planCall(provider: Provider, operation: string): CallPlan {
      const api = current[provider].api
      const operations: readonly string[] | null = api.operations
      if (operations && !operations.includes(operation)) return well
      const plan = {
        delayMs: within(api.delayMs),
        error: api.error !== null && dice() < api.errorRate ? api.error : null,
        afterEffect: api.afterEffect,
        retryAfterSeconds: api.retryAfterSeconds,
      }
      if (plan.error !== null && api.times !== null) {
        api.times = api.times === 1 ? null : api.times - 1
        if (api.times === null) api.error = null
      }
      return plan
    },
    /** What happens at this step of a mail, of what can happen there; used up by one if it is counted. */
    drawMail(address: string | undefined, possible: readonly MailFault[]): MailFault | undefined {
      const own = address === undefined ? undefined : current.mail.addresses[address.toLowerCase()]
      const rule = own?.fault ? own : current.mail
      const { fault } = rule
      if (fault === null || !possible.includes(fault)) return undefined
      if (rule.times !== null) {
        rule.times = rule.times === 1 ? null : rule.times - 1
        if (rule.times === null) rule.fault = null
      }
      return fault
    },
    /** The behaviour set for this token, used up by one if it is counted. */
    drawToken(token: string): TokenFault | undefined {
      const fault = Object.hasOwn(current.fcm.tokens, token) ? current.fcm.tokens[token] : undefined
      if (!fault) return undefined
      const drawn = { ...fault }
      if (fault.times === 1) delete current.fcm.tokens[token]
      else if (fault.times !== null) fault.times -= 1
      return drawn
    },
  }
}

const well: CallPlan = { delayMs: 0, error: null, afterEffect: false, retryAfterSeconds: null }

/** A small seeded generator of numbers in [0, 1): a run can be repeated from its seed. */
function mulberry32(seed: number) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
