/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * auditcid plugin: events as JSON to the places that a configuration names.
 */
#ifndef AUDITCID_PLUGIN_H
#define AUDITCID_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct json_object;

/* plugin.c: a line to syslog, and to standard error where that is a terminal's or a pipe */
__attribute__((format(printf, 2, 3)))
void say(int priority, const char *format, ...);

/* plugin.c: a clock that nobody sets, in seconds */
time_t now_s(void);

/*
 * sink.c: places to which lines go. What a place does not take now waits in memory, up
 * to SINK_MAX bytes; what is beyond that is dropped and counted. No place waits for another.
 */
#define SINK_MAX	(4 << 20)

enum sink_kind { SINK_FILE, SINK_UNIX, SINK_TCP, SINK_SYSLOG, SINK_STDOUT };

struct sink_conf {
	enum sink_kind	kind;
	char		*where;		/* a path, HOST:PORT or FACILITY.LEVEL */
	uint64_t	max_size;	/* of a file, in bytes; 0: no limit */
	unsigned int	keep;		/* ... how many old ones */
	mode_t		mode;
	gid_t		group;		/* -1: leave it */
};

struct sink;
/* NULL: @why, a text that is valid until the next call */
struct sink *sink_new(const struct sink_conf *conf, const char **why);
const char *sink_name(const struct sink *sink);		/* "file:/a/b" */
void sink_put(struct sink *sink, const char *line, size_t len);
void sink_flush(struct sink *sink);
/* At the end: once more, for some seconds */
void sink_drain(struct sink *sink);
/* Since the last call; 0 while it takes no more */
unsigned long sink_dropped(struct sink *sink);
void sink_reopen(struct sink *sink);
/* @old goes to the same place: its lines and its file or socket are now @sink's. */
void sink_take_over(struct sink *sink, struct sink *old);
/* The lines that are left */
const char *sink_rest(const struct sink *sink, size_t *len);
void sink_free(struct sink *sink);

/* plugin_conf.c: the configuration */
struct output {
	char		*name;		/* a pattern of names; NULL: any */
	uint64_t	id;		/* 0: any */
	struct sink	*sink;
};

struct plugin_conf {
	char		*state, *node;
	bool		serials;
	struct output	*outputs;
	size_t		count;
};

/* NULL, or why there is none; @conf is empty then */
const char *conf_read(const char *path, struct plugin_conf *conf);
const char *conf_parse(const char *text, size_t len, struct plugin_conf *conf);
void conf_free(struct plugin_conf *conf);

/* serials.c: which of consecutive numbers have not come */
struct serials;
struct serials *serials_new(void);
void serials_free(struct serials *serials);
void serials_note(struct serials *serials, uint64_t serial);
/* @count numbers from @from to @to are missing, and those behind came long ago. */
typedef void (*serials_missing)(uint64_t count, uint64_t from, uint64_t to, void *data);
/* Each second */
void serials_check(struct serials *serials, serials_missing missing, void *data);
struct json_object *serials_save(const struct serials *serials);
void serials_load(struct serials *serials, struct json_object *obj);

/*
 * plugin_state.c: what the next run has to know. Events that may get more lines are
 * saved, not written: an event is always written once, and whole.
 */
#define BOOT_ID_SIZE	40

struct state {
	char		boot_id[BOOT_ID_SIZE];
	unsigned int	boot;		/* of this machine: counted since the first run */
	bool		clean;
	const char * const *locals;	/* this machine's nodes; the first is NULL, and NULL ends */
};

struct model;
struct log;
int state_lock(const char *path);	/* a descriptor, or -1 */
/* NULL, or why it was not written */
const char *state_save(const char *path, const struct state *state, struct model *model,
		       struct log *log, const struct serials *serials,
		       const struct plugin_conf *conf);
/* Lines are given to @log as of then. Return: NULL, or what is wrong with it */
const char *state_load(const char *path, struct state *state, struct model *model,
		       struct log *log, struct serials *serials,
		       const struct plugin_conf *conf);

#endif /* AUDITCID_PLUGIN_H */
