#include "tls.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define CERTIFICATES_BYTES_MAX (32 << 10) /* of a client's, with those above it */
#define RECORD_HANDSHAKE       0x16       /* the first byte of TLS */
#define OUT_BYTES_FIRST        2048u

struct buffer {
	char *data;
	size_t begin; /* what is before has been used */
	size_t length;
	size_t capacity;
};

struct wf_tls {
	SSL_CTX *context;
	BIO_METHOD *method;
};

struct wf_tls_session {
	SSL *ssl;
	struct buffer in;
	struct buffer out;
	bool has_begun;   /* a byte has come */
	bool speaks_tls;  /* the first one was right */
	bool has_failed;  /* nothing more is to be had of it */
	bool is_over_out; /* it failed as `out` was full */
};

/* ---- buffers ---- */

static int put(struct buffer *buffer, const char *data, size_t length, size_t first)
{
	if (buffer->capacity - buffer->length < length) {
		size_t capacity = buffer->capacity == 0 ? first : buffer->capacity * 2;
		char *larger;

		if (capacity < buffer->length + length)
			capacity = buffer->length + length;
		larger = realloc(buffer->data, capacity);
		if (larger == NULL)
			return WF_ENOMEM;
		buffer->data = larger;
		buffer->capacity = capacity;
	}
	memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
	return 0;
}

static void drop(struct buffer *buffer, size_t length)
{
	buffer->begin += length;
	if (buffer->begin == buffer->length) {
		free(buffer->data);
		*buffer = (struct buffer){.data = NULL};
	}
}

/* ---- how OpenSSL reaches them ---- */

static int bio_write(BIO *bio, const char *data, int length)
{
	struct wf_tls_session *session = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (length <= 0)
		return 0;
	if (session->out.length - session->out.begin + (size_t)length > WF_TLS_OUT_BYTES_MAX) {
		session->is_over_out = true;
		return -1;
	}
	return put(&session->out, data, (size_t)length, OUT_BYTES_FIRST) == 0 ? length : -1;
}

static int bio_read(BIO *bio, char *data, int room)
{
	struct wf_tls_session *session = BIO_get_data(bio);
	size_t length = session->in.length - session->in.begin;

	BIO_clear_retry_flags(bio);
	if (room <= 0)
		return 0;
	if (length == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (length > (size_t)room)
		length = (size_t)room;
	memcpy(data, session->in.data + session->in.begin, length);
	drop(&session->in, length);
	return (int)length;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

/* ---- certificates and keys ---- */

/* The newest error of OpenSSL in words. */
static const char *reason(void)
{
	const char *words = ERR_reason_error_string(ERR_peek_last_error());

	return words == NULL ? "unknown" : words;
}

static int refuse(const char *flag, const char *path, struct wf_error *error)
{
	return wf_error_set(error, WF_EBADREQUEST, "%s: %.100s: %s", flag, path, reason());
}

/* A key that asks for a passphrase is of no use to a service: there is nobody to type it. */
static int no_passphrase_cb(char *buffer, int room, int is_writing, void *context)
{
	(void)buffer;
	(void)room;
	(void)is_writing;
	(void)context;
	return 0;
}

static int load_client_ca(SSL_CTX *context, const char *path, struct wf_error *error)
{
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);

	if (names == NULL || SSL_CTX_load_verify_file(context, path) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return refuse("--tls-client-ca", path, error);
	}
	SSL_CTX_set_client_CA_list(context, names);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return 0;
}

static int load_files(SSL_CTX *context, const struct wf_tls_files *files, struct wf_error *error)
{
	SSL_CTX_set_default_passwd_cb(context, no_passphrase_cb);
	if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1)
		return refuse("--tls-certificate", files->certificate, error);
	if (SSL_CTX_use_PrivateKey_file(context, files->key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(context) != 1)
		return refuse("--tls-key", files->key, error);
	return *files->client_ca == '\0' ? 0 : load_client_ca(context, files->client_ca, error);
}

/* Sessions are not taken up again: connections live long, and a session that is would pass by a CA that has changed. */
static int make_context(SSL_CTX **made, const struct wf_tls_files *files, struct wf_error *error)
{
	SSL_CTX *context;
	int code;

	ERR_clear_error();
	context = SSL_CTX_new(TLS_server_method());
	if (context == NULL)
		return wf_error_set(error, WF_ENOMEM, "TLS: %s", reason());
	SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(context, CERTIFICATES_BYTES_MAX);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 || SSL_CTX_set_num_tickets(context, 0) != 1 ||
	    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
		code = wf_error_set(error, WF_EINTERNAL, "TLS: %s", reason());
	else
		code = load_files(context, files, error);
	if (code == 0)
		*made = context;
	else
		SSL_CTX_free(context);
	ERR_clear_error();
	return code;
}

int wf_tls_open(struct wf_tls **tls, const struct wf_tls_files *files, struct wf_error *error)
{
	struct wf_tls *made = calloc(1, sizeof *made);
	int code;

	if (made == NULL)
		return wf_error_set(error, WF_ENOMEM, "out of memory");
	code = make_context(&made->context, files, error);
	if (code == 0) {
		made->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wirefold");
		if (made->method == NULL || BIO_meth_set_write(made->method, bio_write) != 1 ||
		    BIO_meth_set_read(made->method, bio_read) != 1 || BIO_meth_set_ctrl(made->method, bio_control) != 1)
			code = wf_error_set(error, WF_ENOMEM, "out of memory");
	}
	if (code == 0)
		*tls = made;
	else
		wf_tls_close(made);
	return code;
}

void wf_tls_close(struct wf_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	BIO_meth_free(tls->method);
	free(tls);
}

int wf_tls_reload(struct wf_tls *tls, const struct wf_tls_files *files, struct wf_error *error)
{
	SSL_CTX *fresh;
	const int code = make_context(&fresh, files, error);

	if (code < 0)
		return code;
	SSL_CTX_free(tls->context); /* sessions hold it for as long as they need it */
	tls->context = fresh;
	return 0;
}

int wf_tls_days_left(const struct wf_tls *tls)
{
	const X509 *certificate = SSL_CTX_get0_certificate(tls->context);
	int days = 0, seconds = 0;

	if (certificate == NULL || ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)) != 1)
		return -1;
	return days == 0 && seconds < 0 ? -1 : days;
}

/* ---- sessions ---- */

struct wf_tls_session *wf_tls_session_new(struct wf_tls *tls)
{
	struct wf_tls_session *session = calloc(1, sizeof *session);
	BIO *bio;

	if (session == NULL)
		return NULL;
	session->ssl = SSL_new(tls->context);
	bio = session->ssl == NULL ? NULL : BIO_new(tls->method);
	if (bio == NULL) {
		wf_tls_session_free(session);
		return NULL;
	}
	BIO_set_data(bio, session);
	BIO_set_init(bio, 1);
	SSL_set_bio(session->ssl, bio, bio);
	SSL_set_accept_state(session->ssl);
	return session;
}

void wf_tls_session_free(struct wf_tls_session *session)
{
	if (session == NULL)
		return;
	SSL_free(session->ssl);
	free(session->in.data);
	free(session->out.data);
	free(session);
}

int wf_tls_feed(struct wf_tls_session *session, struct wf_bytes bytes)
{
	if (!session->has_begun && bytes.length > 0) {
		session->has_begun = true;
		session->speaks_tls = (unsigned char)bytes.data[0] == RECORD_HANDSHAKE;
	}
	return put(&session->in, bytes.data, bytes.length, bytes.length);
}

bool wf_tls_has_input(const struct wf_tls_session *session)
{
	return !session->has_failed && (session->in.length > session->in.begin || SSL_has_pending(session->ssl));
}

bool wf_tls_is_ready(const struct wf_tls_session *session)
{
	return SSL_is_init_finished(session->ssl) != 0;
}

bool wf_tls_is_spoken(const struct wf_tls_session *session)
{
	return session->speaks_tls || !session->has_begun;
}

static int fail(struct wf_tls_session *session, struct wf_error *error)
{
	session->has_failed = true;
	wf_error_set(error, WF_EMALFORMED, "TLS: %s",
		     session->is_over_out  ? "the peer takes nothing"
		     : session->speaks_tls ? reason()
					   : "the peer speaks something else");
	ERR_clear_error();
	/* Who does not speak TLS is told nothing. */
	if (!session->speaks_tls)
		drop(&session->out, session->out.length - session->out.begin);
	return WF_EMALFORMED;
}

ssize_t wf_tls_read(struct wf_tls_session *session, char *data, size_t room, struct wf_error *error)
{
	int got;

	if (session->has_failed)
		return fail(session, error);
	if (!session->speaks_tls && session->has_begun)
		return fail(session, error);
	ERR_clear_error();
	got = SSL_read(session->ssl, data, room > INT_MAX ? INT_MAX : (int)room);
	if (got > 0)
		return got;
	switch (SSL_get_error(session->ssl, got)) {
	case SSL_ERROR_WANT_READ:
		return session->is_over_out ? fail(session, error) : 0;
	case SSL_ERROR_ZERO_RETURN:
		return WF_ECLOSED;
	default:
		return fail(session, error);
	}
}

int wf_tls_write(struct wf_tls_session *session, struct wf_bytes bytes)
{
	struct wf_error error;
	int put_count;

	if (session->has_failed)
		return WF_EMALFORMED;
	ERR_clear_error();
	put_count = SSL_write(session->ssl, bytes.data, (int)bytes.length);
	return put_count == (int)bytes.length ? 0 : fail(session, &error);
}

void wf_tls_end(struct wf_tls_session *session)
{
	if (session->has_failed || !wf_tls_is_ready(session))
		return;
	ERR_clear_error();
	(void)SSL_shutdown(session->ssl);
	ERR_clear_error();
}

char *wf_tls_out(struct wf_tls_session *session, size_t *length)
{
	*length = session->out.length - session->out.begin;
	return *length == 0 ? NULL : session->out.data + session->out.begin;
}

void wf_tls_out_drop(struct wf_tls_session *session, size_t length)
{
	drop(&session->out, length);
}

char *wf_tls_out_take(struct wf_tls_session *session, size_t *length)
{
	char *data = session->out.data;

	*length = session->out.length - session->out.begin;
	if (session->out.begin > 0)
		memmove(data, data + session->out.begin, *length);
	session->out = (struct buffer){.data = NULL};
	return data;
}

size_t wf_tls_memory_bytes(const struct wf_tls_session *session)
{
	return session->in.capacity + session->out.capacity;
}
