/* The speed of the tokeniser, each version of it, without places, on texts from a file that NUL bytes separate; beside
 * it the machine's own limit, a copy of the same bytes.   usage: tokenise_bench FILE [SECONDS]   Prints a Markdown
 * table. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tokenise_state.h"

#define COUNT_MAX 16384u
#define ROUNDS    5

struct corpus {
	char *bytes;
	size_t length;
	struct wf_bytes *texts;
	size_t texts_count;
};

/* Of processor time: other programs on the machine do not count. */
static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int corpus_read(struct corpus *corpus, const char *path)
{
	FILE *file = fopen(path, "rb");
	long length;
	int status = -1;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) <= 0 ||
	    fseek(file, 0, SEEK_SET) != 0)
		goto done;
	corpus->length = (size_t)length;
	corpus->bytes = malloc(corpus->length);
	corpus->texts = malloc((corpus->length + 1) * sizeof(corpus->texts[0]));
	if (corpus->bytes == NULL || corpus->texts == NULL ||
	    fread(corpus->bytes, 1, corpus->length, file) != corpus->length)
		goto done;
	for (size_t at = 0; at < corpus->length;) {
		const size_t size = strnlen(corpus->bytes + at, corpus->length - at);

		if (size > 0)
			corpus->texts[corpus->texts_count++] = (struct wf_bytes){corpus->bytes + at, size};
		at += size + 1;
	}
	status = corpus->texts_count > 0 ? 0 : -1;
done:
	if (file != NULL)
		fclose(file);
	return status;
}

/* Goes once over the corpus; returns the number of tokens, or 0 when memory is out. */
static uint64_t corpus_tokenise(const struct corpus *corpus, enum wf_cpu_level level, struct wf_arena *arena)
{
	struct wf_tokens tokens;
	uint64_t count = 0;

	for (size_t i = 0; i < corpus->texts_count; i++) {
		wf_arena_reset(arena);
		if (wf_tokenise_words_at_level(level, corpus->texts[i], 1, COUNT_MAX, arena, &tokens) != 0)
			return 0;
		count += tokens.total;
	}
	return count;
}

/* Seconds of one pass over the corpus: the best of several rounds. */
static double level_measure(const struct corpus *corpus, enum wf_cpu_level level, double seconds,
			    uint64_t *tokens_count)
{
	struct wf_arena arena;
	double best = 1e9;

	wf_arena_init(&arena, 1 << 20);
	for (int round = 0; round < ROUNDS; round++) {
		const double start = seconds_now();
		double taken;
		int passes = 0;

		do {
			*tokens_count = corpus_tokenise(corpus, level, &arena);
			passes++;
			taken = seconds_now() - start;
		} while (taken < seconds / ROUNDS);
		best = taken / passes < best ? taken / passes : best;
	}
	wf_arena_close(&arena);
	return best;
}

static double copy_measure(const struct corpus *corpus)
{
	char *copy = malloc(corpus->length);
	double best = 1e9;

	for (int round = 0; copy != NULL && round < 20; round++) {
		const double start = seconds_now();
		double taken;

		memcpy(copy, corpus->bytes, corpus->length);
		__asm__ volatile("" : : "r"(copy) : "memory");
		taken = seconds_now() - start;
		best = taken < best ? taken : best;
	}
	free(copy);
	return best;
}

int main(int argc, char **argv)
{
	static const enum wf_cpu_level levels[] = {WF_CPU_SCALAR, WF_CPU_NEON, WF_CPU_AVX2, WF_CPU_AVX512};
	struct corpus corpus = {0};
	double copy;

	if (argc < 2 || corpus_read(&corpus, argv[1]) != 0) {
		fprintf(stderr, "usage: %s FILE [SECONDS]\n", argv[0]);
		return 2;
	}
	copy = copy_measure(&corpus);
	printf("%zu texts, %zu bytes\n\n", corpus.texts_count, corpus.length);
	printf("| version | GB/s | ns a token | us a text | us for 3 kB |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		uint64_t count = 0;
		double taken;

		if (!wf_cpu_has(levels[i]))
			continue;
		taken = level_measure(&corpus, levels[i], argc > 2 ? strtod(argv[2], NULL) : 1, &count);
		printf("| %s | %.2f | %.2f | %.2f | %.2f |\n", wf_cpu_level_word(levels[i]),
		       (double)corpus.length / taken * 1e-9, taken * 1e9 / (double)(count > 0 ? count : 1),
		       taken * 1e6 / (double)corpus.texts_count, taken * 1e6 * 3000 / (double)corpus.length);
	}
	printf("| memcpy | %.2f | | | %.2f |\n", (double)corpus.length / copy * 1e-9,
	       copy * 1e6 * 3000 / (double)corpus.length);
	free(corpus.texts);
	free(corpus.bytes);
	return 0;
}
