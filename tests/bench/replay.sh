#!/usr/bin/env bash
# How fast the replay is beside what it plays: if it were slow, a fast playing would measure it and not the collector.
set -eu
: "${BUILD:=build}"
recording=samples/recordings/develop-restart
start=$(date +%s%N)
"$BUILD/gonogo-replay" "$recording" --until +0 >/dev/null
ms=$((($(date +%s%N) - start) / 1000000))
echo "open a recording of 53,000 samples: $ms ms"
[ "$ms" -lt 2000 ]

out=$(mktemp)
replay=
trap 'kill $replay 2>/dev/null || true; rm -f "$out"' EXIT
"$BUILD/gonogo-replay" "$recording" --clock "$("$BUILD/gonogo-replay" "$recording" --times | sed -n 's/^end //p')@1" >"$out" &
replay=$!
for _ in $(seq 250); do
	! grep -q ready "$out" || break
	sleep 0.02
done
port=$(sed -n 's/^prometheus //p' "$out")
start=$(date +%s%N)
for _ in $(seq 20); do
	curl -sfG "http://127.0.0.1:$port/api/v1/query" --data-urlencode 'query={service=~"develop-.*"}[40m]' -o /dev/null
done
ms=$((($(date +%s%N) - start) / 20000000))
echo "all samples of the services by one query: $ms ms"
[ "$ms" -lt 500 ]
