import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from '@prometheus-io/client'
import type { Pool } from 'pg'

export type Metrics = ReturnType<typeof createMetrics>

const OF_THE_DATABASE = 'The same on every replica: take one, never the sum.'

/**
 * Every metric of the product, by name, in one place. One registry a process (two replicas in a test have two). Labels
 * have few values that we chose; never an id, a number, a name or a path as it was asked for. docs/metrics.md has each.
 */
export function createMetrics(options: { processMetrics: boolean } = { processMetrics: true }) {
  const registry = new Registry()
  if (options.processMetrics) collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = (name: string, help: string, labelNames: string[] = []) => new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string, labelNames: string[] = []) => new Gauge({ name, help, labelNames, registers })
  const histogram = (name: string, help: string, buckets: number[], labelNames: string[] = []) => new Histogram({ name, help, labelNames, buckets, registers })
  return {
    registry,
    /** The pools that are watched, by name; looked at when somebody scrapes. */
    pools: new Map<string, Pick<Pool, 'totalCount' | 'idleCount' | 'waitingCount' | 'options'>>(),
    buildInfo: gauge('halobestie_build_info', 'Always 1; what runs is in the labels.', ['version', 'node']),
    ready: gauge('service_ready', 'Whether /ready of this replica answers 200.'),
    postgresUp: gauge('postgres_up', 'Whether this replica reaches Postgres.'),
    schemaVersion: gauge('schema_version', 'The schema that the database has, and the oldest and newest that this replica works on.', ['which']),
    memoryLimitBytes: gauge('memory_limit_bytes', 'What the container allows this process; 0 without a limit.'),
    switchClosed: gauge('switch_closed', `Whether a switch of the settings closes this. ${OF_THE_DATABASE}`, ['what']),
    clockSkewSeconds: gauge('clock_skew_seconds', 'By how much the machine of this replica is ahead of Postgres, which tells the time here.'),
    poolConnections: gauge('postgres_pool_connections', 'Connections of this replica to Postgres that are busy or idle, and the most there may be.', ['pool', 'state']),
    poolWaiting: gauge('postgres_pool_waiting', 'What waits for a connection to Postgres.', ['pool']),
    poolWaitSeconds: histogram('postgres_pool_wait_seconds', 'What it waited, where one was had.', [0.001, 0.005, 0.025, 0.1, 0.5, 1, 3, 6], ['pool']),
    poolRefused: counter('postgres_pool_refused_total', 'Times that no connection could be had.', ['pool']),
    httpDuration: histogram('http_request_duration_seconds', 'Duration of HTTP requests.', [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2.5, 5, 10], ['method', 'route', 'status_code']),
    httpRequests: counter('http_requests_total', 'HTTP requests.', ['method', 'route', 'status_code']),
    sockets: gauge('realtime_sockets', 'Open authenticated sockets.'),
    readyWaiting: gauge('realtime_ready_waiting', 'Sockets whose first state is being read or waits for it.'),
    frames: counter('realtime_frames_total', 'Frames received.', ['type']),
    resumes: counter('realtime_resumes_total', 'Conversations that a client came back to, by whether it had missed messages.', ['missed']),
    sends: counter('message_sends_total', 'Messages that sockets sent, by the answer: acked, refused for good, or to be sent again.', ['outcome']),
    ackSeconds: histogram('message_ack_seconds', 'From a message:send to its message:ack.', [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]),
    messagesStored: counter('chat_messages_stored_total', 'Messages committed.'),
    sendBatch: histogram('chat_send_batch_size', 'Messages in one commit.', [1, 2, 4, 8, 16, 32, 64, 128]),
    healed: counter('realtime_healed_total', 'What the healer delivered because pub/sub had not.', ['what']),
    liveBoards: counter('live_boards_total', 'Boards made for the open pages of the control center.'),
    slowSockets: counter('realtime_slow_sockets_total', 'Sockets closed because they read too slowly.'),
    slowSocketBytes: histogram('realtime_slow_socket_bytes', 'What waited for a socket when it was closed for reading too slowly.', [262_144, 524_288, 786_432, 1_048_576, 2_097_152]),
    outboxOldestSeconds: gauge('outbox_oldest_seconds', `Age of the oldest due outbox row that is not done. ${OF_THE_DATABASE}`),
    outboxRows: gauge('outbox_rows', `Outbox rows that wait (due or not yet) or are parked. ${OF_THE_DATABASE}`, ['state']),
    inboxRows: gauge('inbox_rows', `Webhooks that are not applied yet or are parked. ${OF_THE_DATABASE}`, ['state']),
    inboxOldestSeconds: gauge('inbox_oldest_seconds', `Age of the oldest webhook that is not applied. ${OF_THE_DATABASE}`),
    queueJobs: gauge('queue_jobs', 'Jobs in Valkey; nothing while it is away. The same on every replica: take one, never the sum.', ['queue', 'state']),
    outboxDone: counter('outbox_done_total', 'Outbox rows done.', ['topic', 'by']),
    outboxParked: counter('outbox_parked_total', 'Outbox rows given up and parked for staff.', ['topic']),
    sweepRescues: counter('sweep_rescues_total', 'Due rows that a sweep found.', ['what']),
    sweepErrors: counter('sweep_errors_total', 'Sweeps that failed.', ['what']),
    jobErrors: counter('job_errors_total', 'Jobs whose run failed; their rows are swept.', ['queue']),
    mirrorDrift: gauge('mirror_drift', `Members that differ between the Valkey mirror and Postgres. ${OF_THE_DATABASE}`),
    mirrorReseeds: counter('mirror_reseeds_total', 'Rebuilds of the Valkey mirror.'),
    valkeyUp: gauge('valkey_up', 'Whether this replica reaches Valkey.'),
    providerCalls: counter('provider_calls_total', 'Calls to outside companies.', ['provider', 'call', 'outcome']),
    providerSeconds: histogram('provider_call_seconds', 'What they took, however they ended.', [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10], ['provider', 'call']),
    webhooks: counter('webhooks_total', 'Webhooks by what became of them.', ['provider', 'kind', 'outcome']),
    pushes: counter('pushes_total', 'Pushes by what a try came to.', ['kind', 'result']),
    pushAcceptSeconds: histogram('push_accept_seconds', 'From the commit of a push, or the end of what it was held back for, until it was accepted.', [0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 3600], ['priority']),
    pushAcks: counter('push_acks_total', 'Pushes that a device told of, each once: that it got them, and that the person opened them.', ['kind', 'event']),
    scheduledNotices: counter('scheduled_notices_total', 'Scheduled notices whose time had come, by what became of them.', ['outcome']),
    noticeFaults: counter('notice_faults_total', 'Notices whose words could not be shown as they are written, and others were shown.', ['template', 'reason']),
    pushesWaiting: gauge('pushes_waiting', `Pushes that are due and not sent, at most 10,000 of each priority. ${OF_THE_DATABASE}`, ['priority']),
    pushOldestSeconds: gauge('push_oldest_seconds', `For how long the oldest of them has been due. ${OF_THE_DATABASE}`, ['priority']),
    pushHeldSeconds: gauge('push_held_seconds', 'For how long this replica still sends no push below urgent, because FCM asked for less; 0 as a rule.'),
    letters: counter('letters_total', 'E-mails and SMS by result.', ['channel', 'result']),
    signups: counter('signups_total', 'Accounts that were made.', ['kind']),
    sessionsStarted: counter('sessions_started_total', 'Sessions that a mitra took.'),
    sessionsOpen: gauge('sessions_open', `Sessions that are not over. ${OF_THE_DATABASE}`, ['state']),
    customersWaitingSeconds: gauge('customers_waiting_oldest_seconds', `How long the first in the queue has waited. ${OF_THE_DATABASE}`),
    mitrasOnline: gauge('mitras_online', `Mitras who are online. ${OF_THE_DATABASE}`, ['state']),
    moneyTodayIdr: gauge('money_today_idr', `Rupiah of today in Jakarta: our revenue, what mitras earned, what customers paid. ${OF_THE_DATABASE}`, ['what']),
    sessionsEnded: counter('sessions_ended_total', 'Sessions that reached a terminal state.', ['state', 'reason']),
    notifyAnswered: counter('notify_answered_total', 'Customers who were told that somebody is free.', ['asked']),
    ratings: counter('ratings_total', 'Ratings by their score.', ['score']),
    waitEstimates: counter('wait_estimates_total', 'Waiting times that were told, by what became of them: within the p50, within the p90, late, left before the p50 or between the two, unknown.', ['verdict']),
    waitForecastSeconds: histogram('wait_forecast_seconds', 'What a simulation of the waiting times took.', [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05]),
    ledgerDriftIdr: gauge('ledger_drift_idr', `Rupiah by which balances and entries differ, or that stand in the escrow of a session that is over. ${OF_THE_DATABASE}`),
    ledgerCheckAgeSeconds: gauge('ledger_check_age_seconds', `Time since the books were checked. ${OF_THE_DATABASE}`),
    reconciliationDifferences: counter('reconciliation_differences_total', 'Differences between our books and the provider’s lists.', ['kind', 'outcome']),
    reconciliationCompared: counter('reconciliation_compared_total', 'What was compared with the provider: listed, or asked about by name.', ['part']),
    reconciliationUnfinished: counter('reconciliation_unfinished_total', 'Parts of comparisons that were not finished, and why.', ['part', 'reason']),
    moneyNeedsStaff: gauge('money_needs_staff', `Refunds, payouts, wallets of recycled numbers and suspended money that wait for a person. ${OF_THE_DATABASE}`, ['what']),
    safetyCases: counter('safety_cases_total', 'Cases opened.', ['kind']),
    sanctions: counter('safety_sanctions_total', 'Warnings, suspensions and bans.', ['kind']),
    crisisEscalations: counter('safety_crisis_escalations_total', 'Crises that nobody took in time, each time.'),
    crisisWaiting: gauge('safety_crisis_waiting', `Crises that no member of staff has taken. ${OF_THE_DATABASE}`),
    crisisOldestSeconds: gauge('safety_crisis_oldest_seconds', `Age of the oldest of them. ${OF_THE_DATABASE}`),
    rateLimited: counter('rate_limited_total', 'Requests refused by a limit.', ['limit']),
  }
}
