/* An article as the wire contract has it: its fields and how they are read from and written to MessagePack. */
#ifndef WF_ARTICLE_H
#define WF_ARTICLE_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"

/* All bytes are borrowed from the request (decoding) or the caller (encoding). An absent string has data NULL and length 0; one that
 * was given empty has length 0 and data not NULL. */
struct wf_article {
	struct wf_bytes id;
	struct wf_bytes text;
	struct wf_bytes title;
	struct wf_bytes outlet;
	struct wf_bytes url;
	struct wf_bytes lang;
	struct wf_bytes published_text; /* as given, where it was given as an RFC 3339 string */
	int64_t published;              /* Unix seconds; a fraction of a second is cut */
	bool has_published;
};

#endif
