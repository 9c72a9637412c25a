#include <stdlib.h>

#include "conn_parts.h"
#include "server.h"

#define CONNS_REFUSED_MAX      64u        /* connections over the setting that are told so; more are dropped unheard */
#define KEEPALIVE_S            60u        /* of silence, after which a TCP peer is asked whether it is still there */
#define READ_REPLY_BYTES_FIRST (1u << 20) /* what the first reply of a reading method is expected to be */

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
		wf_conn_close_socket(conn);
		return;
	}
	wf_error_set(&error, WF_EOVERLOADED, "too many connections: %s is %llu", setting, (unsigned long long)number);
	wf_conn_refuse(conn, &error, false, 0);
	conn->is_ended = true;
}

/* Strangers make room for those who come after them: else as many of them as there may be connections would keep out
 * all others. */
static void make_room(struct wf_server *server)
{
	const uint64_t count_max = server->settings->connections_max;

	while (server->strangers.count > 0 &&
	       (server->conns_open_count > count_max || server->strangers.count > count_max / 2)) {
		wf_counter_add(&server->counters.connections_evicted, 1);
		wf_conn_evict(wf_conn_list_first(&server->strangers));
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
		wf_conn_close_socket(conn);
	} else if (conn->peer->connections_count > client_max) {
		wf_peers_leave(&server->peers, conn->peer);
		conn->peer = NULL;
		turn_away(conn, "connections_per_client_max", client_max);
	} else if (!wf_conn_is_known(conn)) {
		wf_conn_list_append(&server->strangers, &conn->stranger, conn);
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
		.stream = &conn->socket.stream, .tls = conn->tls, .moved = wf_conn_moved_cb, .context = conn};
	return conn;
}

int wf_conn_accept(struct wf_server *server, uv_stream_t *listener)
{
	struct wf_conn *conn = new_conn(server, listener);
	struct wf_reader_settings reader_settings;
	int code;

	if (conn == NULL)
		return WF_ENOMEM;
	reader_settings = wf_conn_reader_settings(conn);
	code = open_socket(conn, listener);
	if (code < 0) {
		wf_tls_session_free(conn->tls);
		free(conn);
		return code;
	}
	conn->socket.handle.data = conn;
	wf_conn_list_append(&server->conns, &conn->all, conn);
	server->conns_open_count++;
	wf_counter_add(&server->counters.connections_accepted, 1);
	if (uv_accept(listener, &conn->socket.stream) < 0 || wf_reader_new(&conn->reader, &reader_settings) < 0) {
		wf_conn_close_socket(conn);
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
