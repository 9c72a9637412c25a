/* A whole store looked through, page by page and record by record, while nobody has it open; and what is whole in a
 * damaged one saved into a new one.
 *
 *   pages (store_pages.h) -> records: checksum, form -> what belongs together:
 *   entry <-> evidence <-> body of each number, body <-> its text in a group, hash of the id <-> the body's id, no id
 *   twice, redirects end, no number above the last one */
#ifndef WF_STORE_CHECK_H
#define WF_STORE_CHECK_H

#include "base/error.h"
#include "store_pages.h"

struct wf_check_summary {
	uint64_t articles; /* whole: entry, evidence and body */
	uint64_t redirects;
	uint64_t faults;
	struct wf_pages_summary pages;
};

/* `number`: of the article or cluster; 0: none is meant. The rest as in wf_pages_fault; offset 0: not known. */
struct wf_check_fault {
	const char *place;
	uint64_t number;
	uint64_t offset;
	const char *text;
};

typedef void (*wf_check_cb)(void *context, const struct wf_check_fault *fault);

/* Looks through the store in the folder `path`; changes nothing. Every fault is told once, pages first.
 * Memory: 32 bytes an article.
 * Errors: WF_ELOCKED (a daemon has it open), WF_EVERSION, WF_ENOMEM, errno; in words. Damage is none: see
 * summary->faults. */
int wf_store_check(const char *path, wf_check_cb fault, void *context, struct wf_check_summary *summary,
		   struct wf_error *error);

/* The same of the file alone, whoever has it. */
int wf_store_check_file(const char *file, wf_check_cb fault, void *context, struct wf_check_summary *summary,
			struct wf_error *error);

/* Writes what is whole in the store `path` into a new store in the folder `into`, which must not be there or be empty:
 * articles with all of their parts, redirects, states. Numbers stay; those of what is lost are not given again.
 * Faults are told as by check; *saved is what the new store has.
 * Errors: as of check; WF_ECORRUPT where the secret is lost, without which no id can be found; those of the new
 * store. */
int wf_store_salvage(const char *path, const char *into, wf_check_cb fault, void *context,
		     struct wf_check_summary *summary, uint64_t *saved, struct wf_error *error);

#endif
