#!/bin/sh
# Makes the built-in test pattern and tone next to this script. Needs ffmpeg with libvpx and libopus.
# The results are committed; run it again only to change them.
set -eu
cd "$(dirname "$0")"

quiet="-hide_banner -loglevel error -y -fflags +bitexact -flags:v +bitexact -flags:a +bitexact"

# 320x240, 20 frames a second, 10 s, a moving pattern with a counter in hundredths, a key frame each second.
# No alternate reference frames: every frame in the file is shown, one for each 50 ms.
# shellcheck disable=SC2086
ffmpeg $quiet -f lavfi -i "testsrc=size=320x240:rate=20:duration=10:decimals=2" \
    -pix_fmt yuv420p -c:v libvpx -deadline best -cpu-used 0 -threads 1 \
    -b:v 170k -maxrate 220k -bufsize 110k -auto-alt-ref 0 -lag-in-frames 0 \
    -g 20 -keyint_min 20 -error-resilient default pattern.ivf

# 440 Hz, 48 kHz stereo with the same sound in both, Opus packets of 20 ms, 5 s: a whole number of waves.
# shellcheck disable=SC2086
ffmpeg $quiet -f lavfi -i "sine=frequency=440:sample_rate=48000:duration=5" \
    -af "volume=0.5" -ac 2 -c:a libopus -b:a 24k -vbr off -frame_duration 20 -application audio tone.ogg

ls -l pattern.ivf tone.ogg
