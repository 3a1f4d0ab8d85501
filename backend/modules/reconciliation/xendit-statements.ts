import { createHash } from 'node:crypto'
import { Balance, Invoice, Transaction, type Configuration } from 'xendit-node'
import type { Env } from '../../platform/env.ts'
import { GatewayError, type StatementGateway, type StatementLine, type StatementPage } from '../../platform/gateways.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { createXenditCall, readInvoice, recordOf, textOf, type XenditOptions } from '../payments/index.ts'

class InvoiceClient extends Invoice {
  constructor(options: XenditOptions, configuration: Configuration) {
    super(options)
    this.configuration = configuration
  }
}
class TransactionClient extends Transaction {
  constructor(options: XenditOptions, configuration: Configuration) {
    super(options)
    this.configuration = configuration
  }
}
class BalanceClient extends Balance {
  constructor(options: XenditOptions, configuration: Configuration) {
    super(options)
    this.configuration = configuration
  }
}

/** The most that Xendit lists on a page of invoices, and of transactions. */
const INVOICES = 100
const LINES = 50

/** Xendit's own lists and balance behind the port. Every failure is a `GatewayError`. */
export function createXenditStatements(env: Env, log: Log, metrics: Metrics, options: { timeoutMs?: number } = {}): StatementGateway {
  const call = createXenditCall(env, log, metrics, options)
  return {
    async listInvoices({ paidAfter, paidBefore, after }) {
      const list = await call('list', (settings, configuration) => new InvoiceClient(settings, configuration), (client) =>
        client.getInvoices({ limit: INVOICES, paidAfter, paidBefore, ...(after !== undefined && { lastInvoice: after }) }))
      if (!Array.isArray(list)) throw new GatewayError('unreadable', 'the list of invoices is not one')
      const { read, ...page } = readPage(list, readInvoice, list.length >= INVOICES, after)
      return { invoices: read, ...page }
    },
    async listLines({ updatedAfter, after }) {
      const { data, has_more: hasMore } = recordOf(await call('transactions', (settings, configuration) => new TransactionClient(settings, configuration), (client) =>
        client.getAllTransactions({ limit: LINES, updated: { gte: updatedAfter }, ...(after !== undefined && { afterId: after }) })))
      if (!Array.isArray(data)) throw new GatewayError('unreadable', 'the list of transactions is not one')
      const { read, ...page } = readPage(data, readLine, hasMore === true, after)
      return { lines: read, ...page }
    },
    async balanceIdr() {
      const { balance } = recordOf(await call('balance', (settings, configuration) => new BalanceClient(settings, configuration), (client) => client.getBalance({ currency: 'IDR' })))
      if (typeof balance !== 'number') throw new GatewayError('unreadable', 'the balance is not a number')
      return balance
    },
  }
}

/**
 * One that can't be read must not hide the others: its id is told instead, or what stands for it. The list goes on behind
 * the last one that could be read.
 */
function readPage<T extends { id: string }>(items: readonly unknown[], readOne: (json: unknown) => T, hasMore: boolean, after: string | undefined): StatementPage & { read: T[] } {
  const read: T[] = []
  const unreadable: string[] = []
  for (const json of items) {
    try {
      read.push(readOne(json))
    } catch {
      unreadable.push(nameOf(json))
    }
  }
  const next = hasMore ? read.at(-1)?.id : undefined
  // A provider that doesn't know our cursor would give the first page for ever.
  if (next !== undefined && next === after) throw new GatewayError('unreadable', 'the list repeats itself')
  return { read, unreadable, hasMore, next }
}

/** Its id, or where it has none its content, of which no word is kept. */
function nameOf(json: unknown): string {
  return textOf(recordOf(json)['id']) || `sha256:${createHash('sha256').update(JSON.stringify(json)).digest('hex')}`
}

/** A line as the provider tells of it: what is missing of the fee counts as none. Throws `unreadable` where a line has no id or sum, or a fee that is no number. */
export function readLine(json: unknown): StatementLine {
  const fields = recordOf(json)
  const fee = recordOf(fields['fee'])
  const { id, amount } = fields
  if (typeof id !== 'string' || id === '' || typeof amount !== 'number') throw new GatewayError('unreadable', 'a line of the statement lacks its id or amount')
  const number = (name: string) => {
    const value = fee[name] ?? 0
    if (typeof value !== 'number') throw new GatewayError('unreadable', 'a fee of the statement is no number')
    return value
  }
  const at = new Date(textOf(fields['updated']) || textOf(fields['created']))
  return {
    id, type: textOf(fields['type']), status: textOf(fields['status']), referenceId: textOf(fields['reference_id']), amountIdr: amount,
    feeIdr: number('xendit_fee'), taxIdr: number('value_added_tax'), withheldIdr: number('xendit_withholding_tax') + number('third_party_withholding_tax'),
    feeStatus: textOf(fee['status']), currency: textOf(fields['currency']), at: Number.isNaN(at.getTime()) ? new Date(0) : at,
  }
}
