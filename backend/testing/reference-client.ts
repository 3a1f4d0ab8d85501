import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { projectRoot } from './servers/processes.ts'

// The playground's client is plain JavaScript for browsers; these are the types of what tests use of it.

export type OutboxEntry = { clientId: string; conversationId: string; body: string; state: string; code?: string }
export type ShownMessage = { seq: number; clientId: string; senderId: string | null; body: string; deleted?: true; editedAt?: string }
export type ShownSession = { id: string; state: string; conversationId?: string; payment?: { checkoutUrl?: string } }
type Frame = { type: string } & Record<string, unknown>

export type Client = EventTarget & {
  api: { call(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Record<string, ReturnType<typeof JSON.parse>>> }
  clock: { isKnown: boolean; nowMs(): number }
  outbox: { entries: OutboxEntry[]; retry(clientId: string): OutboxEntry | undefined; discard(clientId: string): void }
  realtime: Realtime
  user: { id: string }
  openSession: ShownSession | undefined
  lastSession: ShownSession | undefined
  offers: Map<string, unknown>
  presence: Map<string, string>
  typing: Map<string, Set<string>>
  conversations: Map<string, { list: ShownMessage[]; isWhole: boolean; peerReadSeq: number; peerDeliveredSeq: number }>
  signIn(phone: string, kind: string, code: string): Promise<void>
  resume(): Promise<void>
  signOut(): Promise<void>
  take(session: ShownSession & { version?: number; queue?: { position: number; waitSeconds: { p50: number; p90: number } | null } }): void
  sessions: Map<string, { version: number; queue?: { position: number } }>
  say(conversationId: string, body: string): OutboxEntry
  edit(conversationId: string, seq: number, body: string): boolean
  delete(conversationId: string, seq: number): boolean
  type(conversationId: string): void
  markRead(conversationId: string): void
}
export type Realtime = EventTarget & { state: string; connect(): void; cut(): void; send(frame: object): boolean }
type Outbox = {
  entries: OutboxEntry[]
  add(message: object): OutboxEntry
  due(isReady: boolean): { clientId: string; body: string }[]
  lost(): void
  passedOver(): void
  apply(frame: object): OutboxEntry | undefined
  retry(clientId: string): OutboxEntry | undefined
  discard(clientId: string): void
}
type Clock = { isKnown: boolean; restart(): void; sample(askedAt: number, answeredAt: number, serverTime: string): void; nowMs(): number }
type Conversation = {
  list: ShownMessage[]
  isWhole: boolean
  arrivedSeq(userId: string): number
  ask(): { id: string; afterSeq: number; afterChange: number } | undefined
  stand(position: { headSeq: number; headChange: number }): void
  apply(frame: Frame, userId: string): void
}
type Tokens = { access(options: { isRefused?: boolean }): Promise<{ token: string; expiresAtMs: number }> }

const load = async <T>(file: string) => await import(pathToFileURL(join(projectRoot, 'docs/playground/client', file)).href) as T

export const { Person } = await load<{ Person: new (options: { url: string; saved?: object; save?: (name: string, value: unknown) => void }) => Client }>('person.js')
export const { Realtime } = await load<{ Realtime: new (options: { url: string; clock: Clock; tokens: Tokens; readyMs?: number; answerMs?: number }) => Realtime }>('realtime.js')
export const { Outbox } = await load<{ Outbox: new (options?: { saved?: object[]; save?: (entries: object[]) => void; now?: () => number }) => Outbox }>('outbox.js')
export const { Gaps } = await load<{ Gaps: new (around: { conversations: Map<string, Conversation>; realtime: { state: string; send(frame: object): boolean } }) => { ask(): void; check(): void } }>('gaps.js')
export const { Conversation } = await load<{ Conversation: new (id: string, options?: { afterSeq?: number; now?: () => number }) => Conversation }>('conversation.js')
export const { ServerClock, sessionLeftMs } = await load<{ ServerClock: new (now?: () => number) => Clock; sessionLeftMs: (session: object, nowMs: number) => number }>('clock.js')
export const { reconnectDelayMs, advisedDelayMs, afterClose } = await load<{
  reconnectDelayMs: (attempt: number, advisedMs: number | undefined, random?: () => number) => number
  advisedDelayMs: (reason: string) => number | undefined
  afterClose: (code: number) => string
}>('backoff.js')
