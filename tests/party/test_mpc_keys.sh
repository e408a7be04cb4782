#!/bin/sh
# shellcheck disable=SC1091,SC2154 # what mpc_parties.sh sets
# One program as two parties: whoever meets both by their keys refuses them.
# shellcheck disable=SC2317 # functions are called through check
# shellcheck source=tests/support/mpc_parties.sh
set -u
tacit=$TACIT_BUILD/tacit
tmp=$(mktemp -d)
dealer='' server0='' server1=''
. tests/support/check.sh
. tests/support/mpc_parties.sh
trap 'for p in $dealer $server0 $server1; do kill "$p" 2>/dev/null; done; rm -rf "$tmp"' EXIT

refused() { # refused CODE WORDS: what the owner is told
    timeout 100 "$tacit" run "$tmp/a-owner" good --peers "$peers" --certs "$tmp/certs" >"$tmp/both" 2>&1
    got=$?
    cat "$tmp/both"
    [ "$got" -eq "$1" ] && grep -q "$2" "$tmp/both"
}

# For every two parties that meet: the second has the first one's key. Who notices says so.
attempt() { # attempt FIRST SECOND CODE WORDS WHO LINE
    rm -rf "$tmp/certs"
    cp -rp "$tmp/whole" "$tmp/certs"
    check "$2 with the key of $1" "$TACIT_BUILD/tests/same_key" "$tmp/certs" "$2" "$1"
    start_all a
    check "$2 with the key of $1 is refused" refused "$3" "$4"
    [ "$5" = owner ] || check "$5 says why" logged "$6" "$tmp/$5.log"
    check 'all end in good order' stop_all
    server0='' server1='' dealer=''
}

check 'certificates' "$tacit" certs "$tmp/whole" --roles owner,server0,server1,dealer
check 'a model' make_model
check 'a sharing' make_sharing a
cp -rp "$tmp/whole" "$tmp/certs"
start_all a
check 'four keys' timeout 100 "$tacit" run "$tmp/a-owner" good --peers "$peers" --certs "$tmp/certs"
check 'they end in good order' stop_all
server0='' server1='' dealer=''
attempt server0 server1 5 'server1: has the key of server0' owner ''
attempt server1 dealer 4 'server' server0 'dealer: has the key of server1'
attempt server0 dealer 4 'server' server1 'dealer: has the key of server0'
attempt server0 owner 5 "server0: the certificate has this party's own key" owner ''
attempt server1 owner 5 "server1: the certificate has this party's own key" owner ''
exit "$failed"
