/** HTML that is safe to join: everything else that a template takes is escaped. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Html | undefined | false | readonly Part[]

export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.map((string, index) => string + render(parts[index])).join(''))
}

function render(part: Part): string {
  if (part === undefined || part === false) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(render).join('')
  return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** A whole page; it needs no script and no other file. */
export function page(title: string, content: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
  table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem .3rem 0; vertical-align: top; }
  .amount { font-size: 2rem; font-weight: 700; margin: .5rem 0; }
  .note { opacity: .75; font-size: .9rem; }
  form { display: inline-block; margin: 1rem .5rem 0 0; }
  button { font: inherit; padding: .6rem 1.6rem; border-radius: .5rem; border: 1px solid; cursor: pointer; }
  button.pay { background: #14804a; border-color: #14804a; color: #fff; }
  code { overflow-wrap: anywhere; }
</style>
</head>
<body>
${content}
</body>
</html>`.text
}

export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
}

export function rupiah(amount: number, currency = 'IDR'): string {
  return new Intl.NumberFormat('id-ID', { style: 'currency', currency, maximumFractionDigits: 0 }).format(amount)
}

/** The moment as a person in Jakarta reads it. */
export function jakartaTime(at: string | number): string {
  const format = { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'Asia/Jakarta' } as const
  return `${new Intl.DateTimeFormat('en-GB', format).format(new Date(at))} WIB`
}
