#if defined(__x86_64__)
#include <immintrin.h>

#include "kernel.h"
#include "token16.h"

#define LANES 16u

/* The first `count` bytes of a register; a narrower mask of it, the first of so many lanes. */
static inline __mmask64 bytes_of(uint32_t count)
{
	return count >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1;
}

static inline __mmask16 lanes_of(uint32_t count)
{
	return (__mmask16)bytes_of(count);
}

static inline __m512i load_tokens(const uint16_t *tokens, __mmask16 lanes)
{
	return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, tokens));
}

static inline __m512i shingles_of(__m512i first, __m512i second)
{
	return _mm512_or_si512(_mm512_slli_epi32(first, 16), second);
}

static inline uint32_t store_places(uint16_t *places, __mmask16 chosen, uint32_t first)
{
	const __m256i ascending = _mm256_set_epi16(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	const __m256i numbers = _mm256_add_epi16(ascending, _mm256_set1_epi16((short)first));

	_mm256_storeu_si256((__m256i *)(void *)places, _mm256_maskz_compress_epi16(chosen, numbers));
	return (uint32_t)_mm_popcnt_u32(chosen);
}

static inline __m512i ascending_bytes(void)
{
	return _mm512_set_epi8(63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42,
			       41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20,
			       19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

/* The places of 64 bits; mostly few of them are set. */
static inline uint32_t store_bits(uint16_t *places, uint64_t chosen, uint32_t first)
{
	const __m512i numbers = _mm512_maskz_compress_epi8(chosen, ascending_bytes());
	const __m512i firsts = _mm512_set1_epi16((short)first);
	const uint32_t count = (uint32_t)_mm_popcnt_u64(chosen);

	_mm512_storeu_si512(places, _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_castsi512_si256(numbers)), firsts));
	if (count > 32)
		_mm512_storeu_si512(
			places + 32,
			_mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(numbers, 1)), firsts));
	return count;
}

/* wf_token16_of() of sixteen at a time. */
static void narrow(const uint32_t *hashes, const uint8_t *flags, uint32_t count, uint16_t *tokens)
{
	const __m512i seven = _mm512_set1_epi32(7);

	for (uint32_t i = 0; i < count; i += LANES) {
		const __mmask16 lanes = lanes_of(count - i);
		const __m512i hash = _mm512_maskz_loadu_epi32(lanes, hashes + i);
		const __m512i high = _mm512_srli_epi32(hash, 19);
		const __m512i low = _mm512_and_si512(hash, _mm512_set1_epi32((1 << 19) - 1));
		const __m512i word = _mm512_add_epi32(_mm512_mullo_epi32(high, seven),
						      _mm512_srli_epi32(_mm512_mullo_epi32(low, seven), 19));
		const __mmask16 is_number =
			_mm_test_epi8_mask(_mm_maskz_loadu_epi8(lanes, flags + i), _mm_set1_epi8(WF_TOKEN_NUMBER));
		const __m512i token =
			_mm512_mask_add_epi32(word, is_number, high, _mm512_set1_epi32(WF_TOKEN16_NUMBER));

		_mm256_storeu_si256((void *)(tokens + i), _mm512_cvtepi32_epi16(token));
	}
}

/* wf_kernel_competitor() of eight pairs. */
static inline __m512i competitors(const uint32_t *hashes, __mmask8 lanes)
{
	const __m512i first = _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(lanes, hashes));
	const __m512i second = _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(lanes, hashes + 1));
	__m512i value = _mm512_or_si512(_mm512_slli_epi64(first, 32), second);

	value = _mm512_xor_si512(value, _mm512_srli_epi64(value, 31));
	value = _mm512_mullo_epi64(value, _mm512_set1_epi64((long long)WF_KERNEL_PAIR_FIRST));
	value = _mm512_xor_si512(value, _mm512_srli_epi64(value, 28));
	value = _mm512_mullo_epi64(value, _mm512_set1_epi64((long long)WF_KERNEL_PAIR_SECOND));
	value = _mm512_xor_si512(value, _mm512_srli_epi64(value, 32));
	return _mm512_min_epu32(value, _mm512_set1_epi64((long long)(UINT64_MAX - 1)));
}

static inline void compete(const uint32_t *hashes, uint32_t count, uint64_t pairs[WF_KERNEL_PAIRS_AHEAD])
{
	_mm512_storeu_si512(pairs, competitors(hashes, (__mmask8)bytes_of(count)));
	_mm512_storeu_si512(pairs + 8, competitors(hashes + 8, (__mmask8)bytes_of(count < 8 ? 0 : count - 8)));
}

/* The slots at 16 places. */
static inline __m512i slots_at(const __m512i slots[4], __m128i places)
{
	const __m512i place = _mm512_cvtepu8_epi32(places);

	return _mm512_mask_blend_epi32(_mm512_test_epi32_mask(place, _mm512_set1_epi32(32)),
				       _mm512_permutex2var_epi32(slots[0], place, slots[1]),
				       _mm512_permutex2var_epi32(slots[2], place, slots[3]));
}

/* All ask at once; first who gives to whom, then what. */
static uint64_t borrow(uint32_t slots[WF_KERNEL_SLOTS], const uint8_t (*donors)[WF_KERNEL_SLOTS], uint32_t rounds)
{
	const __m512i none = _mm512_set1_epi32((int)WF_KERNEL_SLOT_EMPTY);
	__m512i sources = ascending_bytes();
	__m512i in[4], filled;
	uint64_t empty = 0;

	for (size_t i = 0; i < 4; i++) {
		in[i] = _mm512_loadu_si512(slots + LANES * i);
		empty |= (uint64_t)_mm512_cmpeq_epi32_mask(in[i], none) << LANES * i;
	}
	if (empty == 0)
		return 0;
	filled = _mm512_movm_epi8(~empty);
	for (uint32_t round = 0; round < rounds && empty != 0; round++) {
		const __m512i donor = _mm512_loadu_si512(donors[round]);
		const __mmask64 given = empty & _mm512_movepi8_mask(_mm512_permutexvar_epi8(donor, filled));

		sources = _mm512_mask_mov_epi8(sources, given, donor);
		empty &= ~given;
	}
	_mm512_storeu_si512(slots, slots_at(in, _mm512_castsi512_si128(sources)));
	_mm512_storeu_si512(slots + 16, slots_at(in, _mm512_extracti32x4_epi32(sources, 1)));
	_mm512_storeu_si512(slots + 32, slots_at(in, _mm512_extracti32x4_epi32(sources, 2)));
	_mm512_storeu_si512(slots + 48, slots_at(in, _mm512_extracti32x4_epi32(sources, 3)));
	return empty;
}

/* The filter of hot shingles fits eight registers. */
static inline __m512i hot_words(const __m512i table[8], __m512i word)
{
	const __mmask16 odd = _mm512_test_epi32_mask(word, _mm512_set1_epi32(32));
	const __mmask16 high = _mm512_test_epi32_mask(word, _mm512_set1_epi32(64));
	const __m512i low_pair = _mm512_mask_blend_epi32(odd, _mm512_permutex2var_epi32(table[0], word, table[1]),
							 _mm512_permutex2var_epi32(table[2], word, table[3]));
	const __m512i high_pair = _mm512_mask_blend_epi32(odd, _mm512_permutex2var_epi32(table[4], word, table[5]),
							  _mm512_permutex2var_epi32(table[6], word, table[7]));

	return _mm512_mask_blend_epi32(high, low_pair, high_pair);
}

_Static_assert(WF_KERNEL_HOT_BITS == 8 * 512, "eight registers");

static uint32_t filter(const uint16_t *tokens, uint32_t tokens_count, const uint32_t *hot_bits,
		       const uint32_t *common_bits, uint16_t *places)
{
	const __m512i one = _mm512_set1_epi32(1);
	__m512i table[8];
	uint32_t count = 0;

	for (size_t i = 0; i < 8; i++)
		table[i] = _mm512_loadu_si512(hot_bits + LANES * i);
	for (uint32_t i = 0; i + 1 < tokens_count; i += LANES) {
		const __mmask16 lanes = lanes_of(tokens_count - 1 - i);
		const __m512i shingle = shingles_of(load_tokens(tokens + i, lanes), load_tokens(tokens + i + 1, lanes));
		const __m512i half = _mm512_mullo_epi32(shingle, _mm512_set1_epi32((int)WF_KERNEL_HASH_FIRST));
		const __m512i hash = _mm512_mullo_epi32(_mm512_xor_si512(half, _mm512_srli_epi32(half, 15)),
							_mm512_set1_epi32((int)WF_KERNEL_HASH_SECOND));
		const __m512i hot = hot_words(table, _mm512_srli_epi32(hash, 25));
		const __m512i common = _mm512_i32gather_epi32(
			_mm512_and_si512(_mm512_srli_epi32(hash, 5), _mm512_set1_epi32(WF_KERNEL_COMMON_BITS / 32 - 1)),
			common_bits, 4);
		const __m512i is_in = _mm512_or_si512(
			_mm512_srlv_epi32(hot, _mm512_and_si512(_mm512_srli_epi32(hash, 20), _mm512_set1_epi32(31))),
			_mm512_srlv_epi32(common, _mm512_and_si512(hash, _mm512_set1_epi32(31))));

		count += store_places(places + count, _mm512_mask_test_epi32_mask(lanes, is_in, one), i);
	}
	return count;
}

/* It waits for memory: wider registers do not shorten that. */
static uint32_t seen(const uint16_t *tokens, uint32_t tokens_count, const uint32_t *seen_bits, uint32_t shift,
		     uint32_t *bits, uint16_t *places)
{
	return wf_kernels_avx2.seen(tokens, tokens_count, seen_bits, shift, bits, places);
}

/* wf_kernel_entry_hash() and wf_kernel_entry_tag() of each. */
static inline __m512i entry_hashes_of(const uint16_t *tokens, __mmask16 lanes)
{
	return _mm512_mullo_epi32(shingles_of(load_tokens(tokens, lanes), load_tokens(tokens + 1, lanes)),
				  _mm512_set1_epi32((int)WF_KERNEL_HASH_FIRST));
}

static inline __m512i entry_tags_of(__m512i hash)
{
	return _mm512_and_si512(_mm512_srli_epi32(hash, 1), _mm512_set1_epi32(0x7FFF));
}

static uint32_t probe(const uint16_t *tokens, uint32_t tokens_count, const uint32_t *table, uint32_t shift,
		      uint16_t *places)
{
	const __m128i shift_count = _mm_cvtsi32_si128((int)shift);
	const __m512i only = _mm512_set1_epi32((int)WF_KERNEL_ENTRY_ONLY);
	uint32_t count = 0;

	for (uint32_t i = 0; i + 1 < tokens_count; i += LANES) {
		const __mmask16 lanes = lanes_of(tokens_count - 1 - i);
		const __m512i hash = entry_hashes_of(tokens + i, lanes);
		const __m512i entry = _mm512_i32gather_epi32(_mm512_srl_epi32(hash, shift_count), table, 4);
		const __mmask16 tagged = _mm512_cmpeq_epi32_mask(_mm512_srli_epi32(entry, 16), entry_tags_of(hash));

		count += store_places(places + count, lanes & (tagged | _mm512_testn_epi32_mask(entry, only)), i);
	}
	return count;
}

static void entries(const uint16_t *tokens, uint32_t tokens_count, uint32_t shift, uint32_t *places, uint32_t *entries)
{
	const __m128i shift_count = _mm_cvtsi32_si128((int)shift);

	for (uint32_t i = 0; i + 1 < tokens_count; i += LANES) {
		const __mmask16 lanes = lanes_of(tokens_count - 1 - i);
		const __m512i hash = entry_hashes_of(tokens + i, lanes);

		_mm512_storeu_si512(places + i, _mm512_srl_epi32(hash, shift_count));
		_mm512_storeu_si512(entries + i, _mm512_slli_epi32(entry_tags_of(hash), 16));
	}
}

/* wf_kernel_mix() >> 33 of eight. */
static inline __m256i mixed(__m256i shingles)
{
	__m512i value = _mm512_cvtepu32_epi64(shingles);

	value = _mm512_mullo_epi64(value, _mm512_set1_epi64((long long)WF_KERNEL_MIX_FIRST));
	value = _mm512_xor_si512(value, _mm512_srli_epi64(value, 32));
	value = _mm512_mullo_epi64(value, _mm512_set1_epi64((long long)WF_KERNEL_MIX_SECOND));
	value = _mm512_xor_si512(value, _mm512_srli_epi64(value, 29));
	return _mm512_cvtepi64_epi32(_mm512_srli_epi64(value, 33));
}

/* The weights of the two tokens of each shingle, added up. */
static inline __m512i weights_of(const uint8_t *weights, __mmask16 lanes)
{
	return _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, weights)),
				_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, weights + 1)));
}

/* First the shingles that are chosen, with what their hash is to be shifted by in place of their ranks; then the ranks
 * of those alone, as their hash is dear. */
static uint32_t rank(const uint16_t *tokens, const uint8_t *weights, uint32_t tokens_count, const uint8_t *mask,
		     const struct wf_kernel_weights *bounds, uint32_t *shingles, int32_t *ranks)
{
	const __m512i least_weight = _mm512_set1_epi32((int)bounds->least);
	const __m512i rare = _mm512_set1_epi32((int)bounds->rare);
	const __m512i rarest = _mm512_set1_epi32((int)bounds->rarest);
	const __m512i two = _mm512_set1_epi32(2);
	uint32_t count = 0;

	for (uint32_t i = 0; i + 1 < tokens_count; i += LANES) {
		const __mmask16 lanes = lanes_of(tokens_count - 1 - i);
		const __m512i shingle = shingles_of(load_tokens(tokens + i, lanes), load_tokens(tokens + i + 1, lanes));
		const __m512i weight = weights_of(weights + i, lanes);
		const __m512i shift =
			_mm512_add_epi32(_mm512_maskz_mov_epi32(_mm512_cmpge_epi32_mask(weight, rare), two),
					 _mm512_maskz_mov_epi32(_mm512_cmpge_epi32_mask(weight, rarest), two));
		const __m128i masked =
			_mm_and_si128(_mm_maskz_loadu_epi8(lanes, mask + i), _mm_maskz_loadu_epi8(lanes, mask + i + 1));
		const __mmask16 chosen =
			_mm512_mask_cmpge_epi32_mask(lanes, weight, least_weight) & _mm_testn_epi8_mask(masked, masked);

		_mm512_storeu_si512(shingles + count, _mm512_maskz_compress_epi32(chosen, shingle));
		_mm512_storeu_si512(ranks + count, _mm512_maskz_compress_epi32(chosen, shift));
		count += (uint32_t)_mm_popcnt_u32(chosen);
	}
	for (uint32_t i = 0; i < count; i += LANES) {
		const __m512i shingle = _mm512_loadu_si512(shingles + i);
		const __m512i hash = _mm512_inserti64x4(_mm512_castsi256_si512(mixed(_mm512_castsi512_si256(shingle))),
							mixed(_mm512_extracti64x4_epi64(shingle, 1)), 1);

		_mm512_storeu_si512(ranks + i, _mm512_srlv_epi32(hash, _mm512_loadu_si512(ranks + i)));
	}
	return count;
}

static uint32_t equal(const int32_t *a, const int32_t *b, uint32_t count, uint32_t first, uint16_t *places)
{
	uint32_t places_count = 0;

	for (uint32_t i = 0; i < count; i += LANES) {
		const __mmask16 lanes = lanes_of(count - i);
		const __mmask16 chosen = _mm512_mask_cmpeq_epi32_mask(lanes, _mm512_maskz_loadu_epi32(lanes, a + i),
								      _mm512_maskz_loadu_epi32(lanes, b + i));

		places_count += store_places(places + places_count, chosen, first + i);
	}
	return places_count;
}

#define MINIMA_WINDOW_MAX 32u /* steps of 1, 2, 4, 8, and one of a vector at most */
#define MINIMA_STEPS_MAX  5u

static uint32_t minima_in_passes(const int32_t *ranks, uint32_t count, uint32_t window, uint32_t first,
				 uint16_t *places);

/* The least, or greatest, of each lane and those before it, as far as the steps go. `before`: what came before each
 * step, of the lanes before these. */
static inline __m512i slide_back(__m512i now, __m512i *before, const __m512i *steps, uint32_t steps_count,
				 bool is_least)
{
	for (uint32_t k = 0; k < steps_count; k++) {
		const __m512i earlier = _mm512_permutex2var_epi32(before[k], steps[k], now);

		before[k] = now;
		now = is_least ? _mm512_min_epi32(now, earlier) : _mm512_max_epi32(now, earlier);
	}
	return now;
}

/* One pass: the minima of the windows that end at a lane, then the greatest of those up to there, which is that of
 * the windows with the rank window - 1 before it. -1 stands for what lies outside. */
static inline __attribute__((always_inline)) uint32_t minima_by_steps(const int32_t *ranks, uint32_t count,
								      uint32_t window, uint32_t first, uint16_t *places,
								      const __m512i *steps, uint32_t steps_count)
{
	const __m512i outside = _mm512_set1_epi32(-1);
	const uint32_t ahead = window - 1;
	__m512i ranks_before[MINIMA_STEPS_MAX];
	__m512i least_before[MINIMA_STEPS_MAX];
	uint32_t places_count = 0;

	for (uint32_t k = 0; k < steps_count; k++)
		ranks_before[k] = least_before[k] = outside;
	for (uint32_t i = 0; i < count + ahead; i += LANES) {
		const __mmask16 lanes = i < count ? lanes_of(count - i) : 0;
		const __m512i ending = _mm512_mask_loadu_epi32(outside, lanes, ranks + i);
		const __m512i least = slide_back(ending, ranks_before, steps, steps_count, true);
		const __m512i greatest = slide_back(least, least_before, steps, steps_count, false);
		const uint32_t before = i < ahead ? ahead - i : 0; /* lanes of no rank */
		const __mmask16 ranked = lanes_of(count + ahead - i) & (__mmask16)~lanes_of(before);
		const __m512i beginning = _mm512_maskz_loadu_epi32(ranked, ranks + i - ahead);

		places_count +=
			store_places(places + places_count, _mm512_mask_cmpeq_epi32_mask(ranked, greatest, beginning),
				     first + i - ahead);
	}
	return places_count;
}

static uint32_t minima(const int32_t *ranks, uint32_t count, uint32_t window, uint32_t first, uint16_t *places)
{
	const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	__m512i steps[MINIMA_STEPS_MAX];
	uint32_t steps_count = 0;

	if (window > MINIMA_WINDOW_MAX)
		return minima_in_passes(ranks, count, window, first, places);
	for (uint32_t span = 1; span < window; steps_count++) {
		const uint32_t step = 2 * span <= window ? span : window - span;

		steps[steps_count] = _mm512_add_epi32(lanes, _mm512_set1_epi32((int)(LANES - step)));
		span += step;
	}
	switch (steps_count) {
	case 3:
		return minima_by_steps(ranks, count, window, first, places, steps, 3);
	case 5:
		return minima_by_steps(ranks, count, window, first, places, steps, 5);
	default:
		return minima_by_steps(ranks, count, window, first, places, steps, steps_count);
	}
}

static uint64_t below(const int32_t *a, uint32_t count, int32_t bound)
{
	const __m512i bounds = _mm512_set1_epi32(bound);
	uint64_t bits = 0;

	for (uint32_t i = 0; i < count; i += LANES) {
		const __mmask16 lanes = lanes_of(count - i);

		bits |= (uint64_t)_mm512_mask_cmplt_epi32_mask(lanes, _mm512_maskz_loadu_epi32(lanes, a + i), bounds)
			<< i;
	}
	return bits;
}

static uint32_t weigh(uint8_t *weights, const uint8_t *mask, uint32_t count)
{
	__m512i sum = _mm512_setzero_si512();

	for (uint32_t i = 0; i < count; i += 64) {
		const __mmask64 lanes = bytes_of(count - i);
		const __m512i masked = _mm512_maskz_loadu_epi8(lanes, mask + i);
		const __m512i own =
			_mm512_maskz_loadu_epi8(_mm512_mask_testn_epi8_mask(lanes, masked, masked), weights + i);

		_mm512_mask_storeu_epi8(weights + i, lanes, own);
		sum = _mm512_add_epi64(sum, _mm512_sad_epu8(own, _mm512_setzero_si512()));
	}
	return (uint32_t)_mm512_reduce_add_epi64(sum);
}

static uint32_t products(const uint8_t *a, const uint8_t *b, uint32_t count)
{
	__m512i sum = _mm512_setzero_si512();

	for (uint32_t i = 0; i < count; i += 32) {
		const __mmask32 lanes = (__mmask32)bytes_of(count - i);

		sum = _mm512_add_epi32(sum,
				       _mm512_madd_epi16(_mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(lanes, a + i)),
							 _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(lanes, b + i))));
	}
	return (uint32_t)_mm512_reduce_add_epi32(sum);
}

static uint32_t pairs(const uint8_t *a, uint8_t a_value, const uint8_t *b, uint8_t b_value, uint32_t count)
{
	const __m512i a_wanted = _mm512_set1_epi8((char)a_value);
	const __m512i b_wanted = _mm512_set1_epi8((char)b_value);
	uint32_t sum = 0;

	for (uint32_t i = 0; i < count; i += 64) {
		const __mmask64 lanes = bytes_of(count - i);
		const __mmask64 alike =
			_mm512_mask_cmpeq_epi8_mask(lanes, _mm512_maskz_loadu_epi8(lanes, a + i), a_wanted);

		sum += (uint32_t)_mm_popcnt_u64(
			_mm512_mask_cmpeq_epi8_mask(alike, _mm512_maskz_loadu_epi8(lanes, b + i), b_wanted));
	}
	return sum;
}

static uint32_t both(const uint8_t *a, const uint8_t *b, uint32_t count)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < count; i += 64) {
		const __mmask64 lanes = bytes_of(count - i);

		sum += (uint32_t)_mm_popcnt_u64(_mm512_test_epi8_mask(_mm512_maskz_loadu_epi8(lanes, a + i),
								      _mm512_maskz_loadu_epi8(lanes, b + i)));
	}
	return sum;
}

static void bits_equal(const uint8_t *bytes, uint32_t count, uint8_t value, uint64_t *bits)
{
	for (uint32_t i = 0; i < count; i += 64) {
		const __mmask64 lanes = bytes_of(count - i);

		bits[i / 64] = _mm512_mask_cmpeq_epi8_mask(lanes, _mm512_maskz_loadu_epi8(lanes, bytes + i),
							   _mm512_set1_epi8((char)value));
	}
}

/* Without a choice by the length, which is not to be guessed. */
static void fill(uint8_t *out, uint8_t value, uint32_t count)
{
	for (uint32_t i = 0; i < count; i += 64)
		_mm512_mask_storeu_epi8(out + i, bytes_of(count - i), _mm512_set1_epi8((char)value));
}

static uint32_t changes(const uint64_t *bits, uint32_t count, uint64_t before, uint16_t *places)
{
	uint32_t places_count = 0;

	for (uint32_t i = 0; i < count; i += 64) {
		const uint64_t word = bits[i / 64];

		places_count +=
			store_bits(places + places_count, (word ^ (word << 1 | before)) & bytes_of(count - i), i);
		before = word >> 63;
	}
	return places_count;
}

static uint32_t alike(const uint16_t *a, const uint16_t *b, uint32_t count)
{
	for (uint32_t i = 0; i < count; i += 32) {
		const __mmask32 lanes = (__mmask32)bytes_of(count - i);
		const __mmask32 differ = _mm512_mask_cmpneq_epi16_mask(lanes, _mm512_maskz_loadu_epi16(lanes, a + i),
								       _mm512_maskz_loadu_epi16(lanes, b + i));

		if (differ != 0)
			return i + (uint32_t)__builtin_ctz(differ);
	}
	return count;
}

#define KERNEL_HAS_OWN_NARROW
#define KERNEL_HAS_OWN_COMPETE
#define KERNEL_HAS_OWN_BORROW
#define KERNEL_HAS_OWN_FILTER
#define KERNEL_HAS_OWN_SEEN
#define KERNEL_HAS_OWN_PROBE
#define KERNEL_HAS_OWN_ENTRIES
#define KERNEL_HAS_OWN_RANK
#define KERNEL_HAS_OWN_BITS
#define KERNEL_HAS_OWN_FILL
#define KERNEL_HAS_OWN_EQUAL
#define KERNEL_HAS_OWN_MINIMA
#define KERNEL_HAS_OWN_BELOW
#define KERNEL_HAS_OWN_WEIGH
#define KERNEL_HAS_OWN_SUMS
#define KERNEL_HAS_OWN_CHANGES
#define KERNEL_HAS_OWN_ALIKE
#define KERNELS wf_kernels_avx512
#include "kernel_body.h"
#else
typedef int wf_kernel_avx512_is_empty;
#endif
