import type { Env } from '../../platform/env.ts'
import { languageOf } from '../identity/index.ts'
import { KINDS, type KindOf } from './kinds.ts'
import { unsubscribeToken } from './unsubscribe-token.ts'

/** Not a kind of notice: the summary of what stands unread, which has its own preference. */
export const DIGEST = 'digest'

const WORDS = {
  id: {
    why: 'Kamu menerima email ini karena alamat ini terdaftar di halobestie.',
    asked: 'Kamu menerima email ini karena seseorang memasukkan alamat ini di halobestie.',
    stop: 'Berhenti menerima email seperti ini',
    never: 'Balasan ke email ini tidak dibaca. Kami tidak pernah meminta kode atau kata sandimu.',
  },
  en: {
    why: 'You receive this e-mail because this address is registered with halobestie.',
    asked: 'You receive this e-mail because somebody entered this address at halobestie.',
    stop: 'Stop e-mail like this',
    never: 'Answers to this e-mail are not read. We never ask for your codes or passwords.',
  },
} as const

export type LaidMail = { text: string; html: string; headers: Record<string, string> }

/**
 * A letter as a mail: plain text and the same as HTML that loads nothing, for small and dark screens too. What a person
 * may choose off carries a link, and the headers by which their mail programme does it in one click (RFC 8058). Of
 * nobody (`userId` null), to look at: its link leads nowhere.
 */
export function layMail(env: Env, letter: { userId: string | null; kind: string; subject: string; text: string; language: string; isUnproven?: boolean }): LaidMail {
  const { asked, ...said } = WORDS[languageOf(letter.language)]
  // An address that nobody has proven is registered nowhere.
  const words = letter.isUnproven === true ? { ...said, why: asked } : said
  const stopUrl = mayStop(letter.kind) ? `${env.PUBLIC_ORIGIN ?? ''}/api/v1/unsubscribe/${letter.userId === null ? 'nobody' : unsubscribeToken(env, { userId: letter.userId, what: letter.kind })}` : undefined
  const paragraphs = letter.text.split(/\n{2,}/).map((paragraph) => paragraph.trim()).filter((paragraph) => paragraph !== '')
  return {
    text: [...paragraphs, '-- ', [words.why, words.never, ...(stopUrl === undefined ? [] : [`${words.stop}: ${stopUrl}`])].join('\n')].join('\n\n').replace('-- \n\n', '-- \n'),
    html: pageOf(letter, paragraphs, words, stopUrl),
    headers: stopUrl === undefined ? {} : { 'List-Unsubscribe': `<${stopUrl}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
  }
}

function mayStop(kind: string): boolean {
  if (kind === DIGEST) return true
  const known: Partial<Record<string, KindOf>> = KINDS
  const choice = known[kind]?.email
  return choice === 'on' || choice === 'off'
}

function pageOf({ subject, language }: { subject: string; language: string }, paragraphs: readonly string[], words: Record<'why' | 'stop' | 'never', string>, stopUrl: string | undefined): string {
  const small = 'font-size:13px;line-height:1.5;color:#6b7280;margin:0 0 8px'
  return `<!doctype html>
<html lang="${languageOf(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(subject)}</title>
<style>
:root { color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #111827 !important; }
  .card { background: #1f2937 !important; color: #f3f4f6 !important; }
  .small, .small a { color: #9ca3af !important; }
}
</style>
</head>
<body class="page" style="margin:0;padding:24px 12px;background:#f3f4f6;font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif">
<div class="card" style="max-width:560px;margin:0 auto;padding:28px 24px;background:#ffffff;color:#111827;border-radius:12px">
<p style="margin:0 0 20px;font-weight:700;color:#14804a">halobestie</p>
<h1 style="margin:0 0 16px;font-size:20px;line-height:1.35">${escapeHtml(subject)}</h1>
${paragraphs.map(paragraphOf).join('\n')}
</div>
<div style="max-width:560px;margin:16px auto 0;padding:0 24px">
<p class="small" style="${small}">${escapeHtml(words.why)}</p>
<p class="small" style="${small}">${escapeHtml(words.never)}</p>${stopUrl === undefined ? '' : `
<p class="small" style="${small}"><a href="${escapeHtml(stopUrl)}" style="color:#6b7280">${escapeHtml(words.stop)}</a></p>`}
</div>
</body>
</html>
`
}

function paragraphOf(paragraph: string): string {
  if (/^\d{6}$/.test(paragraph)) return `<p style="margin:0 0 16px;font-size:32px;font-weight:700;letter-spacing:6px">${paragraph}</p>`
  const lines = paragraph.split('\n')
  if (!lines.every((line) => line.startsWith('• '))) return `<p style="margin:0 0 16px;font-size:16px;line-height:1.6">${lines.map(escapeHtml).join('<br>')}</p>`
  return `<ul style="margin:0 0 16px;padding-left:20px">${lines.map((line) => `<li style="margin:0 0 8px;font-size:16px;line-height:1.5">${escapeHtml(line.slice(2))}</li>`).join('')}</ul>`
}

/** For HTML's texts and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
