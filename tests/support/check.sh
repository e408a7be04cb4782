# Conditions by name; sourced by scripts, which print what is there and end with "exit $failed".
# shellcheck disable=SC2034,SC2154 # $failed is the script's; $tmp too, a directory of its own
failed=0

check() { # check NAME COMMAND...
    name=$1
    shift
    if "$@" >"$tmp/out" 2>&1; then
        echo "ok: $name"
    else
        echo "FAILED: $name"
        sed 's/^/    /' "$tmp/out"
        failed=1
    fi
}

says() { # says CODE WORDS COMMAND...
    code=$1 words=$2
    shift 2
    "$@" >"$tmp/both" 2>&1
    got=$?
    cat "$tmp/both"
    [ "$got" -eq "$code" ] && grep -q "$words" "$tmp/both"
}
