"""Plays recordings through the real collector and holds the evidence log against them. BUILD: where the programs are."""
import concurrent.futures, json, lzma, os, re, shutil, sqlite3, subprocess, sys, tempfile, unittest, zlib

BUILD = os.environ["BUILD"]
ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
RECORDINGS = os.path.join(ROOT, "samples/recordings")
S = 10**9
# Password of shop's hooks, and as Flagger sends it (the last characters of base64 depend on what follows).
SECRETS = (b"example-secret", b"ZmxhZ2dlcjpleGFtcGxlLXNlY3JldA")
# Three at once: a playing mostly waits for its clock.
AT_ONCE = 3


def rows(recording, name):
    with lzma.open(f"{RECORDINGS}/{recording}/{name}.ndjson.xz", "rt") as f:
        return [json.loads(line) for line in f]


def expected(recording):
    with open(f"{RECORDINGS}/{recording}/expect.json") as f:
        return json.load(f)


def play(recording, db, *options):
    return subprocess.run([f"{ROOT}/samples/play", f"{RECORDINGS}/{recording}", db, *options], capture_output=True, text=True, timeout=200)


def gonogo(*arguments):
    return subprocess.run([f"{BUILD}/gonogo", *arguments], capture_output=True, text=True, timeout=100)


def log_of(db):
    """[(received_at, source, kind, subject, request, marks, body as bytes)]"""
    c = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    bodies = {d: zlib.decompress(b) if e == "zlib" else b for d, e, b in c.execute("SELECT sha256, encoding, bytes FROM body")}
    out = [(*r[:6], bodies[r[6]]) for r in c.execute(
        "SELECT received_at, source, kind, subject, request, marks, body_sha256 FROM observation ORDER BY seq")]
    c.close()
    return out


def without_times(o):
    """A Canary but for what Flagger rewrites every interval: a change in nothing else is counted, not stored (design.md)."""
    o = json.loads(json.dumps(o))
    for key in ("resourceVersion", "managedFields"):
        o["metadata"].pop(key, None)
    o.get("status", {}).pop("lastTransitionTime", None)
    return o


def each_recording(check):
    """Runs the check for every recording, and names those that fail."""
    def test(self):
        for n in self.names:
            with self.subTest(recording=n):
                self.assertIn(n, self.logs, "was not played")
                check(self, n, self.logs[n])
    test.__name__ = check.__name__
    return test


class Recordings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        cls.names = sorted(n for n in os.listdir(RECORDINGS) if os.path.isdir(f"{RECORDINGS}/{n}"))
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            cls.results = dict(zip(cls.names, pool.map(lambda n: play(n, f"{cls.dir}/{n}.db"), cls.names)))
        cls.logs = {n: log_of(f"{cls.dir}/{n}.db") for n in cls.names if cls.results[n].returncode == 0}

    def test_every_recording_plays(self):
        self.assertEqual(len(self.names), 27)
        for n in self.names:
            with self.subTest(recording=n):
                self.assertEqual((self.results[n].returncode, self.results[n].stdout), (0, ""), self.results[n].stderr)

    @each_recording
    def test_every_watch_line_is_stored_once(self, n, log):
        stored = {}
        for at, source, kind, subject, _, marks, body in log:
            if source == "kubernetes" and kind in ("listed", "added", "modified", "deleted"):
                o = json.loads(body)
                stored.setdefault((o["metadata"]["uid"], o["metadata"]["resourceVersion"]), []).append((at, kind, subject, marks, body))
        last, lines = {}, 0
        for r in rows(n, "kubernetes"):
            what = r["path"].rsplit("/", 1)[1]
            if what not in ("canaries", "events", "traefikservices", "metrictemplates"):
                continue
            body = json.loads(r["body"])
            if r["op"] == "list":
                for o in body["items"]:
                    last[o["metadata"]["uid"]] = o
                    self.assertEqual(len(stored.get((o["metadata"]["uid"], o["metadata"]["resourceVersion"]), [])), 1, (what, o["metadata"]["name"]))
                continue
            if body["type"] == "BOOKMARK":
                continue
            o, lines = body["object"], lines + 1
            uid = o["metadata"]["uid"]
            found = stored.get((uid, o["metadata"]["resourceVersion"]), [])
            rewritten = what == "canaries" and uid in last and without_times(last[uid]) == without_times(o)
            last[uid] = o
            self.assertIn(len(found), (0, 1) if rewritten else (1,), (what, o["metadata"]["name"], o["metadata"]["resourceVersion"]))
            for at, kind, subject, marks, bytes_ in found:
                self.assertEqual((kind, subject), (body["type"].lower(), f'{o["kind"]} {o["metadata"]["namespace"]}/{o["metadata"]["name"]}'))
                # Half a real second, by a clock that runs sixty times as fast.
                self.assertTrue(-S < at - r["t"] < 30 * S, (what, (at - r["t"]) / S))
                if "redacted" not in marks:
                    self.assertIn(bytes_.decode(), r["body"])
                    self.assertEqual(json.loads(bytes_), o)
        self.assertGreater(lines, 10)

    @each_recording
    def test_every_post_is_stored_once_and_in_order(self, n, log):
        want = rows(n, "webhook")
        got = [(at, subject, body.decode()) for at, source, kind, subject, _, _, body in log if (source, kind) == ("flagger", "event")]
        self.assertEqual([b for _, _, b in got], [w["body"] for w in want])
        for (at, subject, body), w in zip(got, want):
            o = json.loads(body)
            self.assertEqual(subject, f'Canary {o["namespace"]}/{o["name"]}')
            self.assertTrue(-S < at - w["t"] < 30 * S)

    @each_recording
    def test_every_request_count_of_the_rollout_is_stored(self, n, log):
        got = {}
        for _, source, kind, *_, body in log:
            if (source, kind) == ("prometheus", "samples"):
                for s in json.loads(body)["data"]["result"]:
                    series = got.setdefault(tuple(sorted(s["metric"].items())), {})
                    for t, v in s.get("values", []):
                        # Two answers may not contradict each other.
                        self.assertEqual(series.setdefault(round(t * 1000), v), v)
        for rollout in expected(n)["rollouts"]:
            lo, hi = (iso_ms(rollout[k]) for k in ("started_at", "ended_at"))
            service = re.compile("%s-.*-(canary|primary)-.*" % re.escape(rollout["namespace"]))
            for r in rows(n, "prometheus"):
                if not r["query"].startswith('{job="traefik"'):
                    continue
                for s in json.loads(r["body"])["data"]["result"]:
                    m = s["metric"]
                    if m["__name__"] != "traefik_service_requests_total" or not service.fullmatch(m["service"]):
                        continue
                    if f'-{rollout["canary"]}-' not in m["service"]:
                        continue
                    mine = got.get(tuple(sorted(m.items())), {})
                    for t, v in s["values"]:
                        if lo <= round(t * 1000) <= hi:
                            self.assertEqual(mine.get(round(t * 1000)), v, (m["service"], m["code"], t))

    @each_recording
    def test_no_secret_is_in_any_file(self, n, log):
        for row in log:
            for secret in SECRETS:
                self.assertFalse(secret in row[6], row[:6])
                self.assertNotIn(secret.decode(), " ".join(map(str, row[:6])))
        for name in (x for x in os.listdir(self.dir) if x.startswith(n + ".")):
            with open(f"{self.dir}/{name}", "rb") as f:
                data = f.read()
            for secret in SECRETS:
                self.assertFalse(secret in data, name)

    @each_recording
    def test_logs_verify(self, n, log):
        p = gonogo("verify", "--db", f"{self.dir}/{n}.db")
        self.assertEqual(p.returncode, 0, p.stderr)

    @each_recording
    def test_verdicts_are_right(self, n, log):
        for suffix, options in (("", []), ("_fast", ["--criteria", f"{RECORDINGS}/criteria-fast.yaml"])):
            p = gonogo("list", "--db", f"{self.dir}/{n}.db", "-o", "json", *options)
            self.assertEqual(p.returncode, 0, p.stderr)
            got = {(r["namespace"], r["canary"]): r for r in json.loads(p.stdout)}
            want = expected(n)["rollouts"]
            self.assertEqual(sorted(got), sorted((w["namespace"], w["canary"]) for w in want))
            for w in want:
                r = got[w["namespace"], w["canary"]]
                self.assertIn(r["verdict"], w["verdict" + suffix], r["headline"])
                self.assertEqual(r["outcome"], w["outcome"])
                self.assertLessEqual(set(w["fails" + suffix]), set(r["failing"]), r["headline"])
                self.assertEqual(r["attempt"], w["attempts"])
                self.assertAlmostEqual(r["highest_exposure"], w["highest_exposure"], places=3)


def iso_ms(text):
    import datetime
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


class LeftOut(unittest.TestCase):
    """A cluster that does not say everything: the collector goes on, and nobody calls it good."""

    def test_parts_left_out(self):
        cases = {"webhook": ("flagger", None), "events": ("kubernetes", "Event "), "prometheus:+20-+60": ("prometheus", None)}
        with tempfile.TemporaryDirectory() as d, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(lambda c: play("develop-errors", f"{d}/{cases[c][0]}.db", "--without", c), cases))
            for (what, (source, prefix)), p in zip(cases.items(), results):
                with self.subTest(without=what):
                    self.assertEqual(p.returncode, 0, p.stderr)
                    db = f"{d}/{source}.db"
                    log = log_of(db)
                    if what == "webhook":
                        self.assertEqual([r for r in log if r[1] == "flagger"], [])
                    elif what == "events":
                        self.assertEqual([r for r in log if r[3].startswith(prefix)], [])
                    else:
                        self.assertTrue([r for r in log if (r[1], r[2]) == ("prometheus", "failed")])
                    self.assertEqual(gonogo("verify", "--db", db).returncode, 0)
                    listed = gonogo("list", "--db", db, "-o", "json")
                    self.assertEqual(listed.returncode, 0, listed.stderr)
                    self.assertEqual([(r["outcome"], r["verdict"] == "go") for r in json.loads(listed.stdout)], [("rolled-back", False)])


if __name__ == "__main__":
    unittest.main()
