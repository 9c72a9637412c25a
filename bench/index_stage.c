#include <stdlib.h>

#include "index.h"
#include "lsh.h"
#include "stage.h"

#define SEED               1
#define SECONDS_FIRST      1760000000
#define ARTICLES_A_SECOND  10u
#define KEYS_TOGETHER      64u
#define TABLE_KEYS_CLOCKED (1u << 16)
#define SKETCH_HEAD_BYTES  12u /* of a stored sketch, before its keys of 8 bytes */

/* Evidence of article n is evidence[n - 1]; kept in memory, so that no store is measured. */
struct library {
	struct wf_bytes *evidence;
	uint64_t room;
	struct wf_arena arena;
};

struct feed {
	const struct wf_stage_run *run;
	struct wf_text_set *set;
	struct library library;
	struct wf_index *index;
	struct wf_arena arena;
	double clock_us; /* what two looks at the clock cost */
	uint64_t fed;
	uint64_t sketch_bytes;
	struct wf_document *waiting; /* the next articles, analysed */
	uint64_t *sources;
	uint64_t waiting_count;
	struct wf_arena waiting_arena;
};

static int read_evidence(void *context, uint64_t number, struct wf_bytes *evidence)
{
	const struct library *library = context;

	if (number == 0 || number > library->room || library->evidence[number - 1].length == 0)
		return WF_ENOTFOUND;
	*evidence = library->evidence[number - 1];
	return 0;
}

static struct wf_article_facts facts_of(const struct feed *feed, uint64_t number, uint64_t i)
{
	const int64_t seen = SECONDS_FIRST + (int64_t)((feed->fed + i) / ARTICLES_A_SECOND);

	return (struct wf_article_facts){.number = number, .source = feed->sources[i], .seen = seen, .published = seen};
}

/* Analyses the next articles; they are fewer where the set ends. */
static int analyse_next(struct feed *feed, uint64_t count)
{
	struct wf_text_set_article article;
	int error = 0;

	wf_arena_reset(&feed->waiting_arena);
	for (feed->waiting_count = 0; error == 0 && feed->waiting_count < count; feed->waiting_count++) {
		if (!wf_text_set_article(feed->set, feed->fed + feed->waiting_count, &article))
			break;
		feed->sources[feed->waiting_count] = article.source;
		error = wf_document_analyse(&feed->waiting[feed->waiting_count], article.text, SEED,
					    &feed->waiting_arena);
	}
	return error;
}

/* Keeps the evidence of the waiting articles, under the numbers that they will have. */
static int keep_evidence(struct feed *feed)
{
	for (uint64_t i = 0; i < feed->waiting_count; i++) {
		struct wf_bytes *kept = &feed->library.evidence[feed->fed + i];

		*kept = wf_arena_copy(&feed->library.arena, feed->waiting[i].evidence);
		if (kept->data == NULL)
			return WF_ENOMEM;
	}
	return 0;
}

/* While a waiting article is decided, what those behind it need comes nearer, as in the daemon. */
static void work_ahead(const struct feed *feed, uint64_t i, bool is_query)
{
	if (i + 2 < feed->waiting_count)
		wf_index_look_ahead(feed->index, &feed->waiting[i + 2], feed->sources[i + 2], is_query);
	if (i + 1 < feed->waiting_count)
		wf_index_prepare(feed->index, &feed->waiting[i + 1], feed->sources[i + 1]);
}

/* Decides and takes in one of the waiting articles; what the second of the two costs is added to `apply`. */
static int take_in(struct feed *feed, uint64_t i, struct wf_stage_clock *apply)
{
	const struct wf_document *document = &feed->waiting[i];
	const struct wf_article_facts facts = facts_of(feed, feed->fed + i + 1, i);
	struct wf_stage_clock start;
	struct wf_decision decision;
	struct wf_bytes sketch;
	int error;

	wf_arena_reset(&feed->arena);
	work_ahead(feed, i, false);
	error = wf_index_decide(feed->index, document, &facts, 0, &decision);
	if (apply == NULL && error == 0)
		return wf_index_apply(feed->index, document, &facts, &decision, &feed->arena, &sketch);
	start = wf_stage_now();
	if (error == 0)
		error = wf_index_apply(feed->index, document, &facts, &decision, &feed->arena, &sketch);
	wf_stage_add(apply, start);
	if (error == 0)
		feed->sketch_bytes += sketch.length;
	return error;
}

static int feed_waiting(struct feed *feed)
{
	int error = keep_evidence(feed);

	for (uint64_t i = 0; error == 0 && i < feed->waiting_count; i++)
		error = take_in(feed, i, NULL);
	feed->fed += feed->waiting_count;
	return error;
}

static int feed_plain(struct feed *feed, uint64_t count)
{
	const int error = analyse_next(feed, count);

	return error != 0 ? error : feed_waiting(feed);
}

static double candidates_between(const struct wf_index_stats *before, const struct wf_index_stats *after)
{
	const uint64_t decisions = after->decisions - before->decisions;

	return decisions == 0 ? 0 : (double)(after->candidates - before->candidates) / (double)decisions;
}

/* Takes in a window of articles a round, and tells what deciding with applying, and applying alone, cost. */
static int measure_growth(struct feed *feed, struct wf_stage_row *both, struct wf_stage_row *apply)
{
	struct wf_index_stats before;
	struct wf_index_stats after;
	int error = 0;

	wf_index_stats(feed->index, &before);
	feed->sketch_bytes = 0;
	for (size_t round = 0; error == 0 && round < feed->run->rounds; round++) {
		struct wf_stage_clock all = {0};
		struct wf_stage_clock applied = {0};
		struct wf_stage_clock start;
		double count;

		error = analyse_next(feed, feed->run->window);
		if (error == 0)
			error = keep_evidence(feed);
		start = wf_stage_now();
		for (uint64_t i = 0; error == 0 && i < feed->waiting_count; i++)
			error = take_in(feed, i, &applied);
		wf_stage_add(&all, start);
		count = (double)feed->waiting_count;
		feed->fed += feed->waiting_count;
		both->cpu_us[round] = all.cpu_us / count - feed->clock_us;
		both->wall_us[round] = all.wall_us / count - feed->clock_us;
		apply->cpu_us[round] = applied.cpu_us / count - feed->clock_us / 2;
		apply->wall_us[round] = applied.wall_us / count - feed->clock_us / 2;
	}
	wf_index_stats(feed->index, &after);
	both->candidates = candidates_between(&before, &after);
	return error;
}

/* Asks about the waiting articles, none of which is in the index or was asked about before. */
static int query_waiting(struct feed *feed)
{
	struct wf_decision decision;
	int error = 0;

	for (uint64_t i = 0; error == 0 && i < feed->waiting_count; i++) {
		const struct wf_article_facts facts = facts_of(feed, 0, i);

		work_ahead(feed, i, true);
		error = wf_index_decide(feed->index, &feed->waiting[i], &facts, 0, &decision);
	}
	return error;
}

/* Asks about a window of new articles a round, and takes them in after, as the copies of the next window may be of
 * them. */
static int measure_queries(struct feed *feed, struct wf_stage_row *row)
{
	int error = 0;

	for (size_t round = 0; error == 0 && round < row->rounds; round++) {
		struct wf_index_stats before;
		struct wf_index_stats after;
		struct wf_stage_clock sum = {0};
		struct wf_stage_clock start;

		error = analyse_next(feed, feed->run->window);
		if (error != 0)
			break;
		wf_index_stats(feed->index, &before);
		start = wf_stage_now();
		error = query_waiting(feed);
		wf_stage_add(&sum, start);
		wf_index_stats(feed->index, &after);
		row->cpu_us[round] = sum.cpu_us / (double)feed->waiting_count;
		row->wall_us[round] = sum.wall_us / (double)feed->waiting_count;
		row->candidates += candidates_between(&before, &after) / (double)row->rounds;
		if (error == 0)
			error = feed_waiting(feed);
	}
	return error;
}

static uint64_t key_of(uint64_t i)
{
	uint64_t z = i * UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 32) * UINT64_C(0xD6E8FEB86659FD93);
	return z ^ z >> 32;
}

/* Looks up keys in a table of its own with as many entries as the index has, in groups asked for ahead of time. */
static int measure_table(const struct feed *feed, uint64_t keys_count, struct wf_stage_row *row)
{
	struct wf_lsh_found numbers[KEYS_TOGETHER * WF_LSH_BUCKET_MAX];
	struct wf_lsh table;
	int error = wf_lsh_init(&table);
	uint64_t state = 0;
	size_t found = 0;

	for (uint64_t i = 0; error == 0 && i < keys_count; i++)
		error = wf_lsh_insert(&table, key_of(i), (uint32_t)(1 + i % UINT32_MAX));
	for (size_t round = 0; error == 0 && round < row->rounds; round++) {
		struct wf_stage_clock sum = {0};
		const struct wf_stage_clock start = wf_stage_now();

		for (uint32_t i = 0; i < TABLE_KEYS_CLOCKED; i += KEYS_TOGETHER) {
			uint64_t keys[KEYS_TOGETHER];

			for (size_t k = 0; k < KEYS_TOGETHER; k++)
				keys[k] = key_of(key_of(++state) % (2 * keys_count)); /* half of them are there */
			wf_lsh_prefetch(&table, keys, KEYS_TOGETHER);
			found += wf_lsh_find(&table, keys, KEYS_TOGETHER, numbers);
		}
		wf_stage_add(&sum, start);
		row->cpu_us[round] = sum.cpu_us / TABLE_KEYS_CLOCKED * KEYS_TOGETHER;
		row->wall_us[round] = sum.wall_us / TABLE_KEYS_CLOCKED * KEYS_TOGETHER;
	}
	__asm__ volatile("" : : "r"(found));
	row->bytes_out = (double)table.memory_bytes / (double)keys_count;
	row->limit_us = KEYS_TOGETHER * feed->run->memory.read_together_ns / 1e3;
	wf_lsh_close(&table);
	return error;
}

/* The least that an article's reads take: its keys' lines, which can be read together, and its candidates' evidence,
 * each of which is waited for and then read to its end. */
static double reads_us(const struct feed *feed, double keys, double candidates, double evidence_bytes)
{
	const struct wf_stage_run *run = feed->run;

	return keys * run->memory.read_together_ns / 1e3 +
	       candidates * (run->memory.read_ns / 1e3 + evidence_bytes * 1e6 / run->machine.copy_bytes_per_second);
}

static int measure_size(struct feed *feed, uint64_t size)
{
	const struct wf_stage_run *run = feed->run;
	struct wf_stage_row both = {.set = feed->set->name, .stage = "decide and apply", .rounds = run->rounds};
	struct wf_stage_row apply = {.set = feed->set->name, .stage = "apply alone", .rounds = run->rounds};
	struct wf_stage_row query = {
		.set = feed->set->name, .stage = "query in process (decide)", .rounds = run->rounds};
	struct wf_stage_row table = {
		.set = feed->set->name, .stage = "64 lookups in a table so large", .rounds = run->rounds};
	const uint64_t grown = run->rounds * run->window;
	const uint64_t measured = 2 * grown; /* and asked about */
	struct wf_index_stats stats;
	double keys;
	double evidence_bytes;
	int error = 0;

	while (error == 0 && feed->fed + measured < size) {
		const uint64_t left = size - measured - feed->fed;

		error = feed_plain(feed, left < run->window ? left : run->window);
	}
	if (error == 0)
		error = measure_queries(feed, &query);
	if (error == 0)
		error = measure_growth(feed, &both, &apply);
	if (error != 0)
		return error;
	wf_index_stats(feed->index, &stats);
	keys = (double)feed->sketch_bytes / (double)grown / 8.0 - SKETCH_HEAD_BYTES / 8.0;
	evidence_bytes = (double)feed->library.arena.total_bytes / (double)feed->fed;
	both.bytes_out = query.bytes_out = apply.bytes_out = (double)stats.memory_bytes / (double)feed->fed;
	both.bytes_in = query.bytes_in = apply.bytes_in = evidence_bytes;
	both.articles = query.articles = apply.articles = table.articles = feed->fed;
	both.limit = query.limit = "its keys' lines and its candidates' evidence, read";
	apply.limit = "its keys' lines, read";
	table.limit = "64 cache lines, read together";
	query.limit_us = reads_us(feed, keys, query.candidates, evidence_bytes);
	apply.limit_us = reads_us(feed, keys, 0, 0);
	both.limit_us = reads_us(feed, keys, both.candidates, evidence_bytes) + apply.limit_us;
	error = measure_table(feed, (uint64_t)(keys * (double)feed->fed), &table);
	run->print(&query);
	run->print(&both);
	run->print(&apply);
	run->print(&table);
	return error;
}

/* What two looks at the clock cost. */
static double clock_cost_us(void)
{
	struct wf_stage_clock sum = {0};
	const struct wf_stage_clock start = wf_stage_now();

	for (int i = 0; i < 10000; i++)
		(void)wf_stage_now();
	wf_stage_add(&sum, start);
	return sum.cpu_us / 10000 * 2;
}

int wf_stage_index(const struct wf_stage_run *run, struct wf_text_set *set)
{
	const struct wf_index_settings settings = {0};
	const uint64_t measured = 2 * run->rounds * run->window;
	struct feed feed = {.run = run, .set = set, .clock_us = clock_cost_us()};
	int error = WF_ENOMEM;

	if (run->sizes_count == 0)
		return 0;
	feed.library.room = run->sizes[run->sizes_count - 1];
	feed.library.evidence = calloc(feed.library.room, sizeof *feed.library.evidence);
	feed.waiting = calloc(run->window, sizeof *feed.waiting);
	feed.sources = calloc(run->window, sizeof *feed.sources);
	wf_arena_init(&feed.arena, 1 << 16);
	wf_arena_init(&feed.waiting_arena, 1 << 20);
	wf_arena_init(&feed.library.arena, 1 << 20);
	if (feed.library.evidence != NULL && feed.waiting != NULL && feed.sources != NULL)
		error = wf_index_new(&feed.index, &settings, read_evidence, &feed.library);
	for (size_t i = 0; error == 0 && i < run->sizes_count; i++) {
		const uint64_t size = run->sizes[i];

		if (size < feed.fed + measured || (set->corpus == NULL && size > set->articles_count))
			continue;
		error = measure_size(&feed, size);
	}
	wf_index_free(feed.index);
	wf_arena_close(&feed.arena);
	wf_arena_close(&feed.waiting_arena);
	wf_arena_close(&feed.library.arena);
	free(feed.library.evidence);
	free(feed.waiting);
	free(feed.sources);
	return error;
}
