#!/usr/bin/env bash
# Many rollouts in one log: list and its filters, history, export, and packages written as rollouts end.
# BUILD: where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/support.sh
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$tmp"' EXIT

expect() {
	local code=$1 text=$2 out rc
	shift 2
	out=$("$@" 2>&1)
	rc=$?
	[ "$rc" -eq "$code" ] && [[ $out == *"$text"* ]] || { fail "$* -> $rc (expected $code, \"$text\"):"; echo "$out" | head -5; }
}

export GONOGO_DB=$tmp/evidence.db
# Follows a log that does not exist yet.
"$gonogo" report --follow "$tmp/packages" --settle 0s --format md,json >"$tmp/followed" 2>"$tmp/follow.err" &
follower=$!
for r in course-good course-errors-3 develop-restart; do
	samples/play "samples/recordings/$r" "$GONOGO_DB" --rate 120 >/dev/null || { echo "FAIL: play $r"; exit 1; }
done
mapfile -t ids < <("$gonogo" list -o json | jq -r '.[].id')
[ "${#ids[@]}" = 3 ] || fail "${#ids[@]} rollouts"
course_good=${ids[0]} course_bad=${ids[1]} develop=${ids[2]}

# Filters.
count() { "$gonogo" list -o json "$@" | jq length; }
[ "$(count --canary course/backend)" = 2 ] && [ "$(count --canary course/other)" = 0 ] || fail "--canary"
[ "$(count --verdict go)" = 1 ] && [ "$(count --verdict no-go)" = 1 ] || fail "--verdict"
[ "$(count --since 2026-11-25T04:10:00Z)" = 2 ] && [ "$(count --until 2026-11-25T04:10:00Z)" = 1 ] || fail "--since, --until"
[ "$(count --since 2026-11-25T04:10:00Z --verdict go)" = 0 ] || fail "two filters"
expect 2 "takes NAMESPACE/CANARY" "$gonogo" list --canary backend
expect 2 "text, json or csv" "$gonogo" list --format yaml
expect 2 "go, no-go or hold" "$gonogo" list --verdict maybe
expect 0 "no such rollout" "$gonogo" list --until 2020-01-01T00:00:00Z

# History: figures from the runs, by another hand.
"$gonogo" history course/backend --format json >"$tmp/history.json" || fail "history"
"$gonogo" history course/backend -o csv >"$tmp/history.csv" || fail "history -o csv"
python3 - "$tmp" <<'PY' || fail "history's figures"
import csv, json, statistics, sys
h = json.load(open(sys.argv[1] + "/history.json"))
runs, f = h["runs"], h["figures"]
rows = list(csv.DictReader(open(sys.argv[1] + "/history.csv", newline="")))
assert [r["id"] for r in rows] == [r["id"] for r in runs] and len(runs) == 2
assert [r["failing"].split() for r in rows] == [r["failing"] for r in runs] == [[], ["error-rate", "success-rate"]]
promoted = [r for r in runs if r["outcome"].startswith("promoted")]
back = [r for r in runs if r["outcome"] == "rolled-back"]
assert (f["ended"], f["promoted"], f["rolled_back"]) == (2, len(promoted), len(back)) == (2, 1, 1)
assert f["incidents_prevented"] == 1 and f["promoted_against_evidence"] == 0 and f["change_failure_rate"] == 0 and f["abort_rate"] == 0.5
# Twenty minutes of history carry no rate a week.
assert f["promotions_per_week"] is None and 0 < f["days"] < 1
assert f["median_seconds_to_restore"] == back[0]["contained_after_seconds"] and 0 <= back[0]["contained_after_seconds"] < 60
assert f["median_seconds_to_detect"] == back[0]["detected_after_seconds"] and 0 < back[0]["detected_after_seconds"] < 120
assert abs(float(rows[0]["duration_seconds"]) - f["median_seconds_to_promotion"]) < 1e-6
assert float(rows[0]["highest_exposure"]) == 50
PY
expect 0 "incidents prevented        1 of 1" "$gonogo" history course/backend
expect 0 "deployment frequency       not known" "$gonogo" history course/backend
expect 4 "not in this log" "$gonogo" history course/nothing
expect 2 "NAMESPACE/CANARY" "$gonogo" history backend
"$gonogo" decide "$course_good" --decision hold --override --by A --role r --reason x >/dev/null
expect 0 "GO*" "$gonogo" list
expect 0 "decided otherwise" "$gonogo" list
rm "$tmp/decisions.db"

# Judged again over the whole log: which verdicts change, and why; two files side by side.
cat >"$tmp/tight.yaml" <<'YAML'
criteria:
  - {name: success-rate, limit: 0.9999}
  - {name: p99, kind: quantile-absolute, quantile: 0.99, limit: 20ms}
YAML
expect 0 "1 of 3 rollouts change; GO 1 -> 0, NO-GO 1 -> 2, HOLD 1 -> 1" "$gonogo" judge --criteria "$tmp/tight.yaml"
expect 0 "GO -> NO-GO  $course_good" "$gonogo" judge --criteria "$tmp/tight.yaml"
expect 0 "success-rate: pass -> fail: 99.91" "$gonogo" judge --criteria "$tmp/tight.yaml"
expect 0 "p99: not judged -> fail: p99 latency was " "$gonogo" judge --criteria "$tmp/tight.yaml"
expect 0 "0 of 3 rollouts change" "$gonogo" judge --criteria "$tmp/tight.yaml" --against "$tmp/tight.yaml"
expect 0 "0 of 2 rollouts change" "$gonogo" judge --criteria "$tmp/tight.yaml" --canary course/backend --against "$tmp/tight.yaml"
expect 0 "0 of 1 rollouts change; GO 0 -> 0, NO-GO 1 -> 1" "$gonogo" judge --criteria "$tmp/tight.yaml" --verdict no-go
expect 1 "NO-GO" "$gonogo" judge "$course_good" --criteria "$tmp/tight.yaml"
[ "$("$gonogo" judge --criteria "$tmp/tight.yaml" -o json | jq -c '[.[] | [.changed, .against.verdict, .criteria.verdict]]')" = \
	'[[true,"go","no-go"],[false,"no-go","no-go"],[false,"hold","hold"]]' ] || fail "judge -o json"
expect 2 "criteria FILE is needed" "$gonogo" judge

# What this canary needs, from what was seen of it.
expect 0 "spec.analysis.interval" "$gonogo" plan course/backend
expect 4 "not in this log" "$gonogo" plan course/nothing
"$gonogo" plan course/backend -o json >"$tmp/plan.json" || fail plan
jq -e '.history.requests_per_second > 95 and .history.requests_per_second < 105 and .ladder.steps == 5 and .ladder.interval == 30
	and ([.criteria[].state] | length == 3) and .history.rollouts == 2' "$tmp/plan.json" >/dev/null || fail "plan: $(jq -c .history "$tmp/plan.json")"

# Export: verifies by itself, up to the log's own head; the same package, whole ids and all; and less than the log.
echo 'evidence: {history: 0s}' >"$tmp/short.yaml"
head_at() { sqlite3 "$GONOGO_DB" "SELECT lower(hex(chain_sha256)) FROM observation WHERE seq = $1"; }
for id in "${ids[@]}"; do
	"$gonogo" export "$id" -o "$tmp/$id.db" --criteria "$tmp/short.yaml" >"$tmp/out" || fail "export $id"
	"$gonogo" verify --db "$tmp/$id.db" >"$tmp/verified" || fail "verify the export of $id"
	last=$(sqlite3 "$tmp/$id.db" "SELECT max(seq) FROM observation")
	grep -q "head $(head_at "$last")" "$tmp/verified" || fail "$id: another head than the log's at row $last"
	cmp <("$gonogo" show "$id" --criteria "$tmp/short.yaml" -o json) <("$gonogo" show "$id" --db "$tmp/$id.db" --criteria "$tmp/short.yaml" -o json) ||
		fail "$id: the export gives another evidence.json"
	rows=$(sqlite3 "$tmp/$id.db" "SELECT count(*) FROM observation") all=$(sqlite3 "$GONOGO_DB" "SELECT count(*) FROM observation")
	[ "$rows" -lt "$all" ] || fail "$id: the export has all $all rows"
	[ "$("$gonogo" list --db "$tmp/$id.db" -o json | jq -r '.[-1].id')" = "$id" ] || fail "$id: the export lists another rollout last"
	[ ! -e "$tmp/$id.db-wal" ] && [ ! -e "$tmp/$id.db.lock" ] || fail "$id: files beside the export"
done
expect 5 "exists" "$gonogo" export "$course_bad" -o "$tmp/$course_bad.db"
expect 2 "-o FILE.db is missing" "$gonogo" export "$course_bad"
expect 4 "not in this log" "$gonogo" export nothing -o "$tmp/n.db"
# A changed row, a removed row, a removed digest: each is found.
for change in "UPDATE observation SET subject = 'x' WHERE seq = (SELECT max(seq) - 3 FROM observation)" \
	"DELETE FROM observation WHERE seq = (SELECT max(seq) - 3 FROM observation)" \
	"DELETE FROM omitted WHERE seq = (SELECT min(seq) FROM omitted)"; do
	cp "$tmp/$course_bad.db" "$tmp/changed.db"
	sqlite3 "$tmp/changed.db" "DROP TRIGGER observation_no_update; DROP TRIGGER observation_no_delete; $change"
	expect 4 "row" "$gonogo" verify --db "$tmp/changed.db"
done

# The follower wrote all three, whole, and stops when told.
for _ in $(seq 40); do
	[ "$(ls "$tmp/packages" 2>/dev/null | wc -l)" = 3 ] && break
	sleep 0.25
done
kill -TERM "$follower"
wait "$follower" || fail "the follower ended with $?"
for id in "${ids[@]}"; do
	(cd "$tmp/packages/$id" 2>/dev/null && sha256sum --quiet -c SHA256SUMS) || fail "no whole package of $id"
	grep -qx "$id" "$tmp/followed" || fail "$id was not said"
done
[ -z "$(ls -A "$tmp/packages" | grep '^\.')" ] || fail "half a package is left"
grep -q "evidence.db" "$tmp/follow.err" || fail "a log that is not there was not said"
[ "$(grep -c . "$tmp/follow.err")" -le 3 ] || fail "the follower repeats itself"
jq -e '.verdict == "no-go"' "$tmp/packages/$course_bad/evidence.json" >/dev/null || fail "the verdict that was written"
# Started again it leaves them alone.
touch -d 2020-01-01 "$tmp/packages/$course_bad/evidence.json"
timeout -s INT 3 "$gonogo" report --follow "$tmp/packages" --settle 0s >"$tmp/again" 2>&1
[ ! -s "$tmp/again" ] && [ "$(stat -c %Y "$tmp/packages/$course_bad/evidence.json")" -lt 1600000000 ] || fail "a package was written again"
expect 2 "give a ROLLOUT" "$gonogo" report "$develop" --follow "$tmp/x"
expect 2 "give a ROLLOUT" "$gonogo" report

[ "$failed" -eq 0 ] && echo "history: all as expected"
exit "$failed"
