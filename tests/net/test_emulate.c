#include "test.h"

#include "net/clock.h"
#include "net/emulate.h"
#include "net/role.h"

/* A link's deliveries, worked out by hand: 1 Gbit/s is 8 ns a byte, half of 1 ms is 500 us. */
static void test_deliveries(void **state)
{
    (void)state;
    static const struct {
        network network;
        int64_t sent, bytes, arrives;
    } cases[] = {
        {NETWORK_LAN, 1000, 0, 1000 + 500000},
        {NETWORK_LAN, 1000, 1000, 1000 + 8000 + 500000},
        {NETWORK_LAN, 5000, 100, 9000 + 800 + 500000},       /* behind the one before */
        {NETWORK_LAN, 100000000, 1, 100000000 + 8 + 500000}, /* the link is idle again */
        {NETWORK_WAN, 0, 125000, 10000000 + 20000000},       /* 1 Mbit takes 10 ms */
        {NETWORK_WAN, 1, 125000, 20000000 + 20000000},
        {NETWORK_LOCAL, 123, 1 << 30, 123},
        {NETWORK_LOCAL, 124, 0, 124},
    };
    emulated_link link = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (i == 0 || cases[i].network != cases[i - 1].network) {
            link = link_of(cases[i].network);
        }
        assert_int_equal(link_deliver(&link, cases[i].sent, (uint64_t)cases[i].bytes),
                         cases[i].arrives);
    }
    link = link_of(NETWORK_LAN);
    assert_int_equal(link_cost(&link, 1000), 508000);
    assert_int_equal(link_cost(&link, 1000), 508000);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const names[] = {"local", "lan", "wan"};
    for (size_t i = 0; i < 3; i++) {
        network n;
        assert_int_equal(network_find(&n, names[i], NULL), OK);
        assert_int_equal(n, i);
        assert_string_equal(network_name(n), names[i]);
    }
    network n;
    error err = {0};
    assert_int_equal(network_find(&n, "LAN", &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "'LAN' is no network; there are local, lan and wan");
}

static void test_roles(void **state)
{
    (void)state;
    for (role r = ROLE_NONE + 1; r < ROLE_END; r++) {
        assert_int_equal(role_find(role_name(r), strlen(role_name(r))), r);
        assert_int_equal(role_find(role_name(r), strlen(role_name(r)) - 1), ROLE_NONE);
    }
    assert_string_equal(role_name(ROLE_NONE), "nobody");
    assert_string_equal(role_name(ROLE_END), "nobody");
    assert_string_equal(role_name((role)-1), "nobody");
    assert_int_equal(role_find("server01", 7), ROLE_SERVER0);
    assert_int_equal(role_find("server01", 8), ROLE_NONE);
    role_set set = 0;
    error err = {0};
    assert_int_equal(role_parse_set(&set, "cloud", &err), OK);
    assert_int_equal(set, role_only(ROLE_CLOUD));
    assert_int_equal(role_parse_set(&set, "he-server,owner,cloud", &err), OK);
    assert_int_equal(set,
                     role_only(ROLE_CLOUD) | role_only(ROLE_OWNER) | role_only(ROLE_HE_SERVER));
    static const char *const wrong[] = {
        "", ",", "cloud,", ",cloud", "cloud owner", "cloud,,owner", "clouds", "nobody"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(role_parse_set(&set, wrong[i], &err), ERR_USAGE);
        assert_error(err, ERR_USAGE, "is no role");
    }
    assert_int_equal(role_parse_set(&set, "cloud,owner,cloud", &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "the role cloud comes twice");
}

static void test_times_do_not_overflow(void **state)
{
    (void)state;
    assert_true(clock_after(1000, 5) == 5001000);
    assert_true(clock_after(1, INT64_MAX) == CLOCK_FOREVER);
    assert_true(clock_after(INT64_MAX - 5, 1) == CLOCK_FOREVER);
    assert_int_equal(clock_poll_ms(CLOCK_FOREVER), -1);
    assert_int_equal(clock_poll_ms(0), 0);
    assert_int_equal(clock_poll_ms(clock_ns() - 1), 0);
    assert_in_range(clock_poll_ms(clock_ns() + 100000000), 1, 100);
    assert_true(clock_poll_ms(CLOCK_FOREVER - 1) == INT32_MAX);
    const int64_t before = clock_ns();
    assert_true(clock_ns() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deliveries),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_times_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
