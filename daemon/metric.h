/* What the daemon counts about itself: a histogram of latencies, and counters that any thread may raise.
 *
 *   buckets [0][1]...[7] then 8 for each doubling: [8..9)[9..10)... [16..18)[18..20)... : at most an eighth too high */
#ifndef WF_METRIC_H
#define WF_METRIC_H

#include <stdatomic.h>
#include <stdint.h>

#define WF_HISTOGRAM_BUCKETS (8u * 40u) /* to 2^42 us, 50 days; longer counts as that */

/* One thread records and reads. */
struct wf_histogram {
	uint64_t buckets[WF_HISTOGRAM_BUCKETS];
	uint64_t count;
	uint64_t value_max;
};

void wf_histogram_record(struct wf_histogram *histogram, uint64_t value);

/* The least value that `share` (0 to 1) of the recorded values do not pass, rounded up to its bucket's end; 0 when
 * nothing was recorded. */
uint64_t wf_histogram_quantile(const struct wf_histogram *histogram, double share);

/* X(name): one counter each, in the order in which `stats` gives them. */
#define WF_COUNTER_MAP(X)                                                                           \
	X(connections_accepted)                                                                     \
	X(connections_refused) /* over connections_max */                                           \
	X(connections_shed)    /* closed to get memory back */                                      \
	X(requests)                                                                                 \
	X(notifications)                                                                            \
	X(responses_ignored)                                                                        \
	X(errors)  /* requests answered with an error */                                            \
	X(garbage) /* connections closed for bytes that are no MessagePack */                       \
	X(auth_failures)                                                                            \
	X(denied)                                                                                   \
	X(connections_timed_out)                                                                    \
	X(connections_evicted)                                                                      \
	X(tls_failures)                                                                             \
	X(articles_added)                                                                           \
	X(articles_replaced)                                                                        \
	X(articles_repeated) /* added again with the same content */                                \
	X(articles_removed)                                                                         \
	X(articles_expired) /* removed by --keep */                                                 \
	X(articles_refused)                                                                         \
	X(queries)                                                                                  \
	X(articles_mended) /* that stood alone and were made one with another cluster afterwards */ \
	X(clusters_merged) /* by editors */                                                         \
	X(clusters_split)                                                                           \
	X(events_sent) /* to subscribers, each counted */                                           \
	X(events_lost) /* for want of room, likewise */                                             \
	X(commits)                                                                                  \
	X(commits_failed)                                                                           \
	X(rebuilds)        /* of the index after a failed commit */                                 \
	X(records_damaged) /* met while reading, each time */

struct wf_counters {
#define X(name) atomic_uint_fast64_t name;
	WF_COUNTER_MAP(X)
#undef X
};

static inline void wf_counter_add(atomic_uint_fast64_t *counter, uint64_t amount)
{
	atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static inline uint64_t wf_counter_read(const atomic_uint_fast64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
