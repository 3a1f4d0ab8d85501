import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createEncryption, hashPhone, phoneHashKey } from './encryption.ts'

const key = (id: string, active: boolean) => ({ id, key: randomBytes(32).toString('base64'), active })

t.test('what was encrypted is read again, and never looks the same twice', async (t) => {
  const encryption = createEncryption([key('a', true)])
  const once = encryption.encrypt('+6281234567890', 'phone')
  t.equal(encryption.decrypt(once, 'phone'), '+6281234567890')
  t.notOk(once.equals(encryption.encrypt('+6281234567890', 'phone')))
  t.notOk(once.includes('+62812'))
})

t.test('a replaced key still reads what it wrote; without it nothing is read', async (t) => {
  const old = key('old', true)
  const written = createEncryption([old]).encrypt('text', 'phone')
  t.equal(createEncryption([{ ...old, active: false }, key('new', true)]).decrypt(written, 'phone'), 'text')
  t.throws(() => createEncryption([key('new', true)]).decrypt(written, 'phone'))
})

t.test('a changed byte, another purpose and rubbish are refused', async (t) => {
  const encryption = createEncryption([key('a', true)])
  const written = encryption.encrypt('text', 'phone')
  for (let at = 0; at < written.length; at++) {
    const changed = Buffer.from(written)
    changed[at] = changed[at]! ^ 1
    t.throws(() => encryption.decrypt(changed, 'phone'), `byte ${at}`)
  }
  t.throws(() => encryption.decrypt(written, 'bank-account'))
  t.throws(() => encryption.decrypt(Buffer.alloc(0), 'phone'))
  t.throws(() => encryption.decrypt(written.subarray(0, 20), 'phone'))
})

t.test('the phone hash depends on its key alone, and the derived key on the first data key alone', async (t) => {
  const first = key('a', true)
  const derived = phoneHashKey({ PHONE_HASH_KEY: undefined, DATA_ENCRYPTION_KEYS: [first] })
  const rotated = phoneHashKey({ PHONE_HASH_KEY: undefined, DATA_ENCRYPTION_KEYS: [{ ...first, active: false }, key('b', true)] })
  t.ok(derived.equals(rotated))
  t.ok(hashPhone(derived, '+6281234567890').equals(hashPhone(rotated, '+6281234567890')))
  const given = phoneHashKey({ PHONE_HASH_KEY: 'x'.repeat(32), DATA_ENCRYPTION_KEYS: [first] })
  t.notOk(hashPhone(given, '+6281234567890').equals(hashPhone(derived, '+6281234567890')))
})
