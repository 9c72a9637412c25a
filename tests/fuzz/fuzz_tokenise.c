/* Whatever the bytes, the versions of the tokeniser agree, and every token lies within the text, in order. The first
 * two bytes of the input bound the number of tokens. */
#include <stdlib.h>

#include "tokenise_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool claim)
{
	if (!claim)
		abort();
}

static void check_places(const struct wf_tokens *tokens, size_t length)
{
	for (uint32_t i = 0; i < tokens->count; i++) {
		check(tokens->starts[i] < tokens->ends[i] && tokens->ends[i] <= length);
		check(i == 0 || (tokens->starts[i] >= tokens->starts[i - 1] && tokens->ends[i] >= tokens->ends[i - 1]));
	}
}

static void check_equal_words(const struct wf_tokens *a, const struct wf_tokens *b)
{
	check(a->count == b->count && a->total == b->total);
	for (uint32_t i = 0; i < a->count; i++)
		check(a->hashes[i] == b->hashes[i] && a->flags[i] == b->flags[i]);
}

static void check_equal(const struct wf_tokens *a, const struct wf_tokens *b)
{
	check_equal_words(a, b);
	for (uint32_t i = 0; i < a->count; i++)
		check(a->starts[i] == b->starts[i] && a->ends[i] == b->ends[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum wf_cpu_level levels[] = {WF_CPU_SCALAR, WF_CPU_NEON, WF_CPU_AVX2, WF_CPU_AVX512};
	const uint32_t count_max = size < 2 ? 0 : data[0] | (uint32_t)data[1] << 8;
	const size_t length = size < 2 ? 0 : size - 2;
	/* A piece of memory of its own, so that a sanitizer sees each read past it. */
	char *bytes = malloc(length > 0 ? length : 1);
	const struct wf_bytes text = {bytes, length};
	struct wf_tokens scalar, vector;
	struct wf_arena arena;

	if (bytes == NULL)
		return 0;
	wf_arena_init(&arena, 64 << 10);
	if (length > 0)
		memcpy(bytes, data + 2, length);
	check(wf_tokenise_at_level(WF_CPU_SCALAR, text, 7, count_max, &arena, &scalar) == 0);
	check_places(&scalar, length);
	check(scalar.count <= count_max && scalar.count <= scalar.total);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (!wf_cpu_has(levels[i]))
			continue;
		check(wf_tokenise_at_level(levels[i], text, 7, count_max, &arena, &vector) == 0);
		check_equal(&scalar, &vector);
		check(wf_tokenise_words_at_level(levels[i], text, 7, count_max, &arena, &vector) == 0);
		check_equal_words(&scalar, &vector);
	}
	wf_arena_close(&arena);
	free(bytes);
	return 0;
}
