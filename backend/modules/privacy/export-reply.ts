import { z } from 'zod'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { camel, NAMES } from './export-person.ts'
import { columnsOf, isPersonal, type PrivacyMap } from './map.ts'

/** The export as the document shows it: a list for each table of the map, with the fields that go out. */
export function exportReply(map: PrivacyMap) {
  const lists = Object.values(map).flatMap((table) => {
    if (!isPersonal(table) || table.out === undefined) return []
    const names = [...columnsOf(table.out.columns).map(camel), ...Object.values(table.out.opened ?? {}).map((how) => NAMES[how])]
    return [[table.out.as, z.array(z.object(Object.fromEntries(names.map((name) => [name, z.unknown()]))))] as const]
  })
  return z.object({ format: z.string(), exportedAt: z.string().meta({ format: 'date-time' }), userId: z.string().meta({ format: 'uuid' }), kind: z.string(), ...Object.fromEntries(lists) })
    .meta({ description: 'Everything that is kept about the person, a list for each kind of thing. Of conversations their own messages: what others wrote is theirs. No hashes, tokens or keys.' })
}

/** Sends the export as a file while it is read: nothing is held in memory but what waits for the reader. */
export function sendExport(reply: FastifyReply, userId: string, text: AsyncGenerator<string>): FastifyReply {
  return reply
    .header('content-type', 'application/json; charset=utf-8')
    .header('content-disposition', `attachment; filename="halobestie-${userId}.json"`)
    .header('cache-control', 'no-store')
    .send(Readable.from(text))
}
