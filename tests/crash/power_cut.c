/* What a power cut could take: this library, loaded before a program by LD_PRELOAD, keeps a journal of every write to
 * the files of a folder that no sync has confirmed yet. crash.py kills the program and then undoes some of them.
 *
 * WF_POWER_CUT_FOLDER: whose files are watched (a real path). WF_POWER_CUT_JOURNAL: the journal's file, mapped and
 * shared, so that it outlives a kill -9. WF_POWER_CUT_LIES: syncs say that they are done and do nothing (a disk with a
 * cache that forgets), to see that the test can fail.
 *
 *   journal  | bytes used, u64 | record | record | ...
 *   record   | whole record's bytes u64 | offset u64 | length u64 | size of the file before u64 | durable u64 |
 *            | name, 32 bytes | the bytes that were there before, as far as the file went, filled up to 8 bytes |
 *
 * A record is written before its write. A sync makes all records of its file durable, a write with O_DSYNC its own.
 * A truncation has length 0 and, as offset, the new size; the bytes it cut off are not kept. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "interpose_io.h"

#define JOURNAL_BYTES (UINT64_C(256) << 20)
#define NAME_BYTES    32u

struct record {
	uint64_t record_bytes;
	uint64_t offset;
	uint64_t length;
	uint64_t size_before;
	uint64_t is_durable;
	char name[NAME_BYTES];
};

static pthread_mutex_t cut_lock = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static uint64_t *journal; /* its first word: bytes used */
static int is_lying;

static void give_up(const char *why)
{
	fprintf(stderr, "power_cut: %s\n", why);
	abort();
}

__attribute__((constructor)) static void power_cut_begin(void)
{
	const char *path = getenv("WF_POWER_CUT_JOURNAL");
	void *map;
	int file;

	folder = getenv("WF_POWER_CUT_FOLDER");
	is_lying = getenv("WF_POWER_CUT_LIES") != NULL;
	if (folder == NULL || path == NULL)
		return;
	file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0 || ftruncate(file, (off_t)JOURNAL_BYTES) != 0)
		give_up("no journal");
	map = mmap(NULL, JOURNAL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (map == MAP_FAILED)
		give_up("no map of the journal");
	close(file);
	journal = map;
	if (*journal == 0)
		*journal = sizeof(*journal);
}

/* Whether the file is one of the folder; its name. */
static int is_watched(int file, char name[NAME_BYTES])
{
	const int saved = errno;
	const size_t folder_length = folder == NULL ? 0 : strlen(folder);
	char link[64], path[4096];
	ssize_t length;
	int result = 0;

	if (journal == NULL)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	length = readlink(link, path, sizeof(path) - 1);
	if (length > (ssize_t)folder_length + 1 && memcmp(path, folder, folder_length) == 0 &&
	    path[folder_length] == '/' && (size_t)length - folder_length - 1 < NAME_BYTES) {
		path[length] = '\0';
		memset(name, 0, NAME_BYTES);
		memcpy(name, path + folder_length + 1, (size_t)length - folder_length - 1);
		/* LMDB makes its table of readers anew at each start. */
		result = strcmp(name, "lock.mdb") != 0;
	}
	errno = saved;
	return result;
}

/* Through a descriptor of its own: LMDB opens its file a second time for writing alone. */
static int read_back(int file, void *bytes, uint64_t count, uint64_t offset)
{
	char link[64];
	int reader;
	long got;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	reader = open(link, O_RDONLY | O_CLOEXEC);
	if (reader < 0)
		return -1;
	got = syscall(SYS_pread64, reader, bytes, count, offset);
	close(reader);
	return got == (long)count ? 0 : -1;
}

static struct record *note(int file, const char name[NAME_BYTES], uint64_t offset, uint64_t length)
{
	struct record *record = (void *)((char *)journal + *journal);
	struct stat status;
	uint64_t kept = 0;

	if (fstat(file, &status) != 0)
		give_up("no size");
	if (offset < (uint64_t)status.st_size)
		kept = (uint64_t)status.st_size - offset < length ? (uint64_t)status.st_size - offset : length;
	if (*journal + sizeof(*record) + kept + 8 > JOURNAL_BYTES)
		give_up("the journal is full");
	*record = (struct record){
		.record_bytes = (sizeof(*record) + kept + 7) / 8 * 8,
		.offset = offset,
		.length = length,
		.size_before = (uint64_t)status.st_size,
	};
	memcpy(record->name, name, NAME_BYTES);
	if (kept > 0 && read_back(file, record + 1, kept, offset) != 0)
		give_up("the bytes before cannot be read");
	__atomic_store_n(journal, *journal + record->record_bytes, __ATOMIC_SEQ_CST);
	return record;
}

static ssize_t written(int file, const struct iovec *parts, int parts_count, off_t offset)
{
	if (offset < 0)
		return syscall(SYS_writev, file, parts, parts_count);
	return syscall(SYS_pwritev, file, parts, parts_count, offset, 0);
}

static ssize_t write_parts(int file, const struct iovec *parts, int parts_count, off_t offset)
{
	char name[NAME_BYTES];
	struct record *record;
	uint64_t length = 0;
	ssize_t result;

	if (!is_watched(file, name))
		return written(file, parts, parts_count, offset);
	for (int i = 0; i < parts_count; i++)
		length += parts[i].iov_len;
	pthread_mutex_lock(&cut_lock);
	record = note(file, name, offset < 0 ? (uint64_t)lseek(file, 0, SEEK_CUR) : (uint64_t)offset, length);
	result = written(file, parts, parts_count, offset);
	if (result >= 0 && (fcntl(file, F_GETFL) & O_DSYNC) != 0 && !is_lying)
		record->is_durable = 1;
	pthread_mutex_unlock(&cut_lock);
	return result;
}

static void settle(const char name[NAME_BYTES])
{
	uint64_t left = 0;

	for (uint64_t at = sizeof(*journal); at < *journal;) {
		struct record *record = (void *)((char *)journal + at);

		if (memcmp(record->name, name, NAME_BYTES) == 0)
			record->is_durable = 1;
		left += !record->is_durable;
		at += record->record_bytes;
	}
	if (left == 0)
		__atomic_store_n(journal, sizeof(*journal), __ATOMIC_SEQ_CST);
}

static int sync_file(int file, long call)
{
	char name[NAME_BYTES];
	int result;

	if (!is_watched(file, name))
		return (int)syscall(call, file);
	if (is_lying)
		return 0;
	pthread_mutex_lock(&cut_lock);
	result = (int)syscall(call, file);
	if (result == 0)
		settle(name);
	pthread_mutex_unlock(&cut_lock);
	return result;
}

EXPORTED int ftruncate(int file, off_t size)
{
	char name[NAME_BYTES];
	int result;

	if (!is_watched(file, name))
		return (int)syscall(SYS_ftruncate, file, size);
	pthread_mutex_lock(&cut_lock);
	note(file, name, (uint64_t)size, 0);
	result = (int)syscall(SYS_ftruncate, file, size);
	pthread_mutex_unlock(&cut_lock);
	return result;
}
