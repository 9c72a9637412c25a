#include "input.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define PACKED_BYTES (64u << 10)
#define MAGIC_BYTES  4

/* inflateInit2: the largest window, and gzip's header and trailer. */
#define GZIP_WINDOW_BITS (15 + 16)

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

struct wf_input {
	int descriptor;
	enum packing packing;
	bool at_end;     /* of the file */
	bool mid_stream; /* of a gzip member or a zstd frame */
	uint64_t position_bytes;
	size_t packed_start;
	size_t packed_end;
	z_stream gzip;
	ZSTD_DStream *zstd;
	unsigned char packed[PACKED_BYTES];
};

/* Reads more of the file behind what is left of it. */
static int input_fill(struct wf_input *input, struct wf_error *error)
{
	size_t left = input->packed_end - input->packed_start;

	memmove(input->packed, input->packed + input->packed_start, left);
	input->packed_start = 0;
	input->packed_end = left;
	while (!input->at_end) {
		ssize_t count = read(input->descriptor, input->packed + left, PACKED_BYTES - left);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return wf_error_set(error, -errno, "cannot be read: %s", wf_error_sentence(-errno));
		input->at_end = count == 0;
		input->packed_end += (size_t)count;
		input->position_bytes += (uint64_t)count;
		break;
	}
	return 0;
}

/* A zstd file may begin with a frame to be skipped (0x184D2A50 to 0x184D2A5F, little-endian). */
static enum packing packing_of(const unsigned char *magic, size_t length)
{
	if (length >= 2 && magic[0] == 0x1f && magic[1] == 0x8b)
		return PACKING_GZIP;
	if (length >= 4 && magic[0] == 0x28 && magic[1] == 0xb5 && magic[2] == 0x2f && magic[3] == 0xfd)
		return PACKING_ZSTD;
	if (length >= 4 && (magic[0] & 0xf0) == 0x50 && magic[1] == 0x2a && magic[2] == 0x4d && magic[3] == 0x18)
		return PACKING_ZSTD;
	return PACKING_NONE;
}

/* What unpacks must exist from here on; both are given back by wf_input_free. */
static int input_start(struct wf_input *input, struct wf_error *error)
{
	while (!input->at_end && input->packed_end < MAGIC_BYTES) {
		int result = input_fill(input, error);

		if (result < 0)
			return result;
	}
	input->packing = packing_of(input->packed, input->packed_end);
	if (input->packing == PACKING_GZIP && inflateInit2(&input->gzip, GZIP_WINDOW_BITS) != Z_OK) {
		input->packing = PACKING_NONE;
		return wf_error_set(error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM));
	}
	if (input->packing == PACKING_ZSTD) {
		input->zstd = ZSTD_createDStream();
		if (input->zstd == NULL)
			return wf_error_set(error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM));
	}
	return 0;
}

int wf_input_open(struct wf_input **input, const char *path, struct wf_error *error)
{
	struct wf_input *opened = calloc(1, sizeof(*opened));

	*input = NULL;
	if (opened == NULL)
		return wf_error_set(error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM));
	opened->descriptor = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	int result = opened->descriptor < 0
			     ? wf_error_set(error, -errno, "cannot be opened: %s", wf_error_sentence(-errno))
			     : input_start(opened, error);

	if (result < 0) {
		wf_input_free(opened);
		return result;
	}
	*input = opened;
	return 0;
}

void wf_input_free(struct wf_input *input)
{
	if (input == NULL)
		return;
	if (input->packing == PACKING_GZIP)
		inflateEnd(&input->gzip);
	ZSTD_freeDStream(input->zstd);
	if (input->descriptor > STDIN_FILENO)
		close(input->descriptor);
	free(input);
}

static long read_plain(struct wf_input *input, char *buffer, size_t capacity)
{
	size_t count = input->packed_end - input->packed_start;

	if (count > capacity)
		count = capacity;
	memcpy(buffer, input->packed + input->packed_start, count);
	input->packed_start += count;
	return (long)count;
}

/* After a member another may come; anything else (zeros of a tape block) is padding, as gzip has it. */
static int gzip_next_member(struct wf_input *input, struct wf_error *error)
{
	while (!input->at_end && input->packed_end - input->packed_start < MAGIC_BYTES) {
		int result = input_fill(input, error);

		if (result < 0)
			return result;
	}
	if (packing_of(input->packed + input->packed_start, input->packed_end - input->packed_start) == PACKING_GZIP) {
		inflateReset(&input->gzip);
		return 0;
	}
	while (!input->at_end) {
		input->packed_start = input->packed_end;

		int result = input_fill(input, error);

		if (result < 0)
			return result;
	}
	input->packed_start = input->packed_end;
	return 0;
}

static long read_gzip(struct wf_input *input, char *buffer, size_t capacity, struct wf_error *error)
{
	input->gzip.next_in = input->packed + input->packed_start;
	input->gzip.avail_in = (uInt)(input->packed_end - input->packed_start);
	input->gzip.next_out = (unsigned char *)buffer;
	input->gzip.avail_out = (uInt)capacity;

	int result = inflate(&input->gzip, Z_NO_FLUSH);

	input->packed_start = input->packed_end - input->gzip.avail_in;
	input->mid_stream = result != Z_STREAM_END;
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return wf_error_set(error, WF_EMALFORMED, "the gzip stream is damaged");

	long count = (long)(capacity - input->gzip.avail_out);

	if (result == Z_STREAM_END) {
		int next = gzip_next_member(input, error);

		/* What this member gave comes first; the error is met again at the next read. */
		if (next < 0 && count == 0)
			return next;
	}
	return count;
}

static long read_zstd(struct wf_input *input, char *buffer, size_t capacity, struct wf_error *error)
{
	ZSTD_inBuffer source = {input->packed, input->packed_end, input->packed_start};
	ZSTD_outBuffer target = {buffer, capacity, 0};
	size_t result = ZSTD_decompressStream(input->zstd, &target, &source);

	input->packed_start = source.pos;
	if (ZSTD_isError(result))
		return wf_error_set(error, WF_EMALFORMED, "the zstd stream is damaged: %s", ZSTD_getErrorName(result));
	input->mid_stream = result != 0;
	return (long)target.pos;
}

long wf_input_read(struct wf_input *input, char *buffer, size_t capacity, struct wf_error *error)
{
	for (;;) {
		bool is_drained = input->packed_start == input->packed_end;
		long count;

		if (is_drained && !input->at_end) {
			int result = input_fill(input, error);

			if (result < 0)
				return result;
			is_drained = input->packed_start == input->packed_end;
		}
		if (input->packing == PACKING_NONE)
			return read_plain(input, buffer, capacity);
		/* A decoder may hold more output than one call had room for, so it is asked even without new input. */
		if (is_drained && input->at_end && !input->mid_stream)
			return 0;
		count = input->packing == PACKING_GZIP ? read_gzip(input, buffer, capacity, error)
						       : read_zstd(input, buffer, capacity, error);
		if (count != 0)
			return count;
		if (is_drained && input->at_end && input->mid_stream)
			return wf_error_set(error, WF_EMALFORMED, "the %s stream ends too early",
					    input->packing == PACKING_GZIP ? "gzip" : "zstd");
	}
}

bool wf_input_is_ready(const struct wf_input *input)
{
	struct pollfd descriptor = {input->descriptor, POLLIN, 0};

	if (input->at_end || input->packed_start < input->packed_end)
		return true;
	return poll(&descriptor, 1, 0) != 0;
}

uint64_t wf_input_position_bytes(const struct wf_input *input)
{
	return input->position_bytes;
}
