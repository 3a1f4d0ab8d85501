import type { DeliveryFaults } from './faults.ts'
import type { SimulatedWorld } from './answering.ts'

const reorderWindowMs = 250
const usualPatienceMs = 2_000

interface Parcel<Item> {
  item: Item
  copy: number
}

/**
 * Carries what a provider sends out, with the delivery faults in force. `send` resolves when the first copy has
 * been handed over (or after `patienceMs`: who takes it may hang), or at once when it waits; it says whether the item was lost.
 */
export function createCourier<Item>(
  world: SimulatedWorld,
  faults: () => DeliveryFaults,
  deliver: (item: Item, copy: number) => Promise<void>,
  patienceMs = usualPatienceMs,
) {
  let held: Parcel<Item>[] = []
  let generation = 0

  const handOver = ({ item, copy }: Parcel<Item>) => (world.life.stopped ? Promise.resolve() : deliver(item, copy))

  async function releaseHeld() {
    const parcels = held
    held = []
    for (let last = parcels.length - 1; last > 0; last -= 1) {
      // Sattolo's shuffle, never in place: with two or more, none keeps its turn.
      const other = Math.floor(world.faults.random() * last)
      const swapped = parcels[last]!
      parcels[last] = parcels[other]!
      parcels[other] = swapped
    }
    for (const parcel of parcels) await Promise.race([handOver(parcel), world.life.wait(patienceMs)])
  }

  return {
    async send(item: Item): Promise<'sent' | 'waiting' | 'lost'> {
      const { drop, duplicate, reorder, delayMs } = faults()
      if (drop > 0 && world.faults.random() < drop) return 'lost'
      const parcels = Array.from({ length: 1 + duplicate }, (_, copy) => ({ item, copy }))
      const wait = world.faults.delay(delayMs)
      if (!reorder && wait === 0) {
        const handedOver = parcels.map(handOver)
        await Promise.race([handedOver[0], world.life.wait(patienceMs)])
        return 'sent'
      }
      const born = generation
      world.life.after(wait, () => {
        if (born !== generation) return
        if (!reorder) {
          for (const parcel of parcels) void handOver(parcel)
          return
        }
        if (held.length === 0) world.life.after(reorderWindowMs, () => void releaseHeld())
        held.push(...parcels)
      })
      return 'waiting'
    },
    /** What still waits is never sent. */
    reset() {
      generation += 1
      held = []
    },
  }
}
