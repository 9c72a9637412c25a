/* Texts that collide on purpose, for one who believes to know the store's secret: collide SEED COUNT
 *
 * Words are tried at random until many have each of some tokens under SEED; every text is made of other words, and
 * under SEED all have the same evidence. Prints them as JSON lines. Under another secret they have nothing in
 * common. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "document.h"
#include "evidence.h"

#define POSITIONS    60u /* words of a text */
#define WORDS_MAX    64u /* found for each of them */
#define WORDS_WANTED 24u
#define WORD_BYTES   9u
#define ROUND_WORDS  16000u
#define ROUNDS_MAX   400u

struct places {
	uint32_t count[POSITIONS];
	char words[POSITIONS][WORDS_MAX][WORD_BYTES];
};

static uint64_t chance(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* Words of eight letters, each a token. */
static int try_words(struct places *places, uint64_t seed, uint64_t *state)
{
	static char text[ROUND_WORDS * WORD_BYTES];
	static uint16_t tokens[WF_DOCUMENT_TOKENS_MAX];
	struct wf_document document;
	struct wf_arena arena;
	uint32_t count = 0;
	int code;

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % WORD_BYTES == WORD_BYTES - 1 ? ' ' : (char)('a' + chance(state) % 26);
	wf_arena_init(&arena, 1 << 20);
	code = wf_document_analyse(&document, (struct wf_bytes){text, sizeof text}, seed, &arena);
	if (code == 0)
		code = wf_evidence_decode(document.evidence, tokens, &count);
	for (uint32_t i = 0; code == 0 && i < count; i++) {
		const uint32_t place = tokens[i] % 997;
		char *word;

		/* The tokens 0, 997, 1994 ... are those of place 0, and so on; one for each place will do. */
		if (tokens[i] / 997 != 1 || place >= POSITIONS || places->count[place] == WORDS_MAX)
			continue;
		word = places->words[place][places->count[place]++];
		memcpy(word, text + (size_t)i * WORD_BYTES, WORD_BYTES - 1);
	}
	wf_arena_close(&arena);
	return code;
}

static uint32_t least_words(const struct places *places)
{
	uint32_t least = WORDS_MAX;

	for (uint32_t i = 0; i < POSITIONS; i++)
		least = places->count[i] < least ? places->count[i] : least;
	return least;
}

int main(int arguments_count, char **arguments)
{
	static struct places places;
	uint64_t state = 1;
	uint64_t seed, count;

	if (arguments_count != 3) {
		fputs("usage: collide SEED COUNT\n", stderr);
		return 2;
	}
	seed = strtoull(arguments[1], NULL, 10);
	count = strtoull(arguments[2], NULL, 10);
	for (unsigned i = 0; i < ROUNDS_MAX && least_words(&places) < WORDS_WANTED; i++)
		if (try_words(&places, seed, &state) != 0)
			return 1;
	if (least_words(&places) < 2)
		return 1;
	for (uint64_t i = 0; i < count; i++) {
		printf("{\"id\": \"collision-%" PRIu64 "\", \"text\": \"", i);
		for (uint32_t place = 0; place < POSITIONS; place++)
			printf("%s%s", places.words[place][chance(&state) % places.count[place]],
			       place + 1 == POSITIONS ? "" : " ");
		puts("\"}");
	}
	return 0;
}
