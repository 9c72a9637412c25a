#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "subscription.h"

#define TICK_MS          250u
#define ACCEPTS_MAX      16u    /* connections taken in a turn of the loop */
#define PREPARES_MAX     2u     /* small requests prepared by the loop in a turn; more are for the workers */
#define SHAKES_MAX       4u     /* steps of handshakes in a turn, of a millisecond or less each */
#define CERTIFICATE_DAYS 14     /* left to a certificate, under which the log says so */
#define STALLED_MS       1000u  /* without a byte moving: what may be closed where memory is needed */
#define FULL_MS          5000u  /* memory full for so long: half-sent requests may go, too */
#define STOP_GRACE_MS    5000u  /* for clients that do not take their last replies */
#define REFUSAL_PAUSE_MS 10000u /* between two lines of the log about connections that could not be accepted */

static void stop(struct wf_server *server);

bool wf_server_is_full(const struct wf_server *server)
{
	return server->bytes >= server->settings->in_flight_bytes_max;
}

bool wf_server_is_client_full(const struct wf_server *server, const struct wf_peer *peer)
{
	const struct wf_settings *settings = server->settings;
	const uint64_t bytes_max =
		settings->client_bytes_max > 0 ? settings->client_bytes_max : settings->in_flight_bytes_max / 2;

	return peer != NULL && (peer->jobs_count >= settings->client_requests_max || peer->bytes >= bytes_max);
}

void wf_server_resume(struct wf_server *server)
{
	if (server->is_resuming)
		return;
	server->is_resuming = true;
	if (server->bytes < server->settings->in_flight_bytes_max / 2)
		server->full_since_ms = 0;
	/* Each connection that waits now has one turn; those that must wait again are behind. */
	for (size_t turns = server->waiting.count; turns > 0 && server->waiting.count > 0; turns--) {
		struct wf_conn *conn = wf_conn_list_first(&server->waiting);

		if (server->bytes >= server->settings->in_flight_bytes_max / 2 && server->jobs_out > 0)
			break;
		wf_conn_list_remove(&server->waiting, &conn->waiting);
		wf_conn_pump(conn);
	}
	server->is_resuming = false;
}

static void close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Once stopping: ends the loop when nothing is left to answer. */
static void end_if_done(struct wf_server *server)
{
	if (!server->is_stopping || server->conns.count > 0 || server->jobs_out > 0)
		return;
	close_handle((uv_handle_t *)&server->tick);
	close_handle((uv_handle_t *)&server->turn);
	close_handle((uv_handle_t *)&server->idle);
	close_handle((uv_handle_t *)&server->returned);
	for (size_t i = 0; i < WF_SIGNALS_COUNT; i++)
		close_handle((uv_handle_t *)&server->signals[i]);
}

/* Those that have been told something. */
static void pump_subscribers(struct wf_server *server)
{
	struct wf_subscriber *next;

	for (struct wf_subscriber *subscriber = server->subscribers; subscriber != NULL; subscriber = next) {
		next = subscriber->next;
		if (!wf_subscriber_is_empty(subscriber) && wf_sender_is_empty(&subscriber->conn->sender))
			wf_conn_pump(subscriber->conn);
	}
}

static void returned_cb(uv_async_t *async)
{
	struct wf_server *server = async->data;
	struct wf_job *job = wf_pipeline_take_returned(&server->pipeline);
	struct wf_conn_list touched = {.count = 0};

	while (job != NULL) {
		struct wf_job *next = job->queue_next;
		struct wf_conn *conn = job->conn;

		if (server->subscribers != NULL && job->error.code == 0)
			wf_subscribers_tell(server, &job->events);
		if (conn == NULL) {
			wf_job_release(job);
			job = next;
			continue;
		}
		wf_conn_job_returned(job);
		wf_conn_list_append(&touched, &conn->touched, conn);
		job = next;
	}
	while (touched.count > 0) {
		struct wf_conn *conn = wf_conn_list_first(&touched);

		wf_conn_list_remove(&touched, &conn->touched);
		wf_conn_pump(conn);
	}
	pump_subscribers(server);
	atomic_store(&server->pipeline.in_flight_bytes, server->bytes);
	wf_server_resume(server);
	end_if_done(server);
}

/* Any thread. */
static void wake_cb(void *context)
{
	struct wf_server *server = context;

	uv_async_send(&server->returned);
}

static size_t bytes_of(const struct wf_conn *conn)
{
	return conn->jobs_bytes + wf_conn_replies(conn) + conn->reader_bytes;
}

/* Whether the connection's client has had as much as it may for some time. */
static bool is_client_stuck(const struct wf_conn *conn, uint64_t now_ms)
{
	return conn->peer != NULL && conn->peer->full_since_ms != 0 && now_ms - conn->peer->full_since_ms >= STALLED_MS;
}

/* The connection that holds the most and does nothing with it, of all or of clients that are stuck; NULL: none. */
static struct wf_conn *worst_of(const struct wf_server *server, bool with_replies, bool of_stuck_clients)
{
	const uint64_t now_ms = uv_now(&server->loop);
	struct wf_conn *worst = NULL;

	for (struct wf_conn *conn = wf_conn_list_first(&server->conns); conn != NULL;
	     conn = wf_conn_list_after(&conn->all)) {
		if (conn->is_closing || conn->jobs_out > 0 || now_ms - conn->moved_ms < STALLED_MS)
			continue;
		if ((with_replies && wf_conn_replies(conn) == 0) ||
		    (of_stuck_clients && !is_client_stuck(conn, now_ms)))
			continue;
		if (bytes_of(conn) > 0 && (worst == NULL || bytes_of(conn) > bytes_of(worst)))
			worst = conn;
	}
	return worst;
}

static size_t replies_bytes(const struct wf_server *server)
{
	size_t bytes = 0;

	for (const struct wf_conn *conn = wf_conn_list_first(&server->conns); conn != NULL;
	     conn = wf_conn_list_after(&conn->all))
		bytes += conn->reply_bytes;
	return bytes;
}

static void shed(struct wf_server *server, struct wf_conn *conn)
{
	wf_log(&server->log, WF_LOG_WARNING, "connection shed", wf_log_count("bytes", bytes_of(conn)));
	wf_conn_shed(conn);
}

/* When memory stays full, whoever does not take its replies goes. Where replies are not what fills it, and nothing
 * moves or it lasts, whoever has sent the most of a request that does not end goes: else the daemon would stand still
 * for all. */
static void shed_of_all(struct wf_server *server)
{
	const uint64_t now_ms = uv_now(&server->loop);
	const bool is_still = server->jobs_out == 0 && server->jobs_back == server->jobs_back_at_tick;
	struct wf_conn *worst;

	if (!wf_server_is_full(server) || server->full_since_ms == 0) {
		server->full_since_ms = wf_server_is_full(server) ? now_ms : 0;
		return;
	}
	if (now_ms - server->full_since_ms < STALLED_MS)
		return;
	worst = worst_of(server, true, false);
	if (worst == NULL && replies_bytes(server) < server->settings->in_flight_bytes_max / 2 &&
	    (is_still || now_ms - server->full_since_ms >= FULL_MS))
		worst = worst_of(server, false, false);
	if (worst != NULL)
		shed(server, worst);
}

/* Likewise for a client alone: where it may have no more since some of its connections do not take their replies,
 * these go, so that its others go on. */
static void shed_of_clients(struct wf_server *server)
{
	const uint64_t now_ms = uv_now(&server->loop);
	struct wf_conn *worst;

	for (struct wf_conn *conn = wf_conn_list_first(&server->conns); conn != NULL;
	     conn = wf_conn_list_after(&conn->all)) {
		struct wf_peer *peer = conn->peer;

		if (peer != NULL && !wf_server_is_client_full(server, peer))
			peer->full_since_ms = 0;
		else if (peer != NULL && peer->full_since_ms == 0)
			peer->full_since_ms = now_ms;
	}
	worst = worst_of(server, true, true);
	if (worst != NULL)
		shed(server, worst);
}

/* Those who do not show who they are in time go. */
static void dismiss_strangers(struct wf_server *server)
{
	const struct wf_settings *settings = server->settings;
	const uint64_t now_ms = uv_now(&server->loop);

	while (server->strangers.count > 0 && settings->auth_timeout > 0 &&
	       now_ms - wf_conn_list_first(&server->strangers)->began_ms >= settings->auth_timeout * 1000) {
		wf_counter_add(&server->counters.connections_timed_out, 1);
		wf_conn_dismiss(wf_conn_list_first(&server->strangers));
	}
}

static void tick_cb(uv_timer_t *timer)
{
	struct wf_server *server = timer->data;
	const uint64_t now_ms = uv_now(&server->loop);
	const bool is_late =
		server->is_stopping && server->jobs_out == 0 && now_ms - server->stopping_since_ms > STOP_GRACE_MS;
	struct wf_conn *next;

	for (struct wf_conn *conn = wf_conn_list_first(&server->conns); conn != NULL; conn = next) {
		next = wf_conn_list_after(&conn->all);
		if (is_late && !conn->is_closing && conn->guess == NULL)
			wf_conn_close(conn);
		else
			wf_conn_tick(conn, now_ms);
	}
	dismiss_strangers(server);
	shed_of_all(server);
	shed_of_clients(server);
	server->jobs_back_at_tick = server->jobs_back;
	atomic_store(&server->pipeline.in_flight_bytes, server->bytes);
	wf_server_resume(server);
	end_if_done(server);
}

/* libuv calls for one connection after another as long as they come: without a bound, clients that connect over and
 * over would keep all others waiting. */
static void take_connection(struct wf_server *server, struct wf_listener *listener)
{
	if (server->accepts < ACCEPTS_MAX && wf_conn_accept(server, &listener->socket.stream) == 0)
		server->accepts++;
	else
		listener->waits = true;
}

/* Where file descriptors are out, this comes as often as somebody tries: the log hears of it now and then. */
static void tell_refusal(struct wf_server *server, int status)
{
	const uint64_t now_ms = uv_now(&server->loop);

	if (server->refusal_told_ms != 0 && now_ms - server->refusal_told_ms < REFUSAL_PAUSE_MS)
		return;
	server->refusal_told_ms = now_ms;
	wf_log(&server->log, WF_LOG_WARNING, "connection not accepted", wf_log_text("error", uv_strerror(status)));
}

static void accept_cb(uv_stream_t *stream, int status)
{
	struct wf_listener *listener = (struct wf_listener *)(void *)stream;
	struct wf_server *server = stream->data;

	if (status < 0)
		tell_refusal(server, status);
	else
		take_connection(server, listener);
}

static void idle_cb(uv_idle_t *idle)
{
	(void)idle;
}

/* Many handshakes at once would hold up all others: between a few of them, everybody else has a turn. */
static void shake(struct wf_server *server)
{
	server->shakes_left = SHAKES_MAX;
	for (unsigned turns = SHAKES_MAX; turns > 0 && server->shaking.count > 0; turns--)
		wf_conn_shake(wf_conn_list_first(&server->shaking));
	if (server->shaking.count > 0)
		uv_idle_start(&server->idle, idle_cb);
	else
		uv_idle_stop(&server->idle);
}

/* A listener with a connection that was not taken does not call again until it is. */
static void turn_cb(uv_prepare_t *turn)
{
	struct wf_server *server = turn->data;

	server->accepts = 0;
	server->prepares_left = PREPARES_MAX;
	shake(server);
	for (size_t i = 0; i < server->listeners_count; i++) {
		struct wf_listener *listener = &server->listeners[i];
		const bool waits = listener->waits;

		listener->waits = false;
		if (waits && !server->is_stopping)
			take_connection(server, listener);
	}
}

static void signal_cb(uv_signal_t *handle, int number)
{
	struct wf_server *server = handle->data;
	struct wf_conn *next;

	wf_log(&server->log, WF_LOG_INFO, "signal", wf_log_count("number", (uint64_t)number),
	       wf_log_text("action", server->is_stopping ? "close connections now" : "finish and stop"));
	if (!server->is_stopping) {
		stop(server);
		return;
	}
	server->is_hurried = true;
	for (struct wf_conn *conn = wf_conn_list_first(&server->conns); conn != NULL; conn = next) {
		next = wf_conn_list_after(&conn->all);
		if (!conn->is_closing)
			wf_conn_close(conn);
	}
}

/* Reads certificate, key and CA, for the first time or again. Errors: all is as it was. */
static int load_tls(struct wf_server *server, struct wf_error *error)
{
	const struct wf_settings *settings = server->settings;
	const struct wf_tls_files files = {
		.certificate = settings->tls_certificate,
		.key = settings->tls_key,
		.client_ca = settings->tls_client_ca,
	};
	struct stat status;
	int code, days;

	code = server->tls == NULL ? wf_tls_open(&server->tls, &files, error)
				   : wf_tls_reload(server->tls, &files, error);
	if (code < 0)
		return code;
	if (stat(files.key, &status) == 0 && (status.st_mode & S_IROTH) != 0)
		wf_log(&server->log, WF_LOG_WARNING, "key can be read by others", wf_log_text("file", files.key));
	days = wf_tls_days_left(server->tls);
	if (days < CERTIFICATE_DAYS)
		wf_log(&server->log, WF_LOG_WARNING, days < 0 ? "certificate has expired" : "certificate expires soon",
		       wf_log_text("file", files.certificate), wf_log_count("days", days < 0 ? 0 : (uint64_t)days));
	return 0;
}

static void tell_reload(const struct wf_server *server, const char *what, int code, const struct wf_error *error)
{
	if (code < 0)
		wf_log(&server->log, WF_LOG_ERROR, "not reloaded, the old one is kept", wf_log_text("what", what),
		       wf_log_text("error", error->text));
	else
		wf_log(&server->log, WF_LOG_INFO, "reloaded", wf_log_text("what", what));
}

/* SIGHUP: tokens, certificate, key and CA are read again. Connections stay as they are. */
static void reload_cb(uv_signal_t *handle, int number)
{
	struct wf_server *server = handle->data;
	struct wf_error error;

	(void)number;
	if (server->is_stopping)
		return;
	wf_service_tell_reloading(&server->service);
	tell_reload(server, "tokens", wf_access_reload(&server->access, server->settings, &server->log, &error),
		    &error);
	if (server->tls != NULL)
		tell_reload(server, "certificate", load_tls(server, &error), &error);
	wf_service_tell(&server->service, "READY=1");
}

static void close_listeners(struct wf_server *server)
{
	for (size_t i = 0; i < server->listeners_count; i++)
		wf_listen_close(&server->listeners[i]);
}

static void stop(struct wf_server *server)
{
	struct wf_conn *next;

	wf_service_tell(&server->service, "STOPPING=1");
	server->is_stopping = true;
	server->stopping_since_ms = uv_now(&server->loop);
	close_listeners(server);
	for (struct wf_conn *conn = wf_conn_list_first(&server->conns); conn != NULL; conn = next) {
		next = wf_conn_list_after(&conn->all);
		wf_conn_end(conn);
	}
	end_if_done(server);
}

static int check_address(const struct wf_server *server, const struct sockaddr_storage *address, const char *name,
			 struct wf_error *error)
{
	if (server->settings->insecure)
		return 0;
	return wf_listen_check(address, name, !wf_access_is_free(&server->access), server->tls != NULL, error);
}

static int check_inherited(struct wf_server *server, int descriptor, struct wf_error *error)
{
	char name[WF_LISTEN_ADDRESS_BYTES];
	struct sockaddr_storage address;
	const int code = wf_listen_address_of(descriptor, &address, error);

	if (code < 0)
		return code;
	if (address.ss_family == AF_UNIX) {
		server->inherits_unix = true;
		return 0;
	}
	server->inherits_tcp = true;
	wf_listen_name(&address, server->tls != NULL, name);
	return check_address(server, &address, name, error);
}

/* Before the store is loaded, which may take its time: an address that is wrong, or that may not be listened on. */
static int check_addresses(struct wf_server *server, struct wf_error *error)
{
	const struct wf_settings *settings = server->settings;
	const int count = server->service.descriptors_count;
	int code = 0;

	if (count > WF_LISTENERS_INHERITED_MAX)
		return wf_error_set(error, WF_EBADREQUEST, "LISTEN_FDS: at most %d sockets, not %d",
				    WF_LISTENERS_INHERITED_MAX, count);
	for (int i = 0; i < count && code == 0; i++)
		code = check_inherited(server, WF_SERVICE_DESCRIPTOR_FIRST + i, error);
	if (code < 0)
		return code;
	if (!server->inherits_tcp && strcmp(settings->tcp, "none") != 0) {
		code = wf_listen_parse(&server->loop, settings->tcp, &server->tcp_address, error);
		return code < 0 ? code : check_address(server, &server->tcp_address, settings->tcp, error);
	}
	if (count == 0 && *settings->unix == '\0')
		return wf_error_set(error, WF_EBADREQUEST, "--tcp: none, and no --unix either: nobody could connect");
	return 0;
}

static struct wf_listener *next_listener(struct wf_server *server)
{
	struct wf_listener *listener = &server->listeners[server->listeners_count++];

	listener->socket.handle.data = server;
	return listener;
}

static int listen_all(struct wf_server *server, struct wf_error *error)
{
	const struct wf_settings *settings = server->settings;
	int code = 0;

	for (int i = 0; i < server->service.descriptors_count && code == 0; i++)
		code = wf_listen_inherited(next_listener(server), &server->loop, WF_SERVICE_DESCRIPTOR_FIRST + i,
					   server->tls != NULL, accept_cb, error);
	if (code == 0 && server->tcp_address.ss_family != 0)
		code = wf_listen_tcp(next_listener(server), &server->loop, &server->tcp_address, server->tls != NULL,
				     accept_cb, error);
	if (code == 0 && *settings->unix != '\0' && !server->inherits_unix)
		code = wf_listen_unix(next_listener(server), &server->loop, settings->unix, (mode_t)settings->unix_mode,
				      accept_cb, error);
	return code;
}

static int start_signals(struct wf_server *server)
{
	static const int numbers[WF_SIGNALS_COUNT] = {SIGTERM, SIGINT, SIGHUP};
	int code = 0;

	for (size_t i = 0; i < WF_SIGNALS_COUNT && code == 0; i++) {
		code = uv_signal_init(&server->loop, &server->signals[i]);
		server->signals[i].data = server;
		if (code == 0)
			code = uv_signal_start(&server->signals[i], numbers[i] == SIGHUP ? reload_cb : signal_cb,
					       numbers[i]);
	}
	return code;
}

static void print_ready(const struct wf_server *server)
{
	for (size_t i = 0; i < server->listeners_count; i++)
		wf_log(&server->log, WF_LOG_INFO, "listening", wf_log_text("address", server->listeners[i].address));
	fputs("ready", stdout);
	for (size_t i = 0; i < server->listeners_count; i++)
		printf(" %s", server->listeners[i].address);
	putchar('\n');
	fflush(stdout);
	wf_service_tell(&server->service, "READY=1\nSTATUS=Serving");
}

static void walk_cb(uv_handle_t *handle, void *context)
{
	(void)context;
	close_handle(handle);
}

static void close_all(struct wf_server *server)
{
	close_listeners(server);
	uv_walk(&server->loop, walk_cb, NULL);
}

static int start(struct wf_server *server, char *const *environment, struct wf_error *error)
{
	int code;

	server->returned.data = server;
	server->tick.data = server;
	server->turn.data = server;
	code = wf_access_open(&server->access, server->settings, environment, &server->log, error);
	if (code < 0)
		return code;
	if (*server->settings->tls_certificate != '\0')
		code = load_tls(server, error);
	if (code == 0)
		code = check_addresses(server, error);
	if (code < 0)
		return code;
	code = uv_async_init(&server->loop, &server->returned, returned_cb);
	if (code == 0)
		code = uv_timer_init(&server->loop, &server->tick);
	if (code == 0)
		code = uv_timer_start(&server->tick, tick_cb, TICK_MS, TICK_MS);
	if (code == 0)
		code = uv_prepare_init(&server->loop, &server->turn);
	if (code == 0)
		code = uv_prepare_start(&server->turn, turn_cb);
	if (code == 0)
		code = uv_idle_init(&server->loop, &server->idle);
	if (code == 0)
		code = start_signals(server);
	if (code < 0)
		return wf_error_set(error, code, "event loop: %s", uv_strerror(code));
	code = wf_pipeline_start(&server->pipeline, error);
	if (code < 0)
		return code;
	server->is_pipeline_started = true;
	uv_update_time(&server->loop);
	server->started_ms = uv_now(&server->loop);
	return listen_all(server, error);
}

/* Starts, while signals end the process at once: it has promised nothing yet. */
static int start_interruptibly(struct wf_server *server, char *const *environment, struct wf_error *error)
{
	struct wf_interrupt interrupt;
	int code = wf_interrupt_start(&interrupt, &server->log, &server->service);

	if (code < 0)
		return wf_error_set(error, code, "signals: %s", wf_error_sentence(code));
	wf_service_tell(&server->service, "STATUS=Loading");
	code = start(server, environment, error);
	wf_interrupt_stop(&interrupt);
	return code;
}

int wf_server_run(struct wf_server *server, const struct wf_settings *settings, char *const *environment,
		  struct wf_error *error)
{
	int code;

	*server = (struct wf_server){
		.settings = settings,
		.log = {.descriptor = STDERR_FILENO, .level = settings->log_level},
	};
	server->pipeline.settings = settings;
	server->pipeline.log = &server->log;
	server->pipeline.counters = &server->counters;
	server->pipeline.wake = wake_cb;
	server->pipeline.wake_context = server;
	server->write_space = malloc(WF_SERVER_WRITE_BYTES);
	if (server->write_space == NULL)
		return wf_error_set(error, WF_ENOMEM, "out of memory");
	wf_peers_init(&server->peers);
	wf_service_init(&server->service, environment);
	server->log.has_priority = server->service.logs_to_journal;
	code = uv_loop_init(&server->loop);
	if (code < 0) {
		free(server->write_space);
		return wf_error_set(error, code, "event loop: %s", uv_strerror(code));
	}
	code = start_interruptibly(server, environment, error);
	if (code == 0)
		print_ready(server);
	else
		close_all(server);
	uv_run(&server->loop, UV_RUN_DEFAULT);
	if (server->is_pipeline_started)
		wf_pipeline_stop(&server->pipeline);
	uv_loop_close(&server->loop);
	wf_access_close(&server->access);
	wf_tls_close(server->tls);
	free(server->write_space);
	if (code == 0)
		wf_log_write(&server->log, WF_LOG_INFO, "stopped", NULL);
	return code;
}
