// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: who may do what, and delegation.
 *
 * The right to use the file is that of two: who opened it, and who reads or
 * writes. A file may be handed on, over a socket or by exec, so neither of them
 * can lend the other a right. Each is confined to the subtree of its own
 * container. There,
 *
 *  - who is privileged, with the capability in the initial user namespace, may
 *    do everything;
 *  - a delegate, with the capability in its own user namespace, may make
 *    containers, join them and read, for processes in that user namespace or
 *    below, if its container is at or below one that was made with a grant.
 *
 * A capability alone is no grant: everybody can make a user namespace and has
 * all of them there.
 *
 * A grant is a budget of live containers below the one that has it, made with
 * that container and constant from then on. Each container is charged to every
 * grant above it when it is made, whoever makes it, and given back after the
 * record of its end. The number can only be too high for a moment: it grows
 * under audit_cid_mutex, after it was compared, and shrinks at any time.
 */

#include <linux/atomic.h>
#include <linux/user_namespace.h>

#include "audit_cid.h"

/**
 * audit_cid_grant - the next grant on the way up
 * @cid: where to start, or NULL for the host
 *
 * Context: The caller holds a reference to @cid, or RCU.
 * Return: @cid itself or the container above it that has a grant, or NULL if
 * there is none.
 */
struct audit_cid *audit_cid_grant(const struct audit_cid *cid)
{
	return cid ? cid->grant : NULL;
}

/**
 * audit_cid_budget_left - would the grants allow one more container
 * @parent: the container that it would be made in, or NULL for the host
 *
 * Context: The caller holds audit_cid_mutex and a reference to @parent.
 * Return: Whether each of them would.
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
 * audit_cid_charge - charge a container to every grant above it
 * @cid: the container; the caller holds a reference
 * @live: 1 as it is made, -1 after its end
 *
 * Context: Any. To make it, the caller holds audit_cid_mutex.
 */
void audit_cid_charge(struct audit_cid *cid, int live)
{
	struct audit_cid *grant = audit_cid_grant(cid->parent);

	for (; grant; grant = audit_cid_grant(grant->parent))
		atomic_add(live, &grant->delegated);
}

/**
 * audit_cid_privileged - may everything be done in the subtree
 * @rights: those of opener and caller
 *
 * Context: Any.
 * Return: Whether both are privileged. It takes a delegate's right otherwise.
 */
bool audit_cid_privileged(const struct audit_cid_rights *rights)
{
	return rights->opener.privileged && rights->caller.privileged;
}

/**
 * audit_cid_may_try - may anything be done at all
 * @rights: those of opener and caller
 *
 * Spares who has no right the way to where it depends on the target.
 *
 * Context: Any.
 * Return: Whether each of them has a right to something.
 */
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
 * audit_cid_covers - does the right extend to a process
 * @rights: those of opener and caller
 * @cid: where the process is, or NULL for the host
 * @user_ns: its user namespace
 *
 * Context: The caller holds RCU, or references to all of them.
 * Return: Whether that of each does.
 */
bool audit_cid_covers(const struct audit_cid_rights *rights,
		      const struct audit_cid *cid,
		      const struct user_namespace *user_ns)
{
	return audit_cid_right_covers(&rights->opener, cid, user_ns) &&
	       audit_cid_right_covers(&rights->caller, cid, user_ns);
}
