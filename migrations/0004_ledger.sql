-- Double entry, append-only. One transaction = entries that sum to zero, checked at commit by the database itself.
create table ledger_transactions (
  id         uuid primary key,
  key        text not null unique,
  flow       text not null,
  session_id uuid,
  payment_id uuid,
  created_at timestamptz not null default app_now()
);
create index ledger_transactions_session on ledger_transactions (session_id) where session_id is not null;
create index ledger_transactions_payment on ledger_transactions (payment_id) where payment_id is not null;

-- amount_idr > 0 credits the account (what we owe grows), < 0 debits it.
create table ledger_entries (
  id             bigint generated always as identity primary key,
  transaction_id uuid not null references ledger_transactions (id),
  account        text not null check (account ~ '^(customer_wallet|customer_promo|mitra_payable|session_escrow|suspense):[0-9a-f-]{36}$'
                   or account in ('platform_revenue', 'provider_clearing', 'provider_fees', 'tax_withheld',
                                  'refunds_pending', 'payouts_pending', 'promotions')),
  amount_idr     bigint not null check (amount_idr <> 0),
  created_at     timestamptz not null default app_now()
);
create index ledger_entries_transaction on ledger_entries (transaction_id);
create index ledger_entries_account on ledger_entries (account, id);

-- Persons' balances, kept by the same transaction. Hot accounts are sums and have no row.
create table ledger_balances (
  account     text primary key,
  balance_idr bigint not null default 0,
  constraint balance_not_negative check (balance_idr >= 0 or account like 'mitra_payable:%')
);

-- Promotional credit in lots; the account's balance is the sum of what remains in them.
create table promo_lots (
  id            uuid primary key,
  customer_id   uuid not null,
  source        text not null,
  amount_idr    bigint not null check (amount_idr > 0),
  remaining_idr bigint not null check (remaining_idr >= 0),
  expires_at    timestamptz not null,
  created_at    timestamptz not null default app_now(),
  check (remaining_idr <= amount_idr)
);
create index promo_lots_customer on promo_lots (customer_id, expires_at) where remaining_idr > 0;

create function ledger_transaction_balanced() returns trigger language plpgsql as $$
declare
  total bigint;
begin
  select sum(amount_idr) into total from ledger_entries where transaction_id = new.transaction_id;
  if total <> 0 then
    raise exception 'ledger transaction % sums to %, not zero', new.transaction_id, total using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger ledger_entries_balanced after insert on ledger_entries
  deferrable initially deferred for each row execute function ledger_transaction_balanced();

create function ledger_transaction_has_entries() returns trigger language plpgsql as $$
begin
  if not exists (select 1 from ledger_entries where transaction_id = new.id) then
    raise exception 'ledger transaction % has no entries', new.id using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger ledger_transactions_filled after insert on ledger_transactions
  deferrable initially deferred for each row execute function ledger_transaction_has_entries();

create trigger ledger_entries_append_only before update or delete on ledger_entries for each row execute function refuse_change();
create trigger ledger_entries_no_truncate before truncate on ledger_entries for each statement execute function refuse_change();
create trigger ledger_transactions_append_only before update or delete on ledger_transactions for each row execute function refuse_change();
create trigger ledger_transactions_no_truncate before truncate on ledger_transactions for each statement execute function refuse_change();
