import type { TermView } from '../../../../backend/modules/moderation/contract.ts'
import type { AppealView, CaseView, SanctionView } from '../../../../backend/modules/safety/contract.ts'

// The wire's codes, in the order in which they are shown; the types are the contract's.
export const CASE_KINDS: readonly CaseView['kind'][] = ['crisis', 'report', 'contact', 'staff']
export const CASE_STATES: readonly CaseView['state'][] = ['open', 'taken', 'closed']
export const OUTCOMES: readonly NonNullable<CaseView['outcome']>[] = ['no_action', 'false_alarm', 'helped', 'acted']
export const SANCTION_KINDS: readonly SanctionView['kind'][] = ['warning', 'suspension', 'ban']
export const APPEAL_STATES: readonly AppealView['state'][] = ['open', 'upheld', 'lifted']
export const TERM_KINDS: readonly TermView['kind'][] = ['crisis', 'contact', 'except']
