// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: permissions and delegation.
 */

/**
 * DOC: Permissions
 *
 * The task that opened the file and the task that reads or writes it both
 * require the permission, because a file descriptor can be passed over a socket
 * or through exec. Each of them is limited to the subtree of its own audit
 * container. In the subtree,
 *
 *  - a privileged task has the capability in the initial user namespace. It may
 *    use all commands;
 *  - a delegatee has the capability in its own user namespace, and its audit
 *    container or an ancestor was created with a delegation. It may create
 *    audit containers, join them, and read, for processes in that user
 *    namespace or below.
 *
 * A capability in a user namespace is not sufficient, because any process can
 * create a user namespace and has all capabilities in it.
 *
 * "grant" is the nearest audit container with a delegation, and "budget" is its
 * limit, constant from the creation on: the number of live descendants. A new
 * audit container is charged to each delegation above it, whether a delegatee
 * creates it or not, and uncharged after the record of its end. The count may
 * briefly be too high, never too low: it grows under audit_cid_mutex, after the
 * comparison with the limit, and shrinks at any time.
 */

#include <linux/atomic.h>
#include <linux/user_namespace.h>

#include "audit_cid.h"

/* The nearest delegation on the way up; @cid included. */
struct audit_cid *audit_cid_grant(const struct audit_cid *cid)
{
	return cid ? cid->grant : NULL;
}

/**
 * audit_cid_budget_left - check the limits of all delegations above
 * @parent: the parent of a new audit container, or NULL for the host
 *
 * Context: The caller holds audit_cid_mutex and a reference to @parent.
 * Return: Whether each delegation permits one more live audit container.
 */
bool audit_cid_budget_left(const struct audit_cid *parent)
{
	const struct audit_cid *grant = audit_cid_grant(parent);

	for (; grant; grant = audit_cid_grant(grant->parent))
		if (atomic_read(&grant->delegated) >= grant->budget)
			return false;
	return true;
}

/**
 * audit_cid_charge - count an audit container in each delegation above it
 * @cid: the audit container; the caller holds a reference
 * @live: 1 at its creation, -1 after its end
 *
 * Context: For a creation, the caller holds audit_cid_mutex.
 */
void audit_cid_charge(struct audit_cid *cid, int live)
{
	struct audit_cid *grant = audit_cid_grant(cid->parent);

	for (; grant; grant = audit_cid_grant(grant->parent))
		atomic_add(live, &grant->delegated);
}

bool audit_cid_privileged(const struct audit_cid_rights *rights)
{
	return rights->opener.privileged && rights->caller.privileged;
}

/* The checks that do not depend on the target. */
bool audit_cid_may_try(const struct audit_cid_rights *rights)
{
	return (rights->opener.privileged || rights->opener.delegate) &&
	       (rights->caller.privileged || rights->caller.delegate);
}

static bool audit_cid_right_covers(const struct audit_cid_right *right,
				   const struct audit_cid *cid,
				   const struct user_namespace *user_ns)
{
	if (!audit_cid_within(cid, right->cid))
		return false;
	if (right->privileged)
		return true;
	return right->delegate && audit_cid_grant(right->cid) &&
	       in_userns(right->user_ns, user_ns);
}

/**
 * audit_cid_covers - check the permissions for a process
 * @rights: the permissions of opener and caller
 * @cid: the audit container of the process, or NULL for the host
 * @user_ns: the user namespace of the process
 *
 * Context: The caller holds RCU, or references to all of them.
 * Return: Whether the permissions of both include the process.
 */
bool audit_cid_covers(const struct audit_cid_rights *rights,
		      const struct audit_cid *cid,
		      const struct user_namespace *user_ns)
{
	return audit_cid_right_covers(&rights->opener, cid, user_ns) &&
	       audit_cid_right_covers(&rights->caller, cid, user_ns);
}
