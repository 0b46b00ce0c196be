#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, it is about files
# `make deb` builds a package that installs and purges cleanly: into a directory, with a
# data base of packages of its own.
. "$(dirname "$0")/lib.sh"
need_partrace
need_root
need_cmd make dpkg dpkg-deb dpkg-shlibdeps

(unset MAKEFLAGS MFLAGS; make -C "$TOP" --no-print-directory deb OUT="$OUT") >make.log 2>&1 ||
    { cat make.log >&2; fail "make deb failed"; }
deb=$(tail -n 1 make.log)
[[ $deb = /* ]] || deb=$TOP/$deb
[ -s "$deb" ] || fail "make deb says '$deb', and there is none"
version=$("$PARTRACE" --version | cut -d ' ' -f 2)
assert_equal "its version" "$(dpkg-deb -f "$deb" Version)" "$version"
assert_says <(dpkg-deb -f "$deb" Depends) 'libbpf1.*libc6'
dpkg-deb -c "$deb" | awk '$2 != "root/root" { print }' >owners.txt
[ ! -s owners.txt ] || fail "not root's: $(cat owners.txt)"

# dpkg there ARGUMENT…
there()
{
    dpkg --root="$TMP/root" --force-depends --force-not-root --no-triggers "$@" >dpkg.log 2>&1 ||
        { cat dpkg.log >&2; fail "dpkg $* failed"; }
}

mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates
touch root/var/lib/dpkg/status root/var/lib/dpkg/available
find root | sort >before.txt
there --install "$deb"
root/usr/bin/partrace --version >version.txt || fail "the installed program does not run"
assert_says version.txt "^partrace $version "
(cd root && md5sum --quiet -c var/lib/dpkg/info/partrace.md5sums) || fail "its checksums are wrong"
for page in root/usr/share/man/man1/partrace*.1.gz; do
    gzip -t "$page" || fail "$page is damaged"
done
[ "$(find root/usr/share/man/man1 -name 'partrace*.1.gz' | wc -l)" -ge 5 ] || fail "pages are missing"

there --purge partrace
find root/usr -type f 2>/dev/null >left.txt || true
[ ! -s left.txt ] || fail "purging leaves: $(cat left.txt)"
assert_says_not root/var/lib/dpkg/status 'Package: partrace'
find root -path root/var -prune -o -print | sort >after.txt
grep -v '^root/var' before.txt | diff - after.txt || fail "purging leaves directories"
if command -v lintian >/dev/null; then
    lintian --fail-on error --allow-root --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog \
        "$deb" >lintian.txt 2>&1 || fail "lintian finds errors: $(cat lintian.txt)"
fi
