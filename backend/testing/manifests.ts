import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { findKubectl, kustomize } from './servers/kubectl-program.ts'
import { projectRoot } from './servers/processes.ts'

export type Labels = Record<string, string>
export type Probe = { httpGet: { path: string; port: string }; initialDelaySeconds?: number; periodSeconds: number; timeoutSeconds?: number; failureThreshold: number }
type EnvEntry = { name: string; value?: string; valueFrom?: { fieldRef?: { fieldPath: string }; secretKeyRef?: { name: string; key: string }; configMapKeyRef?: { name: string; key: string } } }
export type Container = {
  name: string
  image: string
  command?: string[]
  restartPolicy?: string
  ports?: { name: string; containerPort: number }[]
  env?: EnvEntry[]
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[]
  startupProbe?: Probe
  readinessProbe?: Probe
  livenessProbe?: Probe
  resources: { requests: Record<string, string>; limits: Record<string, string> }
  securityContext: { allowPrivilegeEscalation: boolean; readOnlyRootFilesystem: boolean; runAsNonRoot: boolean; capabilities: { drop: string[]; add?: string[] } }
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[]
}
export type PodSpec = {
  serviceAccountName: string
  automountServiceAccountToken: boolean
  terminationGracePeriodSeconds?: number
  restartPolicy?: string
  securityContext: { runAsNonRoot: boolean; runAsUser: number; seccompProfile: { type: string } }
  topologySpreadConstraints?: { topologyKey: string; maxSkew: number }[]
  initContainers?: Container[]
  containers: Container[]
  volumes?: { name: string; secret?: { secretName: string; items: { key: string; path: string }[] } }[]
}
type Selector = { matchLabels?: Labels }
export type Peer = { ipBlock?: { cidr: string; except?: string[] }; namespaceSelector?: Selector; podSelector?: Selector }
export type Rule = { from?: Peer[]; to?: Peer[]; ports?: { protocol?: string; port: number }[] }
/** What our manifests use of the shapes of Kubernetes. */
export type Manifest = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Labels; annotations?: Labels }
  data?: Labels
  spec: {
    type?: string
    selector: Labels & Selector
    ports?: { name: string; port: number; targetPort: string }[]
    replicas?: number
    strategy?: { type: string; rollingUpdate: { maxSurge: number; maxUnavailable: number } }
    template: { metadata: { labels: Labels }; spec: PodSpec }
    scaleTargetRef?: { kind: string; name: string }
    minReplicas: number
    maxReplicas: number
    metrics?: unknown[]
    behavior?: unknown
    maxUnavailable?: number
    podSelector: Selector
    policyTypes: string[]
    ingress?: Rule[]
    egress?: Rule[]
    tls?: { hosts: string[]; secretName: string }[]
    rules?: { host: string; http: { paths: { path: string; backend: { service: { name: string; port: { name: string } } } }[] } }[]
    target?: { name: string }
  }
}

/** What `kubectl kustomize` makes of a folder below docker/kubernetes. */
export function renderManifests(folder: string): Manifest[] {
  const documents = parseAllDocuments(kustomize(findKubectl(), join(projectRoot, 'docker/kubernetes', folder)))
  if ('empty' in documents) throw new Error(`${folder} renders nothing`)
  return documents.map((document) => document.toJS() as Manifest) // the shapes are what the tests hold them to
}

/** Whether a selector takes these labels; one without labels takes all. */
export function selects(selector: Selector | undefined, labels: Labels): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(([name, value]) => labels[name] === value)
}

/** One end of a connection: a pod of a namespace, or an address outside of the cluster. */
export type End = { namespace: Labels; pod: Labels } | { address: string }

const bits = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
function inNetwork(address: string, cidr: string): boolean {
  const [network = '', length = '32'] = cidr.split('/')
  const size = 2 ** (32 - Number(length))
  return Math.floor(bits(address) / size) === Math.floor(bits(network) / size)
}

function isPeer(peer: Peer, end: End, ownNamespace: Labels): boolean {
  if (peer.ipBlock) return 'address' in end && inNetwork(end.address, peer.ipBlock.cidr) && !(peer.ipBlock.except ?? []).some((cidr) => inNetwork(end.address, cidr))
  if ('address' in end) return false
  const isNamespace = peer.namespaceSelector ? selects(peer.namespaceSelector, end.namespace) : JSON.stringify(end.namespace) === JSON.stringify(ownNamespace)
  return isNamespace && selects(peer.podSelector, end.pod)
}

/**
 * Whether the policies of a namespace let this connection pass, by the rules of Kubernetes: a pod that no policy of the
 * direction selects is open; else one of them has to allow it. `own` is the pod that the policies are about.
 */
export function mayPass(policies: readonly Manifest[], direction: 'Ingress' | 'Egress', own: { namespace: Labels; pod: Labels }, other: End, port: number, protocol = 'TCP'): boolean {
  const about = policies.filter(({ spec }) => spec.policyTypes.includes(direction) && selects(spec.podSelector, own.pod))
  if (about.length === 0) return true
  return about.some(({ spec }) => (direction === 'Ingress' ? spec.ingress : spec.egress ?? [])?.some((rule) => {
    const peers = direction === 'Ingress' ? rule.from : rule.to
    const isPort = rule.ports === undefined || rule.ports.some((one) => one.port === port && (one.protocol ?? 'TCP') === protocol)
    return isPort && (peers === undefined || peers.some((peer) => isPeer(peer, other, own.namespace)))
  }) ?? false)
}
