#include "ckks/encode.h"

/* A file of its own, so that a test can stand here and see what becomes public. */
bool ckks_reveal(bool x)
{
    return x;
}
