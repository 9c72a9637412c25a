#include "reader.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <msgpack.h>

#define BLOCK_BYTES_MIN   ((size_t)64 << 10)
#define BLOCK_BYTES_MAX   ((size_t)512 << 10)
#define BLOCK_BYTES_LEAST ((size_t)4 << 10) /* when memory is short: enough to skip a message */
#define ROOM_BYTES_MIN    ((size_t)1 << 10)
#define HEADER_BYTES_MAX  9
#define OWED_MAX          (UINT64_C(1) << 56) /* values that headers promise; no connection lives to send so many */

_Static_assert(sizeof(struct msgpack_object_kv) == 2 * sizeof(msgpack_object), "a pair takes what two elements take");

struct block {
	atomic_size_t references; /* the reader's, and one of each message */
	size_t capacity;
	char data[];
};

struct wf_message {
	struct block *block;
	size_t length;
	size_t memory_bytes;
	msgpack_zone zone;
	msgpack_object root;
};

/* What the headers of a message, as far as they were seen, still promise. A value is owed until its header was read. */
struct scan {
	uint64_t owed;          /* values whose header is still to come, at all depths */
	uint64_t payload_bytes; /* bytes of the present string still to come */
	uint64_t elements;      /* values whose header was read */
	unsigned depth;
	uint64_t owed_at[WF_REQUEST_DEPTH_MAX + 1]; /* by depth, up to the present one; not kept while skipping */
};

struct wf_reader {
	struct wf_reader_settings settings;
	struct block *block; /* NULL: none is held */
	size_t begin;        /* of the present message */
	size_t scanned;      /* at a header, or inside a payload; begin <= scanned <= used */
	size_t used;
	size_t block_bytes; /* of the next block: grows with the messages seen */
	struct scan scan;
	bool is_skipping; /* the present message was refused; its bytes are dropped once scanned */
	bool is_poisoned;
	bool is_short;   /* no memory for the present message: to be told at the next call */
	unsigned strays; /* messages in a row that were bare numbers below 128 */
};

struct header {
	size_t length;
	uint64_t payload_bytes;
	uint64_t children;
	bool is_container;
};

static uint64_t big_endian(const unsigned char *bytes, size_t count)
{
	uint64_t number = 0;

	for (size_t i = 0; i < count; i++)
		number = number << 8 | bytes[i];
	return number;
}

/* A header of one byte and then `length_bytes` of length, with `extra` bytes of payload beside that length. */
static int sized_header(const unsigned char *bytes, size_t available, size_t length_bytes, size_t extra,
			struct header *header)
{
	if (available < 1 + length_bytes)
		return 0;
	*header = (struct header){.length = 1 + length_bytes};
	header->payload_bytes = big_endian(bytes + 1, length_bytes) + extra;
	return 1;
}

static int container_header(const unsigned char *bytes, size_t available, size_t length_bytes, size_t values_each,
			    struct header *header)
{
	if (available < 1 + length_bytes)
		return 0;
	*header = (struct header){.length = 1 + length_bytes, .is_container = true};
	header->children = big_endian(bytes + 1, length_bytes) * values_each;
	return 1;
}

static int plain_header(size_t available, size_t length, struct header *header)
{
	*header = (struct header){.length = length};
	return available >= length;
}

/* Reads the header at `bytes`. Returns 1; 0: more bytes are needed; WF_EMALFORMED. Numbers are all header. */
static int read_header(const unsigned char *bytes, size_t available, struct header *header)
{
	const unsigned first = available == 0 ? 0 : bytes[0];

	if (available == 0)
		return 0;
	if (first <= 0x7F || first >= 0xE0)
		return plain_header(available, 1, header);
	if (first >= 0xA0 && first <= 0xBF) {
		*header = (struct header){.length = 1, .payload_bytes = first & 0x1F};
		return 1;
	}
	if (first <= 0x9F) {
		const uint64_t count = first & 0x0F;

		*header = (struct header){
			.length = 1, .children = first <= 0x8F ? count * 2 : count, .is_container = true};
		return 1;
	}
	switch (first) {
	case 0xC0: /* nil */
	case 0xC2: /* false */
	case 0xC3: /* true */
		return plain_header(available, 1, header);
	case 0xC4: /* bin 8, 16, 32 */
	case 0xC5:
	case 0xC6:
		return sized_header(bytes, available, (size_t)1 << (first - 0xC4), 0, header);
	case 0xC7: /* ext 8, 16, 32: a byte of type comes after the length */
	case 0xC8:
	case 0xC9:
		return sized_header(bytes, available, (size_t)1 << (first - 0xC7), 1, header);
	case 0xCA: /* float 32, 64 */
	case 0xCB:
		return plain_header(available, first == 0xCA ? 5 : 9, header);
	case 0xCC: /* uint 8, 16, 32, 64 */
	case 0xCD:
	case 0xCE:
	case 0xCF:
		return plain_header(available, 1 + ((size_t)1 << (first - 0xCC)), header);
	case 0xD0: /* int 8, 16, 32, 64 */
	case 0xD1:
	case 0xD2:
	case 0xD3:
		return plain_header(available, 1 + ((size_t)1 << (first - 0xD0)), header);
	case 0xD4: /* fixext 1, 2, 4, 8, 16 */
	case 0xD5:
	case 0xD6:
	case 0xD7:
	case 0xD8:
		*header = (struct header){.length = 1, .payload_bytes = 1 + (UINT64_C(1) << (first - 0xD4))};
		return 1;
	case 0xD9: /* str 8, 16, 32 */
	case 0xDA:
	case 0xDB:
		return sized_header(bytes, available, (size_t)1 << (first - 0xD9), 0, header);
	case 0xDC: /* array 16, 32 */
	case 0xDD:
		return container_header(bytes, available, first == 0xDC ? 2 : 4, 1, header);
	case 0xDE: /* map 16, 32 */
	case 0xDF:
		return container_header(bytes, available, first == 0xDE ? 2 : 4, 2, header);
	default:
		return WF_EMALFORMED;
	}
}

/* Whether a message is a bare number of one byte, below 128. */
static bool is_stray(unsigned first)
{
	return first <= 0x7F;
}

static const unsigned char *bytes_at(const struct wf_reader *reader, size_t offset)
{
	return (const unsigned char *)reader->block->data + offset;
}

static void start_message(struct wf_reader *reader)
{
	reader->begin = reader->scanned;
	reader->is_skipping = false;
	reader->scan.owed = 1;
	reader->scan.payload_bytes = 0;
	reader->scan.elements = 0;
	reader->scan.depth = 0;
	reader->scan.owed_at[0] = 1;
}

void wf_reader_set(struct wf_reader *reader, const struct wf_reader_settings *settings)
{
	reader->settings = settings == NULL ? (struct wf_reader_settings){.depth_max = 0} : *settings;
	if (reader->settings.message_bytes_max == 0)
		reader->settings.message_bytes_max = WF_REQUEST_BYTES_MAX_DEFAULT;
	if (reader->settings.elements_max == 0)
		reader->settings.elements_max = WF_REQUEST_ELEMENTS_MAX;
	if (reader->settings.depth_max == 0 || reader->settings.depth_max > WF_REQUEST_DEPTH_MAX)
		reader->settings.depth_max = WF_REQUEST_DEPTH_MAX;
	reader->block_bytes =
		reader->settings.block_bytes_min == 0 ? BLOCK_BYTES_MIN : reader->settings.block_bytes_min;
}

int wf_reader_new(struct wf_reader **reader, const struct wf_reader_settings *settings)
{
	struct wf_reader *made = calloc(1, sizeof *made);

	if (made == NULL)
		return WF_ENOMEM;
	wf_reader_set(made, settings);
	start_message(made);
	*reader = made;
	return WF_OK;
}

static void release(struct block *block)
{
	if (block != NULL && atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) == 1)
		free(block);
}

/* True where no message uses the block. Acquire: what they read was read before we write over it. */
static bool is_sole_owner(const struct block *block)
{
	return atomic_load_explicit(&block->references, memory_order_acquire) == 1;
}

void wf_reader_free(struct wf_reader *reader)
{
	if (reader == NULL)
		return;
	release(reader->block);
	free(reader);
}

static struct block *block_new(size_t capacity)
{
	struct block *block = malloc(sizeof *block + capacity);

	if (block != NULL) {
		atomic_init(&block->references, 1);
		block->capacity = capacity;
	}
	return block;
}

/* Moves the bytes from `begin` on to the start of `block`, which becomes the reader's. */
static void move_to(struct wf_reader *reader, struct block *block)
{
	const size_t tail = reader->used - reader->begin;

	if (tail > 0)
		memmove(block->data, reader->block->data + reader->begin, tail);
	if (block != reader->block) {
		release(reader->block);
		reader->block = block;
	}
	reader->scanned -= reader->begin;
	reader->used = tail;
	reader->begin = 0;
}

/* Makes room for `room` bytes more in a block that the reader owns alone. */
static bool make_room_alone(struct wf_reader *reader, size_t room)
{
	const size_t tail = reader->used - reader->begin;
	struct block *larger;
	size_t capacity;

	if (reader->begin >= tail && reader->begin > 0)
		move_to(reader, reader->block);
	if (reader->block->capacity - reader->used >= room)
		return true;
	move_to(reader, reader->block);
	capacity = tail * 2 > reader->block_bytes ? tail * 2 : reader->block_bytes;
	if (capacity < tail + room)
		capacity = tail + room;
	larger = realloc(reader->block, sizeof *larger + capacity);
	if (larger == NULL)
		return false;
	larger->capacity = capacity;
	reader->block = larger;
	return true;
}

/* Makes room in a new block, as messages still use the old one or there is none. */
static bool make_room_anew(struct wf_reader *reader, size_t room)
{
	const size_t tail = reader->used - reader->begin;
	size_t capacity = tail * 2 > reader->block_bytes ? tail * 2 : reader->block_bytes;
	struct block *block;

	if (capacity < tail + room)
		capacity = tail + room;
	block = block_new(capacity);
	if (block == NULL)
		return false;
	move_to(reader, block);
	return true;
}

static bool make_room(struct wf_reader *reader, size_t room)
{
	if (reader->block == NULL)
		return make_room_anew(reader, room);
	if (reader->block->capacity - reader->used >= room)
		return true;
	return is_sole_owner(reader->block) ? make_room_alone(reader, room) : make_room_anew(reader, room);
}

/* Memory is out while a message is half there. Its msgid is read from its first bytes, which are kept until the
 * refusal was told; room is found by cutting the scanned bytes after them, which the skipping needs no more. */
static bool make_room_by_refusing(struct wf_reader *reader)
{
	const size_t kept = 3 * HEADER_BYTES_MAX; /* of the array, the type, the msgid */
	const size_t unscanned = reader->used - reader->scanned;
	struct block *block = reader->block;
	size_t scanned;

	if (block == NULL || !is_sole_owner(block)) {
		block = block_new(BLOCK_BYTES_LEAST + unscanned);
		if (block == NULL)
			return false;
	}
	if (!reader->is_skipping && reader->begin < reader->used)
		reader->is_short = true;
	scanned = reader->scanned - reader->begin < kept ? reader->scanned - reader->begin : kept;
	if (reader->block != NULL) {
		memmove(block->data, reader->block->data + reader->begin, scanned);
		memmove(block->data + scanned, reader->block->data + reader->scanned, unscanned);
	}
	if (block != reader->block)
		release(reader->block);
	reader->block = block;
	reader->begin = 0;
	reader->scanned = scanned;
	reader->used = scanned + unscanned;
	return block->capacity - reader->used > 0;
}

char *wf_reader_space(struct wf_reader *reader, size_t *room)
{
	*room = 0;
	if (reader->is_poisoned)
		return NULL;
	if (!make_room(reader, ROOM_BYTES_MIN) && !make_room_by_refusing(reader))
		return NULL;
	*room = reader->block->capacity - reader->used;
	if (reader->block->capacity > BLOCK_BYTES_MAX) {
		/* A large message has its block for itself: little of what follows it is received there. */
		const uint64_t wanted = reader->scan.payload_bytes + reader->scan.owed + BLOCK_BYTES_MIN;

		*room = wanted < *room ? (size_t)wanted : *room;
	}
	return reader->block->data + reader->used;
}

void wf_reader_advance(struct wf_reader *reader, size_t bytes)
{
	reader->used += bytes;
}

int wf_reader_feed(struct wf_reader *reader, struct wf_bytes bytes)
{
	if (reader->is_poisoned)
		return WF_EMALFORMED;
	if (bytes.length == 0)
		return WF_OK;
	if (!make_room(reader, bytes.length))
		return WF_ENOMEM;
	memcpy(reader->block->data + reader->used, bytes.data, bytes.length);
	reader->used += bytes.length;
	return WF_OK;
}

/* An unsigned integer in any width at `bytes`; returns its length, or 0. */
static size_t read_unsigned(const unsigned char *bytes, size_t available, uint64_t *number)
{
	struct header header;
	uint64_t found;

	if (read_header(bytes, available, &header) != 1)
		return 0;
	if (bytes[0] <= 0x7F) {
		*number = bytes[0];
		return 1;
	}
	if (bytes[0] < 0xCC || bytes[0] > 0xD3)
		return 0;
	found = big_endian(bytes + 1, header.length - 1);
	if (bytes[0] >= 0xD0 && found >> (8 * (header.length - 1) - 1) != 0)
		return 0;
	*number = found;
	return header.length;
}

/* Fills in whom the refusal of the present message is to be told: from the scanned bytes and no others, so that the
 * answer does not hang on how the stream was split. */
static void read_addressee(const struct wf_reader *reader, struct wf_refusal *refusal)
{
	const unsigned char *bytes = bytes_at(reader, reader->begin);
	const size_t available = reader->scanned - reader->begin;
	struct header header;
	uint64_t type;
	size_t at;
	size_t length;

	if (read_header(bytes, available, &header) != 1 || !header.is_container || header.children < 2 ||
	    (bytes[0] & 0xF0) == 0x80 || bytes[0] >= 0xDE)
		return;
	at = header.length;
	length = read_unsigned(bytes + at, available - at, &type);
	if (length == 0 || type > 1)
		return;
	refusal->is_response = type == 1;
	at += length;
	refusal->has_msgid = read_unsigned(bytes + at, available - at, &refusal->msgid) > 0;
}

static int poison(struct wf_reader *reader, struct wf_refusal *refusal)
{
	reader->is_poisoned = true;
	release(reader->block);
	reader->block = NULL;
	reader->begin = reader->scanned = reader->used = 0;
	return wf_error_set(&refusal->error, WF_EMALFORMED, "the bytes are not MessagePack-RPC");
}

/* Looks at the present message, of which a header was just read, against the bounds. */
static int check_bounds(const struct wf_reader *reader, struct wf_error *error)
{
	const struct scan *scan = &reader->scan;
	const uint64_t bytes = reader->scanned - reader->begin + scan->payload_bytes + scan->owed;
	const uint64_t elements = scan->elements + scan->owed;

	if (bytes > reader->settings.message_bytes_max)
		return wf_error_set(error, WF_ETOOLARGE, "the message has %llu bytes or more, at most %zu are allowed",
				    (unsigned long long)bytes, reader->settings.message_bytes_max);
	if (elements > reader->settings.elements_max)
		return wf_error_set(error, WF_ETOOLARGE, "the message has %llu values or more, at most %zu are allowed",
				    (unsigned long long)elements, reader->settings.elements_max);
	if (scan->depth > reader->settings.depth_max)
		return wf_error_set(error, WF_EBADREQUEST, "arrays and maps are nested more than %u deep",
				    reader->settings.depth_max);
	return WF_OK;
}

/* Counts a value whose header was read: down into a container, up out of those that it ends. */
static void count_value(struct wf_reader *reader, const struct header *header)
{
	struct scan *scan = &reader->scan;

	reader->scanned += header->length;
	scan->payload_bytes = header->payload_bytes;
	scan->elements++;
	scan->owed += header->children - 1;
	if (reader->is_skipping)
		return;
	scan->owed_at[scan->depth]--;
	if (header->is_container) {
		scan->depth++;
		if (scan->depth <= reader->settings.depth_max)
			scan->owed_at[scan->depth] = header->children;
	}
}

static void climb(struct scan *scan)
{
	while (scan->depth > 0 && scan->owed_at[scan->depth] == 0)
		scan->depth--;
}

/* Walks on over the present message. Returns 1: it is whole; 0: more bytes are needed; or why it is refused. */
static int scan_message(struct wf_reader *reader, struct wf_error *error)
{
	struct scan *scan = &reader->scan;

	for (;;) {
		const uint64_t available = reader->used - reader->scanned;
		struct header header;
		int code;

		if (scan->payload_bytes > available) {
			scan->payload_bytes -= available;
			reader->scanned = reader->used;
			return 0;
		}
		reader->scanned += scan->payload_bytes;
		scan->payload_bytes = 0;
		if (scan->owed == 0)
			return 1;
		if (reader->scanned == reader->used)
			return 0;
		code = read_header(bytes_at(reader, reader->scanned), reader->used - reader->scanned, &header);
		if (code != 1)
			return code;
		count_value(reader, &header);
		if (scan->owed > OWED_MAX)
			return WF_EMALFORMED;
		if (reader->is_skipping)
			continue;
		code = check_bounds(reader, error);
		if (code != WF_OK)
			return code;
		climb(scan);
	}
}

/* True where the messages before and the bytes at hand are too many bare numbers. HTTP is a row of them, read so. */
static bool is_no_peer(const struct wf_reader *reader)
{
	const unsigned char *bytes = bytes_at(reader, reader->begin);
	size_t available = reader->used - reader->begin;
	unsigned strays = reader->strays;
	struct header header;

	while (strays < WF_READER_STRAYS_MAX && available > 0 && is_stray(bytes[0]) &&
	       read_header(bytes, available, &header) == 1) {
		strays++;
		bytes += header.length;
		available -= header.length;
	}
	return strays >= WF_READER_STRAYS_MAX;
}

/* Decodes the whole message [begin, scanned). Our scanner has seen that it is well formed, so what fails is memory. */
static int decode(struct wf_reader *reader, struct wf_message **message)
{
	const size_t zone_bytes = (size_t)(reader->scan.elements - 1) * sizeof(msgpack_object);
	struct wf_message *made = malloc(sizeof *made);
	size_t offset = 0;

	if (made == NULL)
		return WF_ENOMEM;
	if (!msgpack_zone_init(&made->zone, zone_bytes)) {
		free(made);
		return WF_ENOMEM;
	}
	made->length = reader->scanned - reader->begin;
	made->memory_bytes = sizeof *made + zone_bytes + made->length;
	if (msgpack_unpack(reader->block->data + reader->begin, made->length, &offset, &made->zone, &made->root) !=
	    MSGPACK_UNPACK_SUCCESS) {
		msgpack_zone_destroy(&made->zone);
		free(made);
		return WF_ENOMEM;
	}
	made->block = reader->block;
	(void)atomic_fetch_add_explicit(&made->block->references, 1, memory_order_relaxed);
	*message = made;
	return 1;
}

/* Blocks hold four messages like the last one, within bounds: large batches are then received in large reads, and
 * little is moved. */
static void learn_size(struct wf_reader *reader)
{
	const size_t wanted = (reader->scanned - reader->begin) * 4;
	const size_t least = reader->settings.block_bytes_min == 0 ? BLOCK_BYTES_MIN : reader->settings.block_bytes_min;

	reader->block_bytes = wanted < least ? least : wanted > BLOCK_BYTES_MAX ? BLOCK_BYTES_MAX : wanted;
}

/* Nothing more to take: what was skipped is dropped, and an empty block given back. */
static void settle(struct wf_reader *reader)
{
	if (reader->is_skipping)
		reader->begin = reader->scanned;
	wf_reader_rest(reader);
}

void wf_reader_rest(struct wf_reader *reader)
{
	if (reader->block == NULL || reader->begin < reader->used || !is_sole_owner(reader->block))
		return;
	if (!reader->is_skipping) {
		release(reader->block);
		reader->block = NULL;
	}
	reader->begin = reader->scanned = reader->used = 0;
}

static int refuse(struct wf_reader *reader, struct wf_refusal *refusal)
{
	read_addressee(reader, refusal);
	reader->is_skipping = true;
	return refusal->error.code;
}

/* The block of a large message goes with it: small ones after it would hold it for as long as they live. */
static void leave_large_block(struct wf_reader *reader)
{
	const size_t tail = reader->used - reader->begin;
	struct block *block;

	if (reader->block->capacity <= BLOCK_BYTES_MAX || tail > BLOCK_BYTES_MIN)
		return;
	block = block_new(reader->block_bytes);
	if (block != NULL)
		move_to(reader, block);
}

static int take(struct wf_reader *reader, struct wf_message **message, struct wf_refusal *refusal)
{
	const bool stray = is_stray(bytes_at(reader, reader->begin)[0]);
	const int code = decode(reader, message);

	reader->strays = stray ? reader->strays + 1 : 0;
	if (code == WF_ENOMEM) {
		(void)wf_error_set(&refusal->error, code, "out of memory for a message of %zu bytes",
				   reader->scanned - reader->begin);
		read_addressee(reader, refusal);
	}
	learn_size(reader);
	start_message(reader);
	leave_large_block(reader);
	return code;
}

int wf_reader_next(struct wf_reader *reader, struct wf_message **message, struct wf_refusal *refusal)
{
	int code;

	*refusal = (struct wf_refusal){.has_msgid = false};
	if (reader->is_poisoned)
		return poison(reader, refusal);
	if (reader->is_short) {
		reader->is_short = false;
		(void)wf_error_set(&refusal->error, WF_ENOMEM, "out of memory for the message");
		return refuse(reader, refusal);
	}
	while (reader->begin < reader->used) {
		const bool is_fresh = !reader->is_skipping && reader->scanned == reader->begin;

		if (is_fresh && is_stray(bytes_at(reader, reader->begin)[0]) && is_no_peer(reader))
			return poison(reader, refusal);
		code = scan_message(reader, &refusal->error);
		if (code == WF_EMALFORMED)
			return poison(reader, refusal);
		if (code < 0)
			return refuse(reader, refusal);
		if (code == 0)
			break;
		if (!reader->is_skipping)
			return take(reader, message, refusal);
		reader->strays = 0;
		start_message(reader);
	}
	settle(reader);
	return 0;
}

bool wf_reader_is_inside(const struct wf_reader *reader)
{
	return reader->is_skipping || reader->begin < reader->used;
}

size_t wf_reader_memory_bytes(const struct wf_reader *reader)
{
	return reader->block == NULL ? 0 : sizeof *reader->block + reader->block->capacity;
}

struct wf_value wf_message_root(const struct wf_message *message)
{
	return (struct wf_value){&message->root};
}

size_t wf_message_bytes(const struct wf_message *message)
{
	return message->length;
}

size_t wf_message_memory_bytes(const struct wf_message *message)
{
	return message->memory_bytes;
}

void wf_message_free(struct wf_message *message)
{
	if (message == NULL)
		return;
	msgpack_zone_destroy(&message->zone);
	release(message->block);
	free(message);
}
