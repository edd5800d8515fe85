// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: sets of namespaces in AUDIT_CONTAINER_OP records.
 *
 * The table in audit_cid_ns.h has one row for each type of namespace that the
 * kernel is built with. Records list the inode number, as the links in
 * /proc/PID/ns show it, which is reused. If the kernel also has a 64-bit ID,
 * which is never reused, records list both.
 */

#define pr_fmt(fmt) "audit_cid: " fmt

#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/init.h>
#include <linux/ipc_namespace.h>
#include <linux/kdev_t.h>
#include <linux/mnt_namespace.h>
#include <linux/ns_common.h>
#include <linux/nsproxy.h>
#include <linux/path.h>
#include <linux/pid_namespace.h>
#include <linux/proc_ns.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_buf.h>
#include <linux/string.h>
#include <linux/time_namespace.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>

#include "audit_cid.h"

struct audit_cid_ns {
	const char	*field;
	/* listed only if it differs from the row before */
	bool		for_children;
};

static const struct audit_cid_ns audit_cid_ns_table[] = {
#define AUDIT_CID_NS(name, ...)			{ .field = #name },
#define AUDIT_CID_NS_CHILDREN(name, ...)				\
	{ .field = #name, .for_children = true },
#include "audit_cid_ns.h"
};

static void audit_cid_ns_note(struct audit_cid_nsset *set, int row,
			      const struct ns_common *found)
{
	if (!found)
		return;
	set->inum[row] = found->inum;
#ifdef AUDIT_NS_ID
	set->id[row] = found->ns_id;
#endif
}

/**
 * audit_cid_nsset_fill - read the namespaces of a task from a nsproxy
 * @set: set to the numbers of the namespaces
 * @p: the task
 * @ns: the nsproxy, not NULL
 *
 * Context: @p is current or locked by task_lock(), which keeps @ns.
 */
void audit_cid_nsset_fill(struct audit_cid_nsset *set, struct task_struct *p,
			  const struct nsproxy *ns)
{
	*set = (struct audit_cid_nsset) {};

	guard(rcu)();
#define AUDIT_CID_NS(field, found)					\
	{ audit_cid_ns_note(set, AUDIT_CID_NS_##field, found); }
#define AUDIT_CID_NS_CHILDREN(field, found)	AUDIT_CID_NS(field, found)
#include "audit_cid_ns.h"
}

/**
 * audit_cid_nsset_of - read the namespaces of a thread
 * @set: set to the numbers of the namespaces, if the result is true
 * @p: the thread, referenced
 *
 * Context: Process context.
 * Return: Whether the thread has namespaces. After its exit, it does not.
 */
bool audit_cid_nsset_of(struct audit_cid_nsset *set, struct task_struct *p)
{
	guard(task_lock)(p);
	if (!p->nsproxy)
		return false;
	audit_cid_nsset_fill(set, p, p->nsproxy);
	return true;
}

/* The namespaces of the leader or, if it has exited, of any live thread. */
bool audit_cid_nsset_read(struct audit_cid_nsset *set, struct task_struct *p)
{
	struct task_struct *t;

	guard(rcu)();
	for_each_thread(p, t)
		if (audit_cid_nsset_of(set, t))
			return true;
	return false;
}

bool audit_cid_nsset_equal(const struct audit_cid_nsset *a,
			   const struct audit_cid_nsset *b)
{
#ifdef AUDIT_NS_ID
	if (memcmp(a->id, b->id, sizeof(a->id)))
		return false;
#endif
	return !memcmp(a->inum, b->inum, sizeof(a->inum));
}

/* The child has the namespace of the parent, or the one for its children. */
static bool audit_cid_ns_follows(int i, const struct audit_cid_nsset *child,
				 const struct audit_cid_nsset *parent)
{
	if (child->inum[i] == parent->inum[i])
		return true;
	return i + 1 < AUDIT_CID_NS_ROWS &&
	       audit_cid_ns_table[i + 1].for_children &&
	       child->inum[i] == parent->inum[i + 1];
}

/**
 * audit_cid_nsset_follows - compare the set of a new task with its parent's set
 * @child: namespaces of the new task
 * @parent: namespaces of the task that created it
 *
 * Return: Whether each namespace of @child is the namespace of the parent, or
 * its namespace for children.
 */
bool audit_cid_nsset_follows(const struct audit_cid_nsset *child,
			     const struct audit_cid_nsset *parent)
{
	int i;

	for (i = 0; i < AUDIT_CID_NS_ROWS; i++)
		if (!audit_cid_ns_follows(i, child, parent))
			return false;
	return true;
}

/**
 * audit_cid_ns_print - format one namespace of a set
 * @buf: buffer for the text; AUDIT_CID_NS_TEXT bytes are always sufficient
 * @size: size of @buf, in bytes
 * @set: the set
 * @row: row of the namespace table, less than AUDIT_CID_NS_ROWS
 *
 * Return: The length of the text, 0 if the row is not listed, or -E2BIG if the
 * text was truncated.
 */
int audit_cid_ns_print(char *buf, size_t size,
		       const struct audit_cid_nsset *set, int row)
{
	const struct audit_cid_ns *ns = &audit_cid_ns_table[row];
	struct seq_buf s;

	seq_buf_init(&s, buf, size);
	if (!ns->for_children || set->inum[row] != set->inum[row - 1]) {
		seq_buf_printf(&s, " %s=%u", ns->field, set->inum[row]);
#ifdef AUDIT_NS_ID
		seq_buf_printf(&s, " %s_id=%llu", ns->field, set->id[row]);
#endif
	}
	seq_buf_str(&s);
	return seq_buf_has_overflowed(&s) ? -E2BIG : seq_buf_used(&s);
}

static dev_t audit_cid_nsfs __ro_after_init;

/**
 * audit_cid_nsdev - get the device number of the namespace file system
 *
 * Return: The device number, which is constant during a boot.
 */
dev_t audit_cid_nsdev(void)
{
	return audit_cid_nsfs;
}

/* Only a file of the file system gives access to its device number. */
static int __init audit_cid_nsdev_init(void)
{
	struct path path;
	int ret;

	ret = ns_get_path(&path, current, &mntns_operations);
	if (ret) {
		pr_err("cannot tell the device of namespaces (%d)\n", ret);
		return ret;
	}
	audit_cid_nsfs = path.dentry->d_sb->s_dev;
	path_put(&path);
	return 0;
}
late_initcall(audit_cid_nsdev_init);
