import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { signIn } from '../../testing/people.ts'
import { connect } from '../../testing/socket.ts'
import { eventually } from '../../testing/wait.ts'

t.test('pings and pongs that nobody asked for cost what frames cost; answers to our pings cost nothing', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { framesBurst: 20, framesPerSecond: 1, framesOverSeconds: 1, pingSeconds: 1 } })
  const { hub } = app.replicas[0]!.realtime
  await Promise.all((['ping', 'pong'] as const).map(async (flood) => {
    const socket = await connect(await signIn(app, { kind: 'customer' }))
    for (let n = 0; n < 40; n++) socket.raw[flood]()
    t.match(await socket.next('error'), { code: 'too_many_frames' }, flood)
    const again = setInterval(() => socket.isOpen() && socket.raw[flood](), 20)
    t.teardown(() => clearInterval(again))
    t.equal((await socket.closed).code, 4429, flood)
  }))
  const person = await signIn(app, { kind: 'customer' })
  const quiet = await connect(person)
  const [connection] = hub.socketsOf(person.id)
  await eventually(() => connection!.pingedAtMs > 0 && !connection!.awaitsPong, 'it has answered a ping')
  t.equal(connection!.bucket.left, 20)
  await quiet.close()
})

t.test('coming back renews nothing of what a person may send', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { framesBurst: 20, framesPerSecond: 1, framesOverSeconds: 60 } })
  const person = await signIn(app, { kind: 'customer' })
  const beganAtMs = performance.now()
  let passed = 0
  for (let round = 0; round < 8; round++) {
    const socket = await connect(person)
    for (let n = 0; n < 20; n++) socket.send({ type: 'nothing' })
    await eventually(() => socket.all('error').length === 20, 'each is answered')
    passed += socket.all('error').filter((frame) => frame['code'] === 'unknown_type').length
    await socket.close()
    await eventually(() => !app.replicas[0]!.realtime.hub.isConnected(person.id), 'it has gone')
  }
  const most = 40 + 2 * Math.ceil((performance.now() - beganAtMs) / 1000)
  t.ok(passed >= 40 && passed <= most, `${passed} of 160 passed, ${most} at most`)
})
