// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: fields of records of other types.
 *
 * contid= is the ID of the task that causes an event.
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
 * __audit_note_contid - read the ID of a task for a later record
 * @contid: set to the ID, 0 for a host process
 * @p: current, or a task to which the caller holds a reference
 *
 * If the ID is read before the event gets its serial number, the create record
 * of the audit container has a smaller serial number.
 */
void __audit_note_contid(u64 *contid, struct task_struct *p)
{
	*contid = audit_cid_id_of(p);
}

/**
 * __audit_note_contid_alone - read the ID for a standalone record
 * @contid: 0; set to the ID of current, unless the record adds IDs itself or
 *	current does not cause it
 * @type: type of the record, which is not part of a syscall or io_uring event
 */
void __audit_note_contid_alone(u64 *contid, int type)
{
	if (!in_task())
		return;
	/* Any task may run when a packet passes. Its namespace is logged. */
	if (type == AUDIT_NETFILTER_PKT || type == AUDIT_CONTAINER_OP)
		return;
	__audit_note_contid(contid, current);
}

/* libauparse and ausearch take an event to end with such a record. */
static bool audit_cid_ends_event(int type)
{
	return type < AUDIT_SYSCALL ||
	       (type >= AUDIT_MAC_UNLBL_ALLOW && type <= AUDIT_MAC_CALIPSO_DEL);
}

/**
 * __audit_note_contid_event - read the ID for a record of a larger event
 * @contid: 0; set to the ID of the event if user space takes the event to end
 *	with this record, and so before its SYSCALL or URINGOP record
 * @ctx: the audit context of the event
 * @type: type of the record
 */
void __audit_note_contid_event(u64 *contid, const struct audit_context *ctx,
			       int type)
{
	if (audit_cid_ends_event(type))
		*contid = ctx->contid;
}

/* @key includes space and =. Inlined, so that its length is constant. */
static __always_inline void audit_cid_log_id(struct audit_buffer *ab,
					     const char *key, u64 id)
{
	char text[sizeof(" ocontid=18446744073709551615")];
	size_t len = strlen(key);

	memcpy(text, key, len);
	len += num_to_str(text + len, sizeof(text) - len, id, 0);
	audit_log_text(ab, text, len);
}

void __audit_log_contid(struct audit_buffer *ab, u64 contid)
{
	audit_cid_log_id(ab, " contid=", contid);
}

void __audit_log_contid_once(struct audit_buffer *ab, u64 *contid)
{
	__audit_log_contid(ab, *contid);
	*contid = 0;
}

void __audit_log_ocontid(struct audit_buffer *ab, u64 ocontid)
{
	audit_cid_log_id(ab, " ocontid=", ocontid);
}

/**
 * audit_log_packet_origin - add the network namespace of a packet to its record
 * @ab: the record, not NULL
 * @net: the network namespace through which the packet passes
 *
 * The AUDIT_CONTAINER_OP records show which audit containers are in a
 * namespace, so the kernel does not keep a list. Called after the first
 * creation.
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

/* ID of the task that signalled the audit daemon last. */
static atomic64_t audit_cid_signaller;

void audit_note_signaller(void)
{
	atomic64_set(&audit_cid_signaller, audit_cid_id_of(current));
}

/**
 * audit_signaller_contid - read the ID of the task that signalled the daemon
 *
 * Return: The ID at that time, or 0 for a host process.
 */
u64 audit_signaller_contid(void)
{
	return atomic64_read(&audit_cid_signaller);
}
