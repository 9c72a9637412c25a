#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bits.h"
#include "random_source.h"

#define COUNT_MOST 300u

/* Of just `count` bytes, so that a sanitizer sees what is read beyond. */
static uint8_t *random_bytes(uint64_t *random, size_t count)
{
	const uint32_t share = 1 + random_below(random, 80);
	uint8_t *bytes = malloc(count == 0 ? 1 : count);

	assert_non_null(bytes);
	for (size_t i = 0; i < count; i++)
		bytes[i] = random_below(random, share) == 0 ? 0 : (uint8_t)(1 + random_below(random, 2));
	return bytes;
}

static void bits_say_which_bytes_are_equal(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (size_t count = 0; count < COUNT_MOST; count++) {
		uint64_t bits[WF_BITS_WORDS(COUNT_MOST)] = {0};
		uint8_t *bytes = random_bytes(&random, count);

		for (uint8_t value = 0; value < 3; value++) {
			wf_bits_of(bytes, count, value, bits);
			for (size_t i = 0; i < WF_BITS_WORDS(count) * 64; i++)
				assert_int_equal(bits[i / 64] >> (i % 64) & 1, i < count && bytes[i] == value);
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits_say_which_bytes_are_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
