import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { sendCsv, type Cell } from '../../platform/csv.ts'
import { AppError } from '../../platform/errors.ts'
import type { FastifyReply } from 'fastify'
import { appendAudit } from '../audit/index.ts'
import { auditOf, byOf, type By } from './by.ts'
import { reportParams, reportQuery, reportReply, rolledQuery, type ReportQuery, type RolledQuery } from './books-contract.ts'
import { ROLLED_REPORTS, type RolledReport } from './rolled-reports.ts'
import { REPORTS, WAITING_TIMES, type Report } from './reports.ts'

const reading = { access: { staff: 'ledger.read' }, limit: 'standard' } as const
const looking = { access: { staff: 'board.read' }, limit: 'standard' } as const
/** As JSON a report is for looking at; the whole of it comes as a file. */
const JSON_ROWS_MOST = 1000
const DAYS_MOST = 400
/** Of what is added up already: ten years. */
const ROLLED_DAYS_MOST = 3660

/** Exports of money and the waiting times, as JSON or as a file of CSV that is sent while it is read. */
export const reportStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/reports/:name', { schema: { params: reportParams, querystring: reportQuery, response: { 200: reportReply } }, config: reading }, async (request, reply) => {
    const { name } = request.params
    const report = Object.hasOwn(REPORTS, name) ? REPORTS[name] : undefined
    if (!report) throw new AppError('not_found', 'no such report')
    return answer(ctx, reply, byOf(request), { name, report, query: request.query })
  })
  app.get('/internal/v1/reports/waiting-times', { schema: { querystring: reportQuery, response: { 200: reportReply } }, config: looking }, async (request, reply) =>
    answer(ctx, reply, byOf(request), { name: 'waiting-times', report: WAITING_TIMES, query: request.query }))
  for (const [name, report] of Object.entries(ROLLED_REPORTS)) {
    app.get(`/internal/v1/reports/${name}`, { schema: { querystring: rolledQuery, response: { 200: reportReply } }, config: { access: { staff: report.act }, limit: 'standard' } }, async (request, reply) =>
      answerRolled(ctx, reply, byOf(request), { name, report, query: request.query }))
  }
}

async function answerRolled(ctx: Ctx, reply: FastifyReply, by: By, { name, report, query }: { name: string; report: RolledReport; query: RolledQuery }) {
  const days = await daysOf(ctx, query, ROLLED_DAYS_MOST)
  const rows = await report.rows(ctx, days, query.group)
  if (query.format === 'csv') {
    await noteExport(ctx, by, name, days)
    return sendCsv(reply, `${name}-${days.from}-${days.until}.csv`, report.header, rows)
  }
  return { name, header: [...report.header], rows: rows.map((row) => row.map(plain)), isComplete: true }
}

async function answer(ctx: Ctx, reply: FastifyReply, by: By, { name, report, query }: { name: string; report: Report; query: ReportQuery }) {
  const days = await daysOf(ctx, query)
  if (query.format === 'csv') {
    await noteExport(ctx, by, name, days)
    return sendCsv(reply, `${name}-${days.from}-${days.until}.csv`, report.header, report.rows(ctx, days))
  }
  return { name, header: [...report.header], ...await firstRows(ctx, report, days) }
}

// Before anything of it is sent: what leaves the house is written down, or does not leave.
async function noteExport(ctx: Ctx, by: By, name: string, days: { from: string; until: string }): Promise<void> {
  await transact(ctx, (tx) => appendAudit(tx, { ...auditOf(by), act: 'report.exported', targetType: 'report', targetId: name, details: days }))
}

/** Without days: yesterday in Asia/Jakarta. */
async function daysOf(ctx: Ctx, { from, until }: { from?: string | undefined; until?: string | undefined }, most = DAYS_MOST): Promise<{ from: string; until: string }> {
  const yesterday = from ?? until ?? await findYesterday(ctx)
  const days = { from: from ?? until ?? yesterday, until: until ?? from ?? yesterday }
  const count = (Date.parse(days.until) - Date.parse(days.from)) / 86_400_000 + 1
  if (count < 1 || count > most) throw new AppError('validation_failed', `Ask for 1 to ${most} days.`)
  return days
}

// Days are the database's: a process whose clock is wrong would name a day that is not closed.
async function findYesterday(ctx: Ctx): Promise<string> {
  const { rows } = await ctx.sql.execute<{ day: string }>(sql`select ((app_now() at time zone 'Asia/Jakarta')::date - 1)::text as day`)
  return rows[0]!.day
}

async function firstRows(ctx: Ctx, report: Report, days: { from: string; until: string }) {
  const rows: (string | number | null)[][] = []
  for await (const row of report.rows(ctx, days)) {
    if (rows.length === JSON_ROWS_MOST) return { rows, isComplete: false }
    rows.push(row.map(plain))
  }
  return { rows, isComplete: true }
}

function plain(cell: Cell): string | number | null {
  return cell instanceof Date ? cell.toISOString() : cell ?? null
}
