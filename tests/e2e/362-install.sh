#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, it is about files
# `make install` brings all of it, `make uninstall` takes it away; pages and completions
# know the options that --help knows.
. "$(dirname "$0")/lib.sh"
need_partrace
need_cmd make

# make_there GOAL: of the tree, below $TMP/root.
make_there()
{
    (unset MAKEFLAGS MFLAGS; make -C "$TOP" --no-print-directory "$1" OUT="$OUT" DESTDIR="$TMP/root" PREFIX=/opt/p) \
        >make.log 2>&1 || { cat make.log >&2; fail "make $1 failed"; }
}

make_there install
top=root/opt/p
share=$top/share
"$top/bin/partrace" --version >version.txt
assert_says version.txt '^partrace [0-9.]+ \([0-9a-f]{7,}|^partrace [0-9.]+ \(unknown'
mapfile -t commands < <("$PARTRACE" --help=table | cut -f 2)
[ "${#commands[@]}" -ge 4 ] || fail "only these commands: ${commands[*]}"
for command in "${commands[@]}"; do
    [ -s "$share/man/man1/partrace-$command.1" ] || fail "no page for '$command'"
    assert_says "$share/man/man1/partrace.1" "partrace.-$command"
done
for file in doc/partrace/README.md doc/partrace/docs/verdicts.md doc/partrace/examples/demo.sh \
    bash-completion/completions/partrace zsh/site-functions/_partrace; do
    [ -s "$share/$file" ] || fail "no $file was installed"
done

# ---- pages ----

# options_of_help COMMAND, options_of_page COMMAND: "--name VALUE" or "-x", a line each.
options_of_help()
{
    "$PARTRACE" "$1" --help | sed -nE 's/^ +(-., )?(--[a-z-]+( [^ ]+)?)( .*)?$/\2/p; s/^ +(-.( [A-Z]+)?)  .*/\1/p' | sort
}

options_of_page()
{
    awk '/^\.SH/ { inside = /OPTIONS/ } inside && was { print } { was = /^\.TP/ }' \
        "$share/man/man1/partrace-$1.1" | sed -E 's/\\f[BIR]//g; s/\\-/-/g; s/^-., //' | sort
}

for command in "${commands[@]}"; do
    options_of_help "$command" >help.txt
    options_of_page "$command" >page.txt
    [ -s help.txt ] || fail "no options in the help of '$command'"
    diff help.txt page.txt || fail "help (<) and page (>) of '$command' differ"
    # What is said of them, too: each word of the help is on the page.
    "$PARTRACE" "$command" --help | sed '1d' | tr -s ' \n' '\n\n' | sort -u >help.words
    sed -E 's/\\f[BIR]//g; s/\\-/-/g; s/\\&//g; s/\\e/\\/g' "$share/man/man1/partrace-$command.1" |
        tr -s ' \n' '\n\n' | sort -u >page.words
    missing=$(comm -23 help.words page.words | tr '\n' ' ')
    # The page has "-p, --pid" in the same words.
    [ -z "${missing// /}" ] || fail "the page of '$command' lacks: $missing"
done
if command -v mandoc >/dev/null; then
    mandoc -T lint -W error "$share"/man/man1/*.1 || fail "mandoc finds errors in the pages"
elif command -v man >/dev/null; then
    man --warnings -l "$share/man/man1/partrace-record.1" >/dev/null 2>man.err
    [ ! -s man.err ] || fail "man complains: $(cat man.err)"
fi

# ---- completions ----

# complete WORD…: what bash offers for the last word.
complete_bash()
{
    bash --norc -c '
        . "$0" || exit
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _partrace
        printf "%s\n" "${COMPREPLY[@]}"' \
        "$share/bash-completion/completions/partrace" "$@" | tr '\n' ' ' | sed 's/ *$//'
}

assert_equal "commands" "$(complete_bash partrace '')" "${commands[*]}"
assert_equal "commands in re" "$(complete_bash partrace re)" "record report"
assert_equal "colours" "$(complete_bash partrace report --color '')" "auto always never"
assert_equal "colours behind =" "$(complete_bash partrace report --color = al)" "always"
assert_equal "formats" "$(complete_bash partrace export -f s)" "speedscope"
assert_equal "record's, without its name" "$(complete_bash partrace --no)" "--no-follow"
touch "$TMP/one.pftrace"
assert_equal "recordings" "$(complete_bash partrace report one)" "one.pftrace"
assert_equal "recordings behind --" "$(complete_bash partrace report -- one)" "one.pftrace"
assert_in truncate "$(complete_bash partrace record -- truncat)" truncate "truncate truncate"
for command in "${commands[@]}"; do
    for option in $(options_of_help "$command" | sed -n 's/^\(--[a-z-]*\).*/\1/p'); do
        assert_equal "$option of $command" "$(complete_bash partrace "$command" "$option")" \
            "$(options_of_help "$command" | sed -n 's/^\(--[a-z-]*\).*/\1/p' | grep -- "^$option" | tr '\n' ' ' | sed 's/ *$//')"
    done
done

if command -v zsh >/dev/null; then
    zsh -n "$share/zsh/site-functions/_partrace" || fail "zsh does not read its completion"
    # A terminal in which somebody types a tab.
    cat >typed.zsh <<'ZSH'
zmodload zsh/zpty
zpty -b shell zsh -f
send() { zpty -w shell "$1"; }
send "PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; zstyle ':completion:*' list-prompt ''; stty -echo"
send "partrace () { print -r -- TYPED \$@ }"
send "print -r -- REA''DY"
zpty -r shell line '*READY*'
zpty -w -n shell $'partrace rep\tone --col\talw\t\n'
zpty -r shell line $'*TYPED *\n*'
print -r -- "$line"
ZSH
    timeout 60 zsh -f typed.zsh "$TMP/$share/zsh/site-functions" >typed.txt 2>&1 </dev/null || true
    assert_says typed.txt 'TYPED report one.* --color=always|TYPED report one.* --color always'
else
    echo "no zsh here: its completion not tried"
fi

# ---- and away ----

make_there uninstall
left=$(find root -type f -o -type l)
[ -z "$left" ] || fail "make uninstall leaves: $left"
[ ! -d "$share/doc/partrace" ] || fail "make uninstall leaves its directory"
