#!/usr/bin/env bash
# The grader's walk: a class of 40 with empty, corrupt, foreign and copied hand-ins; gradebooks read back by Python's csv and json.
# BUILD: where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/support.sh

expect() {
	local code=$1 text=$2 out rc
	shift 2
	out=$("$@" 2>&1)
	rc=$?
	[ "$rc" -eq "$code" ] && [[ $out == *"$text"* ]] || { fail "$* -> $rc (expected $code, \"$text\"):"; echo "$out" | head -5; }
}

# One learner's lab: a recording, played by that learner's own collector, so that no two logs are the same.
lab() {
	mkdir -p "$tmp/class/$1"
	samples/play "samples/recordings/$2" "$tmp/class/$1/evidence.db" --rate 200 >/dev/null || { echo "FAIL: play $2"; exit 1; }
}
lab ada course-good
lab bob course-errors-3
lab eve develop-errors
"$gonogo" list --db "$tmp/class/ada/evidence.db" -o json >"$tmp/list.json"
ada=$(jq -r '.[0].id' "$tmp/list.json")
me=(--by Ada --role lead --clock 2026-11-25T03:00:00Z@1)
"$gonogo" criteria approve --db "$tmp/class/ada/evidence.db" "${me[@]}" >/dev/null || fail approve
"$gonogo" rehearse course/backend --db "$tmp/class/ada/evidence.db" --how "by hand" --result worked "${me[@]}" >/dev/null || fail rehearse
"$gonogo" decide "$ada" --db "$tmp/class/ada/evidence.db" --decision go --by Ada --role lead --reason fine >/dev/null || fail decide

for i in $(seq 1 9); do mkdir "$tmp/class/none$i"; done
# A whole group that handed in one log.
lab group1 course-default-buckets-good
for i in $(seq 2 20); do mkdir "$tmp/class/group$i" && cp "$tmp/class/group1/evidence.db" "$tmp/class/group$i/"; done
: >"$tmp/class/empty.db"
head -c 40000 "$tmp/class/ada/evidence.db" >"$tmp/class/corrupt.db"
cp "$tmp/class/bob/evidence.db" "$tmp/class/changed.db"
sqlite3 "$tmp/class/changed.db" "DROP TRIGGER observation_no_update; UPDATE observation SET subject = subject || 'x' WHERE seq = 5"
echo 'no database at all, not even near' >"$tmp/class/text.db"
mkdir "$tmp/class/carl" "$tmp/class/cora"
samples/play samples/recordings/course-marginal "$tmp/class/carl/evidence.db" --rate 200 >/dev/null || fail "play course-marginal"
cp "$tmp/class/carl/evidence.db" "$tmp/class/cora/evidence.db"
# Packages: by another collector of ada's rollout; of another canary; a copy that hides behind other criteria and no digest.
package() {
	local id
	id=$("$gonogo" list --db "$1" -o json | jq -r '.[0].id')
	"$gonogo" report "$id" --db "$1" "${@:3}" -o "$2" --format json >/dev/null || fail "report of $1"
}
mkdir "$tmp/paula"
samples/play samples/recordings/course-good "$tmp/paula/evidence.db" --rate 200 >/dev/null || fail "play course-good"
cp "$tmp/class/ada/decisions.db" "$tmp/paula/"
package "$tmp/paula/evidence.db" "$tmp/pkg"
cp "$tmp/pkg/evidence.json" "$tmp/class/paula.json"
package "$tmp/class/eve/evidence.db" "$tmp/pkg-eve"
cp "$tmp/pkg-eve/evidence.json" "$tmp/class/olga.json"
lab dan course-good
package "$tmp/class/dan/evidence.db" "$tmp/pkg-dan" --criteria <(echo 'evidence: {warm_up: 30s}')
jq 'del(.sign_off.package_sha256)' "$tmp/pkg-dan/evidence.json" >"$tmp/class/dora.json"
# Records that were changed after they were made.
mkdir "$tmp/class/ben" && cp "$tmp/class/ada/evidence.db" "$tmp/class/ada/decisions.db" "$tmp/class/ben/"
sqlite3 "$tmp/class/ben/decisions.db" "DROP TRIGGER observation_no_update; UPDATE observation SET received_at = received_at - 1 WHERE seq = 1"
echo '{"schema": "other"}' >"$tmp/class/json.json"
ln -s /etc/passwd "$tmp/class/link"

{
	printf 'login,first_name,last_name,email\n'
	printf 'ada,Ada,"Lovelace, Countess",ada@example.net\nabsent,=cmd|x,Absent,\n'
	for l in bob eve empty corrupt changed text carl cora paula; do printf '%s,,%s,\n' "$l" "$l"; done
} >"$tmp/roster.csv"

# A log whose newest rows are still in its -wal, as a running collector leaves it when it is killed.
mkdir "$tmp/class/walt"
samples/play samples/recordings/course-good "$tmp/walt.db" --rate 200 >/dev/null || fail "play course-good"
python3 - "$tmp/walt.db" "$tmp/class/walt/evidence.db" <<'PY' || fail "a hand-in with a -wal"
import shutil, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA wal_autocheckpoint = 0")
db.execute("UPDATE meta SET value = value || '' WHERE key = 'origin'")
db.commit()
for end in ("", "-wal"):
    shutil.copy(sys.argv[1] + end, sys.argv[2] + end)
PY
find "$tmp/class" -type f -exec sha256sum {} + | sort >"$tmp/before"
run=("$gonogo" score --class "$tmp/class" --roster "$tmp/roster.csv" --canary course/backend)
"${run[@]}" --csv "$tmp/out.csv" --gradescope "$tmp/gs" --classroom "$tmp/cr" --feedback "$tmp/fb" >"$tmp/summary" 2>"$tmp/notes" || {
	fail "class"
	cat "$tmp/notes"
}
find "$tmp/class" -type f -exec sha256sum {} + | sort | diff "$tmp/before" - >"$tmp/written" || { fail "scoring wrote into hand-ins"; head -3 "$tmp/written"; }
says() { grep -q "^$1 .*$2" "$tmp/summary" || fail "$1: not \"$2\": $(grep "^$1 " "$tmp/summary")"; }
says ada '18 of 20'
says bob '3 open'
says absent 'nothing was handed in'
says empty 'holds no evidence log'
says corrupt 'malformed'
says changed 'row 5'
says text 'not graded'
says eve 'no rollout of course/backend, only of develop/backend'
says carl 'the same evidence as cora'
says cora 'the same evidence as carl'
says group13 'the same evidence as group1'
says none7 'neither evidence.db nor evidence.json'
says none7 'not in the roster'
says paula 'from a package'
says paula '4 open'
says walt 'recorded.course.backend'
says olga 'the package is no rollout of course/backend, but of develop/backend'
says dan 'the same evidence as dora'
says dora 'the same evidence as dan'
says ben 'the records do not verify'
expect 4 "the records do not verify" "$gonogo" score "$ada" --db "$tmp/class/ben/evidence.db"
# A learner's own files name no other learner.
for pair in carl:cora cora:carl dan:dora dora:dan; do
	grep -q "handed in more than once" "$tmp/fb/${pair%:*}.md" || fail "$pair: a sheet that does not say why"
	grep -q "${pair#*:}" "$tmp/fb/${pair%:*}.md" "$tmp/gs/${pair%:*}/results.json" && fail "$pair: named to the other"
done
grep -q "log was not seen" "$tmp/fb/paula.md" || fail "a package's sheet does not say so"
jq -e '.output | test("log was not seen")' "$tmp/gs/paula/results.json" >/dev/null || fail "a package's results do not say so"
grep -q "^.*paula: from a package: its log was not seen" "$tmp/notes" || fail "the CSV's notes do not say so"
says json 'no evidence.json'
[ "$(wc -l <"$tmp/summary")" = 46 ] || fail "$(wc -l <"$tmp/summary") lines for 46 learners"
"${run[@]}" -o json >"$tmp/summary.json" 2>/dev/null

python3 - "$tmp" <<'PY' || fail "gradebooks"
import csv, json, os, sys
tmp = sys.argv[1]
summary = {l["login"]: l for l in json.load(open(tmp + "/summary.json"))}
rows = list(csv.DictReader(open(tmp + "/out.csv", newline="")))
assert len(rows) == len(summary) == 46, len(rows)
by = {r["student_id"]: r for r in rows}
assert by["ada"]["score"] == "18" and by["ada"]["max_score"] == "20"
assert by["ada"]["last_name"] == "Lovelace, Countess"
assert by["absent"]["first_name"] == "'=cmd|x", by["absent"]["first_name"]
for login, l in summary.items():
    card = l["scorecard"]
    graded = card is not None and card["graded"]
    # Ungraded is empty, never 0.
    assert (by[login]["score"] != "") == graded, login
    if graded:
        assert float(by[login]["score"]) == card["points"]
    result = json.load(open(f"{tmp}/gs/{login}/results.json"))
    assert ("score" in result) == graded, login
    assert len(result["tests"]) == 10
    if card:
        for c, t in zip(card["criteria"], result["tests"]):
            assert t.get("score") == c["points"], (login, c, t)
            # Each awarded point cites evidence.
            assert not c["points"] or c["evidence"], (login, c["id"])
    else:
        assert not any("score" in t for t in result["tests"]), login
    assert os.path.getsize(f"{tmp}/fb/{login}.md") > 200
    # A sheet of pages where there is a log that can be judged.
    assert os.path.exists(f"{tmp}/fb/{login}.pdf") == (card is not None and login != "paula"), login
classroom = json.load(open(tmp + "/cr/ada.json"))
assert classroom["status"] in ("pass", "fail"), classroom
PY
for pdf in "$tmp"/fb/*.pdf; do
	qpdf --check "$pdf" >/dev/null 2>&1 || fail "qpdf: $pdf"
	[ -z "$(pdftotext "$pdf" - 2>&1 >/dev/null)" ] || fail "pdftotext: $pdf"
done
pdftotext -layout "$tmp/fb/ada.pdf" - | grep -q '18 of 20' || fail "no total in the sheet"
grep -q '^## Scorecard' "$tmp/fb/ada.md" || fail "no scorecard in the sheet"
grep -q 'nothing was handed in' "$tmp/fb/absent.md" || fail "a sheet that does not say why"

# The grader looks at one, and marks by hand; the automatic mark stays.
grades=(--grades "$tmp/grades.db")
expect 2 "takes 0 to 2 points" "$gonogo" score "$ada" --db "$tmp/class/ada/evidence.db" "${grades[@]}" --grade baseline=3 --by Prof --reason x
expect 2 "id of a criterion" "$gonogo" score "$ada" --db "$tmp/class/ada/evidence.db" "${grades[@]}" --grade nonsense=1 --by Prof --reason x
expect 2 "needs --grades" "$gonogo" score "$ada" --db "$tmp/class/ada/evidence.db" --grade baseline=1 --by Prof --reason x
expect 0 "baseline: 1 of 2" "$gonogo" score "$ada" --db "$tmp/class/ada/evidence.db" "${grades[@]}" --grade baseline=1 --by Prof --reason "one arm only"
expect 0 "marked by Prof: one arm only (by the test: 2)" "$gonogo" score "$ada" --db "$tmp/class/ada/evidence.db" "${grades[@]}"
"${run[@]}" "${grades[@]}" 2>/dev/null | grep -q '^ada .*17 of 20' || fail "the grader's mark does not count in the class"
"${run[@]}" "${grades[@]}" -o json 2>/dev/null | jq -e 'map(select(.login == "paula"))[0].scorecard.criteria[] | select(.id == "baseline") | .points == 2' \
	>/dev/null || fail "ada's mark went to paula, who collected the same rollout"
cmp -s <("$gonogo" show "$ada" --db "$tmp/class/ada/evidence.db") <("$gonogo" show "$ada" --db "$tmp/class/ada/evidence.db") || fail show

# A learner's own look: what is missing and where it comes from; what the rubric hides stays hidden.
sed 's/id: baseline$/id: baseline\n    visibility: hidden/' schema/rubric.yaml >"$tmp/rubric.yaml"
one=("$gonogo" score "$ada" --db "$tmp/class/ada/evidence.db" --rubric "$tmp/rubric.yaml")
expect 0 "total: not shown yet" "${one[@]}"
expect 0 "not shown  Canary compared with the stable baseline" "${one[@]}"
expect 0 "to do: Send traffic to both versions" "${one[@]}"
expect 0 "total: 18 of 20" "${one[@]}" --grader
"$gonogo" report "$ada" --db "$tmp/class/ada/evidence.db" --rubric "$tmp/rubric.yaml" -o "$tmp/hidden" >/dev/null || fail "report --rubric"
jq -e '.scorecard.points == null and ([.scorecard.criteria[] | select(.id == "baseline") | has("level")] == [false])' "$tmp/hidden/evidence.json" \
	>/dev/null || fail "a hidden mark in evidence.json"
bob=$("$gonogo" list --db "$tmp/class/bob/evidence.db" -o json | jq -r '.[0].id')
"$gonogo" report "$bob" --db "$tmp/class/bob/evidence.db" --rubric "$tmp/rubric.yaml" -o "$tmp/hidden-bob" >/dev/null || fail "report of bob"
grep -hE "open: not graded" "$tmp/hidden-bob"/*.md "$tmp/hidden-bob"/*.html && fail "the number of open criteria beside a hidden mark"
"$gonogo" report "$ada" --db "$tmp/class/ada/evidence.db" --rubric default -o "$tmp/shown" >/dev/null
"$gonogo" score "$ada" --db "$tmp/class/ada/evidence.db" --rubric default >/dev/null || { echo "FAIL: the word default is a rubric for score too"; exit 1; }
jq -e '.scorecard.points == 18 and .verdict == "go"' "$tmp/shown/evidence.json" >/dev/null || fail "evidence.json's scorecard"
expect 2 "line 1" "$gonogo" score "$ada" --db "$tmp/class/ada/evidence.db" --rubric <(echo 'criterai: x')

python3 - "$tmp/shown/evidence.json" "$tmp/hidden/evidence.json" "$tmp/pkg/evidence.json" <<'PY' || fail "schema"
import json, sys
try:
    import jsonschema
except ImportError:
    sys.exit(0)
for path in sys.argv[1:]:
    jsonschema.Draft202012Validator(json.load(open("schema/evidence.schema.json"))).validate(json.load(open(path)))
rubric = json.load(open("schema/rubric.schema.json"))
try:
    import yaml
    jsonschema.Draft202012Validator(rubric).validate(yaml.safe_load(open("schema/rubric.yaml")))
except ImportError:
    pass
PY

# What the course's rubric says of a level stands beside the mark, in the terminal and in the package.
sed 's/id: baseline$/id: baseline\n    levels: {full: Compared over the whole window.}/' schema/rubric.yaml >"$tmp/levels.yaml"
expect 0 "Compared over the whole window." "$gonogo" score "$ada" --db "$tmp/class/ada/evidence.db" --rubric "$tmp/levels.yaml"
"$gonogo" report "$ada" --db "$tmp/class/ada/evidence.db" --rubric "$tmp/levels.yaml" -o "$tmp/levels" >/dev/null || fail "report with levels"
grep -q "Compared over the whole window." "$tmp/levels"/*.md || fail "no level's text in the package"

# Names that cannot be files, and a roster without logins.
printf 'login\n../evil\n' >"$tmp/evil.csv"
expect 2 "cannot be a file" "$gonogo" score --class "$tmp/class" --roster "$tmp/evil.csv" --feedback "$tmp/fb2"
printf 'name\nada\n' >"$tmp/nologin.csv"
expect 2 "has no column login" "$gonogo" score --class "$tmp/class" --roster "$tmp/nologin.csv"
printf 'login\nada\nada\n' >"$tmp/twice.csv"
expect 2 "line 3" "$gonogo" score --class "$tmp/class" --roster "$tmp/twice.csv"
mkdir "$tmp/nobody"
expect 4 "nobody handed" "$gonogo" score --class "$tmp/nobody"
expect 4 "No such file" "$gonogo" score --class "$tmp/nowhere"
expect 2 "give a ROLLOUT" "$gonogo" score

# Canvas: the case's bytes.
canvas=tests/cases/24-canvas-posting-row
"$gonogo" score --marks $canvas/marks.csv --canvas $canvas/canvas-export.csv --column "Canary game day (90412)" >"$tmp/canvas.csv" 2>"$tmp/said"
cmp "$tmp/canvas.csv" $canvas/expected.csv || fail "case 24"
grep -q 'zoe.m: stays EX' "$tmp/said" && grep -q 'ada.o: is ungraded' "$tmp/said" || fail "case 24: what is kept is not said"
canvas=tests/cases/25-canvas-reserved-title
expect 2 "Final Score" "$gonogo" score --marks $canvas/marks.csv --canvas $canvas/canvas-export.csv --column "Canary Final Score review (90413)"
[ "$("$gonogo" score --marks $canvas/marks.csv --canvas $canvas/canvas-export.csv --column "Canary Final Score review (90413)" 2>/dev/null | wc -c)" = 0 ] ||
	fail "case 25: something was written"
printf 'login,points,max_points\nx,"1,250",20\n' >"$tmp/comma.csv"
expect 2 "line 2" "$gonogo" score --marks "$tmp/comma.csv" --csv "$tmp/never.csv"

[ "$failed" -eq 0 ] && echo "class: all as expected"
exit "$failed"
