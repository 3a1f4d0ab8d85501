// People who live in a running `npm start`, so that there is something to see: npm run demo -- --speed=5 --customers=20 --mitras=6 --minutes=10
import { parseArgs } from 'node:util'
import { beCustomer, leaveAsCustomer } from './customer.mjs'
import { createWorld, enter, live } from './life.mjs'
import { apply, beMitra, leaveAsMitra, newMemory } from './mitra.mjs'

const MOST = { customers: 200, mitras: 60, minutes: 24 * 60, speed: 100 }
const TELL_MS = 5000
const LEAVE_MS = 10_000

const { values: given } = parseArgs({
  options: {
    public: { type: 'string', default: 'http://127.0.0.1:3000' }, internal: { type: 'string', default: 'http://127.0.0.1:3001' },
    email: { type: 'string', default: 'admin@halobestie.test' }, password: { type: 'string', default: 'halo-bestie-demo' },
    customers: { type: 'string', default: '12' }, mitras: { type: 'string', default: '5' }, minutes: { type: 'string', default: '60' }, speed: { type: 'string', default: '1' },
  },
})
const print = (line) => process.stdout.write(`${line}\n`)
const fail = (line) => {
  print(line)
  process.exit(1)
}
const numberOf = (name, least) => {
  const value = Number(given[name])
  if (!Number.isFinite(value) || value < least || value > MOST[name]) fail(`--${name} is a number from ${least} to ${MOST[name]}`)
  return value
}
const [customers, mitras, minutes, speed] = [Math.floor(numberOf('customers', 1)), Math.floor(numberOf('mitras', 1)), numberOf('minutes', 0.05), numberOf('speed', 0.1)]

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (stopping.signal.aborted ? process.exit(1) : stopping.abort()))
const end = setTimeout(() => stopping.abort(), minutes * 60_000)

/** Staff's API, signed in again when the sign-in has ended. */
function createStaff() {
  let headers
  const request = async (method, path, body) => {
    const answer = await fetch(`${given.internal}/internal/v1${path}`, { method, headers: { ...headers, ...(body && { 'content-type': 'application/json' }) }, ...(body && { body: JSON.stringify(body) }), signal: AbortSignal.timeout(15_000) })
    return { status: answer.status, cookie: answer.headers.getSetCookie()[0], body: await answer.json() }
  }
  const signIn = async () => {
    headers = undefined
    const { status, cookie, body } = await request('POST', '/auth/login', { email: given.email, password: given.password })
    if (status !== 200) fail(`staff could not sign in (${body.code}): give --email and --password of somebody who may approve mitras`)
    headers = { cookie: cookie.split(';')[0], 'x-csrf-token': body.csrfToken }
  }
  return {
    signIn,
    async call(method, path, body) {
      let answer = await request(method, path, body)
      if (answer.status === 401) {
        await signIn()
        answer = await request(method, path, body)
      }
      if (answer.status >= 400) throw new Error(`${path}: ${answer.body.code}`)
      return answer.body
    },
  }
}

const staff = createStaff()
await staff.signIn().catch((error) => fail(error.message === 'fetch failed' ? `nothing listens at ${given.internal}: is npm start running?` : error.message))
const { replica } = await staff.call('GET', '/system')
// These people would be real ones' neighbours, and their money real money.
if (!['development', 'test'].includes(replica.environment)) fail(`this is ${replica.environment}: the demo lives in development alone`)

const world = createWorld({ publicUrl: given.public, speed, signal: stopping.signal })
const approve = (id) => staff.call('POST', `/mitras/${id}/approve`, { reason: 'lives in the demo' })
const { items: packages } = await (await fetch(`${given.public}/api/v1/packages`)).json()
const here = { mitra: new Set(), customer: new Set() }

async function play(kind, index) {
  let person
  await live(world, async () => {
    person = await enter(world, kind, index)
    if (person === undefined || (kind === 'mitra' && !(await apply(person, approve)))) {
      await world.rest(60)
      return
    }
    here[kind].add(person)
    const memory = newMemory()
    await live(world, () => (kind === 'mitra' ? beMitra(world, person, memory) : beCustomer(world, person, packages)))
    here[kind].delete(person)
  })
  if (person?.user === undefined) return
  await (kind === 'mitra' ? leaveAsMitra(person) : leaveAsCustomer(person)).catch(() => person.realtime.cut())
}

function tell() {
  const open = [...here.customer].map((person) => person.openSession?.state)
  const count = (...states) => open.filter((state) => states.includes(state)).length
  const { counts } = world
  print(`${new Date().toTimeString().slice(0, 8)}  ${here.mitra.size} mitras, ${here.customer.size} customers: ${count('active', 'paused')} talking, ${count('ringing')} ringing, ${count('held')} paying, ${count('queued')} in the queue`
    + `  ·  ${counts.messages} messages, ${counts.ended} sessions over, ${counts.rated} rated, Rp ${counts.paidIdr.toLocaleString('en')} paid, ${counts.cancelled} cancelled, ${counts.declined} declined, ${counts.reported} reported, ${counts.troubles} refusals`)
}

print(`${mitras} mitras and ${customers} customers come to live at ${given.public} for ${minutes} min, ${speed} × as fast as people are; Ctrl-C ends it`)
const telling = setInterval(tell, TELL_MS)
const lives = [...Array.from({ length: mitras }, (_, index) => play('mitra', index)), ...Array.from({ length: customers }, (_, index) => play('customer', index))]
await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }))
clearTimeout(end)
clearInterval(telling)
print('everybody leaves')
await Promise.race([Promise.all(lives), new Promise((resolve) => setTimeout(resolve, LEAVE_MS).unref())])
tell()
process.exit(0)
