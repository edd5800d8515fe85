// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: the event that was printed last, kept in a file between two searches.
 */

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auditcid.h"
#include "checkpoint.h"
#include "model.h"

#define HEAD	"auditcid checkpoint: "

struct checkpoint {
	const char	*path;
	char		was[512], is[512];	/* keys of events; empty: none */
	bool		behind;
};

static void read_file(struct checkpoint *point)
{
	FILE *file = fopen(point->path, "re");

	if (!file && errno == ENOENT)
		return;
	if (!file)
		err(EXIT_OWN, "cannot open %s", point->path);
	if (fscanf(file, HEAD "%511[^\n]", point->was) != 1)
		errx(EXIT_OWN, "%s is not a checkpoint of auditcid", point->path);
	fclose(file);
}

struct checkpoint *checkpoint_open(const char *path, uint64_t *start)
{
	struct checkpoint *point = checked(calloc(1, sizeof(*point)));
	struct log_event event;
	unsigned long serial;

	point->path = path;
	read_file(point);
	event.key = point->was;
	point->behind = !*point->was;
	if (start && *point->was && event_stamp(&event, start, &serial))
		point->behind = true;
	return point;
}

bool checkpoint_is_behind(struct checkpoint *point, const char *key)
{
	if (!point)
		return true;
	/* With a start, events of its millisecond come again, but not the event itself. */
	if (*point->was && !strcmp(key, point->was)) {
		point->behind = true;
		return false;
	}
	return point->behind;
}

void checkpoint_note(struct checkpoint *point, const char *key)
{
	if (point)
		snprintf(point->is, sizeof(point->is), "%s", key);
}

static void write_file(const struct checkpoint *point)
{
	char beside[4096];
	FILE *file;

	snprintf(beside, sizeof(beside), "%s.new", point->path);
	file = fopen(beside, "we");
	if (!file || fprintf(file, HEAD "%s\n", point->is) < 0 || fflush(file) ||
	    fsync(fileno(file)) || fclose(file) || rename(beside, point->path))
		err(EXIT_OWN, "cannot write %s", point->path);
}

bool checkpoint_close(struct checkpoint *point)
{
	bool behind = !point || point->behind;

	if (!behind)
		warnx("the event of the checkpoint is not in these logs: "
		      "use '-ts checkpoint' to continue at its time");
	else if (point && *point->is)
		write_file(point);
	free(point);
	return behind;
}
