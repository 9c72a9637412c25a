/* Writes the table of normalise.h as C, from the rule. Run when wirefold is built. */
#include <stdio.h>
#include <stdlib.h>

#include "normalise_rule.h"

#define EXPANSIONS_BYTES_MAX (64u << 10)

struct table {
	uint16_t pages[WF_NORMALISE_PAGES];
	uint32_t entries[WF_NORMALISE_PAGES][64];
	uint32_t pages_count; /* distinct */
	uint8_t expansions[EXPANSIONS_BYTES_MAX];
	uint32_t expansions_bytes;
};

static uint32_t expansion_add(struct table *table, const struct wf_fold *fold)
{
	uint8_t bytes[1 + 4 * WF_NORMALISE_UNITS_MAX] = {0};
	uint32_t length = 1;

	for (uint32_t i = 0; i < fold->count; i++)
		length += wf_normalise_encode(fold->units[i], bytes + length);
	bytes[0] = (uint8_t)(length - 1);
	for (uint32_t at = 0; at < table->expansions_bytes; at += 1u + table->expansions[at])
		if (memcmp(table->expansions + at, bytes, length) == 0)
			return at;
	if (table->expansions_bytes + sizeof(bytes) > EXPANSIONS_BYTES_MAX) {
		fprintf(stderr, "the expansions need more than %u bytes\n", EXPANSIONS_BYTES_MAX);
		exit(1);
	}
	memcpy(table->expansions + table->expansions_bytes, bytes, length);
	table->expansions_bytes += length;
	return table->expansions_bytes - length;
}

static uint32_t entry_of(struct table *table, uint32_t code_point)
{
	struct wf_fold fold;
	uint8_t bytes[4];
	uint32_t entry, length;

	wf_normalise_rule(code_point, &fold);
	entry = (uint32_t)fold.class | (fold.composes ? 32u : 0);
	if (fold.count > 1 || (fold.count == 1 && fold.units[0] > 0xFFFF))
		return WF_CLASS_EXPANSION | expansion_add(table, &fold) << 8;
	/* Pages of characters that fold to themselves become one, except those below U+0800, where the bytes save a
	 * turn. */
	if (fold.count == 0 || (fold.units[0] == code_point && (code_point < 0x80 || code_point >= 0x800)))
		return entry;
	length = wf_normalise_encode(fold.units[0], bytes);
	entry |= length << 6;
	for (uint32_t i = 0; i < length; i++)
		entry |= (uint32_t)bytes[i] << (8 * (i + 1));
	return entry;
}

static void page_add(struct table *table, uint32_t page)
{
	uint32_t *entries = table->entries[table->pages_count];
	uint32_t same = 0;

	for (uint32_t i = 0; i < 64; i++)
		entries[i] = entry_of(table, page * 64 + i);
	/* The pages of characters below U+0800 stay in order, distinct or not. */
	if (page < 32)
		same = page;
	while (memcmp(table->entries[same], entries, sizeof(table->entries[0])) != 0)
		same++;
	table->pages[page] = (uint16_t)same;
	if (same == table->pages_count)
		table->pages_count++;
}

static void table_write(const struct table *table, FILE *file)
{
	fputs("/* Made by normalise_table_make.c. */\n#include \"normalise.h\"\n\n", file);
	fputs("const uint16_t wf_normalise_pages[WF_NORMALISE_PAGES] = {", file);
	for (uint32_t i = 0; i < WF_NORMALISE_PAGES; i++)
		fprintf(file, "%s%u,", i % 16 == 0 ? "\n\t" : " ", (unsigned)table->pages[i]);
	fputs("\n};\n\nconst uint32_t wf_normalise_entries[][64] = {\n", file);
	for (uint32_t page = 0; page < table->pages_count; page++) {
		fputs("\t{", file);
		for (uint32_t i = 0; i < 64; i++)
			fprintf(file, "%s0x%X,", i % 8 == 0 ? "\n\t\t" : " ", (unsigned)table->entries[page][i]);
		fputs("\n\t},\n", file);
	}
	fputs("};\n\nconst uint8_t wf_normalise_expansions[] = {", file);
	for (uint32_t i = 0; i < table->expansions_bytes; i++)
		fprintf(file, "%s%u,", i % 16 == 0 ? "\n\t" : " ", (unsigned)table->expansions[i]);
	fputs("\n};\n", file);
}

int main(int argc, char **argv)
{
	struct table *table = calloc(1, sizeof(*table));
	FILE *file = argc == 2 ? fopen(argv[1], "w") : NULL;
	int status = 1;

	if (table == NULL || file == NULL) {
		fprintf(stderr, "usage: %s FILE\n", argv[0]);
		goto done;
	}
	for (uint32_t page = 0; page < WF_NORMALISE_PAGES; page++)
		page_add(table, page);
	table_write(table, file);
	status = 0;
done:
	if (file != NULL && fclose(file) != 0)
		status = 1;
	free(table);
	return status;
}
