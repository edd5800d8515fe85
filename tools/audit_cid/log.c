// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: read audit logs, each line once.
 *
 * libauparse reads records and events. Its feed goes through all events that are
 * not complete for each line, and it parses all of a line: too slow for the lines
 * that nobody asks for. So it gets those that name an audit container or a boot,
 * one by one in the order of the log, and whole events that are wanted. Which
 * lines are one event is told by the text between "audit(" and ")", unread.
 */

#include <err.h>
#include <errno.h>
#include <search.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auditcid.h"
#include "model.h"

#define WAITING_MAX	(8 << 20)	/* bytes of events that may get more lines */
#define EVENT_MAX	(1 << 20)
#define KEY_MAX		320		/* a node and the stamp */
#define SETTLED_S	2		/* as end_of_event_timeout of auditd.conf */

/* An event that may get more lines */
struct event {
	struct event	*next;
	time_t		came;
	bool		wanted;
	struct container *acting;
	char		*text;
	size_t		len, room;
	char		key[];
};

struct log {
	struct model	*model;
	auparse_state_t	*records, *events;
	unsigned long	passed;
	bool		got;		/* a record of the line came out of @records */
	void		*index;		/* a tree of their keys, for tsearch() */
	struct event	*first, **end, *last;
	size_t		waiting;
};

static void *checked(void *p)
{
	if (!p)
		err(EXIT_OWN, "cannot read the logs");
	return p;
}

static auparse_state_t *feed_init(auparse_callback_ptr callback, void *data)
{
	auparse_state_t *au = checked(auparse_init(AUSOURCE_FEED, NULL));

	auparse_add_callback(au, callback, data, NULL);
	return au;
}

/*
 * Events that wait for more lines
 */

static int by_key(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void take_event(auparse_state_t *au, auparse_cb_event_t type, void *data)
{
	struct log *log = data;

	(void)type;
	log->model->on_event(log->model, au);
}

static void give_first(struct log *log)
{
	struct event *event = log->first;
	struct model *model = log->model;

	log->first = event->next;
	if (!log->first)
		log->end = &log->first;
	if (log->last == event)
		log->last = NULL;
	log->waiting -= event->len;
	tdelete(event->key, &log->index, by_key);
	if (event->wanted && event->len && model->on_text)
		model->on_text(model, event->text, event->len);
	if (event->wanted && event->len && model->on_event) {
		model->acting = event->acting;
		auparse_feed(log->events, event->text, event->len);
		auparse_flush_feed(log->events);
	}
	free(event->text);
	free(event);
}

static struct event *event_of(struct log *log, const char *key)
{
	struct event *event = log->last;
	char **found;

	if (event && !strcmp(event->key, key))
		return event;
	found = tfind(key, &log->index, by_key);
	if (found)
		return (void *)(*found - offsetof(struct event, key));
	event = checked(calloc(1, sizeof(*event) + strlen(key) + 1));
	strcpy(event->key, key);
	event->came = log->model->follow ? time(NULL) : 0;
	*log->end = event;
	log->end = &event->next;
	checked(tsearch(event->key, &log->index, by_key));
	return event;
}

static bool add_line(struct log *log, struct event *event, const char *line,
		     size_t len)
{
	if (event->len + len > EVENT_MAX)
		return false;
	if (event->len + len > event->room) {
		event->room = event->len + len + 1024;
		event->text = checked(realloc(event->text, event->room));
	}
	memcpy(event->text + event->len, line, len);
	event->len += len;
	log->waiting += len;
	return true;
}

/*
 * Lines
 */

static void take_record(auparse_state_t *au, auparse_cb_event_t type, void *data)
{
	struct log *log = data;
	struct model *model = log->model;

	(void)type;
	log->got = true;
	model_record(model, au);
	if (log->last && model->wants(model, au)) {
		log->last->wanted = true;
		log->last->acting = model->acting;
	}
}

static bool begins(const char *text, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && !memcmp(text, with, n);
}

/*
 * The type, and what the lines of an event have in common: the node and the
 * stamp. False: this is no audit record.
 */
static bool find_key(const char *line, size_t len, const char **type, char *key)
{
	const char *end = line + len, *stamp;
	size_t node = 0, n;

	*type = line;
	if (begins(line, len, "node=")) {
		*type = memchr(line, ' ', len);
		if (!*type)
			return false;
		node = ++*type - line;
	}
	if (!begins(*type, end - *type, "type="))
		return false;
	*type += 5;
	stamp = memmem(*type, end - *type, " msg=audit(", 11);
	if (!stamp)
		return false;
	stamp += 11;
	n = strspn(stamp, "0123456789.:");
	if (!n || stamp[n] != ')' || node + n > KEY_MAX)
		return false;
	memcpy(key, line, node);
	memcpy(key + node, stamp, n);
	key[node + n] = 0;
	return true;
}

static bool names_one(const struct log *log, const char *type, size_t len)
{
	const char *mark = log->model->mark_text ?: "contid=";

	return begins(type, len, "UNKNOWN[1340] ") ||
	       begins(type, len, "CONTAINER_OP ") || begins(type, len, "KERNEL ") ||
	       begins(type, len, "DAEMON_START ") ||
	       memmem(type, len, mark, strlen(mark));
}

static void parse(struct log *log, const char *line, size_t len)
{
	log->got = false;
	auparse_feed(log->records, line, len);
	auparse_flush_feed(log->records);
	log->passed += !log->got;
}

static bool is_needed(const struct model *model, const char *type, size_t len)
{
	return !model->needs || model->needs(type, len);
}

/* @line has a newline at its end. */
void log_line(struct log *log, char *line, size_t len)
{
	char key[KEY_MAX + 1];
	const char *type;

	/* An editor or a transfer may have put a CR in front of it. */
	if (len > 1 && line[len - 2] == '\r') {
		line[len - 2] = '\n';
		len--;
	}
	if (len == 1)
		return;
	if (len > LOG_LINE_MAX || memchr(line, 0, len) ||
	    !find_key(line, len, &type, key)) {
		log->passed++;
		return;
	}
	if (log->model->wants) {
		log->last = event_of(log, key);
		if (is_needed(log->model, type, line + len - type) &&
		    !add_line(log, log->last, line, len))
			log->passed++;
	}
	if (names_one(log, type, line + len - type))
		parse(log, line, len);
	while (log->waiting > WAITING_MAX)
		give_first(log);
}

void log_skipped(struct log *log)
{
	log->passed++;
}

/* Events to which nothing was added of late are whole. */
void log_settle(struct log *log)
{
	time_t now = time(NULL);

	while (log->first && log->first->came + SETTLED_S <= now)
		give_first(log);
}

struct log *log_start(struct model *model)
{
	struct log *log = checked(calloc(1, sizeof(*log)));

	log->model = model;
	log->records = feed_init(take_record, log);
	log->events = feed_init(take_event, log);
	log->end = &log->first;
	return log;
}

unsigned long log_finish(struct log *log)
{
	unsigned long passed;

	while (log->first)
		give_first(log);
	passed = log->passed + log->model->bad;
	auparse_destroy(log->records);
	auparse_destroy(log->events);
	free(log);
	return passed;
}

void log_complain(unsigned long passed)
{
	if (passed)
		warnx("passed over %lu line%s: no whole audit record", passed,
		      passed == 1 ? "" : "s");
}
