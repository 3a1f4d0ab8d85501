import fc from 'fast-check'
import t from 'tap'
import { call, startTestApp, type TestApp } from '../../testing/app.ts'
import { converse, pairUp, sendOf } from '../../testing/conversations.ts'
import { signIn, type Person } from '../../testing/people.ts'
import { connect } from '../../testing/socket.ts'
import { indexWords } from './index.ts'
import { highlightsOf, looseQuery } from './search-words.ts'

type Found = { conversationId: string; seq: number; body: string; highlights: { start: number; end: number }[] }

/** Texts of one sender from the conversation's beginning on. */
async function fill(app: TestApp, conversationId: string, sender: Person, bodies: string[]): Promise<void> {
  await app.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body)
    select $1, n, gen_random_uuid(), gen_random_uuid(), $2, body from unnest($3::text[]) with ordinality as g(body, n)`, [conversationId, sender.id, bodies])
  await app.query('update conversations set head_seq = $2 where id = $1', [conversationId, bodies.length])
}

const path = (q: string, rest = '') => `/api/v1/messages/search?q=${encodeURIComponent(q)}${rest}`
const search = async (person: Person, q: string, rest = ''): Promise<Found[]> => {
  const answer = await person.call('GET', path(q, rest))
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
  return answer.body.items
}
const bodies = (found: Found[]) => found.map(({ body }) => body)

async function allPages(person: Person, q: string, limit: number, between?: () => Promise<void>): Promise<Found[]> {
  const all: Found[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body }: { body: { items: Found[]; nextCursor: string | null } } = await person.call('GET', path(q, `&limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`))
    all.push(...body.items)
    cursor = body.nextCursor
    await between?.()
  }
  return all
}

t.test('search', async (t) => {
  const app = await startTestApp(t, { replicas: 1, simulators: false, worker: { housekeeping: false } })
  const { ctx } = app.replicas[0]!
  /** Everything that is over by now gets its words. */
  const close = async (ids: string[]) => {
    await app.query(`update conversations set writable_until = app_now() - interval '2 hours' where id = any($1::uuid[])`, [ids])
    await indexWords(ctx, 500)
    const [row] = await app.query<{ left: number }>('select count(*)::int as left from conversations where id = any($1::uuid[]) and not has_words', [ids])
    if (row!.left > 0) throw new Error('not all have their words')
  }

  t.test('words, beginnings, any order, any case; what the parser knows', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const texts = ['Terima kasih, sampai besok!', 'It’s FINE, see you at the café', 'lihat https://halobestie.com/bantuan ya', 'anak-anak main bola 🎉 hari ini', 'kirim ke budi@contoh.co.id', 'nomor 12345', '🎉🎉', 'O\'Brien & "sons" \\ <b>tebal</b>', 'ÉTÉ Straße İstanbul', '% _ * ( ) | ! : \' "']
    await fill(app, conversationId, mitra, texts)
    const cases: [string, number[]][] = [
      ['kasih', [0]], ['KASIH terima', [0]], ['terima bes', [0]], ['bes terima', []], ['asih', []], ['café', [1]], ['caf', [1]], ['cafe', []], ['anak', [3]], ['anak-anak', [3]], ['anak-an', [3]],
      ['budi@contoh.co.id', [4]], ['halobestie.com', [2]], ['123', [5]], ['brien', [7]], ['o\'brien', [7]], ['"sons"', [7]], ['tebal', [7]], ['été', [8]], ['straß', [8]], ['hari 🎉', [3]], ['kasih besok', [0]], ['kasih budi', []],
    ]
    const check = async (when: string) => {
      for (const [q, expected] of cases) t.same(bodies(await search(customer, q)), expected.map((at) => texts[at]), `${when}: ${q}`)
      for (const q of ['""', '!', '* | &', '\\', '\'', ':*', '-', '%']) t.same(await search(customer, q), [], `${when}: no word in ${q}`)
    }
    await check('open')
    await close([conversationId])
    await check('closed')
    const [found] = await search(customer, 'main anak')
    t.same(found?.highlights.map(({ start, end }) => found.body.slice(start, end)), ['anak', 'anak', 'main'])
    t.match(found, { conversationId, seq: 4, id: String, clientId: String, senderId: mitra.id, sentAt: String })
  })

  t.test('one’s own conversations alone; others’ and missing ones look the same', async (t) => {
    const [mine, theirs] = [await pairUp(app), await pairUp(app)]
    await fill(app, mine.conversationId, mine.mitra, ['rahasia milikku'])
    await fill(app, theirs.conversationId, theirs.mitra, ['rahasia mereka'])
    for (const when of ['open', 'closed']) {
      t.same(bodies(await search(mine.customer, 'rahasia')), ['rahasia milikku'], when)
      t.same(bodies(await search(theirs.mitra, 'rahasia')), ['rahasia mereka'], when)
      t.same(bodies(await search(mine.mitra, 'rahasia', `&conversationId=${mine.conversationId}`)), ['rahasia milikku'], when)
      for (const id of [theirs.conversationId, '018f0000-0000-7000-8000-000000000000']) {
        t.match(await mine.customer.call('GET', path('rahasia', `&conversationId=${id}`)), { status: 404, body: { code: 'not_found' } }, when)
      }
      await close([mine.conversationId, theirs.conversationId])
    }
    t.match(await call(app.url, 'GET', path('rahasia')), { status: 401, body: { code: 'unauthenticated' } })
    // A number that got a new owner: what was said before is not theirs.
    await app.query(`update users set history_from = app_now() + interval '1 second' where id = $1`, [mine.customer.id])
    t.same(await search(mine.customer, 'rahasia'), [])
    t.match(await mine.customer.call('GET', path('rahasia', `&conversationId=${mine.conversationId}`)), { status: 404 })
    t.equal((await search(mine.mitra, 'rahasia')).length, 1)
  })

  t.test('as messages are now: edited, deleted, of the system', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const socket = await connect(customer)
    for (const body of ['mangga manis', 'mangga muda', 'mangga busuk']) socket.send(sendOf(conversationId, body))
    await socket.next('message:ack', { matches: (frame) => frame['seq'] === 3 })
    await app.query(`with moved as (update conversations set head_seq = 4 where id = $1) insert into messages (conversation_id, seq, id, client_id, code, data) values ($1, 4, $1, $1, 'mangga', '{"text":"mangga"}')`, [conversationId])
    t.match(await customer.call('PATCH', `/api/v1/conversations/${conversationId}/messages/2`, { body: { body: 'jambu muda' } }), { status: 200 })
    t.match(await customer.call('DELETE', `/api/v1/conversations/${conversationId}/messages/3`), { status: 200 })
    const check = async (when: string) => {
      t.same(bodies(await search(mitra, 'mangga')), ['mangga manis'], when)
      t.match(await search(mitra, 'jambu'), [{ seq: 2, change: 1, editedAt: String }], when)
      t.same(await search(mitra, 'busuk'), [], when)
    }
    await check('open')
    await close([conversationId])
    await check('closed')
    t.match(await customer.call('DELETE', `/api/v1/conversations/${conversationId}/messages/1`), { status: 200 }, 'still within a day')
    t.same(await search(mitra, 'mangga'), [], 'though its words are written down')
    await indexWords(ctx, 500)
    t.same(await app.query('select tsvector_to_array(words) as words from message_words where conversation_id = $1', [conversationId]), [{ words: ['jambu', 'muda'] }], 'and then no more')
    t.same(await search(mitra, 'mangga'), [])
    t.equal((await search(mitra, 'jambu')).length, 1)
    await socket.close()
  })

  t.test('pages: complete, in order, unharmed by what comes meanwhile', async (t) => {
    const [customer, mitra] = [await signIn(app, { kind: 'customer' }), await signIn(app, { kind: 'mitra' })]
    const ids: string[] = []
    for (let n = 0; n < 6; n++) ids.push(await converse(app, [customer, mitra]))
    for (const [at, id] of ids.entries()) await fill(app, id, mitra, Array.from({ length: 100 }, (_, n) => (n % 3 === 0 ? `durian nomor ${at * 100 + n}` : `lain ${n}`)))
    const expected = ids.toReversed().flatMap((id) => Array.from({ length: 34 }, (_, n) => `${id} ${100 - 3 * n}`))
    const names = (found: Found[]) => found.map(({ conversationId, seq }) => `${conversationId} ${seq}`)
    t.same(names(await allPages(customer, 'durian', 7)), expected, 'open')
    await close(ids.slice(0, 4))
    t.same(names(await allPages(customer, 'durian', 100)), expected, 'some are closed')
    const socket = await connect(mitra)
    let turn = 0
    const meanwhile = async () => {
      socket.send(sendOf(ids[5]!, 'durian baru'))
      await socket.next('message:ack')
      if (++turn === 3) await close(ids.slice(0, 5))
    }
    t.same(names(await allPages(customer, 'durian', 31, meanwhile)).filter((name) => Number(name.split(' ')[1]) <= 100), expected, 'new ones arrive, others are closed')
    t.equal((await search(customer, 'durian', `&conversationId=${ids[2]}&limit=100`)).length, 34)
    await socket.close()
  })

  t.test('a conversation whose words can’t be written down is set aside, and the others go on', async (t) => {
    const { customer, mitra, conversationId: bad } = await pairUp(app)
    const good: string[] = []
    for (let n = 0; n < 3; n++) good.push(await converse(app, [customer, mitra]))
    for (const id of [bad, ...good]) await fill(app, id, mitra, ['salak manis', 'rambutan'])
    await app.query(`insert into message_words (conversation_id, first_seq, last_seq, words) values ($1, 1, 2, 'bekas')`, [bad])
    // As where it takes Postgres too long.
    await app.query(`create function too_slow() returns trigger language plpgsql as $$ begin raise exception 'canceled' using errcode = '57014'; end $$;
      create trigger too_slow before insert on message_words for each row when (new.conversation_id = '${bad}' and new.words is not null) execute function too_slow()`)
    t.teardown(() => app.query('drop function too_slow cascade'))
    await close([bad, ...good])
    t.same(await app.query('select first_seq::int, last_seq::int, words from message_words where conversation_id = $1', [bad]), [{ first_seq: 1, last_seq: 2, words: null }], 'nothing of it is left behind')
    t.equal((await app.query('select from message_words where conversation_id = any($1::uuid[]) and words is not null', [good])).length, 3)
    t.equal((await search(customer, 'salak')).length, 4, 'and it is found')
    t.equal(await indexWords(ctx, 500), 0)
  })

  t.test('a turn ends after so many messages; the words of a deleted text are gone with it', async (t) => {
    const { customer, mitra } = await pairUp(app)
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.push(await converse(app, [customer, mitra]))
    for (const id of ids) await fill(app, id, mitra, ['nangka'])
    // Whose place it is not to have so many.
    await app.query('update conversations set head_seq = 4000 where id = any($1::uuid[])', [ids])
    await close(ids)
    const written = await app.query('select distinct xmin::text from message_words where conversation_id = any($1::uuid[])', [ids])
    t.equal(written.length, 3, 'each in a transaction of its own')
    t.match(await mitra.call('DELETE', `/api/v1/conversations/${ids[0]}/messages/1`), { status: 200 })
    t.same(await app.query('select from message_words where conversation_id = $1', [ids[0]]), [], 'before the next turn of housekeeping')
    t.equal((await search(customer, 'nangka')).length, 2)
  })

  t.test('a search that finds little in much goes on where it stopped', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    await fill(app, conversationId, mitra, Array.from({ length: 4500 }, (_, n) => (n === 3 ? 'sesuatu yang langka' : `sesuatu ${n} lain`)))
    const first = (await customer.call('GET', path('sesuatu langka'))).body
    t.same(first.items, [])
    t.type(first.nextCursor, 'string')
    t.same((await allPages(customer, 'sesuatu langka', 20)).map(({ seq }) => seq), [4])
    await close([conversationId])
    const whole = (await customer.call('GET', path('sesuatu langka'))).body
    t.match(whole, { items: [{ seq: 4 }], nextCursor: null }, 'by its words at once')
    t.equal((await allPages(customer, 'sesuatu', 100)).length, 4500)
  })

  t.test('pages of long messages stay within 256 KiB', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    await fill(app, conversationId, mitra, Array.from({ length: 90 }, (_, n) => `panjang ${n} ${'é'.repeat(3900)}`))
    const answer = await customer.call('GET', path('panjang', '&limit=100'))
    t.ok(Buffer.byteLength(answer.text) <= 256 * 1024 + 512, `${answer.text.length}`)
    t.equal((await allPages(customer, 'panjang', 100)).length, 90)
    await close([conversationId])
    t.equal((await allPages(customer, 'panjang', 100)).length, 90)
  })

  t.test('whatever is asked, it is an answer', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    await fill(app, conversationId, mitra, ['apa saja'])
    const other = await pairUp(app)
    await fill(app, other.conversationId, other.mitra, ['apa saja'])
    await close([other.conversationId])
    for (const person of [customer, other.customer]) {
      await fc.assert(fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), fc.string({ maxLength: 100 }), fc.stringMatching(/^[-'"\\&|!:*()<> a-b@./]{0,40}$/)), async (q) => {
        const { status } = await person.call('GET', path(q.toWellFormed()))
        return status === 200 || status === 400
      }), { numRuns: 60, seed: 20_261_121 })
    }
    for (const wrong of ['', '?q=', `?q=${'x'.repeat(101)}`, '?q=a%00b', '?q=a&limit=0', '?q=a&limit=101', '?q=a&cursor=x', `?q=a&cursor=${conversationId}`, `?q=a&cursor=${conversationId}.-1`, '?q=a&conversationId=x', '?q=a&x=1']) {
      t.match(await customer.call('GET', `/api/v1/messages/search${wrong}`), { status: 400, body: { code: 'validation_failed' } }, wrong)
    }
  })
})

t.test('highlights lie on the words, and nowhere else', async (t) => {
  const marked = (body: string, whole: string[], begun: string[] = []) => highlightsOf(body, { whole, begun }).map(({ start, end }) => body.slice(start, end))
  t.same(marked('Main bola, main! domain', ['main']), ['Main', 'main'])
  t.same(marked('🎉 kabar 🎉 kabarnya', [], ['kab']), ['kabar', 'kabarnya'])
  t.same(marked('a.b (c) [d]', ['a.b', 'c', 'd']), ['a.b', 'c', 'd'])
  t.same(marked('nothing', []), [])
  t.equal(looseQuery({ whole: ['a\'b', 'c\\d'], begun: ['e'] }), `'a''b' & 'c\\\\d' & 'e':*`)
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string({ unit: 'binary', minLength: 1 })), fc.array(fc.string({ minLength: 1 })), (body, whole, begun) => {
    const places = highlightsOf(body, { whole, begun })
    return places.every(({ start, end }, at) => start < end && end <= body.length && start >= (places[at - 1]?.end ?? 0))
  }))
})
