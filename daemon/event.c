#include "event.h"

#include "job.h"

int wf_events_subscribe(struct wf_events *events, uint64_t source, uint32_t *outlet)
{
	uint32_t place = WF_EVENT_OUTLET_ANY;

	if (source != 0) {
		for (uint32_t i = 0; i < WF_EVENT_OUTLETS_MAX; i++) {
			const bool is_used = atomic_load(&events->references[i]) > 0;

			if (is_used && events->sources[i] == source) {
				place = i;
				break;
			}
			if (!is_used && place == WF_EVENT_OUTLET_ANY)
				place = i;
		}
		if (place == WF_EVENT_OUTLET_ANY)
			return WF_EOVERLOADED;
		/* Where it was given back just now, it is taken anew. */
		events->sources[place] = source;
		atomic_fetch_add(&events->references[place], 1);
	}
	atomic_fetch_add(&events->subscriptions, 1);
	*outlet = place;
	return 0;
}

void wf_events_unsubscribe(struct wf_events *events, uint32_t outlet)
{
	if (outlet != WF_EVENT_OUTLET_ANY)
		atomic_fetch_sub(&events->references[outlet], 1);
	atomic_fetch_sub(&events->subscriptions, 1);
}

void wf_event_note(struct wf_job *job, const struct wf_event *event)
{
	struct wf_event *noted = wf_arena_take(&job->arena, sizeof *noted);

	if (noted == NULL) {
		job->events.lost++;
		return;
	}
	*noted = *event;
	noted->next = NULL;
	if (job->events.last == NULL)
		job->events.first = noted;
	else
		job->events.last->next = noted;
	job->events.last = noted;
}

uint64_t wf_events_outlets(const struct wf_events *events, struct wf_index *index, uint64_t cluster)
{
	uint64_t used = 0;

	for (uint32_t i = 0; i < WF_EVENT_OUTLETS_MAX; i++)
		used |= (uint64_t)(atomic_load_explicit(&events->references[i], memory_order_relaxed) > 0) << i;
	return used == 0 ? 0
			 : wf_index_sources(index, cluster, events->sources, WF_EVENT_OUTLETS_MAX, used,
					    WF_EVENT_ARTICLES_MAX);
}

void wf_events_note_decision(struct wf_events *events, struct wf_index *index, struct wf_job *job,
			     const struct wf_decision *decision, struct wf_bytes id)
{
	struct wf_event event = {
		.kind = WF_EVENT_MERGED,
		.into = decision->cluster,
		.size = decision->size,
		.size_most = decision->size,
		.outlets = wf_events_outlets(events, index, decision->cluster),
		.id = id,
	};

	for (uint32_t i = 0; i < decision->merged_count; i++) {
		event.cluster = decision->merged[i];
		wf_event_note(job, &event);
	}
	event.kind = wf_decision_founds(decision) ? WF_EVENT_NEW : WF_EVENT_GREW;
	event.cluster = decision->cluster;
	event.into = 0;
	wf_event_note(job, &event);
}

void wf_events_foresee_removal(const struct wf_events *events, struct wf_index *index, uint64_t number,
			       struct wf_bytes id, struct wf_event *event)
{
	struct wf_index_article article;

	if (wf_index_article(index, number, &article) < 0)
		article.cluster = 0;
	*event = (struct wf_event){
		.kind = WF_EVENT_REMOVED,
		.cluster = article.cluster,
		.size_most = wf_index_size(index, article.cluster),
		.outlets = wf_events_outlets(events, index, article.cluster),
		.id = id,
	};
	event->size = event->size_most == 0 ? 0 : event->size_most - 1;
}

bool wf_event_passes(const struct wf_event *event, uint64_t size_min, uint32_t outlet)
{
	return event->size_most >= size_min && (outlet == WF_EVENT_OUTLET_ANY || (event->outlets >> outlet & 1) != 0);
}

/* The notification, up to a map of its pairs. */
static void pack_start(struct wf_pack *pack, size_t pairs)
{
	wf_notification_start(pack, wf_bytes_of("event"), 1);
	wf_pack_map(pack, pairs);
}

static void pack_number(struct wf_pack *pack, const char *key, uint64_t number)
{
	wf_pack_words(pack, key);
	if (number == 0)
		wf_pack_nil(pack);
	else
		wf_pack_unsigned(pack, number);
}

void wf_event_pack(struct wf_pack *pack, const struct wf_event *event)
{
	static const char *const words[] = {
		[WF_EVENT_NEW] = "new",     [WF_EVENT_GREW] = "grew",       [WF_EVENT_MERGED] = "merged",
		[WF_EVENT_SPLIT] = "split", [WF_EVENT_REMOVED] = "removed",
	};

	pack_start(pack, 5);
	wf_pack_words(pack, "kind");
	wf_pack_words(pack, words[event->kind]);
	pack_number(pack, "cluster", event->cluster);
	wf_pack_words(pack, "size");
	wf_pack_unsigned(pack, event->size);
	wf_pack_words(pack, "id");
	wf_pack_optional_string(pack, event->id);
	pack_number(pack, "into", event->into);
}

void wf_event_pack_gap(struct wf_pack *pack, uint64_t lost)
{
	pack_start(pack, 6);
	wf_pack_words(pack, "kind");
	wf_pack_words(pack, "gap");
	pack_number(pack, "cluster", 0);
	pack_number(pack, "size", 0);
	wf_pack_words(pack, "id");
	wf_pack_nil(pack);
	pack_number(pack, "into", 0);
	wf_pack_words(pack, "lost");
	wf_pack_unsigned(pack, lost);
}
