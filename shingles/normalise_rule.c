#include "normalise_rule.h"

#include <utf8proc.h>

struct range {
	uint32_t first;
	uint32_t last;
};

/* Marks that one copy of a text has and another lacks, and letters that only fill or stretch. Sorted. */
static const struct range dropped[] = {
	{0x0300, 0x036F},                   /* accents: é = e, ё = е */
	{0x0483, 0x0489}, {0x0591, 0x05BD}, /* Hebrew points */
	{0x05BF, 0x05BF}, {0x05C1, 0x05C2}, {0x05C4, 0x05C5},   {0x05C7, 0x05C7},
	{0x0610, 0x061A}, /* Arabic vowel points, tatweel; hamza too, so that the forms of alef are one */
	{0x0640, 0x0640}, {0x064B, 0x065F}, {0x0670, 0x0670},   {0x06D6, 0x06DC},
	{0x06DF, 0x06E4}, {0x06E7, 0x06E8}, {0x06EA, 0x06ED},   {0x08D3, 0x08E1},
	{0x08E3, 0x08FF}, {0x115F, 0x1160}, /* Hangul fillers */
	{0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x1AB0, 0x1AFF},   {0x1DC0, 0x1DFF},
	{0x20D0, 0x20FF}, {0x3099, 0x309A}, /* voicing marks of kana, where there is nothing to voice */
	{0x3164, 0x3164}, {0xFE00, 0xFE0F}, /* variation selectors */
	{0xFE20, 0xFE2F}, {0xFFA0, 0xFFA0}, {0xE0100, 0xE01EF},
};

/* Han, kana and bopomofo. Sorted. */
static const struct range paired[] = {
	{0x2E80, 0x2FDF}, {0x3005, 0x3007}, {0x3021, 0x3029},   {0x3031, 0x3035},   {0x3038, 0x303C},
	{0x3041, 0x30FA}, {0x30FC, 0x312F}, {0x31A0, 0x31BF},   {0x31F0, 0x31FF},   {0x3400, 0x4DBF},
	{0x4E00, 0x9FFF}, {0xF900, 0xFAFF}, {0x1AFF0, 0x1B16F}, {0x20000, 0x3FFFF},
};

/* Thai, Lao, Myanmar, Khmer. Sorted. */
static const struct range quadrupled[] = {
	{0x0E00, 0x0EFF}, {0x1000, 0x109F}, {0x1780, 0x17FF}, {0xA9E0, 0xA9FF}, {0xAA60, 0xAA7F},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool is_within(uint32_t code_point, const struct range *ranges, size_t ranges_count)
{
	for (size_t i = 0; i < ranges_count; i++)
		if (code_point >= ranges[i].first && code_point <= ranges[i].last)
			return true;
	return false;
}

static utf8proc_category_t category_of(uint32_t code_point)
{
	return code_point > 0x10FFFF ? UTF8PROC_CATEGORY_CN : utf8proc_category((utf8proc_int32_t)code_point);
}

/* Letters that Unicode takes apart, but that readers do not. */
static bool is_whole(uint32_t code_point)
{
	return code_point == 0x0439                              /* й is no accented и */
	       || (code_point >= 0x3041 && code_point <= 0x3096) /* voiced kana */
	       || (code_point >= 0x309D && code_point <= 0x309E) || (code_point >= 0x30A1 && code_point <= 0x30FA) ||
	       (code_point >= 0x30FC && code_point <= 0x30FE) ||
	       (code_point >= 0xAC00 && code_point <= 0xD7A3); /* Hangul syllables */
}

static bool decomposes_to(uint32_t whole, uint32_t first, uint32_t second)
{
	utf8proc_int32_t parts[4];
	int boundary = 0;
	const utf8proc_ssize_t count =
		utf8proc_decompose_char((utf8proc_int32_t)whole, parts, 4, UTF8PROC_DECOMPOSE, &boundary);

	return count == 2 && (uint32_t)parts[0] == first && (uint32_t)parts[1] == second;
}

/* Kana with its voicing mark: most are followed by their voiced form, and in the row of は that by the half-voiced
 * one. */
static uint32_t voiced_kana_of(uint32_t kana, uint32_t mark)
{
	static const uint32_t distances[] = {1, 2, 8, 0x4E};

	for (size_t i = 0; i < COUNT_OF(distances); i++)
		if (decomposes_to(kana + distances[i], kana, mark))
			return kana + distances[i];
	return 0;
}

uint32_t wf_normalise_compose(uint32_t first, uint32_t second)
{
	if (first == 0x0438 && second == 0x0306)
		return 0x0439;
	if (second == 0x3099 || second == 0x309A)
		return first >= 0x3041 && first <= 0x30FE ? voiced_kana_of(first, second) : 0;
	if (first >= 0x1100 && first <= 0x1112 && second >= 0x1161 && second <= 0x1175)
		return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28;
	if (first >= 0xAC00 && first <= 0xD7A3 && (first - 0xAC00) % 28 == 0 && second >= 0x11A8 && second <= 0x11C2)
		return first + second - 0x11A7;
	return 0;
}

static bool may_compose(uint32_t folded)
{
	return wf_normalise_compose(folded, 0x0306) != 0 || wf_normalise_compose(folded, 0x3099) != 0 ||
	       wf_normalise_compose(folded, 0x1161) != 0 || wf_normalise_compose(folded, 0x11A8) != 0;
}

/* The characters that are treated otherwise than their decomposition or category says; 0 for all others, else the
 * character that they stand for. */
static uint32_t stand_in_of(uint32_t code_point)
{
	switch (code_point) {
	case '`':
	case 0x00B4:
	case 0x02B9:
	case 0x02BB:
	case 0x02BC:
	case 0x02BD:
	case 0x02BE:
	case 0x02BF:
	case 0x02C8:
	case 0x055A:
	case 0x05F3:
	case 0x2018:
	case 0x2019:
	case 0x201B:
	case 0x2032:
	case 0xA78B:
	case 0xA78C:
	case 0xFF07:
	case 0xFF40:
		return '\'';
	case 0x066B:
		return '.';
	case 0x066C:
		return ',';
	case 0x2026: /* … ‼ and their like are one character that separates, not several */
	case 0x203C:
	case 0x2047:
	case 0x2048:
	case 0x2049:
	case 0x2122: /* ™ and ℠ come and go */
	case 0x2120:
		return '*';
	default:
		return 0;
	}
}

enum wf_class wf_normalise_class(uint32_t code_point)
{
	switch (code_point) {
	case '\'':
		return WF_CLASS_APOSTROPHE;
	case '.':
		return WF_CLASS_DOT;
	case ',':
		return WF_CLASS_COMMA;
	case ':':
		return WF_CLASS_COLON;
	default:
		break;
	}
	switch (category_of(code_point)) {
	case UTF8PROC_CATEGORY_ND:
		return WF_CLASS_DIGIT;
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		if (is_within(code_point, dropped, COUNT_OF(dropped)))
			return WF_CLASS_IGNORED;
		if (is_within(code_point, paired, COUNT_OF(paired)))
			return WF_CLASS_PAIRED;
		return is_within(code_point, quadrupled, COUNT_OF(quadrupled)) ? WF_CLASS_QUADRUPLED : WF_CLASS_LETTER;
	case UTF8PROC_CATEGORY_CF:
		return WF_CLASS_IGNORED;
	default:
		return WF_CLASS_OTHER;
	}
}

/* A decimal digit as ASCII. Unicode keeps the digits of a script together and in order. */
static uint32_t ascii_digit_of(uint32_t digit)
{
	uint32_t before = 0;

	while (before < 9 && category_of(digit - before - 1) == UTF8PROC_CATEGORY_ND)
		before++;
	return '0' + before;
}

/* Puts the letters together again that are letters of their own; returns how many parts are left. */
static utf8proc_ssize_t compose_all(utf8proc_int32_t *parts, utf8proc_ssize_t parts_count)
{
	utf8proc_ssize_t kept = 0;

	for (utf8proc_ssize_t i = 0; i < parts_count; i++) {
		const uint32_t whole =
			kept == 0 ? 0 : wf_normalise_compose((uint32_t)parts[kept - 1], (uint32_t)parts[i]);

		if (whole != 0)
			parts[kept - 1] = (utf8proc_int32_t)whole;
		else
			parts[kept++] = parts[i];
	}
	return kept;
}

/* Appends what `code_point` folds to. The depth is bounded: what a folded character decomposes to is folded already. */
static void append_folded(uint32_t code_point, struct wf_fold *fold, int depth)
{
	const uint32_t stand_in = stand_in_of(code_point);
	utf8proc_int32_t parts[WF_NORMALISE_UNITS_MAX];
	utf8proc_ssize_t parts_count = 1;
	int boundary = 0;

	parts[0] = (utf8proc_int32_t)(stand_in != 0 ? stand_in : code_point);
	if (stand_in == 0 && depth < 4 && code_point <= 0x10FFFF && !is_whole(code_point))
		parts_count =
			utf8proc_decompose_char((utf8proc_int32_t)code_point, parts, WF_NORMALISE_UNITS_MAX,
						UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, &boundary);
	if (parts_count < 0 || parts_count > WF_NORMALISE_UNITS_MAX)
		return;
	parts_count = compose_all(parts, parts_count);
	for (utf8proc_ssize_t i = 0; i < parts_count; i++) {
		const uint32_t part = (uint32_t)parts[i];
		const enum wf_class class = wf_normalise_class(part);

		if (part != code_point && stand_in == 0)
			append_folded(part, fold, depth + 1);
		else if (class != WF_CLASS_IGNORED && fold->count < WF_NORMALISE_UNITS_MAX)
			fold->units[fold->count++] = class == WF_CLASS_DIGIT ? ascii_digit_of(part) : part;
	}
}

void wf_normalise_rule(uint32_t code_point, struct wf_fold *fold)
{
	*fold = (struct wf_fold){.class = WF_CLASS_IGNORED};
	append_folded(code_point, fold, 0);
	if (fold->count > 0)
		fold->class = wf_normalise_class(fold->units[0]);
	fold->composes = fold->count == 1 && may_compose(fold->units[0]);
}

uint32_t wf_normalise_encode(uint32_t code_point, uint8_t bytes[4])
{
	if (code_point < 0x80) {
		bytes[0] = (uint8_t)code_point;
		return 1;
	}
	if (code_point < 0x800) {
		bytes[0] = (uint8_t)(0xC0 | code_point >> 6);
		bytes[1] = (uint8_t)(0x80 | (code_point & 63));
		return 2;
	}
	if (code_point < 0x10000) {
		bytes[0] = (uint8_t)(0xE0 | code_point >> 12);
		bytes[1] = (uint8_t)(0x80 | (code_point >> 6 & 63));
		bytes[2] = (uint8_t)(0x80 | (code_point & 63));
		return 3;
	}
	bytes[0] = (uint8_t)(0xF0 | code_point >> 18);
	bytes[1] = (uint8_t)(0x80 | (code_point >> 12 & 63));
	bytes[2] = (uint8_t)(0x80 | (code_point >> 6 & 63));
	bytes[3] = (uint8_t)(0x80 | (code_point & 63));
	return 4;
}
