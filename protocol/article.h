/* An article as the wire contract has it: its fields and how they are read from and written to MessagePack. */
#ifndef WF_ARTICLE_H
#define WF_ARTICLE_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "pack.h"
#include "value.h"

/* All bytes are borrowed from the request (decoding) or the caller (encoding). An absent string has data NULL and
 * length 0; one that was given empty has length 0 and data not NULL. */
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

/* The string fields but `text`, in the order in which they are written. X(field, required) */
#define WF_ARTICLE_FIELD_MAP(X) \
	X(title)                \
	X(outlet)               \
	X(url)                  \
	X(lang)

struct wf_article_rules {
	bool id_optional;      /* query: an article may come without an id, or with nil */
	size_t text_bytes_max; /* the setting; 0: WF_ARTICLE_TEXT_BYTES_MAX_DEFAULT */
};

/* Reads one article. `at` is a cursor over its value: wf_cursor_element of the params (unnamed root: "text: ...")
 * or of a batch ("articles[3].text: ..."). Its code and shared error are not used: each article has an error of its
 * own.
 * Out:     article, overwritten; bytes borrowed from the message. On error `id` is set where it could be read and
 *          the rest is not to be used.
 * Rules:   id 1 to 512 bytes, compared as bytes; text required, may be empty; published an integer that an int64_t
 *          holds, or RFC 3339. Other keys are ignored; of a key given twice the last counts; nil means absent; bin
 *          is taken for str.
 * Errors:  WF_EBADARTICLE; WF_ETOOLARGE for a text over text_bytes_max or a field over WF_ARTICLE_FIELD_BYTES_MAX.
 * Cost:    one pass over the keys, no allocation. */
int wf_article_decode(const struct wf_cursor *at, const struct wf_article_rules *rules, struct wf_article *article,
		      struct wf_error *error);

/* The same of a value alone: places are named from the article ("text: ..."). */
int wf_article_decode_value(struct wf_value value, const struct wf_article_rules *rules, struct wf_article *article,
			    struct wf_error *error);

/* Writes the article as a map of the fields that are present. `published` is written as it was given. */
void wf_article_pack(struct wf_pack *pack, const struct wf_article *article);

/* Writes the pairs of wf_article_pack without the map's header, for `get`, which adds its own.
 * wf_article_pair_count says how many. */
size_t wf_article_pair_count(const struct wf_article *article);
void wf_article_pack_pairs(struct wf_pack *pack, const struct wf_article *article);

/* RFC 3339 to Unix seconds: "2026-11-24T21:05:00Z", "2026-11-24 21:05:00.25+01:00". T, t or a space between date
 * and time; Z, z or an offset is required; any number of digits of a fraction, which is cut (toward the past). A
 * leap second (:60) counts as the second after :59. Errors: WF_EBADARTICLE; *seconds is untouched. */
int wf_rfc3339_decode(struct wf_bytes text, int64_t *seconds);

#endif
