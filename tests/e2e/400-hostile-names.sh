#!/bin/bash
# SPDX-License-Identifier: MIT
# A program that names itself, its threads, files and sockets to do harm steers no terminal,
# no page, no spreadsheet, and breaks no format.
. "$(dirname "$0")/lib.sh"
need_tracing

escape=$'\e[2J\e]0;x\a'
directory=$TMP/$'\e[31m<u>&"\xff\n=1+1'
mkdir "$directory"
arguments=("$escape" '=1+cmd' '<script>alert(1)</script>' $'a\nVerdict   all is well' $'\xff\xfe' '","x":"' '-')

record -v -o hostile.pftrace -- "$PYTHON" "$E2E/workloads/hostile.py" "$directory" "${arguments[@]}"
cp out record.out
cp err record.err
"$TRACE_CHECK" hostile.pftrace || fail "the trace is not well-formed"

# A recording whose own name is one, too.
named=$'named\e[2J<u>.pftrace'
cp hostile.pftrace "$named"
"$PARTRACE" report hostile.pftrace >report.txt
"$PARTRACE" report "$named" >named.txt
"$PARTRACE" report -v --color=always hostile.pftrace | sed 's/\x1b\[[0-9;]*m//g' >color.txt
"$PARTRACE" report --json hostile.pftrace >report.json
"$PARTRACE" report --html report.html "$named"
"$PARTRACE" diff hostile.pftrace "$named" >diff.txt
"$PARTRACE" diff --json hostile.pftrace "$named" >diff.json
"$PARTRACE" diff --html diff.html hostile.pftrace "$named"
for format in folded pprof speedscope csv ndjson json; do
    "$PARTRACE" export --format "$format" --window 100ms "$named" >"export.$format"
done
"$PARTRACE" report $'no such\e[2J\nfile' >missing.txt 2>&1 && fail "reports what is not there"
"$PARTRACE" report --slo $'p95=\e[2J' hostile.pftrace >slo.txt 2>&1 && fail "takes any limit"
head -c 3000 hostile.pftrace >$'cut\e[2J.pftrace'
"$PARTRACE" report $'cut\e[2J.pftrace' >cut.txt 2>&1 || true

"$PYTHON" - <<'PY' || fail "a hostile name got through, see above"
import csv, glob, gzip, json, re, sys, unicodedata

STRING_TABLE = 6  # of pprof's message Profile, whose fields are numbers or have a length

def strings_of(profile):
    at = 0
    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = profile[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value
    while at < len(profile):
        key, value = varint(), varint()
        if key & 7 == 2:
            if key >> 3 == STRING_TABLE:
                yield profile[at:at + value]
            at += value
        else:
            assert key & 7 == 0, "no field of a profile: %d" % key

bad = []
texts = {}
for name in sorted(glob.glob("*.txt") + glob.glob("*.json") + glob.glob("*.html") + glob.glob("export.*")
                   + ["record.out", "record.err"]):
    data = open(name, "rb").read()
    if name == "export.pprof":  # numbers may be any bytes
        data = b"\n".join(strings_of(gzip.decompress(data)))
    try:
        text = texts[name] = data.decode("utf-8")
    except UnicodeDecodeError as err:
        bad.append("%s: %s" % (name, err))
        continue
    allowed = "\n\t" if name.endswith(".html") else "\n"
    for at, c in enumerate(text):
        if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c not in allowed:
            bad.append("%s: %r in %r" % (name, c, text[max(at - 30, 0):at + 10]))
            break
    for line in text.split("\n"):
        if line.startswith("Verdict") and "all is well" in line:
            bad.append("%s: a forged line" % name)

for name in ("report.html", "diff.html"):
    for harm in ("<u>", "<script>alert", "<img"):
        if harm in texts[name]:
            bad.append("%s: has %s" % (name, harm))
for name in ("report.json", "diff.json", "export.json", "export.speedscope"):
    json.loads(texts[name])
rows = [json.loads(line) for line in texts["export.ndjson"].splitlines()]
if not rows or any("recording" not in row for row in rows):
    bad.append("export.ndjson: lacks keys")
with open("export.csv", newline="") as file:
    cells = [cell for row in csv.reader(file) for cell in row]
if any(cell[:1] in "=+@\t\r" and cell or re.match("-[^0-9]", cell) for cell in cells):
    bad.append("export.csv: a formula")
if not any(cell.startswith("'=1+cmd") for cell in cells):
    bad.append("export.csv: the program's thread is not there")

# They were met, in a harmless form.
if "?[2J?]0;x?" not in texts["export.pprof"]:
    bad.append("export.pprof: the program's thread is not there")
facts = json.loads(texts["report.json"])
names = " ".join(thread["name"] for thread in facts["threads"])
for part in ("?[2J?]0;x?", "=1+cmd", "<img src=x>", "a?b?;c,d?e", "???gnp.exe"):
    if part not in names:
        bad.append("report.json: no thread %r in %s" % (part, names))
if not any("\u003cscript" in word for word in facts["recording"]["command"]):
    bad.append("report.json: the command line is not there")
print("\n".join(bad), end="")
sys.exit(bool(bad))
PY
