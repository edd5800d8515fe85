// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: count what containers did. The memory is bounded: if there are too many
 * things to count, the rare ones are dropped, which is said in the end.
 */

#include <err.h>
#include <linkhash.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"

#define BYTES_MAX	(64 << 20)

struct things {
	struct lh_table	*table;
	size_t		bytes;
	struct thing	*spare;		/* what is looked for */
	size_t		room;		/* for its text */
	unsigned long	floor;		/* what was not counted more often is gone */
	struct thing	**sorted;	/* NULL: while they are counted */
};

static unsigned long hash_of(const void *key)
{
	const struct thing *thing = key;
	unsigned long hash = (unsigned long)thing->con / 16 + thing->kind;
	const char *c;

	for (c = thing->text; *c; c++)
		hash = hash * 31 + *c;
	return hash * 0x9e3779b97f4a7c15UL >> 16;
}

static int is_same(const void *a, const void *b)
{
	const struct thing *x = a, *y = b;

	return x->con == y->con && x->kind == y->kind && !strcmp(x->text, y->text);
}

static void free_thing(struct lh_entry *entry)
{
	free(lh_entry_k(entry));
}

struct things *things_new(void)
{
	struct things *things = checked(calloc(1, sizeof(*things)));

	things->table = checked(lh_table_new(1024, free_thing, hash_of, is_same));
	return things;
}

/* With its entry in the table, and what malloc() adds */
static size_t size_of(const struct thing *thing)
{
	return sizeof(*thing) + strlen(thing->text) + 1 + 128;
}

static void drop(struct things *things, struct lh_entry *entry)
{
	things->bytes -= size_of((void *)lh_entry_v(entry));
	lh_table_delete_entry(things->table, entry);
}

static void drop_rare(struct things *things)
{
	struct lh_entry *entry, *next;

	while (things->bytes > BYTES_MAX / 2) {
		things->floor++;
		lh_foreach_safe(things->table, entry, next)
			if (((struct thing *)lh_entry_v(entry))->count <=
			    things->floor)
				drop(things, entry);
	}
	/* What was deleted is searched through until it is made anew. */
	if (lh_table_resize(things->table, things->table->size))
		err(EXIT_OWN, "cannot count");
}

static void add(struct things *things, struct thing *thing)
{
	if (lh_table_insert(things->table, thing, thing))
		err(EXIT_OWN, "cannot count");
	things->bytes += size_of(thing);
	if (things->bytes > BYTES_MAX)
		drop_rare(things);
}

void things_count(struct things *things, struct container *con, unsigned int kind,
		  const char *text)
{
	size_t size = strlen(text) + 1;
	struct thing *thing = things->spare;
	void *found;

	if (!thing || things->room < size) {
		things->room = size + 256;
		thing = checked(realloc(thing, sizeof(*thing) + things->room));
		things->spare = thing;
	}
	*thing = (struct thing) { .con = con, .kind = kind, .count = 1 };
	memcpy(thing->text, text, size);
	if (lh_table_lookup_ex(things->table, thing, &found)) {
		((struct thing *)found)->count++;
		return;
	}
	thing = checked(malloc(sizeof(*thing) + size));
	memcpy(thing, things->spare, sizeof(*thing) + size);
	add(things, thing);
}

static int by_count(const void *a, const void *b)
{
	const struct thing *x = *(void **)a, *y = *(void **)b;

	if (x->con != y->con)
		return x->con < y->con ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->text, y->text);
}

static void sort(struct things *things)
{
	size_t n = lh_table_length(things->table), i = 0;
	struct lh_entry *entry;

	things->sorted = checked(calloc(n + 1, sizeof(*things->sorted)));
	lh_foreach(things->table, entry)
		things->sorted[i++] = (void *)lh_entry_v(entry);
	qsort(things->sorted, n, sizeof(*things->sorted), by_count);
}

/* Things are sorted by where their container is in memory: search for it. */
size_t things_of(struct things *things, const struct container *con,
		 struct thing ***list)
{
	size_t n = lh_table_length(things->table), from = 0, to = n, i;

	if (!things->sorted)
		sort(things);
	while (from < to) {
		i = from + (to - from) / 2;
		if (things->sorted[i]->con < con)
			from = i + 1;
		else
			to = i;
	}
	while (to < n && things->sorted[to]->con == con)
		to++;
	*list = things->sorted + from;
	return to - from;
}

void things_free(struct things *things)
{
	if (things->floor)
		warnx("too many items to count: items with up to %lu occurrences "
		      "may be missing, or their count may be too low", things->floor);
	lh_table_free(things->table);
	free(things->sorted);
	free(things->spare);
	free(things);
}
