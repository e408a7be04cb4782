#!/bin/sh
# Developer, cloud and owner as three processes over TLS on the loopback.
# shellcheck disable=SC1091,SC2154,SC2317 # what check.sh sets; functions are called through check
set -u
tacit=$TACIT_BUILD/tacit
model=tests/vectors/models/bert-sequence
tmp=$(mktemp -d)
cloud=
trap '[ -n "$cloud" ] && kill "$cloud" 2>/dev/null; rm -rf "$tmp"' EXIT
. tests/support/check.sh

check 'certificates' "$tacit" certs "$tmp/certs" --roles owner,cloud
check 'other certificates' "$tacit" certs "$tmp/others" --roles owner,cloud
check 'protect' "$tacit" protect $model "$tmp/cloud" --key "$tmp/owner"

serve() { # serve OPTION...: a cloud; its process and how it is reached
    "$tacit" party cloud --model "$tmp/cloud" --certs "$tmp/certs" --listen 127.0.0.1:0 "$@" \
        >"$tmp/log" 2>"$tmp/errors" &
    cloud=$!
    for _ in $(seq 100); do
        grep -q port "$tmp/log" && break
        sleep 0.1
    done
    peers=cloud=127.0.0.1:$(sed -n 's/.*port[": ]*\([0-9][0-9]*\).*/\1/p' "$tmp/log")
}

ends() { # the cloud, in good order
    kill -TERM "$cloud" && wait "$cloud"
}

serve --json

run() { "$tacit" run "$1" "the film was very good!" --json --peers "$peers" --certs "$2"; }

# Sums run in another order, so the last digits of the logits differ.
label_and_logits() { grep -o '"label": "[a-z]*"\|"logits": \[-*[0-9.]\{6\}'; }
"$tacit" run $model "the film was very good!" --json | label_and_logits >"$tmp/clear"
run "$tmp/owner" "$tmp/certs" | label_and_logits >"$tmp/private"
check 'the answer is the one in the clear' cmp "$tmp/clear" "$tmp/private"
check 'the answer is not empty' test -s "$tmp/private"
check 'a stranger is refused' says 5 . run "$tmp/owner" "$tmp/others"
check 'no certificate, no run' says 2 certificate "$tacit" run "$tmp/owner" a --peers "$peers"
check 'wrong peers' says 2 'cloud=HOST:PORT' "$tacit" run "$tmp/owner" a --peers "${peers#cloud=}" --certs "$tmp/certs"
check 'not in the clear' says 2 'no layers' "$tacit" run "$tmp/owner" a --protect plain
check 'not alone' says 2 'name the cloud' "$tacit" run "$tmp/owner" a
check 'another key' "$tacit" protect $model "$tmp/cloud2" --key "$tmp/owner2"
check 'a key for another model is refused' says 6 'model' run "$tmp/owner2" "$tmp/certs"
check 'a clear model is refused' says 8 'no protected model' \
    "$tacit" party cloud --model $model --certs "$tmp/certs" --listen 127.0.0.1:0
check 'a role that is none' says 2 "role 'king'" "$tacit" party king
run "$tmp/owner" "$tmp/certs" | label_and_logits >"$tmp/private"
check 'the cloud still answers' cmp "$tmp/clear" "$tmp/private"
check 'another network is refused' says 6 'cloud' \
    "$tacit" run "$tmp/owner" dull --peers "$peers" --certs "$tmp/certs" --network lan
check 'the cloud ends in good order' ends
cloud=
check 'nobody there' says 4 'cloud' run "$tmp/owner" "$tmp/certs"
check 'nothing of the text is in the log' sh -c "! grep -q film '$tmp/log' '$tmp/errors'"
check 'the cloud reports what it learnt' grep -q \
    '"answers": 1, "bytes_sent": [1-9].*"rounds": [1-9].*"learned": "the number of tokens' "$tmp/log"
check 'and that a stranger called' grep -q \
    '"answers": 0, "bytes_sent": 0, .*"learned": "that somebody called", "error": {"code": 5' "$tmp/log"
check 'every line of it is an object' sh -c "! grep -v '^{\"schema\": 1, \"verb\": \"party\", .*}\$' '$tmp/log'"

serve --network wan
wan() { "$tacit" run "$tmp/owner" "the film was very good!" --json --peers "$peers" --certs "$tmp/certs" --network "$1"; }
wan wan | label_and_logits >"$tmp/private"
check 'a slow network, the same answer' cmp "$tmp/clear" "$tmp/private"
check 'both must emulate the same' says 6 'whose are: network lan' wan lan
check 'the cloud ends in good order' ends
cloud=
check 'its report in words' grep -q '^  1 answers in .* sent, .* received, .* rounds, peak memory' "$tmp/log"
check 'what it learnt in words' grep -q '^  the cloud learnt: the number of tokens' "$tmp/log"
check 'what failed in words' grep -q '^session failed: owner: ' "$tmp/log"
check 'no such network' says 2 "'moon' is no network" \
    "$tacit" party cloud --model "$tmp/cloud" --certs "$tmp/certs" --network moon
exit "$failed"
