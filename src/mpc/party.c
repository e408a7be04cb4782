#include "mpc/party.h"

#include "base/mem.h"

wire *wire_new(mpc *p, size_t n, unsigned bits, unsigned frac)
{
    CHECK(bits >= 1 && bits <= 64);
    wire *w = mem_new(1, sizeof *w);
    if (!w) {
        error_memory(p->err);
        return NULL;
    }
    *w = (wire){.n = n, .bits = bits, .frac = frac};
    if (mpc_has_shares(p)) {
        w->share = mpc_words(p, n);
        if (!w->share) {
            mem_free(w);
            return NULL;
        }
    }
    return w;
}

void wire_drop(mpc *p, wire *w)
{
    if (!w) {
        return;
    }
    mpc_words_drop(p, w->share);
    mpc_words_drop(p, w->masked);
    mpc_words_drop(p, w->mask);
    mpc_words_drop(p, w->whole);
    mpc_words_drop(p, w->top);
    mem_free(w);
}

uint64_t *mpc_words(mpc *p, size_t n)
{
    size_t bytes;
    uint64_t *words = NULL;
    if (mem_mul(&bytes, n, sizeof *words)) {
        words = buffers_take(p->buffers, bytes);
    }
    if (!words) {
        error_memory(p->err);
    }
    return words;
}

void mpc_words_drop(mpc *p, uint64_t *words)
{
    buffers_give(p->buffers, words);
}
