#include "store_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"
#include "store_folder.h"
#include "store_group.h"
#include "store_record.h"

#define TEXT_BYTES        160u
#define BATCH_BYTES_MAX   (16u << 20)
#define BATCH_COUNT_MAX   4096u
#define SALVAGE_MAP_BYTES (UINT64_C(64) << 20)

/* What is known of an article. */
struct seen {
	uint64_t number;
	uint64_t id_hash;
	uint64_t text_group; /* by its body; 0: its text is packed by itself, or there is none */
	bool has_entry;
	bool has_evidence;
	bool has_body;
	bool has_text;   /* in its group */
	bool is_damaged; /* a fault was told: that parts are missing is no news */
};

struct redirect {
	uint64_t from;
	uint64_t into;
	bool is_followed;
};

struct check {
	wf_check_cb fault;
	void *context;
	struct wf_check_summary *summary;
	bool has_secret;
	bool has_format;
	uint64_t secret;
	uint64_t number_last; /* by the state, and of the entries */
	uint64_t number_most; /* of what entries and redirects name */
	uint64_t number_most_of;
	struct seen *articles; /* ascending */
	size_t articles_count;
	size_t articles_room;
	size_t cursor;              /* of the table that is read beside the entries */
	struct redirect *redirects; /* ascending */
	size_t redirects_count;
	size_t redirects_room;
};

__attribute__((format(printf, 5, 6))) static void tell(struct check *check, const char *place, uint64_t number,
						       uint64_t offset, const char *format, ...)
{
	char text[TEXT_BYTES];
	const struct wf_check_fault fault = {place, number, offset, text};
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	check->summary->faults++;
	check->fault(check->context, &fault);
}

static void page_fault_cb(void *context, const struct wf_pages_fault *fault)
{
	tell(context, fault->place, 0, fault->offset, "%s", fault->text);
}

/* Room for one more of `size` bytes. */
static void *grow(void *list, size_t count, size_t *room, size_t size)
{
	const size_t more = *room == 0 ? 1024 : *room * 2;
	void *grown = list;

	if (count < *room)
		return list;
	grown = realloc(list, more * size);
	if (grown != NULL)
		*room = more;
	return grown;
}

/* ---- records ---- */

static bool is_named(const struct wf_pages_record *record, const char *name)
{
	return wf_bytes_equal(record->name, wf_bytes_of(name));
}

static int state_look(struct check *check, const struct wf_pages_record *record)
{
	struct wf_bytes value;

	if (wf_record_plain_decode(WF_RECORD_STATE, record->value, wf_record_name_key(record->name), &value) != 0) {
		tell(check, "state", 0, record->offset, "the state `%.*s` is damaged", (int)record->name.length,
		     record->name.data);
		return 0;
	}
	if (is_named(record, ".secret") && value.length == sizeof(uint64_t)) {
		check->secret = wf_record_read_u64(value.data);
		check->has_secret = true;
	} else if (is_named(record, ".number_last") && value.length == sizeof(uint64_t)) {
		check->number_last = wf_record_read_u64(value.data);
	} else if (is_named(record, ".format")) {
		check->has_format = true;
	}
	return 0;
}

static void name_number(struct check *check, uint64_t of, uint64_t number)
{
	if (number > check->number_most) {
		check->number_most = number;
		check->number_most_of = of;
	}
}

static int redirect_look(struct check *check, const struct wf_pages_record *record)
{
	struct wf_bytes value;

	if (wf_record_plain_decode(WF_RECORD_REDIRECT, record->value, record->number, &value) != 0 ||
	    value.length != sizeof(uint64_t)) {
		tell(check, "redirect", record->number, record->offset, "the record is damaged");
		return 0;
	}
	check->redirects =
		grow(check->redirects, check->redirects_count, &check->redirects_room, sizeof *check->redirects);
	if (check->redirects == NULL)
		return WF_ENOMEM;
	check->redirects[check->redirects_count++] =
		(struct redirect){.from = record->number, .into = wf_record_read_u64(value.data)};
	name_number(check, record->number, check->redirects[check->redirects_count - 1].into);
	check->summary->redirects++;
	return 0;
}

static int apart_look(struct check *check, const struct wf_pages_record *record)
{
	struct wf_bytes value;

	if (wf_record_plain_decode(WF_RECORD_APART, record->value, record->number, &value) != 0 || value.length == 0 ||
	    value.length % sizeof(uint64_t) != 0)
		tell(check, "apart", record->number, record->offset, "the record is damaged");
	return 0;
}

static int entry_look(struct check *check, const struct wf_pages_record *record)
{
	uint64_t lists[WF_RECORD_LISTS_MAX];
	struct wf_store_entry entry;
	struct seen *seen;

	check->articles = grow(check->articles, check->articles_count, &check->articles_room, sizeof *check->articles);
	if (check->articles == NULL)
		return WF_ENOMEM;
	seen = &check->articles[check->articles_count++];
	*seen = (struct seen){.number = record->number};
	if (wf_record_entry_decode(record->value, record->number, lists, &entry) != 0) {
		seen->is_damaged = true;
		tell(check, "entry", record->number, record->offset, "the record is damaged");
		return 0;
	}
	seen->has_entry = true;
	seen->id_hash = entry.id_hash;
	name_number(check, entry.number, entry.cluster);
	name_number(check, entry.number, entry.match);
	if (entry.number > check->number_last)
		check->number_last = entry.number;
	return 0;
}

/* The article with the number, where it has an entry; the tables are read in the same order. */
static struct seen *article_at(struct check *check, uint64_t number)
{
	while (check->cursor < check->articles_count && check->articles[check->cursor].number < number)
		check->cursor++;
	if (check->cursor == check->articles_count || check->articles[check->cursor].number != number)
		return NULL;
	return &check->articles[check->cursor];
}

static int evidence_look(struct check *check, const struct wf_pages_record *record)
{
	struct seen *seen = article_at(check, record->number);
	struct wf_bytes value;

	if (wf_record_plain_decode(WF_RECORD_EVIDENCE, record->value, record->number, &value) != 0) {
		if (seen != NULL)
			seen->is_damaged = true;
		tell(check, "evidence", record->number, record->offset, "the record is damaged");
	} else if (seen == NULL) {
		tell(check, "evidence", record->number, record->offset, "there is no entry with it");
	} else {
		seen->has_evidence = true;
	}
	return 0;
}

static int body_look(struct check *check, const struct wf_pages_record *record)
{
	struct seen *seen = article_at(check, record->number);
	struct wf_store_body body;

	if (wf_record_body_decode(record->value, record->number, &body) != 0) {
		if (seen != NULL)
			seen->is_damaged = true;
		tell(check, "body", record->number, record->offset, "the record is damaged");
	} else if (seen == NULL) {
		tell(check, "body", record->number, record->offset, "there is no entry with it");
	} else if (seen->has_entry && check->has_secret && wf_hash_bytes(body.id, check->secret) != seen->id_hash) {
		seen->is_damaged = true;
		tell(check, "body", record->number, record->offset, "its id is not the one that the entry has");
	} else {
		seen->has_body = true;
		seen->text_group = body.text_group;
	}
	return 0;
}

/* Texts in groups: each is of an article whose body names the group. */
static int text_look(struct check *check, const struct wf_pages_record *record)
{
	struct wf_group_text texts[WF_GROUP_TEXTS_MAX];
	struct wf_bytes payload;
	uint32_t count;

	if (wf_group_open(record->value, record->number, &payload) != 0 ||
	    wf_group_list(payload, record->number, texts, &count) != 0) {
		tell(check, "text", record->number, record->offset, "the record is damaged");
		return 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct seen *seen = article_at(check, texts[i].number);

		if (seen != NULL && seen->text_group == record->number && !seen->has_text)
			seen->has_text = true;
		else if (seen == NULL || seen->has_body)
			tell(check, "text", record->number, record->offset, "article %llu has no text in it",
			     (unsigned long long)texts[i].number);
	}
	return 0;
}

static int look_cb(void *context, const struct wf_pages_record *record)
{
	static int (*const looks[WF_LMDB_TABLES])(struct check *, const struct wf_pages_record *) = {
		[WF_LMDB_ENTRY] = entry_look, [WF_LMDB_EVIDENCE] = evidence_look, [WF_LMDB_BODY] = body_look,
		[WF_LMDB_TEXT] = text_look,   [WF_LMDB_REDIRECT] = redirect_look, [WF_LMDB_APART] = apart_look,
		[WF_LMDB_STATE] = state_look,
	};
	struct check *check = context;

	/* A table begins again from its first article. */
	if (check->cursor > 0 && check->cursor <= check->articles_count &&
	    check->articles[check->cursor - 1].number >= record->number)
		check->cursor = 0;
	return looks[record->table](check, record);
}

/* ---- what belongs together ---- */

static struct redirect *redirect_of(const struct check *check, uint64_t from)
{
	size_t low = 0;
	size_t high = check->redirects_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (check->redirects[middle].from < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low < check->redirects_count && check->redirects[low].from == from ? &check->redirects[low] : NULL;
}

/* Each redirect is followed until one that was followed before: all in all each once, but for the longest chain. */
static void redirects_check(struct check *check)
{
	for (size_t i = 0; i < check->redirects_count; i++) {
		struct redirect *at = &check->redirects[i];
		size_t steps = 0;

		while (at != NULL && !at->is_followed && steps++ <= check->redirects_count)
			at = redirect_of(check, at->into);
		if (steps > check->redirects_count)
			tell(check, "redirect", check->redirects[i].from, 0, "it leads to itself");
		for (at = &check->redirects[i]; at != NULL && !at->is_followed; at = redirect_of(check, at->into))
			at->is_followed = true;
	}
}

static int by_hash(const void *a, const void *b)
{
	const struct seen *const *first = a;
	const struct seen *const *second = b;

	return (*first)->id_hash < (*second)->id_hash ? -1 : (*first)->id_hash > (*second)->id_hash;
}

static int ids_check(struct check *check)
{
	const struct seen **sorted = malloc((check->articles_count + 1) * sizeof(*sorted));
	size_t count = 0;

	if (sorted == NULL)
		return WF_ENOMEM;
	for (size_t i = 0; i < check->articles_count; i++)
		if (check->articles[i].has_entry)
			sorted[count++] = &check->articles[i];
	qsort(sorted, count, sizeof(*sorted), by_hash);
	for (size_t i = 1; i < count; i++)
		if (sorted[i]->id_hash == sorted[i - 1]->id_hash)
			tell(check, "entry", sorted[i]->number, 0, "it has the id of article %llu",
			     (unsigned long long)sorted[i - 1]->number);
	free(sorted);
	return 0;
}

static bool is_whole(const struct seen *seen)
{
	return seen->has_entry && seen->has_evidence && seen->has_body;
}

/* Whether a group was to have the article's text, and has not. */
static bool is_text_lost(const struct seen *seen)
{
	return seen->text_group != 0 && !seen->has_text;
}

static int relations_check(struct check *check)
{
	for (size_t i = 0; i < check->articles_count; i++) {
		const struct seen *seen = &check->articles[i];

		if (is_whole(seen) && is_text_lost(seen))
			tell(check, "body", seen->number, 0, "its text is missing");
		if (is_whole(seen))
			check->summary->articles++;
		else if (!seen->is_damaged)
			tell(check, "entry", seen->number, 0, "the article has no %s",
			     seen->has_evidence ? "body"
			     : seen->has_body   ? "evidence"
						: "evidence and no body");
	}
	if (check->number_most > check->number_last)
		tell(check, "entry", check->number_most_of, 0, "it names %llu, a number that was never given",
		     (unsigned long long)check->number_most);
	/* Damage to pages may have taken the state with it, and has been told. */
	if (!check->has_secret && check->summary->pages.faults == 0)
		tell(check, "state", 0, 0, "the store's secret is missing");
	if (!check->has_format && check->summary->pages.faults == 0)
		tell(check, "state", 0, 0, "the store's format is missing");
	redirects_check(check);
	return ids_check(check);
}

static void check_close(struct check *check)
{
	free(check->articles);
	free(check->redirects);
}

/* Fills `check`; the caller closes it, whatever is returned. */
static int look_through(const char *name, struct check *check, struct wf_error *error)
{
	struct wf_error words = {.code = 0};
	int code = wf_pages_walk(name, WF_PAGES_ALL, page_fault_cb, look_cb, check, &check->summary->pages, &words);
	if (code == 0)
		code = relations_check(check);
	if (code < 0)
		return wf_error_set(error, code, "%s: %s", name,
				    words.code != 0 ? words.text : wf_error_sentence(code));
	return 0;
}

int wf_store_check_file(const char *file, wf_check_cb fault, void *context, struct wf_check_summary *summary,
			struct wf_error *error)
{
	struct check check = {.fault = fault, .context = context, .summary = summary};
	int code;

	*summary = (struct wf_check_summary){.faults = 0};
	code = look_through(file, &check, error);
	check_close(&check);
	return code;
}

int wf_store_check(const char *path, wf_check_cb fault, void *context, struct wf_check_summary *summary,
		   struct wf_error *error)
{
	char name[WF_FOLDER_PATH_BYTES];
	int lock = -1;
	int code = wf_folder_file(path, "data.mdb", name, error);

	if (code == 0)
		code = wf_folder_look(path, &lock, error);
	if (code == 0)
		code = wf_store_check_file(name, fault, context, summary, error);
	if (lock >= 0)
		(void)close(lock);
	return code;
}

/* ---- saving what is whole ---- */

struct salvage {
	struct check *check;
	struct wf_lmdb *lmdb;
	bool is_open; /* a batch */
	size_t bytes;
	size_t count;
	uint64_t saved;
	struct wf_arena arena; /* of a record that is made anew */
	struct wf_text_codec *codec;
	struct wf_group group;
};

static int batch_end(struct salvage *salvage)
{
	if (!salvage->is_open)
		return 0;
	salvage->is_open = false;
	salvage->bytes = 0;
	salvage->count = 0;
	return wf_lmdb_commit(salvage->lmdb);
}

static void *stage(struct salvage *salvage, const struct wf_lmdb_key *key, size_t bytes, int *code)
{
	*code = salvage->is_open ? 0 : wf_lmdb_begin(salvage->lmdb);
	if (*code != 0)
		return NULL;
	salvage->is_open = true;
	salvage->bytes += bytes;
	salvage->count++;
	return wf_lmdb_stage(salvage->lmdb, key->table == WF_LMDB_STATE ? WF_LMDB_PUT : WF_LMDB_APPEND, key, bytes);
}

static int copy(struct salvage *salvage, const struct wf_pages_record *record)
{
	const struct wf_lmdb_key key = {.table = record->table, .number = record->number, .name = record->name};
	int code;
	void *room = stage(salvage, &key, record->value.length, &code);

	if (room == NULL)
		return code != 0 ? code : WF_ENOMEM;
	memcpy(room, record->value.data, record->value.length);
	code = wf_lmdb_apply(salvage->lmdb);
	if (code == 0 && (salvage->bytes >= BATCH_BYTES_MAX || salvage->count >= BATCH_COUNT_MAX))
		code = batch_end(salvage);
	return code;
}

/* A body whose text is lost is saved without. */
static int copy_body(struct salvage *salvage, const struct wf_pages_record *record)
{
	struct wf_pages_record without = *record;
	struct wf_store_body body;
	char *room;
	int code;

	salvage->saved++;
	if (!is_text_lost(article_at(salvage->check, record->number)))
		return copy(salvage, record);
	code = wf_record_body_decode(record->value, record->number, &body);
	body.has_text = false;
	body.text_group = 0;
	if (code == 0)
		code = wf_record_body_bytes(&body, &without.value.length);
	if (code != 0)
		return code;
	wf_arena_reset(&salvage->arena);
	room = wf_arena_take(&salvage->arena, without.value.length);
	if (room == NULL)
		return WF_ENOMEM;
	wf_record_body_encode(&body, record->number, room);
	without.value.data = room;
	return copy(salvage, &without);
}

static bool is_saved_text(struct check *check, uint64_t group, uint64_t number)
{
	const struct seen *seen = article_at(check, number);

	return seen != NULL && is_whole(seen) && seen->text_group == group;
}

/* Packs a group again without the texts of the articles in `lost`; it has others. */
static int copy_rest(struct salvage *salvage, const struct wf_pages_record *record, struct wf_bytes payload,
		     const uint64_t *lost, uint32_t lost_count)
{
	struct wf_pages_record rest = *record;
	struct wf_group *group = &salvage->group;
	char *room;
	int code;

	wf_arena_reset(&salvage->arena);
	code = wf_group_decode(payload, record->number, salvage->codec, &salvage->arena, group);
	for (uint32_t i = 0; code == 0 && i < lost_count; i++)
		(void)wf_group_remove(group, lost[i]);
	if (code == 0)
		code = wf_group_encode(group, salvage->codec, &salvage->arena, &payload);
	if (code == 0)
		code = wf_record_plain_bytes(payload, &rest.value.length);
	if (code != 0)
		return code;
	room = wf_arena_take(&salvage->arena, rest.value.length);
	if (room == NULL)
		return WF_ENOMEM;
	wf_record_plain_encode(WF_RECORD_TEXT, record->number, payload, room);
	rest.value.data = room;
	return copy(salvage, &rest);
}

static int copy_texts(struct salvage *salvage, const struct wf_pages_record *record)
{
	struct wf_group_text texts[WF_GROUP_TEXTS_MAX];
	uint64_t lost[WF_GROUP_TEXTS_MAX];
	struct wf_bytes payload;
	uint32_t count;
	uint32_t lost_count = 0;

	if (wf_group_open(record->value, record->number, &payload) != 0 ||
	    wf_group_list(payload, record->number, texts, &count) != 0)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		if (!is_saved_text(salvage->check, record->number, texts[i].number))
			lost[lost_count++] = texts[i].number;
	if (lost_count == 0)
		return copy(salvage, record);
	return lost_count == count ? 0 : copy_rest(salvage, record, payload, lost, lost_count);
}

static bool is_sound(struct check *check, const struct wf_pages_record *record)
{
	const struct seen *seen;
	struct wf_bytes value;

	switch (record->table) {
	case WF_LMDB_STATE:
		return wf_record_plain_decode(WF_RECORD_STATE, record->value, wf_record_name_key(record->name),
					      &value) == 0;
	case WF_LMDB_REDIRECT:
		return wf_record_plain_decode(WF_RECORD_REDIRECT, record->value, record->number, &value) == 0 &&
		       value.length == sizeof(uint64_t) && wf_record_read_u64(value.data) != record->number;
	case WF_LMDB_APART:
		return wf_record_plain_decode(WF_RECORD_APART, record->value, record->number, &value) == 0;
	case WF_LMDB_ENTRY:
	case WF_LMDB_EVIDENCE:
	case WF_LMDB_BODY:
	case WF_LMDB_TEXT:
	case WF_LMDB_TABLES:
		break;
	}
	seen = article_at(check, record->number);
	return seen != NULL && is_whole(seen);
}

static void ignore_fault_cb(void *context, const struct wf_pages_fault *fault)
{
	(void)context;
	(void)fault;
}

static int save_cb(void *context, const struct wf_pages_record *record)
{
	struct salvage *salvage = context;
	struct check *check = salvage->check;

	if (check->cursor > 0 && check->cursor <= check->articles_count &&
	    check->articles[check->cursor - 1].number >= record->number)
		check->cursor = 0;
	if (record->table == WF_LMDB_TEXT)
		return copy_texts(salvage, record);
	if (!is_sound(check, record))
		return 0;
	return record->table == WF_LMDB_BODY ? copy_body(salvage, record) : copy(salvage, record);
}

/* Numbers of what was lost must not return. */
static int number_last_put(struct salvage *salvage)
{
	const struct wf_bytes name = wf_bytes_of(".number_last");
	const uint64_t most = salvage->check->number_most;
	const uint64_t last = salvage->check->number_last;
	char number[sizeof(uint64_t)], record[WF_RECORD_HEADER_BYTES + sizeof(uint64_t)];

	wf_record_write_u64(number, most > last && most <= WF_NUMBER_MAX ? most : last);
	wf_record_plain_encode(WF_RECORD_STATE, wf_record_name_key(name), (struct wf_bytes){number, sizeof number},
			       record);
	return copy(salvage,
		    &(struct wf_pages_record){.table = WF_LMDB_STATE, .name = name, .value = {record, sizeof record}});
}

static int save(const char *file, const char *into, struct salvage *salvage, struct wf_error *error)
{
	const struct wf_lmdb_settings engine = {
		.path = into,
		.map_bytes = SALVAGE_MAP_BYTES,
		.map_bytes_max = WF_STORE_MAP_BYTES_MAX,
		.readers_max = WF_STORE_READERS_MAX_DEFAULT,
		.rest_wait_ms = WF_STORE_REST_WAIT_MS,
	};
	struct wf_pages_summary again;
	struct wf_error words = {.code = 0};
	int code = wf_text_codec_new(&salvage->codec, false);

	if (code != 0)
		return wf_error_set(error, code, "%s", wf_error_sentence(code));
	code = wf_lmdb_open(&salvage->lmdb, &engine, error);
	if (code != 0)
		return code;
	salvage->check->cursor = 0;
	code = wf_pages_walk(file, WF_PAGES_ALL, ignore_fault_cb, save_cb, salvage, &again, &words);
	if (code == 0)
		code = number_last_put(salvage);
	if (code == 0)
		code = batch_end(salvage);
	else if (salvage->is_open)
		wf_lmdb_abort(salvage->lmdb);
	wf_lmdb_close(salvage->lmdb);
	if (code < 0)
		return wf_error_set(error, code, "%s: %s", into,
				    words.code != 0 ? words.text : wf_error_sentence(code));
	return 0;
}

int wf_store_salvage(const char *path, const char *into, wf_check_cb fault, void *context,
		     struct wf_check_summary *summary, uint64_t *saved, struct wf_error *error)
{
	struct check check = {.fault = fault, .context = context, .summary = summary};
	struct salvage salvage = {.check = &check};
	char name[WF_FOLDER_PATH_BYTES];
	bool is_made = false;
	int from_lock = -1, into_lock = -1;
	int code = wf_folder_file(path, "data.mdb", name, error);

	*summary = (struct wf_check_summary){.faults = 0};
	wf_arena_init(&salvage.arena, 4 * (size_t)WF_GROUP_BYTES_MAX);
	if (code == 0)
		code = wf_folder_look(path, &from_lock, error);
	if (code == 0)
		code = look_through(name, &check, error);
	if (code == 0 && (!check.has_secret || !check.has_format))
		code = wf_error_set(error, WF_ECORRUPT,
				    "%s: the store's secret or format is lost: nothing can be saved", path);
	if (code == 0)
		code = wf_folder_make(into, error);
	if (code == 0 && !wf_folder_is_empty(into))
		code = wf_error_set(error, -EEXIST, "%s: there is something in this folder", into);
	if (code == 0)
		code = wf_folder_take(into, &into_lock, &is_made, error);
	if (code == 0)
		code = save(name, into, &salvage, error);
	if (code == 0)
		code = wf_folder_mark(into, into_lock, error);
	*saved = salvage.saved;
	wf_text_codec_free(salvage.codec);
	wf_arena_close(&salvage.arena);
	check_close(&check);
	if (from_lock >= 0)
		(void)close(from_lock);
	if (into_lock >= 0)
		(void)close(into_lock);
	return code;
}
