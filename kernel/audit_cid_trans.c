// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: records of namespace changes.
 */

/**
 * DOC: Namespace changes
 *
 * The namespaces of an audit container are those in its create record, and
 * those of its members in later records: op=setns, op=unshare, op=clone and
 * op=exec list the whole set after the change. A set that follows from an
 * earlier record is not a change: a child may enter the namespaces that the
 * record of its parent lists as "for_children", and a plain fork is never
 * recorded.
 *
 * A record is part of the event of its system call if that is logged. The
 * kernel decides this when the call ends, so the record waits in the auxiliary
 * data of the audit context. If the event was not logged, the code that frees
 * the auxiliary data logs the record as an event. If no rule is loaded, the
 * call cannot be logged and the record does not wait. Any process can change
 * namespaces in a loop, so members that exceed a rate are delayed: see
 * audit_cid_bound.c.
 *
 * The records of a host process are only logged as parts of events. They show
 * which host process has entered the namespaces of an audit container.
 *
 * A record may wait for the audit daemon, so the callers hold no lock.
 */

#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <uapi/linux/sched.h>

#include "audit.h"
#include "audit_cid.h"

#define AUDIT_CID_NS_FLAGS						\
	(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS |	\
	 CLONE_NEWPID | CLONE_NEWTIME | CLONE_NEWUSER | CLONE_NEWUTS)

struct audit_cid_trans {
	/* first member: audit frees the structure through it */
	struct audit_aux_data	aux;
	const char		*op;
	struct audit_cid	*cid;	/* NULL: a host process */
	pid_t			opid;
	pid_t			otid;
	struct audit_cid_nsset	set;
	bool			logged;
};

static void audit_cid_log_trans(struct audit_buffer *ab,
				const struct audit_context *ctx,
				const struct audit_cid_trans *trans)
{
	audit_log_format(ab, "op=%s ocontid=%llu opid=%d otid=%d", trans->op,
			 audit_cid_id(trans->cid), trans->opid, trans->otid);
	audit_cid_log_nsset(ab, &trans->set);
	audit_cid_log_actor(ab);
	audit_cid_log_res(ab, ctx, 1);
}

/* The namespaces of a host process are not logged outside of events. */
static void audit_cid_log_trans_alone(const struct audit_cid_trans *trans)
{
	struct audit_buffer *ab;

	if (!trans->cid)
		return;
	ab = audit_cid_log_start(NULL, true);
	if (!ab)
		return;
	audit_cid_log_trans(ab, NULL, trans);
	audit_log_end(ab);
}

/**
 * audit_cid_log_aux - log a namespace change in the event of its system call
 * @ab: the record
 * @ctx: the audit context of current
 * @aux: the namespace change
 *
 * Context: Process context, may sleep.
 */
void audit_cid_log_aux(struct audit_buffer *ab, const struct audit_context *ctx,
		       struct audit_aux_data *aux)
{
	struct audit_cid_trans *trans;

	trans = container_of(aux, struct audit_cid_trans, aux);
	audit_cid_log_trans(ab, ctx, trans);
	trans->logged = true;
}

/**
 * audit_cid_release_aux - prepare auxiliary data for being freed
 * @aux: auxiliary data of any type, no longer in the audit context
 *
 * A namespace change that the event did not log is logged here.
 *
 * Context: Process context, may sleep.
 */
void audit_cid_release_aux(struct audit_aux_data *aux)
{
	struct audit_cid_trans *trans;

	if (aux->type != AUDIT_CONTAINER_OP)
		return;

	trans = container_of(aux, struct audit_cid_trans, aux);
	if (!trans->logged)
		audit_cid_log_trans_alone(trans);
	audit_cid_put(trans->cid);
}

static bool audit_cid_event_open(const struct audit_context *ctx)
{
	return audit_cid_in_event(ctx) && !ctx->dummy;
}

static bool audit_cid_trans_wait(struct audit_context *ctx,
				 const struct audit_cid_trans *trans)
{
	struct audit_cid_trans *copy;

	copy = kmemdup(trans, sizeof(*trans), GFP_KERNEL);
	if (!copy)
		return false;
	copy->aux.type = AUDIT_CONTAINER_OP;
	copy->aux.next = ctx->aux;
	ctx->aux = &copy->aux;
	return true;
}

/* The process that a writer is moving. Its namespaces are being read. */
static struct signal_struct *audit_cid_settling;

/**
 * audit_cid_begin_settling - mark a process before its namespaces are read
 * @sig: the process that the writer is moving
 *
 * Context: The caller holds audit_cid_mutex, and a reference to a task of @sig.
 */
void audit_cid_begin_settling(struct signal_struct *sig)
{
	lockdep_assert_held(&audit_cid_mutex);
	WRITE_ONCE(audit_cid_settling, sig);
	/*
	 * The mark before the reads of the namespaces. Pairs with the barrier
	 * in audit_cid_get_settled().
	 */
	smp_mb();
}

/**
 * audit_cid_end_settling - remove the mark of a process
 *
 * Context: The caller holds audit_cid_mutex.
 */
void audit_cid_end_settling(void)
{
	lockdep_assert_held(&audit_cid_mutex);
	/* The pointer before the mark is removed. Pairs with the load below. */
	smp_store_release(&audit_cid_settling, NULL);
}

/*
 * The namespaces of @p are stored. Either the writer that moves @p reads them,
 * or @p sees the mark or its new audit container. Only a writer that is moving
 * the process of @p makes it wait.
 */
static struct audit_cid *audit_cid_get_settled(const struct task_struct *p)
{
	/* Pairs with the barrier in audit_cid_begin_settling(). */
	smp_mb();
	/* Pairs with the store in audit_cid_end_settling(). */
	if (unlikely(smp_load_acquire(&audit_cid_settling) == p->signal)) {
		mutex_lock(&audit_cid_mutex);
		mutex_unlock(&audit_cid_mutex);
	}
	return audit_cid_get_of(p);
}

static void audit_cid_trans(const char *op, struct task_struct *p, bool waits)
{
	struct audit_context *ctx = audit_context();
	struct audit_cid_trans trans = {
		.op	= op,
		.opid	= task_tgid_nr(p),
		.otid	= task_pid_nr(p),
	};

	might_sleep();
	waits = waits && audit_cid_event_open(ctx);
	trans.cid = audit_cid_get_settled(p);
	if (!trans.cid && !waits)
		return;

	audit_cid_nsset_fill(&trans.set, p, p->nsproxy);
	if (trans.cid)
		audit_cid_bound_sleep(&trans.cid->changes,
				      &audit_cid_bound_changes);
	if (waits && audit_cid_trans_wait(ctx, &trans))
		return;
	if (!trans.cid)
		audit_log_lost("out of memory for namespaces that changed");
	audit_cid_log_trans_alone(&trans);
	audit_cid_put(trans.cid);
}

/**
 * __audit_cid_setns_changes - check whether setns(2) changes a namespace
 * @nsset: the namespaces of current after the call
 *
 * Host processes are logged even if nothing changes.
 *
 * Context: Process context.
 * Return: Whether a namespace changes, or may change.
 */
bool __audit_cid_setns_changes(const struct nsset *nsset)
{
	struct audit_cid_nsset old, new;

	/* A task cannot enter the user namespace in which it is. */
	if (nsset->flags & CLONE_NEWUSER || !audit_cid_id_of(current))
		return true;
	audit_cid_nsset_fill(&old, current, current->nsproxy);
	audit_cid_nsset_fill(&new, current, nsset->nsproxy);
	return !audit_cid_nsset_equal(&old, &new);
}

void __audit_cid_setns(bool changed)
{
	if (changed)
		audit_cid_trans("setns", current, true);
}

void __audit_cid_unshare(unsigned long flags)
{
	if (flags & AUDIT_CID_NS_FLAGS)
		audit_cid_trans("unshare", current, true);
}

/**
 * __audit_cid_clone - log the namespaces of a new task
 * @p: the task, which does not run yet
 *
 * Context: Process context, may sleep.
 */
void __audit_cid_clone(struct task_struct *p)
{
	struct audit_cid_nsset parent, child;

	/* A thread, or a plain fork. */
	if (p->nsproxy == current->nsproxy &&
	    task_cred_xxx(p, user_ns) == current_user_ns())
		return;

	audit_cid_nsset_fill(&parent, current, current->nsproxy);
	audit_cid_nsset_fill(&child, p, p->nsproxy);
	if (!audit_cid_nsset_follows(&child, &parent))
		audit_cid_trans("clone", p, true);
}

/**
 * __audit_cid_exec - log that exec has changed a namespace of current
 * @old: its namespaces before; may be freed, so they are only compared
 *
 * exec enters the time namespace for children. The event of execve(2) already
 * belongs to the new program, so the record is always standalone.
 *
 * Context: Process context, may sleep. exec has released its locks.
 */
void __audit_cid_exec(const struct nsproxy *old)
{
	if (current->nsproxy == old)
		return;
	lockdep_assert_not_held(&current->signal->exec_update_lock);
	lockdep_assert_not_held(&current->signal->cred_guard_mutex);
	audit_cid_trans("exec", current, false);
}
