#include <stdlib.h>

#include "conn_parts.h"
#include "server.h"
#include "subscription.h"

#define LEAVE_MS             2000u /* what is left to a client to take the last replies and go */
#define LEAVE_STOPPING_MS    250u  /* likewise, where the whole daemon waits for it */
#define GUESS_PAUSE_MS       1000u /* before a wrong token is answered */
#define STRANGER_BLOCK_BYTES 4096u /* of a reader that expects a token */

/* ---- bookkeeping ---- */

void wf_conn_count_reader(struct wf_conn *conn)
{
	size_t bytes = conn->reader == NULL ? 0 : wf_reader_memory_bytes(conn->reader);

	if (conn->tls != NULL && !conn->is_closing)
		bytes += wf_tls_memory_bytes(conn->tls);
	conn->server->bytes += bytes - conn->reader_bytes;
	conn->reader_bytes = bytes;
}

void wf_conn_count_reply(struct wf_conn *conn, size_t added, size_t taken)
{
	conn->reply_bytes += added - taken;
	conn->server->bytes += added - taken;
}

void wf_conn_written(struct wf_conn *conn, size_t bytes)
{
	conn->moved_ms = uv_now(&conn->server->loop);
	wf_conn_count_reply(conn, 0, bytes);
}

/* What the connection's client has under way for it is this, from now on. */
static void count_client(struct wf_conn *conn, size_t jobs, size_t bytes)
{
	if (conn->peer == NULL)
		return;
	conn->peer->jobs_count += jobs - conn->client_jobs;
	conn->peer->bytes += bytes - conn->client_bytes;
	conn->client_jobs = jobs;
	conn->client_bytes = bytes;
}

void wf_conn_append(struct wf_conn *conn, struct wf_job *job)
{
	job->conn = conn;
	job->origin = (uintptr_t)conn;
	if (conn->first == NULL)
		conn->first = job;
	else
		conn->last->next = job;
	conn->last = job;
	if (conn->unsent == NULL)
		conn->unsent = job;
	conn->jobs_count++;
	conn->jobs_bytes += job->cost_bytes;
	conn->server->bytes += job->cost_bytes;
	count_client(conn, conn->jobs_count, conn->jobs_bytes + wf_conn_replies(conn));
}

void wf_conn_finish(struct wf_job *job)
{
	struct wf_conn *conn = job->conn;

	wf_job_finish(job);
	job->stage = WF_JOB_FINISHED;
	wf_conn_count_reply(conn, job->reply.length, 0);
	conn->row_reply_bytes += job->reply.length;
	if (job->error.code != 0)
		wf_counter_add(&conn->server->counters.errors, 1);
}

/* ---- the end ---- */

static void free_conn(struct wf_conn *conn)
{
	struct wf_server *server = conn->server;

	wf_conn_list_remove(&server->conns, &conn->all);
	if (conn->is_refused)
		server->conns_refused_count--;
	wf_tls_session_free(conn->tls);
	free(conn);
}

/* The memory goes once the handle is closed, no job of it is with the pipeline and no write is under way. */
static void free_if_done(struct wf_conn *conn)
{
	if (conn->is_closed && conn->first == NULL && wf_sender_is_empty(&conn->sender) && !conn->is_pumping)
		free_conn(conn);
}

static void closed_cb(uv_handle_t *handle)
{
	struct wf_conn *conn = handle->data;

	conn->is_closed = true;
	free_if_done(conn);
}

/* It is none of the strangers' and of its client's connections. */
static void count_no_more(struct wf_conn *conn)
{
	wf_conn_list_remove(&conn->server->strangers, &conn->stranger);
	count_client(conn, 0, 0);
	wf_peers_leave(&conn->server->peers, conn->peer);
	conn->peer = NULL;
}

void wf_conn_close_socket(struct wf_conn *conn)
{
	if (conn->is_closing)
		return;
	wf_subscription_drop(conn);
	wf_conn_list_remove(&conn->server->waiting, &conn->waiting);
	if (conn->guess == NULL) /* else once its pause is over */
		count_no_more(conn);
	wf_conn_list_remove(&conn->server->shaking, &conn->shaking);
	if (!conn->is_refused)
		conn->server->conns_open_count--;
	conn->is_closing = true;
	conn->is_ended = true;
	conn->is_reading = false;
	wf_conn_count_reply(conn, 0, wf_sender_drop(&conn->sender));
	wf_reader_free(conn->reader);
	conn->reader = NULL;
	wf_conn_count_reader(conn);
	uv_close(&conn->socket.handle, closed_cb);
}

void wf_conn_close(struct wf_conn *conn)
{
	wf_conn_close_socket(conn);
	wf_conn_pump(conn);
}

static void shutdown_cb(uv_shutdown_t *request, int status)
{
	struct wf_conn *conn = request->data;

	if (status < 0 && !conn->is_closing)
		wf_conn_close(conn);
}

void wf_conn_flush(struct wf_conn *conn)
{
	size_t taken = 0;
	const int code = wf_sender_flush(&conn->sender, &taken);

	if (taken > 0)
		wf_conn_written(conn, taken);
	if (code < 0)
		wf_conn_close_socket(conn);
}

static void say_goodbye(struct wf_conn *conn)
{
	if (conn->tls == NULL || conn->is_closing)
		return;
	wf_tls_end(conn->tls);
	wf_conn_flush(conn);
}

/* Closing while the peer's bytes lie unread would reset the connection and could cost it our last words: our side is
 * shut down first, and what comes is dropped until the peer closes or its time is up. */
static void leave(struct wf_conn *conn)
{
	conn->is_leaving = true;
	conn->close_by_ms = uv_now(&conn->server->loop) + (conn->server->is_stopping ? LEAVE_STOPPING_MS : LEAVE_MS);
	conn->shutdown.data = conn;
	say_goodbye(conn);
	if (!conn->is_closing && uv_shutdown(&conn->shutdown, &conn->socket.stream, shutdown_cb) < 0)
		wf_conn_close_socket(conn);
}

/* ---- who may what ---- */

bool wf_conn_is_known(const struct wf_conn *conn)
{
	return conn->rights != WF_RIGHTS_NONE && (conn->tls == NULL || wf_tls_is_ready(conn->tls));
}

struct wf_reader_settings wf_conn_reader_settings(const struct wf_conn *conn)
{
	struct wf_reader_settings settings = {.message_bytes_max = conn->server->settings->request_bytes_max};

	if (conn->rights == WF_RIGHTS_NONE) {
		settings.message_bytes_max = WF_STRANGER_REQUEST_BYTES_MAX;
		settings.block_bytes_min = STRANGER_BLOCK_BYTES;
	}
	return settings;
}

void wf_conn_admit(struct wf_conn *conn, enum wf_rights rights)
{
	struct wf_reader_settings settings;

	conn->rights = rights;
	settings = wf_conn_reader_settings(conn);
	wf_reader_set(conn->reader, &settings);
	if (wf_conn_is_known(conn))
		wf_conn_list_remove(&conn->server->strangers, &conn->stranger);
}

void wf_conn_pause(struct wf_conn *conn, struct wf_job *job)
{
	job->stage = WF_JOB_SENT;
	conn->guess = job;
	conn->guess_until_ms = uv_now(&conn->server->loop) + GUESS_PAUSE_MS;
}

static void end_pause(struct wf_conn *conn)
{
	struct wf_job *job = conn->guess;

	conn->guess = NULL;
	wf_conn_finish(job);
	if (conn->is_closing)
		count_no_more(conn);
}

/* ---- all together ---- */

static bool may_read(const struct wf_conn *conn)
{
	return !conn->is_ended && !conn->is_full && !conn->waiting.is_in && !conn->shaking.is_in && conn->guess == NULL;
}

static bool has_events(const struct wf_conn *conn)
{
	return conn->subscriber != NULL && !wf_subscriber_is_empty(conn->subscriber);
}

/* No request is to come and all replies are with the socket, or cannot get there. */
static void end_if_done(struct wf_conn *conn)
{
	const bool is_mute = conn->tls != NULL && !wf_tls_is_ready(conn->tls);

	if (!conn->is_ended || conn->is_closing || conn->is_leaving || conn->first != NULL)
		return;
	if ((!wf_sender_is_empty(&conn->sender) || has_events(conn)) && !is_mute)
		return;
	if (conn->is_eof) {
		say_goodbye(conn);
		wf_conn_close_socket(conn);
	} else {
		leave(conn);
	}
}

void wf_conn_pump(struct wf_conn *conn)
{
	bool moved;

	if (conn->is_pumping)
		return;
	conn->is_pumping = true;
	do {
		wf_conn_take_messages(conn);
		wf_conn_send_jobs(conn);
		moved = wf_conn_write(conn);
	} while (moved && conn->is_full && !conn->is_closing);
	wf_conn_send_jobs(conn);
	if (conn->is_closing)
		wf_conn_drop_replies(conn);
	if (conn->is_eof && !conn->is_full && !conn->waiting.is_in && conn->guess == NULL)
		conn->is_ended = true;
	end_if_done(conn);
	if (conn->subscriber != NULL && !conn->subscriber->is_active && conn->barriers_count == 0 &&
	    wf_subscriber_is_empty(conn->subscriber))
		wf_subscription_drop(conn);
	if (conn->reader != NULL && conn->jobs_count == 0) {
		wf_reader_rest(conn->reader);
		wf_conn_count_reader(conn);
	}
	count_client(conn, conn->jobs_count, conn->jobs_bytes + wf_conn_replies(conn));
	wf_conn_set_reading(conn, !conn->is_eof && (conn->is_leaving || may_read(conn)));
	conn->is_pumping = false;
	free_if_done(conn);
}

void wf_conn_end(struct wf_conn *conn)
{
	conn->is_ended = true;
	wf_conn_pump(conn);
}

/* Nothing goes in or out, and it is not we who keep it waiting: a subscriber waits for what others do. */
static bool is_idle(const struct wf_conn *conn, uint64_t now_ms)
{
	const uint64_t timeout_ms = conn->server->settings->idle_timeout * 1000;

	return timeout_ms > 0 && now_ms - conn->moved_ms >= timeout_ms && conn->jobs_out == 0 && !conn->waiting.is_in &&
	       !conn->is_leaving && !conn->is_closing && conn->guess == NULL && conn->subscriber == NULL;
}

void wf_conn_tick(struct wf_conn *conn, uint64_t now_ms)
{
	if (conn->guess != NULL && (now_ms >= conn->guess_until_ms || conn->server->is_stopping)) {
		end_pause(conn);
		wf_conn_pump(conn); /* may be the last of it */
	} else if (conn->is_leaving && now_ms >= conn->close_by_ms && !conn->is_closing) {
		wf_conn_close(conn);
	} else if (is_idle(conn, now_ms)) {
		wf_counter_add(&conn->server->counters.connections_timed_out, 1);
		if (wf_sender_is_empty(&conn->sender))
			wf_conn_end(conn);
		else
			wf_conn_close(conn); /* it does not take what it has been given */
	}
}

void wf_conn_evict(struct wf_conn *conn)
{
	if (conn->guess != NULL)
		end_pause(conn);
	wf_conn_close(conn);
}

void wf_conn_dismiss(struct wf_conn *conn)
{
	struct wf_error error;

	if (conn->guess != NULL || (conn->tls != NULL && !wf_tls_is_ready(conn->tls))) {
		wf_conn_evict(conn);
		return;
	}
	wf_conn_list_remove(&conn->server->strangers, &conn->stranger);
	wf_error_set(&error, WF_EDENIED, "no token was shown within auth_timeout");
	conn->is_ended = true;
	wf_conn_refuse(conn, &error, false, 0);
	wf_conn_pump(conn);
}

void wf_conn_shed(struct wf_conn *conn)
{
	struct wf_error error;

	wf_error_set(&error, WF_EOVERLOADED,
		     "no memory for what this connection holds: requests or unread replies of %zu bytes",
		     conn->jobs_bytes + conn->reply_bytes + conn->reader_bytes);
	wf_counter_add(&conn->server->counters.connections_shed, 1);
	wf_reader_free(conn->reader);
	conn->reader = NULL;
	wf_conn_count_reader(conn);
	if (!wf_sender_is_empty(&conn->sender)) {
		wf_conn_close(conn); /* it does not take what it has been given, it would not hear this */
		return;
	}
	conn->is_ended = true;
	wf_conn_refuse(conn, &error, false, 0);
	wf_conn_pump(conn);
}
