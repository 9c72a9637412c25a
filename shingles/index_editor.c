#include "index_parts.h"

/* The clusters as they are now, each once, in `now`; the one that is to keep its ID first. */
static int resolve_all(const struct wf_index *index, const uint64_t *clusters, size_t clusters_count, uint64_t *now,
		       size_t *now_count, size_t *place)
{
	size_t count = 0, best = 0;
	uint64_t first;

	for (size_t i = 0; i < clusters_count; i++) {
		const uint64_t cluster = wf_clusters_resolve(&index->clusters, clusters[i]);
		size_t k = 0;

		if (cluster == 0) {
			*place = i;
			return WF_ENOTFOUND;
		}
		while (k < count && now[k] != cluster)
			k++;
		if (k < count)
			continue;
		now[count++] = cluster;
		if (wf_clusters_outranks(&index->clusters, cluster, now[best]))
			best = k;
	}
	first = now[best];
	now[best] = now[0];
	now[0] = first;
	*now_count = count;
	return 0;
}

int wf_index_merge(struct wf_index *index, const uint64_t *clusters, size_t clusters_count, struct wf_arena *arena,
		   struct wf_index_merge *merge, size_t *place)
{
	uint64_t *now = wf_arena_take(arena, clusters_count * sizeof *now);
	uint64_t apart_count = 0;
	size_t now_count;
	int error = now == NULL ? WF_ENOMEM : resolve_all(index, clusters, clusters_count, now, &now_count, place);

	if (error != 0)
		return error;
	for (size_t i = 0; i < now_count; i++) {
		uint32_t count;

		wf_apart_of(&index->apart, now[i], &count);
		apart_count += count;
	}
	/* Between clusters of the list, both sides of a pair are counted, and nothing of it will be left. */
	for (size_t i = 0; i < now_count; i++)
		for (size_t k = 0; k < now_count && apart_count > WF_APART_MAX; k++)
			apart_count -= wf_apart_holds(&index->apart, now[i], now[k]);
	if (apart_count > WF_APART_MAX)
		return WF_ETOOLARGE;
	error = wf_index_reserve_folds(index, now[0], now + 1, now_count - 1);
	for (size_t i = 1; i < now_count && error == 0; i++)
		error = wf_index_fold(index, now[i], now[0]);
	*merge = (struct wf_index_merge){now[0], now + 1, now_count - 1};
	return error;
}

int wf_index_split(struct wf_index *index, uint64_t cluster, const uint64_t *numbers, size_t numbers_count,
		   uint64_t fresh, struct wf_arena *arena, const uint64_t **apart, size_t *apart_count)
{
	const uint64_t now = wf_clusters_resolve(&index->clusters, cluster);
	uint32_t count;
	const uint64_t *others = wf_apart_of(&index->apart, now, &count);
	uint64_t *list = wf_arena_take(arena, (count + 1) * sizeof *list);
	int error = 0;

	if (list == NULL)
		return WF_ENOMEM;
	if (count > 0)
		memcpy(list, others, count * sizeof *list);
	list[count++] = now;
	for (uint32_t i = 0; i < count && error == 0; i++)
		error = wf_apart_add(&index->apart, fresh, list[i]);
	if (error == 0)
		error = wf_clusters_split(&index->clusters, now, numbers, numbers_count, fresh);
	if (error != 0)
		wf_apart_forget(&index->apart, fresh);
	*apart = list;
	*apart_count = count;
	return error;
}

int wf_index_restore_apart(struct wf_index *index, uint64_t cluster, const uint64_t *others, size_t others_count)
{
	const uint64_t now = wf_clusters_resolve(&index->clusters, cluster);
	int held = 0;

	for (size_t i = 0; i < others_count && now != 0; i++) {
		const uint64_t other = wf_clusters_resolve(&index->clusters, others[i]);
		int error;

		if (other == 0 || other == now)
			continue;
		error = wf_apart_add(&index->apart, now, other);
		if (error == WF_ENOMEM)
			return error;
		held += error == 0;
	}
	return held;
}
