#include "boilerplate.h"

#include <stdlib.h>

#include "base/eight.h"
#include "base/limits.h"
#include "base/pages.h"
#include "base/prefetch.h"
#include "kernel.h"

#define SET_SLOTS          8u
#define SOURCE_SETS        128u /* 1,024 shingles, 8 KiB */
#define SOURCE_SEEN_BITS   65536u
#define TWICE_SHIFT        19u
#define TWICE_BITS         (1u << (32 - TWICE_SHIFT))
#define CORPUS_SETS        8192u /* 65,536 shingles, 512 KiB */
#define CORPUS_SEEN_BITS   (4u << 20)
#define STORIES_HALVE      64u /* a source's counts are halved at this many stories */
#define CORPUS_HALVE       4096u
#define REPEATS_MIN        3u  /* stories of a source that make a shingle boilerplate ... */
#define REPEATS_SHARE      8u  /* ... and at least one in so many of its stories */
#define SETTLED_STORIES    24u /* a source that has printed so much is learned from every 4th story */
#define SETTLED_STEP       4u
#define CORPUS_SETTLED     4096u /* and the corpus, beyond so many, from every 16th */
#define CORPUS_STEP        16u
#define CORPUS_STORIES_MIN 30u
#define CORPUS_REPEATS_MIN 6u
#define CORPUS_SHARE       25u
#define YOUNG_STORIES      16u /* a source with fewer is helped out: by what it printed even once before ... */
#define YOUNG_RUN          3u  /* ... where so many shingles of it follow each other ... */
#define YOUNG_SHARE_MAX    0.8 /* ... and are not nearly all of the article: that is the same story once more */
#define GAP_MAX            12u /* tokens between two passages that are always there: counters, other headlines */
#define GAP_EDGE_MAX       8u  /* tokens before the first of them and after the last */
#define GAPS_MAX           64u /* of one article */
#define GAPS_LEAVE_SHARE   2u  /* at most one of so many tokens of what is left: a notice of a line stays */
#define ALWAYS_SHARE       2u  /* nearly always: in at least one of so many stories */
#define COMMON_SLOTS       (2 * WF_KERNEL_COMMON_PAIRS) /* 16 KiB, in pairs */
#define COMMON_RENEW       64u /* made anew after so many stories, and after each of the first so many */
#define HOT_SLOTS_MIN      64u /* boilerplate of one source, as many slots as it needs: read as a whole */
#define HOT_SLOTS_MAX      512u
#define HOT_SET            8u                /* slots that are looked at together */
#define HOT_FULL(slots)    ((slots) / 8 * 5) /* so many shingles, and the slots are doubled */
#define HOT_FULL_LAST      (HOT_SLOTS_MAX / 8 * 7)
#define SETS_AHEAD         16u /* asked for before they are looked at: as many waits at once as a processor has */
#define HOT_NONE           UINT32_MAX

struct set {
	uint32_t shingles[SET_SLOTS];
	uint16_t counts[SET_SLOTS];
	uint16_t last[SET_SLOTS]; /* story of this source, modulo 65536 */
};

_Static_assert(sizeof(struct set) == 64 && SET_SLOTS == 8,
	       "a set is one cache line, its shingles are looked at at once");

struct wf_repeats {
	uint64_t source;
	uint64_t used;    /* boilerplate.clock at the last article */
	uint32_t stories; /* halved with the counts */
	uint32_t stories_total;
	uint32_t bound;      /* stories that make a shingle boilerplate; UINT32_MAX: too early to say */
	uint32_t sets_count; /* a power of two */
	uint32_t seen_bits;  /* a power of two */
	uint32_t offered;    /* stories that came, those passed over included */
	uint32_t copy_place; /* 1 + its place in `copy.left`; 0: it is not to be copied, or was */
	uint32_t hot_slots;  /* a power of two */
	uint32_t hot_count;  /* shingles in them */
	uint32_t padding[3];
	uint32_t hot_bits[WF_KERNEL_HOT_BITS / 32]; /* one for each shingle in `hot`: no for most */
	/* hot_slots shingles, 0: free, by linear probing over sets of HOT_SET, each filled from its first on; and for
	 * each, in a byte, the stories that had it, as in `sets`; 255: so many or more. */
	uint32_t hot[HOT_SLOTS_MAX + HOT_SLOTS_MAX / 4];
	/* Behind them the bits of what was seen; and, in memory alone, of what two stories had, of a young source: most
	 * of what is asked for there was not, and an answer costs a line of few instead of many. */
	struct set sets[];
};

/* Saved as it is in memory: little endian, checked by its sizes. */
struct saved_header {
	uint64_t clock;
	uint64_t sources_count;
};

/* Of what is saved. */
static size_t repeats_bytes(uint32_t sets_count, uint32_t seen_bits)
{
	return sizeof(struct wf_repeats) + (size_t)sets_count * sizeof(struct set) + seen_bits / 8;
}

static size_t room_bytes(uint32_t sets_count, uint32_t seen_bits)
{
	return repeats_bytes(sets_count, seen_bits) + TWICE_BITS / 8;
}

static size_t bytes_of(const struct wf_repeats *repeats)
{
	return repeats_bytes(repeats->sets_count, repeats->seen_bits);
}

static uint32_t *seen_of(struct wf_repeats *repeats)
{
	return (uint32_t *)(void *)(repeats->sets + repeats->sets_count);
}

static const uint32_t *seen_in(const struct wf_repeats *repeats)
{
	return (const uint32_t *)(const void *)(repeats->sets + repeats->sets_count);
}

static uint32_t *twice_of(struct wf_repeats *repeats)
{
	return seen_of(repeats) + repeats->seen_bits / 32;
}

/* Which of the shingles an earlier story may have had: their places, ascending; and the bits of all. Returns how
 * many. */
static uint32_t find_seen(const struct wf_repeats *repeats, const uint16_t *tokens, size_t tokens_count, uint32_t *bits,
			  uint16_t *places)
{
	const uint32_t shift = (uint32_t)__builtin_clz(repeats->seen_bits) + 1;

	return wf_kernels()->seen(tokens, (uint32_t)tokens_count, seen_in(repeats), shift, bits, places);
}

/* The set that a shingle of this hash is in, if it is in any. */
static const struct set *set_of(const struct wf_repeats *repeats, uint32_t hash)
{
	return &repeats->sets[hash & (repeats->sets_count - 1)];
}

/* A source's, or the corpus's (source 0). */
static struct wf_repeats *repeats_new(struct wf_boilerplate *boilerplate, uint64_t source)
{
	const bool is_corpus = source == 0;
	const uint32_t sets_count = is_corpus ? CORPUS_SETS : SOURCE_SETS;
	const uint32_t seen_bits = is_corpus ? CORPUS_SEEN_BITS : SOURCE_SEEN_BITS;
	const size_t bytes = room_bytes(sets_count, seen_bits);
	struct wf_repeats *repeats = is_corpus ? wf_pages_take(bytes) : wf_slab_take(&boilerplate->repeats);

	if (repeats == NULL)
		return NULL;
	memset(repeats, 0, bytes);
	repeats->source = source;
	repeats->sets_count = sets_count;
	repeats->seen_bits = seen_bits;
	repeats->bound = UINT32_MAX;
	repeats->hot_slots = HOT_SLOTS_MIN;
	return repeats;
}

/* Where the source at `place`, from 0, lies among the saved bytes. */
static size_t saved_offset(const struct wf_boilerplate *boilerplate, size_t place)
{
	return sizeof(struct saved_header) + bytes_of(boilerplate->corpus) +
	       place * repeats_bytes(SOURCE_SETS, SOURCE_SEEN_BITS);
}

/* Copies a source that is to be copied as it is now. */
static void copy_source(struct wf_boilerplate *boilerplate, struct wf_repeats *repeats)
{
	struct wf_boilerplate_copy *copy = &boilerplate->copy;
	const size_t place = repeats->copy_place;

	if (place == 0)
		return;
	repeats->copy_place = 0;
	copy->left[place - 1] = NULL;
	memcpy(copy->out + saved_offset(boilerplate, place - 1), repeats, bytes_of(repeats));
}

static void repeats_free(struct wf_boilerplate *boilerplate, struct wf_repeats *repeats)
{
	copy_source(boilerplate, repeats);
	wf_slab_give(&boilerplate->repeats, repeats);
}

static const uint8_t *hot_counts_of(const struct wf_repeats *repeats)
{
	return (const uint8_t *)(repeats->hot + repeats->hot_slots);
}

static uint8_t *hot_counts(struct wf_repeats *repeats)
{
	return (uint8_t *)(repeats->hot + repeats->hot_slots);
}

/* The first slot of the set in which the search for a shingle begins. */
static uint32_t hot_home(const struct wf_repeats *repeats, uint32_t hash)
{
	return wf_kernel_hot_home(hash, repeats->hot_slots / HOT_SET);
}

/* The slot of a shingle that is hot, else HOT_NONE. Shingle 0 looks like a free slot. */
static uint32_t hot_find(const struct wf_repeats *repeats, uint32_t shingle, uint32_t hash)
{
	uint32_t at = hot_home(repeats, hash);

	for (uint32_t walked = 0; walked < repeats->hot_slots; walked += HOT_SET) {
		const uint32_t found = wf_eight_equal(repeats->hot + at, UINT32_MAX, shingle);

		if (found != 0)
			return at + (uint32_t)__builtin_ctz(found);
		if (repeats->hot[at + HOT_SET - 1] == 0)
			break;
		at = (at + HOT_SET) & (repeats->hot_slots - 1);
	}
	return HOT_NONE;
}

/* Puts a shingle, of which so many stories are known, into the first free slot from its home on. There is one. */
static void hot_place(struct wf_repeats *repeats, uint32_t shingle, uint32_t hash, uint8_t count)
{
	uint32_t at = hot_home(repeats, hash);

	while (repeats->hot[at] != 0)
		at = (at + 1) & (repeats->hot_slots - 1);
	repeats->hot[at] = shingle;
	hot_counts(repeats)[at] = count;
	repeats->hot_count++;
}

static void hot_double(struct wf_repeats *repeats)
{
	uint32_t shingles[HOT_SLOTS_MAX];
	uint8_t counts[HOT_SLOTS_MAX];
	const uint32_t slots = repeats->hot_slots;

	memcpy(shingles, repeats->hot, slots * sizeof *shingles);
	memcpy(counts, hot_counts(repeats), slots);
	memset(repeats->hot, 0, sizeof repeats->hot);
	repeats->hot_slots = 2 * slots;
	repeats->hot_count = 0;
	for (uint32_t i = 0; i < slots; i++)
		if (shingles[i] != 0)
			hot_place(repeats, shingles[i], wf_kernel_hash(shingles[i]), counts[i]);
}

static struct wf_repeats *repeats_of(const struct wf_boilerplate *boilerplate, uint64_t source)
{
	struct wf_repeats **found = source == 0 ? NULL : wf_map_find(&boilerplate->sources, source);

	return found == NULL ? NULL : *found;
}

/* The pair of slots that may hold a shingle. */
static uint32_t *common_pair(const struct wf_boilerplate *boilerplate, uint32_t hash)
{
	return &boilerplate->common[wf_kernel_common_home(hash)];
}

static void set_bit32(uint32_t *bits, uint32_t bit)
{
	bits[bit / 32] |= UINT32_C(1) << (bit % 32);
}

/* Shingle 0, two words of token 0, is never common: no loss. Where a pair is full the shingle is left out. */
static void add_common(struct wf_boilerplate *boilerplate, uint32_t shingle)
{
	const uint32_t hash = wf_kernel_hash(shingle);
	uint32_t *pair = common_pair(boilerplate, hash);

	if (pair[0] == 0)
		pair[0] = shingle;
	else if (pair[1] == 0)
		pair[1] = shingle;
	set_bit32(boilerplate->common_bits, wf_kernel_common_bit(hash));
}

/* Whether two stories of the source had the shingle. */
static bool was_repeated(const struct wf_repeats *repeats, uint32_t shingle)
{
	const struct set *set = set_of(repeats, wf_kernel_hash(shingle));

	return (wf_eight_equal(set->shingles, UINT32_MAX, shingle) & wf_eight_above(set->counts, 1)) != 0;
}

/* Asks for the set of the shingle that begins at tokens[0]. */
static void ask_for_set(const struct wf_repeats *repeats, const uint16_t *tokens)
{
	__builtin_prefetch(set_of(repeats, wf_kernel_hash(WF_SHINGLE_OF(tokens[0], tokens[1]))));
}

/* seen[i] is 1 where two stories of a young source had the shingle that begins at token i; it is 0 elsewhere, as it was
 * before. */
static void find_repeated(const struct wf_repeats *repeats, const uint16_t *tokens, size_t tokens_count, uint8_t *seen)
{
	const uint32_t *twice = seen_in(repeats) + repeats->seen_bits / 32;
	uint32_t bits[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
	uint16_t places[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
	const uint32_t count = wf_kernels()->seen(tokens, (uint32_t)tokens_count, twice, TWICE_SHIFT, bits, places);

	for (uint32_t i = 0; i < count; i++) {
		if (i + SETS_AHEAD < count)
			ask_for_set(repeats, tokens + places[i + SETS_AHEAD]);
		seen[places[i]] = was_repeated(repeats, WF_SHINGLE_OF(tokens[places[i]], tokens[places[i] + 1]));
	}
}

/* seen[i] is 1 where an earlier story of the source may have had the shingle, as far as its bit tells. */
static void mark_seen(const struct wf_repeats *repeats, const uint16_t *tokens, size_t tokens_count, uint8_t *seen)
{
	uint32_t bits[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
	uint16_t places[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
	const uint32_t count = find_seen(repeats, tokens, tokens_count, bits, places);

	for (uint32_t i = 0; i < count; i++)
		seen[places[i]] = 1;
}

/* Marks the runs of shingles that a young source has printed before; returns true where it does not, since they are
 * nearly all of the article, which may be the same story once more. Byte by byte and without branches: what was seen
 * comes and goes, and is not to be guessed. */
static bool mask_seen(const struct wf_repeats *repeats, const uint16_t *tokens, size_t tokens_count, enum wf_page page,
		      uint8_t *mask)
{
	uint8_t seen[WF_DOCUMENT_TOKENS_MAX + YOUNG_RUN];
	uint8_t runs[WF_DOCUMENT_TOKENS_MAX + 2 * YOUNG_RUN];
	size_t marked = 0;

	memset(seen, 0, tokens_count + YOUNG_RUN);
	if (page == WF_PAGE_LEARNED)
		find_repeated(repeats, tokens, tokens_count, seen);
	else
		mark_seen(repeats, tokens, tokens_count, seen);
	memset(runs, 0, YOUNG_RUN);
	/* runs[YOUNG_RUN + i]: a run begins at or goes through shingle i, with YOUNG_RUN of them from i on. */
	for (size_t i = 0; i < tokens_count; i++)
		runs[YOUNG_RUN + i] = seen[i] & seen[i + 1] & seen[i + 2];
	/* Token i is in such a run if one begins at i or at one of the YOUNG_RUN shingles before it. */
	for (size_t i = 0; i < tokens_count; i++) {
		seen[i] = runs[i] | runs[i + 1] | runs[i + 2] | runs[i + 3];
		marked += seen[i];
	}
	if (page != WF_PAGE_OTHER && (double)marked > YOUNG_SHARE_MAX * (double)tokens_count)
		return true;
	for (size_t i = 0; i < tokens_count; i++)
		mask[i] |= seen[i];
	return false;
}

_Static_assert(YOUNG_RUN == 3, "mask_seen() looks at three shingles");

/* Whether the next story is passed over: what has settled is known well enough from a sample. */
static bool is_passed_over(const struct wf_repeats *repeats)
{
	if (repeats->source == 0)
		return repeats->stories_total >= CORPUS_SETTLED && repeats->offered % CORPUS_STEP != 0;
	return repeats->stories_total >= SETTLED_STORIES && repeats->offered % SETTLED_STEP != 0;
}

void wf_boilerplate_prefetch_record(const struct wf_boilerplate *boilerplate, uint64_t source)
{
	const struct wf_repeats *repeats = repeats_of(boilerplate, source);

	if (repeats != NULL)
		wf_prefetch(repeats, offsetof(struct wf_repeats, hot_bits));
}

void wf_boilerplate_prefetch(const struct wf_boilerplate *boilerplate, uint64_t source, bool is_to_learn)
{
	const struct wf_repeats *repeats = repeats_of(boilerplate, source);

	if (repeats == NULL)
		return;
	wf_prefetch(repeats->hot_bits,
		    sizeof repeats->hot_bits + repeats->hot_slots * (sizeof *repeats->hot + sizeof(uint8_t)));
	if (is_to_learn && !is_passed_over(repeats))
		wf_prefetch(repeats->sets, repeats->sets_count * sizeof(struct set) + repeats->seen_bits / 8);
}

/* repeated[i]: whether the shingle that begins at token i is boilerplate of the source or of the corpus. */
static void find_boilerplate(const struct wf_boilerplate *boilerplate, const struct wf_repeats *hot,
			     const uint16_t *tokens, size_t tokens_count, uint8_t *repeated)
{
	const struct wf_kernel_repeats tables = {hot->hot, hot->hot_slots / HOT_SET, boilerplate->common};
	uint16_t places[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
	uint32_t count =
		wf_kernels()->filter(tokens, (uint32_t)tokens_count, hot->hot_bits, boilerplate->common_bits, places);

	memset(repeated, 0, tokens_count);
	count = wf_kernels()->repeated(tokens, &tables, places, count, repeated);
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t shingle = WF_SHINGLE_OF(tokens[places[i]], tokens[places[i] + 1]);

		repeated[places[i]] = hot_find(hot, shingle, wf_kernel_hash(shingle)) != HOT_NONE;
	}
}

/* Whether a source prints the shingle nearly always. What it prints now and then only may be a form that its stories
 * are told in, with names and figures in the gaps. */
static bool is_printed_always(const struct wf_repeats *repeats, const uint16_t *tokens)
{
	const uint32_t shingle = WF_SHINGLE_OF(tokens[0], tokens[1]);
	const uint32_t found = hot_find(repeats, shingle, wf_kernel_hash(shingle));
	const uint32_t count = found == HOT_NONE ? 0 : hot_counts_of(repeats)[found];

	return count >= REPEATS_MIN && count * ALWAYS_SHARE >= repeats->stories;
}

struct gap {
	uint16_t begin;
	uint16_t end;
	uint32_t left; /* tokens of this gap and those before it */
};

/* The gaps that are no longer than what is filled; returns how many. *left: the tokens of all. How long one is is not
 * to be guessed, so no branch asks. */
static uint32_t short_gaps(const uint8_t *mask, uint32_t tokens_count, struct gap *gaps, uint32_t *left)
{
	uint16_t edges[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
	const uint32_t edges_count = wf_kernels()->edges(mask, tokens_count, edges);
	uint32_t count = 0;

	edges[edges_count] = (uint16_t)tokens_count; /* where the last gap is not ended by another edge */
	*left = 0;
	for (uint32_t i = 0; i < edges_count; i += 2) {
		const uint32_t begin = edges[i];
		const uint32_t end = edges[i + 1];
		const bool is_edge = (begin == 0) | (end == tokens_count);

		*left += end - begin;
		gaps[count] = (struct gap){(uint16_t)begin, (uint16_t)end, *left};
		count += end - begin <= (is_edge ? GAP_EDGE_MAX : GAP_MAX);
	}
	return count;
}

/* Marks the gaps in what the source prints nearly always: counters and clocks that change, headlines of other stories.
 * Runs that are marked have two tokens at least. */
static void mask_gaps(const struct wf_repeats *repeats, const uint16_t *tokens, uint32_t tokens_count, uint8_t *mask)
{
	struct gap gaps[WF_DOCUMENT_TOKENS_MAX / 2 + 1];
	uint32_t left;
	const uint32_t short_count = short_gaps(mask, tokens_count, gaps, &left);
	uint32_t gaps_count = 0;
	uint32_t filled = 0;

	for (uint32_t i = 0; i < short_count && gaps_count < GAPS_MAX; i++) {
		const struct gap gap = gaps[i];

		if ((uint32_t)(gap.end - gap.begin) == tokens_count ||
		    (gap.begin != 0 && !is_printed_always(repeats, tokens + gap.begin - 2)) ||
		    (gap.end != tokens_count && !is_printed_always(repeats, tokens + gap.end)))
			continue;
		gaps[gaps_count++] = gap;
		filled += gap.end - gap.begin;
	}
	if (gaps_count == GAPS_MAX)
		left = gaps[gaps_count - 1].left; /* what comes after was not looked at */
	if (filled * GAPS_LEAVE_SHARE > left)
		return;
	for (uint32_t i = 0; i < gaps_count; i++)
		memset(mask + gaps[i].begin, 1, gaps[i].end - gaps[i].begin);
}

bool wf_boilerplate_mask(const struct wf_boilerplate *boilerplate, uint64_t source, const uint16_t *tokens,
			 size_t tokens_count, enum wf_page page, uint8_t *mask)
{
	const struct wf_repeats *repeats = repeats_of(boilerplate, source);
	const struct wf_repeats *hot = repeats == NULL ? boilerplate->corpus : repeats;
	uint8_t room[WF_DOCUMENT_TOKENS_MAX + 1];
	uint8_t *const repeated = room + 1; /* by shingle; room[0] stands for the one before the first */
	bool is_withheld = false;

	room[0] = 0;
	find_boilerplate(boilerplate, hot, tokens, tokens_count, repeated);
	for (size_t i = 0; i < tokens_count; i++)
		mask[i] = room[i] | repeated[i];
	if (repeats != NULL && repeats->stories_total < YOUNG_STORIES && tokens_count > YOUNG_RUN)
		is_withheld = mask_seen(repeats, tokens, tokens_count, page, mask);
	if (repeats != NULL)
		mask_gaps(repeats, tokens, (uint32_t)tokens_count, mask);
	return is_withheld;
}

uint64_t wf_boilerplate_version(const struct wf_boilerplate *boilerplate, uint64_t source)
{
	const struct wf_repeats *repeats = repeats_of(boilerplate, source);
	const uint64_t common = boilerplate->common_version << 33;

	return repeats != NULL ? common | UINT64_C(1) << 32 | repeats->stories_total
			       : common | boilerplate->corpus->stories_total;
}

/* `count` stories have the shingle, enough for boilerplate. What there is no room for is left out. */
static void mark(struct wf_repeats *repeats, uint32_t shingle, uint16_t count)
{
	const uint32_t hash = wf_kernel_hash(shingle);
	const uint8_t known = count < UINT8_MAX ? (uint8_t)count : UINT8_MAX;
	const uint32_t found = hot_find(repeats, shingle, hash);

	if (shingle == 0)
		return;
	if (found != HOT_NONE) {
		hot_counts(repeats)[found] = known;
		return;
	}
	if (repeats->hot_slots < HOT_SLOTS_MAX && repeats->hot_count >= HOT_FULL(repeats->hot_slots))
		hot_double(repeats);
	if (repeats->hot_count >= HOT_FULL_LAST)
		return;
	hot_place(repeats, shingle, hash, known);
	set_bit32(repeats->hot_bits, wf_kernel_hot_bit(hash));
}

/* The place of the shingle in its set, else that of the one least worth keeping: the rarest, of those the one not
 * seen for longest. */
static size_t place_in(const struct set *set, uint32_t shingle, uint16_t now)
{
	const uint32_t found = wf_eight_equal(set->shingles, UINT32_MAX, shingle) & wf_eight_above(set->counts, 0);
	uint64_t worst = UINT64_MAX;

	if (found != 0)
		return (size_t)__builtin_ctz(found);
	/* As one number, its place last, so that there is no branch, which could not be guessed. */
	for (size_t i = 0; i < SET_SLOTS; i++) {
		const uint16_t unseen = (uint16_t)(now - set->last[i]);
		const uint64_t worth = (uint64_t)set->counts[i] << 32 | (uint64_t)(UINT16_MAX - unseen) << 8 | i;

		worst = worth < worst ? worth : worst;
	}
	return worst & UINT8_MAX;
}

/* One more story has the shingle, which an earlier one had too. */
static void count_again(struct wf_repeats *repeats, uint32_t shingle)
{
	const uint32_t hash = wf_kernel_hash(shingle);
	const uint16_t now = (uint16_t)repeats->stories_total;
	struct set *set = &repeats->sets[hash & (repeats->sets_count - 1)];
	const size_t i = place_in(set, shingle, now);

	if (set->shingles[i] != shingle || set->counts[i] == 0) {
		set->shingles[i] = shingle;
		set->counts[i] = 1; /* the earlier story */
	} else if (set->last[i] == now) {
		return;
	}
	set->last[i] = now;
	if (set->counts[i] < UINT16_MAX)
		set->counts[i]++;
	if (repeats->stories_total < YOUNG_STORIES)
		set_bit32(twice_of(repeats), wf_kernel_seen_bit(shingle, TWICE_SHIFT));
	if (set->counts[i] >= repeats->bound)
		mark(repeats, shingle, set->counts[i]);
}

static void rebuild_hot(struct wf_repeats *repeats)
{
	memset(repeats->hot_bits, 0, sizeof repeats->hot_bits);
	memset(repeats->hot, 0, sizeof repeats->hot);
	repeats->hot_slots = HOT_SLOTS_MIN;
	repeats->hot_count = 0;
	for (size_t i = 0; i < repeats->sets_count; i++)
		for (size_t k = 0; k < SET_SLOTS; k++)
			if (repeats->sets[i].counts[k] >= repeats->bound)
				mark(repeats, repeats->sets[i].shingles[k], repeats->sets[i].counts[k]);
}

static void halve(struct wf_repeats *repeats)
{
	repeats->stories /= 2;
	memset(seen_of(repeats), 0, repeats->seen_bits / 8);
	for (size_t i = 0; i < repeats->sets_count; i++)
		for (size_t k = 0; k < SET_SLOTS; k++)
			repeats->sets[i].counts[k] /= 2;
}

static uint32_t bound_of(const struct wf_repeats *repeats, uint32_t share, uint32_t least)
{
	return repeats->stories / share > least ? repeats->stories / share : least;
}

/* How many stories make a shingle boilerplate, now that one more was counted. Where that changed, what is hot is found
 * anew. */
static void set_bound(struct wf_repeats *repeats)
{
	const bool is_corpus = repeats->source == 0;
	const uint32_t bound = bound_of(repeats, is_corpus ? CORPUS_SHARE : REPEATS_SHARE,
					is_corpus ? CORPUS_REPEATS_MIN : REPEATS_MIN);

	if (bound == repeats->bound || (is_corpus && repeats->stories_total < CORPUS_STORIES_MIN))
		return;
	repeats->bound = bound;
	rebuild_hot(repeats);
}

/* First counts what earlier stories had, then notes what this one has: a shingle that comes twice in one story
 * counts once. */
static void count_story(struct wf_repeats *repeats, const uint16_t *tokens, size_t tokens_count, uint32_t halve_at)
{
	uint32_t *seen = seen_of(repeats);
	uint32_t bits[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
	uint16_t again[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
	const uint32_t again_count = find_seen(repeats, tokens, tokens_count, bits, again);

	repeats->stories++;
	repeats->stories_total++;
	for (uint32_t i = 0; i < again_count && i < SETS_AHEAD; i++)
		ask_for_set(repeats, tokens + again[i]);
	for (uint32_t i = 0; i < again_count; i++) {
		if (i + SETS_AHEAD < again_count)
			ask_for_set(repeats, tokens + again[i + SETS_AHEAD]);
		count_again(repeats, WF_SHINGLE_OF(tokens[again[i]], tokens[again[i] + 1]));
	}
	for (size_t i = 0; i + 1 < tokens_count; i++)
		set_bit32(seen, bits[i]);
	if (repeats->stories >= halve_at)
		halve(repeats);
	set_bound(repeats);
}

/* Gives up the source that was heard of least recently. */
static void forget_oldest(struct wf_boilerplate *boilerplate)
{
	size_t position = 0;
	uint64_t key;
	uint64_t oldest_key = 0;
	struct wf_repeats *oldest = NULL;
	void *record;

	while (wf_map_next(&boilerplate->sources, &position, &key, &record)) {
		struct wf_repeats *repeats = *(struct wf_repeats **)record;

		if (oldest == NULL || repeats->used < oldest->used) {
			oldest = repeats;
			oldest_key = key;
		}
	}
	if (oldest != NULL) {
		(void)wf_map_remove(&boilerplate->sources, oldest_key);
		repeats_free(boilerplate, oldest);
	}
}

static void forget_surplus(struct wf_boilerplate *boilerplate)
{
	while (wf_map_count(&boilerplate->sources) > boilerplate->sources_max)
		forget_oldest(boilerplate);
}

static int repeats_for(struct wf_boilerplate *boilerplate, uint64_t source, struct wf_repeats **repeats)
{
	struct wf_repeats **slot = wf_map_find(&boilerplate->sources, source);
	struct wf_repeats *made;

	if (slot != NULL) {
		*repeats = *slot;
		return 0;
	}
	made = repeats_new(boilerplate, source);
	if (made == NULL)
		return WF_ENOMEM;
	slot = wf_map_insert(&boilerplate->sources, source);
	if (slot == NULL) {
		repeats_free(boilerplate, made);
		return WF_ENOMEM;
	}
	*slot = *repeats = made;
	made->used = UINT64_MAX;
	forget_surplus(boilerplate);
	return 0;
}

/* Makes the table of what is common in the corpus anew. */
static void renew_common(struct wf_boilerplate *boilerplate)
{
	const struct wf_repeats *corpus = boilerplate->corpus;

	memset(boilerplate->common, 0, COMMON_SLOTS * sizeof *boilerplate->common);
	memset(boilerplate->common_bits, 0, WF_KERNEL_COMMON_BITS / 8);
	boilerplate->common_version++;
	for (size_t i = 0; i < corpus->sets_count; i++)
		for (size_t k = 0; k < SET_SLOTS; k++)
			if (corpus->sets[i].counts[k] >= corpus->bound)
				add_common(boilerplate, corpus->sets[i].shingles[k]);
}

int wf_boilerplate_init(struct wf_boilerplate *boilerplate, size_t sources_max)
{
	*boilerplate = (struct wf_boilerplate){.sources_max = sources_max};
	wf_slab_init(&boilerplate->repeats, room_bytes(SOURCE_SETS, SOURCE_SEEN_BITS));
	wf_map_init(&boilerplate->sources, sizeof(struct wf_repeats *));
	boilerplate->corpus = repeats_new(boilerplate, 0);
	boilerplate->common = calloc(COMMON_SLOTS, sizeof *boilerplate->common);
	boilerplate->common_bits = calloc(WF_KERNEL_COMMON_BITS / 32, sizeof *boilerplate->common_bits);
	return boilerplate->corpus == NULL || boilerplate->common == NULL || boilerplate->common_bits == NULL
		       ? WF_ENOMEM
		       : 0;
}

void wf_boilerplate_close(struct wf_boilerplate *boilerplate)
{
	wf_boilerplate_save_end(boilerplate);
	wf_map_close(&boilerplate->sources);
	wf_slab_close(&boilerplate->repeats);
	wf_pages_free(boilerplate->corpus);
	free(boilerplate->common);
	free(boilerplate->common_bits);
	boilerplate->corpus = NULL;
	boilerplate->common = NULL;
	boilerplate->common_bits = NULL;
}

size_t wf_boilerplate_memory_bytes(const struct wf_boilerplate *boilerplate)
{
	return room_bytes(CORPUS_SETS, CORPUS_SEEN_BITS) + wf_slab_memory_bytes(&boilerplate->repeats) +
	       wf_map_memory_bytes(&boilerplate->sources);
}

/* One more story is offered: whether it is to be counted. */
static bool is_next(struct wf_repeats *repeats)
{
	const bool passed_over = is_passed_over(repeats);

	repeats->offered++;
	return !passed_over;
}

int wf_boilerplate_learn(struct wf_boilerplate *boilerplate, uint64_t source, const uint16_t *tokens,
			 size_t tokens_count, bool is_story)
{
	struct wf_repeats *repeats = NULL;
	const int error = source == 0 ? 0 : repeats_for(boilerplate, source, &repeats);

	if (error != 0)
		return error;
	boilerplate->clock++;
	if (is_story && is_next(boilerplate->corpus)) {
		count_story(boilerplate->corpus, tokens, tokens_count, CORPUS_HALVE);
		if (boilerplate->clock % COMMON_RENEW == 0 || boilerplate->corpus->stories_total < COMMON_RENEW)
			renew_common(boilerplate);
	}
	if (repeats == NULL)
		return 0;
	copy_source(boilerplate, repeats);
	repeats->used = boilerplate->clock;
	if (is_next(repeats))
		count_story(repeats, tokens, tokens_count, STORIES_HALVE);
	return 0;
}

size_t wf_boilerplate_saved_bytes(const struct wf_boilerplate *boilerplate)
{
	return saved_offset(boilerplate, wf_map_count(&boilerplate->sources));
}

int wf_boilerplate_save_begin(struct wf_boilerplate *boilerplate, char *out)
{
	struct wf_boilerplate_copy *copy = &boilerplate->copy;
	const size_t sources_count = wf_map_count(&boilerplate->sources);
	const struct saved_header header = {boilerplate->clock, sources_count};
	size_t position = 0;
	uint64_t key;
	void *record;

	wf_boilerplate_save_end(boilerplate);
	copy->left = calloc(sources_count + 1, sizeof(struct wf_repeats *));
	if (copy->left == NULL)
		return WF_ENOMEM;
	copy->out = out;
	memcpy(out, &header, sizeof header);
	memcpy(out + sizeof header, boilerplate->corpus, bytes_of(boilerplate->corpus));
	while (wf_map_next(&boilerplate->sources, &position, &key, &record)) {
		struct wf_repeats *repeats = *(struct wf_repeats **)record;

		copy->left[copy->sources_count++] = repeats;
		repeats->copy_place = (uint32_t)copy->sources_count;
	}
	return 0;
}

void wf_boilerplate_save_fill(struct wf_boilerplate *boilerplate, size_t until)
{
	struct wf_boilerplate_copy *copy = &boilerplate->copy;

	for (; copy->copied_count < copy->sources_count && saved_offset(boilerplate, copy->copied_count) < until;
	     copy->copied_count++)
		if (copy->left[copy->copied_count] != NULL)
			copy_source(boilerplate, copy->left[copy->copied_count]);
}

void wf_boilerplate_save_end(struct wf_boilerplate *boilerplate)
{
	struct wf_boilerplate_copy *copy = &boilerplate->copy;

	for (size_t i = copy->copied_count; i < copy->sources_count; i++)
		if (copy->left[i] != NULL)
			copy->left[i]->copy_place = 0;
	free(copy->left);
	*copy = (struct wf_boilerplate_copy){.out = NULL};
}

/* Whether the table of what is hot has a size that it may have, and room for more. */
static bool is_hot_sound(const struct wf_repeats *head)
{
	uint32_t count = 0;

	if (head->hot_slots < HOT_SLOTS_MIN || head->hot_slots > HOT_SLOTS_MAX ||
	    (head->hot_slots & (head->hot_slots - 1)) != 0)
		return false;
	for (uint32_t i = 0; i < head->hot_slots; i++)
		count += head->hot[i] != 0;
	return count == head->hot_count && count <= HOT_FULL_LAST;
}

/* The bits that are not saved. */
static void note_twice(struct wf_repeats *repeats)
{
	for (size_t i = 0; i < repeats->sets_count; i++)
		for (size_t k = 0; k < SET_SLOTS; k++)
			if (repeats->sets[i].counts[k] >= 2)
				set_bit32(twice_of(repeats),
					  wf_kernel_seen_bit(repeats->sets[i].shingles[k], TWICE_SHIFT));
}

/* Takes one source's repeats off the front of `bytes`. */
static int load_repeats(struct wf_boilerplate *boilerplate, struct wf_bytes *bytes, bool is_corpus,
			struct wf_repeats **repeats)
{
	struct wf_repeats head;
	size_t length;

	if (bytes->length < sizeof head)
		return WF_ECORRUPT;
	memcpy(&head, bytes->data, sizeof head);
	if (head.sets_count != (is_corpus ? CORPUS_SETS : SOURCE_SETS) ||
	    head.seen_bits != (is_corpus ? CORPUS_SEEN_BITS : SOURCE_SEEN_BITS) || (head.source == 0) != is_corpus)
		return WF_ECORRUPT;
	if (!is_hot_sound(&head))
		return WF_ECORRUPT;
	length = bytes_of(&head);
	if (bytes->length < length)
		return WF_ECORRUPT;
	*repeats = repeats_new(boilerplate, head.source);
	if (*repeats == NULL)
		return WF_ENOMEM;
	memcpy(*repeats, bytes->data, length);
	(*repeats)->copy_place = 0;
	note_twice(*repeats);
	bytes->data += length;
	bytes->length -= length;
	return 0;
}

int wf_boilerplate_load(struct wf_boilerplate *boilerplate, struct wf_bytes bytes)
{
	struct saved_header header;
	struct wf_repeats *repeats;
	int error;

	if (bytes.length < sizeof header)
		return WF_ECORRUPT;
	memcpy(&header, bytes.data, sizeof header);
	bytes.data += sizeof header;
	bytes.length -= sizeof header;
	error = load_repeats(boilerplate, &bytes, true, &repeats);
	if (error != 0)
		return error;
	wf_pages_free(boilerplate->corpus);
	boilerplate->corpus = repeats;
	boilerplate->clock = header.clock;
	renew_common(boilerplate);
	for (uint64_t i = 0; i < header.sources_count; i++) {
		struct wf_repeats **slot;

		error = load_repeats(boilerplate, &bytes, false, &repeats);
		if (error != 0)
			return error;
		slot = wf_map_insert(&boilerplate->sources, repeats->source);
		if (slot == NULL || *slot != NULL) {
			repeats_free(boilerplate, repeats);
			return slot == NULL ? WF_ENOMEM : WF_ECORRUPT;
		}
		*slot = repeats;
	}
	forget_surplus(boilerplate);
	return bytes.length == 0 ? 0 : WF_ECORRUPT;
}
