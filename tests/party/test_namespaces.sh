#!/bin/sh
# Developer, cloud and owner in a network namespace each: the developer has no network at all, cloud
# and owner have one cable between them and nothing else. Needs root, or user namespaces.
# shellcheck disable=SC1091,SC2154,SC2317 # what check.sh sets; functions are called through check
set -u
if [ "${1:-}" != inside ]; then
    for program in ip unshare nsenter; do
        if ! command -v $program >/dev/null; then
            echo "skipped: $program is not installed"
            exit 77
        fi
    done
    if ! unshare --user --map-root-user --net true 2>/dev/null; then
        echo "skipped: this system does not let a user make network namespaces"
        exit 77
    fi
    exec unshare --user --map-root-user --net sh "$0" inside
fi

tacit=$TACIT_BUILD/tacit
model=tests/vectors/models/bert-sequence
tmp=$(mktemp -d)
running=
trap '[ -n "$running" ] && kill $running 2>/dev/null; rm -rf "$tmp"' EXIT
. tests/support/check.sh

fails_with() { # fails_with CODE COMMAND...
    code=$1
    shift
    "$@"
    [ $? -eq "$code" ]
}

new_namespace() { # a process that holds it: $held
    unshare --net sleep 600 &
    held=$!
    running="$running $held"
    while [ "$(readlink /proc/$held/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do
        sleep 0.01
    done
}

at() { # at HOLDER COMMAND...: in that namespace
    holder=$1
    shift
    nsenter --target "$holder" --net "$@"
}

new_namespace
developer=$held
new_namespace
cloud=$held
new_namespace
owner=$held
if ! ip link add c0 netns "$cloud" type veth peer name o0 netns "$owner" 2>"$tmp/out"; then
    echo "skipped: no cable can be laid between namespaces: $(cat "$tmp/out")"
    exit 77
fi
at "$cloud" ip addr add 10.77.0.1/24 dev c0
at "$owner" ip addr add 10.77.0.2/24 dev o0
at "$cloud" ip link set c0 up
at "$owner" ip link set o0 up

check 'certificates' "$tacit" certs "$tmp/certs" --roles owner,cloud
check 'the developer has no network' fails_with 1 sh -c "nsenter -t $developer -n ip -o link show up | grep ."
check 'the developer protects' at "$developer" "$tacit" protect $model "$tmp/cloud" --key "$tmp/owner"

nsenter --target "$cloud" --net "$tacit" party cloud --model "$tmp/cloud" --certs "$tmp/certs" --listen 10.77.0.1:7421 \
    --json >"$tmp/log" &
serving=$!
running="$running $serving"
for _ in $(seq 100); do
    grep -q port "$tmp/log" && break
    sleep 0.1
done

ask() { at "$1" "$tacit" run "$2" "the film was very good!" --json --peers cloud=10.77.0.1:7421 --certs "$tmp/certs"; }
sum() { tr -cs '0-9' '\n' | awk '{ s += $1 } END { print s + 0 }'; }

label_and_logits() { grep -o '"label": "[a-z]*"\|"logits": \[-*[0-9.]\{6\}'; }
"$tacit" run $model "the film was very good!" --json | label_and_logits >"$tmp/clear"
ask "$owner" "$tmp/owner" >"$tmp/answer"
label_and_logits <"$tmp/answer" >"$tmp/private"
check 'the answer is the one in the clear' cmp "$tmp/clear" "$tmp/private"
check 'the answer is not empty' test -s "$tmp/private"
counted=$(grep -o '"online": [0-9]*}' "$tmp/answer" | sum)
at "$owner" ip -s link show o0 >"$tmp/link"
carried=$(awk '/RX:|TX:/ { getline; s += $1 } END { print s }' "$tmp/link")
check 'what was counted went over the cable' test "$counted" -gt 0 -a "$carried" -gt "$counted"
check 'the developer cannot reach the cloud' fails_with 4 ask "$developer" "$tmp/owner"
kill -TERM "$serving"
check 'the cloud ends in good order' wait "$serving"
check 'its report' grep -q '"answers": 1,.*"learned": "the number of tokens' "$tmp/log"
exit "$failed"
