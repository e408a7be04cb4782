#!/bin/sh
# Owner and server of he as two processes over TLS on the loopback.
# shellcheck disable=SC1091,SC2154,SC2317 # what check.sh sets; functions are called through check
set -u
tacit=$TACIT_BUILD/tacit
model=models/sst2-tiny-poly
tmp=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$tmp"' EXIT
. tests/support/check.sh

check 'certificates' "$tacit" certs "$tmp/certs" --roles owner,he-server
check 'what owners get' "$tacit" share $model --protect he --owner "$tmp/owner"
check 'a key' "$tacit" keygen "$tmp/key"
check 'not twice' says 2 . "$tacit" keygen "$tmp/key"
check 'nobody else may read it' test "$(stat -c %a "$tmp/key/he.key" "$tmp/key" | tr '\n' ' ')" = '600 700 '
check 'owners get no layer' sh -c "! grep -q layer.0 '$tmp/owner/model.safetensors'"
check 'nor have servers shares' says 2 'the server has the model itself' \
    "$tacit" share $model --protect he --owner "$tmp/x" --dealer "$tmp/y"
check 'no steps for this recipe' says 8 . "$tacit" share models/sst2-tiny --protect he --owner "$tmp/x"
check 'of a model with rounds too' "$tacit" share models/sst2-tiny-thex --protect he --owner "$tmp/rounds"
check 'nor is it served' says 8 . "$tacit" party he-server models/sst2-tiny --certs "$tmp/certs" -l 127.0.0.1:0

serve() { # serve OPTION...: a server; its process and how it is reached
    "$tacit" party he-server $model --certs "$tmp/certs" --listen 127.0.0.1:0 --json "$@" \
        >"$tmp/log" 2>"$tmp/errors" &
    server=$!
    for _ in $(seq 100); do
        grep -q port "$tmp/log" && break
        sleep 0.1
    done
    peers=he-server=127.0.0.1:$(sed -n 's/.*"port": \([0-9]*\).*/\1/p' "$tmp/log")
}
ends() { # the server, in good order
    kill -TERM "$server" && wait "$server"
}
run() { "$tacit" run "$@" --json --peers "$peers" --certs "$tmp/certs"; }

serve --memory 100
check 'too little memory' says 7 'he-server: needs .* its limit is 0.10 GB' run "$tmp/owner" bad
check 'no certificate' says 2 'certificate' "$tacit" run "$tmp/owner" bad --peers "$peers"
check 'wrong peers' says 2 'he-server=HOST:PORT' "$tacit" run "$tmp/owner" bad --peers cloud=:1 --certs "$tmp/certs"
check 'no server' says 2 'name the server' "$tacit" run "$tmp/owner" bad
check 'no key there' says 3 'he.key' run "$tmp/owner" bad --key "$tmp/certs"
chmod 644 "$tmp/key/he.key"
check 'a key that others may read' says 5 'chmod 600' run "$tmp/owner" bad --key "$tmp/key"
chmod 600 "$tmp/key/he.key"
check 'another network' says 6 'he-server: ' run "$tmp/owner" bad --network lan
check 'another model' says 6 'another model' run models/sst2-tiny bad --protect he
check 'the server ends in good order' ends
server=
check 'nobody there' says 4 'he-server' run "$tmp/owner" bad
check 'it reports what it learnt' grep -q '"keys": {"received": 0, "kept": 0}.*"learned": "that somebody called"' "$tmp/log"
check 'nothing of the text is in the log' sh -c "! grep -q bad '$tmp/log' '$tmp/errors'"
check 'every line of it is an object' sh -c "! grep -v '^{\"schema\": 1, \"verb\": \"party\", .*}\$' '$tmp/log'"
exit "$failed"
