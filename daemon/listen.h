/* How the daemon comes by its addresses: parsing, checking, binding, and removing a socket file that nobody serves. */
#ifndef WF_LISTEN_H
#define WF_LISTEN_H

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"

#define WF_LISTEN_BACKLOG 1024

/* HOST:PORT, [HOST]:PORT with an IPv6 HOST; names are looked up.
 * Errors: WF_EBADREQUEST no such form, of libuv where the name is not known; in words. */
int wf_listen_parse(uv_loop_t *loop, const char *text, struct sockaddr_storage *address, struct wf_error *error);
bool wf_listen_is_loopback(const struct sockaddr_storage *address);

/* Binds and listens. On success `handle` is open; on error it is to be closed, if it was initialised.
 * `bound` (of wf_listen_tcp): tcp://HOST:PORT with the port in use. */
int wf_listen_tcp(uv_tcp_t *handle, const struct sockaddr_storage *address, uv_connection_cb accept, char *bound,
		  size_t bound_bytes, struct wf_error *error);
/* A socket file that refuses connections was left by a killed daemon: it is removed. One that answers is in use. */
int wf_listen_unix(uv_pipe_t *handle, const char *path, uv_connection_cb accept, struct wf_error *error);

#endif
