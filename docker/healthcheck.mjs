// Asks the process of this container: node docker/healthcheck.mjs [/ready]. Exit code 1 unless it answers 200.
// Liveness by default: an orchestrator that replaces what is not ready would replace every replica while Postgres is away.
const host = process.env.HOST && !['0.0.0.0', '::'].includes(process.env.HOST) ? process.env.HOST : '127.0.0.1'
const url = `http://${host.includes(':') ? `[${host}]` : host}:${process.env.PORT || 3000}${process.argv[2] ?? '/health'}`
const status = await fetch(url, { signal: AbortSignal.timeout(4000) }).then((answer) => answer.status, () => 0)
process.exit(status === 200 ? 0 : 1)
