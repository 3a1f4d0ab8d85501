import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { html, jakartaTime, page, pageHeaders, rupiah } from './html.ts'
import { scriptRefusal, type Xendit } from './xendit.ts'
import type { Invoice } from './xendit-invoices.ts'
import { textOf } from './answering.ts'

interface IdParam {
  Params: { id: string }
}

/** The page that `invoice_url` names, where a person plays the payer. */
export function checkoutRoutes(app: FastifyInstance, xendit: Xendit) {
  app.get<IdParam>('/checkout/:id', async (request, reply) => show(reply, 200, request.params.id))
  app.post<IdParam>('/checkout/:id/pay', act((id) => xendit.pay(id), 'success_redirect_url'))
  app.post<IdParam>('/checkout/:id/expire', act((id) => xendit.expire(id), 'failure_redirect_url'))

  function act(change: (id: string) => Promise<Invoice>, redirect: 'success_redirect_url' | 'failure_redirect_url') {
    return async (request: FastifyRequest<IdParam>, reply: FastifyReply) => {
      try {
        const invoice = await change(request.params.id)
        return await reply.redirect(invoice[redirect] ?? `/checkout/${invoice.id}`, 303)
      } catch (error) {
        const refusal = scriptRefusal(error)
        return show(reply, refusal.status, request.params.id, textOf(refusal.body, 'message'))
      }
    }
  }

  function show(reply: FastifyReply, status: number, id: string, message?: string) {
    let invoice: Invoice
    try {
      invoice = xendit.book.get(id)
    } catch {
      return reply.code(404).headers(pageHeaders).send(page('No such invoice', notFound))
    }
    return reply.code(status).headers(pageHeaders).send(page('Checkout (simulated)', checkout(invoice, message)))
  }
}

const notFound = html`<h1>No such invoice</h1>
<p>The simulator keeps invoices in memory: one made before its last start is gone.</p>
<p><a href="/">All that is here</a></p>`

const stateWords = { PENDING: 'Waiting for payment', PAID: 'Paid', SETTLED: 'Paid and settled', EXPIRED: 'Expired' }

function checkout(invoice: Invoice, message: string | undefined) {
  const buttons = html`<form method="post" action="/checkout/${invoice.id}/pay"><button class="pay">Pay</button></form>
<form method="post" action="/checkout/${invoice.id}/expire"><button>Expire</button></form>`
  return html`<h1>${invoice.description ?? invoice.merchant_name}</h1>
<p class="amount">${rupiah(invoice.amount, invoice.currency)}</p>
${message !== undefined && html`<p role="alert"><strong>${message}</strong></p>`}
<table>
<tr><th scope="row">State</th><td>${stateWords[invoice.status]} (${invoice.status})</td></tr>
<tr><th scope="row">${invoice.status === 'PENDING' ? 'Pay before' : 'Was due'}</th><td>${jakartaTime(invoice.expiry_date)}</td></tr>
${invoice.paid_at !== undefined && html`<tr><th scope="row">Paid</th><td>${rupiah(invoice.paid_amount ?? 0, invoice.currency)} by ${invoice.payment_channel}, ${jakartaTime(invoice.paid_at)}</td></tr>`}
<tr><th scope="row">Our reference</th><td><code>${invoice.external_id}</code></td></tr>
<tr><th scope="row">Invoice</th><td><code>${invoice.id}</code></td></tr>
</table>
${invoice.status === 'PENDING' && buttons}
<p class="note">A simulated Xendit: no money moves. <a href="/">All that is here</a></p>`
}
