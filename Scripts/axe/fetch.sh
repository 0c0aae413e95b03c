#!/usr/bin/env bash
# Fetches axe, which looks for what keeps people from using a page, into .build/axe, from PyPI. Does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=.build/axe
wanted="axe-core-python==0.1.0"
[ "$(cat "$target/versions" 2>/dev/null || true)" != "$wanted" ] || exit 0

echo "Fetching $wanted from PyPI" >&2
rm -rf "$target"
# shellcheck disable=SC2086 — one word or more.
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$target" $wanted
echo "$wanted" >"$target/versions"
