/* How texts are kept: by itself, packed by LZ4, or denser by zstd; many small ones as one (store_group.h), by zstd. The
 * first byte tells which.
 *
 *   [ 1 | LZ4 block ... ]     or     [ 0x28 B5 2F FD ... ]     a zstd frame, which begins with its magic number
 *
 * A codec holds what both need between calls (making it costs more than packing a story); one thread at a time
 * uses it. */
#ifndef WF_STORE_TEXT_H
#define WF_STORE_TEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

struct wf_text_codec;

/* Where a text is kept, packed by itself or among others. Borrowed bytes. */
struct wf_text_place {
	struct wf_bytes compressed; /* for wf_text_expand() */
	uint64_t bytes_all;         /* of all that it expands to */
	uint64_t first;             /* byte of that at which the text begins */
	uint64_t bytes;             /* of the text */
};

/* is_dense: by zstd, three tenths smaller, in three times the time; either codec reads what either has packed, and
 * the zstd frames of older versions. Errors: WF_ENOMEM. */
int wf_text_codec_new(struct wf_text_codec **codec, bool is_dense);
void wf_text_codec_free(struct wf_text_codec *codec); /* NULL is allowed */

/* Compresses a text of at most WF_ARTICLE_TEXT_BYTES_MAX_LIMIT for wf_store_body.text_compressed, into `arena`.
 * Errors: WF_ENOMEM, WF_EINTERNAL. */
int wf_text_compress(struct wf_text_codec *codec, struct wf_bytes text, struct wf_arena *arena,
		     struct wf_bytes *compressed);

/* Packs texts that lie one behind the other into `room`, of wf_text_group_bytes_max() of their length. Where the codec
 * is not dense, matches are looked for in few places, and letters are written in fewer bits the more often they come:
 * that takes less time than LZ4, and fewer bytes. Errors: WF_ENOMEM, WF_EINTERNAL. */
size_t wf_text_group_bytes_max(size_t texts_bytes);
int wf_text_compress_group(struct wf_text_codec *codec, struct wf_bytes texts, void *room, size_t room_bytes,
			   size_t *bytes);

/* True where versions that know zstd frames alone cannot read it. */
bool wf_text_is_lz4(struct wf_bytes compressed);

/* The text again, in `arena`. `text_bytes` is what wf_store_body.text_bytes says; memory is taken for that many bytes
 * only once a frame says the same, or a block is long enough for them, and `text_bytes_max` allows it. Nothing here
 * sees every changed bit: the record's checksum does. Errors: WF_ECORRUPT (neither of the two, or of another length),
 * WF_ETOOLARGE, WF_ENOMEM. */
int wf_text_expand(struct wf_text_codec *codec, struct wf_bytes compressed, uint64_t text_bytes,
		   uint64_t text_bytes_max, struct wf_arena *arena, struct wf_bytes *text);

#endif
