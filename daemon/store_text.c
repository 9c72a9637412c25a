#include "store_text.h"

#include <assert.h>
#include <limits.h>
#include <lz4.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/limits.h"

/* docs/store-format.md has the figures of the others. */
#define ACCELERATION 1
#define LEVEL_DENSE  1

/* Of groups that are not packed densely: where matches are looked for. */
#define GROUP_LEVEL     (-20)
#define GROUP_HASH_LOG  12
#define GROUP_MATCH_MIN 7

/* zstd's ZSTD_c_literalCompressionMode, whose name is behind a switch; its number is of the public list. */
#define LITERAL_COMPRESSION ZSTD_c_experimentalParam5

#define MARK_LZ4   '\x01'
#define MARK_BYTES 1u
#define RATIO_MOST 255u /* a byte of an LZ4 block stands for no more */

_Static_assert(WF_ARTICLE_TEXT_BYTES_MAX_LIMIT <= LZ4_MAX_INPUT_SIZE, "LZ4 takes the longest text");

struct wf_text_codec {
	LZ4_stream_t *fast;  /* NULL where the codec is dense */
	ZSTD_CCtx *packer;   /* made when it is needed first */
	ZSTD_DCtx *expander; /* of zstd's frames */
};

int wf_text_codec_new(struct wf_text_codec **codec, bool is_dense)
{
	struct wf_text_codec *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return WF_ENOMEM;
	if (!is_dense)
		made->fast = LZ4_createStream();
	made->expander = ZSTD_createDCtx();
	if ((!is_dense && made->fast == NULL) || made->expander == NULL) {
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
	(void)LZ4_freeStream(codec->fast);
	ZSTD_freeCCtx(codec->packer);
	ZSTD_freeDCtx(codec->expander);
	free(codec);
}

static int code_of(size_t result)
{
	return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? WF_ENOMEM : WF_EINTERNAL;
}

static int compress_fast(struct wf_text_codec *codec, struct wf_bytes text, struct wf_arena *arena,
			 struct wf_bytes *compressed)
{
	const int room_bytes = LZ4_compressBound((int)text.length);
	char *room = wf_arena_take(arena, MARK_BYTES + (size_t)room_bytes);
	int result;

	if (room == NULL)
		return WF_ENOMEM;
	room[0] = MARK_LZ4;
	result = LZ4_compress_fast_extState(codec->fast, text.data, room + MARK_BYTES, (int)text.length, room_bytes,
					    ACCELERATION);
	if (result <= 0)
		return WF_EINTERNAL;
	*compressed = (struct wf_bytes){room, MARK_BYTES + (size_t)result};
	return 0;
}

static int packer_make(struct wf_text_codec *codec)
{
	static const struct {
		ZSTD_cParameter parameter;
		int value;
	} fast[] = {
		{ZSTD_c_compressionLevel, GROUP_LEVEL},
		{ZSTD_c_hashLog, GROUP_HASH_LOG},
		{ZSTD_c_minMatch, GROUP_MATCH_MIN},
		/* Literals are packed as well, which the fastest levels leave out by themselves. */
		{LITERAL_COMPRESSION, 1},
	};

	codec->packer = ZSTD_createCCtx();
	if (codec->packer == NULL)
		return WF_ENOMEM;
	/* What a version does not know only makes it slower or its frames longer. */
	if (codec->fast == NULL)
		(void)ZSTD_CCtx_setParameter(codec->packer, ZSTD_c_compressionLevel, LEVEL_DENSE);
	for (size_t i = 0; i < sizeof fast / sizeof *fast && codec->fast != NULL; i++)
		(void)ZSTD_CCtx_setParameter(codec->packer, fast[i].parameter, fast[i].value);
	return 0;
}

size_t wf_text_group_bytes_max(size_t texts_bytes)
{
	return ZSTD_compressBound(texts_bytes);
}

int wf_text_compress_group(struct wf_text_codec *codec, struct wf_bytes texts, void *room, size_t room_bytes,
			   size_t *bytes)
{
	const int code = codec->packer == NULL ? packer_make(codec) : 0;
	size_t result;

	if (code != 0)
		return code;
	result = ZSTD_compress2(codec->packer, room, room_bytes, texts.data, texts.length);
	if (ZSTD_isError(result))
		return code_of(result);
	*bytes = result;
	return 0;
}

static int compress_dense(struct wf_text_codec *codec, struct wf_bytes text, struct wf_arena *arena,
			  struct wf_bytes *compressed)
{
	const size_t room_bytes = wf_text_group_bytes_max(text.length);
	char *room = wf_arena_take(arena, room_bytes);

	if (room == NULL)
		return WF_ENOMEM;
	compressed->data = room;
	return wf_text_compress_group(codec, text, room, room_bytes, &compressed->length);
}

int wf_text_compress(struct wf_text_codec *codec, struct wf_bytes text, struct wf_arena *arena,
		     struct wf_bytes *compressed)
{
	assert(text.length <= WF_ARTICLE_TEXT_BYTES_MAX_LIMIT);
	return codec->fast != NULL ? compress_fast(codec, text, arena, compressed)
				   : compress_dense(codec, text, arena, compressed);
}

bool wf_text_is_lz4(struct wf_bytes compressed)
{
	return compressed.length > 0 && compressed.data[0] == MARK_LZ4;
}

/* Into `room`, of `text_bytes`; WF_ECORRUPT, WF_ENOMEM. */
static int expand_frame(struct wf_text_codec *codec, struct wf_bytes frame, void *room, size_t text_bytes)
{
	const size_t result = ZSTD_decompressDCtx(codec->expander, room, text_bytes, frame.data, frame.length);

	if (ZSTD_isError(result))
		return code_of(result) == WF_ENOMEM ? WF_ENOMEM : WF_ECORRUPT;
	return result == text_bytes ? 0 : WF_ECORRUPT;
}

static int expand_block(struct wf_bytes block, void *room, size_t text_bytes)
{
	const int result = LZ4_decompress_safe(block.data, room, (int)block.length, (int)text_bytes);

	return result >= 0 && (size_t)result == text_bytes ? 0 : WF_ECORRUPT;
}

/* Whether what lies there could be a text of that length. */
static bool is_plausible(struct wf_bytes compressed, uint64_t text_bytes)
{
	/* The unknown and the erroneous length are the two highest values: neither is a length that a body can have. */
	if (!wf_text_is_lz4(compressed))
		return ZSTD_getFrameContentSize(compressed.data, compressed.length) == text_bytes;
	return compressed.length - MARK_BYTES <= INT_MAX && text_bytes / RATIO_MOST <= compressed.length - MARK_BYTES;
}

int wf_text_expand(struct wf_text_codec *codec, struct wf_bytes compressed, uint64_t text_bytes,
		   uint64_t text_bytes_max, struct wf_arena *arena, struct wf_bytes *text)
{
	void *room;
	int result;

	if (!is_plausible(compressed, text_bytes))
		return WF_ECORRUPT;
	if (text_bytes > text_bytes_max || text_bytes > WF_ARTICLE_TEXT_BYTES_MAX_LIMIT)
		return WF_ETOOLARGE;
	room = wf_arena_take(arena, text_bytes == 0 ? 1 : (size_t)text_bytes);
	if (room == NULL)
		return WF_ENOMEM;
	if (wf_text_is_lz4(compressed))
		result = expand_block((struct wf_bytes){compressed.data + MARK_BYTES, compressed.length - MARK_BYTES},
				      room, (size_t)text_bytes);
	else
		result = expand_frame(codec, compressed, room, (size_t)text_bytes);
	if (result == 0)
		*text = (struct wf_bytes){room, (size_t)text_bytes};
	return result;
}
