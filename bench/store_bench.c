/* What the store takes: articles a second put and committed, against the disk's own rate of sequential writes with a
 * sync each.
 *
 * Usage: store_bench [FOLDER [ARTICLES]]   FOLDER lies on the disk to measure (default: .) and is left as it was. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "store.h"

#define ENTRY_SKETCH_BYTES 262u /* an entry of 350 bytes */
#define EVIDENCE_BYTES     1000u
#define BODY_BYTES_MIN     700u /* of compressed text: 1,350 on average, so that a body takes 1.4 kB */
#define BODY_BYTES_SPREAD  1300u
#define NOISE_BYTES        (4u << 20)
#define GROUPS_MAX         65536u

struct bench {
	const char *folder;
	uint64_t articles_count;
	char *noise;
	uint64_t *commit_us;
};

static uint64_t now_us(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (uint64_t)at.tv_sec * 1000000u + (uint64_t)at.tv_nsec / 1000u;
}

static int compare_us(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void report(const struct bench *bench, const char *what, uint64_t group, uint64_t took_us, uint64_t bytes,
		   size_t groups)
{
	const double seconds = (double)took_us / 1e6;

	qsort(bench->commit_us, groups, sizeof(*bench->commit_us), compare_us);
	printf("%-6s %5llu %12.0f %9.1f %9.2f %9.2f %12.0f\n", what, (unsigned long long)group,
	       (double)(group * groups) / seconds, (double)bytes / seconds / 1e6,
	       (double)bench->commit_us[groups / 2] / 1e3, (double)bench->commit_us[groups * 99 / 100] / 1e3,
	       (double)bytes / (double)(group * groups));
}

static const char *noise_at(const struct bench *bench, uint64_t number)
{
	return bench->noise + number * 2654435761u % (NOISE_BYTES - 8192);
}

static int article_put(const struct bench *bench, struct wf_store *store, uint64_t number)
{
	const char *noise = noise_at(bench, number);
	const struct wf_store_entry entry = {
		.number = number, .id_hash = number, .cluster = number, .sketch = {noise, ENTRY_SKETCH_BYTES}};
	const struct wf_store_body body = {
		.id = {noise, 16},
		.title = {noise, 60},
		.has_text = true,
		.text_bytes = 3000,
		.text_compressed = {noise + 1, BODY_BYTES_MIN + number * 7919 % BODY_BYTES_SPREAD}};

	return wf_store_put(store, &entry, &body, (struct wf_bytes){noise + 2, EVIDENCE_BYTES});
}

static int store_feed(const struct bench *bench, struct wf_store *store, uint64_t group, size_t groups)
{
	uint64_t number = 0;

	for (size_t i = 0; i < groups; i++) {
		uint64_t begun_us;
		int code = wf_store_begin(store, NULL);

		for (uint64_t in_group = 0; in_group < group && code == 0; in_group++)
			code = article_put(bench, store, ++number);
		if (code != 0)
			return code;
		begun_us = now_us();
		code = wf_store_commit(store, NULL);
		if (code != 0)
			return code;
		bench->commit_us[i] = now_us() - begun_us;
	}
	return 0;
}

static int store_measure(const struct bench *bench, uint64_t group)
{
	char path[4096], file[4200];
	struct wf_store_settings settings = {.path = path};
	const size_t groups = bench->articles_count / group;
	struct wf_store *store;
	struct wf_error error;
	uint64_t begun_us;
	int code;

	snprintf(path, sizeof(path), "%s/store_bench.store", bench->folder);
	code = wf_store_open(&store, &settings, &error);
	if (code != 0) {
		fprintf(stderr, "%s\n", error.text);
		return code;
	}
	begun_us = now_us();
	code = store_feed(bench, store, group, groups);
	if (code == 0)
		report(bench, "store", group, now_us() - begun_us, wf_store_bytes(store), groups);
	else
		fprintf(stderr, "store: %s\n", wf_error_sentence(code));
	wf_store_close(store);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = {"data.mdb", "lock.mdb", "wirefold.lock"};

		snprintf(file, sizeof(file), "%s/%s", path, names[i]);
		unlink(file);
	}
	rmdir(path);
	return code;
}

/* The same bytes as they come, appended to a plain file, with an fdatasync a group. */
static int disk_measure(const struct bench *bench, uint64_t group)
{
	const size_t group_bytes =
		group * (350u + EVIDENCE_BYTES + 8u + 56u + 76u + BODY_BYTES_MIN + BODY_BYTES_SPREAD / 2);
	const size_t groups = bench->articles_count / group;
	char path[4096];
	uint64_t begun_us;
	int file, code = 0;

	snprintf(path, sizeof(path), "%s/store_bench.plain", bench->folder);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (file < 0)
		return -errno;
	begun_us = now_us();
	for (size_t i = 0; i < groups && code == 0; i++) {
		const uint64_t group_begun_us = now_us();

		for (size_t written = 0; written < group_bytes && code == 0;) {
			const size_t left = group_bytes - written;
			const ssize_t result = write(file, bench->noise, left < NOISE_BYTES ? left : NOISE_BYTES);

			code = result < 0 ? -errno : 0;
			written += result < 0 ? 0 : (size_t)result;
		}
		if (code == 0 && fdatasync(file) != 0)
			code = -errno;
		bench->commit_us[i] = now_us() - group_begun_us;
	}
	if (code == 0)
		report(bench, "disk", group, now_us() - begun_us, groups * group_bytes, groups);
	close(file);
	unlink(path);
	return code;
}

int main(int argument_count, char **arguments)
{
	static const uint64_t groups[] = {64, 256, 2048};
	struct bench bench = {.folder = argument_count > 1 ? arguments[1] : ".", .articles_count = 131072};
	uint64_t random = 1;
	int code = 0;

	if (argument_count > 2)
		bench.articles_count = strtoull(arguments[2], NULL, 10);
	if (bench.articles_count < 2048 || bench.articles_count > 64 * (uint64_t)GROUPS_MAX) {
		fprintf(stderr, "ARTICLES: 2048 to %u\n", 64 * GROUPS_MAX);
		return 2;
	}
	bench.noise = malloc(NOISE_BYTES);
	bench.commit_us = calloc(GROUPS_MAX, sizeof(*bench.commit_us));
	if (bench.noise == NULL || bench.commit_us == NULL) {
		fprintf(stderr, "out of memory\n");
		return 1;
	}
	for (size_t i = 0; i < NOISE_BYTES; i++) {
		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		bench.noise[i] = (char)(random >> 56);
	}
	printf("%-6s %5s %12s %9s %9s %9s %12s\n", "", "group", "articles/s", "MB/s", "p50 ms", "p99 ms", "B/article");
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]) && code == 0; i++) {
		code = disk_measure(&bench, groups[i]);
		if (code == 0)
			code = store_measure(&bench, groups[i]);
	}
	free(bench.noise);
	free(bench.commit_us);
	return code == 0 ? 0 : 1;
}
