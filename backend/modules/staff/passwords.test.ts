import { argon2Sync } from 'node:crypto'
import t from 'tap'
import { hashPassword, NOBODYS_HASH, verifyPassword } from './passwords.ts'

t.test('the runtime computes argon2id as RFC 9106 says', async (t) => {
  const tag = argon2Sync('argon2id', {
    message: Buffer.alloc(32, 1), nonce: Buffer.alloc(16, 2), secret: Buffer.alloc(8, 3), associatedData: Buffer.alloc(12, 4),
    parallelism: 4, tagLength: 32, memory: 32, passes: 3,
  })
  t.equal(tag.toString('hex'), '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659')
})

t.test('a hash names its parameters and verifies its own password only', async (t) => {
  const hash = await hashPassword('correct horse battery')
  t.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.equal(await verifyPassword(hash, 'correct horse battery'), true)
  t.equal(await verifyPassword(hash, 'correct horse batter'), false)
  t.not(await hashPassword('correct horse battery'), hash, 'salted')
})

t.test('letters composed otherwise are the same letters', async (t) => {
  t.equal(await verifyPassword(await hashPassword('caf\u00e9 caf\u00e9 caf\u00e9'), 'cafe\u0301 cafe\u0301 cafe\u0301'), true)
})

t.test('nobody has the hash that stands in for a missing account, and a broken one verifies nothing', async (t) => {
  t.equal(await verifyPassword(NOBODYS_HASH, ''), false)
  t.equal(await verifyPassword('plain', 'plain'), false)
})
