#include "he/program.h"

#include <math.h>

#include "base/mem.h"

/* he.md Eq. (3): c0 + c1 t + c2 (2 t^2 - 1) at t = a x + b. */
status he_square_of(he_square *out, const polynomial *p, const char *name, error *err)
{
    if (p->degree != 2 || p->coef[2] == 0) {
        return error_set(err, ERR_POLICY,
                         "%s: a polynomial of degree %zu: on ciphertexts it must be 2", name,
                         p->degree);
    }
    const double a = 2 / (p->hi - p->lo), b = -(p->hi + p->lo) / (p->hi - p->lo);
    const double c0 = p->coef[0], c1 = p->coef[1], c2 = p->coef[2];
    const double square = 2 * c2 * a * a, line = a * (c1 + 4 * c2 * b);
    const double constant = c0 - c2 + c1 * b + 2 * c2 * b * b;
    *out = (he_square){.root = sqrt(fabs(square)),
                       .shift = line / (2 * square),
                       .constant = constant - line * line / (4 * square),
                       .sign = square < 0 ? -1 : 1};
    return OK;
}

void he_program_free(he_program *p)
{
    if (p) {
        mem_free(p->step);
        mem_free(p->depth);
        mem_free(p->last_use);
        mem_free(p);
    }
}
