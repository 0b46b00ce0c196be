#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Does partrace work on other kernels? Boots each in an emulator, with the partrace built
# here, records programs that time their own waits, and compares.
#
#	tests/vm/run.sh [KERNEL…]	RELEASE[/ARCH][+PARAMETER…]: of Debian, booted with these
#					parameters; cpu=MODEL and smp=NUMBER are the emulator's. Default: bullseye
#					bookworm trixie sid trixie/arm64, and some that lack or
#					forbid something
#
#	OUT=DIR		where make put things (default: build), the workloads included
#	VM_CASES=LIST	which, of those in tests/vm/init (default: all)
#	VM_SECONDS=N	how long each recording is (default: 3)
#	VM_LIMIT=N	how many seconds a machine may take (default: 1800)
#	VM_CACHE=DIR	see fetch.sh, which gets the kernels
#	VM_RUN=COMMAND	what the emulator is started by, such as nice
#	VM_LOGS=DIR	what each machine said and handed over (default: $OUT/vm)
#
# No root is needed, and nothing is installed. For arm64 partrace is built a second time,
# with a cross compiler and Debian's libraries for arm64. The last line is 'N passed, N
# failed, N skipped'; before it, a table. What the machine here lacks is a skip.
set -u -o pipefail
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
OUT=${OUT:-build}
[[ $OUT = /* ]] || OUT=$top/$OUT
export VM_CACHE=${VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/partrace-vm}
logs=${VM_LOGS:-$OUT/vm}
VM_CASES=${VM_CASES:-all}
VM_SECONDS=${VM_SECONDS:-3}
VM_LIMIT=${VM_LIMIT:-1800}
workloads=(truth loop served called deny crowd)
# The arm64 build's own release: its libraries are to be those that this one's headers know.
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# need WHY COMMAND…: what is missing becomes the reason to skip.
need()
{
    local cmd

    for cmd; do
        command -v "$cmd" >/dev/null || { echo "needs $cmd"; return 1; }
    done
}

machine_needs()
{
    need cpio gzip xz mke2fs dpkg-deb apt-get python3 make || return 1
    case $1 in
    amd64) need qemu-system-x86_64 busybox ;;
    arm64) need qemu-system-aarch64 ;;
    *)     echo "no idea how to emulate $1"; return 1 ;;
    esac
}

# ---- the file system ----

# add SYSROOT FILE…: into bin, with the libraries that it is linked with.
add()
{
    local sysroot=$1 file lib todo=() seen=" "

    shift
    for file; do
        cp -L "$file" "$root/bin/"
    done
    todo=("$@")
    while [ ${#todo[@]} -gt 0 ]; do
        file=${todo[0]}
        todo=("${todo[@]:1}")
        for lib in $(readelf -d -l "$file" 2>/dev/null |
            sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p; s/.*program interpreter: \(.*\)\]$/\1/p'); do
            [[ $seen != *" $lib "* ]] || continue
            seen+="$lib "
            put_library "$sysroot" "$lib"
        done
    done
}

# Where the loader looks, of this machine or of the sysroot.
put_library()
{
    local sysroot=$1 name=${2##*/} from

    for from in "$sysroot"/lib/"$triplet" "$sysroot"/usr/lib/"$triplet" "$sysroot"/lib64 "$sysroot"/lib; do
        [ -e "$from/$name" ] || continue
        cp -L "$from/$name" "$root/lib/$name"
        todo+=("$from/$name")
        return
    done
    echo "run.sh: no $name" >&2
}

# The part of the standard library that importing threads takes.
add_python()
{
    local sysroot=$1 stdlib=$2 file

    add "$sysroot" "$sysroot/$(readlink -f "$sysroot/usr/bin/python3" | sed "s|^$sysroot||")"
    mv "$root/bin"/python3.* "$root/usr/bin/python3"
    mkdir -p "$root/usr/lib/$(basename "$stdlib")"
    for file in threading functools collections/__init__ heapq keyword operator reprlib types _weakrefset \
        weakref _collections_abc codecs io abc os stat posixpath genericpath encodings/__init__ \
        encodings/aliases encodings/utf_8 encodings/ascii encodings/latin_1 copyreg; do
        mkdir -p "$(dirname "$root/usr/lib/$(basename "$stdlib")/$file")"
        cp "$stdlib/$file.py" "$root/usr/lib/$(basename "$stdlib")/$file.py"
    done
}

# make_root ARCH: $work/ARCH.cpio.gz
make_root()
{
    local arch=$1 out=$OUT sysroot='' busybox dir

    triplet=$(uname -m)-linux-gnu
    busybox=$(command -v busybox || true)
    if [ "$arch" = arm64 ]; then
        triplet=aarch64-linux-gnu
        sysroot=$VM_CACHE/root-$release-arm64
        out=$OUT-arm64
        busybox=$sysroot/bin/busybox
        make_arm64 "$sysroot" "$out" || return 1
    fi
    root=$work/$arch
    mkdir -p "$root"/{bin,dev,etc,lib,proc,run,sys,tmp,usr/bin}
    ln -s lib "$root/lib64"
    ln -s ../lib "$root/usr/lib"
    cp -L "$busybox" "$root/bin/busybox"
    add "$sysroot" "$out/partrace" "$busybox" "${workloads[@]/#/$out/tests/workloads/}"
    dir=$(echo "$sysroot"/usr/lib/python3.[0-9]*)
    [ -x "$sysroot/usr/bin/python3" ] && add_python "$sysroot" "$dir"
    cp "$here/init" "$root/init"
    mke2fs -q -t ext4 "$work/disk" 64M && gzip -1 <"$work/disk" >"$root/disk.gz"
    echo "vm $VM_SECONDS $VM_CASES" >"$root/etc/vm"
    (cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/$arch.cpio.gz"
}

# The compiler is unpacked like the rest: installed, it would be in the way of gcc-multilib.
make_arm64()
{
    local host cross gcc

    host=$(dpkg --print-architecture)
    cross=$VM_CACHE/cross-$release-$host
    "$here/fetch.sh" root "$release" "$host" "$cross" gcc-aarch64-linux-gnu || return 1
    gcc=$cross/usr/bin/aarch64-linux-gnu-gcc
    "$here/fetch.sh" root "$release" arm64 "$1" libc6-dev libbpf-dev libelf-dev libdw-dev zlib1g-dev \
        libdeflate-dev libjansson-dev libseccomp-dev busybox-static python3-minimal || return 1
    make -s -C "$top" SAN= OUT="$2" ARCH=arm64 CC="$gcc --sysroot=$1" all workloads
}

# A kernel's modules, as a second archive behind the first.
add_modules()
{
    local kernel=$1 version module dir

    version=$(ls "$kernel/usr/lib/modules")
    dir=$work/modules
    rm -rf "$dir"
    mkdir -p "$dir/lib/modules/$version"
    # What null_blk needs (configfs) may be built in.
    for module in configfs null_blk; do
        find "$kernel/usr/lib/modules/" -name "$module.ko*" -exec cp {} "$dir/lib/modules/$version/" \;
    done
    [ -z "$(find "$dir" -name '*.xz')" ] || find "$dir" -name '*.xz' -exec xz -d {} +
    (cd "$dir/lib/modules/$version" && for module in *.ko; do
        [ "$module" = null_blk.ko ] && [ -e configfs.ko ] && echo "$module: configfs.ko" || echo "$module:"
    done) >"$dir/lib/modules/$version/modules.dep"
    (cd "$dir" && find . | cpio -o -H newc --quiet | gzip -1)
}

# ---- the machine ----

# boot ARCH KERNEL LOG PARAMETER…: the clock in there is the number of instructions that were
# executed: nothing that this machine does besides shows inside, and what sleeps there takes no
# time here. One CPU, as older kernels never see a second one that way. But for the battery's
# clock, which has to run on to wake a machine that is suspended.
boot()
{
    local arch=$1 kernel=$2 log=$3 image append qemu cpu=max smp=1 parameters=()

    shift 3
    [ "$arch" != arm64 ] || cpu=cortex-a57
    for append; do
        case $append in
        cpu=*) cpu=${append#cpu=} ;;
        smp=*) smp=${append#smp=} ;;
        *)     parameters+=("$append") ;;
        esac
    done
    image=$(find "$kernel" -name 'vmlinuz*' | head -n 1)
    cat "$work/$arch.cpio.gz" >"$work/initrd"
    add_modules "$kernel" >>"$work/initrd"
    append="loglevel=3 panic=-1 mitigations=off nowatchdog rcupdate.rcu_cpu_stall_suppress=1 random.trust_cpu=on ${parameters[*]}"
    case $arch in
    amd64)
        qemu=(qemu-system-x86_64 -append "console=ttyS0 no_timer_check $append") ;;
    arm64)
        qemu=(qemu-system-aarch64 -M virt -append "console=ttyAMA0 $append") ;;
    esac
    # shellcheck disable=SC2086 # a command with its options
    ${VM_RUN:-} timeout "$VM_LIMIT" "${qemu[@]}" -cpu "$cpu" -accel tcg -icount shift=2,sleep=off -rtc clock=host -m 1G \
        -smp "$smp" -nographic -no-reboot -kernel "$image" -initrd "$work/initrd" </dev/null 2>&1 |
        stdbuf -o0 tr -d '\r' >"$log"
}

# unpack LOG DIR: what the machine handed over, piece by piece.
unpack()
{
    local piece

    awk -v dir="$work/piece" '/== files$/ { n++; inside = 1; next }
        /^== whole$/ { inside = 0; close(dir n) }
        inside { print >(dir n) }' "$1"
    for piece in "$work"/piece*; do
        base64 -di "$piece" 2>/dev/null | tar xz -C "$2" 2>/dev/null
    done
    rm -f "$work"/piece*
}

# file_name KERNEL: of what it hands over
file_name()
{
    local name=${1/\//-}

    [[ $1 = */* ]] || name=${name/#${name%%+*}/${name%%+*}-amd64}
    echo "$name"
}

# one KERNEL: its checks, as lines 'ok|FAIL|skip CHECK REASON'.
one()
{
    local suite arch=amd64 kernel log dir why parameters name

    name=$(file_name "$1")
    read -ra parameters <<<"$(tr + ' ' <<<"$1")"
    suite=${parameters[0]%/*}
    [[ ${parameters[0]} != */* ]] || arch=${parameters[0]#*/}
    why=$(machine_needs "$arch") || { echo "skip boot $why"; return; }
    kernel=$VM_CACHE/kernel-$suite-$arch
    dir=$logs/$name
    log=$dir.log
    rm -rf "$dir" "$log"
    mkdir -p "$dir"
    if ! "$here/fetch.sh" kernel "$suite" "$arch" "$kernel" 2>"$dir.fetch"; then
        [ -d "$kernel/usr/lib/modules" ] ||
            { echo "skip boot no kernel: $(tail -n 1 "$dir.fetch")"; return; }
    fi
    if [ ! -e "$work/$arch.cpio.gz" ] && ! make_root "$arch" >"$logs/root-$arch.log" 2>&1; then
        echo "FAIL boot no initramfs: see $logs/root-$arch.log"
        return
    fi
    boot "$arch" "$kernel" "$log" "${parameters[@]:1}"
    unpack "$log" "$dir"
    if [ ! -s "$dir/kernel" ]; then
        echo "FAIL boot it did not come to its end: see $log"
        return
    fi
    python3 "$here/check.py" "$dir"
}

mkdir -p "$logs"
[ $# -gt 0 ] || set -- bullseye bookworm trixie sid trixie/arm64 \
    bookworm+lockdown=confidentiality bookworm+lockdown=integrity sid+cpu=max,-cx16 sid+smp=2
for kernel; do
    name=$(file_name "$kernel")
    start=$SECONDS
    one "$kernel" >"$logs/$name.checks"
    printf '\n== %s: %s, %d s\n' "$kernel" "$(cat "$logs/$name/kernel" 2>/dev/null || echo none)" $((SECONDS - start))
    cat "$logs/$name.checks"
    results+=("$logs/$name.checks")
done
echo
python3 "$here/check.py" --table "${results[@]}"
