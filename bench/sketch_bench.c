/* Which sketch estimates the Jaccard coefficient of real stories best for its time and bytes: ours and others
 * (sketch_method.h), against the exact coefficient of all pairs that have some of their shingles in common. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "hash.h"
#include "kernel.h"
#include "sketch.h"
#include "sketch_method.h"
#include "stage.h"

#define SEEDS      8u
#define PASSES     5u
#define LEAST      0.1 /* pairs of less are left out */
#define RANGES     4u
#define TEXTS_MOST 5000u

static const char usage[] = "usage: sketch_bench FILE [TEXTS]\n"
			    "Sketches of the first texts (1500) of a file of JSON lines: their error against the exact "
			    "coefficient, time, bytes.\nPrints a Markdown table.\n";

static const double bounds[RANGES + 1] = {LEAST, 0.3, 0.6, 0.9, 1.01};

struct text {
	struct wf_tokens tokens;
	uint64_t *elements; /* hashes of shingles, in the order of the text */
	uint32_t elements_count;
	uint64_t *set; /* each once, ascending */
	uint32_t set_count;
};

struct pair {
	uint32_t a;
	uint32_t b;
	double resemblance;
	uint32_t range;
};

struct pairs {
	struct pair *items;
	size_t count;
	size_t capacity;
};

struct errors {
	double squares[RANGES];
	double sum;
	double us; /* a text */
};

static int compare_elements(const void *a, const void *b)
{
	const uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

/* Tokens of every text under a seed, and its shingles. */
static int texts_read(struct text *texts, size_t count, const struct wf_text_set *set, uint64_t seed,
		      struct wf_arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		struct text *const text = &texts[i];
		const int error =
			wf_tokenise_words(set->articles[i].text, seed, WF_DOCUMENT_TOKENS_MAX, arena, &text->tokens);

		if (error != 0)
			return error;
		text->elements_count = text->tokens.count > 0 ? text->tokens.count - 1 : 0;
		text->set_count = 0;
		text->elements = wf_arena_take(arena, (2 * text->elements_count + 1) * sizeof *text->elements);
		if (text->elements == NULL)
			return WF_ENOMEM;
		text->set = text->elements + text->elements_count;
		for (uint32_t k = 0; k < text->elements_count; k++)
			text->elements[k] = wf_kernel_mix_pair(text->tokens.hashes[k], text->tokens.hashes[k + 1]);
		memcpy(text->set, text->elements, text->elements_count * sizeof *text->set);
		qsort(text->set, text->elements_count, sizeof *text->set, compare_elements);
		for (uint32_t k = 0; k < text->elements_count; k++)
			if (k == 0 || text->set[k] != text->set[k - 1])
				text->set[text->set_count++] = text->set[k];
	}
	return 0;
}

static double resemblance_of(const struct text *a, const struct text *b)
{
	uint32_t i = 0, k = 0, common = 0;

	while (i < a->set_count && k < b->set_count) {
		const uint64_t first = a->set[i], second = b->set[k];

		common += first == second;
		i += first <= second;
		k += second <= first;
	}
	return (double)common / (a->set_count + b->set_count - common);
}

static int pairs_find(struct pairs *pairs, const struct text *texts, uint32_t count)
{
	for (uint32_t a = 0; a < count; a++)
		for (uint32_t b = 0; b < a; b++) {
			struct pair pair = {.a = a, .b = b};

			if (texts[a].set_count == 0 || texts[b].set_count == 0)
				continue;
			pair.resemblance = resemblance_of(&texts[a], &texts[b]);
			if (pair.resemblance < LEAST)
				continue;
			while (pair.resemblance >= bounds[pair.range + 1])
				pair.range++;
			if (pairs->count == pairs->capacity) {
				const size_t capacity = pairs->capacity * 2 + 1024;
				struct pair *items = realloc(pairs->items, capacity * sizeof *items);

				if (items == NULL)
					return WF_ENOMEM;
				pairs->items = items;
				pairs->capacity = capacity;
			}
			pairs->items[pairs->count++] = pair;
		}
	return 0;
}

/* Our own, which is made from tokens, with the hash of their sequence. */
static const struct wf_method own = {"wirefold, from tokens", WF_SKETCH_SLOTS, 32, NULL};

/* The first is our own. */
static const struct wf_method *method_at(size_t i)
{
	return i == 0 ? &own : &wf_methods[i - 1];
}

/* The processor time of a text, the least of some passes. */
static double sketch_all(const struct wf_method *method, const struct text *texts, size_t count, uint32_t *slots)
{
	double least = INFINITY;

	for (uint32_t pass = 0; pass < PASSES; pass++) {
		const double start = wf_stage_now().cpu_us;
		double taken;

		for (size_t i = 0; i < count; i++) {
			uint32_t *const out = slots + i * WF_METHOD_SLOTS_MAX;
			struct wf_sketch sketch;

			if (method->sketch == NULL) {
				(void)wf_sketch_of(&sketch, &texts[i].tokens);
				memcpy(out, sketch.slots, sizeof sketch.slots);
			} else if (texts[i].elements_count > 0) {
				method->sketch(texts[i].elements, texts[i].elements_count, method->slots, out);
			}
		}
		taken = wf_stage_now().cpu_us - start;
		least = taken < least ? taken : least;
	}
	return least / (double)count;
}

static void errors_add(struct errors *errors, const struct pairs *pairs, const struct wf_method *method,
		       const uint32_t *slots)
{
	for (size_t i = 0; i < pairs->count; i++) {
		const struct pair *const pair = &pairs->items[i];
		const double error = wf_method_estimate(method, slots + (size_t)pair->a * WF_METHOD_SLOTS_MAX,
							slots + (size_t)pair->b * WF_METHOD_SLOTS_MAX) -
				     pair->resemblance;

		errors->squares[pair->range] += error * error;
		errors->sum += error;
	}
}

static void print_row(const struct wf_method *method, const struct errors *errors, const size_t counts[RANGES],
		      size_t pairs_count)
{
	printf("| %s | %u | %u | %.2f |", method->name, method->slots, method->slots * method->slot_bits / 8,
	       errors->us / SEEDS);
	for (size_t range = 0; range < RANGES; range++)
		printf(" %.4f |", sqrt(errors->squares[range] / ((double)counts[range] * SEEDS)));
	printf(" %+.4f |\n", errors->sum / ((double)pairs_count * SEEDS));
}

/* What so many independent permutations would err by. */
static void print_bound(const struct pairs *pairs, const size_t counts[RANGES], uint32_t slots)
{
	double squares[RANGES] = {0};

	for (size_t i = 0; i < pairs->count; i++) {
		const double j = pairs->items[i].resemblance;

		squares[pairs->items[i].range] += j * (1 - j) / slots;
	}
	printf("| independent permutations, by theory | %u | | |", slots);
	for (size_t range = 0; range < RANGES; range++)
		printf(" %.4f |", sqrt(squares[range] / (double)counts[range]));
	printf(" 0 |\n");
}

static int run(const struct wf_text_set *set, size_t count)
{
	struct text *texts = calloc(count, sizeof *texts);
	uint32_t *slots = malloc(count * WF_METHOD_SLOTS_MAX * sizeof *slots);
	struct errors *errors = calloc(wf_methods_count + 1, sizeof *errors);
	size_t counts[RANGES] = {0};
	struct pairs pairs = {0};
	struct wf_arena arena;
	int error = texts == NULL || slots == NULL || errors == NULL ? WF_ENOMEM : 0;

	wf_arena_init(&arena, 1 << 20);
	for (uint64_t seed = 1; error == 0 && seed <= SEEDS; seed++) {
		wf_arena_reset(&arena);
		error = texts_read(texts, count, set, seed, &arena);
		if (error == 0 && seed == 1)
			error = pairs_find(&pairs, texts, (uint32_t)count);
		for (size_t i = 0; error == 0 && i <= wf_methods_count; i++) {
			errors[i].us += sketch_all(method_at(i), texts, count, slots);
			errors_add(&errors[i], &pairs, method_at(i), slots);
		}
	}
	if (error == 0) {
		for (size_t i = 0; i < pairs.count; i++)
			counts[pairs.items[i].range]++;
		printf("%zu texts, pairs %zu / %zu / %zu / %zu, %u seeds\n\n", count, counts[0], counts[1], counts[2],
		       counts[3], SEEDS);
		printf("| method | slots | bytes | us a text | error 0.1 to 0.3 | 0.3 to 0.6 | 0.6 to 0.9 | 0.9 to 1 | "
		       "mean error |\n|---|---|---|---|---|---|---|---|---|\n");
		print_bound(&pairs, counts, 64);
		print_bound(&pairs, counts, 128);
		for (size_t i = 0; i <= wf_methods_count; i++)
			print_row(method_at(i), &errors[i], counts, pairs.count);
	}
	wf_arena_close(&arena);
	free(pairs.items);
	free(errors);
	free(slots);
	free(texts);
	return error;
}

int main(int argc, char **argv)
{
	const size_t wanted = argc == 3 ? strtoul(argv[2], NULL, 10) : 1500;
	struct wf_text_set set;
	struct wf_error error;
	int code;

	if (argc < 2 || argc > 3 || wanted == 0 || wanted > TEXTS_MOST) {
		fputs(usage, stderr);
		return 2;
	}
	code = wf_text_set_read(&set, argv[1], &error);
	if (code < 0) {
		fprintf(stderr, "sketch_bench: %s\n", error.text);
		return 1;
	}
	code = run(&set, wanted < set.articles_count ? wanted : set.articles_count);
	if (code < 0)
		fprintf(stderr, "sketch_bench: %s\n", wf_error_sentence(code));
	wf_text_set_close(&set);
	return code < 0;
}
