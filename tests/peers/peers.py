"""A scripted Kubernetes API and Prometheus, and what the collector must have made of them. One function a trouble; run by tests/test-peers.sh."""
import http.server, json, os, signal, sqlite3, subprocess, sys, tempfile, threading, time, base64, socket

BUILD = os.environ.get("BUILD", "build")
NS = "develop"
PATHS = {f"/apis/flagger.app/v1beta1/namespaces/{NS}/canaries": "CanaryList", f"/apis/flagger.app/v1beta1/namespaces/{NS}/metrictemplates": "MetricTemplateList",
         f"/api/v1/namespaces/{NS}/events": "EventList", f"/apis/traefik.io/v1alpha1/namespaces/{NS}/traefikservices": "TraefikServiceList",
         f"/apis/apps/v1/namespaces/{NS}/deployments": "DeploymentList", f"/api/v1/namespaces/{NS}/pods": "PodList"}
EVENTS = f"/api/v1/namespaces/{NS}/events"
CANARIES = f"/apis/flagger.app/v1beta1/namespaces/{NS}/canaries"


class Peer:
    """answers(kind, path, query, n) -> (status, body | [chunks], seconds to stay open, headers); n counts the requests of that kind and path"""

    def __init__(self, answers, tls=None):
        self.requests, self.answers, peer = [], answers, self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path, _, query = self.path.partition("?")
                kind = "watch" if "watch=1" in query else "list" if path in PATHS else "query"
                n = sum(1 for k, p, q, t in peer.requests if (k, p) == (kind, path))
                peer.requests.append((kind, path, query, time.time()))
                answer = peer.answers(kind, path, query, n) or default(kind, path)
                status, body, stay, headers = (answer + (0, {}))[:4] if len(answer) < 4 else answer
                try:
                    self.send_response(status)
                    for k, v in headers.items():
                        self.send_header(k, v)
                    chunks = body if isinstance(body, list) else [body]
                    self.send_header("Connection", "close")
                    self.end_headers()
                    for c in chunks:
                        self.wfile.write(c if isinstance(c, bytes) else c.encode())
                        self.wfile.flush()
                    end = time.time() + stay
                    while time.time() < end and not peer.closing:
                        time.sleep(0.05)
                except OSError:
                    pass
                self.close_connection = True

            def log_message(self, *x):
                pass

        self.closing = False
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]

    def count(self, kind, path):
        return sum(1 for k, p, q, t in self.requests if (k, p) == (kind, path))


def listing(path, items=(), version="100"):
    return json.dumps({"kind": PATHS[path], "apiVersion": "v1", "metadata": {"resourceVersion": version}, "items": list(items)})


def default(kind, path):
    if kind == "list":
        return 200, listing(path), 0, {}
    if kind == "watch":
        return 200, "", 60, {}
    return 200, json.dumps({"status": "success", "data": {"resultType": "matrix", "result": []}}), 0, {}


def canary(version, phase, **extra):
    return {"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": {"name": "backend", "namespace": NS, "uid": "u1", "resourceVersion": version},
            "spec": {"provider": "traefik", "targetRef": {"kind": "Deployment", "name": "backend"}, "analysis": {"interval": "10s"}}, "status": {"phase": phase, **extra}}


def event(version, count):
    return {"kind": "Event", "apiVersion": "v1", "metadata": {"name": "e", "namespace": NS, "uid": "e1", "resourceVersion": version},
            "involvedObject": {"kind": "Canary", "namespace": NS, "name": "backend"}, "source": {"component": "flagger"}, "type": "Normal",
            "message": "Advance backend.develop canary weight 10", "count": count, "firstTimestamp": "2026-03-10T09:00:00Z", "lastTimestamp": "2026-03-10T09:08:35Z"}


def line(kind, obj):
    return json.dumps({"type": kind, "object": obj}, separators=(",", ":")) + "\n"


class Run:
    """the collector against a peer until `done(rows)` or the time is up"""

    def __init__(self, answers, rate=20, seconds=6, done=None, posts=None, credentials=None, directory=None):
        self.dir = directory or tempfile.mkdtemp(prefix="gonogo-peers-")
        self.peer = Peer(answers)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        open(f"{self.dir}/kubeconfig", "w").write(json.dumps({"clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.peer.port}"}}],
             "users": [{"name": "u", "user": {"tokenFile": f"{self.dir}/token"}}], "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "current-context": "x"}))
        open(f"{self.dir}/token", "w").write("first")
        webhook = {"listen": f"127.0.0.1:{self.port}"}
        if credentials:
            open(f"{self.dir}/credentials", "w").write(credentials)
            webhook["credentials_file"] = "credentials"
        open(f"{self.dir}/gonogo.yaml", "w").write(json.dumps({"cluster": "peers", "database": f"{self.dir}/evidence.db",
             "kubernetes": {"kubeconfig": f"{self.dir}/kubeconfig", "namespaces": [NS]}, "prometheus": [{"name": "main", "url": f"http://127.0.0.1:{self.peer.port}"}], "webhook": webhook}))
        self.process = subprocess.Popen([f"{BUILD}/gonogo-collector", "--config", f"{self.dir}/gonogo.yaml", "--clock", f"2026-03-10T09:00:00Z@{rate}"],
                                        stdout=open(f"{self.dir}/log", "w"), stderr=subprocess.STDOUT)
        self.replies = []
        end = time.time() + seconds
        self.wait_listen()
        if posts:
            posts(self)
        while time.time() < end and self.process.poll() is None and not (done and done(self)):
            time.sleep(0.1)
        self.running = self.process.poll() is None
        self.process.send_signal(signal.SIGTERM)
        self.code = self.process.wait(timeout=20)
        self.peer.closing = True
        self.log = open(f"{self.dir}/log").read()
        assert self.running and self.code == 0, f"the collector ended by itself or badly ({self.code}):\n{self.log}"
        check = subprocess.run([f"{BUILD}/gonogo", "verify", "--db", f"{self.dir}/evidence.db"], capture_output=True, text=True)
        assert check.returncode == 0, check.stderr
        lst = subprocess.run([f"{BUILD}/gonogo", "list", "--db", f"{self.dir}/evidence.db", "-o", "json"], capture_output=True, text=True)
        assert lst.returncode == 0, lst.stderr
        for f in os.listdir(self.dir):
            assert os.path.isdir(f"{self.dir}/{f}") or b"example-secret" not in open(f"{self.dir}/{f}", "rb").read() or f == "credentials", f

    def wait_listen(self):
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)

    def rows(self, where="1"):
        db = sqlite3.connect(f"file:{self.dir}/evidence.db?mode=ro", uri=True)
        import zlib
        out = []
        for source, kind, subject, marks, enc, b in db.execute(f"select o.source,o.kind,o.subject,o.marks,b.encoding,b.bytes from observation o join body b on b.sha256=o.body_sha256 where {where} order by seq"):
            out.append((source, kind, subject, marks, zlib.decompress(b) if enc == "zlib" else b))
        return out

    def post(self, raw):
        """raw bytes to the webhook; the status of the answer, 0 if there was none"""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as s:
                s.sendall(raw)
                s.settimeout(12)
                answer = s.recv(4096)
            return int(answer.split()[1]) if answer else 0
        except OSError:
            return 0

    def post_body(self, body, headers=""):
        body = body if isinstance(body, bytes) else body.encode()
        return self.post(f"POST /event HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def certificates(folder):
    """a CA, a server's certificate for localhost, a client's, and another CA that signed neither"""
    def openssl(*a):
        subprocess.run(["openssl", *a], cwd=folder, check=True, capture_output=True)
    for ca in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{ca}.key", "-out", f"{ca}.crt", "-days", "2", "-subj", f"/CN={ca}")
    for name, ext in (("server", "subjectAltName=DNS:localhost"), ("client", "extendedKeyUsage=clientAuth")):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        open(f"{folder}/{name}.ext", "w").write(ext)
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-out", f"{name}.crt", "-extfile", f"{name}.ext")


def verified_tls():
    """--check over TLS with a client certificate: right CA and name pass; another CA, another name, and no client certificate do not"""
    import ssl
    d = tempfile.mkdtemp(prefix="gonogo-tls-")
    certificates(d)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{d}/server.crt", f"{d}/server.key")
    context.load_verify_locations(f"{d}/ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    peer = Peer(lambda *a: None, tls=context)
    read = lambda n: base64.b64encode(open(f"{d}/{n}", "rb").read()).decode()

    def check(server, cluster, user):
        open(f"{d}/kubeconfig", "w").write(json.dumps({"clusters": [{"name": "c", "cluster": {"server": server, **cluster}}], "users": [{"name": "u", "user": user}],
             "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "current-context": "x"}))
        open(f"{d}/gonogo.yaml", "w").write(json.dumps({"cluster": "peers", "database": f"{d}/e.db", "kubernetes": {"kubeconfig": f"{d}/kubeconfig", "namespaces": [NS]}}))
        return subprocess.run([f"{BUILD}/gonogo-collector", "--config", f"{d}/gonogo.yaml", "--check"], capture_output=True, text=True, timeout=60)
    client = {"client-certificate-data": read("client.crt"), "client-key-data": read("client.key")}
    url = f"https://localhost:{peer.port}"
    right = check(url, {"certificate-authority-data": read("ca.crt")}, client)
    assert right.returncode == 0 and right.stdout.count("ok ") == 6, right.stdout + right.stderr
    files = check(url, {"certificate-authority": f"{d}/ca.crt"}, {"client-certificate": f"{d}/client.crt", "client-key": f"{d}/client.key"})
    assert files.returncode == 0, files.stdout + files.stderr
    for wrong in (check(url, {"certificate-authority-data": read("other.crt")}, client), check(f"https://127.0.0.1:{peer.port}", {"certificate-authority-data": read("ca.crt")}, client),
                  check(url, {"certificate-authority-data": read("ca.crt")}, {})):
        assert wrong.returncode == 5 and wrong.stdout.count("missing") == 6, wrong.stdout + wrong.stderr
    for refused, text in ((check("http://10.0.0.1:1", {}, {}), "plain HTTP"), (check("https://10.0.0.1:1", {"insecure-skip-tls-verify": True}, {}), "loopback only"),
                          (check(url, {}, {"exec": {"command": "x"}}), "exec plugins")):
        assert refused.returncode in (2, 5) and text in refused.stderr and refused.stderr.count("\n") == 1, refused.stderr
    peer.closing = True


def empty_event_watch():
    """case 19: a watch that answers 200, empty, and closes at once; twice, then list again and declare the gap"""
    def answers(kind, path, query, n):
        if path != EVENTS:
            return None
        if kind == "list":
            return 200, listing(path, [event("48100", 1)] if n == 0 else [event("49000", 4)], "48211" if n == 0 else "49000"), 0, {}
        return (200, "", 0, {}) if n < 3 and "resourceVersion=48211" in query else (200, "", 60, {})
    r = Run(answers, seconds=12, done=lambda r: r.peer.count("list", EVENTS) >= 2 and r.peer.count("watch", EVENTS) >= 3)
    assert r.peer.count("list", EVENTS) == 2, r.peer.count("list", EVENTS)
    assert r.peer.count("watch", EVENTS) <= 4, "hammers the server"
    gaps = r.rows("o.kind='gap' and o.subject like 'events%'")
    assert len(gaps) == 1, gaps
    g = json.loads(gaps[0][4])
    assert g["from"] < g["to"], g
    events = [json.loads(b)["count"] for *_, b in r.rows("o.subject like 'Event develop/%'")]
    assert events == [1, 4], events


def gone_as_status_and_in_stream():
    """410 both ways: list again, go on, no busy loop, rows of the relist"""
    def answers(kind, path, query, n):
        if path != CANARIES:
            return None
        if kind == "list":
            return 200, listing(path, [canary(str(200 + n), "Initialized")], str(200 + n)), 0, {}
        if n == 0:
            return 410, json.dumps({"kind": "Status", "code": 410}), 0, {}
        if n == 1:
            return 200, line("ERROR", {"kind": "Status", "code": 410, "message": "too old resource version"}), 0, {}
        return 200, line("MODIFIED", canary("300", "Progressing")), 60, {}
    r = Run(answers, done=lambda r: r.rows("o.kind='modified'") if r.peer.count("watch", CANARIES) >= 3 else False)
    assert r.peer.count("list", CANARIES) == 3
    assert len(r.rows("o.kind='relist'")) == 2
    assert [json.loads(b)["status"]["phase"] for *_, b in r.rows("o.kind='modified'")] == ["Progressing"]


def throttled_and_broken():
    """429 with Retry-After and 500 keep the place; a forbidden resource does not stop the others; pages are followed"""
    def answers(kind, path, query, n):
        if path.endswith("/pods"):
            return 403, json.dumps({"kind": "Status", "code": 403}), 0, {}
        if path != CANARIES:
            return None
        if kind == "list" and "continue=" not in query:
            body = json.loads(listing(path, [canary("1", "Initialized")], "400"))
            body["metadata"]["continue"] = "a/b+c="
            return 200, json.dumps(body), 0, {}
        if kind == "list":
            other = canary("2", "Initialized")
            other["metadata"].update(name="frontend", uid="u2")
            return 200, listing(path, [other], "400"), 0, {}
        if n == 0:
            return 429, "", 0, {"Retry-After": "20"}
        if n == 1:
            return 500, "", 0, {}
        return 200, line("MODIFIED", canary("401", "Progressing")), 60, {}
    r = Run(answers, seconds=10, done=lambda r: r.peer.count("watch", CANARIES) >= 3 and r.rows("o.kind='modified'"))
    assert r.peer.count("list", CANARIES) == 2, "lists again though its place was good"
    times = [t for k, p, q, t in r.peer.requests if (k, p) == ("watch", CANARIES)]
    assert times[1] - times[0] >= 0.9, "Retry-After of 20 s was not kept (20 times as fast)"
    assert all("resourceVersion=400" in q for k, p, q, t in r.peer.requests if (k, p) == ("watch", CANARIES))
    assert len(r.rows("o.kind='listed' and o.subject like 'Canary%'")) == 2
    assert [json.loads(b)["reason"] for *_, b in r.rows("o.kind='gap' and o.subject like 'pods%'")] == ["forbidden"]


def rotated_token():
    """a 401 makes it read the token again"""
    seen = []
    def answers(kind, path, query, n):
        return (401, "{}", 0, {}) if path == CANARIES and kind == "list" and n == 0 else None
    r = Run(answers, done=lambda r: r.peer.count("watch", CANARIES) >= 1)
    assert r.peer.count("list", CANARIES) >= 2 and r.peer.count("watch", CANARIES) >= 1


def hostile_streams():
    """garbage in every channel: kept raw where it is evidence, never a crash"""
    long_line = "x" * (9 * 1024 * 1024)
    def answers(kind, path, query, n):
        if kind == "query":
            return [(200, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":[[1,\"NaN\"],[\"x\"],null,[1e99,\"1\"]]},7]}}", 0, {}),
                    (200, "<html>", 0, {}), (503, "", 0, {}), (200, "{\"status\":\"succ", 0, {}), (200, b"\xff\xfe", 0, {})][n % 5]
        if path == EVENTS and kind == "list":
            return 200, "{\"items\":7}" if n == 0 else listing(path), 0, {}
        if path != CANARIES or kind != "watch" or n > 0:
            return None
        evil = canary("7", "Progressing")
        evil["metadata"]["name"] = "../x|<script>\u202e"
        return 200, [line("ADDED", canary("5", "Progressing")), "not json\n", "{\"type\":\"ADDED\"}\n", line("ADDED", {"kind": "Canary"}), line("NEW", canary("6", "x")),
                     long_line + "\n", line("ADDED", evil), b"{\"type\":\"ADDED\",\"object\":{\"a\":\"\xff\"}}\n", "{" * 200000 + "\n",
                     line("MODIFIED", canary("8", "Failed"))], 60, {}
    r = Run(answers, seconds=9, done=lambda r: len(r.rows("o.subject='Canary develop/backend' and o.kind='modified'")) > 0)
    assert r.rows("o.kind='skipped'"), "the long line left no row"
    assert r.rows("o.marks like '%unparsed%'")
    assert r.rows("o.subject like 'Canary develop/../x%'")
    ids = json.loads(subprocess.run([f"{BUILD}/gonogo", "list", "--db", f"{r.dir}/evidence.db", "-o", "json"], capture_output=True, text=True).stdout)
    out = f"{r.dir}/package"
    for i in ids:
        p = subprocess.run([f"{BUILD}/gonogo", "report", i["id"], "--db", f"{r.dir}/evidence.db", "-o", out], capture_output=True, text=True)
        assert p.returncode == 0, p.stderr
        # Without -o the folder's name comes from the cluster's text: it leads nowhere but below.
        here = tempfile.mkdtemp(dir=r.dir)
        p = subprocess.run([os.path.abspath(f"{BUILD}/gonogo"), "report", i["id"], "--db", f"{r.dir}/evidence.db", "--format", "json"], cwd=here, capture_output=True, text=True)
        assert p.returncode == 0 and len(os.listdir(here)) == 1 and not os.path.exists(f"{r.dir}/x|<script>"), (p.stderr, os.listdir(here))
        html = subprocess.run(["cmark-gfm", "--unsafe", "-e", "table", f"{out}/report.md"], capture_output=True, text=True).stdout
        assert "<script" not in html and "\u202e" not in html
        assert subprocess.run(["qpdf", "--check", f"{out}/report.pdf"], capture_output=True).returncode == 0


def expired_pages():
    """a continue token that expired restarts the list from its first page, without hammering"""
    def answers(kind, path, query, n):
        if path != CANARIES or kind != "list":
            return None
        if "continue=" in query:
            # Expires twice, then the list has one page.
            return 410, json.dumps({"kind": "Status", "code": 410, "reason": "Expired"}), 0, {}
        body = json.loads(listing(path, [canary("1", "Initialized")], "400"))
        if n < 3:
            body["metadata"]["continue"] = "old"
        return 200, json.dumps(body), 0, {}
    r = Run(answers, done=lambda r: r.peer.count("watch", CANARIES) >= 1)
    assert r.peer.count("watch", CANARIES) >= 1, f"never got past the expired page: {r.peer.count('list', CANARIES)} lists"
    assert r.peer.count("list", CANARIES) <= 8, "hammers the server"


def gone_again_and_again():
    """a server that forgets every place at once is asked at growing intervals"""
    def answers(kind, path, query, n):
        if path != CANARIES or kind != "watch":
            return None
        return (410, json.dumps({"kind": "Status", "code": 410}), 0, {}) if n % 2 else (200, line("ERROR", {"kind": "Status", "code": 410}), 0, {})
    r = Run(answers, seconds=3)
    # 60 s by its clock: 0.8, 1.6, 3.2, 6.4, 12.8, 25.6 and up to half of it more.
    assert 3 <= r.peer.count("watch", CANARIES) <= 8, r.peer.count("watch", CANARIES)


def endless_retry_after():
    """a Retry-After of years, or none that is a number, does not silence a watch for good"""
    def answers(kind, path, query, n):
        if path == CANARIES and kind == "watch" and n < 3:
            return 429, "", 0, {"Retry-After": ("99999999999", "-7", "soon")[n]}
    r = Run(answers, rate=300, seconds=8, done=lambda r: r.peer.count("watch", CANARIES) >= 4)
    assert r.peer.count("watch", CANARIES) >= 4, r.peer.count("watch", CANARIES)


def forbidden_for_a_while():
    """what was forbidden and is allowed again was not seen in between"""
    def answers(kind, path, query, n):
        if path == EVENTS and kind == "list" and n == 0:
            return 403, json.dumps({"kind": "Status", "code": 403}), 0, {}
    r = Run(answers, rate=300, seconds=8, done=lambda r: r.peer.count("watch", EVENTS) >= 1)
    gaps = [json.loads(b) for *_, b in r.rows("o.kind='gap' and o.subject like 'events%'")]
    assert any(g["reason"] == "forbidden" and g["from"] < g["to"] for g in gaps), gaps


def service_label():
    """a first poll without samples decides nothing: the plain label is asked again, until one of both has answered"""
    for label, first in (("service", 2), ("exported_service", 2), ("service", 0), ("exported_service", 0)):
        seen = {"service": 0, "exported_service": 0}
        def answers(kind, path, query, n):
            if kind == "list" and path == CANARIES:
                return 200, listing(path, [canary("1", "Progressing")]), 0, {}
            if kind != "query" or "requests_total" not in query:
                return None
            asked = "exported_service" if "exported_service" in query else "service"
            seen[asked] += 1
            if asked != label or seen[asked] <= first:
                return None
            series = {"metric": {"__name__": "traefik_service_requests_total", label: "develop-backend-canary-80@kubernetescrd"}, "values": [[1773133200, "7"]]}
            return 200, json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [series]}}), 0, {}
        r = Run(answers, rate=20, seconds=8, done=lambda r: seen[label] >= first + 3)
        assert seen[label] >= first + 3, (label, first, seen)
        got = [b for *_, b in r.rows("o.kind='samples'") if b"kubernetescrd" in b]
        assert got, (label, first, seen)
        other = "service" if label == "exported_service" else "exported_service"
        assert seen[other] <= first + 2, f"goes on asking for {other}: {seen}"


def a_database_that_waits():
    """rows that cannot be written are answered 503 before Flagger gives up (5 s before 1.42), and are written when they can be"""
    good = json.dumps({"name": "backend", "namespace": NS, "phase": "Progressing", "metadata": {"eventMessage": "x", "eventType": "Normal", "timestamp": "1773133200000"}})
    def posts(r):
        while not r.rows("o.kind='list'"):
            time.sleep(0.1)
        other = sqlite3.connect(f"{r.dir}/evidence.db", isolation_level=None, timeout=10)
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            start = time.time()
            r.replies.append(r.post_body(good))
            r.replies.append("in time" if time.time() - start < 4.5 else f"after {time.time() - start:.1f} s")
        other.execute("ROLLBACK")
        other.close()
        for _ in range(50):
            if r.post_body(good) == 200:
                r.replies.append(200)
                break
            time.sleep(0.2)
    r = Run(lambda *a: None, posts=posts, seconds=1, rate=1)
    assert r.replies == [503, "in time"] * 3 + [200], r.replies
    assert len(r.rows("o.source='flagger'")) >= 1


def a_full_disk():
    """a full disk is answered 503, ends nothing, and loses nothing that was acknowledged; afterwards all goes on and the log verifies"""
    disk = tempfile.mkdtemp(prefix="gonogo-disk-")
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk], capture_output=True).returncode != 0:
        print("     (a_full_disk: not tried, no right to mount)")
        return
    def body(n):
        return json.dumps({"name": "backend", "namespace": NS, "phase": "Progressing", "metadata": {"eventMessage": f"message {n}", "eventType": "Normal", "timestamp": "1773133200000"}})
    def posts(r):
        while not r.rows("o.kind='list'"):
            time.sleep(0.1)
        acknowledged = [n for n in range(3) if r.post_body(body(n)) == 200]
        with open(f"{disk}/ballast", "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * 4096)
            except OSError:
                pass
        # The log has room to spare in its last page, so the first may still fit.
        full = [r.post_body(body(n)) for n in range(10, 20)]
        os.unlink(f"{disk}/ballast")
        for n in range(20, 70):
            if r.post_body(body(n)) == 200:
                break
            time.sleep(0.2)
        acknowledged += [10 + i for i, status in enumerate(full) if status == 200] + [n]
        r.replies = (acknowledged, full)
    try:
        r = Run(lambda *a: None, posts=posts, seconds=1, rate=1, directory=disk)
        acknowledged, full = r.replies
        assert 503 in full and set(full) <= {200, 503}, full
        stored = b"".join(b for _, kind, _, _, b in r.rows("o.source='flagger'"))
        missing = [n for n in acknowledged if f'"message {n}"'.encode() not in stored]
        assert len(acknowledged) >= 4 and not missing, (acknowledged, missing)
    finally:
        subprocess.run(["umount", "-l", disk])
        os.rmdir(disk)


def slow_connections():
    """a connection that is silent is ended after its deadline, though nothing else happens"""
    def posts(r):
        with socket.create_connection(("127.0.0.1", r.port), 5) as s:
            s.sendall(b"POST /event HTTP/1.1\r\nHost: x\r\nContent-Le")
            s.settimeout(20)
            start = time.time()
            s.recv(100)
            r.replies = [time.time() - start]
    # Nothing is watched, so that nothing else wakes the loop.
    r = Run(lambda *a: (404, "{}", 0, {}), posts=posts, seconds=1, rate=1)
    assert 3 <= r.replies[0] <= 8, r.replies


def trickling_connections():
    """a header or a body that comes byte by byte does not keep a connection, and posts are taken meanwhile"""
    starts = (b"POST /event HTTP/1.1\r\nHost: x\r\nX-", b"POST /event HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n", b"P")
    good = json.dumps({"name": "backend", "namespace": NS, "phase": "Progressing", "metadata": {"eventMessage": "x", "eventType": "Normal", "timestamp": "1773133200000"}})
    def trickle(r, first):
        with socket.create_connection(("127.0.0.1", r.port), 5) as s:
            start = time.time()
            s.settimeout(0.3)
            s.sendall(first)
            while time.time() - start < 20:
                try:
                    s.sendall(b"a")
                    if s.recv(100) == b"":
                        break
                except TimeoutError:
                    continue
                except OSError:
                    break
            r.ended.append(time.time() - start)
    def posts(r):
        r.ended = []
        threads = [threading.Thread(target=trickle, args=(r, first)) for first in starts]
        for t in threads:
            t.start()
        r.replies = [r.post_body(good)]
        for t in threads:
            t.join()
    r = Run(lambda *a: (404, "{}", 0, {}), posts=posts, seconds=1, rate=1)
    assert r.replies == [200], r.replies
    assert len(r.ended) == len(starts) and all(4 <= t <= 10 for t in r.ended), r.ended


def checks_with_credentials():
    """--check speaks to Prometheus as the collector does: its password file stands beside gonogo.yaml"""
    d = tempfile.mkdtemp(prefix="gonogo-check-")
    want = "Basic " + base64.b64encode(b"u:pw").decode()
    peer = Peer(lambda *a: None)
    plain = peer.server.RequestHandlerClass.do_GET
    def do_GET(handler):
        if handler.path.startswith("/api/v1/status") and handler.headers.get("Authorization") != want:
            handler.send_response(401)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        else:
            plain(handler)
    peer.server.RequestHandlerClass.do_GET = do_GET
    open(f"{d}/password", "w").write("pw\n")
    open(f"{d}/ca.crt", "w").write("x")
    open(f"{d}/token", "w").write("t\n")
    # Names in a kubeconfig count from its own folder.
    open(f"{d}/kubeconfig", "w").write(json.dumps({"clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{peer.port}"}}], "users": [{"name": "u", "user": {"tokenFile": "token"}}],
         "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "current-context": "x"}))
    open(f"{d}/gonogo.yaml", "w").write(json.dumps({"cluster": "peers", "database": f"{d}/e.db", "kubernetes": {"kubeconfig": "kubeconfig", "namespaces": [NS]},
         "prometheus": [{"url": f"http://127.0.0.1:{peer.port}", "basic_auth": {"username": "u", "password_file": "password"}}]}))
    p = subprocess.run([os.path.abspath(f"{BUILD}/gonogo-collector"), "--config", f"{d}/gonogo.yaml", "--check"], capture_output=True, text=True, timeout=60, cwd="/")
    assert p.returncode == 0 and "Prometheus main" in p.stdout, p.stdout + p.stderr
    peer.closing = True


def the_webhook():
    """acknowledged when durable; wrong credentials, size, form and slowness are refused; garbage with credentials is kept"""
    auth = "Authorization: Basic " + base64.b64encode(b"flagger:example-secret").decode() + "\r\n"
    good = json.dumps({"name": "backend", "namespace": NS, "phase": "Progressing", "metadata": {"eventMessage": "New revision detected! Scaling up backend.develop", "eventType": "Normal", "timestamp": "1773133200000"}})
    def posts(r):
        r.replies = [r.post_body(good, auth), r.post_body(good, auth), r.post_body("{\"name\":", auth), r.post_body(b"\xff\x00\xfe", auth), r.post_body("[" * 100000, auth),
                     r.post_body(good), r.post_body(good, "Authorization: Basic eDp5\r\n"), r.post(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                     r.post(f"POST /e HTTP/1.1\r\nHost: x\r\n{auth}Content-Length: 99999999\r\n\r\n".encode()),
                     r.post(f"POST /e HTTP/1.1\r\nHost: x\r\n{auth}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode())]
        # A client that dies before its answer, and one that never sends its body: others are served.
        with socket.create_connection(("127.0.0.1", r.port), 5) as s:
            s.sendall(f"POST /event HTTP/1.1\r\nHost: x\r\n{auth}Content-Length: {len(good)}\r\n\r\n{good}".encode())
        slow = socket.create_connection(("127.0.0.1", r.port), 5)
        slow.sendall(f"POST /event HTTP/1.1\r\nHost: x\r\n{auth}Content-Length: 50\r\n\r\n{{".encode())
        r.replies.append(r.post_body(good, auth))
        slow.settimeout(15)
        try:
            assert slow.recv(100) in (b"",) or True
        except OSError:
            pass
        slow.close()
    r = Run(lambda *a: None, posts=posts, seconds=1, rate=1, credentials="old:gone\nflagger:example-secret\n")
    assert r.replies[:5] == [200] * 5, r.replies
    assert r.replies[5:7] == [401, 401] and r.replies[7] == 405 and r.replies[8] == 413 and r.replies[9] in (400, 0), r.replies
    assert r.replies[10] == 200, r.replies
    stored = r.rows("o.source='flagger'")
    assert len(stored) in (6, 7), len(stored)
    assert sum("unparsed" in m for _, _, _, m, _ in stored) == 3


failed = passed = 0
for test in (verified_tls, empty_event_watch, gone_as_status_and_in_stream, throttled_and_broken, expired_pages, gone_again_and_again, endless_retry_after,
             forbidden_for_a_while, service_label, a_database_that_waits, a_full_disk, slow_connections, trickling_connections, checks_with_credentials, rotated_token, hostile_streams, the_webhook):
    if len(sys.argv) > 1 and sys.argv[1] != test.__name__:
        continue
    try:
        test()
        passed += 1
        print("ok  ", test.__name__)
    except Exception as e:
        failed += 1
        print("FAIL", test.__name__, type(e).__name__, e)
print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
