/* Certificates for the parties of a protection. */
#include "net/certs.h"

#include "api/api.h"

enum { DEFAULT_DAYS = 365 };

static role_set every_role(void)
{
    role_set all = 0;
    for (role r = ROLE_NONE + 1; r < ROLE_END; r++) {
        all |= role_only(r);
    }
    return all;
}

/* Which file is whose. */
static json_t *parties(role_set roles)
{
    json_t *list = json_array();
    for (role r = ROLE_NONE + 1; r < ROLE_END && list; r++) {
        if (!role_in(roles, r)) {
            continue;
        }
        const char *name = role_name(r);
        json_t *files = json_pack("{s:s, s:[s, s+, s+]}", "role", name, "files", "ca.pem", name,
                                  ".pem", name, ".key");
        if (!files || json_array_append_new(list, files) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static status report(char **json, const char *dir, role_set set, size_t days, error *err)
{
    return api_dump(json,
                    json_pack("{s:s, s:I, s:[s, s], s:o}", "directory", dir, "days",
                              (json_int_t)days, "authority", "ca.pem", "ca.key", "parties",
                              parties(set)),
                    err);
}

static status make(char **json, const char *dir, const char *roles, size_t days, error *err)
{
    role_set set = every_role();
    if (roles) {
        TRY(role_parse_set(&set, roles, err));
    }
    days = days ? days : DEFAULT_DAYS;
    TRY(certs_make(dir, set, days, err));
    return report(json, dir, set, days, err);
}

static status add(char **json, const char *dir, const char *roles, size_t days, error *err)
{
    role_set set = 0;
    TRY(role_parse_set(&set, roles, err));
    TRY(certs_add(dir, set, days ? days : DEFAULT_DAYS, &days, err));
    return report(json, dir, set, days, err);
}

tacit_status tacit_certs(const char *dir, const char *roles, size_t days, char **json,
                         tacit_error *err)
{
    error inner = {0};
    *json = NULL;
    return api_return(err, make(json, dir, roles, days, &inner), &inner);
}

tacit_status tacit_certs_add(const char *dir, const char *roles, size_t days, char **json,
                             tacit_error *err)
{
    error inner = {0};
    *json = NULL;
    return api_return(err, add(json, dir, roles, days, &inner), &inner);
}
