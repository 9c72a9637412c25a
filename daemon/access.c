#include "access.h"

#include "method.h"

#define TOKEN_BYTES_SHORT 16 /* what a program could guess in a long time over a network */

static void warn(const struct wf_log *log, const struct wf_token *token, bool is_exposed, const char *origin)
{
	if (is_exposed)
		wf_log(log, WF_LOG_WARNING, "token can be read by others", wf_log_text("origin", origin));
	if (token->length < TOKEN_BYTES_SHORT)
		wf_log(log, WF_LOG_WARNING, "token is short", wf_log_text("origin", origin),
		       wf_log_count("bytes", token->length), wf_log_count("advised", TOKEN_BYTES_SHORT));
}

static int read_file(struct wf_token *token, const char *path, const struct wf_log *log, struct wf_error *error)
{
	bool is_exposed;
	const int code = wf_token_read(token, path, &is_exposed, error);

	if (code == 0)
		warn(log, token, is_exposed, path);
	return code;
}

/* Takes a variable's value, if it is set and not empty, and leaves zeros in its place: /proc/PID/environ then shows
 * none. */
static int take_variable(struct wf_token *token, const char *name, char *const *environment, const struct wf_log *log,
			 struct wf_error *error)
{
	const size_t length = strlen(name);
	int code = 0;

	for (; *environment != NULL && code == 0; environment++) {
		char *value;

		if (strncmp(*environment, name, length) != 0 || (*environment)[length] != '=')
			continue;
		value = *environment + length + 1;
		if (*value == '\0')
			continue;
		code = wf_token_of(token, wf_bytes_of(value), name, error);
		explicit_bzero(value, strlen(value));
		if (code == 0)
			warn(log, token, false, name);
	}
	return code;
}

static int read_one(struct wf_token *token, const char *path, const char *variable, char *const *environment,
		    const struct wf_log *log, struct wf_error *error)
{
	int code = take_variable(token, variable, environment, log, error);

	if (code == 0 && *path != '\0') {
		if (token->length > 0)
			wf_log(log, WF_LOG_WARNING, "token of the environment is not used",
			       wf_log_text("variable", variable), wf_log_text("file", path));
		code = read_file(token, path, log, error);
	}
	return code;
}

static int check(const struct wf_access *access, struct wf_error *error)
{
	const struct wf_bytes reading = {access->read_token.data, access->read_token.length};

	if (reading.length > 0 && access->token.length == 0)
		return wf_error_set(error, WF_EBADREQUEST,
				    "--read-token-file: there is a token for readers and none for writers "
				    "(--token-file): nobody could write");
	if (wf_token_is(&access->token, reading))
		return wf_error_set(error, WF_EBADREQUEST,
				    "--read-token-file: the readers' token is the same as the writers'");
	return 0;
}

int wf_access_open(struct wf_access *access, const struct wf_settings *settings, char *const *environment,
		   const struct wf_log *log, struct wf_error *error)
{
	int code;

	*access = (struct wf_access){.token = {.length = 0}};
	code = read_one(&access->token, settings->token_file, "WIREFOLD_TOKEN", environment, log, error);
	if (code == 0)
		code = read_one(&access->read_token, settings->read_token_file, "WIREFOLD_READ_TOKEN", environment, log,
				error);
	return code == 0 ? check(access, error) : code;
}

void wf_access_close(struct wf_access *access)
{
	wf_token_forget(&access->token);
	wf_token_forget(&access->read_token);
}

int wf_access_reload(struct wf_access *access, const struct wf_settings *settings, const struct wf_log *log,
		     struct wf_error *error)
{
	struct wf_access fresh = *access;
	int code = 0;

	if (*settings->token_file != '\0')
		code = read_file(&fresh.token, settings->token_file, log, error);
	if (code == 0 && *settings->read_token_file != '\0')
		code = read_file(&fresh.read_token, settings->read_token_file, log, error);
	if (code == 0)
		code = check(&fresh, error);
	if (code == 0)
		*access = fresh;
	wf_access_close(&fresh);
	return code;
}

bool wf_access_is_free(const struct wf_access *access)
{
	return access->token.length == 0;
}

enum wf_rights wf_access_rights_of(const struct wf_access *access, struct wf_bytes offered)
{
	/* Both are always compared: the time tells nothing. */
	const bool may_all = wf_token_is(&access->token, offered);
	const bool may_read = wf_token_is(&access->read_token, offered);

	return may_all ? WF_RIGHTS_ALL : may_read ? WF_RIGHTS_READ : WF_RIGHTS_NONE;
}

int wf_access_check(enum wf_rights rights, const struct wf_method *method, struct wf_error *error)
{
	if (rights == WF_RIGHTS_ALL || (method != NULL && wf_method_is_for_strangers(method)))
		return 0;
	if (rights == WF_RIGHTS_NONE)
		return wf_error_set(error, WF_EDENIED, "this daemon asks for a token: call auth first");
	if (method != NULL && method->may_write)
		return wf_error_set(error, WF_EDENIED, "%s: the token of this connection allows reading alone",
				    method->name);
	return 0;
}
