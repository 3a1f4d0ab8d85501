#!/usr/bin/env bash
# Whether a deployment does what a phone needs: docker/smoke.sh https://staging-api.halobestie.com
# Asks for nothing that costs anything, needs no sign-in and changes nothing. Exit code 1 at the first thing that is not as
# it should be. Needs bash and curl. SMOKE_WITHIN (seconds, 60) is how long /ready may take to be so.
set -u

base=${1:-}
base=${base%/}
[[ $base =~ ^https?://[^/]+$ ]] || { echo "usage: docker/smoke.sh https://host" >&2; exit 2; }

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# ask <what> <expected status> <expected in the body> <curl arguments …>
ask() {
  local what=$1 expected=$2 body=$3 status
  shift 3
  status=$(curl --silent --show-error --max-time 10 --output "$answer" --write-out '%{http_code}' "$@" 2>&1)
  if [ "$status" != "$expected" ] || ! grep -q -- "$body" "$answer"; then
    echo "FAIL $what: $status $(head -c 300 "$answer")"
    exit 1
  fi
  echo "ok   $what"
}

# A rollout may still be under way: only this is waited for.
deadline=$((SECONDS + ${SMOKE_WITHIN:-60}))
until [ "$(curl --silent --max-time 5 --output "$answer" --write-out '%{http_code}' "$base/ready")" = 200 ]; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo "FAIL it is not ready: $(head -c 300 "$answer")"
    exit 1
  fi
  sleep 1
done

ask 'it is ready' 200 '"postgres":{"status":"up"}' "$base/ready"
ask 'it is alive, and says which version it is' 200 '"version":' "$base/health"
ask 'packages can be read' 200 '"items":\[' "$base/api/v1/packages"
ask 'so can how many mitras are there' 200 '"mitrasOnline":' "$base/api/v1/availability"
ask 'what needs a sign-in asks for it' 401 '"code":"unauthenticated"' "$base/api/v1/me"
ask 'the staff side is not here' 404 '"code":"not_found"' "$base/internal/v1/auth/me"
ask 'and neither are metrics' 404 '"code":"not_found"' "$base/metrics"

# The socket opens: 101 is the whole answer, so curl is let go after it.
status=$(curl --silent --http1.1 --max-time 3 --output /dev/null --write-out '%{http_code}' \
  -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: c21va2Utc21va2Utc21vaw==' "$base/api/v1/realtime" 2>/dev/null)
if [ "$status" != 101 ]; then
  echo "FAIL a socket opens: $status"
  exit 1
fi
echo 'ok   a socket opens'
