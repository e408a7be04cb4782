#include "plain/ranges.h"
#include "plain/state.h"

typedef struct {
    const plain_engine *e;
    const activation *f;
    const norm *norm;
    const float *x, *residual;
    float *y;
} pointwise;

static void activate_part(void *ctx, size_t begin, size_t end, size_t worker)
{
    const pointwise *p = ctx;
    (void)worker;
    p->e->kernels.activate(p->y + begin, p->x + begin, end - begin, p->f);
}

static void normalise_rows(void *ctx, size_t begin, size_t end, size_t worker)
{
    const pointwise *p = ctx;
    const size_t dim = p->norm->dim;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        p->e->kernels.normalise(p->y + i * dim, p->x + i * dim,
                                p->residual ? p->residual + i * dim : NULL, p->norm);
    }
}

static status record_input(const plain_engine *e, const value *x, const activation *f)
{
    interval seen = interval_empty();
    interval_add_all(&seen, x->data, x->rows * x->columns);
    return range_recorder_widen(e->ranges, f->name, "input", seen, e->base.err);
}

static status record_norm(const plain_engine *e, const value *x, const value *residual,
                          const norm *f)
{
    interval centred = interval_empty(), variance = interval_empty();
    for (size_t i = 0; i < x->rows; i++) {
        const float *a = x->data + i * f->dim, *b = residual ? residual->data + i * f->dim : NULL;
        double mean = 0, squares = 0;
        for (size_t j = 0; j < f->dim; j++) {
            mean += (double)a[j] + (b ? (double)b[j] : 0);
        }
        mean /= (double)f->dim;
        for (size_t j = 0; j < f->dim; j++) {
            const double c = (double)a[j] + (b ? (double)b[j] : 0) - mean;
            interval_add(&centred, c);
            squares += c * c;
        }
        interval_add(&variance, squares / (double)f->dim);
    }
    TRY(range_recorder_widen(e->ranges, f->name, "centred", centred, e->base.err));
    return range_recorder_widen(e->ranges, f->name, "variance", variance, e->base.err);
}

status plain_activate(engine *base, value **y, const value *x, const activation *f)
{
    enum { PART = 8192 };
    plain_engine *e = (plain_engine *)base;
    *y = NULL;
    if (e->ranges) {
        TRY(record_input(e, x, f));
    }
    TRY(plain_value_new(e, y, x->rows, x->columns));
    pointwise p = {.e = e, .f = f, .x = x->data, .y = (*y)->own};
    parallel_for(e->pool, x->rows * x->columns, PART, activate_part, &p);
    return OK;
}

status plain_normalise(engine *base, value **y, const value *x, const value *residual,
                       const norm *f)
{
    enum { ROWS = 8 };
    plain_engine *e = (plain_engine *)base;
    *y = NULL;
    CHECK(x->columns == f->dim);
    CHECK(!residual || (residual->columns == f->dim && residual->rows == x->rows));
    if (e->ranges) {
        TRY(record_norm(e, x, residual, f));
    }
    TRY(plain_value_new(e, y, x->rows, x->columns));
    pointwise p = {.e = e, .norm = f, .x = x->data, .y = (*y)->own};
    p.residual = residual ? residual->data : NULL;
    parallel_for(e->pool, x->rows, ROWS, normalise_rows, &p);
    return OK;
}
