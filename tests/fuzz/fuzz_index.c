/* The index under a stream of articles that copy, cut and join one another: nothing crashes, every decision names what
 * is there, and an index that is brought back from what the store keeps tells the same stories.
 *
 *   byte: operation, operands ...   a text is a row of words, one a byte; add repeats, cuts and joins earlier texts */
#include <stdio.h>

#include "document.h"
#include "fuzz_input.h"
#include "index.h"

#define ARTICLES_MAX   48u
#define TEXT_BYTES_MAX 4096u
#define WORDS_MAX      200u
#define OPERATIONS_MAX 64u
#define SEED           7u
#define SOURCES_COUNT  5u

struct stored {
	bool is_live;
	struct wf_article_facts facts;
	struct wf_decision decision;
	struct wf_bytes evidence;
	struct wf_bytes sketch;
	char text[TEXT_BYTES_MAX];
	size_t text_length;
};

struct desk {
	struct wf_index *index;
	struct wf_arena arena;
	uint64_t last;
	uint64_t redirects[ARTICLES_MAX][2];
	size_t redirects_count;
	struct stored stored[ARTICLES_MAX + 1];
};

static int read_evidence_cb(void *context, uint64_t number, struct wf_bytes *evidence)
{
	const struct desk *desk = context;

	fuzz_claim(number >= 1 && number <= desk->last);
	if (!desk->stored[number].is_live)
		return WF_ENOTFOUND;
	*evidence = desk->stored[number].evidence;
	return 0;
}

static void append_word(char *text, size_t *length, unsigned value)
{
	const int written =
		snprintf(text + *length, TEXT_BYTES_MAX - *length, value % 11 == 10 ? "%u. " : "word%u ", value);

	if (written > 0 && (size_t)written < TEXT_BYTES_MAX - *length)
		*length += (size_t)written;
}

/* A part of an earlier text, then words of its own. */
static size_t make_text(const struct desk *desk, struct fuzz_input *input, char *text)
{
	const uint8_t parts = fuzz_byte(input) % 3;
	const unsigned words = fuzz_byte(input) % WORDS_MAX;
	size_t length = 0;
	unsigned value = fuzz_byte(input);

	for (uint8_t i = 0; i < parts && desk->last > 0; i++) {
		const struct stored *from = &desk->stored[1 + fuzz_byte(input) % desk->last];
		const size_t begin = from->text_length * fuzz_byte(input) / 256;
		size_t part = (from->text_length - begin) * (1u + fuzz_byte(input)) / 256;

		part = part < TEXT_BYTES_MAX - 1 - length ? part : TEXT_BYTES_MAX - 1 - length;
		memcpy(text + length, from->text + begin, part);
		length += part;
	}
	for (unsigned i = 0; i < words; i++) {
		value = value * 5 + 1 + (i % 16 == 0 ? fuzz_byte(input) : 0);
		append_word(text, &length, value % 1000);
	}
	return length;
}

static void check_decision(const struct desk *desk, const struct wf_decision *decision)
{
	fuzz_claim(decision->match <= desk->last);
	fuzz_claim(decision->match == 0 || desk->stored[decision->match].is_live);
	fuzz_claim(decision->similarity >= 0 && decision->similarity <= 1);
	fuzz_claim(decision->containment >= 0 && decision->containment <= 1);
	fuzz_claim(decision->merged_count <= WF_MERGED_MAX && decision->related_count <= WF_RELATED_MAX);
	fuzz_claim(decision->is_new || decision->cluster > 0);
}

static void remove_one(struct desk *desk, uint64_t number)
{
	if (!desk->stored[number].is_live)
		return;
	fuzz_claim(wf_index_remove(desk->index, number, desk->stored[number].sketch) == 0);
	desk->stored[number].is_live = false;
}

static void add(struct desk *desk, struct fuzz_input *input, bool is_query, uint64_t replaces)
{
	struct stored *stored = &desk->stored[desk->last + 1];
	struct wf_document document;

	if (desk->last == ARTICLES_MAX)
		return;
	*stored = (struct stored){.facts = {.number = is_query ? 0 : desk->last + 1,
					    .source = fuzz_byte(input) % SOURCES_COUNT,
					    .seen = 1000 + (int64_t)desk->last,
					    .published = WF_TIME_NONE}};
	stored->text_length = make_text(desk, input, stored->text);
	fuzz_claim(wf_document_analyse(&document, (struct wf_bytes){stored->text, stored->text_length}, SEED,
				       &desk->arena) == 0);
	fuzz_claim(wf_index_decide(desk->index, &document, &stored->facts, replaces, &stored->decision) == 0);
	check_decision(desk, &stored->decision);
	if (is_query)
		return;
	fuzz_claim(stored->decision.match != replaces || replaces == 0);
	stored->evidence = document.evidence;
	fuzz_claim(wf_index_apply(desk->index, &document, &stored->facts, &stored->decision, &desk->arena,
				  &stored->sketch) == 0);
	stored->is_live = true;
	desk->last++;
	for (uint32_t i = 0; i < stored->decision.merged_count; i++) {
		fuzz_claim(desk->redirects_count < ARTICLES_MAX);
		desk->redirects[desk->redirects_count][0] = stored->decision.merged[i];
		desk->redirects[desk->redirects_count++][1] = stored->decision.cluster;
	}
	if (replaces != 0)
		remove_one(desk, replaces);
}

static struct wf_index *restore(struct desk *desk, bool with_state)
{
	const struct wf_index_settings settings = {.threshold = 0};
	struct wf_index *index;
	struct wf_bytes state;

	fuzz_claim(wf_index_new(&index, &settings, read_evidence_cb, desk) == 0);
	if (with_state) {
		fuzz_claim(wf_index_state_save(desk->index, &desk->arena, &state) == 0);
		fuzz_claim(wf_index_state_load(index, state) == 0);
	}
	for (size_t i = 0; i < desk->redirects_count; i++)
		fuzz_claim(wf_index_restore_redirect(index, desk->redirects[i][0], desk->redirects[i][1]) == 0);
	for (uint64_t number = 1; number <= desk->last; number++) {
		const struct stored *stored = &desk->stored[number];
		const struct wf_index_article article = {
			.facts = stored->facts,
			.cluster = stored->decision.cluster,
			.relation = stored->decision.relation,
			.match = stored->decision.match,
			.similarity = stored->decision.similarity,
			.containment = stored->decision.containment,
		};

		if (stored->is_live)
			fuzz_claim(wf_index_restore(index, &article, stored->sketch) == 0);
	}
	fuzz_claim(wf_index_restore_end(index) == 0);
	return index;
}

/* Both have the same articles in the same stories. */
static void check_equal(const struct desk *desk, struct wf_index *a, struct wf_index *b)
{
	for (uint64_t number = 1; number <= desk->last; number++) {
		struct wf_index_article in_a, in_b;
		struct wf_cluster_summary of_a, of_b;
		const int code = wf_index_article(a, number, &in_a);

		fuzz_claim(code == (desk->stored[number].is_live ? 0 : WF_ENOTFOUND));
		fuzz_claim(wf_index_article(b, number, &in_b) == code);
		if (code != 0)
			continue;
		fuzz_claim(in_a.cluster == in_b.cluster && in_a.match == in_b.match && in_a.relation == in_b.relation);
		fuzz_claim(wf_index_cluster(a, in_a.cluster, &of_a) == 0 &&
			   wf_index_cluster(b, in_b.cluster, &of_b) == 0);
		fuzz_claim(of_a.size == of_b.size && of_a.outlets == of_b.outlets &&
			   of_a.representative == of_b.representative);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct wf_index_settings settings = {.threshold = 0};
	struct fuzz_input input = {data, size};
	struct desk *desk = calloc(1, sizeof *desk);
	struct wf_index *again;

	fuzz_claim(desk != NULL);
	wf_arena_init(&desk->arena, 64 << 10);
	fuzz_claim(wf_index_new(&desk->index, &settings, read_evidence_cb, desk) == 0);
	for (unsigned i = 0; i < OPERATIONS_MAX && input.left > 0; i++) {
		const uint8_t operation = fuzz_byte(&input);
		const uint64_t some = desk->last == 0 ? 0 : 1 + operation / 8 % desk->last;

		if (operation % 8 == 0 && some != 0)
			remove_one(desk, some);
		else if (operation % 8 == 1)
			add(desk, &input, true, 0);
		else
			add(desk, &input, false,
			    operation % 8 == 2 && some != 0 && desk->stored[some].is_live ? some : 0);
	}
	again = restore(desk, size % 2 == 0);
	check_equal(desk, desk->index, again);
	wf_index_free(again);
	wf_index_free(desk->index);
	wf_arena_close(&desk->arena);
	free(desk);
	return 0;
}
