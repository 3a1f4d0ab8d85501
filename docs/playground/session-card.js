import { sessionLeftMs } from './client/clock.js'
import { button, element, minutesOf, rupiah } from './dom.js'

const OVER = { ended: 'The session has ended', cancelled: 'The session was cancelled', expired: 'The session expired', unserved: 'Nobody could take the session' }

/** The session of one side: start, pay, accept, end, and its clock. */
export function createSessionCard({ card, kind, person, act }) {
  let shown = ''
  let packages = []
  let startKey
  let countdown

  const load = async () => {
    ({ items: packages } = await person.api.call('GET', '/packages'))
    if (kind === 'mitra') person.status = (await person.api.call('GET', '/mitra/status')).status
    shown = ''
    show()
  }
  const call = (path, body) => act(async () => {
    const answer = await person.api.call('POST', path, body)
    if (answer?.session) person.take(answer.session)
  })
  // The same key until there is an answer: a start whose answer was lost is not made twice.
  const start = (packageId) => act(async () => {
    startKey ??= crypto.randomUUID()
    try {
      const { session } = await person.api.call('POST', '/sessions', { packageId }, { 'idempotency-key': startKey })
      startKey = undefined
      person.take(session)
    } catch (error) {
      if (error.code !== undefined && error.status < 500) startKey = undefined
      throw error
    }
  })
  // The payer is nobody's app: this is what the buttons of the checkout page do.
  const pay = (checkoutUrl) => act(async () => {
    const answer = await fetch(`/xendit/invoices/${checkoutUrl.split('/').at(-1)}/pay`, { method: 'POST' })
    if (!answer.ok) throw new Error(`The simulator answered ${answer.status}: pay at the checkout.`)
  })
  const setOnline = (online) => act(async () => {
    person.status = (await person.api.call('PUT', '/mitra/status', { online })).status
    shown = ''
    show()
  })

  const clock = (label, leftMs, lateMs = 10_000) => {
    const time = element('span', { class: 'countdown', role: 'timer', 'aria-label': label })
    countdown = { time, leftMs, lateMs }
    return time
  }
  const startForm = () => {
    const choice = element('fieldset', {}, element('legend', {}, 'Package'), packages.map((one, at) => element('label', {}, element('input', { type: 'radio', name: 'package', value: one.id, checked: at === 0 }), `${one.minutes} min, ${rupiah(one.priceIdr)}`)))
    const submit = (event) => {
      event.preventDefault()
      void start(choice.querySelector(':checked').value)
    }
    return packages.length === 0 ? [] : [element('form', { class: 'row', onsubmit: submit }, choice, element('button', { class: 'main' }, 'Start a session'))]
  }
  const offerRow = (offer) => [
    element('div', { class: 'row' }, element('h3', {}, `${offer.customerFirstName} is calling`), clock('Time to answer', () => Date.parse(offer.expiresAt) - person.clock.nowMs())),
    element('p', { class: 'soft' }, `${offer.minutes} minutes, you earn ${rupiah(offer.earningsIdr)}${offer.isReturning ? ', was here before' : ''}`),
    element('div', { class: 'bar' }, button('Accept', () => call(`/offers/${offer.id}/accept`), { class: 'main' }), button('Decline', () => call(`/offers/${offer.id}/decline`))),
  ]
  const held = (session) => {
    const { payment } = session
    const checkout = payment?.checkoutUrl
    return [
      element('div', { class: 'row' }, element('h3', {}, `${session.mitra?.displayName ?? 'Somebody'} is held for you`), payment && clock('Time to pay', () => Date.parse(payment.expiresAt) - person.clock.nowMs())),
      element('p', { class: 'soft' }, session.isClosing ? 'It is being cancelled.' : checkout ? `Pay ${rupiah(payment.amountIdr)} to be put through.` : 'The invoice is being made.'),
      element('div', { class: 'bar' },
        checkout && button(`Pay ${rupiah(payment.amountIdr)}`, () => pay(checkout), { class: 'main' }),
        checkout && element('a', { class: 'button', href: checkout, target: '_blank', rel: 'noopener' }, 'Open the checkout'),
        button('Cancel', () => call(`/sessions/${session.id}/cancel`))),
    ]
  }
  const running = (session) => [
    element('div', { class: 'row' },
      element('h3', {}, session.state === 'paused' ? 'Paused until the mitra is back' : `Session with ${(kind === 'customer' ? session.mitra : session.customer)?.displayName ?? 'somebody'}`),
      clock('Time left', () => sessionLeftMs(session, person.clock.nowMs()), 60_000)),
    element('div', { class: 'row' }, element('span', { class: 'soft' }, 'By the server’s clock, not by this computer’s.'), button('End the session', () => call(`/sessions/${session.id}/end`))),
  ]
  const contents = (session) => {
    switch (session?.state) {
      case 'queued':
        return [element('h3', {}, `Waiting: place ${session.queue?.position ?? '?'} in the queue`), element('p', { class: 'soft' }, 'Nobody is free. Let a mitra go online.'), element('div', { class: 'bar' }, button('Cancel', () => call(`/sessions/${session.id}/cancel`)))]
      case 'held':
        return held(session)
      case 'ringing':
        return [element('h3', {}, 'Paid. Calling a mitra …')]
      case 'active':
      case 'paused':
        return running(session)
      default: {
        const over = session && [element('p', {}, `${OVER[session.state]}${session.endReason ? ` (${session.endReason.replaceAll('_', ' ')})` : ''}.`)]
        return [...over ?? [], ...kind === 'customer' ? startForm() : []]
      }
    }
  }
  const onlineSwitch = (session) => {
    const isOnline = person.status?.online === true
    const isBusy = session?.state === 'active' || session?.state === 'paused'
    const words = isBusy ? 'In a session.' : isOnline ? 'Free for a session.' : 'Offline: no sessions come.'
    return element('div', { class: 'row' }, element('span', {}, words), button(isOnline ? 'Go offline' : 'Go online', () => setOnline(!isOnline), { class: isOnline ? '' : 'main' }))
  }
  const show = () => {
    const session = person.lastSession
    const offers = [...person.offers.values()]
    const key = JSON.stringify([session?.id, session?.version, session?.payment?.state, offers.map((offer) => offer.id), person.status, packages.length])
    if (key === shown) return tick()
    shown = key
    countdown = undefined
    const hadFocus = card.contains(document.activeElement)
    card.replaceChildren(...kind === 'mitra' ? [onlineSwitch(session)] : [], ...offers.flatMap(offerRow), ...contents(session))
    if (hadFocus) (card.querySelector('button.main') ?? card.querySelector('button'))?.focus()
    return tick()
  }
  const tick = () => {
    if (countdown === undefined) return
    const leftMs = Math.max(0, countdown.leftMs())
    countdown.time.textContent = minutesOf(leftMs)
    countdown.time.classList.toggle('late', leftMs < countdown.lateMs)
  }
  return { load, show, tick }
}
