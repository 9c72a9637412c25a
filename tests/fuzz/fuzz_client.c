/* A daemon that says anything: the client hands out replies or an error in words, never hangs, and never reads outside
 * what came. The input is what the daemon says, in pieces of the size that its first byte gives. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "fuzz_input.h"

#define REPLIES_MAX    10000u
#define REQUESTS       3u
#define SAID_BYTES_MAX (64u << 10)

/* One listener for all inputs. */
static int listener(struct sockaddr_un *address)
{
	static int socket_fd = -1;
	static struct sockaddr_un bound;

	if (socket_fd < 0) {
		char folder[] = "/tmp/fuzz_client.XXXXXX";

		fuzz_claim(mkdtemp(folder) != NULL);
		bound.sun_family = AF_UNIX;
		(void)snprintf(bound.sun_path, sizeof bound.sun_path, "%s/s", folder);
		socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		fuzz_claim(socket_fd >= 0);
		fuzz_claim(bind(socket_fd, (const struct sockaddr *)&bound, sizeof bound) == 0);
		fuzz_claim(listen(socket_fd, 4) == 0);
	}
	*address = bound;
	return socket_fd;
}

static void say(int peer, struct fuzz_input *input)
{
	const size_t piece_bytes = 1 + (size_t)fuzz_byte(input) * 16;
	const int room = SAID_BYTES_MAX * 2;
	size_t said = 0;

	(void)setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	while (input->left > 0 && said < SAID_BYTES_MAX) {
		const struct wf_bytes piece = fuzz_bytes(input, piece_bytes);

		if (send(peer, piece.data, piece.length, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)piece.length)
			break;
		said += piece.length;
	}
	(void)shutdown(peer, SHUT_WR);
}

static void receive(struct wf_client *client)
{
	struct wf_reply reply;
	struct wf_error error;
	int code = 0;

	for (unsigned i = 0; i < REPLIES_MAX && code == 0; i++) {
		/* Some by number: those that come before are kept. */
		code = i == 0 ? wf_client_receive_for(client, 1, &reply, &error)
			      : wf_client_receive(client, &reply, &error);
		if (code != 0) {
			fuzz_claim(error.code == code && error.text[0] != '\0');
			if (i == 0 && code == WF_EBADREQUEST)
				code = 0;
			continue;
		}
		fuzz_claim(reply.error.code == 0 || reply.error.text[0] != '\0');
		wf_reply_close(&reply);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct wf_client_settings settings = {.timeout_ms = 1000, .message_bytes_max = SAID_BYTES_MAX};
	struct fuzz_input input = {data, size};
	char name[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];
	struct sockaddr_un address;
	const int listening = listener(&address);
	struct wf_client *client;
	struct wf_error error;
	int peer;

	(void)snprintf(name, sizeof name, "unix:%s", address.sun_path);
	fuzz_claim(wf_client_connect(&client, name, &settings, &error) == 0);
	peer = accept(listening, NULL, NULL);
	fuzz_claim(peer >= 0);
	say(peer, &input);
	for (unsigned i = 0; i < REQUESTS; i++)
		(void)wf_client_request(client, "ping", 0, NULL);
	receive(client);
	wf_client_close(client);
	(void)close(peer);
	return 0;
}
