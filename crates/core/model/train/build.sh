#!/usr/bin/env bash
# From audio to blob: build.sh DATA CACHE [HOURS] [STEPS]. Training audio, checkpoints and voices go to CACHE; the blob and its golden vectors beside this folder.
# A first network learns from a quarter of the audio; what it wrongly hears as digits is said more often in the rest.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$1 cache=$2 hours=${3:-60} steps=${4:-60000}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
mkdir -p "$cache"
make() { python "$here/synth.py" --data "$data" --cache "$cache" --keep "$hours" "$@"; }
train() { python "$here/train.py" --cache "$cache" --name digits "$@"; }
make --hours $((hours / 4))
train --steps $((steps / 10))
python "$here/mine.py" "$cache/digits.pt" --data "$data" --cache "$cache"
make --first $((hours / 4)) --hours "$hours"
train --resume --steps "$steps"
python "$here/blob.py" "$cache/digits.pt" "$here/../digits.bin"
python "$here/golden.py" "$here/../digits.bin" "$here/../golden.bin"
