-- Staff open a case by hand, about somebody: there may be no session behind it.
alter table safety_cases alter column session_id drop not null;
alter table safety_cases alter column conversation_id drop not null;
alter table safety_cases add column opened_by uuid;
alter table safety_cases drop constraint safety_cases_kind_check;
alter table safety_cases add constraint safety_cases_kind_check check (kind in ('report', 'crisis', 'contact', 'staff')) not valid;
alter table safety_cases validate constraint safety_cases_kind_check;
