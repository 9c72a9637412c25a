/* How MessagePack is written: into a buffer that grows up to a bound, with an error that stays until it is asked for.
 *
 *   data [ ........ length | free | capacity ]     length never passes bytes_max
 *
 * Pack all that belongs together, then look at `error` once. What was packed after a failure is dropped;
 * wf_pack_rewind to a length from before it makes the pack good again. Strings are packed as `str`, numbers in
 * their shortest form. */
#ifndef WF_PACK_H
#define WF_PACK_H

#include "base/bytes.h"
#include "base/error.h"

struct wf_pack {
	char *data;
	size_t length;
	size_t capacity;
	size_t bytes_max;
	int error; /* 0, WF_ENOMEM, or WF_ETOOLARGE: it would have passed bytes_max */
};

/* Cannot fail; takes no memory before the first byte. bytes_max 0: no bound but memory. */
void wf_pack_init(struct wf_pack *pack, size_t bytes_max);
void wf_pack_close(struct wf_pack *pack);

/* Forgets what was packed and the error, keeps the memory (up to 1 MiB of it). */
void wf_pack_reset(struct wf_pack *pack);

/* Back to `length`, a length that the pack had; the error is cleared. */
void wf_pack_rewind(struct wf_pack *pack, size_t length);

/* Hands the buffer to the caller, who frees it with free(); the pack is empty and can be used again. NULL where it
 * is empty. */
char *wf_pack_take(struct wf_pack *pack, size_t *length);

static inline struct wf_bytes wf_pack_bytes(const struct wf_pack *pack)
{
	return (struct wf_bytes){pack->data, pack->length};
}

void wf_pack_nil(struct wf_pack *pack);
void wf_pack_boolean(struct wf_pack *pack, bool value);
void wf_pack_unsigned(struct wf_pack *pack, uint64_t value);
void wf_pack_integer(struct wf_pack *pack, int64_t value);
void wf_pack_number(struct wf_pack *pack, double value);                   /* as a 64-bit float, always */
void wf_pack_string(struct wf_pack *pack, struct wf_bytes value);          /* above 4 GiB - 1: WF_ETOOLARGE */
void wf_pack_optional_string(struct wf_pack *pack, struct wf_bytes value); /* data NULL: nil */
void wf_pack_words(struct wf_pack *pack, const char *value);    /* a string that ends with a NUL; keys, too */
void wf_pack_array(struct wf_pack *pack, size_t count);         /* the header; `count` values follow */
void wf_pack_map(struct wf_pack *pack, size_t count);           /* the header; `count` keys and values follow */
void wf_pack_raw(struct wf_pack *pack, struct wf_bytes packed); /* MessagePack made elsewhere */

#endif
