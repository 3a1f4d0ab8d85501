import type { FaultProxy } from './fault-proxy.ts'
import type { Random } from './random.ts'

const CHANNEL = 'realtime'
const COMMAND = Buffer.from(`publish\r\n$${CHANNEL.length}\r\n${CHANNEL}\r\n`)
/** Valkey answers as ever, only nobody listens there: the connection stays in step. */
const NOWHERE = Buffer.from(`publish\r\n$${CHANNEL.length}\r\n${'-'.repeat(CHANNEL.length)}\r\n`)

export type Loss = {
  /** Of the publishes, from 0 to 1; may be changed at any time. */
  probability: number
  /** How many were lost. */
  lost: number
  passed: number
}

/** Loses publishes of events on the way to Valkey, as many as `probability` says and as `random` draws them. */
export function losePublishes(way: FaultProxy, random: Random, probability: number): Loss {
  const loss: Loss = { probability, lost: 0, passed: 0 }
  way.rewrite((data) => {
    for (let at = data.indexOf(COMMAND); at !== -1; at = data.indexOf(COMMAND, at + COMMAND.length)) {
      if (random.chance(loss.probability)) {
        NOWHERE.copy(data, at)
        loss.lost++
      } else loss.passed++
    }
    return data
  }, 'toServer')
  return loss
}
