/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Audit container ID: the limits of /proc/PID/audit_containerid.
 */
#ifndef _UAPI_LINUX_AUDIT_CID_H
#define _UAPI_LINUX_AUDIT_CID_H

/**
 * DOC: Commands
 *
 * One write(2) at offset 0 carries one command: words separated by single
 * spaces and at most one newline at the end::
 *
 *	new [name=NAME] [parent=ID] [delegate=N]
 *					make a new audit container for PID
 *	join ID				move PID into a live audit container
 *	announce			log the live audit containers of PID's subtree
 *
 * The options of "new" may come in any order, each at most once. A read returns
 * the ID of PID in decimal and a newline. The ID is 0 if PID is a host process,
 * that is, outside any audit container.
 * Records about audit containers have the type AUDIT_CONTAINER_OP.
 */

/**
 * define AUDIT_CID_WRITE_MAX - longest command, in bytes, newline included
 */
#define AUDIT_CID_WRITE_MAX	512

/**
 * define AUDIT_CID_NAME_MAX - longest NAME, in bytes
 *
 * A name is printable ASCII without space.
 */
#define AUDIT_CID_NAME_MAX	128

/**
 * define AUDIT_CID_DEPTH_MAX - how many levels audit containers nest
 *
 * An audit container whose parent is the host is at level 1.
 */
#define AUDIT_CID_DEPTH_MAX	32

/**
 * define AUDIT_CID_DELEGATE_MAX - largest N, the smallest is 1
 *
 * Up to N live descendants, the members of the new audit container and of its
 * descendants may make more without a capability in the initial user namespace.
 */
#define AUDIT_CID_DELEGATE_MAX	2147483647

#endif /* _UAPI_LINUX_AUDIT_CID_H */
