/** `Siti Rahma` → `S*** R***`: enough to tell two people apart on a list, not enough to know them. */
export function maskName(name: string): string {
  return name.split(/\s+/).filter((word) => word !== '').map((word) => `${Array.from(word)[0]}***`).join(' ')
}
