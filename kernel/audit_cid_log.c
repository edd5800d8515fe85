// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: what records say.
 *
 * Records of type AUDIT_CONTAINER_OP tell the life of audit containers; their
 * common parts are here, and what is peculiar to a write, to a change of
 * namespaces or to an announcement is with these. Records of other types carry
 * the ID of the task whose doing they are as a field.
 */

#include <linux/atomic.h>
#include <linux/audit.h>
#include <linux/export.h>
#include <linux/kdev_t.h>
#include <linux/mm_types.h>
#include <linux/netfilter.h>
#include <linux/preempt.h>
#include <linux/ratelimit.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <net/net_namespace.h>
#include <net/sock.h>

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
 *
 * Context: Any.
 */
void audit_cid_log_name(struct audit_buffer *ab, const char *name)
{
	audit_log_format(ab, " name=");
	if (name)
		audit_log_untrustedstring(ab, name);
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
	if (!ab)
		return;

	audit_cid_log_subject(ab);
	audit_log_d_path_exe(ab, current->mm);
	if (!audit_cid_in_event(ctx))
		audit_log_contid(ab, audit_cid_id_of(current));
}

/**
 * __audit_note_contid - note the ID of a task for a record to come
 * @contid: set to the ID, 0 if @p is in no audit container
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
 * @contid: 0; set to the ID of the current task, unless the record belongs to
 *	a syscall or io_uring event, names IDs itself, or is not the doing of
 *	the current task
 * @ctx: the audit context of the record, or NULL
 * @type: its type
 *
 * Context: Any.
 */
void __audit_note_contid_alone(u64 *contid, const struct audit_context *ctx,
			       int type)
{
	if (audit_cid_in_event(ctx) || !in_task())
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
