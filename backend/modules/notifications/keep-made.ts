/** Keeps what was made for a key, `most` of them: one more, and all go, to be made anew as they are asked for. */
export function keepMade<T extends object>(most: number): (key: string, make: () => T) => T {
  const kept = new Map<string, T>()
  return (key, make) => {
    const known = kept.get(key)
    if (known) return known
    const made = make()
    if (kept.size >= most) kept.clear()
    kept.set(key, made)
    return made
  }
}
