// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: an audit daemon that does not read stalls nobody who
 * ends, and when it reads again it learns of all ends
 */

#include <time.h>

#include "crowd.h"
#include "daemon.h"

/* The kernel's own default. */
#define DEFAULT_BACKLOG	64

/* In seconds: how long the end may take, and until the log has healed. */
#define END_MAX		1.0
#define HEAL_MAX	120

/* For slow machines: a multiple of the time without audit containers. */
#define END_RATIO	4
/* In seconds, for kernels that check each lock. */
#define END_MAX_CHECKED	5

FIXTURE(stall)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *daemon, *other;
	struct crowd plain, contained;
};

/* How many end, and whether the daemon is killed or goes on. */
FIXTURE_VARIANT(stall)
{
	unsigned int	n;
	bool		killed;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(stall, stopped_300) { 300, false };
FIXTURE_VARIANT_ADD(stall, stopped_1000) { 1000, false };
FIXTURE_VARIANT_ADD(stall, killed_300) { 300, true };
FIXTURE_VARIANT_ADD(stall, killed_1000) { 1000, true };
/* clang-format on */

FIXTURE_SETUP(stall)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	view_setup(_metadata);
	setup(_metadata, &self->world, &self->log);
	if (self->log.status.pid)
		SKIP(return, "an audit daemon is running: stop it");
	self->daemon = cid_start(&self->world, NULL);
	self->other = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->daemon);
	ASSERT_NE(NULL, self->other);
	ASSERT_EQ(0, audit_only(&self->log, AUDIT_CONTAINER_OP));
	crowd_start(_metadata, &self->plain, crowd_size(variant->n));
	crowd_start(_metadata, &self->contained, crowd_size(variant->n));
	crowd_contain(_metadata, &self->contained, &self->log);
	view->first = self->contained.first;
}

FIXTURE_TEARDOWN(stall)
{
	struct cid_agent *daemon = variant->killed ? self->other : self->daemon;

	kill(daemon->pid, SIGCONT);
	cid_do(daemon, do_unregister, 0, 0);
	audit_set_status(AUDIT_STATUS_BACKLOG_LIMIT,
			 self->log.status.backlog_limit);
	crowd_kill(&self->plain);
	crowd_kill(&self->contained);
	teardown(&self->world, &self->log);
}

/* The daemon has read all that was logged so far. */
static bool daemon_is_up_to_date(void)
{
	double end = now() + HEAL_MAX;
	static int mark;

	if (audit_user(AUDIT_USER, "daemon mark=%d", ++mark))
		return false;
	while (get(&view->mark) != mark && now() < end)
		usleep(10000);
	return get(&view->mark) == mark;
}

/* How many ends the daemon has not heard of. */
static unsigned int count_unknown(__u64 first, __u64 last)
{
	unsigned int unknown = 0;
	__u64 id;

	for (id = first; id <= last; id++)
		unknown += !daemon_knows_end(id);
	return unknown;
}

static unsigned int wait_healed(__u64 first, __u64 last)
{
	double end = now() + HEAL_MAX;

	while (count_unknown(first, last) && now() < end)
		usleep(10000);
	return count_unknown(first, last);
}

/* Its socket is full, and a record in the kernel's hands waits for room. */
static void stop_daemon(struct __test_metadata *const _metadata, pid_t pid)
{
	int i;

	ASSERT_EQ(true, daemon_is_up_to_date());
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	for (i = 0; i < DEFAULT_BACKLOG / 2; i++)
		ASSERT_EQ(0, audit_user(AUDIT_USER, "fill"));
}

static double time_to_kill(struct crowd *crowd)
{
	double start = now();

	crowd_kill(crowd);
	return now() - start;
}

static double end_max(void)
{
	return access("/proc/lockdep_stats", F_OK) ? END_MAX : END_MAX_CHECKED;
}

TEST_F_TIMEOUT(stall, ends, 600)
{
	__u64 first = self->contained.first, last = self->contained.last;
	double plain, contained;
	unsigned int lost;

	ASSERT_EQ(0, cid_do(self->daemon, do_register, DAEMON_RCVBUF, 0));
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_BACKLOG_LIMIT,
				      DEFAULT_BACKLOG));
	stop_daemon(_metadata, self->daemon->pid);
	lost = audit_lost();
	plain = time_to_kill(&self->plain);
	contained = time_to_kill(&self->contained);
	EXPECT_TRUE(contained < end_max() || contained < END_RATIO * plain);
	if (variant->killed) {
		cid_kill(self->daemon);
		EXPECT_EQ(0, cid_do(self->other, do_register, 0, 0));
	} else {
		ASSERT_EQ(0, kill(self->daemon->pid, SIGCONT));
	}
	EXPECT_EQ(0, wait_healed(first, last));
	printf("# %u ended in %.3f s, others in %.3f s\n", self->contained.n,
	       contained, plain);
	printf("# lost: %u; announcements: %d, whole: %d\n",
	       audit_lost() - lost, get(&view->round), get(&view->whole));
}

TEST_HARNESS_MAIN
