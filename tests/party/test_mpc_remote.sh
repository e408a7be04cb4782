#!/bin/sh
# shellcheck disable=SC1091,SC2154,SC2015 # what mpc_parties.sh sets; conditions that cannot fail
# Two servers, a dealer and owners as processes over TLS on the loopback.
# shellcheck disable=SC2317 # functions are called through check
# shellcheck source=tests/support/mpc_parties.sh
set -u
tacit=$TACIT_BUILD/tacit
tmp=$(mktemp -d)
dealer='' server0='' server1=''
. tests/support/check.sh
. tests/support/mpc_parties.sh
trap 'for p in $dealer $server0 $server1; do kill "$p" 2>/dev/null; done; rm -rf "$tmp"' EXIT

run() { # run DIR OPTION...
    dir=$1
    shift
    timeout 100 "$tacit" run "$dir" "the film was very good!" --json --peers "$peers" --certs "$tmp/certs" "$@"
}
logits() { sed 's/.*"logits": \[\([^]]*\)\].*/\1/; s/,/ /g'; }
near() { # near FILE FILE: two numbers each, 5e-3 apart at most
    paste -d ' ' "$1" "$2" | awk '
        function abs(x) { return x < 0 ? -x : x }
        { n++; if (NF != 4 || abs($1 - $3) > 5e-3 || abs($2 - $4) > 5e-3) bad = 1 }
        END { exit bad || n != 1 }'
}

check 'certificates' "$tacit" certs "$tmp/certs" --roles owner,server0,server1,dealer
check 'other certificates' "$tacit" certs "$tmp/others" --roles owner,server0,server1,dealer
check 'a model' make_model
check 'a sharing' make_sharing a
check 'another sharing' make_sharing b
check 'a sharing needs ranges' says 9 'no range for' "$tacit" share models/sst2-tiny \
    --to "$tmp/x0" "$tmp/x1" --dealer "$tmp/xd"
check 'a sharing needs a dealer' says 2 'dealer' "$tacit" share "$tmp/model" --to "$tmp/x0" "$tmp/x1"
check 'two servers, no fewer' says 2 'two values' "$tacit" share "$tmp/model" --to "$tmp/x0"

start_all a
"$tacit" run "$tmp/model" "the film was very good!" --json | logits >"$tmp/clear"
run "$tmp/a-owner" | logits >"$tmp/private"
check 'the answer is near that in the clear' near "$tmp/clear" "$tmp/private"
run "$tmp/a-owner" --guard | logits >"$tmp/guarded"
check 'and under a guard' near "$tmp/clear" "$tmp/guarded"
check 'which is in the report' says 0 '"guarded": true, "outside": ' run "$tmp/a-owner" --guard
check 'by its name too' says 0 '"protect": "mpc"' run "$tmp/a-owner" --protect mpc

check 'with a guard' says 0 '"outside": false' run "$tmp/a-owner" --guard

# Four owners at once, each in a session of its own.
for i in 1 2 3 4; do
    "$tacit" eval "$tmp/a-owner" tests/corpus/dataset/tsv --json --peers "$peers" --certs "$tmp/certs" \
        >"$tmp/eval$i" 2>&1 &
    eval "owner$i=\$!"
done
for i in 1 2 3 4; do
    eval "p=\$owner$i"
    check "owner $i of four" wait "$p"
done

# Where something does not fit, nothing is computed.
check 'an owner of another sharing' says 6 'server0: has another model' run "$tmp/b-owner"
check 'a stranger' says 5 . "$tacit" run "$tmp/a-owner" x --peers "$peers" --certs "$tmp/others"
check 'servers that are not who they should be' says 5 'server' "$tacit" run "$tmp/a-owner" x \
    --certs "$tmp/certs" --peers "server0=127.0.0.1:$server1_port,server1=127.0.0.1:$server0_port"
check 'one server as both' says 5 'server1' "$tacit" run "$tmp/a-owner" x \
    --certs "$tmp/certs" --peers "server0=127.0.0.1:$server0_port,server1=127.0.0.1:$server0_port"
check 'another network' says 6 'server0: emulates no network' run "$tmp/a-owner" --network lan
check 'no certificate' says 2 'certificate' "$tacit" run "$tmp/a-owner" x --peers "$peers"
check 'no servers' says 2 'name the servers' "$tacit" run "$tmp/a-owner" x
check 'one server alone' says 2 'server0=HOST:PORT,server1=HOST:PORT' "$tacit" run "$tmp/a-owner" x \
    --peers "server0=127.0.0.1:$server0_port" --certs "$tmp/certs"
check 'a clear model has no sharing' says 3 'sharing.json' run "$tmp/model" --protect mpc

party() { timeout 60 "$tacit" party "$@" --certs "$tmp/certs" --listen 127.0.0.1:0; }
check 'clear weights' says 8 'no place' party server0 "$tmp/model" --peers server1=:1,dealer=:1
check 'swapped directories' says 8 'part of server1' party server0 "$tmp/a-server1" --peers server1=:1,dealer=:1
check 'the dealer does not compute' says 8 'no place' party server0 "$tmp/a-dealer" --peers server1=:1,dealer=:1
check 'servers do not deal' says 8 'no place' party dealer "$tmp/a-server0"
check 'an owner is no server' says 8 'no place' party server1 "$tmp/a-owner" --peers dealer=:1
check 'peers must be named' says 2 'server1=HOST:PORT,dealer=HOST:PORT' party server0 "$tmp/a-server0"
check 'a dealer calls nobody' says 2 'must be none' party dealer "$tmp/a-dealer" --peers server0=:1
check 'no such role' says 2 "role 'king'" party king "$tmp/a-server0"
chmod 644 "$tmp/b-server0/seed"
check 'a seed that others may read' says 5 'chmod 600' party server0 "$tmp/b-server0" --peers server1=:1,dealer=:1
chmod 600 "$tmp/b-server0/seed"
cp -p "$tmp/a-server0/seed" "$tmp/b-server0/seed"
check 'a seed of another sharing' says 8 'seed' party server0 "$tmp/b-server0" --peers server1=:1,dealer=:1

run "$tmp/a-owner" | logits >"$tmp/private"
check 'they still answer' near "$tmp/clear" "$tmp/private"

# A party goes away: whoever is asked says so, and all answer again once it is back.
kill -KILL "$dealer"
wait "$dealer" 2>/dev/null
check 'without a dealer' says 4 'server' run "$tmp/a-owner"
start_dealer a "$dealer_port"
run "$tmp/a-owner" | logits >"$tmp/private"
check 'with a dealer again' near "$tmp/clear" "$tmp/private"
kill -KILL "$server1"
wait "$server1" 2>/dev/null
check 'without server1' says 4 'server' run "$tmp/a-owner"

# A server of another sharing in its place.
start_server1 b "$server1_port"
check 'a foreign server1' says 6 'server' run "$tmp/a-owner"
check 'a foreign server1, seen from the other side' says 6 'server' run "$tmp/b-owner"
check 'server1 ends in good order' stop "$server1"
start_server1 a "$server1_port"
run "$tmp/a-owner" | logits >"$tmp/private"
check 'with server1 again' near "$tmp/clear" "$tmp/private"
check 'all end in good order' stop_all
server0='' server1='' dealer=''
check 'nobody there' says 4 'server0' run "$tmp/a-owner"

keep_logs() { for who in server0 server1 dealer; do mv "$tmp/$who.log" "$tmp/$who.first.log"; done; }
keep_logs

# The same without a dealer, from material that it dealt beforehand.
material_server1() { start server1 "$tmp/a-server1" "$1" --material "$tmp/m1" && server1=$started server1_port=$port; }
material_server0() {
    start server0 "$tmp/a-server0" "$1" --peers "server1=127.0.0.1:$server1_port" --material "$tmp/m0" &&
        server0=$started server0_port=$port
}
check 'material' "$tacit" deal "$tmp/a-dealer" --lengths 8,4+4 --count 4 --to "$tmp/m0" "$tmp/m1"
check 'material of another sharing' "$tacit" deal "$tmp/b-dealer" --lengths 8 --to "$tmp/n0" "$tmp/n1"
check 'no lengths' says 2 'lengths' "$tacit" deal "$tmp/a-dealer" --to "$tmp/x0" "$tmp/x1"
check 'lengths that are none' says 2 '5-20' "$tacit" deal "$tmp/a-dealer" --lengths 9-8 --to "$tmp/x0" "$tmp/x1"
check 'a server deals nothing' says 8 'no place' "$tacit" deal "$tmp/a-server0" --lengths 8 --to "$tmp/x0" "$tmp/x1"
check 'foreign material' says 8 'another sharing' party server1 "$tmp/a-server1" --material "$tmp/n1"
check 'swapped material' says 8 "server0's" party server1 "$tmp/a-server1" --material "$tmp/m0"
check 'material and a dealer' says 2 'must be none' party server1 "$tmp/a-server1" --material "$tmp/m1" --peers dealer=:1
material_server1 0
material_server0 0
peers=server0=127.0.0.1:$server0_port,server1=127.0.0.1:$server1_port
run "$tmp/a-owner" | logits >"$tmp/private"
check 'an answer from material' near "$tmp/clear" "$tmp/private"
check 'a label needs material of its own' says 4 'out of resources' run "$tmp/a-owner" --label-only
check 'a guard needs material of its own' says 4 'out of resources' run "$tmp/a-owner" --guard
check 'material in use' says 8 'in use by another process' party server1 "$tmp/a-server1" --material "$tmp/m1"
kill -KILL "$server1"
wait "$server1" 2>/dev/null
check 'material without server1' says 4 'server' run "$tmp/a-owner"
material_server1 "$server1_port"
run "$tmp/a-owner" | logits >"$tmp/private"
check 'an answer after a restart' near "$tmp/clear" "$tmp/private"
kill -KILL "$server0"
wait "$server0" 2>/dev/null
material_server0 "$server0_port"
run "$tmp/a-owner" | logits >"$tmp/private"
check 'and after another' near "$tmp/clear" "$tmp/private"
run "$tmp/a-owner" >"$tmp/out"
check 'used up' says 4 'out of resources' run "$tmp/a-owner"
check 'its server says so' logged 'all 4 inferences dealt for 8 tokens are used up' "$tmp/server0.log"
check 'another length' says 4 'out of resources' "$tacit" run "$tmp/a-owner" good --peers "$peers" --certs "$tmp/certs"
check 'they end in good order' sh -c "kill -TERM $server0 $server1"
wait "$server0" && wait "$server1" || failed=1
server0='' server1=''
cp -rp "$tmp/m1" "$tmp/copy"
check 'a copy of material' says 8 'was copied' party server1 "$tmp/a-server1" --material "$tmp/copy"

check 'nothing of the text is in the logs' sh -c "! grep -q film '$tmp'/*.log '$tmp'/*.errors"
for who in server0 server1 dealer; do
    check "$who reports what it learnt" grep -q \
        "\"role\": \"$who\", \"protect\": \"mpc\".*\"seconds_offline\": .*\"answers\": 1, .*\"peers\": {.*\"peak_bytes\": [1-9].*\"learned\": \"the .*number of tokens" "$tmp/$who.first.log"
    check "every line of $who is an object" sh -c "! grep -v '^{\"schema\": 1, \"verb\": \"party\", .*}\$' '$tmp/$who.first.log'"
done
exit "$failed"
