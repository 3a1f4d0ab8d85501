// What the tour's two scripts share: HTTP calls, signing in, and a socket whose frames can be awaited.
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'

/** Where `npm start` listens; other ports: `npm run tour -- --public http://127.0.0.1:4000 --internal …`. */
export const { values: urls, positionals } = parseArgs({
  allowPositionals: true,
  options: { public: { type: 'string', default: 'http://127.0.0.1:3000' }, internal: { type: 'string', default: 'http://127.0.0.1:3001' } },
})

export const print = (text) => process.stdout.write(`${text}\n`)

// One line for people instead of a stack.
process.on('uncaughtException', (error) => {
  print(error.message === 'fetch failed' ? `nothing listens at ${urls.public}: is npm start running?` : error.message)
  process.exit(1)
})

/** Answers `{body, headers}`; throws the problem's code and detail for a refusal. */
export async function call(method, url, { token, body, headers = {} } = {}) {
  const answer = await fetch(url, {
    method,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  })
  const told = answer.status === 204 ? undefined : await answer.json()
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${told.code}: ${told.detail}`)
  return { body: told, headers: answer.headers }
}

/** Signs in with a one-time code, which in development is always 000000. */
export async function signIn(phone, kind) {
  const asked = await call('POST', `${urls.public}/api/v1/auth/otp/request`, { body: { phone, kind } })
  const { body } = await call('POST', `${urls.public}/api/v1/auth/otp/verify`, { body: { challengeId: asked.body.challengeId, code: '000000', deviceName: 'tour' } })
  return { token: body.accessToken, user: body.user }
}

/** Opens the socket; `next(type, …)` answers the next frame of these types, whether it has come already or is still to come. */
export function openSocket(token, seen = () => {}) {
  const socket = new WebSocket(`${urls.public.replace(/^http/, 'ws')}/api/v1/realtime`, { headers: { authorization: `Bearer ${token}` } })
  const unread = []
  const waiting = []
  let heartbeat
  socket.on('message', (data) => {
    const frame = JSON.parse(data)
    seen(frame)
    if (frame.type === 'authenticated') heartbeat = setInterval(() => socket.send('{"type":"heartbeat"}'), frame.heartbeatSeconds * 1000)
    const at = waiting.findIndex((one) => one.types.includes(frame.type))
    if (at === -1) unread.push(frame)
    else waiting.splice(at, 1)[0].resolve(frame)
  })
  socket.on('error', (error) => print(`the socket failed: ${error.message}`))
  socket.on('close', (code) => {
    clearInterval(heartbeat)
    for (const one of waiting) one.reject(new Error(`the socket was closed (${code})`))
    seen({ type: 'closed', code })
  })
  return {
    send: (frame) => socket.send(JSON.stringify(frame)),
    close: () => socket.close(),
    next(...types) {
      const at = unread.findIndex((frame) => types.includes(frame.type))
      if (at !== -1) return Promise.resolve(unread.splice(at, 1)[0])
      return new Promise((resolve, reject) => waiting.push({ types, resolve, reject }))
    },
  }
}
