#include "learned.h"

#include "store_sample.h"

/* A store, and an index whose state takes many pieces. */
struct desk {
	struct sample *sample;
	struct wf_index *index;
	struct wf_arena arena;
	struct wf_learned learned;
	uint64_t number;
};

static int no_evidence_cb(void *context, uint64_t number, struct wf_bytes *evidence)
{
	(void)context;
	(void)number;
	(void)evidence;
	return WF_ENOTFOUND;
}

static struct wf_index *new_index(void)
{
	const struct wf_index_settings settings = {.threshold = 0};
	struct wf_index *index;

	assert_int_equal(wf_index_new(&index, &settings, no_evidence_cb, NULL), 0);
	return index;
}

/* The index learns from one story more. */
static void learn(struct desk *desk)
{
	const uint64_t number = ++desk->number;
	const struct wf_article_facts facts = {.number = number, .source = 1 + number % 7, .published = WF_TIME_NONE};
	struct wf_document document;
	struct wf_decision decision;
	struct wf_bytes sketch;
	char text[256];
	const int length = snprintf(text, sizeof text, "story%llu begins here with words%llu of its own and some more",
				    (unsigned long long)number, (unsigned long long)number * 31);

	assert_int_equal(wf_document_analyse(&document, (struct wf_bytes){text, (size_t)length}, 1, &desk->arena), 0);
	assert_int_equal(wf_index_decide(desk->index, &document, &facts, 0, &decision), 0);
	assert_int_equal(wf_index_apply(desk->index, &document, &facts, &decision, &desk->arena, &sketch), 0);
}

static struct wf_bytes state_of(struct desk *desk, struct wf_index *index)
{
	struct wf_bytes bytes;

	assert_int_equal(wf_index_state_save(index, &desk->arena, &bytes), 0);
	return bytes;
}

/* Writes pieces up to `until` of them in all, as the committer does. */
static void write_pieces(struct desk *desk, uint32_t until)
{
	struct wf_job *job = wf_job_new();

	assert_non_null(job);
	assert_int_equal(wf_learned_put(&desk->learned, job, until), 0);
	assert_int_equal(wf_store_begin(desk->sample->store, NULL), 0);
	for (size_t i = 0; i < job->states_count; i++)
		assert_int_equal(wf_store_state_put(desk->sample->store, job->states[i].name, job->states[i].value), 0);
	assert_int_equal(wf_store_commit(desk->sample->store, NULL), 0);
	wf_job_release(job);
}

static void save_whole(struct desk *desk)
{
	assert_int_equal(wf_learned_begin(&desk->learned, desk->index, desk->number), 0);
	write_pieces(desk, wf_learned_pieces(&desk->learned));
}

/* What a start finds. */
static int load(struct desk *desk, struct wf_bytes *state)
{
	struct wf_index *index = new_index();
	int code;

	assert_int_equal(wf_store_reader_renew(desk->sample->reader), 0);
	code = wf_learned_load(&desk->learned, desk->sample->reader, index);
	wf_store_reader_rest(desk->sample->reader);
	*state = state_of(desk, index);
	wf_index_free(index);
	return code;
}

static void put(struct desk *desk, const char *name, struct wf_bytes value)
{
	assert_int_equal(wf_store_begin(desk->sample->store, NULL), 0);
	assert_int_equal(wf_store_state_put(desk->sample->store, wf_bytes_of(name), value), 0);
	assert_int_equal(wf_store_commit(desk->sample->store, NULL), 0);
}

static int setup(void **state)
{
	struct desk *desk = calloc(1, sizeof *desk);

	assert_non_null(desk);
	sample_setup((void **)&desk->sample);
	wf_arena_init(&desk->arena, 1u << 16);
	wf_learned_init(&desk->learned);
	desk->index = new_index();
	for (int i = 0; i < 40; i++)
		learn(desk);
	*state = desk;
	return 0;
}

static int teardown(void **state)
{
	struct desk *desk = *state;
	void *sample = desk->sample;

	wf_learned_close(&desk->learned);
	wf_index_free(desk->index);
	wf_arena_close(&desk->arena);
	free(desk);
	return sample_teardown(&sample);
}

static void nothing_was_saved_in_a_new_store(void **state)
{
	struct wf_bytes found;

	assert_int_equal(load(*state, &found), WF_ENOTFOUND);
}

static void what_is_written_piece_by_piece_comes_back_as_it_was_at_the_beginning(void **state)
{
	struct desk *desk = *state;
	const struct wf_bytes before = state_of(desk, desk->index);
	struct wf_bytes found;
	uint32_t pieces;

	assert_int_equal(wf_learned_begin(&desk->learned, desk->index, desk->number), 0);
	pieces = wf_learned_pieces(&desk->learned);
	assert_true(pieces > 4);
	for (uint32_t i = 1; i < pieces; i++) {
		write_pieces(desk, i);
		assert_true(wf_learned_is_under_way(&desk->learned));
		learn(desk);
		assert_int_equal(load(desk, &found), WF_ENOTFOUND);
	}
	write_pieces(desk, pieces + 7);
	assert_false(wf_learned_is_under_way(&desk->learned));
	assert_int_equal(load(desk, &found), 0);
	assert_true(wf_bytes_equal(found, before));
}

static void a_saving_that_does_not_end_leaves_the_one_before(void **state)
{
	struct desk *desk = *state;
	struct wf_bytes before, found;

	for (int round = 0; round < 3; round++) {
		learn(desk);
		save_whole(desk);
		before = state_of(desk, desk->index);
		learn(desk);
		assert_int_equal(wf_learned_begin(&desk->learned, desk->index, desk->number), 0);
		write_pieces(desk, wf_learned_pieces(&desk->learned) - 1);
		assert_int_equal(load(desk, &found), 0);
		assert_true(wf_bytes_equal(found, before));
	}
}

static void one_that_is_begun_again_is_the_newer(void **state)
{
	struct desk *desk = *state;
	struct wf_bytes found;

	assert_int_equal(wf_learned_begin(&desk->learned, desk->index, desk->number), 0);
	write_pieces(desk, 3);
	learn(desk);
	save_whole(desk);
	assert_int_equal(load(desk, &found), 0);
	assert_true(wf_bytes_equal(found, state_of(desk, desk->index)));
}

static void a_piece_of_another_length_is_corrupt(void **state)
{
	struct desk *desk = *state;
	struct wf_bytes found;

	save_whole(desk);
	put(desk, "index.1.2", wf_bytes_of("short"));
	assert_int_equal(load(desk, &found), WF_ECORRUPT);
	save_whole(desk);
	assert_int_equal(load(desk, &found), 0);
}

static void a_head_that_is_none_is_of_another_version_or_corrupt(void **state)
{
	static const uint64_t format = UINT64_C(0x3164656e7261656c);
	struct desk *desk = *state;
	struct wf_bytes found;
	struct head {
		uint64_t format, bytes;
		uint32_t pieces, generation;
	} heads[] = {{format, 0, 0, 0},
		     {format, 1, 2, 0},
		     {format, UINT64_MAX, UINT32_MAX, 0},
		     {format, 1, 1, 2},
		     {format, 300000, 3, 0}}; /* whose pieces are not there */

	put(desk, "index", wf_bytes_of("the whole in one, as it was once kept"));
	assert_int_equal(load(desk, &found), WF_EVERSION);
	put(desk, "index", wf_bytes_of("24 bytes of another kind"));
	assert_int_equal(load(desk, &found), WF_EVERSION);
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		put(desk, "index", (struct wf_bytes){(const char *)&heads[i], sizeof heads[i]});
		assert_int_equal(load(desk, &found), WF_ECORRUPT);
	}
	save_whole(desk);
	assert_int_equal(load(desk, &found), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_was_saved_in_a_new_store, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_written_piece_by_piece_comes_back_as_it_was_at_the_beginning,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_saving_that_does_not_end_leaves_the_one_before, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_is_begun_again_is_the_newer, setup, teardown),
		cmocka_unit_test_setup_teardown(a_piece_of_another_length_is_corrupt, setup, teardown),
		cmocka_unit_test_setup_teardown(a_head_that_is_none_is_of_another_version_or_corrupt, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
