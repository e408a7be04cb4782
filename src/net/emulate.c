#include "net/emulate.h"

#include <string.h>

static const struct {
    const char *name;
    int64_t one_way_ns, ns_per_byte;
} networks[] = {
    [NETWORK_LOCAL] = {"local", 0, 0},
    [NETWORK_LAN] = {"lan", 500000, 8},
    [NETWORK_WAN] = {"wan", 20000000, 80},
};

const char *network_name(network n)
{
    return networks[n].name;
}

status network_find(network *out, const char *name, error *err)
{
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        if (strcmp(networks[i].name, name) == 0) {
            *out = (network)i;
            return OK;
        }
    }
    return error_set(err, ERR_USAGE, "'%s' is no network; there are local, lan and wan", name);
}

emulated_link link_of(network n)
{
    return (emulated_link){.one_way_ns = networks[n].one_way_ns,
                           .ns_per_byte = networks[n].ns_per_byte};
}

int64_t link_cost(const emulated_link *l, uint64_t bytes)
{
    return (int64_t)bytes * l->ns_per_byte + l->one_way_ns;
}

int64_t link_deliver(emulated_link *l, int64_t sent_ns, uint64_t bytes)
{
    const int64_t begins = sent_ns > l->free_ns ? sent_ns : l->free_ns;
    l->free_ns = begins + (int64_t)bytes * l->ns_per_byte;
    return l->free_ns + l->one_way_ns;
}
