// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: announcements, on request and for the audit daemon, and
 * the sender of a signal to the daemon
 *
 * AUDIT_CID_ROUNDS sets the number of audit containers in a large announcement.
 */

#include <linux/if.h>
#include <time.h>

#include "crowd.h"
#include "daemon.h"
#include "fixture.h"

/* For large announcements. */
#define MANY_TIMEOUT	3600

/* So few records fit the backlog that a large announcement must wait. */
#define SMALL_BACKLOG	64

static int take_announce(struct audit_log *log, __u64 id, __u64 pcontid,
			 const char *name, const char *nsset, int members,
			 pid_t writer)
{
	return audit_take(log, AUDIT_CONTAINER_OP, NULL,
			  "^op=announce ocontid=%llu pcontid=%llu name=%s %s members=%d %s exe=\"%s\" res=1$",
			  id, pcontid, name, nsset, members, subject(writer),
			  self_exe());
}

/* Of the kernel's own accord: nobody acts. */
static int take_announce_alone(struct audit_log *log, __u64 id, __u64 pcontid,
			       const char *name, const char *nsset,
			       int members)
{
	return audit_take(log, AUDIT_CONTAINER_OP, NULL,
			  "^op=announce ocontid=%llu pcontid=%llu name=%s %s members=%d res=1$",
			  id, pcontid, name, nsset, members);
}

/* Read the end of an announcement of the subtree of an ID. */
static int take_announced(struct audit_log *log, __u64 root, int n, pid_t writer)
{
	return audit_take(log, AUDIT_CONTAINER_OP, NULL,
			  "^op=announced ocontid=%llu last=[0-9]+ count=%d lost=0 %s exe=\"%s\" res=1$",
			  root, n, subject(writer), self_exe());
}

static int take_announced_alone(struct audit_log *log, int n)
{
	return audit_take(log, AUDIT_CONTAINER_OP, NULL,
			  "^op=announced ocontid=0 last=[0-9]+ count=%d lost=0 res=1$", n);
}

static int count_announced(const struct audit_log *log, __u64 id)
{
	return audit_count(log, AUDIT_CONTAINER_OP,
			   "^op=announce ocontid=%llu ", id);
}

static long do_drop_right(struct cid_world *world, const struct cid_call *call)
{
	return cid_set_right(false);
}

/*
 * By a write
 */

TEST_F(record, announce)
{
	pid_t pid = self->agent->pid;
	char set[512];
	long id;

	cid_ns_text(set, sizeof(set), pid, pid);
	ASSERT_EQ(0, cid_write(pid, "new name=web-1"));
	id = cid_read(pid);
	ASSERT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(0, cid_write(pid, "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_announce(&self->log, id, 0, "\"web-1\"", set, 1,
				   getpid()));
	EXPECT_LE(0, take_announced(&self->log, id, 1, getpid()));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
	EXPECT_EQ(0, cid_write(pid, "announce\n"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_announce(&self->log, id, 0, "\"web-1\"", set, 1,
				   getpid()));
	EXPECT_LE(0, take_announced(&self->log, id, 1, getpid()));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
	/* It changes nothing. */
	EXPECT_EQ(id, cid_read(pid));
}

TEST_F(record, announce_needs_no_container)
{
	EXPECT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(0, cid_write(self->agent->pid, "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_announced(&self->log, 0, 0, getpid()));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/*
 * Two audit containers of the first level, and two levels below the first of
 * them.
 */
TEST_F(record, announce_the_subtree)
{
	struct cid_agent *other = cid_start(&self->world, NULL);
	const char *here = namespaces(getpid());
	__u64 id, id_child, id_low, id_other;
	struct cid_agent *child, *low;

	ASSERT_NE(NULL, other);
	id_other = make_container(&self->log, other);
	id = make_container(&self->log, self->agent);
	child = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, child);
	id_child = make_container(&self->log, child);
	low = cid_start(&self->world, child);
	ASSERT_NE(NULL, low);
	id_low = make_container(&self->log, low);
	ASSERT_LT(id_child, id_low);

	/* From the child down. */
	EXPECT_EQ(0, cid_write(child->pid, "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_announce(&self->log, id_child, id, "\\(null\\)",
				   here, 1, getpid()));
	EXPECT_LE(0, take_announce(&self->log, id_low, id_child,
				   "\\(null\\)", here, 1, getpid()));
	EXPECT_LE(0, take_announced(&self->log, id_child, 2, getpid()));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	/* From the top of it. */
	EXPECT_EQ(0, cid_write(self->agent->pid, "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(1, count_announced(&self->log, id));
	EXPECT_EQ(2, count_announced(&self->log, id_child));
	EXPECT_EQ(2, count_announced(&self->log, id_low));
	EXPECT_EQ(0, count_announced(&self->log, id_other));
	EXPECT_LE(0, take_announced(&self->log, id, 3, getpid()));

	/* All there are. */
	EXPECT_EQ(0, cid_write(getpid(), "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(2, count_announced(&self->log, id));
	EXPECT_EQ(3, count_announced(&self->log, id_child));
	EXPECT_EQ(3, count_announced(&self->log, id_low));
	EXPECT_EQ(1, count_announced(&self->log, id_other));
	EXPECT_LE(0, take_announced(&self->log, 0, 4, getpid()));
}

/*
 * members counts processes, not threads. The namespaces are those at the
 * creation.
 */
TEST_F(record, announce_members)
{
	__u64 id = make_container(&self->log, self->agent);
	struct cid_agent *child, *joined = cid_start(&self->world, NULL);
	pid_t pid = self->agent->pid;
	char set[512];
	siginfo_t info;

	ASSERT_NE(0, id);
	ASSERT_NE(NULL, joined);
	cid_ns_text(set, sizeof(set), pid, pid);
	ASSERT_EQ(0, cid_do(self->agent, cid_do_unshare, CLONE_NEWUTS, 0));
	ASSERT_LT(0, cid_do(self->agent, cid_do_thread, 0, 0));
	child = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, child);
	ASSERT_EQ(0, cid_write(joined->pid, "join %llu", id));
	ASSERT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(0, cid_write(child->pid, "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_announce(&self->log, id, 0, "\\(null\\)", set, 3,
				   getpid()));

	cid_end(child);
	/* A zombie is not a member. */
	cid_post(joined, cid_do_exit, 0, 0, "%s", "");
	ASSERT_EQ(0, waitid(P_PID, joined->pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(0, cid_write(pid, "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_announce(&self->log, id, 0, "\\(null\\)", set, 1,
				   getpid()));
	EXPECT_LE(0, take_announced(&self->log, id, 1, getpid()));
	EXPECT_LE(0, take_announced(&self->log, id, 1, getpid()));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
	cid_reap(joined);
}

/* One that has ended is named as a parent, and not announced. */
TEST_F(record, announce_below_one_that_ended)
{
	__u64 id = make_container(&self->log, self->agent), low;

	ASSERT_NE(0, id);
	low = make_container(&self->log, self->agent);
	ASSERT_LT(id, low);
	EXPECT_EQ(0, cid_write(getpid(), "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_announce(&self->log, low, id, "\\(null\\)",
				   namespaces(getpid()), 1, getpid()));
	EXPECT_LE(0, take_announced(&self->log, 0, 1, getpid()));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

TEST_F(record, announce_from_inside)
{
	struct cid_agent *other = cid_start(&self->world, NULL);
	struct cid_agent *child;
	__u64 id, id_child;

	ASSERT_NE(NULL, other);
	id = make_container(&self->log, self->agent);
	child = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, child);
	id_child = make_container(&self->log, child);
	ASSERT_NE(0, make_container(&self->log, other));
	EXPECT_EQ(-EPERM, cid_do_text(self->agent, cid_do_write, getpid(), 0,
				      "announce"));
	EXPECT_EQ(-EPERM, cid_do_text(self->agent, cid_do_write, other->pid,
				      0, "announce"));
	EXPECT_EQ(-EPERM, cid_do_text(child, cid_do_write, self->agent->pid,
				      0, "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_count(&self->log, AUDIT_CONTAINER_OP,
				 "^op=announce .* res=1$"));

	EXPECT_EQ(0, cid_do_text(child, cid_do_write, 0, 0, "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(1, count_announced(&self->log, id_child));
	EXPECT_EQ(0, count_announced(&self->log, id));
	EXPECT_EQ(0, cid_do_text(self->agent, cid_do_write, 0, 0, "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(2, count_announced(&self->log, id_child));
	EXPECT_EQ(1, count_announced(&self->log, id));
}

TEST_F(record, announce_refused)
{
	const pid_t kthreadd = 2;

	ASSERT_NE(0, make_container(&self->log, self->agent));
	EXPECT_EQ(-EINVAL, cid_write(self->agent->pid, "announce "));
	EXPECT_EQ(-EINVAL, cid_write(self->agent->pid, " announce"));
	EXPECT_EQ(-EINVAL, cid_write(self->agent->pid, "announce 1"));
	EXPECT_EQ(-EINVAL, cid_write(self->agent->pid, "announce=1"));
	EXPECT_EQ(-EINVAL, cid_write(self->agent->pid, "announcement"));
	EXPECT_EQ(-EINVAL, cid_write(self->agent->pid, "announce\n\n"));
	EXPECT_EQ(-EPERM, cid_write(kthreadd, "announce"));
	ASSERT_EQ(0, cid_do(self->agent, do_drop_right, 0, 0));
	EXPECT_EQ(-EPERM, cid_do_text(self->agent, cid_do_write, 0, 0,
				      "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_count(&self->log, AUDIT_CONTAINER_OP,
				 "^op=announce .* res=1$"));
	/* Nothing but the above is in the way. */
	EXPECT_EQ(0, cid_write(self->agent->pid, "announce"));
}

TEST_F(record, announce_with_audit_disabled)
{
	__u64 id;

	if (self->log.status.enabled == 2)
		SKIP(return, "the configuration of audit is locked");
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 0));
	ASSERT_EQ(0, cid_write(self->agent->pid, "new name=unseen"));
	id = cid_read(self->agent->pid);
	EXPECT_EQ(-EAGAIN, cid_write(self->agent->pid, "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, count_announced(&self->log, id));
	/* The log knows nothing of it, until it is announced. */
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 1));
	EXPECT_EQ(0, cid_write(self->agent->pid, "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_announce(&self->log, id, 0, "\"unseen\"",
				   namespaces(getpid()), 1, getpid()));
}

/*
 * An audit daemon
 */

FIXTURE(daemon)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent, *daemon;
};

FIXTURE_SETUP(daemon)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	view_setup(_metadata);
	setup(_metadata, &self->world, &self->log);
	if (self->log.status.pid)
		SKIP(return, "an audit daemon is running: stop it");
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
	self->daemon = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->daemon);
}

FIXTURE_TEARDOWN(daemon)
{
	cid_do(self->daemon, do_unregister, 0, 0);
	teardown(&self->world, &self->log);
}

/*
 * Read until the daemon has seen the end of so many announcements, as long as it
 * sees more of them.
 */
static void wait_rounds(struct __test_metadata *const _metadata,
			struct audit_log *log, int wanted)
{
	time_t last = time(NULL);
	int seen = 0, now;

	while (get(&view->round) < wanted && time(NULL) - last < 60) {
		ASSERT_LE(0, audit_receive(log, AUDIT_TIMEOUT_POLL_MS));
		now = get(&view->announces);
		if (now > seen)
			last = time(NULL);
		seen = now;
	}
	ASSERT_EQ(0, audit_sync(log));
	EXPECT_EQ(wanted, get(&view->round));
	EXPECT_EQ(wanted, get(&view->whole));
}

TEST_F(daemon, is_told)
{
	__u64 id = make_container(&self->log, self->agent), id_low;
	struct cid_agent *low = cid_start(&self->world, self->agent);
	const char *here = namespaces(getpid());
	size_t i;

	ASSERT_NE(0, id);
	ASSERT_NE(NULL, low);
	ASSERT_EQ(0, cid_write(low->pid, "new name=lower"));
	id_low = cid_read(low->pid);
	ASSERT_EQ(0, audit_drop(&self->log));
	ASSERT_EQ(0, cid_do(self->daemon, do_register, 0, 0));
	wait_rounds(_metadata, &self->log, 1);
	EXPECT_LE(0, take_announce_alone(&self->log, id, 0, "\\(null\\)",
					 here, 1));
	EXPECT_LE(0, take_announce_alone(&self->log, id_low, id, "\"lower\"",
					 here, 1));
	EXPECT_LE(0, take_announced_alone(&self->log, 2));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
	for (i = 0; i < self->log.count; i++) {
		const struct audit_record *record = &self->log.record[i];

		if (record->type == AUDIT_CONTAINER_OP)
			EXPECT_EQ(1, audit_event_size(&self->log,
						      record->serial));
	}
	/* Once. */
	EXPECT_EQ(2, get(&view->announces));
}

/*
 * Each registration of a daemon causes an announcement. A rejected registration
 * and an unregistration do not.
 */
TEST_F(daemon, is_told_again)
{
	struct cid_agent *second = cid_start(&self->world, NULL);
	__u64 id = make_container(&self->log, self->agent);

	ASSERT_NE(0, id);
	ASSERT_NE(NULL, second);
	ASSERT_EQ(0, cid_do(self->daemon, do_register, 0, 0));
	wait_rounds(_metadata, &self->log, 1);
	EXPECT_EQ(-EEXIST, cid_do(second, do_register, 0, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(1, count_announced(&self->log, id));
	ASSERT_EQ(0, cid_do(self->daemon, do_unregister, 0, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(1, count_announced(&self->log, id));
	ASSERT_EQ(0, cid_do(second, do_register, 0, 0));
	wait_rounds(_metadata, &self->log, 2);
	EXPECT_EQ(2, count_announced(&self->log, id));
	ASSERT_EQ(0, cid_do(second, do_unregister, 0, 0));
}

/* It is not the doing of the daemon, wherever that is. */
TEST_F(daemon, in_a_container)
{
	__u64 id = make_container(&self->log, self->daemon);

	ASSERT_NE(0, id);
	ASSERT_EQ(0, cid_do(self->daemon, do_register, 0, 0));
	wait_rounds(_metadata, &self->log, 1);
	EXPECT_LE(0, take_announce_alone(&self->log, id, 0, "\\(null\\)",
					 namespaces(getpid()), 1));
	EXPECT_LE(0, take_announced_alone(&self->log, 1));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* A daemon may be there before auditing is enabled, and see it disabled. */
TEST_F(daemon, is_told_when_enabled)
{
	__u64 id, id_other;
	struct cid_agent *other = cid_start(&self->world, NULL);

	ASSERT_NE(NULL, other);
	if (self->log.status.enabled == 2)
		SKIP(return, "the configuration of audit is locked");
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 0));
	ASSERT_EQ(0, cid_write(self->agent->pid, "new name=early"));
	id = cid_read(self->agent->pid);
	ASSERT_EQ(0, cid_do(self->daemon, do_register, 0, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, count_announced(&self->log, id));
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 1));
	wait_rounds(_metadata, &self->log, 1);
	EXPECT_LE(0, take_announce_alone(&self->log, id, 0, "\"early\"",
					 namespaces(getpid()), 1));
	/* It is enabled already. */
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 1));

	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 0));
	ASSERT_EQ(0, cid_write(other->pid, "new name=during"));
	id_other = cid_read(other->pid);
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 1));
	wait_rounds(_metadata, &self->log, 2);
	EXPECT_EQ(2, count_announced(&self->log, id));
	EXPECT_EQ(1, count_announced(&self->log, id_other));
}

/*
 * A signal to the daemon
 */

static long do_kill(struct cid_world *world, const struct cid_call *call)
{
	return kill(call->x, call->y) ? -errno : 0;
}

/* As the kernel answers. It is not in the interface's header. */
struct signal_info {
	uid_t	uid;
	pid_t	pid;
	char	ctx[];
};

/* Check the replies to both requests for the last sender of a signal. */
static int ask_signal(__u16 type, struct audit_request *reply)
{
	struct audit_request ask = {
		.header.nlmsg_type = type,
		.header.nlmsg_len = NLMSG_HDRLEN,
	};

	memset(reply, 0, sizeof(*reply));
	return audit_ask_once(&ask, reply);
}

/* The old reply is unchanged. The new one also has the ID. */
static void check_signaller(struct __test_metadata *const _metadata, pid_t pid,
			    __u64 id)
{
	struct audit_request old, new;
	const struct audit_sig_info2 *info2 = (void *)new.data;
	const struct signal_info *info = (void *)old.data;
	size_t len;

	ASSERT_EQ(0, ask_signal(AUDIT_SIGNAL_INFO, &old));
	ASSERT_EQ(0, ask_signal(AUDIT_SIGNAL_INFO2, &new));
	len = old.header.nlmsg_len - NLMSG_LENGTH(sizeof(*info));
	EXPECT_EQ(NLMSG_LENGTH(sizeof(*info2)) + len, new.header.nlmsg_len);
	EXPECT_EQ(pid, info->pid);
	EXPECT_EQ(0, info->uid);
	EXPECT_EQ(NULL, memmem(info->ctx, len, "contid", 6));
	EXPECT_EQ(pid, info2->pid);
	EXPECT_EQ(0, info2->uid);
	EXPECT_EQ(id, info2->contid);
	EXPECT_EQ(0, memcmp(info->ctx, info2->ctx, len));
}

static void check_signal(struct __test_metadata *const _metadata,
			 struct cid_agent *sender, struct cid_agent *daemon,
			 int sig, __u64 id)
{
	ASSERT_EQ(0, cid_do(sender, do_kill, daemon->pid, sig));
	check_signaller(_metadata, sender->pid, id);
}

TEST_F(daemon, gets_a_signal)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };
	struct cid_agent *host = cid_start(&self->world, NULL);
	struct cid_agent *low = cid_start(&self->world, NULL);
	__u64 id = make_container(&self->log, self->agent), id_low;
	size_t i;

	ASSERT_NE(0, id);
	ASSERT_NE(NULL, host);
	ASSERT_NE(NULL, low);
	ASSERT_EQ(0, cid_write(low->pid, "join %llu", id));
	id_low = make_container(&self->log, low);
	ASSERT_LT(id, id_low);
	ASSERT_EQ(0, cid_do(self->daemon, do_register, 0, 0));
	check_signal(_metadata, host, self->daemon, SIGUSR1, 0);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		check_signal(_metadata, self->agent, self->daemon, signals[i],
			     id);
		check_signal(_metadata, host, self->daemon, signals[i], 0);
		check_signal(_metadata, low, self->daemon, signals[i],
			     id_low);
	}
}

/* The sender and its audit container may be gone before the request. */
TEST_F(daemon, gets_a_signal_of_one_that_ended)
{
	__u64 id = make_container(&self->log, self->agent);
	pid_t pid = self->agent->pid;

	ASSERT_NE(0, id);
	ASSERT_EQ(0, cid_do(self->daemon, do_register, 0, 0));
	check_signal(_metadata, self->agent, self->daemon, SIGTERM, id);
	/* The daemon does not ask for the sender of this signal. */
	ASSERT_EQ(0, kill(self->daemon->pid, SIGCONT));
	cid_kill(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(1, count_exits(&self->log, id));
	check_signaller(_metadata, pid, id);
}

/*
 * Many
 */

FIXTURE(many)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent, *daemon;
	struct crowd crowd;
	unsigned int lost;
};

FIXTURE_SETUP(many)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	view_setup(_metadata);
	setup(_metadata, &self->world, &self->log);
	if (self->log.status.pid)
		SKIP(return, "an audit daemon is running: stop it");
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
	self->daemon = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->daemon);
	ASSERT_EQ(0, audit_only(&self->log, AUDIT_CONTAINER_OP));
	crowd_start(_metadata, &self->crowd, crowd_size(1000));
	crowd_contain(_metadata, &self->crowd, &self->log);
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_BACKLOG_LIMIT,
				      SMALL_BACKLOG));
}

FIXTURE_TEARDOWN(many)
{
	const struct audit_status *was = &self->log.status;

	kill(self->daemon->pid, SIGCONT);
	audit_set_status(AUDIT_STATUS_RATE_LIMIT, was->rate_limit);
	audit_set_status(AUDIT_STATUS_FAILURE, was->failure);
	audit_set_status(AUDIT_STATUS_BACKLOG_LIMIT, was->backlog_limit);
	audit_set_status(AUDIT_STATUS_BACKLOG_WAIT_TIME, was->backlog_wait_time);
	cid_do(self->daemon, do_unregister, 0, 0);
	crowd_kill(&self->crowd);
	teardown(&self->world, &self->log);
}

/* Each audit container is announced once, and no record is lost. */
static void check_all(struct __test_metadata *const _metadata,
		      struct _test_data_many *self)
{
	__u64 first = self->crowd.first, last = self->crowd.last, id;
	unsigned char *seen = calloc(last - first + 1, 1);
	unsigned int found = 0, wrong = 0;
	size_t i;

	ASSERT_NE(NULL, seen);
	for (i = 0; i < self->log.count; i++) {
		if (sscanf(self->log.record[i].text,
			   "op=announce ocontid=%llu", &id) != 1 ||
		    id < first || id > last)
			continue;
		wrong += seen[id - first]++;
		found++;
	}
	free(seen);
	EXPECT_EQ(self->crowd.n, found);
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(1, audit_count(&self->log, AUDIT_CONTAINER_OP,
				 "^op=announced ocontid=0 last=[0-9]+ count=%u lost=0 ",
				 self->crowd.n));
	EXPECT_EQ(self->lost, audit_lost());
	audit_forget(&self->log);
}

/*
 * A daemon registers. Before, records that were not delivered counted as lost.
 */
static void come(struct __test_metadata *const _metadata,
		 struct _test_data_many *self, int rcvbuf)
{
	ASSERT_EQ(0, cid_do(self->daemon, do_register, rcvbuf, 0));
	self->lost = audit_lost();
}

/* It receives a complete announcement. */
static void come_and_be_told(struct __test_metadata *const _metadata,
			     struct _test_data_many *self)
{
	int round = get(&view->round);

	come(_metadata, self, 0);
	wait_rounds(_metadata, &self->log, round + 1);
	check_all(_metadata, self);
}

/* The daemon needs some seconds for the announcement, whatever the machine. */
static void slow_down(struct _test_data_many *self)
{
	view->pause_us = 5000000 / self->crowd.n;
}

static void ask(struct __test_metadata *const _metadata,
		struct _test_data_many *self)
{
	ASSERT_EQ(0, cid_do_text(self->agent, cid_do_write, getpid(), 0,
				 "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	check_all(_metadata, self);
}

TEST_F_TIMEOUT(many, announced, MANY_TIMEOUT)
{
	come_and_be_told(_metadata, self);
	ask(_metadata, self);
}

/* An announcement is complete even if tasks must not wait for the queue. */
TEST_F_TIMEOUT(many, announced_without_wait, MANY_TIMEOUT)
{
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_BACKLOG_WAIT_TIME, 0));
	come_and_be_told(_metadata, self);
	ask(_metadata, self);
	ASSERT_EQ(self->lost, audit_lost());
	/* With this failure mode, a lost record would panic the kernel. */
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_FAILURE, 2));
	ask(_metadata, self);
}

/* Records above the rate would be lost. */
TEST_F_TIMEOUT(many, announced_below_the_rate, MANY_TIMEOUT)
{
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_RATE_LIMIT, 400));
	come_and_be_told(_metadata, self);
	ask(_metadata, self);
}

/*
 * While the daemon is slow, tasks that cause no records can still fork, run and
 * exit.
 */
TEST_F_TIMEOUT(many, announced_to_a_slow_daemon, MANY_TIMEOUT)
{
	struct cid_agent *member = cid_start(&self->world, NULL), *child;
	unsigned int births = 0;

	ASSERT_NE(NULL, member);
	ASSERT_EQ(0, cid_write(member->pid, "join %llu", self->crowd.first));
	ASSERT_EQ(0, audit_drop(&self->log));
	slow_down(self);
	come(_metadata, self, 0);
	while (births < 1000 && !get(&view->round)) {
		child = cid_start(&self->world, member);
		ASSERT_NE(NULL, child);
		ASSERT_EQ(cid_read(member->pid), cid_read(child->pid));
		cid_end(child);
		births++;
	}
	printf("# %u births meanwhile\n", births);
	EXPECT_LT(3, births);
	wait_rounds(_metadata, &self->log, 1);
	check_all(_metadata, self);
}

/* Set or unset a device to be promiscuous x times: that waits for no room. */
static long do_promiscuous(struct cid_world *world,
			   const struct cid_call *call)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd, i;

	if (unshare(CLONE_NEWNET))
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (i = 0; i < call->x; i++) {
		ifr.ifr_flags ^= IFF_PROMISC;
		if (ioctl(fd, SIOCSIFFLAGS, &ifr))
			return -errno;
		usleep(20000);
	}
	return close(fd);
}

/* An announcement takes no room from records that cannot wait. */
TEST_F_TIMEOUT(many, announced_beside_atomic_records, MANY_TIMEOUT)
{
	/* Three records each: they have room beside the half that it may use. */
	const int atomic = SMALL_BACKLOG / 2 / 3 - 1;

	slow_down(self);
	come(_metadata, self, DAEMON_RCVBUF);
	ASSERT_EQ(0, cid_do(self->agent, do_promiscuous, atomic, 0));
	EXPECT_EQ(0, get(&view->round));
	wait_rounds(_metadata, &self->log, 1);
	EXPECT_EQ(atomic, get(&view->promiscuous));
	check_all(_metadata, self);
}

/* A daemon that begins to read late. Nothing is logged meanwhile. */
static void come_late(struct __test_metadata *const _metadata,
		      struct _test_data_many *self)
{
	slow_down(self);
	come(_metadata, self, DAEMON_RCVBUF);
	ASSERT_EQ(0, kill(self->daemon->pid, SIGSTOP));
	sleep(2);
	view->pause_us = 0;
	ASSERT_EQ(0, kill(self->daemon->pid, SIGCONT));
	wait_rounds(_metadata, &self->log, 1);
	check_all(_metadata, self);
}

/* More records wait for the daemon than there is room for. */
TEST_F_TIMEOUT(many, announced_to_a_late_daemon, MANY_TIMEOUT)
{
	come_late(_metadata, self);
}

/* The queue has room for all records, and for those that were held before. */
TEST_F_TIMEOUT(many, announced_at_once_to_a_late_daemon, MANY_TIMEOUT)
{
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_BACKLOG_LIMIT,
				      40 * self->crowd.n));
	come_late(_metadata, self);
}

/* A task that waits for a stopped daemon can be killed. */
TEST_F_TIMEOUT(many, announcement_is_killed, MANY_TIMEOUT)
{
	struct pollfd answer = { .fd = self->agent->sock[0], .events = POLLIN };
	time_t start;

	come(_metadata, self, DAEMON_RCVBUF);
	wait_rounds(_metadata, &self->log, 1);
	ASSERT_EQ(0, kill(self->daemon->pid, SIGSTOP));
	cid_post(self->agent, cid_do_write, getpid(), 0, "announce");
	EXPECT_EQ(0, poll(&answer, 1, 1000));
	start = time(NULL);
	cid_kill(self->agent);
	EXPECT_GT(30, time(NULL) - start);
}

/* They end while they are announced, which keeps nobody from either. */
TEST_F_TIMEOUT(many, announced_while_they_end, MANY_TIMEOUT)
{
	const unsigned int n = self->crowd.n;
	int announced, exits;

	come_and_be_told(_metadata, self);
	cid_post(self->agent, cid_do_write, getpid(), 0, "announce");
	while (!audit_count(&self->log, AUDIT_CONTAINER_OP, "^op=announce "))
		ASSERT_LE(0, audit_receive(&self->log, AUDIT_TIMEOUT_POLL_MS));
	crowd_kill(&self->crowd);
	EXPECT_EQ(0, cid_wait(self->agent));
	ASSERT_EQ(0, audit_sync(&self->log));
	announced = audit_count(&self->log, AUDIT_CONTAINER_OP,
				"^op=announce ");
	exits = audit_count(&self->log, AUDIT_CONTAINER_OP, "^op=exit ");
	printf("# %d announced, %d ended\n", announced, exits);
	EXPECT_EQ(n, exits);
	EXPECT_LT(0, announced);
	EXPECT_GE(n, announced);
	EXPECT_EQ(1, audit_count(&self->log, AUDIT_CONTAINER_OP,
				 "^op=announced ocontid=0 last=[0-9]+ count=%d lost=0 ",
				 announced));
}

TEST_HARNESS_MAIN
