#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Print completions for a shell, from the tables that PARTRACE's --help is printed from:
#
#	tools/make-completions.sh PARTRACE bash|zsh
#
# Values: those that an option's help lists ("a, b or c" and nothing else); process ids for
# PID..., file names for FILE and @FILE. Operands are recordings, and commands behind "--".
set -eu

partrace=$1
shell=$2

# All tables, one after the other: "command NAME ABOUT", then that command's own.
tables() {
    "$partrace" --help=table | while IFS='	' read -r _ name about; do
        printf 'command\t%s\t%s\n' "$name" "$about"
        "$partrace" "$name" --help=table
    done
}

# shellcheck disable=SC2016 # what looks like a variable is the completion's
tables | awk -F '\t' -v shell="$shell" '
# "a, b or c" as "a b c", or nothing.
function choices(help) {
    if (help !~ /^[a-z0-9]+(, [a-z0-9]+)* or [a-z0-9]+$/)
        return ""
    gsub(/,| or /, " ", help)
    gsub(/  +/, " ", help)
    return help
}

function kind(value, help) {
    if (choices(help) != "")
        return "words"
    if (value ~ /^PID/)
        return "pids"
    if (value ~ /FILE/)
        return "files"
    return "text"
}

# For a zsh specification inside single quotes.
function quoted(s) {
    gsub(/\x27/, "\x27\\\x27\x27", s)
    gsub(/\[/, "\\[", s)
    gsub(/\]/, "\\]", s)
    gsub(/:/, "\\:", s)
    return s
}

$1 == "command" { c = ++command_cnt; names[c] = $2; about[c] = $3 }
$1 == "args" { runs[c] = $2 ~ /CMD/; reads[c] = $2 ~ /FILE|BEFORE/ }
$1 == "option" {
    o = ++option_cnt[c]
    short[c, o] = $2; long[c, o] = $3; value[c, o] = $4; help[c, o] = $5
}

function bash_value(c, o,    pattern, k) {
    if (value[c, o] == "")
        return
    pattern = short[c, o] != "" ? "-" short[c, o] : ""
    if (long[c, o] != "")
        pattern = pattern (pattern != "" ? "|" : "") "--" long[c, o]
    k = kind(value[c, o], help[c, o])
    printf "        %s:%s)\n", names[c], pattern_of(c, pattern)
    if (k == "words")
        printf "            COMPREPLY=($(compgen -W \"%s\" -- \"$cur\"))\n", choices(help[c, o])
    else if (k == "pids")
        print "            COMPREPLY=($(compgen -W \"$(cd /proc && echo [0-9]*)\" -- \"$cur\"))"
    else if (k == "files")
        print "            COMPREPLY=($(compgen -f -- \"$cur\"))"
    print "            return ;;"
}

# "-p|--pid" of a command as a pattern of case: "record:-p|record:--pid".
function pattern_of(c, pattern) {
    gsub(/\|/, "|" names[c] ":", pattern)
    return pattern
}

function bash(    c, o, all) {
    print "# bash completion for partrace. Made by tools/make-completions.sh, do not edit."
    print "_partrace()\n{"
    print "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}"
    print "    local command=record i\n"
    print "    COMPREPLY=()"
    print "    # bash splits at \"=\": --color=al is three words."
    print "    [ \"$cur\" = = ] && cur="
    print "    [ \"$prev\" = = ] && prev=${COMP_WORDS[COMP_CWORD - 2]}"
    print "    case ${COMP_WORDS[1]} in"
    for (c = 1; c <= command_cnt; c++)
        all = all (c > 1 ? "|" : "") names[c]
    printf "    %s) [ \"$COMP_CWORD\" = 1 ] || command=${COMP_WORDS[1]} ;;\n", all
    print "    esac"
    print "    for ((i = 1; i < COMP_CWORD; i++)); do"
    print "        [ \"${COMP_WORDS[i]}\" = -- ] || continue"
    print "        COMPREPLY=($(compgen -f -- \"$cur\"))"
    print "        case $command in"
    for (c = 1; c <= command_cnt; c++)
        if (runs[c])
            printf "        %s) [ $((i + 1)) != $COMP_CWORD ] || COMPREPLY=($(compgen -c -- \"$cur\")) ;;\n", \
                names[c]
    print "        esac"
    print "        return"
    print "    done"
    print "    case $command:$prev in"
    for (c = 1; c <= command_cnt; c++)
        for (o = 1; o <= option_cnt[c]; o++)
            bash_value(c, o)
    print "    esac"
    print "    case $command:$cur in"
    for (c = 1; c <= command_cnt; c++) {
        printf "    %s:-*) COMPREPLY=($(compgen -W \"", names[c]
        for (o = 1; o <= option_cnt[c]; o++)
            printf "%s%s", (o > 1 ? " " : ""), \
                (long[c, o] != "" ? "--" long[c, o] : "-" short[c, o])
        print "\" -- \"$cur\")) ;;"
    }
    for (c = 1; c <= command_cnt; c++)
        if (reads[c])
            printf "    %s:*) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n", names[c]
    print "    esac"
    gsub(/\|/, " ", all)
    print "    if [ \"$COMP_CWORD\" = 1 ] && [[ $cur != -* ]]; then"
    printf "        COMPREPLY=($(compgen -W \"%s\" -- \"$cur\"))\n", all
    print "    fi"
    print "}"
    print "complete -o filenames -F _partrace partrace"
}

function zsh_value(c, o,    k) {
    if (value[c, o] == "")
        return ""
    k = kind(value[c, o], help[c, o])
    return ":" quoted(value[c, o]) ":" (k == "words" ? "(" choices(help[c, o]) ")" \
        : k == "pids" ? "_pids" : k == "files" ? "_files" : "")
}

# One option of _arguments; both its names exclude each other, unless it may be repeated.
function zsh_option(c, o,    names_of, does) {
    does = "[" quoted(help[c, o]) "]" zsh_value(c, o)
    if (short[c, o] != "" && long[c, o] != "")
        printf "            {-%s%s,--%s%s}\x27%s\x27 \\\n", short[c, o], \
            (value[c, o] != "" ? "+" : ""), long[c, o], (value[c, o] != "" ? "=" : ""), does
    else if (long[c, o] != "")
        printf "            \x27--%s%s%s\x27 \\\n", long[c, o], (value[c, o] != "" ? "=" : ""), does
    else
        printf "            \x27-%s%s%s\x27 \\\n", short[c, o], (value[c, o] != "" ? "+" : ""), does
}

function zsh(    c, o) {
    print "#compdef partrace"
    print "# zsh completion for partrace. Made by tools/make-completions.sh, do not edit."
    print "_partrace()\n{"
    print "    local command=record\n    local -a commands\n"
    print "    commands=("
    for (c = 1; c <= command_cnt; c++)
        printf "        \x27%s:%s\x27\n", names[c], quoted(about[c])
    print "    )"
    print "    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then"
    print "        _describe -t commands command commands\n        return"
    print "    fi"
    print "    if (( ${commands[(I)$words[2]:*]} )); then"
    print "        command=$words[2]"
    print "        shift words\n        (( CURRENT-- ))"
    print "    fi"
    print "    case $command in"
    for (c = 1; c <= command_cnt; c++) {
        printf "    %s)\n        _arguments -S \\\n", names[c]
        for (o = 1; o <= option_cnt[c]; o++)
            zsh_option(c, o)
        if (runs[c])
            print "            \x27(-):command:_command_names -e\x27 \x27*::arguments:_normal\x27"
        else if (reads[c])
            print "            \x27*:recording:_files\x27"
        else
            print "            && return"
        print "        ;;"
    }
    print "    esac\n}"
    print "_partrace \"$@\""
}

END {
    if (shell == "bash")
        bash()
    else if (shell == "zsh")
        zsh()
    else
        exit 2
}'
