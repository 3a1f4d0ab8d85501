/** Where an answer named fields: which, and what is wrong with them. */
export type FieldProblem = { path: string; code: string; message: string }

/** What the server answered instead of what was asked for (RFC 9457), or `network` where it answered nothing. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly errors: readonly FieldProblem[]
  readonly requestId: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, body: { code?: string; detail?: string; errors?: FieldProblem[]; requestId?: string }, retryAfterSeconds?: number) {
    super(body.detail ?? body.code ?? `status ${status}`)
    this.name = 'Problem'
    this.status = status
    this.code = body.code ?? 'unreadable'
    this.errors = body.errors ?? []
    this.requestId = body.requestId
    this.retryAfterSeconds = retryAfterSeconds
  }

  /** Whether the same request may well be answered in a moment: nobody there, draining, maintenance, too many. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504
  }
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, { code: 'network', detail: error instanceof Error ? error.message : String(error) })
}
