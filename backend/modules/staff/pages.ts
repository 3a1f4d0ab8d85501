/** A page of a list from one row more than it shows: `nextCursor` is the id of the last shown, or null at the end. */
export function pageOf<T extends { id: string }, V>(rows: readonly T[], limit: number, view: (row: T) => V): { items: V[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit)
  return { items: shown.map(view), nextCursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null }
}
