// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: records of type AUDIT_CONTAINER_OP.
 *
 * They tell the life of audit containers. Their common parts are here; what is
 * peculiar to a write, to a change of namespaces or to an announcement is with
 * these.
 */

#include <linux/audit.h>
#include <linux/cleanup.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/kdev_t.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "audit.h"
#include "audit_cid.h"

/* In bytes, with the NUL; two hexadecimal digits may stand for each. */
#define AUDIT_CID_EXE_MAX	2048

/**
 * audit_cid_log_start - start a record about an audit container
 * @ctx: the audit context whose event it is to be a part of, or NULL
 * @wait: whether to wait until the audit daemon keeps up. Otherwise the record
 *	may exceed the backlog limit, up to four times its size.
 *
 * Context: Process context, may sleep.
 * Return: The record, or NULL if there is to be none.
 */
struct audit_buffer *audit_cid_log_start(struct audit_context *ctx, bool wait)
{
	if (wait)
		might_sleep();
	if (!audit_enabled)
		return NULL;
	return audit_log_start_fair(ctx, AUDIT_CONTAINER_OP, wait);
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
	dev_t dev = audit_cid_nsdev();
	int row;

	if (!ab || !memchr_inv(set, 0, sizeof(*set)))
		return;
	audit_log_format(ab, " nsdev=%02x:%02x", MAJOR(dev), MINOR(dev));
	for (row = 0; row < AUDIT_CID_NS_ROWS; row++) {
		audit_cid_ns_print(text, sizeof(text), set, row);
		audit_log_format(ab, "%s", text);
	}
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

/*
 * Add the program of current. auditd receives at most 8,970 bytes of a record,
 * so a path that does not fit into AUDIT_CID_EXE_MAX bytes is not logged.
 */
static void audit_cid_log_exe(struct audit_buffer *ab)
{
	struct file *exe __free(fput) =
		current->mm ? get_mm_exe_file(current->mm) : NULL;
	char *buf __free(kfree) = kmalloc(AUDIT_CID_EXE_MAX, GFP_KERNEL);
	char *path = "<no_memory>";

	if (!exe) {
		audit_log_format(ab, " exe=(null)");
		return;
	}
	if (buf)
		path = d_path(&exe->f_path, buf, AUDIT_CID_EXE_MAX);
	if (IS_ERR(path))
		path = "<too_long>";
	audit_log_format(ab, " exe=");
	audit_log_untrustedstring(ab, path);
}

/**
 * audit_cid_log_actor - add who acts and what it runs
 * @ab: the record, or NULL
 *
 * Context: Process context, may sleep.
 */
void audit_cid_log_actor(struct audit_buffer *ab)
{
	if (!ab)
		return;
	audit_cid_log_subject(ab);
	audit_cid_log_exe(ab);
}

/**
 * audit_cid_log_res - add the result of what current did, and its ID
 * @ab: the record, or NULL
 * @ctx: the audit context that the record was started with, or NULL. A record
 *	that is a part of an event leaves the ID to that event.
 * @res: 1 for success, 0 for a refusal
 *
 * Context: Process context.
 */
void audit_cid_log_res(struct audit_buffer *ab, const struct audit_context *ctx,
		       int res)
{
	audit_log_format(ab, " res=%d", res);
	if (!audit_cid_in_event(ctx))
		audit_log_contid(ab, audit_cid_id_of(current));
}
