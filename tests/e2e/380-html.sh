#!/bin/bash
# SPDX-License-Identifier: MIT
# The page in a real browser: no complaint, light and dark, on a phone, by keyboard; and
# names that would be markup are text.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd chromium

# A file and a thread whose names are markup, and try to run.
hostile='<img src=x onerror=alert(1)>.py'
cat >"$hostile" <<'PY'
import threading, time
def work(end):
    open("/proc/thread-self/comm", "w").write("<script>alert()")
    while time.monotonic() < end:
        sum(range(2000))
end = time.monotonic() + 1.2
threads = [threading.Thread(target=work, args=(end,)) for _ in range(3)]
[t.start() for t in threads]
[t.join() for t in threads]
PY
record -q -o run.pftrace -- "$PYTHON" "$hostile"

"$PARTRACE" report --html page.html run.pftrace >out 2>err || fail "report --html: $(cat err)"
[ ! -s out ] && [ ! -s err ] || fail "report --html says: $(cat out err)"
size=$(stat -c %s page.html)
[ "$size" -lt 550000 ] || fail "the page has $size bytes"

status=0
"$PARTRACE" report --html page2.html --json run.pftrace >out 2>err || status=$?
[ "$status" = 2 ] || fail "--html with --json: status $status"
status=0
"$PARTRACE" report --html /nonexistent/page.html run.pftrace >out 2>err || status=$?
[ "$status" = 1 ] && grep -q "cannot write '/nonexistent/page.html'" err ||
    fail "--html to nowhere: status $status, $(cat err)"
# To standard output by any name, and behind what is there; a pipe; a link stays one.
"$PARTRACE" report --html - run.pftrace >piped.html 2>err && cmp page.html piped.html || fail "--html -: $(cat err)"
{ echo before; "$PARTRACE" report --html /dev/stdout run.pftrace; } >behind.html
[ "$(head -n 1 behind.html)" = before ] && tail -n +2 behind.html | cmp page.html || fail "--html /dev/stdout"
"$PARTRACE" report --html /dev/stdout run.pftrace | cmp page.html || fail "--html /dev/stdout, a pipe"
"$PARTRACE" report --html /dev/null run.pftrace && [ -c /dev/null ] || fail "--html /dev/null"
echo old >target.html
ln -s target.html link.html
"$PARTRACE" report --html link.html run.pftrace
[ -L link.html ] && cmp page.html target.html || fail "--html to a link"
"$PARTRACE" diff --trace - run.pftrace run.pftrace >joined.pftrace 2>err || fail "diff --trace -: $(cat err)"
"$PARTRACE" diff --trace joined2.pftrace run.pftrace run.pftrace >/dev/null && cmp joined.pftrace joined2.pftrace ||
    fail "diff --trace - is another trace"
status=0
"$PARTRACE" diff --trace - --html - run.pftrace run.pftrace >out 2>err || status=$?
[ "$status" = 2 ] && [ ! -s out ] || fail "--trace - with --html -: status $status"
head -c $(($(stat -c %s run.pftrace) * 9 / 10)) run.pftrace >cut.pftrace
if "$PARTRACE" report --html cut.html cut.pftrace 2>err; then
    grep -q 'Truncated recording' cut.html || fail "the page of a truncated recording does not say so"
fi

# Both sides of a diff, here the same.
"$PARTRACE" diff --html diff.html run.pftrace run.pftrace >out 2>err || fail "diff --html: $(cat err)"
[ ! -s out ] && [ ! -s err ] || fail "diff --html says: $(cat out err)"

# browse LOG OPTION… URL: any message of the page's, such as an error, is a failure.
browse()
{
    local log=$1

    shift
    timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run \
        --user-data-dir="$TMP/profile" --allow-file-access-from-files --enable-logging=stderr \
        "$@" 2>"$log" || fail "chromium: $(tail -n 3 "$log")"
    if grep -q ':CONSOLE' "$log"; then
        fail "the browser complains: $(grep ':CONSOLE' "$log")"
    fi
}

# The page in a frame as wide as a phone, and in one as wide as a screen, used by its keys.
cat >driver.html <<'HTML'
<!DOCTYPE html><meta charset="utf-8"><title>untouched</title>
<body>
<iframe id="phone" src="page.html" style="width:360px;height:800px"></iframe>
<iframe id="screen" src="page.html" style="width:1200px;height:900px"></iframe>
<iframe id="diff" src="diff.html" style="width:360px;height:800px"></iframe>
<pre id="result"></pre>
<script>
function look(id) {
    var view = document.getElementById(id).contentWindow, page = view.document, found = [];
    var scroll = page.querySelector(".scroll"), wide = page.querySelector(".wide");
    function key(name) {
        scroll.dispatchEvent(new view.KeyboardEvent("keydown", { key: name, bubbles: true }));
    }
    function check(what, is) { if (!is) found.push(id + ": " + what); }

    check("wider than its window", page.documentElement.scrollWidth <= view.innerWidth);
    check("a table or a drawing is cut", Array.from(page.querySelectorAll(".table, svg.graph")).every(function (each) {
        return each.scrollWidth <= each.clientWidth && each.getBoundingClientRect().right <= view.innerWidth;
    }));
    check("text or pictures from outside", !page.querySelector("img, link, iframe, [src], [href]"));
    check("a name has become an element", page.scripts.length === 1);
    check("thread name", page.querySelector(".names").innerHTML.includes("&lt;script&gt;") ||
        page.querySelector(".names li").title.includes("<script>") ||
        page.body.textContent.includes("<script>"));
    check("file name", id === "diff" || page.querySelector("h1").textContent.includes("<img src=x onerror=alert(1)>.py"));
    check("no lanes", page.querySelectorAll(".lanes g path").length >= 4);
    check("a drawing without extent", Array.from(page.querySelectorAll("svg")).every(function (svg) {
        var box = svg.getBoundingClientRect();
        return box.width > 50 && box.height >= 10;
    }));
    check("lanes and names apart", Math.abs(page.querySelector(".names ol").getBoundingClientRect().top -
        page.querySelector(".lanes").getBoundingClientRect().top) < 3);
    check("no buttons", !page.querySelector(".zoom").hidden);
    check("timeline without focus", (scroll.focus(), page.activeElement === scroll));
    var before = wide.clientWidth, ticks = page.querySelectorAll(".ticks span").length;
    key("+"); key("+");
    check("plus does not zoom", Array.from(page.querySelectorAll(".wide")).every(function (each) {
        return Math.abs(each.clientWidth - 4 * before) < 4;
    }));
    check("no finer scale", page.querySelectorAll(".ticks span").length > ticks);
    key("ArrowRight");
    var moved = scroll.scrollLeft;
    key("ArrowRight");
    check("arrows do not move", scroll.scrollLeft > moved);
    key("-");
    check("minus does not zoom out", Math.abs(wide.clientWidth - 2 * before) < 4);
    page.querySelector("[data-zoom='0']").click();
    check("button does not show all", wide.clientWidth === before);
    var text = page.querySelector("details");
    text.querySelector("summary").click();
    check("text report does not open", text.open && text.textContent.includes(id === "diff" ? "Before " : "Verdict "));
    return found;
}
window.onload = function () {
    var found = look("phone").concat(look("screen"), look("diff"));
    document.getElementById("result").textContent = found.length ? found.join("; ") : "all is well";
};
</script>
HTML
browse dom.log --window-size=1300,1800 --dump-dom "file://$TMP/driver.html" >dom.html
grep -q '<pre id="result">all is well</pre>' dom.html ||
    fail "in the browser: $(sed -n 's/.*<pre id="result">\([^<]*\).*/\1/p' dom.html)"
grep -q '<title>untouched</title>' dom.html || fail "the page changes what it is shown in"

# Without its script the page shows the same.
sed 's/<script>/<script type="text\/none">/' page.html >still.html
browse still.log --window-size=1000,1200 --screenshot="$TMP/still.png" "file://$TMP/still.html"
browse light.log --window-size=1000,1200 --screenshot="$TMP/light.png" "file://$TMP/page.html"
browse dark.log --window-size=1000,1200 --blink-settings=preferredColorScheme=0 \
    --screenshot="$TMP/dark.png" "file://$TMP/page.html"
browse print.log --print-to-pdf="$TMP/page.pdf" "file://$TMP/page.html"
head -c 5 page.pdf | grep -q '%PDF-' || fail "the page does not print"

# What the screenshots show: ground in the right brightness, and many colours on it.
"$PYTHON" - <<'PY' || fail "a screenshot is not as it should be, see above"
import struct, sys, zlib

def picture(name):
    data, at, packed = open(name, "rb").read(), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    assert depth == 8 and color in (2, 6), (depth, color)
    size, raw = (3 if color == 2 else 4), zlib.decompress(packed)
    stride, above, rows = width * size, bytes(width * size), []
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            a = line[i - size] if i >= size else 0
            b = above[i]
            c = above[i - size] if i >= size else 0
            if kind == 1: add = a
            elif kind == 2: add = b
            elif kind == 3: add = (a + b) // 2
            elif kind == 4:
                p = a + b - c
                pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
                add = a if pa <= pb and pa <= pc else b if pb <= pc else c
            else: add = 0
            line[i] = (line[i] + add) & 255
        rows.append(bytes(line))
        above = line
    return size, rows

bad = []
for name, low, high in (("light.png", 200, 255), ("still.png", 200, 255), ("dark.png", 0, 60)):
    size, rows = picture(name)
    corner = sum(rows[0][:3]) / 3
    colors = {row[i:i + 3] for row in rows[::7] for i in range(0, len(row), 5 * size)}
    if not low <= corner <= high:
        bad.append("%s: the ground is %d of 255" % (name, corner))
    if len(colors) < 20:
        bad.append("%s: %d colours" % (name, len(colors)))
for line in bad:
    print(line, file=sys.stderr)
sys.exit(bool(bad))
PY
