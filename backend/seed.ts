// What a database needs besides its schema: node backend/seed.ts [--demo]
// Packages and the first super_admin (ADMIN_EMAIL, ADMIN_PASSWORD); with --demo, in development, people to try the product with.
// Repeatable: what is there already is left as it is. Needs the service's environment; writes as MIGRATION_DATABASE_URL where that is set.
import { parseArgs } from 'node:util'
import { acceptConsent, changeProfile, DOCUMENTS, ensurePerson, type Gender, type Kind } from './modules/identity/index.ts'
import { applyAsMitra, approveMitra, findMitras } from './modules/mitras/index.ts'
import { seedPackages } from './modules/sessions/index.ts'
import { loadSettings } from './modules/settings/index.ts'
import { ensureDemoStaff, ensureFirstSuperAdmin } from './modules/staff/index.ts'
import type { Ctx } from './platform/ctx.ts'
import { transact } from './platform/database.ts'
import { EnvError, readEnv } from './platform/env.ts'
import { createWorld } from './world.ts'

const PACKAGES = [
  { minutes: 15, priceIdr: 25_000 },
  { minutes: 30, priceIdr: 45_000 },
  { minutes: 60, priceIdr: 80_000 },
]

const DEMO_MITRAS = [
  { phone: '+6281210000001', displayName: 'Ayu Lestari', gender: 'female', topics: ['work', 'family'], languages: ['id', 'en'], bio: 'Listens first. Ten years a nurse.' },
  { phone: '+6281210000002', displayName: 'Bagus Pratama', gender: 'male', topics: ['study', 'friends'], languages: ['id'], bio: 'Was a teacher, is a father, laughs easily.' },
  { phone: '+6281210000003', displayName: 'Dewi Anggraini', gender: 'female', topics: ['love', 'work'], languages: ['id', 'jv'], bio: 'Good company for long evenings.' },
] as const satisfies readonly { phone: string; displayName: string; gender: Gender; topics: string[]; languages: string[]; bio: string }[]
const DEMO_CUSTOMER = { phone: '+6281220000001', displayName: 'Citra Wulandari', gender: 'female' } as const
const DEMO_STAFF = { email: 'admin@halobestie.test', password: 'halo-bestie-demo' }

/** Packages on sale, and the first super_admin where the environment names one. */
export async function seedBasics(ctx: Ctx): Promise<{ isSuperAdminNew: boolean }> {
  await transact(ctx, (tx) => seedPackages(tx, PACKAGES))
  const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = ctx.env
  return { isSuperAdminNew: email !== undefined && password !== undefined && (await ensureFirstSuperAdmin(ctx, { email, password })) }
}

export type Demo = {
  /** Numbers of those demo mitras who are approved. */
  mitras: string[]
  customerPhone: string
  staff: { email: string; password: string }
}

/** Development only: people to try the product with. ADMIN_EMAIL and ADMIN_PASSWORD win over the demo account's. */
export async function seedDemo(ctx: Ctx): Promise<Demo> {
  await seedBasics(ctx)
  const staff = { email: ctx.env.ADMIN_EMAIL ?? DEMO_STAFF.email, password: ctx.env.ADMIN_PASSWORD ?? DEMO_STAFF.password }
  const staffId = await ensureDemoStaff(ctx, { ...staff, displayName: 'Demo', role: 'super_admin', mustChangePassword: false })
  const [approved] = await Promise.all([
    Promise.all(DEMO_MITRAS.map((mitra) => demoMitra(ctx, staffId, mitra))),
    demoPerson(ctx, 'customer', DEMO_CUSTOMER),
  ])
  return { mitras: approved.flatMap((phone) => phone ?? []), customerPhone: DEMO_CUSTOMER.phone, staff }
}

/** The mitra's number, if they may serve: one who was deactivated or turned down since stays so. */
async function demoMitra(ctx: Ctx, staffId: string, mitra: (typeof DEMO_MITRAS)[number]): Promise<string | undefined> {
  const id = await demoPerson(ctx, 'mitra', mitra)
  const known = (await findMitras(ctx.sql, [id])).get(id)
  if (known && known.status !== 'applied') return known.status === 'approved' ? mitra.phone : undefined
  await applyAsMitra(ctx, id, { bio: mitra.bio, topics: [...mitra.topics], languages: [...mitra.languages] })
  await transact(ctx, (tx) => approveMitra(tx, { mitraId: id, staffId, reason: 'demo' }))
  return mitra.phone
}

async function demoPerson(ctx: Ctx, kind: Kind, who: { phone: string; displayName: string; gender: Gender }): Promise<string> {
  return transact(ctx, async (tx) => {
    const { user, isNew } = await ensurePerson(tx, { kind, phone: who.phone })
    if (!isNew && user.displayName !== null) return user.id
    await changeProfile(tx, user.id, { displayName: who.displayName, gender: who.gender, birthDate: '1995-04-21' })
    for (const document of DOCUMENTS) await acceptConsent(tx.sql, tx.settings, user.id, { document, version: tx.settings.get('termsVersion') })
    return user.id
  })
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { demo: { type: 'boolean', default: false } } })
  const env = readEnv({ ...process.env, DATABASE_URL: process.env['MIGRATION_DATABASE_URL'] ?? process.env['DATABASE_URL'] })
  if (values.demo && env.APP_ENV !== 'development') throw new Error('--demo is for APP_ENV=development only')
  const world = createWorld(env, { applicationName: 'halobestie-seed' })
  const { ctx } = world
  try {
    await loadSettings(ctx)
    if (values.demo) await seedDemo(ctx)
    const { isSuperAdminNew } = await seedBasics(ctx)
    console.log(isSuperAdminNew ? 'seeded; the first super_admin is ADMIN_EMAIL' : 'seeded')
  } finally {
    await world.close()
  }
}

if (import.meta.main) {
  try {
    await main()
  } catch (error) {
    // A failed query tells its parameters in its message; what the database said is in its cause.
    const told = error instanceof Error && error.cause instanceof Error ? error.cause : error
    console.error(error instanceof EnvError ? error.message : `seed: ${told instanceof Error ? told.message : String(told)}`)
    process.exitCode = 1
  }
}
