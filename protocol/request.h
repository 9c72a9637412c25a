/* What MessagePack-RPC is: how a message is a request, a notification or a response, and how each is written.
 *
 *   request       [0, msgid, method, params]
 *   response      [1, msgid, error, result]
 *   notification  [2, method, params] */
#ifndef WF_REQUEST_H
#define WF_REQUEST_H

#include "base/bytes.h"
#include "base/error.h"
#include "pack.h"
#include "value.h"

enum wf_request_kind {
	WF_REQUEST_CALL = 0,
	WF_REQUEST_RESPONSE = 1,
	WF_REQUEST_NOTIFICATION = 2,
};

/* Borrowed from the message. */
struct wf_request {
	enum wf_request_kind kind;
	bool has_msgid;         /* not of a notification, of msgid nil, of a bad request that shows none */
	uint64_t msgid;         /* any integer from 0 to 2^64-1 is echoed, though the protocol's own have 32 bits */
	struct wf_bytes method; /* call, notification; any length */
	struct wf_value params; /* call, notification: an array */
	struct wf_value error;  /* response */
	struct wf_value result; /* response */
};

/* Reads a message as one of the three.
 * Out:     request, overwritten, also on error: has_msgid and msgid are then what a reply needs.
 * Errors:  WF_EBADREQUEST, in words ("params: expected an array, got a map"). It is answered, with msgid nil where
 *          has_msgid is false; the connection goes on. */
int wf_request_of(struct wf_value root, struct wf_request *request, struct wf_error *error);

/* The root cursor over the params, once their number is right: count_min to count_max, else WF_EBADREQUEST in
 * error, with `shape` in the words ("params: expected [article], got 2 elements"). Wrong values fail with
 * WF_EBADREQUEST. Reach the parameters by wf_cursor_element(&params, 0, "id"). `error` is cleared first. */
struct wf_cursor wf_request_params(const struct wf_request *request, size_t count_min, size_t count_max,
				   const char *shape, struct wf_error *error);

/* The start of a response without error, [1, msgid, nil, ; the caller packs the result. To take it back:
 * wf_pack_rewind to the length before. */
void wf_response_start(struct wf_pack *pack, uint64_t msgid);

/* A whole response with an error, [1, msgid or nil, [word, text], nil]. An empty text is replaced by the code's
 * sentence. */
void wf_response_error(struct wf_pack *pack, bool has_msgid, uint64_t msgid, const struct wf_error *error);

/* [word, text], as it stands in a response and in the results of add_batch. */
void wf_error_pack(struct wf_pack *pack, const struct wf_error *error);

/* The start of a request or notification: the caller packs params_count values. */
void wf_request_start(struct wf_pack *pack, uint64_t msgid, struct wf_bytes method, size_t params_count);
void wf_notification_start(struct wf_pack *pack, struct wf_bytes method, size_t params_count);

#endif
