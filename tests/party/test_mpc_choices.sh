#!/bin/sh
# shellcheck disable=SC1091,SC2154 # what mpc_parties.sh sets
# What a model's owner may choose when it shares, and a data owner when it asks, between processes.
# shellcheck disable=SC2317 # functions are called through check
# shellcheck source=tests/support/mpc_parties.sh
set -u
tacit=$TACIT_BUILD/tacit
tmp=$(mktemp -d)
dealer='' server0='' server1=''
. tests/support/check.sh
. tests/support/mpc_parties.sh
trap 'for p in $dealer $server0 $server1; do kill "$p" 2>/dev/null; done; rm -rf "$tmp"' EXIT
text='the film was very good!'

no_numbers() { ! grep -q -e logits -e probabilities "$tmp/both"; }

run() { # run DIR OPTION...
    dir=$1
    shift
    timeout 100 "$tacit" run "$dir" "$text" --json --peers "$peers" --certs "$tmp/certs" "$@"
}

check 'certificates' "$tacit" certs "$tmp/certs" --roles owner,server0,server1,dealer
check 'a model' make_model
"$tacit" run "$tmp/model" "$text" --json >"$tmp/clear"
label=$(sed 's/.*"label": "\([^"]*\)".*/\1/' "$tmp/clear")

# Whoever may have numbers may ask for the label alone.
check 'a sharing' make_sharing a
start_all a
check 'numbers' says 0 '"logits"' run "$tmp/a-owner"
check 'a label alone' says 0 "\"label\": \"$label\"" run "$tmp/a-owner" --label-only
check 'and no number' no_numbers
check 'who learns what' grep -q 'the label, none of the numbers' "$tmp/both"
check 'with a guard' says 0 '"guarded": true' run "$tmp/a-owner" --label-only --guard
check 'and no number then' no_numbers
printf 'sentence\tlabel\na great movie\t1\nboring\t0\nfunny and touching and smart\t0\nnot bad at all\t1\n' >"$tmp/data.tsv"
"$tacit" eval "$tmp/model" "$tmp/data.tsv" --json >"$tmp/out"
correct=$(sed 's/.*\("correct": [0-9]*, "accuracy": [0-9.]*\).*/\1/' "$tmp/out")
check 'accuracy' says 0 "$correct" "$tacit" eval "$tmp/a-owner" "$tmp/data.tsv" --json \
    --peers "$peers" --certs "$tmp/certs" --label-only
check 'under mpc alone' says 2 'only mpc' "$tacit" run "$tmp/model" "$text" --label-only
check 'all end in good order' stop_all
server0='' server1='' dealer=''

# Or the sharing gives nothing else.
check 'a sharing of labels' make_sharing c --label-only
start_all c
check 'the label without asking' says 0 "\"label\": \"$label\"" run "$tmp/c-owner"
check 'no number there' no_numbers
cp -rp "$tmp/c-owner" "$tmp/altered"
sed -i 's/"label_only": true/"label_only": false/' "$tmp/altered/sharing.json"
check 'an owner who would have numbers' says 3 'not the id' run "$tmp/altered"
check 'they end in good order' stop_all
server0='' server1='' dealer=''

# Tables that nobody has: the data owner's part has none, and asks as before.
check 'a sharing of the tables too' make_sharing d --embedding oblivious
check 'the owner has no tables' [ ! -e "$tmp/d-owner/model.safetensors" ]
start_all d
check 'a label by shared tables' says 0 "\"label\": \"$label\"" run "$tmp/d-owner"
check 'and nobody learns them' grep -q 'no weight and no embedding' "$tmp/both"
check 'a label alone by shared tables' says 0 "\"label\": \"$label\"" run "$tmp/d-owner" --label-only
check 'in that way alone' says 2 'was not shared so' run "$tmp/d-owner" --embedding owner
check 'several texts' says 0 "$correct" "$tacit" eval "$tmp/d-owner" "$tmp/data.tsv" --json \
    --peers "$peers" --certs "$tmp/certs"
check 'what is in it' says 0 'sst2-tiny\|bert' "$tacit" show "$tmp/d-owner"
cp -p "$tmp/a-owner/model.safetensors" "$tmp/d-owner/"
check 'foreign tables' says 8 'not the file of this sharing' run "$tmp/d-owner"
check 'those end in good order' stop_all
server0='' server1='' dealer=''
check 'no such way' says 2 'owner or oblivious' "$tacit" run "$tmp/model" "$text" -p mpc --embedding king

# Material is for one kind of answer.
material() { # material FOR OPTION...
    for_what=$1
    shift
    "$tacit" deal "$tmp/a-dealer" --lengths 8 --to "$tmp/$for_what-0" "$tmp/$for_what-1" "$@"
}
check 'material for labels' material labels --label-only
start server1 "$tmp/a-server1" 0 --material "$tmp/labels-1"
server1=$started server1_port=$port
start server0 "$tmp/a-server0" 0 --peers "server1=127.0.0.1:$server1_port" --material "$tmp/labels-0"
server0=$started server0_port=$port
peers=server0=127.0.0.1:$server0_port,server1=127.0.0.1:$server1_port
check 'is not for numbers' says 4 'out of resources' run "$tmp/a-owner"
check 'its server says so' logged 'without guard, numbers' "$tmp/server0.log"
check 'a label from material' says 0 "\"label\": \"$label\"" run "$tmp/a-owner" --label-only
kill -TERM "$server0" "$server1"
wait "$server0" "$server1"
server0='' server1=''
exit "$failed"
