#!/usr/bin/env bash
# Fetches what the tests read our calendars with into .build/calendar, from PyPI. Does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=.build/calendar
wanted="icalendar==6.3.2"
[ "$(cat "$target/versions" 2>/dev/null || true)" != "$wanted" ] || exit 0

echo "Fetching $wanted from PyPI" >&2
rm -rf "$target"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$target" "$wanted"
echo "$wanted" >"$target/versions"
