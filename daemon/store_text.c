#include "store_text.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

/* docs/store-format.md has the figures of the other levels. */
#define LEVEL_FAST  (-1)
#define LEVEL_DENSE 1

struct wf_text_codec {
	int level;
	ZSTD_CCtx *compressor;
	ZSTD_DCtx *expander;
};

int wf_text_codec_new(struct wf_text_codec **codec, bool is_dense)
{
	struct wf_text_codec *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return WF_ENOMEM;
	made->level = is_dense ? LEVEL_DENSE : LEVEL_FAST;
	made->compressor = ZSTD_createCCtx();
	made->expander = ZSTD_createDCtx();
	if (made->compressor == NULL || made->expander == NULL) {
		wf_text_codec_free(made);
		return WF_ENOMEM;
	}
	*codec = made;
	return 0;
}

void wf_text_codec_free(struct wf_text_codec *codec)
{
	if (codec == NULL)
		return;
	ZSTD_freeCCtx(codec->compressor);
	ZSTD_freeDCtx(codec->expander);
	free(codec);
}

static int code_of(size_t result)
{
	return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? WF_ENOMEM : WF_EINTERNAL;
}

int wf_text_compress(struct wf_text_codec *codec, struct wf_bytes text, struct wf_arena *arena,
		     struct wf_bytes *compressed)
{
	const size_t room_bytes = ZSTD_compressBound(text.length);
	void *room = wf_arena_take(arena, room_bytes);
	size_t result;

	if (room == NULL)
		return WF_ENOMEM;
	result = ZSTD_compressCCtx(codec->compressor, room, room_bytes, text.data, text.length, codec->level);
	if (ZSTD_isError(result))
		return code_of(result);
	*compressed = (struct wf_bytes){room, result};
	return 0;
}

int wf_text_expand(struct wf_text_codec *codec, struct wf_bytes compressed, uint64_t text_bytes,
		   uint64_t text_bytes_max, struct wf_arena *arena, struct wf_bytes *text)
{
	void *room;
	size_t result;

	/* The unknown and the erroneous length are the two highest values: neither is a length that a body can have. */
	if (ZSTD_getFrameContentSize(compressed.data, compressed.length) != text_bytes)
		return WF_ECORRUPT;
	if (text_bytes > text_bytes_max)
		return WF_ETOOLARGE;
	room = wf_arena_take(arena, text_bytes == 0 ? 1 : (size_t)text_bytes);
	if (room == NULL)
		return WF_ENOMEM;
	result = ZSTD_decompressDCtx(codec->expander, room, (size_t)text_bytes, compressed.data, compressed.length);
	if (ZSTD_isError(result))
		return code_of(result) == WF_ENOMEM ? WF_ENOMEM : WF_ECORRUPT;
	if (result != text_bytes)
		return WF_ECORRUPT;
	*text = (struct wf_bytes){room, result};
	return 0;
}
