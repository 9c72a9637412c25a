/* How bytes leave a connection: in their order, encrypted where it has TLS, no faster than the socket takes them.
 *
 *   plain  write -> [ chunk | chunk | chunk ]                                  the first is with the socket
 *   TLS    write -> [ chunk | chunk ] -> a piece at a time -> [ sealed ]       is with the socket
 *
 * What the socket takes at once is never copied, but by TLS. All of the loop thread. */
#ifndef WF_SENDER_H
#define WF_SENDER_H

#include <uv.h>

#include "tls.h"

struct wf_sender;
struct wf_sender_chunk;

/* The socket has taken `bytes` of what had to wait; or it failed: status is then negative. */
typedef void (*wf_sender_cb)(struct wf_sender *sender, size_t bytes, int status);

struct wf_sender {
	uv_stream_t *stream;
	struct wf_tls_session *tls; /* the connection's; NULL: plain */
	wf_sender_cb moved;
	void *context;
	struct wf_sender_chunk *first; /* NULL: nothing waits */
	struct wf_sender_chunk *last;
	struct wf_sender_chunk *sealed;
	size_t sealed_bytes; /* that `sealed` was before it was encrypted */
	size_t bytes;        /* written and not yet taken, as they were before they were encrypted */
	bool is_given;       /* the first chunk is with the socket */
	bool is_dropped;
};

/* Puts bytes behind those that wait, and hands to the socket what it takes: *taken. `owned`: `data` is the sender's to
 * free, also on error; else what must wait is copied.
 * Errors: of libuv, WF_ENOMEM, WF_EMALFORMED: the sender is to be dropped. */
int wf_sender_write(struct wf_sender *sender, char *data, size_t length, bool owned, size_t *taken);

/* Of TLS: hands on what the session has to say, and what waited for its handshake. Errors: as of write. */
int wf_sender_flush(struct wf_sender *sender, size_t *taken);

/* Whether all that was written has been taken. */
bool wf_sender_is_empty(const struct wf_sender *sender);

/* Forgets what the socket has not taken; how many bytes that were. Part of it may still be with the socket: the
 * sender must live until wf_sender_is_empty(), which closing the socket brings about. */
size_t wf_sender_drop(struct wf_sender *sender);

#endif
