#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "hash.h"
#include "memory_fault.h"
#include "tokenise_state.h"

#define SEED 12345u

static int arena_setup(void **state)
{
	static struct wf_arena arena;

	wf_arena_init(&arena, 64 << 10);
	*state = &arena;
	return 0;
}

static int arena_teardown(void **state)
{
	wf_arena_close(*state);
	return 0;
}

static void assert_same_tokens(const struct wf_tokens *a, const struct wf_tokens *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->total, b->total);
	assert_memory_equal(a->hashes, b->hashes, a->count * sizeof(a->hashes[0]));
	assert_memory_equal(a->flags, b->flags, a->count);
}

/* The tokens of `text`, which the scalar version and the fastest one agree on, with places and without. */
static struct wf_tokens tokens_of(void **state, const char *text)
{
	const struct wf_bytes bytes = wf_bytes_of(text);
	struct wf_tokens tokens, other;

	assert_int_equal(wf_tokenise(bytes, SEED, 1000, *state, &tokens), 0);
	assert_int_equal(tokens.count, tokens.total);
	assert_int_equal(wf_tokenise_at_level(WF_CPU_SCALAR, bytes, SEED, 1000, *state, &other), 0);
	assert_same_tokens(&other, &tokens);
	assert_memory_equal(other.starts, tokens.starts, tokens.count * sizeof(tokens.starts[0]));
	assert_memory_equal(other.ends, tokens.ends, tokens.count * sizeof(tokens.ends[0]));
	assert_int_equal(wf_tokenise_words(bytes, SEED, 1000, *state, &other), 0);
	assert_null(other.starts);
	assert_null(other.ends);
	assert_same_tokens(&other, &tokens);
	assert_int_equal(wf_tokenise_words_at_level(WF_CPU_SCALAR, bytes, SEED, 1000, *state, &other), 0);
	assert_same_tokens(&other, &tokens);
	return tokens;
}

/* The contract of hash.h, written once more. */
static uint32_t hash_of(const char *folded, size_t length)
{
	const struct wf_word_keys keys = wf_word_keys_of(SEED);
	uint64_t state = 0;

	do {
		char chunk[16] = {0};
		const size_t used = length < 16 ? length : 16;

		memcpy(chunk, folded, used);
		state = wf_word_hash_chunk(keys, state, wf_hash_load(chunk), wf_hash_load(chunk + 8));
		folded += used;
		length -= used;
	} while (length > 0);
	return wf_word_hash_finish(state);
}

/* The tokens of `text` are the folded words of `expected`, which blanks separate. */
static void assert_words(void **state, const char *text, const char *expected)
{
	const struct wf_tokens tokens = tokens_of(state, text);
	uint32_t count = 0;

	for (const char *word = expected; *word != '\0'; count++) {
		const size_t length = strcspn(word, " ");

		if (count >= tokens.count)
			fail_msg("\"%s\": %u tokens, expected \"%s\"", text, tokens.count, expected);
		if (tokens.hashes[count] != hash_of(word, length))
			fail_msg("\"%s\": token %u is \"%.*s\", not as in \"%s\"", text, count,
				 (int)(tokens.ends[count] - tokens.starts[count]), text + tokens.starts[count],
				 expected);
		word += length;
		word += *word == ' ';
	}
	if (count != tokens.count)
		fail_msg("\"%s\": %u tokens, expected \"%s\"", text, tokens.count, expected);
}

static void assert_same(void **state, const char *a, const char *b)
{
	const struct wf_tokens first = tokens_of(state, a);
	const struct wf_tokens second = tokens_of(state, b);

	if (first.count != second.count || memcmp(first.hashes, second.hashes, first.count * sizeof(uint32_t)) != 0)
		fail_msg("\"%s\" and \"%s\" differ", a, b);
}

static void assert_flags(void **state, const char *text, size_t count, const int *flags)
{
	const struct wf_tokens tokens = tokens_of(state, text);

	assert_int_equal(tokens.count, count);
	for (size_t i = 0; i < count; i++)
		if (tokens.flags[i] != flags[i])
			fail_msg("\"%s\": token %zu has flags %d, not %d", text, i, tokens.flags[i], flags[i]);
}

#define ASSERT_FLAGS(state, text, ...) \
	assert_flags(state, text, sizeof((const int[]){__VA_ARGS__}) / sizeof(int), (const int[]){__VA_ARGS__})

/* The source text of each token, joined by '|', is `expected`. */
static void assert_places(void **state, const char *text, const char *expected)
{
	const struct wf_tokens tokens = tokens_of(state, text);
	char joined[512] = "";
	size_t at = 0;

	for (uint32_t i = 0; i < tokens.count; i++)
		at += (size_t)snprintf(joined + at, sizeof(joined) - at, "%s%.*s", i == 0 ? "" : "|",
				       (int)(tokens.ends[i] - tokens.starts[i]), text + tokens.starts[i]);
	assert_string_equal(joined, expected);
}

static void words_are_runs_of_letters_and_digits(void **state)
{
	assert_words(state, "Oil prices rose (again), traders said.", "oil prices rose again traders said");
	assert_words(state, "state-run_firm/unit <CAWL.L> B2B", "state run firm unit cawl l b2b");
	assert_words(state, "one—two–three…four\tfive\nsix", "one two three four five six");
	assert_words(state, "", "");
	assert_words(state, " .,:'-", "");
}

static void case_is_folded(void **state)
{
	assert_words(state, "OPEC Said", "opec said");
	assert_words(state, "МОСКВА Straße ΟΔΟΣ ὈΔΌΣ", "москва strasse οδοσ οδοσ");
}

static void apostrophe_between_letters_joins(void **state)
{
	assert_words(state, "Japan's Japan’s Japanʼs Japan‘s JAPAN＇S don´t",
		     "japans japans japans japans japans dont");
	assert_words(state, "l'été l’Été", "lete lete");
	assert_words(state, "the workers' '90s rock''n 1990's o'", "the workers 90s rock n 1990 s o");
}

static void separators_between_digits_join(void **state)
{
	assert_words(state, "5.93 pct at 10:57, 1.2.3", "5.93 pct at 10:57 1.2.3");
	assert_words(state, "3.x x.3 U.S. 5. 6", "3 x x 3 u s 5 6");
}

static void thousands_comma_is_dropped(void **state)
{
	assert_words(state, "155,221 1,234,567 12,5 1,2345 7,89", "155221 1234567 12,5 1,2345 7,89");
	assert_words(state, "1,234.5 1,234x 1,23", "1234.5 1234x 1,23");
}

static void digits_of_all_scripts_are_the_same(void **state)
{
	assert_words(state, "１２３ ١٢٣ ۱۲۳ १२३ ๑๒๓ ５．９３ ١٥٥٬٢٢١", "123 123 123 123 123 5.93 155221");
}

static void marks_that_copies_lose_are_dropped(void **state)
{
	assert_words(state, "café cafe\u0301 El Niño élection Việt Nam", "cafe cafe el nino election viet nam");
	assert_words(state, "Ещё её Київ", "еще ее киів");
	assert_words(state, "مُحَمَّد مــحمد", "محمد محمد");
	assert_words(state, "אֵת שָׁלוֹם", "את שלום");
}

static void short_i_is_no_accented_i(void **state)
{
	assert_words(state, "Йод край кра\u0438\u0306 И\u0306од", "йод край край йод");
}

static void alef_variants_are_one_letter(void **state)
{
	assert_words(state, "أحمد إحمد آحمد احمد", "احمد احمد احمد احمد");
}

static void compatibility_forms_are_folded(void **state)
{
	assert_words(state, "ﬁnance Ｒｅｕｔｅｒｓ m² Ⅷ ﻻ", "finance reuters m2 viii لا");
	assert_words(state, "𝐎𝐢𝐥 Facebook™ rose", "oil facebook rose");
}

static void invisible_characters_vanish_inside_words(void **state)
{
	assert_words(state, "\uFEFFpro\u00ADduc\u200Btion co\u200Dop\u2060erate \u200Eabc\u200F",
		     "production cooperate abc");
	assert_same(state, "می\u200Cخواهم", "میخواهم");
}

static void german_and_turkish_words_fold_plainly(void **state)
{
	assert_words(state, "Größe München İstanbul ISPARTA ısı", "grosse munchen istanbul isparta ısı");
}

static void spanish_words_fold_without_accents(void **state)
{
	assert_words(state, "¿Qué pasó? ¡Año nuevo!", "que paso ano nuevo");
}

static void hindi_keeps_its_vowel_signs(void **state)
{
	assert_words(state, "हिन्दी समाचार।", "हिन्दी समाचार");
	/* क़ is two characters once decomposed. */
	assert_same(state, "\u0958लम", "\u0915\u093Cलम");
}

static void hangul_is_cut_into_words(void **state)
{
	assert_words(state, "한국 정부는", "한국 정부는");
	assert_same(state, "한국", "\u1112\u1161\u11AB\u1100\u116E\u11A8");
	assert_same(state, "각", "\uAC00\u11A8");
}

static void chinese_is_cut_into_pairs(void **state)
{
	assert_words(state, "中国人民银行。新", "中国 国人 人民 民银 银行 新");
	assert_words(state, "2024年GDP增长５．２％", "2024 年 gdp 增长 5.2");
	assert_words(state, "𠀀𠀁中", "𠀀𠀁 𠀁中");
	assert_places(state, "中国人，新 ab好", "中国|国人|新|ab|好");
}

static void japanese_kana_compose(void **state)
{
	assert_words(state, "食べる", "食べ べる");
	assert_same(state, "がぱヴ", "か\u3099は\u309Aウ\u3099");
	assert_same(state, "ガパー", "ｶﾞﾊﾟｰ");
	assert_same(state, "㌀", "アパート");
}

static void thai_is_cut_into_fours(void **state)
{
	assert_words(state, "ธนาคาร", "ธนาค นาคา าคาร");
	assert_words(state, "นา ๒๕๖๗ นาที", "นา 2567 นาที");
}

static void unspaced_tokens_are_flagged(void **state)
{
	ASSERT_FLAGS(state, "中国人 Abc", WF_TOKEN_UNSPACED, WF_TOKEN_UNSPACED, 0);
	ASSERT_FLAGS(state, "ธนาคาร", WF_TOKEN_UNSPACED, WF_TOKEN_UNSPACED, WF_TOKEN_UNSPACED);
}

static void numbers_are_flagged(void **state)
{
	ASSERT_FLAGS(state, "a B 5.9 x9 É 1,234 ٣ 9x ½", 0, 0, WF_TOKEN_NUMBER, WF_TOKEN_NUMBER, 0, WF_TOKEN_NUMBER,
		     WF_TOKEN_NUMBER, WF_TOKEN_NUMBER, WF_TOKEN_NUMBER, WF_TOKEN_NUMBER);
}

static void places_are_those_of_the_original(void **state)
{
	assert_places(state, "«Été» ﬁn\u00ADd 1,234.5% Japan’s кра\u0438\u0306.",
		      "Été|ﬁn\u00ADd|1,234.5|Japan’s|кра\u0438\u0306");
	assert_places(state, "½ x", "½|½|x");
}

static void invalid_bytes_separate(void **state)
{
	assert_words(state,
		     "ab\xFF"
		     "cd\xC3 ef\xE2\x80 gh\xC0\x80ij\xED\xA0\x80kl",
		     "ab cd ef gh ij kl");
	assert_words(state, "ab\xF0\x9F\x98", "ab");
	assert_words(state,
		     "ab\xF5\x80\x80\x80"
		     "cd\xF0\x80\x80\x80"
		     "ef\x80g\xE0\x80\x80h",
		     "ab cd ef g h");
	assert_words(state, "ab\xE2\x80", "ab");
	assert_words(state, "ab\xC3", "ab");
}

static void emoji_separate(void **state)
{
	assert_words(state, "oil\U0001F6E2\uFE0Fgas", "oil gas");
}

static void long_tokens_stay_distinct(void **state)
{
	char a[3000], b[3000];
	struct wf_tokens first, second;

	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	a[2999] = b[2999] = '\0';
	b[2998] = 'b';
	first = tokens_of(state, a);
	second = tokens_of(state, b);
	assert_int_equal(first.count, 1);
	assert_int_equal(first.ends[0], 2999);
	assert_int_not_equal(first.hashes[0], second.hashes[0]);
	for (size_t length = 1; length < 70; length++) {
		char text[80];

		snprintf(text, sizeof(text), "%.*s", (int)length, a);
		first = tokens_of(state, text);
		assert_int_equal(first.hashes[0], hash_of(a, length));
	}
}

static void tokens_past_the_bound_are_counted_alone(void **state)
{
	struct wf_tokens tokens;

	assert_int_equal(wf_tokenise(wf_bytes_of("one two three 中国人 four"), SEED, 2, *state, &tokens), 0);
	assert_int_equal(tokens.count, 2);
	assert_int_equal(tokens.total, 6);
	assert_int_equal(wf_tokenise(wf_bytes_of("one two"), SEED, 0, *state, &tokens), 0);
	assert_int_equal(tokens.count, 0);
	assert_int_equal(tokens.total, 2);
}

static void one_character_of_many_words_has_room(void **state)
{
	char text[301] = "";

	for (int i = 0; i < 100; i++)
		memcpy(text + 3 * i, "\uFDFA", 3);
	assert_int_equal(tokens_of(state, text).count, 301);
}

/* The store keeps what is made of the hashes: a change here needs a new version of its format. */
static void tokens_stay_the_same_for_ever(void **state)
{
	const struct wf_tokens tokens =
		tokens_of(state, "TOKYO, Nov. 17 — Japan’s 155,221 shares at 10:57; internationalisation. "
				 "Ещё край. أحمد؟ 中国人民。 か\u3099ガ ธนาคาร हिन्दी 한국 ﬁn");
	uint64_t all = 0;

	for (uint32_t i = 0; i < tokens.count; i++)
		all = wf_hash_pair(all, (uint64_t)tokens.hashes[i] << 32 | tokens.starts[i] << 8 | tokens.flags[i],
				   tokens.ends[i]);
	assert_int_equal(tokens.count, 22);
	assert_int_equal(tokens.hashes[0], hash_of("tokyo", 5));
	if (all != UINT64_C(0xF4DC343AEFB2EF56))
		fail_msg("0x%llX", (unsigned long long)all);
}

static void another_seed_gives_other_hashes(void **state)
{
	struct wf_tokens tokens;

	assert_int_equal(wf_tokenise(wf_bytes_of("oil"), SEED + 1, 10, *state, &tokens), 0);
	assert_int_not_equal(tokens.hashes[0], hash_of("oil", 3));
}

static void four_gigabytes_are_too_large(void **state)
{
	struct wf_tokens tokens;
	const struct wf_bytes text = {"", (size_t)1 << 32};

	assert_int_equal(wf_tokenise(text, SEED, 10, *state, &tokens), WF_ETOOLARGE);
}

static void out_of_memory_is_an_error(void **state)
{
	struct wf_arena arena;
	struct wf_tokens tokens;

	(void)state;
	wf_arena_init(&arena, 1024);
	memory_fault = (struct memory_fault){.is_armed = true};
	assert_int_equal(wf_tokenise(wf_bytes_of("one two"), SEED, 10, &arena, &tokens), WF_ENOMEM);
	memory_fault.is_armed = false;
	assert_int_equal(wf_tokenise(wf_bytes_of("one two"), SEED, 10, &arena, &tokens), 0);
	assert_int_equal(tokens.count, 2);
	wf_arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_runs_of_letters_and_digits),
		cmocka_unit_test(case_is_folded),
		cmocka_unit_test(apostrophe_between_letters_joins),
		cmocka_unit_test(separators_between_digits_join),
		cmocka_unit_test(thousands_comma_is_dropped),
		cmocka_unit_test(digits_of_all_scripts_are_the_same),
		cmocka_unit_test(marks_that_copies_lose_are_dropped),
		cmocka_unit_test(short_i_is_no_accented_i),
		cmocka_unit_test(alef_variants_are_one_letter),
		cmocka_unit_test(compatibility_forms_are_folded),
		cmocka_unit_test(invisible_characters_vanish_inside_words),
		cmocka_unit_test(german_and_turkish_words_fold_plainly),
		cmocka_unit_test(spanish_words_fold_without_accents),
		cmocka_unit_test(hindi_keeps_its_vowel_signs),
		cmocka_unit_test(hangul_is_cut_into_words),
		cmocka_unit_test(chinese_is_cut_into_pairs),
		cmocka_unit_test(japanese_kana_compose),
		cmocka_unit_test(thai_is_cut_into_fours),
		cmocka_unit_test(unspaced_tokens_are_flagged),
		cmocka_unit_test(numbers_are_flagged),
		cmocka_unit_test(places_are_those_of_the_original),
		cmocka_unit_test(invalid_bytes_separate),
		cmocka_unit_test(emoji_separate),
		cmocka_unit_test(long_tokens_stay_distinct),
		cmocka_unit_test(tokens_past_the_bound_are_counted_alone),
		cmocka_unit_test(one_character_of_many_words_has_room),
		cmocka_unit_test(tokens_stay_the_same_for_ever),
		cmocka_unit_test(another_seed_gives_other_hashes),
		cmocka_unit_test(four_gigabytes_are_too_large),
		cmocka_unit_test(out_of_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
