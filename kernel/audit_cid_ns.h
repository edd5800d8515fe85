/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: the namespace table. It has one row for each type of
 * namespace that the kernel is built with, in the order of the fields in
 * records.
 *
 * AUDIT_CID_NS(field, found): the name of the field, and the struct ns_common
 * of the task p with the nsproxy ns, or NULL.
 * AUDIT_CID_NS_CHILDREN(field, found): the namespace for future children, which
 * is listed only if it differs from the row before.
 *
 * A file that includes this header defines both macros. The header has no
 * include guard, because each use includes it again.
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
