-- Listed first to the customer, and nothing else: no decision looks at it.
create table favourites (
  customer_id uuid not null references users (id),
  mitra_id    uuid not null references mitras (user_id),
  created_at  timestamptz not null default app_now(),
  primary key (customer_id, mitra_id)
);
