// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: how a write to the file is carried out.
 */

/**
 * DOC: Writes
 *
 * The order of these steps makes the log reliable:
 *
 * 1. All checks, under audit_cid_mutex. A request that fails here is logged as
 *    failed, and has not changed any event before.
 * 2. The start of the record. It may wait for the audit daemon, so no lock is
 *    held.
 * 3. Under audit_cid_mutex: all checks again, the namespaces of each thread,
 *    and the text of the record.
 * 4. Under the siglock of the target, which can now neither fork nor begin to
 *    exit: the end of the record, and the store that moves the target.
 * 5. A record op=thread for each thread with other namespaces than the record
 *    lists.
 *
 * The comment at the top of audit_cid.c describes the locks and their order.
 */

#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "audit.h"
#include "audit_cid.h"

/* A thread of the target with other namespaces than the record lists. */
struct audit_cid_thread {
	pid_t			tid;
	struct audit_cid_nsset	set;
};

struct audit_cid_move {
	const struct audit_cid_request	*req;
	struct audit_cid_rights		rights;
	struct pid			*pid;
	struct task_struct		*target;	/* NULL: gone */
	struct audit_cid		*made;
	/* parent of the new audit container, or the one to join; NULL: host */
	struct audit_cid		*found;
	/*
	 * The audit container of the target, valid under audit_cid_mutex. After
	 * the move, this is the reference that the target had.
	 */
	struct audit_cid		*from;
	u64				from_id;
	struct audit_cid_nsset		nsset;
	struct audit_cid_thread		*threads;
	unsigned int			nr_threads;
	unsigned int			max_threads;
};

static pid_t audit_cid_opid(const struct audit_cid_move *move)
{
	pid_t tgid = move->target ? task_tgid_nr(move->target) : 0;

	/* After the target was reaped, only the pid has its number. */
	return tgid ?: pid_nr(move->pid);
}

static void audit_cid_log_new(struct audit_buffer *ab,
			      const struct audit_cid_move *move, bool moved)
{
	const struct audit_cid_request *req = move->req;

	if (moved)
		audit_log_format(ab, "op=create ocontid=%llu pcontid=%llu",
				 move->made->id, audit_cid_id(move->found));
	else
		audit_log_format(ab, "op=create ocontid=? pcontid=%llu",
				 req->has_parent ? req->parent : move->from_id);
	/* Any process can write a name to a request that is denied. */
	if (moved)
		audit_cid_log_name(ab, move->made->name, move->made->name_len);
	else
		audit_cid_log_name(ab, NULL, 0);
}

static void audit_cid_log_move(struct audit_buffer *ab,
			       const struct audit_cid_move *move, bool moved)
{
	switch (move->req->op) {
	case AUDIT_CID_NEW:
		audit_cid_log_new(ab, move, moved);
		break;
	case AUDIT_CID_JOIN:
		audit_log_format(ab, "op=join ocontid=%llu prev=%llu",
				 move->req->id, move->from_id);
		break;
	case AUDIT_CID_ANNOUNCE:
		audit_log_format(ab, "op=announce ocontid=?");
		break;
	}
	audit_log_format(ab, " opid=%d", audit_cid_opid(move));
	audit_cid_log_nsset(ab, &move->nsset);
	if (move->req->delegate)
		audit_log_format(ab, " delegate=%d", move->req->delegate);
}

/* Rate limit for denied host processes. */
static atomic64_t audit_cid_host_refused = ATOMIC64_INIT(0);

/*
 * Any process can cause denied writes in a loop, so a writer without the
 * capability is delayed if it does. A delegation has one rate limit for its
 * whole subtree, because delegatees can create more audit containers.
 */
static void audit_cid_delay_refused(const struct audit_cid_move *move)
{
	struct audit_cid *cid, *bound;

	if (audit_cid_privileged(&move->rights))
		return;
	cid = audit_cid_get_of(current);
	bound = audit_cid_grant(cid) ?: cid;
	audit_cid_bound_sleep(bound ? &bound->refused : &audit_cid_host_refused,
			      &audit_cid_bound_refused);
	audit_cid_put(cid);
}

static void audit_cid_log_refused(struct audit_cid_move *move)
{
	struct audit_context *ctx = audit_context();
	struct audit_buffer *ab;

	lockdep_assert_not_held(&audit_cid_mutex);
	audit_cid_delay_refused(move);
	ab = audit_cid_log_start(ctx, true);
	if (!ab)
		return;
	if (move->target)
		audit_cid_nsset_read(&move->nsset, move->target);
	audit_cid_log_move(ab, move, false);
	audit_cid_log_actor(ab);
	audit_cid_log_res(ab, ctx, 0);
	audit_log_end(ab);
}

/* A delegatee must not find out whether an ID outside its subtree is live. */
static int audit_cid_not_found(const struct audit_cid_move *move)
{
	return audit_cid_privileged(&move->rights) ? -ESRCH : -EPERM;
}

/* The parent must be the audit container of the target, or a descendant. */
static int audit_cid_find_parent(struct audit_cid_move *move)
{
	const struct audit_cid_request *req = move->req;

	move->found = req->has_parent ? audit_cid_find(req->parent) :
					audit_cid_get(move->from);
	if (!move->found)
		return req->has_parent ? audit_cid_not_found(move) : 0;
	if (!audit_cid_within(move->found, move->from))
		return -EPERM;
	if (move->found->depth >= AUDIT_CID_DEPTH_MAX ||
	    !audit_cid_budget_left(move->found))
		return -ENOSPC;
	return 0;
}

/* The audit container to join must be a descendant of the target's. */
static int audit_cid_find_joined(struct audit_cid_move *move)
{
	move->found = audit_cid_find(move->req->id);
	if (!move->found)
		return audit_cid_not_found(move);
	if (move->found == move->from ||
	    !audit_cid_within(move->found, move->from))
		return -EPERM;
	return 0;
}

/* Check whether the writer may act on the target. Sets @from. */
static int audit_cid_reach(struct audit_cid_move *move)
{
	lockdep_assert_held(&audit_cid_mutex);

	/* Other flags may change during the read. PF_KTHREAD does not. */
	if (data_race(move->target->flags) & PF_KTHREAD)
		return -EPERM;
	move->from = audit_cid_of(move->target);
	move->from_id = audit_cid_id(move->from);
	move->rights.caller.cid = audit_cid_of(current);
	scoped_guard(rcu)
		if (!audit_cid_covers(&move->rights, move->from,
				      __task_cred(move->target)->user_ns))
			return -EPERM;
	/* audit_cid_switch() decides. Here, zombies only skip the work. */
	if (data_race(move->target->signal->flags) & SIGNAL_GROUP_EXIT)
		return -ESRCH;
	return 0;
}

/* Check whether the writer may do what it requests. Sets @from and @found. */
static int audit_cid_resolve(struct audit_cid_move *move)
{
	int ret = audit_cid_reach(move);

	if (ret)
		return ret;
	audit_cid_put(move->found);
	return move->req->op == AUDIT_CID_NEW ? audit_cid_find_parent(move) :
						audit_cid_find_joined(move);
}

/*
 * Without tasklist_lock, an exec by another thread could take the sighand from
 * the leader. A task that is still on the list of tasks has one.
 */
static struct task_struct *audit_cid_lock_group(struct pid *pid,
						unsigned long *flags)
{
	struct task_struct *p;

	guard(read_lock)(&tasklist_lock);
	p = pid_task(pid, PIDTYPE_PID);
	return p && lock_task_sighand(p, flags) ? p : NULL;
}

static bool audit_cid_enter(struct audit_cid *to, bool made)
{
	if (!made)
		return atomic_inc_not_zero(&to->members);
	atomic_set(&to->members, 1);
	return true;
}

static int audit_cid_reserve_threads(struct audit_cid_move *move)
{
	kvfree(move->threads);
	move->max_threads = move->nr_threads + move->nr_threads / 8 + 8;
	move->threads = kvcalloc(move->max_threads, sizeof(*move->threads),
				 GFP_KERNEL_ACCOUNT);
	return move->threads ? 0 : -ENOMEM;
}

static void audit_cid_add_thread(struct audit_cid_move *move, pid_t tid,
				 const struct audit_cid_nsset *set)
{
	unsigned int n = move->nr_threads++;

	if (n < move->max_threads)
		move->threads[n] = (struct audit_cid_thread) { tid, *set };
}

/*
 * The record lists the namespaces of the leader or, if the leader has exited,
 * of the first live thread. Threads with other namespaces have records of their
 * own. -EAGAIN: more room is required for them.
 */
static int audit_cid_note_nssets(struct audit_cid_move *move)
{
	struct audit_cid_nsset set;
	struct task_struct *t;
	bool any = false;

	lockdep_assert_held(&audit_cid_mutex);

	move->nr_threads = 0;
	guard(rcu)();
	for_each_thread(move->target, t) {
		if (!audit_cid_nsset_of(&set, t))
			continue;
		if (!any)
			move->nsset = set;
		else if (!audit_cid_nsset_equal(&set, &move->nsset))
			audit_cid_add_thread(move, task_pid_nr(t), &set);
		any = true;
	}
	return move->nr_threads > move->max_threads ? -EAGAIN : 0;
}

static void audit_cid_log_thread(const struct audit_cid_move *move,
				 const struct audit_cid_thread *thread)
{
	struct audit_context *ctx = audit_context();
	struct audit_buffer *ab;

	ab = audit_cid_log_start(ctx, true);
	if (!ab)
		return;
	audit_log_format(ab, "op=thread ocontid=%llu opid=%d otid=%d",
			 (move->made ?: move->found)->id, audit_cid_opid(move),
			 thread->tid);
	audit_cid_log_nsset(ab, &thread->set);
	audit_cid_log_actor(ab);
	audit_cid_log_res(ab, ctx, 1);
	audit_log_end(ab);
}

static void audit_cid_log_threads(const struct audit_cid_move *move)
{
	unsigned int i;

	lockdep_assert_not_held(&audit_cid_mutex);

	for (i = 0; i < move->nr_threads; i++)
		audit_cid_log_thread(move, &move->threads[i]);
}

/*
 * The record is logged and the target moved in one section in which the target
 * can neither fork nor begin to exit. So the record precedes all that the
 * target does with the new ID, and its text is still true.
 */
static int audit_cid_switch(struct audit_cid_move *move,
			    struct audit_buffer *ab)
{
	struct audit_cid *to = move->made ?: move->found;
	struct signal_struct *sig = move->target->signal;
	struct task_struct *p;
	unsigned long flags;
	bool moved;

	lockdep_assert_held(&audit_cid_mutex);

	p = audit_cid_lock_group(move->pid, &flags);
	if (!p)
		return -ESRCH;
	moved = !(sig->flags & SIGNAL_GROUP_EXIT) &&
		audit_cid_enter(to, move->made);
	if (moved) {
		audit_log_end(ab);
		rcu_assign_pointer(sig->audit_cid, audit_cid_get(to));
	}
	unlock_task_sighand(p, &flags);
	return moved ? 0 : -ESRCH;
}

/* Without a member, other writers cannot join a new audit container yet. */
static void audit_cid_place(struct audit_cid_move *move)
{
	if (!move->made)
		return;
	audit_cid_insert(move->made);
	audit_cid_set_parent(move->made, audit_cid_get(move->found));
	move->made->nsset = move->nsset;
	audit_cid_charge(move->made, 1);
}

static void audit_cid_displace(struct audit_cid_move *move)
{
	if (!move->made)
		return;
	audit_cid_charge(move->made, -1);
	audit_cid_erase(move->made);
	audit_cid_put(move->made->parent);
	move->made->parent = NULL;
}

static int audit_cid_note_and_switch(struct audit_cid_move *move,
				     struct audit_buffer *ab)
{
	int ret;

	ret = audit_cid_note_nssets(move);
	if (ret)
		return ret;
	audit_cid_place(move);
	audit_cid_log_move(ab, move, true);
	audit_cid_log_actor(ab);
	audit_cid_log_res(ab, audit_context(), 1);
	ret = audit_cid_switch(move, ab);
	if (ret)
		audit_cid_displace(move);
	return ret;
}

static int audit_cid_commit(struct audit_cid_move *move,
			    struct audit_buffer *ab)
{
	int ret;

	guard(mutex)(&audit_cid_mutex);

	ret = audit_cid_resolve(move);
	if (ret)
		return ret;
	audit_cid_begin_settling(move->target->signal);
	ret = audit_cid_note_and_switch(move, ab);
	audit_cid_end_settling();
	return ret;
}

/* The event of a writer that has moved itself names the new ID. */
static void audit_cid_noted(const struct audit_cid_move *move)
{
	struct audit_context *ctx = audit_context();

	if (ctx && same_thread_group(move->target, current))
		audit_note_contid(&ctx->contid, current);
}

/*
 * The record starts before the mutex is acquired, because the start may wait
 * for the audit daemon. It starts only after the checks have passed, because a
 * started record turns the system call into an event.
 */
static int audit_cid_try_move(struct audit_cid_move *move)
{
	struct audit_buffer *ab;
	int ret;

	ab = audit_cid_log_start(audit_context(), true);
	ret = audit_cid_commit(move, ab);
	if (ret)
		audit_log_cancel(ab);
	return ret;
}

static int audit_cid_move(struct audit_cid_move *move)
{
	int ret;

	do {
		ret = audit_cid_try_move(move);
	} while (ret == -EAGAIN && !(ret = audit_cid_reserve_threads(move)));
	if (ret)
		return ret;

	audit_cid_noted(move);
	audit_cid_log_threads(move);
	audit_cid_leave(move->from, audit_cid_opid(move));
	audit_cid_put(move->from);
	return 0;
}

/*
 * The static key is on during the first creation and afterwards. It uses locks
 * that sleep, so it comes before all other locks.
 */
static int audit_cid_make(struct audit_cid_move *move)
{
	static atomic_t made_any = ATOMIC_INIT(0);
	int ret;

	move->made = audit_cid_alloc(move->req->name);
	if (!move->made)
		return -ENOMEM;
	move->made->budget = move->req->delegate;

	static_branch_inc(&audit_cid_used);
	ret = audit_cid_move(move);
	/* The first success keeps it on. */
	if (ret || atomic_xchg(&made_any, 1))
		static_branch_dec(&audit_cid_used);
	return ret;
}

static int audit_cid_announce_target(struct audit_cid_move *move)
{
	int ret;

	scoped_guard(mutex, &audit_cid_mutex) {
		ret = audit_cid_reach(move);
		if (ret)
			return ret;
		move->found = audit_cid_get(move->from);
	}
	return audit_cid_announce(move->found, true);
}

static int audit_cid_check(struct audit_cid_move *move)
{
	guard(mutex)(&audit_cid_mutex);
	return audit_cid_resolve(move);
}

/* A delegatee may neither delegate nor announce. */
static bool audit_cid_permitted(const struct audit_cid_move *move)
{
	if (move->req->op == AUDIT_CID_ANNOUNCE || move->req->delegate)
		return audit_cid_privileged(&move->rights);
	return audit_cid_may_try(&move->rights);
}

static int audit_cid_perform(struct audit_cid_move *move)
{
	if (!audit_cid_permitted(move))
		return -EPERM;
	if (move->req->op == AUDIT_CID_ANNOUNCE)
		return audit_cid_announce_target(move);

	return audit_cid_check(move) ?:
	       (move->req->op == AUDIT_CID_NEW ? audit_cid_make(move) :
						 audit_cid_move(move));
}

/**
 * audit_cid_apply - carry out a request
 * @pid: the target
 * @req: the request
 * @rights: the permissions of opener and writer
 *
 * Logs the attempt, whether it succeeds or fails.
 *
 * Context: Process context, may sleep.
 * Return: 0 or a negative error:
 *
 * * %-EPERM - a permission is missing, the target is a kernel thread, or the
 *   request leaves the subtree of writer, opener or target. A delegatee also
 *   gets it for an ID that is not live.
 * * %-ESRCH - the target is gone or exits, or the ID is not live
 * * %-ENOSPC - too many levels, or the limit of a delegation is reached
 * * %-ENOMEM
 * * %-EAGAIN - not all live audit containers could be announced
 */
int audit_cid_apply(struct pid *pid, const struct audit_cid_request *req,
		    const struct audit_cid_rights *rights)
{
	struct audit_cid_move move = {
		.req = req, .rights = *rights, .pid = pid
	};
	int ret = -ESRCH;

	move.target = get_pid_task(pid, PIDTYPE_PID);
	if (move.target) {
		move.from_id = audit_cid_id_of(move.target);
		ret = audit_cid_perform(&move);
	}
	/* An incomplete announcement has logged records already. */
	if (ret && ret != -EAGAIN)
		audit_cid_log_refused(&move);

	kvfree(move.threads);
	audit_cid_put(move.made);
	audit_cid_put(move.found);
	if (move.target)
		put_task_struct(move.target);
	return ret;
}

/**
 * audit_cid_read - read the ID of a process
 * @pid: the process
 * @rights: the permissions of opener and reader
 * @id: set to the ID, 0 for a host process
 *
 * Context: Process context.
 * Return: 0, -EPERM if a permission is missing or the process is outside the
 * subtree of reader or opener, or -ESRCH if it is gone.
 */
int audit_cid_read(struct pid *pid, const struct audit_cid_rights *rights,
		   u64 *id)
{
	struct audit_cid_rights now = *rights;
	const struct audit_cid *cid;
	struct task_struct *p;

	guard(rcu)();
	p = pid_task(pid, PIDTYPE_PID);
	if (!p)
		return -ESRCH;
	cid = audit_cid_rcu(p);
	now.caller.cid = audit_cid_rcu(current);
	if (!audit_cid_covers(&now, cid, __task_cred(p)->user_ns))
		return -EPERM;
	*id = audit_cid_id(cid);
	return 0;
}
