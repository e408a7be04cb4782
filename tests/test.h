/* What cmocka wants before its own header. */
#ifndef TACIT_TESTS_TEST_H
#define TACIT_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The error says each of these words, so that a person finds the file, the field and the rule. */
#define assert_error(err, wanted_code, ...)                                                        \
    do {                                                                                           \
        const char *const words_[] = {__VA_ARGS__};                                                \
        assert_int_equal((err).code, wanted_code);                                                 \
        for (size_t word_ = 0; word_ < sizeof words_ / sizeof *words_; word_++) {                  \
            if (!strstr((err).text, words_[word_])) {                                              \
                fail_msg("'%s' does not say '%s'", (err).text, words_[word_]);                     \
            }                                                                                      \
        }                                                                                          \
    } while (0)

#endif
