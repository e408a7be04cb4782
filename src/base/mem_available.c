#include <stdint.h>
#include <stdio.h>

#include "base/mem.h"

size_t mem_available(void)
{
    char line[128];
    size_t kib = 0;
    FILE *f = fopen("/proc/meminfo", "r");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "MemAvailable: %zu kB", &kib) == 1) {
            break;
        }
    }
    if (f) {
        fclose(f);
    }
    return kib > 0 ? kib * 1024 : SIZE_MAX;
}
