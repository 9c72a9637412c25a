#include "sketch.h"

#include <math.h>

#include "kernel.h"

#define INTEGRAL_STEPS 200
#define DONOR_ROUNDS   32u /* of which there is a table; few texts need more */

#define SEQUENCE_FIRST UINT64_C(0xCBF29CE484222325)

static uint64_t sequence_finish(uint64_t hash)
{
	return hash ^ hash >> 29;
}

static uint64_t mix(uint64_t value)
{
	return wf_kernel_mix_pair((uint32_t)(value >> 32), (uint32_t)value);
}

/* Whom an empty slot asks in the round-th round. */
static uint32_t donor_of(uint32_t slot, uint32_t round)
{
	return (uint32_t)(mix((uint64_t)(round + 1) << 32 | slot) % WF_SKETCH_SLOTS);
}

static uint8_t donors[DONOR_ROUNDS][WF_SKETCH_SLOTS];

/* Before main(), so that any thread may read them. */
__attribute__((constructor)) static void name_donors(void)
{
	for (uint32_t round = 0; round < DONOR_ROUNDS; round++)
		for (uint32_t slot = 0; slot < WF_SKETCH_SLOTS; slot++)
			donors[round][slot] = (uint8_t)donor_of(slot, round);
}

/* Empty slots borrow: slot s asks the slots that a hash of s and the round names, until one is not empty. */
static void densify(struct wf_sketch *sketch)
{
	uint32_t filled[WF_SKETCH_SLOTS];
	uint64_t empty;

	memcpy(filled, sketch->slots, sizeof filled);
	empty = wf_kernels()->borrow(sketch->slots, donors, DONOR_ROUNDS);
	for (; empty != 0; empty &= empty - 1) {
		const uint32_t slot = (uint32_t)__builtin_ctzll(empty);
		uint32_t round = DONOR_ROUNDS;

		while (filled[donor_of(slot, round)] == WF_KERNEL_SLOT_EMPTY)
			round++;
		sketch->slots[slot] = filled[donor_of(slot, round)];
	}
}

uint64_t wf_sketch_of(struct wf_sketch *sketch, const struct wf_tokens *tokens)
{
	uint64_t sequence = SEQUENCE_FIRST ^ tokens->total;

	memset(sketch->slots, 0xff, sizeof sketch->slots);
	sketch->is_empty = tokens->count < 2;
	if (tokens->count > 0)
		sequence = wf_kernels()->minhash(tokens->hashes, tokens->count, sequence, sketch->slots);
	if (!sketch->is_empty)
		densify(sketch);
	return sequence_finish(sequence);
}

_Static_assert(WF_SKETCH_SLOTS == WF_KERNEL_SLOTS, "the kernels' slots");

double wf_sketch_resemblance(const struct wf_sketch *a, const struct wf_sketch *b)
{
	uint32_t equal = 0;

	if (a->is_empty || b->is_empty)
		return 0;
	for (uint32_t slot = 0; slot < WF_SKETCH_SLOTS; slot++)
		equal += a->slots[slot] == b->slots[slot];
	return (double)equal / WF_SKETCH_SLOTS;
}

double wf_bands_odds(struct wf_bands bands, double resemblance)
{
	return 1.0 - pow(1.0 - pow(resemblance, bands.rows), bands.bands);
}

/* The area of wrong answers: candidates under the threshold, pairs missed above it. */
static double error_of(struct wf_bands bands, double threshold)
{
	double error = 0;

	for (int i = 0; i < INTEGRAL_STEPS; i++) {
		const double resemblance = (i + 0.5) / INTEGRAL_STEPS;
		const double odds = wf_bands_odds(bands, resemblance);

		error += resemblance < threshold ? odds : 1.0 - odds;
	}
	return error / INTEGRAL_STEPS;
}

struct wf_bands wf_bands_for(double threshold)
{
	struct wf_bands best = {1, 1};

	for (uint32_t bands = 1; bands <= WF_SKETCH_BANDS_MAX; bands++) {
		for (uint32_t rows = 1; bands * rows <= WF_SKETCH_SLOTS; rows++) {
			const struct wf_bands tried = {bands, rows};

			if (error_of(tried, threshold) < error_of(best, threshold))
				best = tried;
		}
	}
	return best;
}

uint32_t wf_bands_keys(struct wf_bands bands, const struct wf_sketch *sketch, uint64_t keys[WF_SKETCH_BANDS_MAX])
{
	if (sketch->is_empty)
		return 0;
	for (uint32_t band = 0; band < bands.bands; band++) {
		uint64_t key = mix(band + 1);

		for (uint32_t row = 0; row < bands.rows; row++)
			key = mix(key ^ sketch->slots[band * bands.rows + row]);
		keys[band] = key;
	}
	return bands.bands;
}
