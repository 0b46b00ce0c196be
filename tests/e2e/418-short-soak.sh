#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, their memory is not partrace's
# Twenty seconds of what `make soak` does for an hour.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd redis-server

"$TOP/tests/soak.py" --seconds 20 || fail "see above"
