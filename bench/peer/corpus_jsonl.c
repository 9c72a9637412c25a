/* Writes made-up articles as JSON lines, so that other programs measure the articles that our benches measure.
 *
 * usage: corpus_jsonl COUNT [FIRST [SEED]] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "corpus.h"
#include "json.h"

static bool read_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

static void write_field(const char *before, struct wf_bytes value)
{
	fputs(before, stdout);
	wf_json_write_string(stdout, value);
}

int main(int argument_count, char **arguments)
{
	/* Those of `wirefold bench`. */
	struct wf_corpus_settings settings = {.seed = 1, .copy_share = 0.6, .words_median = 430, .outlets = 2000};
	struct wf_corpus_article article;
	struct wf_corpus *corpus;
	uint64_t first = 0;
	uint64_t count;
	int status;

	if (argument_count < 2 || argument_count > 4 || !read_number(arguments[1], &count) ||
	    (argument_count > 2 && !read_number(arguments[2], &first)) ||
	    (argument_count > 3 && !read_number(arguments[3], &settings.seed))) {
		fputs("usage: corpus_jsonl COUNT [FIRST [SEED]]\n", stderr);
		return 2;
	}
	corpus = wf_corpus_new(&settings);
	if (corpus == NULL) {
		fprintf(stderr, "corpus_jsonl: %s\n", wf_error_sentence(WF_ENOMEM));
		return 1;
	}
	for (uint64_t i = first; i < first + count && !ferror(stdout); i++) {
		wf_corpus_article(corpus, i, &article);
		write_field("{\"id\":", article.id);
		write_field(",\"title\":", article.title);
		write_field(",\"outlet\":", article.outlet);
		write_field(",\"url\":", article.url);
		printf(",\"published\":%" PRId64 ",\"story\":%" PRIu64, article.published, article.story);
		write_field(",\"text\":", article.text);
		fputs("}\n", stdout);
	}
	status = fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
	if (status != 0)
		perror("corpus_jsonl");
	wf_corpus_free(corpus);
	return status;
}
