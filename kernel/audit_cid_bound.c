// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: rate limits.
 *
 * No record is left out of the log. A task that exceeds a rate sleeps before
 * its record is logged, at a place where it holds no lock.
 *
 * The state is one number: the time at which the next record is due if records
 * come at the interval of the limit (the virtual scheduling algorithm of ITU-T
 * I.371). Each record advances this time by one interval. A record may precede
 * its due time by at most the burst of the limit.
 */

#include <linux/atomic.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>

#include "audit_cid.h"

/* Longest sleep. */
#define AUDIT_CID_BOUND_SLEEP	(5 * NSEC_PER_SEC)

/* Namespace changes in one audit container: 1,000 in 5 s. */
const struct audit_cid_bound audit_cid_bound_changes = {
	.interval	= 5 * NSEC_PER_MSEC,
	.burst		= 5 * NSEC_PER_SEC,
};

/* Denied writes without the capability: 32 in 5 s. */
const struct audit_cid_bound audit_cid_bound_refused = {
	.interval	= 5 * NSEC_PER_SEC / 32,
	.burst		= 5 * NSEC_PER_SEC,
};

/**
 * audit_cid_bound_wait - count a record against a rate limit
 * @due: the state, 0 at first; updated
 * @bound: the rate limit
 * @now: the time, in nanoseconds
 *
 * Return: How long to sleep before the record is logged, in nanoseconds.
 */
u64 audit_cid_bound_wait(atomic64_t *due, const struct audit_cid_bound *bound,
			 u64 now)
{
	u64 last = now + bound->burst + AUDIT_CID_BOUND_SLEEP;
	s64 old = atomic64_read(due);
	u64 next;

	do {
		next = max_t(u64, old, now) + bound->interval;
		/* The longest sleep cannot repay more than this. */
		next = min(next, last);
	} while (!atomic64_try_cmpxchg(due, &old, next));

	return next > now + bound->burst ? next - now - bound->burst : 0;
}

/**
 * audit_cid_bound_sleep - count a record of current, and sleep until it is due
 * @due: the state
 * @bound: the rate limit
 *
 * A fatal signal ends the sleep.
 *
 * Context: Process context, may sleep. The caller holds no lock.
 */
void audit_cid_bound_sleep(atomic64_t *due, const struct audit_cid_bound *bound)
{
	u64 wait = audit_cid_bound_wait(due, bound, ktime_get_ns());
	ktime_t timeout = ns_to_ktime(wait);

	might_sleep();
	if (!wait || fatal_signal_pending(current))
		return;
	set_current_state(TASK_KILLABLE);
	schedule_hrtimeout(&timeout, HRTIMER_MODE_REL);
}
