/* TLS of the client, over a socket that does not block: the one file of the library that knows OpenSSL.
 *
 *   wf_client_tls_open -> wf_client_tls_shake until it is done -> recv, send
 *
 * TLS 1.2 or 1.3. The daemon's certificate is checked against its name and the CAs, unless told not to. */
#ifndef WF_CLIENT_TLS_H
#define WF_CLIENT_TLS_H

#include <sys/types.h>

#include "client.h"

struct wf_client_tls;

/* What a step waits for. */
enum wf_client_tls_wait { WF_CLIENT_TLS_NOTHING, WF_CLIENT_TLS_READ, WF_CLIENT_TLS_WRITE };

/* A session at its beginning. host: as in the address, what the certificate is to be for, unless settings->tls_name
 * says otherwise. The socket stays the caller's.
 * Errors: WF_EBADREQUEST where a file of the settings cannot be used, WF_ENOMEM; in words. */
int wf_client_tls_open(struct wf_client_tls **tls, int socket_fd, const char *host,
		       const struct wf_client_settings *settings, struct wf_error *error);
void wf_client_tls_close(struct wf_client_tls *tls); /* says goodbye, if it can; NULL is allowed */

/* Goes on with the handshake. WF_CLIENT_TLS_NOTHING: it is done.
 * Errors: -EPROTO, with what is wrong in words, the check of the certificate too. */
int wf_client_tls_shake(struct wf_client_tls *tls, struct wf_error *error);

/* As recv(2) and send(2): -1 with errno, EAGAIN where it must wait; what for, wf_client_tls_waits_to_write() tells.
 * EPROTO: TLS failed; wf_client_tls_words() says why. A send that must wait is repeated with the same bytes. */
ssize_t wf_client_tls_recv(struct wf_client_tls *tls, char *data, size_t room);
ssize_t wf_client_tls_send(struct wf_client_tls *tls, const char *data, size_t length);

/* Whether the last recv waits for the socket to take bytes. */
bool wf_client_tls_waits_to_write(const struct wf_client_tls *tls);

/* Whether bytes are there that the socket no longer tells of. */
bool wf_client_tls_has_pending(const struct wf_client_tls *tls);

/* Why TLS failed. */
const char *wf_client_tls_words(const struct wf_client_tls *tls);

#endif
