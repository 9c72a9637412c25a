#include "client.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client_tls.h"
#include "wire_error.h"

#define CONNECT_TIMEOUT_MS_DEFAULT 5000
#define TIMEOUT_MS_DEFAULT         60000
#define PORT_DEFAULT               "7411"
#define HOST_BYTES_MAX             256
#define ADDRESS_BYTES_MAX          128 /* of an address in an error text */
#define REPLY_ELEMENTS_MAX         ((size_t)1 << 28)
#define READS_IN_A_ROW_MAX         64 /* so that a daemon that never stops talking cannot hold up our own writing */

#define BATCH_COUNT_DEFAULT 64
#define BATCH_BYTES_DEFAULT ((size_t)4 << 20)

/* A reply that came before anybody asked for it. */
struct waiting {
	struct waiting *next;
	struct wf_reply reply;
};

struct wf_client {
	char address[ADDRESS_BYTES_MAX];
	struct wf_client_settings settings;
	int socket;
	struct wf_client_tls *tls; /* NULL: plain */
	struct wf_reader *reader;
	struct wf_pack out;
	size_t out_written;
	size_t request_begin; /* of the newest request in `out` */
	bool request_open;    /* it may still be growing: its error has not been looked at */
	uint64_t msgid_next;
	size_t outstanding;
	struct waiting *first;
	struct waiting **last;
	struct wf_error dropped; /* code not 0: a request did not fit, to be told at the next flush */
	struct wf_error broken;  /* code not 0: the connection is of no more use, and why */
};

/* --- connecting --- */

/* Waits until the socket is ready; 0, or a negative errno. */
static int wait_for(int socket_fd, short events, int timeout_ms)
{
	struct pollfd wait = {.fd = socket_fd, .events = events};
	int ready;

	do
		ready = poll(&wait, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return -errno;
	return ready == 0 ? -ETIMEDOUT : 0;
}

static int wait_connected(int socket_fd, int timeout_ms)
{
	int code = 0;
	socklen_t size = sizeof code;
	const int waited = wait_for(socket_fd, POLLOUT, timeout_ms);

	if (waited < 0)
		return waited;
	if (getsockopt(socket_fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
		return -errno;
	return -code;
}

/* Connects a new socket, which does not block; the socket, or a negative errno. */
static int connect_to(const struct sockaddr *address, socklen_t size, int timeout_ms)
{
	const int socket_fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;
	int code = 0;

	if (socket_fd < 0)
		return -errno;
	if (connect(socket_fd, address, size) != 0)
		code = errno == EINPROGRESS || errno == EINTR ? wait_connected(socket_fd, timeout_ms) : -errno;
	if (code != 0) {
		(void)close(socket_fd);
		return code;
	}
	if (address->sa_family != AF_UNIX)
		(void)setsockopt(socket_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return socket_fd;
}

static int connect_unix(struct wf_client *client, const char *path, struct wf_error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (path[0] == '\0' || strlen(path) >= sizeof address.sun_path)
		return wf_error_set(error, WF_EBADREQUEST, "%s: a path of 1 to %zu bytes is needed", client->address,
				    sizeof address.sun_path - 1);
	memcpy(address.sun_path, path, strlen(path));
	client->socket =
		connect_to((const struct sockaddr *)&address, sizeof address, client->settings.connect_timeout_ms);
	if (client->socket < 0)
		return wf_error_set(error, client->socket, "%s: %s", client->address, strerror(-client->socket));
	return WF_OK;
}

/* Cuts "HOST:PORT", "HOST" or "[HOST]:PORT" in two. */
static bool split_host(const char *text, char host[HOST_BYTES_MAX], const char **port)
{
	const char *begin = text[0] == '[' ? text + 1 : text;
	const char *end = text[0] == '[' ? strchr(begin, ']') : strrchr(begin, ':');
	const char *rest;

	if (end == NULL && text[0] == '[')
		return false;
	if (end == NULL)
		end = begin + strlen(begin);
	if (end == begin || (size_t)(end - begin) >= HOST_BYTES_MAX)
		return false;
	memcpy(host, begin, (size_t)(end - begin));
	host[end - begin] = '\0';
	if (text[0] != '[' && strchr(host, ':') != NULL)
		return false;
	rest = text[0] == '[' ? end + 1 : end;
	if (*rest == '\0') {
		*port = PORT_DEFAULT;
		return true;
	}
	*port = rest + 1;
	return *rest == ':' && strlen(*port) > 0 && strspn(*port, "0123456789") == strlen(*port);
}

static int shake_hands(struct wf_client *client, const char *host, struct wf_error *error)
{
	struct wf_error why = {.code = 0};
	int step = wf_client_tls_open(&client->tls, client->socket, host, &client->settings, &why);

	if (step == 0)
		step = wf_client_tls_shake(client->tls, &why);
	while (step > WF_CLIENT_TLS_NOTHING) {
		const int code = wait_for(client->socket, step == WF_CLIENT_TLS_WRITE ? POLLOUT : POLLIN,
					  client->settings.connect_timeout_ms);

		step = code < 0 ? wf_error_set(&why, code, "TLS: %s", strerror(-code))
				: wf_client_tls_shake(client->tls, &why);
	}
	return step < 0 ? wf_error_set(error, step, "%s: %s", client->address, why.text) : WF_OK;
}

static int connect_tcp(struct wf_client *client, const char *text, bool with_tls, struct wf_error *error)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	char host[HOST_BYTES_MAX];
	const char *port;
	struct addrinfo *found = NULL;
	int code;

	if (!split_host(text, host, &port))
		return wf_error_set(error, WF_EBADREQUEST, "%s: expected %s://HOST:PORT", client->address,
				    with_tls ? "tls" : "tcp");
	/* "localhost" is the loopback whether or not a file says so (RFC 6761, section 6.3): so is no name at all. */
	code = getaddrinfo(strcmp(host, "localhost") == 0 ? NULL : host, port, &hints, &found);
	if (code != 0)
		return wf_error_set(error, -EHOSTUNREACH, "%s: %s", client->address, gai_strerror(code));
	client->socket = -EHOSTUNREACH;
	for (const struct addrinfo *at = found; at != NULL && client->socket < 0; at = at->ai_next)
		client->socket = connect_to(at->ai_addr, at->ai_addrlen, client->settings.connect_timeout_ms);
	freeaddrinfo(found);
	if (client->socket < 0)
		return wf_error_set(error, client->socket, "%s: %s", client->address, strerror(-client->socket));
	return with_tls ? shake_hands(client, host, error) : WF_OK;
}

static int connect_address(struct wf_client *client, const char *address, struct wf_error *error)
{
	if (strncmp(address, "tcp://", 6) == 0)
		return connect_tcp(client, address + 6, false, error);
	if (strncmp(address, "tls://", 6) == 0)
		return connect_tcp(client, address + 6, true, error);
	if (strncmp(address, "unix:", 5) == 0)
		return connect_unix(client, address + 5, error);
	return wf_error_set(error, WF_EBADREQUEST, "%s: expected tcp://HOST:PORT, tls://HOST:PORT or unix:PATH",
			    client->address);
}

static struct wf_client_settings settings_of(const struct wf_client_settings *given)
{
	struct wf_client_settings settings = {.connect_timeout_ms = 0};

	if (given != NULL)
		settings = *given;
	if (settings.connect_timeout_ms == 0)
		settings.connect_timeout_ms = CONNECT_TIMEOUT_MS_DEFAULT;
	if (settings.timeout_ms == 0)
		settings.timeout_ms = TIMEOUT_MS_DEFAULT;
	if (settings.message_bytes_max == 0)
		settings.message_bytes_max = WF_REQUEST_BYTES_MAX_LIMIT;
	return settings;
}

/* Shows the token. The caller's own requests are numbered from 0 all the same. */
static int show_token(struct wf_client *client, struct wf_error *error)
{
	struct wf_error why = {.code = 0};
	struct wf_reply reply;
	uint64_t msgid;
	int code;

	if (client->settings.token.length == 0)
		return WF_OK;
	wf_pack_string(wf_client_request(client, "auth", 1, &msgid), client->settings.token);
	code = wf_client_call(client, msgid, &reply, &why);
	wf_reply_close(&reply);
	client->msgid_next = 0;
	client->settings.token = (struct wf_bytes){NULL, 0};
	/* Words of the connection begin with its address already. */
	if (code != WF_OK && client->broken.code != 0 && error != NULL)
		*error = why;
	else if (code != WF_OK)
		(void)wf_error_set(error, code, "%s: %s", client->address, why.text);
	return code;
}

int wf_client_connect(struct wf_client **client, const char *address, const struct wf_client_settings *settings,
		      struct wf_error *error)
{
	struct wf_client *made = calloc(1, sizeof *made);
	struct wf_reader_settings reader_settings = {.elements_max = REPLY_ELEMENTS_MAX};
	struct wf_error unheard;
	int code;

	if (error == NULL)
		error = &unheard;
	*error = (struct wf_error){.code = 0};
	if (made == NULL)
		return wf_error_set(error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM));
	made->socket = -1;
	made->last = &made->first;
	made->settings = settings_of(settings);
	(void)snprintf(made->address, sizeof made->address, "%s", address);
	wf_pack_init(&made->out, 0);
	reader_settings.message_bytes_max = made->settings.message_bytes_max;
	code = wf_reader_new(&made->reader, &reader_settings);
	if (code != WF_OK)
		(void)wf_error_set(error, code, "%s", wf_error_sentence(code));
	else
		code = connect_address(made, address, error);
	if (code == WF_OK)
		code = show_token(made, error);
	if (code != WF_OK) {
		wf_client_close(made);
		return code;
	}
	*client = made;
	return WF_OK;
}

void wf_client_close(struct wf_client *client)
{
	if (client == NULL)
		return;
	while (client->first != NULL) {
		struct waiting *next = client->first->next;

		wf_reply_close(&client->first->reply);
		free(client->first);
		client->first = next;
	}
	wf_client_tls_close(client->tls);
	if (client->socket >= 0)
		(void)close(client->socket);
	wf_pack_close(&client->out);
	wf_reader_free(client->reader);
	free(client);
}

/* --- what comes --- */

void wf_reply_close(struct wf_reply *reply)
{
	wf_message_free(reply->message);
	*reply = (struct wf_reply){.message = NULL};
}

/* The connection is of no more use; `code` and the words are told to every call from now on. */
static int break_off(struct wf_client *client, int code, const char *words)
{
	return wf_error_set(&client->broken, code, "%s: %s", client->address, words);
}

/* Puts a message into words of RPC, at the end of what waits. Takes the message. */
static int keep_message(struct wf_client *client, struct wf_message *message)
{
	struct waiting *waiting = calloc(1, sizeof *waiting);
	struct wf_request read;
	struct wf_error error;
	struct wf_reply *reply;

	if (waiting == NULL) {
		wf_message_free(message);
		return break_off(client, WF_ENOMEM, "out of memory for a reply");
	}
	reply = &waiting->reply;
	reply->message = message;
	if (wf_request_of(wf_message_root(message), &read, &error) != WF_OK || read.kind == WF_REQUEST_CALL) {
		wf_message_free(message);
		free(waiting);
		return break_off(client, WF_EMALFORMED, "what came is no reply of MessagePack-RPC");
	}
	reply->is_notification = read.kind == WF_REQUEST_NOTIFICATION;
	reply->has_msgid = read.has_msgid;
	reply->msgid = read.msgid;
	reply->method = read.method;
	reply->params = read.params;
	reply->result = read.result;
	(void)wf_wire_error_of(read.error, &reply->error);
	*client->last = waiting;
	client->last = &waiting->next;
	return WF_OK;
}

/* A reply that our reader refused still answers its request: with the refusal. */
static int keep_refusal(struct wf_client *client, const struct wf_refusal *refusal)
{
	struct waiting *waiting = calloc(1, sizeof *waiting);

	if (waiting == NULL)
		return break_off(client, WF_ENOMEM, "out of memory for a reply");
	waiting->reply.has_msgid = refusal->is_response && refusal->has_msgid;
	waiting->reply.msgid = refusal->msgid;
	waiting->reply.error = refusal->error;
	*client->last = waiting;
	client->last = &waiting->next;
	return WF_OK;
}

static int keep_all(struct wf_client *client)
{
	struct wf_refusal refusal;
	struct wf_message *message = NULL;
	int code = wf_reader_next(client->reader, &message, &refusal);

	while (code != 0) {
		if (code == 1)
			code = keep_message(client, message);
		else if (code == WF_EMALFORMED)
			code = break_off(client, code, "what came is not MessagePack-RPC");
		else
			code = keep_refusal(client, &refusal);
		if (code != WF_OK)
			return code;
		code = wf_reader_next(client->reader, &message, &refusal);
	}
	return WF_OK;
}

static ssize_t receive_bytes(struct wf_client *client, char *space, size_t room)
{
	return client->tls == NULL ? recv(client->socket, space, room, 0)
				   : wf_client_tls_recv(client->tls, space, room);
}

static ssize_t send_bytes(struct wf_client *client, const char *data, size_t length)
{
	return client->tls == NULL ? send(client->socket, data, length, MSG_NOSIGNAL)
				   : wf_client_tls_send(client->tls, data, length);
}

/* The words for a code that receive_bytes or send_bytes failed with. */
static const char *words_of(const struct wf_client *client, int code)
{
	return client->tls != NULL && code == -EPROTO ? wf_client_tls_words(client->tls) : strerror(-code);
}

/* Reads what is there, without waiting. */
static int read_some(struct wf_client *client)
{
	for (int i = 0; i < READS_IN_A_ROW_MAX; i++) {
		size_t room;
		char *space = wf_reader_space(client->reader, &room);
		ssize_t got;
		int code;

		if (space == NULL)
			return break_off(client, WF_ENOMEM, "out of memory for a reply");
		got = receive_bytes(client, space, room);
		if (got == 0)
			return break_off(client, WF_ECLOSED,
					 wf_reader_is_inside(client->reader)
						 ? "the connection was closed in the middle of a message"
						 : "the connection was closed");
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return WF_OK;
		if (got < 0) {
			code = -errno;
			return break_off(client, code, words_of(client, code));
		}
		wf_reader_advance(client->reader, (size_t)got);
		code = keep_all(client);
		/* Of TLS, a record comes at a time: there may be more. */
		if (code != WF_OK || ((size_t)got < room && client->tls == NULL))
			return code;
	}
	return WF_OK;
}

/* Waits until the socket can be read (or written, where asked), then reads. */
static int wait_and_read(struct wf_client *client, bool for_writing, int timeout_ms)
{
	struct pollfd wait = {.fd = client->socket, .events = POLLIN};
	int ready;

	if (client->tls != NULL && wf_client_tls_has_pending(client->tls))
		return read_some(client);
	if (for_writing || (client->tls != NULL && wf_client_tls_waits_to_write(client->tls)))
		wait.events |= POLLOUT;
	do
		ready = poll(&wait, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return break_off(client, -errno, strerror(errno));
	if (ready == 0 && timeout_ms == 0)
		return WF_OK;
	if (ready == 0)
		return break_off(client, -ETIMEDOUT, "no answer in time");
	return (wait.revents & ~POLLOUT) != 0 || !for_writing ? read_some(client) : WF_OK;
}

static int tell(const struct wf_client *client, struct wf_error *error)
{
	if (error != NULL)
		*error = client->broken;
	return client->broken.code;
}

/* --- requests --- */

/* Looks at the newest request, which is whole now; one that did not fit is dropped. */
static void settle_request(struct wf_client *client)
{
	const int code = client->out.error;

	if (client->request_open && code != WF_OK) {
		wf_pack_rewind(&client->out, client->request_begin);
		client->outstanding--;
		(void)wf_error_set(&client->dropped, code, "the request was not sent: %s", wf_error_sentence(code));
	}
	client->request_open = false;
}

/* Says, once, that a request was dropped. */
static int tell_dropped(struct wf_client *client, struct wf_error *error)
{
	const int code = client->dropped.code;

	if (code != WF_OK && error != NULL)
		*error = client->dropped;
	client->dropped.code = WF_OK;
	return code;
}

struct wf_pack *wf_client_request(struct wf_client *client, const char *method, size_t params_count, uint64_t *msgid)
{
	settle_request(client);
	client->request_begin = client->out.length;
	client->request_open = true;
	client->out.bytes_max = client->out.length + client->settings.message_bytes_max;
	client->outstanding++;
	if (msgid != NULL)
		*msgid = client->msgid_next;
	wf_request_start(&client->out, client->msgid_next, wf_bytes_of(method), params_count);
	client->msgid_next = (client->msgid_next + 1) & UINT32_MAX;
	return &client->out;
}

size_t wf_client_unsent_bytes(const struct wf_client *client)
{
	return client->out.length - client->out_written;
}

size_t wf_client_outstanding_count(const struct wf_client *client)
{
	return client->outstanding;
}

/* The daemon has closed: what it said before that is still to be had, the words of its refusal first of all. */
static int broken_while_writing(struct wf_client *client, int code)
{
	if (read_some(client) == WF_OK)
		(void)break_off(client, code, words_of(client, code));
	return client->broken.code;
}

int wf_client_flush(struct wf_client *client, struct wf_error *error)
{
	settle_request(client);
	while (client->broken.code == 0 && client->out_written < client->out.length) {
		const ssize_t sent = send_bytes(client, client->out.data + client->out_written,
						client->out.length - client->out_written);

		if (sent >= 0)
			client->out_written += (size_t)sent;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			(void)wait_and_read(client, true, client->settings.timeout_ms);
		else if (errno != EINTR)
			(void)broken_while_writing(client, -errno);
	}
	if (client->broken.code != 0)
		return tell(client, error);
	wf_pack_reset(&client->out);
	client->out_written = 0;
	return tell_dropped(client, error);
}

/* Takes the reply at `at` out of those that wait. */
static void hand_over(struct wf_client *client, struct waiting **at, struct wf_reply *reply)
{
	struct waiting *waiting = *at;

	*at = waiting->next;
	if (client->last == &waiting->next)
		client->last = at;
	*reply = waiting->reply;
	free(waiting);
	if (!reply->is_notification && reply->has_msgid && client->outstanding > 0)
		client->outstanding--;
}

int wf_client_receive(struct wf_client *client, struct wf_reply *reply, struct wf_error *error)
{
	int code = WF_OK;

	*reply = (struct wf_reply){.message = NULL};
	if (client->broken.code == 0)
		code = wf_client_flush(client, error);
	if (code != WF_OK && client->broken.code == 0)
		return code;
	while (client->first == NULL) {
		if (client->broken.code != 0)
			return tell(client, error);
		(void)wait_and_read(client, false, client->settings.timeout_ms);
	}
	hand_over(client, &client->first, reply);
	return WF_OK;
}

int wf_client_receive_for(struct wf_client *client, uint64_t msgid, struct wf_reply *reply, struct wf_error *error)
{
	struct waiting **at = &client->first;
	int code = WF_OK;

	*reply = (struct wf_reply){.message = NULL};
	if (client->broken.code == 0)
		code = wf_client_flush(client, error);
	if (code != WF_OK && client->broken.code == 0)
		return code;
	for (;;) {
		while (*at != NULL) {
			const struct wf_reply *waiting = &(*at)->reply;

			if (!waiting->is_notification && (!waiting->has_msgid || waiting->msgid == msgid))
				break;
			at = &(*at)->next;
		}
		if (*at != NULL)
			break;
		if (client->broken.code != 0)
			return tell(client, error);
		(void)wait_and_read(client, false, client->settings.timeout_ms);
	}
	hand_over(client, at, reply);
	if (reply->has_msgid)
		return WF_OK;
	code = reply->error.code;
	if (code != 0)
		(void)wf_error_set(error, code, "%s", reply->error.text);
	else
		code = wf_error_set(error, WF_EBADREQUEST, "a reply came that belongs to no request");
	wf_reply_close(reply);
	return code;
}

bool wf_client_is_ready(struct wf_client *client)
{
	if (client->first == NULL && client->broken.code == 0)
		(void)wait_and_read(client, false, 0);
	return client->first != NULL || client->broken.code != 0;
}

int wf_client_socket(const struct wf_client *client)
{
	return client->socket;
}

int wf_client_call(struct wf_client *client, uint64_t msgid, struct wf_reply *reply, struct wf_error *error)
{
	int code = wf_client_receive_for(client, msgid, reply, error);

	if (code != WF_OK || reply->error.code == 0)
		return code;
	code = reply->error.code;
	if (error != NULL)
		*error = reply->error;
	wf_reply_close(reply);
	return code;
}

int wf_client_call_id(struct wf_client *client, const char *method, struct wf_bytes id, struct wf_reply *reply,
		      struct wf_error *error)
{
	uint64_t msgid;

	wf_pack_string(wf_client_request(client, method, 1, &msgid), id);
	return wf_client_call(client, msgid, reply, error);
}

int wf_client_ping(struct wf_client *client, struct wf_error *error)
{
	struct wf_reply reply;
	uint64_t msgid;
	int code;

	(void)wf_client_request(client, "ping", 0, &msgid);
	code = wf_client_call(client, msgid, &reply, error);
	if (code == WF_OK && !wf_bytes_equal(wf_value_bytes(reply.result), wf_bytes_of("pong")))
		code = wf_error_set(error, WF_EMALFORMED, "%s: ping was not answered with pong", client->address);
	wf_reply_close(&reply);
	return code;
}

/* --- batches --- */

void wf_client_batch_init(struct wf_client_batch *batch, size_t count_max, size_t bytes_max)
{
	*batch = (struct wf_client_batch){
		.count_max = count_max == 0 ? BATCH_COUNT_DEFAULT : count_max,
		.bytes_max = bytes_max == 0 ? BATCH_BYTES_DEFAULT : bytes_max,
	};
	wf_pack_init(&batch->articles, WF_REQUEST_BYTES_MAX_LIMIT);
}

void wf_client_batch_close(struct wf_client_batch *batch)
{
	wf_pack_close(&batch->articles);
	batch->count = 0;
}

int wf_client_batch_add(struct wf_client_batch *batch, const struct wf_article *article)
{
	const size_t length = batch->articles.length;
	int code;

	wf_article_pack(&batch->articles, article);
	code = batch->articles.error;
	if (code != WF_OK) {
		wf_pack_rewind(&batch->articles, length);
		return code;
	}
	batch->count++;
	return batch->count >= batch->count_max || batch->articles.length >= batch->bytes_max;
}

int wf_client_batch_send(struct wf_client *client, struct wf_client_batch *batch, uint64_t *msgid,
			 struct wf_error *error)
{
	struct wf_pack *pack = wf_client_request(client, "add_batch", 1, msgid);
	int code;

	wf_pack_array(pack, batch->count);
	wf_pack_raw(pack, wf_pack_bytes(&batch->articles));
	settle_request(client);
	code = tell_dropped(client, error);
	if (code != WF_OK)
		return code;
	wf_pack_reset(&batch->articles);
	batch->count = 0;
	return WF_OK;
}
