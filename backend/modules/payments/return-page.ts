export type ReturnOutcome = 'success' | 'failure'

/** Nothing on the page runs, loads or may be framed. */
export const RETURN_PAGE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The page that a payer's browser lands on. It leads back into the app and claims nothing about the money. */
export function returnPage(appLinkUrl: string, outcome: ReturnOutcome, paymentId: string | undefined): string {
  const link = escapeHtml(appLink(appLinkUrl, outcome, paymentId))
  return `<!doctype html>
<html lang="id">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta http-equiv="refresh" content="0; url=${link}">
<title>Halobestie</title>
</head>
<body>
<p>Kembali ke aplikasi untuk melihat status pembayaran. Return to the app to see how the payment stands.</p>
<p><a href="${link}">Buka aplikasi / Open the app</a></p>
</body>
</html>
`
}

function appLink(base: string, outcome: ReturnOutcome, paymentId: string | undefined): string {
  const url = new URL(base)
  if (paymentId !== undefined) url.searchParams.set('payment', paymentId)
  url.searchParams.set('result', outcome)
  return url.href
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
