/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: shared by kernel/audit_cid*.c and its KUnit tests.
 */
#ifndef _KERNEL_AUDIT_CID_H
#define _KERNEL_AUDIT_CID_H

#include <linux/atomic.h>
#include <linux/audit_cid.h>
#include <linux/mutex.h>
#include <linux/rbtree_types.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched/signal.h>
#include <linux/types.h>
#include <uapi/linux/audit_cid.h>

struct audit_buffer;
struct audit_context;
struct audit_field;
struct nsproxy;
struct pid;
struct user_namespace;

/* Whether namespaces have 64-bit IDs, which are never reused. */
#if __has_include("linux/ns/nstree_types.h")
#define AUDIT_NS_ID
#endif

/* The rows of the namespace table. */
enum audit_cid_ns_index {
#define AUDIT_CID_NS(field, ...)		AUDIT_CID_NS_##field,
#define AUDIT_CID_NS_CHILDREN(field, ...)	AUDIT_CID_NS_##field,
#include "audit_cid_ns.h"
	AUDIT_CID_NS_ROWS
};

/* Longest text of a row: field names, inode number and ID. */
#define AUDIT_CID_NS_TEXT	96

/**
 * struct audit_cid_nsset - the namespaces of a thread
 * @id: their 64-bit IDs, in the order of the namespace table
 * @inum: their inode numbers, in the same order
 *
 * If the thread has no namespaces any more, all of them are 0.
 */
struct audit_cid_nsset {
#ifdef AUDIT_NS_ID
	u64		id[AUDIT_CID_NS_ROWS];
#endif
	unsigned int	inum[AUDIT_CID_NS_ROWS];
};

/**
 * struct audit_cid_bound - rate limit for a kind of record
 * @interval: time per record in the long run, in nanoseconds
 * @burst: how far a burst may run ahead of @interval, in nanoseconds
 */
struct audit_cid_bound {
	u64	interval;
	u64	burst;
};

/**
 * struct audit_cid - an audit container
 * @id: serial number; not 0, never reused
 * @parent: parent, NULL for the host; holds a reference
 * @jump: an ancestor, NULL for the host; kept alive by @parent. With it,
 *	audit_cid_in_tree() needs O(log depth) steps.
 * @grant: the nearest audit container on the way up that has a @budget, this
 *	one included, or NULL; kept alive by @parent
 * @name: the runtime's name for the container, allocated, without a NUL at its
 *	end, or NULL
 * @refs: references, which keep the memory: one for each process that points
 *	here, for each child, and for a writer
 * @members: processes with this ID that have a thread before audit_cid_exit().
 *	The audit container is live while this is not 0. It never leaves 0 a
 *	second time.
 * @budget: limit of a delegation: the permitted number of live descendants; 0
 *	if nothing is delegated
 * @delegated: number of live descendants, if @budget is not 0
 * @depth: number of levels below the host, at least 1
 * @name_len: length of @name, in bytes
 * @changes: time at which the next namespace change of a member is due, in
 *	nanoseconds of the monotonic clock
 * @refused: the same for the denied attempts of members and, if @budget is not
 *	0, of the members of all descendants
 * @node: node of the index, until the end
 * @rcu: used after the last put, when only RCU readers may find the object
 * @nsset: namespaces of the first member at the creation
 */
struct audit_cid {
	u64			id;
	struct audit_cid	*parent;
	struct audit_cid	*jump;
	struct audit_cid	*grant;
	char			*name;
	refcount_t		refs;
	atomic_t		members;
	int			budget;
	atomic_t		delegated;
	u8			depth;
	u8			name_len;
	atomic64_t		changes;
	atomic64_t		refused;
	union {
		struct rb_node	node;
		struct rcu_head	rcu;
	};
	struct audit_cid_nsset	nsset;
};

/**
 * enum audit_cid_op - command of a write
 * @AUDIT_CID_NEW: create an audit container for the target
 * @AUDIT_CID_JOIN: move the target to a live audit container
 * @AUDIT_CID_ANNOUNCE: log the live audit containers of the target's subtree
 */
enum audit_cid_op {
	AUDIT_CID_NEW,
	AUDIT_CID_JOIN,
	AUDIT_CID_ANNOUNCE,
};

/**
 * struct audit_cid_request - a parsed write
 * @op: command
 * @name: name of the new audit container, a part of the text, or NULL
 * @parent: ID of its parent, if @has_parent
 * @id: ID to join
 * @has_parent: @parent was given
 * @delegate: budget of the new audit container, 0 if none was given
 */
struct audit_cid_request {
	enum audit_cid_op	op;
	const char		*name;
	u64			parent;
	u64			id;
	bool			has_parent;
	int			delegate;
};

/**
 * struct audit_cid_right - permissions of a process that uses the file
 * @cid: its audit container, NULL for the host; the permissions are limited to
 *	this subtree
 * @user_ns: its user namespace
 * @privileged: it has the capability in the initial user namespace
 * @delegate: it has the capability in @user_ns, and @cid or an ancestor has a
 *	delegation
 */
struct audit_cid_right {
	const struct audit_cid		*cid;
	const struct user_namespace	*user_ns;
	bool				privileged;
	bool				delegate;
};

/**
 * struct audit_cid_rights - permissions of opener and caller, both required
 * @opener: of the task that opened the file, at that time
 * @caller: of the task that reads or writes. Its audit container is filled in
 *	later, under RCU or audit_cid_mutex, which keep it from changing.
 */
struct audit_cid_rights {
	struct audit_cid_right	opener;
	struct audit_cid_right	caller;
};

extern struct mutex audit_cid_mutex;

static inline u64 audit_cid_id(const struct audit_cid *cid)
{
	return cid ? cid->id : 0;
}

/* For writers: the mutex keeps the pointer from changing. */
static inline struct audit_cid *audit_cid_of(const struct task_struct *p)
{
	return rcu_dereference_protected(p->signal->audit_cid,
					 lockdep_is_held(&audit_cid_mutex));
}

/* For readers. */
static inline struct audit_cid *audit_cid_rcu(const struct task_struct *p)
{
	return rcu_dereference(p->signal->audit_cid);
}

/* audit_cid.c */
u64 audit_cid_next(atomic64_t *last, u32 seed);
struct audit_cid *audit_cid_alloc(const char *name);
struct audit_cid *audit_cid_get(struct audit_cid *cid);
struct audit_cid *audit_cid_get_of(const struct task_struct *p);
struct audit_cid *audit_cid_next_live(u64 id);
u64 audit_cid_id_of(const struct task_struct *p);
void audit_cid_set_parent(struct audit_cid *cid, struct audit_cid *parent);
bool audit_cid_in_tree(const struct audit_cid *cid, u64 id);
bool audit_cid_within(const struct audit_cid *cid, const struct audit_cid *top);
void audit_cid_insert(struct audit_cid *cid);
u64 audit_cid_last_id(void);
void audit_cid_erase(struct audit_cid *cid);
struct audit_cid *audit_cid_find(u64 id);
void audit_cid_leave(struct audit_cid *cid, pid_t opid);

/* audit_cid_announce.c */
int audit_cid_announce(const struct audit_cid *top, bool asked);

/* audit_cid_filter.c */
bool audit_cid_match(const struct audit_cid *cid, const struct audit_field *low);

/* audit_cid_grant.c */
struct audit_cid *audit_cid_grant(const struct audit_cid *cid);
bool audit_cid_budget_left(const struct audit_cid *parent);
void audit_cid_charge(struct audit_cid *cid, int live);
bool audit_cid_privileged(const struct audit_cid_rights *rights);
bool audit_cid_may_try(const struct audit_cid_rights *rights);
bool audit_cid_covers(const struct audit_cid_rights *rights,
		      const struct audit_cid *cid,
		      const struct user_namespace *user_ns);

/* audit_cid_log.c */
struct audit_buffer *audit_cid_log_start(struct audit_context *ctx, bool wait);
bool audit_cid_in_event(const struct audit_context *ctx);
void audit_cid_log_name(struct audit_buffer *ab, const char *name, size_t len);
void audit_cid_log_nsset(struct audit_buffer *ab,
			 const struct audit_cid_nsset *set);
void audit_cid_log_subject(struct audit_buffer *ab);
void audit_cid_log_actor(struct audit_buffer *ab);
void audit_cid_log_res(struct audit_buffer *ab, const struct audit_context *ctx,
		       int res);

/* audit_cid_bound.c */
extern const struct audit_cid_bound audit_cid_bound_changes;
extern const struct audit_cid_bound audit_cid_bound_refused;
u64 audit_cid_bound_wait(atomic64_t *due, const struct audit_cid_bound *bound,
			 u64 now);
void audit_cid_bound_sleep(atomic64_t *due, const struct audit_cid_bound *bound);

/* audit_cid_move.c */
int audit_cid_apply(struct pid *pid, const struct audit_cid_request *req,
		    const struct audit_cid_rights *rights);
int audit_cid_read(struct pid *pid, const struct audit_cid_rights *rights,
		   u64 *id);

/* audit_cid_ns.c */
void audit_cid_nsset_fill(struct audit_cid_nsset *set, struct task_struct *p,
			  const struct nsproxy *ns);
bool audit_cid_nsset_of(struct audit_cid_nsset *set, struct task_struct *p);
bool audit_cid_nsset_read(struct audit_cid_nsset *set, struct task_struct *p);
bool audit_cid_nsset_equal(const struct audit_cid_nsset *a,
			   const struct audit_cid_nsset *b);
bool audit_cid_nsset_follows(const struct audit_cid_nsset *child,
			     const struct audit_cid_nsset *parent);
int audit_cid_ns_print(char *buf, size_t size,
		       const struct audit_cid_nsset *set, int row);
dev_t audit_cid_nsdev(void);

/* audit_cid_trans.c */
void audit_cid_begin_settling(struct signal_struct *sig);
void audit_cid_end_settling(void);

/* audit_cid_proc.c */
int audit_cid_parse(char *text, size_t len, struct audit_cid_request *req);

#endif /* _KERNEL_AUDIT_CID_H */
