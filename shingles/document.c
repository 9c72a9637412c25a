#include "document.h"

#include "base/limits.h"
#include "evidence.h"
#include "tokenise.h"

/* FNV-1a over the tokens' hashes, which are keyed already. */
static uint64_t content_hash_of(const struct wf_tokens *tokens)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ tokens->total;

	for (uint32_t i = 0; i < tokens->count; i++)
		hash = (hash ^ tokens->hashes[i]) * UINT64_C(0x100000001B3);
	return hash ^ hash >> 29;
}

int wf_document_analyse(struct wf_document *document, struct wf_bytes text, uint64_t seed, struct wf_arena *arena)
{
	struct wf_tokens tokens;
	int error = wf_tokenise(text, seed, WF_DOCUMENT_TOKENS_MAX, arena, &tokens);

	if (error != 0)
		return error;
	error = wf_evidence_encode(&tokens, arena, &document->evidence);
	if (error != 0)
		return error;
	wf_sketch_of(&document->sketch, &tokens);
	document->tokens_count = tokens.total;
	document->content_hash = content_hash_of(&tokens);
	return 0;
}
