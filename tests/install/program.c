#include <stdio.h>
#include <tacit.h>

int main(void)
{
    tacit_model *model = NULL;
    tacit_error err = {0};
    const tacit_status st = tacit_model_open(&model, "no-such-directory", &err);
    printf("tacit %s: %s: %s\n", tacit_version(), tacit_status_name(st), err.text);
    tacit_model_free(model);
    return st == TACIT_ERR_ARTEFACT ? 0 : 1;
}
