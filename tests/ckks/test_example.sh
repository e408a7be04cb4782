#!/bin/sh
# examples/ckks.c: what comes back agrees with the clear in the digits that it prints.
set -u
example=${TACIT_BUILD:-build/release}/tests/example_ckks
out=$("$example") || exit 1
echo "$out"
[ "$(echo "$out" | awk '/^room/ { a = $3; sub(",", "", a); d = a - $7; if (d * d < 1e-6) n++ } END { print n }')" = 8 ]
