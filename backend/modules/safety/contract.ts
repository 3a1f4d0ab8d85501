import { z } from 'zod'
import { names } from '../audit/contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const line = (most: number) => z.string().trim().min(1).max(most).refine((text) => !text.includes('\0') && text.isWellFormed(), { message: 'is not text' })

export const CASE_KINDS = ['report', 'crisis', 'contact', 'staff'] as const
export type CaseKind = (typeof CASE_KINDS)[number]
export const CASE_STATES = ['open', 'taken', 'closed'] as const
export type CaseState = (typeof CASE_STATES)[number]
/** What came of a case. */
export const OUTCOMES = ['no_action', 'false_alarm', 'helped', 'acted'] as const
export type Outcome = (typeof OUTCOMES)[number]
export const REPORT_REASONS = ['harassment', 'sexual', 'threat', 'scam', 'off_platform', 'underage', 'self_harm', 'other'] as const

export const reportBody = z.strictObject({ sessionId: z.uuid().toLowerCase(), reason: z.enum(REPORT_REASONS), text: line(2000).optional() })
export const reportReply = z.object({ report: z.object({ id, sessionId: id, reason: z.string(), createdAt: time }) })
/** Whom the caller has blocked. Who has blocked the caller is never told. */
export const blockView = z.object({ userId: id, displayName: z.string().nullable(), createdAt: time })
export type BlockView = z.output<typeof blockView>
export const blockReply = z.object({ block: blockView })
export const unblockReply = z.object({ userId: id })
export const blockList = z.object({ items: z.array(blockView), nextCursor: z.string().nullable() })
export const blockParams = z.strictObject({ userId: z.uuid().toLowerCase() })
export const blocksQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() })

export const hotlineList = z.object({ items: z.array(z.object({ text: z.string() })), nextCursor: z.null() })

/** `subjectId`: whom it is about. `dueAt`: by when somebody should have taken it, or, once it is taken, closed it. Message texts stand in its evidence alone, which is opened with a reason. */
export const caseView = z.object({
  id, kind: z.enum(CASE_KINDS), state: z.enum(CASE_STATES), sessionId: id.nullable(), conversationId: id.nullable(), openedBy: id.nullable(), reporterId: id.nullable(), subjectId: id,
  reason: z.string().nullable(), openedAt: time, lastAt: time, acknowledgeBy: time.nullable(), escalations: z.number().int(),
  takenAt: time.nullable(), takenBy: id.nullable(), closedAt: time.nullable(), closedBy: id.nullable(), outcome: z.enum(OUTCOMES).nullable(), dueAt: time.nullable(),
})
export type CaseView = z.output<typeof caseView>
/** `now`: the time of the service, by which clocks are shown. */
export const caseReply = z.object({ case: caseView, names, now: time })
export const caseList = z.object({ items: z.array(caseView), nextCursor: z.string().nullable(), names, now: time })
export type CaseList = z.output<typeof caseList>
export const caseParams = z.strictObject({ id: z.uuid() })
/** `state=unclosed`: open or taken. `late`: not taken, or not closed, in time. `personId`: whom it is about or who reported. */
export const casesQuery = z.strictObject({
  state: z.enum([...CASE_STATES, 'unclosed']).optional(), kind: z.enum(CASE_KINDS).optional(), takenBy: z.uuid().optional(), personId: z.uuid().optional(),
  late: z.literal('true').optional(), openedBefore: z.iso.datetime({ offset: true }).optional(), openedAfter: z.iso.datetime({ offset: true }).optional(),
  order: z.enum(['newest', 'oldest']).default('newest'), limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional(),
})
export type CasesQuery = z.output<typeof casesQuery>
/** To whom it goes, and who has it now as the caller knows (null: nobody): with anybody else it is a conflict. */
export const assignBody = z.strictObject({ to: z.uuid().toLowerCase(), from: z.uuid().toLowerCase().nullable(), reason: line(500).optional() })
export const releaseBody = z.strictObject({ reason: line(500) })
export const noteBody = z.strictObject({ text: line(2000) })
export const noteReply = z.object({ note: z.object({ id, caseId: id, staffId: id, text: z.string(), createdAt: time }) })
/** Members of staff who may have a case, with how many they have. */
export const assigneeList = z.object({ items: z.array(z.object({ id, displayName: z.string(), role: z.string(), taken: z.number().int() })), nextCursor: z.null() })
/** Everything that happened to a case, in the order of time: `act` as in the audit log, `case.note`, `sanction.…`, `appeal.…`. */
export const caseHistory = z.object({
  items: z.array(z.object({ at: time, act: z.string(), actorId: id.nullable(), reason: z.string().nullable(), text: z.string().nullable(), details: z.record(z.string(), z.unknown()) })),
  nextCursor: z.null(), names,
})
export type CaseHistory = z.output<typeof caseHistory>
/** With a session the messages are copied, as with a report; `subjectId` is then one of its two sides. */
export const caseBody = z.strictObject({ subjectId: z.uuid().toLowerCase(), sessionId: z.uuid().toLowerCase().optional(), reason: line(500), note: line(2000).optional() })
export type CaseBody = z.output<typeof caseBody>
export const emptyBody = z.strictObject({})
export const closeBody = z.strictObject({ outcome: z.enum(OUTCOMES), reason: line(500) })
export const evidenceBody = z.strictObject({ reason: line(500) })
/** What the reporter wrote, and the messages as they were. An edit stands beside what it changed. */
export const evidenceReply = z.object({
  note: z.string().nullable(), items: z.array(z.object({ seq: z.number().int(), change: z.number().int(), senderId: id.nullable(), body: z.string().nullable(), sentAt: time })), nextCursor: z.null(), names,
})

/** With the `version` of the last answer it waits until there is another, `waitSeconds` at most. */
export const alertsQuery = z.strictObject({ version: z.string().max(64).optional(), waitSeconds: z.coerce.number().int().min(0).max(20).default(0) })
export const alertList = z.object({ items: z.array(caseView), nextCursor: z.null(), version: z.string(), names, now: time })
export type AlertList = z.output<typeof alertList>

export const SANCTION_KINDS = ['warning', 'suspension', 'ban'] as const
export type SanctionKind = (typeof SANCTION_KINDS)[number]
export const APPEAL_STATES = ['open', 'upheld', 'lifted'] as const
export type AppealState = (typeof APPEAL_STATES)[number]

/**
 * `until` with a suspension and nothing else; `message`: what the person is told; `giveBack`: the unused of a session of
 * theirs that runs goes back (else nothing does).
 */
export const sanctionBody = z.strictObject({
  userId: z.uuid().toLowerCase(), kind: z.enum(SANCTION_KINDS), until: z.iso.datetime({ offset: true }).optional(), reason: line(500), message: line(500).optional(),
  caseId: z.uuid().optional(), giveBack: z.boolean().optional(),
}).refine((body) => (body.kind === 'suspension') === (body.until !== undefined), { path: ['until'], message: 'stands with a suspension, and only there' })
export type SanctionBody = z.output<typeof sanctionBody>
/** `isActive`: it stands against the number now (a warning never does). */
export const sanctionView = z.object({
  id, kind: z.enum(SANCTION_KINDS), userId: id, caseId: id.nullable(), reason: z.string(), message: z.string().nullable(), until: time.nullable(), isActive: z.boolean(),
  createdAt: time, createdBy: id, liftedAt: time.nullable(), liftedBy: id.nullable(), liftReason: z.string().nullable(),
})
export type SanctionView = z.output<typeof sanctionView>
export const sanctionReply = z.object({ sanction: sanctionView })
export const sanctionList = z.object({ items: z.array(sanctionView), nextCursor: z.string().nullable(), names })
export type SanctionList = z.output<typeof sanctionList>
/** With `userId`: those of that account's number, whichever of its accounts they were given by. */
export const sanctionsQuery = z.strictObject({
  userId: z.uuid().optional(), caseId: z.uuid().optional(), createdBy: z.uuid().optional(), kind: z.enum(SANCTION_KINDS).optional(), active: z.literal('true').optional(), limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional(),
})
export type SanctionsQuery = z.output<typeof sanctionsQuery>
export const liftBody = z.strictObject({ reason: line(500) })

const proof = { challengeId: z.uuid(), code: z.string().regex(/^\d{6}$/, 'must be 6 digits') }
export const appealBody = z.strictObject({ ...proof, text: line(2000) })
export const proofBody = z.strictObject(proof)
const ownSanction = z.object({ kind: z.enum(SANCTION_KINDS), message: z.string().nullable(), until: time.nullable(), createdAt: time })
export type OwnSanction = z.output<typeof ownSanction>
const ownAppeal = z.object({ id, state: z.enum(APPEAL_STATES), text: z.string(), createdAt: time, decidedAt: time.nullable(), answer: z.string().nullable() })
export type OwnAppeal = z.output<typeof ownAppeal>
/** What stands against the number, and the last appeal against it. */
export const ownReply = z.object({ sanction: ownSanction.nullable(), appeal: ownAppeal.nullable() })

export const appealView = z.object({
  id, sanctionId: id, state: z.enum(APPEAL_STATES), text: z.string(), userId: id, kind: z.enum(SANCTION_KINDS), until: time.nullable(), sanctionedBy: id,
  createdAt: time, decidedAt: time.nullable(), decidedBy: id.nullable(), reason: z.string().nullable(), answer: z.string().nullable(),
})
export type AppealView = z.output<typeof appealView>
export const appealReply = z.object({ appeal: appealView })
export const appealList = z.object({ items: z.array(appealView), nextCursor: z.string().nullable(), names })
export type AppealList = z.output<typeof appealList>
export const appealsQuery = z.strictObject({ state: z.enum(APPEAL_STATES).optional(), limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() })
/** `answer`: what the person is told. */
export const verdictBody = z.strictObject({ decision: z.enum(['uphold', 'lift']), reason: line(500), answer: line(500).optional() })
