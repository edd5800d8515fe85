// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: what records of other types say.
 *
 * They carry the ID of the task whose doing they are, as a field of what is
 * logged anyway.
 */

#include <linux/atomic.h>
#include <linux/audit.h>
#include <linux/export.h>
#include <linux/kdev_t.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include "audit.h"
#include "audit_cid.h"

/**
 * __audit_note_contid - note the ID of a task for a record to come
 * @contid: set to the ID, or to 0 if @p is in no audit container
 * @p: current, or a task that the caller holds a reference to
 *
 * Who notes it before the event has its serial number can be sure that the
 * container was created in an event with a smaller one.
 *
 * Context: Any.
 */
void __audit_note_contid(u64 *contid, struct task_struct *p)
{
	*contid = audit_cid_id_of(p);
}

/**
 * __audit_note_contid_alone - note the ID that a record is to carry itself
 * @contid: 0; set to the ID of the current task, unless the record names IDs
 *	itself, or is not the doing of the current task
 * @type: type of the record, which belongs to no syscall or io_uring event
 *
 * Context: Any.
 */
void __audit_note_contid_alone(u64 *contid, int type)
{
	if (!in_task())
		return;
	/* Whichever task runs as a packet passes, its namespace is logged. */
	if (type == AUDIT_NETFILTER_PKT || type == AUDIT_CONTAINER_OP)
		return;
	__audit_note_contid(contid, current);
}

/*
 * Does user space take an event to end with a record of this type? The rule is
 * that of libauparse and ausearch.
 */
static bool audit_cid_ends_event(int type)
{
	return type < AUDIT_SYSCALL ||
	       (type >= AUDIT_MAC_UNLBL_ALLOW && type <= AUDIT_MAC_CALIPSO_DEL);
}

/**
 * __audit_note_contid_event - note the ID that a record of an event is to carry
 * @contid: 0; set to the ID of the event where user space would not look for it
 *	in the SYSCALL or URINGOP record, which comes later
 * @ctx: the audit context with the event
 * @type: type of the record
 *
 * Context: Any.
 */
void __audit_note_contid_event(u64 *contid, const struct audit_context *ctx,
			       int type)
{
	if (audit_cid_ends_event(type))
		*contid = ctx->contid;
}

/*
 * A key with an ID; @key has a space before it and = at its end. Inlined, so
 * that the length of the key is no work.
 */
static __always_inline void audit_cid_log_id(struct audit_buffer *ab,
					     const char *key, u64 id)
{
	char text[sizeof(" ocontid=18446744073709551615")];
	size_t len = strlen(key);

	memcpy(text, key, len);
	len += num_to_str(text + len, sizeof(text) - len, id, 0);
	audit_log_text(ab, text, len);
}

/**
 * __audit_log_contid - add the ID of the acting task to a record
 * @ab: the record, or NULL
 * @contid: the ID
 *
 * Context: Any.
 */
void __audit_log_contid(struct audit_buffer *ab, u64 contid)
{
	audit_cid_log_id(ab, " contid=", contid);
}

/**
 * __audit_log_contid_once - add the ID of the acting task, if it is not there
 * @ab: the record, or NULL
 * @contid: the ID; set to 0, so that it is not added again
 *
 * Context: Any.
 */
void __audit_log_contid_once(struct audit_buffer *ab, u64 *contid)
{
	__audit_log_contid(ab, *contid);
	*contid = 0;
}

/**
 * __audit_log_ocontid - add the ID of the task that is acted on to a record
 * @ab: the record, or NULL
 * @ocontid: its ID
 *
 * Context: Any.
 */
void __audit_log_ocontid(struct audit_buffer *ab, u64 ocontid)
{
	audit_cid_log_id(ab, " ocontid=", ocontid);
}

/**
 * audit_log_packet_origin - add where a packet belongs to its record
 * @ab: the record, not NULL
 * @net: the network namespace that it passes through
 *
 * The records of audit containers say which of them are in a namespace, so
 * nothing is kept here. Called once a container has been made.
 *
 * Context: Any.
 */
void audit_log_packet_origin(struct audit_buffer *ab, const struct net *net)
{
	dev_t dev = audit_cid_nsdev();

	audit_log_format(ab, " nsdev=%02x:%02x netns=%u", MAJOR(dev),
			 MINOR(dev), net->ns.inum);
#ifdef AUDIT_NS_ID
	audit_log_format(ab, " netns_id=%llu", net->ns.ns_id);
#endif
}
EXPORT_SYMBOL_GPL(audit_log_packet_origin);

/* Of the task that signalled the audit daemon last. */
static atomic64_t audit_cid_signaller;

/**
 * audit_note_signaller - note the ID of current, which signals the audit daemon
 *
 * Context: Any.
 */
void audit_note_signaller(void)
{
	atomic64_set(&audit_cid_signaller, audit_cid_id_of(current));
}

/**
 * audit_signaller_contid - read the ID of the task that signalled the daemon
 *
 * Context: Any.
 * Return: The ID at that time, 0 if the task was in no audit container.
 */
u64 audit_signaller_contid(void)
{
	return atomic64_read(&audit_cid_signaller);
}
