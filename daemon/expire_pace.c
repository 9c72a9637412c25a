#include "expire_pace.h"

bool wf_expire_is_due(const struct wf_expire_pace *pace, uint64_t now_ms, uint64_t number_next)
{
	return now_ms >= pace->next_ms || (pace->has_more && number_next - pace->number >= WF_EXPIRE_ARTICLES_DUE);
}

void wf_expire_note(struct wf_expire_pace *pace, uint64_t now_ms, uint64_t number_next, uint32_t taken_out)
{
	const bool had_more = pace->has_more;
	const uint64_t came = number_next - pace->number;

	pace->has_more = taken_out == WF_EXPIRE_ARTICLES_MAX;
	pace->next_ms = now_ms + (pace->has_more ? WF_EXPIRE_PAUSE_MS : WF_EXPIRE_INTERVAL_MS);
	/* What came while there was nothing to take out needs no steps. */
	pace->number += had_more && came > WF_EXPIRE_ARTICLES_DUE ? WF_EXPIRE_ARTICLES_DUE : came;
}

uint64_t wf_expire_wait_ms(const struct wf_expire_pace *pace, uint64_t now_ms)
{
	return pace->next_ms > now_ms ? pace->next_ms - now_ms : 0;
}
