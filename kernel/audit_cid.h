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

/* Index of each row of the namespace table, and how many there are. */
enum audit_cid_ns_index {
#define AUDIT_CID_NS(field, ...)		AUDIT_CID_NS_##field,
#define AUDIT_CID_NS_CHILDREN(field, ...)	AUDIT_CID_NS_##field,
#include "audit_cid_ns.h"
	AUDIT_CID_NS_ROWS
};

/* Longest text of one row: a name, its inode number, and its ID. */
#define AUDIT_CID_NS_TEXT	96

/**
 * struct audit_cid_nsset - the namespaces that a thread is in
 * @id: 64-bit ID of each, in the order of the namespace table
 * @inum: inode number of each, in the same order
 *
 * All of them are 0 for a thread that has no namespaces any more.
 */
struct audit_cid_nsset {
#ifdef AUDIT_NS_ID
	u64		id[AUDIT_CID_NS_ROWS];
#endif
	unsigned int	inum[AUDIT_CID_NS_ROWS];
};

/**
 * struct audit_cid_bound - how fast records of a kind may be caused
 * @interval: time between two of them in the long run, in nanoseconds
 * @burst: how far a burst of them may run ahead of that, in nanoseconds
 */
struct audit_cid_bound {
	u64	interval;
	u64	burst;
};

/**
 * struct audit_cid - an audit container
 * @id: its serial number; never 0, never reused
 * @parent: the container it was made in, NULL for the host; holds a reference
 * @jump: an ancestor further up, by which audit_cid_in_tree() needs O(log depth)
 *	steps, NULL for the host; kept alive by @parent
 * @grant: this container or the next one above it that has a @budget, NULL if
 *	there is none; kept alive by @parent
 * @name: the creator's own name for it, allocated, without a NUL at its end;
 *	NULL if none was given
 * @refs: keeps the memory: one for each process that points here, one for each
 *	child container, one for a writer at work
 * @members: processes that carry the ID and have a thread that is not past
 *	audit_cid_exit(). The container is live while this is not 0, and it
 *	never leaves 0 a second time.
 * @budget: how many live containers may be below it, 0 for no grant
 * @delegated: how many there are, if there is a grant
 * @depth: number of containers from here up to the host; 1 below the host
 * @name_len: length of @name, in bytes
 * @changes: when the next change of namespaces of its members is due, in
 *	nanoseconds of the monotonic clock
 * @refused: the same for refused attempts of its members and, if it has a
 *	grant, of those of all containers below it
 * @node: its place in the index, until its end
 * @rcu: used when the last reference is gone: readers find the object under
 *	RCU only
 * @nsset: the namespaces of its first member when it was made
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
 * enum audit_cid_op - what a write to the file asks for
 * @AUDIT_CID_NEW: a new container for the target
 * @AUDIT_CID_JOIN: the target is to move into a live container
 * @AUDIT_CID_ANNOUNCE: the live containers of its subtree are to be logged
 */
enum audit_cid_op {
	AUDIT_CID_NEW,
	AUDIT_CID_JOIN,
	AUDIT_CID_ANNOUNCE,
};

/**
 * struct audit_cid_request - a parsed write
 * @op: what is asked for
 * @name: of the new container; points into the text, NULL if none was given
 * @parent: ID to make the new container in, if @has_parent
 * @id: ID to join
 * @has_parent: whether @parent was given
 * @delegate: budget of the new container, 0 if none was given
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
 * struct audit_cid_right - the right of a process that uses the file
 * @cid: its container, NULL for the host: the right ends at this subtree
 * @user_ns: its user namespace
 * @privileged: has the capability in the initial user namespace
 * @delegate: has it in @user_ns, and @cid is within a grant
 */
struct audit_cid_right {
	const struct audit_cid		*cid;
	const struct user_namespace	*user_ns;
	bool				privileged;
	bool				delegate;
};

/**
 * struct audit_cid_rights - the rights that are both required
 * @opener: of the task that opened the file, at that time
 * @caller: of the task that reads or writes; its container is filled in where
 *	it cannot change, under RCU or audit_cid_mutex
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

/* The container of a process, for writers: nobody can change it meanwhile. */
static inline struct audit_cid *audit_cid_of(const struct task_struct *p)
{
	return rcu_dereference_protected(p->signal->audit_cid,
					 lockdep_is_held(&audit_cid_mutex));
}

/* The same for readers. */
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
