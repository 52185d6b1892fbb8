#!/usr/bin/env bash
# From audio to blob: build.sh DATA CACHE [HOURS] [STEPS]. Training audio goes to CACHE/shards, checkpoints to CACHE, the blob beside this folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$1 cache=$2 hours=${3:-40} steps=${4:-60000}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
mkdir -p "$cache"
python "$here/synth.py" --data "$data" --cache "$cache" --hours "$hours" --keep "$hours"
python "$here/train.py" --cache "$cache" --name digits --steps "$steps"
python "$here/blob.py" "$cache/digits.pt" "$here/../digits.bin"
