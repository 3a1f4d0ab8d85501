import type { Channel, DIGEST, Kind, Priority } from '../channels/index.ts'
import type { Parts } from './template-parts.ts'

/**
 * What a variable of a text is: `text` words of people or of the product, `count` a number that plurals may follow,
 * `money` whole rupiah, `time` an ISO time or milliseconds since 1970, shown in the person's time zone.
 */
export type VariableType = 'text' | 'count' | 'money' | 'time'
type ValueOf<T extends VariableType> = T extends 'text' ? string : T extends 'time' ? string | number : number

export type Variables = Readonly<Record<string, string | number>>
export type Data = Readonly<Record<string, string>>

export type NoticeDefinition = {
  kind: Kind | typeof DIGEST
  variables: Readonly<Record<string, VariableType>>
  /** Of those that its kind knows, these alone; absent: all of them. */
  channels?: readonly Channel[]
  /** What is shown under the same tag is replaced. */
  tag: (data: Data) => string
  /** After this nobody wants the push any more; whoever gives the notice may know better. */
  ttlSeconds: number
  /** Where it differs from its kind. */
  priority?: Priority
  critical?: boolean
  /** The path that the app opens. */
  link: (data: Data) => string
  /** Variables, words all of them, without which nobody can use it: a body or an SMS that does not show them is not shown. */
  mustSay?: readonly string[]
  /** A locked screen may be read by others: the push and the SMS have words of their own, and carry nothing but ids. */
  sensitive?: true
}

/** The words of a notice in one language, each an ICU message. What is optional falls to `title` and `body`. */
export type NoticeTexts = Parts & { title: string; body: string }

export type VariablesOf<D extends NoticeDefinition> = { [V in keyof D['variables']]: ValueOf<D['variables'][V]> }
