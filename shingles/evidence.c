#include "evidence.h"

#include <stdlib.h>

#include "base/bits.h"
#include "boilerplate.h"
#include "frequency.h"
#include "kernel.h"

#define EVIDENCE_VERSION 1
#define HEADER_BYTES     8u
#define NONE             0x3FFFu /* no position: the last token begins no shingle */
#define TABLE_BITS_MIN   6       /* of entries */
#define TABLE_BITS_MAX   16
#define ENTRY_EMPTY      UINT32_MAX
#define GAP_SOFT_MAX     3u  /* tokens of a gap of the same length on both sides that count as respelled ... */
#define GAP_SAME_SHARE   4u  /* ... and in a longer one, where one of so many is the same and in its place */
#define GAP_FIGURE_MAX   12u /* tokens of a gap in which figures are compared */
#define GAP_FIRST_MAX    4u  /* tokens before the first covered run: a story may begin with a figure */
#define RARE_WEIGHT      (WF_WEIGHT_MAX * 3 / 4)

_Static_assert(WF_DOCUMENT_TOKENS_MAX <= 1u << 14, "positions fit 14 bits, and the table has room for all");

/* What a token counts: covered, respelled, or neither. */
enum cover { COVER_NONE = 0, COVER_SOFT = 7, COVER_FULL = 10 };

enum kind { KIND_COMMON, KIND_FIGURE, KIND_NAME };

/* The sums of a comparison are whole numbers. */
_Static_assert((uint64_t)WF_DOCUMENT_TOKENS_MAX *WF_WEIGHT_MAX *COVER_FULL < UINT32_MAX, "no sum overflows");

/* The newcomer's shingles by their hash. An entry is more bits of the hash (from bit 16 on), WF_KERNEL_ENTRY_ONLY, and
 * the first position of those that have it; the others hang from it in a chain (`next`), ascending. That a shingle is
 * not there is then mostly seen without a look at the text, which would be a branch that nobody can guess. The table is
 * made from the last position to the first, so that each is put in by two writes, whatever is there. */
struct wf_profile {
	const uint16_t *tokens;
	const uint8_t *mask;
	const uint8_t *weights;
	uint32_t count;
	uint32_t shingles_own; /* occurrences that are not boilerplate */
	uint32_t table_shift;  /* of a hash: what is left chooses the entry */
	/* In `room`, one behind the other, just as long as the texts are: what is used stays in the nearest cache. */
	uint32_t *table;
	uint16_t *next;         /* by position: the one behind it in its chain */
	uint8_t *shingle_own;   /* by position: this shingle is not boilerplate as a whole */
	uint8_t *own_weights;   /* by token of the newcomer; boilerplate weighs 0 */
	uint8_t *kinds;         /* enum kind, likewise */
	uint8_t *hit;           /* by position: the other has this shingle */
	uint8_t *cover;         /* by token of the newcomer: enum cover */
	uint8_t *cover_other;   /* by token of the other */
	uint8_t *other_weights; /* likewise, after cover_other */
	uint32_t own;           /* sum of own_weights */
	uint32_t lead;          /* tokens up to the WF_LEAD_TOKENS-th own one; 0: there are fewer */
	uint32_t lead_own;
	uint64_t repeated[WF_BITS_WORDS(WF_DOCUMENT_TOKENS_MAX)]; /* a bit a position: it is there more than once */
	uint32_t room[(1u << TABLE_BITS_MAX) + WF_DOCUMENT_TOKENS_MAX * (sizeof(uint16_t) + 7) / sizeof(uint32_t)];
};

int wf_evidence_encode(const struct wf_tokens *tokens, struct wf_arena *arena, struct wf_bytes *evidence)
{
	const uint32_t count = tokens->count < WF_DOCUMENT_TOKENS_MAX ? tokens->count : WF_DOCUMENT_TOKENS_MAX;
	const size_t length = HEADER_BYTES + (size_t)count * sizeof(uint16_t);
	uint8_t *out = wf_arena_take(arena, length + WF_KERNEL_SLACK * sizeof(uint16_t));
	uint16_t *tokens_out;

	if (out == NULL)
		return WF_ENOMEM;
	tokens_out = (uint16_t *)(void *)(out + HEADER_BYTES);
	memset(out, 0, HEADER_BYTES);
	out[0] = EVIDENCE_VERSION;
	for (size_t i = 0; i < 4; i++)
		out[4 + i] = (uint8_t)(count >> (8 * i));
	wf_kernels()->narrow(tokens->hashes, tokens->flags, count, tokens_out);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	for (uint32_t i = 0; i < count; i++)
		tokens_out[i] = (uint16_t)(tokens_out[i] << 8 | tokens_out[i] >> 8);
#endif
	*evidence = (struct wf_bytes){(const char *)out, length};
	return 0;
}

int wf_evidence_decode(struct wf_bytes evidence, uint16_t *tokens, uint32_t *tokens_count)
{
	const uint8_t *in = (const uint8_t *)evidence.data;
	uint32_t count = 0;

	if (evidence.length < HEADER_BYTES)
		return WF_ECORRUPT;
	if (in[0] != EVIDENCE_VERSION)
		return WF_EVERSION;
	for (size_t i = 0; i < 4; i++)
		count |= (uint32_t)in[4 + i] << (8 * i);
	if (count > WF_DOCUMENT_TOKENS_MAX || evidence.length != HEADER_BYTES + (size_t)count * sizeof(uint16_t))
		return WF_ECORRUPT;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(tokens, in + HEADER_BYTES, (size_t)count * sizeof(uint16_t));
#else
	for (uint32_t i = 0; i < count; i++)
		tokens[i] = (uint16_t)(in[HEADER_BYTES + 2 * i] | in[HEADER_BYTES + 2 * i + 1] << 8);
#endif
	*tokens_count = count;
	return 0;
}

int wf_profile_new(struct wf_profile **profile)
{
	*profile = calloc(1, sizeof **profile);
	return *profile == NULL ? WF_ENOMEM : 0;
}

void wf_profile_free(struct wf_profile *profile)
{
	free(profile);
}

static uint32_t shingle_at(const uint16_t *tokens, uint32_t position)
{
	return WF_SHINGLE_OF(tokens[position], tokens[position + 1]);
}

static uint32_t position_of(uint32_t entry)
{
	return entry & NONE;
}

static bool is_at(const struct wf_profile *profile, uint32_t shingle, uint32_t position)
{
	return shingle_at(profile->tokens, position) == shingle;
}

/* From `position` on along a chain, the first that has the shingle, or NONE. */
static uint32_t find_from(const struct wf_profile *profile, uint32_t shingle, uint32_t position)
{
	while (position != NONE && !is_at(profile, shingle, position))
		position = profile->next[position];
	return position;
}

/* First position of a shingle in the newcomer, or NONE. */
static inline uint32_t find(const struct wf_profile *profile, uint32_t shingle)
{
	const uint32_t hash = wf_kernel_entry_hash(shingle);
	const uint32_t entry = profile->table[hash >> profile->table_shift];

	if (entry >> 16 == wf_kernel_entry_tag(hash) && is_at(profile, shingle, position_of(entry)))
		return position_of(entry);
	if ((entry & WF_KERNEL_ENTRY_ONLY) != 0)
		return NONE;
	return find_from(profile, shingle, profile->next[position_of(entry)]);
}

/* The next position that has the same shingle, or NONE. */
static uint32_t again(const struct wf_profile *profile, uint32_t position)
{
	return find_from(profile, shingle_at(profile->tokens, position), profile->next[position]);
}

static void set_repeated(struct wf_profile *profile, uint32_t position)
{
	profile->repeated[position / 64] |= UINT64_C(1) << (position % 64);
}

/* Enters the shingles, the last first. Which of them share an entry is not to be guessed: those are looked at after. */
static void enter_all(struct wf_profile *profile)
{
	uint32_t *const table = profile->table;
	uint16_t *const next = profile->next;
	uint32_t places[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
	uint32_t entries[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
	uint16_t sharing[WF_DOCUMENT_TOKENS_MAX];
	uint32_t sharing_count = 0;

	wf_kernels()->entries(profile->tokens, profile->count, profile->table_shift, places, entries);
	for (uint32_t position = profile->count - 1; position-- > 0;) {
		const uint32_t before = table[places[position]];

		next[position] = (uint16_t)position_of(before);
		sharing[sharing_count] = (uint16_t)position;
		sharing_count += before != ENTRY_EMPTY;
		table[places[position]] =
			entries[position] | (uint32_t)(before == ENTRY_EMPTY) * WF_KERNEL_ENTRY_ONLY | position;
	}
	for (uint32_t i = 0; i < sharing_count; i++) {
		const uint32_t same = again(profile, sharing[i]);

		if (same != NONE) {
			set_repeated(profile, sharing[i]);
			set_repeated(profile, same);
		}
	}
}

static uint32_t shingles_own(const uint8_t *mask, uint32_t tokens_count)
{
	return tokens_count < 2 ? 0 : tokens_count - 1 - wf_kernels()->both(mask, mask + 1, tokens_count - 1);
}

/* How far its first own tokens reach, and what they weigh. */
static void find_lead(struct wf_profile *profile)
{
	uint32_t own_count = 0;
	uint32_t weight = 0;
	uint32_t i = 0;

	for (; i < profile->count && own_count < WF_LEAD_TOKENS; i++) {
		own_count += !profile->mask[i];
		weight += profile->own_weights[i];
	}
	profile->lead = own_count == WF_LEAD_TOKENS ? i : 0;
	profile->lead_own = weight;
}

/* What of the newcomer is the same whomever it is compared with. */
static void weigh_own(struct wf_profile *profile, const uint8_t *tokens_weights)
{
	const uint16_t *const tokens = profile->tokens;
	const uint8_t *const mask = profile->mask;
	uint8_t *const restrict shingle_own = profile->shingle_own;
	uint8_t *const restrict weights = profile->own_weights;
	uint8_t *const restrict kinds = profile->kinds;
	const uint32_t count = profile->count;

	profile->shingles_own = shingles_own(mask, count);
	if (tokens_weights != NULL)
		memcpy(weights, tokens_weights, count);
	else
		wf_weights_of(profile->weights, tokens, count, weights);
	profile->own = wf_kernels()->weigh(weights, mask, count);
	for (uint32_t i = 0; i + 1 < count; i++)
		shingle_own[i] = !(mask[i] & mask[i + 1]);
	for (uint32_t i = 0; i < count; i++) {
		const bool is_figure = wf_token16_is_number(tokens[i]);
		const bool is_name = !is_figure & (weights[i] >= RARE_WEIGHT);

		kinds[i] = (uint8_t)((is_figure & !mask[i]) * KIND_FIGURE + is_name * KIND_NAME);
	}
	find_lead(profile);
}

void wf_profile_set(struct wf_profile *profile, const uint16_t *tokens, uint32_t tokens_count, const uint8_t *mask,
		    const uint8_t *weights, const uint8_t *tokens_weights)
{
	int bits = TABLE_BITS_MIN;

	while (bits < TABLE_BITS_MAX && 1u << bits < 4 * tokens_count)
		bits++;
	profile->tokens = tokens;
	profile->mask = mask;
	profile->weights = weights;
	profile->count = tokens_count;
	profile->table_shift = 32 - (uint32_t)bits;
	profile->table = profile->room;
	profile->next = (uint16_t *)(profile->table + (1u << bits));
	profile->shingle_own = (uint8_t *)(profile->next + tokens_count);
	profile->own_weights = profile->shingle_own + tokens_count;
	profile->kinds = profile->own_weights + tokens_count;
	profile->hit = profile->kinds + tokens_count;
	profile->cover = profile->hit + tokens_count;
	profile->cover_other = profile->cover + tokens_count;
	profile->shingles_own = 0;
	wf_kernels()->fill((uint8_t *)profile->table, UINT8_MAX, (uint32_t)sizeof *profile->table << bits);
	memset(profile->repeated, 0, WF_BITS_WORDS(tokens_count) * sizeof *profile->repeated);
	if (tokens_count > 1)
		enter_all(profile);
	weigh_own(profile, tokens_weights);
}

/* Where the run that ended before `expected` goes on, else the place of the same shingle nearest to it. */
static uint32_t align(const struct wf_profile *profile, uint32_t first, uint32_t expected)
{
	uint32_t best = first;
	uint32_t best_distance = UINT32_MAX;
	uint32_t position = first;

	for (int tries = 0; position != NONE && tries < 8; tries++, position = again(profile, position)) {
		const uint32_t distance = position > expected ? position - expected : expected - position;

		if (distance < best_distance) {
			best_distance = distance;
			best = position;
		}
	}
	return best;
}

/* A gap: tokens [a, a + a_count) of the newcomer against [b, b + b_count) of the other, between two covered runs. */
struct gap {
	uint32_t a;
	uint32_t a_count;
	uint32_t b;
	uint32_t b_count;
};

/* Numbers of the newcomer in the gap against numbers of the other in it. */
static void compare_figures(const struct wf_profile *profile, const uint16_t *other, const struct gap *gap,
			    struct wf_comparison *comparison)
{
	uint32_t other_numbers = 0;

	for (uint32_t k = 0; k < gap->b_count; k++)
		other_numbers += wf_token16_is_number(other[gap->b + k]);
	if (other_numbers == 0)
		return;
	for (uint32_t i = 0; i < gap->a_count; i++) {
		const uint16_t token = profile->tokens[gap->a + i];
		bool same = false;

		if (!wf_token16_is_number(token) || profile->mask[gap->a + i])
			continue;
		for (uint32_t k = 0; k < gap->b_count && !same; k++)
			same = other[gap->b + k] == token;
		if (same)
			comparison->figures_same++;
		else
			comparison->figures_changed++;
	}
}

/* A gap of as many words on both sides: word against word. */
static void compare_words(struct wf_profile *profile, const uint16_t *other, const struct gap *gap,
			  struct wf_comparison *comparison)
{
	for (uint32_t i = 0; i < gap->a_count; i++) {
		const uint16_t mine = profile->tokens[gap->a + i];
		const uint16_t theirs = other[gap->b + i];

		if (mine == theirs) {
			profile->cover[gap->a + i] = profile->cover_other[gap->b + i] = COVER_FULL;
			continue;
		}
		if (wf_token16_is_number(mine) || wf_token16_is_number(theirs))
			continue;
		comparison->words_changed++;
		if (profile->weights[mine] >= RARE_WEIGHT && profile->weights[theirs] >= RARE_WEIGHT)
			comparison->names_changed++;
		if (profile->cover[gap->a + i] == COVER_NONE)
			profile->cover[gap->a + i] = COVER_SOFT;
		profile->cover_other[gap->b + i] = COVER_SOFT;
	}
}

/* Whether the words of a gap stand against each other one by one: typing errors and spelling break words, but leave
 * their number and the words between them. */
static bool is_respelled(const struct wf_profile *profile, const uint16_t *other, const struct gap *gap)
{
	uint32_t same = 0;

	if (gap->a_count != gap->b_count || gap->a_count > GAP_FIGURE_MAX)
		return false;
	for (uint32_t i = 0; i < gap->a_count; i++)
		same += profile->tokens[gap->a + i] == other[gap->b + i];
	return gap->a_count <= GAP_SOFT_MAX || GAP_SAME_SHARE * same >= gap->a_count;
}

/* What stands between two covered runs of both texts. */
static void compare_gap(struct wf_profile *profile, const uint16_t *other, const struct gap *gap,
			struct wf_comparison *comparison)
{
	const uint8_t *const mask = profile->mask + gap->a;
	uint32_t both = gap->a_count - wf_kernels()->both(mask, mask, gap->a_count);

	if (both > gap->b_count)
		both = gap->b_count;
	if (both > comparison->gap)
		comparison->gap = both;
	if (gap->a_count > GAP_FIGURE_MAX || gap->b_count > GAP_FIGURE_MAX)
		return;
	compare_figures(profile, other, gap, comparison);
	if (is_respelled(profile, other, gap)) {
		compare_words(profile, other, gap, comparison);
		comparison->gaps_even += gap->a_count != 0;
	} else {
		comparison->gaps_uneven += gap->a_count != 0 && gap->b_count != 0;
	}
}

/* The other has the shingle: marks it wherever the newcomer has it. */
static void mark(struct wf_profile *profile, uint32_t first)
{
	for (uint32_t position = first; position != NONE; position = again(profile, position)) {
		profile->hit[position] = 1;
		profile->cover[position] = profile->cover[position + 1] = COVER_FULL;
	}
}

/* The other has the run of `count` shingles that begins at `first` as well. */
static void mark_run(struct wf_profile *profile, uint32_t first, uint32_t count)
{
	const uint32_t end = first + count;

	for (uint32_t at = first; at < end; at = (at / 64 + 1) * 64) {
		const uint64_t behind = end - at / 64 * 64 < 64 ? UINT64_MAX << (end % 64) : 0;

		for (uint64_t left = profile->repeated[at / 64] & UINT64_MAX << (at % 64) & ~behind; left != 0;
		     left &= left - 1) {
			const uint32_t position = at / 64 * 64 + (uint32_t)__builtin_ctzll(left);
			const uint32_t same = find(profile, shingle_at(profile->tokens, position));

			if (!profile->hit[same])
				mark(profile, same);
		}
	}
	wf_kernels()->fill(profile->hit + first, 1, count);
	wf_kernels()->fill(profile->cover + first, COVER_FULL, count + 1);
}

/* Walks the other's shingles from run to run: marks what is common on both sides, and compares what stands in the
 * gaps. */
static void scan(struct wf_profile *profile, const uint16_t *other, uint32_t other_count,
		 struct wf_comparison *comparison)
{
	uint32_t a_next = 0; /* one past the last covered token, on either side */
	uint32_t b_next = 0;
	bool in_text = false;
	uint16_t places[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
	const uint32_t places_count =
		wf_kernels()->probe(other, other_count, profile->table, profile->table_shift, places);

	for (uint32_t k = 0; k < places_count; k++) {
		const uint32_t j = places[k];
		const uint32_t first = find(profile, shingle_at(other, j));
		uint32_t i, left, length;

		if (first == NONE)
			continue;
		i = align(profile, first, in_text ? a_next + (j - (b_next < j ? b_next : j)) : first);
		if (!in_text && i <= GAP_FIRST_MAX && j <= GAP_FIRST_MAX) {
			const struct gap gap = {0, i, 0, j};

			compare_figures(profile, other, &gap, comparison);
		}
		if (in_text && i >= a_next && j >= b_next) {
			const struct gap gap = {a_next, i - a_next, b_next, j - b_next};

			compare_gap(profile, other, &gap, comparison);
		}
		left = profile->count - i < other_count - j ? profile->count - i : other_count - j;
		length = 2 + wf_kernels()->alike(profile->tokens + i + 2, other + j + 2, left - 2);
		mark_run(profile, i, length - 1);
		wf_kernels()->fill(profile->cover_other + j, COVER_FULL, length);
		a_next = i + length;
		b_next = j + length;
		k += length - 2; /* all shingles of the run are among the places */
		in_text = true;
	}
}

static double share_of(uint32_t part, uint32_t whole)
{
	return whole == 0 ? 0 : (double)part / ((double)whole * COVER_FULL);
}

static void weigh_newcomer(const struct wf_profile *profile, struct wf_comparison *comparison)
{
	const struct wf_kernels *kernels = wf_kernels();
	const uint32_t covered = kernels->products(profile->own_weights, profile->cover, profile->count);

	/* Boilerplate neither adds to a run nor ends it, but where it is not common to both. */
	comparison->run = kernels->longest(profile->cover, COVER_FULL, profile->mask, profile->count);
	comparison->figures_same +=
		kernels->pairs(profile->cover, COVER_FULL, profile->kinds, KIND_FIGURE, profile->count);
	comparison->names_same += kernels->pairs(profile->cover, COVER_FULL, profile->kinds, KIND_NAME, profile->count);
	comparison->own_weight = (double)profile->own / WF_WEIGHT_MAX;
	comparison->contained = share_of(covered, profile->own);
	comparison->lead = profile->lead == 0
				   ? comparison->contained
				   : share_of(kernels->products(profile->own_weights, profile->cover, profile->lead),
					      profile->lead_own);
}

void wf_profile_scan(struct wf_profile *profile, const uint16_t *tokens, uint32_t tokens_count,
		     struct wf_comparison *comparison)
{
	*comparison = (struct wf_comparison){.alone = 1};
	memset(profile->hit, 0, 2 * (size_t)profile->count + tokens_count); /* cover, cover_other */
	profile->other_weights = profile->cover_other + tokens_count;
	scan(profile, tokens, tokens_count, comparison);
	weigh_newcomer(profile, comparison);
}

void wf_profile_finish(const struct wf_profile *profile, const uint16_t *tokens, uint32_t tokens_count,
		       const uint8_t *mask, struct wf_comparison *comparison)
{
	const struct wf_kernels *kernels = wf_kernels();
	const uint32_t shingles = shingles_own(mask, tokens_count);
	uint32_t common =
		profile->count < 2 ? 0 : kernels->both(profile->hit, profile->shingle_own, profile->count - 1);
	uint32_t own, covered;

	wf_weights_of(profile->weights, tokens, tokens_count, profile->other_weights);
	own = kernels->weigh(profile->other_weights, mask, tokens_count);
	covered = kernels->products(profile->other_weights, profile->cover_other, tokens_count);
	comparison->other_weight = (double)own / WF_WEIGHT_MAX;
	comparison->covering = share_of(covered, own);
	if (common > shingles)
		common = shingles;
	if (profile->shingles_own + shingles > common)
		comparison->resemblance = (double)common / (double)(profile->shingles_own + shingles - common);
}

void wf_profile_mark(const struct wf_profile *profile, uint64_t bit, uint64_t *marks)
{
	wf_kernels()->mark(marks, bit, profile->cover, COVER_FULL, profile->mask, profile->count);
}

void wf_profile_compare(struct wf_profile *profile, const uint16_t *tokens, uint32_t tokens_count, const uint8_t *mask,
			struct wf_comparison *comparison)
{
	wf_profile_scan(profile, tokens, tokens_count, comparison);
	wf_profile_finish(profile, tokens, tokens_count, mask, comparison);
}
