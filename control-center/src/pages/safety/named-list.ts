import type { Names } from '../../../../backend/modules/audit/contract.ts'
import type { Query } from '../../api/call.ts'
import { useList, type About, type ListQuery } from '../../api/queries.ts'

/** A list whose reply says who stands behind its ids. */
export function useNamedList<T>(about: About, path: string, query: Query = {}, options: { everyMs?: number } = {}): { list: ListQuery<T>; names: Names } {
  const list = useList<T>(about, path, query, options)
  return { list, names: Object.assign({}, ...(list.pages ?? []).map((page) => (page as { names?: Names }).names ?? {})) as Names } // the contract of such lists
}
