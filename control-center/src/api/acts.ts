import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { call, type Method } from './call.ts'
import { DRAFT_PREFIX } from './drafts.ts'
import { asProblem, type Problem } from './problem.ts'
import type { About } from './queries.ts'

export type Act<T> = {
  isRunning: boolean
  /** Why it was refused the last time. */
  problem: Problem | undefined
  /** Does it; answers what the server answered, or undefined where it was refused (then `problem` says why). */
  run: (method: Exclude<Method, 'GET'>, path: string, body?: unknown) => Promise<{ status: number; body: T } | undefined>
  reset: () => void
}

type Pending = { of: string; key: string }

/** The key of an act whose answer may have been lost: kept in this tab under the act's name, so that a reload between two presses changes nothing. */
function usePendingKey(name: string | undefined): { keyOf: (of: string) => string; forget: () => void } {
  const pending = useRef<Pending>(undefined)
  const place = name === undefined ? undefined : DRAFT_PREFIX + 'key.' + name
  return {
    keyOf(of) {
      const stored = place === undefined ? null : sessionStorage.getItem(place)
      pending.current ??= stored === null ? undefined : (JSON.parse(stored) as Pending) // written below
      if (pending.current?.of !== of) pending.current = { of, key: crypto.randomUUID() }
      if (place !== undefined) sessionStorage.setItem(place, JSON.stringify(pending.current))
      return pending.current.key
    },
    forget() {
      pending.current = undefined
      if (place !== undefined) sessionStorage.removeItem(place)
    },
  }
}

/**
 * One act of a person. While it runs a second press does nothing. One Idempotency-Key a form: pressed again after a
 * lost answer, even after a reload where the act has a `name`, the same act is not done twice; a changed body is another
 * act with a key of its own. What it changes (`changes`) is read again.
 */
export function useAct<T = unknown>(changes: readonly About[], name?: string): Act<T> {
  const queries = useQueryClient()
  const [isRunning, setRunning] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const running = useRef(false)
  const pending = usePendingKey(name)
  return {
    isRunning, problem,
    async run(method, path, body) {
      if (running.current) return undefined
      running.current = true
      setRunning(true)
      setProblem(undefined)
      const of = `${method} ${path} ${JSON.stringify(body)}`
      try {
        const answer = await call<T>(method, path, { body: body ?? {}, ...(method === 'POST' ? { key: pending.keyOf(of) } : {}) })
        pending.forget()
        return answer
      } catch (error) {
        const found = asProblem(error)
        // What was decided is decided; only an answer that may have been lost is asked for again under the same key.
        if (found.status !== 0 && found.status < 500 && found.code !== 'idempotency_in_progress') pending.forget()
        setProblem(found)
        return undefined
      } finally {
        running.current = false
        setRunning(false)
        // After a refusal too: a colleague's change is what is refused most, and it should be seen.
        void Promise.all([...changes, 'audit' as const].map((about) => queries.invalidateQueries({ queryKey: [about] })))
      }
    },
    reset: () => setProblem(undefined),
  }
}
