#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "asked_pages.h"
#include "cluster.h"
#include "memory_fault.h"
#include "random_source.h"

#define NUMBERS_MAX 6000u
#define MODEL_STEPS 6000u
#define SOURCES     5u

/* The same, plainly: every article with its cluster, every ID with what it became. */
struct model_article {
	bool is_live;
	uint64_t cluster;
	struct wf_cluster_article facts;
};

struct model {
	struct model_article articles[NUMBERS_MAX + 1];
	uint64_t became[NUMBERS_MAX + 1]; /* 0: itself */
	uint64_t last;
};

/* Helpers */

static int clusters_set_up(void **state)
{
	struct wf_clusters *clusters = malloc(sizeof *clusters);

	wf_clusters_init(clusters);
	*state = clusters;
	return 0;
}

static int clusters_tear_down(void **state)
{
	wf_clusters_close(*state);
	free(*state);
	return memory_live() == 0 ? 0 : -1;
}

static struct wf_cluster_article article_in(uint64_t cluster, uint32_t seen)
{
	return (struct wf_cluster_article){
		.cluster = cluster, .source = 1, .published = WF_TIME_NONE, .seen = seen, .own_tokens = 10};
}

static void add(struct wf_clusters *clusters, uint64_t number, uint64_t cluster)
{
	const struct wf_cluster_article article = article_in(cluster, (uint32_t)number * 10);

	assert_int_equal(wf_clusters_add(clusters, number, &article), 0);
}

static struct wf_cluster_summary summary_of(struct wf_clusters *clusters, uint64_t id)
{
	struct wf_cluster_summary summary;

	assert_int_equal(wf_clusters_summary(clusters, id, &summary), 0);
	return summary;
}

static void members_are(struct wf_clusters *clusters, uint64_t id, const uint64_t *wanted, size_t wanted_count)
{
	struct wf_arena arena;
	const uint64_t *numbers;
	size_t count;

	wf_arena_init(&arena, 4096);
	assert_int_equal(wf_clusters_members(clusters, id, &arena, &numbers, &count), 0);
	assert_int_equal(count, wanted_count);
	assert_memory_equal(numbers, wanted, count * sizeof *wanted);
	wf_arena_close(&arena);
}

static void is_gone(struct wf_clusters *clusters, uint64_t id)
{
	struct wf_cluster_summary summary;
	struct wf_arena arena;
	const uint64_t *numbers;
	size_t count;

	wf_arena_init(&arena, 4096);
	assert_int_equal(wf_clusters_resolve(clusters, id), 0);
	assert_int_equal(wf_clusters_size(clusters, id), 0);
	assert_int_equal(wf_clusters_summary(clusters, id, &summary), WF_ENOTFOUND);
	assert_int_equal(wf_clusters_members(clusters, id, &arena, &numbers, &count), WF_ENOTFOUND);
	wf_arena_close(&arena);
}

static const struct wf_cluster_filter everything = {.since = INT64_MIN, .until = INT64_MAX};

/* All pages of `limit`, one after another, into `all`. */
static size_t list_all(struct wf_clusters *clusters, struct wf_cluster_filter filter, size_t limit,
		       struct wf_cluster_summary *all, size_t room)
{
	size_t total = 0;
	bool more = true;

	while (more) {
		size_t count;

		assert_true(total + limit <= room);
		assert_int_equal(wf_clusters_list(clusters, &filter, all + total, limit, &count, &more), 0);
		assert_in_range(count, 0, limit);
		assert_true(!more || count == limit);
		total += count;
		if (count > 0) {
			const struct wf_cluster_summary *last = &all[total - 1];

			filter.has_after = true;
			filter.after_cluster = last->cluster;
			filter.after_key =
				filter.order == WF_CLUSTER_ORDER_SIZE ? last->size : (uint64_t)last->last_seen;
		}
	}
	return total;
}

/* The model */

static uint64_t model_resolve(const struct model *model, uint64_t id)
{
	while (model->became[id] != 0)
		id = model->became[id];
	for (uint64_t number = 1; number <= model->last; number++)
		if (model->articles[number].is_live && model->articles[number].cluster == id)
			return id;
	return 0;
}

static struct wf_cluster_summary model_summary(const struct model *model, uint64_t id, uint64_t *numbers)
{
	struct wf_cluster_summary summary = {.cluster = id, .first_published = WF_TIME_NONE};
	uint32_t own_tokens = 0;
	uint32_t sources = 0;

	for (uint64_t number = 1; number <= model->last; number++) {
		const struct model_article *article = &model->articles[number];

		if (!article->is_live || article->cluster != id)
			continue;
		if (summary.size == 0 || article->facts.seen < summary.first_seen)
			summary.first_seen = article->facts.seen;
		if (article->facts.seen > summary.last_seen)
			summary.last_seen = article->facts.seen;
		if (article->facts.published != WF_TIME_NONE &&
		    (summary.first_published == WF_TIME_NONE || article->facts.published < summary.first_published))
			summary.first_published = article->facts.published;
		if (summary.size == 0 || article->facts.own_tokens > own_tokens) {
			summary.representative = number;
			own_tokens = article->facts.own_tokens;
		}
		sources |= 1u << article->facts.source;
		numbers[summary.size++] = number;
	}
	summary.outlets = (uint64_t)__builtin_popcount(sources);
	return summary;
}

static bool summaries_are_equal(const struct wf_cluster_summary *a, const struct wf_cluster_summary *b)
{
	return a->cluster == b->cluster && a->size == b->size && a->outlets == b->outlets &&
	       a->first_seen == b->first_seen && a->last_seen == b->last_seen &&
	       a->first_published == b->first_published && a->representative == b->representative;
}

static bool id_agrees(struct wf_clusters *clusters, const struct model *model, uint64_t id)
{
	static uint64_t wanted[NUMBERS_MAX];
	const uint64_t now = model_resolve(model, id);
	struct wf_cluster_summary summary;
	struct wf_cluster_summary plain;
	struct wf_arena arena;
	const uint64_t *numbers;
	size_t count;
	bool agrees;

	if (wf_clusters_resolve(clusters, id) != now)
		return false;
	if (now == 0)
		return wf_clusters_summary(clusters, id, &summary) == WF_ENOTFOUND;
	plain = model_summary(model, now, wanted);
	wf_arena_init(&arena, 65536);
	agrees = wf_clusters_summary(clusters, id, &summary) == 0 && summaries_are_equal(&summary, &plain) &&
		 wf_clusters_size(clusters, now) == plain.size &&
		 wf_clusters_members(clusters, id, &arena, &numbers, &count) == 0 && count == plain.size &&
		 memcmp(numbers, wanted, count * sizeof *wanted) == 0;
	wf_arena_close(&arena);
	return agrees;
}

static uint64_t live_at_random(const struct model *model, uint64_t *random)
{
	for (int tries = 0; tries < 30; tries++) {
		const uint64_t number = 1 + random_below(random, (uint32_t)model->last);

		if (model->articles[number].is_live)
			return number;
	}
	return 0;
}

static int step_add(struct wf_clusters *clusters, struct model *model, uint64_t *random)
{
	const uint64_t number = ++model->last;
	const uint64_t other = number > 1 && random_below(random, 3) != 0 ? live_at_random(model, random) : 0;
	struct model_article *article = &model->articles[number];

	*article = (struct model_article){
		.is_live = true,
		.cluster = other == 0 ? number : model->articles[other].cluster,
		.facts = {.source = random_below(random, SOURCES),
			  .published = random_below(random, 3) == 0 ? WF_TIME_NONE
								    : (int64_t)random_below(random, 1000) - 500,
			  .seen = random_below(random, 10000),
			  .own_tokens = random_below(random, 30)},
	};
	article->facts.cluster = article->cluster;
	return wf_clusters_add(clusters, number, &article->facts);
}

static int step_remove(struct wf_clusters *clusters, struct model *model, uint64_t *random)
{
	const uint64_t number = live_at_random(model, random);

	if (number == 0)
		return 0;
	model->articles[number].is_live = false;
	return wf_clusters_remove(clusters, number);
}

static int step_fold(struct wf_clusters *clusters, struct model *model, uint64_t *random)
{
	const uint64_t a = live_at_random(model, random);
	const uint64_t b = live_at_random(model, random);
	uint64_t from;
	uint64_t into;

	if (a == 0 || b == 0)
		return 0;
	from = model->articles[a].cluster;
	into = model->articles[b].cluster;
	if (from == into)
		return 0;
	model->became[from] = into;
	for (uint64_t number = 1; number <= model->last; number++)
		if (model->articles[number].is_live && model->articles[number].cluster == from)
			model->articles[number].cluster = into;
	return wf_clusters_fold(clusters, from, into);
}

/* Some of a cluster's articles, not all, become one of a number that no article has. */
static int step_split(struct wf_clusters *clusters, struct model *model, uint64_t *random)
{
	static uint64_t numbers[NUMBERS_MAX];
	const uint64_t chosen = live_at_random(model, random);
	const uint64_t cluster = chosen == 0 ? 0 : model->articles[chosen].cluster;
	uint64_t size = 0;
	size_t count = 0;
	uint64_t fresh;

	for (uint64_t number = 1; number <= model->last; number++) {
		if (!model->articles[number].is_live || model->articles[number].cluster != cluster)
			continue;
		size++;
		if (random_below(random, 2) == 0)
			numbers[count++] = number;
	}
	if (count == 0 || count == size)
		return 0;
	fresh = ++model->last;
	for (size_t i = 0; i < count; i++)
		model->articles[numbers[i]].cluster = fresh;
	return wf_clusters_split(clusters, cluster, numbers, count, fresh);
}

/* The step at which the clusters and the model differ; MODEL_STEPS: nowhere. */
static uint32_t first_difference(uint64_t seed)
{
	static struct model model;
	struct wf_clusters clusters;
	uint64_t random = seed;
	uint32_t step;

	memset(&model, 0, sizeof model);
	wf_clusters_init(&clusters);
	for (step = 0; step < MODEL_STEPS; step++) {
		const uint32_t action = random_below(&random, 21);
		const uint32_t adds = step / 1500 % 2 == 0 ? 13 : 7;
		int error;

		if (action < adds || model.last < 2)
			error = step_add(&clusters, &model, &random);
		else if (action < 19)
			error = step_remove(&clusters, &model, &random);
		else if (action < 20)
			error = step_fold(&clusters, &model, &random);
		else
			error = step_split(&clusters, &model, &random);
		if (error != 0 || !id_agrees(&clusters, &model, 1 + random_below(&random, (uint32_t)model.last)))
			break;
	}
	for (uint64_t id = 1; step == MODEL_STEPS && id <= model.last + 2; id++)
		if (!id_agrees(&clusters, &model, id))
			step--;
	/* Everything goes, in any order, and all IDs with it. */
	for (uint64_t number = 1; number <= model.last; number++) {
		const uint64_t mixed = (number * 7919) % (model.last + 1);

		if (model.articles[mixed].is_live && wf_clusters_remove(&clusters, mixed) != 0)
			step = 0;
		model.articles[mixed].is_live = false;
	}
	for (uint64_t number = 1; number <= model.last; number++)
		if (model.articles[number].is_live)
			(void)wf_clusters_remove(&clusters, number);
	if (clusters.clusters_count != 0 || clusters.articles_count != 0)
		step = 0;
	wf_clusters_close(&clusters);
	return step;
}

/* wf_clusters_add, wf_clusters_article, wf_clusters_resolve */

static void an_article_founds_a_cluster_of_its_number(void **state)
{
	const uint64_t wanted[] = {1};

	add(*state, 1, 1);
	assert_int_equal(wf_clusters_resolve(*state, 1), 1);
	assert_int_equal(wf_clusters_size(*state, 1), 1);
	assert_int_equal(wf_clusters_article(*state, 1)->seen, 10);
	assert_null(wf_clusters_article(*state, 0));
	assert_null(wf_clusters_article(*state, 2));
	assert_null(wf_clusters_article(*state, UINT64_MAX));
	assert_int_equal(wf_clusters_resolve(*state, 2), 0);
	assert_int_equal(wf_clusters_resolve(*state, 0), 0);
	members_are(*state, 1, wanted, 1);
	is_gone(*state, 0);
	is_gone(*state, 2);
}

static void articles_join_and_the_summary_follows(void **state)
{
	struct wf_cluster_article second = article_in(1, 5);
	struct wf_cluster_article third = article_in(1, 50);
	struct wf_cluster_summary summary;

	add(*state, 1, 1);
	second.published = -7;
	second.source = 0;
	second.own_tokens = 11;
	third.source = 2;
	third.published = 3;
	third.own_tokens = 11;
	assert_int_equal(wf_clusters_add(*state, 2, &second), 0);
	assert_int_equal(wf_clusters_add(*state, 3, &third), 0);
	summary = summary_of(*state, 1);
	assert_int_equal(summary.cluster, 1);
	assert_int_equal(summary.size, 3);
	assert_int_equal(summary.outlets, 3);
	assert_int_equal(summary.representative, 2); /* the earliest of the fullest */
	assert_int_equal(summary.first_seen, 5);
	assert_int_equal(summary.last_seen, 50);
	assert_int_equal(summary.first_published, -7);
}

static void numbers_far_from_1_and_past_2_to_the_32_are_kept_apart(void **state)
{
	const uint64_t base = (UINT64_C(1) << 32) - 3;
	uint64_t wanted[8];

	for (uint64_t i = 0; i < 8; i++) {
		wanted[i] = base + i;
		add(*state, base + i, base);
	}
	members_are(*state, base, wanted, 8);
	for (uint64_t i = 0; i < 8; i++)
		assert_int_equal(wf_clusters_number(*state, (uint32_t)(base + i)), base + i);
	assert_null(wf_clusters_article(*state, (uint32_t)(base + 5)));
	assert_int_equal(wf_clusters_remove(*state, base), 0);
	members_are(*state, base, wanted + 1, 7);
}

static void an_addition_without_memory_changes_nothing(void **state)
{
	struct wf_clusters *clusters = *state;
	uint32_t refused = 0;

	for (uint64_t number = 1; number <= 5000; number++) {
		const struct wf_cluster_article article = article_in(number % 3 == 0 ? number : number - number % 3, 1);
		const struct wf_cluster_article first = article_in(number, 1);
		const struct wf_cluster_article *added = number < 3 ? &first : &article;
		bool was_refused = true;

		/* What was served may stay: several tries with as many, then one more. */
		for (long tries = 0; was_refused; tries++) {
			int error;

			memory_fault_arm(tries / 8, true);
			error = wf_clusters_add(clusters, number, added);
			was_refused = memory_fault_disarm();
			assert_int_equal(error, was_refused ? WF_ENOMEM : 0);
			refused += was_refused;
			assert_int_equal(clusters->articles_count, number - was_refused);
			if (was_refused) {
				assert_null(wf_clusters_article(clusters, number));
				assert_int_equal(wf_clusters_size(clusters, added->cluster),
						 number < 3 ? 0 : number % 3);
			}
		}
	}
	assert_true(refused > 100);
	assert_int_equal(summary_of(clusters, 999).size, 3);
}

/* wf_clusters_fold, wf_clusters_redirect */

static void two_big_rings_become_one_and_come_apart_in_any_order(void **state)
{
	struct wf_clusters *clusters = *state;
	uint64_t left[400];
	size_t count = 400;
	uint64_t random = 3;

	for (uint64_t number = 1; number <= 400; number++) {
		left[number - 1] = number;
		add(clusters, number, number % 2 == 1 ? 1 : 2);
	}
	assert_int_equal(wf_clusters_fold(clusters, 1, 2), 0);
	members_are(clusters, 1, left, 400);
	assert_int_equal(clusters->clusters_count, 1);
	while (count > 0) {
		const size_t at = random_below(&random, (uint32_t)count);

		assert_int_equal(wf_clusters_remove(clusters, left[at]), 0);
		memmove(left + at, left + at + 1, (count - at - 1) * sizeof *left);
		count--;
		if (count == 0)
			break;
		members_are(clusters, 1, left, count);
		assert_int_equal(wf_clusters_resolve(clusters, 1), 2);
		assert_int_equal(summary_of(clusters, 2).size, count);
		assert_int_equal(summary_of(clusters, 2).first_seen, left[0] * 10);
		assert_int_equal(summary_of(clusters, 2).last_seen, left[count - 1] * 10);
		assert_int_equal(summary_of(clusters, 2).representative, left[0]);
	}
	is_gone(clusters, 1);
	is_gone(clusters, 2);
	assert_int_equal(clusters->clusters_count, 0);
}

static void a_chain_of_folds_leads_to_its_end(void **state)
{
	struct wf_clusters *clusters = *state;
	uint64_t wanted[50];

	for (uint64_t number = 1; number <= 50; number++) {
		wanted[number - 1] = number;
		add(clusters, number, number);
	}
	for (uint64_t number = 1; number < 50; number++)
		assert_int_equal(wf_clusters_fold(clusters, number, number + 1), 0);
	for (uint64_t number = 1; number <= 50; number++)
		assert_int_equal(wf_clusters_resolve(clusters, number), 50);
	members_are(clusters, 1, wanted, 50);
	for (uint64_t number = 1; number <= 50; number++)
		assert_int_equal(wf_clusters_article(clusters, number)->cluster, 50);
}

static void folding_a_cluster_into_itself_does_nothing(void **state)
{
	struct wf_clusters *clusters = *state;
	const uint64_t wanted[] = {1, 2};

	add(clusters, 1, 1);
	add(clusters, 2, 1);
	add(clusters, 3, 3);
	assert_int_equal(wf_clusters_fold(clusters, 1, 1), 0);
	assert_int_equal(wf_clusters_fold(clusters, 3, 3), 0);
	assert_int_equal(clusters->clusters_count, 2);
	members_are(clusters, 1, wanted, 2);
	assert_int_equal(summary_of(clusters, 3).size, 1);
}

static void a_fold_needs_two_clusters_that_are(void **state)
{
	struct wf_clusters *clusters = *state;

	add(clusters, 1, 1);
	add(clusters, 2, 1);
	add(clusters, 3, 3);
	assert_int_equal(wf_clusters_fold(clusters, 1, 9), WF_ENOTFOUND);
	assert_int_equal(wf_clusters_fold(clusters, 9, 1), WF_ENOTFOUND);
	assert_int_equal(wf_clusters_fold(clusters, 9, 9), WF_ENOTFOUND);
	assert_int_equal(wf_clusters_fold(clusters, 2, 1), WF_ENOTFOUND); /* an article, no cluster */
	assert_int_equal(wf_clusters_remove(clusters, 3), 0);
	assert_int_equal(wf_clusters_fold(clusters, 3, 1), WF_ENOTFOUND);
	is_gone(clusters, 9);
	is_gone(clusters, 3);
	assert_int_equal(summary_of(clusters, 1).size, 2);
	assert_int_equal(clusters->clusters_count, 1);
}

static void a_fold_without_memory_changes_nothing(void **state)
{
	struct wf_clusters *clusters = *state;
	uint64_t number = 1;
	uint32_t refused = 0;

	for (uint32_t round = 0; round < 600; round++, number += 3) {
		const uint64_t both[] = {number, number + 1, number + 2};
		bool was_refused = true;

		add(clusters, number, number);
		add(clusters, number + 1, number + 1);
		add(clusters, number + 2, number + round % 2);
		/* What was served may stay: several tries with as many, then one more. */
		for (long tries = 0; was_refused; tries++) {
			int error;

			memory_fault_arm(tries / 8, true);
			error = wf_clusters_fold(clusters, number, number + 1);
			was_refused = memory_fault_disarm();
			assert_int_equal(error, was_refused ? WF_ENOMEM : 0);
			refused += was_refused;
			if (was_refused) {
				assert_int_equal(wf_clusters_resolve(clusters, number), number);
				assert_int_equal(wf_clusters_size(clusters, number), 2 - round % 2);
				assert_int_equal(wf_clusters_size(clusters, number + 1), 1 + round % 2);
				assert_int_equal(wf_clusters_article(clusters, number)->cluster, number);
			}
		}
		members_are(clusters, number, both, 3);
	}
	assert_true(refused > 50);
}

static void redirects_come_before_what_they_lead_to(void **state)
{
	struct wf_clusters *clusters = *state;

	assert_int_equal(wf_clusters_redirect(clusters, 1, 2), 0);
	assert_int_equal(wf_clusters_redirect(clusters, 2, 5), 0);
	assert_int_equal(wf_clusters_redirect(clusters, 7, 7), 0);
	assert_int_equal(wf_clusters_resolve(clusters, 1), 0);
	add(clusters, 6, 5); /* the founder is gone already */
	assert_int_equal(wf_clusters_resolve(clusters, 1), 5);
	assert_int_equal(summary_of(clusters, 1).representative, 6);
	assert_int_equal(clusters->clusters_count, 1);
	memory_fault_arm(0, true);
	for (uint64_t id = 100; id < 200; id++)
		(void)wf_clusters_redirect(clusters, id, 5);
	assert_true(memory_fault_disarm());
	assert_int_equal(wf_clusters_resolve(clusters, 1), 5);
}

/* wf_clusters_remove */

static void the_id_outlives_its_founder(void **state)
{
	struct wf_clusters *clusters = *state;
	const uint64_t wanted[] = {2, 3};

	add(clusters, 1, 1);
	add(clusters, 2, 1);
	add(clusters, 3, 1);
	assert_int_equal(wf_clusters_remove(clusters, 1), 0);
	assert_null(wf_clusters_article(clusters, 1));
	assert_int_equal(wf_clusters_resolve(clusters, 1), 1);
	members_are(clusters, 1, wanted, 2);
	assert_int_equal(summary_of(clusters, 1).first_seen, 20);
	assert_int_equal(summary_of(clusters, 1).representative, 2);
	add(clusters, 4, 1);
	assert_int_equal(summary_of(clusters, 1).size, 3);
}

static void the_id_of_an_emptied_cluster_is_gone_for_ever(void **state)
{
	struct wf_clusters *clusters = *state;

	add(clusters, 1, 1);
	add(clusters, 2, 1);
	add(clusters, 3, 3);
	assert_int_equal(wf_clusters_fold(clusters, 3, 1), 0);
	for (uint64_t number = 1; number <= 3; number++)
		assert_int_equal(wf_clusters_remove(clusters, number), 0);
	for (uint64_t number = 4; number < 3000; number++)
		add(clusters, number, number);
	is_gone(clusters, 1);
	is_gone(clusters, 2);
	is_gone(clusters, 3);
	assert_int_equal(wf_clusters_remove(clusters, 1), WF_ENOTFOUND);
	assert_int_equal(wf_clusters_remove(clusters, 3000), WF_ENOTFOUND);
	assert_int_equal(wf_clusters_remove(clusters, 0), WF_ENOTFOUND);
}

static void memory_of_old_articles_is_given_back(void **state)
{
	struct wf_clusters *clusters = *state;
	size_t most = 0;

	/* A window of 50,000 articles over 500,000: retention. */
	for (uint64_t number = 1; number <= 500000; number++) {
		add(clusters, number, number);
		if (number > 50000)
			assert_int_equal(wf_clusters_remove(clusters, number - 50000), 0);
		if (number == 100000)
			most = wf_clusters_memory_bytes(clusters);
	}
	assert_int_equal(clusters->articles_count, 50000);
	assert_in_range(most, 50000 * sizeof(struct wf_cluster_article), 100000 * sizeof(struct wf_cluster_article));
	assert_in_range(wf_clusters_memory_bytes(clusters), 50000 * sizeof(struct wf_cluster_article), most + most / 4);
	for (uint64_t number = 450001; number <= 500000; number++)
		assert_int_equal(wf_clusters_article(clusters, number)->seen, number * 10);
}

static void memory_of_new_articles_is_asked_for_ahead(void **state)
{
	const uint64_t chunk = WF_PAGES_LARGE_BYTES / sizeof(struct wf_cluster_article); /* articles */
	static struct asked_pages asked;
	struct wf_clusters clusters;

	(void)state;
	wf_clusters_init(&clusters);
	clusters.ahead = asked_ahead(&asked);
	for (uint64_t number = 1; number < 4 * chunk; number++) {
		const struct wf_cluster_article *first;

		add(&clusters, number, number);
		if (number % chunk != 0)
			continue;
		/* The first of a chunk, which was asked for while those of the chunk before were added. */
		first = wf_clusters_article(&clusters, number);
		assert_int_equal(asked.count, number / chunk);
		assert_int_equal(asked_from(&asked, first), WF_PAGES_LARGE_BYTES);
	}
	for (uint64_t number = 1; number < 2 * chunk; number++)
		assert_int_equal(wf_clusters_remove(&clusters, number), 0);
	assert_int_equal(asked.count, 3); /* one of the two that went was never asked for; the next is */
	wf_clusters_close(&clusters);
	assert_int_equal(asked.count, 0);
}

static void the_clusters_agree_with_a_plain_model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		const uint32_t step = first_difference(seed);

		if (step != MODEL_STEPS)
			fail_msg("seed %u differs at step %u", (unsigned)seed, step);
	}
}

/* wf_clusters_split */

static void a_split_cluster_keeps_its_id_also_without_its_founder(void **state)
{
	const uint64_t numbers[] = {1, 3};
	const uint64_t rest[] = {2};
	struct wf_clusters *clusters = *state;

	for (uint64_t number = 1; number <= 3; number++)
		add(clusters, number, 1);
	assert_int_equal(wf_clusters_split(clusters, 1, numbers, 2, 4), 0);
	assert_int_equal(clusters->clusters_count, 2);
	members_are(clusters, 4, numbers, 2);
	members_are(clusters, 1, rest, 1);
	assert_int_equal(summary_of(clusters, 1).first_seen, 20);
	assert_int_equal(summary_of(clusters, 1).representative, 2);
	assert_int_equal(summary_of(clusters, 4).representative, 1);
	assert_int_equal(summary_of(clusters, 4).last_seen, 30);
	/* Its founder, of all, is no longer in it: the ID goes with its last article all the same. */
	assert_int_equal(wf_clusters_remove(clusters, 2), 0);
	is_gone(clusters, 1);
	members_are(clusters, 4, numbers, 2);
	add(clusters, 5, 4);
	assert_int_equal(wf_clusters_size(clusters, 4), 3);
}

static void what_was_split_comes_back_at_a_start(void **state)
{
	const uint64_t wanted[] = {1, 3, 6};
	struct wf_clusters *clusters = *state;

	/* As the store has it: the founder of 1 in 4, a number that no article has; 5 was folded into 1. */
	assert_int_equal(wf_clusters_redirect(clusters, 5, 1), 0);
	add(clusters, 1, 4);
	assert_int_equal(wf_clusters_destination(clusters, 5), 1);
	add(clusters, 2, 1);
	add(clusters, 3, 4);
	add(clusters, 5, 1);
	add(clusters, 6, 4);
	members_are(clusters, 4, wanted, 3);
	assert_int_equal(summary_of(clusters, 5).cluster, 1);
	assert_int_equal(summary_of(clusters, 5).size, 2);
}

static void a_split_without_memory_changes_nothing(void **state)
{
	const uint64_t numbers[] = {2};
	const uint64_t all[] = {1, 2, 3};
	struct wf_clusters *clusters = *state;

	for (uint64_t number = 1; number <= 3; number++)
		add(clusters, number, 1);
	memory_fault_arm(0, true);
	assert_int_equal(wf_clusters_split(clusters, 1, numbers, 1, 4), WF_ENOMEM);
	assert_true(memory_fault_disarm());
	members_are(clusters, 1, all, 3);
	is_gone(clusters, 4);
}

/* wf_clusters_summary, wf_clusters_members */

static void a_summary_without_memory_is_refused_and_comes_right_later(void **state)
{
	struct wf_cluster_summary summary;
	struct wf_arena arena;
	const uint64_t *numbers;
	size_t count;

	for (uint64_t number = 1; number <= 300; number++) {
		struct wf_cluster_article article = article_in(1, 1);

		article.source = number;
		assert_int_equal(wf_clusters_add(*state, number, &article), 0);
	}
	wf_arena_init(&arena, 64);
	memory_fault_arm(3, true);
	assert_int_equal(wf_clusters_summary(*state, 1, &summary), WF_ENOMEM);
	assert_int_equal(wf_clusters_members(*state, 1, &arena, &numbers, &count), WF_ENOMEM);
	assert_true(memory_fault_disarm());
	assert_int_equal(summary_of(*state, 1).outlets, 300);
	wf_arena_close(&arena);
}

/* wf_clusters_has_source */

static void a_source_is_found_among_the_newest(void **state)
{
	struct wf_clusters *clusters = *state;

	for (uint64_t number = 1; number <= 20; number++) {
		struct wf_cluster_article article = article_in(1, 1);

		article.source = 100 + number;
		assert_int_equal(wf_clusters_add(clusters, number, &article), 0);
	}
	add(clusters, 21, 21);
	assert_true(wf_clusters_has_source(clusters, 1, 120, 1));
	assert_false(wf_clusters_has_source(clusters, 1, 119, 1));
	assert_true(wf_clusters_has_source(clusters, 1, 119, 2));
	assert_true(wf_clusters_has_source(clusters, 1, 101, 20));
	assert_false(wf_clusters_has_source(clusters, 1, 101, 19));
	assert_false(wf_clusters_has_source(clusters, 1, 99, UINT32_MAX));
	assert_true(wf_clusters_has_source(clusters, 21, 1, UINT32_MAX));
	assert_false(wf_clusters_has_source(clusters, 21, 2, UINT32_MAX));
	assert_false(wf_clusters_has_source(clusters, 21, 1, 0));
	assert_false(wf_clusters_has_source(clusters, 50, 1, UINT32_MAX));
}

/* wf_clusters_sources */

static void sources_are_found_among_the_newest(void **state)
{
	const uint64_t sources[] = {101, 120, 7, 105};
	struct wf_clusters *clusters = *state;

	for (uint64_t number = 1; number <= 20; number++) {
		struct wf_cluster_article article = article_in(1, 1);

		article.source = 100 + number;
		assert_int_equal(wf_clusters_add(clusters, number, &article), 0);
	}
	add(clusters, 21, 21);
	assert_int_equal(wf_clusters_sources(clusters, 1, sources, 4, 15, UINT32_MAX), 11);
	assert_int_equal(wf_clusters_sources(clusters, 1, sources, 4, 12, UINT32_MAX), 8);
	assert_int_equal(wf_clusters_sources(clusters, 1, sources, 4, 15, 16), 10);
	assert_int_equal(wf_clusters_sources(clusters, 1, sources, 4, 15, 1), 2);
	assert_int_equal(wf_clusters_sources(clusters, 1, sources, 4, 15, 0), 0);
	assert_int_equal(wf_clusters_sources(clusters, 21, sources, 4, 15, UINT32_MAX), 0);
	assert_int_equal(wf_clusters_sources(clusters, 50, sources, 4, 15, UINT32_MAX), 0);
}

/* wf_clusters_list */

#define LISTED 300u

/* Clusters of many sizes, sources and times, some folded, some of a founder alone, some without their founder. */
static void make_many(struct wf_clusters *clusters)
{
	uint64_t random = 5;

	for (uint64_t number = 1; number <= LISTED; number++) {
		struct wf_cluster_article article = article_in(number, random_below(&random, 40));
		const uint64_t other = 1 + random_below(&random, (uint32_t)number);

		if (random_below(&random, 2) == 0 && wf_clusters_article(clusters, other) != NULL)
			article.cluster = wf_clusters_article(clusters, other)->cluster;
		article.source = random_below(&random, SOURCES);
		assert_int_equal(wf_clusters_add(clusters, number, &article), 0);
		if (random_below(&random, 20) == 0 && wf_clusters_article(clusters, other) != NULL &&
		    wf_clusters_article(clusters, other)->cluster != article.cluster)
			assert_int_equal(wf_clusters_fold(clusters, article.cluster,
							  wf_clusters_article(clusters, other)->cluster),
					 0);
		if (random_below(&random, 8) == 0)
			(void)wf_clusters_remove(clusters, 1 + random_below(&random, (uint32_t)number));
	}
}

static bool passes_plainly(struct wf_clusters *clusters, const struct wf_cluster_filter *filter,
			   const struct wf_cluster_summary *summary)
{
	struct wf_arena arena;
	const uint64_t *numbers;
	size_t count;
	bool has_source = filter->source == 0;

	wf_arena_init(&arena, 4096);
	assert_int_equal(wf_clusters_members(clusters, summary->cluster, &arena, &numbers, &count), 0);
	for (size_t i = 0; i < count; i++)
		has_source = has_source || wf_clusters_article(clusters, numbers[i])->source == filter->source;
	wf_arena_close(&arena);
	return has_source && summary->size >= filter->size_min && summary->outlets >= filter->outlets_min &&
	       summary->last_seen >= filter->since && summary->first_seen <= filter->until;
}

static void pages_give_every_cluster_once_in_order(struct wf_clusters *clusters, const struct wf_cluster_filter *filter)
{
	struct wf_cluster_summary all[LISTED + 8];
	size_t wanted = 0;

	for (uint64_t id = 1; id <= LISTED; id++) {
		struct wf_cluster_summary summary;

		if (wf_clusters_resolve(clusters, id) == id && wf_clusters_summary(clusters, id, &summary) == 0)
			wanted += passes_plainly(clusters, filter, &summary);
	}
	for (size_t limit = 1; limit <= 7; limit++) {
		const size_t total = list_all(clusters, *filter, limit, all, LISTED + 8);

		assert_int_equal(total, wanted);
		for (size_t i = 0; i < total; i++) {
			const struct wf_cluster_summary again = summary_of(clusters, all[i].cluster);
			const uint64_t key =
				filter->order == WF_CLUSTER_ORDER_SIZE ? all[i].size : (uint64_t)all[i].last_seen;

			assert_true(summaries_are_equal(&all[i], &again));
			assert_true(passes_plainly(clusters, filter, &all[i]));
			if (i > 0) {
				const uint64_t before = filter->order == WF_CLUSTER_ORDER_SIZE
								? all[i - 1].size
								: (uint64_t)all[i - 1].last_seen;

				assert_true(key < before || (key == before && all[i].cluster < all[i - 1].cluster));
			}
		}
	}
}

static void pages_hold_every_cluster_once_in_both_orders_under_every_filter(void **state)
{
	const struct wf_cluster_filter filters[] = {
		everything,
		{.since = 20, .until = INT64_MAX},
		{.since = INT64_MIN, .until = 15},
		{.since = 10, .until = 12},
		{.since = INT64_MIN, .until = INT64_MAX, .size_min = 1, .outlets_min = 1},
		{.since = INT64_MIN, .until = INT64_MAX, .size_min = 2},
		{.since = INT64_MIN, .until = INT64_MAX, .size_min = 5},
		{.since = INT64_MIN, .until = INT64_MAX, .outlets_min = 2},
		{.since = INT64_MIN, .until = INT64_MAX, .outlets_min = 4},
		{.since = INT64_MIN, .until = INT64_MAX, .source = 3},
		{.since = 5, .until = 35, .size_min = 2, .outlets_min = 2, .source = 2},
		{.since = 1000, .until = INT64_MAX},
		{.since = INT64_MIN, .until = INT64_MAX, .source = 99},
	};

	make_many(*state);
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
		struct wf_cluster_filter filter = filters[i];

		pages_give_every_cluster_once_in_order(*state, &filter);
		filter.order = WF_CLUSTER_ORDER_SIZE;
		pages_give_every_cluster_once_in_order(*state, &filter);
	}
}

static void a_list_of_nothing_is_empty(void **state)
{
	struct wf_cluster_summary summary;
	size_t count = 9;
	bool more = true;

	assert_int_equal(wf_clusters_list(*state, &everything, &summary, 1, &count, &more), 0);
	assert_int_equal(count, 0);
	assert_false(more);
	add(*state, 1, 1);
	assert_int_equal(wf_clusters_list(*state, &everything, NULL, 0, &count, &more), 0);
	assert_int_equal(count, 0);
	assert_true(more);
}

static void a_list_finds_stale_clusters_anew(void **state)
{
	const struct wf_cluster_filter early = {.since = INT64_MIN, .until = 15};
	struct wf_cluster_summary summary;
	size_t count;
	bool more;

	for (uint64_t number = 1; number <= 4; number++)
		add(*state, number, 1);
	assert_int_equal(wf_clusters_list(*state, &early, &summary, 1, &count, &more), 0);
	assert_int_equal(count, 1);
	assert_int_equal(wf_clusters_remove(*state, 1), 0);
	assert_int_equal(wf_clusters_remove(*state, 4), 0);
	assert_int_equal(wf_clusters_list(*state, &early, &summary, 1, &count, &more), 0);
	assert_int_equal(count, 0);
	assert_int_equal(wf_clusters_list(*state, &everything, &summary, 1, &count, &more), 0);
	assert_int_equal(count, 1);
	assert_int_equal(summary.last_seen, 30);
	assert_int_equal(summary.size, 2);
}

static void a_list_without_memory_is_refused_and_comes_right_later(void **state)
{
	const struct wf_cluster_filter filter = {.since = INT64_MIN, .until = INT64_MAX, .outlets_min = 2};
	struct wf_cluster_summary summaries[10];
	size_t count;
	bool more;

	make_many(*state);
	memory_fault_arm(0, true);
	assert_int_equal(wf_clusters_list(*state, &filter, summaries, 10, &count, &more), WF_ENOMEM);
	assert_true(memory_fault_disarm());
	assert_int_equal(wf_clusters_list(*state, &filter, summaries, 10, &count, &more), 0);
	assert_true(count > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clusters_set_up, clusters_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_article_founds_a_cluster_of_its_number),
		TEST(articles_join_and_the_summary_follows),
		TEST(numbers_far_from_1_and_past_2_to_the_32_are_kept_apart),
		TEST(an_addition_without_memory_changes_nothing),
		TEST(two_big_rings_become_one_and_come_apart_in_any_order),
		TEST(a_chain_of_folds_leads_to_its_end),
		TEST(folding_a_cluster_into_itself_does_nothing),
		TEST(a_fold_needs_two_clusters_that_are),
		TEST(a_fold_without_memory_changes_nothing),
		TEST(redirects_come_before_what_they_lead_to),
		TEST(the_id_outlives_its_founder),
		TEST(the_id_of_an_emptied_cluster_is_gone_for_ever),
		TEST(memory_of_old_articles_is_given_back),
		TEST(memory_of_new_articles_is_asked_for_ahead),
		TEST(the_clusters_agree_with_a_plain_model),
		TEST(a_split_cluster_keeps_its_id_also_without_its_founder),
		TEST(what_was_split_comes_back_at_a_start),
		TEST(a_split_without_memory_changes_nothing),
		TEST(a_summary_without_memory_is_refused_and_comes_right_later),
		TEST(a_source_is_found_among_the_newest),
		TEST(sources_are_found_among_the_newest),
		TEST(pages_hold_every_cluster_once_in_both_orders_under_every_filter),
		TEST(a_list_of_nothing_is_empty),
		TEST(a_list_finds_stale_clusters_anew),
		TEST(a_list_without_memory_is_refused_and_comes_right_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
