import { element } from './dom.js'

const KEPT = 400

/** Every frame as it went over the socket; tokens are not shown whole. */
export function createFrameLog({ list, count, beats, clear }) {
  let seen = 0
  const add = (kind, sign, text, isBeat) => {
    if (isBeat && !beats.checked) return
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40
    list.append(element('li', { class: kind }, element('time', {}, new Date().toLocaleTimeString('en-GB')), ` ${sign} `, element('code', {}, text)))
    while (list.childElementCount > KEPT) list.firstElementChild.remove()
    if (isAtEnd) list.scrollTop = list.scrollHeight
  }
  clear.addEventListener('click', () => {
    list.replaceChildren()
    seen = 0
    count.textContent = '0'
  })
  return {
    frame({ way, frame }) {
      count.textContent = String(++seen)
      const shown = frame.token === undefined ? frame : { ...frame, token: `${frame.token.slice(0, 8)}…` }
      add(way, way === 'out' ? '→' : '←', JSON.stringify(shown), frame.type === 'heartbeat')
    },
    note: (text) => add('note', '·', text, false),
  }
}
