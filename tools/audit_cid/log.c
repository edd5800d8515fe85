// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: read audit logs, each line once.
 *
 * libauparse reads records and events. Its feed goes through all events that are
 * not complete for each line, and it parses all of a line: too slow for the lines
 * that nobody asks for. So it gets those that name an audit container or a boot,
 * one by one in the order of the log, and whole events that are wanted. Which
 * lines are one event is told by the text between "audit(" and ")", unread. It ends
 * an event at some records, LOGIN for one: so events are put together here, and it
 * is asked for their records only.
 */

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "auditcid.h"
#include "model.h"

#define WAITING_MAX	(2 << 20)	/* bytes of events that may get more lines */
#define LATE_MAX	(16 << 20)	/* ... whose SYSCALL record has not come by then */
#define WEIGHT_MAX	(1 << 20)	/* as which the largest counts */
#define LIVE_MAX	(8 << 20)	/* ... while auditd says itself where most events end */
#define EVENT_MAX	(64 << 20)
#define BUCKETS		8192
#define SETTLED_S	2		/* as end_of_event_timeout of auditd.conf */

/* An event that may get more lines */
struct event {
	TAILQ_ENTRY(event) link;
	LIST_ENTRY(event) same;		/* of those with such a serial number */
	time_t		came;
	bool		wanted, has_call, late;
	struct container *acting, *object;
	char		*text;		/* behind the key, while there is room */
	size_t		len, room, weight;
	char		key[];
};

TAILQ_HEAD(events, event);
LIST_HEAD(bucket, event);

struct log {
	struct model	*model;
	auparse_state_t	*records, *events;
	struct log_counts counts;
	bool		got;		/* a record of the line came out of @records */
	bool		skipping;	/* the rest of a line that is too long */
	struct bucket	index[BUCKETS];
	struct event	*last;
	struct events	waiting, late;
	size_t		waiting_bytes, late_bytes;
	void		(*on_record)(auparse_state_t *au, void *data);
	void		*data;
};

static auparse_state_t *feed_init(auparse_callback_ptr callback, void *data)
{
	auparse_state_t *au = checked(auparse_init(AUSOURCE_FEED, NULL));

	auparse_add_callback(au, callback, data, NULL);
	return au;
}

/*
 * Events that wait for more lines
 */

/* Serial numbers follow each other: they are their own hash. */
static struct bucket *bucket_of(struct log *log, const char *key)
{
	const char *serial = strrchr(key, ':');

	return &log->index[serial ? strtoul(serial + 1, NULL, 10) % BUCKETS : 0];
}

static void give_records(auparse_state_t *au, auparse_cb_event_t type, void *data)
{
	struct log *log = data;

	(void)type;
	if (auparse_first_record(au) > 0)
		do
			log->on_record(au, log->data);
		while (auparse_next_record(au) > 0);
}

void log_records(struct log *log, const struct log_event *event,
		 void (*on_record)(auparse_state_t *au, void *data), void *data)
{
	log->on_record = on_record;
	log->data = data;
	auparse_feed(log->events, event->text, event->len);
	auparse_flush_feed(log->events);
}

static bool is_inside(const struct event *event)
{
	return event->text == event->key + strlen(event->key) + 1;
}

static struct log_event as_given(const struct event *event)
{
	return (struct log_event) {
		.key = event->key, .text = event->text, .len = event->len,
		.acting = event->acting, .object = event->object,
	};
}

static void give(struct log *log, struct event *event)
{
	struct model *model = log->model;
	struct log_event whole = as_given(event);

	TAILQ_REMOVE(event->late ? &log->late : &log->waiting, event, link);
	*(event->late ? &log->late_bytes : &log->waiting_bytes) -= event->weight;
	if (log->last == event)
		log->last = NULL;
	LIST_REMOVE(event, same);
	if (event->wanted && event->len && model->on_event && !model->stop)
		model->on_event(model, log, &whole);
	if (!is_inside(event))
		free(event->text);
	free(event);
}

static void put(struct log *log, struct event *event, bool late)
{
	event->late = late;
	TAILQ_INSERT_TAIL(late ? &log->late : &log->waiting, event, link);
	*(late ? &log->late_bytes : &log->waiting_bytes) += event->weight;
}

static void move(struct log *log, struct event *event, bool late)
{
	TAILQ_REMOVE(event->late ? &log->late : &log->waiting, event, link);
	*(event->late ? &log->late_bytes : &log->waiting_bytes) -= event->weight;
	put(log, event, late);
}

static size_t waiting_max(const struct log *log)
{
	return log->model->live ? LIVE_MAX : WAITING_MAX;
}

/* A call that blocks comes long after the first records of its event. */
static void make_room(struct log *log)
{
	struct event *event;

	while (log->waiting_bytes > waiting_max(log)) {
		event = TAILQ_FIRST(&log->waiting);
		if (event->has_call || event->wanted)
			give(log, event);
		else
			move(log, event, true);
	}
	while (log->late_bytes > LATE_MAX)
		give(log, TAILQ_FIRST(&log->late));
}

static struct event *find_event(struct log *log, const char *key)
{
	struct event *event = log->last;

	if (event && !strcmp(event->key, key))
		return event;
	LIST_FOREACH(event, bucket_of(log, key), same)
		if (!strcmp(event->key, key))
			return event;
	return NULL;
}

/* Most events have one line: @room is for that */
static struct event *event_of(struct log *log, const char *key, size_t room)
{
	size_t key_size = strlen(key) + 1;
	struct event *event = find_event(log, key);

	if (event)
		return event;
	event = checked(malloc(sizeof(*event) + key_size + room));
	*event = (struct event) { .text = event->key + key_size, .room = room };
	memcpy(event->key, key, key_size);
	event->came = log->model->follow ? time(NULL) : 0;
	event->weight = sizeof(*event) + 64;
	event->wanted = log->model->wants_host;
	put(log, event, false);
	LIST_INSERT_HEAD(bucket_of(log, key), event, same);
	return event;
}

static void weigh(struct log *log, struct event *event, size_t len)
{
	if (event->weight + len > WEIGHT_MAX)
		len = 0;
	event->weight += len;
	*(event->late ? &log->late_bytes : &log->waiting_bytes) += len;
}

static bool add_line(struct log *log, struct event *event, const char *line,
		     size_t len)
{
	char *text;

	if (event->len + len > EVENT_MAX)
		return false;
	if (event->len + len > event->room) {
		event->room = event->len + len + event->len / 2 + 256;
		text = checked(realloc(is_inside(event) ? NULL : event->text, event->room));
		if (is_inside(event))
			memcpy(text, event->text, event->len);
		event->text = text;
	}
	memcpy(event->text + event->len, line, len);
	event->len += len;
	weigh(log, event, len);
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
	if (!log->last)
		return;
	if (model->wants(model, au)) {
		log->last->wanted = true;
		log->last->acting = model->acting ?: log->last->acting;
		log->last->object = model->object ?: log->last->object;
	} else if (model->wants_host && model->acting) {
		log->last->wanted = false;
	}
}

static bool begins(const char *text, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && !memcmp(text, with, n);
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
	log->counts.other += !log->got;
}

static bool is_needed(const struct model *model, const char *type, size_t len)
{
	return !model->needs || model->needs(type, len);
}

static void keep_line(struct log *log, const struct line *line)
{
	size_t rest = line->text + line->len - line->type;
	bool needed = is_needed(log->model, line->type, rest);
	struct event *event = log->last = event_of(log, line->key, needed ? line->len : 0);

	if (needed &&
	    !add_line(log, event, line->text, line->len))
		log->counts.other++;
	if (!begins(line->type, rest, "SYSCALL ") && !begins(line->type, rest, "URINGOP "))
		return;
	event->has_call = true;
	if (event->late)
		move(log, event, false);
}

/* auditd gives its plugins the record that ends an event, and does not log it. */
static bool ends_event(struct log *log, const struct line *line, size_t rest)
{
	struct event *event;

	if (!log->model->live || !begins(line->type, rest, "EOE "))
		return false;
	event = find_event(log, line->key);
	if (event)
		give(log, event);
	return true;
}

static void take_line(struct log *log, const struct line *line)
{
	size_t rest = line->text + line->len - line->type;

	log->counts.records++;
	if (ends_event(log, line, rest))
		return;
	if (log->model->wants)
		keep_line(log, line);
	if (names_one(log, line->type, rest))
		parse(log, line->text, line->len);
	/* auditd's own records stand alone. */
	if (log->model->live && begins(line->type, rest, "DAEMON_"))
		give(log, log->last);
	if (log->waiting_bytes > waiting_max(log))
		make_room(log);
}

/* @text has a newline at its end. */
void log_line(struct log *log, char *text, size_t len)
{
	struct line line = { .text = text, .len = len };

	/* An editor or a transfer may have put a CR in front of it. */
	if (len > 1 && text[len - 2] == '\r') {
		text[len - 2] = '\n';
		line.len--;
	}
	if (line.len == 1)
		return;
	if (line_find(&line))
		take_line(log, &line);
	log->counts.syslog += line.kind == LINE_SYSLOG;
	log->counts.interpreted += line.kind == LINE_INTERPRETED;
	log->counts.other += line.kind == LINE_OTHER;
}

/*
 * The lines of @block, which has @have bytes and room for one more. Return: how many are
 * left, of a line without an end; they are moved to the front.
 */
size_t log_block(struct log *log, char *block, size_t have)
{
	char *line = block, *end = line + have, *newline;

	while ((newline = memchr(line, '\n', end - line))) {
		if (log->skipping)
			log->skipping = false;
		else
			log_line(log, line, newline + 1 - line);
		line = newline + 1;
	}
	have = end - line;
	memmove(block, line, have);
	if (have < LOG_LINE_MAX)
		return have;
	log->counts.other += !log->skipping;
	log->skipping = true;
	return 0;
}

/* A last line without an end is what its record says of it. */
void log_block_end(struct log *log, char *block, size_t have)
{
	if (have) {
		block[have] = '\n';
		log_block(log, block, have + 1);
	}
	log->skipping = false;
}

/* Each event that may get more lines, and when its first one came */
void log_waiting(struct log *log, void (*each)(const struct log_event *event, time_t came,
					       void *data), void *data)
{
	struct events *lists[] = { &log->late, &log->waiting };
	struct log_event whole;
	struct event *event;
	size_t i;

	for (i = 0; i < 2; i++)
		TAILQ_FOREACH(event, lists[i], link) {
			whole = as_given(event);
			each(&whole, event->came, data);
		}
}

/* A line that came before, at @came */
void log_line_of(struct log *log, char *line, size_t len, time_t came)
{
	log_line(log, line, len);
	if (log->last)
		log->last->came = came;
}

/* Events to which nothing was added of late are whole. */
void log_settle(struct log *log)
{
	time_t now = time(NULL);

	while (!TAILQ_EMPTY(&log->waiting) &&
	       TAILQ_FIRST(&log->waiting)->came + SETTLED_S <= now)
		give(log, TAILQ_FIRST(&log->waiting));
}

struct log *log_start(struct model *model)
{
	struct log *log = checked(calloc(1, sizeof(*log)));

	log->model = model;
	log->records = feed_init(take_record, log);
	log->events = feed_init(give_records, log);
	if (model->raw_text) {
		auparse_set_escape_mode(log->records, AUPARSE_ESC_RAW);
		auparse_set_escape_mode(log->events, AUPARSE_ESC_RAW);
	}
	TAILQ_INIT(&log->waiting);
	TAILQ_INIT(&log->late);
	return log;
}

/* How many lines there were of each kind so far */
const struct log_counts *log_counted(const struct log *log)
{
	return &log->counts;
}

/* What is left; and what there is to say of lines that are no records */
void log_finish(struct log *log)
{
	struct log_counts n;

	while (!TAILQ_EMPTY(&log->late))
		give(log, TAILQ_FIRST(&log->late));
	while (!TAILQ_EMPTY(&log->waiting))
		give(log, TAILQ_FIRST(&log->waiting));
	n = log->counts;
	n.other += log->model->bad;
	auparse_destroy(log->records);
	auparse_destroy(log->events);
	free(log);
	if (n.other)
		warnx("skipped %lu line%s: not %s", n.other, n.other == 1 ? "" : "s",
		      n.other == 1 ? "a complete audit record" : "complete audit records");
	if (n.interpreted)
		warnx("skipped %lu interpreted line%s, as from ausearch -i: raw "
		      "records are required", n.interpreted, n.interpreted == 1 ? "" : "s");
	if (n.syslog)
		warnx("read %lu record%s from syslog or the journal, to which any "
		      "program can write", n.syslog, n.syslog == 1 ? "" : "s");
}
