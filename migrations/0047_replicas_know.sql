-- expand
-- The newest migration that a replica's code knows: what takes something away from older code waits until none of it lives.
alter table replicas add column knows_schema integer;
