"""Holds what gonogo says about the live rollouts against kubectl, Prometheus and the clients: live.py GONOGO FOLDER (see tests/live).

A line a comparison; exit code 1 if any disagrees. Tolerances:
- times: 5 s (kubectl shows whole seconds, the collector's own watch adds its delay);
- requests of a step by arm: what passes in two scrape intervals at the arm's rate in the step or just before it (a step's counts are those
  of the scrapes inside it, the clients' those of whole seconds), and 2 %;
- failures: the same, and three standard deviations of a count of that size."""
import datetime, json, math, os, sqlite3, subprocess, sys, zlib

GONOGO, FOLDER = sys.argv[1:3]
DB = f"{FOLDER}/evidence.db"
SCRAPE = 5  # seconds, ./up's default
bad = 0


def say(ok, text):
    global bad
    bad += not ok
    print(("ok   " if ok else "FAIL ") + text)


def run(*arguments):
    p = subprocess.run([GONOGO, *arguments], capture_output=True, text=True)
    say(p.returncode == 0, f"gonogo {' '.join(arguments[:2])}: exit code {p.returncode}{': ' + p.stderr.strip() if p.returncode else ''}")
    return p.stdout


def load(name):
    with open(f"{FOLDER}/{name}.json") as f:
        return json.load(f)


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def log():
    c = sqlite3.connect(f"file:{DB}?mode=ro", uri=True)
    bodies = {d: zlib.decompress(b) if e == "zlib" else b for d, e, b in c.execute("SELECT sha256, encoding, bytes FROM body")}
    rows = [(*r[:3], bodies[r[3]]) for r in c.execute("SELECT source, kind, subject, body_sha256 FROM observation ORDER BY seq")]
    c.close()
    return rows


def truth():
    """{host: {second: {version: (requests, failed)}}}"""
    out = {}
    with open(f"{FOLDER}/truth.ndjson") as f:
        for line in f:
            row = json.loads(line)
            out.setdefault(row["host"], {})[row["t"]] = {v: (x["n"], x["e"]) for v, x in row["v"].items()}
    return out


def compare_objects(rows):
    stored = {}
    for source, kind, subject, body in rows:
        if source == "kubernetes" and kind in ("listed", "added", "modified"):
            o = json.loads(body)
            stored.setdefault(o["metadata"]["uid"], []).append(o)
    for what in ("canaries", "events", "traefikservices"):
        items = load(what)["items"]
        missing = [o["metadata"]["name"] for o in items if not any(same(o, s) for s in stored.get(o["metadata"]["uid"], [])[-1:])]
        say(items and not missing, f"{what}: {len(items)} in the cluster, the last stored version of each is kubectl's" + (f", but for {missing}" if missing else ""))


def same(a, b):
    """Equal but for what is redacted or rewritten without a change (a Failed canary's times)."""
    if a["kind"] == "Event":
        return (a["message"], a.get("count"), a["metadata"]["resourceVersion"]) == (b["message"], b.get("count"), b["metadata"]["resourceVersion"])
    strip = lambda o: {k: v for k, v in o.get("status", {}).items() if k != "lastTransitionTime"}
    return a["spec"] == b["spec"] and strip(a) == strip(b)


def compare_requests(rows, rollouts):
    """Every sample that Prometheus has of the rollouts' time is in the log."""
    have = {}
    for source, kind, _, body in rows:
        if (source, kind) == ("prometheus", "samples"):
            for s in json.loads(body)["data"]["result"]:
                have.setdefault(tuple(sorted(s["metric"].items())), {}).update({round(t * 1000): v for t, v in s.get("values", [])})
    for r in rollouts:
        want = missing = 0
        for s in load("requests")["data"]["result"]:
            if f'develop-{r["canary"]}-' not in s["metric"]["service"]:
                continue
            mine = have.get(tuple(sorted(s["metric"].items())), {})
            for t, v in s["values"]:
                if seconds(r["started_at"]) <= t <= seconds(r["ended_at"]):
                    want += 1
                    missing += mine.get(round(t * 1000)) != v
        say(want > 0 and missing == 0, f'{r["id"]}: {want} samples of request counts in Prometheus, {missing} not in the log')


def clients(seen, versions, lo, hi):
    n = e = 0
    for second in range(math.ceil(lo), math.floor(hi)):
        for version, (requests, failed) in seen.get(second, {}).items():
            if version in versions:
                n, e = n + requests, e + failed
    return n, e


def compare_steps(r, evidence, seen):
    """Requests and failures of each arm against the clients'. A version is known by its pods' image tag: backend-1.TIME."""
    image = evidence["rollout"]["images"][0]
    name = {"canary": f'{r["canary"]}-{image["new"].rsplit(":", 1)[1]}', "baseline": f'{r["canary"]}-{image["old"].rsplit(":", 1)[1]}'}
    for step in evidence["steps"]:
        lo, hi = seconds(step["from"]), seconds(step["to"] or evidence["evaluated_at"])
        if hi - lo < 2 * SCRAPE or not step["exposure"]:
            continue
        for arm in ("canary", "baseline"):
            n, e = clients(seen, {name[arm]}, lo, hi)
            got, failed = step["requests"][arm], step["failed"][arm]
            before = clients(seen, {name[arm]}, lo - 2 * SCRAPE, lo)[0]
            slack = max(2 * SCRAPE * n / (hi - lo), before) + 0.02 * n + 3
            text = f'{r["id"]}: step {step["weight"]} %, {arm}: {got} requests, {failed} failed; clients {n}, {e}'
            say(got is not None and failed is not None and abs(got - n) <= slack and abs(failed - e * got / max(n, 1)) <= 3 * math.sqrt(max(e, 1)) + 3 + slack * e / max(n, 1), text)


def compare_rollout(r, canary, verdicts, phase, seen):
    say(r["verdict"] in verdicts, f'{r["id"]}: {r["verdict"]} ({" or ".join(verdicts)} is right): {r["headline"]}')
    if phase:
        outcome = {"Succeeded": "promoted", "Failed": "rolled-back"}[phase]
        say(r["outcome"] == outcome, f'{r["id"]}: {r["outcome"]}; kubectl says {phase}')
        ended = seconds(canary["status"]["conditions"][0]["lastTransitionTime"])
        say(abs(seconds(r["ended_at"]) - ended) <= 5, f'{r["id"]}: ended {r["ended_at"]}; kubectl {canary["status"]["conditions"][0]["lastTransitionTime"]}')
    out = f'{FOLDER}/{r["id"]}'
    run("report", r["id"], "--db", DB, "-o", out)
    with open(f"{out}/evidence.json") as f:
        evidence = json.load(f)
    say(evidence["verdict"] == r["verdict"], f'{r["id"]}: evidence.json says {evidence["verdict"]}')
    say(set(evidence["rollout"]["channels"]) == {"webhook", "status", "events"}, f'{r["id"]}: channels {evidence["rollout"]["channels"]}')
    compare_steps(r, evidence, seen)


def main():
    run("verify", "--db", DB)
    rollouts = json.loads(run("list", "--db", DB, "-o", "json") or "[]")
    with open(f"{FOLDER}/began") as f:
        began = int(f.read())
    rollouts = [r for r in rollouts if seconds(r["started_at"]) >= began]
    canaries = {o["metadata"]["name"]: o for o in load("canaries")["items"]}
    # The order of tests/live. kubectl knows only the last of each canary.
    want = [("backend", ("go", "hold"), None), ("backend", ("no-go",), "Failed"), ("frontend", ("hold",), "Succeeded")]
    say([r["canary"] for r in rollouts] == [w[0] for w in want], f'rollouts: {", ".join(r["id"] for r in rollouts)}')
    rows, seen = log(), truth()
    posts = [r for r in rows if r[:2] == ("flagger", "event")]
    say(len(posts) > 20, f"webhook: {len(posts)} posts")
    compare_objects(rows)
    compare_requests(rows, [r for r in rollouts if r["ended_at"]])
    for r, (name, verdicts, phase) in zip(rollouts, want):
        compare_rollout(r, canaries[name], verdicts, phase, seen[f"{name}.develop"])
    print(f'{"everything agrees" if not bad else f"{bad} comparisons disagree"}')
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
