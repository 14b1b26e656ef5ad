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

for r in course-good develop-ab-good develop-restart shop-errors course-skipped course-blue-green course-suspended course-terminated "$tmp/long"; do
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
import base64, glob, html, json, re, subprocess, sys
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
        check(f, ("partial" in text.lower()) == (f.endswith("-partial/report.pdf") or "/course-suspended-" in f), f"page {i + 1}: partial")
        for x1, y1, x2, y2, word in all_:
            check(f, x1 >= 47 and x2 <= width - 47 and y1 >= 20 and y2 <= height - 20, f"page {i + 1}: {word!r} leaves the margins")
        check(f, not re.search(r"\b(nan|inf|null|N/A)\b", text) or i > 0, f"page {i + 1}: a word of machines")
    first = " ".join(w[4] for w in pages[0][2])
    check(f, "Sign-off" in first and ("highest exposure" in first or "reached users unanalysed" in first), "page 1 is cut")
    objects = json.loads(run("qpdf", "--json=2", f))
    outline = [o["title"] for o in objects["outlines"]]
    check(f, {"Why", "What was rolled out", "Evidence ladder", "Timeline", "Findings", "Rollback conditions", "Provenance"} <= set(outline), f"bookmarks {outline}")
    values = [o["value"] for o in objects["qpdf"][1].values() if isinstance(o.get("value"), dict)]
    text = lambda s: s[2:] if s[:2] in ("u:", "b:") else s
    places = {text(n) for v in values if "/Names" in v and isinstance(v["/Names"], list) for n in v["/Names"][::2]}
    links = [text(v["/Dest"]) for v in values if v.get("/Subtype") == "/Link"]
    check(f, links and set(links) <= places, f"links that lead nowhere: {set(links) - places}")

    check_glyphs(f)

def check_glyphs(f):
    """Every character that is drawn has a glyph and a width in its font."""
    objects = json.loads(run("qpdf", "--json=2", "--json-stream-data=inline", "--decode-level=all", f))["qpdf"][1]
    at = lambda v: objects["obj:" + v].get("value", objects["obj:" + v].get("stream")) if isinstance(v, str) and v.endswith(" R") else v
    data = lambda v: base64.b64decode(at(v)["data"])
    fonts, seen = {}, 0
    for page in [v for o in objects.values() if isinstance(v := o.get("value"), dict) and v.get("/Type") == "/Page"]:
        for name, ref in at(at(page["/Resources"])["/Font"]).items():
            low = at(at(at(ref)["/DescendantFonts"])[0])
            wide, w = set(), at(low["/W"])
            for start, widths in zip(w[::2], w[1::2]):
                wide |= set(range(start, start + len(at(widths))))
            fonts[name] = data(low["/CIDToGIDMap"]), wide
        contents = at(page["/Contents"])
        content = b"".join(data(c) for c in (contents if isinstance(contents, list) else [page["/Contents"]])).decode("latin-1")
        for font, text in re.findall(r"(/\w+) [\d.]+ Tf[^<(]*?<([0-9A-F]*)> Tj", content):
            glyphs, wide = fonts[font]
            for i in range(0, len(text), 4):
                c = int(text[i:i + 4], 16)
                seen += 1
                check(f, c in wide and any(glyphs[2 * c:2 * c + 2]), f"{chr(c)!r} has no glyph in {font}")
    check(f, seen > 1000, f"{seen} characters in its text")

for f in sorted(glob.glob(f"{sys.argv[1]}/*/report.pdf")):
    look(f)
print("FAIL" if failed else "look: all as expected")
sys.exit(failed)
P
