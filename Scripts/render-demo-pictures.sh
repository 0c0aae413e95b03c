#!/bin/sh
# Renders the demo's drawings (Sources/haat/Demo/Art/*.svg) to the pictures that are committed beside them
# (Sources/haat/Demo/Pictures/*.jpg). Run it after changing a drawing; `make demo` uses the pictures as they are.
#
# Needs ffmpeg, rsvg-convert and cjpeg. On Debian and Ubuntu it installs what is missing of them (the packages
# ffmpeg, librsvg2-bin and libjpeg-turbo-progs) and says so.
set -eu
cd "$(dirname "$0")/../Sources/haat/Demo"

need() { # need COMMAND PACKAGE
  command -v "$1" >/dev/null && return
  echo "Installing $2, for $1"
  apt-get install -y --no-install-recommends "$2" >/dev/null
}
need ffmpeg ffmpeg
need rsvg-convert librsvg2-bin
need cjpeg libjpeg-turbo-progs

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p Pictures

render() { # render DRAWING NAME WIDTH HEIGHT LIMIT
  # Debian 12's cjpeg reads no PNG, so the pixels pass through a PPM.
  rsvg-convert -w "$3" -h "$4" "$1" -o "$work/picture.png"
  ffmpeg -v error -y -i "$work/picture.png" -f image2 -c:v ppm "$work/picture.ppm"
  cjpeg -quality 70 -optimize -progressive -outfile "Pictures/$2.jpg" "$work/picture.ppm"
  bytes=$(wc -c <"Pictures/$2.jpg")
  echo "$2.jpg: $bytes bytes"
  [ "$bytes" -le "$5" ] || { echo "$2.jpg is over its $5 bytes" >&2; exit 1; }
}

# The scarf is drawn once, in indigo; the other two are dyed from it: cloth, border, ink, accent and pale ink,
# then the wall (light, dark) and the niche.
dye() { # dye NAME COLOUR…
  sed -e "s/#e2a32e/$5/g; s/#2c4a8c/$2/g; s/#1c2f63/$3/g; s/#f0e6d2/$4/g; s/#c9d6ee/$6/g" \
    -e "s/#f6e6cd/$7/g; s/#dcb98f/$8/g; s/#f0d9b6/$9/g" Art/scarf.svg >"$work/scarf.svg"
  render "$work/scarf.svg" "$1" 800 800 70000
}

for drawing in Art/*.svg; do
  name=$(basename "$drawing" .svg)
  case $name in
    logo) render "$drawing" logo 400 400 20000 ;;
    poster) render "$drawing" poster 720 1280 110000 ;;
    scarf) render "$drawing" scarf-indigo 800 800 70000 ;;
    *) render "$drawing" "$name" 800 800 70000 ;;
  esac
done
dye scarf-madder "#a8322f" "#701d24" "#f6e3c8" "#eeb040" "#f3cdb4" "#eef0dc" "#b7bd98" "#dfe4c8"
dye scarf-turmeric "#e2a32e" "#b8731a" "#7d2233" "#2d5a6b" "#fff1cf" "#f7ddcc" "#d9a08a" "#f0c9b4"
