#include "sketch.h"

#include <math.h>

#define SLOT_EMPTY     UINT32_MAX
#define INTEGRAL_STEPS 200

static uint64_t mix(uint64_t value)
{
	value ^= value >> 31;
	value *= UINT64_C(0x9FB21C651E98DF25);
	value ^= value >> 28;
	value *= UINT64_C(0xD6E8FEB86659FD93);
	return value ^ value >> 32;
}

/* Empty slots borrow: slot s asks the slots that a hash of (s, attempt) names, until one is not empty. */
static void densify(struct wf_sketch *sketch)
{
	bool is_filled[WF_SKETCH_SLOTS];

	for (uint32_t slot = 0; slot < WF_SKETCH_SLOTS; slot++)
		is_filled[slot] = sketch->slots[slot] != SLOT_EMPTY;
	for (uint32_t slot = 0; slot < WF_SKETCH_SLOTS; slot++) {
		for (uint64_t attempt = 1; !is_filled[slot]; attempt++) {
			const uint32_t donor = (uint32_t)(mix(attempt << 32 | slot) % WF_SKETCH_SLOTS);

			if (is_filled[donor]) {
				sketch->slots[slot] = sketch->slots[donor];
				break;
			}
		}
	}
}

void wf_sketch_of(struct wf_sketch *sketch, const struct wf_tokens *tokens)
{
	memset(sketch->slots, 0xff, sizeof sketch->slots);
	sketch->is_empty = tokens->count < 2;
	if (sketch->is_empty)
		return;
	for (uint32_t i = 0; i + 1 < tokens->count; i++) {
		const uint64_t hash = mix((uint64_t)tokens->hashes[i] << 32 | tokens->hashes[i + 1]);
		uint32_t *slot = &sketch->slots[hash >> 58];
		const uint32_t value = (uint32_t)hash == SLOT_EMPTY ? SLOT_EMPTY - 1 : (uint32_t)hash;

		if (value < *slot)
			*slot = value;
	}
	densify(sketch);
}

_Static_assert(WF_SKETCH_SLOTS == 64, "the slot is the hash's highest six bits");

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
