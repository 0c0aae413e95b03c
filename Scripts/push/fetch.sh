#!/usr/bin/env bash
# Fetches what the push service of the tests decrypts with into .build/push-service, from PyPI. Does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=.build/push-service
wanted="http_ece==1.2.1 cryptography==48.0.0"
[ "$(cat "$target/versions" 2>/dev/null || true)" != "$wanted" ] || exit 0

echo "Fetching $wanted from PyPI" >&2
rm -rf "$target"
# shellcheck disable=SC2086 — two words.
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$target" $wanted
echo "$wanted" >"$target/versions"
