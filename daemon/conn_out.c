#include "conn_parts.h"
#include "server.h"
#include "subscription.h"

#define COPIED_REPLY_BYTES_MAX 16384u /* a reply up to this size is put together with its neighbours */

/* Takes the first job, which is finished, out of the row; the caller has its reference. */
static struct wf_job *take_first(struct wf_conn *conn)
{
	struct wf_job *job = conn->first;

	if (conn->unsent == job)
		conn->unsent = job->next;
	conn->first = job->next;
	if (conn->first == NULL)
		conn->last = NULL;
	conn->jobs_count--;
	conn->row_reply_bytes -= job->reply.length;
	conn->jobs_bytes -= job->cost_bytes;
	conn->server->bytes -= job->cost_bytes;
	return job;
}

void wf_conn_moved_cb(struct wf_sender *sender, size_t bytes, int status)
{
	struct wf_conn *conn = sender->context;

	conn->event_bytes -= bytes < conn->event_bytes ? bytes : conn->event_bytes;
	wf_conn_written(conn, bytes);
	if (status < 0)
		wf_conn_close_socket(conn);
	wf_conn_pump(conn);
}

/* Hands bytes to the socket, or puts them behind those that it has not taken. `owned`: the data is ours to keep and
 * free, else it is copied where it has to wait. */
static void write_out(struct wf_conn *conn, char *data, size_t length, bool owned)
{
	size_t taken;
	const int code = wf_sender_write(&conn->sender, data, length, owned, &taken);

	if (taken > 0)
		wf_conn_written(conn, taken);
	if (code < 0)
		wf_conn_close_socket(conn);
}

static bool is_barrier(const struct wf_job *job)
{
	return job->subscription != NULL && job->subscription->is_settled;
}

/* The first reply in the row that leaves between two blocks of events; NULL: none. */
static const struct wf_job *first_barrier(const struct wf_conn *conn)
{
	const struct wf_job *job = conn->barriers_count == 0 ? NULL : conn->first;

	while (job != NULL && !is_barrier(job))
		job = job->next;
	return job;
}

/* Whether the reply at the front is there, and the events that come before it have left. */
static bool is_due(const struct wf_conn *conn)
{
	const struct wf_job *job = conn->first;

	if (job == NULL || job->stage != WF_JOB_FINISHED)
		return false;
	return !is_barrier(job) || conn->subscriber == NULL ||
	       conn->subscriber->blocks_taken >= job->subscription->blocks_before;
}

/* Hands the socket events, a block at a time and only once it has taken all before: what waits stays within the
 * subscriber's bound. Whether any left. */
static bool write_events(struct wf_conn *conn)
{
	const struct wf_job *barrier = first_barrier(conn);
	const uint64_t limit = barrier == NULL ? UINT64_MAX : barrier->subscription->blocks_before;
	bool moved = false;
	size_t length;
	char *data;

	while (!conn->is_closing && conn->subscriber != NULL && wf_sender_is_empty(&conn->sender) &&
	       (data = wf_subscriber_take(conn->subscriber, limit, &length)) != NULL) {
		wf_conn_count_reply(conn, length, 0);
		write_out(conn, data, length, true);
		conn->event_bytes = conn->is_closing ? 0 : conn->sender.bytes;
		moved = true;
	}
	return moved;
}

void wf_conn_drop_replies(struct wf_conn *conn)
{
	while (conn->first != NULL && conn->first->stage == WF_JOB_FINISHED) {
		struct wf_job *job = take_first(conn);

		wf_conn_count_reply(conn, 0, job->reply.length);
		wf_job_release(job);
	}
}

/* Puts finished replies together until the space is full; a large one, alone, is handed over as it is. */
static char *gather(struct wf_conn *conn, size_t *length, bool *owned, uint64_t now_us)
{
	struct wf_server *server = conn->server;
	char *space = server->write_space;
	size_t used = 0;

	*owned = false;
	while (is_due(conn)) {
		struct wf_job *job = conn->first;
		const size_t bytes = job->reply.length;

		if (bytes > COPIED_REPLY_BYTES_MAX ? used > 0 : bytes > WF_SERVER_WRITE_BYTES - used)
			break;
		take_first(conn);
		conn->barriers_count -= is_barrier(job);
		if (job->method != NULL)
			wf_histogram_record(&server->latency, now_us - job->began_us);
		if (bytes > COPIED_REPLY_BYTES_MAX) {
			space = wf_pack_take(&job->reply, &used);
			*owned = true;
		} else if (bytes > 0) {
			memcpy(space + used, job->reply.data, bytes);
			used += bytes;
		}
		wf_job_release(job);
		if (*owned)
			break;
	}
	*length = used;
	return space;
}

/* Whether anything left the row. */
static bool write_replies(struct wf_conn *conn)
{
	const uint64_t now_us = uv_hrtime() / 1000;
	bool moved = false;

	while (!conn->is_closing && is_due(conn)) {
		bool owned;
		size_t length;
		char *data = gather(conn, &length, &owned, now_us);

		moved = true;
		if (length > 0)
			write_out(conn, data, length, owned);
	}
	if (conn->is_closing)
		wf_conn_drop_replies(conn);
	return moved;
}

bool wf_conn_write(struct wf_conn *conn)
{
	bool moved = write_replies(conn);

	while (write_events(conn) && is_due(conn))
		moved |= write_replies(conn);
	return moved;
}
