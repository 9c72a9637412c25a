#include "document.h"

#include "base/limits.h"
#include "evidence.h"
#include "tokenise.h"

int wf_document_analyse(struct wf_document *document, struct wf_bytes text, uint64_t seed, struct wf_arena *arena)
{
	struct wf_tokens tokens;
	int error = wf_tokenise_words(text, seed, WF_DOCUMENT_TOKENS_MAX, arena, &tokens);

	if (error != 0)
		return error;
	error = wf_evidence_encode(&tokens, arena, &document->evidence);
	if (error != 0)
		return error;
	document->content_hash = wf_sketch_of(&document->sketch, &tokens);
	document->tokens_count = tokens.total;
	return 0;
}
