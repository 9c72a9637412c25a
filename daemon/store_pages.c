#include "store_pages.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the fields lie; those of LMDB 0.9 on a machine of 64 bits. */
enum {
	PAGE_NUMBER = 0,
	PAGE_LOWER = 12,
	PAGE_UPPER = 14,

	META_MAGIC = 0,
	META_VERSION = 4,
	META_MAP_BYTES = 16,
	META_FREE = 24,
	META_TABLES = 72,
	META_LAST_PAGE = 120,
	META_TRANSACTION = 128,
	META_BYTES = 136,

	TREE_PAGE_BYTES = 0, /* in the tree of free pages; zero elsewhere */
	TREE_FLAGS = 4,
	TREE_DEPTH = 6,
	TREE_BRANCHES = 8,
	TREE_LEAVES = 16,
	TREE_OVERFLOWS = 24,
	TREE_ENTRIES = 32,
	TREE_ROOT = 40,
	TREE_BYTES = 48,

	NODE_SIZE_LOW = 0,
	NODE_SIZE_HIGH = 2,
	NODE_FLAGS = 4,
	NODE_KEY_BYTES = 6,
	NODE_HEADER_BYTES = 8,
};

#define KIND_BRANCH 0x01u
#define KIND_META   0x08u

#define NODE_BIG  0x01u
#define NODE_TREE 0x02u

#define TREE_INTEGER_KEYS 0x08u

#define MAGIC            0xBEEFC0DEu
#define VERSION          1u
#define NO_PAGE          UINT64_MAX
#define DEPTH_MAX        32u /* of LMDB's cursors */
#define PAGE_BYTES_LEAST 512u
#define PAGE_BYTES_MOST  65536u
#define KEY_BYTES_MAX    511u
#define TEXT_BYTES       160u
#define BRANCHES_AHEAD   4u /* whose leaves are read ahead: a MiB each */

/* A key of a tree: an integer, or bytes. */
struct key {
	bool is_there;
	uint64_t number;
	size_t length;
	char bytes[KEY_BYTES_MAX];
};

struct tree {
	const char *place;
	enum wf_lmdb_table table; /* WF_LMDB_TABLES: one of LMDB's own */
	bool has_integer_keys;
	bool reads_leaves; /* all of them, not the last alone */
	bool reads_values;
	uint16_t depth;
	uint64_t branches;
	uint64_t leaves;
	uint64_t overflows;
	uint64_t entries;
	uint64_t root;
	/* As found. */
	uint64_t branches_found;
	uint64_t leaves_found;
	uint64_t overflows_found;
	uint64_t entries_found;
	bool is_damaged;  /* then its counts need not agree */
	struct key last;  /* of a leaf */
	struct key least; /* of the keys to come, by the branches */
	struct key most;  /* those of this subtree are less, likewise */
};

/* Pages that a value has and does not need. Where a damaged count claims those of others, the others come first. */
struct surplus {
	struct tree *tree;
	uint64_t first;
	uint64_t count;
};

struct walk {
	int file;
	uint64_t file_bytes;
	uint64_t page_bytes;
	uint64_t pages;
	unsigned char *used; /* a bit a page */
	struct surplus *surpluses;
	size_t surpluses_count;
	size_t surpluses_room;
	char *rooms[DEPTH_MAX]; /* a page for each level */
	char *value;
	size_t value_room;
	enum wf_pages_depth depth;
	wf_pages_fault_cb fault;
	wf_pages_record_cb record;
	void *context;
	struct wf_pages_summary *summary;
	struct wf_error *error;
	struct tree tables[WF_LMDB_TABLES];
	bool has_table[WF_LMDB_TABLES];
	uint64_t free_transaction;
};

static const char *const table_names[WF_LMDB_TABLES] = {
	[WF_LMDB_ENTRY] = "entry", [WF_LMDB_EVIDENCE] = "evidence", [WF_LMDB_BODY] = "body",
	[WF_LMDB_TEXT] = "text",   [WF_LMDB_REDIRECT] = "redirect", [WF_LMDB_APART] = "apart",
	[WF_LMDB_STATE] = "state",
};

static uint16_t read_u16(const char *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static uint32_t read_u32(const char *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static uint64_t read_u64(const char *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* ---- faults ---- */

/* Returns 1, which means all through this file: damaged, and told. */
__attribute__((format(printf, 4, 5))) static int tell(struct walk *walk, const char *place, uint64_t offset,
						      const char *format, ...)
{
	char text[TEXT_BYTES];
	const struct wf_pages_fault fault = {place, offset, text};
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	walk->summary->faults++;
	walk->fault(walk->context, &fault);
	return 1;
}

#define tell_tree(walk, tree, page, ...) \
	((tree)->is_damaged = true, tell(walk, (tree)->place, (page) * (walk)->page_bytes, __VA_ARGS__))

/* ---- pages ---- */

/* 0: read; 1: it lies behind the end of the file (not told); an error. */
static int file_read(struct walk *walk, uint64_t offset, void *room, size_t bytes)
{
	size_t done = 0;

	if (offset > walk->file_bytes || bytes > walk->file_bytes - offset)
		return 1;
	while (done < bytes) {
		const ssize_t got = pread(walk->file, (char *)room + done, bytes - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return wf_error_set(walk->error, -errno, "at byte %llu: %s",
					    (unsigned long long)(offset + done), wf_error_sentence(-errno));
		if (got == 0)
			return 1; /* it was cut meanwhile */
		done += (size_t)got;
	}
	return 0;
}

/* Marks pages as used: each is but once. */
static int mark(struct walk *walk, struct tree *tree, uint64_t first, uint64_t count)
{
	if (first < 2 || first >= walk->pages || count > walk->pages - first) {
		tree->is_damaged = true;
		return tell(walk, tree->place, 0, "a page is named that there cannot be: %llu",
			    (unsigned long long)first);
	}
	for (uint64_t page = first; page < first + count; page++) {
		const unsigned char bit = (unsigned char)(1u << (page % 8));

		if ((walk->used[page / 8] & bit) != 0)
			return tell_tree(walk, tree, page, "page %llu is used twice", (unsigned long long)page);
		walk->used[page / 8] |= bit;
	}
	return 0;
}

/* ---- nodes ---- */

struct node {
	const char *at;
	uint64_t child; /* of a branch */
	uint32_t size;  /* of a leaf's value */
	uint16_t flags;
	uint16_t key_bytes;
};

static size_t nodes_count(const char *page)
{
	return (size_t)(read_u16(page + PAGE_LOWER) - WF_PAGE_HEADER_BYTES) / 2;
}

/* False where the node does not lie within the page. */
static bool node_read(const struct walk *walk, const char *page, size_t index, bool is_leaf, struct node *node)
{
	const size_t offset = read_u16(page + WF_PAGE_HEADER_BYTES + 2 * index);
	size_t bytes;

	if (offset < read_u16(page + PAGE_UPPER) || offset % 2 != 0 || offset + NODE_HEADER_BYTES > walk->page_bytes)
		return false;
	node->at = page + offset;
	node->size = read_u16(node->at + NODE_SIZE_LOW) | (uint32_t)read_u16(node->at + NODE_SIZE_HIGH) << 16;
	node->flags = read_u16(node->at + NODE_FLAGS);
	node->key_bytes = read_u16(node->at + NODE_KEY_BYTES);
	node->child = node->size | (uint64_t)node->flags << 32;
	bytes = NODE_HEADER_BYTES + (size_t)node->key_bytes;
	if (is_leaf)
		bytes += (node->flags & NODE_BIG) != 0 ? sizeof(uint64_t) : node->size;
	return bytes <= walk->page_bytes - offset && node->key_bytes <= KEY_BYTES_MAX;
}

static bool key_read(const struct tree *tree, const struct node *node, struct key *key)
{
	const char *bytes = node->at + NODE_HEADER_BYTES;

	if (tree->has_integer_keys && node->key_bytes != sizeof(uint64_t))
		return false;
	key->is_there = true;
	key->length = node->key_bytes;
	key->number = tree->has_integer_keys ? read_u64(bytes) : 0;
	memcpy(key->bytes, bytes, node->key_bytes);
	return node->key_bytes > 0;
}

static int key_compare(const struct tree *tree, const struct key *a, const struct key *b)
{
	const size_t length = a->length < b->length ? a->length : b->length;
	int order;

	if (tree->has_integer_keys)
		return a->number < b->number ? -1 : a->number > b->number;
	order = memcmp(a->bytes, b->bytes, length);
	return order != 0 ? order : a->length < b->length ? -1 : a->length > b->length;
}

/* ---- values ---- */

static int value_reserve(struct walk *walk, size_t bytes)
{
	char *value;

	if (bytes <= walk->value_room)
		return 0;
	value = realloc(walk->value, bytes);
	if (value == NULL)
		return wf_error_set(walk->error, WF_ENOMEM, "no memory for a record of %zu bytes", bytes);
	walk->value = value;
	walk->value_room = bytes;
	return 0;
}

/* Notes surplus pages, which are marked when all others are. */
static int surplus_note(struct walk *walk, struct tree *tree, uint64_t first, uint64_t count)
{
	const size_t room = walk->surpluses_room == 0 ? 16 : walk->surpluses_room * 2;
	struct surplus *grown;

	if (walk->surpluses_count == walk->surpluses_room) {
		grown = realloc(walk->surpluses, room * sizeof *grown);
		if (grown == NULL)
			return wf_error_set(walk->error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM));
		walk->surpluses = grown;
		walk->surpluses_room = room;
	}
	walk->surpluses[walk->surpluses_count++] = (struct surplus){tree, first, count};
	return 0;
}

static void surpluses_mark(struct walk *walk)
{
	for (size_t i = 0; i < walk->surpluses_count; i++) {
		const struct surplus *surplus = &walk->surpluses[i];

		(void)mark(walk, surplus->tree, surplus->first, surplus->count);
	}
}

/* A value in pages of its own, which may be more than it needs: LMDB leaves it so where a batch writes a shorter one
 * over one of its own. Returns 0 with *value and *offset; 1 where it is damaged and told; an error. */
static int big_value(struct walk *walk, struct tree *tree, const struct node *node, struct wf_bytes *value,
		     uint64_t *offset)
{
	const uint64_t page = read_u64(node->at + NODE_HEADER_BYTES + node->key_bytes);
	const uint64_t least = (node->size + WF_PAGE_HEADER_BYTES - 1) / walk->page_bytes + 1;
	char header[WF_PAGE_HEADER_BYTES];
	uint64_t count;
	int code = mark(walk, tree, page, least);

	if (code != 0)
		return code;
	*offset = page * walk->page_bytes + WF_PAGE_HEADER_BYTES;
	code = file_read(walk, page * walk->page_bytes, header, sizeof header);
	if (code < 0)
		return code;
	if (code > 0)
		return tell_tree(walk, tree, page, "a record lies behind the end of the file");
	count = read_u32(header + WF_PAGE_RUN);
	if (read_u64(header + PAGE_NUMBER) != page || read_u16(header + WF_PAGE_KIND) != WF_PAGE_KIND_OVERFLOW ||
	    count < least)
		return tell_tree(walk, tree, page, "page %llu has no record's header", (unsigned long long)page);
	code = count == least ? 0 : surplus_note(walk, tree, page + least, count - least);
	if (code < 0)
		return code;
	tree->overflows_found += count;
	*value = (struct wf_bytes){NULL, node->size};
	if (!tree->reads_values)
		return 0;
	code = value_reserve(walk, node->size);
	if (code < 0)
		return code;
	code = file_read(walk, *offset, walk->value, node->size);
	if (code > 0)
		return tell_tree(walk, tree, page, "a record lies behind the end of the file");
	value->data = walk->value;
	return code;
}

/* ---- what each tree holds ---- */

static int tree_read(struct walk *walk, struct tree *tree, const char *bytes)
{
	const uint16_t flags = read_u16(bytes + TREE_FLAGS);

	tree->depth = read_u16(bytes + TREE_DEPTH);
	tree->branches = read_u64(bytes + TREE_BRANCHES);
	tree->leaves = read_u64(bytes + TREE_LEAVES);
	tree->overflows = read_u64(bytes + TREE_OVERFLOWS);
	tree->entries = read_u64(bytes + TREE_ENTRIES);
	tree->root = read_u64(bytes + TREE_ROOT);
	if ((flags & 0x7FFFu) != (tree->has_integer_keys ? TREE_INTEGER_KEYS : 0) || tree->depth > DEPTH_MAX ||
	    (tree->root == NO_PAGE) != (tree->depth == 0) || (tree->root == NO_PAGE) != (tree->entries == 0)) {
		tree->is_damaged = true;
		return tell(walk, tree->place, 0, "its root is damaged");
	}
	return 0;
}

/* Whether a start reads the leaves of a table, too. */
static bool is_read_at_start(int table)
{
	return table != WF_LMDB_EVIDENCE && table != WF_LMDB_BODY && table != WF_LMDB_TEXT;
}

/* An entry of the tree of tables. */
static int table_found(struct walk *walk, struct tree *tree, const struct key *key, const struct node *node,
		       struct wf_bytes value, uint64_t page)
{
	for (int i = 0; i < WF_LMDB_TABLES; i++) {
		struct tree *table = &walk->tables[i];

		if (strlen(table_names[i]) != key->length || memcmp(table_names[i], key->bytes, key->length) != 0)
			continue;
		if (node->flags != NODE_TREE || value.length != TREE_BYTES)
			break;
		*table = (struct tree){
			.place = table_names[i],
			.table = (enum wf_lmdb_table)i,
			.has_integer_keys = i != WF_LMDB_STATE,
			.reads_leaves = walk->depth == WF_PAGES_ALL || is_read_at_start(i),
			.reads_values = walk->record != NULL,
		};
		walk->has_table[i] = true;
		return tree_read(walk, table, value.data);
	}
	return tell_tree(walk, tree, page, "there is a table that this version does not know");
}

/* An entry of the tree of free pages: a list of page numbers, descending. */
static int free_found(struct walk *walk, struct tree *tree, const struct key *key, struct wf_bytes value, uint64_t page)
{
	const uint64_t count = value.length < sizeof(uint64_t) ? 0 : read_u64(value.data);
	uint64_t before = UINT64_MAX;

	if (value.length % sizeof(uint64_t) != 0 || value.length / sizeof(uint64_t) != count + 1 ||
	    key->number > walk->free_transaction)
		return tell_tree(walk, tree, page, "a list of free pages is damaged");
	for (uint64_t i = 1; i <= count; i++) {
		const uint64_t free_page = read_u64(value.data + i * sizeof(uint64_t));

		if (free_page >= before)
			return tell_tree(walk, tree, page, "a list of free pages is out of order");
		before = free_page;
		if (mark(walk, tree, free_page, 1) == 0)
			walk->summary->pages_free++;
	}
	return 0;
}

static int entry_found(struct walk *walk, struct tree *tree, const struct key *key, const struct node *node,
		       uint64_t page)
{
	struct wf_bytes value = {node->at + NODE_HEADER_BYTES + node->key_bytes, node->size};
	uint64_t offset = page * walk->page_bytes + (uint64_t)(value.data - walk->rooms[tree->depth - 1]);
	const struct wf_bytes name = {key->bytes, key->length};
	int code = 0;

	if ((node->flags & ~(NODE_BIG | NODE_TREE)) != 0)
		return tell_tree(walk, tree, page, "a node has flags that LMDB does not set here");
	if ((node->flags & NODE_BIG) != 0)
		code = big_value(walk, tree, node, &value, &offset);
	if (code != 0)
		return code;
	tree->entries_found++;
	if (tree->table == WF_LMDB_TABLES)
		return tree->has_integer_keys ? free_found(walk, tree, key, value, page)
					      : table_found(walk, tree, key, node, value, page);
	walk->summary->records[tree->table]++;
	if (!tree->reads_values)
		return 0;
	return walk->record(walk->context,
			    &(struct wf_pages_record){tree->table, key->number,
						      tree->has_integer_keys ? (struct wf_bytes){NULL, 0} : name, value,
						      offset});
}

/* ---- trees ---- */

/* Whether a page is what it should be, and where it should be. */
static bool is_of_kind(const char *room, uint64_t page, bool is_leaf)
{
	return read_u64(room + PAGE_NUMBER) == page &&
	       read_u16(room + WF_PAGE_KIND) == (is_leaf ? WF_PAGE_KIND_LEAF : KIND_BRANCH);
}

static bool are_bounds_sound(const struct walk *walk, const char *room)
{
	const uint16_t lower = read_u16(room + PAGE_LOWER);
	const uint16_t upper = read_u16(room + PAGE_UPPER);

	return lower >= WF_PAGE_HEADER_BYTES + 2u && lower % 2 == 0 && lower <= upper && upper <= walk->page_bytes;
}

/* Reads the page and looks at its header. 0; 1 where it is damaged and told; an error. */
static int page_read(struct walk *walk, struct tree *tree, uint64_t page, char *room, bool is_leaf)
{
	int code = file_read(walk, page * walk->page_bytes, room, walk->page_bytes);

	if (code < 0)
		return code;
	if (code > 0)
		return tell_tree(walk, tree, page, "page %llu lies behind the end of the file",
				 (unsigned long long)page);
	if (!is_of_kind(room, page, is_leaf))
		return tell_tree(walk, tree, page, "page %llu is no %s of a tree", (unsigned long long)page,
				 is_leaf ? "leaf" : "branch");
	if (!are_bounds_sound(walk, room))
		return tell_tree(walk, tree, page, "page %llu has bounds that cannot be", (unsigned long long)page);
	return 0;
}

/* An entry of a page, and its key. */
struct entry {
	bool is_whole;
	struct node node;
	struct key key;
};

static void entry_read(const struct walk *walk, const struct tree *tree, const char *room, size_t index, bool is_leaf,
		       struct entry *entry)
{
	entry->is_whole = index < nodes_count(room) && node_read(walk, room, index, is_leaf, &entry->node) &&
			  key_read(tree, &entry->node, &entry->key);
}

/* Whether the key comes after all entries before it; and as the branches say. */
static bool is_after_last(const struct tree *tree, const struct key *key)
{
	return !tree->last.is_there || key_compare(tree, &tree->last, key) < 0;
}

static bool follows(const struct tree *tree, const struct key *key)
{
	return is_after_last(tree, key) && (!tree->least.is_there || key_compare(tree, &tree->least, key) <= 0);
}

/* A key of a branch was higher than what is below it: it is not asked any more. */
static void forget_least(struct walk *walk, struct tree *tree, uint64_t page)
{
	(void)tell_tree(walk, tree, page, "page %llu has less than its branch says", (unsigned long long)page);
	tree->least.is_there = false;
}

/* Whether the key would have all that come after it seem out of order, and is so itself: the next one of its page goes
 * on from what came before, or, without a next, its subtree ends before it. */
static bool leads_away(const struct tree *tree, const struct key *key, const struct entry *next)
{
	return next->is_whole ? key_compare(tree, key, &next->key) >= 0 && follows(tree, &next->key)
			      : tree->most.is_there && key_compare(tree, key, &tree->most) >= 0;
}

static int leaf_walk(struct walk *walk, struct tree *tree, uint64_t page, char *room)
{
	struct entry entries[2];

	entry_read(walk, tree, room, 0, true, &entries[0]);
	for (size_t i = 0; i < nodes_count(room); i++) {
		const struct entry *entry = &entries[i % 2];
		struct entry *next = &entries[(i + 1) % 2];
		int code = 0;

		entry_read(walk, tree, room, i + 1, true, next);
		if (!entry->is_whole) {
			(void)tell_tree(walk, tree, page, "entry %zu of page %llu is damaged", i,
					(unsigned long long)page);
		} else if (!is_after_last(tree, &entry->key) || leads_away(tree, &entry->key, next)) {
			(void)tell_tree(walk, tree, page, "the key of entry %zu of page %llu is out of order", i,
					(unsigned long long)page);
		} else {
			if (!follows(tree, &entry->key))
				forget_least(walk, tree, page);
			tree->last = entry->key;
			code = entry_found(walk, tree, &entry->key, &entry->node, page);
		}
		if (code < 0)
			return code;
	}
	return 0;
}

static int subtree_walk(struct walk *walk, struct tree *tree, uint64_t page, unsigned level, bool is_last);

/* The keys of the child at `entry` are less than that of the one after it. */
static void set_most(struct tree *tree, const struct entry *entry, const struct entry *next, bool is_first)
{
	if (next->is_whole && follows(tree, &next->key) && (is_first || key_compare(tree, &entry->key, &next->key) < 0))
		tree->most = next->key;
}

/* Asks for the leaves below a branch before the first of them is needed, once, those that follow each other in the file
 * together. They may lie anywhere in a file that is much larger than all of them. */
static void read_ahead(const struct walk *walk, const char *room)
{
	uint64_t first = 0, count = 0;
	struct node node;

	for (size_t i = 0; i <= nodes_count(room); i++) {
		const bool is_child = i < nodes_count(room) && node_read(walk, room, i, false, &node);

		if (is_child && node.child == first + count) {
			count++;
			continue;
		}
		if (count > 0)
			(void)posix_fadvise(walk->file, (off_t)(first * walk->page_bytes),
					    (off_t)(count * walk->page_bytes), POSIX_FADV_WILLNEED);
		first = is_child ? node.child : 0;
		count = is_child;
	}
}

/* The same for the leaves below the branch that is child `index` of a branch, so that the disk does not rest while what
 * it brought before is looked at. What is damaged is told when the walk comes there. */
static void read_ahead_below(struct walk *walk, const char *room, size_t index, char *below)
{
	struct node node;

	if (index < nodes_count(room) && node_read(walk, room, index, false, &node) &&
	    file_read(walk, node.child * walk->page_bytes, below, walk->page_bytes) == 0 &&
	    is_of_kind(below, node.child, false) && are_bounds_sound(walk, below))
		read_ahead(walk, below);
}

static int branch_walk(struct walk *walk, struct tree *tree, uint64_t page, unsigned level, bool is_last)
{
	char *room = walk->rooms[level - 1];
	const size_t count = nodes_count(room);
	const bool has_branches_of_leaves = tree->reads_leaves && level + 2 == tree->depth;
	const struct key outer = tree->most;
	struct entry entries[2];

	if (count < 2)
		return tell_tree(walk, tree, page, "page %llu is a branch of one", (unsigned long long)page);
	if (tree->reads_leaves && level == 1 && tree->depth == 2)
		read_ahead(walk, room);
	for (size_t i = 0; has_branches_of_leaves && i < BRANCHES_AHEAD; i++)
		read_ahead_below(walk, room, i, walk->rooms[level]);
	/* The first key of a branch means nothing. */
	entries[0].is_whole = node_read(walk, room, 0, false, &entries[0].node);
	for (size_t i = 0; i < count; i++) {
		const struct entry *entry = &entries[i % 2];
		struct entry *next = &entries[(i + 1) % 2];
		int code;

		tree->most = outer;
		if (has_branches_of_leaves)
			read_ahead_below(walk, room, i + BRANCHES_AHEAD, walk->rooms[level]);
		entry_read(walk, tree, room, i + 1, false, next);
		if (!entry->is_whole) {
			(void)tell_tree(walk, tree, page, "entry %zu of page %llu is damaged", i,
					(unsigned long long)page);
			continue;
		}
		if (i > 0 && (!follows(tree, &entry->key) ||
			      (tree->least.is_there && key_compare(tree, &tree->least, &entry->key) == 0) ||
			      leads_away(tree, &entry->key, next)))
			(void)tell_tree(walk, tree, page, "page %llu, a branch, does not fit what is below it",
					(unsigned long long)page);
		else if (i > 0)
			tree->least = entry->key;
		set_most(tree, entry, next, i == 0);
		code = subtree_walk(walk, tree, entry->node.child, level + 1, is_last && i + 1 == count);
		if (code < 0)
			return code;
	}
	tree->most = outer;
	return 0;
}

/* `level` counts from 1, the root; the leaves are at the tree's depth. `is_last`: on the right edge of the tree. */
static int subtree_walk(struct walk *walk, struct tree *tree, uint64_t page, unsigned level, bool is_last)
{
	const bool is_leaf = level == tree->depth;
	char *room = walk->rooms[level - 1];
	int code = mark(walk, tree, page, 1);

	if (code != 0)
		return code;
	*(is_leaf ? &tree->leaves_found : &tree->branches_found) += 1;
	if (is_leaf && !tree->reads_leaves && !is_last)
		return 0;
	code = page_read(walk, tree, page, room, is_leaf);
	if (code != 0)
		return code;
	return is_leaf ? leaf_walk(walk, tree, page, room) : branch_walk(walk, tree, page, level, is_last);
}

static int tree_walk(struct walk *walk, struct tree *tree)
{
	int code = 0;

	if (tree->root != NO_PAGE)
		code = subtree_walk(walk, tree, tree->root, 1, true);
	if (code < 0 || tree->is_damaged)
		return code;
	if (tree->branches_found != tree->branches || tree->leaves_found != tree->leaves)
		return tell(walk, tree->place, 0, "%llu pages of its tree are there, %llu are counted",
			    (unsigned long long)(tree->branches_found + tree->leaves_found),
			    (unsigned long long)(tree->branches + tree->leaves));
	if (!tree->reads_leaves)
		return 0;
	if (tree->entries_found != tree->entries || tree->overflows_found != tree->overflows)
		return tell(walk, tree->place, 0,
			    "%llu entries in %llu pages of their own are there, %llu in %llu are counted",
			    (unsigned long long)tree->entries_found, (unsigned long long)tree->overflows_found,
			    (unsigned long long)tree->entries, (unsigned long long)tree->overflows);
	return 0;
}

/* ---- the file ---- */

struct meta {
	char bytes[META_BYTES];
	uint64_t transaction;
};

/* 0; 1 where it is damaged and told; an error. */
static int meta_read(struct walk *walk, uint64_t page, struct meta *meta)
{
	char bytes[WF_PAGE_HEADER_BYTES + META_BYTES];
	int code = file_read(walk, page * walk->page_bytes, bytes, sizeof bytes);

	if (code < 0)
		return code;
	if (code > 0)
		return tell(walk, "meta", 0, "the file is too short for its meta pages");
	memcpy(meta->bytes, bytes + WF_PAGE_HEADER_BYTES, META_BYTES);
	meta->transaction = read_u64(meta->bytes + META_TRANSACTION);
	if (read_u32(meta->bytes + META_MAGIC) != MAGIC || read_u16(bytes + WF_PAGE_KIND) != KIND_META ||
	    read_u64(bytes + PAGE_NUMBER) != page)
		return tell(walk, "meta", page * walk->page_bytes, "meta page %llu is damaged",
			    (unsigned long long)page);
	if (read_u32(meta->bytes + META_VERSION) != VERSION)
		return wf_error_set(walk->error, WF_EVERSION, "it was written by another version of LMDB");
	if (read_u32(meta->bytes + META_FREE + TREE_PAGE_BYTES) != walk->page_bytes)
		return tell(walk, "meta", page * walk->page_bytes, "meta page %llu has another size of pages",
			    (unsigned long long)page);
	return 0;
}

/* Finds the meta page of the newer transaction. They are written in turn, so that the other is of the one before. */
static int metas_read(struct walk *walk, struct meta *newest)
{
	struct meta metas[2];
	char head[WF_PAGE_HEADER_BYTES + META_BYTES];
	int code = file_read(walk, 0, head, sizeof head);

	if (code < 0)
		return code;
	walk->page_bytes = code > 0 ? 0 : read_u32(head + WF_PAGE_HEADER_BYTES + META_FREE + TREE_PAGE_BYTES);
	if (code == 0 && read_u32(head + WF_PAGE_HEADER_BYTES + META_MAGIC) == __builtin_bswap32(MAGIC))
		return wf_error_set(walk->error, WF_EVERSION, "it was written by a machine of the other byte order");
	if (code > 0 || walk->page_bytes < PAGE_BYTES_LEAST || walk->page_bytes > PAGE_BYTES_MOST ||
	    (walk->page_bytes & (walk->page_bytes - 1)) != 0)
		return tell(walk, "meta", 0, "it does not begin as a file of LMDB does");
	for (uint64_t i = 0; i < 2; i++) {
		code = meta_read(walk, i, &metas[i]);
		if (code != 0)
			return code;
	}
	*newest = metas[metas[1].transaction > metas[0].transaction];
	if (newest->transaction == 0 && metas[0].transaction == metas[1].transaction)
		return 0;
	if (metas[0].transaction % 2 != 0 || metas[1].transaction % 2 != 1 ||
	    metas[0].transaction + 1 - metas[1].transaction > 2)
		return tell(walk, "meta", 0,
			    "the meta pages are of transactions %llu and %llu, which do not follow each other",
			    (unsigned long long)metas[0].transaction, (unsigned long long)metas[1].transaction);
	return 0;
}

static int rooms_take(struct walk *walk)
{
	walk->used = calloc(1, walk->pages / 8 + 1);
	for (unsigned i = 0; i < DEPTH_MAX && walk->used != NULL; i++) {
		walk->rooms[i] = malloc(walk->page_bytes);
		if (walk->rooms[i] == NULL)
			break;
	}
	if (walk->used == NULL || walk->rooms[DEPTH_MAX - 1] == NULL)
		return wf_error_set(walk->error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM));
	return 0;
}

/* Pages at the end of the file need not have been written where they are free, but only there. */
static void pages_lost_count(struct walk *walk)
{
	const uint64_t pages_whole = walk->file_bytes / walk->page_bytes;

	for (uint64_t page = 2; page < walk->pages; page++)
		if ((walk->used[page / 8] & 1u << (page % 8)) == 0)
			walk->summary->pages_lost++;
	if (walk->pages > pages_whole && (walk->used[(walk->pages - 1) / 8] & 1u << ((walk->pages - 1) % 8)) == 0)
		(void)tell(walk, "meta", 0, "the file is cut short, or the count of pages is wrong: %llu of %llu",
			   (unsigned long long)pages_whole, (unsigned long long)walk->pages);
}

/* Tables that stores which older versions made may not have. */
static bool is_later(enum wf_lmdb_table table)
{
	return table == WF_LMDB_APART || table == WF_LMDB_TEXT;
}

static int trees_walk(struct walk *walk, const struct meta *meta)
{
	static const enum wf_lmdb_table order[WF_LMDB_TABLES] = {
		WF_LMDB_STATE,    WF_LMDB_REDIRECT, WF_LMDB_APART, WF_LMDB_ENTRY,
		WF_LMDB_EVIDENCE, WF_LMDB_BODY,     WF_LMDB_TEXT,
	};
	struct tree tables = {.place = "tables", .table = WF_LMDB_TABLES, .reads_leaves = true, .reads_values = true};
	struct tree free_pages = {.place = "free pages",
				  .table = WF_LMDB_TABLES,
				  .has_integer_keys = true,
				  .reads_leaves = true,
				  .reads_values = true};
	int code = tree_read(walk, &tables, meta->bytes + META_TABLES);

	if (code == 0)
		code = tree_walk(walk, &tables);
	for (int i = 0; i < WF_LMDB_TABLES && code >= 0; i++) {
		struct tree *table = &walk->tables[order[i]];

		if (walk->has_table[order[i]] && !table->is_damaged)
			code = tree_walk(walk, table);
		else if (!walk->has_table[order[i]] && !is_later(order[i]) && tables.root != NO_PAGE &&
			 !tables.is_damaged)
			(void)tell(walk, table_names[order[i]], 0, "the table is missing");
	}
	if (code < 0)
		return code;
	code = tree_read(walk, &free_pages, meta->bytes + META_FREE);
	if (code == 0)
		code = tree_walk(walk, &free_pages);
	surpluses_mark(walk);
	return code;
}

static int file_walk(struct walk *walk)
{
	struct meta meta = {.transaction = 0};
	int code = metas_read(walk, &meta);

	if (code != 0)
		return code;
	walk->pages = read_u64(meta.bytes + META_LAST_PAGE) + 1;
	walk->free_transaction = meta.transaction;
	walk->summary->pages = walk->pages;
	/* Pages at the end may be free and not written yet, but not more than the map holds. */
	if (walk->pages < 2 || walk->pages > read_u64(meta.bytes + META_MAP_BYTES) / walk->page_bytes)
		return tell(walk, "meta", 0, "the count of pages cannot be");
	/* So that a damaged count takes no memory without bound. */
	if (walk->pages / 2 > walk->file_bytes / walk->page_bytes + (UINT64_C(1) << 20))
		return tell(walk, "meta", 0, "the file is cut short: %llu bytes of %llu",
			    (unsigned long long)walk->file_bytes, (unsigned long long)(walk->pages * walk->page_bytes));
	code = rooms_take(walk);
	if (code == 0)
		code = trees_walk(walk, &meta);
	if (code >= 0 && walk->depth == WF_PAGES_ALL && walk->summary->faults == 0)
		pages_lost_count(walk);
	return code;
}

int wf_pages_walk(const char *path, enum wf_pages_depth depth, wf_pages_fault_cb fault, wf_pages_record_cb record,
		  void *context, struct wf_pages_summary *summary, struct wf_error *error)
{
	struct walk walk = {
		.depth = depth,
		.fault = fault,
		.record = record,
		.context = context,
		.summary = summary,
		.error = error,
	};
	struct stat status;
	int code = 0;

	*summary = (struct wf_pages_summary){.pages = 0};
	walk.file = open(path, O_RDONLY | O_CLOEXEC);
	if (walk.file < 0 || fstat(walk.file, &status) != 0)
		code = wf_error_set(error, -errno, "%s", wf_error_sentence(-errno));
	if (code == 0) {
		walk.file_bytes = summary->file_bytes = (uint64_t)status.st_size;
		code = file_walk(&walk);
	}
	if (walk.file >= 0)
		(void)close(walk.file);
	for (unsigned i = 0; i < DEPTH_MAX; i++)
		free(walk.rooms[i]);
	free(walk.used);
	free(walk.surpluses);
	free(walk.value);
	return code < 0 ? code : 0;
}
