// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: records about namespaces that change.
 *
 * The namespaces of a container are those that the record of its creation
 * lists, and those of its members that any later record lists: op=setns,
 * op=unshare, op=clone and op=exec give the whole set after the change. A set
 * that follows from an earlier record is no change. So a child that enters
 * what its parent's record called "for_children" has none, and a plain fork
 * never has one.
 *
 * A record belongs to the event of the system call, where that is logged. This
 * is known only as the call ends, so the record waits among the auxiliary data
 * of the audit context, and the code that frees those logs what was not logged
 * with the event as an event of its own. Where no rule is loaded the call cannot
 * be logged, and the record does not wait. Everybody can change namespaces in a
 * loop, so members that do it too fast are delayed, see audit_cid_bound.c.
 *
 * A task in no container has records only within logged events. They answer
 * which task entered the namespaces of a container from outside.
 *
 * All of this runs where the task holds no lock, as a record may wait for the
 * audit daemon.
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

/* What makes unshare(2) change the namespaces of the caller. */
#define AUDIT_CID_NS_FLAGS						\
	(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS |	\
	 CLONE_NEWPID | CLONE_NEWTIME | CLONE_NEWUSER | CLONE_NEWUTS)

/**
 * struct audit_cid_trans - a change of namespaces
 * @aux: queues it until the system call ends; first, as it is freed by this
 * @op: what changed them
 * @cid: the container of the task, referenced; NULL for the host
 * @opid: process that the namespaces are those of
 * @otid: its thread
 * @set: the namespaces after the change
 * @logged: it went into the event of the system call
 */
struct audit_cid_trans {
	struct audit_aux_data	aux;
	const char		*op;
	struct audit_cid	*cid;
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

/* Log a change as an event of its own, if it is one of a container. */
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
 * audit_cid_log_aux - log a change within the event of its system call
 * @ab: the record
 * @ctx: the audit context of the current task
 * @aux: the change
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
 * audit_cid_release_aux - a change is about to be freed
 * @aux: auxiliary data of any type, no longer in the audit context
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

/* May the event of the running system call still be logged? */
static bool audit_cid_event_open(const struct audit_context *ctx)
{
	return audit_cid_in_event(ctx) && !ctx->dummy;
}

/* Let a change, and its reference, wait for the end of the system call. */
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

/* The process that a writer is moving, and whose namespaces it reads. */
static struct signal_struct *audit_cid_settling;

/**
 * audit_cid_begin_settling - a writer is about to read a process's namespaces
 * @sig: the process, which the writer is going to move
 *
 * Context: The caller holds audit_cid_mutex, and a reference to a task of it.
 */
void audit_cid_begin_settling(struct signal_struct *sig)
{
	lockdep_assert_held(&audit_cid_mutex);
	WRITE_ONCE(audit_cid_settling, sig);
	/* Pairs with that in audit_cid_get_settled(): namespaces come next. */
	smp_mb();
}

/**
 * audit_cid_end_settling - a writer has moved the process, or failed to
 *
 * Context: The caller holds audit_cid_mutex.
 */
void audit_cid_end_settling(void)
{
	lockdep_assert_held(&audit_cid_mutex);
	/* Pairs with the load in audit_cid_get_settled(): the store came first. */
	smp_store_release(&audit_cid_settling, NULL);
}

/*
 * Take a reference to the container of a task whose namespaces are stored.
 * Either a writer that moves the task reads these namespaces, or the task finds
 * its process settling or moved. It waits for a writer only if that moves its
 * own process at this moment.
 */
static struct audit_cid *audit_cid_get_settled(const struct task_struct *p)
{
	/* Pairs with that in audit_cid_begin_settling(). */
	smp_mb();
	/* Pairs with the store in audit_cid_end_settling(). */
	if (unlikely(smp_load_acquire(&audit_cid_settling) == p->signal)) {
		mutex_lock(&audit_cid_mutex);
		mutex_unlock(&audit_cid_mutex);
	}
	return audit_cid_get_of(p);
}

/* Only a change within a system call of current can wait for its end. */
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
 * __audit_cid_setns_changes - is setns(2) about to change a namespace
 * @nsset: the namespaces that current is about to have
 *
 * A task that enters from outside is logged in any case.
 *
 * Context: Process context.
 * Return: Whether it is, or may be.
 */
bool __audit_cid_setns_changes(const struct nsset *nsset)
{
	struct audit_cid_nsset old, new;

	/* One cannot enter the user namespace that one is in. */
	if (nsset->flags & CLONE_NEWUSER || !audit_cid_id_of(current))
		return true;
	audit_cid_nsset_fill(&old, current, current->nsproxy);
	audit_cid_nsset_fill(&new, current, nsset->nsproxy);
	return !audit_cid_nsset_equal(&old, &new);
}

/**
 * __audit_cid_setns - current has entered namespaces by setns(2)
 * @changed: what audit_cid_setns_changes() returned before
 *
 * Context: Process context, may sleep.
 */
void __audit_cid_setns(bool changed)
{
	if (changed)
		audit_cid_trans("setns", current, true);
}

/**
 * __audit_cid_unshare - current has called unshare(2) with success
 * @flags: its argument
 *
 * Context: Process context, may sleep.
 */
void __audit_cid_unshare(unsigned long flags)
{
	if (flags & AUDIT_CID_NS_FLAGS)
		audit_cid_trans("unshare", current, true);
}

/**
 * __audit_cid_clone - current has made a task
 * @p: the task, which does not run yet
 *
 * Context: Process context, may sleep.
 */
void __audit_cid_clone(struct task_struct *p)
{
	struct audit_cid_nsset parent, child;

	/* As after any plain fork, and for every thread. */
	if (p->nsproxy == current->nsproxy &&
	    task_cred_xxx(p, user_ns) == current_user_ns())
		return;

	audit_cid_nsset_fill(&parent, current, current->nsproxy);
	audit_cid_nsset_fill(&child, p, p->nsproxy);
	if (!audit_cid_nsset_follows(&child, &parent))
		audit_cid_trans("clone", p, true);
}

/**
 * __audit_cid_exec - current has executed a program
 * @old: its namespaces before; only compared, as they may be gone
 *
 * It may have entered its time namespace for children. The event of execve(2)
 * is the new program's, so the record always stands alone.
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
