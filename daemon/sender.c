#include "sender.h"

#include <stdlib.h>

#define CHUNK_BYTES 65536u /* of one that is filled up by small writes */

struct wf_sender_chunk {
	uv_write_t request;
	struct wf_sender_chunk *next;
	struct wf_sender *sender;
	char *data;
	size_t length;
	size_t capacity;
	size_t begin; /* what is before it has been taken already */
};

static void free_chunk(struct wf_sender_chunk *chunk)
{
	free(chunk->data);
	free(chunk);
}

static struct wf_sender_chunk *pop(struct wf_sender *sender)
{
	struct wf_sender_chunk *chunk = sender->first;

	sender->first = chunk->next;
	if (sender->first == NULL)
		sender->last = NULL;
	return chunk;
}

static size_t rest_of(const struct wf_sender_chunk *chunk)
{
	return chunk->length - chunk->begin;
}

/* The socket takes what it can of the bytes; how much, or a negative code. */
static ssize_t try_write(struct wf_sender *sender, char *data, size_t length)
{
	uv_buf_t buffer = uv_buf_init(data, (unsigned)length);
	const int taken = uv_try_write(sender->stream, &buffer, 1);

	return taken == UV_EAGAIN ? 0 : taken;
}

static int give(struct wf_sender *sender, struct wf_sender_chunk *chunk, uv_write_cb done)
{
	uv_buf_t buffer = uv_buf_init(chunk->data + chunk->begin, (unsigned)rest_of(chunk));

	chunk->request.data = chunk;
	return uv_write(&chunk->request, sender->stream, &buffer, 1, done);
}

/* Puts bytes behind those that wait; those before `begin` are taken. */
static int put(struct wf_sender *sender, char *data, size_t length, size_t begin, bool owned)
{
	struct wf_sender_chunk *last = sender->last;
	const bool is_with_socket = sender->is_given && last == sender->first;

	if (!owned && last != NULL && !is_with_socket && last->capacity - last->length >= length - begin) {
		memcpy(last->data + last->length, data + begin, length - begin);
		last->length += length - begin;
		return 0;
	}
	last = calloc(1, sizeof *last);
	if (last == NULL)
		return WF_ENOMEM;
	*last = (struct wf_sender_chunk){
		.sender = sender, .data = data, .length = length, .capacity = length, .begin = begin};
	if (!owned) {
		last->capacity = sender->first == NULL ? length - begin : CHUNK_BYTES;
		last->data = malloc(last->capacity);
		if (last->data == NULL) {
			free(last);
			return WF_ENOMEM;
		}
		last->length = length - begin;
		last->begin = 0;
		memcpy(last->data, data + begin, last->length);
	}
	if (sender->first == NULL)
		sender->first = last;
	else
		sender->last->next = last;
	sender->last = last;
	return 0;
}

/* ---- plain ---- */

static int give_first(struct wf_sender *sender);

/* A chunk comes back from the socket. */
static void written_cb(uv_write_t *request, int status)
{
	struct wf_sender_chunk *chunk = request->data;
	struct wf_sender *sender = chunk->sender;
	const size_t bytes = sender->is_dropped ? 0 : rest_of(chunk);

	sender->is_given = false;
	free_chunk(pop(sender));
	sender->bytes -= bytes;
	if (status == 0 && sender->first != NULL)
		status = give_first(sender);
	sender->moved(sender, bytes, status);
}

static int give_first(struct wf_sender *sender)
{
	const int code = give(sender, sender->first, written_cb);

	sender->is_given = code == 0;
	return code;
}

static int write_plain(struct wf_sender *sender, char *data, size_t length, bool owned, size_t *taken)
{
	const bool is_first = sender->first == NULL;
	ssize_t begin = 0;
	int code = 0;

	if (is_first)
		begin = try_write(sender, data, length);
	if (begin > 0)
		*taken = (size_t)begin;
	if (begin < 0)
		code = (int)begin;
	else if ((size_t)begin < length)
		code = put(sender, data, length, (size_t)begin, owned);
	if (code < 0 || (size_t)begin == length) {
		if (owned)
			free(data);
		return code;
	}
	return is_first ? give_first(sender) : 0;
}

/* ---- TLS ---- */

static void sealed_cb(uv_write_t *request, int status)
{
	struct wf_sender_chunk *chunk = request->data;
	struct wf_sender *sender = chunk->sender;
	size_t bytes = sender->sealed_bytes;

	sender->sealed = NULL;
	sender->sealed_bytes = 0;
	free_chunk(chunk);
	sender->bytes -= bytes;
	if (status == 0 && !sender->is_dropped) {
		size_t more = 0;

		status = wf_sender_flush(sender, &more);
		bytes += more;
	}
	sender->moved(sender, bytes, status);
}

/* Encrypts the next piece. */
static int seal(struct wf_sender *sender)
{
	struct wf_sender_chunk *chunk = sender->first;
	const size_t length = rest_of(chunk) < WF_TLS_PIECE_BYTES_MAX ? rest_of(chunk) : WF_TLS_PIECE_BYTES_MAX;
	const int code = wf_tls_write(sender->tls, (struct wf_bytes){chunk->data + chunk->begin, length});

	if (code < 0)
		return code;
	sender->sealed_bytes += length;
	chunk->begin += length;
	if (rest_of(chunk) == 0)
		free_chunk(pop(sender));
	return 0;
}

/* The socket is full: what is left of the encrypted bytes waits with it. */
static int give_sealed(struct wf_sender *sender)
{
	struct wf_sender_chunk *chunk = calloc(1, sizeof *chunk);
	int code;

	if (chunk == NULL)
		return WF_ENOMEM;
	chunk->sender = sender;
	chunk->data = wf_tls_out_take(sender->tls, &chunk->length);
	code = give(sender, chunk, sealed_cb);
	if (code < 0)
		free_chunk(chunk);
	else
		sender->sealed = chunk;
	return code;
}

int wf_sender_flush(struct wf_sender *sender, size_t *taken)
{
	while (sender->sealed == NULL) {
		size_t length;
		char *out = wf_tls_out(sender->tls, &length);
		ssize_t count;

		if (length == 0) {
			int code;

			if (sender->first == NULL || !wf_tls_is_ready(sender->tls))
				break;
			code = seal(sender);
			if (code < 0)
				return code;
			out = wf_tls_out(sender->tls, &length);
		}
		count = try_write(sender, out, length);
		if (count < 0)
			return (int)count;
		wf_tls_out_drop(sender->tls, (size_t)count);
		if ((size_t)count < length)
			return give_sealed(sender);
		*taken += sender->sealed_bytes;
		sender->bytes -= sender->sealed_bytes;
		sender->sealed_bytes = 0;
	}
	return 0;
}

/* ---- both ---- */

int wf_sender_write(struct wf_sender *sender, char *data, size_t length, bool owned, size_t *taken)
{
	int code;

	*taken = 0;
	sender->bytes += length;
	if (sender->tls == NULL) {
		code = write_plain(sender, data, length, owned, taken);
		sender->bytes -= *taken;
		return code;
	}
	code = put(sender, data, length, 0, owned);
	if (code < 0 && owned)
		free(data);
	return code < 0 ? code : wf_sender_flush(sender, taken);
}

bool wf_sender_is_empty(const struct wf_sender *sender)
{
	return sender->first == NULL && sender->sealed == NULL;
}

size_t wf_sender_drop(struct wf_sender *sender)
{
	const size_t bytes = sender->bytes;
	/* The socket gives back what it has. */
	struct wf_sender_chunk *kept = sender->is_given ? sender->first : NULL;

	while (sender->first != NULL && sender->first != kept)
		free_chunk(pop(sender));
	if (kept != NULL) {
		struct wf_sender_chunk *next = kept->next;

		while (next != NULL) {
			struct wf_sender_chunk *after = next->next;

			free_chunk(next);
			next = after;
		}
		kept->next = NULL;
		sender->last = kept;
	}
	sender->bytes = 0;
	sender->sealed_bytes = 0;
	sender->is_dropped = true;
	return bytes;
}
