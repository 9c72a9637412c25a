/* Copies of a whole store: a backup while a daemon writes it, and back.
 *
 *   backup:   store, one snapshot -> TO.partial/data.mdb, compact -> sync -> check -> TO
 *   restore:  FROM/data.mdb -> STORE/data.mdb.restored -> sync -> check -> STORE/data.mdb
 *
 * Whatever moment either is killed at, or the disk is full: what had its final name before is as it was, and nothing
 * has its final name that was not synced and looked through. */
#ifndef WF_STORE_COPY_H
#define WF_STORE_COPY_H

#include "store_check.h"

/* Copies the store in the folder `path`, as of its newest commit, into the new folder `to`. Another process may have
 * the store open and write it: it is not held up, but pages that it frees meanwhile are not used again before the end.
 * Memory: some MiB, and that of a check. Faults that the check of the copy finds are told; then there is no copy.
 * Errors: -EEXIST (`to` is there), WF_ECORRUPT, WF_EFULL, WF_ENOMEM, errno; in words. */
int wf_store_backup(const char *path, const char *to, wf_check_cb fault, void *context,
		    struct wf_check_summary *summary, struct wf_error *error);

/* Makes the folder `path` the store that `from`, a backup, holds. `replaces`: there may be a store already, which is
 * then gone.
 * Errors: as of backup; WF_ELOCKED (a daemon has `path` or `from` open), -EEXIST (there is a store, or something else,
 *         and `replaces` is false). */
int wf_store_restore(const char *from, const char *path, bool replaces, wf_check_cb fault, void *context,
		     struct wf_check_summary *summary, struct wf_error *error);

#endif
