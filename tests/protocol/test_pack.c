#include "one_message.h"
#include "pack.h"
#include "zone_fault.h"

static void assert_packed(const struct wf_pack *pack, struct wf_bytes expected)
{
	assert_int_equal(pack->error, 0);
	assert_int_equal(pack->length, expected.length);
	assert_memory_equal(pack->data, expected.data, expected.length);
}

static void each_kind_has_its_shortest_form(void **state)
{
	struct wf_pack pack;

	(void)state;
	wf_pack_init(&pack, 0);
	wf_pack_array(&pack, 12);
	wf_pack_nil(&pack);
	wf_pack_boolean(&pack, true);
	wf_pack_boolean(&pack, false);
	wf_pack_unsigned(&pack, 127);
	wf_pack_unsigned(&pack, 128);
	wf_pack_unsigned(&pack, UINT64_C(1) << 52);
	wf_pack_integer(&pack, -1);
	wf_pack_integer(&pack, 300);
	wf_pack_number(&pack, 0.5);
	wf_pack_string(&pack, BYTES("a\0b"));
	wf_pack_optional_string(&pack, (struct wf_bytes){NULL, 0});
	wf_pack_map(&pack, 1);
	wf_pack_words(&pack, "k");
	wf_pack_raw(&pack, BYTES("\x07"));
	assert_packed(&pack, BYTES("\x9c\xc0\xc3\xc2\x7f\xcc\x80\xcf\x00\x10\0\0\0\0\0\0\xff\xcd\x01\x2c"
				   "\xcb\x3f\xe0\0\0\0\0\0\0\xa3"
				   "a\0b\xc0\x81\xa1k\x07"));
	wf_pack_close(&pack);
}

static void a_pack_holds_its_bound_and_not_a_byte_more(void **state)
{
	struct wf_pack pack;

	(void)state;
	wf_pack_init(&pack, 8);
	wf_pack_string(&pack, BYTES("1234567"));
	assert_int_equal(pack.error, 0);
	assert_int_equal(pack.length, 8);
	wf_pack_nil(&pack);
	assert_int_equal(pack.error, WF_ETOOLARGE);
	wf_pack_close(&pack);
}

static void after_a_failure_nothing_is_packed_until_rewound(void **state)
{
	struct wf_pack pack;

	(void)state;
	wf_pack_init(&pack, 4);
	wf_pack_nil(&pack);
	wf_pack_words(&pack, "longer");
	wf_pack_nil(&pack);
	assert_int_equal(pack.error, WF_ETOOLARGE);
	wf_pack_rewind(&pack, 1);
	wf_pack_boolean(&pack, true);
	assert_packed(&pack, BYTES("\xc0\xc3"));
	wf_pack_close(&pack);
}

static void a_taken_buffer_is_the_callers(void **state)
{
	struct wf_pack pack;
	size_t length;
	char *data;

	(void)state;
	wf_pack_init(&pack, 0);
	assert_null(wf_pack_take(&pack, &length));
	wf_pack_words(&pack, "x");
	data = wf_pack_take(&pack, &length);
	assert_int_equal(length, 2);
	assert_memory_equal(data, "\xa1x", 2);
	assert_int_equal(pack.length, 0);
	free(data);
	wf_pack_close(&pack);
}

static void counts_above_32_bits_are_refused(void **state)
{
	struct wf_pack pack;

	(void)state;
	wf_pack_init(&pack, 0);
	wf_pack_array(&pack, (size_t)UINT32_MAX + 1);
	assert_int_equal(pack.error, WF_ETOOLARGE);
	wf_pack_reset(&pack);
	wf_pack_map(&pack, (size_t)UINT32_MAX + 1);
	assert_int_equal(pack.error, WF_ETOOLARGE);
	wf_pack_reset(&pack);
	wf_pack_string(&pack, (struct wf_bytes){"", (size_t)UINT32_MAX + 1});
	assert_int_equal(pack.error, WF_ETOOLARGE);
	assert_int_equal(pack.length, 0);
	wf_pack_close(&pack);
}

static void large_and_reset_gives_the_memory_back(void **state)
{
	static const char text[2 << 20];
	struct wf_pack pack;

	(void)state;
	wf_pack_init(&pack, 0);
	wf_pack_string(&pack, BYTES(text));
	assert_int_equal(pack.error, 0);
	wf_pack_reset(&pack);
	assert_int_equal(pack.capacity, 0);
	wf_pack_close(&pack);
}

static void out_of_memory_keeps_what_was_packed(void **state)
{
	struct wf_pack pack;
	char text[1000] = "";

	(void)state;
	wf_pack_init(&pack, 0);
	wf_pack_words(&pack, "kept");
	memory_fault_arm(0, true);
	wf_pack_string(&pack, (struct wf_bytes){text, sizeof text});
	assert_true(memory_fault_disarm());
	assert_int_equal(pack.error, WF_ENOMEM);
	wf_pack_rewind(&pack, 5);
	assert_packed(&pack, BYTES("\xa4kept"));
	wf_pack_close(&pack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_shortest_form),
		cmocka_unit_test(a_pack_holds_its_bound_and_not_a_byte_more),
		cmocka_unit_test(after_a_failure_nothing_is_packed_until_rewound),
		cmocka_unit_test(a_taken_buffer_is_the_callers),
		cmocka_unit_test(counts_above_32_bits_are_refused),
		cmocka_unit_test(large_and_reset_gives_the_memory_back),
		cmocka_unit_test(out_of_memory_keeps_what_was_packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
