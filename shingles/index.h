/* All that is known of the stored articles in memory: which are alike (LSH table, what outlets repeat, how common words
 * are) and which form a story (clusters).
 *
 *   document -> decide (reads) -> decision -> apply (changes) -> sketch for the store
 *
 * An article has a number: 1, 2, 3 ... in order of arrival, given by the caller, never used twice. A cluster's ID is
 * the number of the article that founded it. After a restart the caller brings every stored article back by
 * wf_index_restore(), oldest first.
 *
 * No I/O, no clock, no randomness: the same calls in the same order give the same answers. One thread at a time. */
#ifndef WF_INDEX_H
#define WF_INDEX_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/pages.h"
#include "base/relation.h"
#include "document.h"

struct wf_index;

/* Hands back the evidence of a stored article. The bytes must stay as they are until the index call that asked returns.
 * Returns 0, or a negative error: the article is then passed over as a candidate. */
typedef int (*wf_evidence_cb)(void *context, uint64_t number, struct wf_bytes *evidence);

struct wf_index_settings {
	double threshold; /* resemblance from which the LSH table must propose a pair, (0, 1); 0 for the default */
	uint32_t candidates_max; /* candidates examined for one article; 0 for the default */
	/* Asked by what takes articles in or restores them; zeros: nobody is. */
	struct wf_pages_ahead pages_ahead;
};

/* Facts about an article that are not in its text. */
struct wf_article_facts {
	uint64_t number;
	uint64_t source;   /* hash of the outlet's name, else of its URL's host; 0 where neither is known */
	int64_t seen;      /* Unix seconds of arrival */
	int64_t published; /* Unix seconds, or WF_TIME_NONE */
};

/* What the index would do, or did, with an article. */
struct wf_decision {
	enum wf_relation relation;
	bool is_new;      /* it founds a cluster, or is kept in the one that it founded */
	bool is_kept;     /* it tells the story of the article that it replaces, and stays in that one's cluster */
	uint64_t cluster; /* the cluster it joins; for a new one the article's number (0 for a query, which has none) */
	uint64_t match;   /* number of the nearest stored article; 0 where there is none */
	double similarity;  /* resemblance of the two, [0, 1] */
	double containment; /* how much of this article's own content is in the match, [0, 1] */
	uint64_t size;      /* articles in the cluster, this one included where it joins or founds it */
	uint32_t merged_count;
	uint32_t related_count;
	uint64_t merged[WF_MERGED_MAX];   /* clusters that this article makes one with `cluster` */
	uint64_t related[WF_RELATED_MAX]; /* clusters of which a partial article has passages */
};

/* Whether the article makes a cluster that was not there. */
static inline bool wf_decision_founds(const struct wf_decision *decision)
{
	return decision->is_new && !decision->is_kept;
}

/* An article as the index holds it. */
struct wf_index_article {
	struct wf_article_facts facts;
	uint64_t cluster; /* resolved: never one that was folded into another */
	enum wf_relation relation;
	uint64_t match;
	double similarity;
	double containment;
};

struct wf_cluster_summary {
	uint64_t cluster;
	uint64_t size;           /* articles */
	uint64_t outlets;        /* distinct sources; articles without a source count as one together */
	uint64_t representative; /* number of the article with the fullest text, the earliest of equals */
	int64_t first_seen;
	int64_t last_seen;
	int64_t first_published; /* WF_TIME_NONE where no article has one */
};

enum wf_cluster_order { WF_CLUSTER_ORDER_RECENT, WF_CLUSTER_ORDER_SIZE };

/* Which clusters to list. A cluster is in [since, until] if it got an article then or spans it: last_seen >= since and
 * first_seen <= until. */
struct wf_cluster_filter {
	int64_t since; /* INT64_MIN: any */
	int64_t until; /* INT64_MAX: any */
	uint64_t size_min;
	uint64_t outlets_min;
	uint64_t source; /* clusters with an article of this source; 0: any */
	enum wf_cluster_order order;
	bool has_after;
	uint64_t after_key; /* order key and ID of the last cluster of the page before */
	uint64_t after_cluster;
};

struct wf_index_stats {
	uint64_t articles;
	uint64_t clusters;
	uint64_t memory_bytes;
	uint64_t decisions;       /* wf_index_decide() calls */
	uint64_t candidates;      /* candidates examined in all of them */
	uint64_t candidates_max;  /* the most that one of them examined */
	uint64_t candidates_p999; /* 99.9 % of them examined at most so many, checks before a merge included */
};

/* Makes an empty index. `read` is called during wf_index_decide(), wf_index_apply() and wf_index_restore(), on the
 * caller's thread.
 * Errors: WF_ENOMEM, -EINVAL (a setting out of range). */
int wf_index_new(struct wf_index **index, const struct wf_index_settings *settings, wf_evidence_cb read, void *context);
void wf_index_free(struct wf_index *index); /* NULL is allowed */

/* Work ahead, for speed alone: it changes no answer. look_ahead asks the memory for an article that is to be prepared
 * next, without a look at it, and for what is known of its source; `is_query`: it will not be taken in. prepare asks
 * for its evidence, and says which article comes after the one that wf_index_decide() is called for next: what can be
 * done for it is done in the course of that call, while the memory is waited for. `document` stays as it is until then,
 * and, unless it is given up, until it is decided. */
void wf_index_look_ahead(const struct wf_index *index, const struct wf_document *document, uint64_t source,
			 bool is_query);
void wf_index_prepare(struct wf_index *index, const struct wf_document *document, uint64_t source);

/* The stored articles that wf_index_decide() would compare the article with if it came now, `numbers_max` at most, into
 * `numbers`; returns how many. For asking ahead of time for evidence that comes slowly. Not between a decision and
 * wf_index_apply(). */
uint32_t wf_index_foresee(struct wf_index *index, const struct wf_document *document, uint64_t source,
			  uint64_t *numbers, uint32_t numbers_max);

/* Decides what `document` is, changing nothing that a later decision depends on.
 * `facts->number` is 0 for a query. `replaces`: number of the article that this one takes the place of, or 0: it
 * is no candidate, but where this one tells its story, this one stays in its cluster.
 * Errors: WF_ENOMEM. */
int wf_index_decide(struct wf_index *index, const struct wf_document *document, const struct wf_article_facts *facts,
		    uint64_t replaces, struct wf_decision *decision);

/* Takes the article in as decided. No other call may come between the decision and this, but work ahead and the removal
 * of the article that this one replaces. That may come after as well; `size` counts both until it came. `facts->number`
 * is greater than every number before it.
 * Out:     sketch: versioned bytes that the store keeps, for wf_index_restore() and wf_index_remove(); in `arena`.
 *          decision: `size` and, for a new cluster, `cluster` are brought up to date.
 * Errors:  WF_ENOMEM; the index is then as it was. */
int wf_index_apply(struct wf_index *index, const struct wf_document *document, const struct wf_article_facts *facts,
		   struct wf_decision *decision, struct wf_arena *arena, struct wf_bytes *sketch);

/* Takes an article out; a cluster that loses its last article is gone, and its ID with it.
 * Errors: WF_ENOTFOUND, WF_ECORRUPT (the sketch is not one of ours). */
int wf_index_remove(struct wf_index *index, uint64_t number, struct wf_bytes sketch);

/* Brings a stored article back. Numbers ascend. `article->cluster` may have been folded into another since; redirects
 * are restored first. Errors: WF_ECORRUPT: it is not there; WF_ENOMEM: the index is of no use any more.
 *
 * Keys of restored articles wait, to be entered many at once. end: all of them; after the last article, before the
 * index is asked or given anything. Until then, as often as is_due says: turn hands those that wait to enter, which may
 * run on another thread while the next articles are restored, and has come back before the next turn, reserve or end.
 * Errors: WF_ENOMEM: as above. */
int wf_index_restore(struct wf_index *index, const struct wf_index_article *article, struct wf_bytes sketch);
bool wf_index_restore_is_due(const struct wf_index *index);
void wf_index_restore_turn(struct wf_index *index);
int wf_index_restore_enter(struct wf_index *index);
int wf_index_restore_end(struct wf_index *index);

/* Says that cluster `from` was folded into `into`, at start-up before the articles. Errors: WF_ENOMEM. */
int wf_index_restore_redirect(struct wf_index *index, uint64_t from, uint64_t into);

/* Mending: an article that came before its source's boilerplate was known, and stands alone, may be of another story
 * after all. next: the number of one to look at; 0 where none waits. reconsider: decides it again, as far as that goes
 * from what is stored.
 * In:      sketch: as wf_index_apply() gave it.
 * Out:     *match: the stored article that it is a copy of, whose cluster is for the caller to make one with the
 *          article's, by wf_index_merge(); 0: none. What stands with others, or apart from some by an editor's word,
 *          is left where it is.
 * Errors:  WF_ENOTFOUND, WF_ECORRUPT; of the evidence. Nothing changes in any case. */
uint64_t wf_index_mend_next(struct wf_index *index);
int wf_index_reconsider(struct wf_index *index, uint64_t number, struct wf_bytes sketch, uint64_t *match);

/* Editors' words. Both are respected by what is decided later: articles of clusters that were made one stay so, and
 * clusters that were split are never made one by a newcomer; it joins the nearer. Each undoes the other.
 *
 * merge: makes clusters one; the biggest keeps its ID, the oldest of equals, as where a newcomer makes them one.
 * In:      clusters: as clients name them, folded or not, any number of times each.
 * Out:     into: the ID that they have now; merged: those that were folded into it, in `arena`.
 * Errors:  WF_ENOTFOUND: *place is the first of the clusters that is none; WF_ETOOLARGE: the cluster would be held
 *          apart from more than WF_APART_MAX others; WF_ENOMEM. Nothing has changed then.
 *
 * split: makes articles of a cluster another one, whose ID is `fresh`, a number that neither an article nor a cluster
 * ever had.
 * In:      numbers: ascending, each once, articles of the cluster `cluster`, some but not all.
 * Out:     apart: all that the new cluster is held apart from, for wf_index_restore_apart(), in `arena`.
 * Errors:  WF_ETOOLARGE: the cluster is held apart from WF_APART_MAX others already, or all are from
 *          WF_APART_PAIRS_MAX; WF_ENOMEM. Nothing has changed then. */
struct wf_index_merge {
	uint64_t into;
	uint64_t *merged;
	size_t merged_count;
};
int wf_index_merge(struct wf_index *index, const uint64_t *clusters, size_t clusters_count, struct wf_arena *arena,
		   struct wf_index_merge *merge, size_t *place);
int wf_index_split(struct wf_index *index, uint64_t cluster, const uint64_t *numbers, size_t numbers_count,
		   uint64_t fresh, struct wf_arena *arena, const uint64_t **apart, size_t *apart_count);

/* Says again, at start-up after the articles or at any time later, what a split said. Those that have become one with
 * the cluster, or have no articles left, are passed over. Returns how many of the pairs are held; or WF_ENOMEM. */
int wf_index_restore_apart(struct wf_index *index, uint64_t cluster, const uint64_t *others, size_t others_count);

/* Of an article that is to be restored soon: asks for the memory that it will touch. */
void wf_index_restore_ahead(const struct wf_index *index, const struct wf_index_article *article);

/* Room for so many articles in all, if they are like those that there are, whose keys are entered. Without the memory
 * for it, tables grow step by step. */
void wf_index_reserve(struct wf_index *index, uint64_t articles);

/* What the index has learned (boilerplate, how common words are), to keep in the store now and then and at the end.
 * Loading it before the restores saves learning it again from the evidence of every article; articles restored whose
 * number is above the state's are learned from their evidence.
 * save: bytes in `arena`. Errors: WF_ENOMEM.   load: WF_ENOMEM, WF_ECORRUPT, WF_EVERSION (nothing is loaded).
 *
 * save_begin: of this moment likewise, but `state` is filled bit by bit, so that nobody waits for all of it: what comes
 * before byte `until` is there after save_fill; the index writes to it until save_end, another save, or its own end. */
int wf_index_state_save(struct wf_index *index, struct wf_arena *arena, struct wf_bytes *state);
int wf_index_state_save_begin(struct wf_index *index, struct wf_arena *arena, struct wf_bytes *state);
void wf_index_state_save_fill(struct wf_index *index, size_t until);
void wf_index_state_save_end(struct wf_index *index);
int wf_index_state_load(struct wf_index *index, struct wf_bytes state);

/* The cluster that `cluster` is now, with its summary. Errors: WF_ENOTFOUND: it never was, or has no articles left. */
int wf_index_cluster(struct wf_index *index, uint64_t cluster, struct wf_cluster_summary *summary);

/* Articles of a cluster; 0 where it is none, or was folded into another. */
uint64_t wf_index_size(const struct wf_index *index, uint64_t cluster);

/* Of `sources_count` sources (64 at most), those whose bit is in `wanted` and of which one of the newest `articles_max`
 * articles of the cluster is: a bit each. */
uint64_t wf_index_sources(const struct wf_index *index, uint64_t cluster, const uint64_t *sources,
			  uint32_t sources_count, uint64_t wanted, uint32_t articles_max);

/* The numbers of a cluster's articles, ascending, in `arena`. Errors: WF_ENOTFOUND, WF_ENOMEM. */
int wf_index_members(struct wf_index *index, uint64_t cluster, struct wf_arena *arena, const uint64_t **numbers,
		     size_t *numbers_count);

/* One article. Errors: WF_ENOTFOUND. */
int wf_index_article(const struct wf_index *index, uint64_t number, struct wf_index_article *article);

/* The next page of clusters, in the filter's order (recent: latest last_seen first; size: biggest first; ties by ID,
 * newest first).
 * Out: summaries, `limit` at most, their number in *count; *more tells whether there are others after them. The order
 *      key of a
 *      summary, for `after_key`, is (uint64_t)last_seen or size.
 * Errors: WF_ENOMEM. */
int wf_index_list(struct wf_index *index, const struct wf_cluster_filter *filter, struct wf_cluster_summary *summaries,
		  size_t limit, size_t *count, bool *more);

/* Compares two articles as a decision would: what their sources repeat is left out, rare words weigh more. Of one that
 * is not stored, and that its source has printed nearly all of before, nothing is left out for that.
 * In:     is_stored: its source's boilerplate was learned from it, too.
 * Out:    similarity [0, 1]; contained: how much of a's own content is in b, covering: how much of b's is in a.
 * Errors: WF_ECORRUPT, WF_EVERSION. */
struct wf_index_side {
	struct wf_bytes evidence;
	uint64_t source;
	bool is_stored;
};
struct wf_index_comparison {
	double similarity;
	double contained;
	double covering;
};
int wf_index_compare(struct wf_index *index, const struct wf_index_side *a, const struct wf_index_side *b,
		     struct wf_index_comparison *comparison);

void wf_index_stats(const struct wf_index *index, struct wf_index_stats *stats);

#endif
