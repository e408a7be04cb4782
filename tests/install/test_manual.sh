#!/bin/sh
# The manual page knows each verb and each option that the program's own help names.
set -eu
program=$TACIT_BUILD/tacit
page=docs/man/tacit.1
missing=0
verbs=$("$program" --help | awk '$1 == "tacit" { print $2 }')
[ -n "$verbs" ]
for verb in $verbs; do
    # From the verb's line to that of the next one, and what holds for all.
    section=$(awk -v verb="$verb" '
        /^\.It Nm Cm / { on = $4 == verb }
        /^\.Sh / { on = 0 }
        /^\.Sh DESCRIPTION/ { on = 1 }
        on
    ' $page)
    echo "$section" | grep -q "^\.It Nm Cm $verb" || { echo "$page lacks $verb"; missing=1; }
    for option in $("$program" "$verb" --help | grep -oE -- '^ +(-[a-z], )?--[a-z-]+' |
        grep -oE -- '--[a-z-]+'); do
        echo "$section" | grep -qE -- "[, ]-${option#--}( |\$)" || {
            echo "$page: $verb lacks $option"
            missing=1
        }
    done
done
exit $missing
