#include "metric.h"

#include <math.h>

static unsigned bucket_of(uint64_t value)
{
	unsigned power, bucket;

	if (value < 8)
		return (unsigned)value;
	power = 63u - (unsigned)__builtin_clzll(value);
	bucket = (power - 2) * 8 + (unsigned)((value >> (power - 3)) & 7);
	return bucket < WF_HISTOGRAM_BUCKETS ? bucket : WF_HISTOGRAM_BUCKETS - 1;
}

/* The highest value that belongs to a bucket. */
static uint64_t bucket_last(unsigned bucket)
{
	if (bucket < 8)
		return bucket;
	return ((UINT64_C(8) + bucket % 8 + 1) << (bucket / 8 - 1)) - 1;
}

void wf_histogram_record(struct wf_histogram *histogram, uint64_t value)
{
	histogram->buckets[bucket_of(value)]++;
	histogram->count++;
	if (value > histogram->value_max)
		histogram->value_max = value;
}

uint64_t wf_histogram_quantile(const struct wf_histogram *histogram, double share)
{
	const double wanted = ceil(share * (double)histogram->count);
	uint64_t seen = 0;

	for (unsigned i = 0; i < WF_HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen > 0 && (double)seen >= wanted) {
			const uint64_t last = bucket_last(i);

			return last < histogram->value_max ? last : histogram->value_max;
		}
	}
	return histogram->value_max;
}
