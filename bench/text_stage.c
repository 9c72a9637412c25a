#include "base/limits.h"
#include "document.h"
#include "evidence.h"
#include "stage.h"
#include "store_group.h"

#define SEED        1
#define BLOCK_TEXTS 32u /* whose tokens lie in a core's cache, as they do in the daemon between two stages */

struct work {
	struct wf_tokens tokens[BLOCK_TEXTS];
	struct wf_document document;
	struct wf_sketch sketch;
	struct wf_text_codec *codec;
	struct wf_arena arena;
	struct wf_group group;
	double bytes_out;
};

typedef int (*text_stage_cb)(struct work *work, const struct wf_text_set_article *articles, size_t count);

static int tokenise(struct work *work, const struct wf_text_set_article *articles, size_t count)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < count; i++)
		error = wf_tokenise_words(articles[i].text, SEED, WF_DOCUMENT_TOKENS_MAX, &work->arena,
					  &work->tokens[i]);
	return error;
}

static int tokenise_sized(struct work *work, const struct wf_text_set_article *articles, size_t count)
{
	const int error = tokenise(work, articles, count);

	for (size_t i = 0; error == 0 && i < count; i++)
		work->bytes_out += work->tokens[i].count * (sizeof(uint32_t) + 1);
	return error;
}

static int encode(struct work *work, const struct wf_text_set_article *articles, size_t count)
{
	struct wf_bytes evidence;
	int error = 0;

	(void)articles;
	for (size_t i = 0; error == 0 && i < count; i++) {
		error = wf_evidence_encode(&work->tokens[i], &work->arena, &evidence);
		work->bytes_out += (double)evidence.length;
	}
	return error;
}

static int sketch(struct work *work, const struct wf_text_set_article *articles, size_t count)
{
	(void)articles;
	for (size_t i = 0; i < count; i++)
		wf_sketch_of(&work->sketch, &work->tokens[i]);
	work->bytes_out += (double)(count * sizeof work->sketch.slots);
	return 0;
}

static int analyse(struct work *work, const struct wf_text_set_article *articles, size_t count)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < count; i++) {
		wf_arena_reset(&work->arena);
		error = wf_document_analyse(&work->document, articles[i].text, SEED, &work->arena);
		work->bytes_out += (double)(work->document.evidence.length + sizeof work->document.sketch.slots);
	}
	return error;
}

/* Packs the texts that are waiting in the group. */
static int pack_group(struct work *work)
{
	struct wf_bytes payload;
	int error;

	if (work->group.count == 0)
		return 0;
	wf_arena_reset(&work->arena);
	error = wf_group_encode(&work->group, work->codec, &work->arena, &payload);
	work->bytes_out += (double)payload.length;
	wf_group_begin(&work->group, 1);
	return error;
}

static int compress(struct work *work, const struct wf_text_set_article *articles, size_t count)
{
	struct wf_bytes compressed;
	int error = 0;

	wf_group_begin(&work->group, 1);
	for (size_t i = 0; error == 0 && i < count; i++) {
		if (articles[i].text.length > WF_GROUP_TEXT_BYTES_MAX) {
			wf_arena_reset(&work->arena);
			error = wf_text_compress(work->codec, articles[i].text, &work->arena, &compressed);
			work->bytes_out += (double)compressed.length;
			continue;
		}
		if (!wf_group_takes(&work->group, i + 1, articles[i].text.length))
			error = pack_group(work);
		wf_group_add(&work->group, i + 1, articles[i].text);
	}
	return error == 0 ? pack_group(work) : error;
}

static const struct text_stage {
	const char *name;
	text_stage_cb prepare; /* not measured; NULL: nothing */
	text_stage_cb measure;
	bool reads_text;
} stages[] = {
	{"tokenise", NULL, tokenise_sized, true},
	{"evidence of tokens", tokenise, encode, false},
	{"sketch of tokens", tokenise, sketch, false},
	{"analyse: text to sketch and evidence", NULL, analyse, true},
	{"pack the text, among others", NULL, compress, true},
};

#define STAGES_COUNT (sizeof stages / sizeof stages[0])

/* One pass over the set. */
static int pass(const struct text_stage *stage, const struct wf_text_set *set, struct work *work,
		struct wf_stage_clock *sum)
{
	for (size_t at = 0; at < set->articles_count; at += BLOCK_TEXTS) {
		const size_t left = set->articles_count - at;
		const size_t count = left < BLOCK_TEXTS ? left : BLOCK_TEXTS;
		struct wf_stage_clock start;
		int error = 0;

		wf_arena_reset(&work->arena);
		if (stage->prepare != NULL)
			error = stage->prepare(work, set->articles + at, count);
		start = wf_stage_now();
		if (error == 0)
			error = stage->measure(work, set->articles + at, count);
		wf_stage_add(sum, start);
		if (error != 0)
			return error;
	}
	return 0;
}

static void bound(struct wf_stage_row *row, const struct wf_stage_run *run, bool reads_text)
{
	if (!reads_text)
		return;
	row->limit = "the text copied once";
	row->limit_us = row->bytes_in * 1e6 / run->machine.copy_bytes_per_second;
}

int wf_stage_texts(const struct wf_stage_run *run, const struct wf_text_set *set)
{
	const double count = (double)set->articles_count;
	struct wf_stage_row rows[STAGES_COUNT];
	struct work work = {0};
	int error = wf_text_codec_new(&work.codec, false);

	wf_arena_init(&work.arena, 1 << 20);
	for (size_t i = 0; i < STAGES_COUNT; i++) {
		rows[i] = (struct wf_stage_row){.set = set->name, .stage = stages[i].name, .rounds = run->rounds};
		rows[i].bytes_in = (double)set->text_bytes / count;
		bound(&rows[i], run, stages[i].reads_text);
	}
	/* Round by round through all the stages, so that a busy moment of the machine is not one stage's alone. */
	for (size_t round = 0; error == 0 && round < run->rounds; round++) {
		for (size_t i = 0; error == 0 && i < STAGES_COUNT; i++) {
			struct wf_stage_clock sum = {0};

			work.bytes_out = 0;
			error = pass(&stages[i], set, &work, &sum);
			rows[i].cpu_us[round] = sum.cpu_us / count;
			rows[i].wall_us[round] = sum.wall_us / count;
			rows[i].bytes_out = work.bytes_out / count;
		}
	}
	for (size_t i = 0; error == 0 && i < STAGES_COUNT; i++)
		run->print(&rows[i]);
	wf_arena_close(&work.arena);
	wf_text_codec_free(work.codec);
	return error;
}
