/* How the daemon comes by its addresses: parsing, checking, binding, and removing a socket file that nobody serves. */
#ifndef WF_LISTEN_H
#define WF_LISTEN_H

#include <stdbool.h>
#include <sys/stat.h>
#include <uv.h>

#include "base/error.h"

#define WF_LISTEN_BACKLOG       1024
#define WF_LISTEN_ADDRESS_BYTES 128 /* of an address in words */

/* One listening socket. */
struct wf_listener {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} socket;
	bool is_open;                          /* the handle is to be closed */
	bool waits;                            /* it has a connection that is to be taken in the next turn */
	char address[WF_LISTEN_ADDRESS_BYTES]; /* tcp://HOST:PORT or tls://, with the port in use; unix:PATH */
	const char *path;                      /* of the socket file that we made; NULL: none */
	dev_t device;                          /* and which file it was */
	ino_t inode;
};

/* HOST:PORT, [HOST]:PORT with an IPv6 HOST; names are looked up.
 * Errors: WF_EBADREQUEST no such form, of libuv where the name is not known; in words. */
int wf_listen_parse(uv_loop_t *loop, const char *text, struct sockaddr_storage *address, struct wf_error *error);

/* An address that others than this machine can reach takes a token and TLS. `text`: what the user calls it.
 * Errors: WF_EDENIED, with what is missing in words. */
int wf_listen_check(const struct sockaddr_storage *address, const char *text, bool has_token, bool has_tls,
		    struct wf_error *error);

/* Bind and listen. `listener` is zeros but for what its handle's data is; after an error it is to be closed, too.
 * Of a Unix socket: a file that refuses connections was left by a killed daemon, and is removed; one that answers is in
 * use. The file has `mode` from its first moment on, or less. `path` is borrowed. */
int wf_listen_tcp(struct wf_listener *listener, uv_loop_t *loop, const struct sockaddr_storage *address, bool has_tls,
		  uv_connection_cb accept, struct wf_error *error);
int wf_listen_unix(struct wf_listener *listener, uv_loop_t *loop, const char *path, mode_t mode,
		   uv_connection_cb accept, struct wf_error *error);

/* What an inherited descriptor listens on. Errors: WF_EBADREQUEST where it is no listening stream socket. */
int wf_listen_address_of(int descriptor, struct sockaddr_storage *address, struct wf_error *error);

/* Listens on an inherited descriptor, the listener's from now on; its file is its maker's. Errors: of libuv. */
int wf_listen_inherited(struct wf_listener *listener, uv_loop_t *loop, int descriptor, bool has_tls,
			uv_connection_cb accept, struct wf_error *error);

/* An inherited socket's address in words. */
void wf_listen_name(const struct sockaddr_storage *address, bool has_tls, char name[WF_LISTEN_ADDRESS_BYTES]);

/* Stops listening, and removes the socket's file if it is still ours. */
void wf_listen_close(struct wf_listener *listener);

#endif
