#include "lsh.h"

#include <assert.h>
#include <stdlib.h>

#include "base/eight.h"
#include "base/pages.h"
#include "base/prefetch.h"

#define LINE_BYTES  64u
#define LINES_FIRST 7u    /* of a segment: 1.75 MiB in all, one large page */
#define LINES_SMALL 256u  /* 64 MiB in all: up to there memory is cheaper than moving */
#define LINES_LARGE 4096u /* 1 GiB in all: from there on it is dear */

#define BYTES_AHEAD          (16u << 20) /* of the region that segments move to, which are asked for */
#define INSERTIONS_LATER     256u /* for each line of a segment: until the first moves, and those bytes are there ... */
#define INSERTIONS_LATER_MAX 8192u /* ... at most */

/* Lines that an insertion moves while segments do: more of small ones, which are full sooner by chance; fewer of large
 * ones, whose memory takes as long to be made. */
#define LINES_A_MOVE_SMALL 16u
#define LINES_A_MOVE       4u

#define PLAIN_MAX 4u /* articles of a key that have a place each; more have a posting list together */

#define MARKS  0xFu /* of a tag: bits that are not its own, four of the line's marks */
#define LISTED (WF_LSH_NUMBER_MAX + 1)

struct wf_lsh_line {
	uint32_t tags[WF_LSH_LINE_ENTRIES]; /* 0 but for MARKS: the place is free */
	uint32_t numbers[WF_LSH_LINE_ENTRIES];
};

_Static_assert(sizeof(struct wf_lsh_line) == LINE_BYTES, "a line is one cache line");
_Static_assert(WF_LSH_LINE_ENTRIES == 8, "a line is looked at by eights");

static struct wf_lsh_segment *segment_of(const struct wf_lsh *lsh, uint64_t key)
{
	return &lsh->segments[key % WF_LSH_SEGMENTS];
}

/* Never 0, which is what a free place has. */
static uint32_t tag_of(uint64_t key)
{
	const uint32_t tag = (uint32_t)(key >> 32) & ~MARKS;

	return tag == 0 ? MARKS + 1 : tag;
}

static uint32_t home_of(uint32_t lines_count, uint32_t tag)
{
	return (uint32_t)((uint64_t)tag * lines_count >> 32);
}

/* Where a search for the tag goes on after a line: so many lines further as the tag says (double hashing; the number
 * of lines is a prime, so that the search comes to all of them). */
static uint32_t line_after(uint32_t lines_count, uint32_t tag, uint32_t line_index)
{
	const uint32_t step = 1 + (uint32_t)((uint64_t)(tag * 0x9E3779B1u) * (lines_count - 1) >> 32);
	const uint32_t next = line_index + step;

	return next < lines_count ? next : next - lines_count;
}

static uint64_t region_bytes(const struct wf_lsh_region *region, uint32_t segments)
{
	return (uint64_t)segments * region->segment_lines * LINE_BYTES;
}

static void free_region(const struct wf_lsh *lsh, struct wf_lsh_region *region)
{
	wf_pages_free_asked(&lsh->ahead, region->lines, region_bytes(region, WF_LSH_SEGMENTS));
	*region = (struct wf_lsh_region){NULL, 0};
}

int wf_lsh_init(struct wf_lsh *lsh)
{
	*lsh = (struct wf_lsh){.segments = calloc(WF_LSH_SEGMENTS, sizeof(struct wf_lsh_segment))};
	if (lsh->segments == NULL)
		return WF_ENOMEM;
	wf_postings_init(&lsh->postings);
	lsh->memory_bytes = WF_LSH_SEGMENTS * sizeof(struct wf_lsh_segment);
	return 0;
}

void wf_lsh_close(struct wf_lsh *lsh)
{
	free_region(lsh, &lsh->region);
	free_region(lsh, &lsh->old);
	free(lsh->fills);
	free(lsh->segments);
	wf_postings_close(&lsh->postings);
	*lsh = (struct wf_lsh){0};
}

/* The places of a line that have the tag: a bit each. */
static uint32_t matches_of(const struct wf_lsh_line *line, uint32_t tag)
{
	return wf_eight_equal(line->tags, ~MARKS, tag);
}

static uint32_t free_of(const struct wf_lsh_line *line)
{
	return matches_of(line, 0);
}

/* Where a line has the mark that an entry with the tag leaves: by bits that do not choose its line. */
static uint32_t mark_place(uint32_t tag)
{
	return tag / (MARKS + 1) % WF_LSH_LINE_ENTRIES;
}

static uint32_t mark_bit(uint32_t tag)
{
	return tag / ((MARKS + 1) * WF_LSH_LINE_ENTRIES) % 4;
}

static bool goes_on(const struct wf_lsh_line *line, uint32_t tag)
{
	return (line->tags[mark_place(tag)] >> mark_bit(tag) & 1) != 0;
}

static void mark(struct wf_lsh_line *line, uint32_t tag)
{
	line->tags[mark_place(tag)] |= 1u << mark_bit(tag);
}

/* Puts an entry into the first free place from its home on. There is one. */
static void place(struct wf_lsh_segment *segment, uint32_t tag, uint32_t number)
{
	uint32_t at = home_of(segment->lines_count, tag);
	uint32_t places;
	uint32_t i;

	for (; (places = free_of(&segment->lines[at])) == 0; at = line_after(segment->lines_count, tag, at))
		mark(&segment->lines[at], tag);
	i = (uint32_t)__builtin_ctz(places);
	segment->lines[at].tags[i] |= tag;
	segment->lines[at].numbers[i] = number;
}

/* Makes a segment at `lines`, which are not where it is. The order of entries is that of their homes but for what
 * overflowed, so that lines fill one after another; how full each is is counted beside, since a line that was just
 * written is slow to be looked at as a whole. */
static void make_anew(struct wf_lsh_segment *segment, struct wf_lsh_line *lines, uint32_t lines_count, uint8_t *fills)
{
	struct wf_lsh_segment made = {
		.lines = lines, .lines_count = lines_count, .places_taken = segment->places_taken};

	memset(lines, 0, (size_t)lines_count * LINE_BYTES);
	memset(fills, 0, lines_count);
	for (uint32_t i = 0; i < segment->lines_count; i++) {
		const struct wf_lsh_line *line = &segment->lines[i];

		for (uint32_t taken = ~free_of(line) & 0xff; taken != 0; taken &= taken - 1) {
			const uint32_t k = (uint32_t)__builtin_ctz(taken);
			const uint32_t tag = line->tags[k] & ~MARKS;
			uint32_t at = home_of(lines_count, tag);

			for (; fills[at] == WF_LSH_LINE_ENTRIES; at = line_after(lines_count, tag, at))
				mark(&lines[at], tag);
			lines[at].tags[fills[at]] |= tag;
			lines[at].numbers[fills[at]] = line->numbers[k];
			fills[at]++;
		}
	}
	*segment = made;
}

static void count_memory(struct wf_lsh *lsh)
{
	lsh->memory_bytes = WF_LSH_SEGMENTS * sizeof(struct wf_lsh_segment) +
			    region_bytes(&lsh->region, WF_LSH_SEGMENTS) + lsh->region.segment_lines +
			    region_bytes(&lsh->old, WF_LSH_SEGMENTS - lsh->moved) +
			    wf_postings_memory_bytes(&lsh->postings);
}

static bool is_moving(const struct wf_lsh *lsh)
{
	return lsh->old.lines != NULL;
}

static bool has_moved(const struct wf_lsh *lsh, const struct wf_lsh_segment *segment)
{
	return segment->lines_count == lsh->region.segment_lines;
}

static void move(struct wf_lsh *lsh, struct wf_lsh_segment *segment)
{
	const size_t number = (size_t)(segment - lsh->segments);

	make_anew(segment, lsh->region.lines + number * lsh->region.segment_lines, lsh->region.segment_lines,
		  lsh->fills);
}

/* Asks for what segments will move to next. */
static void ask_ahead(struct wf_lsh *lsh)
{
	const uint64_t all = region_bytes(&lsh->region, WF_LSH_SEGMENTS);
	const uint64_t moved = region_bytes(&lsh->region, lsh->moved);
	const uint64_t until = all - moved < BYTES_AHEAD ? all : moved + BYTES_AHEAD;

	if (until - lsh->asked_bytes < WF_PAGES_LARGE_BYTES && until < all)
		return;
	wf_pages_ask(&lsh->ahead, (char *)lsh->region.lines + lsh->asked_bytes, until - lsh->asked_bytes);
	lsh->asked_bytes = until;
}

/* Moves the next segment over, unless it has moved out of turn, and gives back what lies before it. */
static void move_next(struct wf_lsh *lsh)
{
	const size_t large_lines = WF_PAGES_LARGE_BYTES / LINE_BYTES;
	struct wf_lsh_segment *segment = &lsh->segments[lsh->moved];
	const size_t begin = (size_t)lsh->moved * lsh->old.segment_lines / large_lines * large_lines;

	if (!has_moved(lsh, segment))
		move(lsh, segment);
	lsh->moved++;
	wf_pages_give_back(lsh->old.lines + begin,
			   (size_t)lsh->moved * lsh->old.segment_lines * LINE_BYTES - begin * LINE_BYTES);
	ask_ahead(lsh);
	if (lsh->moved == WF_LSH_SEGMENTS) {
		free_region(lsh, &lsh->old);
	}
	count_memory(lsh);
	lsh->insertions_to_a_move = lsh->region.segment_lines /
				    (lsh->region.segment_lines <= 2 * LINES_SMALL ? LINES_A_MOVE_SMALL : LINES_A_MOVE);
}

/* Begins a larger region, into which segments are to move. What moves still is moved first. */
static int begin_region(struct wf_lsh *lsh, uint32_t segment_lines)
{
	struct wf_lsh_region made = {.segment_lines = segment_lines};
	uint8_t *const fills = realloc(lsh->fills, segment_lines);

	if (fills == NULL)
		return WF_ENOMEM;
	lsh->fills = fills;
	made.lines = wf_pages_take(region_bytes(&made, WF_LSH_SEGMENTS));
	if (made.lines == NULL)
		return WF_ENOMEM;
	while (is_moving(lsh))
		move_next(lsh);
	lsh->old = lsh->region;
	lsh->region = made;
	lsh->moved = 0;
	lsh->asked_bytes = 0;
	ask_ahead(lsh);
	lsh->insertions_to_a_move = lsh->old.segment_lines < INSERTIONS_LATER_MAX / INSERTIONS_LATER
					    ? lsh->old.segment_lines * INSERTIONS_LATER
					    : INSERTIONS_LATER_MAX;
	if (lsh->old.lines == NULL)
		for (uint32_t i = 0; i < WF_LSH_SEGMENTS; i++)
			move(lsh, &lsh->segments[i]);
	count_memory(lsh);
	return 0;
}

static bool is_prime(uint32_t number)
{
	for (uint32_t i = 2; (uint64_t)i * i <= number; i++)
		if (number % i == 0)
			return false;
	return true;
}

static uint32_t prime_from(uint32_t number)
{
	while (!is_prime(number))
		number++;
	return number;
}

/* A region twice as large; half as large again, or a quarter, where that would be much. */
static uint32_t lines_next(const struct wf_lsh *lsh)
{
	const uint32_t lines = lsh->region.segment_lines;
	const uint32_t more = lines < LINES_SMALL ? lines : lines < LINES_LARGE ? lines / 2 : lines / 4;

	return lines == 0 ? LINES_FIRST : prime_from(lines + more + 1);
}

int wf_lsh_reserve(struct wf_lsh *lsh, uint64_t places)
{
	/* As full as a table is halfway between two steps of its growth. */
	const uint64_t lines = places / (WF_LSH_SEGMENTS * WF_LSH_LINE_ENTRIES) * 5 / 4 + 1;
	int error;

	if (lines <= lines_next(lsh) || lines > UINT32_MAX)
		return 0;
	error = begin_region(lsh, prime_from((uint32_t)lines));
	while (error == 0 && is_moving(lsh))
		move_next(lsh);
	return error;
}

/* Sees to it that the segment takes one more entry, and that the table goes on growing. */
static int make_room(struct wf_lsh *lsh, struct wf_lsh_segment *segment)
{
	const uint64_t segment_room = (uint64_t)segment->lines_count * WF_LSH_LINE_ENTRIES;
	const uint64_t room = (uint64_t)lsh->region.segment_lines * WF_LSH_LINE_ENTRIES * WF_LSH_SEGMENTS;
	const bool is_full = (uint64_t)(segment->places_taken + 1) * 16 > segment_room * 15;
	const bool is_nearly_full = (uint64_t)(segment->places_taken + 1) * 32 > segment_room * 29;
	int error = 0;

	if (is_full && is_moving(lsh) && !has_moved(lsh, segment))
		move(lsh, segment);
	else if (is_full || (!is_moving(lsh) && (is_nearly_full || lsh->places_taken * 8 > room * 7)))
		error = begin_region(lsh, lines_next(lsh));
	if (is_full && error != 0)
		return error;
	if (is_full && !has_moved(lsh, segment))
		move(lsh, segment);
	if (is_moving(lsh) && lsh->insertions_to_a_move-- == 0)
		move_next(lsh);
	return 0;
}

/* The lines that a key's entries are in. While no segment moves, where they are is computed: the table of segments is
 * larger than the nearest cache. */
struct lines {
	struct wf_lsh_line *first;
	uint32_t count;
};

static struct lines lines_of_segment(const struct wf_lsh_segment *segment)
{
	return (struct lines){segment->lines, segment->lines_count};
}

static struct lines lines_of(const struct wf_lsh *lsh, uint64_t key)
{
	const struct wf_lsh_region *region = &lsh->region;

	if (!is_moving(lsh))
		return (struct lines){region->lines + key % WF_LSH_SEGMENTS * region->segment_lines,
				      region->segment_lines};
	return lines_of_segment(segment_of(lsh, key));
}

/* Where the articles of a key are: in so many places, of which a posting list needs one. */
struct bucket {
	uint32_t count;
	struct {
		struct wf_lsh_line *line;
		uint32_t place;
	} entries[PLAIN_MAX];
};

static uint32_t *tag_at(const struct bucket *bucket, uint32_t i)
{
	return &bucket->entries[i].line->tags[bucket->entries[i].place];
}

static uint32_t *number_at(const struct bucket *bucket, uint32_t i)
{
	return &bucket->entries[i].line->numbers[bucket->entries[i].place];
}

static bool is_listed(const struct bucket *bucket)
{
	return bucket->count == 1 && (*number_at(bucket, 0) & LISTED) != 0;
}

/* All entries of a key, line by line. */
static struct bucket bucket_of(struct lines lines, uint32_t tag)
{
	uint32_t at = lines.count == 0 ? 0 : home_of(lines.count, tag);
	struct bucket bucket = {.count = 0};

	for (uint32_t walked = 0; walked < lines.count; walked++) {
		struct wf_lsh_line *const line = &lines.first[at];

		for (uint32_t matches = matches_of(line, tag); matches != 0 && bucket.count < PLAIN_MAX;
		     matches &= matches - 1) {
			bucket.entries[bucket.count].line = line;
			bucket.entries[bucket.count++].place = (uint32_t)__builtin_ctz(matches);
		}
		if (!goes_on(line, tag) || bucket.count == PLAIN_MAX || is_listed(&bucket))
			break;
		at = line_after(lines.count, tag, at);
	}
	return bucket;
}

static struct wf_posting *posting_of(const struct wf_lsh *lsh, uint32_t number)
{
	return wf_postings_at(&lsh->postings, number & WF_LSH_NUMBER_MAX);
}

/* Whether a line's matches stand for a posting list, and which of the line's places that is then; where there are none
 * it is not. */
static bool are_listed(const struct wf_lsh_line *line, uint32_t matches, uint32_t *place)
{
	*place = (uint32_t)__builtin_ctz(matches | 1u << (WF_LSH_LINE_ENTRIES - 1));
	return (matches >> *place & line->numbers[*place] / LISTED) != 0;
}

/* The posting list that a line's matches stand for; NULL where they are articles, or there are none. */
static const struct wf_posting *posting_in(const struct wf_lsh *lsh, const struct wf_lsh_line *line, uint32_t matches)
{
	uint32_t place;

	return are_listed(line, matches, &place) ? posting_of(lsh, line->numbers[place]) : NULL;
}

/* Writes as many as a list has room for: how many it holds is not to be guessed. */
static size_t take_posting(const struct wf_posting *posting, uint32_t place, struct wf_lsh_found *found)
{
	const uint32_t count = wf_posting_count(posting);

	for (uint32_t i = 0; i < WF_POSTING_NUMBERS; i++)
		found[i] = (struct wf_lsh_found){posting->numbers[i], (uint16_t)place, (uint16_t)count};
	return count;
}

/* Those of a line that match, which are articles; writes PLAIN_MAX always. */
static size_t take_matches(const struct wf_lsh_line *line, uint32_t matches, uint32_t place, struct wf_lsh_found *found)
{
	const uint32_t count = (uint32_t)__builtin_popcount(matches);

	for (uint32_t i = 0; i < PLAIN_MAX; i++) {
		const uint32_t at = (uint32_t)__builtin_ctz(matches | 1u << (WF_LSH_LINE_ENTRIES - 1));

		found[i] = (struct wf_lsh_found){line->numbers[at], (uint16_t)place, (uint16_t)count};
		matches &= matches - 1;
	}
	return count;
}

/* All under a key, wherever they are. */
static size_t find_one(const struct wf_lsh *lsh, uint64_t key, uint32_t place, struct wf_lsh_found *found)
{
	const struct bucket bucket = bucket_of(lines_of(lsh, key), tag_of(key));

	if (is_listed(&bucket))
		return take_posting(posting_of(lsh, *number_at(&bucket, 0)), place, found);
	for (uint32_t i = 0; i < bucket.count; i++)
		found[i] = (struct wf_lsh_found){*number_at(&bucket, i), (uint16_t)place, (uint16_t)bucket.count};
	return bucket.count;
}

/* Fetches the line in which the search for a key goes on after its home line. */
static void fetch_after_home(const struct wf_lsh *lsh, uint64_t key)
{
	const struct lines lines = lines_of(lsh, key);
	const uint32_t tag = tag_of(key);

	wf_prefetch(&lines.first[line_after(lines.count, tag, home_of(lines.count, tag))], LINE_BYTES);
}

/* A key that is looked for, and its home line. */
struct looked_for {
	const struct wf_lsh_line *line;
	uint32_t matches;
	uint32_t goes_on; /* 0 or 1 */
	uint32_t place;   /* among the keys */
};

/* The keys whose home line has their tag, or goes on: which these are is not to be guessed, so no branch asks. */
static uint32_t keys_to_look_at(const struct wf_lsh *lsh, const uint64_t *keys, uint32_t keys_count,
				struct looked_for *looked_for)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < keys_count; i++) {
		const struct lines lines = lines_of(lsh, keys[i]);
		const uint32_t tag = tag_of(keys[i]);
		const struct wf_lsh_line *line = &lines.first[home_of(lines.count, tag)];

		looked_for[count] = (struct looked_for){line, matches_of(line, tag), goes_on(line, tag), i};
		count += (looked_for[count].matches | looked_for[count].goes_on) != 0;
	}
	return count;
}

/* Each is written to all three lists, and kept in one: which is not to be guessed, so no branch asks. */
static void sort_keys(const struct looked_for *looked_for, uint32_t count, struct wf_lsh_search *search)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct wf_lsh_line *const line = looked_for[i].line;
		const uint32_t matches = looked_for[i].matches;
		uint32_t place;
		const bool is_listed = are_listed(line, matches, &place);
		const bool is_walked = !is_listed & (looked_for[i].goes_on != 0);

		search->plain[search->plain_count].line = line;
		search->plain[search->plain_count].matches = matches;
		search->plain[search->plain_count].place = looked_for[i].place;
		search->listed[search->listed_count].list = line->numbers[place];
		search->listed[search->listed_count].place = looked_for[i].place;
		search->walked[search->walked_count] = looked_for[i].place;
		search->plain_count += !is_listed & !is_walked & (matches != 0);
		search->listed_count += is_listed;
		search->walked_count += is_walked;
	}
}

void wf_lsh_find_begin(const struct wf_lsh *lsh, const uint64_t *keys, uint32_t keys_count,
		       struct wf_lsh_search *search)
{
	struct looked_for looked_for[WF_LSH_KEYS_MAX];

	assert(keys_count <= WF_LSH_KEYS_MAX);
	search->keys = keys;
	search->plain_count = search->listed_count = search->walked_count = 0;
	if (lsh->region.lines == NULL)
		return;
	sort_keys(looked_for, keys_to_look_at(lsh, keys, keys_count, looked_for), search);
	for (uint32_t i = 0; i < search->walked_count; i++)
		fetch_after_home(lsh, keys[search->walked[i]]);
	for (uint32_t i = 0; i < search->listed_count; i++)
		wf_prefetch(posting_of(lsh, search->listed[i].list), sizeof(struct wf_posting));
}

size_t wf_lsh_find_end(const struct wf_lsh *lsh, const struct wf_lsh_search *search, struct wf_lsh_found *found)
{
	size_t count = 0;

	for (uint32_t i = 0; i < search->plain_count; i++)
		count += take_matches(search->plain[i].line, search->plain[i].matches, search->plain[i].place,
				      found + count);
	for (uint32_t i = 0; i < search->listed_count; i++)
		count += take_posting(posting_of(lsh, search->listed[i].list), search->listed[i].place, found + count);
	for (uint32_t i = 0; i < search->walked_count; i++)
		count += find_one(lsh, search->keys[search->walked[i]], search->walked[i], found + count);
	return count;
}

size_t wf_lsh_find(const struct wf_lsh *lsh, const uint64_t *keys, uint32_t keys_count, struct wf_lsh_found *found)
{
	struct wf_lsh_search search;

	wf_lsh_find_begin(lsh, keys, keys_count, &search);
	return wf_lsh_find_end(lsh, &search, found);
}

/* Makes the segment anew where it is, by way of a copy. Without the memory for that it stays as it is: right, if
 * slower, until as many more have been removed. */
static void renew(struct wf_lsh *lsh, struct wf_lsh_segment *segment)
{
	const size_t bytes = (size_t)segment->lines_count * LINE_BYTES;
	struct wf_lsh_line *const lines = segment->lines;
	struct wf_lsh_line *const copy = aligned_alloc(LINE_BYTES, bytes);

	segment->removed_count = 0;
	if (copy == NULL)
		return;
	memcpy(copy, lines, bytes);
	segment->lines = copy;
	make_anew(segment, lines, segment->lines_count, lsh->fills);
	free(copy);
}

static void note_removals(struct wf_lsh *lsh, struct wf_lsh_segment *segment, uint32_t count)
{
	segment->places_taken -= count;
	lsh->places_taken -= count;
	segment->removed_count += count;
	if (segment->removed_count >= segment->lines_count * WF_LSH_LINE_ENTRIES)
		renew(lsh, segment);
}

/* Makes a posting list of a key's places, all of which are in `bucket`, and one more article. The first of the places
 * stands for it, the others are free then. */
static int make_posting(struct wf_lsh *lsh, struct wf_lsh_segment *segment, const struct bucket *bucket,
			uint32_t number)
{
	const uint32_t place = wf_postings_take(&lsh->postings);
	struct wf_posting *posting;

	if (place == 0)
		return WF_ENOMEM;
	count_memory(lsh);
	posting = wf_postings_at(&lsh->postings, place);
	for (uint32_t i = 0; i < bucket->count; i++) {
		(void)wf_posting_add(posting, *number_at(bucket, i));
		if (i > 0)
			*tag_at(bucket, i) &= MARKS;
	}
	(void)wf_posting_add(posting, number);
	*number_at(bucket, 0) = LISTED | place;
	note_removals(lsh, segment, bucket->count - 1);
	return 0;
}

/* Enters an article in a place of its own. */
static int take_place(struct wf_lsh *lsh, struct wf_lsh_segment *segment, uint32_t tag, uint32_t number)
{
	const int error = make_room(lsh, segment);

	if (error != 0)
		return error;
	place(segment, tag, number);
	segment->places_taken++;
	lsh->places_taken++;
	return 0;
}

int wf_lsh_insert(struct wf_lsh *lsh, uint64_t key, uint32_t number)
{
	struct wf_lsh_segment *segment = segment_of(lsh, key);
	const uint32_t tag = tag_of(key);
	const struct bucket bucket = bucket_of(lines_of_segment(segment), tag);
	int error = 0;

	number &= WF_LSH_NUMBER_MAX;
	if (number == 0)
		return 0;
	if (is_listed(&bucket) && !wf_posting_add(posting_of(lsh, *number_at(&bucket, 0)), number))
		return 0;
	if (bucket.count == PLAIN_MAX)
		error = make_posting(lsh, segment, &bucket, number);
	else if (!is_listed(&bucket))
		error = take_place(lsh, segment, tag, number);
	if (error == 0)
		lsh->entries_count++;
	return error;
}

/* Takes the number out of the places of a bucket, or out of its posting list. */
static bool remove_from(struct wf_lsh *lsh, struct wf_lsh_segment *segment, const struct bucket *bucket,
			uint32_t number)
{
	uint32_t i = 0;

	if (is_listed(bucket)) {
		const uint32_t place = *number_at(bucket, 0) & WF_LSH_NUMBER_MAX;
		struct wf_posting *const posting = wf_postings_at(&lsh->postings, place);

		if (!wf_posting_remove(posting, number))
			return false;
		if (posting->numbers[0] != 0)
			return true;
		wf_postings_give_back(&lsh->postings, place);
	} else {
		while (i < bucket->count && *number_at(bucket, i) != number)
			i++;
		if (i == bucket->count)
			return false;
	}
	*tag_at(bucket, i) &= MARKS;
	note_removals(lsh, segment, 1);
	return true;
}

void wf_lsh_remove(struct wf_lsh *lsh, uint64_t key, uint32_t number)
{
	struct wf_lsh_segment *segment = segment_of(lsh, key);
	const struct bucket bucket = bucket_of(lines_of_segment(segment), tag_of(key));

	number &= WF_LSH_NUMBER_MAX;
	if (number != 0)
		lsh->entries_count -= remove_from(lsh, segment, &bucket, number);
}

void wf_lsh_prefetch(const struct wf_lsh *lsh, const uint64_t *keys, uint32_t keys_count)
{
	if (lsh->region.lines == NULL)
		return;
	for (uint32_t i = 0; i < keys_count; i++) {
		const struct lines lines = lines_of(lsh, keys[i]);

		wf_prefetch(&lines.first[home_of(lines.count, tag_of(keys[i]))], LINE_BYTES);
	}
}

void wf_lsh_prefetch_insert(const struct wf_lsh *lsh, const uint64_t *keys, uint32_t keys_count)
{
	if (lsh->region.lines == NULL)
		return;
	for (uint32_t i = 0; i < keys_count; i++) {
		const struct lines lines = lines_of(lsh, keys[i]);
		const uint32_t tag = tag_of(keys[i]);
		const struct wf_lsh_line *line = &lines.first[home_of(lines.count, tag)];
		const struct wf_posting *posting = posting_in(lsh, line, matches_of(line, tag));

		wf_prefetch(segment_of(lsh, keys[i]), sizeof(struct wf_lsh_segment));
		if (posting != NULL)
			wf_prefetch(posting, sizeof *posting);
		else if (free_of(line) == 0)
			fetch_after_home(lsh, keys[i]);
	}
}
