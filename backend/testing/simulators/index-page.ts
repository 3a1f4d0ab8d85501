import type { FastifyInstance } from 'fastify'
import { textOf } from './answering.ts'
import type { Fazpass } from './fazpass.ts'
import type { Fcm } from './fcm.ts'
import { html, jakartaTime, page, pageHeaders, rupiah, type Html } from './html.ts'
import type { Sms } from './sms.ts'
import type { SimulatedMail } from './smtp.ts'
import type { Xendit } from './xendit.ts'

const shown = 50

/** The simulators' front page: where a developer finds what to pay and what was sent. */
export function indexPageRoutes(app: FastifyInstance, companies: { xendit: Xendit; fazpass: Fazpass; fcm: Fcm; sms: Sms; mails: () => SimulatedMail[] }) {
  app.get('/', (_request, reply) => {
    const { xendit, fazpass, fcm, sms, mails } = companies
    const content = html`<h1>Simulators of the outside</h1>
<p class="note">Xendit, Fazpass, FCM, mail and SMS as the backend meets them. All is kept in memory and gone at the next start.
Faults: <code>PUT /faults</code> (see <a href="/faults">what is in force</a>).</p>
${section(
  'Invoices to pay',
  ['Amount', 'For', 'Until'],
  newest(xendit.book.pending()).map((invoice) => [
    html`<a href="/checkout/${invoice.id}">${rupiah(invoice.amount, invoice.currency)}</a>`,
    html`${invoice.description ?? ''} <code>${invoice.external_id}</code>`,
    html`${jakartaTime(invoice.expiry_date)}`,
  ]),
)}
${section(
  'Webhooks sent',
  ['About', 'Status', 'What became of it', 'Tries'],
  newest(xendit.webhooks.events()).map((event) => [
    event.kind === 'invoice' ? html`<a href="/checkout/${event.subjectId}">${event.subjectId}</a>` : html`${event.kind} ${event.subjectId}`,
    html`${textOf(event.body, 'status')}`,
    html`${event.state} ${event.attempts.at(-1)?.status ?? event.attempts.at(-1)?.error ?? ''}`,
    html`${event.attempts.length}`,
  ]),
)}
${section(
  'Codes that arrived (OTP)',
  ['Phone', 'Code', 'At'],
  newest(fazpass.messages()).map((message) => [
    html`${message.phone}`,
    html`<strong>${message.otp}</strong>`,
    html`${jakartaTime(message.at)}`,
  ]),
)}
${section(
  'E-mails',
  ['To', 'Subject', 'Text'],
  newest(mails()).map((mail) => [html`${mail.to}`, html`<strong>${mail.subject}</strong>`, html`<pre style="white-space: pre-wrap; margin: 0">${mail.text}</pre>`]),
)}
${section(
  'SMS',
  ['To', 'Text', 'At'],
  newest(sms.messages()).map((message) => [html`${message.to}`, html`${message.text}`, html`${jakartaTime(message.at)}`]),
)}
${section(
  'Pushed to devices',
  ['Token', 'Kind', 'Shown'],
  newest(fcm.messages()).map((message) => [
    html`<code>${textOf(message, 'token')}</code>`,
    html`${textOf(message['data'], 'kind')}`,
    html`${textOf(message['notification'], 'title')} ${textOf(message['notification'], 'body')}`,
  ]),
)}`
    return reply.headers(pageHeaders).send(page('Simulators', content))
  })
}

function newest<Item>(items: Item[]): Item[] {
  return items.slice(-shown).toReversed()
}

function section(title: string, columns: string[], rows: Html[][]): Html {
  if (rows.length === 0) return html`<h2>${title}</h2><p class="note">None.</p>`
  return html`<h2>${title}</h2>
<table>
<tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr>
${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}
</table>`
}
