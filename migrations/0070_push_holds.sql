-- expand
-- Claims that came to a wait (quiet hours, a ring under way) are not those of a push that ends its workers.
alter table pushes add column holds integer not null default 0;
