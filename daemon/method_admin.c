/* The methods about the daemon itself: stats, info, ping, auth. */
#include "method.h"
#include "pipeline.h"
#include "server.h"

static int no_params(struct wf_job *job)
{
	wf_request_params(&job->request, 0, 0, "[]", &job->error);
	return job->error.code;
}

int wf_method_ping_start(struct wf_server *server, struct wf_job *job)
{
	(void)server;
	if (no_params(job) < 0)
		return job->error.code;
	wf_job_reply(job);
	wf_pack_words(&job->reply, "pong");
	return 0;
}

/* A wrong token is answered after a pause: conn.h. */
int wf_method_auth_start(struct wf_server *server, struct wf_job *job)
{
	const struct wf_cursor params = wf_request_params(&job->request, 1, 1, "[token]", &job->error);
	const struct wf_cursor param = wf_cursor_element(&params, 0, "token");
	struct wf_bytes token;
	enum wf_rights rights;

	if (job->error.code != 0)
		return job->error.code;
	token = wf_cursor_string(&param, 0, SIZE_MAX);
	if (job->error.code != 0)
		return job->error.code;
	rights = wf_access_is_free(&server->access) ? WF_RIGHTS_ALL : wf_access_rights_of(&server->access, token);
	if (rights == WF_RIGHTS_NONE) {
		wf_counter_add(&server->counters.auth_failures, 1);
		return wf_error_set(&job->error, WF_EDENIED, "token: not the right one");
	}
	wf_conn_admit(job->conn, rights);
	wf_job_reply(job);
	wf_pack_boolean(&job->reply, true);
	return 0;
}

/* ---- info ---- */

static void pack_octal(struct wf_pack *pack, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof text, "%04llo", (unsigned long long)number);
	wf_pack_words(pack, text);
}

static void pack_setting(struct wf_pack *pack, const struct wf_setting_value *value)
{
	wf_pack_words(pack, value->name);
	switch (value->kind) {
	case WF_SETTING_PATH:
	case WF_SETTING_LEVEL:
		wf_pack_words(pack, value->text);
		break;
	case WF_SETTING_MODE:
		pack_octal(pack, value->number);
		break;
	case WF_SETTING_COUNT:
	case WF_SETTING_BYTES:
	case WF_SETTING_SECONDS:
		wf_pack_unsigned(pack, value->number);
		break;
	case WF_SETTING_SWITCH:
		wf_pack_boolean(pack, value->number != 0);
		break;
	case WF_SETTING_RATIO:
		wf_pack_number(pack, value->ratio);
		break;
	}
}

int wf_method_info_start(struct wf_server *server, struct wf_job *job)
{
	struct wf_pack *reply = &job->reply;

	if (no_params(job) < 0)
		return job->error.code;
	wf_job_reply(job);
	wf_pack_map(reply, 5);
	wf_pack_words(reply, "name");
	wf_pack_words(reply, "wirefoldd");
	wf_pack_words(reply, "version");
	wf_pack_words(reply, WF_SERVER_VERSION);
	wf_pack_words(reply, "protocol");
	wf_pack_unsigned(reply, 1);
	wf_pack_words(reply, "methods");
	wf_pack_array(reply, wf_method_count());
	for (size_t i = 0; i < wf_method_count(); i++)
		wf_pack_words(reply, wf_method_at(i)->name);
	wf_pack_words(reply, "settings");
	wf_pack_map(reply, wf_settings_count());
	for (size_t i = 0; i < wf_settings_count(); i++) {
		const struct wf_setting_value value = wf_settings_value(server->settings, i);

		pack_setting(reply, &value);
	}
	return 0;
}

/* ---- stats ---- */

/* What each thread adds in its turn. */
struct found {
	/* the loop's */
	uint64_t uptime_s;
	uint64_t p50;
	uint64_t p99;
	uint64_t p999;
	uint64_t latency_max;
	uint64_t connections;
	uint64_t recent_bytes;
	uint64_t in_flight_bytes;
	uint64_t subscribers;
	uint64_t subscriber_bytes;
	/* the indexer's */
	struct wf_index_stats index;
	uint64_t ids_bytes;
	uint64_t pending;
	bool writes_refused;
};

int wf_method_stats_start(struct wf_server *server, struct wf_job *job)
{
	struct found *found;

	if (no_params(job) < 0)
		return job->error.code;
	found = wf_arena_take(&job->arena, sizeof *found);
	if (found == NULL)
		return WF_ENOMEM;
	*found = (struct found){
		.uptime_s = (uv_now(&server->loop) - server->started_ms) / 1000,
		.p50 = wf_histogram_quantile(&server->latency, 0.5),
		.p99 = wf_histogram_quantile(&server->latency, 0.99),
		.p999 = wf_histogram_quantile(&server->latency, 0.999),
		.latency_max = server->latency.value_max,
		.connections = server->conns.count,
		.in_flight_bytes = server->bytes,
		.subscribers = server->subscribers_count,
	};
	for (const struct wf_subscriber *one = server->subscribers; one != NULL; one = one->next)
		found->subscriber_bytes += one->bytes;
	job->found = found;
	return 0;
}

int wf_method_stats_index(struct wf_indexer *indexer, struct wf_job *job)
{
	struct found *found = job->found;

	wf_index_stats(indexer->index, &found->index);
	found->ids_bytes = wf_id_index_memory_bytes(&indexer->ids);
	found->recent_bytes = wf_recent_memory_bytes(&indexer->recent);
	found->pending = indexer->pending.count;
	found->writes_refused = indexer->is_refusing;
	return 0;
}

static void pack_count(struct wf_pack *pack, const char *key, uint64_t count)
{
	wf_pack_words(pack, key);
	wf_pack_unsigned(pack, count);
}

static uint64_t resident_bytes(void)
{
	size_t bytes = 0;

	return uv_resident_set_memory(&bytes) == 0 ? bytes : 0;
}

#define COUNTERS_COUNT (sizeof(struct wf_counters) / sizeof(atomic_uint_fast64_t))

static void pack_counters(struct wf_pack *pack, const struct wf_counters *counters)
{
	wf_pack_words(pack, "counters");
	wf_pack_map(pack, COUNTERS_COUNT);
#define X(name) pack_count(pack, #name, wf_counter_read(&counters->name));
	WF_COUNTER_MAP(X)
#undef X
}

int wf_method_stats_read(struct wf_reading *reading, struct wf_job *job)
{
	const struct found *found = job->found;
	const struct wf_index_stats *index = &found->index;
	struct wf_pack *reply = &job->reply;

	wf_job_reply(job);
	wf_pack_map(reply, 18);
	pack_count(reply, "articles", index->articles);
	pack_count(reply, "clusters", index->clusters);
	pack_count(reply, "uptime", found->uptime_s);
	pack_count(reply, "store_bytes", wf_store_bytes(reading->pipeline->store));
	pack_count(reply, "memory_bytes",
		   index->memory_bytes + found->ids_bytes + found->recent_bytes + found->in_flight_bytes +
			   found->subscriber_bytes);
	pack_count(reply, "resident_bytes", resident_bytes());
	pack_count(reply, "index_bytes", index->memory_bytes);
	pack_count(reply, "id_index_bytes", found->ids_bytes);
	pack_count(reply, "in_flight_bytes", found->in_flight_bytes);
	pack_count(reply, "subscribers", found->subscribers);
	pack_count(reply, "subscriber_bytes", found->subscriber_bytes);
	wf_pack_words(reply, "candidates_per_article");
	wf_pack_number(reply, index->decisions == 0 ? 0 : (double)index->candidates / (double)index->decisions);
	pack_count(reply, "candidates_p999", index->candidates_p999);
	pack_count(reply, "candidates_max", index->candidates_max);
	pack_count(reply, "connections", found->connections);
	wf_pack_words(reply, "writes_refused");
	wf_pack_boolean(reply, found->writes_refused);
	wf_pack_words(reply, "latency_us");
	wf_pack_map(reply, 4);
	pack_count(reply, "p50", found->p50);
	pack_count(reply, "p99", found->p99);
	pack_count(reply, "p999", found->p999);
	pack_count(reply, "max", found->latency_max);
	pack_counters(reply, reading->pipeline->counters);
	return 0;
}
