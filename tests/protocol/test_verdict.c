#include "one_message.h"
#include "verdict.h"

/* --- helpers --- */

static struct wf_message *packed(const struct wf_verdict *verdict)
{
	struct wf_pack pack;
	struct wf_message *message;

	wf_pack_init(&pack, 0);
	wf_verdict_pack(&pack, verdict);
	assert_int_equal(pack.error, 0);
	message = one_message(wf_pack_bytes(&pack));
	wf_pack_close(&pack);
	return message;
}

static void assert_numbers(const uint64_t *found, size_t found_count, const uint64_t *expected, size_t count)
{
	assert_int_equal(found_count, count);
	if (count > 0)
		assert_memory_equal(found, expected, count * sizeof *found);
}

static void assert_round_trip(const struct wf_verdict *verdict)
{
	struct wf_message *message = packed(verdict);
	struct wf_arena arena;
	struct wf_verdict read;
	struct wf_error error;

	wf_arena_init(&arena, 1024);
	assert_int_equal(wf_verdict_decode(wf_message_root(message), &arena, &read, &error), 0);
	assert_true(wf_bytes_equal(read.id, verdict->id));
	assert_true(wf_bytes_equal(read.match, verdict->match));
	assert_int_equal(read.match.data == NULL, verdict->match.data == NULL);
	assert_true(read.cluster == verdict->cluster && read.size == verdict->size);
	assert_int_equal(read.is_new, verdict->is_new);
	assert_int_equal(read.replaced, verdict->replaced);
	assert_int_equal(read.relation, verdict->relation);
	assert_true(read.similarity == verdict->similarity && read.containment == verdict->containment);
	assert_numbers(read.merged, read.merged_count, verdict->merged, verdict->merged_count);
	assert_numbers(read.related, read.related_count, verdict->related, verdict->related_count);
	wf_arena_close(&arena);
	wf_message_free(message);
}

/* --- tests --- */

static void verdict_round_trip(void **state)
{
	static const uint64_t merged[] = {1, WF_NUMBER_MAX};
	static const uint64_t related[] = {7};
	struct wf_verdict verdict = {
		.id = BYTES("a"), .cluster = WF_NUMBER_MAX, .is_new = true, .relation = WF_RELATION_UNIQUE, .size = 1};

	(void)state;
	assert_round_trip(&verdict);
	verdict = (struct wf_verdict){
		.id = BYTES("b"),
		.cluster = 3,
		.relation = WF_RELATION_EXCERPT,
		.match = BYTES("a"),
		.similarity = 0.25,
		.containment = 1,
		.size = 1000000,
		.merged = merged,
		.merged_count = 2,
		.related = related,
		.related_count = 1,
		.replaced = true,
	};
	assert_round_trip(&verdict);
#define X(name, value, word)                   \
	verdict.relation = WF_RELATION_##name; \
	assert_round_trip(&verdict);
	WF_RELATION_MAP(X)
#undef X
}

static void a_verdict_has_the_eleven_keys_of_the_contract_in_order(void **state)
{
	static const char *const keys[] = {"id",          "cluster", "new",    "relation", "match",   "similarity",
					   "containment", "size",    "merged", "related",  "replaced"};
	const struct wf_verdict verdict = {.size = 0};
	struct wf_message *message = packed(&verdict);

	(void)state;
	assert_int_equal(wf_value_count(wf_message_root(message)), 11);
	for (size_t i = 0; i < 11; i++) {
		struct wf_value key;

		(void)wf_value_pair(wf_message_root(message), i, &key);
		assert_bytes(wf_value_bytes(key), keys[i]);
	}
	wf_message_free(message);
}

static void what_there_is_none_of_is_nil_or_empty(void **state)
{
	const struct wf_verdict verdict = {.size = 0};
	struct wf_message *message = packed(&verdict);
	const struct wf_value root = wf_message_root(message);

	(void)state;
	assert_int_equal(wf_value_kind(wf_value_field(root, "id")), WF_VALUE_NIL);
	assert_int_equal(wf_value_kind(wf_value_field(root, "cluster")), WF_VALUE_NIL);
	assert_int_equal(wf_value_kind(wf_value_field(root, "match")), WF_VALUE_NIL);
	assert_int_equal(wf_value_kind(wf_value_field(root, "merged")), WF_VALUE_ARRAY);
	assert_int_equal(wf_value_kind(wf_value_field(root, "similarity")), WF_VALUE_FLOAT);
	wf_message_free(message);
}

static void a_refusal_in_a_batch_gives_its_error(void **state)
{
	const struct wf_error refusal = {.code = WF_EBADARTICLE, .text = "text: expected a string, got nil"};
	struct wf_pack pack;
	struct wf_message *message;
	struct wf_arena arena;
	struct wf_verdict verdict;
	struct wf_error error;

	(void)state;
	wf_pack_init(&pack, 0);
	wf_verdict_pack_refusal(&pack, wf_bytes_of("x"), &refusal);
	message = one_message(wf_pack_bytes(&pack));
	wf_arena_init(&arena, 1024);
	assert_int_equal(wf_verdict_decode(wf_message_root(message), &arena, &verdict, &error), WF_EBADARTICLE);
	assert_string_equal(error.text, refusal.text);
	assert_bytes(verdict.id, "x");
	wf_arena_close(&arena);
	wf_message_free(message);
	wf_pack_close(&pack);
}

static void what_is_no_verdict_is_refused(void **state)
{
	static const struct {
		struct wf_bytes bytes;
		const char *text;
	} cases[] = {
		{{"\xc3", 1}, "verdict: expected a map, got a boolean"},
		{{"\x80", 1}, "new: expected a boolean, but it is missing"},
		{{"\x82\xa3new\xc3\xa8relation\xa3odd", 19}, "relation: not a relation: \"odd\""},
		{{"\x81\xa7"
		  "cluster\xa1x",
		  11},
		 "cluster: expected an integer, got a string"},
	};
	struct wf_arena arena;

	(void)state;
	wf_arena_init(&arena, 1024);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct wf_message *message = one_message(cases[i].bytes);
		struct wf_verdict verdict;
		struct wf_error error;

		assert_int_equal(wf_verdict_decode(wf_message_root(message), &arena, &verdict, &error), WF_EBADREQUEST);
		assert_string_equal(error.text, cases[i].text);
		wf_message_free(message);
	}
	wf_arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdict_round_trip),
		cmocka_unit_test(a_verdict_has_the_eleven_keys_of_the_contract_in_order),
		cmocka_unit_test(what_there_is_none_of_is_nil_or_empty),
		cmocka_unit_test(a_refusal_in_a_batch_gives_its_error),
		cmocka_unit_test(what_is_no_verdict_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
