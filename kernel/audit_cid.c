// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: the number by which the audit log names a container.
 */

/**
 * DOC: Audit container ID
 *
 * Containers are a concept of user space. The kernel offers a number for audit:
 * a privileged process requests it through /proc/PID/audit_containerid, the
 * kernel assigns it to process PID, the children of PID inherit it, and every
 * audit event of these processes carries it. The number does not depend on
 * namespaces, cgroups or other properties of a container; the create record
 * lists the namespaces. The number is not a handle, because only audit accepts
 * it, and it is not a secret.
 *
 * Objects and their lives
 * =======================
 *
 * A &struct audit_cid is one audit container. A process belongs to at most one
 * audit container, through the pointer in its &struct signal_struct. So all of
 * its threads have the same ID, and one store moves the process. A NULL pointer
 * means that the process is outside any audit container: a host process. The
 * life of an audit container:
 *
 * 1. A write of "new" allocates it, assigns the number, and adds it to the
 *    index. It has no members, so it is not live and other writers ignore it.
 * 2. The same write logs the creation and stores the pointer, in one section
 *    under the siglock of the target. From here on, it is live.
 * 3. fork and "join" add a member. A process removes a member when its last
 *    thread exits or when it moves down the tree.
 * 4. The task that removes the last member removes the audit container from
 *    the index and logs the end. &struct audit_cid.members stays 0 afterwards.
 * 5. Zombies and child containers may still point to it. The last of these
 *    references frees it, after a grace period, from any context.
 *
 * Audit containers form a tree with the host at its root. Children hold a
 * reference to their parent, so ancestors of a live audit container stay
 * resolvable. Parents never change, and processes only move down the tree:
 * &struct audit_cid.parent, .jump, .grant, .budget and .depth are constant once
 * other tasks can find the object.
 *
 * Locks
 * =====
 *
 * audit_cid_mutex
 *	Serialises writers. The checks of a writer (the place of each task, live
 *	audit containers, budgets) stay valid against other writers until it has
 *	stored the pointer. Announcements hold it while they look up the next
 *	audit container. No task waits for the audit daemon under it. Only users
 *	of the file, the worker that announces, and tasks that change their
 *	namespaces while their own process is moved acquire it.
 * siglock of a process
 *	A writer holds it, with the mutex, to store the pointer of the process;
 *	fork holds it to inherit the pointer. So a new thread is either in the
 *	group before the store, or inherits after the store.
 * lock of the index
 *	Protects the index alone.
 * RCU
 *	Protects readers of the pointer of any process.
 *
 * A process in group exit does not move: SIGNAL_GROUP_EXIT is set under
 * siglock before its last thread can pass audit_cid_exit(). So audit_cid_exit()
 * reads the pointer without a lock.
 *
 * A task that changes its namespaces acquires none of these locks, unless a
 * writer is moving its own process at that moment. The order of stores closes
 * the race. The writer marks the process as settling, reads the namespaces of
 * all threads, stores the pointer, and removes the mark. The task stores its
 * namespaces, reads the mark, and reads the pointer. Both have a full barrier
 * after their first store. So the writer sees the namespaces, or the task sees
 * the mark and waits for the mutex, or the task sees the pointer. See
 * Documentation/litmus-tests/audit/.
 *
 * Lock order: audit_cid_mutex, then task_lock or the lock of the index; or
 * tasklist_lock, siglock, the lock of the audit queue. No memory is allocated
 * and no text is formatted under siglock. audit_cid_log_start() may wait for
 * the audit daemon and comes before the mutex. The exit record comes after the
 * mutex and does not wait. The static key uses locks that sleep and comes
 * before all of these locks.
 */

#include <linux/audit.h>
#include <linux/build_bug.h>
#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/rbtree.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "audit.h"
#include "audit_cid.h"

/* On from the creation of the first audit container on. */
DEFINE_STATIC_KEY_FALSE(audit_cid_used);
EXPORT_SYMBOL_GPL(audit_cid_used);

/* Serialises writers: see the top of this file. */
DEFINE_MUTEX(audit_cid_mutex);

/* By ID: live audit containers, and the one that a writer is creating. */
static struct rb_root audit_cid_index = RB_ROOT;
static DEFINE_SPINLOCK(audit_cid_index_lock);
static atomic64_t audit_cid_last = ATOMIC64_INIT(0);

/**
 * audit_cid_next - assign the next ID
 * @last: the last assigned ID, or 0; set to the new ID
 * @seed: random number, used for the first ID only
 *
 * The first ID is 2^32 + @seed. The random start lets one log keep the IDs of
 * two boots apart, and prevents a stale rule from matching a new audit
 * container. A start above 32 bits reveals at once a program that truncates
 * IDs. Later IDs are sequential, because the number of audit containers is not
 * a secret.
 *
 * Return: An ID that was not assigned before, not 0.
 */
u64 audit_cid_next(atomic64_t *last, u32 seed)
{
	atomic64_cmpxchg(last, 0, BIT_ULL(32) + seed - 1);
	return atomic64_inc_return(last);
}

static_assert(AUDIT_CID_NAME_MAX <= U8_MAX);
static_assert(AUDIT_CID_DEPTH_MAX <= U8_MAX);

/**
 * audit_cid_alloc - allocate an audit container without an ID
 * @name: its name, of at most AUDIT_CID_NAME_MAX bytes, or NULL
 *
 * Context: Process context, may sleep.
 * Return: The audit container, to be released by audit_cid_put(), or NULL if
 * there is no memory.
 */
struct audit_cid *audit_cid_alloc(const char *name)
{
	struct audit_cid *cid __free(kfree) = kzalloc(sizeof(*cid),
						      GFP_KERNEL_ACCOUNT);

	if (!cid)
		return NULL;
	if (name) {
		/* Without a NUL, the longest name fits 128 bytes of slab. */
		cid->name_len = strlen(name);
		cid->name = kmemdup(name, cid->name_len, GFP_KERNEL_ACCOUNT);
		if (!cid->name)
			return NULL;
	}

	refcount_set(&cid->refs, 1);
	cid->depth = 1;
	return no_free_ptr(cid);
}

struct audit_cid *audit_cid_get(struct audit_cid *cid)
{
	if (cid)
		refcount_inc(&cid->refs);
	return cid;
}

/**
 * audit_cid_put - put a reference
 * @cid: an audit container, or NULL
 *
 * The last put also puts the reference to the parent, and so on up the tree. At
 * most AUDIT_CID_DEPTH_MAX audit containers are freed.
 */
void audit_cid_put(struct audit_cid *cid)
{
	while (cid && refcount_dec_and_test(&cid->refs)) {
		struct audit_cid *parent = cid->parent;

		WARN_ON_ONCE(atomic_read(&cid->members));
		kfree(cid->name);
		kfree_rcu(cid, rcu);
		cid = parent;
	}
}

static unsigned int audit_cid_depth(const struct audit_cid *cid)
{
	return cid ? cid->depth : 0;
}

/*
 * If the jump of the parent spans as many levels as the next jump from there,
 * jump over both, else to the parent. So the way to any ancestor has O(log
 * depth) steps (Myers, An Applicative Random-Access Stack, 1983).
 */
static struct audit_cid *audit_cid_jump(struct audit_cid *parent)
{
	struct audit_cid *near = parent ? parent->jump : NULL;
	struct audit_cid *far = near ? near->jump : NULL;

	if (audit_cid_depth(parent) - audit_cid_depth(near) ==
	    audit_cid_depth(near) - audit_cid_depth(far))
		return far;
	return parent;
}

/**
 * audit_cid_set_parent - add a new audit container to the tree
 * @cid: the audit container; other tasks cannot find it yet
 * @parent: its parent, or NULL for the host. The reference of the caller moves
 *	to @cid.
 */
void audit_cid_set_parent(struct audit_cid *cid, struct audit_cid *parent)
{
	cid->parent = parent;
	cid->jump = audit_cid_jump(parent);
	cid->grant = cid->budget ? cid : audit_cid_grant(parent);
	cid->depth = audit_cid_depth(parent) + 1;
}

/**
 * audit_cid_in_tree - check whether an audit container is in a subtree
 * @cid: the audit container, or NULL for the host
 * @id: ID of the root of the subtree; 0 for the host, and so the whole tree
 *
 * The ID of a child is larger than that of its parent, so the IDs alone lead
 * the way up.
 *
 * Context: The caller holds a reference to @cid, or RCU.
 * Return: Whether @cid is in the subtree, or is its root.
 */
bool audit_cid_in_tree(const struct audit_cid *cid, u64 id)
{
	while (audit_cid_id(cid) > id)
		cid = audit_cid_id(cid->jump) >= id ? cid->jump : cid->parent;
	return audit_cid_id(cid) == id;
}

bool audit_cid_within(const struct audit_cid *cid, const struct audit_cid *top)
{
	return audit_cid_in_tree(cid, audit_cid_id(top));
}

u64 audit_cid_id_of(const struct task_struct *p)
{
	guard(rcu)();
	return audit_cid_id(audit_cid_rcu(p));
}

/**
 * audit_cid_get_of - get a reference to the audit container of a task
 * @p: current, or a task to which the caller holds a reference
 *
 * Return: The audit container, to be released by audit_cid_put(), or NULL for a
 * host process.
 */
struct audit_cid *audit_cid_get_of(const struct task_struct *p)
{
	struct audit_cid *cid;

	guard(rcu)();
	do {
		/* No references: the task has moved, so read again. */
		cid = audit_cid_rcu(p);
	} while (cid && !refcount_inc_not_zero(&cid->refs));
	return cid;
}

static struct audit_cid *audit_cid_of_node(struct rb_node *node)
{
	return rb_entry(node, struct audit_cid, node);
}

static bool audit_cid_less(struct rb_node *a, const struct rb_node *b)
{
	return audit_cid_of_node(a)->id <
	       rb_entry(b, struct audit_cid, node)->id;
}

/**
 * audit_cid_insert - assign an ID to a new audit container, and index it
 * @cid: the audit container. It has no members, so it is not live yet.
 *
 * Context: Process context. The caller holds audit_cid_mutex.
 */
void audit_cid_insert(struct audit_cid *cid)
{
	lockdep_assert_held(&audit_cid_mutex);

	cid->id = audit_cid_next(&audit_cid_last, get_random_u32());
	guard(spinlock)(&audit_cid_index_lock);
	rb_add(&cid->node, &audit_cid_index, audit_cid_less);
}

/**
 * audit_cid_last_id - read the last assigned ID
 *
 * Under audit_cid_mutex, an audit container with an ID up to this one is in the
 * index, has ended, or was never live.
 *
 * Return: The ID, or 0 before the first audit container.
 */
u64 audit_cid_last_id(void)
{
	return atomic64_read(&audit_cid_last);
}

void audit_cid_erase(struct audit_cid *cid)
{
	guard(spinlock)(&audit_cid_index_lock);
	rb_erase(&cid->node, &audit_cid_index);
}

/* Find the audit container with the smallest ID that is at least @id. */
static struct audit_cid *audit_cid_lookup(u64 id)
{
	struct rb_node *node = audit_cid_index.rb_node;
	struct audit_cid *found = NULL;

	lockdep_assert_held(&audit_cid_index_lock);

	while (node) {
		struct audit_cid *cid = audit_cid_of_node(node);

		if (cid->id < id) {
			node = node->rb_right;
		} else {
			found = cid;
			node = node->rb_left;
		}
	}
	return found;
}

/**
 * audit_cid_find - find a live audit container, and get a reference to it
 * @id: its ID
 *
 * Context: Process context. The caller holds audit_cid_mutex.
 * Return: The audit container, to be released by audit_cid_put(), or NULL if
 * the ID is not live.
 */
struct audit_cid *audit_cid_find(u64 id)
{
	struct audit_cid *cid;

	lockdep_assert_held(&audit_cid_mutex);

	guard(spinlock)(&audit_cid_index_lock);
	cid = audit_cid_lookup(id);
	if (!cid || cid->id != id || !atomic_read(&cid->members))
		return NULL;
	/* While it is indexed, the last member keeps its reference. */
	return audit_cid_get(cid);
}

/**
 * audit_cid_next_live - get a reference to the next live audit container
 * @id: the smallest ID to return
 *
 * The order of IDs puts parents before children. The mutex keeps writers out,
 * so any audit container that is created later has a larger ID.
 *
 * Context: Process context. The caller holds audit_cid_mutex.
 * Return: The audit container, to be released by audit_cid_put(), or NULL after
 * the last one.
 */
struct audit_cid *audit_cid_next_live(u64 id)
{
	struct audit_cid *cid;
	struct rb_node *node;

	lockdep_assert_held(&audit_cid_mutex);

	guard(spinlock)(&audit_cid_index_lock);
	cid = audit_cid_lookup(id);
	for (node = cid ? &cid->node : NULL; node; node = rb_next(node)) {
		cid = audit_cid_of_node(node);
		if (atomic_read(&cid->members))
			return audit_cid_get(cid);
	}
	return NULL;
}

/* Must not wait for the audit daemon, or no member could exit. */
static void audit_cid_log_ended(struct audit_cid *cid, pid_t opid)
{
	struct audit_buffer *ab;

	ab = audit_cid_log_start(NULL, false);
	if (!ab)
		return;

	audit_log_format(ab, "op=exit ocontid=%llu pcontid=%llu", cid->id,
			 audit_cid_id(cid->parent));
	audit_cid_log_name(ab, cid->name, cid->name_len);
	audit_log_format(ab, " opid=%d", opid);
	audit_cid_log_subject(ab);
	audit_log_format(ab, " res=1");
	audit_log_end(ab);
}

/**
 * audit_cid_leave - remove a member
 * @cid: the audit container that a process leaves, or NULL. The caller owns the
 *	reference of that process.
 * @opid: the process
 *
 * The removal of the last member ends the audit container.
 *
 * Context: Process context, may sleep, but not for the audit daemon.
 */
void audit_cid_leave(struct audit_cid *cid, pid_t opid)
{
	if (!cid || !atomic_dec_and_test(&cid->members))
		return;

	audit_cid_erase(cid);
	audit_cid_log_ended(cid, opid);
	audit_cid_charge(cid, -1);
}

/**
 * audit_cid_inherit - make a new process a member of its creator's audit
 * container
 * @child: the new process, which other tasks cannot find yet
 * @sig: its creator, a member whose siglock is held
 *
 * Context: Atomic.
 */
void audit_cid_inherit(struct signal_struct *child,
		       const struct signal_struct *sig)
{
	struct audit_cid *cid = rcu_dereference_protected(sig->audit_cid, true);

	atomic_inc(&cid->members);
	RCU_INIT_POINTER(child->audit_cid, audit_cid_get(cid));
}

void audit_cid_exit_last(struct signal_struct *sig)
{
	/* The group exits, so writers do not change the pointer any more. */
	audit_cid_leave(rcu_dereference_protected(sig->audit_cid, true),
			task_tgid_nr(current));
}
