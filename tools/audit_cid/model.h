/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * auditcid: the containers of an audit log.
 */
#ifndef AUDITCID_MODEL_H
#define AUDITCID_MODEL_H

#include <auparse.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define NS_MAX		16
#define NS_NAME_MAX	32

/* The namespaces of a task, as a record has them */
struct ns_set {
	unsigned int	count;
	struct ns {
		char		type[NS_NAME_MAX];	/* netns */
		uint64_t	ino;
	} ns[NS_MAX];
};

/* A record about a container. Texts are auparse's, while it has the record. */
struct op {
	const char	*op;
	const char	*node;		/* NULL: the log names no node */
	uint64_t	at;		/* milliseconds since 1970 */
	unsigned long	serial;
	uint64_t	id, pcontid, prev, opid, otid, pid, suppressed, delegate;
	bool		has_id, has_parent, has_res, ok;
	const char	*name, *auid, *comm, *exe;
	struct ns_set	set;
};

struct container {
	struct container *next;		/* in the order in which they appear */
	struct container *older;	/* of the same ID and node: another boot */
	struct container *parent, *child, *sibling;
	char		*node, *name, *auid, *comm, *exe;
	uint64_t	id, pcontid;
	uint64_t	created, ended;	/* 0: there is no such record */
	uint64_t	first, last;
	uint64_t	maker;		/* the process that wrote */
	uint64_t	delegate;	/* how many its members may make; 0: none */
	unsigned long	serial;		/* of the create record */
	unsigned long	events, failed;
	uint64_t	event_at;	/* the last event of these */
	unsigned long	event_serial;
	unsigned int	boot;		/* from 1 on, for each node */
	unsigned int	depth;
	bool		has_parent;
	bool		has_set;	/* a record tells its namespaces */
	struct pids {
		uint32_t	*pid;
		size_t		count, room;
	} members;
};

/*
 * What a log says of containers, and what a command wants of it. A record is
 * given before the event that it is in; text is that of whole lines.
 */
struct model {
	struct container *all, **end;
	size_t		count;
	struct lh_table	*index;
	struct boundary	*boots;
	size_t		boot_count;
	unsigned long	bad;		/* records that are cut */
	struct container *acting;	/* in the record or event, or NULL */
	/* Called for each record about a container that was taken in */
	void	(*on_op)(struct model *model, struct container *con,
			 const struct op *op);
	/* A record with a contid in it: is its event wanted? */
	bool	(*wants)(struct model *model, auparse_state_t *au);
	/* Of its event, are lines of this type? NULL: all are */
	bool	(*needs)(const char *type, size_t len);
	void	(*on_event)(struct model *model, auparse_state_t *au);
	void	(*on_text)(struct model *model, const char *text, size_t len);
	/* While a log is followed: nothing more, for now */
	void	(*on_idle)(struct model *model);
	const char	*mark;		/* only records with this text, not "contid=" */
	bool		follow;		/* go on after the end of the log */
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
/* Does a record have the kernel's word on who acts, or on whom? */
bool model_has_contid(const char *text);
/* After model_finish(): all, a parent before its children, by node and boot */
struct container **model_sorted(struct model *model);
size_t pids_count(struct pids *pids);

/* source.c: read logs into a model. Returns how many lines were passed over. */
unsigned long log_read(struct model *model, char **files);
#define LOG_IF		0x100	/* the key of -if, which needs no more than its logs */
#define LOG_FOLLOW	0x101	/* of --follow, where -f is a file's */

/* log.c: lines, and the events that they make up */
#define LOG_LINE_MAX	(64 << 10)	/* the kernel's are shorter than 9 KiB */
struct log *log_start(struct model *model);
void log_line(struct log *log, const char *line, size_t len);
void log_skipped(struct log *log);
void log_settle(struct log *log);
unsigned long log_finish(struct log *log);
void log_complain(unsigned long passed);

/* progress.c; NULL shows nothing */
struct progress *progress_start(off_t total, bool prints);
void progress_add(struct progress *progress, size_t len);
void progress_end(struct progress *progress);

/* svg.c: draw @list, which is sorted, into a file; "-" is standard output */
void svg_draw(const char *path, struct container **list, size_t count);

/* json.c: values as JSON has them; NULL is null */
struct json_object *json_text(const char *text);
struct json_object *json_when(uint64_t at);
void json_print(struct json_object *obj);

/* when.c: times as text */
const char *when_parse(const char *text, uint64_t *at);
const char *when_text(uint64_t at, char *buf, size_t size);
#define WHEN_SIZE	32

#endif /* AUDITCID_MODEL_H */
