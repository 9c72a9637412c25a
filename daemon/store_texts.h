/* The small texts of a batch on their way into groups, and out of them.
 *
 *   add    -> the group that is open -> (full, or the batch ends) -> table `text`
 *   remove -> the group that is being cut -> (another one is, or the batch ends) -> table `text`, without it
 *
 * So a batch packs each group once, also where it removes one article of it after another. The writer's alone. */
#ifndef WF_STORE_TEXTS_H
#define WF_STORE_TEXTS_H

#include "store_lmdb.h"

struct wf_texts;

/* is_dense: as in store_text.h. Errors: WF_ENOMEM. */
int wf_texts_new(struct wf_texts **texts, struct wf_lmdb *lmdb, bool is_dense);
void wf_texts_free(struct wf_texts *texts); /* NULL is allowed */

/* The batch begins: what an earlier one left is forgotten. */
void wf_texts_begin(struct wf_texts *texts);

/* A text of WF_GROUP_TEXT_BYTES_MAX at most, of an article with a number above all before it; it is copied. `key` is
 * that of its group. Errors of these three: as of a batch (store.h). */
int wf_texts_add(struct wf_texts *texts, uint64_t number, struct wf_bytes text, uint64_t *key);
/* A group, or a text in it, that is missing or damaged is passed over: the article goes all the same. */
int wf_texts_remove(struct wf_texts *texts, uint64_t key, uint64_t number);
/* All is staged. */
int wf_texts_flush(struct wf_texts *texts);

#endif
