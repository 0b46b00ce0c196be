#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Packages of another release of Debian, or for another architecture: fetched by apt and
# unpacked, never installed. Neither root nor this machine's own apt or dpkg is touched.
#
#	tests/vm/fetch.sh kernel RELEASE ARCH DIR	the newest kernel: DIR/boot, DIR/lib/modules
#	tests/vm/fetch.sh root RELEASE ARCH DIR PACKAGE…	these, with all that they depend on
#
#	VM_CACHE=DIR	where package lists and packages are kept (default: ~/.cache/partrace-vm)
#	VM_MIRROR=URL	default: the first one that apt uses here, else deb.debian.org
#
# What is in DIR already is fetched again only if there is a newer one.
set -eu -o pipefail

VM_CACHE=${VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/partrace-vm}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

mirror()
{
    local found

    # shellcheck disable=SC2016 # apt's own variable
    found=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null |
        grep -m 1 '/debian/*$' || true)
    found=${VM_MIRROR:-${found:-http://deb.debian.org/debian}}
    echo "${found%/}"
}

# A world of apt's own: lists, cache and status are below $apt.
prepare_apt()
{
    local site

    command -v apt-get >/dev/null || { echo "fetch.sh: needs apt-get" >&2; exit 1; }
    [ -e "$keyring" ] || { echo "fetch.sh: needs $keyring (package debian-archive-keyring)" >&2; exit 1; }
    apt=$VM_CACHE/$release-$arch
    mkdir -p "$apt"/{lists/partial,cache/archives/partial,etc/apt.conf.d,etc/preferences.d,etc/trusted.gpg.d}
    touch "$apt/status"
    site=$(mirror)
    echo "deb [signed-by=$keyring] $site $release main" >"$apt/etc/sources.list"
    if [ "$release" != sid ]; then
        echo "deb [signed-by=$keyring] $site-security $release-security main" >>"$apt/etc/sources.list"
    fi
    options=(-qq -o Dir::State="$apt" -o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status"
        -o Dir::Cache="$apt/cache" -o Dir::Etc="$apt/etc" -o APT::Architecture="$arch"
        -o APT::Architectures::="$arch" -o APT::Sandbox::User= -o Acquire::Languages=none
        -o Acquire::Retries=3 -o Acquire::http::Timeout=30)
    # Lists of today do; older ones may.
    [ -z "$(find "$apt" -maxdepth 1 -name updated -mmin -360)" ] || return 0
    apt-get "${options[@]}" update >"$apt/log" 2>&1 && touch "$apt/updated" || echo "fetch.sh: $(tail -n 1 "$apt/log")" >&2
}

# The packages that a kernel consists of: the image, and where they are apart, what it needs.
kernel_packages()
{
    local flavour=cloud-$arch

    apt-cache "${options[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts \
        --no-breaks --no-replaces --no-enhances "linux-image-$flavour" 2>/dev/null |
        grep -E "^linux-(image|binary|modules)-[0-9].*-$flavour\$" | sort -u
}

# unpack DIR DEB…: unless that is what is there.
unpack()
{
    local dir=$1 deb

    shift
    [ "$(cat "$dir/.packages" 2>/dev/null)" != "$*" ] || return 0
    rm -rf "$dir"
    mkdir -p "$dir"
    # As releases from 12 on have it, so that no package's directory is in the way of a link.
    for deb in bin sbin lib lib64; do
        mkdir -p "$dir/usr/$deb"
        ln -s "usr/$deb" "$dir/$deb"
    done
    for deb; do
        dpkg-deb --fsys-tarfile "$deb" |
            tar xf - -C "$dir" --keep-directory-symlink --no-same-owner
    done
    echo "$*" >"$dir/.packages"
}

[ $# -ge 4 ] || { echo "usage: tests/vm/fetch.sh kernel|root RELEASE ARCH DIR [PACKAGE…]" >&2; exit 2; }
what=$1 release=$2 arch=$3 dir=$(realpath -m "$4")
shift 4
prepare_apt
cd "$apt/cache/archives"
case $what in
kernel)
    mapfile -t packages < <(kernel_packages)
    [ ${#packages[@]} -gt 0 ] || { echo "fetch.sh: no kernel for $arch in $release" >&2; exit 1; }
    apt-get "${options[@]}" download "${packages[@]}" >&2
    mapfile -t debs < <(for package in "${packages[@]}"; do
        find . -maxdepth 1 -name "${package//+/[+]}_*.deb" -printf '%T@ %f\n' | sort -n | tail -n 1 | cut -d' ' -f2
    done)
    ;;
root)
    rm -f ./*.deb.wanted
    apt-get "${options[@]}" --no-install-recommends -y --download-only -o Debug::NoLocking=1 install "$@" >&2
    mapfile -t debs < <(apt-get "${options[@]}" --no-install-recommends -y --print-uris install "$@" |
        sed -n "s/^'[^']*' \([^ ]*\) .*/\1/p" || true)
    [ ${#debs[@]} -gt 0 ] || mapfile -t debs < <(ls ./*.deb)
    ;;
*)
    echo "fetch.sh: '$what' is neither kernel nor root" >&2
    exit 2
    ;;
esac
unpack "$dir" "${debs[@]}"
