#include "verdict.h"

#include "request.h"
#include "wire_error.h"

#define PAIR_COUNT 11

static void pack_numbers(struct wf_pack *pack, const char *name, const uint64_t *numbers, size_t count)
{
	wf_pack_words(pack, name);
	wf_pack_array(pack, count);
	for (size_t i = 0; i < count; i++)
		wf_pack_unsigned(pack, numbers[i]);
}

void wf_verdict_pack(struct wf_pack *pack, const struct wf_verdict *verdict)
{
	wf_pack_map(pack, PAIR_COUNT);
	wf_pack_words(pack, "id");
	wf_pack_optional_string(pack, verdict->id);
	wf_pack_words(pack, "cluster");
	if (verdict->cluster == 0)
		wf_pack_nil(pack);
	else
		wf_pack_unsigned(pack, verdict->cluster);
	wf_pack_words(pack, "new");
	wf_pack_boolean(pack, verdict->is_new);
	wf_pack_words(pack, "relation");
	wf_pack_words(pack, wf_relation_word(verdict->relation));
	wf_pack_words(pack, "match");
	wf_pack_optional_string(pack, verdict->match);
	wf_pack_words(pack, "similarity");
	wf_pack_number(pack, verdict->similarity);
	wf_pack_words(pack, "containment");
	wf_pack_number(pack, verdict->containment);
	wf_pack_words(pack, "size");
	wf_pack_unsigned(pack, verdict->size);
	pack_numbers(pack, "merged", verdict->merged, verdict->merged_count);
	pack_numbers(pack, "related", verdict->related, verdict->related_count);
	wf_pack_words(pack, "replaced");
	wf_pack_boolean(pack, verdict->replaced);
}

void wf_verdict_pack_refusal(struct wf_pack *pack, struct wf_bytes id, const struct wf_error *refusal)
{
	wf_pack_map(pack, 2);
	wf_pack_words(pack, "id");
	wf_pack_optional_string(pack, id);
	wf_pack_words(pack, "error");
	wf_error_pack(pack, refusal);
}

/* A string that may be nil. */
static struct wf_bytes read_optional(const struct wf_cursor *map, const char *name)
{
	const struct wf_cursor at = wf_cursor_field(map, name);

	return wf_cursor_is_absent(&at) ? (struct wf_bytes){NULL, 0} : wf_cursor_string(&at, 0, SIZE_MAX);
}

static bool read_boolean(const struct wf_cursor *map, const char *name)
{
	const struct wf_cursor at = wf_cursor_field(map, name);

	return wf_cursor_boolean(&at);
}

static double read_number(const struct wf_cursor *map, const char *name)
{
	const struct wf_cursor at = wf_cursor_field(map, name);

	return wf_cursor_number(&at);
}

static uint64_t read_unsigned(const struct wf_cursor *map, const char *name)
{
	const struct wf_cursor at = wf_cursor_field(map, name);

	return wf_cursor_is_absent(&at) ? 0 : wf_cursor_unsigned(&at, UINT64_MAX);
}

static const uint64_t *read_numbers(const struct wf_cursor *map, const char *name, struct wf_arena *arena,
				    size_t *numbers_count)
{
	const struct wf_cursor at = wf_cursor_field(map, name);
	const size_t count = wf_cursor_is_absent(&at) ? 0 : wf_cursor_array(&at, UINT32_MAX);
	uint64_t *numbers;

	*numbers_count = 0;
	if (count == 0)
		return NULL;
	numbers = wf_arena_take(arena, count * sizeof *numbers);
	if (numbers == NULL) {
		(void)wf_cursor_fail(&at, WF_ENOMEM, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		const struct wf_cursor element = wf_cursor_element(&at, i, NULL);

		numbers[i] = wf_cursor_unsigned(&element, UINT64_MAX);
	}
	*numbers_count = count;
	return numbers;
}

static enum wf_relation read_relation(const struct wf_cursor *map)
{
	const struct wf_cursor at = wf_cursor_field(map, "relation");
	const struct wf_bytes word = wf_cursor_string(&at, 0, SIZE_MAX);

#define X(name, value, text)                         \
	if (wf_bytes_equal(word, wf_bytes_of(text))) \
		return WF_RELATION_##name;
	WF_RELATION_MAP(X)
#undef X
	(void)wf_cursor_fail(&at, at.code, "not a relation: \"%.*s\"", (int)(word.length < 40 ? word.length : 40),
			     word.length == 0 ? "" : word.data);
	return WF_RELATION_UNIQUE;
}

int wf_verdict_decode(struct wf_value value, struct wf_arena *arena, struct wf_verdict *verdict, struct wf_error *error)
{
	const struct wf_cursor map = wf_cursor_of(value, NULL, WF_EBADREQUEST, error);
	const struct wf_value refusal = wf_value_field(value, "error");

	*verdict = (struct wf_verdict){.cluster = 0};
	if (wf_value_kind(value) != WF_VALUE_MAP)
		return wf_cursor_fail(&map, WF_EBADREQUEST, "verdict: expected a map, got %s",
				      wf_value_kind_phrase(wf_value_kind(value)));
	verdict->id = read_optional(&map, "id");
	if (wf_value_kind(refusal) != WF_VALUE_NIL)
		return wf_wire_error_of(refusal, error);
	verdict->cluster = read_unsigned(&map, "cluster");
	verdict->is_new = read_boolean(&map, "new");
	verdict->relation = read_relation(&map);
	verdict->match = read_optional(&map, "match");
	verdict->similarity = read_number(&map, "similarity");
	verdict->containment = read_number(&map, "containment");
	verdict->size = read_unsigned(&map, "size");
	verdict->merged = read_numbers(&map, "merged", arena, &verdict->merged_count);
	verdict->related = read_numbers(&map, "related", arena, &verdict->related_count);
	verdict->replaced = read_boolean(&map, "replaced");
	return error->code;
}
