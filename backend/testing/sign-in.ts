import { randomInt } from 'node:crypto'
import { call, type Answer } from './http.ts'

export type Kind = 'customer' | 'mitra'
export type SignedIn = {
  id: string
  kind: Kind
  phone: string
  token: string
  refreshToken: string
  accessTokenExpiresAt: string
  isNew: boolean
}

/** An Indonesian mobile number that no other call gave. */
export function newPhone(): string {
  return `+62812${String(++given).padStart(8, '0')}`
}
let given = randomInt(10_000_000)

export function requestCode(url: string, phone: string, kind: Kind = 'customer', headers: Record<string, string> = {}): Promise<Answer> {
  return call(url, 'POST', '/api/v1/auth/otp/request', { body: { phone, kind }, headers })
}

export function verifyCode(url: string, challengeId: string, code = '000000', more: Record<string, unknown> = {}): Promise<Answer> {
  return call(url, 'POST', '/api/v1/auth/otp/verify', { body: { challengeId, code, ...more } })
}

/** Signs in over HTTP as everybody does; `000000` is the code in development. Throws when it is refused. */
export async function signIn(app: { url: string }, options: { kind?: Kind; phone?: string; deviceName?: string } = {}): Promise<SignedIn> {
  const { kind = 'customer', phone = newPhone(), deviceName } = options
  const challenge = await requestCode(app.url, phone, kind)
  if (challenge.status !== 202) throw new Error(`asking for a code answered ${challenge.status}: ${challenge.text}`)
  const { status, body, text } = await verifyCode(app.url, challenge.body.challengeId, '000000', deviceName === undefined ? {} : { deviceName })
  if (status !== 200) throw new Error(`signing in answered ${status}: ${text}`)
  return {
    id: body.user.id, kind, phone, token: body.accessToken, refreshToken: body.refreshToken,
    accessTokenExpiresAt: body.accessTokenExpiresAt, isNew: body.user.isNew,
  }
}
