#include "ring/stream.h"

#include "base/mem.h"

/* Words are made PIECE at a time, which with their bytes stay in the first cache; threads share
 * them out SHARE at a time. Multiples of 128, so that a piece begins at a block of the cipher. */
enum { PIECE = 1024, SHARE = 16 * PIECE };

struct ring_stream {
    uint64_t at; /* bytes of the stream that are used */
    size_t n_threads;
    prg *prg[]; /* the same stream for each thread */
};

ring_stream *ring_stream_new(const uint8_t seed[PRG_SEED_BYTES], const char *purpose,
                             size_t n_threads, error *err)
{
    size_t bytes;
    CHECK(n_threads > 0);
    if (!mem_mul(&bytes, n_threads, sizeof(prg *)) ||
        !mem_add(&bytes, bytes, sizeof(ring_stream))) {
        error_memory(err);
        return NULL;
    }
    ring_stream *s = mem_new(1, bytes);
    if (!s) {
        error_memory(err);
        return NULL;
    }
    for (s->n_threads = 0; s->n_threads < n_threads; s->n_threads++) {
        s->prg[s->n_threads] = prg_new(seed, purpose, err);
        if (!s->prg[s->n_threads]) {
            ring_stream_free(s);
            return NULL;
        }
    }
    return s;
}

void ring_stream_free(ring_stream *s)
{
    if (s) {
        for (size_t i = 0; i < s->n_threads; i++) {
            prg_free(s->prg[i]);
        }
        mem_free(s);
    }
}

typedef struct {
    ring_stream *s;
    const ring_kernels *t;
    uint64_t *x;
    unsigned bits;
} fill_job;

static void fill(void *ctx, size_t begin, size_t end, size_t worker)
{
    fill_job *job = ctx;
    uint8_t bytes[PIECE * sizeof(uint64_t)];
    prg *from = job->s->prg[worker];
    prg_seek(from, job->s->at + ring_packed_bytes(begin, job->bits));
    for (size_t i = begin; i < end; i += PIECE) {
        const size_t n = end - i < PIECE ? end - i : PIECE;
        const size_t n_bytes = ring_packed_bytes(n, job->bits);
        prg_bytes(from, bytes, n_bytes);
        ring_unpack(job->t, job->x + i, bytes, n, job->bits);
    }
    mem_wipe(bytes, sizeof bytes);
}

void ring_stream_words(ring_stream *s, const ring_kernels *t, pool *p, uint64_t *x, size_t n,
                       unsigned bits)
{
    fill_job job = {s, t, x, bits};
    if (p) {
        CHECK(pool_size(p) <= s->n_threads);
        parallel_for(p, n, SHARE, fill, &job);
    } else {
        fill(&job, 0, n, 0);
    }
    s->at += ring_packed_bytes(n, bits);
}

void ring_stream_bytes(ring_stream *s, void *out, size_t n)
{
    prg_seek(s->prg[0], s->at);
    prg_bytes(s->prg[0], out, n);
    s->at += n;
}
