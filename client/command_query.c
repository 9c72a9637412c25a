#include <inttypes.h>
#include <stdlib.h>

#include "character.h"
#include "command.h"
#include "field.h"
#include "json.h"
#include "reading.h"
#include "source.h"

/* Queries under way at once, and the bytes of them that may wait to be answered. */
#define QUERIES_OUTSTANDING_MAX     32
#define QUERY_BYTES_OUTSTANDING_MAX (8u << 20)

/* A query that waits for its answer: what to call the article, owned. */
struct question {
	char *label;
	size_t bytes;
};

struct queries {
	const struct wf_context *context;
	struct wf_reading_rules rules;
	struct wf_arena arena; /* of the article that is being read */
	struct question waiting[QUERIES_OUTSTANDING_MAX];
	size_t first;
	size_t count;
	size_t bytes;
	int status;
};

static void worsen(struct queries *queries, int status)
{
	if (status > queries->status)
		queries->status = status;
}

static void print_related(struct wf_value verdict)
{
	struct wf_value related = wf_value_field(verdict, "related");
	uint64_t cluster;

	for (size_t i = 0; i < wf_value_count(related); i++) {
		if (wf_value_unsigned(wf_value_element(related, i), &cluster))
			printf("%s %" PRIu64, i == 0 ? "; related to" : ",", cluster);
	}
}

/* The words of the contract as a person would say them. */
static const char *relation_words(struct wf_bytes relation)
{
	static const struct {
		const char *relation;
		const char *words;
	} all[] = {
		{"exact", "the same as"},
		{"near", "near copy of"},
		{"excerpt", "excerpt of"},
		{"expanded", "longer version of"},
		{"partial", "a story of its own that shares passages with"},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (wf_bytes_equal(relation, wf_bytes_of(all[i].relation)))
			return all[i].words;
	}
	return "related to";
}

static void print_verdict(const struct queries *queries, const char *label, struct wf_value verdict)
{
	struct wf_bytes relation = wf_field_string(verdict, "relation");
	struct wf_bytes match = wf_field_string(verdict, "match");
	bool has_colour = queries->context->terminal.out_has_colour;
	bool is_unique = match.data == NULL || wf_bytes_equal(relation, wf_bytes_of("unique"));
	bool is_own_story = is_unique || wf_bytes_equal(relation, wf_bytes_of("partial"));
	uint64_t cluster;

	wf_terminal_write(stdout, wf_bytes_of(label), SIZE_MAX);
	fputs(": ", stdout);
	fputs(wf_terminal_style(has_colour, is_own_story ? WF_STYLE_GOOD : WF_STYLE_WARNING), stdout);
	fputs(is_unique ? "nothing like it is stored" : relation_words(relation), stdout);
	fputs(wf_terminal_style(has_colour, WF_STYLE_PLAIN), stdout);
	if (!is_unique) {
		putchar(' ');
		wf_terminal_write(stdout, match, SIZE_MAX);
		if (wf_value_unsigned(wf_value_field(verdict, "cluster"), &cluster) && !is_own_story)
			printf(" in cluster %" PRIu64, cluster);
		printf(" (similarity %.2f, containment %.2f)", wf_field_number(verdict, "similarity", 0),
		       wf_field_number(verdict, "containment", 0));
		print_related(verdict);
	}
	putchar('\n');
}

/* Takes the answer of the oldest query. */
static void answer_take(struct queries *queries)
{
	struct question *question = &queries->waiting[queries->first];
	struct wf_error error = {0};
	struct wf_reply reply = {0};

	if (wf_client_receive(queries->context->client, &reply, &error) < 0) {
		worsen(queries, wf_command_failed(queries->context, "query", &error));
	} else if (reply.error.code != 0) {
		worsen(queries, wf_command_failed(queries->context, question->label, &reply.error));
	} else if (wf_command_writes_json(queries->context)) {
		wf_json_write_value(stdout, reply.result);
		putchar('\n');
	} else {
		print_verdict(queries, question->label, reply.result);
	}
	wf_reply_close(&reply);
	queries->bytes -= question->bytes;
	free(question->label);
	question->label = NULL;
	queries->first = (queries->first + 1) % QUERIES_OUTSTANDING_MAX;
	queries->count--;
}

static void answers_take_all(struct queries *queries)
{
	while (queries->count > 0 && queries->status != WF_EXIT_UNCONNECTED)
		answer_take(queries);
}

static void ask(struct queries *queries, const struct wf_article *article, const char *label)
{
	size_t bytes = article->text.length;
	struct question *question;

	while (queries->count > 0 && queries->status != WF_EXIT_UNCONNECTED &&
	       (queries->count == QUERIES_OUTSTANDING_MAX || queries->bytes + bytes > QUERY_BYTES_OUTSTANDING_MAX))
		answer_take(queries);
	if (queries->status == WF_EXIT_UNCONNECTED)
		return;
	question = &queries->waiting[(queries->first + queries->count) % QUERIES_OUTSTANDING_MAX];
	*question = (struct question){strdup(label), bytes};
	if (question->label == NULL) {
		wf_command_complain(queries->context, "%s: %s", label, wf_error_sentence(WF_ENOMEM));
		worsen(queries, WF_EXIT_REFUSED);
		return;
	}
	queries->count++;
	queries->bytes += bytes;
	wf_article_pack(wf_client_request(queries->context->client, "query", 1, NULL), article);
}

static void item_ask(struct queries *queries, const struct wf_source_item *item)
{
	struct wf_draft draft;
	struct wf_error error;
	const char *place = wf_reading_place(item, &queries->arena);

	if (wf_reading_article(item, &queries->rules, &queries->arena, &draft, &error) < 0) {
		wf_command_complain(queries->context, "%s: %s", place, error.text);
		worsen(queries, WF_EXIT_REFUSED);
	} else if (draft.article.id.length > 0) {
		char id[WF_ARTICLE_ID_BYTES_MAX + 1];

		snprintf(id, sizeof(id), "%.*s", (int)wf_character_cut(draft.article.id, sizeof(id) - 1).length,
			 draft.article.id.data);
		ask(queries, &draft.article, id);
	} else {
		ask(queries, &draft.article, place);
	}
	wf_arena_reset(&queries->arena);
}

static void path_ask(struct queries *queries, const char *path)
{
	const struct wf_source_settings settings = {WF_SOURCE_ITEM_BYTES_MAX_DEFAULT, true};
	struct wf_source *source;
	struct wf_source_item item;
	struct wf_error error;
	int result = wf_source_open(&source, path, &settings, &error);

	if (result == 0) {
		while (queries->status != WF_EXIT_UNCONNECTED) {
			if (!wf_source_is_ready(source)) {
				answers_take_all(queries);
				fflush(stdout);
			}
			result = wf_source_next(source, &item, &error);
			if (result <= 0)
				break;
			item_ask(queries, &item);
		}
	}
	if (result < 0) {
		wf_command_complain(queries->context, "%s: %s", path, error.text);
		worsen(queries, WF_EXIT_REFUSED);
	}
	wf_source_free(source);
}

int wf_command_query(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	struct queries queries = {.context = context, .rules = {.id_is_optional = true}};
	const char *text = NULL;
	const struct wf_option options[] = {
		{"text", WF_OPTION_TEXT, "TEXT", "ask for this text", .text = &text},
		{"outlet", WF_OPTION_TEXT, "NAME", "the outlet of articles that name none",
		 .text = &queries.rules.outlet},
	};
	int status =
		wf_command_parse(context, command, options, sizeof(options) / sizeof(options[0]), arguments, &count);

	if (status == WF_COMMAND_GOES_ON && count == 0 && text == NULL)
		status = wf_command_misused(context, command, "a file or --text is missing");
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	if (status != WF_COMMAND_GOES_ON)
		return status;
	wf_arena_init(&queries.arena, 64u << 10);
	if (text != NULL) {
		struct wf_article article = {.text = wf_bytes_of(text)};

		if (queries.rules.outlet != NULL)
			article.outlet = wf_bytes_of(queries.rules.outlet);
		ask(&queries, &article, "text");
	}
	for (int i = 0; i < count && queries.status != WF_EXIT_UNCONNECTED; i++)
		path_ask(&queries, arguments[i]);
	answers_take_all(&queries);
	for (; queries.count > 0; queries.count--) {
		free(queries.waiting[queries.first].label);
		queries.first = (queries.first + 1) % QUERIES_OUTSTANDING_MAX;
	}
	wf_arena_close(&queries.arena);
	return queries.status;
}
