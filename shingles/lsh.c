#include "lsh.h"

#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define LINE_BYTES 64u

struct wf_lsh_line {
	uint32_t tags[WF_LSH_LINE_ENTRIES];
	uint32_t numbers[WF_LSH_LINE_ENTRIES]; /* 0: free */
};

_Static_assert(sizeof(struct wf_lsh_line) == LINE_BYTES, "a line is one cache line");

static struct wf_lsh_segment *segment_of(const struct wf_lsh *lsh, uint64_t key)
{
	return &lsh->segments[key % WF_LSH_SEGMENTS];
}

static uint32_t tag_of(uint64_t key)
{
	return (uint32_t)(key >> 32);
}

static uint32_t home_of(const struct wf_lsh_segment *segment, uint32_t tag)
{
	return (uint32_t)((uint64_t)tag * segment->lines_count >> 32);
}

/* Lines from `from` on to `to`, around the end. */
static uint32_t lines_between(const struct wf_lsh_segment *segment, uint32_t from, uint32_t to)
{
	return to >= from ? to - from : to + segment->lines_count - from;
}

int wf_lsh_init(struct wf_lsh *lsh)
{
	*lsh = (struct wf_lsh){.segments = calloc(WF_LSH_SEGMENTS, sizeof(struct wf_lsh_segment))};
	if (lsh->segments == NULL)
		return WF_ENOMEM;
	lsh->memory_bytes = WF_LSH_SEGMENTS * sizeof(struct wf_lsh_segment);
	return 0;
}

void wf_lsh_close(struct wf_lsh *lsh)
{
	for (size_t i = 0; lsh->segments != NULL && i < WF_LSH_SEGMENTS; i++)
		free(lsh->segments[i].lines);
	free(lsh->segments);
	*lsh = (struct wf_lsh){0};
}

static uint32_t line_after(const struct wf_lsh_segment *segment, uint32_t line_index)
{
	return line_index + 1 == segment->lines_count ? 0 : line_index + 1;
}

/* The places of a line that hold the value, a bit each. */
static uint32_t places_of(const uint32_t values[WF_LSH_LINE_ENTRIES], uint32_t value)
{
#ifdef __SSE2__
	const __m128i wanted = _mm_set1_epi32((int)value);
	const __m128i low = _mm_cmpeq_epi32(_mm_load_si128((const __m128i *)(const void *)values), wanted);
	const __m128i high = _mm_cmpeq_epi32(_mm_load_si128((const __m128i *)(const void *)(values + 4)), wanted);

	return (uint32_t)(_mm_movemask_ps(_mm_castsi128_ps(low)) | _mm_movemask_ps(_mm_castsi128_ps(high)) << 4);
#else
	uint32_t places = 0;

	for (uint32_t i = 0; i < WF_LSH_LINE_ENTRIES; i++)
		places |= (uint32_t)(values[i] == value) << i;
	return places;
#endif
}

static uint32_t free_of(const struct wf_lsh_line *line)
{
	return places_of(line->numbers, 0);
}

static uint32_t matches_of(const struct wf_lsh_line *line, uint32_t tag)
{
	return places_of(line->tags, tag) & ~free_of(line);
}

/* Puts an entry into the first free place from its home on. There is one. */
static void place(struct wf_lsh_segment *segment, uint32_t tag, uint32_t number)
{
	uint32_t line_index = home_of(segment, tag);
	uint32_t places;

	while ((places = free_of(&segment->lines[line_index])) == 0)
		line_index = line_after(segment, line_index);
	segment->lines[line_index].tags[__builtin_ctz(places)] = tag;
	segment->lines[line_index].numbers[__builtin_ctz(places)] = number;
}

static int grow(struct wf_lsh *lsh, struct wf_lsh_segment *segment)
{
	const uint32_t lines_count = segment->lines_count + segment->lines_count / 4 + 1;
	struct wf_lsh_segment larger = {.lines_count = lines_count, .entries_count = segment->entries_count};

	larger.lines = aligned_alloc(LINE_BYTES, (size_t)lines_count * LINE_BYTES);
	if (larger.lines == NULL)
		return WF_ENOMEM;
	memset(larger.lines, 0, (size_t)lines_count * LINE_BYTES);
	for (uint32_t i = 0; i < segment->lines_count; i++)
		for (size_t k = 0; k < WF_LSH_LINE_ENTRIES; k++)
			if (segment->lines[i].numbers[k] != 0)
				place(&larger, segment->lines[i].tags[k], segment->lines[i].numbers[k]);
	lsh->memory_bytes += (uint64_t)(lines_count - segment->lines_count) * LINE_BYTES;
	free(segment->lines);
	*segment = larger;
	return 0;
}

size_t wf_lsh_find(const struct wf_lsh *lsh, uint64_t key, uint32_t numbers[WF_LSH_BUCKET_MAX])
{
	const struct wf_lsh_segment *segment = segment_of(lsh, key);
	const uint32_t tag = tag_of(key);
	size_t count = 0;
	uint32_t line_index;

	if (segment->lines_count == 0)
		return 0;
	line_index = home_of(segment, tag);
	for (uint32_t walked = 0; walked < segment->lines_count; walked++) {
		const struct wf_lsh_line *line = &segment->lines[line_index];
		uint32_t matches = matches_of(line, tag);

		for (; matches != 0 && count < WF_LSH_BUCKET_MAX; matches &= matches - 1)
			numbers[count++] = line->numbers[__builtin_ctz(matches)];
		if (free_of(line) != 0 || count == WF_LSH_BUCKET_MAX)
			break;
		line_index = line_after(segment, line_index);
	}
	return count;
}

/* How many of an article's bucket are in, up to the first line with a free place, where the next one goes. */
static uint32_t bucket_count(const struct wf_lsh_segment *segment, uint32_t tag)
{
	uint32_t line_index = segment->lines_count == 0 ? 0 : home_of(segment, tag);
	uint32_t count = 0;

	for (uint32_t walked = 0; walked < segment->lines_count; walked++) {
		const struct wf_lsh_line *line = &segment->lines[line_index];

		count += (uint32_t)__builtin_popcount(matches_of(line, tag));
		if (free_of(line) != 0 || count >= WF_LSH_BUCKET_MAX)
			break;
		line_index = line_after(segment, line_index);
	}
	return count;
}

int wf_lsh_insert(struct wf_lsh *lsh, uint64_t key, uint32_t number)
{
	struct wf_lsh_segment *segment = segment_of(lsh, key);
	const uint64_t room = (uint64_t)segment->lines_count * WF_LSH_LINE_ENTRIES;

	if (number == 0 || bucket_count(segment, tag_of(key)) >= WF_LSH_BUCKET_MAX)
		return 0;
	if ((uint64_t)(segment->entries_count + 1) * 8 > room * 7) {
		const int error = grow(lsh, segment);

		if (error != 0)
			return error;
	}
	place(segment, tag_of(key), number);
	segment->entries_count++;
	lsh->entries_count++;
	return 0;
}

static bool line_is_full(const struct wf_lsh_line *line)
{
	return free_of(line) == 0;
}

/* The line at `hole_line` was full and has a free place now: an entry that overflowed past it moves back, and leaves
 * a hole in turn. */
static void close_hole(struct wf_lsh_segment *segment, uint32_t hole_line, size_t hole)
{
	uint32_t line_index = hole_line;

	for (uint32_t walked = 1; walked < segment->lines_count; walked++) {
		struct wf_lsh_line *line;
		bool was_full;
		bool moved = false;

		line_index = line_after(segment, line_index);
		line = &segment->lines[line_index];
		was_full = line_is_full(line);
		for (size_t i = 0; i < WF_LSH_LINE_ENTRIES && !moved; i++) {
			const uint32_t home = home_of(segment, line->tags[i]);

			if (line->numbers[i] == 0 ||
			    lines_between(segment, home, line_index) < lines_between(segment, hole_line, line_index))
				continue;
			segment->lines[hole_line].tags[hole] = line->tags[i];
			segment->lines[hole_line].numbers[hole] = line->numbers[i];
			line->numbers[i] = 0;
			hole_line = line_index;
			hole = i;
			moved = true;
		}
		if (!was_full)
			return;
	}
}

void wf_lsh_remove(struct wf_lsh *lsh, uint64_t key, uint32_t number)
{
	struct wf_lsh_segment *segment = segment_of(lsh, key);
	const uint32_t tag = tag_of(key);
	uint32_t line_index;

	if (segment->lines_count == 0 || number == 0)
		return;
	line_index = home_of(segment, tag);
	for (uint32_t walked = 0; walked < segment->lines_count; walked++) {
		struct wf_lsh_line *line = &segment->lines[line_index];
		const bool is_full = line_is_full(line);

		for (size_t i = 0; i < WF_LSH_LINE_ENTRIES; i++) {
			if (line->tags[i] != tag || line->numbers[i] != number)
				continue;
			line->numbers[i] = 0;
			segment->entries_count--;
			lsh->entries_count--;
			if (is_full)
				close_hole(segment, line_index, i);
			return;
		}
		if (!is_full)
			return;
		line_index = line_after(segment, line_index);
	}
}

void wf_lsh_prefetch(const struct wf_lsh *lsh, uint64_t key)
{
	const struct wf_lsh_segment *segment = segment_of(lsh, key);

	if (segment->lines_count != 0)
		__builtin_prefetch(&segment->lines[home_of(segment, tag_of(key))]);
}
