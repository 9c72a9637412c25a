/* The vector versions give what the scalar version gives, bit for bit, on whatever bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <sys/mman.h>

#include "tokenise_state.h"

#define GUARDED_BYTES (64u << 10)

struct fixture {
	struct wf_arena scalar_arena;
	struct wf_arena vector_arena;
	char *pages; /* GUARDED_BYTES, then a page that nobody may touch */
	uint64_t random;
};

static int fixture_setup(void **state)
{
	static struct fixture fixture = {.random = 1};

	wf_arena_init(&fixture.scalar_arena, 4 << 20);
	wf_arena_init(&fixture.vector_arena, 4 << 20);
	fixture.pages = mmap(NULL, GUARDED_BYTES + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fixture.pages == MAP_FAILED || mprotect(fixture.pages + GUARDED_BYTES, 4096, PROT_NONE) != 0)
		return -1;
	*state = &fixture;
	return 0;
}

static int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;

	wf_arena_close(&fixture->scalar_arena);
	wf_arena_close(&fixture->vector_arena);
	munmap(fixture->pages, GUARDED_BYTES + 4096);
	return 0;
}

static uint32_t random_below(struct fixture *fixture, uint32_t bound)
{
	fixture->random = wf_hash_mix(fixture->random + UINT64_C(0x9E3779B97F4A7C15));
	return (uint32_t)((fixture->random >> 32) * bound >> 32);
}

static void print_bytes(struct wf_bytes text)
{
	for (size_t i = 0; i < text.length; i++)
		print_error("\\x%02X", (unsigned)(uint8_t)text.data[i]);
	print_error("\n");
}

static void assert_equal_tokens(struct wf_bytes text, const char *level, const struct wf_tokens *a,
				const struct wf_tokens *b)
{
	const uint32_t count = a->count < b->count ? a->count : b->count;

	for (uint32_t i = 0; i < count; i++) {
		if (a->starts[i] == b->starts[i] && a->ends[i] == b->ends[i] && a->flags[i] == b->flags[i] &&
		    a->hashes[i] == b->hashes[i])
			continue;
		print_bytes(text);
		fail_msg("token %u: scalar [%u, %u) flags %u hash %08X, %s [%u, %u) flags %u hash %08X", i,
			 a->starts[i], a->ends[i], a->flags[i], a->hashes[i], level, b->starts[i], b->ends[i],
			 b->flags[i], b->hashes[i]);
	}
	if (a->count != b->count || a->total != b->total) {
		print_bytes(text);
		fail_msg("scalar: %u of %u tokens, %s: %u of %u", a->count, a->total, level, b->count, b->total);
	}
}

static void assert_places_in_order(struct wf_bytes text, const struct wf_tokens *tokens)
{
	for (uint32_t i = 0; i < tokens->count; i++) {
		assert_true(tokens->starts[i] < tokens->ends[i]);
		assert_true(tokens->ends[i] <= text.length);
		if (i > 0)
			assert_true(tokens->starts[i] >= tokens->starts[i - 1] &&
				    tokens->ends[i] >= tokens->ends[i - 1]);
	}
}

static void assert_equal_words(struct wf_bytes text, const char *level, const struct wf_tokens *a,
			       const struct wf_tokens *b)
{
	if (a->count == b->count && a->total == b->total &&
	    memcmp(a->hashes, b->hashes, a->count * sizeof(a->hashes[0])) == 0 &&
	    memcmp(a->flags, b->flags, a->count) == 0)
		return;
	print_bytes(text);
	fail_msg("without places %s gives other tokens", level);
}

static void assert_levels_agree(struct fixture *fixture, struct wf_bytes text, uint32_t count_max)
{
	static const enum wf_cpu_level levels[] = {WF_CPU_SCALAR, WF_CPU_NEON, WF_CPU_AVX2, WF_CPU_AVX512};
	struct wf_arena *const arena = &fixture->vector_arena;
	struct wf_tokens scalar, vector;

	wf_arena_reset(&fixture->scalar_arena);
	assert_int_equal(wf_tokenise_at_level(WF_CPU_SCALAR, text, 7, count_max, &fixture->scalar_arena, &scalar), 0);
	assert_places_in_order(text, &scalar);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		const char *const word = wf_cpu_level_word(levels[i]);

		if (!wf_cpu_has(levels[i]))
			continue;
		wf_arena_reset(arena);
		assert_int_equal(wf_tokenise_at_level(levels[i], text, 7, count_max, arena, &vector), 0);
		assert_equal_tokens(text, word, &scalar, &vector);
		wf_arena_reset(arena);
		assert_int_equal(wf_tokenise_words_at_level(levels[i], text, 7, count_max, arena, &vector), 0);
		assert_equal_words(text, word, &scalar, &vector);
	}
}

/* The text ends where the guard page begins: a read past it is a crash. */
static void assert_agree_guarded(struct fixture *fixture, const char *text, size_t length, uint32_t count_max)
{
	char *place = fixture->pages + GUARDED_BYTES - length;

	memcpy(place, text, length);
	assert_levels_agree(fixture, (struct wf_bytes){place, length}, count_max);
}

static const char *const pieces[] = {
	"a",
	"the",
	"Reuters",
	"PRICES",
	"internationalisation",
	"x",
	"I",
	" ",
	" ",
	" ",
	" ",
	"  ",
	"\n",
	"\t",
	"\r\n",
	".",
	". ",
	"? ",
	"!\" ",
	", ",
	",",
	":",
	"'",
	"'s ",
	"n't ",
	"`",
	"-",
	"/",
	"_",
	"(",
	") ",
	"\"",
	"\0",
	"5",
	"12",
	"123",
	"1,234",
	"1,234,567",
	"1,23",
	"5.93",
	"10:57",
	"1.2.3",
	"’",
	"’s ",
	"“",
	"” ",
	"‘",
	"—",
	"…",
	"… ",
	"©",
	"é",
	"É",
	"ß",
	"ü",
	"ñ",
	"München",
	"été",
	"e\u0301",
	"\u00AD",
	"\u200B",
	"\u200D",
	"\uFEFF",
	"\u00A0",
	"\u3000",
	"\u2028",
	"\xC2\x85",
	"и",
	"и\u0306",
	"Москва",
	"ёлка",
	"мир ",
	"ΟΔΟΣ",
	"كتاب",
	"مُ",
	"؟ ",
	"۔",
	"שלום",
	"שָׁ",
	"中",
	"中国人民",
	"。",
	"！",
	"か",
	"か\u3099",
	"ガ",
	"ｶﾞ",
	"ー",
	"ไทย",
	"ธนาคาร",
	"한국",
	"\u1112\u1161\u11AB",
	"हिन्दी",
	"क\u093C",
	"।",
	"５",
	"．",
	"，",
	"９３",
	"٣",
	"٫",
	"½",
	"ﬁ",
	"㍿",
	"\uFDFA",
	"™",
	"´",
	"ʼ",
	"𝐀",
	"𠀀",
	"😀",
	"\xFF",
	"\xC3",
	"\xE2\x80",
	"\xF0\x9F",
	"\x80",
	"\xED\xA0\x80",
	"\xC0\x80",
	"\xE0\x80\x80",
};

/* A text of pieces drawn at random, the kinds with some persistence; returns its length. */
static size_t random_text(struct fixture *fixture, char *text, size_t length, uint32_t plain_share)
{
	const uint32_t pieces_count = sizeof(pieces) / sizeof(pieces[0]);
	size_t at = 0;

	while (at < length) {
		const uint32_t bound = random_below(fixture, 100) < plain_share ? 42 : pieces_count;
		const char *piece = pieces[random_below(fixture, bound)];
		size_t size = *piece == '\0' ? 1 : strlen(piece);

		size = size < length - at ? size : length - at;
		memcpy(text + at, piece, size);
		at += size;
	}
	return at;
}

static void on_every_length(void **state)
{
	struct fixture *fixture = *state;
	char text[320];

	for (size_t length = 0; length <= 300; length++) {
		memset(text, 'a', sizeof(text));
		assert_agree_guarded(fixture, text, length, 1000);
		for (size_t i = 0; i < length; i++)
			text[i] = "Oil rose, it's 5.93 pct. "[i % 25];
		assert_agree_guarded(fixture, text, length, 1000);
		for (int round = 0; round < 10; round++) {
			random_text(fixture, text, length, (uint32_t)round * 10);
			assert_agree_guarded(fixture, text, length, 1000);
		}
	}
}

static void at_every_alignment(void **state)
{
	struct fixture *fixture = *state;
	char text[300 + 64];

	for (size_t offset = 0; offset < 64; offset++)
		for (int round = 0; round < 20; round++) {
			random_text(fixture, text, sizeof(text), 80);
			assert_levels_agree(fixture, (struct wf_bytes){text + offset, 300}, 1000);
		}
}

static void on_random_bytes(void **state)
{
	struct fixture *fixture = *state;
	char text[2000];

	for (int round = 0; round < 2000; round++) {
		const uint32_t bound = round % 2 == 0 ? 256 : 160;

		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (char)random_below(fixture, bound);
		assert_agree_guarded(fixture, text, random_below(fixture, sizeof(text)), 5000);
	}
}

static void on_mixes_of_scripts(void **state)
{
	struct fixture *fixture = *state;
	char text[6000];

	for (uint32_t round = 0; round < 6000; round++) {
		random_text(fixture, text, sizeof(text), round % 101);
		assert_agree_guarded(fixture, text, random_below(fixture, sizeof(text)), 10000);
	}
}

static void with_every_bound(void **state)
{
	struct fixture *fixture = *state;
	char text[1500];

	for (uint32_t count_max = 0; count_max < 400; count_max++) {
		random_text(fixture, text, sizeof(text), 50 + count_max % 51);
		assert_agree_guarded(fixture, text, sizeof(text), count_max);
	}
}

static void on_long_words_and_gaps(void **state)
{
	struct fixture *fixture = *state;
	char text[4000];

	for (size_t length = 1; length < 3000; length += 97) {
		memset(text, 'w', sizeof(text));
		memset(text + length, ' ', 500);
		memcpy(text + length / 2, "é", 2);
		memcpy(text + sizeof(text) - 10, "\u0660", 2);
		assert_agree_guarded(fixture, text, sizeof(text), 100);
		memset(text, '.', length);
		text[length / 2] = '\n';
		assert_agree_guarded(fixture, text, sizeof(text), 100);
	}
}

/* Real text of the kind that is read all day: a wire story, cut at each place. */
static void on_a_story(void **state)
{
	static const char story[] = "Sign up for our daily briefing  TOKYO, Nov. 17 (Reuters)  -  One of two rival "
				    "firms seeking to enter Japan’s international "
				    "telecommunications market said it will offer a stake of 3.5 pct (155,221 shares "
				    "at 10:57) to 10 foreign firms.\n"
				    "“We don't know,” Mr. O'Neil said. It couldn’t be worse — or could it? Zürich, São "
				    "Paulo… © Reuters 1987\n";
	struct fixture *fixture = *state;

	for (size_t first = 0; first < sizeof(story) - 1; first++)
		assert_agree_guarded(fixture, story + first, sizeof(story) - 1 - first, 1000);
	for (size_t length = 0; length < sizeof(story); length++)
		assert_agree_guarded(fixture, story, length, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_every_length),  cmocka_unit_test(at_every_alignment),
		cmocka_unit_test(on_random_bytes),  cmocka_unit_test(on_mixes_of_scripts),
		cmocka_unit_test(with_every_bound), cmocka_unit_test(on_long_words_and_gaps),
		cmocka_unit_test(on_a_story),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
