import pg from 'pg'
import { migrateUp } from '../platform/migrations.ts'
import type { Postgres } from './servers/postgres.ts'

export const OWNER_ROLE = 'halobestie_owner'
export const APP_ROLE = 'halobestie_app'
export const TEMPLATE = 'halobestie_template'

// The one clock of the product, plus a shift that tests move; or where a test has stopped it.
const TEST_CLOCK = `
  create table test_clock (shift interval not null, stands_at timestamptz);
  insert into test_clock values (interval '0');
  create or replace function app_now() returns timestamptz language sql stable parallel safe
    as $$ select date_trunc('milliseconds', coalesce(stands_at, statement_timestamp() + shift)) from public.test_clock $$;
  grant select, update on test_clock to ${APP_ROLE};`

async function asClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

/** Makes the clock of a migrated database one that tests can move. */
export function addTestClock(ownerUrl: string): Promise<void> {
  return asClient(ownerUrl, async (client) => {
    await client.query(TEST_CLOCK)
  })
}

/** Makes the two roles and the database that every test clones: migrated, with a clock that tests can move. */
export async function prepareTemplate(postgres: Postgres): Promise<void> {
  await asClient(postgres.url(), async (client) => {
    await client.query(`create role ${OWNER_ROLE} login; create role ${APP_ROLE} login`)
    await client.query(`create database ${TEMPLATE} owner ${OWNER_ROLE}`)
  })
  const ownerUrl = postgres.url(OWNER_ROLE, TEMPLATE)
  await migrateUp({ url: ownerUrl, appRole: APP_ROLE, log: () => {} })
  await addTestClock(ownerUrl)
  // A template that somebody is connected to can't be cloned.
  await asClient(postgres.url(), async (client) => {
    await client.query(`alter database ${TEMPLATE} with allow_connections false is_template true`)
  })
}
