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
#include <linux/netfilter.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <net/net_namespace.h>
#include <net/sock.h>

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
	/* Who runs when a packet passes says nothing; audit_log_packet() does. */
	if (type == AUDIT_NETFILTER_PKT || type == AUDIT_CONTAINER_OP)
		return;
	__audit_note_contid(contid, current);
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

/*
 * Is a socket that sends in the hands of the running task? Who feeds packets to
 * the kernel, or polls for them, runs the code that answers for connections;
 * that never does so while a task holds the socket.
 */
static bool audit_cid_holds(const struct sock *sk)
{
	return sk->sk_type == SOCK_DGRAM || sk->sk_type == SOCK_RAW ||
	       sock_owned_by_user_nocheck(sk);
}

/*
 * Only where a packet leaves its sender can the running task be the sender:
 * for a socket of user space, in no interrupt.
 */
static bool audit_cid_sends(const struct sock *sk, u8 family, unsigned int hook)
{
	if (family != NFPROTO_IPV4 && family != NFPROTO_IPV6)
		return false;
	return hook == NF_INET_LOCAL_OUT && in_task() && sk &&
	       sk_fullsock(sk) && !sk->sk_kern_sock && audit_cid_holds(sk);
}

/**
 * audit_log_packet_origin - add where a packet belongs to its record
 * @ab: the record, not NULL
 * @net: the network namespace that it passes through
 * @sk: the socket that it comes from, or NULL
 * @family: NFPROTO_* of the hook that it is at
 * @hook: number of the hook
 *
 * The records of audit containers tell which of them are in a namespace, so
 * nothing is kept here. Called once a container has been made.
 *
 * Context: Any.
 */
void audit_log_packet_origin(struct audit_buffer *ab, const struct net *net,
			     const struct sock *sk, u8 family,
			     unsigned int hook)
{
	dev_t dev = audit_cid_nsdev();

	audit_log_format(ab, " nsdev=%02x:%02x netns=%u", MAJOR(dev),
			 MINOR(dev), net->ns.inum);
	if (audit_cid_sends(sk, family, hook))
		audit_log_contid(ab, audit_cid_id_of(current));
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
 * audit_cid_signal_info - tell the audit daemon the ID of who signalled it
 * @info: what it is going to be told, allocated by kmalloc()
 * @len: length of the security context in @info, in bytes; changed with it
 *
 * The ID goes behind the security context. The daemon puts that at the end of
 * its own record as it stands, so one that does not know of IDs logs it, too.
 *
 * Context: Process context, may sleep.
 * Return: @info, or what took its place. Where there is no memory, the ID is
 * left out.
 */
struct audit_sig_info *audit_cid_signal_info(struct audit_sig_info *info,
					     u32 *len)
{
	u64 contid = atomic64_read(&audit_cid_signaller);
	struct audit_sig_info *more;
	size_t used = *len;
	char text[40];
	int added;

	if (!contid)
		return info;
	/* Some security modules count the NUL at its end. */
	used = strnlen(info->ctx, used);
	added = scnprintf(text, sizeof(text), "%s contid=%llu",
			  used ? "" : "?", contid);
	more = krealloc(info, struct_size(info, ctx, used + added + 1),
			GFP_KERNEL);
	if (!more)
		return info;
	memcpy(more->ctx + used, text, added + 1);
	*len = used + added + 1;
	return more;
}
