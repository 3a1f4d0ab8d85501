import { v7 } from 'uuid'

export type Ids = { next(): string }

/** UUIDv7: time-ordered within this process, so that primary keys append. */
export const ids: Ids = { next: () => v7() }
