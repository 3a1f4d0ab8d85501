import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { call, type Method } from './call.ts'
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

/**
 * One act of a person. While it runs a second press does nothing. One Idempotency-Key a form: pressed again after a
 * lost answer the same act is not done twice; a changed body is another act with a key of its own. What it changes
 * (`changes`) is read again.
 */
export function useAct<T = unknown>(changes: readonly About[]): Act<T> {
  const queries = useQueryClient()
  const [isRunning, setRunning] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const running = useRef(false)
  const key = useRef<{ of: string; key: string }>(undefined)
  return {
    isRunning, problem,
    async run(method, path, body) {
      if (running.current) return undefined
      running.current = true
      setRunning(true)
      setProblem(undefined)
      const of = `${method} ${path} ${JSON.stringify(body)}`
      if (key.current?.of !== of) key.current = { of, key: crypto.randomUUID() }
      try {
        const answer = await call<T>(method, path, { body: body ?? {}, ...(method === 'POST' ? { key: key.current.key } : {}) })
        key.current = undefined
        return answer
      } catch (error) {
        const found = asProblem(error)
        // What was decided is decided; only an answer that may have been lost is asked for again under the same key.
        if (found.status !== 0 && found.status < 500) key.current = undefined
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
