#include "boilerplate.h"

#include <stdlib.h>

#define SET_SLOTS 8u
#define SETS_MIN 32u           /* of a source with one article */
#define SETS_MAX 256u          /* of a source: 2,048 shingles, 16 KiB */
#define CORPUS_SETS 8192u      /* 65,536 shingles, 512 KiB */
#define STORIES_HALVE 64u      /* a source's counts are halved at this many stories */
#define CORPUS_HALVE 4096u
#define REPEATS_MIN 3u         /* stories of a source that make a shingle boilerplate ... */
#define REPEATS_SHARE 8u       /* ... and at least one in so many of its stories */
#define SETTLED_STORIES 48u     /* a source that has printed so much is learned from every 4th story */
#define CORPUS_SETTLED 1024u
#define SETTLED_STEP 4u
#define CORPUS_STORIES_MIN 30u
#define CORPUS_REPEATS_MIN 6u
#define CORPUS_SHARE 25u
#define FILTER_BITS 16384u     /* which shingles may be boilerplate: most are not, and one bit says so */

struct slot {
	uint32_t shingle;
	uint16_t count;
	uint16_t last; /* story of this source, modulo 65536 */
};

struct wf_repeats {
	uint64_t source;
	uint64_t used; /* boilerplate.clock at the last article */
	uint32_t stories; /* halved with the counts */
	uint32_t stories_total;
	uint32_t sets_count; /* a power of two */
	uint32_t bound; /* stories that make a shingle boilerplate; UINT32_MAX: too early to say */
	uint64_t filter[FILTER_BITS / 64];
	struct slot slots[];
};

/* Saved as it is in memory: little endian, checked by its sizes. */
struct saved_header {
	uint64_t clock;
	uint64_t sources_count;
};

static uint32_t spread(uint32_t shingle)
{
	uint32_t hash = shingle * 0x9E3779B1u;

	hash ^= hash >> 15;
	return hash * 0x85EBCA77u;
}

static size_t repeats_bytes(uint32_t sets_count)
{
	return sizeof(struct wf_repeats) + (size_t)sets_count * SET_SLOTS * sizeof(struct slot);
}

static struct wf_repeats *repeats_new(struct wf_boilerplate *boilerplate, uint64_t source, uint32_t sets_count)
{
	struct wf_repeats *repeats = calloc(1, repeats_bytes(sets_count));

	if (repeats == NULL)
		return NULL;
	repeats->source = source;
	repeats->sets_count = sets_count;
	repeats->bound = UINT32_MAX;
	boilerplate->memory_bytes += repeats_bytes(sets_count);
	return repeats;
}

static void repeats_free(struct wf_boilerplate *boilerplate, struct wf_repeats *repeats)
{
	if (repeats == NULL)
		return;
	boilerplate->memory_bytes -= repeats_bytes(repeats->sets_count);
	free(repeats);
}

static struct slot *set_of(struct wf_repeats *repeats, uint32_t shingle)
{
	return repeats->slots + (size_t)(spread(shingle) & (repeats->sets_count - 1)) * SET_SLOTS;
}

static uint32_t count_of(const struct wf_repeats *repeats, uint32_t shingle, uint32_t hash)
{
	const struct slot *set = repeats->slots + (size_t)(hash & (repeats->sets_count - 1)) * SET_SLOTS;

	for (size_t i = 0; i < SET_SLOTS; i++)
		if (set[i].shingle == shingle)
			return set[i].count;
	return 0;
}

/* Whether the filter lets the shingle of this hash through: it may be boilerplate. */
static bool may_repeat(const struct wf_repeats *repeats, uint32_t hash)
{
	const uint32_t bit = hash / (UINT32_MAX / FILTER_BITS + 1);

	return (repeats->filter[bit / 64] >> (bit % 64) & 1) != 0;
}

static struct wf_repeats *repeats_of(const struct wf_boilerplate *boilerplate, uint64_t source)
{
	struct wf_repeats **found = source == 0 ? NULL : wf_map_find(&boilerplate->sources, source);

	return found == NULL ? NULL : *found;
}

void wf_boilerplate_mask(const struct wf_boilerplate *boilerplate, uint64_t source, const uint16_t *tokens, size_t tokens_count,
			 uint8_t *mask)
{
	const struct wf_repeats *corpus = boilerplate->corpus;
	const struct wf_repeats *found = repeats_of(boilerplate, source);
	const struct wf_repeats *repeats = found == NULL ? corpus : found;

	memset(mask, 0, tokens_count);
	for (size_t i = 0; i + 1 < tokens_count; i++) {
		const uint32_t shingle = WF_SHINGLE_OF(tokens[i], tokens[i + 1]);
		const uint32_t hash = spread(shingle);

		if ((may_repeat(repeats, hash) && count_of(repeats, shingle, hash) >= repeats->bound) ||
		    (may_repeat(corpus, hash) && count_of(corpus, shingle, hash) >= corpus->bound))
			mask[i] = mask[i + 1] = 1;
	}
}

/* The slot of the shingle, a free one, or the least worth keeping: the rarest, of those the one not seen for longest. */
static struct slot *slot_for(struct wf_repeats *repeats, uint32_t shingle)
{
	struct slot *set = set_of(repeats, shingle);
	struct slot *worst = set;

	for (size_t i = 0; i < SET_SLOTS; i++) {
		const uint16_t age = (uint16_t)(repeats->stories_total - set[i].last);
		const uint16_t age_worst = (uint16_t)(repeats->stories_total - worst->last);

		if (set[i].count != 0 && set[i].shingle == shingle)
			return &set[i];
		if (set[i].count < worst->count || (set[i].count == worst->count && age > age_worst))
			worst = &set[i];
	}
	*worst = (struct slot){.shingle = shingle};
	return worst;
}

static void mark(struct wf_repeats *repeats, uint32_t shingle)
{
	const uint32_t bit = spread(shingle) / (UINT32_MAX / FILTER_BITS + 1);

	repeats->filter[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static void rebuild_filter(struct wf_repeats *repeats)
{
	memset(repeats->filter, 0, sizeof repeats->filter);
	for (size_t i = 0; i < (size_t)repeats->sets_count * SET_SLOTS; i++)
		if (repeats->slots[i].count >= repeats->bound)
			mark(repeats, repeats->slots[i].shingle);
}

static void halve(struct wf_repeats *repeats)
{
	repeats->stories /= 2;
	for (size_t i = 0; i < (size_t)repeats->sets_count * SET_SLOTS; i++) {
		struct slot *slot = &repeats->slots[i];

		slot->count /= 2;
		if (slot->count == 0)
			*slot = (struct slot){0};
	}
}

/* How many stories make a shingle boilerplate, now that one more was counted. The filter holds those that reached the bound; it is made
 * anew where the bound fell, and now and then while it rises, so that it does not fill up. */
static void set_bound(struct wf_repeats *repeats)
{
	const bool is_corpus = repeats->source == 0;
	const uint32_t least = is_corpus ? CORPUS_REPEATS_MIN : REPEATS_MIN;
	const uint32_t share = repeats->stories / (is_corpus ? CORPUS_SHARE : REPEATS_SHARE);
	const uint32_t bound = is_corpus && repeats->stories_total < CORPUS_STORIES_MIN ? UINT32_MAX : share > least ? share : least;

	if (bound != repeats->bound) {
		repeats->bound = bound;
		rebuild_filter(repeats);
	}
}

/* Whether this story is passed over: what has settled is known well enough from a sample. */
static bool is_passed_over(const struct wf_boilerplate *boilerplate, const struct wf_repeats *repeats)
{
	const uint32_t settled = repeats->source == 0 ? CORPUS_SETTLED : SETTLED_STORIES;

	return repeats->stories_total >= settled && boilerplate->clock % SETTLED_STEP != 0;
}

static void count_story(struct wf_repeats *repeats, const uint16_t *tokens, size_t tokens_count, uint32_t halve_at)
{
	repeats->stories++;
	repeats->stories_total++;
	for (size_t i = 0; i + 1 < tokens_count; i++) {
		const uint32_t shingle = WF_SHINGLE_OF(tokens[i], tokens[i + 1]);
		struct slot *slot = slot_for(repeats, shingle);
		const uint16_t now = (uint16_t)repeats->stories_total;

		if (slot->count != 0 && slot->last == now)
			continue;
		slot->last = now;
		if (slot->count < UINT16_MAX)
			slot->count++;
		if (slot->count >= repeats->bound)
			mark(repeats, shingle);
	}
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

static int repeats_for(struct wf_boilerplate *boilerplate, uint64_t source, struct wf_repeats **repeats)
{
	struct wf_repeats **slot = wf_map_find(&boilerplate->sources, source);
	struct wf_repeats *made;

	if (slot != NULL) {
		*repeats = *slot;
		return 0;
	}
	if (wf_map_count(&boilerplate->sources) >= boilerplate->sources_max)
		forget_oldest(boilerplate);
	made = repeats_new(boilerplate, source, SETS_MIN);
	if (made == NULL)
		return WF_ENOMEM;
	slot = wf_map_insert(&boilerplate->sources, source);
	if (slot == NULL) {
		repeats_free(boilerplate, made);
		return WF_ENOMEM;
	}
	*slot = made;
	*repeats = made;
	return 0;
}

/* A source that goes on printing gets more room: its slots move to a table twice as large. */
static int enlarge(struct wf_boilerplate *boilerplate, struct wf_repeats **repeats)
{
	struct wf_repeats *old = *repeats;
	struct wf_repeats *larger;
	struct wf_repeats **slot;

	if (old->sets_count >= SETS_MAX)
		return 0;
	larger = repeats_new(boilerplate, old->source, old->sets_count * 2);
	if (larger == NULL)
		return WF_ENOMEM;
	larger->used = old->used;
	larger->stories = old->stories;
	larger->stories_total = old->stories_total;
	larger->bound = old->bound;
	memcpy(larger->filter, old->filter, sizeof larger->filter);
	for (size_t i = 0; i < (size_t)old->sets_count * SET_SLOTS; i++)
		if (old->slots[i].count != 0)
			*slot_for(larger, old->slots[i].shingle) = old->slots[i];
	slot = wf_map_find(&boilerplate->sources, old->source);
	*slot = larger;
	*repeats = larger;
	repeats_free(boilerplate, old);
	return 0;
}

int wf_boilerplate_init(struct wf_boilerplate *boilerplate, size_t sources_max)
{
	*boilerplate = (struct wf_boilerplate){.sources_max = sources_max};
	wf_map_init(&boilerplate->sources, sizeof(struct wf_repeats *));
	boilerplate->corpus = repeats_new(boilerplate, 0, CORPUS_SETS);
	return boilerplate->corpus == NULL ? WF_ENOMEM : 0;
}

void wf_boilerplate_close(struct wf_boilerplate *boilerplate)
{
	size_t position = 0;
	uint64_t key;
	void *record;

	while (wf_map_next(&boilerplate->sources, &position, &key, &record))
		free(*(struct wf_repeats **)record);
	wf_map_close(&boilerplate->sources);
	free(boilerplate->corpus);
	boilerplate->corpus = NULL;
}

int wf_boilerplate_learn(struct wf_boilerplate *boilerplate, uint64_t source, const uint16_t *tokens, size_t tokens_count, bool is_story)
{
	struct wf_repeats *repeats;
	int error;

	boilerplate->clock++;
	if (is_story && !is_passed_over(boilerplate, boilerplate->corpus))
		count_story(boilerplate->corpus, tokens, tokens_count, CORPUS_HALVE);
	if (source == 0)
		return 0;
	error = repeats_for(boilerplate, source, &repeats);
	if (error != 0)
		return error;
	repeats->used = boilerplate->clock;
	if (is_passed_over(boilerplate, repeats))
		return 0;
	while (repeats->sets_count < SETS_MAX &&
	       (repeats->stories_total + 1) * (uint32_t)(tokens_count < 65536 ? tokens_count : 65536) >
		       repeats->sets_count * SET_SLOTS / 2) {
		error = enlarge(boilerplate, &repeats);
		if (error != 0)
			return error;
	}
	count_story(repeats, tokens, tokens_count, STORIES_HALVE);
	return 0;
}

int wf_boilerplate_save(const struct wf_boilerplate *boilerplate, struct wf_arena *arena, struct wf_bytes *bytes)
{
	const struct saved_header header = {boilerplate->clock, wf_map_count(&boilerplate->sources)};
	size_t length = sizeof header + repeats_bytes(boilerplate->corpus->sets_count);
	size_t position = 0;
	uint64_t key;
	void *record;
	char *out;

	while (wf_map_next(&boilerplate->sources, &position, &key, &record))
		length += repeats_bytes((*(struct wf_repeats **)record)->sets_count);
	out = wf_arena_take(arena, length);
	if (out == NULL)
		return WF_ENOMEM;
	*bytes = (struct wf_bytes){out, length};
	memcpy(out, &header, sizeof header);
	out += sizeof header;
	memcpy(out, boilerplate->corpus, repeats_bytes(boilerplate->corpus->sets_count));
	out += repeats_bytes(boilerplate->corpus->sets_count);
	for (position = 0; wf_map_next(&boilerplate->sources, &position, &key, &record);) {
		const struct wf_repeats *repeats = *(struct wf_repeats **)record;

		memcpy(out, repeats, repeats_bytes(repeats->sets_count));
		out += repeats_bytes(repeats->sets_count);
	}
	return 0;
}

/* Takes one source's repeats off the front of `bytes`. */
static int load_repeats(struct wf_boilerplate *boilerplate, struct wf_bytes *bytes, struct wf_repeats **repeats)
{
	struct wf_repeats head;
	size_t length;

	if (bytes->length < sizeof head)
		return WF_ECORRUPT;
	memcpy(&head, bytes->data, sizeof head);
	if (head.sets_count == 0 || (head.sets_count & (head.sets_count - 1)) != 0 || head.sets_count > CORPUS_SETS)
		return WF_ECORRUPT;
	length = repeats_bytes(head.sets_count);
	if (bytes->length < length)
		return WF_ECORRUPT;
	*repeats = repeats_new(boilerplate, head.source, head.sets_count);
	if (*repeats == NULL)
		return WF_ENOMEM;
	memcpy(*repeats, bytes->data, length);
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
	error = load_repeats(boilerplate, &bytes, &repeats);
	if (error != 0)
		return error;
	repeats_free(boilerplate, boilerplate->corpus);
	boilerplate->corpus = repeats;
	boilerplate->clock = header.clock;
	for (uint64_t i = 0; i < header.sources_count; i++) {
		struct wf_repeats **slot;

		error = load_repeats(boilerplate, &bytes, &repeats);
		if (error != 0)
			return error;
		slot = repeats->source == 0 ? NULL : wf_map_insert(&boilerplate->sources, repeats->source);
		if (slot == NULL || *slot != NULL) {
			repeats_free(boilerplate, repeats);
			return slot == NULL ? WF_ENOMEM : WF_ECORRUPT;
		}
		*slot = repeats;
	}
	return bytes.length == 0 ? 0 : WF_ECORRUPT;
}
