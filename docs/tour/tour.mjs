// The main job against a running `npm start`, step by step: npm run tour
import { randomUUID } from 'node:crypto'
import { call, openSocket, print, signIn, urls } from './client.mjs'

const api = `${urls.public}/api/v1`
const staffApi = `${urls.internal}/internal/v1`
let steps = 0
const step = (what, facts) => print(`${String(++steps).padStart(2)}. ${what}${facts === undefined ? '' : `\n    ${JSON.stringify(facts)}`}`)

const customer = await signIn('+6281220000001', 'customer')
const mitra = await signIn('+6281210000001', 'mitra')
step('a customer and a mitra have signed in with one-time codes', { customer: customer.user.displayName, mitra: mitra.user.displayName })

const [customers, mitras] = [openSocket(customer.token), openSocket(mitra.token)]
await Promise.all([customers.next('ready'), mitras.next('ready')])
step('both have a socket')

const { status } = (await call('PUT', `${api}/mitra/status`, { token: mitra.token, body: { online: true } })).body
step('the mitra is online', { available: status.available, capacity: status.capacity, used: status.used })
step('the beacon that everybody may poll (up to 5 s old)', (await call('GET', `${api}/availability`)).body)

const { items } = (await call('GET', `${api}/packages`)).body
step('what is on sale', items.map(({ minutes, priceIdr }) => ({ minutes, priceIdr })))

const request = { token: customer.token, headers: { 'idempotency-key': randomUUID() }, body: { packageId: items[0].id } }
const { session } = (await call('POST', `${api}/sessions`, request)).body
step('the customer starts a session: a slot is held while the invoice is paid', { state: session.state, mitra: session.mitra?.displayName, payment: session.payment })

const again = await call('POST', `${api}/sessions`, request)
step('the same request with the same Idempotency-Key changes nothing', { sameSession: again.body.session.id === session.id, replayed: again.headers.get('idempotency-replayed') })

const checkout = new URL(session.payment.checkoutUrl)
await call('POST', `${checkout.origin}/xendit/invoices/${checkout.pathname.split('/').at(-1)}/pay`)
step('the invoice is paid at the simulator, which sends its webhook')

const { offer } = await mitras.next('offer:created')
step('the mitra is rung', { minutes: offer.minutes, earningsIdr: offer.earningsIdr, customer: offer.customerFirstName, until: offer.expiresAt })

const accepted = (await call('POST', `${api}/offers/${offer.id}/accept`, { token: mitra.token })).body.session
step('the mitra accepts', { state: accepted.state, endsAt: accepted.endsAt })

const say = async (from, to, body) => {
  from.send({ type: 'message:send', clientId: randomUUID(), conversationId: accepted.conversationId, body })
  const [ack, received] = await Promise.all([from.next('message:ack'), to.next('message:received')])
  step('a message is acked after its commit, and received', { ackedSeq: ack.seq, receivedSeq: received.seq, body: received.body })
}
await say(customers, mitras, 'Halo! Could we talk for a while?')
await say(mitras, customers, 'Of course. I am here.')

const better = 'Of course. I am here, take your time.'
mitras.send({ type: 'message:edit', conversationId: accepted.conversationId, seq: 2, body: better })
const changed = await customers.next('message:changed')
step('the mitra edits the answer: it keeps its seq and takes the next change', { seq: changed.seq, change: changed.change, body: changed.body })

const ended = (await call('POST', `${api}/sessions/${session.id}/end`, { token: customer.token })).body.session
step('the customer ends the session', { state: ended.state, endReason: ended.endReason, returnedIdr: ended.returnedIdr })
await call('PUT', `${api}/mitra/status`, { token: mitra.token, body: { online: false } })
for (const socket of [customers, mitras]) socket.close()

const signedIn = await call('POST', `${staffApi}/auth/login`, { body: { email: 'admin@halobestie.test', password: 'halo-bestie-demo' } })
const headers = { cookie: signedIn.headers.getSetCookie()[0].split(';')[0], 'x-csrf-token': signedIn.body.csrfToken }
const timeline = (await call('GET', `${staffApi}/sessions/${session.id}/timeline`, { headers })).body.items
step('staff see what happened, and the ledger’s postings')
for (const { at, kind, title, details } of timeline) print(`    ${at}  ${kind.padEnd(8)} ${title}${details.entries ? ` ${details.entries.map((entry) => `${entry.account.split(':')[0]} ${entry.amountIdr}`).join(', ')}` : ''}`)
step('nobody has changed the audit log', (await call('POST', `${staffApi}/audit/verify`, { headers })).body)
