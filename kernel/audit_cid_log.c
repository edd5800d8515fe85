// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: records of type AUDIT_CONTAINER_OP.
 *
 * They tell the life of audit containers. Their common parts are here; what is
 * peculiar to a write, to a change of namespaces or to an announcement is with
 * these.
 */

#include <linux/atomic.h>
#include <linux/audit.h>
#include <linux/kdev_t.h>
#include <linux/mm_types.h>
#include <linux/ratelimit.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "audit.h"
#include "audit_cid.h"

/* Records that a limit lets pass: this many in this time. */
#define AUDIT_CID_LIMIT_BURST		32
#define AUDIT_CID_LIMIT_INTERVAL	(5 * HZ)

/**
 * audit_cid_limit_init - set up a limit
 * @limit: the limit
 *
 * Context: Any.
 */
void audit_cid_limit_init(struct audit_cid_limit *limit)
{
	ratelimit_state_init(&limit->rate, AUDIT_CID_LIMIT_INTERVAL,
			     AUDIT_CID_LIMIT_BURST);
	/* What was left out is told by a record, not by printk. */
	ratelimit_set_flags(&limit->rate, RATELIMIT_MSG_ON_RELEASE);
	atomic_set(&limit->suppressed, 0);
}

/**
 * audit_cid_limit_pass - may one more record be written
 * @limit: the limit of the container that it is about or comes from
 * @suppressed: set to the number of records left out since the last one that
 *	passed
 *
 * Context: Any.
 * Return: Whether it may.
 */
bool audit_cid_limit_pass(struct audit_cid_limit *limit, int *suppressed)
{
	if (!__ratelimit(&limit->rate)) {
		atomic_inc(&limit->suppressed);
		return false;
	}
	*suppressed = atomic_xchg(&limit->suppressed, 0);
	return true;
}

/**
 * audit_cid_log_start - start a record about an audit container
 * @ctx: the audit context whose event it is to be a part of, or NULL
 *
 * Context: Process context, may sleep until the audit daemon keeps up.
 * Return: The record, or NULL if there is to be none.
 */
struct audit_buffer *audit_cid_log_start(struct audit_context *ctx)
{
	if (!audit_enabled)
		return NULL;
	return audit_log_start(ctx, GFP_KERNEL, AUDIT_CONTAINER_OP);
}

/**
 * audit_cid_in_event - does a record become a part of a larger event
 * @ctx: the audit context that it is started with, or NULL
 *
 * Context: Any.
 * Return: Whether it belongs to a syscall or io_uring event, which names the
 * ID in a record of its own. It stands alone otherwise.
 */
bool audit_cid_in_event(const struct audit_context *ctx)
{
	return ctx && ctx->context != AUDIT_CTX_UNUSED;
}

/**
 * audit_cid_log_name - add the name of an audit container
 * @ab: the record, or NULL
 * @name: the name, NULL if there is none
 * @len: its length, in bytes
 *
 * Context: Any.
 */
void audit_cid_log_name(struct audit_buffer *ab, const char *name, size_t len)
{
	audit_log_format(ab, " name=");
	if (name)
		audit_log_n_untrustedstring(ab, name, len);
	else
		audit_log_format(ab, "(null)");
}

/**
 * audit_cid_log_nsset - add a set of namespaces
 * @ab: the record, or NULL
 * @set: the set; nothing is added for an empty one
 *
 * Context: Any.
 */
void audit_cid_log_nsset(struct audit_buffer *ab,
			 const struct audit_cid_nsset *set)
{
	char text[AUDIT_CID_NS_TEXT];

	if (!ab || !memchr_inv(set, 0, sizeof(*set)))
		return;
	audit_cid_nsset_print(text, sizeof(text), set, audit_cid_nsdev());
	audit_log_format(ab, " %s", text);
}

/* Records that were left out before this one. */
void audit_cid_log_suppressed(struct audit_buffer *ab, int suppressed)
{
	if (suppressed)
		audit_log_format(ab, " suppressed=%d", suppressed);
}

/**
 * audit_cid_log_subject - add who acts: the current task, without what is in
 *	its memory
 * @ab: the record, or NULL
 *
 * Context: Process context.
 */
void audit_cid_log_subject(struct audit_buffer *ab)
{
	char comm[TASK_COMM_LEN];

	audit_log_format(ab, " pid=%d uid=%u ", task_tgid_nr(current),
			 from_kuid(&init_user_ns, current_uid()));
	audit_log_session_info(ab);
	audit_log_task_context(ab);
	audit_log_format(ab, " comm=");
	audit_log_untrustedstring(ab, get_task_comm(comm, current));
}

/**
 * audit_cid_log_actor - add who acts and what it runs
 * @ab: the record, or NULL
 * @ctx: the audit context that the record was started with, or NULL. A record
 *	that stands alone tells the ID of the actor, too.
 *
 * Context: Process context, may sleep.
 */
void audit_cid_log_actor(struct audit_buffer *ab,
			 const struct audit_context *ctx)
{
	u64 contid;

	if (!ab)
		return;

	audit_cid_log_subject(ab);
	audit_log_d_path_exe(ab, current->mm);
	contid = audit_cid_in_event(ctx) ? 0 : audit_cid_id_of(current);
	if (contid)
		audit_log_format(ab, " contid=%llu", contid);
}
