"""A copy of an evidence log in which something went otherwise: alter.py FROM TO COMMAND [ARGUMENT...]. A reader does not verify the chain.

freeze TIME       nobody asks from TIME on: counters stand still
outage FROM TO THEN  nobody is answered from FROM to TO, and nobody asks from THEN on
lag SECONDS       each answer of Prometheus lacks its newest SECONDS
pauses            in each minute the traffic of 60 s comes in its first 25
arm-only REGEX    only series whose service matches were ever there
replace OLD NEW   in what Flagger said, by both channels
drop TEXT N       the first N deliveries of the webhook that hold TEXT are lost"""
import bisect, hashlib, json, math, os, re, shutil, sqlite3, sys, zlib, datetime

source, copy, command, *arguments = sys.argv[1:]
shutil.copy(source, copy)
for suffix in "-wal", "-shm":
    if os.path.exists(source + suffix):
        shutil.copy(source + suffix, copy + suffix)
log = sqlite3.connect(copy)
for (name,) in log.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
    log.execute(f"DROP TRIGGER {name}")


def rows(where):
    for seq, at, digest in log.execute(f"SELECT seq, received_at, body_sha256 FROM observation WHERE {where} ORDER BY seq").fetchall():
        encoding, data = log.execute("SELECT encoding, bytes FROM body WHERE sha256 = ?", (digest,)).fetchone()
        yield seq, at, zlib.decompress(data) if encoding == "zlib" else data


def put(seq, data):
    digest = hashlib.sha256(data).digest()
    log.execute("INSERT OR IGNORE INTO body (sha256, size, encoding, bytes) VALUES (?, ?, 'identity', ?)", (digest, len(data), data))
    log.execute("UPDATE observation SET body_sha256 = ? WHERE seq = ?", (digest, seq))


def answers(change):
    """change(at, metric, values) gives the new values; series without any are left out."""
    for seq, at, data in rows("source = 'prometheus' AND kind = 'samples'"):
        answer = json.loads(data)
        for s in answer["data"]["result"]:
            s["values"] = change(at / 1e9, json.dumps(s["metric"], sort_keys=True), [(float(t), v) for t, v in s["values"]])
        answer["data"]["result"] = [s for s in answer["data"]["result"] if s["values"]]
        put(seq, json.dumps(answer).encode())


seen = {}
for _, _, data in rows("source = 'prometheus' AND kind = 'samples'"):
    for s in json.loads(data)["data"]["result"]:
        seen.setdefault(json.dumps(s["metric"], sort_keys=True), {}).update({float(t): float(v) for t, v in s["values"]})
times = {k: sorted(v) for k, v in seen.items()}


def value(metric, at):
    """As it was at that time, between two samples by a line."""
    i = bisect.bisect_right(times[metric], at) - 1
    if i < 0:
        return seen[metric][times[metric][0]]
    a = times[metric][i]
    b = times[metric][min(i + 1, len(times[metric]) - 1)]
    if b == a or b - a > 6:
        return seen[metric][a]
    return round(seen[metric][a] + (seen[metric][b] - seen[metric][a]) * (at - a) / (b - a))


if command == "freeze":
    stop = datetime.datetime.fromisoformat(arguments[0].replace("Z", "+00:00")).timestamp()
    answers(lambda at, m, values: [[t, v if t <= stop else f"{value(m, stop):.0f}"] for t, v in values if t <= stop or times[m][0] <= stop])
elif command == "outage":
    start, end, stop = (datetime.datetime.fromisoformat(x.replace("Z", "+00:00")).timestamp() for x in arguments)

    def shifted(m, t):
        t = min(t, stop)
        return value(m, min(t, start)) if t < end else value(m, t) - value(m, end) + value(m, start)

    answers(lambda at, m, values: [[t, f"{shifted(m, t):.0f}"] for t, v in values])
elif command == "lag":
    answers(lambda at, m, values: [[t, v] for t, v in values if t <= at - float(arguments[0])])
elif command == "pauses":
    answers(lambda at, m, values: [[t, f"{value(m, 60 * math.floor(t / 60) + min(t % 60, 25) * 60 / 25):.0f}"] for t, v in values])
elif command == "arm-only":
    answers(lambda at, m, values: values if re.search(arguments[0], m) else [])
elif command == "replace":
    for seq, _, data in rows("source = 'flagger' OR subject LIKE 'Event %'"):
        put(seq, data.replace(arguments[0].encode(), arguments[1].encode()))
elif command == "drop":
    lost = [seq for seq, _, data in rows("source = 'flagger'") if arguments[0].encode() in data][: int(arguments[1])]
    log.executemany("DELETE FROM observation WHERE seq = ?", [(seq,) for seq in lost])
else:
    sys.exit(__doc__)
log.commit()
