-- expand
-- When the words of a notice were erased; its key stays, so that the same notice does not come back.
alter table notifications add column emptied_at timestamptz;
