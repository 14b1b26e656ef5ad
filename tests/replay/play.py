"""Checks of samples/play with a collector of our own in the real one's place: what the real one never does can be made to happen."""
import json, os, shutil, subprocess, sys, tempfile, time, unittest

REPLAY = os.environ["REPLAY"]
ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
RECORDING = os.path.join(ROOT, "samples/recordings/shop-errors")
STUB = """#!{python}
import http.server, json, os, signal, sys, threading, time
a = dict(zip(sys.argv[1::2], sys.argv[2::2]))
c = json.load(open(a["--config"]))
open(os.environ["STUB_OUT"], "w").write(json.dumps([a, c, os.getpid(), os.environ["GONOGO_CLOCK_ORIGIN"]]))
print("stub says", flush=True)
mode = os.environ["STUB_MODE"]
if mode == "fail":
    sys.exit(3)
if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mode in ("hang", "stubborn"):
    time.sleep(100)
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(401 if mode == "refuse" else 200)
        self.end_headers()
    def log_message(self, *_):
        pass
host, port = c["webhook"]["listen"].split(":")
s = http.server.ThreadingHTTPServer((host, int(port)), Hook)
threading.Thread(target=s.serve_forever, daemon=True).start()
time.sleep(1.5 + (114 + 10) / 200)
os._exit(0)
"""


class Play(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        os.mkdir(f"{self.dir}/tmp")
        os.mkdir(f"{self.dir}/bin")
        os.symlink(REPLAY, f"{self.dir}/bin/gonogo-replay")
        with open(f"{self.dir}/bin/gonogo-collector", "w") as f:
            f.write(STUB.format(python=sys.executable))
        os.chmod(f"{self.dir}/bin/gonogo-collector", 0o755)
        self.environment = os.environ | {"BUILD": f"{self.dir}/bin", "TMPDIR": f"{self.dir}/tmp", "STUB_OUT": f"{self.dir}/out"}

    def start(self, mode, *arguments):
        return subprocess.Popen([f"{ROOT}/samples/play", *arguments], cwd=self.dir, env=self.environment | {"STUB_MODE": mode},
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def play(self, mode, *arguments, code):
        p = self.start(mode, *arguments)
        out, err = p.communicate(timeout=60)
        self.assertEqual((p.returncode, out), (code, ""), err)
        self.clean()
        return err

    def clean(self):
        """Nothing stays: no file, no process of ours."""
        self.assertEqual(os.listdir(f"{self.dir}/tmp"), [])
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline") as f:
                    self.assertNotIn(self.dir, f.read())
            except OSError:
                pass

    def test_the_collector_is_given_what_it_needs(self):
        os.mkdir(f"{self.dir}/a folder")
        with open(f"{self.dir}/my.yaml", "w") as f:
            f.write("cluster: mine\ncriteria: strict.yaml\n")
        # Nobody watches here, and play says so.
        err = self.play("ok", RECORDING, "a folder/x.db", "--rate", "200", "--config", "my.yaml", "--without", "events", code=1)
        self.assertIn("canaries went to nobody", err)
        self.assertNotIn("events went to nobody", err)
        with open(f"{self.dir}/out") as f:
            a, c, _, origin = json.load(f)
        here = os.path.realpath(self.dir)
        self.assertEqual((c["database"], c["cluster"], c["criteria"]), (f"{here}/a folder/x.db", "mine", f"{here}/strict.yaml"))
        self.assertEqual(c["kubernetes"]["namespaces"], ["shop"])
        start, rate = a["--clock"].split("@")
        with open(f"{RECORDING}/recording.json") as f:
            head = json.load(f)
        self.assertLess(abs(int(start) - head["begin"]), 1000)
        self.assertEqual(rate, "200")
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(head["end"] // 10**9 + 151))
        self.assertEqual(a["--until"], until)
        self.assertLess(abs(int(origin) - time.clock_gettime_ns(time.CLOCK_BOOTTIME)), 30 * 10**9)

    def test_failures_are_said(self):
        err = self.play("fail", RECORDING, "x.db", code=1)
        self.assertIn("stub says", err)
        self.assertIn("play: the collector failed (exit code 3)", err)
        err = self.play("refuse", RECORDING, "x.db", "--rate", "200", code=1)
        self.assertIn("post 1 of 7 was refused: answered 401", err)
        self.assertIn("play: the collector refused posts", err)
        os.mkdir(f"{self.dir}/empty")
        self.assertIn("recording.json", self.play("ok", "empty", "x.db", code=1))
        self.assertIn("play: none: no such folder", self.play("ok", "none", "x.db", code=1))
        self.assertIn("does not exist", self.play("ok", RECORDING, "none/x.db", code=1))
        self.assertIn("no such file", self.play("ok", RECORDING, "x.db", "--config", "none.yaml", code=1))
        self.assertIn("without \"sun\"", self.play("ok", RECORDING, "x.db", "--without", "sun", code=1))
        os.remove(f"{self.dir}/bin/gonogo-collector")
        self.environment["BUILD"] = "nowhere"
        self.assertIn("is not built: run make", self.play("ok", RECORDING, "x.db", code=1))
        for bad in ([], [RECORDING], [RECORDING, "x", "y"], [RECORDING, "x", "--rate"], [RECORDING, "x", "--rate", "fast"], [RECORDING, "x", "-q"]):
            self.assertIn("usage: samples/play", self.play("ok", *bad, code=2))

    def test_signals_leave_nothing(self):
        for mode, signal, code in (("hang", 15, 143), ("hang", 2, 130), ("stubborn", 15, 143)):
            p = self.start(mode, RECORDING, "x.db")
            for _ in range(200):
                if os.path.exists(f"{self.dir}/out"):
                    break
                time.sleep(0.02)
            time.sleep(0.1)
            p.send_signal(signal)
            p.communicate(timeout=30)
            self.assertEqual(p.returncode, code, mode)
            self.clean()
            os.remove(f"{self.dir}/out")


if __name__ == "__main__":
    unittest.main()
