/* How a text is kept: as one zstd frame.
 *
 * A codec holds what zstd needs between calls (making it costs more than compressing a story); one thread at a time
 * uses it. */
#ifndef WF_STORE_TEXT_H
#define WF_STORE_TEXT_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

struct wf_text_codec;

/* is_dense: frames three tenths smaller, in twice the time; a frame of either kind is read by either codec.
 * Errors: WF_ENOMEM. */
int wf_text_codec_new(struct wf_text_codec **codec, bool is_dense);
void wf_text_codec_free(struct wf_text_codec *codec); /* NULL is allowed */

/* Compresses a text for wf_store_body.text_compressed, into `arena`. Errors: WF_ENOMEM, WF_EINTERNAL. */
int wf_text_compress(struct wf_text_codec *codec, struct wf_bytes text, struct wf_arena *arena,
		     struct wf_bytes *compressed);

/* The text again, in `arena`. `text_bytes` is what wf_store_body.text_bytes says; memory is taken for that many bytes
 * only once the frame says the same and `text_bytes_max` allows it. Errors: WF_ECORRUPT (no frame, or of another
 * length), WF_ETOOLARGE, WF_ENOMEM. */
int wf_text_expand(struct wf_text_codec *codec, struct wf_bytes compressed, uint64_t text_bytes,
		   uint64_t text_bytes_max, struct wf_arena *arena, struct wf_bytes *text);

#endif
