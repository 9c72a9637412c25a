/* The method about two texts: compare.
 *
 *   a, b: id -> evidence (index thread) -> compressed text (snapshot) --+
 *         article -> evidence, text (in the request) -------------------+-> passages (a worker, no snapshot) */
#include "method.h"
#include "pipeline.h"
#include "server.h"
#include "shared.h"

/* One of the two, on its way to the passages. */
struct side {
	uint64_t number; /* of a stored article; 0: it is in the request */
	bool has_text;
	struct wf_bytes text;        /* of one in the request */
	struct wf_text_place stored; /* of a stored one; its bytes are in the job's arena */
};

struct comparing {
	struct wf_index_comparison comparison;
	struct side sides[2];
};

static const char *const names[2] = {"a", "b"};

static struct wf_cursor params_of(const struct wf_job *job, struct wf_error *error)
{
	return wf_request_params(&job->request, 2, 2, "[a, b], each an id or an article", error);
}

int wf_method_compare_start(struct wf_server *server, struct wf_job *job)
{
	const struct wf_cursor params = params_of(job, &job->error);
	bool has_article = false;

	(void)server;
	for (size_t i = 0; i < 2 && job->error.code == 0; i++) {
		const struct wf_cursor side = wf_cursor_element(&params, i, names[i]);
		const enum wf_value_kind kind = wf_value_kind(side.value);

		if (kind == WF_VALUE_MAP)
			has_article = true;
		else if (kind == WF_VALUE_STRING || kind == WF_VALUE_BINARY)
			wf_cursor_string(&side, 1, WF_ARTICLE_ID_BYTES_MAX);
		else
			wf_cursor_fail(&side, WF_EBADREQUEST, "expected an id or an article, got %s",
				       wf_value_kind_phrase(kind));
	}
	if (job->error.code != 0 || !has_article)
		return job->error.code;
	job->id_optional = true;
	job->item_names = names;
	return wf_job_take_items(job, 2);
}

/* ---- the index ---- */

static int use_article(struct wf_job *job, const struct wf_item *item, struct side *side,
		       struct wf_index_side *evidence)
{
	if (item->is_refused && item->refusal != NULL)
		wf_job_fail(job, item->refusal);
	else if (item->is_refused)
		wf_error_set(&job->error, WF_ENOMEM, "out of memory for the article");
	*side = (struct side){.has_text = true, .text = item->article.text};
	*evidence = (struct wf_index_side){item->document.evidence, item->source, false};
	return job->error.code;
}

static int use_stored(struct wf_indexer *indexer, struct wf_job *job, const char *name, struct wf_bytes id,
		      struct side *side, struct wf_index_side *evidence)
{
	struct wf_index_article article;
	int code;

	*side = (struct side){.number = 0};
	code = wf_indexer_find(indexer, id, wf_pipeline_id_hash(indexer->pipeline, id), &side->number);
	if (code == 0 && side->number == 0)
		return wf_error_set(&job->error, WF_ENOTFOUND, "%s: no article has this id", name);
	if (code == 0)
		code = wf_index_article(indexer->index, side->number, &article);
	if (code == 0)
		code = wf_indexer_evidence(indexer, side->number, &evidence->evidence);
	if (code < 0)
		return wf_error_set(&job->error, code == WF_ENOMEM ? code : WF_EINTERNAL,
				    "%s: the store could not be read: %s", name, wf_error_sentence(code));
	evidence->source = article.facts.source;
	evidence->is_stored = true;
	return 0;
}

int wf_method_compare_index(struct wf_indexer *indexer, struct wf_job *job)
{
	const struct wf_cursor params = params_of(job, &job->error);
	struct comparing *comparing = wf_arena_take(&job->arena, sizeof *comparing);
	struct wf_index_side evidence[2];
	int code = 0;

	if (comparing == NULL)
		return WF_ENOMEM;
	for (size_t i = 0; i < 2 && code == 0; i++) {
		const struct wf_value value = wf_cursor_element(&params, i, names[i]).value;

		if (wf_value_kind(value) == WF_VALUE_MAP)
			code = use_article(job, &job->items[i], &comparing->sides[i], &evidence[i]);
		else
			code = use_stored(indexer, job, names[i], wf_value_bytes(value), &comparing->sides[i],
					  &evidence[i]);
	}
	if (code == 0)
		code = wf_index_compare(indexer->index, &evidence[0], &evidence[1], &comparing->comparison);
	job->found = comparing;
	return code;
}

/* ---- the texts ---- */

/* Copies what the snapshot has of a text, so that the passages can be looked for without it. */
static int keep_text(struct wf_reading *reading, struct wf_job *job, struct side *side)
{
	struct wf_store_body body;
	int code;

	code = wf_method_read_body(reading, side->number, &body);
	if (code < 0 || !body.has_text)
		return code;
	code = wf_method_read_text(reading, side->number, &body, &side->stored);
	if (code < 0)
		return code;
	code = wf_workers_hold(&reading->pipeline->workers, job, side->stored.compressed.length);
	if (code < 0)
		return wf_error_set(&job->error, code, "too many large texts are being compared");
	side->stored.compressed = wf_arena_copy(&job->arena, side->stored.compressed);
	if (side->stored.compressed.data == NULL)
		return WF_ENOMEM;
	side->has_text = true;
	return 0;
}

int wf_method_compare_read(struct wf_reading *reading, struct wf_job *job)
{
	struct comparing *comparing = job->found;
	int code = 0;

	for (size_t i = 0; i < 2 && code == 0; i++)
		if (comparing->sides[i].number != 0)
			code = keep_text(reading, job, &comparing->sides[i]);
	if (code < 0 && job->error.code == 0)
		wf_error_set(&job->error, code == WF_ENOMEM ? code : WF_EINTERNAL, "the store could not be read: %s",
			     wf_error_sentence(code));
	return code;
}

/* ---- the passages ---- */

static void pack_comparison(struct wf_job *job, const struct wf_index_comparison *comparison,
			    const struct wf_shared *shared)
{
	struct wf_pack *reply = &job->reply;

	wf_job_reply(job);
	wf_pack_map(reply, 3);
	wf_pack_words(reply, "similarity");
	wf_pack_number(reply, comparison->similarity);
	wf_pack_words(reply, "containment");
	wf_pack_array(reply, 2);
	wf_pack_number(reply, comparison->contained);
	wf_pack_number(reply, comparison->covering);
	wf_pack_words(reply, "passages");
	wf_pack_array(reply, shared->passages_count);
	for (size_t i = 0; i < shared->passages_count; i++) {
		const struct wf_shared_passage *passage = &shared->passages[i];

		wf_pack_array(reply, 4);
		wf_pack_unsigned(reply, passage->a_start);
		wf_pack_unsigned(reply, passage->a_end);
		wf_pack_unsigned(reply, passage->b_start);
		wf_pack_unsigned(reply, passage->b_end);
	}
}

int wf_method_compare_finish(struct wf_reading *reading, struct wf_job *job)
{
	struct comparing *comparing = job->found;
	struct side *a = &comparing->sides[0];
	struct side *b = &comparing->sides[1];
	struct wf_shared shared = {NULL, 0, 0};
	int code = 0;

	for (size_t i = 0; i < 2 && code == 0 && a->has_text && b->has_text; i++) {
		struct side *side = &comparing->sides[i];

		if (side->number != 0)
			code = wf_method_expand_text(reading, &side->stored, &side->text);
	}
	if (code < 0)
		return wf_error_set(&job->error, code == WF_ENOMEM ? code : WF_EINTERNAL,
				    "the store could not be read: %s", wf_error_sentence(code));
	if (a->has_text && b->has_text)
		code = wf_shared_find(a->text, b->text, WF_COMPARE_PASSAGES_MAX, reading->pipeline->secret,
				      reading->arena, &shared);
	if (code == 0)
		pack_comparison(job, &comparing->comparison, &shared);
	return code;
}
