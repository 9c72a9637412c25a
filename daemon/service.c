#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 1000 /* what a manager could sensibly hand over, and more than is used */

static const char *variable(char *const *environment, const char *name)
{
	const size_t length = strlen(name);

	for (; *environment != NULL; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

/* A whole number of at most `most`; -1 of anything else. */
static long number_of(const char *text, long most)
{
	char *end;
	long number;

	if (text == NULL || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	number = strtol(text, &end, 10);
	return errno != 0 || *end != '\0' || number > most ? -1 : number;
}

/* Sockets are for the process that they are meant for alone, not for its children, who inherit the variables. */
static int inherited(char *const *environment)
{
	const long count = number_of(variable(environment, "LISTEN_FDS"), DESCRIPTORS_MAX);

	if (count <= 0 || number_of(variable(environment, "LISTEN_PID"), INT32_MAX) != (long)getpid())
		return 0;
	for (int i = 0; i < (int)count; i++)
		(void)fcntl(WF_SERVICE_DESCRIPTOR_FIRST + i, F_SETFD, FD_CLOEXEC);
	return (int)count;
}

/* "DEVICE:INODE" is that of standard error. */
static bool is_journal(const char *stream)
{
	uintmax_t device, inode;
	struct stat status;

	return stream != NULL && sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

void wf_service_init(struct wf_service *service, char *const *environment)
{
	const char *path = variable(environment, "NOTIFY_SOCKET");

	*service = (struct wf_service){
		.logs_to_journal = is_journal(variable(environment, "JOURNAL_STREAM")),
		.descriptors_count = inherited(environment),
	};
	if (path != NULL && (*path == '/' || *path == '@') && strlen(path) < sizeof service->socket_path)
		memcpy(service->socket_path, path, strlen(path) + 1);
}

void wf_service_tell(const struct wf_service *service, const char *state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const size_t length = strlen(service->socket_path);
	int descriptor;

	_Static_assert(sizeof service->socket_path <= sizeof address.sun_path, "a path that fits here fits there");
	if (length == 0)
		return;
	descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (descriptor < 0)
		return;
	memcpy(address.sun_path, service->socket_path, length);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	(void)sendto(descriptor, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	(void)close(descriptor);
}

void wf_service_tell_reloading(const struct wf_service *service)
{
	struct timespec now;
	char state[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		 (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	wf_service_tell(service, state);
}
