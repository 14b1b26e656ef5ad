#!/usr/bin/env bash
# Recorded rollouts in which something went otherwise (tests/replay/alter.py): what must be found, and what must not be said.
# BUILD: where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/support.sh

for r in course-good course-zero-errors develop-errors develop-gate develop-stopped-by-hook develop-pods-gone develop-ab-good; do
	samples/play "samples/recordings/$r" "$tmp/$r.db" --rate 120 >/dev/null || { echo "FAIL: play $r"; exit 1; }
done
# altered NAME RECORDING COMMAND...: the last rollout of what was altered, as JSON in $tmp/NAME.
altered() {
	local name=$1 r=$2
	shift 2
	python3 tests/replay/alter.py "$tmp/$r.db" "$tmp/$name.db" "$@" || fail "alter $name"
	"$gonogo" show recorded --db "$tmp/$name.db" -o json >"$tmp/$name" || fail "show $name"
}
says() { jq -e "$2" "$tmp/$1" >/dev/null || fail "$1: $2"; }

# Load tests end with the analysis: behind the decision silence is no outage, and never the first reason.
altered quiet-end course-zero-errors freeze 2026-11-25T04:31:57Z
says quiet-end '.reasons[0].text | startswith("MetricTemplate")'
says quiet-end '[.findings[] | select(.rule == "no-requests") | .severity] == ["warning"]'
altered quiet-promotion course-good freeze 2026-11-25T04:05:26Z
says quiet-promotion '.verdict == "go" and ([.findings[] | select(.rule == "no-requests") | .severity] == ["warning"])'
# In the middle it is one.
altered outage course-good freeze 2026-11-25T04:04:00Z
says outage '.verdict != "go" and ([.findings[] | select(.rule == "no-requests") | .severity] == ["error"])'
# A load test that ends behind the decision does not cover an outage before it.
altered both-silent course-good outage 2026-11-25T04:04:00Z 2026-11-25T04:04:30Z 2026-11-25T04:05:30Z
says both-silent '[.findings[] | select(.rule == "no-requests") | .severity] == ["error"]'
says both-silent '[.findings[] | select(.rule == "no-requests") | .text] | all(contains("from 04:0") and (contains("from 04:05") | not))'
# Traffic that always pauses, answers that always lag, an arm that was never there: nobody was silent.
altered pauses course-zero-errors pauses
says pauses '[.findings[] | select(.rule == "no-requests")] == []'
altered lag course-good lag 25
"$gonogo" show recorded --db "$tmp/lag.db" --at 2026-11-25T04:04:00Z -o json >"$tmp/lag"
says lag '.partial and ([.findings[] | select(.rule == "no-requests")] == [])'
altered one-arm develop-errors arm-only canary
says one-arm '[.findings[].rule] | any(. == "no-series") and all(. != "no-requests")'
says one-arm '.reasons[0].text | startswith("Flagger: ")'

# Silence that goes on is not over.
"$gonogo" show recorded --db "$tmp/develop-pods-gone.db" --at 2026-11-25T23:25:30Z -o json >"$tmp/going-on"
says going-on '[.timeline[] | select(.kind == "silence") | .text] == ["From here on no request of either version is seen"]'
says going-on '.reasons[0].text | contains("to the last sample at")'
"$gonogo" show recorded --db "$tmp/develop-pods-gone.db" -o json >"$tmp/over"
says over '[.timeline[] | select(.kind == "silence") | .text] | length == 2'

# Another hook's no is not this one's: a notifier in the place of a rollback hook.
altered notifier develop-stopped-by-hook replace 'Rollback hook stop not' 'Rollback hook guard not'
says notifier '[.findings[] | select(.rule == "rollback-hook") | .text] | all(startswith("A rollback hook answered yes"))'

# What neither channel brought is a gap, also where two collectors missed it, and each delivery counts once.
altered deaf develop-gate drop 'not signaling' 6
cp "$tmp/deaf.db" "$tmp/deaf-too.db"
says deaf '.gaps | length > 0'
"$gonogo" show recorded --db "$tmp/deaf.db" --db "$tmp/deaf-too.db" -o json >"$tmp/both"
says both '.gaps | length > 0'
"$gonogo" show recorded --db "$tmp/develop-gate.db" -o json >"$tmp/heard"
says heard '.gaps == []'

# Between the last failed check and the tick that rolls back nothing is held; what to do is to take the traffic back.
"$gonogo" show recorded --db "$tmp/develop-errors.db" --at 2026-11-25T04:05:20Z -o json >"$tmp/between"
says between '.verdict == "no-go" and .partial and (.next | startswith("Take the traffic back now"))'
# What was not asked for yet is no hole, and behind the copying there is no baseline.
"$gonogo" show recorded --db "$tmp/course-good.db" --at 2026-11-25T04:03:10Z -o json >"$tmp/running"
says running '[.reasons[].text] | all(startswith("Of a part") | not)'
"$gonogo" show recorded --db "$tmp/course-good.db" --at 2026-11-25T04:05:50Z -o json >"$tmp/copying"
says copying '[.findings[].rule] | all(. != "baseline-ill")'
says between '[.findings[].rule] | all(. != "threshold-without-rollback")'
# Twenty requests show no p95: no limit is computed from them.
"$gonogo" show recorded --db "$tmp/develop-ab-good.db" -o json >"$tmp/thin"
says thin '[.rollback_conditions[] | select(.rule == "p95-latency" or (.trigger | startswith("p95"))) | .query] | all(endswith(">= 1"))'

[ "$failed" -eq 0 ] && echo "altered: all as expected"
exit "$failed"
