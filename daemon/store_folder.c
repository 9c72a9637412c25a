#include "store_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME "wirefold.lock"
#define LOCK_TEXT "wirefold store\n"

int wf_folder_file(const char *path, const char *name, char file[WF_FOLDER_PATH_BYTES], struct wf_error *error)
{
	if (snprintf(file, WF_FOLDER_PATH_BYTES, "%s/%s", path, name) >= WF_FOLDER_PATH_BYTES)
		return wf_error_set(error, -ENAMETOOLONG, "%s: the path is too long", path);
	return 0;
}

int wf_folder_make(const char *path, struct wf_error *error)
{
	char parent[WF_FOLDER_PATH_BYTES];
	int file;

	if (mkdir(path, 0700) != 0)
		return errno == EEXIST ? 0
				       : wf_error_set(error, errno == ENOSPC ? WF_EFULL : -errno, "%s: %s", path,
						      wf_error_sentence(-errno));
	(void)snprintf(parent, sizeof parent, "%s", path);
	file = open(dirname(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file < 0 || fsync(file) != 0) {
		const int code = -errno;

		if (file >= 0)
			(void)close(file);
		return wf_error_set(error, code, "%s: its folder: %s", path, wf_error_sentence(code));
	}
	(void)close(file);
	return 0;
}

bool wf_folder_is_empty(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	bool is_empty = folder != NULL;

	while (is_empty && (entry = readdir(folder)) != NULL)
		is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (folder != NULL)
		(void)closedir(folder);
	return is_empty;
}

/* Locks the descriptor, or closes it. */
static int lock(const char *path, const char *name, int file, int how, struct wf_error *error)
{
	int code = 0;

	if (flock(file, how | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		code = wf_error_set(error, WF_ELOCKED, "%s: another process has this store open", path);
	else
		code = wf_error_set(error, -errno, "%s: %s", name, wf_error_sentence(-errno));
	(void)close(file);
	return code;
}

int wf_folder_take(const char *path, int *lock_file, bool *is_made, struct wf_error *error)
{
	char name[WF_FOLDER_PATH_BYTES];
	char text[sizeof(LOCK_TEXT)];
	int code = wf_folder_file(path, LOCK_NAME, name, error);
	int file;

	if (code != 0)
		return code;
	file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0)
		return wf_error_set(error, errno == ENOSPC ? WF_EFULL : -errno, "%s: %s", name,
				    wf_error_sentence(-errno));
	code = lock(path, name, file, LOCK_EX, error);
	if (code != 0)
		return code;
	*is_made = pread(file, text, sizeof(text), 0) == (ssize_t)strlen(LOCK_TEXT) &&
		   memcmp(text, LOCK_TEXT, strlen(LOCK_TEXT)) == 0;
	*lock_file = file;
	return 0;
}

int wf_folder_look(const char *path, int *lock_file, struct wf_error *error)
{
	char name[WF_FOLDER_PATH_BYTES];
	int code = wf_folder_file(path, LOCK_NAME, name, error);
	int file;

	if (code != 0)
		return code;
	*lock_file = -1;
	file = open(name, O_RDONLY | O_CLOEXEC);
	if (file < 0 && errno == ENOENT)
		return 0;
	if (file < 0)
		return wf_error_set(error, -errno, "%s: %s", name, wf_error_sentence(-errno));
	code = lock(path, name, file, LOCK_SH, error);
	if (code == 0)
		*lock_file = file;
	return code;
}

int wf_folder_mark(const char *path, int lock_file, struct wf_error *error)
{
	const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int code = 0;

	if (folder < 0 || fsync(folder) != 0 ||
	    pwrite(lock_file, LOCK_TEXT, strlen(LOCK_TEXT), 0) != (ssize_t)strlen(LOCK_TEXT) || fsync(lock_file) != 0)
		code = wf_error_set(error, errno == ENOSPC ? WF_EFULL : -EIO, "%s: the new store cannot be synced",
				    path);
	if (folder >= 0)
		(void)close(folder);
	return code;
}
