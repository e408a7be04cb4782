# Three parties of mpc as processes over TLS on the loopback; sourced by scripts.
# shellcheck disable=SC1091,SC2154,SC2015 # what mpc_parties.sh sets; conditions that cannot fail
# Needs: $tacit, $tmp. Sets: $dealer $server0 $server1 (processes), $peers (how owners reach them).

# A model of two layers with a recipe, and what make_sharing NAME makes of it: $tmp/NAME-server0 …
make_model() {
    printf '%s\n' 'a great movie' 'not bad at all' 'boring' 'funny and touching and smart' \
        'the plot is thin and the jokes are old' >"$tmp/texts"
    "$tacit" convert models/sst2-tiny "$tmp/model" -r freediv-2quad -d "$tmp/texts" -q >"$tmp/convert"
}
make_sharing() { # make_sharing NAME OPTION...
    sharing=$1
    shift
    "$tacit" share "$tmp/model" --to "$tmp/$sharing-server0" "$tmp/$sharing-server1" \
        --dealer "$tmp/$sharing-dealer" --owner "$tmp/$sharing-owner" "$@"
}

# The port that a party's log names, once it serves.
port_in() {
    for _ in $(seq 200); do
        grep -q port "$1" && break
        sleep 0.1
    done
    sed -n 's/.*port[": ]*\([0-9][0-9]*\).*/\1/p' "$1" | head -n 1
}

# A party tells of a session when it is over, which its peers may know before.
logged() { # logged WORDS FILE
    for _ in $(seq 200); do
        grep -q "$1" "$2" && return 0
        sleep 0.1
    done
    return 1
}

start() { # start ROLE DIR PORT OPTION...: in the background; sets $started and $port
    role=$1 dir=$2 at=$3
    shift 3
    : >"$tmp/$role.log"
    "$tacit" party "$role" "$dir" --certs "$tmp/certs" --listen "127.0.0.1:$at" --json "$@" \
        >"$tmp/$role.log" 2>>"$tmp/$role.errors" &
    started=$!
    port=$(port_in "$tmp/$role.log")
}

start_dealer() { # start_dealer NAME PORT OPTION...
    name=$1 at=$2
    shift 2
    start dealer "$tmp/$name-dealer" "$at" "$@"
    dealer=$started dealer_port=$port
}
start_server1() {
    name=$1 at=$2
    shift 2
    start server1 "$tmp/$name-server1" "$at" --peers "dealer=127.0.0.1:$dealer_port" "$@"
    server1=$started server1_port=$port
}
start_server0() {
    name=$1 at=$2
    shift 2
    start server0 "$tmp/$name-server0" "$at" \
        --peers "server1=127.0.0.1:$server1_port,dealer=127.0.0.1:$dealer_port" "$@"
    server0=$started server0_port=$port
}
start_all() { # start_all NAME OPTION...
    name=$1
    shift
    start_dealer "$name" 0 "$@"
    start_server1 "$name" 0 "$@"
    start_server0 "$name" 0 "$@"
    peers=server0=127.0.0.1:$server0_port,server1=127.0.0.1:$server1_port
}

stop() { # stop PROCESS: in good order
    kill -TERM "$1" && wait "$1"
}
stop_all() {
    stop "$server0" && stop "$server1" && stop "$dealer"
}
