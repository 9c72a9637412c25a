#include "listing.h"

void wf_listing_init(struct wf_listing *listing)
{
	*listing = (struct wf_listing){.since = WF_TIME_NONE, .until = WF_TIME_NONE};
}

void wf_listing_close(struct wf_listing *listing)
{
	wf_reply_close(&listing->page);
}

static void pack_optional_number(struct wf_pack *pack, const char *name, uint64_t number)
{
	if (number == 0)
		return;
	wf_pack_words(pack, name);
	wf_pack_unsigned(pack, number);
}

static void pack_optional_time(struct wf_pack *pack, const char *name, int64_t time)
{
	if (time == WF_TIME_NONE)
		return;
	wf_pack_words(pack, name);
	wf_pack_integer(pack, time);
}

static void pack_optional_words(struct wf_pack *pack, const char *name, const char *words)
{
	if (words == NULL)
		return;
	wf_pack_words(pack, name);
	wf_pack_words(pack, words);
}

/* The token of a page is the daemon's own business: it goes back as it came. */
static void pack_token(struct wf_pack *pack, struct wf_value token)
{
	uint64_t number;

	wf_pack_words(pack, "after");
	if (wf_value_unsigned(token, &number))
		wf_pack_unsigned(pack, number);
	else
		wf_pack_string(pack, wf_value_bytes(token));
}

static size_t pairs_count(const struct wf_listing *listing, bool has_token)
{
	size_t count = 1; /* limit */

	count += listing->since != WF_TIME_NONE;
	count += listing->until != WF_TIME_NONE;
	count += listing->min_size != 0;
	count += listing->min_outlets != 0;
	count += listing->outlet != NULL;
	count += listing->order != NULL;
	count += has_token || listing->after != NULL;
	return count;
}

int wf_listing_next(struct wf_listing *listing, struct wf_client *client, uint64_t limit, struct wf_value *clusters,
		    struct wf_error *error)
{
	struct wf_value token = wf_value_field(listing->page.result, "next");
	bool has_token = wf_value_kind(token) != WF_VALUE_NIL;
	uint64_t msgid;
	struct wf_pack *pack = wf_client_request(client, "clusters", 1, &msgid);
	int result;

	wf_pack_map(pack, pairs_count(listing, has_token));
	wf_pack_words(pack, "limit");
	wf_pack_unsigned(pack, limit < WF_LISTING_PAGE_MAX ? limit : WF_LISTING_PAGE_MAX);
	pack_optional_time(pack, "since", listing->since);
	pack_optional_time(pack, "until", listing->until);
	pack_optional_number(pack, "min_size", listing->min_size);
	pack_optional_number(pack, "min_outlets", listing->min_outlets);
	pack_optional_words(pack, "outlet", listing->outlet);
	pack_optional_words(pack, "order", listing->order);
	if (has_token)
		pack_token(pack, token);
	else
		pack_optional_words(pack, "after", listing->after);
	wf_reply_close(&listing->page);
	result = wf_client_call(client, msgid, &listing->page, error);
	if (result < 0)
		return result;
	*clusters = wf_value_field(listing->page.result, "clusters");
	if (wf_value_kind(*clusters) != WF_VALUE_ARRAY)
		return wf_error_set(error, WF_EMALFORMED, "clusters: expected an array, got %s",
				    wf_value_kind_phrase(wf_value_kind(*clusters)));
	listing->at_end = wf_value_kind(wf_value_field(listing->page.result, "next")) == WF_VALUE_NIL;
	return 0;
}
