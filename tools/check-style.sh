#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Is the code laid out as .clang-format says, and are the scripts clean? Those in
# Python take Python 3.9, and warn of nothing.
#
# tools/check-style.sh          say what is not
# tools/check-style.sh --fix    and lay out the functions of those files
#
# Judged is what functions contain. Tables, enumerations and structures have columns
# made by hand, and so have comments: the width of gaps inside a line never counts.
# Other versions of clang-format lay out a few things differently, so one judges.
set -u
cd "$(dirname "$0")/.." || exit 2
version=14
failed=0

# Reformat what functions contain, and nothing else.
fix() {
    # shellcheck disable=SC2046 # one option each
    "$formatter" -i $(awk '
        /^\{/ { start = FNR }
        /^\}/ { if (start) print "--lines=" start ":" FNR; start = 0 }' "$1") "$1"
}

functions() {
    sed -n '/^{/,/^}/ { s/\([^[:blank:]]\)[[:blank:]][[:blank:]]*/\1 /g; p; }'
}

for tool in clang-format-$version clang-format; do
    if "$tool" --version 2>/dev/null | grep -q "version $version\."; then
        formatter=$tool
        break
    fi
done

if [ -n "${formatter-}" ]; then
    tmp=$(mktemp -d) || exit 2
    trap 'rm -rf "$tmp"' EXIT
    for file in include/*.h bpf/*.[ch] src/*/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch]; do
        [ -e "$file" ] || continue
        functions <"$file" >"$tmp/is"
        "$formatter" "$file" | functions >"$tmp/should"
        diff -u --label "$file" --label "$file, formatted" "$tmp/is" "$tmp/should" && continue
        if [ "${1-}" = --fix ]; then
            fix "$file"
        else
            failed=1
        fi
    done
    [ $failed = 0 ] || echo "style: make format lays out the functions shown above" >&2
else
    echo "style: no clang-format $version, layout not checked"
fi

if command -v shellcheck >/dev/null 2>&1; then
    # Whatever starts with a shell's name, whatever its own name.
    scripts=$(grep -rlIE '^#!.*[/ ](ba)?sh$' tools tests .ci 2>/dev/null)
    # shellcheck disable=SC2086 # one word each
    [ -z "$scripts" ] || shellcheck -x -S warning $scripts || failed=1
else
    echo "style: no shellcheck, scripts not checked"
fi

if command -v python3 >/dev/null 2>&1; then
    find tools tests -name '*.py' | sort | python3 -W error -c '
import ast, sys
failed = 0
for path in sys.stdin.read().split():
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        ast.parse(text, path, feature_version=(3, 9))
        compile(text, path, "exec")
    except SyntaxError as err:
        print("%s:%s: %s" % (path, err.lineno, err.msg))
        failed = 1
sys.exit(failed)' || failed=1
else
    echo "style: no python3, scripts of Python not checked"
fi
exit $failed
