#!/bin/sh
# Runs once, when the database server of compose.yaml is made: one role owns the tables, another one works with them.
set -eu
psql --set ON_ERROR_STOP=1 --set app="$APP_PASSWORD" --set owner="$OWNER_PASSWORD" <<'SQL'
create role latchkey_owner login password :'owner';
create role latchkey_app login password :'app';
create database latchkey owner latchkey_owner;
revoke connect on database latchkey from public;
grant connect on database latchkey to latchkey_app;
SQL
