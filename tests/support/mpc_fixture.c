#include "support/mpc_fixture.h"

#include "support/scratch.h"
#include "tacit.h"
#include "test.h"

static const char texts[] = "a great movie\nnot bad at all\nboring\nfunny and touching and smart\n"
                            "the plot is thin and the jokes are old\n";

void mpc_fixture_convert(mpc_fixture *f, const char *dir, const char *recipe_name)
{
    char data[256];
    tacit_error err = {0};
    char *json = NULL;
    scratch_text(dir, "texts.txt", texts);
    snprintf(data, sizeof data, "%.200s/texts.txt", dir);
    snprintf(f->model, sizeof f->model, "%.200s/%.40s", dir, recipe_name);
    const tacit_convert_options o = {.recipe = recipe_name, .data = data, .margin = 0.5};
    if (tacit_convert("models/sst2-tiny", f->model, &o, &json, &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    tacit_string_free(json);
}

mpc_sharing mpc_fixture_share(mpc_fixture *f, const char *dir, const char *name)
{
    mpc_sharing out;
    error err = {0};
    for (int i = 0; i < FIXTURE_PLACES; i++) {
        snprintf(f->place[i], sizeof f->place[i], "%.200s/%.40s%d", dir, name, i);
    }
    const mpc_share_options to = {.server = {f->place[0], f->place[1]},
                                  .dealer = f->place[FIXTURE_DEALER],
                                  .owner = f->place[FIXTURE_OWNER]};
    if (mpc_share(&out, f->model, &to, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return out;
}
