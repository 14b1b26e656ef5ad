#!/usr/bin/env bash
# Every format of a package: readable by somebody else's parser, and all with the same numbers. Rollback rules by promtool.
# BUILD: where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/support.sh

for r in course-good course-errors-3 shop-errors develop-ab-good develop-unready course-skipped course-blue-green course-suspended course-terminated develop-primary-gone; do
	samples/play "samples/recordings/$r" "$tmp/$r.db" --rate 120 >/dev/null || { echo "FAIL: play $r"; exit 1; }
	id=$("$gonogo" list --db "$tmp/$r.db" -o json | jq -r '.[-1].id')
	"$gonogo" report "$id" --db "$tmp/$r.db" -o "$tmp/$r" >/dev/null || fail "report $r"
	"$gonogo" note "$id" --db "$tmp/$r.db" --decisions "$tmp/$r-d.db" --by '=cmd' --text '=HYPERLINK("x") | `a` <b> & "q"' >/dev/null || fail "note $r"
	"$gonogo" report "$id" --db "$tmp/$r.db" --decisions "$tmp/$r-d.db" -o "$tmp/$r-noted" >/dev/null || fail "report $r with a note"
	(cd "$tmp/$r" && sha256sum --quiet -c SHA256SUMS) || fail "$r: SHA256SUMS"
	pdftotext "$tmp/$r/report.pdf" "$tmp/$r.txt" 2>&1 | head -1
done

python3 - "$tmp" <<'PY' || fail "formats"
import csv, html.parser, json, re, sys, xml.etree.ElementTree as ET
try:
    import jsonschema
except ImportError:
    jsonschema = None
tmp = sys.argv[1]

def well_formed(page):
    class Reader(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.open, self.words, self.title, self.tags = [], "", "", set()
        def handle_starttag(self, tag, attributes):
            self.tags.add(tag)
            if tag not in ("meta", "br"):
                self.open.append(tag)
        def handle_startendtag(self, tag, attributes):
            self.tags.add(tag)
        def handle_endtag(self, tag):
            assert self.open.pop() == tag, (tag, self.getpos())
        def handle_data(self, data):
            if self.open and self.open[-1] == "title":
                self.title = self.title or data
            self.words += data
    r = Reader()
    r.feed(page)
    assert not r.open and page.startswith("<!DOCTYPE html>"), r.open
    assert not r.tags & {"script", "iframe", "object", "link", "img", "form"}, r.tags
    assert "default-src 'none'" in page
    return {"title": r.title, "all": r.words.replace("\u00a0", " ")}

def check(name):
    d = f"{tmp}/{name}/"
    e = json.load(open(d + "evidence.json"))
    word = {"go": "GO", "no-go": "NO-GO", "hold": "HOLD"}[e["verdict"]]
    md, summary = open(d + "report.md").read(), open(d + "summary.md").read()
    txt = open(f"{tmp}/{name}.txt").read()
    if jsonschema:
        jsonschema.Draft202012Validator(json.load(open("schema/evidence.schema.json"))).validate(e)

    # Verdict and headline stand the same in all of them. Markdown escapes signs; paper wraps lines.
    plain = lambda s: re.sub(r"\\(.)", r"\1", s).replace("\u00a0", " ")
    flat = lambda s: re.sub(r"\s+", "", s.replace("\u00a0", ""))
    headline = e["headline"].replace("\u00a0", " ").replace("`", "")
    for text in md, summary:
        assert text.startswith(f"# {word}: "), text[:40]
        assert headline in plain(text).replace("`", ""), (name, headline)
    assert word in txt and flat(headline) in flat(txt), (name, headline)
    assert len(summary) < 1 << 20 and summary in md

    # JUnit: its counts are those of its cases; states as in evidence.json.
    suite = ET.parse(d + "junit.xml").getroot().find("testsuite")
    cases = suite.findall("testcase")
    count = lambda tag: sum(c.find(tag) is not None for c in cases)
    assert int(suite.get("tests")) == len(cases)
    assert (int(suite.get("failures")), int(suite.get("errors")), int(suite.get("skipped"))) == (count("failure"), count("error"), count("skipped"))
    assert len({(c.get("classname"), c.get("name")) for c in cases}) == len(cases)
    by = {(c.get("classname"), c.get("name")): c for c in cases}
    assert (by["gonogo", "verdict"].find("failure") is None) == (e["verdict"] == "go")
    assert suite.get("name") == e["rollout"]["id"]
    for c in e["criteria"]:
        case = by["criteria", c["name"]]
        assert (case.find("failure") is not None) == (c["state"] == "fail"), c["name"]
        assert (case.find("failure") is None and case.find("skipped") is None and case.find("error") is None) == (c["state"] == "pass")
    assert len(cases) == 1 + len(e["criteria"]) + sum(len(s["readings"]) for s in e["steps"])

    # Steps: exposure, requests and rates of the ladder.
    for s in e["steps"]:
        if s["requests"]["canary"] is not None:
            n = f'{s["requests"]["canary"]:,}'.replace(",", " ")
            assert f"{n} requests" in plain(md), (name, n)
            assert flat(f"{n}requests") in flat(txt), (name, n)
        for r in s["readings"]:
            if r["criterion"] in ("error-rate", "success-rate") and r["state"] in ("within", "beyond"):
                value = f'{r["value"] * 100:.2f}'
                assert f"{value} %" in plain(md) and flat(f"{value}%") in flat(txt), (name, value)
    # The banner's figure is one of the ladder's, and a reason says over which time its own were read.
    if e["verdict"] == "no-go" and e["rollout"]["outcome"] == "rolled-back":
        figure = re.match(r"(Error|Success) rate ([\d.]+) %", headline)
        readings = [r for s in e["steps"] for r in s["readings"] if r["state"] == "beyond"]
        assert figure and any(f'{r["value"] * 100:.{len(figure[2].split(".")[1])}f}' == figure[2] for r in readings), (name, headline)
        assert re.search(r" from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d ", e["reasons"][0]["text"]), (name, e["reasons"])
    page = open(d + "report.html").read()
    words = well_formed(page)
    assert words["title"].startswith(f"{word}: ") and headline in words["all"], (name, headline)
    for s in e["steps"]:
        if s["requests"]["canary"] is not None:
            assert f'{s["requests"]["canary"]:,} requests'.replace(",", " ") in words["all"], name
    # Every id that anything cites is defined, those too that a sentence leaves out between its first and last ones.
    for cited in e["reasons"] + e["findings"] + e["criteria"] + e["timeline"]:
        for i in cited["evidence"]:
            assert f'<a id="{i.lower()}"></a>' in md, (name, i, cited)
    # Timeline: as many rows, the same times and ids.
    rows = list(csv.DictReader(open(d + "timeline.csv", newline="")))
    assert [(r["id"], r["at"], r["source"], r["kind"]) for r in rows] == [(t["id"], t["at"], t["source"], t["kind"]) for t in e["timeline"]]
    for r, t in zip(rows, e["timeline"]):
        assert r["evidence"].split() == [i for i in t["evidence"] if not i.startswith("G-")], (r, t)
        assert r["evidence"] or r["gap"], r
        assert t["at"][11:19] in md

    events = [json.loads(line) for line in open(d + "cdevents.ndjson")]
    assert len({x["context"]["id"] for x in events}) == len(events) >= (1 if e["partial"] else 2)
    for x in events:
        kind = x["context"]["type"].split(".")
        if jsonschema:
            jsonschema.Draft202012Validator(json.load(open(f"tests/cdevents/{kind[2]}{kind[3]}.json"))).validate(x)
    outcome = {"go": "success", "no-go": "failure", "hold": "error"}[e["verdict"]]
    assert [x["subject"]["content"]["outcome"] for x in events if "finished" in x["context"]["type"]] == ([] if e["partial"] else [outcome])
    kinds = {x["context"]["type"].split(".")[3] for x in events}
    assert ("rolledback" in kinds) == (e["rollout"]["outcome"] == "rolled-back"), kinds
    assert ("upgraded" in kinds) == e["rollout"]["outcome"].startswith("promoted"), kinds

    # Limits of the rules are those of the conditions.
    rules = open(d + "rollback-rules.yaml").read()
    for c in e["rollback_conditions"]:
        if c["query"] is not None:
            assert json.dumps(c["query"], ensure_ascii=False) in rules, c["id"]
        else:
            assert f'# {c["id"]} has no query' in rules, c["id"]

for name in ("course-good", "course-errors-3", "shop-errors", "develop-ab-good", "develop-unready", "course-skipped", "course-blue-green", "course-suspended",
             "course-terminated", "develop-primary-gone"):
    check(name)

# What a person wrote runs nowhere.
for name in "course-good", "shop-errors":
    d = f"{tmp}/{name}-noted/"
    cells = [c for row in csv.reader(open(d + "timeline.csv", newline="")) for c in row]
    assert any("HYPERLINK" in c for c in cells) and not any(c.startswith(("=", "+", "-", "@")) for c in cells)
    ET.parse(d + "junit.xml")
    page = open(d + "report.html").read()
    assert "`a` <b> & " in well_formed(page)["all"] and "<b>" not in page.split("<main>")[1], name
    assert "<b>" not in re.sub(r"`+[^`]*`+", "", open(d + "report.md").read())
PY

# promtool: the rules are right, fire on the bad rollout's bad moment and are silent on good ones.
for r in course-good course-errors-3 shop-errors develop-ab-good develop-unready course-skipped course-blue-green course-suspended course-terminated develop-primary-gone; do
	promtool check rules "$tmp/$r/rollback-rules.yaml" >"$tmp/out" 2>&1 || { fail "promtool check rules $r"; head -3 "$tmp/out"; }
	promtool test rules "$tmp/$r/rollback-rules.test.yaml" >"$tmp/out" 2>&1 || { fail "promtool test rules $r"; head -5 "$tmp/out"; }
	# A manifest's spec is the rules file.
	python3 - "$tmp/$r" <<'PY' || fail "$r: manifest"
import sys
d = sys.argv[1]
rules = [l for l in open(d + "/rollback-rules.yaml") if not l.startswith("#")]
manifest = open(d + "/rollback-prometheusrule.yaml").read()
assert "kind: PrometheusRule" in manifest
assert manifest.split("spec:\n")[1] == "".join("  " + l for l in rules), "spec"
PY
done
# Several classes of errors stand in the rules too.
echo 'error_classes: ["5..", "404"]' >"$tmp/classes.yaml"
"$gonogo" report recorded --db "$tmp/course-errors-3.db" --criteria "$tmp/classes.yaml" --format rules -o "$tmp/classes" >/dev/null || fail "report with two classes"
grep -q 'code=~\\"5..|404\\"' "$tmp/classes/rollback-rules.yaml" || fail "two classes of errors, one rule"
promtool test rules "$tmp/classes/rollback-rules.test.yaml" >/dev/null 2>&1 || fail "promtool test rules with two classes"
fires() { grep -c 'exp_labels' "$tmp/$1/rollback-rules.test.yaml"; }
[ "$(fires course-errors-3)" -ge 2 ] && [ "$(fires shop-errors)" -ge 2 ] || fail "no case in which a bad rollout's rule fires"
[ "$(fires course-good)" = 0 ] || fail "a good rollout's rule fires"
[ "$(grep -c 'exp_alerts: \[\]' "$tmp/course-good/rollback-rules.test.yaml")" -ge 4 ] || fail "no case in which a good rollout's rule is silent"
# The controls: another threshold must break the cases, both ways.
mkdir "$tmp/deaf" "$tmp/nervous"
cp "$tmp/course-errors-3/rollback-rules.test.yaml" "$tmp/deaf/" && sed 's/ >= [0-9.]*"$/ >= 100"/; s/ < 0.99"$/ < 0.01"/' "$tmp/course-errors-3/rollback-rules.yaml" >"$tmp/deaf/rollback-rules.yaml"
promtool test rules "$tmp/deaf/rollback-rules.test.yaml" >/dev/null 2>&1 && fail "rules that never fire pass the cases"
cp "$tmp/course-good/rollback-rules.test.yaml" "$tmp/nervous/" && sed 's/ >= [0-9.]*"$/ >= 0"/; s/ < 0.99"$/ < 2"/' "$tmp/course-good/rollback-rules.yaml" >"$tmp/nervous/rollback-rules.yaml"
promtool test rules "$tmp/nervous/rollback-rules.test.yaml" >/dev/null 2>&1 && fail "rules that always fire pass the cases"

[ "$failed" -eq 0 ] && echo "formats: all as expected"
exit "$failed"
