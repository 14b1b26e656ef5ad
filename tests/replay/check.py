"""Checks of gonogo-replay. REPLAY: the program. Recordings are read here by Python's own lzma and json."""
import base64, http.client, http.server, json, lzma, os, re, shutil, subprocess, tempfile, threading, time, unittest, urllib.parse

REPLAY = os.environ["REPLAY"]
HERE = os.path.dirname(os.path.abspath(__file__))
RECORDINGS = os.path.join(HERE, "../../samples/recordings")
S = 10**9


def rows(recording, name):
    with lzma.open(f"{RECORDINGS}/{recording}/{name}.ndjson.xz", "rt") as f:
        return [json.loads(line) for line in f]


def head(recording):
    with open(f"{RECORDINGS}/{recording}/recording.json") as f:
        return json.load(f)


class Replay:
    """A running gonogo-replay. rate 0.01 makes the played clock all but stand still at start."""

    def __init__(self, folder, start, rate=0.01, *options, env=None):
        if "/" not in folder:
            folder = f"{RECORDINGS}/{folder}"
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([REPLAY, folder, "--clock", f"{start}@{rate}", *options], stdout=subprocess.PIPE,
                                        stderr=self.log, text=True, env=os.environ | (env or {}))
        self.started = time.monotonic()
        self.kube = self.prom = None
        for line in self.process.stdout:
            word, _, port = line.strip().partition(" ")
            if word == "kubernetes":
                self.kube = int(port)
            elif word == "prometheus":
                self.prom = int(port)
            elif word == "ready":
                return
        raise AssertionError(f"no ports: {self.messages()}")

    def messages(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(10)
        self.process.stdout.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        code, messages = self.stop(), self.messages()
        self.log.close()
        # Sanitizers speak at the end.
        assert code in (0, 1), messages

    def ask(self, port, path, method="GET", body=None, headers=None, **parameters):
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        c.request(method, path + ("?" + urllib.parse.urlencode(parameters) if parameters else ""), body, headers or {})
        r = c.getresponse()
        data = r.read()
        c.close()
        return r.status, data

    def api(self, path, **parameters):
        status, data = self.ask(self.kube, path, **parameters)
        return status, json.loads(data)

    def query(self, query, **parameters):
        status, data = self.ask(self.prom, "/api/v1/query", query=query, **parameters)
        return status, json.loads(data)

    def watch(self, path, lines=None, **parameters):
        """[(seconds since the start of the replay, line)] until the stream ends, or so many lines."""
        c = http.client.HTTPConnection("127.0.0.1", self.kube, timeout=30)
        c.request("GET", path + "?" + urllib.parse.urlencode({"watch": "1", **parameters}))
        r, out = c.getresponse(), []
        if r.status != 200:
            answer = r.status, json.loads(r.read())
            c.close()
            return answer
        while lines is None or len(out) < lines:
            line = r.readline()
            if not line:
                break
            out.append((time.monotonic() - self.started, line.decode()))
        c.close()
        return r.status, out


def name_of(o):
    return o["metadata"].get("namespace", ""), o["metadata"]["name"]


def state_at(kube, path, now):
    """The objects and the resourceVersion at that time, from the rows."""
    state, rv = {}, None
    for i, row in enumerate(r for r in kube if r["path"] == path):
        body = json.loads(row["body"])
        if i > 0 and row["t"] > now:
            break
        if row["op"] == "list":
            state, rv = {name_of(o): o for o in body["items"] or []}, body["metadata"]["resourceVersion"]
            continue
        o = body["object"]
        rv = o["metadata"]["resourceVersion"]
        if body["type"] in ("ADDED", "MODIFIED"):
            state[name_of(o)] = o
        elif body["type"] == "DELETED":
            state.pop(name_of(o))
    return [state[k] for k in sorted(state)], rv


def bare(o):
    return {k: v for k, v in o.items() if k not in ("kind", "apiVersion")}


class Kubernetes(unittest.TestCase):
    recording = "develop-restart"

    @classmethod
    def setUpClass(cls):
        cls.rows, cls.head = rows(cls.recording, "kubernetes"), head(cls.recording)
        cls.paths = sorted({r["path"] for r in cls.rows})
        cls.canaries = "/apis/flagger.app/v1beta1/namespaces/develop/canaries"
        cls.pods = "/api/v1/namespaces/develop/pods"
        cls.events = "/api/v1/namespaces/develop/events"

    def test_lists_hold_the_state_of_the_moment(self):
        b, e = self.head["begin"], self.head["end"]
        for now in (b - 60 * S, b, b + 30 * S, b + 90 * S, (b + e) // 2, e, e + 150 * S):
            with Replay(self.recording, now) as r:
                for path in self.paths:
                    status, got = r.api(path)
                    want, rv = state_at(self.rows, path, now)
                    self.assertEqual(status, 200)
                    self.assertEqual([bare(o) for o in got["items"]], [bare(o) for o in want], (path, now))
                    self.assertEqual(got["metadata"]["resourceVersion"], rv)
                    first = json.loads(next(x["body"] for x in self.rows if x["path"] == path))
                    self.assertEqual((got["kind"], got["apiVersion"]), (first["kind"], first["apiVersion"]))

    def test_typed_items_have_no_kind_in_a_list_and_custom_resources_keep_theirs(self):
        with Replay(self.recording, self.head["end"]) as r:
            for o in r.api(self.pods)[1]["items"]:
                self.assertNotIn("kind", o)
            for o in r.api(self.canaries)[1]["items"]:
                self.assertEqual(o["kind"], "Canary")

    def test_pages_are_of_one_moment(self):
        start = self.head["begin"]
        with Replay(self.recording, start, 600) as r:
            want, rv = state_at(self.rows, self.events, start)
            items, token, pages = [], "", 0
            while True:
                status, page = r.api(self.events, limit=20, **({"continue": token} if token else {}))
                self.assertEqual(status, 200)
                if pages == 0:
                    rv = page["metadata"]["resourceVersion"]
                self.assertEqual(page["metadata"]["resourceVersion"], rv)
                items += page["items"]
                pages += 1
                token = page["metadata"].get("continue", "")
                if not token:
                    break
                self.assertLessEqual(len(page["items"]), 20)
                self.assertGreater(page["metadata"]["remainingItemCount"], 0)
                time.sleep(0.02)
            self.assertGreater(pages, 5)
            moments = [state_at(self.rows, self.events, t) for t in [start] + [x["t"] for x in self.rows if x["path"] == self.events]]
            self.assertIn([bare(o) for o in items], [[bare(o) for o in m] for m, v in moments if v == rv])
            for bad in ("x", "n0.1", "n99999.1", "n1.1x"):
                self.assertEqual(r.api(self.events, limit=5, **{"continue": bad})[0], 400)
            self.assertEqual(r.api(self.events, limit="many")[0], 400)
            self.assertEqual(r.api(self.events, limit="-1")[0], 400)

    def test_watches_bring_the_recorded_bytes_at_their_time(self):
        # A lead of 1.5 s for the client to connect in, or it would rightly find the first lines in the list.
        rate, b = 40, self.head["begin"] - 60 * S
        results = {}
        with Replay(self.recording, b, rate) as r:
            def one(path):
                rv = r.api(path)[1]["metadata"]["resourceVersion"]
                results[path] = r.watch(path, resourceVersion=rv, allowWatchBookmarks="true", timeoutSeconds=250)
            threads = [threading.Thread(target=one, args=(p,)) for p in self.paths]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertNotIn("went to nobody", r.messages())
        for path in self.paths:
            want = [x for x in self.rows if x["path"] == path and x["op"] == "watch"]
            status, got = results[path]
            self.assertEqual(status, 200)
            self.assertEqual([line for _, line in got], [x["body"] + "\n" for x in want], path)
            for (seconds, _), x in zip(got, want):
                # The program's clock began some ms before "ready" was read here; ASan on a busy machine may be late.
                self.assertGreater(seconds * rate, (x["t"] - b) / S - 0.5 * rate)
                self.assertLess(seconds * rate, (x["t"] - b) / S + 0.8 * rate)

    def test_timeout_ends_the_stream(self):
        with Replay(self.recording, self.head["end"] + S, 10) as r:
            rv = r.api(self.pods)[1]["metadata"]["resourceVersion"]
            t = time.monotonic()
            self.assertEqual(r.watch(self.pods, resourceVersion=rv, timeoutSeconds=5), (200, []))
            self.assertTrue(0.4 < time.monotonic() - t < 2)
            self.assertEqual(r.watch(self.pods, resourceVersion=rv, timeoutSeconds="x")[0], 400)

    def test_a_late_watch_gets_what_passed(self):
        want = [x["body"] + "\n" for x in self.rows if x["path"] == self.canaries and x["op"] == "watch"]
        rv = json.loads(next(x["body"] for x in self.rows if x["path"] == self.canaries))["metadata"]["resourceVersion"]
        with Replay(self.recording, self.head["end"], 50) as r:
            self.assertEqual([x for _, x in r.watch(self.canaries, resourceVersion=rv, timeoutSeconds=1)[1]], want)
            self.assertEqual([x for _, x in r.watch(self.canaries, lines=3, resourceVersion=rv)[1]], want[:3])

    def test_a_watch_from_nowhere_begins_with_the_state(self):
        end = self.head["end"]
        want, _ = state_at(self.rows, self.pods, end)
        with Replay(self.recording, end, 50) as r:
            for rv in ("", "0"):
                lines = [json.loads(x) for _, x in r.watch(self.pods, resourceVersion=rv, timeoutSeconds=1)[1]]
                self.assertEqual({x["type"] for x in lines}, {"ADDED"})
                self.assertEqual([x["object"]["metadata"]["name"] for x in lines], [o["metadata"]["name"] for o in want])

    def test_unknown_versions_are_gone(self):
        with Replay(self.recording, self.head["begin"] + 60 * S) as r:
            later = [x for x in self.rows if x["path"] == self.canaries and x["t"] > self.head["begin"] + 90 * S][-1]
            for rv in ("1", "x", json.loads(later["body"])["object"]["metadata"]["resourceVersion"]):
                status, body = r.watch(self.canaries, resourceVersion=rv)
                self.assertEqual((status, body["kind"], body["reason"], body["code"]), (410, "Status", "Expired", 410))

    def test_objects_selectors_and_absent_paths(self):
        with Replay(self.recording, self.head["end"]) as r:
            status, o = r.api("/apis/apps/v1/namespaces/develop/deployments/backend-primary")
            self.assertEqual((status, o["kind"], o["apiVersion"], o["metadata"]["name"]), (200, "Deployment", "apps/v1", "backend-primary"))
            self.assertEqual(r.api(self.canaries + "/frontend")[1]["kind"], "Canary")
            all_pods = r.api(self.pods)[1]["items"]
            for selector, keep in (("app=backend-primary", lambda v: v == "backend-primary"), ("app!=backend-primary", lambda v: v != "backend-primary"),
                                   ("app in (backend-primary, frontend-primary)", lambda v: v in ("backend-primary", "frontend-primary")),
                                   ("app notin (frontend-primary)", lambda v: v != "frontend-primary"), ("app", lambda v: v is not None),
                                   ("!app", lambda v: v is None), ("app==backend-primary,pod-template-hash", lambda v: v == "backend-primary")):
                want = [o for o in all_pods if keep(o["metadata"].get("labels", {}).get("app"))]
                self.assertEqual(r.api(self.pods, labelSelector=selector)[1]["items"], want, selector)
            want = [o for o in r.api(self.events)[1]["items"] if o["involvedObject"]["kind"] == "Canary"]
            self.assertTrue(want)
            self.assertEqual(r.api(self.events, fieldSelector="involvedObject.kind=Canary")[1]["items"], want)
            self.assertEqual(r.api(self.pods, labelSelector="app in (x")[0], 400)
            for path in ("/", "/api", "/api/v1/pods", self.pods + "/none", self.pods + "x", "/apis/flagger.app/v1beta1/canaries", "/healthz"):
                status, body = r.api(path)
                self.assertEqual((status, body["kind"], body["code"]), (404, "Status", 404), path)
            self.assertEqual(r.ask(r.kube, self.pods, method="POST", body="{}")[0], 405)
            self.assertEqual(r.api("/version")[1]["gitVersion"], self.head["kubernetes"])

    def test_events_can_be_left_out(self):
        with Replay(self.recording, self.head["end"], 0.01, "--without", "events,webhook") as r:
            self.assertEqual(r.api(self.events)[0], 403)
            self.assertEqual(r.watch(self.events)[0], 403)
            self.assertEqual(r.api(self.pods)[0], 200)


def line(t, path, op, body):
    return json.dumps({"t": t, "path": path, "op": op, "body": json.dumps(body, separators=(",", ":"))}) + "\n"


class Folder(unittest.TestCase):
    """Recordings made here: damaged ones, and what the shipped ones do not hold."""

    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.put("recording.json", json.dumps({"begin": 1000 * S, "end": 1100 * S, "namespace": "x", "kubernetes": "v1.34.2"}))
        for name in ("kubernetes", "webhook", "prometheus"):
            self.put(name + ".ndjson", "")

    def put(self, name, text):
        with open(f"{self.dir}/{name}", "wb" if isinstance(text, bytes) else "w") as f:
            f.write(text)

    def refused(self):
        p = subprocess.run([REPLAY, self.dir, "--until", "+0"], capture_output=True, text=True, timeout=20)
        self.assertEqual(p.returncode, 5, p.stderr)
        self.assertEqual(p.stderr.count("\n"), 1)
        return p.stderr

    def test_plain_files_play(self):
        p = subprocess.run([REPLAY, self.dir, "--until", "+0"], capture_output=True, text=True, timeout=20)
        self.assertEqual(p.returncode, 0, p.stderr)

    def test_a_second_list_breaks_watches(self):
        meta = lambda rv: {"name": "a", "namespace": "x", "resourceVersion": rv}
        lst = lambda rv, items: {"apiVersion": "v1", "kind": "ThingList", "metadata": {"resourceVersion": rv}, "items": items}
        obj = lambda rv: {"apiVersion": "v1", "kind": "Thing", "metadata": meta(rv)}
        self.put("kubernetes.ndjson", line(1000 * S, "/things", "list", lst("1", [obj("1")])) +
                 line(1010 * S, "/things", "watch", {"type": "MODIFIED", "object": obj("2")}) +
                 line(1020 * S, "/things", "list", lst("9", [obj("8")])) +
                 line(1030 * S, "/things", "watch", {"type": "DELETED", "object": obj("10")}))
        with Replay(self.dir, 1000 * S, 50) as r:
            got = [json.loads(x) for _, x in r.watch("/things", resourceVersion="1")[1]]
            self.assertEqual([x["type"] for x in got], ["MODIFIED", "ERROR"])
            self.assertEqual((got[1]["object"]["code"], got[1]["object"]["reason"]), (410, "Expired"))
            self.assertEqual(r.watch("/things", resourceVersion="2")[0], 410)
            self.assertEqual([json.loads(x)["type"] for _, x in r.watch("/things", lines=1, resourceVersion="9")[1]], ["DELETED"])
            self.assertEqual(r.api("/things")[1]["items"], [])

    def test_damage_is_named(self):
        self.put("kubernetes.ndjson", '{"t":1,"path":"/a","op":"list","body":"{}"}\n')
        self.assertIn("kubernetes.ndjson: row 1 (/a): list without kind", self.refused())
        self.put("kubernetes.ndjson", "\n{\n")
        self.assertIn("kubernetes.ndjson: line 2", self.refused())
        for bad in ('{"path":"/a","op":"list","body":"{}"}', '{"t":"1","path":"/a","op":"list","body":"{}"}', '{"t":1,"path":"/a","op":"get","body":"{}"}',
                    '{"t":1,"op":"list","body":"{}"}', '{"t":1,"path":"/a","op":"watch","body":"{}"}', '[]', '{"t":1e300,"path":"/a","op":"list","body":""}',
                    '{"t":1,"path":"/a","op":"list","body":"{\\"kind\\":\\"X\\",\\"apiVersion\\":\\"v1\\",\\"metadata\\":{\\"resourceVersion\\":\\"1\\"},\\"items\\":5}"}'):
            self.put("kubernetes.ndjson", bad + "\n")
            self.assertIn("kubernetes.ndjson", self.refused())
        ok = line(1, "/a", "list", {"kind": "X", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": None})
        for bad in ('{"object":{},"type":"ADDED"}', '{"type":"ADDED"}', '{"type":"ADDED","object":{"metadata":{}}}', "", "{"):
            self.put("kubernetes.ndjson", ok + json.dumps({"t": 2, "path": "/a", "op": "watch", "body": bad}) + "\n")
            self.assertIn("row 2 (/a)", self.refused())
        self.put("kubernetes.ndjson", ok)
        for bad in ('{"query":"up","body":"{}"}', '{"query":"up","body":"{\\"data\\":{\\"result\\":[{\\"metric\\":{\\"a\\":1}}]}}"}',
                    '{"query":"up","body":"{\\"data\\":{\\"result\\":[{\\"metric\\":{},\\"values\\":[[1]]}]}}"}', '{"query":1,"body":""}'):
            self.put("prometheus.ndjson", bad + "\n")
            self.assertIn("prometheus.ndjson", self.refused())
        self.put("prometheus.ndjson", "")
        self.put("webhook.ndjson", '{"t":1,"path":"/","headers":[],"body":""}\n')
        self.assertIn("webhook.ndjson: line 1", self.refused())
        os.remove(f"{self.dir}/webhook.ndjson")
        self.assertIn("webhook.ndjson, plain or .xz", self.refused())
        whole = lzma.compress(b'{"t":1,"path":"/","headers":{},"body":""}\n')
        self.put("webhook.ndjson.xz", whole[:-20])
        self.assertIn("webhook.ndjson.xz: truncated", self.refused())
        self.put("webhook.ndjson.xz", b"plain text, longer than the head of an xz file")
        self.assertIn("webhook.ndjson.xz: not an xz file", self.refused())
        self.put("webhook.ndjson.xz", whole[:24] + b"\xff\xff\xff" + whole[27:])
        self.assertIn("webhook.ndjson.xz", self.refused())
        self.put("webhook.ndjson.xz", whole)
        self.put("recording.json", "{}")
        self.assertIn("recording.json", self.refused())

    def test_usage(self):
        run = lambda *a: subprocess.run([REPLAY, *a], capture_output=True, text=True, timeout=20)
        p = run("--help")
        self.assertEqual((p.returncode, p.stderr), (0, ""))
        self.assertIn("--without", p.stdout)
        for bad in ([], ["a", "b"], ["--port-kube", "70000", self.dir], ["--port-prom", "x", self.dir], ["--clock", "now", self.dir],
                    ["--without", "network", self.dir], ["--without", "prometheus:+9-+3", self.dir], ["--until", "soon", self.dir],
                    ["--nonsense", self.dir], ["--webhook", "ftp://x", self.dir], ["--webhook", "http://x", self.dir]):
            p = run(*bad)
            self.assertEqual(p.returncode, 2, (bad, p.stderr))
            self.assertEqual(p.stderr.count("\n"), 1 if "--nonsense" not in bad else 2, p.stderr)
        p = run("--times", self.dir)
        self.assertEqual(p.stdout.split()[:4], ["begin", str(1000 * S), "end", str(1100 * S)])

    def config(self, like=None, webhook="http://127.0.0.1:20001", code=0):
        """What --write-config writes for a collector (JSON is YAML), or what is said when it cannot."""
        with tempfile.TemporaryDirectory() as d:
            p = subprocess.run([REPLAY, self.dir, "--until", "+0", "--write-config", d, "--database", "/db", "--webhook", webhook,
                                *(["--like", like] if like else [])], capture_output=True, text=True, timeout=20)
            self.assertEqual(p.returncode, code, p.stderr)
            if code:
                return p.stderr
            ports = dict(x.split() for x in p.stdout.splitlines()[:2])
            with open(f"{d}/kubeconfig") as f:
                self.assertIn(f'server: "http://127.0.0.1:{ports["kubernetes"]}"', f.read())
            with open(f"{d}/gonogo.yaml") as f:
                c = json.load(f)
            self.assertEqual(c.pop("kubernetes"), {"kubeconfig": f"{d}/kubeconfig", "namespaces": ["x"]})
            self.assertEqual(c.pop("prometheus"), [{"name": "main", "url": f'http://127.0.0.1:{ports["prometheus"]}'}])
            self.assertEqual(c.pop("database"), "/db")
            return c

    def test_configuration_for_a_collector(self):
        hook = {"listen": "127.0.0.1:20001"}
        self.assertEqual(self.config(), {"cluster": "recorded", "webhook": hook})
        self.put("like.yaml", "cluster: \"staging \\\"eu\\\"\"\ndatabase: x\nkubernetes: {kubeconfig: x}\nprometheus: [{url: x}]\n"
                 "webhook: {listen: x, credentials_file: secret, tls: null}\ncriteria: c.yaml\nproviders: {traefik: {a: [1, \"1\", null, true]}}\nother:\n- 1.5\n")
        want = {"cluster": 'staging "eu"', "webhook": {**hook, "credentials_file": os.path.realpath(self.dir) + "/secret"},
                "criteria": os.path.realpath(self.dir) + "/c.yaml", "providers": {"traefik": {"a": [1, "1", None, True]}}, "other": [1.5]}
        self.assertEqual(self.config(f"{self.dir}/like.yaml"), want)
        relative = os.path.relpath(f"{self.dir}/like.yaml")
        self.assertEqual(self.config(relative), want)
        self.put("like.yaml", "cluster: a\ncriteria: /c.yaml\n")
        self.assertEqual(self.config(relative), {"cluster": "a", "webhook": hook, "criteria": "/c.yaml"})
        self.put("like.yaml", "")
        self.assertEqual(self.config(relative), {"cluster": "recorded", "webhook": hook})
        criteria = os.path.realpath(f"{RECORDINGS}/criteria-fast.yaml")
        self.assertEqual(self.config(os.path.relpath(criteria)), {"cluster": "recorded", "webhook": hook, "criteria": criteria})
        self.put("like.yaml", "cluster: [\n")
        self.assertIn("like.yaml: line ", self.config(relative, code=5))
        self.put("like.yaml", "- a\n")
        self.assertIn("want a mapping", self.config(relative, code=5))
        self.assertIn("No such file", self.config(relative + "x", code=5))

    def test_garbage_on_the_wire_leaves_it_serving(self):
        import socket
        with Replay(self.dir, 1000 * S) as r:
            for data in (b"\x00\xff" * 100, b"GET", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5000, b"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" + b"q" * 2000000,
                         b"GET /api/v1/query?query=%ZZ%00%ff HTTP/1.1\r\nHost: x\r\n\r\n", b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", b"GET x HTTP/1.1\r\nHost: x\r\n\r\n"):
                for port in (r.kube, r.prom):
                    s = socket.create_connection(("127.0.0.1", port), timeout=5)
                    try:
                        s.sendall(data)
                        s.settimeout(0.05)
                        s.recv(100)
                    except OSError:
                        pass
                    s.close()
            self.assertEqual(r.api("/version")[0], 200)
            self.assertEqual(r.query("up")[0], 200)


def samples_of(recording):
    """{labels as sorted tuple: {ms: value}} of all recorded answers."""
    out = {}
    for row in rows(recording, "prometheus"):
        if row["query"].startswith("/"):
            continue
        for s in json.loads(row["body"])["data"]["result"]:
            series = out.setdefault(tuple(sorted(s["metric"].items())), {})
            series.update({round(t * 1000): v for t, v in s["values"]})
    return out


def key(s):
    return tuple(sorted(s["metric"].items()))


def ms(t):
    return round(t * 1000)


QUERIES = [  # selector, and what it means in Python
    ("up", lambda m: m["__name__"] == "up"),
    ('up{job="traefik"}', lambda m: m["__name__"] == "up" and m["job"] == "traefik"),
    ("up{job!='traefik',}", lambda m: m["__name__"] == "up" and m["job"] != "traefik"),
    ('{job="traefik",__name__=~"traefik_service_.*",service=~"develop-.*"}', lambda m: m["__name__"].startswith("traefik_service_")),
    ('traefik_service_requests_total{service=~"develop-backend-(canary|primary)-80@kubernetescrd"}',
     lambda m: m["__name__"] == "traefik_service_requests_total" and re.fullmatch("develop-backend-(canary|primary)-80@kubernetescrd", m["service"])),
    ('traefik_service_requests_total{service=~"backend"}', lambda m: False),
    ('traefik_service_requests_total{code!~"5.."}', lambda m: m["__name__"] == "traefik_service_requests_total" and m["code"][0] != "5"),
    (r'{__name__=~"traefik_service_(?:requests|responses_bytes)_total",code=~"\\d0\\d"}',
     lambda m: re.fullmatch(r"traefik_service_(requests|responses_bytes)_total", m["__name__"]) and re.fullmatch(r"\d0\d", m["code"])),
    (r'traefik_service_request_duration_seconds_bucket{le=~"[\\d.]+?",service=~`[a-z-]+\d{2,}@\w+`}',
     lambda m: m["__name__"] == "traefik_service_request_duration_seconds_bucket" and m["le"] != "+Inf"),
    ('traefik_service_request_duration_seconds_bucket{le="+Inf"}',
     lambda m: m["__name__"] == "traefik_service_request_duration_seconds_bucket" and m["le"] == "+Inf"),
    ('{job="flagger",mesh_provider=""}', lambda m: m["job"] == "flagger" and not m.get("mesh_provider")),
    ('{job="flagger",mesh_provider=~".+"}', lambda m: m["job"] == "flagger" and m.get("mesh_provider")),
    ('{job=~"flagger|x",nothing=~"|x"}', lambda m: m["job"] == "flagger"),
    ("flagger_info", lambda m: m["__name__"] == "flagger_info"),
    ("nothing_of_that_name", lambda m: False),
]


class Prometheus(unittest.TestCase):
    recording = "develop-restart"

    @classmethod
    def setUpClass(cls):
        cls.samples, cls.head = samples_of(cls.recording), head(cls.recording)
        cls.begin = cls.head["begin"] // 10**6
        cls.end = cls.head["end"] // 10**6
        cls.scrapes = {}
        for k, v in cls.samples.items():
            cls.scrapes.setdefault((dict(k)["job"], dict(k)["instance"]), set()).update(v)

    def range_of(self, keep, at, seconds, now):
        out = {}
        for k, v in self.samples.items():
            inside = [[t, v[t]] for t in sorted(v) if at - seconds * 1000 <= t <= min(at, now)]
            if inside and keep(dict(k)):
                out[k] = inside
        return out

    def vector_of(self, keep, at, now):
        out = {}
        for k, v in self.samples.items():
            past = [t for t in v if at - 300000 < t <= min(at, now)]
            target = self.scrapes[dict(k)["job"], dict(k)["instance"]]
            if past and keep(dict(k)) and not any(max(past) < t <= min(at, now) for t in target):
                out[k] = v[max(past)]
        return out

    def matrix(self, answer):
        self.assertEqual((answer["status"], answer["data"]["resultType"]), ("success", "matrix"))
        return {key(s): [[ms(t), v] for t, v in s["values"]] for s in answer["data"]["result"]}

    def vector(self, answer, at):
        self.assertEqual((answer["status"], answer["data"]["resultType"]), ("success", "vector"))
        self.assertEqual({ms(s["value"][0]) for s in answer["data"]["result"]} - {at}, set())
        return {key(s): s["value"][1] for s in answer["data"]["result"]}

    def test_selectors_against_the_recorded_samples(self):
        checked = 0
        for now in (self.begin, self.begin + 45000, self.end, self.end + 140000):
            # At rate 0.01 the clock moves some ms during the test: moments are chosen between scrapes.
            while any(now - 50 <= t <= now + 1000 for v in self.scrapes.values() for t in v):
                now += 100
            with Replay(self.recording, now * 10**6) as r:
                for query, keep in QUERIES:
                    for at in (now, now - 33333, now + 60000):
                        for seconds in (10, 2279):
                            status, got = r.query(f"{query}[{seconds}s]", time=at / 1000)
                            self.assertEqual(status, 200, got)
                            want = self.range_of(keep, at, seconds, now)
                            self.assertEqual(self.matrix(got), want, (query, at, seconds))
                            checked += len(want)
                        status, got = r.query(query, time=at / 1000)
                        self.assertEqual(status, 200, got)
                        self.assertEqual(self.vector(got, at), self.vector_of(keep, at, now), (query, at))
        self.assertGreater(checked, 3000)

    def test_both_ends_belong_to_a_range(self):
        k, v = next((k, v) for k, v in self.samples.items() if dict(k)["__name__"] == "flagger_info")
        t = sorted(v)
        i = len(t) // 2
        with Replay(self.recording, self.head["end"]) as r:
            span = (t[i] - t[i - 2])
            got = self.matrix(r.query(f"flagger_info[{span}ms]", time=t[i] / 1000)[1])
            self.assertEqual([x[0] for x in got[k]], t[i - 2:i + 1])
            got = self.matrix(r.query(f"flagger_info[{span - 1}ms]", time=t[i] / 1000)[1])
            self.assertEqual([x[0] for x in got[k]], t[i - 1:i + 1])
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t[i] // 1000)) + ".%03dZ" % (t[i] % 1000)
            self.assertEqual([x[0] for x in self.matrix(r.query("flagger_info[0h1s]", time=stamp)[1])[k]], [t[i]])

    def test_never_a_sample_from_the_future(self):
        with Replay(self.recording, self.head["begin"], 20) as r:
            seen = 0
            while (time.monotonic() - r.started) < 3:
                got = r.query("up[300s]", time=(self.end + 100000) / 1000 - 1)[1]
                after = self.begin + (time.monotonic() - r.started + 0.5) * 20000
                for s in got["data"]["result"]:
                    seen += 1
                    self.assertLess(ms(s["values"][-1][0]), after)
            self.assertGreater(seen, 10)

    def test_post_is_get(self):
        with Replay(self.recording, self.head["end"]) as r:
            q = 'up{job=~"fl.+"}[20s]'
            form = urllib.parse.urlencode({"query": q, "time": self.end / 1000})
            status, body = r.ask(r.prom, "/api/v1/query", method="POST", body=form, headers={"Content-Type": "application/x-www-form-urlencoded"})
            self.assertEqual((status, json.loads(body)), r.query(q, time=self.end / 1000))
            self.assertTrue(json.loads(body)["data"]["result"])

    def test_what_cannot_be_answered_is_said(self):
        with Replay(self.recording, self.head["end"]) as r:
            for query, code, kind in (("sum(rate(up[5m]))", 422, "execution"), ("up offset 5m", 422, "execution"), ("up > 1", 422, "execution"),
                                      ("up[5m:1m]", 422, "execution"), ('up{job=~"(?i)X"}', 422, "execution"), (r'up{job=~"a\\bc"}', 422, "execution"),
                                      ("1", 422, "execution"), ("", 400, "bad_data"), ("{}", 400, "bad_data"), ('{job=~".*"}', 400, "bad_data"),
                                      ('up{job="x"', 400, "bad_data"), ('up{job=x}', 400, "bad_data"), ('up{job="x}', 400, "bad_data"),
                                      ("up[5]", 400, "bad_data"), ("up[0s]", 400, "bad_data"), ("up[99999y]", 400, "bad_data"), ('up{="x"}', 400, "bad_data"),
                                      ('up{job=~"["}', 400, "bad_data"), ('up{job=~"("}', 400, "bad_data"), (r'up{job="\q"}', 400, "bad_data"),
                                      ('up{job=~"' + "a" * 5000 + '"}', 422, "execution"), ("up{" + 'a="b",' * 40 + "}", 422, "execution")):
                status, got = r.query(query)
                self.assertEqual((status, got["status"], got["errorType"]), (code, "error", kind), query)
                if code == 422:
                    self.assertIn("gonogo-replay cannot evaluate", got["error"])
            self.assertEqual(r.query("up", time="noon")[0], 400)
            self.assertEqual(r.ask(r.prom, "/api/v1/query_range", query="up")[0], 404)
            self.assertEqual(r.ask(r.prom, "/api/v1/query", method="PUT", body="")[0], 404)
            for row in rows(self.recording, "prometheus"):
                if row["query"].startswith("/"):
                    self.assertEqual(r.ask(r.prom, row["query"]), (200, row["body"].encode()))

    def test_a_span_can_be_left_out(self):
        b = self.head["begin"]
        text = lambda t: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t / S))
        for span, lo, hi in (("+10-+40.5", b + 10 * S, b + 40.5 * S), ("10s-40s", b + 10 * S, b + 40 * S),
                             (f"{text(b + 10 * S)}-{text(b + 40 * S)}", (b // S + 10) * S, (b // S + 40) * S)):
            option = ("--without", "prometheus:" + span)
            with Replay(self.recording, b + 20 * S, 0.01, *option) as r:
                self.assertEqual(r.query("up")[0], 503)
                self.assertEqual(r.ask(r.prom, "/api/v1/status/buildinfo")[0], 503)
                self.assertEqual(r.api("/version")[0], 200)
            with Replay(self.recording, self.head["end"], 0.01, *option) as r:
                status, got = r.query("up[2279s]")
                self.assertEqual(status, 200)
                got = self.matrix(got)
                want = {k: [x for x in v if not lo <= x[0] * 10**6 <= hi] for k, v in self.range_of(lambda m: m["__name__"] == "up", self.end, 2279, self.end).items()}
                self.assertEqual(got, want, span)
                self.assertTrue(any(len(v) < len(self.samples[k]) for k, v in got.items()))
        with Replay(self.recording, self.head["end"], 0.01, "--without", "prometheus") as r:
            self.assertEqual(r.query("up")[0], 503)

    @unittest.skipUnless(shutil.which("prometheus") and shutil.which("promtool"), "needs Debian's prometheus (make deps)")
    def test_selectors_against_prometheus(self):
        """The same samples in a real server: every range the same; instant vectors too, where no series has ended (a block that was
        made from text has no staleness markers)."""
        with tempfile.TemporaryDirectory() as d:
            with open(f"{d}/text", "w") as f:
                for k, v in self.samples.items():
                    m = dict(k)
                    labels = ",".join('%s="%s"' % x for x in k if x[0] != "__name__")
                    for t in sorted(v):
                        f.write("%s{%s} %s %.3f\n" % (m["__name__"], labels, v[t], t / 1000))
                f.write("# EOF\n")
            subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", f"{d}/text", f"{d}/data"], check=True, stdout=subprocess.DEVNULL)
            with open(f"{d}/config.yml", "w") as f:
                f.write("{}\n")
            port = 19000 + os.getpid() % 1000
            p = subprocess.Popen(["prometheus", f"--config.file={d}/config.yml", f"--storage.tsdb.path={d}/data", "--storage.tsdb.retention.time=100y",
                                  f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                self.against(port)
            finally:
                p.terminate()
                p.wait(20)

    def against(self, port):
        with Replay(self.recording, (self.end + 200000) * 10**6) as r:
            def real(query, at):
                for _ in range(100):
                    try:
                        status, body = r.ask(port, "/api/v1/query", query=query, time=at / 1000)
                        if status != 503:
                            return status, json.loads(body)
                    except OSError:
                        pass
                    time.sleep(0.1)
                self.fail("prometheus did not start")
            compared = 0
            for query, _ in QUERIES:
                for at in (self.begin + 1, self.begin + 77777, self.end, self.end + 150000):
                    for span in ("[5m]", "[2279s]", "[7s]", "[1m30s]"):
                        want, got = real(query + span, at), r.query(query + span, time=at / 1000)
                        self.assertEqual((got[0], self.matrix(got[1])), (want[0], self.matrix(want[1])), (query, at))
                        compared += len(want[1]["data"]["result"])
                    want, got = self.vector(real(query, at)[1], at), self.vector(r.query(query, time=at / 1000)[1], at)
                    for k in got:
                        self.assertEqual(got[k], want[k])
                    for k in set(want) - set(got):
                        last = max(t for t in self.samples[k] if t <= at)
                        self.assertTrue(any(last < t <= at for t in self.scrapes[dict(k)["job"], dict(k)["instance"]]), (k, at))
            for bad in ("{}", '{job=~".*"}', 'up{job="x"', "up[0s]", 'up{job=~"("}', "up[5]", "", r'up{job="\q"}'):
                self.assertEqual((real(bad, self.end)[0], real(bad, self.end)[1]["errorType"]), (r.query(bad)[0], r.query(bad)[1]["errorType"]), bad)
            self.assertGreater(compared, 1000)


class Webhook(unittest.TestCase):
    def play(self, recording, answer, rate=100, options=()):
        got, lock = [], threading.Lock()
        outer = self

        class Hook(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                with lock:
                    got.append((time.monotonic(), self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"])).decode()))
                    status = answer(len(got))
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        h = head(recording)
        with Replay(recording, h["begin"], rate, "--webhook", f"http://127.0.0.1:{server.server_port}", *options, "--until", str((h["end"] - h["begin"]) / S + 1)) as r:
            code = r.process.wait(30)
            messages = r.messages()
            started = r.started
        server.shutdown()
        server.server_close()
        return code, messages, [(t - started, *x) for t, *x in got]

    def test_posts_at_their_time_with_their_headers(self):
        for recording in ("develop-errors", "shop-errors"):
            want, h = rows(recording, "webhook"), head(recording)
            code, messages, got = self.play(recording, lambda n: 200 if n % 2 else 202)
            self.assertEqual((code, [x for x in messages.splitlines() if "webhook" in x]), (0, []))
            self.assertEqual([(x[1], x[3]) for x in got], [(w["path"], w["body"]) for w in want])
            for (seconds, _, headers, _), w in zip(got, want):
                for name in ("Authorization", "User-Agent", "Content-Type", "Accept-Encoding"):
                    self.assertEqual(headers.get(name), w["headers"].get(name))
                self.assertGreater(seconds * 100, (w["t"] - h["begin"]) / S - 50)
                self.assertLess(seconds * 100, (w["t"] - h["begin"]) / S + 80)
            if recording == "shop-errors":
                self.assertEqual(base64.b64decode(got[0][2]["Authorization"].split()[1]), b"flagger:example-secret")

    def test_refused_posts_are_said_and_not_repeated(self):
        want = rows("shop-errors", "webhook")
        code, messages, got = self.play("shop-errors", lambda n: {2: 500, 3: 401, 4: None}.get(n, 200))
        self.assertEqual(code, 1)
        self.assertEqual([x[3] for x in got], [w["body"] for w in want])
        self.assertEqual(messages.count("was refused"), 3)
        for text in (f"post 2 of {len(want)} was refused: answered 500", "post 3 of", "answered 401", "closed without an answer"):
            self.assertIn(text, messages)
        self.assertNotIn("example-secret", messages)
        self.assertNotIn("ZmxhZ2dl", messages)

    def test_webhook_can_be_left_out(self):
        code, _, got = self.play("develop-errors", lambda n: 200, 1000, ("--without", "webhook"))
        self.assertEqual((code, got), (0, []))

    def test_nobody_listens(self):
        h = head("develop-errors")
        with Replay("develop-errors", h["begin"], 1000, "--webhook", "http://127.0.0.1:1/event", "--until", "+200") as r:
            self.assertEqual(r.process.wait(20), 1)
            self.assertEqual(r.messages().count("Connection refused"), 8)

    def test_the_clock_is_shared_through_the_environment(self):
        h = head("develop-errors")
        origin = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - 7 * S
        with Replay("develop-errors", h["begin"], 10, env={"GONOGO_CLOCK_ORIGIN": str(origin)}) as r:
            now = json.loads(r.ask(r.prom, "/api/v1/query", query="up")[1])["data"]["result"][0]["value"][0]
            played = (time.clock_gettime_ns(time.CLOCK_BOOTTIME) - origin) / S * 10
            self.assertLess(abs(now - h["begin"] / S - played), 5)


if __name__ == "__main__":
    unittest.main()
