import type { TestApp } from '../../backend/testing/app.ts'
import { stage } from '../../backend/testing/stage.ts'

/** What is there for every test to look at; nobody changes it. `paths`: an address for each page of the registry that shows one thing. */
export type Seeds = { sessionId: string; customerId: string; mitraId: string; paths: Readonly<Record<string, string>> }

/** The data of the house: enough that every page has something to show. */
export async function seedHouse(app: TestApp): Promise<Seeds> {
  const active = await stage(app, 'active', { phones: true })
  const [sessionId, customerId, mitraId] = [active.sessionId, active.customer.id, active.mitra.id]
  return { sessionId, customerId, mitraId, paths: {} }
}
