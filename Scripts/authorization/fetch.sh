#!/usr/bin/env bash
# Fetches schemathesis into .build/schemathesis, from PyPI. Does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=.build/schemathesis
wanted="schemathesis==4.32.5"
[ "$(cat "$target/versions" 2>/dev/null || true)" != "$wanted" ] || exit 0

echo "Fetching $wanted from PyPI" >&2
rm -rf "$target"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$target" "$wanted"
echo "$wanted" >"$target/versions"
