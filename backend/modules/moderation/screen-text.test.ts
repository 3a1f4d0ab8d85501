import t from 'tap'
import { compile, writingsOf } from './automaton.ts'
import { findContacts, mask } from './find-contacts.ts'
import { CASES } from './lexicon-cases.ts'
import { createScreen } from './screen-text.ts'
import { shippedTerms } from './terms.ts'
import { KINDS } from './types.ts'

const screen = createScreen(shippedTerms().map(({ kind, term }) => ({ kind, text: term })))
const HOSTILE = ['a', '@', 'a@', '0', '0 ', '0-', 'www.', 'https://', '/', 'a/', 'bunuh dir ', 'b u n u h ', 'gol bunuh diri ', 'mati', 'ä', '\u200b', 'ﷺ', '08 ', '0812 3456 7890 ', 'wa.me/', 'delapan ', 'nol delapan satu dua ', '０８', '!', 'i!1|l', '@a.', '😭', '\ud83d']

for (const kind of KINDS) {
  t.test(`${kind}: what must be found is found, and what must be left alone is`, async (t) => {
    t.same(CASES[kind].found.filter((text) => screen(text)?.kinds.includes(kind) !== true), [], 'found')
    t.same(CASES[kind].left.filter((text) => screen(text)?.kinds.includes(kind) === true), [], 'left alone')
    // Whatever stands around it parts words and changes nothing.
    for (const [before, after] of [['Kak, ', '.'], ['«', '»'], ['hmm 12 ', ' 😭'], ['\n', '\n'], ['x '.repeat(1990), '']] as const) {
      t.same(CASES[kind].found.filter((text) => screen(before + text + after)?.kinds.includes(kind) !== true), [], `found in ${JSON.stringify(before.slice(0, 9))}`)
    }
  })
}

t.test('every shipped term is found as it is written, spaced, shouted and stretched', async (t) => {
  for (const { kind, term } of shippedTerms().filter((one) => one.kind !== 'except')) {
    const one = createScreen([{ kind, text: term }])
    const plain = term.replaceAll('~', '').replaceAll(/\{([^|}]*)[^}]*\}/g, '$1')
    for (const text of [plain, plain.toUpperCase(), plain.split('').join(' '), plain.replaceAll(/[aeiou]/g, '$&$&$&'), plain.replaceAll('a', '4').replaceAll('o', '0'), `(${plain})`]) t.ok(one(text), text)
    for (const text of [`x${plain}`, `${plain}x`]) t.notOk(one(text), text)
  }
})

t.test('hostile texts of 4,000 characters are read once, whatever they repeat', async (t) => {
  for (const part of HOSTILE) {
    const text = part.repeat(Math.ceil(4000 / part.length)).slice(0, 4000)
    t.ok(['undefined', 'object'].includes(typeof screen(text)), part)
    t.ok(screen(`${text} bunuh diri`)?.kinds.includes('crisis'), `${part}: and what stands behind it is found`)
  }
})

t.test('no text makes it forget another: its buffers are its own', async (t) => {
  t.ok(screen('x'.repeat(20_000) + ' bunuh diri'))
  t.notOk(screen('halo'))
  t.ok(screen('bunuh diri'))
})

t.test('masking covers what was found and nothing else', async (t) => {
  const masked = (text: string) => mask(text, findContacts(text) ?? [])
  t.equal(masked('wa aku 0812-3456-7890 ya, atau rina@example.com. Oke?'), 'wa aku ••• ya, atau •••. Oke?')
  t.equal(masked('cek https://wa.me/6281234567890 dan @rina_22'), 'cek ••• dan •••')
  t.equal(masked('wa nol delapan satu dua tiga empat lima enam tujuh delapan ya'), 'wa ••• ya')
  t.equal(masked('harganya Rp 1.500.000 tanggal 08-12-2026 10:00'), 'harganya Rp 1.500.000 tanggal 08-12-2026 10:00')
})

t.test('a term that would be found in everything, or grows without end, is refused', async (t) => {
  t.throws(() => writingsOf('mau'), RangeError)
  t.throws(() => writingsOf('{a|b}'.repeat(12)), RangeError)
  t.throws(() => compile([{ kind: 'crisis', text: 'aaaaaaaa' }]), RangeError, 'one letter, however often')
})
