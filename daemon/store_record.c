#include "store_record.h"

#include "hash.h"

/* Where the fields lie, from the first byte of the record. */
enum {
	HEADER_VERSION = 0,
	HEADER_KIND = 1,
	HEADER_ZERO = 2,
	HEADER_CHECKSUM = 4,

	ENTRY_FLAGS = 8,
	ENTRY_RELATION = 9,
	ENTRY_MERGED_COUNT = 10,
	ENTRY_RELATED_COUNT = 11,
	ENTRY_SKETCH_BYTES = 12,
	ENTRY_ID_HASH = 16,
	ENTRY_CONTENT_HASH = 24,
	ENTRY_SOURCE = 40,
	ENTRY_SEEN = 48,
	ENTRY_PUBLISHED = 56,
	ENTRY_CLUSTER = 64,
	ENTRY_MATCH = 72,
	ENTRY_SIMILARITY = 80,
	ENTRY_CONTAINMENT = 84,
	ENTRY_LISTS = 88,

	BODY_FLAGS = 8,
	BODY_LENGTHS = 12,
	BODY_PUBLISHED = 40,
	BODY_TEXT_BYTES = 48,
	BODY_STRINGS = 56,
};

#define ENTRY_FLAG_NEW 1u

#define BODY_STRINGS_COUNT       7u
#define BODY_GROUP_BYTES         8u
#define BODY_FLAG_PUBLISHED      1u
#define BODY_FLAG_TEXT           2u
#define BODY_FLAG_PRESENT(index) (4u << (index))            /* the string is there, though it may be empty */
#define BODY_FLAG_GROUPED        (4u << BODY_STRINGS_COUNT) /* in place of the text: the key of its group */
#define BODY_FLAGS_ALL           ((8u << BODY_STRINGS_COUNT) - 1)

_Static_assert(WF_MERGED_MAX <= UINT8_MAX && WF_RELATED_MAX <= UINT8_MAX, "an entry counts its lists in a byte each");
_Static_assert(BODY_LENGTHS + 4 * BODY_STRINGS_COUNT == BODY_PUBLISHED, "the lengths fill their place");

void wf_record_write_u32(void *room, uint32_t value)
{
	unsigned char *at = room;

	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> (8 * i));
}

void wf_record_write_u64(void *room, uint64_t value)
{
	unsigned char *at = room;

	for (int i = 0; i < 8; i++)
		at[i] = (unsigned char)(value >> (8 * i));
}

uint32_t wf_record_read_u32(const void *bytes)
{
	const unsigned char *at = bytes;
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value |= (uint32_t)at[i] << (8 * i);
	return value;
}

uint64_t wf_record_read_u64(const void *bytes)
{
	const unsigned char *at = bytes;
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

static void write_float(void *room, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	wf_record_write_u32(room, bits);
}

static float read_float(const void *bytes)
{
	const uint32_t bits = wf_record_read_u32(bytes);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static uint32_t checksum_of(enum wf_record_kind kind, uint64_t key, struct wf_bytes payload)
{
	return (uint32_t)wf_hash_bytes(payload, wf_hash_pair(key, (uint64_t)kind, WF_RECORD_VERSION));
}

/* The payload must be in its place already. */
static void seal(enum wf_record_kind kind, uint64_t key, char *record, size_t record_bytes)
{
	const struct wf_bytes payload = {record + WF_RECORD_HEADER_BYTES, record_bytes - WF_RECORD_HEADER_BYTES};

	record[HEADER_VERSION] = WF_RECORD_VERSION;
	record[HEADER_KIND] = (char)kind;
	memset(record + HEADER_ZERO, 0, 2);
	wf_record_write_u32(record + HEADER_CHECKSUM, checksum_of(kind, key, payload));
}

static bool is_sealed(enum wf_record_kind kind, uint64_t key, struct wf_bytes record)
{
	struct wf_bytes payload;

	if (record.length < WF_RECORD_HEADER_BYTES)
		return false;
	payload = (struct wf_bytes){record.data + WF_RECORD_HEADER_BYTES, record.length - WF_RECORD_HEADER_BYTES};
	return record.data[HEADER_VERSION] == WF_RECORD_VERSION && record.data[HEADER_KIND] == (char)kind &&
	       record.data[HEADER_ZERO] == 0 && record.data[HEADER_ZERO + 1] == 0 &&
	       wf_record_read_u32(record.data + HEADER_CHECKSUM) == checksum_of(kind, key, payload);
}

uint64_t wf_record_name_key(struct wf_bytes name)
{
	return wf_hash_bytes(name, 0);
}

int wf_record_plain_bytes(struct wf_bytes payload, size_t *bytes)
{
	if (payload.length > WF_STORE_VALUE_BYTES_MAX)
		return WF_ETOOLARGE;
	*bytes = WF_RECORD_HEADER_BYTES + payload.length;
	return 0;
}

void wf_record_plain_encode(enum wf_record_kind kind, uint64_t key, struct wf_bytes payload, void *room)
{
	char *record = room;

	if (payload.length > 0)
		memcpy(record + WF_RECORD_HEADER_BYTES, payload.data, payload.length);
	seal(kind, key, record, WF_RECORD_HEADER_BYTES + payload.length);
}

int wf_record_plain_decode(enum wf_record_kind kind, struct wf_bytes record, uint64_t key, struct wf_bytes *payload)
{
	if (!is_sealed(kind, key, record))
		return WF_ECORRUPT;
	*payload = (struct wf_bytes){record.data + WF_RECORD_HEADER_BYTES, record.length - WF_RECORD_HEADER_BYTES};
	return 0;
}

int wf_record_entry_bytes(const struct wf_store_entry *entry, size_t *bytes)
{
	if (entry->merged_count > WF_MERGED_MAX || entry->related_count > WF_RELATED_MAX ||
	    entry->sketch.length > WF_STORE_SKETCH_BYTES_MAX)
		return WF_ETOOLARGE;
	*bytes = ENTRY_LISTS + 8 * ((size_t)entry->merged_count + entry->related_count) + entry->sketch.length;
	return 0;
}

void wf_record_entry_encode(const struct wf_store_entry *entry, void *room)
{
	char *record = room;
	char *at = record + ENTRY_LISTS;

	record[ENTRY_FLAGS] = entry->is_new ? ENTRY_FLAG_NEW : 0;
	record[ENTRY_RELATION] = (char)entry->relation;
	record[ENTRY_MERGED_COUNT] = (char)entry->merged_count;
	record[ENTRY_RELATED_COUNT] = (char)entry->related_count;
	wf_record_write_u32(record + ENTRY_SKETCH_BYTES, (uint32_t)entry->sketch.length);
	wf_record_write_u64(record + ENTRY_ID_HASH, entry->id_hash);
	wf_record_write_u64(record + ENTRY_CONTENT_HASH, entry->content_hash[0]);
	wf_record_write_u64(record + ENTRY_CONTENT_HASH + 8, entry->content_hash[1]);
	wf_record_write_u64(record + ENTRY_SOURCE, entry->source);
	wf_record_write_u64(record + ENTRY_SEEN, (uint64_t)entry->seen);
	wf_record_write_u64(record + ENTRY_PUBLISHED, (uint64_t)entry->published);
	wf_record_write_u64(record + ENTRY_CLUSTER, entry->cluster);
	wf_record_write_u64(record + ENTRY_MATCH, entry->match);
	write_float(record + ENTRY_SIMILARITY, entry->similarity);
	write_float(record + ENTRY_CONTAINMENT, entry->containment);
	for (uint32_t i = 0; i < entry->merged_count; i++, at += 8)
		wf_record_write_u64(at, entry->merged[i]);
	for (uint32_t i = 0; i < entry->related_count; i++, at += 8)
		wf_record_write_u64(at, entry->related[i]);
	if (entry->sketch.length > 0)
		memcpy(at, entry->sketch.data, entry->sketch.length);
	seal(WF_RECORD_ENTRY, entry->number, record, (size_t)(at - record) + entry->sketch.length);
}

int wf_record_entry_decode(struct wf_bytes record, uint64_t key, uint64_t lists[WF_RECORD_LISTS_MAX],
			   struct wf_store_entry *entry)
{
	const char *from = record.data;
	const char *at = from + ENTRY_LISTS;
	size_t lists_count;

	if (!is_sealed(WF_RECORD_ENTRY, key, record) || record.length < ENTRY_LISTS)
		return WF_ECORRUPT;
	*entry = (struct wf_store_entry){
		.number = key,
		.id_hash = wf_record_read_u64(from + ENTRY_ID_HASH),
		.content_hash = {wf_record_read_u64(from + ENTRY_CONTENT_HASH),
				 wf_record_read_u64(from + ENTRY_CONTENT_HASH + 8)},
		.source = wf_record_read_u64(from + ENTRY_SOURCE),
		.seen = (int64_t)wf_record_read_u64(from + ENTRY_SEEN),
		.published = (int64_t)wf_record_read_u64(from + ENTRY_PUBLISHED),
		.cluster = wf_record_read_u64(from + ENTRY_CLUSTER),
		.match = wf_record_read_u64(from + ENTRY_MATCH),
		.similarity = read_float(from + ENTRY_SIMILARITY),
		.containment = read_float(from + ENTRY_CONTAINMENT),
		.relation = (enum wf_relation)(unsigned char)from[ENTRY_RELATION],
		.is_new = from[ENTRY_FLAGS] == ENTRY_FLAG_NEW,
		.merged_count = (unsigned char)from[ENTRY_MERGED_COUNT],
		.related_count = (unsigned char)from[ENTRY_RELATED_COUNT],
		.sketch.length = wf_record_read_u32(from + ENTRY_SKETCH_BYTES),
	};
	lists_count = (size_t)entry->merged_count + entry->related_count;
	if (entry->merged_count > WF_MERGED_MAX || entry->related_count > WF_RELATED_MAX ||
	    entry->sketch.length > WF_STORE_SKETCH_BYTES_MAX ||
	    ENTRY_LISTS + 8 * lists_count + entry->sketch.length != record.length)
		return WF_ECORRUPT;
	for (size_t i = 0; i < lists_count; i++, at += 8)
		lists[i] = wf_record_read_u64(at);
	entry->merged = lists;
	entry->related = lists + entry->merged_count;
	entry->sketch.data = at;
	return 0;
}

/* The strings of a body in the order in which they lie; `group` has room for the key of a group. */
static void body_strings(const struct wf_store_body *body, char group[BODY_GROUP_BYTES],
			 struct wf_bytes strings[BODY_STRINGS_COUNT])
{
	wf_record_write_u64(group, body->text_group);
	strings[0] = body->id;
	strings[1] = body->title;
	strings[2] = body->outlet;
	strings[3] = body->url;
	strings[4] = body->lang;
	strings[5] = body->published_text;
	strings[6] = body->text_group == 0 ? body->text_compressed : (struct wf_bytes){group, BODY_GROUP_BYTES};
}

int wf_record_body_bytes(const struct wf_store_body *body, size_t *bytes)
{
	struct wf_bytes strings[BODY_STRINGS_COUNT];
	char group[BODY_GROUP_BYTES];
	size_t total = BODY_STRINGS;

	body_strings(body, group, strings);
	for (size_t i = 0; i < BODY_STRINGS_COUNT; i++) {
		if (strings[i].length > WF_STORE_VALUE_BYTES_MAX - total)
			return WF_ETOOLARGE;
		total += strings[i].length;
	}
	*bytes = total;
	return 0;
}

void wf_record_body_encode(const struct wf_store_body *body, uint64_t key, void *room)
{
	char *record = room;
	char *at = record + BODY_STRINGS;
	uint32_t flags = (body->has_published ? BODY_FLAG_PUBLISHED : 0) | (body->has_text ? BODY_FLAG_TEXT : 0) |
			 (body->text_group != 0 ? BODY_FLAG_GROUPED : 0);
	struct wf_bytes strings[BODY_STRINGS_COUNT];
	char group[BODY_GROUP_BYTES];

	body_strings(body, group, strings);
	for (size_t i = 0; i < BODY_STRINGS_COUNT; i++) {
		wf_record_write_u32(record + BODY_LENGTHS + 4 * i, (uint32_t)strings[i].length);
		if (strings[i].data == NULL)
			continue;
		flags |= BODY_FLAG_PRESENT(i);
		memcpy(at, strings[i].data, strings[i].length);
		at += strings[i].length;
	}
	wf_record_write_u32(record + BODY_FLAGS, flags);
	wf_record_write_u64(record + BODY_PUBLISHED, (uint64_t)body->published);
	wf_record_write_u64(record + BODY_TEXT_BYTES, body->text_bytes);
	seal(WF_RECORD_BODY, key, record, (size_t)(at - record));
}

int wf_record_body_id(struct wf_bytes record, struct wf_bytes *id)
{
	size_t length;

	if (record.length < BODY_STRINGS || record.data[HEADER_KIND] != (char)WF_RECORD_BODY)
		return WF_ECORRUPT;
	length = wf_record_read_u32(record.data + BODY_LENGTHS);
	if (length > record.length - BODY_STRINGS)
		return WF_ECORRUPT;
	*id = (struct wf_bytes){record.data + BODY_STRINGS, length};
	return 0;
}

int wf_record_body_decode(struct wf_bytes record, uint64_t key, struct wf_store_body *body)
{
	struct wf_bytes strings[BODY_STRINGS_COUNT];
	size_t offset = BODY_STRINGS;
	uint64_t group = 0;
	uint32_t flags;

	if (record.length < BODY_STRINGS)
		return WF_ECORRUPT;
	flags = wf_record_read_u32(record.data + BODY_FLAGS);
	if ((flags & ~BODY_FLAGS_ALL) != 0)
		return WF_ECORRUPT;
	for (size_t i = 0; i < BODY_STRINGS_COUNT; i++) {
		const size_t length = wf_record_read_u32(record.data + BODY_LENGTHS + 4 * i);
		const bool is_present = (flags & BODY_FLAG_PRESENT(i)) != 0;

		if (length > record.length - offset || (!is_present && length > 0))
			return WF_ECORRUPT;
		strings[i] = (struct wf_bytes){is_present ? record.data + offset : NULL, length};
		offset += length;
	}
	/* Only now, as a damaged page may claim bytes for the record that are not its own. */
	if (offset != record.length || !is_sealed(WF_RECORD_BODY, key, record))
		return WF_ECORRUPT;
	if ((flags & BODY_FLAG_GROUPED) != 0) {
		if (strings[6].length != BODY_GROUP_BYTES)
			return WF_ECORRUPT;
		group = wf_record_read_u64(strings[6].data);
		strings[6] = (struct wf_bytes){NULL, 0};
		if (group == 0)
			return WF_ECORRUPT;
	}
	*body = (struct wf_store_body){
		.id = strings[0],
		.title = strings[1],
		.outlet = strings[2],
		.url = strings[3],
		.lang = strings[4],
		.published_text = strings[5],
		.published = (int64_t)wf_record_read_u64(record.data + BODY_PUBLISHED),
		.has_published = (flags & BODY_FLAG_PUBLISHED) != 0,
		.has_text = (flags & BODY_FLAG_TEXT) != 0,
		.text_bytes = wf_record_read_u64(record.data + BODY_TEXT_BYTES),
		.text_compressed = strings[6],
		.text_group = group,
	};
	return 0;
}
