#!/usr/bin/env bash
# Fetches what the payment tests run against into .build/stripe, from PyPI: localstripe, a stand-in for Stripe's server,
# and Stripe's own library, whose parameter types ours are checked against. Does nothing when both are there.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=.build/stripe
wanted="localstripe==1.15.10 stripe==16.1.0"
[ "$(cat "$target/versions" 2>/dev/null || true)" != "$wanted" ] || exit 0

echo "Fetching $wanted from PyPI" >&2
rm -rf "$target"
# shellcheck disable=SC2086 — two words.
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$target" $wanted
echo "$wanted" >"$target/versions"
