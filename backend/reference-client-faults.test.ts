import t from 'tap'
import { ConversationModel } from './testing/conversation-model.ts'
import { Conversation } from './testing/reference-client.ts'

const ME = 'me'
const message = (seq: number, body: string, change?: number) => ({ conversationId: 'c', seq, id: `m${seq}`, clientId: `c${seq}`, senderId: 'other', body, sentAt: '2026-11-21T06:57:33.473Z', ...(change === undefined ? {} : { change }) })

t.test('a message came by an event, the event of its edit was lost, and only then comes the first page', async (t) => {
  const models = {
    'the apps’ client': () => {
      const conversation = new Conversation('c')
      return { ask: () => conversation.ask(), apply: (frame: { type: string }) => conversation.apply(frame, ME), isWhole: () => conversation.isWhole, bodies: () => conversation.list.map(({ body }) => body) }
    },
    'the harness’s client': () => {
      const model = new ConversationModel('c', ME)
      return { ask: () => model.ask(), apply: (frame: { type: string }) => void model.apply(frame), isWhole: () => model.isWhole(), bodies: () => model.list.map(({ body }) => body) }
    },
  }
  // What the server has: three messages, the first and the last one edited.
  const stored = [message(1, 'one, better', 1), message(2, 'two'), message(3, 'three, better', 2)]
  const answer = ({ afterSeq, afterChange }: { afterSeq: number; afterChange?: number }, limit: number) => {
    const [messages, changed] = [stored.filter(({ seq }) => seq > afterSeq), stored.filter(({ change = 0 }) => afterChange !== undefined && change > afterChange)]
    const changes = changed.map(({ conversationId, seq, change, body }) => ({ conversationId, seq, change, body })).toSorted((a, b) => a.change! - b.change!)
    const hasMore = messages.length > limit || changes.length > limit
    return { type: 'conversation:synced', conversationId: 'c', messages: messages.slice(0, limit), changes: changes.slice(0, limit), headSeq: 3, headChange: 2, firstSeq: 1, hasMore }
  }
  for (const [name, make] of Object.entries(models)) {
    for (const limit of [1, 100]) {
      for (const live of [1, 3]) {
        for (const isAskedBefore of [false, true]) {
          const model = make()
          const asked = isAskedBefore ? model.ask() : undefined
          model.apply({ type: 'message:received', ...message(live, live === 1 ? 'one' : 'three') })
          if (asked) model.apply(answer(asked, limit))
          for (let ask = model.ask(); ask !== undefined && !(model.isWhole() && ask.afterSeq === 3); ask = model.ask()) model.apply(answer(ask, limit))
          t.same(model.bodies(), ['one, better', 'two', 'three, better'], `${name}, ${limit} a page, ${live} first, ${isAskedBefore ? 'asked before' : 'asked after'}`)
        }
      }
    }
  }
})
