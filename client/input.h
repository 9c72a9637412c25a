/* The bytes of a file or of standard input, unpacked on the way: gzip and zstd, recognised by how they begin.
 *
 *   file -> packed[64 KiB] -> inflate | zstd | as it is -> the caller's buffer
 *
 * Memory does not grow with the file; several gzip members or zstd frames one after the other are one stream. */
#ifndef WF_INPUT_H
#define WF_INPUT_H

#include "base/bytes.h"
#include "base/error.h"

struct wf_input;

/* Opens `path`, or standard input where it is "-".
 * Out:     input, to be freed with wf_input_free.
 * Errors:  errno of open (negative); WF_ENOMEM. */
int wf_input_open(struct wf_input **input, const char *path, struct wf_error *error);

void wf_input_free(struct wf_input *input);

/* Up to `capacity` unpacked bytes into `buffer`. Returns their count, 0 at the end.
 * Errors:  errno of read; WF_EMALFORMED a packed stream that is damaged or ends too early. What came before it has been
 *          returned by earlier calls. */
long wf_input_read(struct wf_input *input, char *buffer, size_t capacity, struct wf_error *error);

/* Whether a read would find bytes, or the end, without waiting. */
bool wf_input_is_ready(const struct wf_input *input);

/* Bytes of the file, as it lies on the disk, that were read so far. */
uint64_t wf_input_position_bytes(const struct wf_input *input);

#endif
