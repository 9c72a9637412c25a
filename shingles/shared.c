#include "shared.h"

#include <stdlib.h>

#include "tokenise.h"

#define NONE UINT32_MAX
#define SEED_TRIES 32u /* places of one seed that are tried: text that repeats itself stays linear */

struct run {
	uint32_t a;
	uint32_t b;
	uint32_t length;
};

/* The seeds of `a`: a hash table of its runs of `seed` tokens. */
struct seeds {
	const struct wf_tokens *tokens;
	uint32_t seed;
	uint32_t mask;
	uint32_t *heads; /* by hash: the first position */
	uint32_t *next;  /* by position: the next of the same hash */
};

static uint32_t hash_at(const struct wf_tokens *tokens, uint32_t position, uint32_t seed)
{
	uint64_t hash = 0;

	for (uint32_t i = 0; i < seed; i++)
		hash = (hash ^ tokens->hashes[position + i]) * UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t)(hash >> 32);
}

static int seeds_of(struct seeds *seeds, const struct wf_tokens *tokens, uint32_t seed, struct wf_arena *arena)
{
	uint32_t slots = 64;

	while (slots < tokens->count && slots < UINT32_C(1) << 31)
		slots *= 2;
	*seeds = (struct seeds){.tokens = tokens, .seed = seed, .mask = slots - 1};
	seeds->heads = wf_arena_take(arena, slots * sizeof *seeds->heads);
	seeds->next = wf_arena_take(arena, ((size_t)tokens->count + 1) * sizeof *seeds->next);
	if (seeds->heads == NULL || seeds->next == NULL)
		return WF_ENOMEM;
	memset(seeds->heads, 0xff, slots * sizeof *seeds->heads);
	for (uint32_t i = tokens->count - seed + 1; i-- > 0;) {
		uint32_t *head = &seeds->heads[hash_at(tokens, i, seed) & seeds->mask];

		seeds->next[i] = *head;
		*head = i;
	}
	return 0;
}

static uint32_t run_length(const struct wf_tokens *a, uint32_t i, const struct wf_tokens *b, uint32_t j)
{
	uint32_t length = 0;

	while (i + length < a->count && j + length < b->count && a->hashes[i + length] == b->hashes[j + length])
		length++;
	return length;
}

/* The longest run that begins at b[j]; length 0 where there is none. */
static struct run longest_run(const struct seeds *seeds, const struct wf_tokens *b, uint32_t j)
{
	struct run best = {0, j, 0};
	uint32_t i = seeds->heads[hash_at(b, j, seeds->seed) & seeds->mask];

	for (uint32_t tries = 0; i != NONE && tries < SEED_TRIES; tries++, i = seeds->next[i]) {
		const uint32_t length = run_length(seeds->tokens, i, b, j);

		if (length >= seeds->seed && length > best.length)
			best = (struct run){i, j, length};
	}
	return best;
}

static int by_length(const void *first, const void *second)
{
	const struct run *a = first;
	const struct run *b = second;

	if (a->length != b->length)
		return a->length > b->length ? -1 : 1;
	return a->b < b->b ? -1 : a->b > b->b;
}

static int by_place(const void *first, const void *second)
{
	const struct wf_shared_passage *a = first;
	const struct wf_shared_passage *b = second;

	return a->a_start < b->a_start ? -1 : a->a_start > b->a_start;
}

/* Cuts off what longer runs have taken at either end; a run that is taken in its middle is given up. */
static struct run trim(struct run run, const uint8_t *a_taken, const uint8_t *b_taken)
{
	while (run.length > 0 && (a_taken[run.a] || b_taken[run.b])) {
		run.a++;
		run.b++;
		run.length--;
	}
	for (uint32_t i = 0; i < run.length; i++)
		if (a_taken[run.a + i] || b_taken[run.b + i])
			run.length = i;
	return run;
}

/* Takes the runs, longest first, without overlap. */
static int tile(const struct wf_tokens *a, const struct wf_tokens *b, struct run *runs, size_t runs_count, uint32_t least,
		size_t passages_max, struct wf_arena *arena, struct wf_shared_passage **passages, size_t *passages_count)
{
	uint8_t *a_taken = wf_arena_take(arena, (size_t)a->count + 1);
	uint8_t *b_taken = wf_arena_take(arena, (size_t)b->count + 1);
	struct wf_shared_passage *out = wf_arena_take(arena, (runs_count + 1) * sizeof *out);
	size_t count = 0;

	if (a_taken == NULL || b_taken == NULL || out == NULL)
		return WF_ENOMEM;
	memset(a_taken, 0, a->count);
	memset(b_taken, 0, b->count);
	qsort(runs, runs_count, sizeof *runs, by_length);
	for (size_t i = 0; i < runs_count && count < passages_max; i++) {
		const struct run run = trim(runs[i], a_taken, b_taken);

		if (run.length < least)
			continue;
		memset(a_taken + run.a, 1, run.length);
		memset(b_taken + run.b, 1, run.length);
		out[count++] = (struct wf_shared_passage){
			a->starts[run.a], a->ends[run.a + run.length - 1], b->starts[run.b], b->ends[run.b + run.length - 1]};
	}
	qsort(out, count, sizeof *out, by_place);
	*passages = out;
	*passages_count = count;
	return 0;
}

int wf_shared_find(struct wf_bytes a_text, struct wf_bytes b_text, size_t passages_max, struct wf_arena *arena,
		   struct wf_shared_passage **passages, size_t *passages_count)
{
	struct wf_tokens a;
	struct wf_tokens b;
	struct seeds seeds;
	struct run *runs;
	size_t runs_count = 0;
	uint32_t least;
	int error = wf_tokenise(a_text, 0, UINT32_MAX, arena, &a);

	*passages = NULL;
	*passages_count = 0;
	if (error == 0)
		error = wf_tokenise(b_text, 0, UINT32_MAX, arena, &b);
	if (error != 0)
		return error;
	least = a.count < b.count ? a.count : b.count;
	if (least > WF_SHARED_TOKENS_LEAST)
		least = WF_SHARED_TOKENS_LEAST;
	if (least == 0)
		return 0;
	error = seeds_of(&seeds, &a, least, arena);
	runs = wf_arena_take(arena, ((size_t)b.count + 1) * sizeof *runs);
	if (error != 0 || runs == NULL)
		return WF_ENOMEM;
	for (uint32_t j = 0; j + least <= b.count;) {
		const struct run run = longest_run(&seeds, &b, j);

		if (run.length != 0)
			runs[runs_count++] = run;
		/* Within a run other runs may begin that go on beyond it: they are looked for from its last tokens on. */
		j += run.length > least ? run.length - least + 1 : 1;
	}
	return tile(&a, &b, runs, runs_count, least, passages_max, arena, passages, passages_count);
}
