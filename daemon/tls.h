/* TLS, from bytes to bytes, without a socket: the one file of the daemon that knows OpenSSL.
 *
 *   socket -> feed  [ in ]  -> session -> read  -> the connection's reader
 *   socket <- take  [ out ] <- session <- write <- its replies
 *
 * TLS 1.2 or 1.3; no renegotiation, no compression, no sessions that are taken up again. The handshake happens inside
 * read. All of the loop thread. */
#ifndef WF_TLS_H
#define WF_TLS_H

#include <sys/types.h>

#include "base/bytes.h"
#include "base/error.h"

/* The most that `out` holds; a session that wants more, as its peer takes nothing, has failed. */
#define WF_TLS_OUT_BYTES_MAX (256u << 10)
/* The longest piece for one write. */
#define WF_TLS_PIECE_BYTES_MAX (64u << 10)

struct wf_tls;
struct wf_tls_session;

/* Files in PEM. */
struct wf_tls_files {
	const char *certificate; /* the server's, then those between it and its CA */
	const char *key;         /* without a passphrase */
	const char *client_ca;   /* clients must show a certificate of one of these; empty: they need none */
};

/* Errors: WF_EBADREQUEST where a file cannot be read or used, WF_ENOMEM; in words. */
int wf_tls_open(struct wf_tls **tls, const struct wf_tls_files *files, struct wf_error *error);
void wf_tls_close(struct wf_tls *tls); /* after all of its sessions; NULL is allowed */

/* Reads the files again, for sessions to come. Errors: as of open; all is then as it was. */
int wf_tls_reload(struct wf_tls *tls, const struct wf_tls_files *files, struct wf_error *error);

/* Days until the certificate is no longer valid; negative: it is not. */
int wf_tls_days_left(const struct wf_tls *tls);

/* A session at its beginning; NULL where memory is out. */
struct wf_tls_session *wf_tls_session_new(struct wf_tls *tls);
void wf_tls_session_free(struct wf_tls_session *session); /* NULL is allowed */

/* Takes bytes that came from the peer. Errors: WF_ENOMEM. */
int wf_tls_feed(struct wf_tls_session *session, struct wf_bytes bytes);

/* Whether there are bytes to work on. */
bool wf_tls_has_input(const struct wf_tls_session *session);

/* Whether the handshake is done. */
bool wf_tls_is_ready(const struct wf_tls_session *session);

/* Whether what came looked like TLS from its first byte on, or nothing has come. */
bool wf_tls_is_spoken(const struct wf_tls_session *session);

/* Goes on with the handshake, or gives plain bytes: how many, or 0 where more must be fed first.
 * Errors: WF_ECLOSED the peer has said goodbye; WF_EMALFORMED it has failed, in words in `error`. Where the peer speaks
 *         TLS, `out` then says why. */
ssize_t wf_tls_read(struct wf_tls_session *session, char *data, size_t room, struct wf_error *error);

/* Encrypts all of it, WF_TLS_PIECE_BYTES_MAX at most, once it is ready and `out` is empty. Errors: WF_EMALFORMED. */
int wf_tls_write(struct wf_tls_session *session, struct wf_bytes bytes);

/* Says goodbye, into `out`, if there is anybody to say it to. */
void wf_tls_end(struct wf_tls_session *session);

/* What is to be sent; valid until the next call with this session. */
char *wf_tls_out(struct wf_tls_session *session, size_t *length);
void wf_tls_out_drop(struct wf_tls_session *session, size_t length);   /* so much of it was sent */
char *wf_tls_out_take(struct wf_tls_session *session, size_t *length); /* all of it; the caller frees it */

/* Bytes of `in` and `out`. */
size_t wf_tls_memory_bytes(const struct wf_tls_session *session);

#endif
