-- Money that goes out and stands still: what is sent again, what a person says became of it, accounts that are no more.

alter table refunds
  -- the invoice whose money it is; null: the payment's own
  add column provider_invoice_id text,
  -- what proves what persons said became of it
  add column settled_reference text,
  -- how often in a row the provider could not be asked
  add column send_failures integer not null default 0,
  -- how often its lost entry in the outbox was written again, and when
  add column resends integer not null default 0,
  add column resent_at timestamptz;

alter table payouts
  add column settled_reference text,
  add column send_failures integer not null default 0,
  add column resends integer not null default 0,
  add column resent_at timestamptz;

-- The bank says that it does not exist: nothing is paid out to it until it is replaced.
alter table mitra_bank_accounts
  add column refused_at timestamptz,
  add column refused_code text,
  add constraint mitra_bank_accounts_refused check ((refused_at is null) = (refused_code is null));

alter table approvals drop constraint approvals_act_check,
  add constraint approvals_act_check check (act in ('refund.approve', 'refund.settle', 'payout_batch.approve', 'payout.settle', 'credit.give', 'suspense.resolve', 'wallet.release'));

-- What came back from a refund named the refund where its invoice belongs.
update suspense_items i set provider_payment_id = p.provider_invoice_id from payments p where p.id = i.payment_id and i.reason = 'refund_returned';

-- Numbers and holders of bank accounts do not stand in clear in what the provider told of payouts.
update provider_inbox i set body = c.body, body_sha256 = sha256(c.body)
  from (
    select id, decode(regexp_replace(encode(body, 'escape'), '("(?:account_number|account_holder_name)"\s*:\s*)"[^"]*"', '\1"***"', 'g'), 'escape') as body
    from provider_inbox where kind = 'payout') c
  where c.id = i.id and c.body <> i.body;
