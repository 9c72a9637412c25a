#include "machine.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COPY_BYTES   (64u << 20)
#define COPY_ROUNDS  8
#define WRITE_BYTES  (4u << 20)
#define WRITE_ROUNDS 48
#define SYNC_BYTES   4096u
#define SYNC_ROUNDS  101

int64_t wf_machine_now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static double per_second(double amount, int64_t us)
{
	return amount * 1e6 / (double)(us > 0 ? us : 1);
}

static int compare_times(const void *a, const void *b)
{
	const int64_t first = *(const int64_t *)a;
	const int64_t second = *(const int64_t *)b;

	return first < second ? -1 : first > second;
}

static int write_all(int file, const char *bytes, size_t length)
{
	while (length > 0) {
		const ssize_t written = write(file, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		length -= (size_t)written;
	}
	return fdatasync(file) != 0 ? -errno : 0;
}

static int measure_file(struct wf_machine *machine, int file, const char *bytes)
{
	int64_t times[SYNC_ROUNDS];
	int64_t start = wf_machine_now_us();

	for (int i = 0; i < WRITE_ROUNDS; i++) {
		const int error = write_all(file, bytes, WRITE_BYTES);

		if (error != 0)
			return error;
	}
	machine->write_bytes_per_second = per_second((double)WRITE_BYTES * WRITE_ROUNDS, wf_machine_now_us() - start);
	for (int i = 0; i < SYNC_ROUNDS; i++) {
		int error;

		start = wf_machine_now_us();
		error = write_all(file, bytes, SYNC_BYTES);
		if (error != 0)
			return error;
		times[i] = wf_machine_now_us() - start;
	}
	qsort(times, SYNC_ROUNDS, sizeof *times, compare_times);
	machine->sync_us = (double)times[SYNC_ROUNDS / 2];
	return 0;
}

int wf_machine_measure(struct wf_machine *machine, const char *folder, struct wf_error *error)
{
	char path[4096];
	char *source = malloc(COPY_BYTES);
	char *target = malloc(COPY_BYTES);
	int64_t start;
	int file = -1;
	int result = WF_ENOMEM;

	if (source == NULL || target == NULL) {
		wf_error_set(error, result, "%s", wf_error_sentence(result));
		goto done;
	}
	memset(source, 'w', COPY_BYTES);
	memset(target, 'f', COPY_BYTES);
	start = wf_machine_now_us();
	for (int i = 0; i < COPY_ROUNDS; i++) {
		source[i] = (char)i;
		memcpy(target, source, COPY_BYTES);
		source[0] = target[COPY_BYTES / 2];
	}
	machine->copy_bytes_per_second = per_second((double)COPY_BYTES * COPY_ROUNDS, wf_machine_now_us() - start);
	(void)snprintf(path, sizeof path, "%s/wirefold-bench-XXXXXX", folder);
	file = mkstemp(path);
	if (file < 0) {
		result = wf_error_set(error, -errno, "%s: %s", path, strerror(errno));
		goto done;
	}
	(void)unlink(path);
	result = measure_file(machine, file, source);
	if (result != 0)
		wf_error_set(error, result, "%s: %s", folder, wf_error_sentence(result));
done:
	if (file >= 0)
		(void)close(file);
	free(source);
	free(target);
	return result;
}
