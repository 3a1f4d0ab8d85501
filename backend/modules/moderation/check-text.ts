import { AppError } from '../../platform/errors.ts'
import { whyUnusable } from './change-term.ts'
import type { CheckBody, CheckReply } from './contract.ts'
import { mask } from './find-contacts.ts'
import type { Lexicon } from './lexicon.ts'
import { createReader, kindsOf } from './screen-text.ts'

/** What the lexicon in force here says of a text, and which of its terms; also with a term that is not in it yet. Throws `validation_failed` for one that can't be used. */
export function checkText(lexicon: Pick<Lexicon, 'screen' | 'explain'>, { text, term }: CheckBody): CheckReply {
  const message = term && whyUnusable(term.term)
  if (message !== undefined) throw new AppError('validation_failed', message, { errors: [{ path: 'term.term', code: 'unusable', message }] })
  const found = lexicon.screen(text)
  const added = term === undefined ? [] : createReader([{ kind: term.kind, text: term.term }]).explain(text)
  const matches = [...lexicon.explain(text), ...added]
  const kinds = new Set<string>(kindsOf(matches))
  // A number or an address is a contact whatever the words.
  if (found !== undefined && found.spans.length > 0) kinds.add('contact')
  const told = new Map(matches.map(({ kind, term: own }) => [`${kind} ${own}`, { kind, term: own }]))
  return { kinds: term === undefined ? [...(found?.kinds ?? [])] : [...kinds], masked: mask(text, found?.spans ?? []), matches: [...told.values()] }
}
