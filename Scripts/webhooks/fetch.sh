#!/usr/bin/env bash
# Fetches what the tests check webhooks with, the libraries of Standard Webhooks, into .build/webhooks, from PyPI. Does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=.build/webhooks
wanted="standardwebhooks==1.0.1"
[ "$(cat "$target/versions" 2>/dev/null || true)" != "$wanted" ] || exit 0

echo "Fetching $wanted from PyPI" >&2
rm -rf "$target"
# shellcheck disable=SC2086 — one word or more.
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$target" $wanted
echo "$wanted" >"$target/versions"
