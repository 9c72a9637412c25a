/* Whatever the two texts, the passages that they share lie within both, in order, and no byte is in two of them. The
 * first two bytes of the input say how much of it is the first text, the third how many passages are asked for. */
#include "fuzz_input.h"
#include "shared.h"

static void check(const struct wf_shared *shared, struct wf_bytes a, struct wf_bytes b)
{
	for (size_t i = 0; i < shared->passages_count; i++) {
		const struct wf_shared_passage *one = &shared->passages[i];

		fuzz_claim(one->a_start < one->a_end && one->a_end <= a.length);
		fuzz_claim(one->b_start < one->b_end && one->b_end <= b.length);
		fuzz_claim(i == 0 || shared->passages[i - 1].a_end <= one->a_start);
		for (size_t j = 0; j < i; j++)
			fuzz_claim(shared->passages[j].b_end <= one->b_start ||
				   shared->passages[j].b_start >= one->b_end);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	const size_t first_length = fuzz_byte(&input) | (size_t)fuzz_byte(&input) << 8;
	const size_t passages_max = fuzz_byte(&input);
	const struct wf_bytes a = fuzz_own(fuzz_bytes(&input, first_length));
	const struct wf_bytes b = fuzz_own(fuzz_bytes(&input, input.left));
	struct wf_shared shared;
	struct wf_arena arena;

	wf_arena_init(&arena, 64 << 10);
	fuzz_claim(wf_shared_find(a, b, passages_max, 7, &arena, &shared) == 0);
	fuzz_claim(shared.passages_count <= passages_max);
	check(&shared, a, b);
	wf_arena_close(&arena);
	fuzz_free(a);
	fuzz_free(b);
	return 0;
}
