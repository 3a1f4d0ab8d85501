import { useNavigate, useParams, useSearch } from '@tanstack/react-router'

/**
 * The filters of a page, kept in its address: a link shows what its sender saw, and the browser's back goes back.
 * Answers what is set and how to change it (an empty value takes it out).
 */
export function useFilters<const K extends string>(names: readonly K[]): [Partial<Record<K, string>>, (change: Partial<Record<K, string | undefined>>) => void] {
  const search: Record<string, string | undefined> = useSearch({ strict: false })
  const navigate = useNavigate()
  const values: Partial<Record<K, string>> = {}
  for (const name of names) {
    const value = search[name]
    if (value !== undefined && value !== '') values[name] = value
  }
  const change = (next: Partial<Record<K, string | undefined>>) => {
    const kept = Object.fromEntries(Object.entries({ ...search, ...next }).filter(([, value]) => value !== undefined && value !== ''))
    void navigate({ to: '.', search: kept, replace: true }) // pages are registered by name, so the router knows no types of theirs
  }
  return [values, change]
}

/** The id in the page's address. */
export function useId(name = 'id'): string {
  const params: Record<string, string> = useParams({ strict: false })
  return params[name] ?? ''
}

/** Goes to a page of the control center by its address. */
export function useGo(): (path: string) => void {
  const navigate = useNavigate()
  return (path) => void navigate({ href: path } as never) // as above
}
