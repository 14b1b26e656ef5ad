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
pods = {"linkerd", "istio", "appmesh:v1beta2", "kubernetes", "gatewayapi:v1"}
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
            if p not in pods:
                same(p, f"requests of {a['name']}", (a["requests"], a["failed"]), (b["requests"], b["failed"]))
        if p in pods:
            a, b = (sum(x["criteria"][2]["requests"].values()) for x in (got, want))
            if abs(a / b - 1) > 0.1:
                bad.append(f"{p}: {a} requests instead of {b}")
        if p not in no_recheck:
            same(p, "recheck", {k: v for k, v in got["flagger"]["recheck"].items() if k not in ("stops_at", "text")},
                 {k: v for k, v in want["flagger"]["recheck"].items() if k not in ("stops_at", "text")})
        same(p, "weights seen", any("route object was not seen" in g["reason"] for g in got["gaps"]), p in no_route)
print("\n".join(bad))
sys.exit(bool(bad))
PY
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
