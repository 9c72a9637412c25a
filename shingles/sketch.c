#include "sketch.h"

#include <math.h>

#define SLOT_EMPTY     UINT32_MAX
#define INTEGRAL_STEPS 200

/* FNV-1a over the tokens' hashes, which are keyed already. */
#define SEQUENCE_FIRST UINT64_C(0xCBF29CE484222325)

static uint64_t sequence_next(uint64_t hash, uint64_t token)
{
	return (hash ^ token) * UINT64_C(0x100000001B3);
}

static uint64_t sequence_finish(uint64_t hash)
{
	return hash ^ hash >> 29;
}

static uint64_t mix(uint64_t value)
{
	value ^= value >> 31;
	value *= UINT64_C(0x9FB21C651E98DF25);
	value ^= value >> 28;
	value *= UINT64_C(0xD6E8FEB86659FD93);
	return value ^ value >> 32;
}

/* Empty slots borrow: slot s asks the slots that a hash of (s, attempt) names, until one is not empty. All that are
 * still empty ask at once, so that there is no branch for each. */
static void densify(struct wf_sketch *sketch, uint64_t filled)
{
	uint8_t empty[WF_SKETCH_SLOTS];
	uint32_t count = 0;

	for (uint64_t left = ~filled; left != 0; left &= left - 1)
		empty[count++] = (uint8_t)__builtin_ctzll(left);
	for (uint64_t attempt = 1; count > 0; attempt++) {
		uint32_t still_empty = 0;

		for (uint32_t i = 0; i < count; i++) {
			const uint32_t slot = empty[i];
			const uint32_t donor = (uint32_t)(mix(attempt << 32 | slot) % WF_SKETCH_SLOTS);

			sketch->slots[slot] = sketch->slots[donor];
			empty[still_empty] = (uint8_t)slot;
			still_empty += !(filled >> donor & 1);
		}
		count = still_empty;
	}
}

uint64_t wf_sketch_of(struct wf_sketch *sketch, const struct wf_tokens *tokens)
{
	const uint32_t *const hashes = tokens->hashes;
	const uint32_t count = tokens->count;
	uint64_t sequence = SEQUENCE_FIRST ^ tokens->total;
	uint64_t filled = 0;
	uint64_t first = count > 0 ? hashes[0] : 0;

	memset(sketch->slots, 0xff, sizeof sketch->slots);
	sketch->is_empty = count < 2;
	if (count > 0)
		sequence = sequence_next(sequence, first);
	for (uint32_t i = 1; i < count; i++) {
		const uint64_t second = hashes[i];
		const uint64_t hash = mix(first << 32 | second);
		uint32_t *const slot = &sketch->slots[hash >> 58];
		const uint32_t value = (uint32_t)hash, least = *slot;

		/* Written always: whether it is the least cannot be guessed. */
		*slot = value < least ? value : least;
		filled |= UINT64_C(1) << (hash >> 58);
		sequence = sequence_next(sequence, second);
		first = second;
	}
	if (!sketch->is_empty) {
		for (uint32_t slot = 0; slot < WF_SKETCH_SLOTS; slot++)
			sketch->slots[slot] -= sketch->slots[slot] == SLOT_EMPTY;
		densify(sketch, filled);
	}
	return sequence_finish(sequence);
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
