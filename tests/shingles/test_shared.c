/* The passages of two texts: equal, apart, complete, and found at a bounded cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "memory_fault.h"
#include "random_source.h"
#include "shared.h"
#include "tokenise.h"

#define SEED     UINT64_C(0x1234567890ABCDEF)
#define EVERY    SIZE_MAX
#define TEXT_MAX (2u << 20)

/* ---- texts ---- */

struct text {
	char *data;
	size_t length;
};

static struct text text_new(void)
{
	struct text text = {malloc(TEXT_MAX), 0};

	assert_non_null(text.data);
	return text;
}

static void text_add(struct text *text, const char *data, size_t length)
{
	assert_true(text->length + length <= TEXT_MAX);
	memcpy(text->data + text->length, data, length);
	text->length += length;
}

static void text_say(struct text *text, const char *words)
{
	text_add(text, words, strlen(words));
}

static struct wf_bytes bytes_of(const struct text *text)
{
	return (struct wf_bytes){text->data, text->length};
}

/* Words that no two calls with different random states have in common by more than chance. */
static void text_words(struct text *text, uint64_t *random, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++) {
		char word[16];

		(void)snprintf(word, sizeof word, "w%05x ", random_below(random, 1u << 18));
		text_say(text, word);
	}
}

/* The same number of words as text_words(), as one string. */
static char *words_of(uint64_t seed, uint32_t words)
{
	struct text text = text_new();
	uint64_t random = seed;

	text_words(&text, &random, words);
	text.data[text.length] = '\0';
	return text.data;
}

/* ---- what must hold of every answer ---- */

struct answer {
	struct wf_arena arena;
	struct wf_shared shared;
};

static void assert_same_tokens(struct wf_bytes a, struct wf_bytes b)
{
	struct wf_arena arena;
	struct wf_tokens first, second;

	wf_arena_init(&arena, 4096);
	assert_int_equal(wf_tokenise(a, SEED, UINT32_MAX, &arena, &first), 0);
	assert_int_equal(wf_tokenise(b, SEED, UINT32_MAX, &arena, &second), 0);
	assert_int_equal(first.count, second.count);
	assert_memory_equal(first.hashes, second.hashes, first.count * sizeof *first.hashes);
	assert_int_equal(first.starts[0], 0);
	assert_int_equal(first.ends[first.count - 1], a.length);
	assert_int_equal(second.starts[0], 0);
	assert_int_equal(second.ends[second.count - 1], b.length);
	wf_arena_close(&arena);
}

static int compare_b(const void *first, const void *second)
{
	const struct wf_shared_passage *a = first;
	const struct wf_shared_passage *b = second;

	return a->b_start < b->b_start ? -1 : a->b_start > b->b_start;
}

static void assert_sound(struct wf_bytes a, struct wf_bytes b, const struct wf_shared *shared)
{
	const size_t count = shared->passages_count;
	struct wf_shared_passage *by_b = malloc((count + 1) * sizeof *by_b);

	assert_non_null(by_b);
	for (size_t i = 0; i < count; i++) {
		const struct wf_shared_passage *passage = &shared->passages[i];

		assert_true(passage->a_start < passage->a_end && passage->a_end <= a.length);
		assert_true(passage->b_start < passage->b_end && passage->b_end <= b.length);
		assert_true(i == 0 || passage[-1].a_end <= passage->a_start);
		assert_same_tokens((struct wf_bytes){a.data + passage->a_start, passage->a_end - passage->a_start},
				   (struct wf_bytes){b.data + passage->b_start, passage->b_end - passage->b_start});
		by_b[i] = *passage;
	}
	qsort(by_b, count, sizeof *by_b, compare_b);
	for (size_t i = 1; i < count; i++)
		assert_true(by_b[i - 1].b_end <= by_b[i].b_start);
	free(by_b);
}

static struct answer find_some(struct wf_bytes a, struct wf_bytes b, size_t passages_max)
{
	struct answer answer;

	wf_arena_init(&answer.arena, 4096);
	assert_int_equal(wf_shared_find(a, b, passages_max, SEED, &answer.arena, &answer.shared), 0);
	assert_sound(a, b, &answer.shared);
	return answer;
}

static struct answer find(struct wf_bytes a, struct wf_bytes b)
{
	return find_some(a, b, EVERY);
}

static void answer_close(struct answer *answer)
{
	wf_arena_close(&answer->arena);
}

static size_t a_bytes(const struct answer *answer)
{
	size_t bytes = 0;

	for (size_t i = 0; i < answer->shared.passages_count; i++)
		bytes += answer->shared.passages[i].a_end - answer->shared.passages[i].a_start;
	return bytes;
}

static void assert_passage(const struct answer *answer, size_t at, struct wf_bytes a, const char *a_text,
			   struct wf_bytes b, const char *b_text)
{
	const struct wf_shared_passage *passage = &answer->shared.passages[at];

	assert_true(at < answer->shared.passages_count);
	assert_int_equal(passage->a_end - passage->a_start, strlen(a_text));
	assert_memory_equal(a.data + passage->a_start, a_text, strlen(a_text));
	assert_int_equal(passage->b_end - passage->b_start, strlen(b_text));
	assert_memory_equal(b.data + passage->b_start, b_text, strlen(b_text));
}

/* The one passage of two texts, as each has it. NULL: none. */
static void assert_one(const char *a, const char *b, const char *a_text, const char *b_text)
{
	struct answer answer = find(wf_bytes_of(a), wf_bytes_of(b));

	assert_int_equal(answer.shared.passages_count, a_text == NULL ? 0 : 1);
	if (a_text != NULL)
		assert_passage(&answer, 0, wf_bytes_of(a), a_text, wf_bytes_of(b), b_text);
	answer_close(&answer);
}

/* ---- result ---- */

static void identical_texts_are_one_passage(void **state)
{
	const char *text = "Showers continued throughout the week in the Bahia cocoa zone, alleviating the drought.";
	const char *passage = "Showers continued throughout the week in the Bahia cocoa zone, alleviating the drought";

	(void)state;
	assert_one(text, text, passage, passage);
}

static void a_quotation_is_found_in_its_place(void **state)
{
	(void)state;
	assert_one("One thing first: showers continued throughout the week in Bahia, he said.",
		   "It was wet. Showers continued throughout the week in Bahia! Nobody minded it.",
		   "showers continued throughout the week in Bahia", "Showers continued throughout the week in Bahia");
}

static void quotes_case_accents_and_spacing_differ_inside_a_passage(void **state)
{
	(void)state;
	assert_one("He said: “The café isn’t open – yet”, and left for good.",
		   "he  SAID: \"the cafe isn't\nopen - yet\", and left us",
		   "He said: “The café isn’t open – yet”, and left",
		   "he  SAID: \"the cafe isn't\nopen - yet\", and left");
}

static void moved_paragraphs_are_found(void **state)
{
	char *one = words_of(1, 80), *two = words_of(2, 60), *three = words_of(3, 40);
	struct text a = text_new(), b = text_new();
	struct answer answer;

	(void)state;
	text_say(&a, one), text_say(&a, two), text_say(&a, three);
	text_say(&b, three), text_say(&b, one), text_say(&b, two);
	answer = find(bytes_of(&a), bytes_of(&b));
	assert_int_equal(answer.shared.passages_count, 2);
	assert_int_equal(answer.shared.passages[0].a_start, 0);
	assert_int_equal(answer.shared.passages[0].b_start, strlen(three));
	assert_int_equal(answer.shared.passages[1].a_start, strlen(one) + strlen(two));
	assert_int_equal(answer.shared.passages[1].b_start, 0);
	assert_int_equal(a_bytes(&answer), a.length - 2);
	answer_close(&answer);
	free(one), free(two), free(three), free(a.data), free(b.data);
}

/* The second paragraph of b would be as like the first of a: each has its own. */
static void a_paragraph_that_occurs_twice_in_both_is_found_twice(void **state)
{
	char *twice = words_of(1, 50), *other = words_of(2, 30), *third = words_of(3, 30);
	struct text a = text_new(), b = text_new();
	struct answer answer;

	(void)state;
	text_say(&a, twice), text_say(&a, other), text_say(&a, twice);
	text_say(&b, twice), text_say(&b, third), text_say(&b, twice);
	answer = find(bytes_of(&a), bytes_of(&b));
	assert_int_equal(answer.shared.passages_count, 2);
	assert_int_equal(a_bytes(&answer), 2 * (strlen(twice) - 1));
	answer_close(&answer);
	free(twice), free(other), free(third), free(a.data), free(b.data);
}

/* A longer run takes the middle out of another; both of its ends are passages. */
static void both_ends_of_a_run_whose_middle_is_taken_are_kept(void **state)
{
	char *left = words_of(1, 20), *middle = words_of(2, 30), *right = words_of(3, 20), *tail = words_of(4, 60);
	struct text a = text_new(), b = text_new();
	struct answer answer;

	(void)state;
	text_say(&a, left), text_say(&a, middle), text_say(&a, right), text_say(&a, "stop "), text_say(&a, middle),
		text_say(&a, tail);
	text_say(&b, "begin "), text_say(&b, middle), text_say(&b, tail), text_say(&b, "and "), text_say(&b, left),
		text_say(&b, middle), text_say(&b, right);
	answer = find(bytes_of(&a), bytes_of(&b));
	assert_int_equal(a_bytes(&answer) + answer.shared.passages_count, a.length - strlen("stop "));
	assert_int_equal(answer.shared.passages_count, 2);
	answer_close(&answer);

	/* Here the middle is there once in b: the ends stay. */
	b.length = 0;
	text_say(&b, "begin "), text_say(&b, left), text_say(&b, "other "), text_say(&b, middle), text_say(&b, tail),
		text_say(&b, right);
	answer = find(bytes_of(&a), bytes_of(&b));
	assert_int_equal(answer.shared.passages_count, 3);
	assert_int_equal(a_bytes(&answer) + 3, strlen(left) + strlen(middle) + strlen(tail) + strlen(right));
	answer_close(&answer);
	free(left), free(middle), free(right), free(tail), free(a.data), free(b.data);
}

/* Many parts of a passage are there before it is, whole, and after: the whole is taken. */
static void the_longest_is_taken_first(void **state)
{
	char *passage = words_of(1, 200);
	const struct wf_bytes a = wf_bytes_of(passage);
	struct text b = text_new();
	struct answer answer;
	uint64_t random = 3;

	(void)state;
	for (int i = 0; i < 60; i++) {
		const uint32_t words = 6 + random_below(&random, 150);

		if (i == 30)
			text_say(&b, passage), text_words(&b, &random, 3);
		text_add(&b, passage + 7 * (size_t)random_below(&random, 200 - words), 7 * (size_t)words);
		text_words(&b, &random, 3);
	}
	answer = find(a, bytes_of(&b));
	assert_int_equal(answer.shared.passages_count, 1);
	assert_int_equal(a_bytes(&answer), a.length - 1);
	answer_close(&answer);
	free(passage), free(b.data);
}

/* The longer run has taken the place of "two three"; "three" has another one, which is not where that run begins. */
static void a_part_of_a_lost_run_finds_its_other_place(void **state)
{
	char *one = words_of(1, 30), *two = words_of(2, 20), *three = words_of(3, 20);
	struct text a = text_new(), b = text_new();
	struct answer answer;

	(void)state;
	text_say(&a, one), text_say(&a, two), text_say(&a, three), text_say(&a, "stop "), text_say(&a, three);
	text_say(&b, one), text_say(&b, two), text_say(&b, three), text_say(&b, "and "), text_say(&b, two);
	text_say(&b, three);
	answer = find(bytes_of(&a), bytes_of(&b));
	assert_int_equal(answer.shared.passages_count, 2);
	assert_int_equal(a_bytes(&answer) + 2, a.length - strlen("stop "));
	answer_close(&answer);
	free(one), free(two), free(three), free(a.data), free(b.data);
}

/* Of two places that are equally good it is the one where the text before was. */
static void a_phrase_that_occurs_twice_is_found_beside_its_neighbours(void **state)
{
	const char *phrase = "he told the house on Tuesday ";
	char *one = words_of(1, 20), *two = words_of(2, 20);
	struct text a = text_new(), b = text_new();
	struct answer answer;

	(void)state;
	text_say(&a, one), text_say(&a, "but "), text_say(&a, phrase), text_say(&a, two), text_say(&a, "and ");
	text_say(&a, phrase), text_say(&a, "end");
	text_say(&b, two), text_say(&b, "as "), text_say(&b, phrase), text_say(&b, "over");
	answer = find(bytes_of(&a), bytes_of(&b));
	assert_int_equal(answer.shared.passages_count, 2);
	assert_int_equal(answer.shared.passages[1].a_start, a.length - strlen("end") - strlen(phrase));
	answer_close(&answer);
	free(one), free(two), free(a.data), free(b.data);
}

/* The phrase that begins the passage occurs a hundred times before: it is a passage's beginning all the same. */
static void a_passage_that_begins_with_a_frequent_phrase_is_whole(void **state)
{
	const char *phrase = "according to the people familiar with the matter ";
	char *rest = words_of(7, 30);
	struct text a = text_new(), b = text_new();
	struct answer answer;
	uint64_t random = 9;

	(void)state;
	for (int i = 0; i < 100; i++) {
		text_say(&a, phrase);
		text_words(&a, &random, 12);
	}
	text_say(&a, phrase), text_say(&a, rest);
	text_words(&b, &random, 12);
	text_say(&b, phrase), text_say(&b, rest);
	answer = find(bytes_of(&a), bytes_of(&b));
	assert_int_equal(answer.shared.passages_count, 1);
	assert_int_equal(a_bytes(&answer), strlen(phrase) + strlen(rest) - 1);
	answer_close(&answer);
	free(rest), free(a.data), free(b.data);
}

static void a_passage_of_four_words_is_none_and_of_five_is_one(void **state)
{
	(void)state;
	assert_one("alpha at the end of beta gamma", "delta at the end of epsilon zeta", NULL, NULL);
	assert_one("alpha at the end of time gamma", "delta at the end of time zeta", "at the end of time",
		   "at the end of time");
}

static void in_scripts_without_spaces_eleven_characters_are_a_passage(void **state)
{
	(void)state;
	assert_one("甲中国人民银行周二表示将乙", "丙中国人民银行周二表示将丁", "中国人民银行周二表示将",
		   "中国人民银行周二表示将");
	assert_one("甲中国人民银行周二表示乙丑", "丙中国人民银行周二表示丁卯", NULL, NULL);
}

static void a_short_text_counts_as_a_whole(void **state)
{
	(void)state;
	assert_one("Bahia", "It rained in BAHIA again", "Bahia", "BAHIA");
	assert_one("rain in Bahia", "No more rain in Bahia today", "rain in Bahia", "rain in Bahia");
	assert_one("rain in Bahia", "No more rain in Recife today", NULL, NULL);
	assert_one("人民银行", "中国人民银行表示", "人民银行", "人民银行");
}

static void empty_texts_share_nothing(void **state)
{
	(void)state;
	assert_one("", "", NULL, NULL);
	assert_one("", "It rained in Bahia again today", NULL, NULL);
	assert_one("It rained in Bahia again today", "... — !", NULL, NULL);
}

static void bytes_that_are_not_utf_8_only_separate(void **state)
{
	(void)state;
	assert_one("It rained\xFF in Bahia again today",
		   "It rained in \xC3"
		   "Bahia again today",
		   "It rained\xFF in Bahia again today",
		   "It rained in \xC3"
		   "Bahia again today");
}

/* Tokens overlap there: neighbours in a that are apart in b share no character, and none is lost. */
static void passages_of_overlapping_tokens_are_exact(void **state)
{
	static const char *const scripts[][3] = {
		{"中国人民银行周二表示将继续实施稳健的货币政策", "并保持流动性合理充裕以支持实体经济发展", "记者"},
		{"日本銀行は火曜日の会合で政策金利を据え置くことを", "全員一致で決定したと午後の記者会見で総裁が述べた",
		 "然而"},
		{"ธนาคารแห่งประเทศไทยประกาศคงอัตราดอกเบี้ยนโยบาย", /* a bank keeps its rate */
		 "ไว้ที่ระดับเดิมเพื่อสนับสนุนการฟื้นตัวของเศรษฐกิจ", "ครับ"},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char a[1024], b[1024];
		struct answer answer;

		(void)snprintf(a, sizeof a, "%s%s", scripts[i][0], scripts[i][1]);
		(void)snprintf(b, sizeof b, "%s%s%s", scripts[i][1], scripts[i][2], scripts[i][0]);
		answer = find(wf_bytes_of(a), wf_bytes_of(b));
		assert_int_equal(answer.shared.passages_count, 2);
		assert_passage(&answer, 0, wf_bytes_of(a), scripts[i][0], wf_bytes_of(b), scripts[i][0]);
		assert_passage(&answer, 1, wf_bytes_of(a), scripts[i][1], wf_bytes_of(b), scripts[i][1]);
		answer_close(&answer);
	}
}

/* The character between two passages is in both runs: the longer one has it. */
static void runs_that_meet_in_a_character_share_it_out(void **state)
{
	static const char *const scripts[][3] = {
		{"中国人民银行周二表示将继续实施稳健的货币政", "策", "并保持流动性合理充裕以支持实体经济发"},
		{"中国人民银行周二表示将继续实施稳健", "的", "货币政策并保持流动性合理充裕以支持实体经济发展"},
		{"ธนาคารแห่งประเทศไทยประกาศคงอัตรา", "ดอก", "เบี้ยนโยบายไว้ที่ระดับเดิมเพื่อสนับสนุน"},
		{"ธนาคารแห่งประเทศไทยประกาศคงอัตราดอกเบี้ยนโยบาย", "ไว้ที่", "ระดับเดิมเพื่อสนับสนุน"},
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char a[1024], b[1024];
		struct answer answer;

		(void)snprintf(a, sizeof a, "%s%s%s", scripts[i][0], scripts[i][1], scripts[i][2]);
		(void)snprintf(b, sizeof b, "%s%s. And %s%s", scripts[i][1], scripts[i][2], scripts[i][0],
			       scripts[i][1]);
		answer = find(wf_bytes_of(a), wf_bytes_of(b));
		assert_int_equal(answer.shared.passages_count, 2);
		assert_int_equal(a_bytes(&answer), strlen(a));
		answer_close(&answer);
	}
}

/* The same pairs of characters, but in one text a full stop stands between two of them. */
static void a_stop_inside_a_script_without_spaces_ends_a_passage(void **state)
{
	(void)state;
	assert_one("甲乙。乙丙丁戊己庚辛壬癸子丑寅", "甲乙丙丁戊己庚辛壬癸子丑寅", "乙丙丁戊己庚辛壬癸子丑寅",
		   "乙丙丁戊己庚辛壬癸子丑寅");
	assert_one("甲乙丙丁戊己庚辛壬癸子丑。丑寅", "甲乙丙丁戊己庚辛壬癸子丑寅", "甲乙丙丁戊己庚辛壬癸子丑",
		   "甲乙丙丁戊己庚辛壬癸子丑");
}

/* One character that stands for several words is in a passage as a whole or not at all. */
static void a_character_of_several_words_is_not_cut(void **state)
{
	(void)state;
	assert_one("the price of wheat rose by 5½ percent", "the price of wheat rose by 51 cents more",
		   "the price of wheat rose by", "the price of wheat rose by");
	assert_one("当地时间周二上午表示东京电力㍿社长今日", "当地时间周二上午表示东京电力会社长今日",
		   "当地时间周二上午表示东京电力", "当地时间周二上午表示东京电力");
}

static void six_languages_share_their_passages(void **state)
{
	static const char *const passages[] = {
		"The central bank left its key rate unchanged on Tuesday",
		"El banco central mantuvo sin cambios su tasa clave el martes",
		"Центральный банк во вторник оставил ключевую ставку без изменений",
		"أبقى البنك المركزي سعر الفائدة الرئيسي دون تغيير يوم الثلاثاء",
		"央行周二宣布维持关键利率不变并称经济前景仍存在不确定性",
		"日本銀行は火曜日に政策金利を据え置くと発表し先行きは不透明だとした",
		"ธนาคารกลางคงอัตราดอกเบี้ยนโยบายไว้เท่าเดิมเมื่อวันอังคาร",
	};

	(void)state;
	for (size_t i = 0; i < sizeof passages / sizeof passages[0]; i++) {
		char a[1024], b[1024];

		(void)snprintf(a, sizeof a, "Reuters: %s. Add new comment", passages[i]);
		(void)snprintf(b, sizeof b, "(%s), 17 Nov 2025", passages[i]);
		assert_one(a, b, passages[i], passages[i]);
	}
}

/* ---- properties ---- */

/* Random edits of random words: what was not touched, and stands in a stretch of five words or more, is found. */
static void whatever_is_left_between_random_edits_is_found(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		uint64_t random = seed;
		struct text a = text_new(), b = text_new();
		const uint32_t words = 1 + random_below(&random, 600);
		const uint32_t edits = random_below(&random, 40);
		struct answer answer;
		size_t kept = 0, stretch = 0, stretch_words = 0;

		for (uint32_t i = 0; i < words; i++) {
			char word[24];
			const int length = snprintf(word, sizeof word, "w%x ", random_below(&random, 1u << 30));

			text_say(&a, word);
			if (random_below(&random, words) < edits) {
				if (random_below(&random, 2) == 0)
					text_words(&b, &random, 1);
				kept += stretch_words >= WF_SHARED_WORDS_LEAST ? stretch : 0;
				stretch = stretch_words = 0;
			} else {
				text_say(&b, word);
				stretch += (size_t)length;
				stretch_words++;
			}
		}
		kept += stretch_words >= WF_SHARED_WORDS_LEAST ? stretch : 0;
		answer = find(bytes_of(&a), bytes_of(&b));
		assert_true(a_bytes(&answer) + answer.shared.passages_count >= kept);
		answer_close(&answer);
		free(a.data), free(b.data);
	}
}

/* Few words, so that everything occurs everywhere, and every script: the answer is sound, and the same at every
 * run. */
static void texts_that_repeat_themselves_are_answered_soundly(void **state)
{
	static const char *const pieces[] = {"la ", "le ", "lo ", "5,93 ", "½",  "㍿", "社", "会",
					     "株",  "式",  "กข",  "ค",     ". ", "\n", "ﷺ",  "don’t "};

	(void)state;
	for (uint64_t seed = 1; seed <= 400; seed++) {
		uint64_t random = seed;
		struct text texts[2] = {text_new(), text_new()};
		const uint32_t kinds = 1 + random_below(&random, sizeof pieces / sizeof pieces[0]);
		struct answer first, second;

		for (int i = 0; i < 2; i++)
			for (uint32_t count = random_below(&random, 300); count > 0; count--)
				text_say(&texts[i], pieces[random_below(&random, kinds)]);
		first = find(bytes_of(&texts[0]), bytes_of(&texts[1]));
		second = find(bytes_of(&texts[0]), bytes_of(&texts[1]));
		assert_int_equal(first.shared.passages_count, second.shared.passages_count);
		assert_int_equal(first.shared.steps, second.shared.steps);
		answer_close(&first);
		answer_close(&second);
		free(texts[0].data), free(texts[1].data);
	}
}

static void a_text_is_wholly_in_itself_whatever_it_repeats(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		uint64_t random = seed;
		struct text text = text_new();
		struct answer answer;

		for (uint32_t count = 1 + random_below(&random, 2000); count > 0; count--)
			text_say(&text, random_below(&random, 3) == 0 ? "la " : "le ");
		answer = find(bytes_of(&text), bytes_of(&text));
		assert_int_equal(answer.shared.passages_count, 1);
		assert_int_equal(a_bytes(&answer), text.length - 1);
		answer_close(&answer);
		free(text.data);
	}
}

/* ---- bounds ---- */

static void of_more_passages_than_wanted_the_longest_are_kept_in_order(void **state)
{
	struct text a = text_new(), b = text_new();
	struct answer answer;

	(void)state;
	for (uint64_t i = 0; i < 40; i++) {
		char *words = words_of(100 + i, 10 + (uint32_t)(i * 7 % 40));

		text_say(&a, words), text_say(&a, "one ");
		text_say(&b, words), text_say(&b, "two ");
		free(words);
	}
	answer = find_some(bytes_of(&a), bytes_of(&b), 3);
	assert_int_equal(answer.shared.passages_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(answer.shared.passages[i].a_end - answer.shared.passages[i].a_start >= 47 * 7 - 1);
	answer_close(&answer);
	answer = find_some(bytes_of(&a), bytes_of(&b), 0);
	assert_int_equal(answer.shared.passages_count, 0);
	answer_close(&answer);
	free(a.data), free(b.data);
}

static void repeat_word(struct text *text, const char *word, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		text_say(text, word);
}

static void assert_bounded(const struct text *a, const struct text *b, uint64_t tokens, double share_least,
			   uint64_t steps_most)
{
	struct answer answer = find(bytes_of(a), bytes_of(b));

	assert_true(answer.shared.steps <= tokens * steps_most);
	assert_true((double)a_bytes(&answer) >= share_least * (double)a->length);
	answer_close(&answer);
}

static void one_word_without_end_is_bounded_and_found(void **state)
{
	struct text a = text_new(), b = text_new();

	(void)state;
	repeat_word(&a, "la ", 350000);
	assert_bounded(&a, &a, 700000, 0.999, 3);
	/* With another word here and there, not at the same places. */
	for (uint32_t i = 0; i < 50; i++) {
		repeat_word(&b, "la ", 5000 + 80 * i);
		text_say(&b, "lo ");
	}
	assert_bounded(&a, &b, 700000, 0.97 * (double)b.length / (double)a.length, 4);
	assert_bounded(&b, &a, 700000, 0.97, 4);
	b.length = 0;
	repeat_word(&b, "la ", 200000);
	text_say(&b, "lo ");
	repeat_word(&b, "la ", 149999);
	a.length = 0;
	repeat_word(&a, "la ", 100000);
	text_say(&a, "le ");
	repeat_word(&a, "la ", 249999);
	assert_bounded(&a, &b, 700000, 0.999, 4);
	/* Every seed has thousands of places, and no run is longer than six. */
	b.length = 0;
	for (uint32_t i = 0; i < 50000; i++)
		text_say(&b, "la la la la la la no ");
	assert_bounded(&a, &b, 700000, 0.8, 16);
	assert_bounded(&b, &a, 700000, 0.8, 40);
	free(a.data), free(b.data);
}

static void two_words_at_random_are_bounded_and_found(void **state)
{
	struct text texts[2] = {text_new(), text_new()};
	uint64_t random = 5;

	(void)state;
	for (int i = 0; i < 2; i++)
		for (uint32_t word = 0; word < 100000; word++)
			text_say(&texts[i], random_below(&random, 2) == 0 ? "la " : "le ");
	assert_bounded(&texts[0], &texts[1], 200000, 0.8, 80);
	free(texts[0].data), free(texts[1].data);
}

/* A megabyte of prose with three thousand edits and its blocks in another order. */
static void prose_takes_a_few_steps_a_token(void **state)
{
	struct text a = text_new(), b = text_new();
	const uint32_t words = 150000, block = 15000;
	uint64_t random = 3;
	struct answer answer;

	(void)state;
	text_words(&a, &random, words);
	for (uint32_t i = 0; i < words / block; i++) {
		const size_t begin = (size_t)(i ^ 1) * block * 7;

		for (uint32_t word = 0; word < block; word++) {
			if (random_below(&random, 50) == 0)
				text_words(&b, &random, 1);
			else
				text_add(&b, a.data + begin + 7 * (size_t)word, 7);
		}
	}
	answer = find(bytes_of(&a), bytes_of(&b));
	assert_true(answer.shared.steps < 10 * 2 * (uint64_t)words);
	assert_true(a_bytes(&answer) > a.length / 100 * 94);
	answer_close(&answer);
	free(a.data), free(b.data);
}

/* ---- out of memory ---- */

static void out_of_memory_is_an_error_at_every_allocation(void **state)
{
	char *words = words_of(1, 3000);
	const struct wf_bytes text = wf_bytes_of(words);
	bool was_refused = true;
	long served = 0;

	(void)state;
	for (; was_refused; served++) {
		struct wf_arena arena;
		struct wf_shared shared;
		int error;

		wf_arena_init(&arena, 64);
		memory_fault_arm(served, true);
		error = wf_shared_find(text, text, EVERY, SEED, &arena, &shared);
		was_refused = memory_fault_disarm();
		assert_int_equal(error, was_refused ? WF_ENOMEM : 0);
		assert_int_equal(shared.passages_count, was_refused ? 0 : 1);
		wf_arena_close(&arena);
	}
	assert_true(served > 5);
	free(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identical_texts_are_one_passage),
		cmocka_unit_test(a_quotation_is_found_in_its_place),
		cmocka_unit_test(quotes_case_accents_and_spacing_differ_inside_a_passage),
		cmocka_unit_test(moved_paragraphs_are_found),
		cmocka_unit_test(a_paragraph_that_occurs_twice_in_both_is_found_twice),
		cmocka_unit_test(both_ends_of_a_run_whose_middle_is_taken_are_kept),
		cmocka_unit_test(the_longest_is_taken_first),
		cmocka_unit_test(a_part_of_a_lost_run_finds_its_other_place),
		cmocka_unit_test(a_phrase_that_occurs_twice_is_found_beside_its_neighbours),
		cmocka_unit_test(a_passage_that_begins_with_a_frequent_phrase_is_whole),
		cmocka_unit_test(a_passage_of_four_words_is_none_and_of_five_is_one),
		cmocka_unit_test(in_scripts_without_spaces_eleven_characters_are_a_passage),
		cmocka_unit_test(a_short_text_counts_as_a_whole),
		cmocka_unit_test(empty_texts_share_nothing),
		cmocka_unit_test(bytes_that_are_not_utf_8_only_separate),
		cmocka_unit_test(passages_of_overlapping_tokens_are_exact),
		cmocka_unit_test(runs_that_meet_in_a_character_share_it_out),
		cmocka_unit_test(a_stop_inside_a_script_without_spaces_ends_a_passage),
		cmocka_unit_test(a_character_of_several_words_is_not_cut),
		cmocka_unit_test(six_languages_share_their_passages),
		cmocka_unit_test(whatever_is_left_between_random_edits_is_found),
		cmocka_unit_test(texts_that_repeat_themselves_are_answered_soundly),
		cmocka_unit_test(a_text_is_wholly_in_itself_whatever_it_repeats),
		cmocka_unit_test(of_more_passages_than_wanted_the_longest_are_kept_in_order),
		cmocka_unit_test(one_word_without_end_is_bounded_and_found),
		cmocka_unit_test(two_words_at_random_are_bounded_and_found),
		cmocka_unit_test(prose_takes_a_few_steps_a_token),
		cmocka_unit_test(out_of_memory_is_an_error_at_every_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
