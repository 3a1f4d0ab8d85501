import type { Names } from '../../../../backend/modules/audit/contract.ts'
import { RowLink } from '../../parts/list.tsx'
import { PersonName } from '../../parts/values.tsx'
import { useCommon } from '../../texts-common.ts'

/** Whoever stands behind an id, by the names that came with the reply; people lead to their page. */
export function Who({ id, names }: { id: string | null | undefined; names: Names }) {
  const text = useCommon()
  if (id === null || id === undefined) return <>{text('none')}</>
  const known = names[id]
  const name = <PersonName id={id} name={known?.name} />
  if (known?.kind === 'customer') return <RowLink href={`/customers/${id}`}>{name}</RowLink>
  if (known?.kind === 'mitra') return <RowLink href={`/mitras/${id}`}>{name}</RowLink>
  return name
}
