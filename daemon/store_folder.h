/* The folder of a store: who has it, and whether a store was made in it.
 *
 *   data.mdb        the store; data.mdb.unmade: one whose making was cut, put aside
 *   lock.mdb        LMDB's readers
 *   wirefold.lock   flock: exclusive while a daemon has the store; its text says that data.mdb must be there */
#ifndef WF_STORE_FOLDER_H
#define WF_STORE_FOLDER_H

#include <stdbool.h>

#include "base/error.h"

#define WF_FOLDER_PATH_BYTES 4096

/* `path`/`name`. Errors: -ENAMETOOLONG. */
int wf_folder_file(const char *path, const char *name, char file[WF_FOLDER_PATH_BYTES], struct wf_error *error);

/* Makes the folder where there is none, and its entry in the folder above durable. Errors: WF_EFULL, errno. */
int wf_folder_make(const char *path, struct wf_error *error);

/* False also where it cannot be read. */
bool wf_folder_is_empty(const char *path);

/* Takes the folder for this process alone: *lock is a descriptor, closing it gives the folder back.
 * *is_made: a store was made here. Errors: WF_ELOCKED, WF_EFULL, errno. */
int wf_folder_take(const char *path, int *lock, bool *is_made, struct wf_error *error);

/* Keeps everybody from taking the folder; nothing is written. *lock is -1 where the folder has no lock file.
 * Errors: WF_ELOCKED, errno. */
int wf_folder_look(const char *path, int *lock, struct wf_error *error);

/* Says in the lock file that a store is here, after its files' names are durable. Errors: WF_EFULL, -EIO. */
int wf_folder_mark(const char *path, int lock, struct wf_error *error);

#endif
