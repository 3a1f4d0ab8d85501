#!/usr/bin/env bash
# Backs the database up: into a folder or an S3-compatible bucket, sealed, verified, one of a kind at a time.
#
#   docker/backup.sh dump       a dump in Postgres' custom format
#   docker/backup.sh base       a base backup of the whole cluster
#   docker/backup.sh wal        receives and ships the write-ahead log until it is stopped
#   docker/backup.sh schedule   all of it by itself: the log always, dumps every 6 h, a base backup every day, and prune
#   docker/backup.sh prune      removes what the table of retention in DEPLOY.md does not keep
#   docker/backup.sh list       what there is
#   docker/backup.sh verify [dump|base] [name]   reads one back (the newest): checksum, seal, contents
#
# Needs bash, tar, Node 24 and the client programs of PostgreSQL 17. What it reads from the environment:
#   BACKUP_DATABASE_URL[_FILE]  a role that reads everything; base and wal need REPLICATION too (and pg_hba.conf to let it)
#   BACKUP_STORE                a folder, or s3://bucket/prefix
#   BACKUP_KEY_FILE             keys in base64, one a line (openssl rand -base64 32): the first seals, all of them open.
#                               Without one, BACKUP_PLAIN=true must say that nothing is to be encrypted
#   BACKUP_SPOOL                for wal: a folder on a disk, for what has arrived and is not shipped yet
#   BACKUP_PARTIAL_SECONDS      for wal: how often the segment in progress is shipped (60)
#   BACKUP_METRICS_DIR          for Prometheus' textfile collector, where there is one
#   BACKUP_S3_ENDPOINT, BACKUP_S3_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN   for a bucket
# Exit codes: 0 done, 1 failed (a line of JSON on standard error says why), 75 another of that kind is running.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case "${1:-}" in
  dump | base | wal | schedule | prune | list | verify) ;;
  *) sed -n '2,11s/^# \{0,1\}//p' "docker/backup.sh" >&2; exit 2 ;;
esac
command -v node >/dev/null || { echo '{"level":"error","event":"failed","problem":"node is not on the PATH"}' >&2; exit 1; }
# The signals are Node's.
exec node backend/backup.ts "$@"
