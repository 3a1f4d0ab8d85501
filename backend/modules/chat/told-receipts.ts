/** How far somebody has read and received. */
export type Places = { read: number; delivered: number }

/** What this replica has itself told of receipts, its own sockets among others: between two looks of the healer, and a bit longer. */
export type ToldReceipts = {
  note(key: string, places: Places): void
  /** That these places, or further ones, were told. */
  knows(key: string, places: Places): boolean
  /** Drops what was noted before the call before this one. */
  forget(): void
}

/** While nobody looks, nothing is dropped: more than this is not kept. */
const KEPT_MAX = 50_000

export function createToldReceipts(): ToldReceipts {
  let older = new Map<string, Places>()
  let newer = new Map<string, Places>()
  return {
    note(key, places) {
      if (newer.size >= KEPT_MAX) newer = new Map()
      newer.set(key, places)
    },
    knows(key, { read, delivered }) {
      const places = newer.get(key) ?? older.get(key)
      return places !== undefined && places.read >= read && places.delivered >= delivered
    },
    forget() {
      older = newer
      newer = new Map()
    },
  }
}
