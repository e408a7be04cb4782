#!/bin/sh
# The command on small models: what it prints, where, and with which exit code.
set -u
tacit=$TACIT_BUILD/tacit
models=tests/vectors/models
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0
count=0

# expect CODE PATTERN COMMAND...: the exit code, and a basic regular expression that some line of
# stdout and stderr together matches.
expect() {
    code=$1 pattern=$2
    shift 2
    count=$((count + 1))
    "$@" >"$tmp/all" 2>&1 </dev/null
    got=$?
    if [ "$got" -ne "$code" ] || ! grep -q -- "$pattern" "$tmp/all"; then
        failed=$((failed + 1))
        echo "FAILED: $*"
        echo "  wanted exit code $code and a line like: $pattern"
        echo "  got exit code $got and:"
        sed 's/^/    /' "$tmp/all"
    fi
}

# json PYTHONIC: nothing on stderr, one object on stdout that holds the text.
expect_json() {
    wanted=$1
    shift
    count=$((count + 1))
    "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
    if [ -s "$tmp/err" ] || [ "$(wc -l <"$tmp/out")" -ne 1 ] || ! grep -q -- "$wanted" "$tmp/out"; then
        failed=$((failed + 1))
        echo "FAILED: $*"
        cat "$tmp/out" "$tmp/err"
    fi
}

bert=$models/bert-sequence

expect 2 'usage: tacit VERB' "$tacit"
expect 0 'tacit doctor' "$tacit" --help
expect 0 '^tacit [0-9]' "$tacit" --version
expect 2 "'walk' is no verb" "$tacit" walk
for verb in run eval show verify convert protect attack certs bench doctor; do
    expect 0 "usage: tacit $verb" "$tacit" $verb --help
done
expect 2 'usage: tacit run MODEL' "$tacit" run
expect 2 'one argument too many' "$tacit" run "$bert" a b
expect 2 "option '--colour' is not known" "$tacit" run --colour "$bert" a
expect 2 'option --threads needs a value (N)' "$tacit" run "$bert" a --threads
expect 2 "option --threads: 'two' is not a number" "$tacit" run "$bert" a --threads two
expect 2 "option --threads: '-1' is not a number" "$tacit" run "$bert" a --threads -1
expect 2 'option --json takes no value' "$tacit" run "$bert" a --json=1
expect 2 "protection 'rot13'" "$tacit" run "$bert" a --protect rot13
expect 2 'give TEXT or --file' "$tacit" run "$bert" a --file x
expect 3 'no/such/model' "$tacit" run no/such/model a
expect 3 'nothing-here: cannot be read' "$tacit" run "$bert" --file nothing-here

expect 0 '^plain  *positive ' "$tacit" run "$bert" "the film was very good!"
expect 0 'under plain, this machine learns' "$tacit" run "$bert" "dull"
expect 0 'positive' "$tacit" run "$bert" -- -t
printf 'the film was very good!\n' >"$tmp/text"
expect 0 '8 tokens' "$tacit" run "$bert" --file "$tmp/text"
expect 0 'the text was cut' "$tacit" run "$bert" "$(yes dull | head -60 | tr '\n' ' ')"
expect 0 '^plain' "$tacit" run "$bert" "dull" --pair "film" -t 2 --precision bf16
expect 0 'film  ' "$tacit" run $models/bert-token "dull film"
expect 0 '^plain  *embedding' "$tacit" run $models/sentence-mean "dull film"
expect 3 'byte' "$tacit" run "$bert" "$(printf 'a\377b')"
expect_json '"verb": "run".*"label": "positive"' "$tacit" run "$bert" dull --json
expect 0 '^stip  *positive .* 1  ' "$tacit" run "$bert" "the film was very good!" --protect plain,stip
expect 0 'under stip, cloud learns' "$tacit" run "$bert" dull --protect stip
expect 2 'under stip it is f32' "$tacit" run "$bert" dull --protect stip --precision bf16
expect_json '"bytes_sent": {"owner": {"offline": 0, "online": [1-9]' "$tacit" run "$bert" dull --json --protect stip
expect_json '"network": "lan"' "$tacit" run "$bert" dull --json --protect stip --network lan
expect 2 "'moon' is no network" "$tacit" run "$bert" dull --protect stip --network moon
expect_json '"runs": \[' "$tacit" run "$bert" dull --json --protect plain,plain
expect 3 '"error": {"code": 3' "$tacit" run no/such/model a --json

printf 'sentence\tlabel\nthe film was very good!\t1\ndull\tnegative\n' >"$tmp/dev.tsv"
expect 0 'accuracy   0.5000' "$tacit" eval "$bert" "$tmp/dev.tsv"
expect_json '"correct": 1' "$tacit" eval "$bert" "$tmp/dev.tsv" --json
expect 0 '2 examples' "$tacit" eval "$bert" "$tmp/dev.tsv" --predictions "$tmp/out.jsonl"
expect 0 '"line": 3.*"expected": "negative"\|"expected": "negative".*"line": 3' cat "$tmp/out.jsonl"
expect 3 'cannot\|No such file' "$tacit" eval "$bert" "$tmp/none.tsv"
expect 2 'No such file' "$tacit" eval "$bert" "$tmp/dev.tsv" --predictions "$tmp/no/dir"
expect 0 '1 examples' "$tacit" eval "$bert" "$tmp/dev.tsv" --limit 1
expect_json '"network": "lan".*"correct": 1' "$tacit" eval "$bert" "$tmp/dev.tsv" --protect stip --network lan --json

expect 0 'BertForSequenceClassification' "$tacit" show "$bert"
expect_json '"verb": "show"' "$tacit" show "$bert" --json
expect 0 'sound' "$tacit" verify "$bert"
cp -r "$bert" "$tmp/broken"
head -c 2000 "$bert/model.safetensors" >"$tmp/broken/model.safetensors"
expect 3 'model.safetensors' "$tacit" verify "$tmp/broken"

printf 'dull film\nthe film was very good!\na bad story\n' >"$tmp/lines.txt"
expect 2 '--recipe is missing' "$tacit" convert "$bert" "$tmp/none"
expect 2 "recipe 'soup'" "$tacit" convert "$bert" "$tmp/none" --recipe soup
expect 2 'give some to calibrate with' "$tacit" convert "$bert" "$tmp/none" --recipe thex
for recipe in exact mpcformer secformer freediv freediv-2quad thex poly; do
    expect 0 'layers.0.attention/scores' "$tacit" convert "$bert" "$tmp/$recipe" --recipe $recipe --data "$tmp/lines.txt"
    expect 0 "recipe $recipe," "$tacit" run "$tmp/$recipe" "dull"
    expect 0 'sound' "$tacit" verify "$tmp/$recipe"
done
expect 2 'exists' "$tacit" convert "$bert" "$tmp/thex" --recipe thex --data "$tmp/lines.txt"
expect 0 '"recipe": "thex"' sh -c "$tacit convert $tmp/thex $tmp/again -r thex -d $tmp/lines.txt -q && cat $tmp/again/config.json"
expect 0 'the same' sh -c "cmp $tmp/thex/config.json $tmp/again/config.json && cmp $tmp/thex/model.safetensors $tmp/again/model.safetensors && echo the same"
expect 2 'takes ranges from texts' "$tacit" convert "$tmp/thex" "$tmp/none" --recipe thex
expect 2 'has the recipe thex already' "$tacit" convert "$tmp/thex" "$tmp/none" --recipe exact

expect 2 '--key is missing' "$tacit" protect "$bert" "$tmp/server"
expect 0 'a heuristic' "$tacit" protect "$bert" "$tmp/server" --key "$tmp/owner" --seed-file "$tmp/seed"
expect_json '"seed": "read"' "$tacit" protect "$bert" "$tmp/server2" --key "$tmp/owner2" --seed-file "$tmp/seed" --json
expect 0 'the same' sh -c "cmp $tmp/server/model.safetensors $tmp/server2/model.safetensors && echo the same"
expect 0 'protected  *stip' "$tacit" show "$tmp/server"
expect 0 'sound' "$tacit" verify "$tmp/server"
expect 2 'protected by STIP' "$tacit" run "$tmp/server" dull
expect 2 'exists already' "$tacit" protect "$bert" "$tmp/server" --key "$tmp/owner3"
expect 8 'protected already' "$tacit" protect "$tmp/server" "$tmp/none" --key "$tmp/owner3"
expect 0 '100.0 %  [0-9]* of [0-9]* tokens$' "$tacit" attack "$tmp/server" --key "$tmp/owner" --data "$tmp/lines.txt"
expect 0 'STIP is a heuristic' "$tacit" attack "$tmp/server" --key "$tmp/owner" --data "$tmp/lines.txt" --base "$bert"
expect_json '"id": "A4"' "$tacit" attack "$bert" --limit 2 --json
expect 5 'chmod 600' sh -c "chmod 644 $tmp/owner2/stip.key; $tacit attack $tmp/server2 --key $tmp/owner2"
expect 3 'stip.key' "$tacit" attack "$tmp/server" --key "$tmp/no-owner"
expect 0 'owner.key' "$tacit" certs "$tmp/certs" --roles owner,cloud --days 7
expect 0 '^600 ' stat -c '%a %n' "$tmp/certs/owner.key"
expect 0 '^700 ' stat -c '%a %n' "$tmp/certs"
expect 2 'exists already' "$tacit" certs "$tmp/certs"
expect 0 'server0.key' "$tacit" certs "$tmp/certs" --add server0,dealer --days 3
expect_json '"days": [67], .*"role": "server1"' "$tacit" certs "$tmp/certs" --add server1 --json
expect 2 'server0.pem: exists already' "$tacit" certs "$tmp/certs" --add developer,server0
expect 3 'developer' sh -c "test -e '$tmp/certs/developer.pem' || { echo no developer; exit 3; }"
expect 2 'give --roles' "$tacit" certs "$tmp/certs" --add he-server --roles owner
expect_json '"days": 365, .*"role": "he-server"' "$tacit" certs "$tmp/every" --json
expect 0 '^14$' sh -c "ls '$tmp/every' | grep -c 'owner\\|cloud\\|server\\|dealer\\|developer'"
expect 2 "'nobody' is no role" "$tacit" certs "$tmp/none" --roles nobody
expect 2 'comes twice' "$tacit" certs "$tmp/none" --roles owner,owner
expect 2 'from 1 to 3650' "$tacit" certs "$tmp/none" --days 4000
expect 2 'never good' "$tacit" certs "$tmp/none" --days 0
expect 7 'no/dir: cannot be made' "$tacit" certs "$tmp/no/dir"

expect 0 'median' "$tacit" bench --shape bert-tiny --tokens 16 --repeat 2
expect_json '"plain": {"milliseconds".*"ratio": {"median"' "$tacit" bench --shape bert-tiny --tokens 16 --repeat 2 --protect stip -q --json
expect 0 '^network  *wan' "$tacit" bench --shape bert-tiny --tokens 16 --repeat 1 --protect stip --network wan
expect 2 "shape 'huge'" "$tacit" bench --shape huge
expect 0 'instruction_set' "$tacit" doctor
TACIT_ISA=ref expect 0 'kernels  *ref' "$tacit" doctor
TACIT_ISA=z80 expect 2 'TACIT_ISA=z80' "$tacit" doctor
TACIT_ISA=ref expect 0 '^plain  *positive' "$tacit" run "$bert" dull

echo "$((count - failed)) of $count checks passed"
[ "$failed" -eq 0 ]
