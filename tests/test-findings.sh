#!/usr/bin/env bash
# Evidence whose channels contradict each other, and judgements as of a moment. The logs are changed by hand: a reader does not verify.
# BUILD: where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/support.sh

for r in course-good course-errors-3; do
	samples/play "samples/recordings/$r" "$tmp/$r.db" --rate 100 >/dev/null || { echo "FAIL: play $r"; exit 1; }
done
rules() { "$gonogo" show recorded --db "$1" -o json | jq -r '.findings[].rule'; }
rules "$tmp/course-good.db" | grep -q 'weight-drift\|channels-contradict' && fail "a finding on a sound rollout"

# Somebody else wrote the route object: 25 where Flagger announced 30.
cp "$tmp/course-good.db" "$tmp/drift.db"
sqlite3 "$tmp/drift.db" "DROP TRIGGER body_no_update; UPDATE body SET bytes = CAST(replace(CAST(bytes AS TEXT), '\"weight\":30', '\"weight\":25') AS BLOB)
	WHERE encoding = 'identity' AND sha256 IN (SELECT body_sha256 FROM observation WHERE subject = 'TraefikService course/backend')"
rules "$tmp/drift.db" | grep -qx weight-drift || fail "no weight-drift"
"$gonogo" show recorded --db "$tmp/drift.db" -o json | jq -e '.findings[] | select(.rule == "weight-drift") | (.text | contains("30")) and (.evidence | length > 0)' \
	>/dev/null || fail "weight-drift names no weight or no evidence"

# The webhook alone tells of a rollback: the status never had it, and it does not end the rollout.
cp "$tmp/course-errors-3.db" "$tmp/forged.db"
sqlite3 "$tmp/forged.db" "DROP TRIGGER observation_no_delete; DELETE FROM observation WHERE subject LIKE 'Event %';
	DELETE FROM observation WHERE source = 'kubernetes' AND subject = 'Canary course/backend' AND kind = 'modified'
	AND body_sha256 IN (SELECT sha256 FROM body WHERE instr(CAST(bytes AS TEXT), '\"phase\":\"Failed\"') > 0)"
rules "$tmp/forged.db" | grep -qx channels-contradict || fail "no channels-contradict: $(rules "$tmp/forged.db" | tr '\n' ' ')"

# Flagger reported another value than its query comes to on these samples: another Prometheus, or another poster.
cp "$tmp/course-errors-3.db" "$tmp/other.db"
sqlite3 "$tmp/other.db" "DROP TRIGGER body_no_update; UPDATE body SET bytes = CAST(replace(CAST(bytes AS TEXT), 'success rate 96.', 'success rate 46.') AS BLOB)
	WHERE encoding = 'identity'"
rules "$tmp/other.db" | grep -qx flagger-disagrees || fail "no flagger-disagrees"
"$gonogo" show recorded --db "$tmp/other.db" -o json | jq -e '.flagger.recheck | .possible and .agrees == false and .values_alike < .values_reported' >/dev/null ||
	fail "the recheck of another value"
"$gonogo" show recorded --db "$tmp/course-errors-3.db" -o json | jq -e '.flagger.recheck | .agrees and .ticks == 6 and .failed == 5 and .values_alike == 5' \
	>/dev/null || fail "the recheck of a sound one"

# As of a moment: what came later is not known, whatever the log holds; nothing is GO while it runs.
at() { "$gonogo" show recorded --db "$tmp/course-good.db" --at "$1" -o json | jq -c '[.verdict, .rollout.outcome, .partial, (.steps | length)]'; }
[ "$(at 2026-11-25T04:04:12Z)" = '["hold","running",true,3]' ] || fail "at 04:04:12: $(at 2026-11-25T04:04:12Z)"
[ "$(at 2026-11-25T04:10:00Z)" = '["go","promoted",false,5]' ] || fail "at 04:10:00: $(at 2026-11-25T04:10:00Z)"
"$gonogo" report recorded --db "$tmp/course-good.db" --at 2026-11-25T04:04:12Z -o "$tmp/partial" >/dev/null || fail "a partial report"
head -1 "$tmp/partial/report.md" | grep -q 'partial: still running' || fail "a partial report that does not say so"
pages=$(pdfinfo "$tmp/partial/report.pdf" | awk '/^Pages/ { print $2 }')
[ "$(pdftotext "$tmp/partial/report.pdf" - | grep -ci 'partial')" -ge "$pages" ] || fail "a page that does not say it is partial"

# Every rule can be read on about, and docs/findings.md has no other.
python3 - <<'PY' || fail "docs/findings.md"
import glob, re
source = "".join(open(f).read() for f in glob.glob("judge/findings-*.c"))
rules = set(re.findall(r'add\(\s*a,\s*"([a-z-]+)",', source)) | set(re.findall(r'\{ "([a-z-]+)",', source)) | set(re.findall(r'"([a-z-]+-against-evidence)"', source))
documented = re.findall(r"^### (.+)$", open("docs/findings.md").read(), re.M)
assert len(rules) > 30 and len(documented) == len(set(documented)), rules
assert rules == set(documented), rules ^ set(documented)
PY
jq -e '.findings | length > 0 and all(.read_on == "docs/findings.md#" + .rule)' <("$gonogo" show recorded --db "$tmp/course-errors-3.db" -o json) >/dev/null ||
	fail "a finding without read_on"

[ "$failed" -eq 0 ] && echo "findings: all as expected"
exit "$failed"
