#!/usr/bin/env bash
# What a network makes of speech without digits of people it never heard: crossval.sh DATA CACHE K/N [HOURS] [STEPS] trains one on all but fold K of the
# people of both splits, in the way of build.sh, and prints the figures of fold K. Noise and rooms keep their splits. The folds can run side by side.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$1 cache=$2/fold-${3%/*} fold=$3 hours=${4:-24} steps=${5:-10000}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
mkdir -p "$cache"
make() { python "$here/synth.py" --data "$data" --cache "$cache" --keep "$hours" --fold "$fold" "$@"; }
train() { python "$here/train.py" --cache "$cache" --name digits "$@"; }
make --hours $((hours / 4))
train --steps $((steps / 5))
python "$here/mine.py" "$cache/digits.pt" --data "$data" --cache "$cache" --fold "$fold"
make --first $((hours / 4)) --hours "$hours"
train --resume --steps "$steps"
python "$here/eval.py" "$cache/digits.pt" --data "$data" --fold "$fold"
