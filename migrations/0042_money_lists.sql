-- no-transaction
-- What staff's lists of money are filtered by, each in the order of its ids. Cut off anywhere, it can be run again.
drop index concurrently if exists payments_kind;
create index concurrently payments_kind on payments (kind, id);
drop index concurrently if exists payments_kind_state;
create index concurrently payments_kind_state on payments (kind, state, id);
-- By payment in the order of the ids; the narrower one of that name goes.
drop index concurrently if exists provider_inbox_payment;
create index concurrently provider_inbox_payment on provider_inbox (payment_id, id) where payment_id is not null;
drop index concurrently if exists suspense_items_payment;
create index concurrently suspense_items_payment on suspense_items (payment_id) where payment_id is not null;
drop index concurrently if exists refunds_needs_staff;
create index concurrently refunds_needs_staff on refunds (id) where needs_staff is not null;
drop index concurrently if exists payouts_needs_staff;
create index concurrently payouts_needs_staff on payouts (id) where needs_staff is not null;
drop index concurrently if exists payouts_batch_id;
create index concurrently payouts_batch_id on payouts (batch_id, id);
drop index concurrently if exists payouts_batch;
drop index concurrently if exists payout_batches_state;
create index concurrently payout_batches_state on payout_batches (state, id);
drop index concurrently if exists wallet_holds_state;
create index concurrently wallet_holds_state on wallet_holds (state, id);
drop index concurrently if exists reconciliations_scope;
create index concurrently reconciliations_scope on reconciliations (scope, id);
drop index concurrently if exists ledger_transactions_flow;
create index concurrently ledger_transactions_flow on ledger_transactions (flow, id);
