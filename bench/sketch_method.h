/* Sketches for the Jaccard coefficient that wirefold could have taken, for the comparison in docs/benchmarks.md: each
 * in plain C as its paper has it, from the same hashes of shingles.
 *
 *   classic       k permutations (Broder 1997), as k multiply-shift functions of one hash
 *   oph-rotation  one permutation; an empty slot takes its neighbour's value (Shrivastava, Li 2014)
 *   oph-optimal   one permutation; an empty slot takes that of a slot named by a hash (Shrivastava 2017)
 *   oph-circulant the same, but what is in that slot is hashed anew, a shift for each empty slot (Li, Li 2021, C-OPH)
 *   fss           Fast Similarity Sketching (Dahlgaard, Knudsen, Thorup 2017)
 *   setsketch     SetSketch 1 (Ertl 2021), base 1.001, registers of 16 bits
 *   b-bit         oph-optimal of which 8 bits a slot are kept (Li, König 2010) */
#ifndef WF_SKETCH_METHOD_H
#define WF_SKETCH_METHOD_H

#include "base/bytes.h"

#define WF_METHOD_SLOTS_MAX    256u
#define WF_METHOD_ELEMENTS_MAX 20000u

struct wf_method {
	const char *name;
	uint32_t slots; /* a power of two */
	uint32_t slot_bits;
	void (*sketch)(const uint64_t *elements, uint32_t count, uint32_t slots, uint32_t *out);
};

extern const struct wf_method wf_methods[];
extern const size_t wf_methods_count;

/* The estimate: the share of equal slots, less those that are equal by chance for want of bits. */
double wf_method_estimate(const struct wf_method *method, const uint32_t *a, const uint32_t *b);

#endif
