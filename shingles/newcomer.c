#include "newcomer.h"

#include "evidence.h"

static uint64_t key_of_same_text(const struct wf_document *document)
{
	return document->content_hash * UINT64_C(0x9E3779B97F4A7C15) ^ UINT64_C(0x5bd1e995);
}

/* The keys of passages, behind those that are there. */
static void choose_passages(struct wf_newcomer *newcomer)
{
	const uint32_t fixed = 1 + newcomer->bands;
	const uint32_t passages = wf_passage_choose(&WF_PASSAGE_ASKED, &newcomer->ranking, newcomer->places,
						    WF_NEWCOMER_KEYS_MAX - fixed);

	wf_passage_keys(&newcomer->ranking, newcomer->places, passages, newcomer->keys + fixed);
	newcomer->keys_count = fixed + passages;
}

static void choose_keys(struct wf_newcomer *newcomer, const struct wf_document *document, struct wf_bands bands)
{
	newcomer->keys_count = 0;
	if (newcomer->tokens_count == 0)
		return;
	newcomer->keys[0] = key_of_same_text(document);
	newcomer->bands = wf_bands_keys(bands, &document->sketch, newcomer->keys + 1);
	choose_passages(newcomer);
}

/* Behind the tokens, whose number is known: shingles, ranks, mask, weights. */
static void lay_out(struct wf_newcomer *newcomer)
{
	newcomer->ranking.shingles = newcomer->room + (newcomer->tokens_count + 1) / 2;
	newcomer->ranking.ranks = (int32_t *)newcomer->ranking.shingles + newcomer->tokens_count + WF_KERNEL_SLACK;
	newcomer->mask = (uint8_t *)(newcomer->ranking.ranks + newcomer->tokens_count + WF_KERNEL_SLACK);
	newcomer->weights = newcomer->mask + newcomer->tokens_count;
}

/* The tokens, and what of them is content. */
static int read_tokens(struct wf_newcomer *newcomer, struct wf_bytes evidence, uint64_t source, enum wf_page page,
		       const struct wf_boilerplate *boilerplate, const struct wf_frequency *frequency)
{
	int error;

	newcomer->evidence = NULL;
	newcomer->tokens = (uint16_t *)newcomer->room;
	error = wf_evidence_decode(evidence, newcomer->tokens, &newcomer->tokens_count);
	if (error != 0)
		return error;
	lay_out(newcomer);
	newcomer->is_withheld = wf_boilerplate_mask(boilerplate, source, newcomer->tokens, newcomer->tokens_count, page,
						    newcomer->mask);
	newcomer->own_tokens =
		newcomer->tokens_count - wf_kernels()->both(newcomer->mask, newcomer->mask, newcomer->tokens_count);
	wf_weights_of(frequency->weights, newcomer->tokens, newcomer->tokens_count, newcomer->weights);
	wf_passage_rank(&newcomer->ranking, newcomer->tokens, newcomer->weights, newcomer->tokens_count,
			newcomer->mask);
	return 0;
}

int wf_newcomer_make(struct wf_newcomer *newcomer, const struct wf_document *document, uint64_t source,
		     enum wf_page page, struct wf_bands bands, const struct wf_boilerplate *boilerplate,
		     const struct wf_frequency *frequency)
{
	int error;

	error = read_tokens(newcomer, document->evidence, source, page, boilerplate, frequency);
	if (error != 0)
		return error;
	choose_keys(newcomer, document, bands);
	newcomer->evidence = document->evidence.data;
	newcomer->content_hash = document->content_hash;
	newcomer->source = source;
	newcomer->boilerplate_version = wf_boilerplate_version(boilerplate, source);
	newcomer->weights_version = frequency->stories_weighed;
	return 0;
}

int wf_newcomer_remake(struct wf_newcomer *newcomer, struct wf_bytes evidence, uint64_t source, const uint64_t *fixed,
		       uint32_t fixed_count, const struct wf_boilerplate *boilerplate,
		       const struct wf_frequency *frequency)
{
	const int error = read_tokens(newcomer, evidence, source, WF_PAGE_LEARNED, boilerplate, frequency);

	newcomer->keys_count = 0;
	if (error != 0 || newcomer->tokens_count == 0 || fixed_count == 0)
		return error;
	memcpy(newcomer->keys, fixed, fixed_count * sizeof *fixed);
	newcomer->bands = fixed_count - 1;
	choose_passages(newcomer);
	return 0;
}

bool wf_newcomer_is_current(const struct wf_newcomer *newcomer, const struct wf_document *document, uint64_t source,
			    const struct wf_boilerplate *boilerplate, const struct wf_frequency *frequency)
{
	return newcomer->evidence != NULL && newcomer->evidence == document->evidence.data &&
	       newcomer->content_hash == document->content_hash && newcomer->source == source &&
	       newcomer->boilerplate_version == wf_boilerplate_version(boilerplate, source) &&
	       newcomer->weights_version == frequency->stories_weighed;
}

uint32_t wf_newcomer_stored_keys(const struct wf_newcomer *newcomer, uint64_t *keys, uint32_t keys_max)
{
	uint16_t places[WF_NEWCOMER_KEYS_MAX];
	const uint32_t fixed = 1 + newcomer->bands;
	uint32_t count;

	if (newcomer->keys_count == 0)
		return 0;
	memcpy(keys, newcomer->keys, fixed * sizeof *keys);
	count = wf_passage_choose_among(&WF_PASSAGE_STORED, &newcomer->ranking, newcomer->places,
					newcomer->keys_count - fixed, places);
	if (count > keys_max - fixed)
		count = keys_max - fixed;
	wf_passage_keys(&newcomer->ranking, places, count, keys + fixed);
	return fixed + count;
}
