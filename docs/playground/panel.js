import { Person } from './client/person.js'
import { createChatView } from './chat-view.js'
import { element } from './dom.js'
import { createFrameLog } from './frame-log.js'
import { createSessionCard } from './session-card.js'

const NAMES = { customer: 'Customer', mitra: 'Mitra' }
const CONNECTION_WORDS = { idle: 'cut off', waiting: 'waits to come back', connecting: 'connecting …', ready: 'connected' }

/** One side of the playground: a person with their app. */
export function createPanel({ kind, url, phones }) {
  const side = document.querySelector('#side').content.firstElementChild.cloneNode(true)
  const part = (name) => side.querySelector(`[data-${name}]`)
  const storageKey = `playground.${kind}`
  const saved = JSON.parse(sessionStorage.getItem(storageKey) ?? '{}')
  // This tab remembers who is signed in and what is not sent yet: a code an hour is not for every reload.
  const save = (name, value) => {
    saved[name] = value
    sessionStorage.setItem(storageKey, JSON.stringify(saved))
  }
  const person = new Person({ url, saved: { ...saved }, save })
  const log = createFrameLog({ list: part('frames'), count: part('count'), beats: part('beats'), clear: part('clear') })

  const alert = part('alert')
  const tell = (text) => {
    alert.textContent = text
    alert.hidden = text === ''
  }
  const act = async (work) => {
    tell('')
    try {
      await work()
    } catch (error) {
      const isNobody = error instanceof TypeError
      tell(isNobody ? `Nothing answers at ${url}, or it does not allow pages of ${location.origin} (ALLOWED_ORIGINS). ${error.message}` : typeof error.code === 'string' ? `${error.code}: ${error.message}` : error.message)
    }
  }

  const session = createSessionCard({ card: part('session'), kind, person, act })
  const chat = createChatView({
    person,
    parts: { chat: part('chat'), peer: part('peer'), messages: part('messages'), typing: part('typing'), compose: part('compose'), text: part('text'), editing: part('editing'), lose: part('lose') },
  })

  part('log-box').open = matchMedia('(min-width: 52rem)').matches
  side.setAttribute('aria-label', NAMES[kind])
  part('people').id = `people-${kind}`
  part('people').append(...phones.map((phone) => element('option', { value: phone })))
  part('phone').setAttribute('list', `people-${kind}`)
  part('phone').value = phones[0] ?? ''

  const show = () => {
    const isSignedIn = person.user !== undefined
    const { state } = person.realtime
    part('title').textContent = isSignedIn ? `${NAMES[kind]}: ${person.user.displayName ?? 'no name yet'}` : NAMES[kind]
    part('connection').textContent = isSignedIn ? CONNECTION_WORDS[state] : 'signed out'
    part('connection').dataset.state = isSignedIn ? state : ''
    part('sign-in').hidden = isSignedIn
    part('work').hidden = !isSignedIn
    part('cut').disabled = state === 'idle'
    part('reconnect').disabled = state === 'ready' || state === 'connecting'
    if (!isSignedIn) return
    session.show()
    chat.show()
  }
  // Many frames of one moment are one look at the page.
  let isAsked = false
  const showSoon = () => {
    if (isAsked) return
    isAsked = true
    setTimeout(() => {
      isAsked = false
      show()
    })
  }

  person.addEventListener('changed', showSoon)
  person.addEventListener('refused', ({ detail }) => tell(`${detail.of ?? 'the socket'}: ${detail.code}: ${detail.detail}`))
  person.realtime.addEventListener('signed-out', () => tell('This sign-in has ended, here or elsewhere.'))
  person.realtime.addEventListener('frame', ({ detail }) => log.frame(detail))
  person.realtime.addEventListener('closed', ({ detail }) => log.note(`closed ${detail.code} ${detail.reason}`))
  const setPresence = () => person.realtime.send({ type: 'presence:set', state: part('presence').value })
  person.realtime.addEventListener('state', ({ detail }) => {
    log.note(detail.state === 'waiting' ? `comes back in ${Math.round(detail.delayMs)} ms` : CONNECTION_WORDS[detail.state])
    // Each socket has a presence of its own, and begins online.
    if (detail.state === 'ready' && part('presence').value !== 'online') setPresence()
  })

  part('sign-in').addEventListener('submit', (event) => {
    event.preventDefault()
    void act(async () => {
      await person.signIn(part('phone').value.trim(), kind, part('code').value)
      await introduce(person, kind)
      await session.load()
      part('cut').focus()
    })
  })
  part('cut').addEventListener('click', () => person.realtime.cut())
  part('reconnect').addEventListener('click', () => person.realtime.connect())
  part('presence').addEventListener('change', setPresence)
  part('sign-out').addEventListener('click', () => void act(() => person.signOut()))
  document.addEventListener('visibilitychange', showSoon)
  setInterval(() => session.tick(), 250)

  show()
  if (person.api.isSignedIn) {
    void act(async () => {
      await person.resume()
      await session.load()
    })
  }
  return side
}

/** Whoever is new gives a name and a birth date and accepts the documents: what a first session asks for. */
async function introduce(person, kind) {
  const me = await person.api.call('GET', '/me')
  if (me.displayName === null || me.birthDate === null) {
    Object.assign(person.user, await person.api.call('PATCH', '/me', { displayName: me.displayName ?? `New ${kind}`, birthDate: me.birthDate ?? '1995-04-21' }))
  }
  const { items } = await person.api.call('GET', '/me/consents')
  for (const { document: name, version, acceptedAt } of items) {
    if (acceptedAt === undefined) await person.api.call('POST', '/me/consents', { document: name, version })
  }
}
