#include "client_tls.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define WORDS_BYTES 128

struct wf_client_tls {
	SSL_CTX *context;
	BIO_METHOD *method;
	SSL *ssl;
	int socket_fd;
	bool waits_to_write;
	bool has_failed;
	char words[WORDS_BYTES];
};

/* ---- how OpenSSL reaches the socket: its own way would raise SIGPIPE ---- */

static bool is_to_wait(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static int bio_write(BIO *bio, const char *data, int length)
{
	const struct wf_client_tls *tls = BIO_get_data(bio);
	const ssize_t sent = send(tls->socket_fd, data, (size_t)length, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (sent < 0 && is_to_wait())
		BIO_set_retry_write(bio);
	return (int)sent;
}

static int bio_read(BIO *bio, char *data, int room)
{
	const struct wf_client_tls *tls = BIO_get_data(bio);
	const ssize_t got = recv(tls->socket_fd, data, (size_t)room, 0);

	BIO_clear_retry_flags(bio);
	if (got < 0 && is_to_wait())
		BIO_set_retry_read(bio);
	return (int)got;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static int attach_socket(struct wf_client_tls *tls)
{
	BIO *bio;

	tls->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wirefold client");
	if (tls->method == NULL || BIO_meth_set_write(tls->method, bio_write) != 1 ||
	    BIO_meth_set_read(tls->method, bio_read) != 1 || BIO_meth_set_ctrl(tls->method, bio_control) != 1)
		return WF_ENOMEM;
	bio = BIO_new(tls->method);
	if (bio == NULL)
		return WF_ENOMEM;
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	return 0;
}

/* ---- settings ---- */

static const char *reason(void)
{
	const char *words = ERR_reason_error_string(ERR_peek_last_error());

	return words == NULL ? "unknown" : words;
}

static int refuse_file(const char *what, const char *path, struct wf_error *error)
{
	return wf_error_set(error, WF_EBADREQUEST, "%s: %.100s: %s", what, path, reason());
}

static int no_passphrase_cb(char *buffer, int room, int is_writing, void *context)
{
	(void)buffer;
	(void)room;
	(void)is_writing;
	(void)context;
	return 0;
}

static int load_files(SSL_CTX *context, const struct wf_client_settings *settings, struct wf_error *error)
{
	const char *certificate = settings->tls_certificate_file;
	const char *key = settings->tls_key_file == NULL ? certificate : settings->tls_key_file;

	SSL_CTX_set_default_passwd_cb(context, no_passphrase_cb);
	if (settings->tls_ca_file == NULL)
		(void)SSL_CTX_set_default_verify_paths(context);
	else if (SSL_CTX_load_verify_file(context, settings->tls_ca_file) != 1)
		return refuse_file("CA", settings->tls_ca_file, error);
	if (certificate == NULL)
		return 0;
	if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
		return refuse_file("certificate", certificate, error);
	if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(context) != 1)
		return refuse_file("key", key, error);
	return 0;
}

/* The name that the certificate must be for; a DNS name is told to the daemon, too. */
static bool set_name(SSL *ssl, const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* What SSL_set_tlsext_host_name() is, which takes away a const that OpenSSL keeps to. */
	return SSL_set1_host(ssl, name) == 1 &&
	       SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)name) == 1;
}

static int prepare(struct wf_client_tls *tls, const char *name, const struct wf_client_settings *settings,
		   struct wf_error *error)
{
	int code;

	ERR_clear_error();
	tls->context = SSL_CTX_new(TLS_client_method());
	if (tls->context == NULL || SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1)
		return wf_error_set(error, WF_ENOMEM, "TLS: %s", reason());
	SSL_CTX_set_options(tls->context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(tls->context, settings->tls_unverified ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	code = load_files(tls->context, settings, error);
	if (code < 0)
		return code;
	tls->ssl = SSL_new(tls->context);
	if (tls->ssl == NULL || attach_socket(tls) < 0)
		return wf_error_set(error, WF_ENOMEM, "TLS: out of memory");
	if (!settings->tls_unverified && !set_name(tls->ssl, name))
		return wf_error_set(error, WF_EBADREQUEST, "TLS: %.100s: no name that a certificate can have", name);
	SSL_set_connect_state(tls->ssl);
	return 0;
}

int wf_client_tls_open(struct wf_client_tls **tls, int socket_fd, const char *host,
		       const struct wf_client_settings *settings, struct wf_error *error)
{
	struct wf_client_tls *made = calloc(1, sizeof *made);
	int code;

	if (made == NULL)
		return wf_error_set(error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM));
	made->socket_fd = socket_fd;
	code = prepare(made, settings->tls_name == NULL ? host : settings->tls_name, settings, error);
	ERR_clear_error();
	if (code == 0)
		*tls = made;
	else
		wf_client_tls_close(made);
	return code;
}

void wf_client_tls_close(struct wf_client_tls *tls)
{
	if (tls == NULL)
		return;
	if (tls->ssl != NULL && !tls->has_failed && SSL_is_init_finished(tls->ssl))
		(void)SSL_shutdown(tls->ssl);
	ERR_clear_error();
	SSL_free(tls->ssl);
	SSL_CTX_free(tls->context);
	BIO_meth_free(tls->method);
	free(tls);
}

/* ---- the session ---- */

/* Remembers why it failed: what was wrong with the certificate, what OpenSSL says, or the socket's error. */
static void fail(struct wf_client_tls *tls, int socket_error)
{
	const long check = SSL_get_verify_result(tls->ssl);
	const bool is_bad = check != X509_V_OK && (SSL_get_verify_mode(tls->ssl) & SSL_VERIFY_PEER) != 0;

	tls->has_failed = true;
	if (is_bad)
		(void)snprintf(tls->words, sizeof tls->words, "the daemon's certificate: %s",
			       X509_verify_cert_error_string(check));
	else if (ERR_peek_last_error() != 0)
		(void)snprintf(tls->words, sizeof tls->words, "TLS: %s", reason());
	else
		(void)snprintf(tls->words, sizeof tls->words, "TLS: %s",
			       socket_error != 0 ? strerror(socket_error) : "the connection was closed");
	ERR_clear_error();
}

int wf_client_tls_shake(struct wf_client_tls *tls, struct wf_error *error)
{
	int done;

	ERR_clear_error();
	errno = 0;
	done = SSL_do_handshake(tls->ssl);
	if (done == 1)
		return WF_CLIENT_TLS_NOTHING;
	switch (SSL_get_error(tls->ssl, done)) {
	case SSL_ERROR_WANT_READ:
		return WF_CLIENT_TLS_READ;
	case SSL_ERROR_WANT_WRITE:
		return WF_CLIENT_TLS_WRITE;
	default:
		fail(tls, errno);
		return wf_error_set(error, -EPROTO, "%s", tls->words);
	}
}

/* What SSL_read and SSL_write answer, as recv(2) and send(2) would. */
static ssize_t result_of(struct wf_client_tls *tls, int result)
{
	const int socket_error = errno;

	if (result > 0)
		return result;
	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_WRITE:
		tls->waits_to_write = true;
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_WANT_READ:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		tls->has_failed = true;
		ERR_clear_error();
		errno = socket_error;
		return socket_error == 0 ? 0 : -1;
	default:
		fail(tls, socket_error);
		errno = EPROTO;
		return -1;
	}
}

ssize_t wf_client_tls_recv(struct wf_client_tls *tls, char *data, size_t room)
{
	tls->waits_to_write = false;
	ERR_clear_error();
	errno = 0;
	return result_of(tls, SSL_read(tls->ssl, data, room > INT_MAX ? INT_MAX : (int)room));
}

ssize_t wf_client_tls_send(struct wf_client_tls *tls, const char *data, size_t length)
{
	ssize_t sent;

	ERR_clear_error();
	errno = 0;
	sent = result_of(tls, SSL_write(tls->ssl, data, length > INT_MAX ? INT_MAX : (int)length));
	if (sent != 0)
		return sent;
	errno = EPIPE; /* closed: a send does not end, it fails */
	return -1;
}

bool wf_client_tls_waits_to_write(const struct wf_client_tls *tls)
{
	return tls->waits_to_write;
}

bool wf_client_tls_has_pending(const struct wf_client_tls *tls)
{
	return !tls->has_failed && SSL_pending(tls->ssl) > 0;
}

const char *wf_client_tls_words(const struct wf_client_tls *tls)
{
	return tls->words;
}
