#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Static analysers on src/: [DEEP=1] [OUT=build] tools/lint.sh
#
# cppcheck, and clang-tidy as .clang-tidy says. DEEP adds what follows paths through
# functions, clang's analyzer and gcc's. What is not installed is not asked.
set -u
cd "$(dirname "$0")/.." || exit 2

# The other end of each(): one file, one analyser.
if [ "${1-}" = --one ]; then
    analyzer="-*,clang-analyzer-*,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling"
    # Who includes the skeleton: it ends in bpf_object__destroy_skeleton(), and what a system's
    # header declares is taken to free nothing.
    [ "$3" != src/record/probes.c ] || analyzer+=,-clang-analyzer-unix.Malloc
    flags=(-D_GNU_SOURCE -std=gnu11 -Iinclude -Isrc -I"${OUT:-build}")
    case $2 in
    tidy)     clang-tidy --quiet "$3" -- "${flags[@]}" 2>/dev/null ;;
    analyzer) clang-tidy --quiet --checks="$analyzer" "$3" -- "${flags[@]}" 2>/dev/null ;;
    gcc)      gcc "${flags[@]}" -O2 -fanalyzer -c -o /dev/null "$3" 2>&1 ;;
    esac
    exit
fi

failed=0

# each ANALYSER PROGRAM: about every file; what is clean says nothing.
each()
{
    local said

    if ! command -v "$2" >/dev/null; then
        echo "lint: no $2, $1 not asked"
        return
    fi
    said=$(printf '%s\0' src/*/*.c | xargs -0 -P "$(nproc)" -n 1 "$0" --one "$1")
    [ -z "$said" ] && return
    printf '%s\n' "$said"
    failed=1
}

if command -v cppcheck >/dev/null; then
    cppcheck -q -j "$(nproc)" --std=c11 --enable=warning,performance,portability --template=gcc \
        --suppressions-list=tools/cppcheck-suppressions.txt --error-exitcode=1 \
        -D_GNU_SOURCE -D__x86_64__ -Iinclude -Isrc -I"${OUT:-build}" src || failed=1
else
    echo "lint: no cppcheck, not asked"
fi
each tidy clang-tidy
if [ -n "${DEEP-}" ]; then
    each analyzer clang-tidy
    each gcc gcc
fi
[ $failed = 0 ] && echo "lint: clean${DEEP:+, deep}"
exit $failed
