/* Prints the series of a function, for comparisons with other fits.
 *
 * usage: fit_function NAME LO HI ERROR DEALT_FRAC
 *
 * First a line with the period, the constant, the slope and the error, then one line a term:
 * harmonic, cosine, sine. Exit code 9 and a line on stderr where the error cannot be reached.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpc/fit.h"

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: fit_function NAME LO HI ERROR DEALT_FRAC\n");
        return 2;
    }
    mpc_function f = MPC_GELU;
    while (strcmp(argv[1], mpc_function_name(f)) != 0) {
        if (f == MPC_RSQRT) {
            fprintf(stderr, "no function %s\n", argv[1]);
            return 2;
        }
        f++;
    }
    static mpc_series s;
    const mpc_fit_limits limits = {.dealt_frac = (unsigned)atoi(argv[5])};
    error err = {0};
    const status st = mpc_fit(&s, f, atof(argv[2]), atof(argv[3]), atof(argv[4]), &limits, &err);
    if (st != OK) {
        fprintf(stderr, "%s\n", err.text);
        return -st;
    }
    printf("%.17g %.17g %.17g %.17g\n", s.period, s.constant, s.slope, s.max_error);
    for (size_t k = 0; k < s.n; k++) {
        printf("%d %.17g %.17g\n", s.harmonic[k], s.a[k], s.b[k]);
    }
    return 0;
}
