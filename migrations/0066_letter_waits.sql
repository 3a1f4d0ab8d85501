-- expand
-- Claims of a letter that ended without a try: its server could not be reached, or the person's quiet hours held it back.
-- They neither spend a try nor wear the letter out.
alter table letters add column waits integer not null default 0;
