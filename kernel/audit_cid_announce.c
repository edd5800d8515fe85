// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: announcements of live containers.
 *
 * A log that begins after a container was made, be it rotated or that of an
 * audit daemon that came later, does not tell what its ID stands for. An
 * announcement repeats that: one record per live container, each an event of
 * its own, parents before children. It is asked for by a write, and it comes by
 * itself from a worker when an audit daemon registers: that one cannot wait for
 * its own backlog, which all other callers of audit do.
 *
 * It is no snapshot. Containers come and go meanwhile, so a container whose end
 * is in the log may be announced right after it.
 */

#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include "audit.h"
#include "audit_cid.h"

static void audit_cid_log_live(const struct audit_cid *cid, bool asked)
{
	struct audit_buffer *ab;

	audit_wait_backlog();
	ab = audit_cid_log_start(NULL);
	if (!ab)
		return;

	audit_log_format(ab, "op=announce ocontid=%llu pcontid=%llu", cid->id,
			 audit_cid_id(cid->parent));
	audit_cid_log_name(ab, cid->name, cid->name_len);
	audit_cid_log_nsset(ab, &cid->nsset);
	audit_log_format(ab, " members=%d", atomic_read(&cid->members));
	if (cid->budget)
		audit_log_format(ab, " delegate=%d delegated=%d", cid->budget,
				 atomic_read(&cid->delegated));
	if (asked)
		audit_cid_log_actor(ab, NULL);
	audit_log_format(ab, " res=1");
	audit_log_end(ab);
}

/**
 * audit_cid_announce - log every live container of a subtree
 * @top: the root of the subtree, or NULL for the host, that is the whole tree;
 *	the caller holds a reference
 * @asked: whether the current task asked for it and is to be named
 *
 * Waits for the audit daemon before each record, holding nothing.
 *
 * Context: Process context, may sleep.
 */
void audit_cid_announce(const struct audit_cid *top, bool asked)
{
	unsigned long key = 0;
	struct audit_cid *cid;

	while ((cid = audit_cid_get_live(&key))) {
		if (audit_cid_within(cid, top))
			audit_cid_log_live(cid, asked);
		audit_cid_put(cid);
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
}

static void audit_cid_announce_all(struct work_struct *work)
{
	audit_cid_announce(NULL, false);
}

static DECLARE_WORK(audit_cid_announce_work, audit_cid_announce_all);

/**
 * audit_cid_daemon - an audit daemon has registered
 *
 * Context: Any.
 */
void audit_cid_daemon(void)
{
	/* It may wait for the daemon for long, once per record. */
	queue_work(system_long_wq, &audit_cid_announce_work);
}
