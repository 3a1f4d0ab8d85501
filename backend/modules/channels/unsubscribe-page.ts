import { languageOf } from '../identity/index.ts'
import { escapeHtml } from './lay-mail.ts'

/** Nothing on the page runs or loads; its form comes back here alone. */
export const UNSUBSCRIBE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'unsafe-inline'"

const WORDS = {
  id: {
    title: 'Berhenti menerima email', ask: 'Kamu tidak ingin menerima email seperti ini lagi?', one: 'Berhenti menerima email seperti ini', all: 'Berhenti menerima semua email yang bisa dihentikan',
    done: 'Sudah kami catat. Kamu tidak akan menerima email seperti ini lagi; kamu bisa menyalakannya kembali di aplikasi.', kept: 'Email tentang keamanan akun tetap kami kirim.',
  },
  en: {
    title: 'Stop e-mail', ask: 'You want no more e-mail like this?', one: 'Stop e-mail like this', all: 'Stop all e-mail that can be stopped',
    done: 'Done. You will get no more e-mail like this; you can switch it on again in the app.', kept: 'E-mail about the safety of your account is sent all the same.',
  },
} as const

/** The page behind a letter's link. It asks first: programmes that look at links must switch nothing off. */
export function unsubscribePage(language: string, isDone: boolean): string {
  const words = WORDS[languageOf(language)]
  const button = (scope: string, text: string) => `<form method="post"><input type="hidden" name="scope" value="${scope}"><p><button>${escapeHtml(text)}</button></p></form>`
  return `<!doctype html>
<html lang="${languageOf(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(words.title)}</title>
<style>:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; } body { max-width: 32rem; margin: 3rem auto; padding: 0 1rem; } button { font: inherit; padding: .6rem 1.2rem; }</style>
</head>
<body>
<h1>${escapeHtml(words.title)}</h1>
${isDone ? `<p>${escapeHtml(words.done)}</p>` : `<p>${escapeHtml(words.ask)}</p>\n${button('this', words.one)}\n${button('all', words.all)}`}
<p><small>${escapeHtml(words.kept)}</small></p>
</body>
</html>
`
}
