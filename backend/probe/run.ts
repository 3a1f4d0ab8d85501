import { parseArgs } from 'node:util'
import { EnvError } from '../platform/env.ts'
import { createLog } from '../platform/log.ts'
import { createMetrics } from '../platform/metrics.ts'
import { isProvider, probeEnv, ProbeRefused, type Provider } from './environment.ts'
import { probeFazpass } from './probe-fazpass.ts'
import { probeFcm } from './probe-fcm.ts'
import { probeMail } from './probe-mail.ts'
import { probeSms } from './probe-sms.ts'
import { probeXendit, type Parts } from './probe-xendit.ts'
import { createRecorder, ProbeStopped } from './recorder.ts'

const USAGE = `usage: node backend/probe.ts xendit|fazpass|fcm|mail|sms [--out <folder>] [--timeout <seconds>]
  xendit   --paid-invoice <id> (of the test account), --move-money (also makes a payout and, of that invoice, a refund)
  fazpass  --send-sms --phone <+62…> (one code to somebody who agreed to it; asks for the code)
  fcm      --token <token of your device> [--push (shows it there)], --dead-token <token of an app that was removed>
  mail     --send-mail --to <address of your own>, --dead <address at your domain that nobody has>
  sms      --send-sms --phone <+62…> (one SMS to somebody who agreed to it)`

export type ProbeOptions = {
  args: string[]
  variables: NodeJS.ProcessEnv
  /** Where fixtures are stored unless `--out` says otherwise. */
  folder: string
  say: (line: string) => void
  askCode: () => Promise<string>
}

/** Runs a probe to its end; answers the exit code. Never throws, and says nothing that is secret. */
export async function runProbe(options: ProbeOptions): Promise<number> {
  try {
    return await probe(options)
  } catch (error) {
    const isTold = error instanceof ProbeRefused || error instanceof ProbeStopped || error instanceof EnvError
    // What is thrown otherwise may quote a key.
    options.say(`probe: ${isTold ? error.message : 'a fault of the probe itself'}`)
    return 1
  }
}

async function probe({ args, variables, folder, say, askCode }: ProbeOptions): Promise<number> {
  const { provider, values, timeoutMs } = readArguments(args, folder)
  const { env, secrets, with: open } = probeEnv(provider, variables)
  const own = [values.phone?.slice(1), values.to, values.dead, values.token, values['dead-token'], values['paid-invoice']].filter((value) => value !== undefined)
  const recorder = createRecorder({ provider, folder: values.out, secrets: [...secrets, ...own], now: new Date(), say })
  const parts: Parts = { env, with: open, timeoutMs, recorder, log: createLog({ level: 'silent', environment: 'command' }), metrics: createMetrics({ processMetrics: false }) }
  try {
    if (provider === 'xendit') await probeXendit(parts, { moveMoney: values['move-money'], paidInvoiceId: values['paid-invoice'] })
    else if (provider === 'fazpass') await probeFazpass(parts, { phone: values['send-sms'] ? values.phone : undefined, askCode })
    else if (provider === 'mail') await probeMail(parts, { to: values['send-mail'] ? values.to : undefined, dead: values.dead })
    else if (provider === 'sms') await probeSms(parts, { phone: values['send-sms'] ? values.phone : undefined })
    else await probeFcm(parts, { token: values.token, deadToken: values['dead-token'], push: values.push })
  } finally {
    const { recorded, refused, unreadable } = recorder.counts
    say(`${provider}: ${recorded} recorded, ${refused} not permitted, ${unreadable} unreadable for our gateways`)
  }
  return recorder.counts.unreadable > 0 ? 1 : 0
}

function readArguments(args: string[], folder: string): { provider: Provider; values: ReturnType<typeof parsed>['values']; timeoutMs: number } {
  const { values, positionals } = parsed(args, folder)
  const [provider, ...more] = positionals
  const seconds = Number(values.timeout)
  if (provider === undefined || !isProvider(provider) || more.length > 0 || !(seconds > 0 && seconds <= 60)) throw new ProbeRefused(USAGE)
  if (values['send-sms'] && !/^\+62\d{8,13}$/.test(values.phone ?? '')) throw new ProbeRefused('--send-sms needs --phone, as +62…')
  if (values['send-mail'] && values.to === undefined) throw new ProbeRefused('--send-mail needs --to, an address of your own')
  return { provider, values, timeoutMs: seconds * 1000 }
}

function parsed(args: string[], folder: string) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        out: { ...text, default: folder }, timeout: { ...text, default: '10' }, 'paid-invoice': text, 'move-money': flag,
        'send-sms': flag, phone: text, 'send-mail': flag, to: text, dead: text, token: text, 'dead-token': text, push: flag,
      },
    })
  } catch {
    throw new ProbeRefused(USAGE)
  }
}
