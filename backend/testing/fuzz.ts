import { z } from 'zod'

/** A seeded source of chance: the same seed makes the same cases, so that one line reproduces a failure. */
export type Dice = { next(): number; pick<T>(items: readonly T[]): T; isLucky(chance: number): boolean }

export function createDice(seed: number): Dice {
  let state = seed >>> 0
  const next = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return { next, pick: (items) => items[Math.floor(next() * items.length)]!, isLucky: (chance) => next() < chance }
}

const NASTY_TEXTS = [
  '', ' ', 'x'.repeat(300), 'x'.repeat(20_000), '\0', 'a\0b', '\u202e', '🎉'.repeat(50), '\ud800', '\'"; drop table users; --', '../../etc/passwd', '%00', '<script>', '${7*7}',
  'null', 'true', '-1', '1e309', '0x10', '2026-02-30', '2026-01-01T00:00:00.000Z', '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '+62', '__proto__',
]
const NASTY_VALUES: readonly unknown[] = [
  ...NASTY_TEXTS, null, true, false, 0, -1, 0.5, 1e308, -1e308, 2 ** 53, 2 ** 31, -(2 ** 31) - 1, [], {}, [[]], [null], { id: null }, { length: -1 }, Array.from({ length: 500 }, (_, index) => index),
]

/** A value for this schema: mostly what it wants, sometimes what somebody might send instead. */
export function valueFor(schema: unknown, dice: Dice, known: readonly string[], wildness = 0.15): unknown {
  if (dice.isLucky(wildness)) return dice.pick(NASTY_VALUES)
  const inner = (next: unknown) => valueFor(next, dice, known, wildness)
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return dice.isLucky(0.4) ? undefined : inner(schema.unwrap())
  if (schema instanceof z.ZodNullable) return dice.isLucky(0.3) ? null : inner(schema.unwrap())
  if (schema instanceof z.ZodPipe) return inner(schema.in)
  if (schema instanceof z.ZodObject) return objectFor(schema, dice, inner)
  if (schema instanceof z.ZodArray) return Array.from({ length: Math.floor(dice.next() * 4) }, () => inner(schema.element))
  if (schema instanceof z.ZodUnion) return inner(dice.pick(schema.options))
  if (schema instanceof z.ZodRecord) return { [dice.pick(NASTY_TEXTS)]: inner(schema.valueType) }
  if (schema instanceof z.ZodEnum) return dice.pick(schema.options)
  if (schema instanceof z.ZodLiteral) return [...schema.values][0]
  if (schema instanceof z.ZodBoolean) return dice.isLucky(0.5)
  if (schema instanceof z.ZodNumber) return dice.pick([0, 1, 2, 15, 60, 100, 25_000, Math.floor(dice.next() * 1e6)])
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat) return textFor(dice, known)
  return dice.pick(NASTY_VALUES)
}

function objectFor(schema: z.ZodObject, dice: Dice, inner: (schema: unknown) => unknown): Record<string, unknown> {
  const fields = Object.entries(schema.shape).filter(() => !dice.isLucky(0.05)).map(([name, field]) => [name, inner(field)] as const)
  if (dice.isLucky(0.05)) fields.push([dice.pick(NASTY_TEXTS), dice.pick(NASTY_VALUES)])
  return Object.fromEntries(fields)
}

// An id that exists reaches further into the code than any invented one.
function textFor(dice: Dice, known: readonly string[]): string {
  const roll = dice.next()
  if (roll < 0.45) return dice.pick(known)
  if (roll < 0.75) return dice.pick(['Halo', 'a test', 'id', 'work', '+628121234567', '123456', 'customer', '2026-01', '{minutes}', '{count, plural, one {# day} other {# days}}'])
  return dice.pick(NASTY_TEXTS)
}
