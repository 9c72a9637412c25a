#define _DEFAULT_SOURCE /* madvise() */
#include "store_lmdb.h"

#include <assert.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "store_pages.h"

_Static_assert(sizeof(size_t) == 8, "MDB_INTEGERKEY of 64 bits needs a size_t of 64 bits");

/* A log that grew over this is given back after its batch. */
#define LOG_BYTES_KEPT (8u << 20)

#define READERS_CHECK_SECONDS 10

#define RUN_GAP     64u /* numbers that may be missing in a run */
#define RUN_LEAST   8u
#define AHEAD_BYTES ((uintptr_t)1 << 20)

#define NO_OPERATION SIZE_MAX

/* One operation of the batch: this, the name, the value, filled up to 8 bytes. */
struct operation {
	size_t next; /* offset of the table's next one, or NO_OPERATION */
	enum wf_lmdb_verb verb;
	enum wf_lmdb_table table;
	uint64_t number;
	size_t name_bytes;
	size_t value_bytes;
};

/* A table's operations in the log, each by its offset, or NO_OPERATION. */
struct line {
	size_t first;
	size_t due; /* the next to be applied */
	size_t last;
	size_t before_last;
};

struct wf_lmdb {
	struct wf_lmdb_settings settings;
	char *path;
	MDB_env *environment; /* NULL only after reopening failed */
	MDB_dbi tables[WF_LMDB_TABLES];
	atomic_uint_least64_t map_bytes;
	size_t page_bytes;
	time_t readers_checked; /* when those of killed processes were last cleared */

	/* The gate: who changes the environment closes it and waits until nobody is awake. */
	pthread_mutex_t gate;
	pthread_cond_t gate_changed;
	size_t awake_count;
	bool is_gate_closed;
	struct wf_lmdb_reader *readers;

	/* The batch: the writer's alone. */
	MDB_txn *transaction;
	char *log;
	size_t log_bytes;
	size_t log_capacity;
	size_t staged; /* offset of the operation staged last */
	struct line lines[WF_LMDB_TABLES];
	int failure;        /* of the batch; 0 while it is sound */
	bool is_suspect;    /* a write failed: reopen before the next */
	uint64_t unsettled; /* transaction that may be on disk though its commit failed; 0 for none */
	bool is_broken;     /* an unsettled transaction was found on disk and could not be confirmed */
};

/* Records of a table that were read one after another. What is read at random, as evidence is, must not have what lies
 * around it read as well: where the store is larger than the memory, that pushes out all that is needed. So the map is
 * read page by page, but ahead of runs. */
struct run {
	uint64_t number; /* the last of them */
	uint32_t length;
	uintptr_t begin; /* what has been asked for ahead */
	uintptr_t end;
};

struct wf_lmdb_reader {
	struct wf_lmdb *lmdb;
	struct wf_lmdb_reader *next;
	struct wf_lmdb_reader *previous;
	MDB_txn *transaction; /* NULL until the first renew, and after the environment was reopened */
	bool is_awake;
	struct run runs[WF_LMDB_TABLES];
};

static const char *const table_names[WF_LMDB_TABLES] = {"entry",    "evidence", "body", "text",
							"redirect", "apart",    "state"};

static int code_of(int result)
{
	switch (result) {
	case 0:
		return 0;
	case MDB_NOTFOUND:
		return WF_ENOTFOUND;
	case MDB_MAP_FULL:
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return WF_EFULL;
	case MDB_READERS_FULL:
		return WF_EOVERLOADED;
	case MDB_TXN_FULL:
		return WF_ETOOLARGE;
	case MDB_VERSION_MISMATCH:
		return WF_EVERSION;
	case MDB_INVALID:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INCOMPATIBLE:
		return WF_ECORRUPT;
	case MDB_PANIC:
		return -EIO;
	default:
		return result > 0 ? -result : WF_EINTERNAL;
	}
}

static MDB_val key_value(const struct wf_lmdb_key *key)
{
	/* LMDB does not write to keys; its type has no const. */
	union {
		const void *read;
		void *write;
	} data = {key->table == WF_LMDB_STATE ? (const void *)key->name.data : (const void *)&key->number};

	return (MDB_val){key->table == WF_LMDB_STATE ? key->name.length : sizeof(key->number), data.write};
}

/* The gate. */

static struct timespec deadline_after(uint32_t milliseconds)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += milliseconds / 1000;
	at.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

static int gate_close(struct wf_lmdb *lmdb)
{
	const struct timespec deadline = deadline_after(lmdb->settings.rest_wait_ms);
	int result = 0;

	pthread_mutex_lock(&lmdb->gate);
	lmdb->is_gate_closed = true;
	while (lmdb->awake_count > 0 && result == 0)
		result = pthread_cond_timedwait(&lmdb->gate_changed, &lmdb->gate, &deadline);
	if (lmdb->awake_count > 0) {
		lmdb->is_gate_closed = false;
		pthread_cond_broadcast(&lmdb->gate_changed);
		pthread_mutex_unlock(&lmdb->gate);
		return WF_EOVERLOADED;
	}
	pthread_mutex_unlock(&lmdb->gate);
	return 0;
}

static void gate_open(struct wf_lmdb *lmdb)
{
	pthread_mutex_lock(&lmdb->gate);
	lmdb->is_gate_closed = false;
	pthread_cond_broadcast(&lmdb->gate_changed);
	pthread_mutex_unlock(&lmdb->gate);
}

static void gate_enter(struct wf_lmdb *lmdb)
{
	pthread_mutex_lock(&lmdb->gate);
	while (lmdb->is_gate_closed)
		pthread_cond_wait(&lmdb->gate_changed, &lmdb->gate);
	lmdb->awake_count++;
	pthread_mutex_unlock(&lmdb->gate);
}

static void gate_leave(struct wf_lmdb *lmdb)
{
	pthread_mutex_lock(&lmdb->gate);
	if (--lmdb->awake_count == 0)
		pthread_cond_broadcast(&lmdb->gate_changed);
	pthread_mutex_unlock(&lmdb->gate);
}

static void log_clear(struct wf_lmdb *lmdb)
{
	lmdb->log_bytes = 0;
	for (int table = 0; table < WF_LMDB_TABLES; table++)
		lmdb->lines[table] = (struct line){NO_OPERATION, NO_OPERATION, NO_OPERATION, NO_OPERATION};
}

/* Opening. */

static int tables_open(struct wf_lmdb *lmdb)
{
	MDB_txn *transaction;
	int result = mdb_txn_begin(lmdb->environment, NULL, 0, &transaction);

	if (result != 0)
		return result;
	for (int i = 0; i < WF_LMDB_TABLES && result == 0; i++) {
		const unsigned flags = MDB_CREATE | (i == WF_LMDB_STATE ? 0 : MDB_INTEGERKEY);

		result = mdb_dbi_open(transaction, table_names[i], flags, &lmdb->tables[i]);
	}
	if (result != 0) {
		mdb_txn_abort(transaction);
		return result;
	}
	return mdb_txn_commit(transaction);
}

/* Counts the pages from `page_first` on that the list of free pages has. */
static int free_pages_count(MDB_env *environment, uint64_t page_first, uint64_t *count)
{
	const MDB_dbi free_pages = 0; /* LMDB's own table: transaction -> [count, page, page ...] */
	MDB_txn *transaction = NULL;
	MDB_cursor *cursor = NULL;
	MDB_val key, value;
	int result;

	*count = 0;
	result = mdb_txn_begin(environment, NULL, MDB_RDONLY, &transaction);
	if (result == 0)
		result = mdb_cursor_open(transaction, free_pages, &cursor);
	while (result == 0 && (result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		for (size_t offset = sizeof(size_t); offset + sizeof(size_t) <= value.mv_size;
		     offset += sizeof(size_t)) {
			size_t page;

			memcpy(&page, (const char *)value.mv_data + offset, sizeof(page));
			*count += page >= page_first;
		}
	}
	if (cursor != NULL)
		mdb_cursor_close(cursor);
	if (transaction != NULL)
		mdb_txn_abort(transaction);
	return result == MDB_NOTFOUND ? 0 : result;
}

/* A file that is shorter than its meta page says is whole only if all that it lacks are free pages, which LMDB need not
 * have written. It is filled up with a hole, for reading behind the end of a mapped file would kill the process. */
static int length_check(MDB_env *environment, struct wf_error *error)
{
	struct stat status;
	MDB_envinfo info;
	MDB_stat pages;
	uint64_t pages_count, pages_whole, free_count;
	int file, result;

	mdb_env_info(environment, &info);
	mdb_env_stat(environment, &pages);
	mdb_env_get_fd(environment, &file);
	if (fstat(file, &status) != 0)
		return wf_error_set(error, -errno, "cannot read the length of data.mdb");
	pages_count = info.me_last_pgno + 1;
	pages_whole = (uint64_t)status.st_size / pages.ms_psize;
	if (pages_whole >= pages_count)
		return 0;
	if (ftruncate(file, (off_t)(pages_count * pages.ms_psize)) != 0)
		return wf_error_set(error, code_of(errno), "cannot fill up data.mdb, which ends too early");
	result = free_pages_count(environment, pages_whole, &free_count);
	if (result == 0 && free_count == pages_count - pages_whole)
		return 0;
	/* Leave the damaged file as it was found. */
	if (ftruncate(file, status.st_size) != 0)
		return wf_error_set(error, -errno, "cannot cut data.mdb to the length that it had");
	return wf_error_set(error, WF_ECORRUPT, "data.mdb is cut short: %llu bytes of %llu",
			    (unsigned long long)status.st_size, (unsigned long long)(pages_count * pages.ms_psize));
}

/* LMDB aborts after this; what it found is damage, which is no bug of ours to dump a core for. */
static void assertion_cb(MDB_env *environment, const char *words)
{
	const char *path = "";

	(void)mdb_env_get_path(environment, &path);
	(void)fprintf(stderr, "wirefoldd: %s: the store is damaged, stopped: LMDB: %s\n", path, words);
	_exit(EXIT_FAILURE);
}

static int environment_open(struct wf_lmdb *lmdb, struct wf_error *error)
{
	MDB_env *environment = NULL;
	MDB_envinfo info;
	MDB_stat pages;
	int stale, code;
	int result = mdb_env_create(&environment);

	if (result != 0)
		return wf_error_set(error, code_of(result), "LMDB: %s", mdb_strerror(result));
	lmdb->environment = environment;
	if ((result = mdb_env_set_assert(environment, assertion_cb)) != 0 ||
	    (result = mdb_env_set_maxdbs(environment, WF_LMDB_TABLES)) != 0 ||
	    (result = mdb_env_set_maxreaders(environment, lmdb->settings.readers_max)) != 0 ||
	    (result = mdb_env_set_mapsize(environment, lmdb->map_bytes)) != 0 ||
	    (result = mdb_env_open(environment, lmdb->path, MDB_NOTLS | MDB_NORDAHEAD, 0600)) != 0) {
		code = wf_error_set(error, code_of(result), "%s: LMDB: %s", lmdb->path, mdb_strerror(result));
		goto done;
	}
	code = length_check(environment, error);
	if (code != 0)
		goto done;
	if ((result = mdb_reader_check(environment, &stale)) != 0 || (result = tables_open(lmdb)) != 0) {
		code = wf_error_set(error, code_of(result), "%s: LMDB: %s", lmdb->path, mdb_strerror(result));
		goto done;
	}
	mdb_env_info(environment, &info);
	mdb_env_stat(environment, &pages);
	lmdb->map_bytes = info.me_mapsize;
	lmdb->page_bytes = pages.ms_psize;
	return 0;
done:
	mdb_env_close(environment);
	lmdb->environment = NULL;
	return code;
}

int wf_lmdb_open(struct wf_lmdb **lmdb, const struct wf_lmdb_settings *settings, struct wf_error *error)
{
	struct wf_lmdb *made = calloc(1, sizeof(*made));
	pthread_condattr_t attributes;
	int code;

	if (made == NULL)
		return wf_error_set(error, WF_ENOMEM, "out of memory");
	pthread_mutex_init(&made->gate, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&made->gate_changed, &attributes);
	pthread_condattr_destroy(&attributes);
	made->settings = *settings;
	made->map_bytes = settings->map_bytes;
	log_clear(made);
	made->path = strdup(settings->path);
	code = made->path == NULL ? wf_error_set(error, WF_ENOMEM, "out of memory") : environment_open(made, error);
	if (code != 0) {
		wf_lmdb_close(made);
		return code;
	}
	*lmdb = made;
	return 0;
}

void wf_lmdb_close(struct wf_lmdb *lmdb)
{
	assert(lmdb->transaction == NULL && lmdb->readers == NULL);
	if (lmdb->environment != NULL)
		mdb_env_close(lmdb->environment);
	pthread_cond_destroy(&lmdb->gate_changed);
	pthread_mutex_destroy(&lmdb->gate);
	free(lmdb->log);
	free(lmdb->path);
	free(lmdb);
}

uint64_t wf_lmdb_bytes(const struct wf_lmdb *lmdb)
{
	char name[4096];
	struct stat status;

	/* By name: the environment may be closed for reopening by the writer meanwhile. */
	if (snprintf(name, sizeof(name), "%s/data.mdb", lmdb->path) >= (int)sizeof(name) || stat(name, &status) != 0)
		return 0;
	return (uint64_t)status.st_blocks * 512;
}

uint64_t wf_lmdb_map_bytes(const struct wf_lmdb *lmdb)
{
	return lmdb->map_bytes;
}

uint64_t wf_lmdb_free_bytes(const struct wf_lmdb *lmdb)
{
	const MDB_dbi own[] = {0, 1}; /* LMDB's tables of free pages and of tables */
	const uint64_t meta_pages = 2;
	uint64_t used = meta_pages;
	MDB_envinfo info;
	MDB_stat pages = {.ms_psize = 0};

	for (int i = 0; i < WF_LMDB_TABLES + 2; i++) {
		const MDB_dbi table = i < 2 ? own[i] : lmdb->tables[i - 2];

		if (mdb_stat(lmdb->transaction, table, &pages) != 0)
			return 0;
		used += pages.ms_branch_pages + pages.ms_leaf_pages + pages.ms_overflow_pages;
	}
	mdb_env_info(lmdb->environment, &info);
	return info.me_last_pgno + 1 > used ? (info.me_last_pgno + 1 - used) * pages.ms_psize : 0;
}

/* Growing and reopening. */

/* Closes and opens the environment again: what LMDB remembers of a failed write goes with it. The gate is closed. */
static int environment_reopen(struct wf_lmdb *lmdb)
{
	int code;

	for (struct wf_lmdb_reader *reader = lmdb->readers; reader != NULL; reader = reader->next) {
		if (reader->transaction != NULL)
			mdb_txn_abort(reader->transaction);
		reader->transaction = NULL;
	}
	if (lmdb->environment != NULL)
		mdb_env_close(lmdb->environment);
	code = environment_open(lmdb, NULL);
	lmdb->is_suspect = code != 0;
	return code;
}

static int map_grow(struct wf_lmdb *lmdb)
{
	const uint64_t bytes = lmdb->map_bytes * 2;
	int code, result;

	if (bytes > lmdb->settings.map_bytes_max)
		return WF_EFULL;
	code = gate_close(lmdb);
	if (code != 0)
		return code;
	result = mdb_env_set_mapsize(lmdb->environment, bytes);
	if (result == 0)
		lmdb->map_bytes = bytes;
	else
		environment_reopen(lmdb); /* LMDB has given the old map back */
	gate_open(lmdb);
	return code_of(result);
}

/* Whether a write of `bytes` more may have failed for want of room: LMDB calls a short write an input/output error. */
static bool is_short_of_room(const struct wf_lmdb *lmdb, uint64_t bytes)
{
	const uint64_t wanted = bytes + bytes / 2 + (1u << 20);
	struct statvfs room;
	struct rlimit limit;

	if (statvfs(lmdb->path, &room) == 0 && room.f_bavail * room.f_frsize < wanted)
		return true;
	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	       limit.rlim_cur < wf_lmdb_bytes(lmdb) + wanted;
}

/* The batch. */

/* Where the offset of what follows the operation at `offset` is kept. */
static void operation_follow(struct wf_lmdb *lmdb, size_t offset, size_t next)
{
	memcpy(lmdb->log + offset + offsetof(struct operation, next), &next, sizeof(next));
}

/* The operation at the end of the log is the table's last. */
static void line_add(struct wf_lmdb *lmdb, enum wf_lmdb_table table)
{
	struct line *line = &lmdb->lines[table];
	const size_t offset = lmdb->log_bytes;

	if (line->last != NO_OPERATION)
		operation_follow(lmdb, line->last, offset);
	else
		line->first = offset;
	if (line->due == NO_OPERATION)
		line->due = offset;
	line->before_last = line->last;
	line->last = offset;
}

/* Forgets the operation that was staged last, which could not be applied. */
static void line_drop(struct wf_lmdb *lmdb, enum wf_lmdb_table table)
{
	struct line *line = &lmdb->lines[table];

	lmdb->log_bytes = line->last;
	line->due = NO_OPERATION;
	line->last = line->before_last;
	if (line->last != NO_OPERATION)
		operation_follow(lmdb, line->last, NO_OPERATION);
	else
		line->first = NO_OPERATION;
}

static size_t operation_bytes(const struct operation *operation)
{
	return (sizeof(*operation) + operation->name_bytes + operation->value_bytes + 7) / 8 * 8;
}

static int operation_apply(struct wf_lmdb *lmdb, char *at)
{
	static const unsigned flags[] = {[WF_LMDB_APPEND] = MDB_APPEND, [WF_LMDB_PUT] = 0};
	struct operation operation;
	struct wf_lmdb_key key;
	MDB_val key_bytes, value;

	memcpy(&operation, at, sizeof(operation));
	key = (struct wf_lmdb_key){operation.table, operation.number, {at + sizeof(operation), operation.name_bytes}};
	key_bytes = key_value(&key);
	if (operation.verb == WF_LMDB_DELETE)
		return mdb_del(lmdb->transaction, lmdb->tables[operation.table], &key_bytes, NULL);
	value = (MDB_val){operation.value_bytes, at + sizeof(operation) + operation.name_bytes};
	return mdb_put(lmdb->transaction, lmdb->tables[operation.table], &key_bytes, &value, flags[operation.verb]);
}

static void transaction_abort(struct wf_lmdb *lmdb)
{
	if (lmdb->transaction != NULL)
		mdb_txn_abort(lmdb->transaction);
	lmdb->transaction = NULL;
}

/* An operation or commit failed with `result`: in words of ours. Where it was a write that failed, the environment is
 * not trusted until it is opened again. */
static int batch_failure(struct wf_lmdb *lmdb, int result)
{
	const int code = code_of(result);

	if (result != EIO && code != WF_EFULL)
		return code;
	lmdb->is_suspect = true;
	return result == EIO && is_short_of_room(lmdb, lmdb->log_bytes) ? WF_EFULL : code;
}

/* Applies what was staged for the table before `end`, in order. */
static int table_apply(struct wf_lmdb *lmdb, enum wf_lmdb_table table, size_t end)
{
	int result = 0;

	while (lmdb->lines[table].due < end && result == 0) {
		char *const at = lmdb->log + lmdb->lines[table].due;

		result = operation_apply(lmdb, at);
		if (result == 0)
			memcpy(&lmdb->lines[table].due, at + offsetof(struct operation, next), sizeof(size_t));
	}
	return result;
}

/* Table after table: so the pages that a batch adds to a table lie together in the file. Articles are added to four
 * tables; page by page in turns, whoever reads one table would read all of the file. Entries come last: a start reads
 * all of them, and the pages that earlier batches freed, here and there in the file, have gone to the others by
 * then. */
static int tables_apply(struct wf_lmdb *lmdb, size_t end)
{
	int result = 0;

	for (int table = WF_LMDB_TABLES; table-- > 0 && result == 0;)
		result = table_apply(lmdb, (enum wf_lmdb_table)table, end);
	return result;
}

/* Begins the transaction again, on a bigger map, and applies the log up to `end`. Returns a code of ours. */
static int batch_replay(struct wf_lmdb *lmdb, size_t end)
{
	int code, result;

	do {
		transaction_abort(lmdb);
		code = map_grow(lmdb);
		if (code != 0)
			return code;
		for (int table = 0; table < WF_LMDB_TABLES; table++)
			lmdb->lines[table].due = lmdb->lines[table].first;
		result = mdb_txn_begin(lmdb->environment, NULL, 0, &lmdb->transaction);
		if (result == 0)
			result = tables_apply(lmdb, end);
	} while (result == MDB_MAP_FULL);
	return result == 0 ? 0 : batch_failure(lmdb, result);
}

/* What applying the log up to `end` came to: a code of ours, or WF_ENOTFOUND. */
static int batch_result(struct wf_lmdb *lmdb, int result, size_t end)
{
	if (result == MDB_MAP_FULL)
		lmdb->failure = batch_replay(lmdb, end);
	else if (result == MDB_NOTFOUND)
		return WF_ENOTFOUND;
	else if (result != 0)
		lmdb->failure = batch_failure(lmdb, result); /* a big batch writes before its commit */
	return lmdb->failure;
}

static void batch_end(struct wf_lmdb *lmdb)
{
	transaction_abort(lmdb);
	log_clear(lmdb);
	lmdb->failure = 0;
	if (lmdb->log_capacity > LOG_BYTES_KEPT) {
		free(lmdb->log);
		lmdb->log = NULL;
		lmdb->log_capacity = 0;
	}
}

/* Opens the environment again after a failed write and finds out whether the transaction that failed is on disk after
 * all: when the last step, the write of the meta page, fails, LMDB cannot tell. */
static int environment_mend(struct wf_lmdb *lmdb)
{
	MDB_envinfo info;
	int code = gate_close(lmdb);

	if (code != 0)
		return code;
	code = environment_reopen(lmdb);
	gate_open(lmdb);
	if (code != 0)
		return code;
	mdb_env_info(lmdb->environment, &info);
	if (lmdb->unsettled != 0 && info.me_last_txnid >= lmdb->unsettled)
		lmdb->is_broken = true;
	lmdb->unsettled = 0;
	return 0;
}

/* The transaction that failed is there: one more commit writes the other meta page, and says whether it is there to
 * stay. */
static int transaction_confirm(struct wf_lmdb *lmdb)
{
	const struct wf_lmdb_key key = {.table = WF_LMDB_STATE, .name = {".confirm", 8}};
	MDB_val key_bytes = key_value(&key), value = {0, NULL};
	MDB_txn *transaction;
	int result = mdb_txn_begin(lmdb->environment, NULL, 0, &transaction);

	if (result != 0)
		return result;
	/* LMDB writes nothing for a transaction that changed nothing. */
	if ((result = mdb_put(transaction, lmdb->tables[WF_LMDB_STATE], &key_bytes, &value, 0)) != 0 ||
	    (result = mdb_del(transaction, lmdb->tables[WF_LMDB_STATE], &key_bytes, NULL)) != 0) {
		mdb_txn_abort(transaction);
		return result;
	}
	return mdb_txn_commit(transaction);
}

/* A backup that was killed holds its snapshot, and with it every page that was freed since, until somebody looks. */
static void readers_check(struct wf_lmdb *lmdb)
{
	struct timespec now;
	int stale;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec - lmdb->readers_checked < READERS_CHECK_SECONDS)
		return;
	lmdb->readers_checked = now.tv_sec;
	(void)mdb_reader_check(lmdb->environment, &stale);
}

int wf_lmdb_begin(struct wf_lmdb *lmdb)
{
	int code = 0;

	assert(lmdb->transaction == NULL);
	if (lmdb->is_suspect && !lmdb->is_broken)
		code = environment_mend(lmdb);
	if (code != 0)
		return code;
	if (lmdb->is_broken)
		return -EIO;
	readers_check(lmdb);
	return code_of(mdb_txn_begin(lmdb->environment, NULL, 0, &lmdb->transaction));
}

static int log_reserve(struct wf_lmdb *lmdb, size_t bytes)
{
	size_t capacity = lmdb->log_capacity == 0 ? 1u << 16 : lmdb->log_capacity;
	char *log;

	while (capacity - lmdb->log_bytes < bytes)
		capacity *= 2;
	if (capacity == lmdb->log_capacity)
		return 0;
	log = realloc(lmdb->log, capacity);
	if (log == NULL)
		return WF_ENOMEM;
	lmdb->log = log;
	lmdb->log_capacity = capacity;
	return 0;
}

void *wf_lmdb_stage(struct wf_lmdb *lmdb, enum wf_lmdb_verb verb, const struct wf_lmdb_key *key, size_t value_bytes)
{
	const struct operation operation = {NO_OPERATION, verb, key->table, key->number, key->name.length, value_bytes};
	char *at;

	if (lmdb->failure == 0)
		lmdb->failure = log_reserve(lmdb, operation_bytes(&operation));
	if (lmdb->failure != 0)
		return NULL;
	at = lmdb->log + lmdb->log_bytes;
	memcpy(at, &operation, sizeof(operation));
	if (key->name.length > 0)
		memcpy(at + sizeof(operation), key->name.data, key->name.length);
	line_add(lmdb, key->table);
	lmdb->staged = lmdb->log_bytes;
	lmdb->log_bytes += operation_bytes(&operation);
	return at + sizeof(operation) + key->name.length;
}

int wf_lmdb_apply(struct wf_lmdb *lmdb)
{
	struct operation operation;
	int code;

	if (lmdb->failure != 0)
		return lmdb->failure;
	memcpy(&operation, lmdb->log + lmdb->staged, sizeof(operation));
	if (operation.verb != WF_LMDB_DELETE)
		return 0;
	code = batch_result(lmdb, table_apply(lmdb, operation.table, lmdb->staged), lmdb->staged);
	if (code == 0)
		code = batch_result(lmdb, table_apply(lmdb, operation.table, lmdb->log_bytes), lmdb->log_bytes);
	if (code == WF_ENOTFOUND)
		line_drop(lmdb, operation.table);
	return code;
}

int wf_lmdb_batch_get(struct wf_lmdb *lmdb, const struct wf_lmdb_key *key, struct wf_bytes *value)
{
	MDB_val key_bytes = key_value(key), found;
	int code = lmdb->failure;

	if (code == 0)
		code = batch_result(lmdb, table_apply(lmdb, key->table, lmdb->log_bytes), lmdb->log_bytes);
	if (code != 0)
		return code;
	code = code_of(mdb_get(lmdb->transaction, lmdb->tables[key->table], &key_bytes, &found));
	if (code == 0)
		*value = (struct wf_bytes){found.mv_data, found.mv_size};
	else if (code != WF_ENOTFOUND)
		lmdb->failure = code;
	return code;
}

int wf_lmdb_commit(struct wf_lmdb *lmdb)
{
	int code = lmdb->failure;
	int result = 0;

	if (code == 0)
		code = batch_result(lmdb, tables_apply(lmdb, lmdb->log_bytes), lmdb->log_bytes);
	while (code == 0) {
		lmdb->unsettled = mdb_txn_id(lmdb->transaction);
		result = mdb_txn_commit(lmdb->transaction);
		lmdb->transaction = NULL;
		if (result != MDB_MAP_FULL)
			break;
		code = batch_replay(lmdb, lmdb->log_bytes);
	}
	if (code == 0 && result != 0) {
		code = batch_failure(lmdb, result);
		lmdb->is_suspect = true;
		if (environment_mend(lmdb) == 0 && lmdb->is_broken && transaction_confirm(lmdb) == 0) {
			lmdb->is_broken = false;
			code = 0;
		}
	} else {
		lmdb->unsettled = 0;
	}
	batch_end(lmdb);
	return code;
}

void wf_lmdb_abort(struct wf_lmdb *lmdb)
{
	batch_end(lmdb);
}

/* Readers. */

int wf_lmdb_reader_new(struct wf_lmdb *lmdb, struct wf_lmdb_reader **reader)
{
	struct wf_lmdb_reader *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return WF_ENOMEM;
	made->lmdb = lmdb;
	pthread_mutex_lock(&lmdb->gate);
	made->next = lmdb->readers;
	if (made->next != NULL)
		made->next->previous = made;
	lmdb->readers = made;
	pthread_mutex_unlock(&lmdb->gate);
	*reader = made;
	return 0;
}

void wf_lmdb_reader_free(struct wf_lmdb_reader *reader)
{
	struct wf_lmdb *lmdb;

	if (reader == NULL)
		return;
	lmdb = reader->lmdb;
	if (!reader->is_awake)
		gate_enter(lmdb);
	/* The gate cannot close now, so that nobody else walks or changes the list's environment. */
	if (reader->transaction != NULL)
		mdb_txn_abort(reader->transaction);
	pthread_mutex_lock(&lmdb->gate);
	if (reader->previous != NULL)
		reader->previous->next = reader->next;
	else
		lmdb->readers = reader->next;
	if (reader->next != NULL)
		reader->next->previous = reader->previous;
	pthread_mutex_unlock(&lmdb->gate);
	gate_leave(lmdb);
	free(reader);
}

int wf_lmdb_reader_renew(struct wf_lmdb_reader *reader)
{
	struct wf_lmdb *lmdb = reader->lmdb;
	int result;

	/* Through the gate again, so that a reader that renews without end holds no writer up. */
	wf_lmdb_reader_rest(reader);
	gate_enter(lmdb);
	if (lmdb->environment == NULL)
		result = EIO;
	else if (reader->transaction == NULL)
		result = mdb_txn_begin(lmdb->environment, NULL, MDB_RDONLY, &reader->transaction);
	else
		result = mdb_txn_renew(reader->transaction);
	reader->is_awake = result == 0;
	if (result != 0)
		gate_leave(lmdb);
	return code_of(result);
}

void wf_lmdb_reader_rest(struct wf_lmdb_reader *reader)
{
	if (!reader->is_awake)
		return;
	mdb_txn_reset(reader->transaction);
	reader->is_awake = false;
	gate_leave(reader->lmdb);
}

/* Whether a value lies within the page, or the run of pages, where LMDB found it. A node of a damaged page may claim
 * any length, and reading behind the end of the file would kill the process. */
static bool is_within_pages(const struct wf_lmdb *lmdb, const MDB_val *value)
{
	const uintptr_t at = (uintptr_t)value->mv_data;
	const size_t inside = at & (lmdb->page_bytes - 1);
	const char *page = (const char *)value->mv_data - inside;
	uint16_t kind;
	uint32_t run;

	memcpy(&kind, page + WF_PAGE_KIND, sizeof(kind));
	if (kind == WF_PAGE_KIND_LEAF)
		return value->mv_size <= lmdb->page_bytes - inside;
	memcpy(&run, page + WF_PAGE_RUN, sizeof(run));
	return kind == WF_PAGE_KIND_OVERFLOW && inside == WF_PAGE_HEADER_BYTES &&
	       value->mv_size <= run * lmdb->page_bytes - inside;
}

/* Asks for what comes after a record of a run. Records lie in the file as they were written, so that they follow each
 * other, if others between. */
static void read_ahead(struct wf_lmdb_reader *reader, enum wf_lmdb_table table, uint64_t number, void *record)
{
	struct run *run = &reader->runs[table];
	const uintptr_t at = (uintptr_t)record;

	run->length = number > run->number && number - run->number <= RUN_GAP ? run->length + 1 : 0;
	run->number = number;
	if (run->length < RUN_LEAST || (at >= run->begin && at < run->end))
		return;
	run->begin = at / reader->lmdb->page_bytes * reader->lmdb->page_bytes;
	run->end = run->begin + AHEAD_BYTES / 2;
	(void)madvise((char *)record - (at - run->begin), AHEAD_BYTES, MADV_WILLNEED);
}

int wf_lmdb_get(struct wf_lmdb_reader *reader, const struct wf_lmdb_key *key, struct wf_bytes *value)
{
	MDB_val key_bytes = key_value(key), found;
	int result;

	assert(reader->is_awake);
	result = mdb_get(reader->transaction, reader->lmdb->tables[key->table], &key_bytes, &found);
	if (result == 0 && !is_within_pages(reader->lmdb, &found))
		return WF_ECORRUPT;
	if (result != 0)
		return code_of(result);
	if (key->table == WF_LMDB_EVIDENCE || key->table == WF_LMDB_BODY || key->table == WF_LMDB_TEXT)
		read_ahead(reader, key->table, key->number, found.mv_data);
	*value = (struct wf_bytes){found.mv_data, found.mv_size};
	return 0;
}

uint64_t wf_lmdb_count(struct wf_lmdb_reader *reader, enum wf_lmdb_table table)
{
	MDB_stat status;

	assert(reader->is_awake);
	return mdb_stat(reader->transaction, reader->lmdb->tables[table], &status) == 0 ? status.ms_entries : 0;
}

static int key_number(const MDB_val *key, uint64_t *number)
{
	if (key->mv_size != sizeof(*number))
		return WF_ECORRUPT;
	memcpy(number, key->mv_data, sizeof(*number));
	return 0;
}

int wf_lmdb_last(struct wf_lmdb_reader *reader, enum wf_lmdb_table table, uint64_t *number)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int code;

	assert(reader->is_awake);
	code = code_of(mdb_cursor_open(reader->transaction, reader->lmdb->tables[table], &cursor));
	if (code != 0)
		return code;
	code = code_of(mdb_cursor_get(cursor, &key, &value, MDB_LAST));
	if (code == 0)
		code = key_number(&key, number);
	mdb_cursor_close(cursor);
	return code;
}

int wf_lmdb_walk(struct wf_lmdb_reader *reader, enum wf_lmdb_table table, uint64_t first, wf_lmdb_visit_cb visit,
		 void *context)
{
	MDB_cursor *cursor;
	MDB_val key = {sizeof(first), &first}, value;
	int code, result;

	assert(reader->is_awake);
	code = code_of(mdb_cursor_open(reader->transaction, reader->lmdb->tables[table], &cursor));
	if (code != 0)
		return code;
	result = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (result == 0 && code == 0) {
		uint64_t number;

		code = is_within_pages(reader->lmdb, &value) ? key_number(&key, &number) : WF_ECORRUPT;
		if (code == 0)
			code = visit(context, number, (struct wf_bytes){value.mv_data, value.mv_size});
		if (code == 0)
			result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	if (code == 0 && result != MDB_NOTFOUND)
		code = code_of(result);
	return code;
}
