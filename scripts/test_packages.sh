#!/bin/sh
# Brings the Debian packages that tests run against, where this user may install packages. Elsewhere it prints one line;
# the tests that need a missing one then fail, each with the same advice.
set -eu
cd "$(dirname "$0")/.."

# Twilio's own segment calculator judges ours (tests/unit/channels/test_segments.py); where there is no npm, tables do.
if command -v npm >/dev/null && [ ! -d var/npm/node_modules/sms-segments-calculator ]; then
    npm install --silent --no-audit --no-fund --prefix var/npm sms-segments-calculator@1.3.0 >/dev/null 2>&1 </dev/null ||
        echo "npm could not bring sms-segments-calculator: segments are compared with tables only" >&2
fi

# Prism serves Twilio's own API descriptions (tests/contract/test_prism.py); without npm, openapi-core checks alone.
if command -v npm >/dev/null && [ ! -d var/npm/node_modules/@stoplight/prism-cli ]; then
    npm install --silent --no-audit --no-fund --prefix var/npm @stoplight/prism-cli@5.16.0 >/dev/null 2>&1 </dev/null ||
        echo "npm could not bring @stoplight/prism-cli: requests are checked without Prism" >&2
fi

missing=""
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v espeak-ng >/dev/null || missing="$missing espeak-ng"
[ -n "$(find /usr/lib/postgresql -name initdb 2>/dev/null)" ] || missing="$missing postgresql"
if [ -n "$(find tests/browser -name 'test_*.py')" ]; then
    command -v chromium >/dev/null || missing="$missing chromium"
fi
[ -n "$missing" ] || exit 0

as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo -n"
if ! command -v apt-get >/dev/null || ! $as_root true 2>/dev/null; then
    echo "Tests need these Debian packages, which this user cannot install:$missing" >&2
    exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing for the tests:$missing"
# RUNLEVEL=1: the packages' own services are not started, for tests start servers of their own.
# shellcheck disable=SC2086 (words are wanted)
if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    echo "These Debian packages could not be installed, tests that need them will fail:$missing" >&2
fi
