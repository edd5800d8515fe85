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
	uint64_t	id, pcontid, prev, opid, otid, pid, suppressed;
	bool		has_id, has_parent, has_res, ok;
	const char	*name, *auid, *comm, *exe;
	struct ns_set	set;
};

struct container {
	struct container *next;		/* in the order in which they appear */
	struct container *older;	/* of the same ID and node: another boot */
	struct container *parent;
	char		*node, *name, *auid, *comm, *exe;
	uint64_t	id, pcontid;
	uint64_t	created, ended;	/* 0: there is no such record */
	uint64_t	first, last;
	uint64_t	maker;		/* the process that wrote */
	unsigned long	serial;		/* of the create record */
	unsigned long	events, failed;
	unsigned int	boot;		/* from 1 on, for each node */
	bool		has_parent;
	struct pids {
		uint32_t	*pid;
		size_t		count, room;
	} members;
};

struct model {
	struct container *all, **end;
	size_t		count;
	struct lh_table	*index;
	struct boundary	*boots;
	unsigned long	bad;		/* records that are cut */
	/* Called for each record about a container that was taken in */
	void	(*on_op)(struct model *model, struct container *con,
			 const struct op *op);
	struct container *acting;	/* in the event, or NULL */
	void	(*on_event)(struct model *model, auparse_state_t *au);
	void	*data;
};

void model_init(struct model *model);
void model_free(struct model *model);
/* A record, in the order of the log; a whole event; the end of the log */
void model_record(struct model *model, auparse_state_t *au);
void model_event(struct model *model, auparse_state_t *au);
void model_finish(struct model *model);
/* While the log is read, too: is @id below @above? */
bool model_is_below(struct model *model, const char *node, uint64_t id,
		    uint64_t above);
/* Does a record have the kernel's word on who acts, or on whom? */
bool model_has_contid(const char *text);
size_t pids_count(struct pids *pids);

/* log.c: read logs into a model. Returns how many lines were passed over. */
unsigned long log_read(struct model *model, char **files);
#define LOG_IF	0x100	/* the key of -if, which needs no more than its logs */
void log_complain(unsigned long passed);

/* when.c: times as text */
const char *when_parse(const char *text, uint64_t *at);
const char *when_text(uint64_t at, char *buf, size_t size);
#define WHEN_SIZE	32

#endif /* AUDITCID_MODEL_H */
