#include <inttypes.h>
#include <stdlib.h>

#include "command.h"
#include "comparison.h"
#include "field.h"
#include "json.h"
#include "reading.h"
#include "source.h"

#define TITLE_COLUMNS_MIN    20
#define SIDE_BY_SIDE_COLUMNS 120 /* where there is no terminal to ask */

/* One of the two: an id, or an article out of a file. */
struct side {
	const char *name;          /* as it was typed */
	struct wf_article article; /* of a file; of an id what the daemon has */
	struct wf_reply stored;    /* which `article` borrows from */
};

struct compare {
	struct wf_context *context;
	bool from_files;
	bool is_side_by_side;
	uint64_t shared_bytes; /* of A */
	struct wf_arena arena; /* of articles out of files */
	struct side sides[2];
};

/* ---- articles out of files ---- */

static int keep(struct wf_arena *arena, struct wf_bytes *field)
{
	const struct wf_bytes copy = wf_arena_copy(arena, *field);

	if (field->length == 0)
		return 0;
	*field = copy;
	return copy.data == NULL ? WF_ENOMEM : 0;
}

/* The one article that the file holds. */
static int read_article(struct compare *compare, struct wf_source *source, struct wf_article *article,
			struct wf_error *error)
{
	const struct wf_reading_rules rules = {.id_is_optional = true};
	struct wf_source_item item;
	struct wf_draft draft;
	int result = wf_source_next(source, &item, error);

	if (result == 0)
		return wf_error_set(error, WF_EBADARTICLE, "there is no article in it");
	if (result > 0)
		result = wf_reading_article(&item, &rules, &compare->arena, &draft, error);
	if (result < 0)
		return result;
	*article = draft.article;
	if (keep(&compare->arena, &article->id) < 0 || keep(&compare->arena, &article->title) < 0 ||
	    keep(&compare->arena, &article->text) < 0)
		return wf_error_set(error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM));
	if (article->text.length == 0)
		article->text.data = "";
	/* A text file is called by its path, which may be longer than an id. */
	if (item.kind == WF_SOURCE_TEXT)
		article->id = (struct wf_bytes){NULL, 0};
	result = wf_source_next(source, &item, error);
	if (result > 0)
		return wf_error_set(error, WF_EBADARTICLE, "there is more than one article in it");
	return result;
}

static int read_file(struct compare *compare, struct side *side)
{
	const struct wf_source_settings settings = {WF_SOURCE_ITEM_BYTES_MAX_DEFAULT, true};
	struct wf_source *source = NULL;
	struct wf_error error;
	int result = wf_source_open(&source, side->name, &settings, &error);

	if (result == 0)
		result = read_article(compare, source, &side->article, &error);
	wf_source_free(source);
	if (result == 0)
		return WF_COMMAND_GOES_ON;
	wf_command_complain(compare->context, "%s: %s", side->name, error.text);
	return WF_EXIT_REFUSED;
}

/* ---- what people see ---- */

static void print_side(const struct compare *compare, const struct side *side, const char *letter)
{
	const bool has_colour = compare->context->terminal.out_has_colour;
	const size_t width = wf_command_table_width();
	const size_t others = wf_terminal_width(wf_bytes_of(side->name)) + wf_terminal_width(side->article.outlet) + 10;

	printf("%s%s%s  ", wf_terminal_style(has_colour, WF_STYLE_HEADING), letter,
	       wf_terminal_style(has_colour, WF_STYLE_PLAIN));
	wf_terminal_write(stdout, wf_bytes_of(side->name), SIZE_MAX);
	if (side->article.title.length > 0) {
		fputs("  ", stdout);
		wf_terminal_write(stdout, side->article.title,
				  width > others + TITLE_COLUMNS_MIN ? width - others : TITLE_COLUMNS_MIN);
	}
	if (side->article.outlet.length > 0) {
		fputs(" (", stdout);
		wf_terminal_write(stdout, side->article.outlet, SIZE_MAX);
		putchar(')');
	}
	putchar('\n');
}

static void print_header(const struct compare *compare, struct wf_value result, const struct wf_comparison *comparison)
{
	const struct wf_value containment = wf_value_field(result, "containment");
	double shares[2] = {0, 0};
	char bytes_text[WF_FIELD_TEXT_BYTES];

	for (size_t i = 0; i < 2 && i < wf_value_count(containment); i++) {
		struct wf_error error;
		const struct wf_cursor share =
			wf_cursor_of(wf_value_element(containment, i), NULL, WF_EBADREQUEST, &error);

		shares[i] = wf_cursor_number(&share);
	}
	print_side(compare, &compare->sides[0], "A");
	print_side(compare, &compare->sides[1], "B");
	printf("similarity %.2f; %.0f %% of A is in B, %.0f %% of B is in A (boilerplate aside); %zu passage%s, %s\n",
	       wf_field_number(result, "similarity", 0), shares[0] * 100, shares[1] * 100, comparison->passages_count,
	       comparison->passages_count == 1 ? "" : "s", wf_field_bytes_text(bytes_text, compare->shared_bytes));
}

/* Out of the reply; the array has room for one more than there are. */
static int take_passages(struct compare *compare, struct wf_value result, struct wf_comparison *comparison)
{
	const struct wf_value passages = wf_value_field(result, "passages");
	const size_t count = wf_value_count(passages);

	comparison->passages = calloc(count + 1, sizeof *comparison->passages);
	if (comparison->passages == NULL)
		return WF_ENOMEM;
	comparison->passages_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct wf_value passage = wf_value_element(passages, i);
		uint64_t range[4];

		if (wf_value_count(passage) != 4)
			return WF_EBADREQUEST;
		for (size_t j = 0; j < 4; j++)
			if (!wf_value_unsigned(wf_value_element(passage, j), &range[j]) || range[j] > SIZE_MAX)
				return WF_EBADREQUEST;
		comparison->passages[i] = (struct wf_comparison_passage){.a_start = (size_t)range[0],
									 .a_end = (size_t)range[1],
									 .b_start = (size_t)range[2],
									 .b_end = (size_t)range[3]};
		compare->shared_bytes += range[1] - range[0];
	}
	return wf_comparison_prepare(comparison);
}

static int print_texts(const struct compare *compare, const struct wf_comparison *comparison)
{
	const bool has_colour = compare->context->terminal.out_has_colour;

	wf_comparison_print_legend(stdout, has_colour);
	putchar('\n');
	if (compare->is_side_by_side)
		return wf_comparison_print_side_by_side(comparison, stdout,
							wf_terminal_columns(stdout, SIDE_BY_SIDE_COLUMNS), has_colour);
	return wf_comparison_print_unified(comparison, stdout, wf_command_table_width(), has_colour);
}

static int print_comparison(struct compare *compare, struct wf_value result)
{
	struct wf_comparison comparison = {.a = compare->sides[0].article.text, .b = compare->sides[1].article.text};
	const bool has_texts = comparison.a.data != NULL && comparison.b.data != NULL;
	int status = WF_EXIT_DONE;
	int code = take_passages(compare, result, &comparison);

	if (code == 0) {
		print_header(compare, result, &comparison);
		if (has_texts)
			code = print_texts(compare, &comparison);
		else
			puts("The daemon stores no texts: there is nothing to show.");
	}
	if (code == WF_EBADREQUEST)
		wf_command_complain(compare->context,
				    "compare: the passages do not fit the texts; was one of them replaced just now?");
	else if (code < 0)
		wf_command_complain(compare->context, "compare: %s", wf_error_sentence(code));
	if (code < 0)
		status = WF_EXIT_REFUSED;
	free(comparison.passages);
	return status;
}

/* ---- asking ---- */

static void use_stored(struct side *side)
{
	const struct wf_value article = side->stored.result;

	side->article.title = wf_field_string(article, "title");
	side->article.outlet = wf_field_string(article, "outlet");
	side->article.text = wf_field_string(article, "text");
}

static int ask(struct compare *compare)
{
	struct wf_client *client = compare->context->client;
	const bool wants_json = wf_command_writes_json(compare->context);
	const bool wants_texts = !wants_json && !compare->from_files;
	uint64_t gets[2];
	uint64_t msgid;
	struct wf_error error = {0};
	struct wf_reply reply = {0};
	struct wf_pack *pack;
	int result;

	for (size_t i = 0; i < 2 && wants_texts; i++)
		wf_pack_words(wf_client_request(client, "get", 1, &gets[i]), compare->sides[i].name);
	pack = wf_client_request(client, "compare", 2, &msgid);
	for (size_t i = 0; i < 2; i++) {
		if (compare->from_files)
			wf_article_pack(pack, &compare->sides[i].article);
		else
			wf_pack_words(pack, compare->sides[i].name);
	}
	result = wf_client_call(client, msgid, &reply, &error);
	for (size_t i = 0; i < 2 && result == 0 && wants_texts; i++) {
		result = wf_client_call(client, gets[i], &compare->sides[i].stored, &error);
		if (result == 0)
			use_stored(&compare->sides[i]);
	}
	if (result < 0) {
		result = wf_command_failed(compare->context, "compare", &error);
	} else if (wants_json) {
		wf_json_write_value(stdout, reply.result);
		putchar('\n');
	} else {
		result = print_comparison(compare, reply.result);
	}
	wf_reply_close(&reply);
	return result;
}

int wf_command_compare(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	struct compare compare = {.context = context};
	const struct wf_option options[] = {
		{"files", WF_OPTION_FLAG, NULL,
		 "A and B are files, each a text or an article in JSON; nothing is stored",
		 .flag = &compare.from_files},
		{"side-by-side", WF_OPTION_FLAG, NULL, "the two texts in two columns",
		 .flag = &compare.is_side_by_side},
	};
	int status =
		wf_command_parse(context, command, options, sizeof(options) / sizeof(options[0]), arguments, &count);

	if (status == WF_COMMAND_GOES_ON && count != 2)
		status = wf_command_misused(context, command, "two ids or --files and two files are wanted");
	if (status != WF_COMMAND_GOES_ON)
		return status;
	wf_arena_init(&compare.arena, 64u << 10);
	for (int i = 0; i < 2 && status == WF_COMMAND_GOES_ON; i++) {
		compare.sides[i].name = arguments[i];
		if (compare.from_files)
			status = read_file(&compare, &compare.sides[i]);
	}
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	if (status == WF_COMMAND_GOES_ON)
		status = ask(&compare);
	for (size_t i = 0; i < 2; i++)
		wf_reply_close(&compare.sides[i].stored);
	wf_arena_close(&compare.arena);
	return status;
}
