/* Any bytes, in any pieces: nothing crashes, the same messages come out however they are split, and what is decoded can
 * be written and read again. The first byte of the input is the seed of the pieces. */
#include <stdint.h>
#include <stdlib.h>

#include "article.h"
#include "reader.h"
#include "request.h"
#include "verdict.h"
#include "wire_error.h"

#define MESSAGE_BYTES_MAX 4096 /* small, so that refusals are met */
#define ELEMENTS_MAX      512
#define DEPTH_MAX         6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that is false stops the fuzzer, also where assert() is compiled out. */
static void claim(bool is_true)
{
	if (!is_true)
		abort();
}

static void read_again(const struct wf_article *article)
{
	const struct wf_article_rules rules = {.id_optional = true};
	struct wf_pack pack;
	struct wf_reader *reader;
	struct wf_message *message = NULL;
	struct wf_refusal refusal;
	struct wf_article read;
	struct wf_error error;

	wf_pack_init(&pack, 0);
	wf_article_pack(&pack, article);
	if (wf_reader_new(&reader, NULL) == 0) {
		claim(wf_reader_feed(reader, wf_pack_bytes(&pack)) == 0);
		claim(wf_reader_next(reader, &message, &refusal) == 1);
		claim(wf_article_decode_value(wf_message_root(message), &rules, &read, &error) == 0);
		claim(wf_bytes_equal(read.id, article->id) && wf_bytes_equal(read.text, article->text));
		claim(read.has_published == article->has_published && read.published == article->published);
		wf_message_free(message);
		wf_reader_free(reader);
	}
	wf_pack_close(&pack);
}

static void read_articles(struct wf_cursor at, unsigned depth)
{
	const struct wf_article_rules rules = {.id_optional = true, .text_bytes_max = 1000};
	struct wf_article article;
	struct wf_error error;

	if (wf_article_decode(&at, &rules, &article, &error) == 0)
		read_again(&article);
	else
		claim(error.text[0] != '\0');
	if (wf_value_kind(at.value) != WF_VALUE_ARRAY || depth == 0)
		return;
	for (size_t i = 0; i < wf_value_count(at.value); i++)
		read_articles(wf_cursor_element(&at, i, NULL), depth - 1);
}

static void use(const struct wf_message *message)
{
	struct wf_request request;
	struct wf_error error;
	struct wf_arena arena;
	struct wf_verdict verdict;
	struct wf_cursor params;

	wf_arena_init(&arena, 256);
	(void)wf_verdict_decode(wf_message_root(message), &arena, &verdict, &error);
	(void)wf_wire_error_of(wf_message_root(message), &error);
	if (wf_request_of(wf_message_root(message), &request, &error) != 0) {
		claim(error.text[0] != '\0');
	} else if (request.kind != WF_REQUEST_RESPONSE) {
		params = wf_request_params(&request, 0, SIZE_MAX, "anything", &error);
		read_articles(params, 3);
	} else {
		(void)wf_verdict_decode(request.result, &arena, &verdict, &error);
	}
	wf_arena_close(&arena);
}

/* Reads a stream, cut into pieces by `seed` (0: in one); returns a hash of what came out. */
static uint64_t read_stream(const uint8_t *data, size_t size, uint32_t seed)
{
	const struct wf_reader_settings settings = {MESSAGE_BYTES_MAX, ELEMENTS_MAX, DEPTH_MAX, 0};
	struct wf_reader *reader;
	uint64_t hash = 0;

	if (wf_reader_new(&reader, &settings) != 0)
		return 0;
	for (size_t at = 0; at < size;) {
		size_t room;
		char *space = wf_reader_space(reader, &room);
		size_t piece = size - at;
		struct wf_message *message;
		struct wf_refusal refusal;
		int code;

		if (space == NULL)
			break;
		if (seed != 0) {
			seed = seed * 1664525 + 1013904223;
			piece = piece < 1 + (seed >> 28) ? piece : 1 + (seed >> 28);
		}
		piece = piece < room ? piece : room;
		memcpy(space, data + at, piece);
		wf_reader_advance(reader, piece);
		at += piece;
		while ((code = wf_reader_next(reader, &message, &refusal)) != 0) {
			hash = hash * 31 + (uint64_t)(int64_t)code + (code < 0 ? refusal.msgid : 0);
			if (code == 1) {
				hash = hash * 31 + wf_message_bytes(message);
				use(message);
				wf_message_free(message);
			} else {
				claim(refusal.error.code == code && refusal.error.text[0] != '\0');
			}
			if (code == WF_EMALFORMED)
				break;
		}
		claim(wf_reader_memory_bytes(reader) < 1 << 20);
	}
	wf_reader_free(reader);
	return hash;
}

/* Bare numbers are told from other protocols by how many are at hand: a stream with a row of them may end sooner in one
 * piece. */
static bool has_strays(const uint8_t *data, size_t size)
{
	const struct wf_reader_settings settings = {MESSAGE_BYTES_MAX, ELEMENTS_MAX, DEPTH_MAX, 0};
	struct wf_reader *reader;
	struct wf_message *message;
	struct wf_refusal refusal;
	bool found = false;
	int code = 0;

	if (wf_reader_new(&reader, &settings) != 0)
		return true;
	for (size_t i = 0; i < size && code != WF_EMALFORMED; i++) {
		claim(wf_reader_feed(reader, (struct wf_bytes){(const char *)data + i, 1}) == 0);
		while ((code = wf_reader_next(reader, &message, &refusal)) != 0 && code != WF_EMALFORMED) {
			if (code != 1)
				continue;
			found |= wf_value_kind(wf_message_root(message)) == WF_VALUE_INTEGER;
			wf_message_free(message);
		}
	}
	wf_reader_free(reader);
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole;
	uint64_t pieces;

	if (size < 1)
		return 0;
	whole = read_stream(data + 1, size - 1, 0);
	pieces = read_stream(data + 1, size - 1, 1 + (uint32_t)data[0]);
	claim(whole == pieces || has_strays(data + 1, size - 1));
	return 0;
}
