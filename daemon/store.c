#include "store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "hash.h"
#include "store_folder.h"
#include "store_group.h"
#include "store_lmdb.h"
#include "store_pages.h"
#include "store_record.h"
#include "store_texts.h"

/* A checksum over more takes longer than reading an entry. */
#define WHOLE_BODY_BYTES_MAX 8192u

#define FORMAT_MAGIC       "wirefold"
#define FORMAT_MAGIC_BYTES 8u
#define FORMAT_BYTES       (FORMAT_MAGIC_BYTES + 4u)
#define FORMAT_FIRST       1u /* the same, without the table of what is held apart */
#define FORMAT_APART       2u
#define FORMAT_LZ4         3u /* texts packed by LZ4 */
#define FORMAT_GROUPS      4u /* small texts packed together */

#define UNMADE_PAGES_MAX    16 /* of a file whose making did not come to its end */
#define UNMADE_SECTOR_BYTES 512u

/* Names of states that are the store's own begin with a dot. */
static const struct wf_bytes state_format = {".format", 7};
static const struct wf_bytes state_secret = {".secret", 7};
static const struct wf_bytes state_number_last = {".number_last", 12};
static const struct wf_bytes state_probe = {".probe", 6};

struct wf_store {
	struct wf_lmdb *lmdb;
	struct wf_texts *texts;
	uint64_t room_bytes_min;
	uint64_t secret;
	int lock_file;
	atomic_uint_least64_t number_last; /* of the last commit */
	uint64_t batch_number_last;
	uint32_t format; /* of the last commit */
	uint32_t batch_format;
	bool is_number_last_lost; /* the batch removes the newest article: only the state will know its number */
	bool is_short_of_room;    /* at the batch's beginning */
	int batch_failure;
};

struct wf_store_reader {
	const struct wf_store *store;
	struct wf_lmdb_reader *reader;
};

static struct wf_lmdb_key number_key(enum wf_lmdb_table table, uint64_t number)
{
	return (struct wf_lmdb_key){.table = table, .number = number};
}

static struct wf_lmdb_key state_key(struct wf_bytes name)
{
	return (struct wf_lmdb_key){.table = WF_LMDB_STATE, .name = name};
}

/* Opening. */

/* A store whose data went missing must not become an empty one. */
static int data_check(const char *path, bool is_made, struct wf_error *error)
{
	char name[WF_FOLDER_PATH_BYTES];
	struct stat status;
	const int code = wf_folder_file(path, "data.mdb", name, error);

	if (code != 0)
		return code;
	if (!is_made || (stat(name, &status) == 0 && status.st_size > 0))
		return 0;
	return wf_error_set(error, WF_ECORRUPT, "%s: the file is missing or empty, but a store was made here", name);
}

/* Whether a meta page, whose first sector is never all zeros, did not reach the disk. One that cannot be read may be
 * there. */
static bool is_page_lost(int file, off_t page)
{
	static const char zeros[UNMADE_SECTOR_BYTES];
	char sector[UNMADE_SECTOR_BYTES];
	const ssize_t length = pread(file, sector, sizeof sector, page);

	return length >= 0 && (length < (ssize_t)sizeof sector || memcmp(sector, zeros, sizeof zeros) == 0);
}

/* Where the power goes while a store is made, LMDB's file may lack one of the two pages that it begins with, and LMDB
 * does not take it. Nothing was promised yet: the file is put aside, and the store made again. */
static int put_unmade_aside(const char *path, struct wf_error *error)
{
	const off_t page_bytes = (off_t)sysconf(_SC_PAGESIZE);
	char name[WF_FOLDER_PATH_BYTES], aside[WF_FOLDER_PATH_BYTES];
	struct stat status;
	int code = wf_folder_file(path, "data.mdb", name, error);
	int file;

	if (code == 0)
		code = wf_folder_file(path, "data.mdb.unmade", aside, error);
	if (code != 0)
		return code;
	file = open(name, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	if (fstat(file, &status) == 0 && status.st_size > 0 && status.st_size <= UNMADE_PAGES_MAX * page_bytes &&
	    (is_page_lost(file, 0) || is_page_lost(file, page_bytes)) && rename(name, aside) != 0)
		code = wf_error_set(error, -errno, "%s: %s", name, wf_error_sentence(-errno));
	(void)close(file);
	return code;
}

static void first_fault_cb(void *context, const struct wf_pages_fault *fault)
{
	struct wf_error *first = context;

	if (first->code == 0)
		wf_error_set(first, WF_ECORRUPT, "%s at byte %llu: %s", fault->place, (unsigned long long)fault->offset,
			     fault->text);
}

/* LMDB takes its pages for what they say: a damaged one would be a fault of the process, or lost records. */
static int pages_check(const char *path, struct wf_error *error)
{
	char name[WF_FOLDER_PATH_BYTES];
	struct wf_pages_summary summary;
	struct wf_error first = {.code = 0}, words = {.code = 0};
	int code = wf_folder_file(path, "data.mdb", name, error);

	if (code != 0)
		return code;
	code = wf_pages_walk(name, WF_PAGES_START, first_fault_cb, NULL, &first, &summary, &words);
	if (code < 0)
		return wf_error_set(error, code, "%s: %s", name, words.text);
	if (first.code < 0)
		return wf_error_set(error, WF_ECORRUPT, "%s is damaged: %s%s", name, first.text,
				    summary.faults > 1 ? ", and more" : "");
	return 0;
}

static int state_stage(struct wf_store *store, struct wf_bytes name, struct wf_bytes value)
{
	const struct wf_lmdb_key key = state_key(name);
	size_t bytes;
	void *room;
	int code = wf_record_plain_bytes(value, &bytes);

	if (code != 0)
		return code;
	room = wf_lmdb_stage(store->lmdb, WF_LMDB_PUT, &key, bytes);
	if (room == NULL)
		return WF_ENOMEM;
	wf_record_plain_encode(WF_RECORD_STATE, wf_record_name_key(name), value, room);
	return wf_lmdb_apply(store->lmdb);
}

static int state_stage_number(struct wf_store *store, struct wf_bytes name, uint64_t number)
{
	char bytes[8];

	wf_record_write_u64(bytes, number);
	return state_stage(store, name, (struct wf_bytes){bytes, sizeof(bytes)});
}

static int state_number(struct wf_lmdb_reader *reader, struct wf_bytes name, uint64_t *number)
{
	const struct wf_lmdb_key key = state_key(name);
	struct wf_bytes record, value;
	int code = wf_lmdb_get(reader, &key, &record);

	if (code == 0)
		code = wf_record_plain_decode(WF_RECORD_STATE, record, wf_record_name_key(name), &value);
	if (code == 0 && value.length != 8)
		code = WF_ECORRUPT;
	if (code == 0)
		*number = wf_record_read_u64(value.data);
	return code;
}

static int format_stage(struct wf_store *store, uint32_t version)
{
	char format[FORMAT_BYTES];

	memcpy(format, FORMAT_MAGIC, FORMAT_MAGIC_BYTES);
	wf_record_write_u32(format + FORMAT_MAGIC_BYTES, version);
	return state_stage(store, state_format, (struct wf_bytes){format, sizeof(format)});
}

/* Raises the format of the batch, so that programs which know only an older one refuse the store. */
static int format_need(struct wf_store *store, uint32_t version)
{
	if (store->batch_format >= version)
		return 0;
	store->batch_format = version;
	return format_stage(store, version);
}

/* Writes what makes an empty environment a store. */
static int store_make(struct wf_store *store, struct wf_error *error)
{
	int code;

	do {
		if (getrandom(&store->secret, sizeof(store->secret), 0) != (ssize_t)sizeof(store->secret))
			return wf_error_set(error, -errno, "no random bytes for the store's secret");
	} while (store->secret == 0);
	store->format = FORMAT_FIRST;
	code = wf_lmdb_begin(store->lmdb);
	if (code == 0)
		code = format_stage(store, store->format);
	if (code == 0)
		code = state_stage_number(store, state_secret, store->secret);
	if (code != 0)
		wf_lmdb_abort(store->lmdb);
	else
		code = wf_lmdb_commit(store->lmdb);
	return code == 0 ? 0
			 : wf_error_set(error, code, "the new store cannot be written: %s", wf_error_sentence(code));
}

static int format_check(struct wf_bytes record, uint32_t *version, struct wf_error *error)
{
	struct wf_bytes format;

	if (wf_record_plain_decode(WF_RECORD_STATE, record, wf_record_name_key(state_format), &format) != 0 ||
	    format.length != FORMAT_BYTES || memcmp(format.data, FORMAT_MAGIC, FORMAT_MAGIC_BYTES) != 0)
		return wf_error_set(error, WF_ECORRUPT, "the store's format record is damaged");
	*version = wf_record_read_u32(format.data + FORMAT_MAGIC_BYTES);
	if (*version < FORMAT_FIRST || *version > WF_STORE_FORMAT_VERSION)
		return wf_error_set(error, WF_EVERSION, "the store has format %u, this program reads formats %u to %u",
				    *version, FORMAT_FIRST, WF_STORE_FORMAT_VERSION);
	return 0;
}

/* Reads what the store says of itself; *is_empty: nothing is there yet. */
static int store_identify(struct wf_store *store, struct wf_lmdb_reader *reader, bool *is_empty, struct wf_error *error)
{
	const struct wf_lmdb_key key = state_key(state_format);
	struct wf_bytes record;
	uint64_t newest = 0, number = 0;
	int code = wf_lmdb_get(reader, &key, &record);

	*is_empty = code == WF_ENOTFOUND && wf_lmdb_count(reader, WF_LMDB_ENTRY) == 0 &&
		    wf_lmdb_count(reader, WF_LMDB_STATE) == 0;
	if (*is_empty)
		return 0;
	if (code != 0)
		return wf_error_set(error, WF_ECORRUPT, "the store's format record is missing");
	code = format_check(record, &store->format, error);
	if (code != 0)
		return code;
	if (state_number(reader, state_secret, &store->secret) != 0)
		return wf_error_set(error, WF_ECORRUPT, "the store's secret is damaged");
	code = wf_lmdb_last(reader, WF_LMDB_ENTRY, &newest);
	if (code != 0 && code != WF_ENOTFOUND)
		return wf_error_set(error, code, "the table of entries cannot be read: %s", wf_error_sentence(code));
	code = state_number(reader, state_number_last, &number);
	if (code != 0 && code != WF_ENOTFOUND)
		return wf_error_set(error, WF_ECORRUPT, "the store's last number is damaged");
	store->number_last = newest > number ? newest : number;
	return 0;
}

static int store_start(struct wf_store *store, const char *path, bool is_made, struct wf_error *error)
{
	struct wf_lmdb_reader *reader = NULL;
	bool is_empty = false;
	int code = wf_lmdb_reader_new(store->lmdb, &reader);

	if (code == 0)
		code = wf_lmdb_reader_renew(reader);
	if (code != 0)
		wf_error_set(error, code, "%s", wf_error_sentence(code));
	else
		code = store_identify(store, reader, &is_empty, error);
	wf_lmdb_reader_free(reader);
	if (code == 0 && is_empty)
		code = is_made ? wf_error_set(error, WF_ECORRUPT, "%s: empty, but a store was made here", path)
			       : store_make(store, error);
	if (code == 0 && !is_made)
		code = wf_folder_mark(path, store->lock_file, error);
	return code;
}

int wf_store_open(struct wf_store **store, const struct wf_store_settings *settings, struct wf_error *error)
{
	const struct wf_lmdb_settings engine = {
		.path = settings->path,
		.map_bytes = settings->map_bytes_min == 0 ? WF_STORE_MAP_BYTES_DEFAULT : settings->map_bytes_min,
		.map_bytes_max = WF_STORE_MAP_BYTES_MAX,
		.readers_max = settings->readers_max == 0 ? WF_STORE_READERS_MAX_DEFAULT : settings->readers_max,
		.rest_wait_ms = WF_STORE_REST_WAIT_MS,
	};
	struct wf_store *made = calloc(1, sizeof(*made));
	bool is_made = false;
	int code;

	if (made == NULL)
		return wf_error_set(error, WF_ENOMEM, "out of memory");
	made->lock_file = -1;
	made->room_bytes_min = settings->room_bytes_min;
	code = wf_folder_make(settings->path, error);
	if (code == 0)
		code = wf_folder_take(settings->path, &made->lock_file, &is_made, error);
	if (code == 0)
		code = data_check(settings->path, is_made, error);
	if (code == 0)
		code = is_made ? pages_check(settings->path, error) : put_unmade_aside(settings->path, error);
	if (code == 0)
		code = wf_lmdb_open(&made->lmdb, &engine, error);
	if (code == 0 && wf_texts_new(&made->texts, made->lmdb, settings->is_dense) != 0)
		code = wf_error_set(error, WF_ENOMEM, "out of memory");
	if (code == 0)
		code = store_start(made, settings->path, is_made, error);
	if (code != 0) {
		wf_store_close(made);
		return code;
	}
	*store = made;
	return 0;
}

void wf_store_close(struct wf_store *store)
{
	if (store == NULL)
		return;
	wf_texts_free(store->texts);
	if (store->lmdb != NULL)
		wf_lmdb_close(store->lmdb);
	if (store->lock_file >= 0)
		close(store->lock_file);
	free(store);
}

uint64_t wf_store_secret(const struct wf_store *store)
{
	return store->secret;
}

uint64_t wf_store_bytes(const struct wf_store *store)
{
	return wf_lmdb_bytes(store->lmdb);
}

uint64_t wf_store_number_last(const struct wf_store *store)
{
	return store->number_last;
}

/* The batch. */

int wf_store_begin(struct wf_store *store, struct wf_error *error)
{
	struct statvfs room;
	int code;

	store->batch_number_last = store->number_last;
	store->batch_format = store->format;
	store->is_number_last_lost = false;
	store->batch_failure = 0;
	wf_texts_begin(store->texts);
	code = wf_lmdb_begin(store->lmdb);
	if (code != 0)
		return wf_error_set(error, code, "the store cannot be written: %s", wf_error_sentence(code));
	store->is_short_of_room =
		fstatvfs(store->lock_file, &room) == 0 &&
		(uint64_t)room.f_bavail * room.f_frsize < store->room_bytes_min &&
		(uint64_t)room.f_bavail * room.f_frsize + wf_lmdb_free_bytes(store->lmdb) < store->room_bytes_min;
	return 0;
}

/* Notes that the batch has failed. */
static int batch_result(struct wf_store *store, int code)
{
	if (code != 0 && store->batch_failure == 0)
		store->batch_failure = code;
	return code;
}

static int entry_stage(struct wf_store *store, enum wf_lmdb_verb verb, const struct wf_store_entry *entry)
{
	const struct wf_lmdb_key key = number_key(WF_LMDB_ENTRY, entry->number);
	size_t bytes;
	void *room;
	int code = wf_record_entry_bytes(entry, &bytes);

	if (code != 0)
		return code;
	room = wf_lmdb_stage(store->lmdb, verb, &key, bytes);
	if (room == NULL)
		return WF_ENOMEM;
	wf_record_entry_encode(entry, room);
	return wf_lmdb_apply(store->lmdb);
}

static int body_stage(struct wf_store *store, uint64_t number, const struct wf_store_body *body)
{
	const struct wf_lmdb_key key = number_key(WF_LMDB_BODY, number);
	size_t bytes;
	void *room;
	int code = wf_record_body_bytes(body, &bytes);

	if (code != 0)
		return code;
	room = wf_lmdb_stage(store->lmdb, WF_LMDB_APPEND, &key, bytes);
	if (room == NULL)
		return WF_ENOMEM;
	wf_record_body_encode(body, number, room);
	return wf_lmdb_apply(store->lmdb);
}

static int evidence_stage(struct wf_store *store, uint64_t number, struct wf_bytes evidence)
{
	const struct wf_lmdb_key key = number_key(WF_LMDB_EVIDENCE, number);
	size_t bytes;
	void *room;
	int code = wf_record_plain_bytes(evidence, &bytes);

	if (code != 0)
		return code;
	room = wf_lmdb_stage(store->lmdb, WF_LMDB_APPEND, &key, bytes);
	if (room == NULL)
		return WF_ENOMEM;
	wf_record_plain_encode(WF_RECORD_EVIDENCE, number, evidence, room);
	return wf_lmdb_apply(store->lmdb);
}

/* Where the text of a body goes: among others, or, packed by itself, into the body. */
static int text_stage(struct wf_store *store, uint64_t number, struct wf_store_body *body)
{
	int code;

	assert(body->text_group == 0);
	if (!body->has_text)
		return 0;
	if (body->text_compressed.data != NULL)
		return wf_text_is_lz4(body->text_compressed) ? format_need(store, FORMAT_LZ4) : 0;
	code = format_need(store, FORMAT_GROUPS);
	return code == 0 ? wf_texts_add(store->texts, number, body->text, &body->text_group) : code;
}

int wf_store_put(struct wf_store *store, const struct wf_store_entry *entry, const struct wf_store_body *body,
		 struct wf_bytes evidence)
{
	struct wf_store_body kept = *body;
	int code = store->batch_failure;

	assert(entry->number > store->batch_number_last && entry->number <= WF_NUMBER_MAX);
	if (code == 0 && store->is_short_of_room)
		code = WF_EFULL;
	if (code == 0)
		code = entry_stage(store, WF_LMDB_APPEND, entry);
	if (code == 0)
		code = evidence_stage(store, entry->number, evidence);
	if (code == 0)
		code = text_stage(store, entry->number, &kept);
	if (code == 0)
		code = body_stage(store, entry->number, &kept);
	if (code == 0) {
		store->batch_number_last = entry->number;
		store->is_number_last_lost = false;
	}
	return batch_result(store, code);
}

/* Stages and applies the removal of a record that must be there. */
static int record_remove(struct wf_store *store, enum wf_lmdb_table table, uint64_t number)
{
	const struct wf_lmdb_key key = number_key(table, number);

	if (wf_lmdb_stage(store->lmdb, WF_LMDB_DELETE, &key, 0) == NULL)
		return WF_ENOMEM;
	return wf_lmdb_apply(store->lmdb);
}

/* Takes an article's text out of its group, if its body can still tell which that is. */
static int text_remove(struct wf_store *store, uint64_t number)
{
	const struct wf_lmdb_key key = number_key(WF_LMDB_BODY, number);
	struct wf_store_body body;
	struct wf_bytes record;
	int code = wf_lmdb_batch_get(store->lmdb, &key, &record);

	if (code != 0)
		return code == WF_ENOTFOUND ? 0 : code;
	if (wf_record_body_decode(record, number, &body) != 0 || body.text_group == 0)
		return 0;
	return wf_texts_remove(store->texts, body.text_group, number);
}

int wf_store_remove(struct wf_store *store, uint64_t number)
{
	int code = store->batch_failure;

	if (code == 0)
		code = record_remove(store, WF_LMDB_ENTRY, number);
	if (code == WF_ENOTFOUND)
		return code;
	/* One that is missing is damage, of which the removal is the cure. */
	if (code == 0)
		code = record_remove(store, WF_LMDB_EVIDENCE, number);
	if (code == 0 || code == WF_ENOTFOUND)
		code = text_remove(store, number);
	if (code == 0)
		code = record_remove(store, WF_LMDB_BODY, number);
	if (code == WF_ENOTFOUND)
		code = 0;
	if (code == 0 && number == store->batch_number_last)
		store->is_number_last_lost = true;
	return batch_result(store, code);
}

int wf_store_redirect(struct wf_store *store, uint64_t from, uint64_t into)
{
	const struct wf_lmdb_key key = number_key(WF_LMDB_REDIRECT, from);
	char target[8];
	void *room;

	if (store->batch_failure != 0)
		return store->batch_failure;
	room = wf_lmdb_stage(store->lmdb, WF_LMDB_PUT, &key, WF_RECORD_HEADER_BYTES + sizeof(target));
	if (room == NULL)
		return batch_result(store, WF_ENOMEM);
	wf_record_write_u64(target, into);
	wf_record_plain_encode(WF_RECORD_REDIRECT, from, (struct wf_bytes){target, sizeof(target)}, room);
	return batch_result(store, wf_lmdb_apply(store->lmdb));
}

int wf_store_redirect_remove(struct wf_store *store, uint64_t from)
{
	int code = store->batch_failure;

	if (code == 0)
		code = record_remove(store, WF_LMDB_REDIRECT, from);
	return batch_result(store, code == WF_ENOTFOUND ? 0 : code);
}

int wf_store_move(struct wf_store *store, uint64_t number, uint64_t cluster)
{
	const struct wf_lmdb_key key = number_key(WF_LMDB_ENTRY, number);
	uint64_t lists[WF_RECORD_LISTS_MAX];
	struct wf_store_entry entry;
	struct wf_bytes record;
	int code = store->batch_failure;

	if (code == 0)
		code = wf_lmdb_batch_get(store->lmdb, &key, &record);
	if (code == WF_ENOTFOUND)
		return code;
	if (code == 0)
		code = wf_record_entry_decode(record, number, lists, &entry);
	if (code == 0) {
		entry.cluster = cluster;
		code = entry_stage(store, WF_LMDB_PUT, &entry);
	}
	return batch_result(store, code);
}

int wf_store_reserve(struct wf_store *store, uint64_t number)
{
	assert(number > store->batch_number_last && number <= WF_NUMBER_MAX);
	if (store->batch_failure != 0)
		return store->batch_failure;
	store->batch_number_last = number;
	store->is_number_last_lost = true;
	return 0;
}

int wf_store_apart(struct wf_store *store, uint64_t cluster, const uint64_t *others, size_t others_count)
{
	const struct wf_lmdb_key key = number_key(WF_LMDB_APART, cluster);
	char list[8 * WF_APART_MAX];
	void *room;
	int code = store->batch_failure;

	assert(others_count > 0 && others_count <= WF_APART_MAX);
	if (code == 0)
		code = format_need(store, FORMAT_APART);
	if (code != 0)
		return batch_result(store, code);
	room = wf_lmdb_stage(store->lmdb, WF_LMDB_PUT, &key, WF_RECORD_HEADER_BYTES + 8 * others_count);
	if (room == NULL)
		return batch_result(store, WF_ENOMEM);
	for (size_t i = 0; i < others_count; i++)
		wf_record_write_u64(list + 8 * i, others[i]);
	wf_record_plain_encode(WF_RECORD_APART, cluster, (struct wf_bytes){list, 8 * others_count}, room);
	return batch_result(store, wf_lmdb_apply(store->lmdb));
}

int wf_store_apart_remove(struct wf_store *store, uint64_t cluster)
{
	int code = store->batch_failure;

	if (code == 0)
		code = record_remove(store, WF_LMDB_APART, cluster);
	return batch_result(store, code == WF_ENOTFOUND ? 0 : code);
}

int wf_store_state_put(struct wf_store *store, struct wf_bytes name, struct wf_bytes value)
{
	int code = store->batch_failure;

	assert(name.length > 0 && name.length <= WF_STORE_NAME_BYTES_MAX && name.data[0] != '.');
	if (code == 0 && store->is_short_of_room)
		code = WF_EFULL;
	if (code == 0)
		code = state_stage(store, name, value);
	return batch_result(store, code);
}

int wf_store_commit(struct wf_store *store, struct wf_error *error)
{
	int code = store->batch_failure;

	if (code == 0 && store->is_number_last_lost)
		code = state_stage_number(store, state_number_last, store->batch_number_last);
	if (code == 0)
		code = wf_texts_flush(store->texts);
	if (code == 0)
		code = wf_lmdb_commit(store->lmdb);
	else
		wf_lmdb_abort(store->lmdb);
	if (code != 0)
		return wf_error_set(error, code, "nothing of the batch was stored: %s", wf_error_sentence(code));
	store->number_last = store->batch_number_last;
	store->format = store->batch_format;
	return 0;
}

void wf_store_abort(struct wf_store *store)
{
	wf_lmdb_abort(store->lmdb);
}

int wf_store_probe(struct wf_store *store, bool *has_room, struct wf_error *error)
{
	int code = wf_store_begin(store, error);

	if (code != 0)
		return code;
	*has_room = !store->is_short_of_room;
	(void)batch_result(store, state_stage_number(store, state_probe, 0));
	return wf_store_commit(store, error);
}

/* Readers. */

int wf_store_reader_new(struct wf_store *store, struct wf_store_reader **reader)
{
	struct wf_store_reader *made = calloc(1, sizeof(*made));
	int code;

	if (made == NULL)
		return WF_ENOMEM;
	made->store = store;
	code = wf_lmdb_reader_new(store->lmdb, &made->reader);
	if (code != 0) {
		free(made);
		return code;
	}
	*reader = made;
	return 0;
}

int wf_store_reader_renew(struct wf_store_reader *reader)
{
	return wf_lmdb_reader_renew(reader->reader);
}

void wf_store_reader_rest(struct wf_store_reader *reader)
{
	wf_lmdb_reader_rest(reader->reader);
}

void wf_store_reader_free(struct wf_store_reader *reader)
{
	if (reader == NULL)
		return;
	wf_lmdb_reader_free(reader->reader);
	free(reader);
}

int wf_store_entry(struct wf_store_reader *reader, uint64_t number, struct wf_arena *arena,
		   struct wf_store_entry *entry)
{
	const struct wf_lmdb_key key = number_key(WF_LMDB_ENTRY, number);
	uint64_t *lists = wf_arena_take(arena, WF_RECORD_LISTS_MAX * sizeof(*lists));
	struct wf_bytes record;
	int code;

	if (lists == NULL)
		return WF_ENOMEM;
	code = wf_lmdb_get(reader->reader, &key, &record);
	return code == 0 ? wf_record_entry_decode(record, number, lists, entry) : code;
}

/* A record that comes with an entry: where the entry is there and this is not, it is lost. */
static int companion_get(struct wf_store_reader *reader, enum wf_lmdb_table table, uint64_t number,
			 struct wf_bytes *record)
{
	const struct wf_lmdb_key key = number_key(table, number);
	const struct wf_lmdb_key entry_key = number_key(WF_LMDB_ENTRY, number);
	struct wf_bytes entry;
	int code = wf_lmdb_get(reader->reader, &key, record);

	if (code == WF_ENOTFOUND && wf_lmdb_get(reader->reader, &entry_key, &entry) != WF_ENOTFOUND)
		code = WF_ECORRUPT;
	return code;
}

int wf_store_body(struct wf_store_reader *reader, uint64_t number, struct wf_store_body *body)
{
	struct wf_bytes record;
	int code = companion_get(reader, WF_LMDB_BODY, number, &record);

	return code == 0 ? wf_record_body_decode(record, number, body) : code;
}

int wf_store_text(struct wf_store_reader *reader, uint64_t number, const struct wf_store_body *body,
		  struct wf_text_place *text)
{
	const struct wf_lmdb_key key = number_key(WF_LMDB_TEXT, body->text_group);
	struct wf_bytes record, payload;
	int code;

	assert(body->has_text);
	*text = (struct wf_text_place){body->text_compressed, body->text_bytes, 0, body->text_bytes};
	if (body->text_group == 0)
		return 0;
	code = wf_lmdb_get(reader->reader, &key, &record);
	if (code == 0)
		code = wf_group_open(record, key.number, &payload);
	if (code == 0)
		code = wf_group_find(payload, key.number, number, text);
	return code == WF_ENOTFOUND || (code == 0 && text->bytes != body->text_bytes) ? WF_ECORRUPT : code;
}

int wf_store_id(struct wf_store_reader *reader, uint64_t number, struct wf_bytes *id)
{
	const struct wf_lmdb_key key = number_key(WF_LMDB_ENTRY, number);
	uint64_t lists[WF_RECORD_LISTS_MAX];
	struct wf_store_entry entry;
	struct wf_store_body body;
	struct wf_bytes record, entry_record;
	int code = companion_get(reader, WF_LMDB_BODY, number, &record);

	if (code != 0)
		return code;
	if (record.length > WHOLE_BODY_BYTES_MAX) {
		code = wf_lmdb_get(reader->reader, &key, &entry_record);
		if (code == 0)
			code = wf_record_entry_decode(entry_record, number, lists, &entry);
		if (code == 0)
			code = wf_record_body_id(record, id);
		if (code == 0 && wf_hash_bytes(*id, reader->store->secret) != entry.id_hash)
			code = WF_ECORRUPT;
		return code == WF_ENOTFOUND ? WF_ECORRUPT : code;
	}
	code = wf_record_body_decode(record, number, &body);
	if (code == 0)
		*id = body.id;
	return code;
}

int wf_store_evidence(struct wf_store_reader *reader, uint64_t number, struct wf_bytes *evidence)
{
	struct wf_bytes record;
	int code = companion_get(reader, WF_LMDB_EVIDENCE, number, &record);

	return code == 0 ? wf_record_plain_decode(WF_RECORD_EVIDENCE, record, number, evidence) : code;
}

int wf_store_state(struct wf_store_reader *reader, struct wf_bytes name, struct wf_bytes *value)
{
	const struct wf_lmdb_key key = state_key(name);
	struct wf_bytes record;
	int code = wf_lmdb_get(reader->reader, &key, &record);

	return code == 0 ? wf_record_plain_decode(WF_RECORD_STATE, record, wf_record_name_key(name), value) : code;
}

struct entry_visit {
	wf_store_entry_cb visit;
	void *context;
};

static int entries_visit_cb(void *context, uint64_t number, struct wf_bytes value)
{
	const struct entry_visit *caller = context;
	uint64_t lists[WF_RECORD_LISTS_MAX];
	struct wf_store_entry entry;
	int code = wf_record_entry_decode(value, number, lists, &entry);

	return code == 0 ? caller->visit(caller->context, &entry) : code;
}

int wf_store_entries(struct wf_store_reader *reader, uint64_t number_first, wf_store_entry_cb visit, void *context)
{
	struct entry_visit caller = {visit, context};

	return wf_lmdb_walk(reader->reader, WF_LMDB_ENTRY, number_first, entries_visit_cb, &caller);
}

struct redirect_visit {
	wf_store_redirect_cb visit;
	void *context;
};

static int redirects_visit_cb(void *context, uint64_t number, struct wf_bytes value)
{
	const struct redirect_visit *caller = context;
	struct wf_bytes target;
	int code = wf_record_plain_decode(WF_RECORD_REDIRECT, value, number, &target);

	if (code == 0 && target.length != 8)
		code = WF_ECORRUPT;
	return code == 0 ? caller->visit(caller->context, number, wf_record_read_u64(target.data)) : code;
}

int wf_store_redirects(struct wf_store_reader *reader, wf_store_redirect_cb visit, void *context)
{
	struct redirect_visit caller = {visit, context};

	return wf_lmdb_walk(reader->reader, WF_LMDB_REDIRECT, 0, redirects_visit_cb, &caller);
}

struct apart_visit {
	wf_store_apart_cb visit;
	void *context;
};

static int aparts_visit_cb(void *context, uint64_t number, struct wf_bytes value)
{
	const struct apart_visit *caller = context;
	uint64_t others[WF_APART_MAX];
	struct wf_bytes list;
	int code = wf_record_plain_decode(WF_RECORD_APART, value, number, &list);

	if (code == 0 && (list.length == 0 || list.length % 8 != 0 || list.length > sizeof(others)))
		code = WF_ECORRUPT;
	if (code != 0)
		return code;
	for (size_t i = 0; i < list.length / 8; i++)
		others[i] = wf_record_read_u64(list.data + 8 * i);
	return caller->visit(caller->context, number, others, list.length / 8);
}

int wf_store_aparts(struct wf_store_reader *reader, wf_store_apart_cb visit, void *context)
{
	struct apart_visit caller = {visit, context};

	return wf_lmdb_walk(reader->reader, WF_LMDB_APART, 0, aparts_visit_cb, &caller);
}

uint64_t wf_store_articles_count(struct wf_store_reader *reader)
{
	return wf_lmdb_count(reader->reader, WF_LMDB_ENTRY);
}
