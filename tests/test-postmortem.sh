#!/usr/bin/env bash
# The postmortem author's walk: a draft with the facts, notes and actions of people, until nothing is open.
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

samples/play samples/recordings/course-errors-3 "$tmp/evidence.db" --rate 120 >/dev/null || { echo "FAIL: play"; exit 1; }
export GONOGO_DB=$tmp/evidence.db
id=$("$gonogo" list -o json | jq -r '.[0].id')

"$gonogo" postmortem "$id" -o "$tmp/draft.md" 2>"$tmp/said" || fail "postmortem"
open=$(grep -c 'TO WRITE' "$tmp/draft.md")
[ "$open" = 6 ] || fail "$open prompts in the draft"
grep -q 'draft: 15 entries are open' "$tmp/said" || fail "how much is open: $(cat "$tmp/said")"
head -1 "$tmp/draft.md" | grep -q '^# Postmortem (draft): `course/backend`$' || fail "title: $(head -1 "$tmp/draft.md")"
for h in Summary Impact 'Root causes and contributing factors' Trigger Detection 'Mitigation and recovery' Times 'What went well' 'What went badly' \
	'Where we got lucky' Actions Timeline 'Supporting data' Evidence; do
	grep -q "^## $h\$" "$tmp/draft.md" || fail "no heading $h"
done
# Every row of the timeline cites evidence, and whatever is cited is defined.
sed -n '/^## Timeline/,/^## Supporting/p' "$tmp/draft.md" | grep '^| [0-9]' >"$tmp/rows"
[ "$(wc -l <"$tmp/rows")" -ge 10 ] || fail "a timeline of $(wc -l <"$tmp/rows") rows"
if grep -vq '\](#e-' "$tmp/rows"; then fail "a row without evidence: $(grep -v '\](#e-' "$tmp/rows" | head -1)"; fi
for e in $(grep -o '(#e-[0-9a-z]*)' "$tmp/draft.md" | tr -d '()#' | sort -u); do
	grep -q "id=\"$e\"" "$tmp/draft.md" || fail "$e is cited and not defined"
done
# The times of Flagger's own log: the first exposure, the rollback; ranges where there are scrapes between.
grep -q '^| mitigate (rollback decided) | [0-9].* to .* | 2026-11-25T04:22:2' "$tmp/draft.md" || fail "the time of mitigation"
expect 4 "15 entries are open" "$gonogo" postmortem "$id" --final
cmp -s "$tmp/draft.md" <("$gonogo" postmortem "$id" 2>/dev/null) || fail "two drafts differ"

say() { "$gonogo" note "$id" --by Ada --section "$1" --text "$2" >/dev/null || fail "note $1"; }
expect 2 "--section takes" "$gonogo" note "$id" --by Ada --section nonsense --text x
for s in summary impact root-causes went-well went-badly; do say "$s" "About $s: | \`x\` <b>"; done
expect 4 "10 entries are open" "$gonogo" postmortem "$id" --final
say lucky "It was at night"
"$gonogo" note "$id" --by Grace --text "saw it on the board" --about 2026-11-25T04:20:00Z >/dev/null || fail note
"$gonogo" action "$id" --by Ada --finding undecidable-traffic --text "longer steps" --owner Grace --due 2026-12-24 >/dev/null || fail action
"$gonogo" action "$id" --by Ada --finding criterion-failed --text "mend the handler" --owner Grace --due 2026-12-24 --validation "no 5xx" >/dev/null || fail action
expect 4 "1 entry is open" "$gonogo" postmortem "$id" --final
"$gonogo" action "$id" --by Ada --update "$("$gonogo" action "$id" -o json | jq -r '.[0].id')" --validation "decides at 20 %" >/dev/null || fail update
"$gonogo" postmortem "$id" --final -o "$tmp/final.md" || fail "--final"
head -1 "$tmp/final.md" | grep -q '^# Postmortem: `course/backend`$' || fail "a final title"
grep -q 'TO WRITE\|TO NAME' "$tmp/final.md" && fail "a prompt in the final one"
grep -q 'saw it on the board' <(sed -n '/^## Timeline/,/^## Supporting/p' "$tmp/final.md") || fail "a note is missing in the timeline"
grep -q 'About summary' <(sed -n '/^## Summary/,/^## Impact/p' "$tmp/final.md") || fail "the summary"
grep -q '<b>' <(cmark-gfm -e table "$tmp/final.md" 2>/dev/null | grep -v '<code>') && fail "HTML from a note got through"
grep -q '| `longer steps`.*`Grace`.*`2026-12-24`.*`decides at 20 %`' "$tmp/final.md" || fail "the action's row"
expect 4 "not in this log" "$gonogo" postmortem nothing

[ "$failed" -eq 0 ] && echo "postmortem: all as expected"
exit "$failed"
