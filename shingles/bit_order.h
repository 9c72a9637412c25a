/* The bits that are set in a number of eight bits, in order: with it a register is compressed where the processor has
 * no instruction for that. For the files that have such registers alone. */
#ifndef WF_BIT_ORDER_H
#define WF_BIT_ORDER_H

#include "base/bytes.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "the places of bits are stored the little end first"
#endif

#define BIT(n, i, above) ((1 << (i) & (n)) != 0 ? (above) << 8 | (i) : (above))
#define BITS_7(n)        BIT(n, 7, UINT64_C(0))
#define BITS_6(n)        BIT(n, 6, BITS_7(n))
#define BITS_5(n)        BIT(n, 5, BITS_6(n))
#define BITS_4(n)        BIT(n, 4, BITS_5(n))
#define BITS_3(n)        BIT(n, 3, BITS_4(n))
#define BITS_2(n)        BIT(n, 2, BITS_3(n))
#define BITS_1(n)        BIT(n, 1, BITS_2(n))
#define BITS_0(n)        BIT(n, 0, BITS_1(n))
#define BITS_OF_4(n)     BITS_0(n), BITS_0((n) + 1), BITS_0((n) + 2), BITS_0((n) + 3)
#define BITS_OF_16(n)    BITS_OF_4(n), BITS_OF_4((n) + 4), BITS_OF_4((n) + 8), BITS_OF_4((n) + 12)
#define BITS_OF_64(n)    BITS_OF_16(n), BITS_OF_16((n) + 16), BITS_OF_16((n) + 32), BITS_OF_16((n) + 48)

/* Eight bytes: the places of the bits, ascending, then zeros. */
static inline const uint8_t *wf_bit_order(uint32_t bits)
{
	static const uint64_t orders[256] = {BITS_OF_64(0), BITS_OF_64(64), BITS_OF_64(128), BITS_OF_64(192)};

	return (const uint8_t *)&orders[bits & 0xFF];
}

#undef BIT
#undef BITS_7
#undef BITS_6
#undef BITS_5
#undef BITS_4
#undef BITS_3
#undef BITS_2
#undef BITS_1
#undef BITS_0
#undef BITS_OF_4
#undef BITS_OF_16
#undef BITS_OF_64

#endif
