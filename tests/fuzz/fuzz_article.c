/* The way of a request without sockets and disk: bytes, message, request, article, analysis, decision, index.
 * Nothing crashes, and what is taken in is found again. */
#include "article.h"
#include "document.h"
#include "fuzz_input.h"
#include "index.h"
#include "reader.h"
#include "request.h"
#include "verdict.h"

#define ARTICLES_MAX 64u
#define SEED         7u

struct desk {
	struct wf_index *index;
	struct wf_arena arena;
	uint64_t last;
	struct wf_bytes evidence[ARTICLES_MAX + 1];
	struct wf_bytes sketches[ARTICLES_MAX + 1]; /* data NULL: removed */
};

static int read_evidence_cb(void *context, uint64_t number, struct wf_bytes *evidence)
{
	const struct desk *desk = context;

	fuzz_claim(number >= 1 && number <= desk->last);
	*evidence = desk->evidence[number];
	return 0;
}

/* The verdict is packed as the daemon does, and read again. */
static void check_verdict(struct desk *desk, const struct wf_article *article, const struct wf_decision *decision)
{
	const struct wf_verdict verdict = {
		.id = article->id,
		.cluster = decision->cluster,
		.is_new = decision->is_new,
		.relation = decision->relation,
		.similarity = decision->similarity,
		.containment = decision->containment,
		.size = decision->size,
		.merged = decision->merged,
		.merged_count = decision->merged_count,
		.related = decision->related,
		.related_count = decision->related_count,
	};
	struct wf_reader *reader;
	struct wf_message *message = NULL;
	struct wf_refusal refusal;
	struct wf_verdict read;
	struct wf_error error;
	struct wf_pack pack;

	wf_pack_init(&pack, 0);
	wf_verdict_pack(&pack, &verdict);
	fuzz_claim(wf_reader_new(&reader, NULL) == 0);
	fuzz_claim(wf_reader_feed(reader, wf_pack_bytes(&pack)) == 0);
	fuzz_claim(wf_reader_next(reader, &message, &refusal) == 1);
	fuzz_claim(wf_verdict_decode(wf_message_root(message), &desk->arena, &read, &error) == 0);
	fuzz_claim(read.cluster == verdict.cluster && read.relation == verdict.relation);
	wf_message_free(message);
	wf_reader_free(reader);
	wf_pack_close(&pack);
}

static void add(struct desk *desk, const struct wf_article *article, bool is_query)
{
	const struct wf_article_facts facts = {
		.number = is_query ? 0 : desk->last + 1,
		.source = article->outlet.length,
		.seen = 1,
		.published = article->has_published ? article->published : WF_TIME_NONE,
	};
	struct wf_document document;
	struct wf_decision decision;
	struct wf_index_article found;

	fuzz_claim(wf_document_analyse(&document, article->text, SEED, &desk->arena) == 0);
	fuzz_claim(document.evidence.length > 0);
	fuzz_claim(wf_index_decide(desk->index, &document, &facts, 0, &decision) == 0);
	if (!is_query && desk->last < ARTICLES_MAX) {
		fuzz_claim(wf_index_apply(desk->index, &document, &facts, &decision, &desk->arena,
					  &desk->sketches[desk->last + 1]) == 0);
		desk->evidence[++desk->last] = document.evidence;
		fuzz_claim(wf_index_article(desk->index, desk->last, &found) == 0);
		fuzz_claim(found.cluster == decision.cluster && found.facts.published == facts.published);
	}
	check_verdict(desk, article, &decision);
}

static void take(struct desk *desk, struct wf_cursor at, bool is_query)
{
	const struct wf_article_rules rules = {.id_optional = is_query, .text_bytes_max = 10000};
	struct wf_article article;
	struct wf_error error;

	if (wf_article_decode(&at, &rules, &article, &error) == 0)
		add(desk, &article, is_query);
	else
		fuzz_claim(error.text[0] != '\0');
}

static void remove_one(struct desk *desk, uint64_t number)
{
	if (number < 1 || number > desk->last || desk->sketches[number].data == NULL)
		return;
	fuzz_claim(wf_index_remove(desk->index, number, desk->sketches[number]) == 0);
	desk->sketches[number].data = NULL;
}

static void serve(struct desk *desk, const struct wf_message *message)
{
	struct wf_request request;
	struct wf_error error;
	struct wf_cursor params, first;

	if (wf_request_of(wf_message_root(message), &request, &error) != 0 || request.kind == WF_REQUEST_RESPONSE)
		return;
	params = wf_request_params(&request, 1, 1, "[anything]", &error);
	if (error.code != 0)
		return;
	first = wf_cursor_element(&params, 0, "first");
	if (wf_value_kind(first.value) == WF_VALUE_MAP)
		take(desk, wf_cursor_element(&params, 0, NULL), wf_bytes_equal(request.method, wf_bytes_of("query")));
	else if (wf_value_kind(first.value) == WF_VALUE_ARRAY)
		for (size_t i = 0; i < wf_value_count(first.value) && i < ARTICLES_MAX; i++)
			take(desk, wf_cursor_element(&first, i, NULL), false);
	else
		remove_one(desk, wf_cursor_unsigned(&first, WF_NUMBER_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct wf_index_settings settings = {.threshold = 0};
	const struct wf_bytes bytes = {(const char *)data, size};
	struct desk *desk = calloc(1, sizeof *desk);
	struct wf_reader *reader;
	struct wf_message *message;
	struct wf_refusal refusal;
	struct wf_index_stats stats;
	int code = 1;

	fuzz_claim(desk != NULL && wf_reader_new(&reader, NULL) == 0);
	wf_arena_init(&desk->arena, 64 << 10);
	fuzz_claim(wf_index_new(&desk->index, &settings, read_evidence_cb, desk) == 0);
	if (size > 0 && wf_reader_feed(reader, bytes) == 0) {
		while (code != 0 && code != WF_EMALFORMED) {
			code = wf_reader_next(reader, &message, &refusal);
			if (code != 1)
				continue;
			serve(desk, message);
			wf_message_free(message);
		}
	}
	wf_index_stats(desk->index, &stats);
	fuzz_claim(stats.articles <= desk->last && stats.clusters <= stats.articles);
	wf_index_free(desk->index);
	wf_reader_free(reader);
	wf_arena_close(&desk->arena);
	free(desk);
	return 0;
}
