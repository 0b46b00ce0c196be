#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Reject a wrong #include, a clock where there is none, a file over 800 lines and a
# function over 100.
#
# tools/check-layers.sh [DIR]         check the tree at DIR, default "."
# tools/check-layers.sh --self-test   check that it would notice
#
# A layer includes only what is left of it:
#   include < base < event < record | symbol | model < facts < verdict < diff < output < export < html < cmd
# The three siblings never include each other: src/cmd introduces them by callback.
#
# shellcheck disable=SC2016 # what looks like a variable is awk's
set -u

here=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")

# One line per fault: "file:line: fault".
check_includes() {
    find include bpf src -name '*.[ch]' 2>/dev/null | sort | xargs awk '
    BEGIN {
        split("base event record symbol model facts verdict diff output export html cmd", names)
        split("1    2     3      3      3     4     5       6    7      8      9    10", ranks)
        for (i in names)
            rank[names[i]] = ranks[i]
        # Built files, and the only place (a prefix) that may see each.
        only["vmlinux.h"] = "bpf/"
        only["partrace.skel.h"] = "src/record/probes.c"
        only["sysno_table.h"] = "src/event/sysno.c"
        only["sysno_table32.h"] = "src/event/sysno.c"
        only["page_assets.h"] = "src/html/page.c"
        only["version.h"] = "src/"
    }

    function fault(text) { print FILENAME ":" FNR ": " text }

    function is_pure() { return layer == "model" || layer == "verdict" || layer == "diff" }

    function is_in(prefix) { return index(FILENAME, prefix) == 1 }

    function check_module(name, target) {
        if (!(target in rank))
            fault("\"" name "\" is in no layer")
        else if (layer == "")
            fault("only src/ includes a module: \"" name "\"")
        else if (rank[target] > rank[layer])
            fault(layer " is below " target ": \"" name "\"")
        else if (rank[target] == rank[layer] && target != layer)
            fault(layer " and " target " are siblings: \"" name "\"")
    }

    # What the data flow promises of the pure layers and of the lowest.
    function check_system(name) {
        if (name ~ /^bpf\// && !is_in("src/record/") && !is_in("bpf/"))
            fault("only src/record talks to BPF: <" name ">")
        if (layer == "base" && name ~ /^(gelf|libelf|jansson|zlib|libdeflate|elfutils\/.*)\.h$/)
            fault("base uses libc only: <" name ">")
        if (is_pure() &&
            name ~ /^(unistd|fcntl|pthread|sys\/(stat|socket|mman|ioctl))\.h$/)
            fault(layer " does no I/O: <" name ">")
    }

    FNR == 1 {
        split(FILENAME, part, "/")
        layer = part[1] == "src" ? part[2] : ""
    }

    /^[ \t]*#[ \t]*include[ \t]*</ {
        split($0, quoted, /[<>]/)
        check_system(quoted[2])
        next
    }

    /^[ \t]*#[ \t]*include/ {
        split($0, quoted, "\"")
        name = quoted[2]
        if (name in only) {
            if (!is_in(only[name]))
                fault("only " only[name] " sees \"" name "\"")
        } else if (name ~ /\.\./)
            fault("name it from src/ on: \"" name "\"")
        else if (name ~ /^par_[a-z_]*\.h$/)
            ;
        else if (is_in("bpf/") && name ~ /\.bpf\.h$/)
            ;
        else if (FILENAME == "bpf/hot.bpf.c" && name ~ /\.bpf\.c$/)
            ;
        else if (split(name, target, "/") == 2)
            check_module(name, target[1])
        else
            fault("from which layer is \"" name "\"?")
        if (is_pure() &&
            name ~ /^base\/(log|procfs|cgroup)\.h$/)
            fault(layer " does no I/O: \"" name "\"")
        next
    }

    is_pure() &&
    /(^|[^a-z_])(clock_(mono|boot|wall|thread_cpu|process_cpu|sleep)_ns|clock_gettime) *\(/ {
        fault(layer " has no clock")
    }' /dev/null
}

# A function is what "{" and "}" in the first column enclose; tables end in "};".
check_sizes() {
    find include bpf src tests -name '*.[ch]' 2>/dev/null | sort | xargs awk '
    FNR == 1 { is_generated = 0; start = 0 }
    FNR <= 5 && /[Gg]enerated/ { is_generated = 1 }
    FNR == 801 && !is_generated { print FILENAME ":801: file is longer than 800 lines" }
    /^\{/ { start = FNR }
    /^\}/ {
        if (start && FNR - start + 1 > 100 && !is_generated)
            print FILENAME ":" start ": function of " FNR - start + 1 " lines, 100 are enough"
        start = 0
    }' /dev/null
}

check() {
    cd "$1" || exit 2
    faults=$(check_includes; check_sizes)
    [ -z "$faults" ] && return 0
    printf '%s\n' "$faults"
    return 1
}

# put FILE LINE...
put() {
    mkdir -p "$(dirname "$1")"
    file=$1
    shift
    printf '%s\n' "$@" >"$file"
}

self_test() {
    tmp=$(mktemp -d) || exit 2
    trap 'rm -rf "$tmp"' EXIT
    cd "$tmp" || exit 2

    put include/par_event.h '#include <linux/types.h>'
    put bpf/core.bpf.c '#include "vmlinux.h"' '#include <bpf/bpf_helpers.h>' \
        '#include "par_event.h"' '#include "core.bpf.h"'
    put src/base/log.c '#include <stdio.h>' '#include "base/log.h"'
    put src/model/wait.c '#include "event/event.h"' '#include "model/wait.h"' '#include "base/htab.h"'
    put src/record/probes.c '#include "partrace.skel.h"' '#include <bpf/libbpf.h>'
    put src/diff/diff.c '#include "facts/facts.h"' '#include "verdict/view.h"'
    put src/output/report.c '#include "verdict/verdict.h"' '#include "model/model.h"'
    put src/cmd/main.c '#include "version.h"' '#include "record/session.h"' '#include "symbol/stacks.h"'
    { echo 'f(void)'; echo '{'; seq 98; echo '}'; echo 'int t[] = {'; seq 600; echo '};'; } >src/base/vec.c
    { echo '/* Generated, do not edit */'; seq 900; } >src/output/pb_fields.h
    good=$(sh "$here" .) || { echo "check-layers: refuses what is right: $good"; return 1; }

    failed=0
    while IFS='|' read -r file text; do
        put "$file" "$text"
        sh "$here" . | grep -q "^$file:1: " ||
            { echo "check-layers: accepts $text in $file"; failed=1; }
        rm "$file"
    done <<'EOF'
src/base/x.c|#include "event/event.h"
src/base/x.c|#include <libelf.h>
src/base/x.c|#include <bpf/bpf.h>
src/event/x.h|#include "model/model.h"
src/model/x.c|#include "symbol/stacks.h"
src/model/x.c|#include "base/log.h"
src/model/x.c|	now_ns = clock_mono_ns();
src/model/x.c|# include <unistd.h>
src/symbol/x.c|#include "record/ring.h"
src/record/x.c|#include "model/model.h"
src/record/x.c|#include "partrace.skel.h"
src/cmd/x.c|#include "partrace.skel.h"
src/verdict/x.c|#include "output/report.h"
src/verdict/x.c|#include "diff/diff.h"
src/diff/x.c|#include <unistd.h>
src/facts/x.c|#include "verdict/verdict.h"
src/output/x.c|#include "export/rows.h"
src/event/x.c|#include "vmlinux.h"
src/event/x.c|#include "event.h"
src/event/x.c|#include "../model/model.h"
src/cmd/x.c|#include "nowhere/x.h"
bpf/x.bpf.c|#include "event/event.h"
include/par_x.h|#include "base/log.h"
EOF
    { echo '{'; seq 99; echo '}'; } >src/base/x.c
    sh "$here" . | grep -q '^src/base/x.c:1: function of 101 lines' ||
        { echo "check-layers: accepts a long function"; failed=1; }
    seq 801 >src/base/x.c
    sh "$here" . | grep -q '^src/base/x.c:801: ' ||
        { echo "check-layers: accepts a long file"; failed=1; }
    return $failed
}

case ${1-} in
--self-test) self_test ;;
*) check "${1:-.}" ;;
esac
