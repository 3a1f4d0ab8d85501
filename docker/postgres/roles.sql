-- Run once, by the Postgres image, when its volume is empty: the two roles of DEPLOY.md with the passwords that docker/make-keys.mjs made.
\set owner_password `cat /keys/owner/owner-password`
\set app_password `cat /keys/owner/app-password`
create role halobestie_owner login password :'owner_password';
create role halobestie_app login password :'app_password';
alter database halobestie owner to halobestie_owner;
