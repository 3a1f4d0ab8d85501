-- Promo codes and credit by staff (lots of promotional credit), tips, earnings that are held back, wallets that wait.

create table promo_codes (
  id               uuid primary key,
  code             text not null,
  kind             text not null check (kind in ('amount', 'percent')),
  amount_idr       bigint check (amount_idr > 0),
  percent          integer check (percent between 1 and 100),
  most_idr         bigint not null check (most_idr > 0),
  budget_idr       bigint not null check (budget_idr >= 0),
  spent_idr        bigint not null default 0 check (spent_idr >= 0),
  per_person_limit integer not null default 1 check (per_person_limit > 0),
  least_price_idr  bigint not null default 0 check (least_price_idr >= 0),
  starts_at        timestamptz not null,
  ends_at          timestamptz not null,
  active           boolean not null default true,
  created_at       timestamptz not null default app_now(),
  updated_at       timestamptz not null default app_now(),
  constraint promo_codes_budget check (spent_idr <= budget_idr),
  check (ends_at > starts_at),
  check ((kind = 'amount') = (amount_idr is not null) and (kind = 'percent') = (percent is not null))
);
create unique index promo_codes_code on promo_codes (upper(code));

-- One use a session. A person is a phone number's hash: an account that is erased and made anew is the same person.
create table promo_uses (
  id             uuid primary key,
  code_id        uuid not null references promo_codes (id),
  customer_id    uuid not null references users (id),
  person_hash    bytea not null,
  session_id     uuid not null unique,
  state          text not null check (state in ('reserved', 'used', 'given_back')),
  reserved_idr   bigint not null check (reserved_idr > 0),
  used_idr       bigint not null default 0 check (used_idr >= 0 and used_idr <= reserved_idr),
  returned_idr   bigint not null default 0 check (returned_idr >= 0 and returned_idr <= used_idr),
  -- what of it the code's budget has got back already
  budget_back_idr bigint not null default 0 check (budget_back_idr >= 0 and budget_back_idr <= reserved_idr),
  lot_id         uuid references promo_lots (id),
  created_at     timestamptz not null default app_now(),
  settled_at     timestamptz
);
create index promo_uses_person on promo_uses (code_id, person_hash) where state <> 'given_back';

create table staff_credits (
  id          uuid primary key,
  customer_id uuid not null references users (id),
  amount_idr  bigint not null check (amount_idr > 0),
  expires_at  timestamptz not null,
  reason      text not null,
  given_by    uuid not null,
  state       text not null check (state in ('asked', 'given', 'refused')),
  request_key text,
  created_at  timestamptz not null default app_now(),
  given_at    timestamptz,
  check ((state = 'given') = (given_at is not null))
);
create unique index staff_credits_request_key on staff_credits (given_by, request_key) where request_key is not null;
create index staff_credits_customer on staff_credits (customer_id, id);

-- What a member of staff has given alone on a day in Asia/Jakarta.
create table credit_days (
  staff_id  uuid not null,
  day       date not null,
  given_idr bigint not null default 0 check (given_idr >= 0),
  primary key (staff_id, day)
);

create table tips (
  id          uuid primary key,
  session_id  uuid not null references chat_sessions (id),
  customer_id uuid not null references users (id),
  mitra_id    uuid not null references mitras (user_id),
  amount_idr  bigint not null check (amount_idr > 0),
  from_wallet boolean not null,
  state       text not null check (state in ('waiting', 'paid', 'expired')),
  request_key text,
  created_at  timestamptz not null default app_now(),
  paid_at     timestamptz,
  check ((state = 'paid') = (paid_at is not null))
);
create unique index tips_request_key on tips (session_id, request_key) where request_key is not null;
create index tips_mitra on tips (mitra_id, id);

-- The mitra's share of what was paid by promotional credit: earned, paid out from held_until on.
create table earning_holds (
  session_id uuid primary key references chat_sessions (id),
  mitra_id   uuid not null references mitras (user_id),
  amount_idr bigint not null check (amount_idr > 0),
  held_until timestamptz not null,
  created_at timestamptz not null default app_now()
);
create index earning_holds_mitra on earning_holds (mitra_id, held_until);

-- An account that was idle for long may be a recycled number: its wallet counts from `history_from` on until a member of
-- staff has found out that it is the same person.
create table wallet_releases (
  customer_id uuid primary key,
  released_at timestamptz not null default app_now(),
  released_by uuid not null
);
