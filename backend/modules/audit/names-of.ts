import type { StaffRole } from '../../platform/access.ts'
import type { Queryable } from '../../platform/database.ts'
import type { Names } from './contract.ts'

/** Handed to routes by the staff module, which alone knows colleagues and who sees names masked. Two statements, whatever the ids. */
export type NamesOf = (handle: Queryable, role: StaffRole, ids: readonly (string | null)[]) => Promise<Names>
