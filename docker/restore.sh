#!/usr/bin/env bash
# Brings a backup back, into an empty place. Verifies it as a whole before anything is touched.
#
#   docker/restore.sh list
#   docker/restore.sh dump [latest|name] [--overwrite] [--erased file]
#       into the database of RESTORE_DATABASE_URL (its owner; empty, or --overwrite drops what is there)
#   docker/restore.sh base [latest|name] --data folder [--erased file]
#       a whole cluster into an empty folder, and the write-ahead log up to its end
#   docker/restore.sh point 2026-11-21T19:00:00Z --data folder [--erased file]
#       the same, to a moment: what was committed before it is there, nothing that came after
#
# Afterwards, each time: the schema is brought up to this code's, the ids of --erased (persons who were erased since the
# backup; one a line) are handed to erase-again, the ledger and the closed days are checked. What was restored, and up to
# which moment, is printed. base and point need the server of PostgreSQL 17 too, and a user that is not root; they leave
# a stopped cluster that has been promoted: start your server on that folder, and take a base backup at once.
# The environment: as docker/backup.sh, and for dump
#   RESTORE_DATABASE_URL[_FILE]      the owner's URL of the empty database
#   RESTORE_APP_DATABASE_URL[_FILE]  the application's: the rights are given to its role
# For base and point, --database and --user where they are not halobestie and postgres.
# Exit codes: 0 restored and sound, 1 not (a line of JSON on standard error says why).
set -euo pipefail
# Paths of the caller stay right.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
what="${1:-}"
[ "$#" -eq 0 ] || shift
case "$what" in
  list) exec node "$root/backend/backup.ts" list ;;
  dump) exec node "$root/backend/backup.ts" restore-dump "$@" ;;
  base) exec node "$root/backend/backup.ts" restore-base "$@" ;;
  point)
    moment="${1:?which moment? for example 2026-11-21T19:00:00Z}"
    shift
    exec node "$root/backend/backup.ts" restore-base latest --until "$moment" "$@"
    ;;
  *) sed -n '2,12s/^# \{0,1\}//p' "$root/docker/restore.sh" >&2; exit 2 ;;
esac
