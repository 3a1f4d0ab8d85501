import type { Http2SecureServer } from 'node:http2'
import { Duplex, Transform } from 'node:stream'
import type { TLSSocket } from 'node:tls'

/** `https:` as HTTP/2 compresses it, with its length, and `https` in as many bytes. */
const wrong = Buffer.from('859d29ad173f', 'hex')
const right = Buffer.concat([Buffer.from([5]), Buffer.from('https')])

/**
 * firebase-admin 14 sends `:scheme: https:` over HTTP/2, with the colon. Google takes it; Node's server ends the stream
 * with a protocol error before anybody can look at it. So what comes in is mended on its way. Those bytes are no UTF-8:
 * no body has them.
 */
export function acceptSchemeWithColon(server: Http2SecureServer): void {
  const accept = server.listeners('secureConnection')
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', (socket: TLSSocket) => {
    const accepted = socket.alpnProtocol === 'h2' ? mended(socket) : socket
    for (const listener of accept) Reflect.apply(listener, server, [accepted])
  })
}

function mended(socket: TLSSocket): Duplex {
  const mend = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (let at = chunk.indexOf(wrong); at !== -1; at = chunk.indexOf(wrong, at)) right.copy(chunk, at)
      done(null, chunk)
    },
  })
  socket.on('error', (error) => mend.destroy(error))
  const duplex = Duplex.from({ readable: socket.pipe(mend), writable: socket })
  duplex.on('close', () => socket.destroy())
  return Object.assign(duplex, { alpnProtocol: 'h2' })
}
