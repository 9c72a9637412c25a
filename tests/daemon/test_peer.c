#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer.h"

static struct wf_peer_key key_of(const char *text)
{
	struct sockaddr_storage address;

	memset(&address, 0, sizeof address);
	if (uv_ip4_addr(text, 1, (struct sockaddr_in *)(void *)&address) != 0)
		assert_int_equal(uv_ip6_addr(text, 1, (struct sockaddr_in6 *)(void *)&address), 0);
	return wf_peer_key_of_address(&address);
}

static bool are_one(const char *one, const char *other)
{
	const struct wf_peer_key keys[2] = {key_of(one), key_of(other)};

	return memcmp(&keys[0], &keys[1], sizeof keys[0]) == 0;
}

static void an_address_is_a_client_and_so_is_an_ipv6_network(void **state)
{
	(void)state;
	assert_true(are_one("192.0.2.1", "192.0.2.1"));
	assert_false(are_one("192.0.2.1", "192.0.2.2"));
	assert_true(are_one("192.0.2.1", "::ffff:192.0.2.1"));
	assert_true(are_one("2001:db8::1", "2001:db8::ffff:1:2:3"));
	assert_false(are_one("2001:db8::1", "2001:db8:0:1::1"));
	assert_false(are_one("::1", "127.0.0.1"));
}

static void a_peer_goes_with_its_last_connection(void **state)
{
	struct wf_peers *peers = malloc(sizeof *peers);
	const struct wf_peer_key keys[2] = {key_of("192.0.2.1"), key_of("192.0.2.2")};
	struct wf_peer *first, *second;

	(void)state;
	assert_non_null(peers);
	wf_peers_init(peers);
	first = wf_peers_enter(peers, &keys[0]);
	second = wf_peers_enter(peers, &keys[1]);
	assert_ptr_not_equal(first, second);
	assert_ptr_equal(wf_peers_enter(peers, &keys[0]), first);
	assert_int_equal(first->connections_count, 2);
	wf_peers_leave(peers, first);
	assert_int_equal(first->connections_count, 1);
	wf_peers_leave(peers, first);
	wf_peers_leave(peers, second);
	wf_peers_leave(peers, NULL);
	for (size_t i = 0; i < WF_PEER_BUCKETS; i++)
		assert_null(peers->buckets[i]);
	free(peers);
}

static void peers_that_share_a_bucket_are_told_apart(void **state)
{
	struct wf_peers *peers = malloc(sizeof *peers);
	struct wf_peer *entered[WF_PEER_BUCKETS * 2];

	(void)state;
	assert_non_null(peers);
	wf_peers_init(peers);
	for (uint32_t i = 0; i < WF_PEER_BUCKETS * 2; i++) {
		const struct wf_peer_key key = {.family = AF_UNIX, .user = i};

		entered[i] = wf_peers_enter(peers, &key);
		assert_int_equal(entered[i]->connections_count, 1);
	}
	for (uint32_t i = 0; i < WF_PEER_BUCKETS * 2; i += 2)
		wf_peers_leave(peers, entered[i]);
	for (uint32_t i = 1; i < WF_PEER_BUCKETS * 2; i += 2) {
		const struct wf_peer_key key = {.family = AF_UNIX, .user = i};

		assert_ptr_equal(wf_peers_enter(peers, &key), entered[i]);
		wf_peers_leave(peers, entered[i]);
		wf_peers_leave(peers, entered[i]);
	}
	for (size_t i = 0; i < WF_PEER_BUCKETS; i++)
		assert_null(peers->buckets[i]);
	free(peers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_a_client_and_so_is_an_ipv6_network),
		cmocka_unit_test(a_peer_goes_with_its_last_connection),
		cmocka_unit_test(peers_that_share_a_bucket_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
