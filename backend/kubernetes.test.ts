import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import t from 'tap'
import { ENV_NAMES, EnvError, readEnv } from './platform/env.ts'
import { methodsOf } from './platform/route-guard.ts'
import { startTestApp } from './testing/app.ts'
import { mayPass, renderManifests, selects, type Container, type Manifest, type PodSpec } from './testing/manifests.ts'
import { projectRoot } from './testing/servers/processes.ts'

const read = (file: string) => readFileSync(join(projectRoot, file), 'utf8')
const ENVIRONMENTS = ['staging', 'production'] as const
const rendered = Object.fromEntries(ENVIRONMENTS.map((name) => [name, { service: renderManifests(name), migrate: renderManifests(`${name}/migrate`), seed: renderManifests(`${name}/seed`) }])) as Record<(typeof ENVIRONMENTS)[number], Record<'service' | 'migrate' | 'seed', Manifest[]>>
const of = (manifests: readonly Manifest[], kind: string, name?: string) => manifests.filter((one) => one.kind === kind && (name === undefined || one.metadata.name === name))
const one = (manifests: readonly Manifest[], kind: string, name?: string): Manifest => {
  const found = of(manifests, kind, name)
  if (found.length !== 1) throw new Error(`${found.length} of ${kind} ${name ?? ''}`)
  return found[0]!
}
const containersOf = (spec: PodSpec): Container[] => [...(spec.initContainers ?? []), ...spec.containers]
const podsOf = (manifests: readonly Manifest[]) => [...of(manifests, 'Deployment'), ...of(manifests, 'Job')].map(({ spec }) => spec.template.spec)
const everything = ENVIRONMENTS.flatMap((name) => Object.entries(rendered[name]).map(([part, manifests]) => ({ name, part, manifests })))
const secretNames = Object.keys(parseEnv(read('docker/kubernetes/secrets.example.env')))
const ownerNames = Object.keys(parseEnv(read('docker/kubernetes/owner.example.env')))
const configOf = (manifests: readonly Manifest[]) => of(manifests, 'ConfigMap').find(({ metadata }) => metadata.name.startsWith('halobestie-config-'))!

t.test('everything lies in its environment’s namespace, of its environment’s image, and no secret is among it', (t) => {
  for (const { name, part, manifests } of everything) {
    t.same(of(manifests, 'Secret'), [], `${name}/${part}`)
    for (const { kind, metadata } of manifests) t.equal(kind === 'Namespace' ? metadata.name : metadata.namespace, `halobestie-${name}`, `${name}/${part}: ${kind} ${metadata.name}`)
    t.equal(one(manifests, 'Namespace').metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted')
    for (const spec of podsOf(manifests)) for (const container of spec.containers) t.equal(container.image, `halobestie:${name}`)
  }
  t.end()
})

t.test('names meet: selectors their pods, services their ports, references what is there', (t) => {
  for (const { manifests } of everything) {
    const labels = [...of(manifests, 'Deployment'), ...of(manifests, 'Job')].map(({ spec }) => spec.template.metadata.labels)
    for (const spec of podsOf(manifests)) {
      t.ok(of(manifests, 'ServiceAccount', spec.serviceAccountName).length === 1)
      const maps = containersOf(spec).flatMap(({ envFrom = [], env = [] }) => [...envFrom.map(({ configMapRef }) => configMapRef?.name), ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name)]).filter((name) => name !== undefined)
      for (const name of maps) t.ok(of(manifests, 'ConfigMap', name).length === 1, `the ConfigMap ${name}`)
      for (const { env = [] } of containersOf(spec)) for (const { valueFrom } of env) if (valueFrom?.configMapKeyRef) t.ok(valueFrom.configMapKeyRef.key in one(manifests, 'ConfigMap', valueFrom.configMapKeyRef.name).data!)
      for (const { volumeMounts = [] } of spec.containers) for (const { name } of volumeMounts) t.ok(spec.volumes?.some((volume) => volume.name === name))
    }
    for (const { metadata, spec } of of(manifests, 'NetworkPolicy')) if (metadata.name.startsWith('halobestie')) t.ok(metadata.name === 'halobestie' || labels.every((own) => selects(spec.podSelector, own)), metadata.name)
  }
  for (const name of ENVIRONMENTS) {
    const { service } = rendered[name]
    const { metadata, spec } = one(service, 'Deployment')
    const { labels } = spec.template.metadata
    t.ok(selects(spec.selector, labels))
    t.ok(selects(one(service, 'PodDisruptionBudget').spec.selector, labels))
    t.same(one(service, 'HorizontalPodAutoscaler').spec.scaleTargetRef, { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name })
    const ports = spec.template.spec.containers[0]!.ports!
    for (const one of of(service, 'Service')) {
      t.equal(one.spec.type, 'ClusterIP', 'nothing is published but by the Ingress')
      t.ok(selects({ matchLabels: one.spec.selector }, labels))
      t.ok(one.spec.ports!.every(({ targetPort }) => ports.some((port) => port.name === targetPort)))
    }
  }
  t.end()
})

t.test('the public name leads to the public listener alone, with TLS, a limit and time for sockets', (t) => {
  for (const [name, host] of [['staging', 'staging-api.halobestie.com'], ['production', 'api.halobestie.com']] as const) {
    const { service } = rendered[name]
    const { metadata, spec } = one(service, 'Ingress')
    t.same(spec.rules!.map((rule) => rule.host), [host])
    t.same(spec.tls!.map(({ hosts }) => hosts), [[host]])
    const backends = spec.rules!.flatMap(({ http }) => http.paths.map(({ backend }) => backend.service))
    t.same(backends, [{ name: 'halobestie', port: { name: 'http' } }])
    t.equal(one(service, 'Service', 'halobestie').spec.ports![0]!.targetPort, 'public')
    t.match(metadata.annotations, { 'cert-manager.io/cluster-issuer': 'letsencrypt', 'nginx.org/websocket-services': 'halobestie', 'nginx.org/limit-req-rate': '100r/s' })
    // A socket is pinged every 25 s.
    t.ok(Number.parseInt(metadata.annotations!['nginx.org/proxy-read-timeout']!, 10) > 2 * 25)
    t.match(configOf(service).data, { XENDIT_SUCCESS_REDIRECT_URL: `https://${host}/payment/return/success`, XENDIT_FAILURE_REDIRECT_URL: `https://${host}/payment/return/failure` })
  }
  t.end()
})

t.test('a roll never has fewer replicas than before, and a stop has the time that it may take', (t) => {
  for (const name of ENVIRONMENTS) {
    const { service } = rendered[name]
    const { spec } = one(service, 'Deployment')
    t.equal(spec.replicas, undefined, 'an apply leaves what the autoscaler decided')
    t.match(spec.strategy, { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } })
    const pod = spec.template.spec
    t.equal(pod.terminationGracePeriodSeconds, 40)
    t.ok(pod.terminationGracePeriodSeconds! > Number(configOf(service).data!['DRAIN_SECONDS']) + 25)
    t.same(pod.topologySpreadConstraints!.map(({ topologyKey }) => topologyKey), ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'])
    const [container] = pod.containers
    t.match(container!.readinessProbe, { httpGet: { path: '/ready', port: 'public' }, initialDelaySeconds: 10, periodSeconds: 5 })
    t.match(container!.livenessProbe, { httpGet: { path: '/health', port: 'public' }, initialDelaySeconds: 30, periodSeconds: 10 })
    // The process says that it is not ready for DRAIN_SECONDS: the probe, or the deletion of the endpoint, is faster.
    t.ok(container!.readinessProbe!.periodSeconds * container!.readinessProbe!.failureThreshold <= Number(configOf(service).data!['DRAIN_SECONDS']))
    t.equal(one(service, 'PodDisruptionBudget').spec.maxUnavailable, 1)
  }
  const scale = (name: 'staging' | 'production') => one(rendered[name].service, 'HorizontalPodAutoscaler').spec
  t.match([scale('production').minReplicas, scale('production').maxReplicas, scale('staging').minReplicas], [3, 10, 2])
  for (const name of ENVIRONMENTS) {
    t.same(scale(name).metrics, [['cpu', 70], ['memory', 80]].map(([resource, averageUtilization]) => ({ type: 'Resource', resource: { name: resource, target: { type: 'Utilization', averageUtilization } } })))
    t.same(scale(name).behavior, {
      scaleDown: { stabilizationWindowSeconds: 300, policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }] },
      scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 30 }, { type: 'Pods', value: 2, periodSeconds: 30 }] },
    })
  }
  t.end()
})

t.test('probes and ports are those of the process', async (t) => {
  const app = await startTestApp(t)
  const { publicApp } = app.replicas[0]!
  for (const name of ENVIRONMENTS) {
    const [container] = one(rendered[name].service, 'Deployment').spec.template.spec.containers
    for (const probe of [container!.startupProbe!, container!.readinessProbe!, container!.livenessProbe!]) {
      t.ok(methodsOf(publicApp.inventory, probe.httpGet.path).includes('GET'), probe.httpGet.path)
      t.equal(probe.httpGet.port, 'public')
    }
    const env = readEnv(environmentOf(name))
    t.same(container!.ports, [{ name: 'public', containerPort: env.PORT }, { name: 'internal', containerPort: env.INTERNAL_PORT }])
  }
})

t.test('every container is nobody, can change nothing, and has its share', (t) => {
  for (const { manifests } of everything) {
    for (const spec of podsOf(manifests)) {
      t.match(spec, { automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } } })
      for (const { name, securityContext, resources } of containersOf(spec)) {
        t.same(securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, capabilities: { drop: ['ALL'] } }, name)
        t.ok(resources.requests['cpu'] && resources.requests['memory'] && resources.limits['memory'], name)
      }
      t.same(spec.initContainers?.map(({ name, restartPolicy }) => [name, restartPolicy]), [['cloud-sql-proxy', 'Always']], 'the connector is there first, and as long as the process')
    }
  }
  for (const name of ENVIRONMENTS) t.match(one(rendered[name].service, 'Deployment').spec.template.spec.containers[0]!.resources, { requests: { memory: '512Mi' }, limits: { memory: '1Gi' } })
  t.end()
})

t.test('3001 answers to the VPN alone, 3000 to the ingress controller alone, and nothing leaves that need not', (t) => {
  for (const name of ENVIRONMENTS) {
    const policies = of(rendered[name].service, 'NetworkPolicy')
    const own = { namespace: { 'kubernetes.io/metadata.name': `halobestie-${name}` }, pod: one(rendered[name].service, 'Deployment').spec.template.metadata.labels }
    const ends = {
      ingress: { namespace: { 'kubernetes.io/metadata.name': 'nginx-ingress' }, pod: { app: 'nginx-ingress' } },
      gateway: { namespace: { 'kubernetes.io/metadata.name': 'vpn', 'halobestie.com/side': 'vpn' }, pod: { app: 'wireguard' } },
      neighbour: { namespace: own.namespace, pod: { app: 'anything' } },
      stranger: { namespace: { 'kubernetes.io/metadata.name': 'default' }, pod: { app: 'anything' } },
      person: { address: '10.8.0.7' },
      node: { address: '10.9.0.7' },
      world: { address: '203.0.113.9' },
    }
    const who = (port: number) => Object.entries(ends).filter(([, end]) => mayPass(policies, 'Ingress', own, end, port)).map(([who]) => who)
    t.same(who(3000), ['ingress'])
    t.same(who(3001), ['gateway', 'person'])
    t.same(who(9090), [], 'nothing else of the pod')
    const job = { namespace: own.namespace, pod: one(rendered[name].migrate, 'Job').spec.template.metadata.labels }
    t.same(Object.values(ends).filter((end) => mayPass(of(rendered[name].migrate, 'NetworkPolicy'), 'Ingress', job, end, 3000)), [], 'a job is reached by nobody')
    t.notOk(mayPass(policies, 'Ingress', { ...own, pod: { app: 'something else' } }, ends.ingress, 3000), 'what else runs there is closed')
    const leaves = (address: string, port: number, from = own) => mayPass(policies, 'Egress', from, { address }, port)
    for (const [address, port] of [['10.20.0.3', 5432], ['10.20.0.3', 3307], ['10.30.0.3', 6379], ['203.0.113.9', 443], ['203.0.113.9', 465], ['203.0.113.9', 587]] as const) t.ok(leaves(address, port), `${address}:${port}`)
    for (const [address, port] of [['203.0.113.9', 25], ['203.0.113.9', 80], ['10.20.0.3', 443], ['203.0.113.9', 5432], ['192.168.0.4', 443]] as const) t.notOk(leaves(address, port), `${address}:${port}`)
    const dns = { namespace: { 'kubernetes.io/metadata.name': 'kube-system' }, pod: { 'k8s-app': 'kube-dns' } }
    for (const from of [own, job]) t.ok(mayPass(policies, 'Egress', from, dns, 53, 'UDP'))
    t.ok(leaves('10.20.0.3', 5432, job))
  }
  t.end()
})

// As an operator fills in the files of secrets.
function secretsOf(name: 'staging' | 'production'): Record<string, string> {
  const strong = () => randomBytes(32).toString('base64')
  return {
    DATABASE_URL: `postgres://halobestie_app:${randomBytes(16).toString('hex')}@127.0.0.1:5432/halobestie`, VALKEY_URL: 'rediss://10.30.0.3:6378',
    AUTH_JWT_KEYS: JSON.stringify([{ kid: '2026-11', secret: strong(), active: true }]), DATA_ENCRYPTION_KEYS: JSON.stringify([{ id: 'k1', key: strong(), active: true }]), PHONE_HASH_KEY: strong(),
    ...(name === 'staging' ? { OTP_TEST_PHONES: '+6281200000001' } : {
      FAZPASS_MERCHANT_KEY: strong(), FAZPASS_GATEWAY_KEY: strong(), XENDIT_SECRET_KEY: ['xnd', 'production', strong()].join('_'), XENDIT_WEBHOOK_TOKEN: strong(), FIREBASE_PROJECT_ID: 'halobestie',
    }),
  }
}

/** What the container of the service gets: its ConfigMap, its Secret, and what the manifest adds. */
function environmentOf(name: 'staging' | 'production', without?: string): Record<string, string> {
  const { service } = rendered[name]
  const [container] = one(service, 'Deployment').spec.template.spec.containers
  const added = Object.fromEntries(container!.env!.map(({ name: variable, value, valueFrom }) => [variable, value ?? (valueFrom?.fieldRef?.fieldPath === 'status.podIP' ? '10.4.0.7' : '')]))
  const all = { ...configOf(service).data!, ...secretsOf(name), ...added }
  return Object.fromEntries(Object.entries(all).filter(([variable]) => variable !== without))
}

t.test('the environment is one that the process starts with, and each of its names is known', (t) => {
  const oneOff = ['MIGRATION_DATABASE_URL']
  t.same(secretNames.filter((name) => !ENV_NAMES.includes(name)), [])
  t.same(ownerNames.filter((name) => !ENV_NAMES.includes(name) && !oneOff.includes(name)), [])
  t.notOk(ENV_NAMES.some((name) => oneOff.includes(name)))
  for (const name of ENVIRONMENTS) {
    const { service, migrate, seed } = rendered[name]
    const config = configOf(service).data!
    t.equal(config['APP_ENV'], name)
    t.same(Object.keys(config).filter((variable) => !ENV_NAMES.includes(variable)), [])
    t.same(Object.keys(config).filter((variable) => /KEY|SECRET|TOKEN|PASSWORD|_URL$/.test(variable) && !variable.endsWith('REDIRECT_URL')), [], 'what is secret is not in it')
    t.same(Object.keys(secretsOf(name)).filter((variable) => !secretNames.includes(variable)), [], 'every secret has its line in the example')
    const env = readEnv(environmentOf(name))
    t.match(env, { INTERNAL_HOST: '10.4.0.7', TRUST_PROXY: '1', POOL_MAX: Number(config['POOL_MAX']) })
    for (const needed of ['DATABASE_URL', 'VALKEY_URL', 'AUTH_JWT_KEYS', 'DATA_ENCRYPTION_KEYS', 'APP_ENV']) t.throws(() => readEnv(environmentOf(name, needed)), EnvError, `without ${needed}`)
    const file = config['FIREBASE_SERVICE_ACCOUNT_PATH']!
    for (const spec of [...podsOf(service), ...podsOf(seed)]) {
      const mount = spec.containers[0]!.volumeMounts!.find(({ mountPath }) => file.startsWith(`${mountPath}/`))!
      t.equal(mount.readOnly, true)
      t.equal(`${mount.mountPath}/${spec.volumes!.find((volume) => volume.name === mount.name)!.secret!.items[0]!.path}`, file)
    }
    const [service_] = podsOf(service)
    t.same(service_!.containers[0]!.envFrom!.map(({ secretRef }) => secretRef?.name).filter(Boolean), ['halobestie-env'], 'the service has nothing of the owner')
    for (const spec of [...podsOf(migrate), ...podsOf(seed)]) {
      const [node, file_] = spec.containers[0]!.command!
      t.equal(node, 'node')
      t.ok(existsSync(join(projectRoot, file_!)), `${file_} exists`)
      for (const { name: variable, valueFrom } of spec.containers[0]!.env ?? []) t.ok((valueFrom!.secretKeyRef!.name === 'halobestie-owner' ? ownerNames : secretNames).includes(valueFrom!.secretKeyRef!.key) && variable === valueFrom!.secretKeyRef!.key, variable)
    }
  }
  t.end()
})

t.test('the secrets that the operator of secrets makes are those that are asked for', (t) => {
  const made = [...read('docker/kubernetes/components/external-secrets/secrets.yaml').matchAll(/target: \{ name: ([\w-]+)/g)].map((match) => match[1]!)
  const asked = everything.flatMap(({ manifests }) => podsOf(manifests)).flatMap((spec) => [
    ...(spec.volumes ?? []).map(({ secret }) => secret?.secretName),
    ...spec.containers.flatMap(({ envFrom = [], env = [] }) => [...envFrom.map(({ secretRef }) => secretRef?.name), ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name)]),
  ]).filter((name) => name !== undefined)
  t.same(made.toSorted(), [...new Set(asked)].toSorted())
  t.end()
})

t.test('the table of connections in DEPLOY.md is right, and no environment can ask for more than its server has', (t) => {
  const rows = [...read('DEPLOY.md').matchAll(/^\| (staging|production) \| (\d+) \+ 1 \| (\d+) \+ 9 \| (\d+) \| (\d+) \|/gm)]
  t.same(rows.map((row) => row[1]), [...ENVIRONMENTS])
  for (const [, name, replicas, pool, sum, most] of rows) {
    const { service } = rendered[name as 'staging' | 'production']
    t.equal(one(service, 'HorizontalPodAutoscaler').spec.maxReplicas, Number(replicas))
    t.equal(Number(configOf(service).data!['POOL_MAX']), Number(pool))
    t.equal((Number(replicas) + 1) * (Number(pool) + 9) + 10, Number(sum))
    t.ok(Number(sum) <= Number(most))
  }
  t.end()
})
