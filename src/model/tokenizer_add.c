#include <string.h>

#include "base/mem.h"
#include "model/tokenizer_parts.h"

/* The token that was added before with this content, or NULL: only its flags are asked for, and
 * only in files that name a token twice. */
static const added_token *find_in(const added_set *s, uint32_t id)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->tokens[i].id == id) {
            return &s->tokens[i];
        }
    }
    return NULL;
}

static status check_again(const tokenizer *t, span content, uint32_t id, added_flags flags,
                          error *err)
{
    const added_token *was = find_in(&t->literal, id);
    was = was ? was : find_in(&t->normal, id);
    CHECK(was);
    if (was->flags.single_word != flags.single_word || was->flags.lstrip != flags.lstrip ||
        was->flags.rstrip != flags.rstrip || was->flags.normalized != flags.normalized) {
        return error_set(err, ERR_ARTEFACT, "added token '%.*s' is there twice and differs",
                         (int)(content.len < 64 ? content.len : 64), (const char *)content.data);
    }
    return OK;
}

/* The place that `tokenizers` gives to a token that is no piece. */
static uint32_t next_id(const tokenizer *t)
{
    return t->added_end > t->pieces.n ? t->added_end : (uint32_t)t->pieces.n;
}

status tokenizer_add_token(tokenizer *t, span content, added_flags flags, uint32_t *id, error *err)
{
    *id = vocab_find(&t->added, content);
    if (*id != VOCAB_NONE) {
        return check_again(t, content, *id, flags, err);
    }
    *id = vocab_find(&t->pieces, content);
    *id = *id == VOCAB_NONE ? next_id(t) : *id;
    TRY(vocab_add(&t->added, content, *id, err));
    t->added_end = *id >= t->added_end ? *id + 1 : t->added_end;
    if (!flags.normalized) {
        return added_set_add(&t->literal, content, *id, flags, err);
    }
    norm_scratch s = {0};
    status st = normalise(&t->normaliser, &s, content, 0, err);
    if (st == OK) {
        st = added_set_add(&t->normal, (span){s.out.bytes, s.out.len}, *id, flags, err);
    }
    norm_scratch_clear(&s);
    return st;
}

void tokenizer_seal(tokenizer *t)
{
    added_set_seal(&t->literal);
    added_set_seal(&t->normal);
}

status tokenizer_check_id(span content, uint32_t id, size_t said, const char *where, error *err)
{
    if (id == said) {
        return OK;
    }
    return error_set(err, ERR_ARTEFACT, "%s: added token '%.*s' has the id %zu, its place is %u",
                     where, (int)(content.len < 64 ? content.len : 64), (const char *)content.data,
                     said, (unsigned)id);
}
