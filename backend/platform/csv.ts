import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

export type Cell = string | number | Date | null | undefined

/** A line of RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`
}

export function csvOf(header: readonly string[], rows: Iterable<readonly Cell[]>): string {
  return [csvLine(header), ...[...rows].map(csvLine)].join('')
}

/** Sends rows as a file of CSV while they come: nothing is held in memory but what waits for the reader. */
export function sendCsv(reply: FastifyReply, name: string, header: readonly string[], rows: AsyncIterable<readonly Cell[]> | Iterable<readonly Cell[]>): FastifyReply {
  async function* lines() {
    yield csvLine(header)
    for await (const row of rows) yield csvLine(row)
  }
  return reply
    .header('content-type', 'text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}"`)
    .send(Readable.from(lines()))
}

function cellOf(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell === 'number') return String(cell)
  if (cell instanceof Date) return cell.toISOString()
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
