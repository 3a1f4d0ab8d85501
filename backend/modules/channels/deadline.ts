/** The answer, or after so long an error with the code `deadline`; the work itself goes on, and its end interests nobody. */
export async function withinDeadline<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(Object.assign(new Error(`no answer in ${ms} ms`), { code: 'deadline' })), ms)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
