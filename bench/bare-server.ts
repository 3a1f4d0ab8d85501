// A WebSocket server that does nothing but greet: what a herd costs without a product behind it. Prints its port.
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, clientTracking: false, backlog: 4096 })
server.on('connection', (socket) => {
  socket.on('message', () => socket.send('{"type":"conversation:synced","messages":[{"body":"missed"}]}'))
  socket.send('{"type":"ready"}')
})
server.on('listening', () => {
  const address = server.address()
  console.log(typeof address === 'object' && address !== null ? address.port : '')
})
