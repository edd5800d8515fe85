// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: read audit logs. libauparse has two feeds: one gets all lines and
 * puts events together; the other gets the few about containers and boots, one
 * by one, since their order in the log counts, and auparse goes by time stamps.
 */

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auditcid.h"
#include "model.h"

#define LINE_TOO_LONG	(64 << 10)
#define PENDING_MAX	32768		/* records that wait for their event */
#define CONFIG		"/etc/audit/auditd.conf"

struct log {
	struct model	*model;
	auparse_state_t	*events, *records;
	unsigned long	fed, delivered, passed;
	off_t		total, done;
	bool		bar;
};

struct source {
	char		*path;
	FILE		*stream;
	uint64_t	at;
};

static void take_event(auparse_state_t *au, auparse_cb_event_t type, void *data)
{
	struct log *log = data;

	(void)type;
	log->delivered += auparse_get_num_records(au);
	model_event(log->model, au);
	if (log->model->on_event)
		log->model->on_event(log->model, au);
}

static void take_record(auparse_state_t *au, auparse_cb_event_t type, void *data)
{
	struct log *log = data;

	(void)type;
	model_record(log->model, au);
}

static auparse_state_t *feed_init(auparse_callback_ptr callback, void *data)
{
	auparse_state_t *au = auparse_init(AUSOURCE_FEED, NULL);

	if (!au)
		err(EXIT_OWN, "cannot read audit records");
	auparse_add_callback(au, callback, data, NULL);
	return au;
}

/* What follows type=, or NULL: this is no audit record */
static const char *line_type(const char *line)
{
	if (!strncmp(line, "node=", 5))
		line = strchr(line, ' ') ? strchr(line, ' ') + 1 : "";
	return strncmp(line, "type=", 5) ? NULL : line + 5;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool is_boot(const char *type)
{
	return begins(type, "KERNEL ") || begins(type, "SYSTEM_BOOT ");
}

static bool is_op(const char *type)
{
	return begins(type, "UNKNOWN[1340] ") || begins(type, "CONTAINER_OP ");
}

/* @line has a newline at its end, and NUL after that. */
static void feed_line(struct log *log, char *line, size_t len)
{
	const char *type = line_type(line);

	if (!type || len > LINE_TOO_LONG || strlen(line) != len) {
		log->passed++;
		return;
	}
	if (is_boot(type))
		auparse_flush_feed(log->events);
	if (is_boot(type) || is_op(type)) {
		auparse_feed(log->records, line, len);
		auparse_flush_feed(log->records);
	}
	auparse_feed(log->events, line, len);
	log->fed += !begins(type, "EOE ");
	if (log->fed - log->delivered > PENDING_MAX + log->passed)
		auparse_flush_feed(log->events);
}

static void show_progress(struct log *log, size_t len)
{
	off_t before = log->done >> 22;

	log->done += len;
	if (log->bar && log->total && log->done >> 22 != before)
		fprintf(stderr, "\r%3d %% of %jd MiB",
			(int)(log->done * 100 / log->total),
			(intmax_t)log->total >> 20);
}

/* A line that is cut, the last one, is what its record says of it. */
static void read_stream(struct log *log, FILE *stream)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getdelim(&line, &room, '\n', stream)) > 0) {
		show_progress(log, len);
		if (line[len - 1] != '\n') {
			line = realloc(line, room = len + 2);
			if (!line)
				err(EXIT_OWN, "cannot read the logs");
			strcpy(line + len++, "\n");
		}
		if (len > 1)
			feed_line(log, line, len);
	}
	free(line);
}

static void note_time(auparse_state_t *au, auparse_cb_event_t type, void *data)
{
	uint64_t at = auparse_get_time(au) * 1000ULL + auparse_get_milli(au);
	uint64_t *latest = data;

	(void)type;
	if (at > *latest)
		*latest = at;
}

/*
 * When a log begins. A SYSCALL record has the time at which the call began,
 * maybe long before: the latest of some records it is.
 */
static uint64_t begin_of(FILE *stream)
{
	uint64_t latest = 0;
	auparse_state_t *au = feed_init(note_time, &latest);
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int i;

	for (i = 0; i < 64; i++) {
		len = getdelim(&line, &room, '\n', stream);
		if (len > 0 && len < LINE_TOO_LONG && line_type(line))
			auparse_feed(au, line, len);
	}
	auparse_flush_feed(au);
	auparse_destroy(au);
	free(line);
	rewind(stream);
	return latest;
}

static int by_begin(const void *a, const void *b)
{
	const struct source *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static void open_source(struct log *log, struct source *source, char *path)
{
	off_t size;

	source->path = path;
	source->stream = strcmp(path, "-") ? fopen(path, "re") : stdin;
	if (!source->stream)
		err(EXIT_OWN, "cannot open %s", path);
	if (fseeko(source->stream, 0, SEEK_END)) {
		source->at = UINT64_MAX;
		return;
	}
	size = ftello(source->stream);
	log->total += size > 0 ? size : 0;
	rewind(source->stream);
	source->at = begin_of(source->stream);
}

/* The machine's own logs: where auditd puts them */
static char **own_logs(void)
{
	static char *list[1024], text[4096 + 16];
	char path[4096] = "/var/log/audit/audit.log";
	FILE *config = fopen(CONFIG, "re");
	int i;

	while (config && fgets(text, sizeof(text), config))
		sscanf(text, " log_file = %4095s", path);
	if (config)
		fclose(config);
	list[0] = strdup(path);
	for (i = 1; i < 1023; i++) {
		snprintf(text, sizeof(text), "%s.%d", path, i);
		if (access(text, R_OK))
			break;
		list[i] = strdup(text);
	}
	return list;
}

unsigned long log_read(struct model *model, char **files)
{
	struct log log = { .model = model, .bar = isatty(STDERR_FILENO) };
	struct source *sources;
	size_t count = 0, i;

	if (!files || !*files)
		files = own_logs();
	while (files[count])
		count++;
	sources = calloc(count, sizeof(*sources));
	if (!sources)
		err(EXIT_OWN, "cannot read the logs");
	for (i = 0; i < count; i++)
		open_source(&log, &sources[i], files[i]);
	qsort(sources, count, sizeof(*sources), by_begin);
	log.events = feed_init(take_event, &log);
	log.records = feed_init(take_record, &log);
	for (i = 0; i < count; i++) {
		read_stream(&log, sources[i].stream);
		if (ferror(sources[i].stream))
			err(EXIT_OWN, "cannot read %s", sources[i].path);
		fclose(sources[i].stream);
	}
	auparse_flush_feed(log.events);
	auparse_destroy(log.records);
	auparse_destroy(log.events);
	free(sources);
	if (log.bar && log.total)
		fputs("\r\033[K", stderr);
	model_finish(model);
	return log.passed + log.fed - log.delivered + model->bad;
}

void log_complain(unsigned long passed)
{
	if (passed)
		warnx("passed over %lu line%s: no whole audit record", passed,
		      passed == 1 ? "" : "s");
}
