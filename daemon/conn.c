#include "conn.h"

#include <stdlib.h>

#include "method.h"
#include "server.h"
#include "subscription.h"

#define COPIED_REPLY_BYTES_MAX 16384u     /* a reply up to this size is put together with its neighbours */
#define LEAVE_MS               2000u      /* what is left to a client to take the last replies and go */
#define LEAVE_STOPPING_MS      250u       /* likewise, where the whole daemon waits for it */
#define CONNS_REFUSED_MAX      64u        /* connections over the setting that are told so; more are dropped unheard */
#define READS_SENT_MAX         256u       /* reading requests of a connection with the pipeline */
#define READ_REPLY_BYTES_FIRST (1u << 20) /* what the first reply of a reading method is expected to be */
#define SMALL_READ_BYTES       16384u     /* what a connection that holds nothing may send when the memory is full */
#define SMALL_READER_BYTES     131072u    /* its reader's block, then */
#define READ_REPLY_BYTES_LEAST 4096u
#define GUESS_PAUSE_MS         1000u /* before a wrong token is answered */
#define KEEPALIVE_S            60u   /* of silence, after which a TCP peer is asked whether it is still there */
#define STRANGER_BLOCK_BYTES   4096u /* of a reader that expects a token */

/* ---- bookkeeping ---- */

static void count_reader(struct wf_conn *conn)
{
	size_t bytes = conn->reader == NULL ? 0 : wf_reader_memory_bytes(conn->reader);

	if (conn->tls != NULL && !conn->is_closing)
		bytes += wf_tls_memory_bytes(conn->tls);
	conn->server->bytes += bytes - conn->reader_bytes;
	conn->reader_bytes = bytes;
}

static void count_reply(struct wf_conn *conn, size_t added, size_t taken)
{
	conn->reply_bytes += added - taken;
	conn->server->bytes += added - taken;
}

static void written(struct wf_conn *conn, size_t bytes)
{
	conn->moved_ms = uv_now(&conn->server->loop);
	count_reply(conn, 0, bytes);
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

static void append(struct wf_conn *conn, struct wf_job *job)
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

static void finish(struct wf_job *job)
{
	struct wf_conn *conn = job->conn;

	wf_job_finish(job);
	job->stage = WF_JOB_FINISHED;
	count_reply(conn, job->reply.length, 0);
	conn->row_reply_bytes += job->reply.length;
	if (job->error.code != 0)
		wf_counter_add(&conn->server->counters.errors, 1);
}

/* ---- the end ---- */

static void free_conn(struct wf_conn *conn)
{
	struct wf_server *server = conn->server;

	if (conn->next != NULL)
		conn->next->previous = conn->previous;
	if (conn->previous != NULL)
		conn->previous->next = conn->next;
	else
		server->conns = conn->next;
	server->conns_count--;
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

static void wait_no_more(struct wf_conn *conn)
{
	struct wf_server *server = conn->server;
	struct wf_conn **link = &server->waiting;
	struct wf_conn *previous = NULL;

	if (!conn->is_waiting)
		return;
	while (*link != conn) {
		previous = *link;
		link = &previous->waiting_next;
	}
	*link = conn->waiting_next;
	if (server->waiting_last == conn)
		server->waiting_last = previous;
	conn->is_waiting = false;
}

static void shake_no_more(struct wf_conn *conn)
{
	struct wf_server *server = conn->server;

	if (!conn->is_shaking)
		return;
	if (conn->shaking_previous == NULL)
		server->shaking = conn->shaking_next;
	else
		conn->shaking_previous->shaking_next = conn->shaking_next;
	if (conn->shaking_next == NULL)
		server->shaking_last = conn->shaking_previous;
	else
		conn->shaking_next->shaking_previous = conn->shaking_previous;
	conn->is_shaking = false;
}

/* Takes it out of the list of strangers. */
static void welcome(struct wf_conn *conn)
{
	struct wf_server *server = conn->server;

	if (!conn->is_stranger)
		return;
	if (conn->stranger_previous == NULL)
		server->strangers = conn->stranger_next;
	else
		conn->stranger_previous->stranger_next = conn->stranger_next;
	if (conn->stranger_next == NULL)
		server->strangers_last = conn->stranger_previous;
	else
		conn->stranger_next->stranger_previous = conn->stranger_previous;
	conn->is_stranger = false;
	server->strangers_count--;
}

/* It is none of the strangers' and of its client's connections. */
static void count_no_more(struct wf_conn *conn)
{
	welcome(conn);
	count_client(conn, 0, 0);
	wf_peers_leave(&conn->server->peers, conn->peer);
	conn->peer = NULL;
}

static void close_socket(struct wf_conn *conn)
{
	if (conn->is_closing)
		return;
	wf_subscription_drop(conn);
	wait_no_more(conn);
	if (conn->guess == NULL) /* else once its pause is over */
		count_no_more(conn);
	shake_no_more(conn);
	if (!conn->is_refused)
		conn->server->conns_open_count--;
	conn->is_closing = true;
	conn->is_ended = true;
	conn->is_reading = false;
	count_reply(conn, 0, wf_sender_drop(&conn->sender));
	wf_reader_free(conn->reader);
	conn->reader = NULL;
	count_reader(conn);
	uv_close(&conn->socket.handle, closed_cb);
}

void wf_conn_close(struct wf_conn *conn)
{
	close_socket(conn);
	wf_conn_pump(conn);
}

static void shutdown_cb(uv_shutdown_t *request, int status)
{
	struct wf_conn *conn = request->data;

	if (status < 0 && !conn->is_closing)
		wf_conn_close(conn);
}

/* Hands on what the session has to say. */
static void flush(struct wf_conn *conn)
{
	size_t taken = 0;
	const int code = wf_sender_flush(&conn->sender, &taken);

	if (taken > 0)
		written(conn, taken);
	if (code < 0)
		close_socket(conn);
}

static void say_goodbye(struct wf_conn *conn)
{
	if (conn->tls == NULL || conn->is_closing)
		return;
	wf_tls_end(conn->tls);
	flush(conn);
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
		close_socket(conn);
}

/* ---- who may what ---- */

static bool is_known(const struct wf_conn *conn)
{
	return conn->rights != WF_RIGHTS_NONE && (conn->tls == NULL || wf_tls_is_ready(conn->tls));
}

/* Behind all that came before it. */
static void join_strangers(struct wf_conn *conn)
{
	struct wf_server *server = conn->server;

	conn->is_stranger = true;
	conn->stranger_previous = server->strangers_last;
	if (server->strangers == NULL)
		server->strangers = conn;
	else
		server->strangers_last->stranger_next = conn;
	server->strangers_last = conn;
	server->strangers_count++;
}

static struct wf_reader_settings reader_settings_of(const struct wf_conn *conn)
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
	settings = reader_settings_of(conn);
	wf_reader_set(conn->reader, &settings);
	if (is_known(conn))
		welcome(conn);
}

/* Keeps the reply to a wrong token back. */
static void pause_for_guess(struct wf_conn *conn, struct wf_job *job)
{
	job->stage = WF_JOB_SENT;
	conn->guess = job;
	conn->guess_until_ms = uv_now(&conn->server->loop) + GUESS_PAUSE_MS;
}

static void end_pause(struct wf_conn *conn)
{
	struct wf_job *job = conn->guess;

	conn->guess = NULL;
	finish(job);
	if (conn->is_closing)
		count_no_more(conn);
}

/* ---- messages in ---- */

static void start_job(struct wf_conn *conn, struct wf_job *job)
{
	struct wf_server *server = conn->server;
	int code;

	job->conn = conn;
	code = wf_request_of(wf_message_root(job->message), &job->request, &job->error);
	if (code == 0) {
		job->method = wf_method_find(job->request.method);
		code = wf_access_check(conn->rights, job->method, &job->error);
		if (code < 0)
			wf_counter_add(&server->counters.denied, 1);
		else if (job->method == NULL)
			code = wf_error_set(&job->error, WF_ENOMETHOD, "method: no such method: \"%.*s\"",
					    job->request.method.length < WF_METHOD_BYTES_MAX
						    ? (int)job->request.method.length
						    : (int)WF_METHOD_BYTES_MAX,
					    job->request.method.length == 0 ? "" : job->request.method.data);
	}
	if (code == 0) {
		wf_pack_init(&job->reply, server->settings->reply_bytes_max);
		code = job->method->start(server, job);
	}
	if (code != 0 && job->error.code == 0)
		wf_error_set(&job->error, code, "%s", wf_error_sentence(code));
	job->cost_bytes = sizeof *job + wf_message_memory_bytes(job->message) + job->items_count * sizeof *job->items;
	append(conn, job);
	if (job->error.code == WF_EDENIED && job->method != NULL && wf_method_is_for_strangers(job->method)) {
		pause_for_guess(conn, job);
		return;
	}
	if (job->error.code != 0 || job->method->index == NULL) {
		finish(job);
		return;
	}
	if (job->items_count == 0) {
		job->stage = WF_JOB_PREPARED;
		return;
	}
	job->stage = WF_JOB_PREPARING;
	if (wf_pipeline_prepare(&server->pipeline, job) == 0) {
		server->jobs_out++;
		conn->jobs_out++;
	} else {
		wf_error_set(&job->error, WF_ENOMEM, "out of memory for the request");
		finish(job);
	}
}

static void accept_message(struct wf_conn *conn, struct wf_message *message)
{
	struct wf_server *server = conn->server;
	const struct wf_value kind = wf_value_element(wf_message_root(message), 0);
	uint64_t number = WF_REQUEST_CALL;
	struct wf_job *job;

	/* A response answers nothing that we asked: answering it could go on for ever between two servers. */
	if (wf_value_kind(wf_message_root(message)) == WF_VALUE_ARRAY && wf_value_count(wf_message_root(message)) > 0 &&
	    wf_value_unsigned(kind, &number) && number == WF_REQUEST_RESPONSE) {
		wf_counter_add(&server->counters.responses_ignored, 1);
		wf_message_free(message);
		return;
	}
	wf_counter_add(number == WF_REQUEST_NOTIFICATION ? &server->counters.notifications : &server->counters.requests,
		       1);
	job = wf_job_new();
	if (job == NULL) {
		wf_message_free(message);
		close_socket(conn);
		return;
	}
	job->message = message;
	job->began_us = uv_hrtime() / 1000;
	start_job(conn, job);
}

/* Answers what was refused before it was a request. */
static void refuse(struct wf_conn *conn, const struct wf_error *error, bool has_msgid, uint64_t msgid)
{
	struct wf_job *job = wf_job_new();

	if (job == NULL) {
		close_socket(conn);
		return;
	}
	job->began_us = uv_hrtime() / 1000;
	job->request.has_msgid = has_msgid;
	job->request.msgid = msgid;
	job->error = *error;
	job->cost_bytes = sizeof *job;
	append(conn, job);
	finish(job);
}

static void take_refusal(struct wf_conn *conn, int code, const struct wf_refusal *refusal)
{
	struct wf_error error;

	wf_counter_add(&conn->server->counters.requests, 1);
	if (refusal->is_response)
		return;
	error = refusal->error;
	/* Its bounds are those of auth: what is past them is another method. */
	if (code == WF_ETOOLARGE && wf_access_check(conn->rights, NULL, &error) < 0)
		wf_counter_add(&conn->server->counters.denied, 1);
	refuse(conn, &error, refusal->has_msgid, refusal->msgid);
	if (code == WF_EMALFORMED) {
		wf_counter_add(&conn->server->counters.garbage, 1);
		conn->is_ended = true;
	}
}

static bool is_over(const struct wf_conn *conn, unsigned divisor)
{
	const struct wf_settings *settings = conn->server->settings;

	return conn->jobs_count >= (settings->connection_requests_max + divisor - 1) / divisor ||
	       conn->jobs_bytes >= settings->connection_bytes_max / divisor ||
	       conn->reply_bytes >= settings->connection_reply_bytes_max / divisor;
}

static void wait_for_room(struct wf_conn *conn)
{
	struct wf_server *server = conn->server;

	if (conn->is_waiting)
		return;
	conn->is_waiting = true;
	conn->waiting_next = NULL;
	if (server->waiting == NULL)
		server->waiting = conn;
	else
		server->waiting_last->waiting_next = conn;
	server->waiting_last = conn;
}

/* Whether the connection holds nothing: such ones are served also when others have filled the memory, a small request
 * at a time. */
static bool holds_nothing(const struct wf_conn *conn)
{
	return conn->jobs_count == 0 && wf_conn_replies(conn) == 0;
}

/* A large message waits until nothing is under way at all, then one goes on: it gives memory back when it is done. */
static bool may_take_when_full(const struct wf_conn *conn)
{
	return holds_nothing(conn) && (conn->reader_bytes <= SMALL_READER_BYTES || conn->server->jobs_out == 0);
}

/* ---- TLS ---- */

/* Whether the session may go on: a handshake needs a turn. */
static bool may_shake(struct wf_conn *conn)
{
	struct wf_server *server = conn->server;

	if (wf_tls_is_ready(conn->tls))
		return true;
	if (conn->is_shaking)
		return false;
	if (server->shakes_left > 0) {
		server->shakes_left--;
		return true;
	}
	conn->is_shaking = true;
	conn->shaking_next = NULL;
	conn->shaking_previous = server->shaking_last;
	if (server->shaking == NULL)
		server->shaking = conn;
	else
		server->shaking_last->shaking_next = conn;
	server->shaking_last = conn;
	return false;
}

void wf_conn_shake(struct wf_conn *conn)
{
	shake_no_more(conn);
	wf_conn_pump(conn);
}

/* A peer that speaks TLS hears why; others hear nothing. */
static void fail_tls(struct wf_conn *conn, const struct wf_error *error)
{
	struct wf_server *server = conn->server;

	wf_counter_add(&server->counters.tls_failures, 1);
	wf_log(&server->log, WF_LOG_DEBUG, "TLS failed", wf_log_text("error", error->text));
	conn->is_ended = true;
	if (wf_tls_is_spoken(conn->tls))
		flush(conn);
	else
		close_socket(conn);
}

/* Gets plain bytes out of those that came. Whether there are any. */
static bool decrypt(struct wf_conn *conn)
{
	struct wf_error error;
	size_t room;
	ssize_t length;
	char *space;

	if (conn->tls == NULL || !wf_tls_has_input(conn->tls) || !may_shake(conn))
		return false;
	space = wf_reader_space(conn->reader, &room);
	length = space == NULL ? WF_ENOMEM : wf_tls_read(conn->tls, space, room, &error);
	if (length == WF_ENOMEM) {
		close_socket(conn);
		return false;
	}
	if (length == WF_ECLOSED)
		conn->is_eof = true;
	else if (length < 0)
		fail_tls(conn, &error);
	else
		wf_reader_advance(conn->reader, (size_t)length);
	if (!conn->is_closing && is_known(conn))
		welcome(conn);
	if (!conn->is_closing)
		flush(conn);
	return length > 0 && !conn->is_closing;
}

static void take_messages(struct wf_conn *conn)
{
	struct wf_refusal refusal;
	struct wf_message *message;
	int code;

	if (conn->is_full && !is_over(conn, 2))
		conn->is_full = false;
	while (!conn->is_ended && !conn->is_closing && !conn->is_full && !conn->is_waiting && conn->guess == NULL) {
		if (is_over(conn, 1)) {
			conn->is_full = true;
			break;
		}
		if ((wf_server_is_full(conn->server) || wf_server_is_client_full(conn->server, conn->peer)) &&
		    !may_take_when_full(conn)) {
			wait_for_room(conn);
			break;
		}
		code = wf_reader_next(conn->reader, &message, &refusal);
		if (code == 0) {
			if (!decrypt(conn))
				break;
			continue;
		}
		if (code > 0)
			accept_message(conn, message);
		else
			take_refusal(conn, code, &refusal);
		count_reader(conn);
	}
	count_reader(conn);
}

/* ---- jobs to the pipeline ---- */

/* Reading jobs may be under way as long as their replies, if they are like those before, fit into the bound. */
static bool may_send(const struct wf_conn *conn, const struct wf_job *job)
{
	const size_t bound = conn->server->settings->connection_reply_bytes_max;

	if (conn->is_closing)
		return true; /* the reply goes nowhere, the effect is owed */
	if (job == conn->first && conn->reply_bytes - conn->row_reply_bytes < bound)
		return true; /* all replies in the row wait for this one */
	if (conn->reply_bytes >= bound)
		return false;
	if (job->method->read == NULL || conn->reads_sent == 0)
		return true;
	return conn->reads_sent < READS_SENT_MAX &&
	       (conn->reads_sent + 1) * conn->read_reply_bytes <= bound - conn->reply_bytes;
}

static void send_jobs(struct wf_conn *conn)
{
	struct wf_job *job;

	while ((job = conn->unsent) != NULL && job->stage != WF_JOB_PREPARING) {
		if (job->stage == WF_JOB_PREPARED && conn->is_closing && !job->method->may_write) {
			finish(job); /* it has no effect, and nobody hears the answer */
		} else if (job->stage == WF_JOB_PREPARED) {
			if (!may_send(conn, job))
				return;
			job->stage = WF_JOB_SENT;
			if (job->method->read != NULL) {
				job->is_lone_read = conn->reads_sent == 0 && conn->reply_bytes == 0;
				conn->reads_sent++;
			}
			conn->server->jobs_out++;
			conn->jobs_out++;
			wf_pipeline_send(&conn->server->pipeline, job);
		}
		conn->unsent = job->next;
	}
}

void wf_conn_job_returned(struct wf_job *job)
{
	struct wf_conn *conn = job->conn;
	struct wf_server *server = conn->server;

	server->jobs_out--;
	conn->jobs_out--;
	server->jobs_back++;
	if (job->stage == WF_JOB_SENT && job->method->read != NULL)
		atomic_fetch_sub(&server->pipeline.replies_bytes, job->reply.length);
	if (job->stage == WF_JOB_PREPARING) {
		job->stage = WF_JOB_PREPARED;
	} else {
		if (job->subscription != NULL)
			wf_subscription_settle(job);
		finish(job);
		if (job->method->read != NULL) {
			const size_t bytes =
				job->reply.length > READ_REPLY_BYTES_LEAST ? job->reply.length : READ_REPLY_BYTES_LEAST;

			conn->reads_sent--;
			/* What an error takes says nothing of the results to come. */
			if (job->error.code == 0)
				conn->read_reply_bytes = bytes > conn->read_reply_bytes
								 ? bytes
								 : (conn->read_reply_bytes * 7 + bytes) / 8;
		}
	}
}

/* ---- replies out ---- */

static void moved_cb(struct wf_sender *sender, size_t bytes, int status)
{
	struct wf_conn *conn = sender->context;

	conn->event_bytes -= bytes < conn->event_bytes ? bytes : conn->event_bytes;
	written(conn, bytes);
	if (status < 0)
		close_socket(conn);
	wf_conn_pump(conn);
}

/* Hands bytes to the socket, or puts them behind those that it has not taken. `owned`: the data is ours to keep and
 * free, else it is copied where it has to wait. */
static void write_out(struct wf_conn *conn, char *data, size_t length, bool owned)
{
	size_t taken;
	const int code = wf_sender_write(&conn->sender, data, length, owned, &taken);

	if (taken > 0)
		written(conn, taken);
	if (code < 0)
		close_socket(conn);
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
		count_reply(conn, length, 0);
		write_out(conn, data, length, true);
		conn->event_bytes = conn->is_closing ? 0 : conn->sender.bytes;
		moved = true;
	}
	return moved;
}

/* Drops what a closed connection will never take. */
static void drop_replies(struct wf_conn *conn)
{
	while (conn->first != NULL && conn->first->stage == WF_JOB_FINISHED) {
		struct wf_job *job = take_first(conn);

		count_reply(conn, 0, job->reply.length);
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
		drop_replies(conn);
	return moved;
}

/* Replies and events, as far as they may go. Whether a reply left the row. */
static bool write_all(struct wf_conn *conn)
{
	bool moved = write_replies(conn);

	while (write_events(conn) && is_due(conn))
		moved |= write_replies(conn);
	return moved;
}

/* ---- reading ---- */

static void space_cb(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct wf_conn *conn = handle->data;
	size_t room = 0;
	char *space = NULL;

	(void)suggested;
	if (conn->is_leaving) {
		space = conn->server->write_space; /* read and dropped */
		room = WF_SERVER_WRITE_BYTES;
	} else if (conn->tls != NULL) {
		/* To be decrypted from there; a record is all there before any of it is plain. */
		if (!wf_server_is_full(conn->server) || (holds_nothing(conn) && !wf_reader_is_inside(conn->reader))) {
			space = conn->server->write_space;
			room = wf_server_is_full(conn->server) ? SMALL_READ_BYTES : WF_SERVER_WRITE_BYTES;
		}
	} else if (!wf_server_is_full(conn->server)) {
		space = wf_reader_space(conn->reader, &room);
	} else if (holds_nothing(conn) && !wf_reader_is_inside(conn->reader)) {
		space = wf_reader_space(conn->reader, &room);
		room = room < SMALL_READ_BYTES ? room : SMALL_READ_BYTES;
	}
	/* More than int can count would look negative in the read callback. */
	*buffer = uv_buf_init(space, room > (1u << 30) ? 1u << 30 : (unsigned)room);
}

static void set_reading(struct wf_conn *conn, bool wanted);

static void received(struct wf_conn *conn, const char *data, size_t length)
{
	if (conn->tls == NULL)
		wf_reader_advance(conn->reader, length);
	else if (wf_tls_feed(conn->tls, (struct wf_bytes){data, length}) < 0)
		close_socket(conn);
}

static void read_cb(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct wf_conn *conn = stream->data;

	if (length == UV_ENOBUFS) {
		if (wf_server_is_full(conn->server)) {
			set_reading(conn, false);
			wait_for_room(conn);
		} else {
			close_socket(conn);
			wf_conn_pump(conn);
		}
		return;
	}
	if (length == 0) {
		if (conn->reader != NULL)
			wf_reader_rest(conn->reader);
		return;
	}
	conn->moved_ms = uv_now(&conn->server->loop);
	if (length == UV_EOF && !conn->is_leaving) {
		conn->is_eof = true;
	} else if (length < 0) {
		close_socket(conn);
	} else if (!conn->is_leaving) {
		received(conn, buffer->base, (size_t)length);
	}
	wf_conn_pump(conn);
}

static void set_reading(struct wf_conn *conn, bool wanted)
{
	if (wanted == conn->is_reading || conn->is_closing)
		return;
	conn->is_reading = wanted;
	if (!wanted)
		uv_read_stop(&conn->socket.stream);
	else if (uv_read_start(&conn->socket.stream, space_cb, read_cb) < 0)
		close_socket(conn);
}

/* ---- all together ---- */

static bool may_read(const struct wf_conn *conn)
{
	return !conn->is_ended && !conn->is_full && !conn->is_waiting && !conn->is_shaking && conn->guess == NULL;
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
		close_socket(conn);
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
		take_messages(conn);
		send_jobs(conn);
		moved = write_all(conn);
	} while (moved && conn->is_full && !conn->is_closing);
	send_jobs(conn);
	if (conn->is_closing)
		drop_replies(conn);
	if (conn->is_eof && !conn->is_full && !conn->is_waiting && conn->guess == NULL)
		conn->is_ended = true;
	end_if_done(conn);
	if (conn->subscriber != NULL && !conn->subscriber->is_active && conn->barriers_count == 0 &&
	    wf_subscriber_is_empty(conn->subscriber))
		wf_subscription_drop(conn);
	if (conn->reader != NULL && conn->jobs_count == 0) {
		wf_reader_rest(conn->reader);
		count_reader(conn);
	}
	count_client(conn, conn->jobs_count, conn->jobs_bytes + wf_conn_replies(conn));
	set_reading(conn, !conn->is_eof && (conn->is_leaving || may_read(conn)));
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

	return timeout_ms > 0 && now_ms - conn->moved_ms >= timeout_ms && conn->jobs_out == 0 && !conn->is_waiting &&
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
	welcome(conn);
	wf_error_set(&error, WF_EDENIED, "no token was shown within auth_timeout");
	conn->is_ended = true;
	refuse(conn, &error, false, 0);
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
	count_reader(conn);
	if (!wf_sender_is_empty(&conn->sender)) {
		wf_conn_close(conn); /* it does not take what it has been given, it would not hear this */
		return;
	}
	conn->is_ended = true;
	refuse(conn, &error, false, 0);
	wf_conn_pump(conn);
}

static int open_socket(struct wf_conn *conn, uv_stream_t *listener)
{
	uv_loop_t *loop = &conn->server->loop;

	return listener->type == UV_TCP ? uv_tcp_init(loop, &conn->socket.tcp)
					: uv_pipe_init(loop, &conn->socket.pipe, 0);
}

static enum wf_rights first_rights(const struct wf_server *server, const uv_stream_t *listener)
{
	const bool is_trusted = listener->type == UV_NAMED_PIPE && server->settings->unix_trusted;

	return is_trusted || wf_access_is_free(&server->access) ? WF_RIGHTS_ALL : WF_RIGHTS_NONE;
}

/* Tells a connection that is one too many so; it no longer counts as one. */
static void turn_away(struct wf_conn *conn, const char *setting, uint64_t number)
{
	struct wf_server *server = conn->server;
	struct wf_error error;

	conn->is_refused = true;
	server->conns_open_count--;
	server->conns_refused_count++;
	wf_counter_add(&server->counters.connections_refused, 1);
	if (server->conns_refused_count > CONNS_REFUSED_MAX || conn->tls != NULL) {
		close_socket(conn);
		return;
	}
	wf_error_set(&error, WF_EOVERLOADED, "too many connections: %s is %llu", setting, (unsigned long long)number);
	refuse(conn, &error, false, 0);
	conn->is_ended = true;
}

/* Strangers make room for those who come after them: else as many of them as there may be connections would keep out
 * all others. */
static void make_room(struct wf_server *server)
{
	const uint64_t count_max = server->settings->connections_max;

	while (server->strangers != NULL &&
	       (server->conns_open_count > count_max || server->strangers_count > count_max / 2)) {
		wf_counter_add(&server->counters.connections_evicted, 1);
		wf_conn_evict(server->strangers);
	}
}

/* Lets the connection in, if there is room for one more, and for one more of this client. */
static void let_in(struct wf_conn *conn)
{
	struct wf_server *server = conn->server;
	const struct wf_settings *settings = server->settings;
	const uint64_t client_max = settings->connections_per_client_max > 0
					    ? settings->connections_per_client_max
					    : settings->connections_max - settings->connections_max / 5;
	const struct wf_peer_key key = wf_peer_key_of(&conn->socket.stream);

	make_room(server);
	if (server->conns_open_count > settings->connections_max) {
		turn_away(conn, "connections_max", settings->connections_max);
		return;
	}
	conn->peer = wf_peers_enter(&server->peers, &key);
	if (conn->peer == NULL) {
		close_socket(conn);
	} else if (conn->peer->connections_count > client_max) {
		wf_peers_leave(&server->peers, conn->peer);
		conn->peer = NULL;
		turn_away(conn, "connections_per_client_max", client_max);
	} else if (!is_known(conn)) {
		join_strangers(conn);
	}
}

/* The connection before it has a socket. NULL: out of memory. */
static struct wf_conn *new_conn(struct wf_server *server, const uv_stream_t *listener)
{
	struct wf_conn *conn = calloc(1, sizeof *conn);

	if (conn == NULL)
		return NULL;
	conn->server = server;
	conn->read_reply_bytes = READ_REPLY_BYTES_FIRST;
	conn->began_ms = uv_now(&server->loop);
	conn->moved_ms = conn->began_ms;
	conn->rights = first_rights(server, listener);
	if (listener->type == UV_TCP && server->tls != NULL) {
		conn->tls = wf_tls_session_new(server->tls);
		if (conn->tls == NULL) {
			free(conn);
			return NULL;
		}
	}
	conn->sender = (struct wf_sender){
		.stream = &conn->socket.stream, .tls = conn->tls, .moved = moved_cb, .context = conn};
	return conn;
}

int wf_conn_accept(struct wf_server *server, uv_stream_t *listener)
{
	struct wf_conn *conn = new_conn(server, listener);
	struct wf_reader_settings reader_settings;
	int code;

	if (conn == NULL)
		return WF_ENOMEM;
	reader_settings = reader_settings_of(conn);
	code = open_socket(conn, listener);
	if (code < 0) {
		wf_tls_session_free(conn->tls);
		free(conn);
		return code;
	}
	conn->socket.handle.data = conn;
	conn->next = server->conns;
	if (server->conns != NULL)
		server->conns->previous = conn;
	server->conns = conn;
	server->conns_count++;
	server->conns_open_count++;
	wf_counter_add(&server->counters.connections_accepted, 1);
	if (uv_accept(listener, &conn->socket.stream) < 0 || wf_reader_new(&conn->reader, &reader_settings) < 0) {
		close_socket(conn);
		return 0;
	}
	if (listener->type == UV_TCP) {
		uv_tcp_nodelay(&conn->socket.tcp, 1);
		uv_tcp_keepalive(&conn->socket.tcp, 1, KEEPALIVE_S);
	}
	let_in(conn);
	wf_conn_pump(conn);
	return 0;
}
