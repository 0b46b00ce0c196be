#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Print a manual page:
#
#	tools/make-man.sh PARTRACE            partrace(1)
#	tools/make-man.sh PARTRACE COMMAND    partrace-COMMAND(1)
#
# Usage, description and options are what PARTRACE's --help says, from its --help=table.
# What --help has no room for, such as examples, is in docs/man/PAGE.roff.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
partrace=$1
command=${2-}
page=partrace${command:+-$command}

# The other pages, but for this one's, as a list.
others() {
    {
        [ -z "$command" ] || echo partrace
        "$partrace" --help=table | awk -F '\t' '{ print "partrace-" $2 }'
    } | grep -vx "$page" | awk '
        NR > 1 { print line "," }
        { gsub(/-/, "\\-"); line = ".BR " $0 " (1)" }
        END { print line }'
}

# roff TITLE: what a page begins with, out of a table on standard input.
roff() {
    awk -F '\t' -v page="$page" -v name="$command" -v version="$("$partrace" --version)" '
    # Text as roff takes it.
    function text(s) {
        gsub(/\\/, "\\e", s)
        gsub(/-/, "\\-", s)
        sub(/^[.\x27]/, "\\\\&&", s)
        return s
    }

    # Upper-case words of a synopsis are to be filled in.
    function synopsis(s,    words, n, i, line) {
        n = split(s, words, " ")
        for (i = 1; i <= n; i++)
            line = line (i > 1 ? " " : "") \
                (words[i] ~ /^\[?[A-Z]/ ? "\\fI" text(words[i]) "\\fR" : text(words[i]))
        return line
    }

    $1 == "command" { commands[++command_cnt] = $2; about[command_cnt] = $3 }
    $1 == "args" { args = $2 }
    $1 == "summary" { summary = $2 }
    $1 == "notes" { notes = $2 }
    $1 == "option" {
        n = ++option_cnt
        short[n] = $2; long[n] = $3; value[n] = $4; help[n] = $5
    }
    $1 == "what" { what = $2 }

    END {
        gsub(/ \(.*/, "", version)
        printf ".\\\" Made by tools/make-man.sh, do not edit\n"
        printf ".TH %s 1 \"\" \"%s\" \"partrace\"\n", toupper(page), version
        printf ".SH NAME\n%s \\- %s\n", text(page), text(what)
        print ".SH SYNOPSIS"
        if (name == "") {
            print ".B partrace\n[\\fIrecord\\fR] [\\fIoptions\\fR] \\-p \\fIPID\\fR[,\\fIPID\\fR]\n.br"
            print ".B partrace\n[\\fIrecord\\fR] [\\fIoptions\\fR] \\-\\- \\fICMD\\fR [\\fIARG\\fR]...\n.br"
            print ".B partrace\n\\fICOMMAND\\fR [\\fIoptions\\fR] ..."
            print ".SH COMMANDS"
            for (i = 1; i <= command_cnt; i++)
                printf ".TP\n.BR %s (1)\n%s\n", text("partrace-" commands[i]), text(about[i])
            exit
        }
        printf ".B partrace %s\n", name
        if (option_cnt)
            print "[\\fIoptions\\fR]"
        if (args != "")
            print synopsis(args)
        printf ".SH DESCRIPTION\n%s\n", text(summary)
        # An empty line has become two blanks.
        n = split(notes, paragraphs, /  +/)
        for (i = 1; i <= n; i++)
            printf ".PP\n%s\n", text(paragraphs[i])
        print ".SH OPTIONS"
        for (i = 1; i <= option_cnt; i++) {
            line = short[i] != "" ? "\\fB\\-" text(short[i]) "\\fR" : ""
            if (long[i] != "")
                line = line (line != "" ? ", " : "") "\\fB\\-\\-" text(long[i]) "\\fR"
            printf ".TP\n%s%s\n%s\n", line, \
                (value[i] != "" ? " \\fI" text(value[i]) "\\fR" : ""), text(help[i])
        }
    }'
}

# The line about this page, out of the list of commands.
what() {
    if [ -z "$command" ]; then
        printf 'what\tdo threads or processes fit a workload, and why\n'
    else
        "$partrace" --help=table | awk -F '\t' -v name="$command" '
            $2 == name { print "what\t" $3; found = 1 }
            END { exit !found }'
    fi
}

# shellcheck disable=SC2086 # no command is no argument
{
    what
    "$partrace" $command --help=table
} | roff
[ ! -e "$here/../docs/man/$page.roff" ] || cat "$here/../docs/man/$page.roff"
echo .SH SEE ALSO
others
