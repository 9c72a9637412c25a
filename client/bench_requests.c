#include "bench_requests.h"

#include <stdlib.h>

#include "article.h"

#define REQUESTS_FIRST 1024u
/* Of a round whose requests are made when they are asked for: it has an end, as what is noted of each takes memory. */
#define REQUESTS_UNPREPARED_MAX (1u << 20)

int wf_bench_requests_open(struct wf_bench_requests *requests, const struct wf_corpus_settings *settings,
			   uint64_t articles, uint64_t batch, size_t bytes_max)
{
	*requests = (struct wf_bench_requests){.articles = articles, .batch = batch, .bytes_max = bytes_max};
	wf_pack_init(&requests->packed, 0);
	requests->corpus = wf_corpus_new(settings);
	return requests->corpus == NULL ? WF_ENOMEM : 0;
}

void wf_bench_requests_close(struct wf_bench_requests *requests)
{
	wf_corpus_free(requests->corpus);
	wf_pack_close(&requests->packed);
	free(requests->ends);
}

static void pack_article(struct wf_bench_requests *requests, uint64_t index)
{
	struct wf_corpus_article made;
	struct wf_article article = {0};

	wf_corpus_article(requests->corpus, index, &made);
	article.id = made.id;
	article.title = made.title;
	article.outlet = made.outlet;
	article.url = made.url;
	article.text = made.text;
	article.published = made.published;
	article.has_published = true;
	requests->text_bytes += made.text.length;
	wf_article_pack(&requests->packed, &article);
}

/* Packs the next request behind what is there. */
static int pack_request(struct wf_bench_requests *requests)
{
	const uint64_t left = requests->articles - requests->made;
	const uint64_t count = left < requests->batch ? left : requests->batch;

	if (requests->batch > 1)
		wf_pack_array(&requests->packed, count);
	for (uint64_t i = 0; i < count; i++)
		pack_article(requests, requests->made + i);
	requests->made += count;
	return requests->packed.error;
}

static int grow_ends(struct wf_bench_requests *requests)
{
	const size_t capacity = requests->capacity == 0 ? REQUESTS_FIRST : requests->capacity * 2;
	size_t *ends = realloc(requests->ends, capacity * sizeof *ends);

	if (ends == NULL)
		return WF_ENOMEM;
	requests->ends = ends;
	requests->capacity = capacity;
	return 0;
}

/* Packs as many requests as the bound allows, and one in any case. */
static int fill_round(struct wf_bench_requests *requests)
{
	wf_pack_rewind(&requests->packed, 0);
	while (requests->made < requests->articles) {
		const size_t length = requests->packed.length;
		const uint64_t made = requests->made;
		const uint64_t text_bytes = requests->text_bytes;
		int result = requests->count == requests->capacity ? grow_ends(requests) : 0;

		if (result == 0)
			result = pack_request(requests);
		if (result != 0)
			return result;
		if (requests->packed.length > requests->bytes_max && requests->count > 0) {
			/* It is made again as the first of the next round. */
			wf_pack_rewind(&requests->packed, length);
			requests->made = made;
			requests->text_bytes = text_bytes;
			break;
		}
		requests->ends[requests->count++] = requests->packed.length;
	}
	requests->prepared_bytes += requests->packed.length;
	return 0;
}

int wf_bench_requests_prepare(struct wf_bench_requests *requests)
{
	const uint64_t left = requests->articles - requests->made;
	const uint64_t left_requests = left / requests->batch + (left % requests->batch != 0);
	int result = 0;

	if (left == 0)
		return 0;
	requests->count = 0;
	if (requests->bytes_max > 0)
		result = fill_round(requests);
	else
		requests->count =
			left_requests < REQUESTS_UNPREPARED_MAX ? (size_t)left_requests : REQUESTS_UNPREPARED_MAX;
	requests->rounds++;
	return result != 0 ? result : 1;
}

int wf_bench_requests_take(struct wf_bench_requests *requests, size_t index, struct wf_bytes *params)
{
	size_t start = 0;
	size_t end;
	int result = 0;

	if (requests->bytes_max == 0) {
		wf_pack_rewind(&requests->packed, 0);
		result = pack_request(requests);
		end = requests->packed.length;
	} else {
		start = index == 0 ? 0 : requests->ends[index - 1];
		end = requests->ends[index];
	}
	*params = (struct wf_bytes){requests->packed.data + start, end - start};
	return result;
}
