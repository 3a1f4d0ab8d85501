import type { Reach } from './find-reach.ts'
import { KINDS, type Channel, type Kind } from './kinds.ts'

/**
 * Whether this person is told of this kind by this channel: what is not theirs to choose is as the catalogue says, the
 * rest as they chose. Who switched notifications off in the app gets no push at all; the inbox has it.
 */
export function wants(reach: Pick<Reach, 'erased' | 'enabled' | 'choices'>, kind: Kind, channel: Channel): boolean {
  const choice = KINDS[kind][channel]
  if (reach.erased || choice === 'never' || (channel === 'push' && !reach.enabled)) return false
  return choice === 'always' || (reach.choices[`${kind}.${channel}`] ?? choice === 'on')
}
