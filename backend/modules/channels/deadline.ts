/** The answer, or after so long an error with this code; the work itself goes on, and its end interests nobody. */
export async function withinDeadline<T>(ms: number, work: Promise<T>, code = 'deadline'): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(Object.assign(new Error(`no answer in ${ms} ms`), { code })), ms)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
