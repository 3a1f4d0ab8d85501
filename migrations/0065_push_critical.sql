-- expand
-- What is not critical waits for the end of a person's quiet hours. A version before keeps none.
alter table pushes add column critical boolean not null default true;
