/* What a token is: how it is read from where it is kept, and how two are compared without telling how alike they are.
 *
 *   data  [ s e c r e t 0 0 0 ... 0 ]   WF_TOKEN_BYTES_MAX bytes, all of which are compared whatever the length */
#ifndef WF_TOKEN_H
#define WF_TOKEN_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"

struct wf_token {
	size_t length; /* 0: none is set */
	char data[WF_TOKEN_BYTES_MAX];
};

/* Errors: WF_EBADREQUEST where it is empty or too long; `origin` is what the words call the place it comes from. */
int wf_token_of(struct wf_token *token, struct wf_bytes bytes, const char *origin, struct wf_error *error);

/* Reads the token from a file (or a pipe), without the end of its last line.
 * Out:    *is_exposed: users other than the file's owner and group may read it.
 * Errors: WF_EBADREQUEST where it is empty or too long, WF_EDENIED where everybody may write it, errno; in words. */
int wf_token_read(struct wf_token *token, const char *path, bool *is_exposed, struct wf_error *error);

/* Whether the token is set and `offered` is it. Takes as long whatever the two have in common. */
bool wf_token_is(const struct wf_token *token, struct wf_bytes offered);

/* Overwrites it in memory. */
void wf_token_forget(struct wf_token *token);

#endif
