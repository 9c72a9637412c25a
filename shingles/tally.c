#include "tally.h"

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

/* An entry in one word: [ hits 16 | score 16 | number 32 ], so that a key in common is one addition. */
static uint64_t key_in_common(uint16_t score)
{
	return UINT64_C(1) << 48 | (uint64_t)score << 32;
}

static struct wf_tally_entry entry_of(uint64_t word)
{
	return (struct wf_tally_entry){(uint32_t)word, (uint16_t)(word >> 32), (uint16_t)(word >> 48)};
}

/* Adds up what was found article by article; returns how many articles there are. The table is so large that few meet
 * in it; whether one has a slot already is not to be guessed, so no branch asks. */
static uint32_t add_up(struct wf_tally *tally, const struct wf_newcomer *newcomer, size_t found_count)
{
	uint32_t bits = BITS_MIN;
	uint32_t count = 0;

	while (1u << bits < 2 * found_count)
		bits++;
	for (size_t i = 0; i < found_count; i++) {
		const struct wf_lsh_found found = tally->found[i];
		uint32_t at = found.number * 0x9E3779B1u >> (32 - bits);
		uint64_t word = tally->slots[at];

		while ((word != 0) & ((uint32_t)word != found.number)) {
			at = (at + 1) & ((1u << bits) - 1);
			word = tally->slots[at];
		}
		tally->taken[count] = (uint16_t)at;
		count += word == 0;
		tally->slots[at] = (word == 0 ? found.number : word) + key_in_common(score_of(newcomer, &found));
	}
	return count;
}

/* Gives those with the highest scores, best first, but for those that have no more in common than chance gives. Frees
 * the slots. */
static uint32_t choose_best(struct wf_tally *tally, const struct wf_newcomer *newcomer, uint32_t taken_count,
			    struct wf_tally_entry best[WF_TALLY_BEST])
{
	const uint32_t passages = newcomer->keys_count - 1 - newcomer->bands;
	const uint32_t hits_least = passages >= PASSAGES_MANY ? 2 : 1;
	const uint32_t score_least = passages >= PASSAGES_SOME ? CHANCE_SCORE : 0;
	uint32_t chosen_count = 0;
	uint32_t count = 0;

	for (uint32_t i = 0; i < taken_count; i++) {
		uint64_t *const slot = &tally->slots[tally->taken[i]];
		const struct wf_tally_entry entry = entry_of(*slot);

		tally->chosen[chosen_count] = *slot;
		chosen_count += (entry.hits >= hits_least) & (entry.score >= score_least);
		*slot = 0;
	}
	for (uint32_t i = 0; i < chosen_count; i++)
		insert_best(best, &count, entry_of(tally->chosen[i]));
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
