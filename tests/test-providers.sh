#!/usr/bin/env bash
# One real rollout in the words of every provider: the same requests must give the same counts, weights, verdict and checks of Flagger's.
set -u
: "${BUILD:=build}"
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export BUILD
gonogo=$BUILD/gonogo
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() {
	echo "FAIL providers: $*"
	exit 1
}

# play RECORDING PROVIDER: its package as $tmp/RECORDING-PROVIDER
play() {
	local to=$tmp/$1-$2
	python3 tests/replay/provider.py "samples/recordings/$1" "$to.rec" "$2" || return 1
	samples/play "$to.rec" "$to.db" --rate 120 || return 1
	"$gonogo" report recorded --db "$to.db" -o "$to" --format md,json,rules >/dev/null
	[ -e "$to/evidence.json" ]
}
export -f play
export tmp gonogo

providers='traefik linkerd istio nginx contour gloo kuma appmesh:v1beta2 osm skipper kubernetes gatewayapi:v1'
{
	for p in $providers; do echo "course-errors-3 $p"; done
	for p in traefik linkerd nginx; do echo "course-good $p"; done
} >"$tmp/list"
xargs -P 2 -L 1 bash -c 'play "$0" "$1" || echo "$0 $1" >>"$tmp/broken"' <"$tmp/list"
[ ! -e "$tmp/broken" ] || fail "not played: $(tr '\n' ' ' <"$tmp/broken")"

python3 - "$tmp" $providers <<'PY' || fail "the providers do not agree"
import json, sys
tmp, *providers = sys.argv[1:]
# Without an object that holds weights Flagger's words stand for them; two rechecks ask for what is not collected.
no_route = {"kuma", "appmesh:v1beta2", "kubernetes"}
no_recheck = {"nginx", "skipper"}
load = lambda recording, p: json.load(open(f"{tmp}/{recording}-{p}/evidence.json"))
bad = []


def same(p, what, a, b):
    if a != b:
        bad.append(f"{p}: {what}: {a} instead of {b}")


for recording, of in (("course-errors-3", providers), ("course-good", ["traefik", "linkerd", "nginx"])):
    want = load(recording, "traefik")
    for p in of:
        got = load(recording, p)
        same(p, "verdict", got["verdict"], want["verdict"])
        same(p, "weights", [s["weight"] for s in got["steps"]], [s["weight"] for s in want["steps"]])
        for a, b in zip(got["criteria"], want["criteria"]):
            same(p, f"state of {a['name']}", a["state"], b["state"])
            # A fail is read from the scrapes that decided it. At this speed a scrape more or less lies in a window.
            for arm in ("canary", "baseline") if b["state"] != "fail" else ():
                if abs(a["requests"][arm] - b["requests"][arm]) > 0.1 * b["requests"][arm] + 200:
                    bad.append(f"{p}: {a['name']}: {a['requests']} instead of {b['requests']}")
        if p not in no_recheck:
            same(p, "recheck", {k: v for k, v in got["flagger"]["recheck"].items() if k not in ("stops_at", "text")},
                 {k: v for k, v in want["flagger"]["recheck"].items() if k not in ("stops_at", "text")})
        same(p, "weights seen", any("route object was not seen" in g["reason"] for g in got["gaps"]), p in no_route)
print("\n".join(bad))
sys.exit(bool(bad))
PY
# Criteria with an endpoint are judged by the series they name, also where the provider has no row of its own; and each by its own classes.
cat >"$tmp/pay.yaml" <<'YAML'
criteria:
  - {name: error-rate, kind: off}
  - {name: success-rate, kind: off}
  - {name: p95-latency, kind: off}
  - name: pay-errors
    kind: error-ratio
    limit: 2
    floor: 0.005
    endpoint: {canary: 'http_requests_total{path="/pay",version="canary"}', baseline: 'http_requests_total{path="/pay",version="primary"}', code_label: status}
  - name: pay-success
    kind: success-rate
    limit: 0.99
    alpha: 0.01
    endpoint: {canary: 'http_requests_total{path="/pay",version="canary"}', baseline: 'http_requests_total{path="/pay",version="primary"}', code_label: status}
  - name: pay-not-found
    kind: success-rate
    limit: 0.99
    error_classes: ["404"]
    endpoint: {canary: 'http_requests_total{path="/pay",version="canary"}', baseline: 'http_requests_total{path="/pay",version="primary"}', code_label: status}
  - name: pay-grpc
    kind: success-rate
    limit: 0.99
    error_classes: ["grpc:14"]
    endpoint: {canary: 'http_requests_total{path="/pay",version="canary"}', baseline: 'http_requests_total{path="/pay",version="primary"}', code_label: status}
  - name: pay-latency
    kind: quantile-ratio
    limit: 1.3
    endpoint: {canary: 'http_request_seconds_bucket{path="/pay",version="canary"}', baseline: 'http_request_seconds_bucket{path="/pay",version="primary"}'}
YAML
python3 tests/replay/provider.py samples/recordings/course-errors-3 "$tmp/pay.rec" apisix || fail pay
samples/play "$tmp/pay.rec" "$tmp/pay.db" --rate 120 --config "$tmp/pay.yaml" || fail "play with endpoints"
"$gonogo" report recorded --db "$tmp/pay.db" -o "$tmp/pay" --format md,json,rules >/dev/null
python3 - "$tmp" <<'PY' || fail "endpoints are not judged"
import json, sys
want = json.load(open(f"{sys.argv[1]}/course-errors-3-linkerd/evidence.json"))["criteria"]
d = json.load(open(f"{sys.argv[1]}/pay/evidence.json"))
got = {c["name"]: c for c in d["criteria"]}
assert d["verdict"] == "no-go", d["verdict"]
for name, of in (("pay-errors", want[0]), ("pay-success", want[1]), ("pay-latency", want[2])):
    a = got[name]
    assert a["state"] == of["state"] and abs(a["requests"]["canary"] - of["requests"]["canary"]) < 300, (a, of)
assert got["pay-not-found"]["state"] == "undecided" and got["pay-not-found"]["failed"] == {"canary": 0, "baseline": 0}, got["pay-not-found"]
assert (got["pay-grpc"]["state"], got["pay-grpc"]["reason"]) == ("not-evaluable", "UNSEEN_CLASS"), got["pay-grpc"]
rules = {f["rule"] for f in d["findings"]}
assert "provider-not-supported" in rules and "class-unseen" in rules, rules
PY
(cd "$tmp/pay" && promtool check rules rollback-rules.yaml >/dev/null && promtool test rules rollback-rules.test.yaml >/dev/null 2>&1) || fail "rules of endpoints"
grep -q 'http_requests_total{path=' "$tmp/pay/report.md" || fail "the report does not say what was measured"
# A hole in the scrapes stays a hole where pods are scraped one by one: what it swallowed is not spread into it.
python3 tests/replay/provider.py samples/recordings/develop-prometheus-hole "$tmp/hole.rec" linkerd || fail hole
samples/play "$tmp/hole.rec" "$tmp/hole.db" --rate 120 || fail "play hole"
"$gonogo" report recorded --db "$tmp/hole.db" -o "$tmp/hole" --format json >/dev/null
jq -e '.verdict == "hold" and ([.gaps[] | select(.source == "prometheus")] | length > 0) and ([.criteria[].state] | index("pass") == null)
	and (.steps[1].requests.canary // 0) < 60' "$tmp/hole/evidence.json" >/dev/null || fail "a hole is filled: $(jq -c '[.verdict, .gaps, [.criteria[] | [.state, .reason]], [.steps[].requests]]' "$tmp/hole/evidence.json")"
# A label that no series bears shows no error class; a metric of the Canary's has no value without a provider.
sed 's/code_label: status/code_label: statuss/' "$tmp/pay.yaml" >"$tmp/typo.yaml"
echo '  - {name: pt, kind: point, metric: request-success-rate, limit: 99, point_is_max: false}' >>"$tmp/typo.yaml"
"$gonogo" report recorded --db "$tmp/pay.db" --criteria "$tmp/typo.yaml" -o "$tmp/typo" --format json,rules >/dev/null || [ $? -lt 4 ] || fail "a typo in a label: exit code"
jq -e '[.criteria[] | select(.name == "pay-errors" or .name == "pay-success") | .reason] == ["UNSEEN_CLASS", "UNSEEN_CLASS"]
	and ([.steps[].readings[] | select(.criterion == "pay-success") | .state] | unique == ["not-evaluable"])' "$tmp/typo/evidence.json" >/dev/null ||
	fail "a typo in a label passes: $(jq -c '[.criteria[] | [.name, .state, .reason]]' "$tmp/typo/evidence.json")"
# Of an Ingress nothing is kept that could hold a password.
python3 - "$tmp/course-errors-3-nginx.db" <<'PY' || fail "an Ingress' snippet is stored"
import sqlite3, sys, zlib
db = sqlite3.connect(sys.argv[1])
bodies = b"".join(zlib.decompress(b) if e == "zlib" else b for b, e in db.execute("SELECT bytes, encoding FROM body"))
ingress = [r for r in db.execute("SELECT subject FROM observation WHERE subject LIKE 'Ingress %'")]
sys.exit(not ingress or b"example-secret" in bodies)
PY
# Blue/green shows no weight while it tests: all of its iterations are evidence, mirrored or not, with a route object or none.
for test in "kubernetes blue-green" "istio mirror"; do
	read -r p how <<<"$test"
	python3 tests/replay/provider.py samples/recordings/develop-ab-good "$tmp/$how.rec" "$p" "$how" || fail "$how"
	samples/play "$tmp/$how.rec" "$tmp/$how.db" --rate 120 || fail "play $how"
	"$gonogo" report recorded --db "$tmp/$how.db" -o "$tmp/$how" --format json >/dev/null
	python3 - "$tmp/$how/evidence.json" "$how" <<'PY' || fail "$how is not judged over its iterations"
import json, sys
d = json.load(open(sys.argv[1]))
steps = d["steps"]
assert d["rollout"]["strategy"] == {"blue-green": "blue-green", "mirror": "blue-green-mirror"}[sys.argv[2]], d["rollout"]
assert [s["exposure"] for s in steps] == [0], steps
assert [c["state"] for c in d["criteria"]] == ["pass", "pass", "undecided"], d["criteria"]
assert 1900 < d["criteria"][1]["requests"]["canary"] < 2400, d["criteria"][1]
assert d["highest_exposure"] == 0
PY
done
for p in $providers; do
	promtool check rules "$tmp/course-errors-3-$p/rollback-rules.yaml" >/dev/null || fail "$p: rules"
	(cd "$tmp/course-errors-3-$p" && promtool test rules rollback-rules.test.yaml >/dev/null 2>&1) || fail "$p: rules' own cases"
done
echo "providers: as expected"
