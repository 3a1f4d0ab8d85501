import { hostname } from 'node:os'
import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { findOutboxState } from '../../platform/outbox-state.ts'
import { findQueueDepths } from '../../platform/queue-depths.ts'
import { findReplicas } from '../../platform/replicas.ts'
import { findLastCheck } from '../ledger/index.ts'
import { checkSchema } from '../../platform/migrations.ts'
import { countInbox } from '../payments/index.ts'
import type { SystemReply } from './system-contract.ts'

/** What this replica is, and how the things it stands on are. */
export async function findSystemState(ctx: Ctx): Promise<SystemReply> {
  const [{ rows }, schema, outbox, inbox, drift, replicas, queues, check] = await Promise.all([
    ctx.sql.execute<{ version: string }>(sql`select current_setting('server_version') as version`),
    checkSchema(ctx.sql), findOutboxState(ctx.sql), countInbox(ctx.sql), ctx.metrics.mirrorDrift.get(), findReplicas(ctx.sql), findQueueDepths(ctx), findLastCheck(ctx.sql),
  ])
  return {
    replica: { host: hostname(), pid: process.pid, version: ctx.env.version, uptimeSeconds: Math.round(process.uptime()), environment: ctx.env.APP_ENV },
    versions: { node: process.version, postgres: rows[0]?.version ?? '', schema: schema.found },
    postgres: { status: 'up', poolTotal: ctx.pool.totalCount, poolIdle: ctx.pool.idleCount, poolWaiting: ctx.pool.waitingCount },
    valkey: { status: ctx.valkey.isUp() ? 'up' : 'down' },
    replicas, queues, outbox, inbox,
    mirror: { drift: drift.values[0]?.value ?? 0 },
    ledger: check ? { checkedAt: check.checkedAt.toISOString(), tookMs: check.tookMs, driftIdr: check.driftIdr, problems: check.problems.length } : null,
  }
}
