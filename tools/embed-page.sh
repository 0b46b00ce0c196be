#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The style sheet and the script of the HTML report, as C strings on standard output:
#
# tools/embed-page.sh page.css page.js
#
# The script's hash is for the page's Content-Security-Policy, which lets no other run.
set -eu

string_of() {
    sed 's/\\/\\\\/g; s/"/\\"/g; s/^/	"/; s/$/\\n" \\/' "$1"
}

# Hexadecimal digits to base64: three of one are two of the other; "=" fills up.
base64_of() {
    awk '{
        digits = "0123456789abcdef"
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (i = 1; i <= length($1); i += 3) {
            value = 0
            for (k = i; k < i + 3; k++)
                value = value * 16 + (k > length($1) ? 0 : index(digits, substr($1, k, 1)) - 1)
            printf "%s", substr(letters, int(value / 64) + 1, 1)
            if (i < length($1))
                printf "%s", substr(letters, value % 64 + 1, 1)
        }
        for (fill = length($1) / 2; fill % 3; fill++)
            printf "="
    }'
}

printf '/* Generated from %s and %s by tools/embed-page.sh. */\n' "${1##*/}" "${2##*/}"
printf '#define PAGE_CSS \\\n'
string_of "$1"
printf '	""\n#define PAGE_JS \\\n'
string_of "$2"
printf '	""\n#define PAGE_JS_SHA256 "%s"\n' "$({ printf '\n'; cat "$2"; } | sha256sum | cut -d ' ' -f 1 | base64_of)"
