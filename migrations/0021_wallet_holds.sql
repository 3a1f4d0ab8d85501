-- Wallets of recycled numbers. What stood in the wallet and the promotional credit of an account that was idle for too
-- long is moved, in the transaction that lets it start afresh, into a wallet and credit under the hold's own id: whoever
-- has the number now neither sees nor spends it until staff have placed it.

create table wallet_holds (
  -- whose wallet and promotional credit it is while it is held: customer_wallet:<id>, customer_promo:<id>
  id          uuid primary key,
  customer_id uuid not null references users (id),
  held_at     timestamptz not null default app_now(),
  state       text not null default 'held' check (state in ('held', 'released', 'suspended')),
  settled_at  timestamptz,
  suspense_id uuid references suspense_items (id),
  check ((state = 'held') = (settled_at is null)),
  check (suspense_id is null or state = 'suspended')
);
create index wallet_holds_customer on wallet_holds (customer_id, held_at);

-- It told of one release for ever, and nothing used it.
drop table wallet_releases;

alter table approvals drop constraint approvals_act_check, add constraint approvals_act_check
  check (act in ('refund.approve', 'refund.settle', 'payout_batch.approve', 'credit.give', 'suspense.resolve', 'wallet.release'));
alter table suspense_items drop constraint suspense_items_reason_check, add constraint suspense_items_reason_check
  check (reason in ('underpaid', 'payer_gone', 'refund_returned', 'number_recycled'));

-- Accounts that have started afresh already: of what came before, what is still there.
do $$
declare
  fresh record;
  hold uuid;
  wallet bigint;
  promo bigint;
  posting uuid;
  at_ms text;
begin
  for fresh in select id, history_from from users where kind = 'customer' and history_from is not null and erased_at is null loop
    -- of its time, as the ids that the service makes: lists are in their order
    at_ms := lpad(to_hex((extract(epoch from fresh.history_from) * 1000)::bigint), 12, '0');
    hold := (left(at_ms, 8) || '-' || right(at_ms, 4) || '-7' || substr(gen_random_uuid()::text, 16))::uuid;
    posting := gen_random_uuid();
    select least(b.balance_idr, greatest(0, (select coalesce(sum(e.amount_idr), 0) from ledger_entries e where e.account = b.account and e.created_at < fresh.history_from)))
      into wallet from ledger_balances b where b.account = 'customer_wallet:' || fresh.id for update;
    wallet := coalesce(wallet, 0);
    with moved as (
      update promo_lots set customer_id = hold where customer_id = fresh.id and remaining_idr > 0 and created_at < fresh.history_from returning remaining_idr)
    select coalesce(sum(remaining_idr), 0) into promo from moved;
    if wallet + promo > 0 then
      insert into ledger_transactions (id, key, flow) values (posting, 'wallet-hold:' || hold || ':held', 'wallet.held');
      insert into ledger_entries (transaction_id, account, amount_idr)
        select posting, account, amount from (values
          ('customer_wallet:' || fresh.id, -wallet), ('customer_wallet:' || hold, wallet), ('customer_promo:' || fresh.id, -promo), ('customer_promo:' || hold, promo)) moves (account, amount)
        where amount <> 0;
      update ledger_balances set balance_idr = balance_idr - wallet where account = 'customer_wallet:' || fresh.id and wallet > 0;
      update ledger_balances set balance_idr = balance_idr - promo where account = 'customer_promo:' || fresh.id and promo > 0;
      insert into ledger_balances (account, balance_idr)
        select account, amount from (values ('customer_wallet:' || hold, wallet), ('customer_promo:' || hold, promo)) moves (account, amount) where amount > 0;
    end if;
    insert into wallet_holds (id, customer_id, held_at) values (hold, fresh.id, fresh.history_from);
  end loop;
end $$;
