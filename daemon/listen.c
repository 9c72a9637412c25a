#include "listen.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int look_up(uv_loop_t *loop, const char *host, const char *port, struct sockaddr_storage *address,
		   struct wf_error *error)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	uv_getaddrinfo_t request;
	const int code = uv_getaddrinfo(loop, &request, NULL, host, port, &hints); /* without a callback it waits */

	if (code < 0)
		return wf_error_set(error, code, "--tcp: %s: %s", host, uv_strerror(code));
	memcpy(address, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
	uv_freeaddrinfo(request.addrinfo);
	return 0;
}

int wf_listen_parse(uv_loop_t *loop, const char *text, struct sockaddr_storage *address, struct wf_error *error)
{
	const char *colon = strrchr(text, ':');
	const bool is_bracketed = *text == '[' && colon != NULL && colon > text && colon[-1] == ']';
	char host[256];
	char *end;
	size_t length;
	unsigned long port;

	if (colon == NULL || colon[1] < '0' || colon[1] > '9')
		return wf_error_set(error, WF_EBADREQUEST, "--tcp: expected HOST:PORT or none, got \"%s\"", text);
	length = (size_t)(colon - text) - (is_bracketed ? 2 : 0);
	port = strtoul(colon + 1, &end, 10);
	if (length == 0 || length >= sizeof host || *end != '\0' || port > 65535)
		return wf_error_set(error, WF_EBADREQUEST, "--tcp: expected HOST:PORT or none, got \"%s\"", text);
	memcpy(host, text + (is_bracketed ? 1 : 0), length);
	host[length] = '\0';
	if (strcmp(host, "localhost") == 0)
		snprintf(host, sizeof host, "127.0.0.1"); /* whether or not a file says so (RFC 6761, section 6.3) */
	memset(address, 0, sizeof *address);
	if (uv_ip4_addr(host, (int)port, (struct sockaddr_in *)(void *)address) == 0 ||
	    uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)(void *)address) == 0)
		return 0;
	return look_up(loop, host, colon + 1, address, error);
}

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

	if (address->ss_family == AF_INET)
		return (ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24) == 127;
	return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
}

int wf_listen_check(const struct sockaddr_storage *address, const char *text, bool has_token, bool has_tls,
		    struct wf_error *error)
{
	if ((has_token && has_tls) || is_loopback(address))
		return 0;
	return wf_error_set(error, WF_EDENIED, "--tcp: %.64s is no loopback address: it takes %s%s%s, or --insecure",
			    text, has_token ? "" : "a token (--token-file)", has_token || has_tls ? "" : " and ",
			    has_tls ? "" : "TLS (--tls-certificate, --tls-key)");
}

void wf_listen_name(const struct sockaddr_storage *address, bool has_tls, char name[WF_LISTEN_ADDRESS_BYTES])
{
	const char *scheme = has_tls ? "tls" : "tcp";
	char host[64] = "";

	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;

		uv_ip4_name(v4, host, sizeof host);
		snprintf(name, WF_LISTEN_ADDRESS_BYTES, "%s://%s:%u", scheme, host, (unsigned)ntohs(v4->sin_port));
	} else if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;

		uv_ip6_name(v6, host, sizeof host);
		snprintf(name, WF_LISTEN_ADDRESS_BYTES, "%s://[%s]:%u", scheme, host, (unsigned)ntohs(v6->sin6_port));
	} else {
		const char *path = ((const struct sockaddr_un *)(const void *)address)->sun_path;

		snprintf(name, WF_LISTEN_ADDRESS_BYTES, "unix:%s%.100s", *path == '\0' ? "@" : "",
			 *path == '\0' ? path + 1 : path);
	}
}

int wf_listen_tcp(struct wf_listener *listener, uv_loop_t *loop, const struct sockaddr_storage *address, bool has_tls,
		  uv_connection_cb accept, struct wf_error *error)
{
	struct sockaddr_storage name;
	int length = sizeof name;
	int code;

	code = uv_tcp_init(loop, &listener->socket.tcp);
	listener->is_open = code == 0;
	if (code == 0)
		code = uv_tcp_bind(&listener->socket.tcp, (const struct sockaddr *)address, 0);
	if (code == 0)
		code = uv_listen(&listener->socket.stream, WF_LISTEN_BACKLOG, accept);
	if (code == 0)
		code = uv_tcp_getsockname(&listener->socket.tcp, (struct sockaddr *)&name, &length);
	if (code < 0)
		return wf_error_set(error, code, "--tcp: %s", uv_strerror(code));
	wf_listen_name(&name, has_tls, listener->address);
	return 0;
}

/* Removes the file where it is a socket that nobody listens to. */
static int clear_path(const char *path, const struct sockaddr_un *address, struct wf_error *error)
{
	struct stat status;
	int probe, code;

	if (lstat(path, &status) < 0)
		return 0; /* binding tells what is wrong, if anything is */
	if (!S_ISSOCK(status.st_mode))
		return wf_error_set(error, -EEXIST, "--unix: %s is there and is no socket", path);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return wf_error_set(error, -errno, "--unix: %s: %s", path, strerror(errno));
	code = connect(probe, (const struct sockaddr *)address, sizeof *address) < 0 ? -errno : 0;
	close(probe);
	if (code == -ECONNREFUSED)
		return unlink(path) == 0 ? 0 : wf_error_set(error, -errno, "--unix: %s: %s", path, strerror(errno));
	return wf_error_set(error, -EADDRINUSE, "--unix: %s is in use by another process", path);
}

/* A socket bound to its file. The file's permissions are those of the socket, less the umask; they are widened to what
 * was asked for once it is there: at no moment may anybody do more. */
static int bind_path(const struct sockaddr_un *address, mode_t mode)
{
	const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int code = 0;

	if (descriptor < 0)
		return -errno;
	if (fchmod(descriptor, mode) < 0 || bind(descriptor, (const struct sockaddr *)address, sizeof *address) < 0 ||
	    chmod(address->sun_path, mode) < 0)
		code = -errno;
	if (code == 0)
		return descriptor;
	close(descriptor);
	return code;
}

int wf_listen_unix(struct wf_listener *listener, uv_loop_t *loop, const char *path, mode_t mode,
		   uv_connection_cb accept, struct wf_error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat status;
	int descriptor, code;

	if (strlen(path) >= sizeof address.sun_path)
		return wf_error_set(error, -ENAMETOOLONG, "--unix: a path of a socket has at most %zu bytes",
				    sizeof address.sun_path - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	code = clear_path(path, &address, error);
	if (code < 0)
		return code;
	code = uv_pipe_init(loop, &listener->socket.pipe, 0);
	if (code < 0)
		return wf_error_set(error, code, "--unix: %s: %s", path, uv_strerror(code));
	listener->is_open = true;
	descriptor = bind_path(&address, mode);
	if (descriptor < 0)
		return wf_error_set(error, descriptor, "--unix: %s: %s", path, uv_strerror(descriptor));
	if (stat(path, &status) == 0) {
		listener->path = path;
		listener->device = status.st_dev;
		listener->inode = status.st_ino;
	}
	code = uv_pipe_open(&listener->socket.pipe, descriptor);
	if (code < 0)
		close(descriptor);
	else
		code = uv_listen(&listener->socket.stream, WF_LISTEN_BACKLOG, accept);
	if (code < 0)
		return wf_error_set(error, code, "--unix: %s: %s", path, uv_strerror(code));
	snprintf(listener->address, sizeof listener->address, "unix:%s", path);
	return 0;
}

int wf_listen_address_of(int descriptor, struct sockaddr_storage *address, struct wf_error *error)
{
	socklen_t address_length = sizeof *address;
	socklen_t length = sizeof(int);
	int is_listening = 0, type = 0;

	memset(address, 0, sizeof *address);
	if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &length) < 0 ||
	    getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) < 0 ||
	    getsockname(descriptor, (struct sockaddr *)address, &address_length) < 0 || !is_listening ||
	    type != SOCK_STREAM ||
	    (address->ss_family != AF_UNIX && address->ss_family != AF_INET && address->ss_family != AF_INET6))
		return wf_error_set(error, WF_EBADREQUEST,
				    "LISTEN_FDS: descriptor %d is no listening stream socket of TCP or Unix",
				    descriptor);
	return 0;
}

int wf_listen_inherited(struct wf_listener *listener, uv_loop_t *loop, int descriptor, bool has_tls,
			uv_connection_cb accept, struct wf_error *error)
{
	struct sockaddr_storage address;
	int code = wf_listen_address_of(descriptor, &address, error);
	bool is_unix;

	if (code < 0)
		return code;
	is_unix = address.ss_family == AF_UNIX;
	wf_listen_name(&address, has_tls, listener->address);
	code = is_unix ? uv_pipe_init(loop, &listener->socket.pipe, 0) : uv_tcp_init(loop, &listener->socket.tcp);
	listener->is_open = code == 0;
	if (code == 0)
		code = is_unix ? uv_pipe_open(&listener->socket.pipe, descriptor)
			       : uv_tcp_open(&listener->socket.tcp, descriptor);
	if (code == 0)
		code = uv_listen(&listener->socket.stream, WF_LISTEN_BACKLOG, accept);
	return code < 0 ? wf_error_set(error, code, "LISTEN_FDS: %s: %s", listener->address, uv_strerror(code)) : 0;
}

void wf_listen_close(struct wf_listener *listener)
{
	struct stat status;

	if (!listener->is_open)
		return;
	listener->is_open = false;
	if (listener->path != NULL && lstat(listener->path, &status) == 0 && status.st_dev == listener->device &&
	    status.st_ino == listener->inode)
		unlink(listener->path);
	uv_close(&listener->socket.handle, NULL);
}
