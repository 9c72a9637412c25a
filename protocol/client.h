/* A client of the daemon: one connection, many requests under way, replies in their order or by their number.
 *
 *   wf_client_request -> pack the params -> wf_client_flush -> wf_client_receive ...
 *
 *   out  [ requests packed, not yet written ]    waiting  reply -> reply -> notification   (came while something
 *   else was wanted)
 *
 * Blocking, with timeouts; not for two threads at once. While it writes it also reads, so that a daemon which stops
 * reading from a client with many replies to take can never lock with it. Needs POSIX sockets, and OpenSSL for tls://
 * addresses. */
#ifndef WF_CLIENT_H
#define WF_CLIENT_H

#include "article.h"
#include "base/bytes.h"
#include "base/error.h"
#include "pack.h"
#include "reader.h"
#include "request.h"
#include "value.h"
#include "verdict.h"

#define WF_CLIENT_ADDRESS_DEFAULT "tcp://127.0.0.1:7411"

struct wf_client;

struct wf_client_settings {
	int connect_timeout_ms;   /* 0: 5000 */
	int timeout_ms;           /* a flush or a receive without a byte moving; 0: 60000; negative: for ever */
	size_t message_bytes_max; /* of a request or a reply; 0: WF_REQUEST_BYTES_MAX_LIMIT */
	struct wf_bytes token; /* shown by `auth` when connected; empty: none. Needed during wf_client_connect alone */
	/* Of tls:// addresses; files in PEM, NULL where there is none. */
	const char *tls_ca_file;          /* whom to trust; NULL: whom the system trusts */
	const char *tls_certificate_file; /* to show to the daemon */
	const char *tls_key_file;         /* of that certificate; NULL: it is in the same file */
	const char *tls_name;             /* what the daemon's certificate must be for; NULL: the address's HOST */
	bool tls_unverified;              /* any certificate does: whoever is in between may read and change all */
};

/* Connects to "tcp://HOST:PORT", "tcp://[::1]:PORT", "tls://HOST:PORT" or "unix:PATH", and shows the token, if any. A
 * missing port is 7411. `settings` NULL: the defaults.
 * Errors: WF_EBADREQUEST the address has no such form, or a file for TLS cannot be used; WF_EDENIED, or what else the
 *         daemon says to the token; -EPROTO TLS failed; -ETIMEDOUT; errno (-ECONNREFUSED, -ENOENT, ...); WF_ENOMEM.
 *         error->text names the address and the cause. */
int wf_client_connect(struct wf_client **client, const char *address, const struct wf_client_settings *settings,
		      struct wf_error *error);
void wf_client_close(struct wf_client *client); /* NULL is allowed; replies taken from it live on */

/* Starts a request of `params_count` params and lends the pack in which the caller writes exactly that many values,
 * before any other call with this client. *msgid (may be NULL) gets its number: 0, 1, 2, ... in the order of the
 * calls. Nothing is sent before a flush or a receive; a request that failed to fit shows at the flush. */
struct wf_pack *wf_client_request(struct wf_client *client, const char *method, size_t params_count, uint64_t *msgid);

/* Bytes of requests that were packed and not yet written. */
size_t wf_client_unsent_bytes(const struct wf_client *client);

/* Requests whose reply has not been handed to the caller. */
size_t wf_client_outstanding_count(const struct wf_client *client);

/* Writes out all requests; meanwhile replies that arrive are kept for receive.
 * Errors: WF_ECLOSED, -ETIMEDOUT, errno: the connection is of no more use; WF_ETOOLARGE, WF_ENOMEM: the newest
 *         request did not fit, is dropped, gets no reply, and the connection goes on. */
int wf_client_flush(struct wf_client *client, struct wf_error *error);

/* What came. Owned by the caller until wf_reply_close. */
struct wf_reply {
	struct wf_message *message;
	bool is_notification;
	bool has_msgid; /* false of a notification, and of an error that the daemon could give to no request */
	uint64_t msgid;
	struct wf_error error; /* of the request, as the daemon said it; code 0: `result` holds */
	struct wf_value result;
	struct wf_bytes method; /* of a notification, */
	struct wf_value params; /* and its params */
};

void wf_reply_close(struct wf_reply *reply); /* may be called twice, and on a zeroed reply */

/* Flushes, then waits for the next reply or notification, in the order in which the daemon sent them.
 * Returns 0 with *reply filled, also where the reply is an error: see reply->error.
 * Errors: WF_ECLOSED the daemon closed, -ETIMEDOUT, WF_EMALFORMED, errno: the connection is of no more use; as of
 *         flush. */
int wf_client_receive(struct wf_client *client, struct wf_reply *reply, struct wf_error *error);

/* Likewise, for the reply to `msgid`; others that arrive before it are kept for later. A reply without msgid fails
 * it (WF_EBADREQUEST or what the daemon says): it can belong to any. */
int wf_client_receive_for(struct wf_client *client, uint64_t msgid, struct wf_reply *reply, struct wf_error *error);

/* True where a reply or notification is at hand or can be read without waiting. For programs with other things to
 * do. */
bool wf_client_is_ready(struct wf_client *client);

/* The socket, to poll() beside others for reading. Look at wf_client_is_ready first. */
int wf_client_socket(const struct wf_client *client);

/* Simple calls: send, wait for that reply. Error of the connection or of the request alike: returned, in words in
 * `error`, and *reply is empty. Success: *reply is to be closed. wf_client_call ends the request that
 * wf_client_request started as `msgid`. */
int wf_client_call(struct wf_client *client, uint64_t msgid, struct wf_reply *reply, struct wf_error *error);
int wf_client_call_id(struct wf_client *client, const char *method, struct wf_bytes id, struct wf_reply *reply,
		      struct wf_error *error);
int wf_client_ping(struct wf_client *client, struct wf_error *error);

/* Gathers articles into add_batch requests.
 *
 *   wf_client_batch_add until it answers 1 (full) -> wf_client_batch_send -> msgid; one result per article, in
 *   order */
struct wf_client_batch {
	struct wf_pack articles; /* packed articles, without the header of their array */
	size_t count;
	size_t count_max;
	size_t bytes_max;
};

/* count_max 0: 64; bytes_max 0: 4 MiB. The article that passes bytes_max is the batch's last. */
void wf_client_batch_init(struct wf_client_batch *batch, size_t count_max, size_t bytes_max);
void wf_client_batch_close(struct wf_client_batch *batch);

/* Adds an article. Returns 0; or 1: the batch is full, send it before adding more. Errors: WF_ENOMEM, WF_ETOOLARGE
 * (nothing added). */
int wf_client_batch_add(struct wf_client_batch *batch, const struct wf_article *article);

/* Packs the batch as a request (wf_client_flush or a receive sends it) and empties it. *msgid may be NULL. The
 * batch is not empty. */
int wf_client_batch_send(struct wf_client *client, struct wf_client_batch *batch, uint64_t *msgid,
			 struct wf_error *error);

#endif
