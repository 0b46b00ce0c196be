#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, what it runs is tested so elsewhere
# What is seen in terminals of 80 and of 160 columns: no line wraps, colours where they are
# understood, progress where it is in nobody's way.
. "$(dirname "$0")/lib.sh"
need_tracing

# in_terminal COLUMNS COMMAND…: what it writes to a terminal, in $TMP/out.
in_terminal()
{
    "$PYTHON" - "$@" >out <<'PY'
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if not pid:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, int(sys.argv[1]), 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    sys.stdout.buffer.write(data)
sys.exit(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
PY
}

# fits COLUMNS: each line in out does, as a terminal shows it.
fits()
{
    "$PYTHON" - "$1" <<'PY'
import re, sys
text = open("out", newline="", encoding="utf-8").read().replace("\r\n", "\n")
shown = re.sub(r"\033\[[0-9;]*[a-zA-Z]", "", text)
wide = [line for line in re.split("[\n\r]", shown) if len(line) > int(sys.argv[1])]
assert not wide, wide
PY
}

export TERM=xterm
unset NO_COLOR
start "$PYTHON" -c 'while True: sum(range(1000))'
in_terminal 80 "$PARTRACE" -o run.pftrace -d 1 -p "$PID"
fits 80
tr '\r' '\n' <out >lines
[ "$(grep -c 'recording [0-9.]* s: ' lines)" -ge 2 ] || fail "no progress is shown"
# It is gone when the report begins.
assert_says lines "^"$'\033'"\[K.*python.* -c while True"

# A launched command has the terminal for itself.
in_terminal 80 "$PARTRACE" -o sh.pftrace -- sh -c 'sleep 0.7; echo its own line; sleep 0.3'
assert_says_not out 'recording [0-9.]* s'
grep -q '^its own line' out || fail "the command's line is not its own: $(cat out)"

for columns in 80 160; do
    for locale in C C.UTF-8; do
        LC_ALL=$locale in_terminal "$columns" "$PARTRACE" report run.pftrace
        fits "$columns"
        grep -q $'\033\\[1' out || fail "no colours"
        [ "$locale" != C ] || ! LC_ALL=C grep -q '[^ -~[:cntrl:]]' out || fail "not ASCII: $(cat out)"
        LC_ALL=$locale in_terminal "$columns" "$PARTRACE" diff run.pftrace sh.pftrace
        fits "$columns"
    done
    NO_COLOR=1 in_terminal "$columns" "$PARTRACE" report run.pftrace
    ! grep -q $'\033' out || fail "colours in spite of NO_COLOR"
    TERM=dumb in_terminal "$columns" "$PARTRACE" report run.pftrace
    ! grep -q $'\033' out || fail "colours for a terminal that has none"
    in_terminal "$columns" "$PARTRACE" doctor
    fits "$columns"
    for command in '' record report diff export doctor; do
        # shellcheck disable=SC2086 # none is no argument
        in_terminal "$columns" "$PARTRACE" $command --help
        fits "$columns"
    done
done
run "$PARTRACE" report run.pftrace
! grep -q $'\033' out || fail "colours in a file"
