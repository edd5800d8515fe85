/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: the namespace table, one row for each type that the
 * kernel has, in the order in which records list them.
 *
 * AUDIT_CID_NS(field, found): the name of the field in a record, and where the
 * struct ns_common of the task p with the nsproxy ns is; NULL if it has none.
 * AUDIT_CID_NS_CHILDREN(field, found): the namespace of its future children,
 * which is listed only where it is not that of the row before.
 *
 * Whoever includes this defines both. There is no guard: it is included once
 * for each use.
 */

#ifdef CONFIG_CGROUPS
AUDIT_CID_NS(cgroupns, &ns->cgroup_ns->ns)
#endif
#ifdef CONFIG_IPC_NS
AUDIT_CID_NS(ipcns, &ns->ipc_ns->ns)
#endif
AUDIT_CID_NS(mntns, from_mnt_ns(ns->mnt_ns))
#ifdef CONFIG_NET_NS
AUDIT_CID_NS(netns, &ns->net_ns->ns)
#endif
#ifdef CONFIG_PID_NS
AUDIT_CID_NS(pidns, task_active_pid_ns(p) ? &task_active_pid_ns(p)->ns : NULL)
AUDIT_CID_NS_CHILDREN(pidns_for_children, &ns->pid_ns_for_children->ns)
#endif
#ifdef CONFIG_TIME_NS
AUDIT_CID_NS(timens, &ns->time_ns->ns)
AUDIT_CID_NS_CHILDREN(timens_for_children, &ns->time_ns_for_children->ns)
#endif
#ifdef CONFIG_USER_NS
AUDIT_CID_NS(userns, &__task_cred(p)->user_ns->ns)
#endif
#ifdef CONFIG_UTS_NS
AUDIT_CID_NS(utsns, &ns->uts_ns->ns)
#endif

#undef AUDIT_CID_NS
#undef AUDIT_CID_NS_CHILDREN
