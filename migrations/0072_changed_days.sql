-- expand
-- A day that has changed is told of by one row, and not by one for each change of it: a million phones may tell late of one
-- day. Who finds the row holds it to the commit, as a foreign key does: many at once, and whoever adds the day up leaves
-- such a row for its next turn (older code waits for it), so no change is missed. A row that is being taken is passed over,
-- and the change tells of itself: nobody waits.
create or replace function note_changed_days(rollup text, first_day date, last_day date) returns void language sql as $$
  with known as (
    select c.id from rollup_changes c where c.rollup = note_changed_days.rollup and c.from_day <= first_day and c.until_day >= last_day
    limit 1 for key share skip locked)
  insert into rollup_changes (rollup, from_day, until_day)
  select note_changed_days.rollup, first_day, last_day where not exists (select from known)
$$;
