/** A message as the database, a frame or a page has it. `change` and `deleted` only where it was changed. */
export type Stored = { seq: number; clientId: string; senderId: string | null; body: string; change?: number; deleted?: true }

/** What somebody did, or saw. `seq` and `change` stand where the answer told them. */
export type What =
  | { do: 'send'; clientId: string; body: string; seq?: number }
  | { do: 'edit'; seq: number; body: string; change?: number }
  | { do: 'delete'; seq: number; change?: number }
  | { do: 'pry' }
  | { do: 'see'; message: Stored }
  | { do: 'see change'; seq: number; change: number; body: string; deleted?: true }
  /** Any other frame about a conversation; `of` is who it tells of. */
  | { do: 'hear'; frame: string; seq?: number; of?: string }

/**
 * One line of a history. `invoke`: it was asked for; `ok`: it was answered, and is done; `fail`: it was refused, and
 * never done; `unknown`: nobody will ever answer (the connection is gone), it is done or not.
 */
export type Entry = { time: number; who: string; conversationId: string; phase: 'invoke' | 'ok' | 'fail' | 'unknown'; what: What }

/** What a conversation is in the end, by the database. */
export type Outcome = { id: string; memberIds: readonly string[]; headSeq: number; headChange: number; stored: readonly Stored[] }

/** The messages that somebody has of a conversation. */
export type Have = { who: string; conversationId: string; list: readonly Stored[] }

export type Account = {
  history: readonly Entry[]
  conversations: readonly Outcome[]
  /** What each member got who asked for everything afterwards, on any replica. */
  finals: readonly Have[]
  /** What each client had that stayed connected and asked for nothing. */
  living?: readonly Have[]
  /** Rupiah, over all entries. */
  ledgerSumIdr: number
}

/**
 * The history checker: what was promised, against what is. Answers a line for each promise that was broken, at most
 * `MOST_OF_A_KIND` of a kind in a conversation; nothing is the only good answer.
 */
export function findFaults(account: Account): string[] {
  const byConversation = Map.groupBy(account.history, (entry) => entry.conversationId)
  const known = new Set(account.conversations.map((conversation) => conversation.id))
  const faults = account.conversations.flatMap((outcome) => {
    const entries = byConversation.get(outcome.id) ?? []
    const found = [
      ...placesOf(outcome), ...sendsOf(outcome, entries), ...orderOf(outcome, entries), ...changesOf(outcome, entries), ...sightsOf(outcome, entries),
      ...finalsOf(outcome, account.finals.filter((final) => final.conversationId === outcome.id)),
      ...livingOf(outcome, (account.living ?? []).filter((have) => have.conversationId === outcome.id)),
    ]
    return few(found).map((fault) => `${outcome.id}: ${fault}`)
  })
  for (const id of byConversation.keys()) if (!known.has(id)) faults.push(`${id}: a history of no conversation`)
  if (account.ledgerSumIdr !== 0) faults.push(`the ledger sums to ${account.ledgerSumIdr}`)
  return faults
}

const MOST_OF_A_KIND = 3

function few(faults: readonly string[]): string[] {
  return [...Map.groupBy(faults, (fault) => fault.replaceAll(/[\d]+|\(.*\)/g, '')).values()].flatMap((kind) => kind.slice(0, MOST_OF_A_KIND))
}

/** `seq` is dense, and nothing is stored twice. */
function* placesOf({ stored, headSeq, headChange }: Outcome): Generator<string> {
  for (const [index, message] of stored.entries()) if (message.seq !== index + 1) yield `seq ${message.seq} stands at place ${index + 1}`
  if (stored.length !== headSeq) yield `${stored.length} messages, but the head is ${headSeq}`
  for (const [clientId, copies] of Map.groupBy(stored, (message) => `${message.senderId} ${message.clientId}`)) if (copies.length > 1) yield `stored ${copies.length} times (${clientId})`
  const changes = stored.flatMap((message) => message.change ?? [])
  if (new Set(changes).size !== changes.length || Math.max(0, ...changes) > headChange) yield `changes ${changes.join(', ')} do not fit a head of ${headChange}`
}

/** Acked → stored, under its seq; refused → not stored; stored → somebody sent it. Undecided: once or never. */
function* sendsOf({ stored }: Outcome, entries: readonly Entry[]): Generator<string> {
  const rows = new Map(stored.map((message) => [`${message.senderId} ${message.clientId}`, message]))
  const sends = Map.groupBy(entries.filter((entry) => entry.what.do === 'send'), (entry) => `${entry.who} ${(entry.what as { clientId: string }).clientId}`)
  for (const [key, tries] of sends) {
    const row = rows.get(key)
    const acked = tries.filter((entry) => entry.phase === 'ok')
    for (const { what } of acked) {
      if (!row) yield `acked, but not stored (${key})`
      else if (what.do === 'send' && what.seq !== row.seq) yield `acked as seq ${what.seq}, but stored as ${row.seq} (${key})`
    }
    if (row && acked.length === 0 && tries.some((entry) => entry.phase === 'fail') && !tries.some((entry) => entry.phase === 'unknown')) yield `refused, but stored (${key})`
    const said = tries.find((entry) => entry.phase === 'invoke')?.what
    if (row && row.change === undefined && said?.do === 'send' && said.body !== row.body) yield `stored with other words (${key})`
  }
  for (const [key, row] of rows) if (row.senderId !== null && !sends.has(key)) yield `stored, but nobody sent it (${key})`
}

function* orderOf(outcome: Outcome, entries: readonly Entry[]): Generator<string> {
  yield* orderOfAcks(outcome, entries)
  for (const memberId of outcome.memberIds) yield* orderOfSender(outcome, entries, memberId)
}

/** What was acked before something else was sent, by whomever, stands before it. */
function* orderOfAcks({ stored }: Outcome, entries: readonly Entry[]): Generator<string> {
  const seqOf = new Map(stored.map((message) => [`${message.senderId} ${message.clientId}`, message.seq]))
  const begun = new Set<string>()
  let acked = 0
  for (const { who, phase, what } of entries.toSorted((a, b) => a.time - b.time)) {
    if (what.do !== 'send') continue
    const key = `${who} ${what.clientId}`
    if (phase === 'ok') acked = Math.max(acked, what.seq ?? 0)
    // A repeat of an earlier send has the earlier place.
    if (phase !== 'invoke' || begun.has(key)) continue
    begun.add(key)
    const seq = seqOf.get(key)
    if (seq !== undefined && seq <= acked) yield `sent after seq ${acked} was acked, but stands at ${seq} (${key})`
  }
}

/** What was acked without ever having been in doubt stands before everything that its sender said later. */
function* orderOfSender({ stored }: Outcome, entries: readonly Entry[], sender: string): Generator<string> {
  const seqOf = new Map(stored.filter(({ senderId }) => senderId === sender).map(({ clientId, seq }) => [clientId, seq]))
  const said = new Map<string, { isAcked: boolean; isDoubtful: boolean }>()
  for (const { who, phase, what } of entries) {
    if (who !== sender || what.do !== 'send') continue
    const send = said.get(what.clientId) ?? { isAcked: false, isDoubtful: false }
    said.set(what.clientId, send)
    if (phase === 'ok') send.isAcked = true
    if (phase === 'unknown' && !send.isAcked) send.isDoubtful = true
  }
  let leastLater = Number.POSITIVE_INFINITY
  for (const [clientId, { isAcked, isDoubtful }] of [...said].toReversed()) {
    const seq = seqOf.get(clientId)
    if (seq === undefined) continue
    if (isAcked && !isDoubtful && leastLater < seq) yield `seq ${seq} was said before seq ${leastLater} and never in doubt (${sender})`
    leastLater = Math.min(leastLater, seq)
  }
}

/** An acked edit or deletion is the message's last change, or was overtaken by a later one. */
function* changesOf({ stored }: Outcome, entries: readonly Entry[]): Generator<string> {
  for (const { phase, what } of entries) {
    if (phase !== 'ok' || (what.do !== 'edit' && what.do !== 'delete') || what.change === undefined) continue
    const row = stored.find((message) => message.seq === what.seq)
    if ((row?.change ?? 0) < what.change) yield `change ${what.change} of seq ${what.seq} was acked and is lost`
    else if (row?.change === what.change && (what.do === 'delete' ? row.deleted !== true : row.body !== what.body)) yield `change ${what.change} of seq ${what.seq} did something else`
  }
}

type Words = { body: string; deleted?: true }

/** What a place said with its n-th change, 0 for what was sent, as far as anybody knows. */
function wordsOf({ stored }: Outcome, entries: readonly Entry[]): Map<string, Words> {
  const words = new Map<string, Words>()
  const seqOf = new Map(stored.map((message) => [`${message.senderId} ${message.clientId}`, message.seq]))
  for (const { who, phase, what } of entries) {
    if (what.do === 'send' && phase === 'invoke') words.set(`${seqOf.get(`${who} ${what.clientId}`)} 0`, { body: what.body })
    else if (what.do === 'edit' && what.change !== undefined) words.set(`${what.seq} ${what.change}`, { body: what.body })
    else if (what.do === 'delete' && what.change !== undefined) words.set(`${what.seq} ${what.change}`, { body: '', deleted: true })
  }
  for (const { seq, change = 0, body, deleted } of stored) words.set(`${seq} ${change}`, { body, ...(deleted ? { deleted } : {}) })
  return words
}

/** Nobody outside was told anything; what a member saw at a place is what stands there, as it is or as it was before a later change. */
function* sightsOf(outcome: Outcome, entries: readonly Entry[]): Generator<string> {
  const rows = new Map(outcome.stored.map((message) => [message.seq, message]))
  const words = wordsOf(outcome, entries)
  for (const { who, phase, what } of entries) {
    const isOutside = !outcome.memberIds.includes(who)
    if (what.do === 'see') {
      if (isOutside) yield `somebody outside saw seq ${what.message.seq} (${who})`
      yield* faultOfSight(rows, words, what.message)
      const row = rows.get(what.message.seq)
      if (row && (row.clientId !== what.message.clientId || row.senderId !== what.message.senderId)) yield `another message was seen at seq ${what.message.seq} (${what.message.clientId})`
    } else if (what.do === 'see change') {
      if (isOutside) yield `somebody outside saw a change of seq ${what.seq} (${who})`
      yield* faultOfSight(rows, words, what)
    } else if (what.do === 'hear') {
      if (isOutside) yield `somebody outside was told ${what.frame} (${who})`
      if (what.of !== undefined && !outcome.memberIds.includes(what.of)) yield `${what.frame} told of somebody outside (${what.of})`
      if ((what.seq ?? 0) > outcome.headSeq) yield `${what.frame} told of seq ${what.seq}, where nothing is (${who})`
    } else if (isOutside && phase === 'ok') yield `somebody outside did something (${who} ${what.do})`
  }
}

function* faultOfSight(rows: ReadonlyMap<number, Stored>, words: ReadonlyMap<string, Words>, { seq, change = 0, body, deleted }: Words & { seq: number; change?: number }): Generator<string> {
  const row = rows.get(seq)
  const then = words.get(`${seq} ${change}`)
  if (!row) yield `seen at seq ${seq}, where nothing is`
  else if (change > (row.change ?? 0)) yield `seq ${seq} was seen with a change that it does not have`
  else if (then && (then.body !== body || then.deleted !== deleted)) yield `seq ${seq} was seen with other words`
}

/** Whoever asks for everything gets everything, as it is now, in its order. */
function* finalsOf({ stored, memberIds }: Outcome, finals: readonly Have[]): Generator<string> {
  for (const memberId of memberIds) if (!finals.some((final) => final.who === memberId)) yield `no final sync of a member (${memberId})`
  for (const { who, list } of finals) if (!isSame(list, stored)) yield `the final sync has ${list.length} messages that are not the ${stored.length} of the database (${who})`
}

/** Whoever is connected gets everything without a question, the last word too. */
function* livingOf({ stored }: Outcome, living: readonly Have[]): Generator<string> {
  for (const { who, list } of living) if (!isSame(list, stored)) yield `a connected client has ${list.length} messages that are not the ${stored.length} of the database (${who})`
}

/** Whether somebody has exactly these messages, in this order, as they are. */
export function isSame(list: readonly Stored[], stored: readonly Stored[]): boolean {
  return list.length === stored.length && JSON.stringify(list.map(inOrder)) === JSON.stringify(stored.map(inOrder))
}

const inOrder = ({ seq, clientId, senderId, body, change, deleted }: Stored) => [seq, clientId, senderId, body, change ?? 0, deleted ?? false]

type Place = { query<R>(text: string, values?: unknown[]): Promise<R[]> }
type Row = { conversation_id: string; seq: string; client_id: string; sender_id: string | null; body: string | null; change: string | null; is_deleted: boolean }

/** What these conversations are in the end, and what the ledger sums to. */
export async function readOutcomes(place: Place, ids: readonly string[]): Promise<Pick<Account, 'conversations' | 'ledgerSumIdr'>> {
  const heads = await place.query<{ id: string; head_seq: string; head_change: string; members: string[] }>(`
    select c.id, c.head_seq, c.head_change, array_agg(m.user_id) as members from conversations c join conversation_members m on m.conversation_id = c.id where c.id = any($1) group by c.id`, [ids])
  const rows = await place.query<Row>('select conversation_id, seq, client_id, sender_id, body, change, deleted_at is not null as is_deleted from messages where conversation_id = any($1) order by conversation_id, seq', [ids])
  const [ledger] = await place.query<{ sum: string | null }>('select sum(amount_idr) as sum from ledger_entries')
  const stored = Map.groupBy(rows, (row) => row.conversation_id)
  return {
    conversations: heads.map((head) => ({ id: head.id, memberIds: head.members, headSeq: Number(head.head_seq), headChange: Number(head.head_change), stored: (stored.get(head.id) ?? []).map(toStored) })),
    ledgerSumIdr: Number(ledger?.sum ?? 0),
  }
}

function toStored(row: Row): Stored {
  return {
    seq: Number(row.seq), clientId: row.client_id, senderId: row.sender_id, body: row.body ?? '',
    ...(row.change === null ? {} : { change: Number(row.change) }), ...(row.is_deleted ? { deleted: true } : {}),
  }
}
