#include "shared.h"

#include <stdlib.h>

#include "tokenise.h"

#define NONE        UINT32_MAX
#define SEED_TOKENS 5u
#define SEED_PLACES 32u /* places of one seed that are tried */
#define WORD_WEIGHT 2u  /* of a token; one of a script without spaces weighs 1 */

enum state {
	STATE_TAKEN = 1, /* the token, or a byte of it, is in a passage */
	STATE_DEAD = 2,  /* no seed begins here any more */
};

struct run {
	uint32_t a;
	uint32_t b;
	uint32_t length;
};

struct side {
	struct wf_tokens tokens;
	uint8_t *states; /* enum state, by token */
};

struct search {
	struct side a;
	struct side b;
	uint32_t seed;         /* tokens of a seed */
	uint32_t weight_least; /* of a passage */
	uint32_t mask;
	uint32_t *heads;  /* seeds of `a` by hash: the first place */
	uint32_t *next;   /* by place: the next of the same hash */
	struct run *runs; /* found in this round: a heap, the longest at the top */
	size_t runs_count;
	size_t runs_max;
	struct run *taken;
	size_t taken_count;
	uint64_t steps;
	uint64_t steps_max;
};

/* ---- what tokens are to each other ---- */

static bool are_joined(const struct wf_tokens *tokens, uint32_t token)
{
	return tokens->starts[token] < tokens->ends[token - 1];
}

/* Whether a passage may begin at `token`, and one end before it. Tokens share bytes in scripts without spaces,
 * where each takes in one character more, and where one character stands for several words: that one cannot be
 * cut. */
static bool is_boundary(const struct wf_tokens *tokens, uint32_t token)
{
	if (token == 0 || token == tokens->count || !are_joined(tokens, token))
		return true;
	return (tokens->flags[token] & tokens->flags[token - 1] & WF_TOKEN_UNSPACED) != 0 &&
	       tokens->starts[token] > tokens->starts[token - 1] && tokens->ends[token] > tokens->ends[token - 1];
}

static uint64_t weight_of(const struct wf_tokens *tokens, uint32_t first, uint32_t count, uint64_t enough)
{
	uint64_t weight = 0;

	for (uint32_t i = first; i < first + count && weight < enough; i++)
		weight += (tokens->flags[i] & WF_TOKEN_UNSPACED) != 0 ? 1 : WORD_WEIGHT;
	return weight;
}

static bool are_equal(const struct search *search, uint32_t a, uint32_t b)
{
	return search->a.tokens.hashes[a] == search->b.tokens.hashes[b] &&
	       ((search->a.states[a] | search->b.states[b]) & STATE_TAKEN) == 0;
}

/* Whether what lies between these tokens and the ones before is alike: in scripts without spaces, nothing or
 * something. */
static bool are_joined_alike(const struct search *search, uint32_t a, uint32_t b)
{
	return (search->a.tokens.flags[a] & WF_TOKEN_UNSPACED) == 0 ||
	       are_joined(&search->a.tokens, a) == are_joined(&search->b.tokens, b);
}

/* ---- seeds ---- */

static uint32_t hash_at(const struct wf_tokens *tokens, uint32_t place, uint32_t seed)
{
	uint64_t hash = 0;

	for (uint32_t i = 0; i < seed; i++)
		hash = (hash ^ tokens->hashes[place + i]) * UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t)(hash >> 32);
}

static int seeds_of(struct search *search, struct wf_arena *arena)
{
	const struct wf_tokens *tokens = &search->a.tokens;
	uint32_t slots = 64;

	while (slots < tokens->count)
		slots *= 2;
	search->mask = slots - 1;
	search->heads = wf_arena_take(arena, slots * sizeof *search->heads);
	search->next = wf_arena_take(arena, tokens->count * sizeof *search->next);
	if (search->heads == NULL || search->next == NULL)
		return WF_ENOMEM;
	memset(search->heads, 0xff, slots * sizeof *search->heads);
	for (uint32_t i = tokens->count - search->seed + 1; i-- > 0;) {
		uint32_t *head = &search->heads[hash_at(tokens, i, search->seed) & search->mask];

		search->next[i] = *head;
		*head = i;
	}
	return 0;
}

/* ---- runs ---- */

static uint32_t length_after(struct search *search, uint32_t a, uint32_t b)
{
	uint32_t length = 0;

	while (a + length < search->a.tokens.count && b + length < search->b.tokens.count &&
	       are_equal(search, a + length, b + length) &&
	       (length == 0 || are_joined_alike(search, a + length, b + length)))
		length++;
	search->steps += length + 1;
	return length;
}

static uint32_t length_before(struct search *search, uint32_t a, uint32_t b)
{
	uint32_t length = 0;

	while (length < a && length < b && are_equal(search, a - length - 1, b - length - 1) &&
	       are_joined_alike(search, a - length, b - length))
		length++;
	search->steps += length + 1;
	return length;
}

static void try_place(struct search *search, uint32_t a, uint32_t b, struct run *best)
{
	uint32_t length = best->length;

	/* What cannot become longer than the best is seen from its end, where texts that repeat themselves differ
	 * first. */
	if (length > 0) {
		if (a + length >= search->a.tokens.count || b + length >= search->b.tokens.count)
			return;
		for (uint32_t left = length + 1; left-- > 0; search->steps++)
			if (!are_equal(search, a + left, b + left))
				return;
	}
	length = length_after(search, a, b);
	if (length >= search->seed && length > best->length)
		*best = (struct run){a, b, length};
}

/* The longest run that begins at b; length 0 where there is none. Of equals the one that goes on where the run
 * before was: there it is the same place of the story. */
static struct run longest_run(struct search *search, uint32_t b, const struct run *before)
{
	struct run best = {0, b, 0};
	const int64_t beside = (int64_t)before->a + b - before->b;
	uint32_t *link = &search->heads[hash_at(&search->b.tokens, b, search->seed) & search->mask];

	search->steps++;
	if (beside >= 0 && beside < search->a.tokens.count)
		try_place(search, (uint32_t)beside, b, &best);
	for (uint32_t places = 0; *link != NONE && places < SEED_PLACES;) {
		const uint32_t a = *link;

		if ((search->a.states[a] & STATE_DEAD) != 0) {
			*link = search->next[a];
			continue;
		}
		try_place(search, a, b, &best);
		search->steps++;
		places++;
		link = &search->next[a];
	}
	return best;
}

static bool comes_first(const struct run *run, const struct run *other)
{
	return run->length != other->length ? run->length > other->length : run->b < other->b;
}

/* Where the heap is full the run is let go: the next round finds it. */
static void push(struct search *search, struct run run)
{
	size_t at = search->runs_count;

	if (at == search->runs_max)
		return;
	search->runs_count++;
	for (; at > 0 && comes_first(&run, &search->runs[(at - 1) / 2]); at = (at - 1) / 2)
		search->runs[at] = search->runs[(at - 1) / 2];
	search->runs[at] = run;
}

static struct run pop(struct search *search)
{
	const struct run top = search->runs[0];
	const struct run last = search->runs[--search->runs_count];
	size_t at = 0;

	for (size_t child = 1; child < search->runs_count; child = 2 * at + 1) {
		if (child + 1 < search->runs_count && comes_first(&search->runs[child + 1], &search->runs[child]))
			child++;
		if (comes_first(&last, &search->runs[child]))
			break;
		search->runs[at] = search->runs[child];
		at = child;
	}
	search->runs[at] = last;
	return top;
}

/* Looks for the longest run that begins at b and keeps it, with what is equal before it. */
static struct run find_run(struct search *search, uint32_t b, const struct run *before)
{
	const struct run run = longest_run(search, b, before);

	if (run.length > 0) {
		const uint32_t left = length_before(search, run.a, run.b);

		push(search, (struct run){run.a - left, run.b - left, run.length + left});
	}
	return run;
}

static void find_runs(struct search *search)
{
	struct run before = {0, 0, 0};

	for (uint32_t b = 0; b + search->seed <= search->b.tokens.count && search->steps < search->steps_max;) {
		struct run run = {0, b, 0};

		search->steps++;
		if ((search->b.states[b] & STATE_TAKEN) == 0)
			run = find_run(search, b, &before);
		/* A run that begins within this one and goes on beyond it is found there, and followed back. */
		b += run.length > 0 ? run.length : 1;
		if (run.length > 0)
			before = run;
	}
}

/* ---- taking them ---- */

static void mark(struct side *side, uint32_t first, uint32_t count, uint32_t seed)
{
	const struct wf_tokens *tokens = &side->tokens;
	const uint32_t start = tokens->starts[first];
	const uint32_t end = tokens->ends[first + count - 1];
	uint32_t last = first + count;

	/* Those that share a byte with the passage, too. */
	while (last < tokens->count && tokens->starts[last] < end)
		last++;
	while (first > 0 && tokens->ends[first - 1] > start)
		first--;
	for (uint32_t i = first; i < last; i++)
		side->states[i] |= STATE_TAKEN | STATE_DEAD;
	for (uint32_t i = first > seed - 1 ? first - (seed - 1) : 0; i < first; i++)
		side->states[i] |= STATE_DEAD;
}

static void take(struct search *search, struct run run)
{
	const struct wf_tokens *a = &search->a.tokens;
	const struct wf_tokens *b = &search->b.tokens;

	while (run.length > 0 && !(is_boundary(a, run.a) && is_boundary(b, run.b))) {
		run.a++;
		run.b++;
		run.length--;
	}
	while (run.length > 0 && !(is_boundary(a, run.a + run.length) && is_boundary(b, run.b + run.length)))
		run.length--;
	if (run.length < search->seed || weight_of(a, run.a, run.length, search->weight_least) < search->weight_least)
		return;
	mark(&search->a, run.a, run.length, search->seed);
	mark(&search->b, run.b, run.length, search->seed);
	search->taken[search->taken_count++] = run;
}

/* A run of which others have taken parts: for each part that is free in b the longest run of now is looked for. Where
 * it is free in a, too, that is at least the part itself; where not, its place in a has gone, and b may have another
 * one. */
static void search_again(struct search *search, struct run run)
{
	bool was_free_in_a = false;
	uint32_t length = 0; /* of the part, up to here */

	search->steps += run.length;
	for (uint32_t i = 0; i <= run.length && search->steps < search->steps_max; i++) {
		const bool is_free_in_a = i < run.length && (search->a.states[run.a + i] & STATE_TAKEN) == 0;
		const bool is_free_in_b = i < run.length && (search->b.states[run.b + i] & STATE_TAKEN) == 0;

		if (length > 0 && (!is_free_in_b || is_free_in_a != was_free_in_a)) {
			if (length >= search->seed)
				find_run(search, run.b + i - length, &run);
			length = 0;
		}
		was_free_in_a = is_free_in_a;
		length += is_free_in_b;
	}
}

/* Takes the runs, the longest first. */
static void take_runs(struct search *search)
{
	while (search->runs_count > 0) {
		const struct run run = pop(search);
		uint32_t length = 0;

		while (length < run.length &&
		       ((search->a.states[run.a + length] | search->b.states[run.b + length]) & STATE_TAKEN) == 0)
			length++;
		search->steps += length + 1;
		if (length == run.length)
			take(search, run);
		else
			search_again(search, run);
	}
}

/* ---- the whole ---- */

static int compare_length(const void *first, const void *second)
{
	const struct run *a = first;
	const struct run *b = second;

	return comes_first(a, b) ? -1 : comes_first(b, a);
}

static int compare_place(const void *first, const void *second)
{
	const struct run *a = first;
	const struct run *b = second;

	return a->a < b->a ? -1 : a->a > b->a;
}

static int side_init(struct side *side, struct wf_bytes text, uint64_t seed, struct wf_arena *arena)
{
	const int error = wf_tokenise(text, seed, WF_SHARED_TOKENS_MAX, arena, &side->tokens);

	if (error != 0)
		return error;
	side->states = wf_arena_take(arena, (size_t)side->tokens.count + 1);
	if (side->states == NULL)
		return WF_ENOMEM;
	memset(side->states, 0, side->tokens.count);
	return 0;
}

static int search_init(struct search *search, struct wf_arena *arena)
{
	const struct wf_tokens *a = &search->a.tokens;
	const struct wf_tokens *b = &search->b.tokens;
	const uint32_t count_least = a->count < b->count ? a->count : b->count;
	const uint64_t enough = WF_SHARED_WORDS_LEAST * WORD_WEIGHT;
	const uint64_t a_weight = weight_of(a, 0, a->count, enough);
	const uint64_t b_weight = weight_of(b, 0, b->count, enough);

	search->seed = count_least < SEED_TOKENS ? count_least : SEED_TOKENS;
	search->weight_least = (uint32_t)(a_weight < b_weight ? a_weight : b_weight);
	/* A third for finding runs; taking them costs no more than that, and one place of the text may overshoot
	 * by as much. */
	search->steps_max = (uint64_t)WF_SHARED_STEPS_PER_TOKEN_MAX / 3 * ((uint64_t)a->count + b->count);
	search->runs_max = b->count;
	search->runs = wf_arena_take(arena, search->runs_max * sizeof *search->runs);
	search->taken = wf_arena_take(arena, ((size_t)count_least / search->seed + 1) * sizeof *search->taken);
	if (search->runs == NULL || search->taken == NULL)
		return WF_ENOMEM;
	return seeds_of(search, arena);
}

static int hand_out(struct search *search, size_t passages_max, struct wf_arena *arena, struct wf_shared *shared)
{
	const struct wf_tokens *a = &search->a.tokens;
	const struct wf_tokens *b = &search->b.tokens;
	struct wf_shared_passage *passages;

	if (search->taken_count > passages_max) {
		qsort(search->taken, search->taken_count, sizeof *search->taken, compare_length);
		search->taken_count = passages_max;
	}
	qsort(search->taken, search->taken_count, sizeof *search->taken, compare_place);
	passages = wf_arena_take(arena, (search->taken_count + 1) * sizeof *passages);
	if (passages == NULL)
		return WF_ENOMEM;
	for (size_t i = 0; i < search->taken_count; i++) {
		const struct run *run = &search->taken[i];

		passages[i] = (struct wf_shared_passage){a->starts[run->a], a->ends[run->a + run->length - 1],
							 b->starts[run->b], b->ends[run->b + run->length - 1]};
	}
	shared->passages = passages;
	shared->passages_count = search->taken_count;
	shared->steps = search->steps;
	return 0;
}

int wf_shared_find(struct wf_bytes a, struct wf_bytes b, size_t passages_max, uint64_t seed, struct wf_arena *arena,
		   struct wf_shared *shared)
{
	struct search search = {.steps = 0};
	size_t taken_before;
	int error = side_init(&search.a, a, seed, arena);

	*shared = (struct wf_shared){NULL, 0, 0};
	if (error == 0)
		error = side_init(&search.b, b, seed, arena);
	if (error != 0 || search.a.tokens.count == 0 || search.b.tokens.count == 0)
		return error;
	error = search_init(&search, arena);
	if (error != 0)
		return error;
	do {
		taken_before = search.taken_count;
		find_runs(&search);
		take_runs(&search);
	} while (search.taken_count > taken_before);
	return hand_out(&search, passages_max, arena, shared);
}
