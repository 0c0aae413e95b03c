#!/bin/sh
# The demo's film: 32 seconds, 720 × 1280, 30 fps, which `haat demo` sends round and round as an encoder would.
#
#   Scripts/demo-film.sh OUT.mp4        makes the film
#   Scripts/demo-film.sh --arguments    prints ffmpeg's arguments, one a line, with {pictures} and {out} to replace:
#                                       Sources/haat/Demo/film.txt is this, and what `haat demo` runs
#
# It is made of our pictures and ffmpeg's own sources alone: no font, no recording. Every motion and the tune have
# periods that divide 32 s, so the last frame leads into the first:
#   ffmpeg -re -stream_loop -1 -i OUT.mp4 -c copy -f flv rtmp://localhost:1935/live/KEY
set -eu

pictures="lamp-1 scarf-indigo mug-2 kettle-2 tote planter stool lamp-2"

# A square picture becomes a tall scene: its wall is drawn out upwards and its table downwards. The first picture comes
# once more at the end, and the first 0.8 s (its fade-in) are cut away: that closes the ring.
graph=""
n=0
for _ in $pictures again; do
  graph="$graph[$n:v]scale=880:880:flags=lanczos,crop=720:880,format=yuv420p,split=3[m$n][u$n][d$n];"
  graph="$graph[u$n]crop=720:4:0:0,scale=9:2:flags=area,scale=720:140:flags=bicubic[wall$n];"
  graph="$graph[d$n]crop=720:4:0:876,scale=9:2:flags=area,scale=720:260:flags=bicubic[table$n];"
  graph="$graph[wall$n][m$n][table$n]vstack=inputs=3,setsar=1,loop=loop=147:size=1,setpts=N/30/TB,fps=30[p$n];"
  n=$((n + 1))
done
before=p0
for k in 1 2 3 4 5 6 7 8; do
  graph="$graph[$before][p$k]xfade=transition=fade:duration=0.8:offset=$((k * 4))[x$k];"
  before=x$k
done
graph="$graph[x8]trim=start_frame=24:end_frame=984,setpts=PTS-STARTPTS,"

# The camera, held in a hand: nearer and farther in 8 s, from side to side in 32/3 s, a tremor besides. `perspective`
# moves by parts of a pixel, where zoompan would jump from one to the next.
near="(1.085-0.055*cos(2*PI*on/240))"
aside="(15*sin(2*PI*on/320)+2.5*sin(2*PI*on/96))"
up="(-30+9*sin(2*PI*on/480)+2*sin(2*PI*on/80))"
left="W/2-W/2/$near+$aside" right="W/2+W/2/$near+$aside"
top="H/2-H/2/$near+$up/2" bottom="H/2+H/2/$near+$up/2"
graph="${graph}perspective=x0='$left':y0='$top':x1='$right':y1='$top':x2='$left':y2='$bottom':x3='$right':y3='$bottom'"
graph="$graph:interpolation=linear:eval=frame[scene];"

# Warm light, painted small, 15 times a second, and enlarged: a lamp swinging overhead that flickers, and two soft discs nearer than the
# scene, which drift against the camera.
lamp="(52+5*sin(2*PI*T*2.5)*sin(2*PI*T/4))*exp(-(pow(X-22-13*sin(2*PI*T/8),2)+pow(Y-10-3*cos(2*PI*T/4),2))/420)"
disc1="34*exp(-pow((pow(X-38+5*sin(2*PI*T*3/32),2)+pow(Y-62-6*sin(2*PI*T/16),2))/60,2))"
disc2="26*exp(-pow((pow(X-6+6*sin(2*PI*T*3/32),2)+pow(Y-36+8*sin(2*PI*T/16),2))/34,2))"
graph="${graph}color=c=black:s=45x80:r=15:d=33,format=gray,geq=lum='$lamp+$disc1+$disc2',"
graph="${graph}fps=30,scale=720:1280:flags=bicubic[light];"
graph="${graph}color=c=0xFFC98A:s=720x1280:r=30:d=33,format=yuva420p[warm];[warm][light]alphamerge[glow];"
graph="${graph}[scene][glow]overlay=format=yuv420:shortest=1,trim=end_frame=960,format=yuv420p[v];"

# The tune: a plucked string in four voices half a second apart, each pluck ringing for two seconds, on the five notes
# of a pentatonic scale. A voice's sixteen notes are the octal digits of one number (0 rests); a soft drone lies below.
# Four seconds are played before the cut, so that the end rings over into the beginning.
voice() { # voice NUMBER DELAY; registers: 0 the voice's own time, 1 its note, 2 the time since the pluck, 3 the phase
  degree="mod(floor($1/pow(8,floor(ld(0)/2))),8)"
  phase="2*PI*261.625*pow(2,floor(2.4*(ld(1)-1))/12)*ld(2)"
  string="sin(ld(3))*exp(-2.9*ld(2))+0.42*sin(2*ld(3))*exp(-4.6*ld(2))+0.16*sin(3*ld(3))*exp(-7*ld(2))"
  echo "0*(st(0,mod(t-$2+32,32))+st(1,$degree)+st(2,mod(ld(0),2))+st(3,$phase))+gt(ld(1),0)*(1-exp(-260*ld(2)))*($string)"
}
octal() { echo $((0$1)); } # sixteen digits, the last note first
v0=$(voice "$(octal 1354653113546531)" 0)
v1=$(voice "$(octal 0030502005030502)" 0.5)
v2=$(voice "$(octal 3576563235765313)" 1)
v3=$(voice "$(octal 2040605402406050)" 1.5)
drone="0.035*(1+0.3*sin(2*PI*t/8))*(sin(2*PI*130.8125*t)+0.5*sin(2*PI*196.21875*t)+0.3*sin(2*PI*261.625*t))"
graph="${graph}aevalsrc=exprs='$v0|$v1|$v2|$v3|$drone':s=24000:d=36,"
graph="${graph}pan=stereo|c0=0.15*c0+0.11*c1+0.09*c2+0.07*c3+c4|c1=0.11*c0+0.15*c1+0.07*c2+0.11*c3+c4,"
graph="${graph}aecho=0.9:0.7:173|311|467:0.22|0.16|0.1,lowpass=f=5200,aresample=48000,"
graph="${graph}atrim=start_sample=192000:end_sample=1726976,asetpts=PTS-STARTPTS[a]"

arguments() { # arguments PICTURES OUT
  printf '%s\n' -hide_banner -nostdin -loglevel error -y
  for name in $pictures ${pictures%% *}; do printf '%s\n' -framerate 30 -i "$1/$name.jpg"; done
  printf '%s\n' -filter_complex "$graph" -map '[v]' -map '[a]' \
    -c:v libx264 -preset superfast -profile:v high -pix_fmt yuv420p -r 30 -bf 0 \
    -g 30 -keyint_min 30 -sc_threshold 0 -b:v 2500k -maxrate 2800k -bufsize 2800k \
    -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv \
    -c:a aac -b:a 128k -ar 48000 -ac 2 -movflags +faststart "$2"
}

case ${1:?usage: Scripts/demo-film.sh OUT.mp4 | --arguments} in
  --arguments) arguments '{pictures}' '{out}' ;;
  *)
    here=$(cd "$(dirname "$0")/../Sources/haat/Demo/Pictures" && pwd)
    # One argument a line: no argument holds a line break, and no shell looks at the graph.
    arguments "$here" "$1" | tr '\n' '\0' | xargs -0 ffmpeg
    ;;
esac
