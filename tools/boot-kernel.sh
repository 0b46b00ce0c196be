#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does partrace work on another kernel? Boots it in an emulator, with the partrace built
# here, and records a few programs in it:
#
#	tools/boot-kernel.sh KERNEL.deb		such as: apt-get download linux-image-6.1.0-…-cloud-amd64
#
# Needs qemu-system-x86_64, busybox and cpio, and no root; takes two minutes, as nothing is
# sped up by hardware. Prints what each recording gave; fails if one of them did not work,
# or if a program that the kernel has a place for was not loaded.
#
#	OUT=DIR		where make put things (default: build), the workloads included
set -eu -o pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
OUT=${OUT:-$top/build}
[ $# = 1 ] || { echo "usage: tools/boot-kernel.sh KERNEL.deb" >&2; exit 2; }
deb=$(realpath "$1")
python=/usr/bin/python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,dev,lib,lib64,proc,run,sys,tmp,usr/bin}
cd "$work"

# add FILE…: with the libraries that it is linked with
add()
{
    local file lib

    for file; do
        cp -L "$file" "$root/bin/"
        for lib in $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*'); do
            mkdir -p "$root$(dirname "$lib")"
            cp -L "$lib" "$root$lib"
        done
    done
}

add "$(command -v busybox)" "$(command -v bpftool || echo /usr/sbin/bpftool)" "$OUT/partrace" \
    "$OUT"/tests/workloads/{truth,loop,served,called} "$(realpath "$python")"
stdlib=$("$python" -c 'import os; print(os.path.dirname(os.__file__))')
mkdir -p "$root$stdlib"
(cd "$stdlib" && tar cf - --exclude='*test*' --exclude=__pycache__ --exclude=dist-packages .) |
    tar xf - -C "$root$stdlib"
mv "$root/bin/$(basename "$(realpath "$python")")" "$root/usr/bin/python3"

cat >"$root/tmp/spin.py" <<'END'
import threading, time
def spin():
    end = time.monotonic() + 3
    while time.monotonic() < end:
        sum(range(1000))
threads = [threading.Thread(target=spin) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
END
cat >"$root/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PYTHONHOME=/usr
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tracefs trace /sys/kernel/tracing
ip link set lo up
cd /tmp
echo "== kernel $(uname -r)"

# try NAME REGEX OPTION…: record; some line of the report has to match
try()
{
    name=$1 regex=$2
    shift 2
    if partrace -q -o "$name.pftrace" "$@" >out 2>&1 && partrace report "$name.pftrace" >report 2>&1 &&
        grep -q "$regex" report; then
        echo "ok    $name: $(grep -m 1 "$regex" report)"
    else
        echo "FAIL  $name: $(tail -n 20 out report)"
    fi
    partrace report --json "$name.pftrace" | sed -n '/"lost"/,/}/p' | tr -d ' \n'
    echo
}

# recording PID: wait until it does
recording()
{
    until grep -q poll "/proc/$1/wchan"; do
        sleep 0.2
    done
}

sleep 600 &
partrace -q -o all.pftrace -p $! &
recorder=$!
recording $recorder
echo "== programs"
bpftool prog show | sed -n 's/^[0-9]*: \([a-z_]*\) *name \([a-z_0-9]*\) .*/program \2/p' | sort | uniq -c
kill -TERM $recorder
wait $recorder
echo "== recordings"
try waits '^Verdict' -- truth --only 'mutex,pipe,cpu' --seconds 3 --truth t.json --dir /tmp
try light '^Verdict' --light -- truth --only 'mutex,pipe,cpu' --seconds 3 --truth t.json --dir /tmp
try loop '^Loop' -- loop epoll sleep 2 t.json
try function '^Requests' --request handle_request -- called
try gil 'GIL of' -- python3 spin.py
served threads 2 20 >served.out &
sleep 3
partrace -q -o served.pftrace -p "$(cat server)" &
recorder=$!
recording $recorder
kill -USR1 $(pidof served | tr ' ' '\n' | grep -vx "$(cat server)" | head -n 1)
wait $recorder
partrace report served.pftrace | grep '^Requests' >report && echo "ok    served: $(cat report)" || echo "FAIL  served"
cat served.out
echo "== end"
poweroff -f
END
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >initrd.gz
mkdir kernel
dpkg-deb --fsys-tarfile "$deb" | tar xf - -C kernel --wildcards './boot/*'
# One CPU: of two that are emulated, one would spin for the other whenever this machine is
# busy. Without watchdogs, for the same reason.
timeout 3600 qemu-system-x86_64 -accel tcg -cpu max -m 2G -smp 1 -nographic -no-reboot \
    -kernel kernel/boot/vmlinuz-* -initrd initrd.gz \
    -append "console=ttyS0 loglevel=4 panic=-1 mitigations=off nowatchdog rcupdate.rcu_cpu_stall_suppress=1" </dev/null | stdbuf -o0 tr -d '\r' >log
sed -n '/== kernel/,/== end/p' log
grep -q '== end' log || { tail -n 40 log; echo "it did not come to its end" >&2; exit 1; }
! grep -q '^FAIL' log
