/* Lines of an archive that are any bytes: an article or an error in words comes out, and what was read can be written
 * as JSON and read again. */
#include <stdio.h>

#include "fuzz_input.h"
#include "json.h"

static void write_field(FILE *file, const char *name, struct wf_bytes text)
{
	if (text.data == NULL)
		return;
	(void)fprintf(file, ", \"%s\": ", name);
	wf_json_write_string(file, text);
}

/* The same article, as a line of our own. */
static void read_again(const struct wf_article *article, struct wf_arena *arena)
{
	struct wf_draft draft;
	struct wf_error error;
	char *line = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&line, &length);

	fuzz_claim(file != NULL);
	(void)fputs("{\"nothing\": 0", file);
	write_field(file, "id", article->id);
	write_field(file, "text", article->text);
	write_field(file, "title", article->title);
	write_field(file, "outlet", article->outlet);
	write_field(file, "url", article->url);
	write_field(file, "lang", article->lang);
	if (article->has_published && article->published_text.data == NULL)
		(void)fprintf(file, ", \"published\": %lld", (long long)article->published);
	(void)fputs("}", file);
	fuzz_claim(fclose(file) == 0);
	fuzz_claim(wf_json_read_article((struct wf_bytes){line, length}, arena, &draft, &error) == 0);
	fuzz_claim(wf_bytes_equal(draft.article.id, article->id) && wf_bytes_equal(draft.article.text, article->text));
	fuzz_claim(wf_bytes_equal(draft.article.title, article->title) &&
		   wf_bytes_equal(draft.article.url, article->url));
	if (article->published_text.data == NULL)
		fuzz_claim(draft.article.has_published == article->has_published &&
			   draft.article.published == article->published);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct wf_bytes json = fuzz_own((struct wf_bytes){(const char *)data, size});
	struct wf_draft draft;
	struct wf_error error = {.code = 0};
	struct wf_arena arena;

	wf_arena_init(&arena, 4096);
	if (wf_json_read_article(json, &arena, &draft, &error) == 0)
		read_again(&draft.article, &arena);
	else
		fuzz_claim(error.text[0] != '\0');
	wf_arena_close(&arena);
	fuzz_free(json);
	return 0;
}
