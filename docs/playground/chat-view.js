import { button, element, timeOf } from './dom.js'

const SYSTEM_WORDS = {
  session_paused: () => 'Paused: the clock stands still until the mitra is back',
  session_resumed: () => 'It goes on',
  session_extended: ({ minutes }) => `${minutes} more minutes`,
}
const PENDING_WORDS = { queued: 'waits for the connection', sent: 'sending …', unknown: 'perhaps sent, goes out again' }

/** The conversation of one side: messages with their marks, who types, the composer. */
export function createChatView({ parts, person }) {
  const { chat, peer, messages, typing, compose, text, editing, lose } = parts
  let conversationId
  let edited
  let isLast = true
  let isOpen = false

  const current = () => person.conversations.get(conversationId)
  const peerOf = (session) => (session.customer.id === person.user.id ? session.mitra : session.customer)

  const beginEdit = (message) => {
    edited = message.seq
    editing.replaceChildren('Editing a message. ', button('Cancel', endEdit, { class: 'quiet' }))
    editing.hidden = false
    text.value = message.body
    text.focus()
  }
  const endEdit = () => {
    edited = undefined
    editing.hidden = true
    text.value = ''
    text.focus()
  }
  const submit = () => {
    const body = text.value.trim()
    if (body === '' || conversationId === undefined) return
    if (edited === undefined) {
      person.say(conversationId, body)
      isLast = true
      text.value = ''
    } else if (person.edit(conversationId, edited, body)) endEdit()
    if (!lose.checked) return
    lose.checked = false
    person.realtime.cut()
  }
  compose.addEventListener('submit', (event) => {
    event.preventDefault()
    submit()
  })
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    submit()
  })
  text.addEventListener('input', () => (text.value === '' ? person.stopTyping(conversationId) : person.type(conversationId)))
  messages.addEventListener('scroll', () => {
    isLast = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 40
  })

  const markOf = (conversation, message) => {
    if (message.seq <= conversation.peerReadSeq) return element('span', { class: 'read' }, '✓✓ read')
    if (message.seq <= conversation.peerDeliveredSeq) return element('span', {}, '✓✓ delivered')
    return element('span', {}, '✓ sent')
  }
  const stored = (conversation, message) => {
    if (message.kind === 'system') return element('li', { class: 'message system' }, `${SYSTEM_WORDS[message.code]?.(message.data) ?? message.code} · ${timeOf(message.sentAt)}`)
    const isMine = message.senderId === person.user.id
    const meta = element('div', { class: 'meta' },
      isMine && isOpen && !message.deleted && button('Edit', () => beginEdit(message), { class: 'quiet' }),
      isMine && !message.deleted && button('Delete', () => person.delete(conversationId, message.seq), { class: 'quiet' }),
      message.editedAt !== undefined && !message.deleted && element('span', {}, 'edited'),
      element('time', { datetime: message.sentAt }, timeOf(message.sentAt)),
      isMine && markOf(conversation, message))
    return element('li', { class: `message${isMine ? ' mine' : ''}` }, element('div', { class: message.deleted ? 'deleted' : 'text' }, message.deleted ? 'deleted' : message.body), meta)
  }
  const pending = (entry) => {
    const isRejected = entry.state === 'rejected'
    const meta = element('div', { class: 'meta' },
      element('span', {}, isRejected ? `not sent: ${entry.detail ?? entry.code}` : PENDING_WORDS[entry.state]),
      isRejected && button('Try again', () => (person.outbox.retry(entry.clientId), show()), { class: 'quiet' }),
      isRejected && button('Discard', () => (person.outbox.discard(entry.clientId), show()), { class: 'quiet' }))
    return element('li', { class: `message mine ${isRejected ? 'rejected' : 'pending'}` }, element('div', { class: 'text' }, entry.body), meta)
  }

  // Nodes are kept while nothing of them changes: a screen reader is told what is new, and the focus stays.
  const nodes = new Map()
  const nodeOf = (key, facts, make) => {
    const known = nodes.get(key)
    if (known?.facts === facts) return known.node
    const node = make()
    nodes.set(key, { facts, node })
    return node
  }
  const showMessages = (conversation) => {
    const waiting = person.outbox.entries.filter((entry) => entry.conversationId === conversationId)
    const wanted = [
      ...conversation.list.map((message) => nodeOf(`m${message.seq}`, `${isOpen} ${message.change} ${message.seq <= conversation.peerReadSeq} ${message.seq <= conversation.peerDeliveredSeq}`, () => stored(conversation, message))),
      ...waiting.map((entry) => nodeOf(entry.clientId, `${entry.state} ${entry.detail}`, () => pending(entry))),
    ]
    for (const [at, node] of wanted.entries()) if (messages.children[at] !== node) messages.insertBefore(node, messages.children[at] ?? null)
    while (messages.childElementCount > wanted.length) messages.lastElementChild.remove()
    if (isLast) messages.scrollTop = messages.scrollHeight
  }
  const showPeer = (session) => {
    const other = peerOf(session)
    // Whom one shares no open conversation with, one is not told about any more.
    const state = isOpen ? person.presence.get(other?.id) ?? 'presence unknown' : 'the conversation is over'
    const name = other?.displayName ?? 'Somebody'
    peer.replaceChildren(element('span', { class: 'dot', 'data-state': state, 'aria-hidden': 'true' }), `${name} · ${state}`)
    const isTyping = other && person.typing.get(conversationId)?.has(other.id)
    typing.textContent = isTyping ? `${name} is typing …` : ''
  }
  const show = () => {
    const session = person.lastSession
    chat.hidden = session?.conversationId === undefined
    if (chat.hidden) return
    if (conversationId !== session.conversationId) {
      conversationId = session.conversationId
      nodes.clear()
      messages.replaceChildren()
      endEdit()
    }
    isOpen = session.state === 'active' || session.state === 'paused'
    compose.hidden = !isOpen
    const conversation = current()
    if (conversation !== undefined) showMessages(conversation)
    showPeer(session)
    // Read is what is on the screen of somebody who looks at it.
    if (document.visibilityState === 'visible') person.markRead(conversationId)
  }
  return { show }
}
