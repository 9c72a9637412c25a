/* What we rely on in msgpack-c, which its documentation does not promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <msgpack.h>

static msgpack_unpack_return unpack(const char *bytes, size_t length, msgpack_zone *zone, msgpack_object *root)
{
	size_t offset = 0;

	return msgpack_unpack(bytes, length, &offset, zone, root);
}

static void strings_point_into_the_source(void **state)
{
	static const char bytes[] = "\x92\xa3xyz\xa0";
	msgpack_zone zone;
	msgpack_object root;

	(void)state;
	assert_true(msgpack_zone_init(&zone, 2 * sizeof(msgpack_object)));
	assert_int_equal(unpack(bytes, 6, &zone, &root), MSGPACK_UNPACK_SUCCESS);
	assert_ptr_equal(root.via.array.ptr[0].via.str.ptr, bytes + 2);
	assert_int_equal(root.via.array.ptr[1].via.str.size, 0);
	msgpack_zone_destroy(&zone);
}

static void nests_as_deep_as_our_bound_and_more(void **state)
{
	char bytes[64];

	(void)state;
	for (size_t depth = 1; depth <= 32; depth++) {
		msgpack_zone zone;
		msgpack_object root;

		memset(bytes, 0x91, depth);
		bytes[depth] = 1;
		assert_true(msgpack_zone_init(&zone, 1024));
		assert_int_equal(unpack(bytes, depth + 1, &zone, &root), MSGPACK_UNPACK_SUCCESS);
		msgpack_zone_destroy(&zone);
	}
}

static void a_zone_of_the_exact_size_takes_one_chunk(void **state)
{
	/* [{"k": [1, 2]}, [], {}]: 7 values and the root */
	static const char bytes[] = "\x93\x81\xa1k\x92\x01\x02\x90\x80";
	msgpack_zone zone;
	msgpack_object root;
	const void *chunk;

	(void)state;
	assert_true(msgpack_zone_init(&zone, 7 * sizeof(msgpack_object)));
	chunk = zone.chunk_list.head;
	assert_int_equal(unpack(bytes, sizeof bytes - 1, &zone, &root), MSGPACK_UNPACK_SUCCESS);
	assert_ptr_equal(zone.chunk_list.head, chunk);
	assert_int_equal(zone.chunk_list.free, 0);
	msgpack_zone_destroy(&zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_point_into_the_source),
		cmocka_unit_test(nests_as_deep_as_our_bound_and_more),
		cmocka_unit_test(a_zone_of_the_exact_size_takes_one_chunk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
