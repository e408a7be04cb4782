#define _GNU_SOURCE
#include "base/crypto.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>

/* One digest loads the provider. Where memory is lacking, the next search tries again. */
static void load(void)
{
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_free(mac);
    EVP_MD_free(md);
    ERR_clear_error();
}

void crypto_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
}
