#!/usr/bin/env bash
# The fuzz targets build and run for a moment; longer runs are `make fuzz SECONDS_EACH=600`.
set -eu
cd "$(dirname "$0")/.."
: "${BUILD:=build}"
exec make -s BUILD="$BUILD" SECONDS_EACH=3 fuzz
