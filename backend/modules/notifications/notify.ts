import { asRows } from '../../platform/as-rows.ts'
import type { Tx } from '../../platform/ctx.ts'
import { sql } from '../../platform/drizzle.ts'
import { findReach, KINDS, PRIORITIES, queueLetters, queuePushes, wants, type Channel, type Kind, type NewLetter, type NewPush, type Priority, type Reach } from '../channels/index.ts'
import { languageOf, type Language } from '../identity/index.ts'
import { notificationView } from './notification-view.ts'
import { reportFaults } from './notice-faults.ts'
import type { Variables } from './notice-types.ts'
import { definitionOf, type NOTICES, type TemplateKey, type VariablesOfTemplate } from './notices.ts'
import { renderInForce } from './render-in-force.ts'
import { sayPlainly, type Rendered, type Words } from './render-notice.ts'
import { tellUnread } from './unread.ts'

type Given<K extends TemplateKey> = {
  userId: string
  template: K
  /** One notice a person and key, however often and by whomever it is given. */
  dedupeKey: string
  /** Ids for the app; `kind`, `template` and `link` are added. */
  data?: Record<string, string>
  /** Where it is not as the notice's definition says. */
  tag?: string
  ttlSeconds?: number
  priority?: Priority
  announcementId?: string
  /** Of those that it has by its definition and the person’s choice, these alone. */
  channels?: readonly Channel[]
  /** Plain words instead of the template's: of an announcement, of staff. Who has no words in their language gets the Indonesian ones. */
  text?: Partial<Record<Language, Words>>
}
/** What comes by a choice of its own, as the digest does, is no notice. */
type NoticeKey = { [K in TemplateKey]: (typeof NOTICES)[K]['kind'] extends Kind ? K : never }[TemplateKey]
/** Each template asks for its variables: what is forgotten does not compile. */
type NoticeOf<K extends TemplateKey> = K extends TemplateKey
  ? Given<K> & (keyof VariablesOfTemplate<K> extends never ? { variables?: Readonly<Record<string, never>> } : { variables: VariablesOfTemplate<K> })
  : never
export type Notice = NoticeOf<NoticeKey>

/** A receipt is read tomorrow too, and a mail server may want a second try after a while. */
const MAIL_SECONDS = 2 * 86_400
const SMS_SECONDS = 3600

type Told = { notice: Notice; kind: Kind; reach: Reach; rendered: Rendered; data: Record<string, string> }

/**
 * Stores the notices in this transaction, in each person's language and for the channels that they want; once it is
 * committed, the inbox is told, and pushes and letters set off. The statements don't grow with the notices.
 */
export async function notify(tx: Tx, notices: readonly Notice[]): Promise<void> {
  if (notices.length === 0) return
  const reaches = await findReach(tx.sql, notices.map(({ userId }) => userId))
  // One order for everybody: two transactions that give the same notices wait for one another, never in a circle.
  const sorted = notices.toSorted((a, b) => compare(a.userId, b.userId) || compare(a.dedupeKey, b.dedupeKey))
  const plain: Plain = new Map()
  const told = sorted.flatMap((notice) => {
    const reach = reaches.get(notice.userId)
    if (!reach) throw new Error(`there is nobody to tell of ${notice.template}`)
    return reach.erased ? [] : [prepare(tx, notice, reach, plain)]
  })
  reportFaults(tx, told.flatMap(({ rendered }) => rendered.faults))
  await storeInbox(tx, told.filter((one) => reachedBy(one, 'inbox')))
  await queuePushes(tx, told.filter((one) => reachedBy(one, 'push')).map(pushOf))
  await queueLetters(tx, told.flatMap(lettersOf))
}

function prepare(tx: Tx, notice: Notice, reach: Reach, plain: Plain): Told {
  const { kind, link } = definitionOf(notice.template)
  const data = notice.data ?? {}
  return { notice, kind, reach, rendered: render(tx, notice, reach, plain), data: { ...data, kind, template: notice.template, link: link(data) } }
}

/** Words of somebody's own that were laid out already, by template and language: an announcement's are the same for all. */
type Plain = Map<Words, Map<string, Rendered>>

function render(tx: Tx, notice: Notice, { language: wanted, timeZone }: Reach, plain: Plain): Rendered {
  const language = languageOf(wanted)
  const own = notice.text?.[language] ?? notice.text?.id ?? notice.text?.en
  const variables: Variables = notice.variables ?? {}
  const ofTemplate = () => renderInForce(tx, notice.template, language, variables, timeZone)
  if (!own) return ofTemplate()
  // What is said plainly shows no variable: only where it is empty, or a locked screen shows the template's, are the template's words asked for.
  const known = plain.get(own) ?? new Map<string, Rendered>()
  plain.set(own, known)
  const place = `${notice.template} ${language}`
  const rendered = known.get(place) ?? sayPlainly(ofTemplate(), own, definitionOf(notice.template))
  known.set(place, rendered)
  return rendered
}

function reachedBy({ notice, kind, reach }: Told, channel: Channel): boolean {
  return (definitionOf(notice.template).channels?.includes(channel) ?? true) && (notice.channels?.includes(channel) ?? true) && wants(reach, kind, channel)
}

async function storeInbox(tx: Tx, told: readonly Told[]): Promise<void> {
  if (told.length === 0) return
  const { rows } = await tx.sql.execute<{ id: string; user_id: string; kind: string; title: string; body: string; data: Record<string, string>; created_at: string }>(sql`
    insert into notifications (id, user_id, kind, dedupe_key, title, body, data, created_at)
    select r.id, r.user_id, r.kind, r.dedupe_key, r.title, r.body, r.data::jsonb, (select app_now()) from ${asRows(told, {
      id: ['uuid', () => tx.ids.next()], user_id: ['uuid', ({ notice }) => notice.userId], kind: ['text', ({ kind }) => kind], dedupe_key: ['text', ({ notice }) => notice.dedupeKey],
      title: ['text', ({ rendered }) => rendered.title], body: ['text', ({ rendered }) => rendered.body], data: ['text', ({ data }) => JSON.stringify(data)],
    })}
    on conflict (user_id, dedupe_key) do nothing returning id, user_id, kind, title, body, data, created_at`)
  tx.afterCommit((ctx) => {
    for (const { user_id: userId, created_at: createdAt, ...row } of rows) {
      ctx.publish([userId], { type: 'notification:created', notification: notificationView({ ...row, createdAt: new Date(createdAt), readAt: null }) })
    }
    tellUnread(ctx, rows.map((row) => row.user_id))
  })
}

function pushOf({ notice, kind, rendered, data }: Told): NewPush {
  const { tag, ttlSeconds, sensitive, ...definition } = definitionOf(notice.template)
  const priority = notice.priority ?? definition.priority ?? KINDS[kind].priority
  return {
    userId: notice.userId, kind, dedupeKey: notice.dedupeKey, ...rendered.push, data: sensitive ? silent(data) : data,
    tag: notice.tag ?? tag(data), ttlSeconds: notice.ttlSeconds ?? ttlSeconds, priority, critical: definition.critical ?? KINDS[kind].critical, template: notice.template, announcementId: notice.announcementId,
  }
}

/** By e-mail to those with a proven address, by SMS to those who chose it; they come later than a push, and may. */
function lettersOf(told: Told): NewLetter[] {
  const { notice, kind, reach, rendered } = told
  const { ttlSeconds, priority = KINDS[kind].priority } = definitionOf(notice.template)
  const letter = { userId: notice.userId, kind, template: notice.template, dedupeKey: notice.dedupeKey, priority: PRIORITIES.indexOf(notice.priority ?? priority) }
  // A notice that says for how long it is wanted says so of its letters too.
  const lives = (leastSeconds: number) => notice.ttlSeconds ?? Math.max(ttlSeconds, leastSeconds)
  return [
    ...(reach.email && reachedBy(told, 'email') ? [{ ...letter, channel: 'email' as const, subject: rendered.email.subject, text: rendered.email.body, ttlSeconds: lives(MAIL_SECONDS) }] : []),
    ...(reachedBy(told, 'sms') ? [{ ...letter, channel: 'sms' as const, text: rendered.sms, ttlSeconds: lives(SMS_SECONDS) }] : []),
  ]
}

// Whatever carries a push reads along: of what is nobody's business it gets ids alone.
function silent(data: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(data).filter(([name]) => name === 'kind' || name === 'link' || name.endsWith('Id')))
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
