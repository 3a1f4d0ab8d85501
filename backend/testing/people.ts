import { randomInt } from 'node:crypto'
import { call, type Answer, type CallOptions, type TestApp } from './app.ts'

export type Kind = 'customer' | 'mitra'
type Place = { replicas: readonly { url: string }[] } & Pick<TestApp, 'query'>
type SignInOptions = { kind: Kind; phone?: string; displayName?: string | null; replica?: number }

/** A signed-in person. `call` carries their token to their replica; `on` is the same person on another one. */
export type Person = {
  id: string
  kind: Kind
  phone: string
  token: string
  refreshToken: string
  url: string
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  on(replica: number): Person
}

let numbers = randomInt(10_000_000)

/** A mobile number of nobody else in this test run. */
export function newPhone(): string {
  numbers = (numbers + 1) % 10_000_000
  return `+62812${1 + (numbers % 9)}${String(numbers).padStart(7, '0')}`
}

/** Signs in over HTTP with a one-time code; accepts nothing and tells nothing (see `customer`, `approvedMitra`). */
export async function signIn(app: Place, options: SignInOptions): Promise<Person> {
  const phone = options.phone ?? newPhone()
  const url = app.replicas[options.replica ?? 0]!.url
  const request = await expect(202, call(url, 'POST', '/api/v1/auth/otp/request', { body: { phone, kind: options.kind } }))
  const { body } = await expect(200, call(url, 'POST', '/api/v1/auth/otp/verify', { body: { challengeId: request.body.challengeId, code: '000000', deviceName: 'test' } }))
  return personOn(app, options.replica ?? 0, { id: body.user.id, kind: options.kind, phone, token: body.accessToken, refreshToken: body.refreshToken })
}

function personOn(app: Place, replica: number, who: Pick<Person, 'id' | 'kind' | 'phone' | 'token' | 'refreshToken'>): Person {
  const url = app.replicas[replica]!.url
  return {
    ...who, url,
    call: (method, path, options) => call(url, method, path, { token: who.token, ...options }),
    on: (other) => personOn(app, other, who),
  }
}

/** Gives a name and a birth date and accepts every document: whoever did that may take part. */
export async function introduce(person: Person, displayName = person.kind === 'customer' ? 'Citra' : 'Made'): Promise<Person> {
  const [, consents] = await Promise.all([
    expect(200, person.call('PATCH', '/api/v1/me', { body: { displayName, birthDate: '1995-04-21' } })),
    expect(200, person.call('GET', '/api/v1/me/consents')),
  ])
  const open = (consents.body.items as { document: string; version: string; acceptedAt?: string }[]).filter((item) => item.acceptedAt === undefined)
  await Promise.all(open.map(({ document, version }) => expect(201, person.call('POST', '/api/v1/me/consents', { body: { document, version } }))))
  return person
}

/** A customer who may start a session. */
export async function customer(app: Place, options: Omit<SignInOptions, 'kind'> = {}): Promise<Person> {
  return introduce(await signIn(app, { ...options, kind: 'customer' }), options.displayName ?? undefined)
}

/** A mitra whose application was approved; online only if asked for. */
export async function approvedMitra(app: Place, options: Omit<SignInOptions, 'kind'> & { capacity?: number; online?: boolean; profile?: object } = {}): Promise<Person> {
  const person = await introduce(await signIn(app, { ...options, kind: 'mitra' }), options.displayName ?? undefined)
  await expect(201, person.call('POST', '/api/v1/mitra/application', { body: { bio: 'A good listener.', topics: ['work'], languages: ['id'], ...options.profile } }))
  await app.query(`update mitras set status = 'approved', approved_at = app_now(), capacity = $2, version = version + 1 where user_id = $1`, [person.id, options.capacity ?? 1])
  if (options.online === true) await goOnline(person)
  return person
}

export async function goOnline(mitra: Person): Promise<void> {
  await expect(200, mitra.call('PUT', '/api/v1/mitra/status', { body: { online: true } }))
}

export async function goOffline(mitra: Person): Promise<void> {
  await expect(200, mitra.call('PUT', '/api/v1/mitra/status', { body: { online: false } }))
}

/** Waits for the answer and throws, with its text, unless it has this status. */
export async function expect(status: number, answer: Promise<Answer>): Promise<Answer> {
  const got = await answer
  if (got.status !== status) throw new Error(`expected ${status}, got ${got.status}: ${got.text.slice(0, 500)}`)
  return got
}
