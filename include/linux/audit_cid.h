/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: what the rest of the kernel calls.
 */
#ifndef _LINUX_AUDIT_CID_H
#define _LINUX_AUDIT_CID_H

#include <linux/errno.h>
#include <linux/types.h>

struct audit_buffer;
struct audit_context;
struct audit_field;
struct audit_krule;
struct file;
struct pid;
struct signal_struct;
struct task_struct;

#ifdef CONFIG_AUDIT_CID

/* What AUDIT_GET tells in addition to AUDIT_FEATURE_BITMAP_ALL. */
#define AUDIT_CID_FEATURES	AUDIT_FEATURE_BITMAP_CONTID

extern const struct file_operations proc_audit_containerid_operations;

struct pid *proc_audit_containerid_pid(const struct file *file);

void audit_cid_fork(struct task_struct *p);
void audit_cid_exit(struct task_struct *p);
void audit_cid_free(struct signal_struct *sig);

void audit_note_contid(u64 *contid, struct task_struct *p);
void audit_note_contid_alone(u64 *contid, const struct audit_context *ctx,
			     int type);
void audit_log_contid(struct audit_buffer *ab, u64 contid);
void audit_log_contid_once(struct audit_buffer *ab, u64 *contid);
void audit_log_ocontid(struct audit_buffer *ab, u64 ocontid);

int audit_cid_field_valid(const struct audit_field *f);
int audit_cid_rule_valid(const struct audit_krule *rule);
int audit_cid_filter(const struct task_struct *p, const struct audit_field *f);

#else /* CONFIG_AUDIT_CID */

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

static inline void audit_note_contid_alone(u64 *contid,
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

#endif /* CONFIG_AUDIT_CID */

#endif /* _LINUX_AUDIT_CID_H */
