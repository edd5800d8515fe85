// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: announcements of live containers.
 *
 * A log may lack the creation or the end of a container: it began later, audit
 * was disabled, or records were lost. An announcement repairs that. It logs one
 * record for each live container, in the order of their IDs and so parents
 * before children, each an event of its own. It ends with a record op=announced
 * that has their number, the last ID that was handed out, and the number of
 * records of any kind that were lost meanwhile. A reader that finds all of them
 * knows that every other container with an ID up to the last one has ended.
 *
 * That holds because the next container is looked up under audit_cid_mutex,
 * where no container is half made, and the last ID is read in the section that
 * finds no more of them. The order of the log does not matter: records that the
 * daemon did not accept at once may come late.
 *
 * A write asks for an announcement, and a worker makes one when an audit daemon
 * registers, when auditing is enabled, and after a loss. They do not mix: one
 * waits for the other. They use only what the records of others leave: half of
 * the backlog and half of the rate. The worker waits for that as long as an
 * audit daemon is registered.
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

/* A write that makes no progress for so long gives up. */
#define AUDIT_CID_ANNOUNCE_TIMEOUT	(60 * HZ)

/* After a loss, announcements come no more often than this. */
#define AUDIT_CID_ANNOUNCE_INTERVAL	(60UL * HZ)

/* Held during an announcement. Comes before all other locks. */
static DEFINE_MUTEX(audit_cid_announce_mutex);

/* Records of any kind that were lost in this boot. */
static atomic_t audit_cid_lost = ATOMIC_INIT(0);

/**
 * struct audit_cid_announcement - an announcement that is being made
 * @top: the root of the subtree that it is about, or NULL for the host
 * @asked: whether the current task asked for it and is to be named
 * @count: records so far
 * @lost: what audit_cid_lost was at the beginning
 */
struct audit_cid_announcement {
	const struct audit_cid	*top;
	bool			asked;
	unsigned int		count;
	unsigned int		lost;
};

/* Sleep for a moment, unless it has taken too long already. */
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

/* Start a record, once it is in nobody's way. */
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
 * The next container of the subtree, or NULL where there is none: then the
 * announcement has ended, and @ab with it.
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

/* When the worker may begin because of a loss, in jiffies. */
static unsigned long audit_cid_announce_after = INITIAL_JIFFIES;

static void audit_cid_announce_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(audit_cid_announce_later, audit_cid_announce_work);

/* There is room. What was lost so far, this announcement makes up for. */
static void audit_cid_announce_begin(struct audit_cid_announcement *a)
{
	if (!a->asked) {
		cancel_delayed_work(&audit_cid_announce_later);
		WRITE_ONCE(audit_cid_announce_after,
			   jiffies + AUDIT_CID_ANNOUNCE_INTERVAL);
	}
	a->lost = atomic_read(&audit_cid_lost);
}

/* Whether all of it could be logged. */
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
 * audit_cid_announce - log every live container of a subtree
 * @top: the root of the subtree, or NULL for the host, that is the whole tree;
 *	the caller holds a reference
 * @asked: whether the current task asked for it and is to be named. It waits
 *	for at most 60 s without progress, and a fatal signal ends the wait.
 *	Otherwise it waits as long as an audit daemon is registered.
 *
 * Context: Process context, may sleep. The caller holds no lock.
 * Return: 0, or -EAGAIN if not all of them could be logged, or records of any
 * kind were lost meanwhile.
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
 * audit_cid_announce_all - let the worker announce all live containers
 *
 * Called when an audit daemon has registered and when auditing is enabled. Does
 * nothing where no container was ever made.
 *
 * Context: Any.
 */
void audit_cid_announce_all(void)
{
	if (static_key_enabled(&audit_cid_used))
		mod_delayed_work(system_long_wq, &audit_cid_announce_later, 0);
}

/**
 * audit_cid_note_lost - a record of any kind was lost
 *
 * Context: Any.
 */
void audit_cid_note_lost(void)
{
	unsigned long after = READ_ONCE(audit_cid_announce_after);
	unsigned long now = jiffies, delay = 0;

	/* Without a daemon, its queue overflows. One that comes is announced to. */
	if (!static_key_enabled(&audit_cid_used) || !audit_daemon_registered())
		return;
	atomic_inc(&audit_cid_lost);
	if (time_before(now, after))
		delay = min(after - now, AUDIT_CID_ANNOUNCE_INTERVAL);
	queue_delayed_work(system_long_wq, &audit_cid_announce_later, delay);
}
