// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: the set of namespaces, as records about audit
 * containers list it.
 *
 * A set is driven by a table. A namespace type that the kernel gains is one
 * more row; a type that the kernel is built without has none. Numbers are
 * those of the links in /proc/PID/ns.
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
#include <linux/time_namespace.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>

#include "audit_cid.h"

/**
 * struct audit_cid_ns - a row of the namespace table
 * @field: the name of its field in a record
 * @get: gives the namespace of a task, or NULL. Called with the task locked
 *	and under RCU, with the task's nsproxy, which is not NULL.
 * @for_children: the namespace of its future children, listed only where it
 *	is not that of the row before
 */
struct audit_cid_ns {
	const char *field;
	const struct ns_common *(*get)(struct task_struct *p,
				       const struct nsproxy *ns);
	bool for_children;
};

#ifdef CONFIG_CGROUPS
static const struct ns_common *cgroup_ns_of(struct task_struct *p,
					    const struct nsproxy *ns)
{
	return &ns->cgroup_ns->ns;
}
#endif

#ifdef CONFIG_IPC_NS
static const struct ns_common *ipc_ns_of(struct task_struct *p,
					 const struct nsproxy *ns)
{
	return &ns->ipc_ns->ns;
}
#endif

static const struct ns_common *mnt_ns_of(struct task_struct *p,
					 const struct nsproxy *ns)
{
	return from_mnt_ns(ns->mnt_ns);
}

#ifdef CONFIG_NET_NS
static const struct ns_common *net_ns_of(struct task_struct *p,
					 const struct nsproxy *ns)
{
	return &ns->net_ns->ns;
}
#endif

#ifdef CONFIG_PID_NS
static const struct ns_common *pid_ns_of(struct task_struct *p,
					 const struct nsproxy *ns)
{
	const struct pid_namespace *pid_ns = task_active_pid_ns(p);

	return pid_ns ? &pid_ns->ns : NULL;
}

static const struct ns_common *pid_children_ns_of(struct task_struct *p,
						  const struct nsproxy *ns)
{
	return &ns->pid_ns_for_children->ns;
}
#endif

#ifdef CONFIG_TIME_NS
static const struct ns_common *time_ns_of(struct task_struct *p,
					  const struct nsproxy *ns)
{
	return &ns->time_ns->ns;
}

static const struct ns_common *time_children_ns_of(struct task_struct *p,
						   const struct nsproxy *ns)
{
	return &ns->time_ns_for_children->ns;
}
#endif

#ifdef CONFIG_USER_NS
static const struct ns_common *user_ns_of(struct task_struct *p,
					  const struct nsproxy *ns)
{
	return &__task_cred(p)->user_ns->ns;
}
#endif

#ifdef CONFIG_UTS_NS
static const struct ns_common *uts_ns_of(struct task_struct *p,
					 const struct nsproxy *ns)
{
	return &ns->uts_ns->ns;
}
#endif

static const struct audit_cid_ns audit_cid_ns_table[] = {
#ifdef CONFIG_CGROUPS
	{ .field = "cgroupns", .get = cgroup_ns_of },
#endif
#ifdef CONFIG_IPC_NS
	{ .field = "ipcns", .get = ipc_ns_of },
#endif
	{ .field = "mntns", .get = mnt_ns_of },
#ifdef CONFIG_NET_NS
	{ .field = "netns", .get = net_ns_of },
#endif
#ifdef CONFIG_PID_NS
	{ .field = "pidns", .get = pid_ns_of },
	{ .field = "pidns_for_children", .get = pid_children_ns_of,
	  .for_children = true },
#endif
#ifdef CONFIG_TIME_NS
	{ .field = "timens", .get = time_ns_of },
	{ .field = "timens_for_children", .get = time_children_ns_of,
	  .for_children = true },
#endif
#ifdef CONFIG_USER_NS
	{ .field = "userns", .get = user_ns_of },
#endif
#ifdef CONFIG_UTS_NS
	{ .field = "utsns", .get = uts_ns_of },
#endif
};

static_assert(ARRAY_SIZE(audit_cid_ns_table) <= AUDIT_CID_NS_MAX);

/**
 * audit_cid_nsset_fill - note the namespaces of a task
 * @set: set to the inode numbers
 * @p: the task
 * @ns: its namespaces, not NULL
 *
 * Context: @p is current or locked by task_lock(), so that @ns stays.
 */
void audit_cid_nsset_fill(struct audit_cid_nsset *set, struct task_struct *p,
			  const struct nsproxy *ns)
{
	int i;

	*set = (struct audit_cid_nsset) {};

	guard(rcu)();
	for (i = 0; i < ARRAY_SIZE(audit_cid_ns_table); i++) {
		const struct ns_common *found;

		found = audit_cid_ns_table[i].get(p, ns);
		set->inum[i] = found ? found->inum : 0;
	}
}

/**
 * audit_cid_nsset_read - note the namespaces of a process
 * @set: set to the inode numbers
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
	for_each_thread(p, t) {
		guard(task_lock)(t);
		if (t->nsproxy) {
			audit_cid_nsset_fill(set, t, t->nsproxy);
			return true;
		}
	}
	return false;
}

/* Is a namespace that of the parent, or what the parent keeps for children? */
static bool audit_cid_ns_follows(int i, const struct audit_cid_nsset *child,
				 const struct audit_cid_nsset *parent)
{
	if (child->inum[i] == parent->inum[i])
		return true;
	return i + 1 < ARRAY_SIZE(audit_cid_ns_table) &&
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

	for (i = 0; i < ARRAY_SIZE(audit_cid_ns_table); i++)
		if (!audit_cid_ns_follows(i, child, parent))
			return false;
	return true;
}

/**
 * audit_cid_nsset_print - format a set of namespaces
 * @buf: where to, AUDIT_CID_NS_TEXT bytes are always enough
 * @size: of @buf, in bytes
 * @set: the set
 * @dev: the device of the namespace file system
 *
 * Context: Any.
 * Return: The length of the text, or -E2BIG if it was cut.
 */
int audit_cid_nsset_print(char *buf, size_t size,
			  const struct audit_cid_nsset *set, dev_t dev)
{
	struct seq_buf s;
	int i;

	seq_buf_init(&s, buf, size);
	seq_buf_printf(&s, "nsdev=%02x:%02x", MAJOR(dev), MINOR(dev));
	for (i = 0; i < ARRAY_SIZE(audit_cid_ns_table); i++) {
		const struct audit_cid_ns *row = &audit_cid_ns_table[i];

		if (row->for_children && set->inum[i] == set->inum[i - 1])
			continue;
		seq_buf_printf(&s, " %s=%u", row->field, set->inum[i]);
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
