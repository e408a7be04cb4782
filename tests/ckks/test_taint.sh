#!/bin/sh
# No branch and no address depends on a secret key, on what hides it, or on what is encrypted:
# tests/ckks/taint.c under valgrind, which must also find the two sins that it is made to commit.
set -u
taint=${TACIT_BUILD:-build/release}/tests/ckks_taint
if [ ! -x "$taint" ]; then
    echo "skipped: built with a sanitizer, or without valgrind's headers"
    exit 77
fi
if ! command -v valgrind >/dev/null; then
    echo "skipped: valgrind is not installed"
    exit 77
fi

# valgrind knows AVX2, and no later instructions.
run() {
    TACIT_ISA=$isa valgrind -q --error-exitcode=99 --errors-for-leak-kinds=none "$taint" "$@" 2>&1
}
failed=0
for isa in ref avx2; do
    if ! out=$(run); then
        echo "FAILED: $isa"
        echo "$out" | head -n 60
        failed=1
    else
        echo "ok: $isa"
    fi
done
for sin in branch address; do
    out=$(run "$sin")
    if [ $? -eq 99 ] && echo "$out" | grep -qE '(at|by) .*: (commit|main)'; then
        echo "ok: a planted $sin is found"
    else
        echo "FAILED: a planted $sin is not found"
        echo "$out" | head -n 60
        failed=1
    fi
done
exit $failed
