#include "tokenise_state.h"

#if defined(__aarch64__)
#include <arm_neon.h>

/* Nothing that has to be kept. */
struct vectors {
	bool none;
};

static inline struct vectors vectors_make(void)
{
	return (struct vectors){false};
}

/* The 64 bytes of a window, or whether each is of a class: all ones or zeros. */
struct quad {
	uint8x16_t parts[4];
};

/* Bit i of eight for byte i, twice. */
static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};

static inline uint64_t bits_of(struct quad is)
{
	const uint8x16_t weight = vld1q_u8(weights);
	const uint8x16_t first = vpaddq_u8(vandq_u8(is.parts[0], weight), vandq_u8(is.parts[1], weight));
	const uint8x16_t second = vpaddq_u8(vandq_u8(is.parts[2], weight), vandq_u8(is.parts[3], weight));
	const uint8x16_t sums = vpaddq_u8(vpaddq_u8(first, second), vdupq_n_u8(0));

	return vgetq_lane_u64(vreinterpretq_u64_u8(sums), 0);
}

static inline uint64_t bits_equal(struct quad bytes, uint8_t byte)
{
	struct quad is;

	for (int i = 0; i < 4; i++)
		is.parts[i] = vceqq_u8(bytes.parts[i], vdupq_n_u8(byte));
	return bits_of(is);
}

static inline uint64_t bits_any(struct quad bytes, uint8_t a, uint8_t b)
{
	struct quad is;

	for (int i = 0; i < 4; i++)
		is.parts[i] =
			vorrq_u8(vceqq_u8(bytes.parts[i], vdupq_n_u8(a)), vceqq_u8(bytes.parts[i], vdupq_n_u8(b)));
	return bits_of(is);
}

/* first <= byte < first + count, of the bytes with the bits of `set` set. */
static inline uint64_t bits_within(struct quad bytes, uint8_t set, uint8_t first, uint8_t count)
{
	struct quad is;

	for (int i = 0; i < 4; i++)
		is.parts[i] = vcltq_u8(vsubq_u8(vorrq_u8(bytes.parts[i], vdupq_n_u8(set)), vdupq_n_u8(first)),
				       vdupq_n_u8(count));
	return bits_of(is);
}

static inline struct wf_token_masks classify(const struct vectors *vectors, const uint8_t *at, uint8_t *folded)
{
	const struct quad bytes = {{vld1q_u8(at), vld1q_u8(at + 16), vld1q_u8(at + 32), vld1q_u8(at + 48)}};

	(void)vectors;
	for (int i = 0; i < 4; i++) {
		const uint8x16_t is_upper = vcltq_u8(vsubq_u8(bytes.parts[i], vdupq_n_u8('A')), vdupq_n_u8(26));

		vst1q_u8(folded + 16 * i, vorrq_u8(bytes.parts[i], vandq_u8(is_upper, vdupq_n_u8(0x20))));
	}
	return (struct wf_token_masks){
		.letter = bits_within(bytes, 0x20, 'a', 26),
		.digit = bits_within(bytes, 0, '0', 10),
		.dot_colon = bits_any(bytes, '.', ':'),
		.comma = bits_equal(bytes, ','),
		.apostrophe = bits_any(bytes, '\'', '`'),
		.high = bits_within(bytes, 0, 0x80, 0x80),
	};
}

static inline void eight_places_emit(uint32_t *places, uint32_t base, const uint8_t *order)
{
	const uint16x8_t eight = vmovl_u8(vld1_u8(order));
	const uint32x4_t bases = vdupq_n_u32(base);

	vst1q_u32(places, vaddw_u16(bases, vget_low_u16(eight)));
	vst1q_u32(places + 4, vaddw_u16(bases, vget_high_u16(eight)));
}

static inline void eight_ends_emit(uint16_t *ends, uint32_t base, const uint8_t *order)
{
	vst1q_u16(ends, vaddw_u8(vdupq_n_u16((uint16_t)base), vld1_u8(order)));
}

static inline void eight_bytes_emit(uint8_t *out, const uint8_t *bytes, const uint8_t *order)
{
	vst1_u8(out, vtbl1_u8(vld1_u8(bytes), vld1_u8(order)));
}

/* `mark` where `bits` has the bit, for 16 of them. */
static inline uint8x16_t marks_of(uint32_t bits, uint8_t mark)
{
	const uint8x16_t spread = vcombine_u8(vdup_n_u8((uint8_t)bits), vdup_n_u8((uint8_t)(bits >> 8)));

	return vandq_u8(vtstq_u8(spread, vld1q_u8(weights)), vdupq_n_u8(mark));
}

static inline void flags_emit(const struct vectors *vectors, uint8_t *flags, uint64_t numbers)
{
	(void)vectors;
	vst1q_u8(flags, marks_of((uint32_t)numbers, WF_TOKEN_NUMBER));
	vst1q_u8(flags + 16, marks_of((uint32_t)(numbers >> 16), WF_TOKEN_NUMBER));
}

/* The processor has no instruction for it. */
static inline uint64_t extract(uint64_t bits, uint64_t mask)
{
	uint64_t out = 0;

	for (uint64_t left = bits & mask; left != 0; left &= left - 1)
		out |= UINT64_C(1) << __builtin_popcountll(mask & ((left & (0 - left)) - 1));
	return out;
}

#include "tokenise_emit.h"
#include "tokenise_vector.h"

void wf_tokenise_neon(struct wf_tokeniser *tokeniser)
{
	vector_tokenise(tokeniser);
}
#endif
