#include "mending.h"

struct young {
	uint64_t numbers[WF_MENDING_ARTICLES - 1];
	uint64_t count; /* WF_MENDING_ARTICLES: it is young no more */
};

void wf_mending_init(struct wf_mending *mending)
{
	*mending = (struct wf_mending){0};
	wf_map_init(&mending->sources, sizeof(struct young));
}

void wf_mending_close(struct wf_mending *mending)
{
	wf_map_close(&mending->sources);
	wf_mending_init(mending);
}

static void put(struct wf_mending *mending, uint64_t number)
{
	if (mending->waiting_count == WF_MENDING_WAITING_MAX)
		return;
	mending->waiting[(mending->waiting_first + mending->waiting_count) % WF_MENDING_WAITING_MAX] = number;
	mending->waiting_count++;
}

void wf_mending_note(struct wf_mending *mending, uint64_t source, uint64_t number, bool is_restored)
{
	struct young *young = source == 0 ? NULL : wf_map_find(&mending->sources, source);

	if (source == 0 || (young == NULL && mending->sources_count == WF_MENDING_SOURCES_MAX))
		return;
	if (young == NULL) {
		young = wf_map_insert(&mending->sources, source);
		if (young == NULL)
			return;
		mending->sources_count++;
	}
	if (young->count == WF_MENDING_ARTICLES)
		return;
	if (young->count < WF_MENDING_ARTICLES - 1)
		young->numbers[young->count] = number;
	young->count++;
	for (uint32_t i = 0; young->count == WF_MENDING_ARTICLES && !is_restored && i < WF_MENDING_ARTICLES - 1; i++)
		put(mending, young->numbers[i]);
}

uint64_t wf_mending_next(struct wf_mending *mending)
{
	uint64_t number;

	if (mending->waiting_count == 0)
		return 0;
	number = mending->waiting[mending->waiting_first];
	mending->waiting_first = (mending->waiting_first + 1) % WF_MENDING_WAITING_MAX;
	mending->waiting_count--;
	return number;
}
