#include "tally.h"

#include "kernel.h"

#define BITS_MIN        10 /* so many that two articles seldom meet: that is not to be guessed */
#define SAME_TEXT_SCORE 1000u
#define BAND_SCORE      24u
#define PASSAGE_SCORE   16u
#define PASSAGES_MANY   20u /* with so many keys, one in common is chance */
#define PASSAGES_SOME   16u /* and with so many, one that others have as well, or two that many have */
#define CHANCE_SCORE    12u /* more than one key that three articles have */

_Static_assert(WF_NEWCOMER_KEYS_MAX *WF_LSH_BUCKET_MAX * 2 <= WF_TALLY_SLOTS, "the tally never fills");
_Static_assert(WF_NEWCOMER_KEYS_MAX <= WF_LSH_KEYS_MAX, "all keys are looked up together");
_Static_assert((WF_TALLY_SLOTS & (WF_TALLY_SLOTS - 1)) == 0, "a slot is a mask of the hash");

/* What it says that an article is under a key of a kind: more where few others are. A look-up, as a division takes as
 * long as all else that is done for an entry. */
#define SCORE(kind_score, count) (1 + (kind_score)*4 / ((count) + 3))
#define SCORES4(score, count) \
	SCORE(score, count), SCORE(score, (count) + 1), SCORE(score, (count) + 2), SCORE(score, (count) + 3)
#define SCORES(score)                                                                          \
	{                                                                                      \
		0, SCORES4(score, 1), SCORES4(score, 5), SCORES4(score, 9), SCORES4(score, 13) \
	}

static const uint16_t scores[3][1 + WF_LSH_BUCKET_MAX] = {SCORES(SAME_TEXT_SCORE), SCORES(BAND_SCORE),
							  SCORES(PASSAGE_SCORE)};

_Static_assert(WF_LSH_BUCKET_MAX == 16, "a score for each number of articles");

static uint16_t score_of(const struct wf_newcomer *newcomer, const struct wf_lsh_found *found)
{
	const uint32_t kind = (uint32_t)(found->place > 0) + (uint32_t)(found->place > newcomer->bands);

	return scores[kind][found->count];
}

/* The higher score first; of equals the older article, so that the order in which keys were entered does not matter. */
static bool comes_first(const struct wf_tally_entry *a, const struct wf_tally_entry *b)
{
	return a->score != b->score ? a->score > b->score : a->number < b->number;
}

static void insert_best(struct wf_tally_entry best[WF_TALLY_BEST], uint32_t *count, struct wf_tally_entry slot)
{
	uint32_t at = *count;

	if (at == WF_TALLY_BEST && !comes_first(&slot, &best[WF_TALLY_BEST - 1]))
		return;
	if (at == WF_TALLY_BEST)
		at = WF_TALLY_BEST - 1;
	else
		*count += 1;
	for (; at > 0 && comes_first(&slot, &best[at - 1]); at--)
		best[at] = best[at - 1];
	best[at] = slot;
}

/* Adds up what was found article by article; returns how many articles there are. The table is so large that few meet
 * in it; whether one has an entry already is not to be guessed, so no branch asks. */
static uint32_t add_up(struct wf_tally *tally, const struct wf_newcomer *newcomer, size_t found_count)
{
	uint32_t bits = BITS_MIN;
	uint32_t count = 0;

	while (1u << bits < 2 * found_count)
		bits++;
	wf_kernels()->fill((uint8_t *)tally->slots, 0, (uint32_t)sizeof *tally->slots << bits);
	for (size_t i = 0; i < found_count; i++) {
		const struct wf_lsh_found found = tally->found[i];
		uint32_t at = found.number * 0x9E3779B1u >> (32 - bits);
		struct wf_tally_entry *entry;
		uint32_t place;
		bool is_new;

		while ((tally->slots[at] != 0) & (tally->entries[tally->slots[at]].number != found.number))
			at = (at + 1) & ((1u << bits) - 1);
		is_new = tally->slots[at] == 0;
		count += is_new;
		place = is_new ? count : tally->slots[at];
		tally->slots[at] = (uint16_t)place;
		entry = &tally->entries[place];
		entry->number = found.number;
		entry->score = (uint16_t)((is_new ? 0u : entry->score) + score_of(newcomer, &found));
		entry->hits = (uint16_t)((is_new ? 0u : entry->hits) + 1);
	}
	return count;
}

/* Gives those with the highest scores, best first, but for those that have no more in common than chance gives. */
static uint32_t choose_best(struct wf_tally *tally, const struct wf_newcomer *newcomer, uint32_t entries_count,
			    struct wf_tally_entry best[WF_TALLY_BEST])
{
	const uint32_t passages = newcomer->keys_count - 1 - newcomer->bands;
	const uint32_t hits_least = passages >= PASSAGES_MANY ? 2 : 1;
	const uint32_t score_least = passages >= PASSAGES_SOME ? CHANCE_SCORE : 0;
	uint32_t chosen_count = 0;
	uint32_t count = 0;

	for (uint32_t i = 1; i <= entries_count; i++) {
		tally->slots[chosen_count] = (uint16_t)i;
		chosen_count += (tally->entries[i].hits >= hits_least) & (tally->entries[i].score >= score_least);
	}
	for (uint32_t i = 0; i < chosen_count; i++)
		insert_best(best, &count, tally->entries[tally->slots[i]]);
	return count;
}

void wf_tally_begin(struct wf_tally *tally, const struct wf_lsh *lsh, const struct wf_newcomer *newcomer)
{
	wf_lsh_find_begin(lsh, newcomer->keys, newcomer->keys_count, &tally->search);
}

uint32_t wf_tally_find(struct wf_tally *tally, const struct wf_lsh *lsh, const struct wf_newcomer *newcomer,
		       struct wf_tally_entry best[WF_TALLY_BEST])
{
	size_t found_count;

	if (newcomer->keys_count == 0)
		return 0;
	found_count = wf_lsh_find_end(lsh, &tally->search, tally->found);
	return choose_best(tally, newcomer, add_up(tally, newcomer, found_count), best);
}
