/* What each stage of an article's way costs, alone, with the machine's own limit beside it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu.h"
#include "json.h"
#include "stage.h"

#define SEED      1
#define WORDS_MAX 5000u

static const char usage[] =
	"usage: stage_bench [options] [FILE ...]\n"
	"What each stage of an article's way costs an article, in processor time and by the wall, on one thread.\n"
	"FILE: JSON lines with `text` and, if it is known, `outlet`; .gz and .zst too. Made-up stories are always "
	"measured,\n"
	"unless there are none of them (--texts 0 --articles 0).\n"
	"\n"
	"  --words N        words of a made-up story, in the middle (430)\n"
	"  --texts N        made-up texts for the stages of a text (10000)\n"
	"  --articles LIST  sizes of the index, with commas between (10000,100000,1000000: some 3 GB of memory, three "
	"minutes)\n"
	"  --rounds N       rounds of each stage, 1 to 64 (7)\n"
	"  --window N       articles of a round in the stages of the index (1000)\n"
	"  --folder FOLDER  where to measure the disk (.)\n"
	"  --json           JSON lines and no table\n";

static int compare_times(const void *a, const void *b)
{
	const double first = *(const double *)a;
	const double second = *(const double *)b;

	return (first > second) - (first < second);
}

/* The middle one of the rounds' times, which are put in order. */
static double middle(double *times, size_t count)
{
	qsort(times, count, sizeof *times, compare_times);
	return count % 2 == 1 ? times[count / 2] : (times[count / 2 - 1] + times[count / 2]) / 2;
}

static void print_table_row(const struct wf_stage_row *given)
{
	struct wf_stage_row row = *given;
	const double cpu_us = middle(row.cpu_us, row.rounds);
	const double wall_us = middle(row.wall_us, row.rounds);
	char articles[32] = "";
	char limit[128] = "";
	char candidates[32] = "";

	if (row.articles > 0)
		snprintf(articles, sizeof articles, "%llu", (unsigned long long)row.articles);
	if (row.limit_us > 0)
		snprintf(limit, sizeof limit, "%.2f: %s", row.limit_us, row.limit);
	if (row.candidates > 0)
		snprintf(candidates, sizeof candidates, "%.2f", row.candidates);
	printf("| %s | %s | %s | %.2f / %.2f / %.2f | %.2f | %.0f | %s | %s | %.0f | %.0f |\n", row.set, articles,
	       row.stage, row.cpu_us[0], cpu_us, row.cpu_us[row.rounds - 1], wall_us, 1e6 / cpu_us, limit, candidates,
	       row.bytes_in, row.bytes_out);
	fflush(stdout);
}

static void print_json_row(const struct wf_stage_row *given)
{
	struct wf_stage_row row = *given;
	const double cpu_us = middle(row.cpu_us, row.rounds);
	const double wall_us = middle(row.wall_us, row.rounds);

	printf("{\"set\":");
	wf_json_write_string(stdout, wf_bytes_of(row.set));
	printf(",\"articles\":%llu,\"stage\":\"%s\",\"cpu_us\":{\"min\":%.3f,\"median\":%.3f,\"max\":%.3f},"
	       "\"wall_us\":{\"min\":%.3f,\"median\":%.3f,\"max\":%.3f},\"limit_us\":%.3f,\"candidates\":%.3f,\"bytes_"
	       "in\":%.1f,"
	       "\"bytes_out\":%.1f}\n",
	       (unsigned long long)row.articles, row.stage, row.cpu_us[0], cpu_us, row.cpu_us[row.rounds - 1],
	       row.wall_us[0], wall_us, row.wall_us[row.rounds - 1], row.limit_us, row.candidates, row.bytes_in,
	       row.bytes_out);
	fflush(stdout);
}

static void print_head(const struct wf_stage_run *run)
{
	printf("The machine: %.0f MB/s copied in memory, %.0f MB/s written and synced, %.0f us a sync of 4 KiB,\n"
	       "%.1f ns a random read that waits for the one before, %.1f ns a random read among many; vector "
	       "instructions: %s.\n\n",
	       run->machine.copy_bytes_per_second / 1e6, run->machine.write_bytes_per_second / 1e6,
	       run->machine.sync_us, run->memory.read_ns, run->memory.read_together_ns,
	       wf_cpu_level_word(wf_cpu_level()));
	printf("| articles | in the index | stage | us of processor time an article: least / median / most of %zu "
	       "rounds | us by the wall | "
	       "articles/s/core | the machine's limit, us | candidates | bytes in | bytes out |\n"
	       "|---|---|---|---|---|---|---|---|---|---|\n",
	       run->rounds);
	fflush(stdout);
}

static void print_json_head(const struct wf_stage_run *run)
{
	printf("{\"machine\":{\"copy_bytes_per_second\":%.0f,\"write_bytes_per_second\":%.0f,\"sync_us\":%.0f,\"read_"
	       "ns\":%.2f,"
	       "\"read_together_ns\":%.2f,\"vectors\":\"%s\"}}\n",
	       run->machine.copy_bytes_per_second, run->machine.write_bytes_per_second, run->machine.sync_us,
	       run->memory.read_ns, run->memory.read_together_ns, wf_cpu_level_word(wf_cpu_level()));
}

static bool read_number(const char *text, uint64_t most, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && text[0] != '-' && *number <= most;
}

/* Sizes with commas between, ascending; a single 0 is none. */
static bool read_sizes(struct wf_stage_run *run, char *text)
{
	char *rest = NULL;

	run->sizes_count = 0;
	for (char *word = strtok_r(text, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
		uint64_t size;

		if (run->sizes_count == WF_STAGE_SIZES_MAX || !read_number(word, UINT32_MAX, &size))
			return false;
		if (run->sizes_count > 0 && size <= run->sizes[run->sizes_count - 1])
			return false;
		run->sizes[run->sizes_count++] = size;
	}
	if (run->sizes_count == 1 && run->sizes[0] == 0)
		run->sizes_count = 0;
	return true;
}

static int complain(const char *what, int error)
{
	fprintf(stderr, "stage_bench: %s: %s\n", what, wf_error_sentence(error));
	return 1;
}

static int measure_made_up(const struct wf_stage_run *run, size_t texts_count, uint32_t words)
{
	struct wf_text_set set;
	int error = wf_text_set_make(&set, texts_count, words, SEED);

	if (error == 0 && texts_count > 0)
		error = wf_stage_texts(run, &set);
	if (error == 0)
		error = wf_stage_index(run, &set);
	wf_text_set_close(&set);
	return error == 0 ? 0 : complain("made-up", error);
}

/* A file's articles come into the index in its order; half of them at most are clocked. */
static int measure_file(const struct wf_stage_run *given, const char *path)
{
	struct wf_stage_run run = *given;
	struct wf_text_set set;
	struct wf_error words = {0};
	int error = wf_text_set_read(&set, path, &words);

	if (error != 0) {
		fprintf(stderr, "stage_bench: %s: %s\n", path, words.text);
		wf_text_set_close(&set);
		return 1;
	}
	run.sizes_count = given->sizes_count > 0 ? 1 : 0;
	if (2 * run.rounds * run.window > set.articles_count / 2)
		run.window = set.articles_count / (4 * run.rounds);
	run.sizes[0] = set.articles_count;
	error = wf_stage_texts(&run, &set);
	if (error == 0 && run.window > 0)
		error = wf_stage_index(&run, &set);
	wf_text_set_close(&set);
	return error == 0 ? 0 : complain(path, error);
}

static const struct option options[] = {
	{"texts", required_argument, NULL, 't'},
	{"articles", required_argument, NULL, 'a'},
	{"rounds", required_argument, NULL, 'r'},
	{"window", required_argument, NULL, 'w'},
	{"folder", required_argument, NULL, 'f'},
	{"json", no_argument, NULL, 'j'},
	{"words", required_argument, NULL, 'm'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

int main(int argument_count, char **arguments)
{
	struct wf_stage_run run = {.rounds = 7,
				   .sizes = {10000, 100000, 1000000},
				   .sizes_count = 3,
				   .window = 1000,
				   .print = print_table_row};
	const char *folder = ".";
	uint64_t texts_count = 10000;
	uint64_t words_median = 430;
	uint64_t number;
	struct wf_error words = {0};
	bool is_right = true;
	int status = 0;
	int letter;

	while (is_right && (letter = getopt_long(argument_count, arguments, "", options, NULL)) != -1) {
		if (letter == 'h')
			return fputs(usage, stdout) < 0;
		is_right = letter != '?';
		if (letter == 't')
			is_right = read_number(optarg, 1000000, &texts_count);
		if (letter == 'm')
			is_right = read_number(optarg, WORDS_MAX, &words_median) && words_median > 0;
		if (letter == 'a')
			is_right = read_sizes(&run, optarg);
		if (letter == 'r' && (is_right = read_number(optarg, WF_STAGE_ROUNDS_MAX, &number) && number > 0))
			run.rounds = number;
		if (letter == 'w')
			is_right = read_number(optarg, 1000000, &run.window) && run.window > 0;
		if (letter == 'f')
			folder = optarg;
		if (letter == 'j')
			run.print = print_json_row;
	}
	if (!is_right) {
		fputs(usage, stderr);
		return 2;
	}
	if (wf_machine_measure(&run.machine, folder, &words) != 0) {
		fprintf(stderr, "stage_bench: %s\n", words.text);
		return 1;
	}
	if (wf_memory_speed_measure(&run.memory) != 0)
		return complain("memory", WF_ENOMEM);
	if (run.print == print_json_row)
		print_json_head(&run);
	else
		print_head(&run);
	if (texts_count > 0 || (run.sizes_count > 0 && optind == argument_count))
		status = measure_made_up(&run, texts_count, (uint32_t)words_median);
	for (int i = optind; status == 0 && i < argument_count; i++)
		status = measure_file(&run, arguments[i]);
	return status;
}
