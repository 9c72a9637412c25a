/* Who may do what: the tokens that the daemon asks for, where they come from, what each allows.
 *
 *   no token set: everybody          -> WF_RIGHTS_ALL
 *   a token set:  before auth        -> WF_RIGHTS_NONE
 *                 the token          -> WF_RIGHTS_ALL
 *                 the readers' token -> WF_RIGHTS_READ, methods that change nothing
 *
 * A token comes from a file, which can be read again, or from the environment, from where it is wiped. */
#ifndef WF_ACCESS_H
#define WF_ACCESS_H

#include "log.h"
#include "settings.h"
#include "token.h"

struct wf_method;

enum wf_rights { WF_RIGHTS_NONE, WF_RIGHTS_READ, WF_RIGHTS_ALL };

struct wf_access {
	struct wf_token token;
	struct wf_token read_token;
};

/* Reads the tokens. A file wins over the variables WIREFOLD_TOKEN and WIREFOLD_READ_TOKEN, whose values are
 * overwritten in `environment`. Logs a warning of tokens that are short or that others may read.
 * Errors: of wf_token_read(); WF_EBADREQUEST where there is a readers' token alone, or the two are one; in words. */
int wf_access_open(struct wf_access *access, const struct wf_settings *settings, char *const *environment,
		   const struct wf_log *log, struct wf_error *error);
void wf_access_close(struct wf_access *access);

/* Reads the files again; those who are in stay in. Errors: as of open; the tokens are then as they were. */
int wf_access_reload(struct wf_access *access, const struct wf_settings *settings, const struct wf_log *log,
		     struct wf_error *error);

/* Whether no token is asked for. */
bool wf_access_is_free(const struct wf_access *access);

/* What a token earns; WF_RIGHTS_NONE: it is none of ours. */
enum wf_rights wf_access_rights_of(const struct wf_access *access, struct wf_bytes offered);

/* Whether these rights are enough for a method (NULL: one that we do not have). Errors: WF_EDENIED, in words. */
int wf_access_check(enum wf_rights rights, const struct wf_method *method, struct wf_error *error);

#endif
