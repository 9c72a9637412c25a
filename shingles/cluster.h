/* Which articles there are and which stories they form: articles by number, clusters by ID, and where folded clusters
 * went.
 *
 *   chunks of 1024 articles, by number -> article { cluster, facts, decision, next and previous of its cluster (a ring)
 *   }
 *   clusters (map by ID): only of more than one article, or without its founder: a founder alone needs no record
 *   redirects (map): folded cluster -> what it became
 *
 * An ID, once given, always means the same cluster, what it became, or nothing; never another. */
#ifndef WF_CLUSTER_H
#define WF_CLUSTER_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/map.h"
#include "base/pages.h"
#include "index.h"

/* 64 bytes an article. */
struct wf_cluster_article {
	uint64_t cluster;
	uint64_t source;
	int64_t published;
	uint64_t match;
	uint32_t next; /* low halves of numbers */
	uint32_t previous;
	uint32_t seen;       /* Unix seconds */
	uint32_t own_tokens; /* tokens of its own content */
	uint16_t similarity; /* 65535: 1 */
	uint16_t containment;
	uint8_t relation;
	bool is_live;
	bool is_composite; /* made of passages of several stories: no story of its own to join */
	uint8_t padding[9];
};

struct wf_cluster {
	uint64_t id;
	uint64_t head; /* number of an article of the ring: its oldest, unless clusters were folded */
	uint64_t size;
	uint64_t representative;
	int64_t first_published;
	uint32_t outlets;
	uint32_t first_seen;
	uint32_t last_seen;
	bool is_stale; /* an article went: times and representative are to be found anew */
	bool outlets_is_stale;
};

struct wf_clusters {
	struct wf_cluster_article **chunks; /* by chunk number - chunk_first; NULL where no article is left */
	uint16_t *chunk_counts;
	uint64_t chunk_first;
	uint64_t chunks_count;
	uint64_t chunks_capacity;
	uint64_t number_last;
	uint64_t articles_count;
	uint64_t clusters_count;
	uint64_t chunks_live;
	void *chunk_next;            /* taken ahead of its time; NULL: none is */
	struct wf_pages_ahead ahead; /* of chunks; set after init */
	struct wf_map clusters;      /* ID -> struct wf_cluster */
	struct wf_map redirects;     /* ID -> uint64_t */
};

void wf_clusters_init(struct wf_clusters *clusters);
void wf_clusters_close(struct wf_clusters *clusters);

/* The article, or NULL. Valid until the next change. */
struct wf_cluster_article *wf_clusters_article(const struct wf_clusters *clusters, uint64_t number);

/* The full number of which `low` is the low half: numbers in memory lie within 2^32 of each other. */
uint64_t wf_clusters_number(const struct wf_clusters *clusters, uint32_t low);

/* The same for the low 31 bits. */
uint64_t wf_clusters_number31(const struct wf_clusters *clusters, uint32_t low);

/* The cluster that `id` is now; 0 where there is none. */
uint64_t wf_clusters_resolve(const struct wf_clusters *clusters, uint64_t id);

/* Where the redirects of `id` lead, whether or not a cluster is there; 0 where they run in a circle. */
uint64_t wf_clusters_destination(const struct wf_clusters *clusters, uint64_t id);

uint64_t wf_clusters_size(const struct wf_clusters *clusters, uint64_t id);

/* Whether `id` stays the ID where the two become one: of the bigger, of equals the older. */
bool wf_clusters_outranks(const struct wf_clusters *clusters, uint64_t id, uint64_t other);

/* Asks the memory for what wf_clusters_add() looks up first. */
void wf_clusters_prefetch(const struct wf_clusters *clusters, uint64_t id);
void wf_clusters_prefetch_article(const struct wf_clusters *clusters, uint64_t number);

/* Adds an article to the (resolved) cluster `article->cluster`, or founds it. Errors: WF_ENOMEM; nothing is changed
 * then. */
int wf_clusters_add(struct wf_clusters *clusters, uint64_t number, const struct wf_cluster_article *article);

/* Room for an article and so many folds after it, so that none of them fails. Errors: WF_ENOMEM. */
int wf_clusters_reserve(struct wf_clusters *clusters, size_t folds);

/* Folds cluster `from` into `into`. Cost: the articles of `from`. Errors: WF_ENOMEM, WF_ENOTFOUND; nothing is
 * changed then. */
int wf_clusters_fold(struct wf_clusters *clusters, uint64_t from, uint64_t into);

/* Takes some of a cluster's articles out, but not all, to be the cluster `fresh`, an ID that never was one.
 * In:     id resolved; numbers ascending, each once, each of the cluster.
 * Errors: WF_ENOMEM; nothing is changed then. Cost: the articles taken. */
int wf_clusters_split(struct wf_clusters *clusters, uint64_t id, const uint64_t *numbers, size_t numbers_count,
		      uint64_t fresh);

/* Says that `from` became `into`. Errors: WF_ENOMEM. */
int wf_clusters_redirect(struct wf_clusters *clusters, uint64_t from, uint64_t into);

/* Takes an article out. Errors: WF_ENOTFOUND, WF_ENOMEM. */
int wf_clusters_remove(struct wf_clusters *clusters, uint64_t number);

int wf_clusters_summary(struct wf_clusters *clusters, uint64_t id,
			struct wf_cluster_summary *summary); /* WF_ENOTFOUND, WF_ENOMEM */
int wf_clusters_members(struct wf_clusters *clusters, uint64_t id, struct wf_arena *arena, const uint64_t **numbers,
			size_t *numbers_count); /* WF_ENOTFOUND, WF_ENOMEM */
int wf_clusters_list(struct wf_clusters *clusters, const struct wf_cluster_filter *filter,
		     struct wf_cluster_summary *summaries, size_t limit, size_t *count, bool *more); /* WF_ENOMEM */

/* Whether one of the newest `articles_max` articles of the cluster is from `source`. */
bool wf_clusters_has_source(const struct wf_clusters *clusters, uint64_t id, uint64_t source, uint32_t articles_max);

/* As wf_index_sources() says; `id` resolved. */
uint64_t wf_clusters_sources(const struct wf_clusters *clusters, uint64_t id, const uint64_t *sources,
			     uint32_t sources_count, uint64_t wanted, uint32_t articles_max);

size_t wf_clusters_memory_bytes(const struct wf_clusters *clusters);

#endif
