#include "text_set.h"

#include <stdlib.h>

#include "corpus.h"
#include "json.h"
#include "source.h"

#define COPY_SHARE 0.6
#define OUTLETS    2000

static uint64_t source_of(struct wf_bytes outlet)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325);

	for (size_t i = 0; i < outlet.length; i++)
		hash = (hash ^ (unsigned char)outlet.data[i]) * UINT64_C(0x100000001B3);
	return outlet.length == 0 ? 0 : hash;
}

static int keep(struct wf_text_set *set, struct wf_text_set_article article)
{
	const size_t count = set->articles_count;

	if ((count & (count - 1)) == 0) {
		const size_t room = count == 0 ? 1 : count * 2;
		struct wf_text_set_article *grown = realloc(set->articles, room * sizeof *grown);

		if (grown == NULL)
			return WF_ENOMEM;
		set->articles = grown;
	}
	article.text = wf_arena_copy(&set->arena, article.text);
	if (article.text.data == NULL)
		return WF_ENOMEM;
	set->articles[set->articles_count++] = article;
	set->text_bytes += article.text.length;
	return 0;
}

static struct wf_text_set_article make(struct wf_corpus *corpus, uint64_t i)
{
	struct wf_corpus_article made;

	wf_corpus_article(corpus, i, &made);
	return (struct wf_text_set_article){made.text, source_of(made.outlet)};
}

int wf_text_set_make(struct wf_text_set *set, size_t count, uint32_t words, uint64_t seed)
{
	const struct wf_corpus_settings settings = {
		.seed = seed, .copy_share = COPY_SHARE, .words_median = words, .outlets = OUTLETS};
	int error = 0;

	*set = (struct wf_text_set){.name = "made-up", .corpus = wf_corpus_new(&settings)};
	wf_arena_init(&set->arena, 1 << 20);
	if (set->corpus == NULL)
		return WF_ENOMEM;
	for (size_t i = 0; error == 0 && i < count; i++)
		error = keep(set, make(set->corpus, i));
	return error;
}

int wf_text_set_read(struct wf_text_set *set, const char *path, struct wf_error *error)
{
	const struct wf_source_settings settings = {.item_bytes_max = WF_SOURCE_ITEM_BYTES_MAX_DEFAULT};
	const char *slash = strrchr(path, '/');
	struct wf_source *source = NULL;
	struct wf_source_item item;
	struct wf_draft draft;
	struct wf_arena arena;
	int result;

	*set = (struct wf_text_set){.name = slash == NULL ? path : slash + 1};
	wf_arena_init(&set->arena, 1 << 20);
	wf_arena_init(&arena, 1 << 16);
	result = wf_source_open(&source, path, &settings, error);
	while (result == 0 && (result = wf_source_next(source, &item, error)) > 0) {
		wf_arena_reset(&arena);
		if (item.kind != WF_SOURCE_JSON || wf_json_read_article(item.content, &arena, &draft, error) != 0 ||
		    draft.article.text.length == 0)
			result = 0;
		else
			result = keep(
				set, (struct wf_text_set_article){draft.article.text, source_of(draft.article.outlet)});
	}
	if (result == WF_ENOMEM || (result == 0 && set->articles_count == 0))
		result = wf_error_set(error, result == 0 ? WF_ENOTFOUND : result, "%s",
				      result == 0 ? "it has no article" : wf_error_sentence(result));
	if (source != NULL)
		wf_source_free(source);
	wf_arena_close(&arena);
	return result;
}

void wf_text_set_close(struct wf_text_set *set)
{
	wf_corpus_free(set->corpus);
	free(set->articles);
	wf_arena_close(&set->arena);
}

bool wf_text_set_article(const struct wf_text_set *set, uint64_t i, struct wf_text_set_article *article)
{
	if (i < set->articles_count)
		*article = set->articles[i];
	else if (set->corpus != NULL)
		*article = make(set->corpus, i);
	else
		return false;
	return true;
}
