#include "stip/protect_config.h"

#include "model/part.h"
#include "stip/protect.h"

status stip_write_server_config(const char *dir, const model *m, error *err)
{
    const part_config what = {.architecture = part_bare_architecture(m),
                              .vocab = m->pad_id + 1,
                              .recipe = true,
                              .ranges = true,
                              .mark = STIP_MARK,
                              .mark_schema = STIP_KEY_VERSION};
    return part_write_config(dir, m, &what, err);
}

status stip_write_owner_config(const char *dir, const model *m, error *err)
{
    /* the recipe is the developer's and the server's affair */
    const part_config what = {.vocab = m->embeddings.vocab, .names = true};
    return part_write_config(dir, m, &what, err);
}

status stip_is_protected(bool *out, const char *dir, error *err)
{
    return part_has_mark(out, dir, STIP_MARK, err);
}
