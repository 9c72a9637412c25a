#include <stdlib.h>

#include "one_message.h"
#include "pack.h"
#include "zone_fault.h"

/* --- fixture --- */

static struct wf_reader *reader_of(size_t message_bytes_max, size_t elements_max, unsigned depth_max)
{
	const struct wf_reader_settings settings = {
		.message_bytes_max = message_bytes_max, .elements_max = elements_max, .depth_max = depth_max};
	struct wf_reader *reader;

	assert_int_equal(wf_reader_new(&reader, &settings), 0);
	return reader;
}

/* --- helpers --- */

/* Writes through wf_reader_space, `piece` bytes at a time, taking nothing out. */
static void receive(struct wf_reader *reader, struct wf_bytes bytes)
{
	while (bytes.length > 0) {
		size_t room;
		char *space = wf_reader_space(reader, &room);
		const size_t length = bytes.length < room ? bytes.length : room;

		assert_non_null(space);
		memcpy(space, bytes.data, length);
		wf_reader_advance(reader, length);
		bytes.data += length;
		bytes.length -= length;
	}
}

static int next_code(struct wf_reader *reader, struct wf_refusal *refusal)
{
	struct wf_message *message = NULL;
	const int code = wf_reader_next(reader, &message, refusal);

	wf_message_free(message);
	return code;
}

static void assert_next_is_number(struct wf_reader *reader, uint64_t expected)
{
	struct wf_message *message = NULL;
	struct wf_refusal refusal;
	uint64_t number = 0;

	assert_int_equal(wf_reader_next(reader, &message, &refusal), 1);
	assert_true(wf_value_unsigned(wf_value_element(wf_message_root(message), 1), &number));
	assert_true(number == expected);
	wf_message_free(message);
}

/* [0, number, string of `bytes` bytes, []] */
static void pack_request(struct wf_pack *pack, uint64_t number, size_t bytes)
{
	char *text = calloc(1, bytes + 1);

	wf_pack_array(pack, 4);
	wf_pack_unsigned(pack, 0);
	wf_pack_unsigned(pack, number);
	wf_pack_string(pack, (struct wf_bytes){text, bytes});
	wf_pack_array(pack, 0);
	free(text);
}

static const char every_kind_bytes[] =
	"\x94\x00\x01\xa3"
	"add\x91\xde\x00\x0f\xc0\xc2\xa1x\xc3\x05\xe5\xca\x3f\x80\0\0\xcb\x3f\xe0\0\0\0\0\0\0"
	"\xcc\xff\xcd\x01\x02\xce\x01\x02\x03\x04\xcf\x01\x02\x03\x04\x05\x06\x07\x08\xd0\x80\xd1\x80\x01"
	"\xd2\x80\0\0\1\xd3\x80\0\0\0\0\0\0\1\xd4\x01z\xd5\x01zz\xd6\x01zzzz\xd7\x01zzzzzzzz"
	"\xd8\x01zzzzzzzzzzzzzzzz\xc7\x02\x01zz\xc8\0\x02\x01zz\xc9\0\0\0\x02\x01zz"
	"\xd9\x02hi\xda\0\x02hi\xdb\0\0\0\x02hi\xc4\x02hi\xc5\0\x02hi\xc6\0\0\0\x02hi";

static const struct wf_bytes every_kind = {every_kind_bytes, sizeof every_kind_bytes - 1};

/* --- whole messages --- */

static void split_reads_same_messages(void **state)
{
	struct wf_pack pack;

	(void)state;
	wf_pack_init(&pack, 0);
	pack_request(&pack, 7, 300);
	wf_pack_raw(&pack, every_kind);
	pack_request(&pack, 9, 0);
	for (size_t split = 0; split <= pack.length; split++) {
		struct wf_reader *reader = reader_of(0, 0, 0);
		struct wf_refusal refusal;
		uint64_t numbers[3] = {0};
		size_t count = 0;

		for (int part = 0; part < 2; part++) {
			struct wf_message *message;

			receive(reader, part == 0 ? (struct wf_bytes){pack.data, split}
						  : (struct wf_bytes){pack.data + split, pack.length - split});
			while (wf_reader_next(reader, &message, &refusal) == 1) {
				assert_true(count < 3);
				(void)wf_value_unsigned(wf_value_element(wf_message_root(message), 1),
							&numbers[count++]);
				wf_message_free(message);
			}
			assert_int_equal(refusal.error.code, 0);
		}
		assert_int_equal(count, 3);
		assert_int_equal(numbers[0], 7);
		assert_int_equal(numbers[1], 1);
		assert_int_equal(numbers[2], 9);
		assert_false(wf_reader_is_inside(reader));
		wf_reader_free(reader);
	}
	wf_pack_close(&pack);
}

static void a_byte_at_a_time_is_the_normal_case(void **state)
{
	struct wf_pack pack;
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_refusal refusal;

	(void)state;
	wf_pack_init(&pack, 0);
	pack_request(&pack, 7, 200000);
	for (size_t i = 0; i + 1 < pack.length; i++) {
		receive(reader, (struct wf_bytes){pack.data + i, 1});
		assert_int_equal(next_code(reader, &refusal), 0);
		assert_true(wf_reader_is_inside(reader));
	}
	receive(reader, (struct wf_bytes){pack.data + pack.length - 1, 1});
	assert_next_is_number(reader, 7);
	wf_reader_free(reader);
	wf_pack_close(&pack);
}

static void a_large_message_in_small_pieces_is_walked_once(void **state)
{
	const size_t piece = 1000;
	struct wf_pack pack;
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_refusal refusal;

	(void)state;
	wf_pack_init(&pack, 0);
	wf_pack_array(&pack, 4);
	wf_pack_unsigned(&pack, 0);
	wf_pack_unsigned(&pack, 5);
	wf_pack_words(&pack, "m");
	wf_pack_array(&pack, 3000000); /* many headers: a scan from the start at each piece would take minutes */
	for (unsigned i = 0; i < 3000000; i++)
		wf_pack_unsigned(&pack, i);
	for (size_t at = 0; at < pack.length; at += piece) {
		const size_t left = pack.length - at;

		receive(reader, (struct wf_bytes){pack.data + at, left < piece ? left : piece});
		if (left > piece)
			assert_int_equal(next_code(reader, &refusal), 0);
	}
	assert_next_is_number(reader, 5);
	wf_reader_free(reader);
	wf_pack_close(&pack);
}

static void ten_thousand_requests_in_one_read(void **state)
{
	struct wf_pack pack;
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_refusal refusal;

	(void)state;
	wf_pack_init(&pack, 0);
	for (uint64_t i = 0; i < 10000; i++)
		pack_request(&pack, i, 40);
	assert_int_equal(wf_reader_feed(reader, wf_pack_bytes(&pack)), 0);
	for (uint64_t i = 0; i < 10000; i++)
		assert_next_is_number(reader, i);
	assert_int_equal(next_code(reader, &refusal), 0);
	assert_int_equal(wf_reader_memory_bytes(reader), 0);
	wf_reader_free(reader);
	wf_pack_close(&pack);
}

static void messages_outlive_their_reader_and_each_other(void **state)
{
	struct wf_pack pack;
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_message *messages[400];
	struct wf_refusal refusal;
	size_t count = 0;

	(void)state;
	wf_pack_init(&pack, 0);
	for (uint64_t i = 0; i < 400; i++) {
		wf_pack_reset(&pack);
		pack_request(&pack, i, (size_t)i * 7 % 3000);
		receive(reader, (struct wf_bytes){pack.data, pack.length / 2});
		assert_int_equal(wf_reader_next(reader, &messages[count], &refusal), 0);
		receive(reader, (struct wf_bytes){pack.data + pack.length / 2, pack.length - pack.length / 2});
		assert_int_equal(wf_reader_next(reader, &messages[count], &refusal), 1);
		assert_int_equal(wf_message_bytes(messages[count]), pack.length);
		assert_true(wf_message_memory_bytes(messages[count]) > pack.length);
		count++;
	}
	wf_reader_free(reader);
	for (size_t i = 0; i < 400; i++) {
		const struct wf_value root = wf_message_root(messages[i * 7 % 400]);
		uint64_t number = 0;

		assert_true(wf_value_unsigned(wf_value_element(root, 1), &number));
		assert_int_equal(wf_value_bytes(wf_value_element(root, 2)).length, number * 7 % 3000);
		wf_message_free(messages[i * 7 % 400]);
	}
	wf_pack_close(&pack);
}

static void no_block_is_held_between_messages(void **state)
{
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_message *message = NULL;
	struct wf_refusal refusal;

	(void)state;
	assert_int_equal(wf_reader_memory_bytes(reader), 0);
	receive(reader, BYTES("\x92\x00\x01"));
	assert_int_equal(wf_reader_next(reader, &message, &refusal), 1);
	assert_int_equal(next_code(reader, &refusal), 0);
	assert_true(wf_reader_memory_bytes(reader) > 0); /* the message is in it, and the next may come in behind it */
	wf_message_free(message);
	wf_reader_rest(reader);
	assert_int_equal(wf_reader_memory_bytes(reader), 0);
	receive(reader, BYTES("\x92\x00"));
	assert_int_equal(next_code(reader, &refusal), 0);
	wf_reader_rest(reader);
	assert_true(wf_reader_memory_bytes(reader) > 0);
	receive(reader, BYTES("\x02"));
	assert_next_is_number(reader, 2);
	assert_int_equal(next_code(reader, &refusal), 0);
	assert_int_equal(wf_reader_memory_bytes(reader), 0);
	wf_reader_free(reader);
}

static void many_messages_in_flight_share_their_blocks(void **state)
{
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_message *messages[1000];
	struct wf_refusal refusal;
	long blocks = memory_live();

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		receive(reader, BYTES("\x92\x00\x01"));
		assert_int_equal(wf_reader_next(reader, &messages[i], &refusal), 1);
		assert_int_equal(next_code(reader, &refusal), 0);
	}
	assert_int_equal(memory_live() - blocks, 1000 + 1);
	for (size_t i = 0; i < 1000; i++)
		wf_message_free(messages[i]);
	wf_reader_free(reader);
	assert_int_equal(memory_live(), blocks - 1);
}

static void a_small_message_does_not_hold_the_block_of_a_large_one(void **state)
{
	struct wf_pack pack;
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_message *large = NULL;
	struct wf_message *small = NULL;
	struct wf_refusal refusal;

	(void)state;
	wf_pack_init(&pack, 0);
	pack_request(&pack, 1, 3 << 20);
	receive(reader, (struct wf_bytes){pack.data, pack.length - 1});
	assert_int_equal(wf_reader_next(reader, &large, &refusal), 0);
	receive(reader, BYTES("\x90\x92\x00\x02"));
	assert_int_equal(wf_reader_next(reader, &large, &refusal), 1);
	assert_int_equal(wf_reader_next(reader, &small, &refusal), 1);
	assert_true(wf_reader_memory_bytes(reader) < 1 << 20);
	wf_message_free(large);
	assert_int_equal(wf_value_count(wf_message_root(small)), 2);
	wf_message_free(small);
	wf_reader_free(reader);
	wf_pack_close(&pack);
}

/* --- bounds --- */

static void sizes_are_accepted_at_the_limit_and_refused_past_it(void **state)
{
	struct wf_pack pack;

	(void)state;
	wf_pack_init(&pack, 0);
	for (size_t limit = 999; limit <= 1001; limit++) {
		struct wf_reader *reader = reader_of(limit, 0, 0);
		struct wf_refusal refusal;

		wf_pack_reset(&pack);
		pack_request(&pack, 300, 1000 - 9);
		assert_int_equal(pack.length, 1000);
		pack_request(&pack, 4, 10);
		receive(reader, wf_pack_bytes(&pack));
		if (limit >= 1000) {
			assert_next_is_number(reader, 300);
		} else {
			assert_int_equal(next_code(reader, &refusal), WF_ETOOLARGE);
			assert_string_equal(refusal.error.text,
					    "the message has 1000 bytes or more, at most 999 are allowed");
			assert_true(refusal.has_msgid && refusal.msgid == 300);
		}
		assert_next_is_number(reader, 4);
		wf_reader_free(reader);
	}
	wf_pack_close(&pack);
}

static void a_message_too_large_is_refused_before_it_came_and_never_kept(void **state)
{
	static const char text[4096];
	struct wf_reader *reader = reader_of(1 << 20, 0, 0);
	struct wf_refusal refusal;
	const size_t length = 20 << 20;

	(void)state;
	receive(reader, BYTES("\x94\x00\xcd\x01\x00\xdb\x01\x40\x00\x00"));
	assert_int_equal(next_code(reader, &refusal), WF_ETOOLARGE);
	assert_true(refusal.has_msgid && refusal.msgid == 256);
	assert_true(wf_reader_is_inside(reader));
	for (size_t sent = 0; sent < length; sent += sizeof text) {
		assert_int_equal(next_code(reader, &refusal), 0);
		receive(reader, (struct wf_bytes){text, sizeof text});
		assert_true(wf_reader_memory_bytes(reader) <= 70000);
	}
	assert_int_equal(next_code(reader, &refusal), 0);
	receive(reader, BYTES("\x90\x92\x00\x08"));
	assert_next_is_number(reader, 8);
	wf_reader_free(reader);
}

static void after_a_refusal_the_stream_goes_on_wherever_it_was_split(void **state)
{
	struct wf_pack pack;

	(void)state;
	wf_pack_init(&pack, 0);
	pack_request(&pack, 1, 20);
	wf_pack_raw(&pack, every_kind);
	pack_request(&pack, 70000, 300);
	pack_request(&pack, 3, 20);
	for (size_t split = 0; split <= pack.length; split++) {
		struct wf_reader *reader = reader_of(100, 0, 0);
		struct wf_refusal refusal;
		int codes[8] = {0};
		uint64_t msgids[8] = {0};
		size_t count = 0;

		for (int part = 0; part < 2; part++) {
			struct wf_message *message = NULL;
			int code;

			receive(reader, part == 0 ? (struct wf_bytes){pack.data, split}
						  : (struct wf_bytes){pack.data + split, pack.length - split});
			while ((code = wf_reader_next(reader, &message, &refusal)) != 0) {
				assert_true(count < 4);
				msgids[count] = refusal.msgid;
				codes[count++] = code;
				if (code == 1)
					wf_message_free(message);
			}
		}
		assert_int_equal(count, 4);
		assert_int_equal(codes[0], 1);
		assert_int_equal(codes[1], WF_ETOOLARGE);
		assert_int_equal(msgids[1], 1);
		assert_int_equal(codes[2], WF_ETOOLARGE);
		assert_int_equal(msgids[2], 70000);
		assert_int_equal(codes[3], 1);
		assert_false(wf_reader_is_inside(reader));
		wf_reader_free(reader);
	}
	wf_pack_close(&pack);
}

static void values_are_counted_to_the_limit(void **state)
{
	struct wf_reader *reader = reader_of(0, 6, 0);
	struct wf_refusal refusal;

	(void)state;
	receive(reader, BYTES("\x92\x00\x93\x01\x02\x03"
			      "\x92\x00\x94\x01\x02\x03\x04"
			      "\x92\x00\x82\x01\x02\x03\x04"
			      "\x92\x00\x05"));
	assert_int_equal(next_code(reader, &refusal), 1);
	assert_int_equal(next_code(reader, &refusal), WF_ETOOLARGE);
	assert_string_equal(refusal.error.text, "the message has 7 values or more, at most 6 are allowed");
	assert_int_equal(next_code(reader, &refusal), WF_ETOOLARGE);
	assert_next_is_number(reader, 5);
	wf_reader_free(reader);
}

static void a_header_that_promises_much_takes_no_memory(void **state)
{
	static const struct wf_bytes promises[] = {
		{"\x94\x00\x07\xa1m\xdd\xff\xff\xff\xff", 10}, {"\x94\x00\x07\xa1m\xdf\xff\xff\xff\xff", 10},
		{"\x94\x00\x07\xdb\xff\xff\xff\xff", 8},       {"\x94\x00\x07\xc6\xff\xff\xff\xff", 8},
		{"\x94\x00\x07\xc9\xff\xff\xff\xff", 8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++) {
		struct wf_reader *reader = reader_of(0, 0, 0);
		struct wf_refusal refusal;

		receive(reader, promises[i]);
		assert_int_equal(next_code(reader, &refusal), WF_ETOOLARGE);
		assert_true(refusal.has_msgid && refusal.msgid == 7);
		assert_int_equal(next_code(reader, &refusal), 0);
		assert_true(wf_reader_memory_bytes(reader) < 70000);
		wf_reader_free(reader);
	}
}

static void promises_within_the_limit_take_no_memory_either(void **state)
{
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_refusal refusal;

	(void)state;
	receive(reader, BYTES("\x94\x00\x07\xdb\x03\x00\x00\x00"
			      "abc"));
	assert_int_equal(next_code(reader, &refusal), 0);
	assert_true(wf_reader_memory_bytes(reader) < 70000);
	wf_reader_free(reader);
}

static void nesting_is_accepted_at_the_limit_and_refused_past_it(void **state)
{
	(void)state;
	for (size_t depth = WF_REQUEST_DEPTH_MAX - 1; depth <= WF_REQUEST_DEPTH_MAX + 1; depth++) {
		struct wf_reader *reader = reader_of(0, 0, 0);
		struct wf_refusal refusal;
		char bytes[100];

		memset(bytes, 0x91, depth);
		bytes[0] = (char)0x92;
		bytes[depth] = 5;
		bytes[depth + 1] = 6;
		memcpy(bytes + depth + 2, "\x92\x00\x08", 3);
		receive(reader, (struct wf_bytes){bytes, depth + 5});
		if (depth <= WF_REQUEST_DEPTH_MAX) {
			assert_int_equal(next_code(reader, &refusal), 1);
		} else {
			assert_int_equal(next_code(reader, &refusal), WF_EBADREQUEST);
			assert_string_equal(refusal.error.text, "arrays and maps are nested more than 24 deep");
		}
		assert_next_is_number(reader, 8);
		wf_reader_free(reader);
	}
}

static void an_empty_array_too_deep_is_refused_too(void **state)
{
	struct wf_reader *reader = reader_of(0, 0, 2);
	struct wf_refusal refusal;

	(void)state;
	receive(reader, BYTES("\x91\x90\x91\x91\x90\x91\x91\x80\x93\x90\x80\x91\x01\x92\x00\x03"));
	assert_int_equal(next_code(reader, &refusal), 1);
	assert_int_equal(next_code(reader, &refusal), WF_EBADREQUEST);
	assert_int_equal(next_code(reader, &refusal), WF_EBADREQUEST);
	assert_int_equal(next_code(reader, &refusal), 1);
	assert_next_is_number(reader, 3);
	wf_reader_free(reader);
}

static void neighbours_are_not_nested(void **state)
{
	struct wf_pack pack;
	struct wf_reader *reader = reader_of(0, 0, 3);

	(void)state;
	wf_pack_init(&pack, 0);
	wf_pack_array(&pack, 102);
	wf_pack_unsigned(&pack, 0);
	wf_pack_unsigned(&pack, 6);
	for (size_t i = 0; i < 100; i++)
		wf_pack_raw(&pack, i % 2 == 0 ? BYTES("\x92\x91\x01\x05") : BYTES("\x82\x01\x90\x02\x91\xa0"));
	receive(reader, wf_pack_bytes(&pack));
	assert_next_is_number(reader, 6);
	wf_reader_free(reader);
	wf_pack_close(&pack);
}

static void a_million_levels_are_skipped(void **state)
{
	const size_t depth = 1000000;
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_refusal refusal;
	char *bytes = malloc(depth);

	(void)state;
	memset(bytes, 0x91, depth);
	receive(reader, (struct wf_bytes){bytes, depth});
	receive(reader, BYTES("\x05\x92\x00\x06"));
	assert_int_equal(next_code(reader, &refusal), WF_EBADREQUEST);
	assert_next_is_number(reader, 6);
	free(bytes);
	wf_reader_free(reader);
}

/* --- errors --- */

static void the_msgid_of_a_refusal_is_found_in_every_form(void **state)
{
	static const struct {
		struct wf_bytes bytes;
		bool has_msgid;
		bool is_response;
		uint64_t msgid;
	} cases[] = {
		{{"\x94\x00\x05\xc6\xff\xff\xff\xff", 8}, true, false, 5},
		{{"\xdc\x00\x04\x00\xcc\x05\xc6\xff\xff\xff\xff", 11}, true, false, 5},
		{{"\xdd\x00\x00\x00\x04\xcc\x00\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xc6\xff\xff\xff\xff", 21},
		 true,
		 false,
		 UINT64_MAX},
		{{"\x94\xd0\x00\xd2\x00\x00\x01\x00\xc6\xff\xff\xff\xff", 13}, true, false, 256},
		{{"\x94\x01\x05\xc6\xff\xff\xff\xff", 8}, true, true, 5},
		{{"\x93\x02\xa1m\xc6\xff\xff\xff\xff", 9}, false, false, 0},
		{{"\x94\x00\xff\xc6\xff\xff\xff\xff", 8}, false, false, 0},
		{{"\x94\x00\xd1\xff\xff\xc6\xff\xff\xff\xff", 10}, false, false, 0},
		{{"\x94\x00\xc6\xff\xff\xff\xff", 7}, false, false, 0},
		{{"\x82\x00\x05\xc6\xff\xff\xff\xff", 8}, false, false, 0},
		{{"\xdb\xff\xff\xff\xff", 5}, false, false, 0},
		{{"\xdd\xff\xff\xff\xff", 5}, false, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct wf_reader *reader = reader_of(0, 0, 0);
		struct wf_refusal refusal;

		receive(reader, cases[i].bytes);
		assert_int_equal(next_code(reader, &refusal), WF_ETOOLARGE);
		assert_int_equal(refusal.has_msgid, cases[i].has_msgid);
		assert_int_equal(refusal.is_response, cases[i].is_response);
		assert_true(refusal.msgid == cases[i].msgid);
		wf_reader_free(reader);
	}
}

static void garbage_poisons_after_the_messages_before_it(void **state)
{
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_refusal refusal;
	size_t room;

	(void)state;
	receive(reader, BYTES("\x92\x00\x01\x92\x00\xc1\x92\x00\x01"));
	assert_next_is_number(reader, 1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(next_code(reader, &refusal), WF_EMALFORMED);
		assert_string_equal(refusal.error.text, "the bytes are not MessagePack-RPC");
		assert_false(refusal.has_msgid);
	}
	assert_null(wf_reader_space(reader, &room));
	assert_int_equal(room, 0);
	assert_int_equal(wf_reader_feed(reader, BYTES("\x90")), WF_EMALFORMED);
	assert_int_equal(wf_reader_memory_bytes(reader), 0);
	wf_reader_free(reader);
}

static void garbage_inside_a_skipped_message_poisons(void **state)
{
	struct wf_reader *reader = reader_of(100, 0, 0);
	struct wf_refusal refusal;

	(void)state;
	receive(reader, BYTES("\xdc\x01\x00\xc1"));
	assert_int_equal(next_code(reader, &refusal), WF_ETOOLARGE);
	assert_int_equal(next_code(reader, &refusal), WF_EMALFORMED);
	wf_reader_free(reader);
}

static void promises_without_end_poison(void **state)
{
	struct wf_pack pack;
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_refusal refusal;
	int code = 0;

	(void)state;
	wf_pack_init(&pack, 0);
	for (size_t i = 0; i < 200000; i++)
		wf_pack_raw(&pack, BYTES("\xdf\xff\xff\xff\xff"));
	for (size_t i = 0; i < 200 && code != WF_EMALFORMED; i++) {
		receive(reader, wf_pack_bytes(&pack));
		do
			code = next_code(reader, &refusal);
		while (code == WF_ETOOLARGE);
	}
	assert_int_equal(code, WF_EMALFORMED);
	wf_reader_free(reader);
	wf_pack_close(&pack);
}

static void other_protocols_are_not_taken_for_numbers(void **state)
{
	static const struct wf_bytes greetings[] = {
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11},
		{"SSH-2.0-OpenSSH_9.2\r\n", 21},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct wf_reader *reader = reader_of(0, 0, 0);
		struct wf_refusal refusal;

		receive(reader, greetings[i]);
		assert_int_equal(next_code(reader, &refusal), WF_EMALFORMED);
		wf_reader_free(reader);
	}
}

static void bare_numbers_are_messages_until_there_are_too_many(void **state)
{
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_refusal refusal;

	(void)state;
	for (unsigned i = 0; i < WF_READER_STRAYS_MAX - 1; i++) {
		receive(reader, BYTES("\x05"));
		assert_int_equal(next_code(reader, &refusal), 1);
	}
	receive(reader, BYTES("\x90"));
	assert_int_equal(next_code(reader, &refusal), 1);
	for (unsigned i = 0; i < WF_READER_STRAYS_MAX - 1; i++) {
		receive(reader, BYTES("\x7f"));
		assert_int_equal(next_code(reader, &refusal), 1);
	}
	receive(reader, BYTES("\x00"));
	assert_int_equal(next_code(reader, &refusal), WF_EMALFORMED);
	wf_reader_free(reader);
}

static void bare_values_that_no_text_begins_with_are_messages_however_many(void **state)
{
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_refusal refusal;

	(void)state;
	for (unsigned i = 0; i < 4 * WF_READER_STRAYS_MAX; i++) {
		receive(reader, BYTES("\xc0\xc2\xc3\xff\xcd\x01\x02\xcc\x05\xca\x3f\x80\x00\x00"));
		for (unsigned k = 0; k < 7; k++)
			assert_int_equal(next_code(reader, &refusal), 1);
	}
	wf_reader_free(reader);
}

/* --- out of memory --- */

/* Feeds two requests in pieces with the allocation `served` refused; whether one was. What comes out is each message,
 * or the refusal of it with its msgid where that was seen. */
static bool run_short_of_memory(long served, bool is_lasting)
{
	struct wf_pack pack;
	struct wf_reader *reader = NULL;
	struct wf_refusal refusal;
	long live = memory_live();
	bool was_refused;
	int code;

	wf_pack_init(&pack, 0);
	pack_request(&pack, 1, 100000);
	pack_request(&pack, 2, 10);
	memory_fault_arm(served, is_lasting);
	code = wf_reader_new(&reader, NULL);
	for (size_t at = 0; at < pack.length && code == 0;) {
		struct wf_message *message = NULL;
		size_t room;
		char *space = wf_reader_space(reader, &room);

		if (space == NULL)
			break;
		room = room < 1000 ? room : 1000;
		room = room < pack.length - at ? room : pack.length - at;
		memcpy(space, pack.data + at, room);
		wf_reader_advance(reader, room);
		at += room;
		while ((code = wf_reader_next(reader, &message, &refusal)) != 0) {
			assert_true(code == 1 || code == WF_ENOMEM);
			if (code == WF_ENOMEM)
				assert_true(refusal.has_msgid && refusal.msgid <= 2);
			else
				wf_message_free(message);
		}
	}
	was_refused = memory_fault_disarm();
	wf_reader_free(reader);
	wf_pack_close(&pack);
	assert_int_equal(memory_live(), live);
	return was_refused;
}

static void out_of_memory_refuses_the_message_and_loses_nothing_else(void **state)
{
	long served = 0;

	(void)state;
	while (run_short_of_memory(served, false))
		served++;
	assert_true(served >= 5);
	served = 0;
	while (run_short_of_memory(served, true))
		served++;
	assert_true(served >= 5);
}

static void a_large_message_is_refused_where_its_block_cannot_grow(void **state)
{
	struct wf_pack pack;
	struct wf_reader *reader = reader_of(0, 0, 0);
	struct wf_refusal refusal;
	int refusals = 0;

	(void)state;
	wf_pack_init(&pack, 0);
	pack_request(&pack, 77, 200000);
	for (size_t at = 0; at < pack.length; at++) {
		int code;

		if (at == 10000)
			memory_fault_arm(0, true);
		receive(reader, (struct wf_bytes){pack.data + at, 1});
		code = next_code(reader, &refusal);
		if (code != 0) {
			assert_int_equal(code, WF_ENOMEM);
			assert_true(refusal.has_msgid && refusal.msgid == 77);
			assert_true(at < 70000); /* at once, not when all had come */
			refusals++;
		}
	}
	assert_true(memory_fault_disarm());
	assert_int_equal(refusals, 1);
	assert_false(wf_reader_is_inside(reader));
	receive(reader, BYTES("\x92\x00\x04"));
	assert_next_is_number(reader, 4);
	wf_reader_free(reader);
	wf_pack_close(&pack);
}

static void other_bounds_hold_from_the_next_message_on(void **state)
{
	const struct wf_reader_settings narrow = {.message_bytes_max = 100, .block_bytes_min = 2048};
	const struct wf_reader_settings wide = {.message_bytes_max = 100000};
	struct wf_reader *reader;
	struct wf_refusal refusal;
	struct wf_pack pack;

	(void)state;
	wf_pack_init(&pack, 0);
	pack_request(&pack, 1, 50);
	pack_request(&pack, 2, 5000);
	pack_request(&pack, 3, 5000);
	pack_request(&pack, 4, 5000);
	assert_int_equal(wf_reader_new(&reader, &narrow), 0);
	receive(reader, wf_pack_bytes(&pack));
	assert_next_is_number(reader, 1);
	assert_int_equal(next_code(reader, &refusal), WF_ETOOLARGE);
	assert_true(refusal.msgid == 2);
	wf_reader_set(reader, &wide);
	assert_next_is_number(reader, 3);
	wf_reader_set(reader, &narrow);
	assert_int_equal(next_code(reader, &refusal), WF_ETOOLARGE);
	assert_int_equal(next_code(reader, &refusal), 0);
	wf_reader_free(reader);
	wf_pack_close(&pack);
}

static void a_block_is_no_larger_than_asked_for(void **state)
{
	const struct wf_reader_settings settings = {.message_bytes_max = 1000, .block_bytes_min = 2048};
	struct wf_reader *reader;
	size_t room;

	(void)state;
	assert_int_equal(wf_reader_new(&reader, &settings), 0);
	receive(reader, BYTES("\x94\x00"));
	assert_true(wf_reader_memory_bytes(reader) <= 4096);
	assert_non_null(wf_reader_space(reader, &room));
	assert_true(room <= 2048);
	wf_reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split_reads_same_messages),
		cmocka_unit_test(a_byte_at_a_time_is_the_normal_case),
		cmocka_unit_test(a_large_message_in_small_pieces_is_walked_once),
		cmocka_unit_test(ten_thousand_requests_in_one_read),
		cmocka_unit_test(messages_outlive_their_reader_and_each_other),
		cmocka_unit_test(no_block_is_held_between_messages),
		cmocka_unit_test(many_messages_in_flight_share_their_blocks),
		cmocka_unit_test(a_small_message_does_not_hold_the_block_of_a_large_one),
		cmocka_unit_test(sizes_are_accepted_at_the_limit_and_refused_past_it),
		cmocka_unit_test(a_message_too_large_is_refused_before_it_came_and_never_kept),
		cmocka_unit_test(after_a_refusal_the_stream_goes_on_wherever_it_was_split),
		cmocka_unit_test(values_are_counted_to_the_limit),
		cmocka_unit_test(a_header_that_promises_much_takes_no_memory),
		cmocka_unit_test(promises_within_the_limit_take_no_memory_either),
		cmocka_unit_test(nesting_is_accepted_at_the_limit_and_refused_past_it),
		cmocka_unit_test(an_empty_array_too_deep_is_refused_too),
		cmocka_unit_test(neighbours_are_not_nested),
		cmocka_unit_test(a_million_levels_are_skipped),
		cmocka_unit_test(the_msgid_of_a_refusal_is_found_in_every_form),
		cmocka_unit_test(garbage_poisons_after_the_messages_before_it),
		cmocka_unit_test(garbage_inside_a_skipped_message_poisons),
		cmocka_unit_test(promises_without_end_poison),
		cmocka_unit_test(other_protocols_are_not_taken_for_numbers),
		cmocka_unit_test(bare_numbers_are_messages_until_there_are_too_many),
		cmocka_unit_test(bare_values_that_no_text_begins_with_are_messages_however_many),
		cmocka_unit_test(out_of_memory_refuses_the_message_and_loses_nothing_else),
		cmocka_unit_test(a_large_message_is_refused_where_its_block_cannot_grow),
		cmocka_unit_test(other_bounds_hold_from_the_next_message_on),
		cmocka_unit_test(a_block_is_no_larger_than_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
