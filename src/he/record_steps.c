/* he.md, "Layer by layer": what each operation becomes. Turns are in slots, to the left. */
#include "he/record.h"

static status step(he_recorder *r, size_t *z, const he_step *s, size_t levels)
{
    return he_add_step(r, z, s, levels) ? OK : ERR_RESOURCE;
}

/* z = sum of terms. */
static status sum(he_recorder *r, size_t *z, size_t x, const char *name, const he_term *term,
                  size_t n)
{
    he_step s = {.op = HE_SUM, .x = x, .name = name, .sum = {.n = n}};
    for (size_t i = 0; i < n; i++) {
        s.sum.term[i] = term[i];
    }
    return step(r, z, &s, 0);
}

/* z = x + conj(x): twice the real part */
static status real_part(he_recorder *r, size_t *z, size_t x)
{
    const he_term term[] = {{0}, {.conjugate = true}};
    return sum(r, z, x, "real part", term, 2);
}

/* The first copy into all four. */
static status copy_lanes(he_recorder *r, size_t *z, size_t x)
{
    const int64_t dim = (int64_t)r->p->shape.dim;
    const he_term term[] = {{0}, {.turn = -dim}, {.turn = -2 * dim}, {.turn = -3 * dim}};
    return sum(r, z, x, "copies", term, HE_COPIES);
}

/* Diagonals first .. first + n - 1 within a token. */
static he_map lane_map(he_matrix what, size_t n)
{
    he_map m = {.what = what, .n_baby = HE_BABIES, .n_giant = n / HE_BABIES};
    CHECK(m.n_giant <= HE_MAX_GIANTS);
    for (size_t b = 0; b < HE_BABIES; b++) {
        m.baby[b] = (int64_t)b;
    }
    for (size_t g = 0; g < m.n_giant; g++) {
        m.giant[g] = (int64_t)(g * HE_BABIES);
    }
    return m;
}

/* Token t + i at place i of each head, i below copies head_dim: copy c takes from token t + c
 * head_dim + j, which stands c dim lanes to the left there. Eq. (5). */
static he_map token_map(const he_shape *s, he_matrix what, size_t copies, int64_t from)
{
    const size_t babies = s->head_dim < HE_BABIES ? s->head_dim : HE_BABIES;
    const size_t pieces = s->head_dim / babies;
    const int64_t width = (int64_t)s->width;
    he_map m = {.what = what, .n_baby = babies};
    CHECK(copies * pieces <= HE_MAX_GIANTS);
    for (size_t b = 0; b < babies; b++) {
        m.baby[b] = (int64_t)b * width;
    }
    for (size_t c = 0; c < copies; c++) {
        for (size_t i = 0; i < pieces; i++) {
            m.giant[m.n_giant++] =
                from + (int64_t)(c * s->head_dim + i * babies) * width - (int64_t)(c * s->dim);
        }
    }
    return m;
}

static status constants(he_recorder *r, size_t *z, size_t x, const he_step *of, he_bias bias)
{
    he_step s = *of;
    s.op = HE_CONSTANTS;
    s.x = x;
    s.bias = bias;
    s.name = "constants";
    return step(r, z, &s, 0);
}

static status map(he_recorder *r, size_t *z, size_t x, const he_step *of, const char *name,
                  const he_map *m)
{
    he_step s = *of;
    s.op = HE_MAP;
    s.x = x;
    s.map = *m;
    s.name = name;
    return step(r, z, &s, 1);
}

static size_t inner_sum(size_t n)
{
    return n < 4 ? n : 4;
}

/* Queries in all copies, and keys and values with the tokens that they meet, half of the offsets
 * in the imaginary part. */
static status spread_out(he_recorder *r, size_t z, const he_step *of, size_t *q, size_t *k,
                         size_t *v)
{
    const he_shape *s = &r->p->shape;
    const int64_t dim = (int64_t)s->dim;
    const he_term all[] = {{.turn = 2 * dim}, {.turn = dim}, {0}, {.turn = -dim}};
    const he_term half[] = {{0}, {.turn = (int64_t)(s->width * s->tokens / 2), .power = 1}};
    const he_map select = {.what = HE_SELECT, .n_baby = 1, .n_giant = 1};
    const size_t last = (s->offset_copies + 1) * s->head_dim + s->products - 3;
    const he_map keys = token_map(s, HE_KEYS, last / s->head_dim + 1, 0);
    const he_map values = token_map(s, HE_VALUES, s->offset_copies, dim);
    size_t paired;
    TRY(map(r, q, z, of, "queries", &select));
    TRY(sum(r, q, *q, "copies", all, HE_COPIES));
    TRY(sum(r, &paired, z, "pairs of tokens", half, 2));
    TRY(map(r, k, paired, of, "keys", &keys));
    return map(r, v, paired, of, "values", &values);
}

/* Halves of what is squared or shown, real and imaginary. */
static status score(he_recorder *r, value *c, const he_step *of, size_t q, size_t k, size_t *z)
{
    const he_shape *s = &r->p->shape;
    const int64_t heads = (int64_t)s->n_heads, width = (int64_t)s->width;
    he_step st = *of;
    st.op = HE_PRODUCTS;
    st.x = q;
    st.y = k;
    st.name = "scores";
    st.products = (he_products){
        .n = s->head_dim, .inner = inner_sum(s->head_dim), .px = heads, .py = heads - width};
    TRY(step(r, z, &st, 1));
    TRY(constants(r, z, *z, of, HE_BIAS_SCORES));
    c->masks[1] = r->p->n - 1;
    return OK;
}

/* Squares of scores: weights but for their sign, to which the values come down. */
static status weigh(he_recorder *r, value *c, const he_step *of, size_t q, size_t k, size_t *v,
                    size_t *z)
{
    TRY(score(r, c, of, q, k, z));
    TRY(step(r, z, &(he_step){.op = HE_SQUARES, .x = *z, .name = "weights"}, 1));
    TRY(constants(r, z, *z, of, HE_BIAS_SIGMA));
    c->masks[2] = r->p->n - 1;
    he_step scale = *of;
    scale.op = HE_SCALE;
    scale.x = *v;
    scale.depth = r->p->depth[*z];
    scale.name = "values by length";
    return step(r, v, &scale, 0);
}

/* Scores to the client, half and plus one, and the weights that it makes of them at the depth of
 * the values that they meet. */
static status weigh_at_client(he_recorder *r, value *c, const he_step *of, size_t q, size_t k,
                              size_t v, size_t *z)
{
    const he_map span = {.what = HE_SPAN, .n_baby = 1, .n_giant = 1};
    TRY(score(r, c, of, q, k, z));
    TRY(map(r, z, *z, of, "scores alone", &span));
    he_step client = *of;
    client.op = HE_CLIENT;
    client.x = *z;
    client.depth = r->p->depth[v];
    client.client = HE_CLIENT_WEIGHTS;
    client.name = "client: weights";
    TRY(step(r, z, &client, 0));
    c->masks[2] = r->p->n - 1;
    return OK;
}

static status check_attention(he_recorder *r, const attention *a)
{
    he_square square;
    if (a->form == ATTENTION_THEX && !a->thex_literal) {
        return OK;
    }
    if (a->form != ATTENTION_SCALED_SIGMA || a->sigma != ACTIVATION_POLYNOMIAL) {
        return error_set(r->base.err, ERR_POLICY,
                         "%s: on ciphertexts attention must be scaled-sigma with a polynomial",
                         a->name);
    }
    return he_square_of(&square, &a->sigma_poly, a->name, r->base.err);
}

status he_record_attention(he_recorder *r, value *context, const value *q, const value *k,
                           const value *v, const attention *a)
{
    const he_shape *s = &r->p->shape;
    const int64_t dim = (int64_t)s->dim;
    const he_term pair[] = {{0}, {.turn = dim / 2, .power = 1}};
    const he_term fold[] = {{0}, {.turn = -dim}, {.turn = dim}};
    const he_step of = {.attention = a, .linear = {k->linear[0], v->linear[0], q->linear[0]}};
    const he_map qkv = lane_map(HE_QKV, s->dim / 2);
    size_t z, qr, kr, vr, w;
    TRY(check_attention(r, a));
    TRY(sum(r, &z, q->reg, "pairs of features", pair, 2));
    TRY(map(r, &z, z, &of, "query, key, value", &qkv));
    TRY(real_part(r, &z, z));
    TRY(constants(r, &z, z, &of, HE_BIAS_QKV));
    const size_t before = r->p->n;
    TRY(spread_out(r, z, &of, &qr, &kr, &vr));
    context->masks[0] = before; /* the map that selects queries */
    TRY(a->form == ATTENTION_THEX ? weigh_at_client(r, context, &of, qr, kr, vr, &w)
                                  : weigh(r, context, &of, qr, kr, &vr, &w));
    const he_step products = {.op = HE_PRODUCTS,
                              .x = w,
                              .y = vr,
                              .name = "context",
                              .products = {.n = s->products,
                                           .inner = inner_sum(s->products),
                                           .px = (int64_t)s->n_heads,
                                           .py = (int64_t)s->width}};
    TRY(step(r, &z, &products, 1));
    return sum(r, &context->reg, z, "copies", fold, s->offset_copies + 1);
}

status he_record_up(he_recorder *r, value *hidden, const value *x, const activation *f)
{
    const he_shape *s = &r->p->shape;
    const he_step of = {.activation = f, .linear = {x->linear[0]}};
    const he_map up = lane_map(HE_UP, s->dim);
    const he_term twice[] = {{0}, {.turn = -(int64_t)(s->ff / 2)}};
    const bool relu = f->form == ACTIVATION_RELU;
    he_square square;
    size_t z;
    if (!relu && f->form != ACTIVATION_POLYNOMIAL) {
        return error_set(r->base.err, ERR_POLICY,
                         "%s: on ciphertexts an activation must be a polynomial or relu", f->name);
    }
    if (x->n_linear != 1 || x->kind != HE_STATES || x->linear[0]->out != s->ff) {
        return error_set(r->base.err, ERR_POLICY, "%s: not behind a feed-forward's first map",
                         f->name);
    }
    TRY(relu ? OK : he_square_of(&square, &f->poly, f->name, r->base.err));
    TRY(map(r, &z, x->reg, &of, "up", &up));
    he_step masked = of;
    masked.valid = x->first ? HE_FIRST : HE_ALL;
    TRY(constants(r, &z, z, &masked, HE_BIAS_UP));
    const he_step squares = {.op = HE_SQUARES, .x = z, .name = "activation"};
    const he_step client = {.op = HE_CLIENT,
                            .x = z,
                            .depth = r->p->depth[x->reg],
                            .client = HE_CLIENT_RELU,
                            .valid = masked.valid,
                            .name = "client: relu"};
    TRY(step(r, &z, relu ? &client : &squares, !relu));
    *hidden = (value){.kind = HE_HIDDEN, .activation = f, .first = x->first};
    return sum(r, &hidden->reg, z, "copies", twice, 2);
}

status he_record_norm(he_recorder *r, value *y, const value *x, const value *residual,
                      const norm *n)
{
    const he_shape *s = &r->p->shape;
    const bool down = x->kind == HE_HIDDEN;
    const he_step of = {.norm = n,
                        .linear = {x->linear[0]},
                        .activation = x->activation,
                        .valid = x->first ? HE_FIRST : HE_ALL};
    const he_map m = down ? lane_map(HE_DOWN, s->ff / 2) : lane_map(HE_OUTPUT, s->dim);
    size_t z;
    if (n->form != NORM_AFFINE && n->form != NORM_BATCHNORM) {
        return error_set(r->base.err, ERR_POLICY,
                         "%s: on ciphertexts a norm must be batchnorm or affine", n->name);
    }
    if (x->n_linear != 1 || x->kind == HE_STATES) {
        return error_set(r->base.err, ERR_POLICY, "%s: not behind one linear map", n->name);
    }
    TRY(map(r, &z, x->reg, &of, down ? "down" : "output", &m));
    TRY(real_part(r, &z, z));
    TRY(copy_lanes(r, &z, z));
    TRY(constants(r, &z, z, &of, down ? HE_BIAS_DOWN : HE_BIAS_OUTPUT));
    he_step add = of;
    add.op = HE_RESIDUAL;
    add.x = residual->reg;
    add.y = z;
    add.name = "residual";
    *y = (value){.kind = HE_STATES, .first = x->first};
    return step(r, &y->reg, &add, 0);
}

status he_record_head(he_recorder *r, const value *x)
{
    he_program *p = r->p;
    const he_shape *s = &p->shape;
    const he_step of = {.linear = {x->linear[0], x->n_linear > 1 ? x->linear[1] : NULL},
                        .valid = x->first ? HE_FIRST : HE_ALL};
    const he_map m = lane_map(HE_HEAD, s->dim);
    size_t z;
    if (x->kind != HE_STATES || x->n_linear < 1 || p->model->head.n_labels > s->dim) {
        return error_set(r->base.err, ERR_POLICY, "head: not one or two linear maps");
    }
    TRY(map(r, &z, x->reg, &of, "head", &m));
    TRY(constants(r, &z, z, &of, HE_BIAS_HEAD));
    for (size_t turn = 1; x->mean && turn < s->tokens; turn *= 2) {
        const he_term both[] = {{0}, {.turn = (int64_t)(turn * s->width)}};
        TRY(sum(r, &z, z, "sum over tokens", both, 2));
    }
    p->mean = x->mean;
    p->result = z;
    p->last_use[z] = p->n;
    return OK;
}
