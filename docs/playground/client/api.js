/** A call without an answer for this long is lost. */
const ANSWER_MS = 30_000

/** A refusal of the HTTP API: decide by `code`, show the message. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? `HTTP ${status}`)
    this.status = status
    this.code = problem?.code
    /** The sign-in is over: no later try will do better. */
    this.isFinal = status === 401 || this.code === 'account_suspended'
  }
}

/** HTTP calls of one person: signs in with a one-time code, keeps the tokens, renews them in time. */
export class Api {
  #url
  #clock
  #save
  #tokens
  #refreshing

  /** `saved`: the tokens that `save` was given last. */
  constructor({ url, clock, saved, save = () => {} }) {
    this.#url = url
    this.#clock = clock
    this.#save = save
    this.#tokens = saved
  }

  get isSignedIn() {
    return this.#tokens !== undefined
  }

  async signIn(phone, kind, code) {
    const { challengeId } = await this.#fetch('POST', '/auth/otp/request', { phone, kind })
    const answer = await this.#fetch('POST', '/auth/otp/verify', { challengeId, code, deviceName: 'playground' })
    this.#keep(answer)
    return answer.user
  }

  async signOut() {
    await this.call('POST', '/auth/logout', {}).catch(() => undefined) // it is forgotten here in any case
    this.forget()
  }

  forget() {
    this.#keep(undefined)
  }

  /** Answers the body. Throws `Refused`; a TypeError when nobody is there, a TimeoutError when nobody answers. */
  async call(method, path, body, headers = {}) {
    const { token } = await this.access({})
    try {
      return await this.#fetch(method, path, body, { ...headers, authorization: `Bearer ${token}` })
    } catch (error) {
      if (error.status !== 401) throw error
      const again = await this.access({ isRefused: true })
      return this.#fetch(method, path, body, { ...headers, authorization: `Bearer ${again.token}` })
    }
  }

  /** The access token, renewed where it ends within a minute or was refused. */
  async access({ isRefused = false }) {
    if (this.#tokens === undefined) throw new Refused(401, { code: 'unauthenticated', detail: 'Nobody is signed in.' })
    if (isRefused || this.#tokens.expiresAtMs - this.#clock.nowMs() < 60_000) await (this.#refreshing ??= this.#refresh())
    const { accessToken: token, expiresAtMs } = this.#tokens
    return { token, expiresAtMs }
  }

  // One at a time: a refresh token that is used twice ends the sign-in.
  async #refresh() {
    try {
      this.#keep(await this.#fetch('POST', '/auth/refresh', { refreshToken: this.#tokens.refreshToken }))
    } finally {
      this.#refreshing = undefined
    }
  }

  #keep(answer) {
    this.#tokens = answer && { accessToken: answer.accessToken, refreshToken: answer.refreshToken, expiresAtMs: Date.parse(answer.accessTokenExpiresAt) }
    this.#save(this.#tokens)
  }

  async #fetch(method, path, body, headers = {}) {
    const answer = await fetch(`${this.#url}/api/v1${path}`, {
      method, headers: { ...(body && { 'content-type': 'application/json' }), ...headers }, ...(body && { body: JSON.stringify(body) }), signal: AbortSignal.timeout(ANSWER_MS),
    })
    const told = answer.status === 204 ? undefined : await answer.json()
    if (!answer.ok) throw new Refused(answer.status, told)
    return told
  }
}
