// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: the set of namespaces, as records about audit
 * containers list it.
 *
 * A set is driven by the table in audit_cid_ns.h. A namespace type that the
 * kernel gains is one more row; a type that the kernel is built without has
 * none. Inode numbers are those of the links in /proc/PID/ns. They are recycled;
 * where a namespace has a 64-bit ID, which is not, records list both.
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

/**
 * struct audit_cid_ns - a row of the namespace table
 * @field: the name of its field in a record
 * @for_children: listed only where it is not that of the row before
 */
struct audit_cid_ns {
	const char	*field;
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
 * audit_cid_nsset_fill - note the namespaces of a task
 * @set: set to their numbers
 * @p: the task
 * @ns: its namespaces, not NULL
 *
 * Context: @p is current or locked by task_lock(), so that @ns stays.
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
 * audit_cid_nsset_of - note the namespaces of a thread
 * @set: set to their numbers, unless it has none
 * @p: the thread, referenced
 *
 * Context: Process context.
 * Return: Whether it has namespaces. One that has exited has none.
 */
bool audit_cid_nsset_of(struct audit_cid_nsset *set, struct task_struct *p)
{
	guard(task_lock)(p);
	if (!p->nsproxy)
		return false;
	audit_cid_nsset_fill(set, p, p->nsproxy);
	return true;
}

/**
 * audit_cid_nsset_read - note the namespaces of a process
 * @set: set to their numbers, unless it has none
 * @p: a task of the process, referenced
 *
 * They are those of the leader or, where it has exited, of any live thread.
 *
 * Context: Process context.
 * Return: Whether there was a thread that has namespaces.
 */
bool audit_cid_nsset_read(struct audit_cid_nsset *set, struct task_struct *p)
{
	struct task_struct *t;

	guard(rcu)();
	for_each_thread(p, t)
		if (audit_cid_nsset_of(set, t))
			return true;
	return false;
}

/**
 * audit_cid_nsset_equal - are two sets the same
 * @a: one
 * @b: the other
 *
 * Context: Any.
 * Return: Whether all namespaces are.
 */
bool audit_cid_nsset_equal(const struct audit_cid_nsset *a,
			   const struct audit_cid_nsset *b)
{
#ifdef AUDIT_NS_ID
	if (memcmp(a->id, b->id, sizeof(a->id)))
		return false;
#endif
	return !memcmp(a->inum, b->inum, sizeof(a->inum));
}

/* Is a namespace that of the parent, or what the parent keeps for children? */
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
 * audit_cid_nsset_follows - do the namespaces of a child follow from those of
 *	its parent
 * @child: those of a new task
 * @parent: those of the task that made it
 *
 * Context: Any.
 * Return: Whether each is that of the parent or that of the parent's future
 * children.
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
 * audit_cid_ns_print - format a row of a set of namespaces
 * @buf: where to, AUDIT_CID_NS_TEXT bytes are always enough
 * @size: of @buf, in bytes
 * @set: the set
 * @row: which one, below AUDIT_CID_NS_ROWS
 *
 * Context: Any.
 * Return: The length of the text, 0 if the row is not listed, or -E2BIG if it
 * was cut.
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
 * audit_cid_nsdev - the device of the namespace file system
 *
 * Context: Any.
 * Return: The one device that all namespaces have in this boot.
 */
dev_t audit_cid_nsdev(void)
{
	return audit_cid_nsfs;
}

/* Nothing hands out the device but a file of the file system. */
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
