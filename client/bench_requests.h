/* The requests that a bench sends, made ahead: a round of them lies packed in memory before anybody looks at a clock.
 *
 *   packed  [ params 0 | params 1 | ... | params count-1 ]     bytes_max at most, or one request
 *                      ^ends[0]   ^ends[1]
 *
 * With bytes_max 0 each is made when it is asked for instead, and only one is held. Either way the articles are the
 * same, in the same order, each in one request. */
#ifndef WF_BENCH_REQUESTS_H
#define WF_BENCH_REQUESTS_H

#include "corpus.h"
#include "pack.h"

struct wf_bench_requests {
	struct wf_corpus *corpus; /* owned */
	uint64_t articles;        /* of all requests */
	uint64_t batch;           /* articles of a request; 1: the article itself instead of an array */
	size_t bytes_max;
	struct wf_pack packed;
	size_t *ends; /* capacity of them; unused where each is made when it is asked for */
	size_t capacity;
	size_t count;            /* requests of this round */
	uint64_t made;           /* articles so far */
	uint64_t text_bytes;     /* of their texts */
	uint64_t rounds;         /* so far */
	uint64_t prepared_bytes; /* of all rounds; 0 where each is made when it is asked for */
};

/* articles and batch: 1 or more. Close it also when this fails. Errors: WF_ENOMEM. */
int wf_bench_requests_open(struct wf_bench_requests *requests, const struct wf_corpus_settings *settings,
			   uint64_t articles, uint64_t batch, size_t bytes_max);
void wf_bench_requests_close(struct wf_bench_requests *requests);

/* The next round, in place of the last. Returns 1; 0: there is none left. Errors: WF_ENOMEM. */
int wf_bench_requests_prepare(struct wf_bench_requests *requests);

/* The params of request `index` of the round, lent until the next call; to be asked for in order, each once, where
 * bytes_max is 0. Errors: WF_ENOMEM, there alone. */
int wf_bench_requests_take(struct wf_bench_requests *requests, size_t index, struct wf_bytes *params);

#endif
