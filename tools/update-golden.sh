#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Take what the pipeline makes of tests/golden/*/events.txt now for right, and
# show what that changes: tools/update-golden.sh GOLDEN [CASE…], see run.sh.
set -u
cd "$(dirname "$0")/.." || exit 2
tests/golden/run.sh --update "$@" || exit 1
git --no-pager diff -- tests/golden/*/report.txt
git --no-pager diff --stat -- tests/golden
