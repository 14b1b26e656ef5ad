#!/usr/bin/env bash
# The programs as people use them: the README's commands, help, exit codes, determinism, PDF and Markdown. BUILD: where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/support.sh

# expect CODE TEXT COMMAND...: the command's exit code, and a text in what it prints.
expect() {
	local code=$1 text=$2 out rc
	shift 2
	out=$("$@" 2>&1)
	rc=$?
	if [ "$rc" -ne "$code" ] || [[ $out != *"$text"* ]]; then
		echo "FAIL: $* -> $rc (expected $code, \"$text\"):"
		echo "$out" | head -5
		failed=1
	fi
}

check() {
	if ! "$@" >"$tmp/out" 2>&1; then
		echo "FAIL: $*"
		head -5 "$tmp/out"
		failed=1
	fi
}

make_db() {
	samples/play "samples/recordings/$1" "$tmp/$1.db" --rate 120 || { echo "FAIL: play $1"; exit 1; }
}
make_db develop-errors
make_db course-good
make_db develop-good
bad=$tmp/develop-errors.db good=$tmp/course-good.db thin=$tmp/develop-good.db

expect 2 "Usage" "$gonogo"
expect 0 "report" "$gonogo" --help
expect 0 "gonogo 0" "$gonogo" --version
expect 2 "no command" "$gonogo" frobnicate
for c in list history show report export assert judge plan decide note action rehearse postmortem score criteria lint verify; do
	expect 0 "Usage: gonogo $c" "$gonogo" "$c" --help
	expect 2 "" "$gonogo" "$c" --nonsense
done
expect 0 "Usage" "$BUILD/gonogo-collector" --help
expect 2 "needed" "$BUILD/gonogo-collector"
expect 2 "line 1" "$BUILD/gonogo-collector" --check-config --config <(echo 'clutser: x')
expect 0 "right" "$BUILD/gonogo-collector" --check-config --config deploy/base/gonogo.yaml

# The three verdicts as a pipeline's gate sees them.
id_bad=$("$gonogo" list --db "$bad" -o json | jq -r '.[0].id')
id_good=$("$gonogo" list --db "$good" -o json | jq -r '.[0].id')
id_thin=$("$gonogo" list --db "$thin" -o json | jq -r '.[0].id')
expect 1 "NO-GO" "$gonogo" assert "$id_bad" --db "$bad"
expect 0 "GO" "$gonogo" assert "$id_good" --db "$good"
expect 3 "HOLD" "$gonogo" assert "$id_thin" --db "$thin"
expect 1 "no-go" "$gonogo" assert develop/backend --after 2026-11-25T04:00:00Z --db "$bad" -o json
expect 4 "no such rollout" "$gonogo" assert develop/backend --after 2027-01-01T00:00:00Z --db "$bad"
expect 2 "--image or --after" "$gonogo" assert develop/backend --db "$bad"
expect 4 "not in this log" "$gonogo" show nothing --db "$bad"
expect 4 "" "$gonogo" list --db "$tmp/absent.db"
expect 0 "NO-GO" "$gonogo" list --db "$bad"
expect 0 "Evidence ladder" "$gonogo" show develop/backend --db "$bad"
expect 3 "verdict" "$gonogo" judge "$id_thin" --criteria samples/recordings/criteria-fast.yaml --db "$thin"
expect 0 "criteria.error-rate.limit" "$gonogo" criteria explain shop/checkout
expect 2 "line 1" "$gonogo" criteria explain --criteria <(echo 'blast: {max_weight: 500}')
expect 0 "head" "$gonogo" verify --db "$bad"

# Lint: exit codes, folders, the standard input in both forms, and outputs that other programs read.
expect 1 "[template-variable]" "$gonogo" lint tests/cases/08-missing-template-variable/manifests.yaml
expect 0 "5 Canaries, 3 MetricTemplates: 0 errors, 0 warnings, 0 notes" "$gonogo" lint tests/lint/clean
# Flagger's own examples: nothing but what is unsound in them (each file alone: all bear one name).
for f in istio-abtest istio-canary linkerd-canary; do
	expect 0 "0 errors, 0 warnings" "$gonogo" lint "tests/lint/flagger/$f.yaml"
done
expect 0 "0 errors, 1 warning" "$gonogo" lint tests/lint/flagger/linkerd-canary-steps.yaml
expect 0 "[blast-limit]" "$gonogo" lint tests/lint/flagger/linkerd-canary-steps.yaml
expect 0 "0 errors, 2 warnings" "$gonogo" lint tests/lint/flagger/kuma-canary.yaml
expect 0 "[threshold-deprecated]" "$gonogo" lint tests/lint/flagger/kuma-canary.yaml
expect 0 "1 Canary" sh -c "'$gonogo' lint - <tests/lint/clean/list.json"
expect 0 "2 Canaries, 1 MetricTemplate" sh -c "sed 's/\$/\r/' tests/cases/04-helm-noise/rendered.yaml | '$gonogo' lint -"
expect 5 "[template-variable]" "$gonogo" lint tests/cases/08-missing-template-variable/manifests.yaml "$tmp/absent.yaml"
expect 1 "there is no Canary" "$gonogo" lint docs/lint.md
expect 2 "an argument is missing" "$gonogo" lint
expect 2 "text, json or sarif" "$gonogo" lint -o xml tests/lint/clean
expect 2 "scrape-interval" "$gonogo" lint --scrape-interval often tests/lint/clean
expect 2 "line 1" "$gonogo" lint --criteria <(echo 'blast: {max_weight: 500}') tests/lint/clean
expect 0 "blast limit is 20 %" "$gonogo" lint --criteria <(echo 'blast: {max_weight: 20}') tests/lint/clean/traefik.yaml
expect 0 "window-too-short" "$gonogo" lint --scrape-interval 1m tests/lint/clean/istio.yaml
mkdir -p "$tmp/tree/sub/.hidden"
cp tests/lint/clean/istio.yaml "$tmp/tree/sub/a.yml"
cp tests/lint/ab-test-ignored.yaml "$tmp/tree/sub/.hidden/b.yaml"
cp tests/lint/ab-test-ignored.yaml "$tmp/tree/c.txt"
ln -s ../.. "$tmp/tree/sub/up"
expect 0 "1 Canary, 0 MetricTemplates: 0 errors" "$gonogo" lint "$tmp/tree"
for f in tests/lint/*.yaml; do "$gonogo" lint -o json "$f" >"$tmp/lint-$(basename "$f" .yaml).json" 2>"$tmp/out"; done
"$gonogo" lint -o json tests/lint tests/cases/0* >"$tmp/lint-all.json"
"$gonogo" lint -o sarif tests/lint tests/cases/0* >"$tmp/lint.sarif"
check python3 - "$tmp" <<-'P'
	import glob, json, sys, jsonschema
	schema = jsonschema.Draft202012Validator(json.load(open("schema/lint.schema.json")))
	for name in glob.glob(sys.argv[1] + "/lint-*.json"): schema.validate(json.load(open(name)))
	problems = json.load(open(sys.argv[1] + "/lint-all.json"))["problems"]
	run, = json.load(open(sys.argv[1] + "/lint.sarif"))["runs"]
	rules = run["tool"]["driver"]["rules"]
	assert len({r["id"] for r in rules}) == len(rules) and len(run["results"]) == len(problems) > len(rules)
	for result, problem in zip(run["results"], problems):
	    place = result["locations"][0]["physicalLocation"]
	    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == problem["rule"]
	    assert result["level"] == problem["severity"] == rules[result["ruleIndex"]]["defaultConfiguration"]["level"]
	    assert (place["region"]["startLine"], place["artifactLocation"]["uri"]) == (problem["line"], problem["file"])
	lines = open("tests/cases/08-missing-template-variable/manifests.yaml").read().split("\n")
	p, = [p for p in problems if p["rule"] == "template-variable" and "08-" in p["file"]]
	assert lines[p["line"] - 1][p["column"] - 1:].startswith("templateVariables:")
P
GONOGO_DB=$bad expect 0 "NO-GO" "$gonogo" list

# A changed byte is tampering.
cp "$bad" "$tmp/forged.db"
sqlite3 "$tmp/forged.db" "DROP TRIGGER observation_no_update; UPDATE observation SET subject = 'x' WHERE seq = 7"
expect 4 "row 7" "$gonogo" verify --db "$tmp/forged.db"
head -c 20000 "$bad" >"$tmp/cut.db"
expect 4 "" "$gonogo" list --db "$tmp/cut.db"

# Same evidence, same bytes; both papers; nothing wrong with the file; every number of page one can be searched.
for paper in a4 letter; do
	expect 0 "report.pdf" "$gonogo" report "$id_bad" --db "$bad" -o "$tmp/one-$paper" --paper "$paper"
	expect 0 "report.pdf" "$gonogo" report "$id_bad" --db "$bad" -o "$tmp/two-$paper" --paper "$paper"
	check diff -r "$tmp/one-$paper" "$tmp/two-$paper"
	check qpdf --check "$tmp/one-$paper/report.pdf"
	check sh -c "cd '$tmp/one-$paper' && sha256sum -c SHA256SUMS"
	pdftotext "$tmp/one-$paper/report.pdf" "$tmp/text" 2>"$tmp/warnings"
	[ ! -s "$tmp/warnings" ] || { echo "FAIL: pdftotext warns"; head -3 "$tmp/warnings"; failed=1; }
	tr '\n' ' ' <"$tmp/text" | tr -s ' ' >"$tmp/flat"
	# When it was received depends on how the machine kept up with the played clock.
	start=$(jq -r .rollout.started_at "$tmp/one-$paper/evidence.json" | cut -c1-19 | tr T ' ')
	for text in "NO-GO" "develop/backend" "criteria" "canary requests failed" "Sign-off" "Evidence ladder" "$start UTC" "Page 1 of"; do
		grep -qF "$text" "$tmp/flat" || { echo "FAIL: page one lacks $text"; failed=1; }
	done
done
headline=$(jq -r .headline "$tmp/one-a4/evidence.json" | sed 's/\xc2\xa0/ /g')
grep -qF "$headline" "$tmp/one-a4/report.md" || { echo "FAIL: headline differs in Markdown"; failed=1; }
grep -qF "$headline" "$tmp/flat" || { echo "FAIL: headline differs in PDF: $headline"; failed=1; }
for h in "## Why" "## What was rolled out" "## Evidence ladder" "## Timeline" "## Findings" "## Remediation" "## Rollback conditions" "## Sign-off" "## Provenance" "## Evidence"; do
	grep -qx "$h" "$tmp/one-a4/report.md" || { echo "FAIL: report.md lacks $h"; failed=1; }
done
# Every id that is cited is defined.
grep -o '](#e-[0-9a-z]*)' "$tmp/one-a4/report.md" | sed 's/](#\(.*\))/\1/' | sort -u | while read -r e; do
	grep -q "<a id=\"$e\">" "$tmp/one-a4/report.md" || echo "$e"
done >"$tmp/dangling"
[ ! -s "$tmp/dangling" ] || { echo "FAIL: cited but not defined: $(head -3 "$tmp/dangling")"; failed=1; }
check sh -c "'$gonogo' report '$id_bad' --db '$bad' -o - | tar -tf - | grep -q report.pdf"
expect 5 "stdout" sh -c "'$gonogo' list --db '$bad' >/dev/full"
! grep -rq example-secret "$tmp" || { echo "FAIL: a secret got through"; failed=1; }

# evidence.json keeps its published schema, whatever the outcome.
make_db develop-unready
make_db develop-ab-good
for r in develop-errors course-good develop-good develop-unready develop-ab-good; do
	id=$("$gonogo" list --db "$tmp/$r.db" -o json | jq -r '.[0].id')
	expect 0 "report.pdf" "$gonogo" report "$id" --db "$tmp/$r.db" -o "$tmp/package-$r"
	check qpdf --check "$tmp/package-$r/report.pdf"
	check python3 - "$tmp/package-$r/evidence.json" <<-'P'
		import json, sys, jsonschema
		jsonschema.Draft202012Validator(json.load(open("schema/evidence.schema.json"))).validate(json.load(open(sys.argv[1])))
	P
done

# The published schemas take the files that we ship, and refuse what the programs refuse.
check python3 - <<-'P'
	import json, jsonschema, subprocess, sys, tempfile, os
	build = os.environ.get("BUILD", "build")
	def schema(name): return jsonschema.Draft202012Validator(json.load(open(f"schema/{name}.schema.json")))
	# JSON is YAML: the same bytes go to the program and to the schema.
	default = {"criteria": [{"name": "error-rate", "limit": 3}], "blast": {"max_weight": 60, "deadline": "600s"}, "overrides": [{"namespace": "shop", "evidence": {"warm_up": "10s"}}]}
	cases = [(default, True), ({"blast": {"max_wieght": 1}}, False), ({"blast": {"deadline": 600}}, False), ({"criteria": [{"name": "X y", "limit": 2}]}, False),
	         ({"hold": {"expired": "never"}}, False), ({"error_classes": []}, False), ({"owners": {"release": "team"}}, True)]
	for value, right in cases:
	    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
	        json.dump(value, f); f.flush()
	        ours = subprocess.run([f"{build}/gonogo", "criteria", "explain", "--criteria", f.name], capture_output=True).returncode == 0
	    assert ours == right and schema("criteria").is_valid(value) == right, (value, ours, schema("criteria").is_valid(value))
	good = {"cluster": "c", "kubernetes": {"namespaces": ["a"]}, "prometheus": [{"url": "http://p:9090"}], "webhook": {"listen": "127.0.0.1:1"}}
	for value, right in [(good, True), ({**good, "cluster": "A b"}, False), ({**good, "kubernetes": {}}, False), ({**good, "x": 1}, False), ({**good, "prometheus": [{}]}, False)]:
	    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
	        json.dump(value, f); f.flush()
	        ours = subprocess.run([f"{build}/gonogo-collector", "--check-config", "--config", f.name], capture_output=True).returncode == 0
	    assert ours == right and schema("gonogo").is_valid(value) == right, (value, ours, schema("gonogo").is_valid(value))
P

# The manual pages are manual pages; install and uninstall leave nothing.
check mandoc -T lint -W error docs/gonogo.1 docs/gonogo-collector.8
check make -s BUILD="$BUILD" DESTDIR="$tmp/root" install
[ -x "$tmp/root/usr/local/bin/gonogo" ] || { echo "FAIL: install"; failed=1; }
check make -s BUILD="$BUILD" DESTDIR="$tmp/root" uninstall
[ -z "$(find "$tmp/root" -type f)" ] || { echo "FAIL: uninstall leaves files"; failed=1; }
# The report has no way out to the network.
! ldd "$gonogo" | grep -Eq 'libcurl|libmicrohttpd' || { echo "FAIL: gonogo links the network"; failed=1; }

[ "$failed" -eq 0 ] && echo "cli: all as expected"
exit "$failed"
