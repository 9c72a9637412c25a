#if defined(__x86_64__)
#include <immintrin.h>

#include "bit_order.h"
#include "kernel.h"

#define LANES     8u
#define ALL_LANES 0xFFu

/* Eight shingles are looked at together. The last eight overlap those before them, so that no array is read past its
 * end; of fewer there is a copy that is long enough. */
struct few {
	uint16_t tokens[LANES + 1];
	uint8_t weights[LANES + 1];
	uint8_t mask[LANES + 1];
};

static inline __m256i shingles_of(const uint16_t *tokens)
{
	const __m256i first = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)tokens));
	const __m256i second = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)(tokens + 1)));

	return _mm256_or_si256(_mm256_slli_epi32(first, 16), second);
}

/* The bits of eight lanes' highest bits. */
static inline uint32_t bits_of(__m256i lanes)
{
	return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(lanes));
}

/* Those of eight lanes whose shingles come before the last of `tokens_count` tokens, or from `lane` on. */
static inline uint32_t lanes_before(uint32_t tokens_count)
{
	return tokens_count == 0 ? 0 : (1u << (tokens_count - 1)) - 1;
}

static inline uint32_t lanes_from(uint32_t lane)
{
	return ALL_LANES & (ALL_LANES << lane);
}

static inline uint32_t store_places(uint16_t *places, uint32_t chosen, uint32_t first)
{
	const __m128i order = _mm_cvtepu8_epi16(_mm_loadl_epi64((const void *)wf_bit_order(chosen)));

	_mm_storeu_si128((void *)places, _mm_add_epi16(order, _mm_set1_epi16((short)first)));
	return (uint32_t)_mm_popcnt_u32(chosen);
}

static inline __m256i compressed(__m256i lanes, uint32_t chosen)
{
	return _mm256_permutevar8x32_epi32(lanes,
					   _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)wf_bit_order(chosen))));
}

/* wf_kernel_hash() of eight. */
static inline __m256i hashed(__m256i shingles)
{
	const __m256i half = _mm256_mullo_epi32(shingles, _mm256_set1_epi32((int)WF_KERNEL_HASH_FIRST));

	return _mm256_mullo_epi32(_mm256_xor_si256(half, _mm256_srli_epi32(half, 15)),
				  _mm256_set1_epi32((int)WF_KERNEL_HASH_SECOND));
}

/* Four words of a table, of the places in the lower halves and the upper halves of two numbers. */
static inline __m128i four_words(const uint32_t *table, uint64_t first, uint64_t second)
{
	const __m128i one = _mm_cvtsi32_si128((int)table[(uint32_t)first]);
	const __m128i two = _mm_insert_epi32(one, (int)table[first >> 32], 1);
	const __m128i three = _mm_insert_epi32(two, (int)table[(uint32_t)second], 2);

	return _mm_insert_epi32(three, (int)table[second >> 32], 3);
}

/* The words of a table at eight places. The processor's own gather takes a third longer on AMD's Zen 3, and several
 * times as long where Intel's have been made safe against Downfall. */
static inline __m256i words_at(const uint32_t *table, __m256i places)
{
	const __m128i low = _mm256_castsi256_si128(places), high = _mm256_extracti128_si256(places, 1);
	const __m128i first = four_words(table, (uint64_t)_mm_cvtsi128_si64(low), (uint64_t)_mm_extract_epi64(low, 1));
	const __m128i second =
		four_words(table, (uint64_t)_mm_cvtsi128_si64(high), (uint64_t)_mm_extract_epi64(high, 1));

	return _mm256_inserti128_si256(_mm256_castsi128_si256(first), second, 1);
}

/* What is asked of eight shingles at once: the tables, and where else to write. */
struct question {
	const uint32_t *first;
	const uint32_t *second;
	__m128i shift;
	uint32_t *bits;
};

/* Which of the eight shingles from `tokens` on are chosen; `at`: the first one's place in the article. */
typedef uint32_t eight_fn(const uint16_t *tokens, uint32_t at, const struct question *question);

/* The places of the shingles that are chosen. Inlined always, so that `eight` is no call. */
static inline __attribute__((always_inline)) uint32_t places_chosen(const uint16_t *tokens, uint32_t tokens_count,
								    eight_fn *eight, const struct question *question,
								    uint16_t *places)
{
	struct few few = {0};
	uint32_t count = 0;
	uint32_t i = 0;

	if (tokens_count <= LANES) {
		memcpy(few.tokens, tokens, tokens_count * sizeof *tokens);
		return store_places(places, eight(few.tokens, 0, question) & lanes_before(tokens_count), 0);
	}
	for (; i + LANES < tokens_count; i += LANES)
		count += store_places(places + count, eight(tokens + i, i, question), i);
	if (i + 1 < tokens_count) {
		const uint32_t last = tokens_count - 1 - LANES;

		count +=
			store_places(places + count, eight(tokens + last, last, question) & lanes_from(i - last), last);
	}
	return count;
}

/* Which of the eight shingles from `tokens` on have a bit in either filter. */
static inline uint32_t filter_eight(const uint16_t *tokens, uint32_t at, const struct question *question)
{
	const uint32_t *const hot_bits = question->first;
	const uint32_t *const common_bits = question->second;
	const __m256i hash = hashed(shingles_of(tokens));
	const __m256i low_bits = _mm256_set1_epi32(31);
	const __m256i hot = words_at(hot_bits, _mm256_srli_epi32(hash, 25));
	const __m256i common =
		words_at(common_bits, _mm256_and_si256(_mm256_srli_epi32(hash, 5),
						       _mm256_set1_epi32(WF_KERNEL_COMMON_BITS / 32 - 1)));
	const __m256i is_in =
		_mm256_or_si256(_mm256_srlv_epi32(hot, _mm256_and_si256(_mm256_srli_epi32(hash, 20), low_bits)),
				_mm256_srlv_epi32(common, _mm256_and_si256(hash, low_bits)));

	(void)at;
	return bits_of(_mm256_slli_epi32(is_in, 31));
}

_Static_assert(WF_KERNEL_HOT_BITS == 1u << 12, "the word of a hot bit is the hash's highest seven bits");

static uint32_t filter(const uint16_t *tokens, uint32_t tokens_count, const uint32_t *hot_bits,
		       const uint32_t *common_bits, uint16_t *places)
{
	const struct question question = {.first = hot_bits, .second = common_bits};

	return places_chosen(tokens, tokens_count, filter_eight, &question, places);
}

/* Writes the bits of the eight shingles from `tokens` on; returns which of them are set. */
static inline uint32_t seen_eight(const uint16_t *tokens, uint32_t at, const struct question *question)
{
	const __m256i salted = _mm256_xor_si256(shingles_of(tokens), _mm256_set1_epi32((int)WF_KERNEL_SEEN_SALT));
	const __m256i bit = _mm256_srl_epi32(hashed(salted), question->shift);
	const __m256i word = words_at(question->first, _mm256_srli_epi32(bit, 5));

	_mm256_storeu_si256((void *)(question->bits + at), bit);
	return bits_of(_mm256_slli_epi32(_mm256_srlv_epi32(word, _mm256_and_si256(bit, _mm256_set1_epi32(31))), 31));
}

static uint32_t seen(const uint16_t *tokens, uint32_t tokens_count, const uint32_t *seen_bits, uint32_t shift,
		     uint32_t *bits, uint16_t *places)
{
	const struct question question = {.first = seen_bits, .shift = _mm_cvtsi32_si128((int)shift), .bits = bits};

	return places_chosen(tokens, tokens_count, seen_eight, &question, places);
}

/* Which of the eight shingles from `tokens` on a table may have. */
static inline uint32_t probe_eight(const uint16_t *tokens, uint32_t at, const struct question *question)
{
	const __m256i hash = _mm256_mullo_epi32(shingles_of(tokens), _mm256_set1_epi32((int)WF_KERNEL_HASH_FIRST));
	const __m256i entry = words_at(question->first, _mm256_srl_epi32(hash, question->shift));
	const __m256i tag = _mm256_and_si256(_mm256_srli_epi32(hash, 1), _mm256_set1_epi32(0x7FFF));
	const __m256i only = _mm256_and_si256(entry, _mm256_set1_epi32((int)WF_KERNEL_ENTRY_ONLY));

	(void)at;
	return bits_of(_mm256_or_si256(_mm256_cmpeq_epi32(_mm256_srli_epi32(entry, 16), tag),
				       _mm256_cmpeq_epi32(only, _mm256_setzero_si256())));
}

static uint32_t probe(const uint16_t *tokens, uint32_t tokens_count, const uint32_t *table, uint32_t shift,
		      uint16_t *places)
{
	const struct question question = {.first = table, .shift = _mm_cvtsi32_si128((int)shift)};

	return places_chosen(tokens, tokens_count, probe_eight, &question, places);
}

/* The lower halves of the products of four numbers, of which `low_only` says that they have 32 bits, and a constant. */
static inline __m256i multiplied(__m256i values, uint64_t constant, bool low_only)
{
	const __m256i low = _mm256_set1_epi64x((long long)(constant & UINT32_MAX));
	const __m256i high = _mm256_set1_epi64x((long long)(constant >> 32));
	__m256i upper = _mm256_mul_epu32(values, high);

	if (!low_only)
		upper = _mm256_add_epi64(upper, _mm256_mul_epu32(_mm256_srli_epi64(values, 32), low));
	return _mm256_add_epi64(_mm256_mul_epu32(values, low), _mm256_slli_epi64(upper, 32));
}

/* wf_kernel_competitor() of four pairs. */
static inline __m256i competitors(const uint32_t *hashes)
{
	const __m256i first = _mm256_cvtepu32_epi64(_mm_loadu_si128((const void *)hashes));
	const __m256i second = _mm256_cvtepu32_epi64(_mm_loadu_si128((const void *)(hashes + 1)));
	__m256i value = _mm256_or_si256(_mm256_slli_epi64(first, 32), second);

	value = multiplied(_mm256_xor_si256(value, _mm256_srli_epi64(value, 31)), WF_KERNEL_PAIR_FIRST, false);
	value = multiplied(_mm256_xor_si256(value, _mm256_srli_epi64(value, 28)), WF_KERNEL_PAIR_SECOND, false);
	value = _mm256_xor_si256(value, _mm256_srli_epi64(value, 32));
	return _mm256_min_epu32(value, _mm256_set1_epi64x((long long)(UINT64_MAX - 1)));
}

static inline void compete(const uint32_t *hashes, uint32_t count, uint64_t pairs[WF_KERNEL_PAIRS_AHEAD])
{
	if (count >= WF_KERNEL_PAIRS_AHEAD)
		for (size_t i = 0; i < WF_KERNEL_PAIRS_AHEAD; i += 4)
			_mm256_storeu_si256((void *)(pairs + i), competitors(hashes + i));
	else
		for (uint32_t i = 0; i < count; i++)
			pairs[i] = wf_kernel_competitor(wf_kernel_mix_pair(hashes[i], hashes[i + 1]));
}

/* wf_kernel_mix() >> 33 of four, each in 64 bits. */
static inline __m256i mixed(__m256i value)
{
	value = multiplied(value, WF_KERNEL_MIX_FIRST, true);
	value = _mm256_xor_si256(value, _mm256_srli_epi64(value, 32));
	value = multiplied(value, WF_KERNEL_MIX_SECOND, false);
	return _mm256_srli_epi64(_mm256_xor_si256(value, _mm256_srli_epi64(value, 29)), 33);
}

/* The same of eight, each in 32 bits. */
static inline __m256i mixed_eight(__m256i shingles)
{
	const __m256i even = mixed(_mm256_and_si256(shingles, _mm256_set1_epi64x(UINT32_MAX)));
	const __m256i odd = mixed(_mm256_srli_epi64(shingles, 32));

	return _mm256_or_si256(even, _mm256_slli_epi64(odd, 32));
}

static inline __m256i widened(const uint8_t *bytes)
{
	return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)bytes));
}

/* Writes those of the eight shingles from `tokens` on that may be chosen and are among `lanes`, with their ranks;
 * returns how many. */
static inline uint32_t rank_eight(const uint16_t *tokens, const uint8_t *weights, const uint8_t *mask,
				  const struct wf_kernel_weights *bounds, uint32_t lanes, uint32_t *shingles,
				  int32_t *ranks)
{
	const __m256i shingle = shingles_of(tokens);
	const __m256i weight = _mm256_add_epi32(widened(weights), widened(weights + 1));
	const __m256i two = _mm256_set1_epi32(2);
	const __m256i is_rare = _mm256_cmpgt_epi32(weight, _mm256_set1_epi32((int)bounds->rare - 1));
	const __m256i is_rarest = _mm256_cmpgt_epi32(weight, _mm256_set1_epi32((int)bounds->rarest - 1));
	const __m256i shift = _mm256_add_epi32(_mm256_and_si256(is_rare, two), _mm256_and_si256(is_rarest, two));
	const __m256i is_masked = _mm256_and_si256(widened(mask), widened(mask + 1));
	const __m256i is_heavy = _mm256_cmpgt_epi32(weight, _mm256_set1_epi32((int)bounds->least - 1));
	const __m256i is_chosen = _mm256_and_si256(is_heavy, _mm256_cmpeq_epi32(is_masked, _mm256_setzero_si256()));
	const uint32_t chosen = bits_of(is_chosen) & lanes;

	_mm256_storeu_si256((void *)shingles, compressed(shingle, chosen));
	_mm256_storeu_si256((void *)ranks, compressed(_mm256_srlv_epi32(mixed_eight(shingle), shift), chosen));
	return (uint32_t)_mm_popcnt_u32(chosen);
}

static uint32_t rank(const uint16_t *tokens, const uint8_t *weights, uint32_t tokens_count, const uint8_t *mask,
		     const struct wf_kernel_weights *bounds, uint32_t *shingles, int32_t *ranks)
{
	struct few few = {0};
	uint32_t count = 0;
	uint32_t i = 0;

	if (tokens_count <= LANES) {
		memcpy(few.tokens, tokens, tokens_count * sizeof *tokens);
		memcpy(few.weights, weights, tokens_count);
		memcpy(few.mask, mask, tokens_count);
		return rank_eight(few.tokens, few.weights, few.mask, bounds, lanes_before(tokens_count), shingles,
				  ranks);
	}
	for (; i + LANES < tokens_count; i += LANES)
		count += rank_eight(tokens + i, weights + i, mask + i, bounds, ALL_LANES, shingles + count,
				    ranks + count);
	if (i + 1 < tokens_count) {
		const uint32_t last = tokens_count - 1 - LANES;

		count += rank_eight(tokens + last, weights + last, mask + last, bounds, lanes_from(i - last),
				    shingles + count, ranks + count);
	}
	return count;
}

static inline __m256i load(const int32_t *values)
{
	return _mm256_loadu_si256((const void *)values);
}

static inline void extremes_of_eight(int32_t *restrict out, const int32_t *restrict in, uint32_t step, bool is_least)
{
	const __m256i a = load(in), b = load(in + step);

	_mm256_storeu_si256((void *)out, is_least ? _mm256_min_epi32(a, b) : _mm256_max_epi32(a, b));
}

static inline void extremes(int32_t *restrict out, const int32_t *restrict in, uint32_t count, uint32_t step,
			    bool is_least)
{
	if (count < LANES) {
		for (uint32_t i = 0; i < count; i++)
			out[i] = (in[i] < in[i + step]) == is_least ? in[i] : in[i + step];
		return;
	}
	for (uint32_t i = 0; i + LANES <= count; i += LANES)
		extremes_of_eight(out + i, in + i, step, is_least);
	extremes_of_eight(out + count - LANES, in + count - LANES, step, is_least);
}

static uint32_t equal(const int32_t *a, const int32_t *b, uint32_t count, uint32_t first, uint16_t *places)
{
	uint32_t places_count = 0;
	uint32_t i = 0;

	for (; i + LANES <= count; i += LANES)
		places_count += store_places(places + places_count,
					     bits_of(_mm256_cmpeq_epi32(load(a + i), load(b + i))), first + i);
	for (; i < count; i++) {
		places[places_count] = (uint16_t)(first + i);
		places_count += a[i] == b[i];
	}
	return places_count;
}

static uint64_t below(const int32_t *a, uint32_t count, int32_t bound)
{
	const __m256i bounds = _mm256_set1_epi32(bound);
	uint64_t bits = 0;
	uint32_t i = 0;

	for (; i + LANES <= count; i += LANES)
		bits |= (uint64_t)bits_of(_mm256_cmpgt_epi32(bounds, load(a + i))) << i;
	for (; i < count; i++)
		bits |= (uint64_t)(a[i] < bound) << i;
	return bits;
}

#define KERNEL_HAS_OWN_COMPETE
#define KERNEL_HAS_OWN_FILTER
#define KERNEL_HAS_OWN_SEEN
#define KERNEL_HAS_OWN_PROBE
#define KERNEL_HAS_OWN_RANK
#define KERNEL_HAS_OWN_EQUAL
#define KERNEL_HAS_OWN_BELOW
#define KERNEL_HAS_OWN_EXTREMES
#define KERNELS wf_kernels_avx2
#include "kernel_body.h"
#else
typedef int wf_kernel_avx2_is_empty;
#endif
