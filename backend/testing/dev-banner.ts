import type { Env } from '../platform/env.ts'

export type DemoSignIns = { mitras: string[]; customerPhone: string; staff: { email: string; password: string } }

/** What `npm start` prints once everything is up: the URLs and who can sign in. */
export function banner(facts: { env: Env; demo: DemoSignIns; simulatorUrl: string; hasPlayground: boolean; pagesMissing?: string | undefined; seconds: number }): string {
  const { env, demo } = facts
  const publicUrl = `http://127.0.0.1:${env.PORT}`
  const internalUrl = `http://${env.INTERNAL_HOST}:${env.INTERNAL_PORT}`
  const rows = [
    `halobestie is up (${facts.seconds.toFixed(1)} s)`,
    '',
    `public      ${publicUrl}   documentation ${publicUrl}/api/v1/docs`,
    `internal    ${internalUrl}`,
    `control     ${internalUrl}/   ${facts.pagesMissing ?? 'the control center, in a browser'}`,
    `simulators  ${facts.simulatorUrl}   Xendit, Fazpass, FCM, mail, SMS`,
    ...(facts.hasPlayground ? [`playground  ${facts.simulatorUrl}/playground/   both apps in a browser`] : []),
    '',
    'Demo sign-ins; every one-time code is 000000',
    ...demo.mitras.map((phone) => `mitra     ${phone}`),
    `customer  ${demo.customerPhone}`,
    `staff  ${demo.staff.email}  ${demo.staff.password}`,
    '',
    'Ctrl-C stops everything. `npm start -- --fresh` starts from nothing.',
    '',
  ]
  return rows.join('\n')
}
