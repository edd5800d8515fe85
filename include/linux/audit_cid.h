/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: functions that the rest of the kernel calls.
 */
#ifndef _LINUX_AUDIT_CID_H
#define _LINUX_AUDIT_CID_H

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/jump_label.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/types.h>

struct audit_aux_data;
struct audit_buffer;
struct audit_cid;
struct audit_context;
struct audit_field;
struct audit_krule;
struct file;
struct net;
struct nsproxy;
struct nsset;
struct pid;

#ifdef CONFIG_AUDIT_CID

/* Features that AUDIT_GET reports in addition to AUDIT_FEATURE_BITMAP_ALL. */
#define AUDIT_CID_FEATURES	AUDIT_FEATURE_BITMAP_CONTID

extern const struct file_operations proc_audit_containerid_operations;

struct pid *proc_audit_containerid_pid(const struct file *file);

void audit_cid_inherit(struct signal_struct *child,
		       const struct signal_struct *sig);
void audit_cid_exit_last(struct signal_struct *sig);
void audit_cid_put(struct audit_cid *cid);

/**
 * audit_cid_fork - let a new task inherit the ID of current
 * @p: the new task, past the last point at which its creation can fail
 *
 * With CLONE_PARENT, too, the ID is that of current, not that of the new
 * parent. A thread shares the ID and is only counted.
 *
 * Context: Atomic. The caller holds the siglock of current.
 */
static inline void audit_cid_fork(struct task_struct *p)
{
	if (p->signal == current->signal)
		atomic_inc(&p->signal->audit_cid_extra);
	else if (unlikely(rcu_access_pointer(current->signal->audit_cid)))
		audit_cid_inherit(p->signal, current->signal);
}

/**
 * audit_cid_exit - remove an exiting thread, and its process after the last
 * thread
 * @p: current
 *
 * Comes after all code of the exit that may cause audit events, and before the
 * parent is notified. So a process that waits for the last member finds the end
 * of the audit container in the log.
 *
 * Context: Process context, may sleep, but not for the audit daemon.
 */
static inline void audit_cid_exit(struct task_struct *p)
{
	struct signal_struct *sig = p->signal;

	/* The last thread cannot create threads, so 0 is final. */
	if (atomic_read_acquire(&sig->audit_cid_extra) &&
	    atomic_dec_return(&sig->audit_cid_extra) >= 0)
		return;
	if (unlikely(rcu_access_pointer(sig->audit_cid)))
		audit_cid_exit_last(sig);
}

/**
 * audit_cid_free - put the reference of a process that is freed
 * @sig: the process
 */
static inline void audit_cid_free(struct signal_struct *sig)
{
	if (unlikely(rcu_access_pointer(sig->audit_cid)))
		audit_cid_put(rcu_dereference_protected(sig->audit_cid, true));
}

int audit_cid_field_valid(const struct audit_field *f);
int audit_cid_rule_valid(const struct audit_krule *rule);
int audit_cid_filter(const struct task_struct *p, const struct audit_field *f);

void audit_cid_announce_all(void);
void audit_cid_note_lost(void);
void audit_note_signaller(void);
u64 audit_signaller_contid(void);

void audit_cid_log_aux(struct audit_buffer *ab, const struct audit_context *ctx,
		       struct audit_aux_data *aux);
void audit_cid_release_aux(struct audit_aux_data *aux);

/* The functions below cost nothing before the first audit container. */
DECLARE_STATIC_KEY_FALSE(audit_cid_used);

static inline bool audit_cid_in_use(void)
{
	return static_branch_unlikely(&audit_cid_used);
}

void __audit_note_contid(u64 *contid, struct task_struct *p);
void __audit_note_contid_alone(u64 *contid, int type);
void __audit_note_contid_event(u64 *contid, const struct audit_context *ctx,
			       int type);
void audit_log_packet_origin(struct audit_buffer *ab, const struct net *net);
bool __audit_cid_setns_changes(const struct nsset *nsset);
void __audit_cid_setns(bool changed);
void __audit_cid_unshare(unsigned long flags);
void __audit_cid_clone(struct task_struct *p);
void __audit_cid_exec(const struct nsproxy *old);

/* Called for each event, so host processes do not pay for a function call. */
static inline void audit_note_contid(u64 *contid, struct task_struct *p)
{
	*contid = 0;
	if (static_branch_unlikely(&audit_cid_used) &&
	    rcu_access_pointer(p->signal->audit_cid))
		__audit_note_contid(contid, p);
}

static inline void audit_note_contid_alone(u64 *contid, int type)
{
	if (static_branch_unlikely(&audit_cid_used))
		__audit_note_contid_alone(contid, type);
}

static inline void audit_note_contid_event(u64 *contid,
					   const struct audit_context *ctx,
					   int type)
{
	if (static_branch_unlikely(&audit_cid_used))
		__audit_note_contid_event(contid, ctx, type);
}

static inline void audit_log_packet(struct audit_buffer *ab,
				    const struct net *net)
{
	if (static_branch_unlikely(&audit_cid_used))
		audit_log_packet_origin(ab, net);
}

/* The first audit container may be created before the namespaces are stored. */
static inline bool audit_cid_setns_changes(const struct nsset *nsset)
{
	return !static_branch_unlikely(&audit_cid_used) ||
	       __audit_cid_setns_changes(nsset);
}

static inline void audit_cid_setns(bool changed)
{
	if (static_branch_unlikely(&audit_cid_used))
		__audit_cid_setns(changed);
}

static inline void audit_cid_unshare(unsigned long flags)
{
	if (static_branch_unlikely(&audit_cid_used))
		__audit_cid_unshare(flags);
}

static inline void audit_cid_clone(struct task_struct *p)
{
	if (static_branch_unlikely(&audit_cid_used))
		__audit_cid_clone(p);
}

static inline void audit_cid_exec(const struct nsproxy *old)
{
	if (static_branch_unlikely(&audit_cid_used))
		__audit_cid_exec(old);
}

/*
 * These functions check the stored ID, not the static key: one instruction more
 * before the first audit container, fewer afterwards.
 */
void __audit_log_contid(struct audit_buffer *ab, u64 contid);
void __audit_log_contid_once(struct audit_buffer *ab, u64 *contid);
void __audit_log_ocontid(struct audit_buffer *ab, u64 ocontid);

static inline void audit_log_contid(struct audit_buffer *ab, u64 contid)
{
	if (unlikely(contid))
		__audit_log_contid(ab, contid);
}

/* Comes before text of user space, which could otherwise forge the field. */
static inline void audit_log_contid_once(struct audit_buffer *ab, u64 *contid)
{
	if (unlikely(*contid))
		__audit_log_contid_once(ab, contid);
}

static inline void audit_log_ocontid(struct audit_buffer *ab, u64 ocontid)
{
	if (unlikely(ocontid))
		__audit_log_ocontid(ab, ocontid);
}

#else /* CONFIG_AUDIT_CID */

static inline bool audit_cid_in_use(void)
{
	return false;
}

#define AUDIT_CID_FEATURES	0

static inline void audit_cid_fork(struct task_struct *p)
{
}

static inline void audit_cid_exit(struct task_struct *p)
{
}

static inline void audit_cid_free(struct signal_struct *sig)
{
}

static inline void audit_note_contid(u64 *contid, struct task_struct *p)
{
}

static inline void audit_note_contid_alone(u64 *contid, int type)
{
}

static inline void audit_note_contid_event(u64 *contid,
					   const struct audit_context *ctx,
					   int type)
{
}

static inline void audit_log_contid(struct audit_buffer *ab, u64 contid)
{
}

static inline void audit_log_contid_once(struct audit_buffer *ab, u64 *contid)
{
}

static inline void audit_log_ocontid(struct audit_buffer *ab, u64 ocontid)
{
}

static inline int audit_cid_field_valid(const struct audit_field *f)
{
	return -EINVAL;
}

static inline int audit_cid_rule_valid(const struct audit_krule *rule)
{
	return 0;
}

static inline int audit_cid_filter(const struct task_struct *p,
				   const struct audit_field *f)
{
	return 0;
}

static inline void audit_cid_announce_all(void)
{
}

static inline void audit_cid_note_lost(void)
{
}

static inline void audit_note_signaller(void)
{
}

static inline u64 audit_signaller_contid(void)
{
	return 0;
}

static inline void audit_cid_log_aux(struct audit_buffer *ab,
				     const struct audit_context *ctx,
				     struct audit_aux_data *aux)
{
}

static inline void audit_cid_release_aux(struct audit_aux_data *aux)
{
}

static inline void audit_log_packet(struct audit_buffer *ab,
				    const struct net *net)
{
}

static inline bool audit_cid_setns_changes(const struct nsset *nsset)
{
	return false;
}

static inline void audit_cid_setns(bool changed)
{
}

static inline void audit_cid_unshare(unsigned long flags)
{
}

static inline void audit_cid_clone(struct task_struct *p)
{
}

static inline void audit_cid_exec(const struct nsproxy *old)
{
}

#endif /* CONFIG_AUDIT_CID */

#endif /* _LINUX_AUDIT_CID_H */
