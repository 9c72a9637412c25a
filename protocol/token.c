#include "token.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int wf_token_of(struct wf_token *token, struct wf_bytes bytes, const char *origin, struct wf_error *error)
{
	*token = (struct wf_token){.length = 0};
	if (bytes.length == 0)
		return wf_error_set(error, WF_EBADREQUEST, "%s: the token is empty", origin);
	if (bytes.length > sizeof token->data)
		return wf_error_set(error, WF_EBADREQUEST, "%s: a token has at most %zu bytes", origin,
				    sizeof token->data);
	memcpy(token->data, bytes.data, bytes.length);
	token->length = bytes.length;
	return 0;
}

/* Reads until the end or `room`; how much, or a negative errno. */
static ssize_t read_all(int descriptor, char *data, size_t room)
{
	size_t length = 0;

	while (length < room) {
		const ssize_t got = read(descriptor, data + length, room - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	return (ssize_t)length;
}

int wf_token_read(struct wf_token *token, const char *path, bool *is_exposed, struct wf_error *error)
{
	char data[WF_TOKEN_BYTES_MAX + 3]; /* with "\r\n", and one more, which is too many */
	const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	ssize_t length;
	int code;

	*token = (struct wf_token){.length = 0};
	*is_exposed = false;
	if (descriptor < 0)
		return wf_error_set(error, -errno, "%s: %s", path, strerror(errno));
	length = fstat(descriptor, &status) < 0 ? -errno : read_all(descriptor, data, sizeof data);
	(void)close(descriptor);
	if (length < 0)
		return wf_error_set(error, (int)length, "%s: %s", path, strerror((int)-length));
	if (S_ISREG(status.st_mode) && (status.st_mode & S_IWOTH) != 0) {
		code = wf_error_set(error, WF_EDENIED, "%s: everybody may write this file: chmod o-w", path);
	} else {
		*is_exposed = S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0;
		if (length > 0 && data[length - 1] == '\n')
			length--;
		if (length > 0 && data[length - 1] == '\r')
			length--;
		code = wf_token_of(token, (struct wf_bytes){data, (size_t)length}, path, error);
	}
	explicit_bzero(data, sizeof data);
	return code;
}

bool wf_token_is(const struct wf_token *token, struct wf_bytes offered)
{
	char padded[WF_TOKEN_BYTES_MAX] = {0};
	/* Volatile: or a compiler might leave the loop once they differ. */
	volatile unsigned char difference = 0;

	memcpy(padded, offered.data == NULL ? "" : offered.data,
	       offered.length < sizeof padded ? offered.length : sizeof padded);
	for (size_t i = 0; i < sizeof padded; i++)
		difference = (unsigned char)(difference | (padded[i] ^ token->data[i]));
	explicit_bzero(padded, sizeof padded);
	return difference == 0 && offered.length == token->length && token->length > 0;
}

void wf_token_forget(struct wf_token *token)
{
	explicit_bzero(token, sizeof *token);
}
