#!/usr/bin/env bash
# gonogo-replay against what the recordings say, read by an independent program, and against Debian's Prometheus. BUILD: where the programs are.
set -eu
cd "$(dirname "$0")/.."
: "${BUILD:=build}"
replay=$BUILD/gonogo-replay
# The sanitized one where "make check" has just built it.
[ ! "$BUILD/asan/gonogo-replay" -nt "$replay" ] || replay=$BUILD/asan/gonogo-replay
REPLAY=$(realpath "$replay")
export REPLAY
python3 -B tests/replay/check.py
python3 -B tests/replay/play.py
