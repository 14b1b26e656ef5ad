#!/usr/bin/env bash
# Every recording through the real collector: what was recorded is in the log, each once, and no secret is. BUILD: where the programs are.
set -eu
cd "$(dirname "$0")/.."
: "${BUILD:=build}"
BUILD=$(realpath "$BUILD")
export BUILD
for program in gonogo gonogo-collector gonogo-replay; do
	[ -x "$BUILD/$program" ] || {
		echo "test-play: $BUILD/$program is not built: run make" >&2
		exit 1
	}
done
exec python3 -B tests/replay/rows.py
