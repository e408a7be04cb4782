#!/bin/sh
# Every variant of the shipped model: sound, of the recipe that its name says, small, and right about
# two sentences; under mpc it says the same wherever mpc has its recipe.
set -u
tacit=$TACIT_BUILD/tacit
failed=0
count=0

good='a warm, funny film that stays with you for days'
bad='a dull mess that wastes two hours of your life'

check() { # what, wanted, got
    count=$((count + 1))
    [ "$2" = "$3" ] && return
    failed=$((failed + 1))
    echo "FAILED: $1: wanted '$2', got '$3'"
}
label() { # model, protection, sentence
    "$tacit" run "$1" "$3" --protect "$2" --json --quiet | grep -o '"label": "[a-z]*"' |
        grep -o '[a-z]*"$' | tr -d '"'
}

for model in models/sst2-tiny-*; do
    [ -e "$model/config.json" ] || continue
    recipe=${model#models/sst2-tiny-}
    "$tacit" verify "$model" >/dev/null
    check "$model is sound" 0 $?
    grep -q "\"recipe\": \"$recipe\"" "$model/config.json"
    check "$model has the recipe $recipe" 0 $?
    check "$model shares its embeddings" ../sst2-tiny/embeddings.safetensors \
        "$(readlink "$model/embeddings.safetensors")"
    check "$model likes what is good" positive "$(label "$model" plain "$good")"
    check "$model sees what is bad" negative "$(label "$model" plain "$bad")"
    case $recipe in
    secformer | mpcformer | freediv | freediv-2quad)
        check "$model under mpc" positive "$(label "$model" mpc "$good")"
        check "$model under mpc" negative "$(label "$model" mpc "$bad")"
        ;;
    esac
done
check 'models/ is small' yes "$([ "$(du -sk models | cut -f 1)" -le 20480 ] && echo yes)"

if [ "$failed" -ne 0 ]; then
    echo "$failed of $count checks failed"
    exit 1
fi
echo "$count checks passed"
