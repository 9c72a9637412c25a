/* A file of LMDB that is anything: looking through it harms nobody; and what is called whole can be read by LMDB, with
 * the same records. The input changes a small store that is whole: [place 2 | byte 1] ..., each xored; a first byte of
 * odd value cuts it short, too. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz_input.h"
#include "hash.h"
#include "store.h"
#include "store_check.h"
#include "store_group.h"

#define ARTICLES  24u
#define GROUPED   16u /* more, whose texts are packed together */
#define EDITS_MAX 64u

struct base {
	char folder[64];
	char store[80];
	char file[100];
	char *data;
	size_t length;
};

static void put(struct wf_store *store, uint64_t number)
{
	static char noise[6000], text[5000];
	struct wf_store_body body = {
		.id = {noise + number, 5},
		.title = {noise, 20},
		.has_text = true,
		.text_bytes = 7,
		.text_compressed = {noise, number % 6 == 0 ? 5000 : 300},
	};
	const struct wf_store_entry entry = {
		.number = number,
		.id_hash = wf_hash_bytes(body.id, wf_store_secret(store)),
		.cluster = 1,
		.sketch = {noise, 200},
	};

	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (char)(i * 7 + i / 256 + 1);
	/* Nothing makes these texts smaller: of many of them the group takes pages of its own. */
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)((uint32_t)(i + number * 7919) * (uint32_t)(i + 1) * 2654435761u >> 17);
	if (number > ARTICLES) {
		body.text_compressed = (struct wf_bytes){NULL, 0};
		body.text = (struct wf_bytes){text, number % 3 == 0 ? sizeof text : 300};
		body.text_bytes = body.text.length;
	}
	fuzz_claim(wf_store_put(store, &entry, &body, (struct wf_bytes){noise, 700}) == 0);
	if (number % 5 == 0)
		fuzz_claim(wf_store_remove(store, number - 2) == 0);
	if (number % 9 == 0)
		fuzz_claim(wf_store_redirect(store, number, 1) == 0);
}

/* Batches of one article; of those whose texts are packed together, of two and of all the others. */
static void fill(struct wf_store *store)
{
	for (uint64_t number = 1; number <= ARTICLES + GROUPED; number++) {
		if (number <= ARTICLES + 1 || number == ARTICLES + 3)
			fuzz_claim(wf_store_begin(store, NULL) == 0);
		put(store, number);
		if (number <= ARTICLES || number == ARTICLES + 2 || number == ARTICLES + GROUPED)
			fuzz_claim(wf_store_commit(store, NULL) == 0);
	}
}

static void base_make(struct base *base)
{
	const struct wf_store_settings settings = {.path = base->store, .map_bytes_min = 1 << 20};
	struct wf_store *store;
	struct stat status;
	int file;

	(void)snprintf(base->folder, sizeof base->folder, "/tmp/fuzz_store_pages.XXXXXX");
	fuzz_claim(mkdtemp(base->folder) != NULL);
	(void)snprintf(base->store, sizeof base->store, "%s/store", base->folder);
	(void)snprintf(base->file, sizeof base->file, "%s/data.mdb", base->store);
	fuzz_claim(wf_store_open(&store, &settings, NULL) == 0);
	fill(store);
	wf_store_close(store);
	file = open(base->file, O_RDONLY | O_CLOEXEC);
	fuzz_claim(file >= 0 && fstat(file, &status) == 0);
	base->length = (size_t)status.st_size;
	base->data = malloc(base->length);
	fuzz_claim(base->data != NULL && read(file, base->data, base->length) == (ssize_t)base->length);
	(void)close(file);
}

static void file_write(const struct base *base, const char *data, size_t length)
{
	const int file = open(base->file, O_WRONLY | O_TRUNC | O_CLOEXEC);

	fuzz_claim(file >= 0 && write(file, data, length) == (ssize_t)length);
	(void)close(file);
}

static void fault_cb(void *context, const struct wf_check_fault *fault)
{
	fuzz_claim(fault->text[0] != '\0' && fault->place[0] != '\0');
	*(unsigned *)context += 1;
}

struct reading {
	struct wf_store_reader *reader;
	struct wf_text_codec *codec;
	struct wf_arena arena;
	uint64_t count;
};

/* Of a text in a group; the others are none that could be expanded. */
static void read_text(struct reading *reading, uint64_t number, const struct wf_store_body *body)
{
	struct wf_text_place stored;
	struct wf_bytes all;

	fuzz_claim(wf_store_text(reading->reader, number, body, &stored) == 0);
	fuzz_claim(stored.bytes == body->text_bytes);
	fuzz_claim(wf_text_expand(reading->codec, stored.compressed, stored.bytes_all, WF_GROUP_BYTES_MAX,
				  &reading->arena, &all) == 0);
	fuzz_claim(stored.first <= all.length && stored.bytes <= all.length - stored.first);
	wf_arena_reset(&reading->arena);
}

static int entry_cb(void *context, const struct wf_store_entry *entry)
{
	struct reading *reading = context;
	struct wf_store_body body;
	struct wf_bytes evidence;

	fuzz_claim(wf_store_body(reading->reader, entry->number, &body) == 0);
	fuzz_claim(wf_store_evidence(reading->reader, entry->number, &evidence) == 0);
	if (body.text_group != 0)
		read_text(reading, entry->number, &body);
	reading->count++;
	return 0;
}

static void read_whole(const struct base *base, uint64_t articles)
{
	const struct wf_store_settings settings = {.path = base->store, .map_bytes_min = 1 << 20};
	struct reading reading = {.count = 0};
	struct wf_store *store;
	struct wf_error error;

	/* A file that lacks free pages at its end is filled up, one of another version refused. */
	if (wf_store_open(&store, &settings, &error) != 0)
		return;
	wf_arena_init(&reading.arena, 4096);
	fuzz_claim(wf_text_codec_new(&reading.codec, false) == 0);
	fuzz_claim(wf_store_reader_new(store, &reading.reader) == 0);
	fuzz_claim(wf_store_reader_renew(reading.reader) == 0);
	fuzz_claim(wf_store_entries(reading.reader, 0, entry_cb, &reading) == 0);
	fuzz_claim(reading.count == articles);
	wf_store_reader_free(reading.reader);
	wf_text_codec_free(reading.codec);
	wf_arena_close(&reading.arena);
	wf_store_close(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct base base;
	struct fuzz_input input = {data, size};
	struct wf_check_summary summary;
	struct wf_error error = {.code = 0};
	unsigned faults = 0;
	size_t length;
	char *changed;

	if (base.data == NULL)
		base_make(&base);
	changed = malloc(base.length);
	fuzz_claim(changed != NULL);
	memcpy(changed, base.data, base.length);
	length = base.length;
	if (fuzz_byte(&input) % 4 == 1)
		length = fuzz_number(&input) % length;
	for (unsigned i = 0; i < EDITS_MAX && input.left > 0; i++) {
		const size_t place = fuzz_number(&input) % base.length;

		changed[place] = (char)(changed[place] ^ fuzz_byte(&input));
	}
	file_write(&base, changed, length);
	if (wf_store_check_file(base.file, fault_cb, &faults, &summary, &error) == 0 && faults == 0)
		read_whole(&base, summary.articles);
	else
		fuzz_claim(faults > 0 || error.text[0] != '\0');
	free(changed);
	return 0;
}
