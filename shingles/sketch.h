/* The MinHash sketch of a whole text, and how many bands of how many rows an LSH table needs for a threshold.
 *
 *   shingles -> slots[WF_SKETCH_SLOTS] -> bands of rows -> one key a band
 *
 * One permutation hashing (Li, Owen, Zhang 2012): a shingle's hash chooses the slot by its high bits and competes there
 * by its low bits; empty slots borrow from others by optimal densification (Shrivastava 2017), so that the share of
 * equal slots estimates the Jaccard coefficient without bias. */
#ifndef WF_SKETCH_H
#define WF_SKETCH_H

#include "base/bytes.h"
#include "tokenise.h"

#define WF_SKETCH_SLOTS     64u
#define WF_SKETCH_BANDS_MAX 4u

struct wf_sketch {
	uint32_t slots[WF_SKETCH_SLOTS];
	bool is_empty; /* of a text without shingles: like no other */
};

/* Bands and rows: a pair at the threshold becomes a candidate with about even odds. */
struct wf_bands {
	uint32_t bands;
	uint32_t rows;
};

/* Computes the sketch of the tokens' shingles of two. Returns a hash of the tokens in their order: it comes with the
 * sketch since either alone would have the processor wait where the other has work to do. */
uint64_t wf_sketch_of(struct wf_sketch *sketch, const struct wf_tokens *tokens);

/* The estimate of the Jaccard coefficient, [0, 1]; its standard error is at most 1 / (2 sqrt(WF_SKETCH_SLOTS)) for
 * texts of more shingles than slots, somewhat more for shorter ones. */
double wf_sketch_resemblance(const struct wf_sketch *a, const struct wf_sketch *b);

/* The bands and rows whose curve 1 - (1 - j^rows)^bands errs least on both sides of the threshold (Leskovec, Rajaraman,
 * Ullman, Mining of Massive Datasets, 3.4; the weighting as in Zhu et al. 2016), among those with bands <=
 * WF_SKETCH_BANDS_MAX. threshold in (0, 1). */
struct wf_bands wf_bands_for(double threshold);

/* The odds that a pair of resemblance j becomes a candidate. */
double wf_bands_odds(struct wf_bands bands, double resemblance);

/* One key a band into `keys`; returns how many (0 for an empty sketch). */
uint32_t wf_bands_keys(struct wf_bands bands, const struct wf_sketch *sketch, uint64_t keys[WF_SKETCH_BANDS_MAX]);

#endif
