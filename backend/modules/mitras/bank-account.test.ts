import t from 'tap'
import type { Ctx } from '../../platform/ctx.ts'
import type { Env } from '../../platform/env.ts'
import { crowd } from '../../testing/crowd.ts'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import type { Person } from '../../testing/people.ts'
import { findBankAccount, readDestination, reencryptBankAccounts } from './index.ts'
import { BANKS, readBankAccount } from './rules-bank.ts'

const MADE = { bankCode: 'BCA', accountNumber: '7310 2845 96', accountHolderName: ' I Made  Wirawan ' }

t.test('what can be paid out to', async (t) => {
  t.same(readBankAccount(MADE), { account: { bankCode: 'BCA', accountNumber: '7310284596', accountHolderName: 'I Made Wirawan' } }, 'spaces, dots and dashes are nobody’s')
  t.match(readBankAccount({ ...MADE, bankCode: 'bri', accountNumber: '0012-01-000123-50-4' }), { account: { bankCode: 'BRI', accountNumber: '001201000123504' } })
  for (const name of ['Siti', 'Ni Luh Ayu', 'O’Brien', "D'Souza", 'Muh. Ridwan, S.Kom', 'José']) t.match(readBankAccount({ ...MADE, accountHolderName: name }), { account: {} }, name)
  const wrong: [Partial<typeof MADE>, string][] = [
    [{ bankCode: 'NOBANK' }, 'bankCode'], [{ bankCode: 'toString' }, 'bankCode'], [{ bankCode: '__proto__' }, 'bankCode'],
    [{ accountNumber: '731028459' }, 'accountNumber'], [{ accountNumber: '73102845961' }, 'accountNumber'], [{ accountNumber: '73102845x6' }, 'accountNumber'],
    [{ accountNumber: '0000000000' }, 'accountNumber'], [{ accountNumber: '٧٣١٠٢٨٤٥٩٦' }, 'accountNumber'],
    [{ accountHolderName: 'A' }, 'accountHolderName'], [{ accountHolderName: '12345' }, 'accountHolderName'], [{ accountHolderName: '=cmd()' }, 'accountHolderName'],
  ]
  for (const [change, path] of wrong) t.match(readBankAccount({ ...MADE, ...change }), { problems: [{ path }] }, JSON.stringify(change))
  t.match(readBankAccount({ bankCode: 'x', accountNumber: '', accountHolderName: '' }), { problems: [{ path: 'bankCode' }, { path: 'accountHolderName' }] }, 'all that is wrong at once')
  for (const [code, { digits: [least, most] }] of Object.entries(BANKS)) {
    t.ok(least >= 4 && least <= most, code)
    for (const length of [least, most]) t.match(readBankAccount({ bankCode: code, accountNumber: '1'.repeat(length), accountHolderName: 'Made' }), { account: {} }, `${code}: ${length} digits`)
    for (const length of [least - 1, most + 1]) t.match(readBankAccount({ bankCode: code, accountNumber: '1'.repeat(length), accountHolderName: 'Made' }), { problems: [{}] }, `${code}: ${length} digits`)
  }
})

const put = (mitra: Person, body: object) => mitra.call('PUT', '/api/v1/mitra/bank-account', { body })
const show = (mitra: Person) => mitra.call('GET', '/api/v1/mitra/bank-account')
const rowsOf = (app: TestApp, mitra: Person) => app.query<{ id: string; key_id: string; replaced_at: Date | null; number_encrypted: Buffer; holder_encrypted: Buffer }>(
  'select * from mitra_bank_accounts where mitra_id = $1 order by created_at', [mitra.id])

t.test('a mitra’s bank account', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false, worker: { timed: false } })
  const { ctx } = app.replicas[0]!
  const newMitra = async () => (await crowd(app, { kind: 'mitra', count: 1 }))[0]!

  t.test('is told back masked, to its owner too', async (t) => {
    const mitra = await newMitra()
    t.same((await show(mitra)).body, { bankAccount: null })
    const told = { bankAccount: { bankCode: 'BCA', accountNumberMasked: '••••4596', accountHolderMasked: 'I*** M*** W***', createdAt: String } }
    t.match(await put(mitra, MADE), { status: 200, body: told })
    t.match((await show(mitra)).body, told)
    const { id } = (await findBankAccount(ctx.sql, ctx, mitra.id))!
    t.same(await readDestination(ctx.sql, ctx, id), { channelCode: 'ID_BCA', accountNumber: '7310284596', holderName: 'I Made Wirawan' }, 'the provider alone gets it in clear')
    t.match(await put(mitra, { ...MADE, accountNumber: '12' }), { status: 400, body: { code: 'validation_failed', errors: [{ path: 'accountNumber' }] } })
    t.notMatch((await put(mitra, { ...MADE, accountNumber: '12345678901' })).text, /12345678901/, 'a refusal does not repeat the number')
  })

  t.test('is replaced, never changed, and its owner hears of it', async (t) => {
    const mitra = await newMitra()
    await put(mitra, MADE)
    await put(mitra, { ...MADE, accountNumber: '7310284596' })
    t.equal((await rowsOf(app, mitra)).length, 1, 'the same account again changes nothing')
    t.same(await app.query('select 1 from notifications where user_id = $1', [mitra.id]), [], 'the first one is no news')
    await put(mitra, { ...MADE, bankCode: 'BNI', accountNumber: '0223344556' })
    const [old, current] = await rowsOf(app, mitra)
    t.ok(old!.replaced_at, 'the old one is kept for the payouts that went there')
    t.equal(current!.replaced_at, null)
    t.match(await app.query('select kind, body from notifications where user_id = $1', [mitra.id]), [{ kind: 'bank_account', body: /BNI ••••4556/ }])
  })

  t.test('two at once on two replicas: one of them is in force', async (t) => {
    const mitra = await newMitra()
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => put(mitra.on(n % 2), { ...MADE, accountNumber: `731028459${n}` })))
    t.same(answers.map((answer) => answer.status), answers.map(() => 200))
    const rows = await rowsOf(app, mitra)
    t.equal(rows.length, 8)
    t.equal(rows.filter((row) => row.replaced_at === null).length, 1)
  })

  t.test('stands nowhere in clear, and a value moved to another row is no value', async (t) => {
    const [mitra, other] = [await newMitra(), await newMitra()]
    const canary = { bankCode: 'MANDIRI', accountNumber: '9081726354001', accountHolderName: 'Kanari Kuningwati' }
    await put(mitra, canary)
    await put(other, MADE)
    const tables = await app.query<{ name: string }>(`select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`)
    for (const { name } of tables) {
      const [{ dump }] = await app.query<{ dump: string | null }>(`select string_agg(r::text, ' ') as dump from ${name} r`) as [{ dump: string | null }]
      t.notMatch(dump ?? '', new RegExp(`${canary.accountNumber}|Kuningwati|${Buffer.from(canary.accountNumber).toString('hex')}`), name)
    }
    const [[row], [others]] = [await rowsOf(app, mitra), await rowsOf(app, other)]
    await app.query('update mitra_bank_accounts set number_encrypted = $2 where id = $1', [others!.id, row!.number_encrypted])
    await t.rejects(readDestination(ctx.sql, ctx, others!.id), 'the row is authenticated')
    await app.query('delete from mitra_bank_accounts where id = $1', [others!.id])
  })

  t.test('is encrypted anew when the key is replaced, and the old key may go then', async (t) => {
    const mitra = await newMitra()
    await put(mitra, MADE)
    const key = (id: string, byte: number, active: boolean) => ({ id, key: Buffer.alloc(32, byte).toString('base64'), active })
    const world = (keys: Env['DATA_ENCRYPTION_KEYS']): Ctx => ({ ...ctx, env: { ...ctx.env, DATA_ENCRYPTION_KEYS: keys } })
    const [rotating, after] = [world([key('test', 7, false), key('next', 9, true)]), world([key('next', 9, true)])]
    const id = (await rowsOf(app, mitra))[0]!.id
    t.match(await readDestination(ctx.sql, rotating, id), { accountNumber: '7310284596' }, 'what the old key wrote is read meanwhile')
    const counts = await Promise.all([reencryptBankAccounts(rotating, 2), reencryptBankAccounts(rotating, 500)])
    t.ok(counts.every((count) => count <= 500))
    while (await reencryptBankAccounts(rotating, 500) > 0);
    t.same(await app.query(`select distinct key_id from mitra_bank_accounts`), [{ key_id: 'next' }], 'replaced ones too')
    t.match(await readDestination(ctx.sql, after, id), { accountNumber: '7310284596', holderName: 'I Made Wirawan' })
    await t.rejects(readDestination(ctx.sql, ctx, id), 'the old key alone reads it no more')
  })
})

