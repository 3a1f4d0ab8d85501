import type { Gateways } from './gateways.ts'
import { GatewayError } from './gateways.ts'
import type { Tracing } from './tracing.ts'

const PROVIDERS: Record<keyof Gateways, string> = { payments: 'xendit', refunds: 'xendit', payouts: 'xendit', statements: 'xendit', otp: 'fazpass', push: 'fcm', mail: 'smtp', sms: 'sms' }

/** The same gateways with a span around each call: the provider's and the call's name. They are told nothing of the trace. */
export function traceGateways(tracing: Tracing, gateways: Gateways): Gateways {
  if (!tracing.isOn) return gateways
  return Object.fromEntries(Object.entries(gateways).map(([name, gateway]) => [name, traced(tracing, PROVIDERS[name as keyof Gateways], gateway)])) as Gateways // entry for entry
}

function traced<G extends object>(tracing: Tracing, provider: string, gateway: G): G {
  return new Proxy(gateway, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function' || typeof name !== 'string') return member
      return (...given: unknown[]) => {
        const span = tracing.begin(`${provider} ${name}`, 'client', { 'provider.name': provider, 'provider.call': name })
        const answer = span.within(() => member.apply(target, given) as unknown)
        if (answer instanceof Promise) {
          answer.then(() => span.end(), (error: unknown) => {
            span.fail(error)
            if (error instanceof GatewayError) span.set({ 'error.type': error.reason })
            span.end()
          })
        } else span.end()
        return answer
      }
    },
  })
}
