#!/usr/bin/env bash
# Rollouts that end otherwise than by Flagger's checks, recorded from a real Flagger: what page one says of them, and that each row of the
# timeline cites what it tells of. BUILD: where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/support.sh

# ending RECORDING VERDICT OUTCOME REASON HEADLINE FINDING: the last rollout of a recording.
ending() {
	local r=$1 e=$tmp/$1/evidence.json id
	samples/play "samples/recordings/$r" "$tmp/$r.db" --rate 120 >/dev/null || { fail "play $r"; return; }
	id=$("$gonogo" list --db "$tmp/$r.db" -o json | jq -r '.[-1].id')
	"$gonogo" report "$id" --db "$tmp/$r.db" -o "$tmp/$r" >/dev/null || fail "report $r"
	for want in "$2 .verdict" "$3 .rollout.outcome" "$4 .rollout.outcome_reason"; do
		[ "$(jq -r "${want#* }" "$e")" = "${want%% *}" ] || fail "$r: ${want#* } is $(jq -r "${want#* }" "$e"), expected ${want%% *}"
	done
	jq -r .headline "$e" | sed 's,\xC2\xA0, ,g' | grep -qF -- "$5" || fail "$r: headline $(jq -r .headline "$e"), expected $5"
	[ -z "$6" ] || jq -r '.findings[].text' "$e" | sed 's,\xC2\xA0, ,g' | grep -qF -- "$6" || fail "$r: no finding says: $6"
	sha256sum --quiet -c --strict <(sed "s#  #  $tmp/$r/#" "$tmp/$r/SHA256SUMS") || fail "$r: SHA256SUMS"
}

ending course-skipped hold promoted-unanalysed analysis-skipped 'Promoted without analysis' 'reached 100 % of users unjudged'
ending course-blue-green hold rolled-back threshold 'Rolled back for want of measurements' 'No request to the canary was counted: a blue/green test has no users'
ending course-suspended hold running suspended 'Suspended with 10 % of the traffic on the canary' 'UTC with 10 % of the traffic on the canary'
ending course-terminated hold terminated terminated 'The Canary was deleted while it was analysed' 'No request of either version was seen from 23:16:44 to'
ending develop-gate go promoted completed 'All 3 criteria passed, up to 50 % weight' ''
ending develop-stopped-by-hook hold rolled-back manual-hook 'Rolled back by a hook' 'after 4 times of saying no'
ending develop-pods-gone no-go rolled-back canary-not-ready 'The canary stopped being ready' 'No request reached either version from 23:24:49 to 23:25:49 UTC; by the rate before it would have been 4 78'
ending develop-primary-gone no-go promotion-failed promotion-failed 'Promotion failed: no request of either version seen since 23:28:14 UTC' 'No request of either version was seen from 23:28:14 to'
ending develop-ingress-restarted hold promoted completed '1 of 3 criteria undecided' 'A process that counts requests restarted shortly before 23:54:49 UTC'
ending course-zero-errors hold rolled-back threshold 'Rolled back for want of measurements' 'finds no values where no 5xx series'

grep -q '^- \*\*100.*%\*\* reached users unanalysed' "$tmp/course-skipped/report.md" || fail "skipped: the key figure of exposure"
# A blue/green test never has users: nothing is to be taken back. While suspended nobody checks.
jq -e '.containment.state == "not-needed"' "$tmp/course-blue-green/evidence.json" >/dev/null || fail "blue/green: containment"
grep -q '1 of 5 iterations' "$tmp/course-blue-green/report.html" || fail "blue/green: iterations of the ladder"
grep -q '^Suspended at 23:09:2[0-9] UTC: nothing is checked' "$tmp/course-suspended/report.md" || fail "suspended: not on page one"
grep -q 'still running' "$tmp/course-suspended/report.md" || fail "suspended: a partial report"
# The stable version fails itself, as the one before it was promoted unanalysed: nothing is compared with it, on no line.
jq -e '[.findings[].text] | any(test("The stable version fails itself: 8\\.[0-9]+"))' "$tmp/course-suspended/evidence.json" >/dev/null ||
	fail "suspended: the ill baseline is no finding"
jq -e '[.steps[].readings[] | select(.criterion != "success-rate") | .state] | all(. == "not-evaluable")' "$tmp/course-suspended/evidence.json" >/dev/null ||
	fail "suspended: a reading against a baseline that is ill itself"
jq -e '[.rollback_conditions[] | select(.query != null) | .query] | all(test(">= (0\\.005|1)$|< 0\\.99$"))' "$tmp/course-suspended/evidence.json" >/dev/null ||
	fail "suspended: a limit from a baseline that is ill itself"
# The webhook heard what the Events channel folded into a count: no gap. Without the webhook's rows it is one.
jq -e '.gaps == []' "$tmp/develop-gate/evidence.json" >/dev/null || fail "gate: a gap where the webhook heard everything"
mkdir "$tmp/deaf"
cp samples/recordings/develop-gate/* "$tmp/deaf"
rm "$tmp/deaf/webhook.ndjson.xz"
: | xz >"$tmp/deaf/webhook.ndjson.xz"
samples/play "$tmp/deaf" "$tmp/deaf.db" --rate 120 >/dev/null
"$gonogo" show recorded --db "$tmp/deaf.db" -o json | jq -e '[.gaps[] | select(.source == "events")] | length > 0' >/dev/null || fail "gate: no gap where nobody heard"

# Everybody was answered by the ingress alone for a minute: that is the first reason, and nowhere else is it found.
jq -r '.reasons[0].text' "$tmp/develop-pods-gone/evidence.json" | grep -q '^No request reached either version' || fail "pods gone: the first reason"
jq -se 'map([.findings[] | select(.rule == "no-requests" or (.evidence | length) == 0)] == []) | all' "$tmp/develop-gate/evidence.json" "$tmp/course-zero-errors/evidence.json" >/dev/null ||
	fail "no-requests where there were some"

"$gonogo" postmortem recorded --db "$tmp/develop-primary-gone.db" -o - >"$tmp/postmortem"
grep -q '^From 2026-11-25T23:28:14Z to .* no request of either version was seen' "$tmp/postmortem" || fail "primary gone: the postmortem's impact"
grep -q '^| detect (first sign) | 5[2-4] s to 5[7-9] s |' "$tmp/postmortem" || fail "primary gone: the postmortem's first sign"

"$gonogo" history develop/backend --db "$tmp/develop-pods-gone.db" -o json | jq -e '.. | objects | select(has("median_seconds_to_detect")) | .median_seconds_to_detect | . > 25 and . < 35' >/dev/null ||
	fail "pods gone: time to detect"
# The rollout before it was met in its promotion: what the primary ran before is not known, and no command names the new image as the old.
late=$("$gonogo" list --db "$tmp/course-terminated.db" -o json | jq -r '.[0].id')
"$gonogo" show "$late" --db "$tmp/course-terminated.db" -o json |
	jq -e '.rollout.images[0].old == null and ([.rollback_conditions[].action] | all(contains(":1.1795648030") | not)) and ([.findings[].rule] | all(. != "no-workload-change"))' >/dev/null ||
	fail "a late start names the new image as the old one"
# A canary that was deleted is not contained, and the stop cites it.
jq -e '.containment.state == "not-confirmed" and (.containment.evidence | length > 0)' "$tmp/course-terminated/evidence.json" >/dev/null || fail "terminated: containment"

python3 - "$tmp" <<'PY' || fail "the timeline"
import glob, json, sqlite3, sys
for f in glob.glob(f"{sys.argv[1]}/*/evidence.json"):
    name = f.split("/")[-2]
    rows = {f"E-{seq:03}": (source, subject) for seq, source, subject in
            sqlite3.connect(f"file:{sys.argv[1]}/{name}.db?mode=ro", uri=True).execute("SELECT seq, source, subject FROM observation")}
    timeline = json.load(open(f))["timeline"]
    assert len(timeline) > 4, name
    for t in timeline:
        cited = [rows[i] for i in t["evidence"] if i.startswith("E-")]
        if t["source"] == "Flagger":
            assert cited and all(source == "flagger" or subject.startswith("Event ") for source, subject in cited), (name, t)
        elif t["kind"] in ("phase", "deleted"):
            assert cited and all(subject.startswith("Canary ") for _, subject in cited), (name, t)
    assert ("deleted" in {t["kind"] for t in timeline}) == (name == "course-terminated"), name
PY
[ $failed = 0 ] && echo "endings: all as expected"
exit $failed
