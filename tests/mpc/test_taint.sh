#!/bin/sh
# No branch and no address depends on a secret: tests/mpc/taint.c under valgrind, which must also
# find the two sins that it is made to commit.
set -u
taint=${TACIT_BUILD:-build/release}/tests/taint
if [ ! -x "$taint" ]; then
    echo "skipped: built with a sanitizer, or without valgrind's headers"
    exit 77
fi
if ! command -v valgrind >/dev/null; then
    echo "skipped: valgrind is not installed"
    exit 77
fi

# valgrind knows AVX2, and no later instructions. OpenSSL's own are not looked at: it fills streams
# before they are secret.
run() {
    TACIT_ISA=avx2 valgrind -q --error-exitcode=99 --errors-for-leak-kinds=none "$taint" "$@" 2>&1
}
failed=0
for model in recipe-secformer recipe-freediv-2quad-kappa bert-sequence; do
    if out=$(run "$model"); then
        echo "ok: $model"
    else
        echo "FAILED: $model"
        echo "$out" | head -n 60
        failed=1
    fi
done
if out=$(run recipe-secformer choices); then
    echo "ok: shared tables, labels alone"
else
    echo "FAILED: shared tables, labels alone"
    echo "$out" | head -n 60
    failed=1
fi
for sin in branch address; do
    out=$(run recipe-freediv-2quad-kappa "$sin")
    if [ $? -eq 99 ] && echo "$out" | grep -qE '(at|by) .*: __wrap_mpc_open'; then
        echo "ok: a planted $sin is found"
    else
        echo "FAILED: a planted $sin is not found"
        echo "$out" | head -n 60
        failed=1
    fi
done
exit $failed
