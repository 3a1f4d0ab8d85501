// A Fastify route that answers one body, and nothing else. Prints its port. Arguments: the body.
import fastify from 'fastify'
import type { AddressInfo } from 'node:net'

const [body = ''] = process.argv.slice(2)
const answer = Buffer.from(body)
const app = fastify()
app.get('/api/v1/availability', (_request, reply) => reply.type('application/json; charset=utf-8').send(answer))
await app.listen({ host: '127.0.0.1', port: 0 })
console.log((app.server.address() as AddressInfo).port) // a listening TCP server has one
