#!/usr/bin/env bash
# Whole packages on both papers, while they run and after: nothing is cut or leaves the margins, pages are counted, "partial" is on
# every one, headings are bookmarks, links lead somewhere. BUILD: where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 1
: "${BUILD:=build}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Names as long as Kubernetes allows, in every place that a recording has them.
mkdir "$tmp/long"
for f in samples/recordings/develop-errors/*; do
	case $f in
	*.xz) xz -dc "$f" | sed "s#ghcr.io/example/#registry.example.net/$(printf 'team-with-a-long-name/%.0s' 1 2 3 4 5 6 7 8 9)#g" >"$tmp/long/$(basename "$f" .xz)" ;;
	*) cp "$f" "$tmp/long/" ;;
	esac
done

for r in course-good develop-ab-good develop-restart shop-errors "$tmp/long"; do
	name=$(basename "$r") folder=$r
	[ -d "$r" ] || folder=samples/recordings/$r
	samples/play "$folder" "$tmp/$name.db" --rate 200 >/dev/null || { echo "FAIL: play $name"; exit 1; }
	"$BUILD/gonogo" list --db "$tmp/$name.db" -o json >"$tmp/list"
	id=$(jq -r '.[-1].id' "$tmp/list")
	at=$(jq -r '.[-1].started_at[:19] + "Z" | fromdate + 30 | todate' "$tmp/list")
	for paper in a4 letter; do
		"$BUILD/gonogo" report "$id" --db "$tmp/$name.db" --paper $paper -o "$tmp/$name-$paper" >/dev/null || { echo "FAIL: report $name"; exit 1; }
		"$BUILD/gonogo" report "$id" --db "$tmp/$name.db" --paper $paper --at "$at" -o "$tmp/$name-$paper-partial" >/dev/null ||
			{ echo "FAIL: report $name while it ran"; exit 1; }
	done
done

python3 - "$tmp" <<'P'
import glob, html, json, re, subprocess, sys
failed = 0

def run(*args):
    return subprocess.run(args, capture_output=True, text=True, check=True).stdout

def check(f, ok, what):
    global failed
    if not ok:
        failed = 1
        print("FAIL:", f.split("/")[-2], what)

def words(f):
    """Of each page: its size, and its words with their boxes."""
    for page in re.split(r"(?=<page )", run("pdftotext", "-bbox", f, "-"))[1:]:
        width, height = map(float, re.match(r'<page width="([\d.]+)" height="([\d.]+)"', page).groups())
        boxes = re.findall(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>', page)
        yield width, height, [(*map(float, b[:4]), html.unescape(b[4])) for b in boxes]

def look(f):
    pages = list(words(f))
    check(f, 2 <= len(pages) <= 6, f"{len(pages)} pages")
    for i, (width, height, all_) in enumerate(pages):
        check(f, (round(width), round(height)) == ((612, 792) if "letter" in f else (595, 842)), f"page {i + 1}: its size")
        text = " ".join(w[4] for w in all_)
        check(f, f"Page {i + 1} of {len(pages)}" in text, f"page {i + 1}: its number")
        check(f, ("partial" in text.lower()) == f.endswith("-partial/report.pdf"), f"page {i + 1}: partial")
        for x1, y1, x2, y2, word in all_:
            check(f, x1 >= 47 and x2 <= width - 47 and y1 >= 20 and y2 <= height - 20, f"page {i + 1}: {word!r} leaves the margins")
        check(f, not re.search(r"\b(nan|inf|null|N/A)\b", text) or i > 0, f"page {i + 1}: a word of machines")
    first = " ".join(w[4] for w in pages[0][2])
    check(f, "Sign-off" in first and "highest exposure" in first, "page 1 is cut")
    objects = json.loads(run("qpdf", "--json=2", f))
    outline = [o["title"] for o in objects["outlines"]]
    check(f, {"Why", "What was rolled out", "Evidence ladder", "Timeline", "Findings", "Rollback conditions", "Provenance"} <= set(outline), f"bookmarks {outline}")
    values = [o["value"] for o in objects["qpdf"][1].values() if isinstance(o.get("value"), dict)]
    text = lambda s: s[2:] if s[:2] in ("u:", "b:") else s
    places = {text(n) for v in values if "/Names" in v and isinstance(v["/Names"], list) for n in v["/Names"][::2]}
    links = [text(v["/Dest"]) for v in values if v.get("/Subtype") == "/Link"]
    check(f, links and set(links) <= places, f"links that lead nowhere: {set(links) - places}")

for f in sorted(glob.glob(f"{sys.argv[1]}/*/report.pdf")):
    look(f)
print("FAIL" if failed else "look: all as expected")
sys.exit(failed)
P
