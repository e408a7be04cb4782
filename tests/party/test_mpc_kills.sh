#!/bin/sh
# shellcheck disable=SC1091,SC2154,SC2015 # what mpc_parties.sh sets; conditions that cannot fail
# Owner, two servers and dealer are processes, and one of them is killed at some moment of a session.
# Whoever is left ends in time, and every answer that was written is near the one in the clear.
# TACIT_KILLS says how many times; 10 by default.
# shellcheck source=tests/support/mpc_parties.sh
set -u
tacit=$TACIT_BUILD/tacit
tmp=$(mktemp -d)
dealer='' server0='' server1=''
. tests/support/mpc_parties.sh
trap 'for p in $dealer $server0 $server1; do kill "$p" 2>/dev/null; done; rm -rf "$tmp"' EXIT

fail() {
    echo "FAILED: $1"
    tail -n 3 "$tmp"/*.log "$tmp"/*.errors "$tmp/owner.out"
    exit 1
}
random() { # random N: 0 … N - 1
    echo $(($(od -An -N4 -tu4 /dev/urandom) % $1))
}

"$tacit" certs "$tmp/certs" --roles owner,server0,server1,dealer >"$tmp/out" || fail 'certificates'
make_model || fail 'a model'
make_sharing a >"$tmp/out" || fail 'a sharing'
{
    printf 'sentence\tlabel\n'
    for i in $(seq 60); do
        printf 'the film was %s\t1\n' "$(yes 'very' | head -n $((1 + i % 6)) | tr '\n' ' ')"
    done
} >"$tmp/data.tsv"

logits() { sed -n 's/.*"logits": \[\([^]]*\)\].*}$/\1/p' "$1" | sed 's/,/ /g'; }
# All of the owner's lines are near those in the clear.
all_near() {
    logits "$tmp/answers" >"$tmp/got"
    paste -d ' ' "$tmp/got" "$tmp/clear" | awk '
        function abs(x) { return x < 0 ? -x : x }
        NF == 4 && (abs($1 - $3) > 5e-3 || abs($2 - $4) > 5e-3) { bad = 1 }
        END { exit bad }'
}
ask() { # ask SECONDS: as an owner; the time-out's exit code is 124
    : >"$tmp/answers"
    exec timeout -k 1 "$1" "$tacit" eval "$tmp/a-owner" "$tmp/data.tsv" -b 1 -q -o "$tmp/answers" \
        --peers "$peers" --certs "$tmp/certs" >"$tmp/owner.out" 2>&1
}

"$tacit" eval "$tmp/model" "$tmp/data.tsv" -b 1 -q -o "$tmp/answers" >"$tmp/out" || fail 'in the clear'
logits "$tmp/answers" >"$tmp/clear"
[ "$(wc -l <"$tmp/clear")" -eq 60 ] || fail 'sixty answers in the clear'
start_all a

kills=${TACIT_KILLS:-10} cut=0 whole=0
for i in $(seq "$kills"); do
    (ask 60) &
    owner=$!
    sleep "0.$(printf '%03d' "$(random 900)")"
    victim=$(random 4)
    case $victim in
    0) kill -KILL "$dealer" ;;
    1) kill -KILL "$server1" ;;
    2) kill -KILL "$server0" ;;
    3) kill -TERM "$owner" 2>/dev/null ;; # the time-out's process hands it on
    esac
    wait "$owner" 2>/dev/null
    code=$?
    case $code in
    0) whole=$((whole + 1)) ;;
    4) cut=$((cut + 1)) ;;
    124 | 137 | 143) [ "$victim" -eq 3 ] || fail "kill $i of $victim: the owner hung" ;;
    *) fail "kill $i of $victim: the owner ended with $code" ;;
    esac
    all_near || fail "kill $i of $victim: a wrong answer"
    case $victim in
    0)
        wait "$dealer" 2>/dev/null
        start_dealer a "$dealer_port"
        ;;
    1)
        wait "$server1" 2>/dev/null
        start_server1 a "$server1_port"
        ;;
    2)
        wait "$server0" 2>/dev/null
        start_server0 a "$server0_port"
        ;;
    esac
done
(ask 60)
code=$?
[ $code -eq 0 ] && [ "$(logits "$tmp/answers" | wc -l)" -eq 60 ] && all_near ||
    fail "afterwards: exit code $code"
stop_all || fail 'the parties end in good order'
server0='' server1='' dealer=''
echo "$kills kills: $cut sessions cut, $whole whole"
