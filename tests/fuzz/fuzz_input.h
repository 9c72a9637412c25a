/* What fuzz targets share: the input is read off from its front, and a claim that is false stops the fuzzer. */
#ifndef WF_FUZZ_INPUT_H
#define WF_FUZZ_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* Also where assert() is compiled out; names the claim. */
#define fuzz_claim(claim) fuzz_check((claim), __FILE__, __LINE__, #claim)

static inline void fuzz_check(bool is_true, const char *file, int line, const char *claim)
{
	if (is_true)
		return;
	(void)fprintf(stderr, "%s:%d: not so: %s\n", file, line, claim);
	abort();
}

/* 0 where the input has ended. */
static inline uint8_t fuzz_byte(struct fuzz_input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->at++;
}

static inline uint32_t fuzz_number(struct fuzz_input *input)
{
	uint32_t number = 0;

	for (int i = 0; i < 4; i++)
		number = number << 8 | fuzz_byte(input);
	return number;
}

/* Up to `length` bytes of what is left. */
static inline struct wf_bytes fuzz_bytes(struct fuzz_input *input, size_t length)
{
	struct wf_bytes bytes = {(const char *)input->at, length < input->left ? length : input->left};

	input->at += bytes.length;
	input->left -= bytes.length;
	return bytes;
}

/* A piece of memory of its own, so that a sanitizer sees each read past it; the caller frees `data`. */
static inline struct wf_bytes fuzz_own(struct wf_bytes bytes)
{
	char *own = malloc(bytes.length == 0 ? 1 : bytes.length);

	fuzz_claim(own != NULL);
	if (bytes.length > 0)
		memcpy(own, bytes.data, bytes.length);
	return (struct wf_bytes){own, bytes.length};
}

static inline void fuzz_free(struct wf_bytes own)
{
	free((void *)(uintptr_t)own.data);
}

#endif
