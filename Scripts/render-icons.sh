#!/bin/sh
# Renders the site's sign (Sources/Web/Resources/Static/icon.svg) to the pictures that are committed beside it
# (Static/icons/*.png), for phones and desktops that put Haat among their apps. Run it after changing the sign.
#
# Needs rsvg-convert. On Debian and Ubuntu it installs the package librsvg2-bin when that is missing, and says so.
set -eu
cd "$(dirname "$0")/../Sources/Web/Resources/Static"

command -v rsvg-convert >/dev/null || {
  echo "Installing librsvg2-bin, for rsvg-convert"
  apt-get install -y --no-install-recommends librsvg2-bin >/dev/null
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p icons

# Where a system cuts the picture to a shape of its own, the ground goes to the edge and the stall stays within the
# middle four fifths (https://www.w3.org/TR/appmanifest/#icon-masks).
sed -e 's/ rx="16"//' -e 's/<path/<g transform="translate(9.6 8.9) scale(.7)"><path/' -e 's/<\/g><\/svg>/<\/g><\/g><\/svg>/' \
  icon.svg >"$work/whole.svg"

render() { # render DRAWING NAME SIDE
  rsvg-convert -w "$3" -h "$3" "$1" -o "icons/$2.png"
  echo "$2.png: $(wc -c <"icons/$2.png") bytes"
}

render icon.svg icon-192 192
render icon.svg icon-512 512
render "$work/whole.svg" maskable-192 192
render "$work/whole.svg" maskable-512 512
render "$work/whole.svg" apple-touch 180
