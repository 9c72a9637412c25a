#include "index_parts.h"

#define STATE_VERSION 4

/* State: [ version u32 | 0 u32 | learned_number u64 | frequency bytes u64 | frequency | boilerplate ]. */
struct state_header {
	uint32_t version;
	uint32_t padding;
	uint64_t learned_number;
	uint64_t frequency_bytes;
};

static size_t state_fixed_bytes(const struct wf_index *index)
{
	return sizeof(struct state_header) + sizeof index->frequency;
}

int wf_index_state_save_begin(struct wf_index *index, struct wf_arena *arena, struct wf_bytes *state)
{
	const struct state_header header = {STATE_VERSION, 0, index->learned_number, sizeof index->frequency};
	const size_t fixed = state_fixed_bytes(index);
	const size_t bytes = fixed + wf_boilerplate_saved_bytes(&index->boilerplate);
	char *out = wf_arena_take(arena, bytes);

	if (out == NULL)
		return WF_ENOMEM;
	memcpy(out, &header, sizeof header);
	memcpy(out + sizeof header, &index->frequency, sizeof index->frequency);
	*state = (struct wf_bytes){out, bytes};
	return wf_boilerplate_save_begin(&index->boilerplate, out + fixed);
}

void wf_index_state_save_fill(struct wf_index *index, size_t until)
{
	const size_t fixed = state_fixed_bytes(index);

	if (until > fixed)
		wf_boilerplate_save_fill(&index->boilerplate, until - fixed);
}

void wf_index_state_save_end(struct wf_index *index)
{
	wf_boilerplate_save_end(&index->boilerplate);
}

int wf_index_state_save(struct wf_index *index, struct wf_arena *arena, struct wf_bytes *state)
{
	const int error = wf_index_state_save_begin(index, arena, state);

	if (error == 0)
		wf_index_state_save_fill(index, state->length);
	wf_index_state_save_end(index);
	return error;
}

int wf_index_state_load(struct wf_index *index, struct wf_bytes state)
{
	struct state_header header;
	struct wf_boilerplate boilerplate;
	const size_t fixed = state_fixed_bytes(index);
	int error;

	if (state.length < fixed)
		return WF_ECORRUPT;
	memcpy(&header, state.data, sizeof header);
	if (header.version != STATE_VERSION || header.frequency_bytes != sizeof index->frequency)
		return WF_EVERSION;
	error = wf_boilerplate_init(&boilerplate, WF_SOURCES_MAX);
	if (error == 0)
		error = wf_boilerplate_load(&boilerplate, (struct wf_bytes){state.data + fixed, state.length - fixed});
	if (error != 0) {
		wf_boilerplate_close(&boilerplate);
		return error;
	}
	wf_boilerplate_close(&index->boilerplate);
	index->boilerplate = boilerplate;
	memcpy(&index->frequency, state.data + sizeof header, sizeof index->frequency);
	index->learned_number = header.learned_number;
	return 0;
}
