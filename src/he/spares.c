#include "he/spares.h"

status he_take(he_spares *s, ckks_cipher *z, size_t parts, error *err)
{
    for (size_t i = s->n; i-- > 0;) {
        if ((s->spare[i].part[2] != NULL) == (parts == 3)) {
            *z = s->spare[i];
            s->spare[i] = s->spare[--s->n];
            z->seeded = false;
            return OK;
        }
    }
    return ckks_cipher_new(z, s->ctx, s->ctx->params.n_limbs, parts, err);
}

void he_give(he_spares *s, ckks_cipher *z)
{
    if (z->part[0] && z->capacity == s->ctx->params.n_limbs && s->n < HE_SPARES) {
        s->spare[s->n++] = *z;
        *z = (ckks_cipher){0};
    }
    ckks_cipher_clear(z);
}

void he_spares_clear(he_spares *s)
{
    while (s->n > 0) {
        ckks_cipher_clear(&s->spare[--s->n]);
    }
}
