#include "conn_parts.h"
#include "method.h"
#include "server.h"
#include "subscription.h"

#define READS_SENT_MAX         256u    /* reading requests of a connection with the pipeline */
#define READ_REPLY_BYTES_LEAST 4096u   /* what the reply of one is expected to be, at least */
#define SMALL_READ_BYTES       16384u  /* what a connection that holds nothing may send when the memory is full */
#define SMALL_READER_BYTES     131072u /* its reader's block, then */

/* ---- messages ---- */

/* Whether the job's items could be prepared at once: it is small, and one of few in this turn of the loop. */
static bool prepare_here(struct wf_server *server, struct wf_job *job)
{
	if (server->prepares_left == 0 || !wf_pipeline_prepare_here(&server->pipeline, job))
		return false;
	server->prepares_left--;
	return true;
}

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
	wf_conn_append(conn, job);
	if (job->error.code == WF_EDENIED && job->method != NULL && wf_method_is_for_strangers(job->method)) {
		wf_conn_pause(conn, job);
		return;
	}
	if (job->error.code != 0 || job->method->index == NULL) {
		wf_conn_finish(job);
		return;
	}
	if (job->items_count == 0 || prepare_here(server, job)) {
		job->stage = WF_JOB_PREPARED;
		return;
	}
	job->stage = WF_JOB_PREPARING;
	if (wf_pipeline_prepare(&server->pipeline, job) == 0) {
		server->jobs_out++;
		conn->jobs_out++;
	} else {
		wf_error_set(&job->error, WF_ENOMEM, "out of memory for the request");
		wf_conn_finish(job);
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
		wf_conn_close_socket(conn);
		return;
	}
	job->message = message;
	job->began_us = uv_hrtime() / 1000;
	start_job(conn, job);
}

void wf_conn_refuse(struct wf_conn *conn, const struct wf_error *error, bool has_msgid, uint64_t msgid)
{
	struct wf_job *job = wf_job_new();

	if (job == NULL) {
		wf_conn_close_socket(conn);
		return;
	}
	job->began_us = uv_hrtime() / 1000;
	job->request.has_msgid = has_msgid;
	job->request.msgid = msgid;
	job->error = *error;
	job->cost_bytes = sizeof *job;
	wf_conn_append(conn, job);
	wf_conn_finish(job);
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
	wf_conn_refuse(conn, &error, refusal->has_msgid, refusal->msgid);
	if (code == WF_EMALFORMED) {
		wf_counter_add(&conn->server->counters.garbage, 1);
		conn->is_ended = true;
	}
}

/* ---- bounds ---- */

static bool is_over(const struct wf_conn *conn, unsigned divisor)
{
	const struct wf_settings *settings = conn->server->settings;

	return conn->jobs_count >= (settings->connection_requests_max + divisor - 1) / divisor ||
	       conn->jobs_bytes >= settings->connection_bytes_max / divisor ||
	       conn->reply_bytes >= settings->connection_reply_bytes_max / divisor;
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
	if (conn->shaking.is_in)
		return false;
	if (server->shakes_left > 0) {
		server->shakes_left--;
		return true;
	}
	wf_conn_list_append(&server->shaking, &conn->shaking, conn);
	return false;
}

void wf_conn_shake(struct wf_conn *conn)
{
	wf_conn_list_remove(&conn->server->shaking, &conn->shaking);
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
		wf_conn_flush(conn);
	else
		wf_conn_close_socket(conn);
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
		wf_conn_close_socket(conn);
		return false;
	}
	if (length == WF_ECLOSED)
		conn->is_eof = true;
	else if (length < 0)
		fail_tls(conn, &error);
	else
		wf_reader_advance(conn->reader, (size_t)length);
	if (!conn->is_closing && wf_conn_is_known(conn))
		wf_conn_list_remove(&conn->server->strangers, &conn->stranger);
	if (!conn->is_closing)
		wf_conn_flush(conn);
	return length > 0 && !conn->is_closing;
}

void wf_conn_take_messages(struct wf_conn *conn)
{
	struct wf_refusal refusal;
	struct wf_message *message;
	int code;

	if (conn->is_full && !is_over(conn, 2))
		conn->is_full = false;
	while (!conn->is_ended && !conn->is_closing && !conn->is_full && !conn->waiting.is_in && conn->guess == NULL) {
		if (is_over(conn, 1)) {
			conn->is_full = true;
			break;
		}
		if ((wf_server_is_full(conn->server) || wf_server_is_client_full(conn->server, conn->peer)) &&
		    !may_take_when_full(conn)) {
			wf_conn_list_append(&conn->server->waiting, &conn->waiting, conn);
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
		wf_conn_count_reader(conn);
	}
	wf_conn_count_reader(conn);
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

void wf_conn_send_jobs(struct wf_conn *conn)
{
	struct wf_job *job;

	while ((job = conn->unsent) != NULL && job->stage != WF_JOB_PREPARING) {
		if (job->stage == WF_JOB_PREPARED && conn->is_closing && !job->method->may_write) {
			wf_conn_finish(job); /* it has no effect, and nobody hears the answer */
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
		wf_conn_finish(job);
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

static void received(struct wf_conn *conn, const char *data, size_t length)
{
	if (conn->tls == NULL)
		wf_reader_advance(conn->reader, length);
	else if (wf_tls_feed(conn->tls, (struct wf_bytes){data, length}) < 0)
		wf_conn_close_socket(conn);
}

static void read_cb(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct wf_conn *conn = stream->data;

	if (length == UV_ENOBUFS) {
		if (wf_server_is_full(conn->server)) {
			wf_conn_set_reading(conn, false);
			wf_conn_list_append(&conn->server->waiting, &conn->waiting, conn);
		} else {
			wf_conn_close_socket(conn);
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
		wf_conn_close_socket(conn);
	} else if (!conn->is_leaving) {
		received(conn, buffer->base, (size_t)length);
	}
	wf_conn_pump(conn);
}

void wf_conn_set_reading(struct wf_conn *conn, bool wanted)
{
	if (wanted == conn->is_reading || conn->is_closing)
		return;
	conn->is_reading = wanted;
	if (!wanted)
		uv_read_stop(&conn->socket.stream);
	else if (uv_read_start(&conn->socket.stream, space_cb, read_cb) < 0)
		wf_conn_close_socket(conn);
}
