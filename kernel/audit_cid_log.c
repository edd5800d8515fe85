// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: fields of AUDIT_CONTAINER_OP records.
 *
 * These are the fields that several operations have in common.
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

/* In bytes, with the NUL. A byte may be logged as two hexadecimal digits. */
#define AUDIT_CID_EXE_MAX	2048

/**
 * audit_cid_log_start - start an AUDIT_CONTAINER_OP record
 * @ctx: the audit context whose event gets the record, or NULL
 * @wait: wait for the audit daemon if the backlog limit is exceeded. If false,
 *	the record may exceed the limit, up to four times the limit.
 *
 * Context: Process context, may sleep.
 * Return: The record, or NULL if it is not to be logged or was lost.
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
 * audit_cid_in_event - check whether a record becomes part of a larger event
 * @ctx: the audit context with which the record is started, or NULL
 *
 * Return: Whether the record is part of a syscall or io_uring event, whose
 * SYSCALL or URINGOP record has the ID. If not, the record is standalone.
 */
bool audit_cid_in_event(const struct audit_context *ctx)
{
	return ctx && ctx->context != AUDIT_CTX_UNUSED;
}

void audit_cid_log_name(struct audit_buffer *ab, const char *name, size_t len)
{
	audit_log_format(ab, " name=");
	if (name)
		audit_log_n_untrustedstring(ab, name, len);
	else
		audit_log_format(ab, "(null)");
}

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

/* The memory of current may be released already. */
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
 * auditd receives at most 8,970 bytes of a record, so a path that is longer
 * than AUDIT_CID_EXE_MAX is not logged.
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

void audit_cid_log_actor(struct audit_buffer *ab)
{
	if (!ab)
		return;
	audit_cid_log_subject(ab);
	audit_cid_log_exe(ab);
}

/**
 * audit_cid_log_res - add the result and the ID of current to a record
 * @ab: the record, or NULL
 * @ctx: the audit context with which the record was started, or NULL. The ID
 *	is only added to a standalone record.
 * @res: 1 if the operation succeeded, 0 if it failed
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
