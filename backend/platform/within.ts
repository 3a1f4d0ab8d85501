/** Whether `work` ended within `ms`; its failure is the caller's to know. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), Math.max(0, ms))
  const inTime = await Promise.race([work.then(() => true), promise])
  clearTimeout(timer)
  return inTime
}
