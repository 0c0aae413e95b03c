#!/usr/bin/env bash
# Fetches the mail server that tests send to: aiosmtpd from PyPI. It is kept beside the build products.
set -euo pipefail

directory=.build/mail-server
[ ! -d "$directory/aiosmtpd" ] || exit 0
echo "Fetching the mail server of the tests (PyPI package aiosmtpd)" >&2
rm -rf "$directory.part"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$directory.part" aiosmtpd==1.4.6
mv "$directory.part" "$directory"
