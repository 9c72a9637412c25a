#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "normalise_rule.h"

static uint32_t units_of(const char *text, size_t length, struct wf_unit *units, uint32_t units_max)
{
	struct wf_cursor cursor;
	uint32_t count = 0;

	wf_cursor_init(&cursor, (const uint8_t *)text, (uint32_t)length, 0);
	while (count < units_max && wf_cursor_next(&cursor, &units[count]))
		count++;
	return count;
}

static void assert_folds(const char *text, const char *expected)
{
	struct wf_unit units[64];
	const uint32_t count = units_of(text, strlen(text), units, 64);
	char folded[256];
	size_t length = 0;

	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < units[i].length && units[i].class >= WF_CLASS_LETTER; k++)
			folded[length++] = (char)(units[i].bytes >> (8 * k));
	folded[length] = '\0';
	assert_string_equal(folded, expected);
}

/* The text is one unit of the rule's, for every code point: what the table says is what the rule says. */
static void table_agrees_with_the_rule(void **state)
{
	(void)state;
	for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
		struct wf_unit units[WF_NORMALISE_UNITS_MAX + 1];
		struct wf_fold fold;
		uint8_t text[4];
		const uint32_t length = wf_normalise_encode(code_point, text);
		uint32_t count;

		if (code_point >= 0xD800 && code_point < 0xE000)
			continue;
		wf_normalise_rule(code_point, &fold);
		count = units_of((const char *)text, length, units, WF_NORMALISE_UNITS_MAX + 1);
		if (count != (fold.count == 0 ? 1 : fold.count) || units[0].class != fold.class)
			fail_msg("U+%04X: %u units, class %d; by the rule %u, %d", (unsigned)code_point,
				 (unsigned)count, (int)units[0].class, (unsigned)fold.count, (int)fold.class);
		for (uint32_t i = 0; i < count; i++) {
			uint8_t bytes[4] = {0};
			uint32_t value = 0;

			assert_int_equal(units[i].start, 0);
			assert_int_equal(units[i].end, length);
			if (fold.count == 0 || units[i].class < WF_CLASS_LETTER)
				continue;
			assert_int_equal(wf_normalise_encode(fold.units[i], bytes), units[i].length);
			for (uint32_t k = 0; k < units[i].length; k++)
				value |= (uint32_t)bytes[k] << (8 * k);
			assert_int_equal(value, units[i].bytes);
		}
	}
}

/* The fast reader and the careful one read the same, with whatever follows. */
static void look_agrees_with_the_reader(void **state)
{
	static const char *const followers[] = {"aaaaaa",
						"\u0306aaaa",
						"\u3099aaaaa",
						"\u309Aaaaa",
						"\uFF9Eaaaa",
						"\u1161\u11A8aaa",
						"\u11A8aaaa",
						"\u0301aaaa",
						("\xFF"
						 "aaaaaa"),
						("\xC3\x82\x99"
						 "aaaa"), /* no voicing mark, though but its first byte differs */
						"\u3042aaaa"};

	(void)state;
	for (uint32_t code_point = 0; code_point < 0x10000; code_point++)
		for (size_t i = 0; i < sizeof(followers) / sizeof(followers[0]); i++) {
			struct wf_cursor careful, fast;
			struct wf_unit a, b;
			uint8_t text[32];
			uint32_t length = wf_normalise_encode(code_point, text);

			memcpy(text + length, followers[i], strlen(followers[i]));
			length += (uint32_t)strlen(followers[i]);
			wf_cursor_init(&careful, text, length, 0);
			wf_cursor_init(&fast, text, length, 0);
			assert_true(wf_cursor_next(&careful, &a));
			assert_true(wf_cursor_read(&fast, &b));
			if (a.class != b.class || a.end != b.end || careful.at != fast.at ||
			    (a.class >= WF_CLASS_LETTER && (a.bytes != b.bytes || a.length != b.length)))
				fail_msg("U+%04X before \"%s\" is read in two ways", (unsigned)code_point,
					 followers[i]);
		}
}

static void folding_twice_is_folding_once(void **state)
{
	(void)state;
	for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
		struct wf_fold fold, again;

		wf_normalise_rule(code_point, &fold);
		for (uint32_t i = 0; i < fold.count; i++) {
			wf_normalise_rule(fold.units[i], &again);
			if (again.count != 1 || again.units[0] != fold.units[i])
				fail_msg("U+%04X folds to U+%04X, which folds on", (unsigned)code_point,
					 (unsigned)fold.units[i]);
		}
	}
}

static void classes_are_those_of_the_tokeniser(void **state)
{
	static const struct {
		const char *text;
		enum wf_class class;
	} cases[] = {
		{"a", WF_CLASS_LETTER},       {"7", WF_CLASS_DIGIT},        {" ", WF_CLASS_OTHER},
		{"\t", WF_CLASS_OTHER},       {"\n", WF_CLASS_OTHER},       {"\r", WF_CLASS_OTHER},
		{"\u2028", WF_CLASS_OTHER},   {"\u00A0", WF_CLASS_OTHER},   {"\u3000", WF_CLASS_OTHER},
		{".", WF_CLASS_DOT},          {"!", WF_CLASS_OTHER},        {"…", WF_CLASS_OTHER},
		{"؟", WF_CLASS_OTHER},        {"。", WF_CLASS_OTHER},       {"！", WF_CLASS_OTHER},
		{",", WF_CLASS_COMMA},        {":", WF_CLASS_COLON},        {"'", WF_CLASS_APOSTROPHE},
		{"’", WF_CLASS_APOSTROPHE},   {"_", WF_CLASS_OTHER},        {"-", WF_CLASS_OTHER},
		{"—", WF_CLASS_OTHER},        {"“", WF_CLASS_OTHER},        {"€", WF_CLASS_OTHER},
		{"😀", WF_CLASS_OTHER},        {"\u00AD", WF_CLASS_IGNORED}, {"\u0301", WF_CLASS_IGNORED},
		{"\uFEFF", WF_CLASS_IGNORED}, {"\u0640", WF_CLASS_IGNORED}, {"中", WF_CLASS_PAIRED},
		{"ー", WF_CLASS_PAIRED},      {"𠀀", WF_CLASS_PAIRED},      {"ก", WF_CLASS_QUADRUPLED},
		{"ြ", WF_CLASS_QUADRUPLED},   {"ខ", WF_CLASS_QUADRUPLED},   {"ລ", WF_CLASS_QUADRUPLED},
		{"한", WF_CLASS_LETTER},      {"ि", WF_CLASS_LETTER},       {"५", WF_CLASS_DIGIT},
		{"・", WF_CLASS_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wf_unit unit;

		assert_int_equal(units_of(cases[i].text, strlen(cases[i].text), &unit, 1), 1);
		if (unit.class != cases[i].class)
			fail_msg("\"%s\" is of class %d, not %d", cases[i].text, (int)unit.class, (int)cases[i].class);
	}
}

static void texts_fold_as_copies_agree(void **state)
{
	(void)state;
	assert_folds("Été ЁЖ й Й ß ﬁ Ⅳ", "eteежййssfiiv");
}

static void cut_characters_are_never_read_past(void **state)
{
	static const char *const texts[] = {"\xC3",         "\xE2", "\xE2\x80", "\xF0",  "\xF0\x9F",
					    "\xF0\x9F\x98", "и",    "か",       "\u1112"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const size_t length = strlen(texts[i]);
		char *exact = test_malloc(length); /* a sanitizer sees a read past it */
		struct wf_unit units[8];
		uint32_t count;

		memcpy(exact, texts[i], length);
		count = units_of(exact, length, units, 8);
		assert_true(count >= 1);
		assert_int_equal(units[count - 1].end, length);
		test_free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_agrees_with_the_rule),    cmocka_unit_test(look_agrees_with_the_reader),
		cmocka_unit_test(folding_twice_is_folding_once), cmocka_unit_test(classes_are_those_of_the_tokeniser),
		cmocka_unit_test(texts_fold_as_copies_agree),    cmocka_unit_test(cut_characters_are_never_read_past),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
