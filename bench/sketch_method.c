#include "sketch_method.h"

#include <math.h>

#include "hash.h"

#define EMPTY UINT32_MAX

/* A number below `slots`. */
static uint32_t slot_of(uint64_t hash, uint32_t slots)
{
	return (uint32_t)((hash >> 32) * slots >> 32);
}

static void classic(const uint64_t *elements, uint32_t count, uint32_t slots, uint32_t *out)
{
	uint64_t factors[WF_METHOD_SLOTS_MAX];
	uint64_t terms[WF_METHOD_SLOTS_MAX];

	for (uint32_t slot = 0; slot < slots; slot++) {
		factors[slot] = wf_hash_mix(2 * slot + 1) | 1;
		terms[slot] = wf_hash_mix(2 * slot + 2);
		out[slot] = EMPTY;
	}
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t slot = 0; slot < slots; slot++) {
			const uint32_t value = (uint32_t)((factors[slot] * elements[i] + terms[slot]) >> 32);

			out[slot] = value < out[slot] ? value : out[slot];
		}
}

static void fill(const uint64_t *elements, uint32_t count, uint32_t slots, uint32_t *out)
{
	memset(out, UINT8_MAX, slots * sizeof *out);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t *const slot = &out[slot_of(elements[i], slots)];
		const uint32_t value = (uint32_t)elements[i];

		*slot = value < *slot ? value : *slot;
	}
}

static void oph_rotation(const uint64_t *elements, uint32_t count, uint32_t slots, uint32_t *out)
{
	uint32_t before[WF_METHOD_SLOTS_MAX];

	fill(elements, count, slots, out);
	memcpy(before, out, slots * sizeof *out);
	for (uint32_t slot = 0; slot < slots; slot++)
		for (uint32_t distance = 1; out[slot] == EMPTY && distance < slots; distance++)
			if (before[(slot + distance) % slots] != EMPTY)
				out[slot] = before[(slot + distance) % slots] + distance * 0x9E3779B1u;
}

/* The first slot that is not empty of those that a hash of this one and of the attempt names. */
static uint32_t donor_of(const uint32_t *before, uint32_t slot, uint32_t slots)
{
	uint64_t attempt = 1;
	uint32_t donor;

	do
		donor = slot_of(wf_hash_mix(attempt++ << 32 | slot), slots);
	while (before[donor] == EMPTY);
	return donor;
}

static void oph_optimal(const uint64_t *elements, uint32_t count, uint32_t slots, uint32_t *out)
{
	uint32_t before[WF_METHOD_SLOTS_MAX];

	fill(elements, count, slots, out);
	memcpy(before, out, slots * sizeof *out);
	for (uint32_t slot = 0; slot < slots; slot++)
		if (before[slot] == EMPTY)
			out[slot] = before[donor_of(before, slot, slots)];
}

static void oph_circulant(const uint64_t *elements, uint32_t count, uint32_t slots, uint32_t *out)
{
	static uint32_t next[WF_METHOD_ELEMENTS_MAX]; /* the element behind it in the same slot, and one more */
	uint32_t first[WF_METHOD_SLOTS_MAX] = {0};
	uint32_t before[WF_METHOD_SLOTS_MAX];

	fill(elements, count, slots, out);
	memcpy(before, out, slots * sizeof *out);
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t slot = slot_of(elements[i], slots);

		next[i] = first[slot];
		first[slot] = i + 1;
	}
	for (uint32_t slot = 0; slot < slots; slot++) {
		if (before[slot] != EMPTY)
			continue;
		for (uint32_t i = first[donor_of(before, slot, slots)]; i != 0; i = next[i - 1]) {
			const uint32_t value = (uint32_t)wf_hash_mix(elements[i - 1]) + slot * 0x9E3779B1u;

			out[slot] = value < out[slot] ? value : out[slot];
		}
	}
}

static void fss(const uint64_t *elements, uint32_t count, uint32_t slots, uint32_t *out)
{
	uint64_t least[WF_METHOD_SLOTS_MAX];
	uint32_t filled = 0;

	memset(least, UINT8_MAX, slots * sizeof *least);
	for (uint32_t round = 0; round < 2 * slots && filled < slots; round++)
		for (uint32_t i = 0; i < count; i++) {
			const uint64_t hash = wf_hash_mix(elements[i] + round * UINT64_C(0x9E3779B97F4A7C15));
			const uint32_t slot = round < slots ? slot_of(hash, slots) : round - slots;
			const uint64_t value = (uint64_t)round << 32 | (uint32_t)hash;

			filled += least[slot] == UINT64_MAX;
			least[slot] = value < least[slot] ? value : least[slot];
		}
	for (uint32_t slot = 0; slot < slots; slot++)
		out[slot] = (uint32_t)least[slot];
}

#define REGISTER_BASE 1.001
#define REGISTER_RATE 20.0
#define REGISTER_MAX  65535u

/* The next register of an element, of those that it has not had: a shuffle that is begun anew for each element. */
static uint32_t draw(uint32_t *order, uint64_t *order_of, uint64_t element, uint32_t drawn, uint32_t other)
{
	const uint32_t mine = order_of[drawn] == element ? order[drawn] : drawn;
	const uint32_t chosen = order_of[other] == element ? order[other] : other;

	order[other] = mine;
	order_of[other] = element;
	return chosen;
}

static void setsketch(const uint64_t *elements, uint32_t count, uint32_t slots, uint32_t *out)
{
	uint32_t order[WF_METHOD_SLOTS_MAX];
	uint64_t order_of[WF_METHOD_SLOTS_MAX] = {0};
	uint32_t lowest = 0, updates = 0;

	memset(out, 0, slots * sizeof *out);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t random = elements[i];
		double at = 0;

		for (uint32_t drawn = 0; drawn < slots; drawn++) {
			const uint64_t hash = wf_hash_mix(random += UINT64_C(0x9E3779B97F4A7C15));
			const uint32_t other = drawn + slot_of(hash << 32, slots - drawn);
			double level;
			uint32_t slot;

			at -= log(((double)(hash >> 32) + 1) / 4294967296.0) / (REGISTER_RATE * (slots - drawn));
			level = floor(1 - log(at) / log(REGISTER_BASE));
			if (level <= lowest)
				break;
			level = level > REGISTER_MAX ? REGISTER_MAX : level;
			slot = draw(order, order_of, elements[i], drawn, other);
			if (level <= out[slot])
				continue;
			out[slot] = (uint32_t)level;
			if (++updates % slots != 0)
				continue;
			lowest = out[0];
			for (uint32_t k = 1; k < slots; k++)
				lowest = out[k] < lowest ? out[k] : lowest;
		}
	}
}

static void b_bit(const uint64_t *elements, uint32_t count, uint32_t slots, uint32_t *out)
{
	oph_optimal(elements, count, slots, out);
	for (uint32_t slot = 0; slot < slots; slot++)
		out[slot] &= UINT8_MAX;
}

const struct wf_method wf_methods[] = {
	{"classic", 64, 32, classic},
	{"classic", 128, 32, classic},
	{"oph-rotation", 64, 32, oph_rotation},
	{"oph-rotation", 128, 32, oph_rotation},
	{"oph-optimal", 64, 32, oph_optimal},
	{"oph-optimal", 128, 32, oph_optimal},
	{"oph-circulant", 64, 32, oph_circulant},
	{"oph-circulant", 128, 32, oph_circulant},
	{"fss", 64, 32, fss},
	{"fss", 128, 32, fss},
	{"setsketch", 64, 16, setsketch},
	{"setsketch", 128, 16, setsketch},
	{"b-bit", 64, 8, b_bit},
	{"b-bit", 256, 8, b_bit},
};

const size_t wf_methods_count = sizeof wf_methods / sizeof wf_methods[0];

double wf_method_estimate(const struct wf_method *method, const uint32_t *a, const uint32_t *b)
{
	const double chance = ldexp(1, -(int)method->slot_bits);
	uint32_t equal = 0;

	for (uint32_t slot = 0; slot < method->slots; slot++)
		equal += a[slot] == b[slot];
	return ((double)equal / method->slots - chance) / (1 - chance);
}
