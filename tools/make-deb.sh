#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What `make deb` does: tools/make-deb.sh OUT VERSION leaves OUT/partrace_VERSION_ARCH.deb.
#
# It holds what `make install` installs, below /usr. Needs dpkg-dev, but neither root
# nor debhelper: there are no scripts, no services and no configuration. Who makes it is
# told by DEBFULLNAME and DEBEMAIL, as for Debian's own tools, or else by git.
set -eu

out=$1
version=$2
MAKE=${MAKE:-make}

for tool in dpkg-deb dpkg-shlibdeps dpkg-architecture; do
    command -v $tool >/dev/null ||
        { echo "make deb: needs $tool (Debian: apt install dpkg-dev)" >&2; exit 1; }
done

arch=$(dpkg-architecture -qDEB_HOST_ARCH)
work=$out/deb
root=$work/root
doc=$root/usr/share/doc/partrace
name=${DEBFULLNAME:-$(git config user.name || id -un)}
email=${DEBEMAIL:-${EMAIL:-$(git config user.email || echo "$(id -un)@$(hostname -f 2>/dev/null || uname -n)")}}
maintainer="$name <$email>"
deb=$out/partrace_${version}_$arch.deb

rm -rf "$work"
mkdir -p "$root/DEBIAN" "$work/debian"
$MAKE --silent install OUT="$out" DESTDIR="$root" PREFIX=/usr prefix=/usr \
    zshdir=/usr/share/zsh/vendor-completions
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/partrace"

# As Debian's policy has it: compressed pages, a changelog, one file about copyright.
gzip -9n "$root"/usr/share/man/man1/*.1
rm -r "$doc/LICENSE" "$doc/LICENSES"
cat >"$doc/copyright" <<'END'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: partrace

Files: *
Copyright: the partrace authors
License: MIT

Files: bpf/* include/* vmlinux/*
Copyright: the partrace authors
License: BSD-2-Clause or GPL-2
Comment: They become the programs that run in the kernel, inside /usr/bin/partrace.

END
{
    echo 'License: MIT'
    sed 's/^$/./; s/^/ /' LICENSES/MIT.txt
    printf '\nLicense: BSD-2-Clause\n'
    sed 's/^$/./; s/^/ /' LICENSES/BSD-2-Clause.txt
    printf '\nLicense: GPL-2\n On Debian, it is in /usr/share/common-licenses/GPL-2.\n'
} >>"$doc/copyright"
{
    printf 'partrace (%s) unstable; urgency=medium\n\n' "$version"
    printf '  * Built from %s.\n\n' "$(git describe --always --dirty 2>/dev/null || echo its sources)"
    printf ' -- %s  %s\n' "$maintainer" "$(date -R -r src/cmd/main.c)"
} | gzip -9n >"$doc/changelog.gz"

printf 'Source: partrace\n\nPackage: partrace\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O "root/usr/bin/partrace" | sed -n 's/^shlibs:Depends=//p')

(cd "$root" && find usr -type f -exec md5sum {} +) >"$root/DEBIAN/md5sums"
cat >"$root/DEBIAN/control" <<END
Package: partrace
Version: $version
Architecture: $arch
Maintainer: $maintainer
Installed-Size: $(du -sk "$root/usr" | cut -f 1)
Depends: $depends
Suggests: python3
Section: utils
Priority: optional
Description: tells whether threads or processes fit a running program
 partrace watches a running program from outside, through the Linux kernel,
 and accounts for every nanosecond of each of its threads: on a CPU, waiting
 for one, for an interpreter's global lock, for a lock, for another process,
 for the disk, for the network. From these numbers it says whether threads,
 processes, an event loop or a mix fit the workload, what a change would bring,
 and what the evidence is. Recordings open in the Perfetto UI.
END
find "$root" -type d -exec chmod 755 {} +
dpkg-deb --root-owner-group --build "$root" "$deb" >/dev/null
rm -rf "$work"
echo "$deb"
