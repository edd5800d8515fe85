/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * auditcid: the containers of an audit log.
 */
#ifndef AUDITCID_MODEL_H
#define AUDITCID_MODEL_H

#include <argp.h>
#include <auparse.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#define NS_MAX		16
#define NS_NAME_MAX	32

/* The namespaces of a task, as a record has them */
struct ns_set {
	unsigned int	count;
	struct ns {
		char		type[NS_NAME_MAX];	/* netns */
		uint64_t	ino;
		uint64_t	id;			/* never reused; 0: none */
	} ns[NS_MAX];
};

/* Where a record is: in which stream, its position there, and its time */
struct spot {
	struct stream	*stream;	/* NULL: nowhere */
	uint64_t	pos;
	uint64_t	at;		/* milliseconds since 1970 */
};

/* A record about a container. Texts are auparse's, while it has the record. */
struct op {
	const char	*op;
	struct spot	spot;
	unsigned long	serial;
	uint64_t	id, pcontid, prev, opid, otid, pid, suppressed, delegate;
	uint64_t	count, last, lost;	/* of an announcement's end */
	bool		has_id, has_parent, has_res, ok;
	const char	*name, *auid, *comm, *exe;
	struct ns_set	set;
};

/* How it is known that a container ended: by a record of its own, or at the latest */
enum end { END_UNKNOWN, END_EXIT, END_ANNOUNCEMENT, END_BOOT };

struct container {
	struct container *next;		/* in the order in which they appear */
	struct container *older;	/* of the same ID and node: another boot */
	struct container *parent, *child, *sibling;
	const char	*node;		/* NULL: the log names no node */
	char		*name, *auid, *comm, *exe;
	uint64_t	id, pcontid;
	struct spot	created, exited;	/* of their records, if there are */
	struct spot	announced;	/* an announcement from which it is missing */
	struct spot	end;		/* after model_finish(): how_ended says which */
	enum end	how_ended;
	struct stay	*stays;		/* where records have it */
	uint64_t	first, last;
	uint64_t	last_pos;	/* of its last record */
	uint64_t	maker;		/* the process that wrote */
	uint64_t	delegate;	/* how many its members may make; 0: none */
	uint64_t	mark;		/* the last announcement that has it */
	unsigned long	serial;		/* of the create record */
	unsigned long	events, failed;
	uint64_t	event_at;	/* the last event of these */
	unsigned long	event_serial;
	unsigned int	boot;		/* from 1 on, for each node */
	bool		boot_unsure;	/* the boot may be the one before, gone on */
	unsigned int	depth;
	bool		has_parent;
	bool		has_set;	/* a record tells its namespaces */
	bool		held;		/* model_sweep(): it stays */
	struct pids {
		uint32_t	*pid;
		size_t		count, room;
	} members;
	void		*data;		/* a command's own */
};

/* The lines of an event, all with the same node and stamp */
struct log_event {
	const char	*key;
	const char	*text;
	size_t		len;
	struct container *acting;	/* NULL: a task in none, or none at all */
	struct container *object;	/* that it is about, or NULL */
	/* For one who may see no container but this and those below; 0: all */
	uint64_t	top;
	bool		only_ops;	/* ... who acts is none of these */
	const char	*host, *boot_id;	/* of this machine's own; or NULL */
};

/*
 * What a log says of containers, and what a command wants of it. A record is
 * given before the event that it is in.
 */
struct log;
struct model {
	struct container *all, **end;
	size_t		count, twins;	/* IDs that were made again */
	struct lh_table	*index;
	struct lh_table	*streams;
	struct stream	*stream;	/* the last one */
	unsigned int	chain;		/* logs of which one goes on where another ends */
	uint64_t	pos;		/* records so far */
	uint64_t	mark;		/* announcements so far */
	struct boot	*boots;
	size_t		boot_count;
	unsigned long	bad;		/* records that are cut */
	struct container *acting, *object;	/* in the record, or NULL */
	/* Called for each record about a container that was taken in */
	void	(*on_op)(struct model *model, struct container *con,
			 const struct op *op);
	/* A record with a contid in it: is its event wanted? */
	bool	(*wants)(struct model *model, auparse_state_t *au);
	/* Of its event, are lines of this type? NULL: all are */
	bool	(*needs)(const char *type, size_t len);
	void	(*on_event)(struct model *model, struct log *log,
			    const struct log_event *event);
	/* While a log is followed: nothing more, for now */
	void	(*on_idle)(struct model *model);
	const char	*mark_text;	/* only records with this text, not "contid=" */
	bool		wants_host;	/* events of which no record has a contid */
	bool		stop;		/* nothing more is wanted */
	bool		raw_text;	/* texts as they are, not for a terminal */
	bool		own;		/* the logs are this machine's: so are its users */
	bool		follow;		/* go on after the end of the log */
	bool		live;		/* auditd gives the records: no end, no memory of the past */
	bool		prints;		/* while it reads */
	void	*data;
};

void model_init(struct model *model);
void model_free(struct model *model);
/* A record, in the order of the log; the end of the log, or of it so far */
void model_record(struct model *model, auparse_state_t *au);
void model_finish(struct model *model);
/* While the log is read, too: is @id below @above? */
bool model_is_below(struct model *model, const char *node, uint64_t id,
		    uint64_t above);
/* After model_finish(): all, a parent before its children, by node and boot */
struct container **model_sorted(struct model *model);
/* After model_finish(): may it have been live when its clock showed @at? */
bool model_live_at(const struct container *con, uint64_t at);
/*
 * While records come: forget those that ended in front of @before, but not parents of
 * others, those that are held, and those that have a record of late.
 */
void model_sweep(struct model *model, uint64_t before,
		 void (*forget)(struct container *con));
/* A container of which an earlier run knew this */
struct container *model_restore(struct model *model, const struct spot *spot,
				uint64_t id, unsigned int boot);
const char *end_name(enum end end);	/* NULL: it is not known to have ended */
size_t pids_count(struct pids *pids);
struct container *model_find(struct model *model, const char *node, uint64_t id,
			     const struct spot *spot);

/* record.c: what the kernel says in a record, and nobody else can */
#define RECORD_CONTAINER_OP	1340
int record_type(auparse_state_t *au);
bool record_contid(const char *text, int type, uint64_t *id);
bool record_has_ocontid(int type);
bool record_is_users(int type);		/* ... that a sender wrote */

/* boots.c: positions in logs, and the boots that they belong to */
struct stream *stream_of(struct model *model, const char *node);
const char *stream_node(const struct stream *stream);
void stream_note(struct stream *stream, const struct spot *spot,
		 unsigned long serial, bool kernel);
void stream_clock(struct stream *stream, const struct spot *spot, bool late);
void stream_announce(struct stream *stream, struct container *con,
		     const struct op *op);
void stream_announced(struct model *model, const struct op *op);
void stream_new_daemon(struct stream *stream);
/* All containers that it has from now on are of this boot; 0: as records tell */
void stream_set_boot(struct stream *stream, unsigned int boot);
unsigned int stream_boot(const struct stream *stream);	/* 0: not certain */
void stream_hold(struct stream *stream);
void stream_free(struct stream *stream);
unsigned long stream_hash(const void *key);
int stream_same(const void *a, const void *b);
void stay_note(struct container *con, const struct spot *spot);
struct spot stay_first(const struct container *con);
void stay_free(struct container *con);
void boots_number(struct model *model);
/* The boot in which a record of no container is: 0: not known */
unsigned int boots_at(const struct spot *spot);
/* Did the clock show @at between two records? @to->stream NULL: ever after */
bool spot_between(const struct spot *from, const struct spot *to, uint64_t at);

/* source.c: read logs into a model; what is wrong with them is said */
void log_read(struct model *model, char **files);

/* log.c: lines, and the events that they make up */
#define LOG_LINE_MAX	(64 << 10)	/* the kernel's are shorter than 9 KiB */
struct log_counts {
	unsigned long	records, syslog, interpreted, other;
};

struct log *log_start(struct model *model);
/* Each record of an event, read by libauparse */
void log_records(struct log *log, const struct log_event *event,
		 void (*on_record)(auparse_state_t *au, void *data), void *data);
void log_line(struct log *log, char *line, size_t len);
void log_line_of(struct log *log, char *line, size_t len, time_t came);
size_t log_block(struct log *log, char *block, size_t have);
void log_block_end(struct log *log, char *block, size_t have);
void log_waiting(struct log *log, void (*each)(const struct log_event *event, time_t came,
					       void *data), void *data);
void log_settle(struct log *log);
const struct log_counts *log_counted(const struct log *log);
void log_finish(struct log *log);

/* ecs.c: an event as JSON; a container with its parents */
struct json_object *ecs_event(struct model *model, struct log *log,
			      const struct log_event *event);
struct json_object *ecs_begin(uint64_t at, const char *kind);
struct json_object *ecs_container(struct model *model, const struct container *con);
struct json_object *ecs_head(struct model *model, const struct container *con);
void ecs_life(struct json_object *obj, const struct container *con);

/* event.c: an event in words */
void event_interpret(auparse_state_t *au, FILE *to);
bool event_stamp(const struct log_event *event, uint64_t *at, unsigned long *serial);

/* args.c: the command line of a command that reads logs */
char **args_parse(const struct argp *argp, int argc, char **argv, void *input);
void *checked(void *p);
uint64_t args_number(const char *arg, struct argp_state *state);
uint64_t args_time(char *arg, bool end, struct argp_state *state);

/* line.c: the record in a line. @text may become another text. */
#define KEY_MAX		320	/* a node and the stamp */

struct line {
	char		*text;
	size_t		len;
	const char	*type;
	enum line_kind { LINE_RECORD, LINE_SYSLOG, LINE_INTERPRETED, LINE_OTHER } kind;
	char		key[KEY_MAX + 1];
};

bool line_find(struct line *line);

/* progress.c; NULL shows nothing */
struct progress *progress_start(off_t total, bool prints);
void progress_add(struct progress *progress, size_t len);
void progress_end(struct progress *progress);

/*
 * things.c: count what containers did, such as programs. things_of() ends the counting
 * and gives those of a container, by kind, the most frequent first.
 */
struct thing {
	struct container	*con;
	unsigned int		kind;
	unsigned long		count;
	char			text[];
};

struct things *things_new(void);
void things_count(struct things *things, struct container *con, unsigned int kind,
		  const char *text);
size_t things_of(struct things *things, const struct container *con,
		 struct thing ***list);
void things_free(struct things *things);

/* output.c: a file that is new, or takes the place of one that begins with @mark */
struct output_file {
	const char	*path;		/* "-" is standard output */
	const char	*mark, *what;
	char		*beside;
	int		fd;
};

void output_open(struct output_file *output);
void output_put(struct output_file *output);
void output_give_up(const struct output_file *output, const char *why)
	__attribute__((noreturn));

/* svg.c: draw @list, which is sorted, into a file; "-" is standard output */
void svg_draw(const char *path, struct container **list, size_t count);

/* html.c: a page of @list, which is sorted; what is to be in it is noted before */
struct html *html_new(void);
void html_note_op(struct html *html, struct container *con, const struct op *op);
void html_note_record(struct html *html, struct container *con, auparse_state_t *au);
void html_write(struct html *html, const char *path, struct container **list, size_t count);
void html_free(struct html *html, struct model *model);

/* json.c: values as JSON has them; NULL is null */
struct json_object *json_text(const char *text);
void json_set_text(struct json_object *obj, const char *text);
struct json_object *json_when(uint64_t at);
void json_put(FILE *to, struct json_object *obj);
void json_print(struct json_object *obj);
void json_write(struct json_object *obj, FILE *to, bool page);	/* into markup? */

/* when.c: times as text */
const char *when_parse(const char *text, bool end, uint64_t *at);
bool when_is_clock(const char *text);
const char *when_text(uint64_t at, char *buf, size_t size);
#define WHEN_SIZE	32

#endif /* AUDITCID_MODEL_H */
