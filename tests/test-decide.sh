#!/usr/bin/env bash
# The release manager's walk: assert in a pipeline, read page one, decide, override; notes, actions, rehearsals, approvals beside it.
# BUILD: where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/support.sh

# expect CODE TEXT COMMAND...: the command's exit code, and a text in what it prints.
expect() {
	local code=$1 text=$2 out rc
	shift 2
	out=$("$@" 2>&1)
	rc=$?
	[ "$rc" -eq "$code" ] && [[ $out == *"$text"* ]] || { fail "$* -> $rc (expected $code, \"$text\"):"; echo "$out" | head -5; }
}

samples/play samples/recordings/course-good "$tmp/evidence.db" --rate 120 >/dev/null || { echo "FAIL: play"; exit 1; }
export GONOGO_DB=$tmp/evidence.db
id=$("$gonogo" list -o json | jq -r '.[0].id')
me=(--by "Ada Lovelace" --role "release manager")
digest() { "$gonogo" show "$id" -o json | jq -r .sign_off.package_sha256; }
seen=$(digest)

# Nobody decided: the computed verdict holds, and the package says so.
expect 0 "GO" "$gonogo" assert "$id"
expect 0 "No decision is recorded" "$gonogo" assert "$id" --effective
[ ! -e "$tmp/decisions.db" ] || fail "a reader made decisions.db"
[ "$("$gonogo" show "$id" -o json | jq -r .sign_off.state)" = none ] || fail "a state without any decision"

# What is refused, and with which words.
expect 2 "--by NAME is missing" "$gonogo" decide "$id" --decision go --role x --reason y
expect 2 "--reason TEXT is missing" "$gonogo" decide "$id" --decision go "${me[@]}"
expect 2 "go, no-go or hold" "$gonogo" decide "$id" --decision maybe "${me[@]}" --reason y
expect 2 "needs --override" "$gonogo" decide "$id" --decision hold "${me[@]}" --reason y
expect 2 "by: is empty" "$gonogo" decide "$id" --decision go --by " " --role x --reason y
expect 2 "has passed" "$gonogo" decide "$id" --decision hold --override --until 2020-01-01T00:00:00Z "${me[@]}" --reason y
expect 4 "the package is now sha256 $seen" "$gonogo" decide "$id" --decision go --package "${seen//[0-9]/f}" "${me[@]}" --reason y
expect 4 "not in this log" "$gonogo" decide nothing --decision go "${me[@]}" --reason y
[ ! -e "$tmp/decisions.db" ] || fail "a refused decision made decisions.db"

# A decision on the package that was read.
expect 0 "D-001: GO recorded" "$gonogo" decide "$id" --decision go --package "$seen" "${me[@]}" --reason 'within limits; `all` of | them'
expect 0 "effective: GO" "$gonogo" assert "$id" --effective
[ "$(digest)" = "$seen" ] || fail "a decision changed the digest it is bound to"

# An override: both verdicts are kept and shown; the earlier decision is superseded, not erased.
expect 0 "D-002: NO-GO recorded" "$gonogo" decide "$id" --decision no-go --override --by Grace --role SRE --reason "queue <b>grows</b>"
expect 0 "GO" "$gonogo" assert "$id"
expect 1 "effective: NO-GO" "$gonogo" assert "$id" --effective
"$gonogo" report "$id" -o "$tmp/out" >/dev/null || fail report
grep -q '^# GO: ' "$tmp/out/report.md" || fail "the banner is no longer the computed verdict"
grep -q '^> Overridden to NO-GO by `Grace`: `queue <b>grows</b>` \\\[\[D-002\](#d-002)\\\]\.$' "$tmp/out/report.md" || fail "no override strip"
grep -q 'does not count: superseded' "$tmp/out/report.md" || fail "the superseded decision is not shown"
grep -q 'id="d-001"' "$tmp/out/report.md" || fail "D-001 is cited and not defined"
pdftotext -layout "$tmp/out/report.pdf" - 2>"$tmp/err" | grep -q 'recorded decision: NO-GO' || fail "no recorded decision in the PDF"
[ ! -s "$tmp/err" ] || fail "pdftotext: $(head -1 "$tmp/err")"
jq -e '.verdict == "go" and .sign_off.effective == "no-go" and .sign_off.overridden and (.sign_off.decisions | length == 2)' \
	"$tmp/out/evidence.json" >/dev/null || fail "evidence.json's sign_off"
"$gonogo" report "$id" -o "$tmp/out2" >/dev/null && cmp "$tmp/out/report.pdf" "$tmp/out2/report.pdf" || fail "two reports differ"

# Later rollouts in the same log leave the package and its decision as they were.
samples/play samples/recordings/course-errors-3 "$tmp/evidence.db" --rate 120 >/dev/null || fail "second play"
[ "$("$gonogo" list -o json | jq length)" = 2 ] || fail "there are not two rollouts"
[ "$(digest)" = "$seen" ] || fail "a later rollout changed the package"
expect 1 "effective: NO-GO" "$gonogo" assert "$id" --effective
# Other criteria are another package: the decision is shown there, and does not count.
echo 'evidence: {warm_up: 30s}' >"$tmp/criteria.yaml"
"$gonogo" report "$id" --criteria "$tmp/criteria.yaml" -o "$tmp/other" >/dev/null
grep -q 'The decision NO-GO of `Grace` does not count: made on another package' "$tmp/other/report.md" || fail "a decision on another package"

# Two persons.
echo 'decisions: {two_persons: true}' >"$tmp/two.yaml"
two=("$gonogo" assert "$id" --effective --criteria "$tmp/two.yaml")
expect 3 "GO needs 2 persons, 0 decided" "${two[@]}"
expect 0 "1 decided so" "$gonogo" decide "$id" --criteria "$tmp/two.yaml" --decision go "${me[@]}" --reason ok
expect 0 "1 decided so" "$gonogo" decide "$id" --criteria "$tmp/two.yaml" --decision go --by "ada lovelace" --role x --reason ok
expect 3 "1 decided" "${two[@]}"
expect 0 "in effect: GO" "$gonogo" decide "$id" --criteria "$tmp/two.yaml" --decision go --by Grace --role SRE --reason ok
expect 0 "effective: GO" "${two[@]}"

# Notes, actions, rehearsals, approvals.
early=(--clock 2026-11-25T03:00:00Z@1)
expect 0 "noted" "$gonogo" note "$id" --text "pager went off" --by Grace --about 2026-11-24T23:03:00Z --cites E-012
expect 2 "--text TEXT is missing" "$gonogo" note "$id" --by Grace
expect 0 "action recorded" "$gonogo" action "$id" --text "longer warm-up" --owner Grace --due 2026-12-24 --by Ada -o json
action=$("$gonogo" action "$id" -o json | jq -r '.[0].id')
expect 0 "action changed" "$gonogo" action "$id" --update "$action" --validation "next rollout decides at 20 %" --state done --by Ada
expect 4 "no such action" "$gonogo" action "$id" --update D-999 --state done --by Ada
expect 2 "2026-02-30" "$gonogo" action "$id" --text x --due 2026-02-30 --by Ada
[ "$("$gonogo" action "$id" -o json | jq -r '.[0] | .state + " " + .owner')" = "done Grace" ] || fail "an action's state or owner"
expect 0 "worked" "$gonogo" rehearse course/backend --how "weight set to 0 in staging" --result worked --by Ada "${early[@]}"
expect 4 "not in this log" "$gonogo" rehearse course/other --how x --result worked --by Ada
expect 0 "approved" "$gonogo" criteria approve --by Mo --role lead "${early[@]}"
expect 2 "line 1" "$gonogo" criteria approve <(echo 'blaast: 1') --by Mo --role lead
"$gonogo" report "$id" -o "$tmp/all" >/dev/null || fail "report with records"
for text in 'Note of `Grace`: `pager went off`' 'next rollout decides at 20 %' 'tested at 2026-11-25T03:00:00Z by `Ada`' \
	'\*\*Criteria approved\*\*: `Mo`, `lead`, at 2026-11-25T03:00:00Z'; do
	grep -q "$text" "$tmp/all/report.md" || fail "not in the package: $text"
done
grep -q '2026-11-24 23:03:00 | \[D-.*' "$tmp/all/report.md" && grep -q '^| 2026-11-25 04:02:24 | ' "$tmp/all/report.md" || fail "a timeline over days has rows without a date"
[ "$(digest)" = "$seen" ] || fail "records changed the digest"

# Bodies are as the schema has them, the log verifies, and one changed byte is found.
python3 - "$tmp/decisions.db" <<'PY' || fail "schema"
import json, sqlite3, sys
try:
    import jsonschema
except ImportError:
    sys.exit(0)
schema = json.load(open("schema/record.schema.json"))
rows = sqlite3.connect(sys.argv[1]).execute("SELECT bytes FROM observation o JOIN body b ON b.sha256 = o.body_sha256").fetchall()
assert len(rows) >= 9, len(rows)
for (body,) in rows:
    jsonschema.Draft202012Validator(schema).validate(json.loads(body))
PY
expect 0 "origin gonogo/recorded/decisions" "$gonogo" verify
sqlite3 "$tmp/decisions.db" "DROP TRIGGER body_no_update; UPDATE body SET bytes = CAST(replace(CAST(bytes AS TEXT), 'Grace', 'Gracx') AS BLOB)"
expect 4 "decisions.db" "$gonogo" verify
cp "$tmp/evidence.db" "$tmp/wrong.db"
expect 2 "not of gonogo/recorded/decisions" "$gonogo" show "$id" --decisions "$tmp/wrong.db"
expect 4 "nothing.db" "$gonogo" show "$id" --decisions "$tmp/nothing.db"

# Two at once: one writer a log, nobody is lost.
for i in 1 2 3 4; do "$gonogo" note "$id" --decisions "$tmp/many.db" --text "n$i" --by "p$i" >/dev/null & done
wait
[ "$(sqlite3 "$tmp/many.db" 'SELECT count(*) FROM observation')" = 4 ] || fail "a record was lost among four writers"

[ "$failed" -eq 0 ] && echo "decide: all as expected"
exit "$failed"
