#include "learned.h"

#include <stdio.h>
#include <stdlib.h>

#define FORMAT           UINT64_C(0x3164656e7261656c) /* "learned1" */
#define BLOCK_BYTES      65536u
#define BYTES_MAX        (UINT64_C(1) << 30)
#define PIECE_NAME_BYTES 24u

/* Kept as it is in memory: little endian, checked by its numbers. */
struct head {
	uint64_t format;
	uint64_t bytes;
	uint32_t pieces;
	uint32_t generation;
};

static const struct wf_bytes head_name = {"index", 5};

static uint32_t pieces_of(uint64_t bytes)
{
	return (uint32_t)((bytes + WF_LEARNED_PIECE_BYTES - 1) / WF_LEARNED_PIECE_BYTES);
}

static struct wf_bytes piece_of(struct wf_bytes bytes, uint32_t piece)
{
	const size_t begin = (size_t)piece * WF_LEARNED_PIECE_BYTES;
	const size_t left = bytes.length - begin;

	return (struct wf_bytes){bytes.data + begin, left < WF_LEARNED_PIECE_BYTES ? left : WF_LEARNED_PIECE_BYTES};
}

static struct wf_bytes write_name(char room[PIECE_NAME_BYTES], uint32_t generation, uint32_t piece)
{
	return (struct wf_bytes){room, (size_t)snprintf(room, PIECE_NAME_BYTES, "index.%u.%u", generation, piece)};
}

void wf_learned_init(struct wf_learned *learned)
{
	*learned = (struct wf_learned){.bytes = {NULL, 0}};
	wf_arena_init(&learned->arena, BLOCK_BYTES);
}

void wf_learned_drop(struct wf_learned *learned)
{
	if (learned->index != NULL)
		wf_index_state_save_end(learned->index);
	learned->index = NULL;
	wf_arena_close(&learned->arena);
	learned->bytes = (struct wf_bytes){NULL, 0};
}

void wf_learned_close(struct wf_learned *learned)
{
	wf_learned_drop(learned);
}

bool wf_learned_is_under_way(const struct wf_learned *learned)
{
	return learned->bytes.length > 0;
}

uint32_t wf_learned_pieces(const struct wf_learned *learned)
{
	return pieces_of(learned->bytes.length);
}

int wf_learned_begin(struct wf_learned *learned, struct wf_index *index, uint64_t number)
{
	int error;

	wf_learned_drop(learned);
	learned->index = index;
	error = wf_index_state_save_begin(index, &learned->arena, &learned->bytes);
	if (error == 0 && learned->bytes.length > BYTES_MAX)
		error = WF_ETOOLARGE;
	if (error != 0)
		wf_learned_drop(learned);
	learned->number = number;
	learned->pieces_done = 0;
	return error;
}

/* One state for the job to write; false when memory is out. */
static bool give(struct wf_job *job, struct wf_bytes name, struct wf_bytes value)
{
	struct wf_state *state = &job->states[job->states_count];

	*state = (struct wf_state){wf_arena_copy(&job->arena, name), wf_arena_copy(&job->arena, value)};
	if (state->name.data == NULL || state->value.data == NULL)
		return false;
	job->states_count++;
	return true;
}

static bool give_pieces(const struct wf_learned *learned, struct wf_job *job, uint32_t until, uint32_t generation)
{
	char room[PIECE_NAME_BYTES];
	const struct head head = {FORMAT, learned->bytes.length, pieces_of(learned->bytes.length), generation};
	bool is_given;

	job->states = wf_arena_take(&job->arena, ((size_t)until - learned->pieces_done + 1) * sizeof *job->states);
	is_given = job->states != NULL;
	for (uint32_t i = learned->pieces_done; i < until && is_given; i++)
		is_given = give(job, write_name(room, generation, i), piece_of(learned->bytes, i));
	if (is_given && until == head.pieces)
		is_given = give(job, head_name, (struct wf_bytes){(const char *)&head, sizeof head});
	return is_given;
}

int wf_learned_put(struct wf_learned *learned, struct wf_job *job, uint32_t until)
{
	const uint32_t pieces = wf_learned_pieces(learned);
	const uint32_t generation = 1 - learned->generation;

	if (until > pieces)
		until = pieces;
	if (until <= learned->pieces_done)
		return 0;
	wf_index_state_save_fill(learned->index, (size_t)until * WF_LEARNED_PIECE_BYTES);
	if (!give_pieces(learned, job, until, generation)) {
		job->states_count = 0;
		return WF_ENOMEM;
	}
	learned->pieces_done = until;
	if (until == pieces) {
		learned->generation = generation;
		wf_learned_drop(learned);
	}
	return 0;
}

/* The pieces one behind the other, as long as the head says. */
static int read_pieces(struct wf_store_reader *reader, const struct head *head, char *bytes)
{
	const struct wf_bytes whole = {bytes, (size_t)head->bytes};

	for (uint32_t i = 0; i < head->pieces; i++) {
		char room[PIECE_NAME_BYTES];
		struct wf_bytes piece;
		const int code = wf_store_state(reader, write_name(room, head->generation, i), &piece);

		if (code != 0)
			return code == WF_ENOTFOUND ? WF_ECORRUPT : code;
		if (piece.length != piece_of(whole, i).length)
			return WF_ECORRUPT;
		memcpy(bytes + (size_t)i * WF_LEARNED_PIECE_BYTES, piece.data, piece.length);
	}
	return 0;
}

int wf_learned_load(struct wf_learned *learned, struct wf_store_reader *reader, struct wf_index *index)
{
	struct wf_bytes value;
	struct head head;
	char *bytes;
	int code = wf_store_state(reader, head_name, &value);

	learned->generation = 0;
	if (code != 0)
		return code;
	if (value.length != sizeof head)
		return WF_EVERSION;
	memcpy(&head, value.data, sizeof head);
	if (head.format != FORMAT)
		return WF_EVERSION;
	if (head.bytes == 0 || head.bytes > BYTES_MAX || head.pieces != pieces_of(head.bytes) || head.generation > 1)
		return WF_ECORRUPT;
	learned->generation = head.generation;
	bytes = malloc((size_t)head.bytes);
	if (bytes == NULL)
		return WF_ENOMEM;
	code = read_pieces(reader, &head, bytes);
	if (code == 0)
		code = wf_index_state_load(index, (struct wf_bytes){bytes, (size_t)head.bytes});
	free(bytes);
	return code;
}
