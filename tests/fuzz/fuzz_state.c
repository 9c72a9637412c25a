/* What comes back from a damaged store: a state, sketches and evidence of any bytes do no harm. A state that is whole
 * is changed in places and followed by any bytes; the first byte of the input says how much of what. */
#include "document.h"
#include "fuzz_input.h"
#include "index.h"

#define TEXT      "The ministry said on Monday that exports fell 4.1 percent in March, more than analysts had expected."
#define SEED      7u
#define EDITS_MAX 16u

struct shelf {
	struct wf_bytes evidence[4]; /* of articles 1 to 3 */
};

static int read_evidence_cb(void *context, uint64_t number, struct wf_bytes *evidence)
{
	const struct shelf *shelf = context;

	if (number < 1 || number > 3)
		return WF_ENOTFOUND;
	*evidence = shelf->evidence[number];
	return 0;
}

static struct wf_bytes whole_state(struct wf_index *index, struct wf_arena *arena)
{
	struct wf_bytes state;

	fuzz_claim(wf_index_state_save(index, arena, &state) == 0);
	return state;
}

static void load_state(struct wf_index *index, struct fuzz_input *input, struct wf_arena *arena)
{
	const struct wf_bytes whole = whole_state(index, arena);
	const uint8_t edits = fuzz_byte(input) % EDITS_MAX;
	const size_t cut = fuzz_byte(input);
	const struct wf_bytes tail = fuzz_bytes(input, fuzz_byte(input));
	const size_t kept = whole.length - (cut < whole.length ? cut : whole.length);
	char *state = malloc(kept + tail.length + 1);

	fuzz_claim(state != NULL);
	memcpy(state, whole.data, kept);
	if (tail.length > 0)
		memcpy(state + kept, tail.data, tail.length);
	for (uint8_t i = 0; i < edits && kept > 0; i++) {
		const size_t place = fuzz_number(input) % kept;

		state[place] = (char)fuzz_byte(input);
	}
	(void)wf_index_state_load(index, (struct wf_bytes){state, kept + tail.length});
	free(state);
}

static struct wf_bytes changed(struct wf_bytes bytes, struct fuzz_input *input)
{
	struct wf_bytes own = fuzz_own(bytes);
	char *data = (char *)(uintptr_t)own.data;
	const uint8_t edits = fuzz_byte(input) % 4;

	for (uint8_t i = 0; i < edits && own.length > 0; i++) {
		const size_t place = (fuzz_byte(input) | (size_t)fuzz_byte(input) << 8) % own.length;

		data[place] = (char)fuzz_byte(input);
	}
	if (edits == 3)
		own.length = own.length * fuzz_byte(input) / 256;
	return own;
}

/* A sketch as the index makes it. */
static struct wf_bytes make_sketch(const struct wf_document *document, struct shelf *shelf, struct wf_arena *arena)
{
	const struct wf_index_settings settings = {.threshold = 0};
	const struct wf_article_facts facts = {.number = 1, .source = 1, .seen = 1, .published = WF_TIME_NONE};
	struct wf_decision decision;
	struct wf_index *index;
	struct wf_bytes sketch;

	fuzz_claim(wf_index_new(&index, &settings, read_evidence_cb, shelf) == 0);
	fuzz_claim(wf_index_decide(index, document, &facts, 0, &decision) == 0);
	fuzz_claim(wf_index_apply(index, document, &facts, &decision, arena, &sketch) == 0);
	wf_index_free(index);
	return sketch;
}

static void restore(struct wf_index *index, struct wf_bytes sketches[4], struct fuzz_input *input)
{
	for (int i = 0; i < 3; i++) {
		const uint64_t from = fuzz_byte(input) % 16;

		(void)wf_index_restore_redirect(index, from, fuzz_byte(input) % 16);
	}
	for (uint64_t number = 1; number <= 3; number++) {
		const struct wf_index_article article = {
			.facts = {number, number, 5, WF_TIME_NONE},
			.cluster = 1 + fuzz_byte(input) % 3,
			.match = fuzz_byte(input),
			.relation = (enum wf_relation)(fuzz_byte(input) % 6),
		};

		(void)wf_index_restore(index, &article, sketches[number]);
	}
	fuzz_claim(wf_index_restore_end(index) == 0);
}

static void use(struct wf_index *index, struct shelf *shelf, struct wf_bytes sketches[4],
		const struct wf_document *document, struct wf_arena *arena)
{
	const struct wf_article_facts facts = {.number = 9, .source = 1, .seen = 1, .published = WF_TIME_NONE};
	struct wf_index_comparison comparison;
	struct wf_decision decision;
	struct wf_bytes sketch;

	(void)wf_index_compare(index, &(struct wf_index_side){shelf->evidence[1], 1, true},
			       &(struct wf_index_side){shelf->evidence[2], 2, false}, &comparison);
	if (wf_index_decide(index, document, &facts, 0, &decision) != 0)
		return;
	fuzz_claim(wf_index_apply(index, document, &facts, &decision, arena, &sketch) == 0);
	for (uint64_t number = 1; number <= 3; number++)
		(void)wf_index_remove(index, number, sketches[number]);
	fuzz_claim(wf_index_remove(index, 9, sketch) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char text[] = TEXT;
	const struct wf_index_settings settings = {.threshold = 0};
	struct fuzz_input input = {data, size};
	struct shelf shelf = {{{NULL, 0}}};
	struct wf_bytes sketches[4];
	struct wf_document document;
	struct wf_index *index;
	struct wf_arena arena;

	wf_arena_init(&arena, 64 << 10);
	fuzz_claim(wf_index_new(&index, &settings, read_evidence_cb, &shelf) == 0);
	fuzz_claim(wf_document_analyse(&document, (struct wf_bytes){text, sizeof text - 1}, SEED, &arena) == 0);
	for (uint64_t number = 1; number <= 3; number++) {
		shelf.evidence[number] = changed(document.evidence, &input);
		sketches[number] = changed(make_sketch(&document, &shelf, &arena), &input);
	}
	load_state(index, &input, &arena);
	restore(index, sketches, &input);
	use(index, &shelf, sketches, &document, &arena);
	wf_index_free(index);
	for (uint64_t number = 1; number <= 3; number++) {
		fuzz_free(shelf.evidence[number]);
		fuzz_free(sketches[number]);
	}
	wf_arena_close(&arena);
	return 0;
}
