import { useEffect, useState, type Dispatch, type SetStateAction } from 'react'

/** All that a tab keeps of what somebody is doing begins with it. */
export const DRAFT_PREFIX = 'halobestie.draft.'

/**
 * What somebody is typing, kept in this tab until it is sent: a reload, a restarted server or an ended sign-in loses
 * nothing. `forget` when it has been sent. Never for secrets.
 */
export function useDraft<T>(name: string | undefined, initial: T): [T, Dispatch<SetStateAction<T>>, () => void] {
  const [value, setValue] = useState<T>(() => read(name) ?? initial)
  const untouched = JSON.stringify(initial)
  useEffect(() => {
    if (name === undefined) return
    const text = JSON.stringify(value)
    // What nobody has touched is not kept: the next one begins with what is true then.
    if (text === untouched) sessionStorage.removeItem(DRAFT_PREFIX + name)
    else sessionStorage.setItem(DRAFT_PREFIX + name, text)
  }, [name, value, untouched])
  const forget = () => {
    if (name !== undefined) sessionStorage.removeItem(DRAFT_PREFIX + name)
    setValue(initial)
  }
  return [value, setValue, forget]

  function read(of: string | undefined): T | undefined {
    const stored = of === undefined ? null : sessionStorage.getItem(DRAFT_PREFIX + of)
    return stored === null ? undefined : (JSON.parse(stored) as T) // written above
  }
}

/** Whoever signs in next must not read what another one typed. */
export function forgetDrafts(): void {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(DRAFT_PREFIX)) sessionStorage.removeItem(name)
}
