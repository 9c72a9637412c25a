#include "store_copy.h"

#include <fcntl.h>
#include <libgen.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_folder.h"

#define PARTIAL_SUFFIX ".partial"
#define RESTORED_NAME  "data.mdb.restored"
#define PIECE_BYTES    (1u << 20)
#define OPENINGS_MAX   100 /* of a store that grows whenever it is looked at */

static int fail(struct wf_error *error, const char *name, int result)
{
	const int code = result == ENOSPC || result == EDQUOT || result == EFBIG ? WF_EFULL : -result;

	return wf_error_set(error, code, "%s: %s", name, wf_error_sentence(code));
}

/* ---- backup ---- */

/* `words` of LMDB, whose own errors are above those of the system. */
static int fail_lmdb(struct wf_error *error, const char *name, int result)
{
	if (result > 0)
		return fail(error, name, result);
	return wf_error_set(error, WF_ECORRUPT, "%s: LMDB: %s", name, mdb_strerror(result));
}

/* Opens the environment beside whoever has it. One that grew between opening and reading is opened again. */
static int environment_open(const char *path, MDB_env **environment, struct wf_error *error)
{
	for (int i = 0; i < OPENINGS_MAX; i++) {
		MDB_txn *transaction;
		int result = mdb_env_create(environment);

		if (result != 0)
			return fail_lmdb(error, path, result);
		result = mdb_env_open(*environment, path, MDB_RDONLY | MDB_NOTLS, 0600);
		if (result == 0)
			result = mdb_txn_begin(*environment, NULL, MDB_RDONLY, &transaction);
		if (result == 0) {
			mdb_txn_abort(transaction);
			return 0;
		}
		mdb_env_close(*environment);
		*environment = NULL;
		if (result != MDB_MAP_RESIZED)
			return fail_lmdb(error, path, result);
	}
	return wf_error_set(error, WF_EOVERLOADED, "%s: the store grows too fast to be opened", path);
}

static int snapshot_copy(const char *path, const char *name, struct wf_error *error)
{
	MDB_env *environment = NULL;
	int file = -1;
	int result = 0;
	int code = 0;

	file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0)
		return fail(error, name, errno);
	for (int i = 0; i < OPENINGS_MAX; i++) {
		code = environment_open(path, &environment, error);
		if (code != 0)
			break;
		result = mdb_env_copyfd2(environment, file, MDB_CP_COMPACT);
		mdb_env_close(environment);
		if (result != MDB_MAP_RESIZED)
			break;
	}
	if (code == 0 && result != 0)
		code = fail_lmdb(error, name, result);
	if (code == 0 && fsync(file) != 0)
		code = fail(error, name, errno);
	if (close(file) != 0 && code == 0)
		code = fail(error, name, errno);
	return code;
}

/* Takes away what a backup made, and no more. */
static void partial_remove(const char *partial)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "wirefold.lock"};
	char name[WF_FOLDER_PATH_BYTES];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (wf_folder_file(partial, names[i], name, NULL) == 0)
			(void)unlink(name);
	(void)rmdir(partial);
}

static int parent_sync(const char *path, struct wf_error *error)
{
	char parent[WF_FOLDER_PATH_BYTES];
	const char *folder;
	int file;
	int code = 0;

	(void)snprintf(parent, sizeof parent, "%s", path);
	folder = dirname(parent);
	file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file < 0 || fsync(file) != 0)
		code = fail(error, folder, errno);
	if (file >= 0)
		(void)close(file);
	return code;
}

static int partial_make(const char *path, const char *partial, wf_check_cb fault, void *context,
			struct wf_check_summary *summary, struct wf_error *error)
{
	char name[WF_FOLDER_PATH_BYTES];
	bool is_made = false;
	int lock = -1;
	int code = wf_folder_file(partial, "data.mdb", name, error);

	if (code == 0)
		code = wf_folder_make(partial, error);
	if (code == 0)
		code = wf_folder_take(partial, &lock, &is_made, error);
	if (code == 0)
		code = snapshot_copy(path, name, error);
	if (code == 0)
		code = wf_folder_mark(partial, lock, error);
	if (lock >= 0)
		(void)close(lock);
	if (code == 0)
		code = wf_store_check(partial, fault, context, summary, error);
	if (code == 0 && summary->faults > 0)
		code = wf_error_set(error, WF_ECORRUPT, "%s: the store is damaged: no backup was made", path);
	return code;
}

int wf_store_backup(const char *path, const char *to, wf_check_cb fault, void *context,
		    struct wf_check_summary *summary, struct wf_error *error)
{
	char partial[WF_FOLDER_PATH_BYTES];
	char name[WF_FOLDER_PATH_BYTES];
	struct stat status;
	int code = wf_folder_file(path, "data.mdb", name, error);

	*summary = (struct wf_check_summary){.faults = 0};
	if (code != 0)
		return code;
	if (stat(name, &status) != 0)
		return fail(error, name, errno);
	if (lstat(to, &status) == 0)
		return wf_error_set(error, -EEXIST, "%s: it is there already", to);
	if (snprintf(partial, sizeof partial, "%s" PARTIAL_SUFFIX, to) >= (int)sizeof partial)
		return wf_error_set(error, -ENAMETOOLONG, "%s: the path is too long", to);
	partial_remove(partial); /* of a backup that was killed */
	code = partial_make(path, partial, fault, context, summary, error);
	if (code == 0 && rename(partial, to) != 0)
		code = fail(error, to, errno);
	if (code != 0) {
		partial_remove(partial);
		return code;
	}
	return parent_sync(to, error);
}

/* ---- restore ---- */

static int piece_write(int file, const char *piece, size_t bytes)
{
	while (bytes > 0) {
		const ssize_t written = write(file, piece, bytes);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return errno;
		piece += written;
		bytes -= (size_t)written;
	}
	return 0;
}

static int bytes_copy(int from, const char *from_name, int to, const char *to_name, struct wf_error *error)
{
	char *piece = malloc(PIECE_BYTES);
	int code = piece == NULL ? wf_error_set(error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM)) : 0;

	while (code == 0) {
		const ssize_t got = read(from, piece, PIECE_BYTES);
		int result;

		if (got == 0)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			code = fail(error, from_name, errno);
			break;
		}
		result = piece_write(to, piece, (size_t)got);
		if (result != 0)
			code = fail(error, to_name, result);
	}
	free(piece);
	return code;
}

static int file_copy(const char *from_name, const char *to_name, struct wf_error *error)
{
	const int from = open(from_name, O_RDONLY | O_CLOEXEC);
	int to = -1;
	int code = 0;

	if (from < 0)
		return fail(error, from_name, errno);
	to = open(to_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (to < 0)
		code = fail(error, to_name, errno);
	if (code == 0)
		code = bytes_copy(from, from_name, to, to_name, error);
	if (code == 0 && fsync(to) != 0)
		code = fail(error, to_name, errno);
	(void)close(from);
	if (to >= 0 && close(to) != 0 && code == 0)
		code = fail(error, to_name, errno);
	return code;
}

/* The backup as the store's new file, beside the one that is there. */
static int restored_make(const char *from, const char *restored, wf_check_cb fault, void *context,
			 struct wf_check_summary *summary, struct wf_error *error)
{
	char name[WF_FOLDER_PATH_BYTES];
	int code = wf_folder_file(from, "data.mdb", name, error);

	if (code == 0)
		code = file_copy(name, restored, error);
	if (code == 0)
		code = wf_store_check_file(restored, fault, context, summary, error);
	if (code == 0 && summary->faults > 0)
		code = wf_error_set(error, WF_ECORRUPT, "%s: the backup is damaged: nothing was restored", from);
	if (code != 0)
		(void)unlink(restored);
	return code;
}

static int restored_use(const char *path, const char *restored, int lock, struct wf_error *error)
{
	char name[WF_FOLDER_PATH_BYTES], readers[WF_FOLDER_PATH_BYTES];
	int code = wf_folder_file(path, "data.mdb", name, error);

	if (code == 0)
		code = wf_folder_file(path, "lock.mdb", readers, error);
	if (code != 0)
		return code;
	(void)unlink(readers); /* of processes that had the old file */
	if (rename(restored, name) != 0)
		return fail(error, name, errno);
	return wf_folder_mark(path, lock, error); /* syncs the folder, too */
}

int wf_store_restore(const char *from, const char *path, bool replaces, wf_check_cb fault, void *context,
		     struct wf_check_summary *summary, struct wf_error *error)
{
	char restored[WF_FOLDER_PATH_BYTES];
	int from_lock = -1, lock = -1;
	bool is_made = false, was_empty = false;
	int code = wf_folder_look(from, &from_lock, error);

	*summary = (struct wf_check_summary){.faults = 0};
	if (code == 0)
		code = wf_folder_file(path, RESTORED_NAME, restored, error);
	if (code == 0)
		code = wf_folder_make(path, error);
	if (code == 0)
		was_empty = wf_folder_is_empty(path);
	if (code == 0 && !replaces && !was_empty)
		code = wf_error_set(error, -EEXIST, "%s: there is something in this folder", path);
	if (code == 0)
		code = wf_folder_take(path, &lock, &is_made, error);
	/* From here on a daemon refuses the folder until data.mdb is there: it must not begin an empty store in it. */
	if (code == 0 && !is_made)
		code = wf_folder_mark(path, lock, error);
	if (code == 0)
		code = restored_make(from, restored, fault, context, summary, error);
	if (code == 0)
		code = restored_use(path, restored, lock, error);
	if (code != 0 && was_empty)
		partial_remove(path);
	if (from_lock >= 0)
		(void)close(from_lock);
	if (lock >= 0)
		(void)close(lock);
	return code;
}
