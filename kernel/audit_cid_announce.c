// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: announcements of live audit containers.
 *
 * The log may lack the creation or the end of an audit container because the
 * log was rotated, auditing was disabled, or records were lost. An announcement
 * repairs this. It logs one standalone record for each live audit container, in
 * the order of the IDs, so parents before children. The last record,
 * op=announced, has the number of these records, the last assigned ID, and the
 * number of records of any type that were lost meanwhile. If no record is
 * missing, any other audit container with an ID up to the last one has ended.
 *
 * This is true because audit_cid_mutex is held for the look-up of each audit
 * container, so that no creation is half done, and because the last ID is read
 * in the section that finds no further one. The order of records in the log is
 * not important: the daemon may accept some records late.
 *
 * Announcements are made for a write, or by a worker when an audit daemon
 * registers, when auditing is enabled, and after a loss. One announcement waits
 * for another to end. They use at most half of the backlog limit and half of
 * the rate limit. The worker waits for room as long as an audit daemon is
 * registered.
 */

#include <linux/atomic.h>
#include <linux/audit.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include "audit.h"
#include "audit_cid.h"

/* A write that makes no progress for this time fails. */
#define AUDIT_CID_ANNOUNCE_TIMEOUT	(60 * HZ)

/* Shortest time between two announcements after losses. */
#define AUDIT_CID_ANNOUNCE_INTERVAL	(60UL * HZ)

/* One announcement at a time. Acquired before all other locks. */
static DEFINE_MUTEX(audit_cid_announce_mutex);

/* Lost records of any type in this boot. */
static atomic_t audit_cid_lost = ATOMIC_INIT(0);

struct audit_cid_announcement {
	const struct audit_cid	*top;
	bool			asked;
	unsigned int		count;
	unsigned int		lost;	/* at the beginning */
};

static bool audit_cid_pause(bool asked, unsigned long since)
{
	if (asked && (fatal_signal_pending(current) ||
		      time_after(jiffies, since + AUDIT_CID_ANNOUNCE_TIMEOUT)))
		return false;
	if (!asked && !audit_daemon_registered())
		return false;
	if (asked)
		schedule_timeout_killable(HZ / 100 ?: 1);
	else
		schedule_timeout_idle(HZ / 100 ?: 1);
	return true;
}

static struct audit_buffer *audit_cid_announce_start(bool asked)
{
	unsigned long since = jiffies;
	struct audit_buffer *ab;

	might_sleep();
	do {
		ab = audit_enabled ? audit_log_start_spare(AUDIT_CONTAINER_OP) :
				     NULL;
		if (!IS_ERR(ab))
			return ab;
	} while (audit_cid_pause(asked, since));
	return NULL;
}

static void audit_cid_log_live(struct audit_buffer *ab,
			       const struct audit_cid *cid, bool asked)
{
	audit_log_format(ab, "op=announce ocontid=%llu pcontid=%llu", cid->id,
			 audit_cid_id(cid->parent));
	audit_cid_log_name(ab, cid->name, cid->name_len);
	audit_cid_log_nsset(ab, &cid->nsset);
	audit_log_format(ab, " members=%d", atomic_read(&cid->members));
	if (cid->budget)
		audit_log_format(ab, " delegate=%d delegated=%d", cid->budget,
				 atomic_read(&cid->delegated));
	if (asked)
		audit_cid_log_actor(ab);
	audit_cid_log_res(ab, NULL, 1);
	audit_log_end_spare(ab);
}

static unsigned int audit_cid_lost_since(unsigned int lost)
{
	return (unsigned int)atomic_read(&audit_cid_lost) - lost;
}

static void audit_cid_log_announced(struct audit_buffer *ab,
				    const struct audit_cid_announcement *a)
{
	audit_log_format(ab, "op=announced ocontid=%llu last=%llu count=%u lost=%u",
			 audit_cid_id(a->top), audit_cid_last_id(), a->count,
			 audit_cid_lost_since(a->lost));
	if (a->asked)
		audit_cid_log_actor(ab);
	audit_cid_log_res(ab, NULL, 1);
	audit_log_end_spare(ab);
}

/*
 * The announcement ends, and @ab with it, when there is no further audit
 * container.
 */
static struct audit_cid *
audit_cid_announce_next(const struct audit_cid_announcement *a, u64 *id,
			struct audit_buffer *ab)
{
	struct audit_cid *cid;

	for (;;) {
		scoped_guard(mutex, &audit_cid_mutex) {
			cid = audit_cid_next_live(*id);
			if (!cid)
				audit_cid_log_announced(ab, a);
		}
		if (!cid)
			return NULL;
		*id = cid->id + 1;
		if (audit_cid_within(cid, a->top))
			return cid;
		audit_cid_put(cid);
		cond_resched();
	}
}

/* In jiffies: not before this time after a loss. */
static unsigned long audit_cid_announce_after = INITIAL_JIFFIES;

static void audit_cid_announce_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(audit_cid_announce_later, audit_cid_announce_work);

/* This announcement repairs all losses up to now. */
static void audit_cid_announce_begin(struct audit_cid_announcement *a)
{
	if (!a->asked) {
		cancel_delayed_work(&audit_cid_announce_later);
		WRITE_ONCE(audit_cid_announce_after,
			   jiffies + AUDIT_CID_ANNOUNCE_INTERVAL);
	}
	a->lost = atomic_read(&audit_cid_lost);
}

static bool audit_cid_announce_each(struct audit_cid_announcement *a)
{
	struct audit_buffer *ab = audit_cid_announce_start(a->asked);
	struct audit_cid *cid;
	u64 id = 0;

	audit_cid_announce_begin(a);
	for (; ab; ab = audit_cid_announce_start(a->asked)) {
		cid = audit_cid_announce_next(a, &id, ab);
		if (!cid)
			return !audit_cid_lost_since(a->lost);
		audit_cid_log_live(ab, cid, a->asked);
		audit_cid_put(cid);
		a->count++;
	}
	return false;
}

/**
 * audit_cid_announce - log all live audit containers of a subtree
 * @top: the root of the subtree, or NULL for the host, and so the whole tree;
 *	the caller holds a reference
 * @asked: current has requested the announcement. The records contain the
 *	fields of current, the wait ends after 60 s without progress, and a
 *	fatal signal ends it. If false, the wait ends when no audit daemon is
 *	registered.
 *
 * Context: Process context, may sleep. The caller holds no lock.
 * Return: 0, or -EAGAIN if not all audit containers could be logged, or if
 * records of any type were lost meanwhile.
 */
int audit_cid_announce(const struct audit_cid *top, bool asked)
{
	struct audit_cid_announcement a = { .top = top, .asked = asked };
	unsigned long since = jiffies;
	bool all;

	lockdep_assert_not_held(&audit_cid_mutex);
	while (!mutex_trylock(&audit_cid_announce_mutex))
		if (!audit_cid_pause(asked, since))
			return -EAGAIN;
	all = audit_cid_announce_each(&a);
	mutex_unlock(&audit_cid_announce_mutex);
	return all ? 0 : -EAGAIN;
}

static void audit_cid_announce_work(struct work_struct *work)
{
	if (audit_daemon_registered())
		audit_cid_announce(NULL, false);
}

/**
 * audit_cid_announce_all - let the worker announce all live audit containers
 *
 * Called when an audit daemon has registered and when auditing is enabled. Does
 * nothing before the first audit container.
 */
void audit_cid_announce_all(void)
{
	if (static_key_enabled(&audit_cid_used))
		mod_delayed_work(system_long_wq, &audit_cid_announce_later, 0);
}

/**
 * audit_cid_note_lost - let the worker announce after a record of any type was
 * lost
 */
void audit_cid_note_lost(void)
{
	unsigned long after = READ_ONCE(audit_cid_announce_after);
	unsigned long now = jiffies, delay = 0;

	/* When a daemon registers, there is an announcement anyway. */
	if (!static_key_enabled(&audit_cid_used) || !audit_daemon_registered())
		return;
	atomic_inc(&audit_cid_lost);
	if (time_before(now, after))
		delay = min(after - now, AUDIT_CID_ANNOUNCE_INTERVAL);
	queue_delayed_work(system_long_wq, &audit_cid_announce_later, delay);
}
