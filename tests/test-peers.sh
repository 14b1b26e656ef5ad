#!/usr/bin/env bash
# The collector against scripted servers over real sockets, as built with the sanitizers where that build is there.
set -eu
cd "$(dirname "$0")/.."
: "${BUILD:=build}"
[ -x "$BUILD/asan/gonogo-collector" ] && BUILD=$BUILD/asan
export BUILD ASAN_OPTIONS=detect_leaks=1
exec python3 -B tests/peers/peers.py "$@"
