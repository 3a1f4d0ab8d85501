-- expand
-- Letters of days that are over change their sums, as pushes do.
create function letter_day_changed() returns trigger language plpgsql as $$
begin
  perform note_changed_days('notices', day_of(new.created_at), day_of(new.created_at));
  return null;
end $$;
create trigger letters_day after insert or update of state, reason, tries on letters for each row
  when (day_of(new.created_at) < day_of(app_now())) execute function letter_day_changed();
