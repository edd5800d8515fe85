// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: failed allocations, and records that are not logged
 *
 * The memory tests make each allocation of a step fail in turn, until all
 * succeed: the step returns a documented error and has changed nothing, or it
 * has succeeded. Records that it does not log are counted as lost. kmemleak
 * finds memory leaks.
 */

#include <sys/mman.h>

#include "record.h"

/* More than any step here allocates. */
#define NTH_MAX		400
/* A debug kernel on a busy machine takes its time. */
#define FAULT_TIMEOUT	1200
#define IGNORE_WAIT	"/sys/kernel/debug/failslab/ignore-gfp-wait"
#define VERBOSE		"/sys/kernel/debug/failslab/verbose"

static int put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text));
	close(fd);
	return ret < 0 ? -errno : 0;
}

/* Records that audit counts as lost. */
static unsigned int lost(void)
{
	struct audit_status status;

	return audit_get_status(&status) ? -1 : status.lost;
}

/*
 * The number of live audit containers, and of members of @id. The records of an
 * announcement that the kernel makes after a loss have no subject.
 */
static int announced(struct __test_metadata *const _metadata,
		     struct audit_log *log, __u64 id, int *members)
{
	int all;

	*members = 0;
	EXPECT_EQ(0, audit_drop(log));
	EXPECT_EQ(0, cid_write(getpid(), "announce"));
	EXPECT_EQ(0, audit_sync(log));
	all = audit_count(log, AUDIT_CONTAINER_OP,
			  "^op=announce .* pid=.*res=1$");
	for (size_t i = 0; i < log->count; i++) {
		const char *text = log->record[i].text;
		const char *found = strstr(text, " members=");
		unsigned long long which;

		if (found && sscanf(text, "op=announce ocontid=%llu ",
				    &which) == 1 && which == id)
			*members = atoi(found + strlen(" members="));
	}
	audit_forget(log);
	return all;
}

/*
 * Steps: a step runs in the test or in an agent, whose nth allocation fails
 */

struct step {
	long	(*fn)(const struct step *step);
	pid_t	pid;
	long	arg;
	int	fd;
	char	text[64];
};

/* Shared with agents. left: failures still to come, so none was reached. */
static struct shared_step {
	struct step	step;
	long		ret;
	unsigned int	left;
	long long	child;
} *failing;

static long fail_nth(unsigned int nth)
{
	char number[16], text[16] = "";
	int fd = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	snprintf(number, sizeof(number), "%u", nth);
	if (nth && pwrite(fd, number, strlen(number), 0) < 0)
		return -errno;
	if (nth) {
		failing->ret = failing->step.fn(&failing->step);
		if (pread(fd, text, sizeof(text) - 1, 0) < 0)
			return -errno;
		failing->left = strtoul(text, NULL, 10);
	}
	pwrite(fd, "0", 1, 0);
	close(fd);
	return 0;
}

static long do_fail_nth(struct cid_world *world, const struct cid_call *call)
{
	return fail_nth(call->x);
}

static long step_write(const struct step *step)
{
	return cid_write_fd(step->fd, step->text, strlen(step->text));
}

static int child_main(void *arg)
{
	failing->child = cid_read(getpid());
	syscall(__NR_exit, 0);
	return 0;
}

static int thread_main(void *arg)
{
	syscall(__NR_exit, 0);
	return 0;
}

/*
 * No fork(): a copy of the memory that fails has been the end of user-mode
 * Linux.
 */
static long step_clone(const struct step *step)
{
	static long long stack[4096];
	pid_t pid = clone(child_main, stack + ARRAY_SIZE(stack),
			  CLONE_VM | CLONE_VFORK | SIGCHLD | step->arg, NULL);

	return pid < 0 ? -errno : pid;
}

static long step_thread(const struct step *step)
{
	static long long stack[4096];
	pid_t pid = clone(thread_main, stack + ARRAY_SIZE(stack),
			  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			  CLONE_SYSVSEM | CLONE_THREAD | CLONE_VFORK, NULL);

	return pid < 0 ? -errno : pid;
}

static long step_unshare(const struct step *step)
{
	return unshare(step->arg) ? -errno : 0;
}

static long step_setns(const struct step *step)
{
	return setns(step->fd, step->arg) ? -errno : 0;
}

static long step_exit(const struct step *step)
{
	_exit(0);
}

static long step_add_rule(const struct step *step)
{
	struct audit_request ask = {
		.header.nlmsg_type = step->arg,
		.header.nlmsg_len = NLMSG_LENGTH(sizeof(ask.rule)),
		.rule = {
			.flags = AUDIT_FILTER_EXIT,
			.action = AUDIT_ALWAYS,
			.field_count = 2,
			.fields = { AUDIT_CONTID_TREE, AUDIT_CONTID_HI },
			.fieldflags = { AUDIT_EQUAL, AUDIT_EQUAL },
			.values = { 1, 0x7fffffff },
			.mask[AUDIT_WORD(__NR_getpgid)] =
				AUDIT_BIT(__NR_getpgid),
		},
	};

	return audit_ask(step->fd, &ask, NULL);
}

static long step_signal_info(const struct step *step)
{
	struct audit_request ask = {
		.header.nlmsg_type = AUDIT_SIGNAL_INFO2,
		.header.nlmsg_len = NLMSG_HDRLEN,
	}, reply = {};
	long ret = audit_ask(step->fd, &ask, &reply);

	failing->child = ((struct audit_sig_info2 *)reply.data)->contid;
	return ret;
}

/* Other activity of agents */

static long do_pidfd(struct cid_world *world, const struct cid_call *call)
{
	int fd = syscall(__NR_pidfd_open, call->x, 0);

	return fd < 0 ? -errno : fd;
}

static long do_setns_of(struct cid_world *world, const struct cid_call *call)
{
	int fd = do_pidfd(world, call);

	return setns(fd, call->y) ? -errno : 0;
}

static long do_signal(struct cid_world *world, const struct cid_call *call)
{
	return kill(call->x, call->y) ? -errno : 0;
}

/*
 * Register as the audit daemon, and do not read. If x is not 0, the queue has
 * no room for records, otherwise it has room for all, also for those of earlier
 * tests.
 */
static long do_become_daemon(struct cid_world *world,
			     const struct cid_call *call)
{
	int fd = audit_control_open(), none = 1, plenty = 256 << 20;

	signal(SIGUSR1, SIG_IGN);
	if (call->x)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &none, sizeof(none));
	else
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &plenty,
			   sizeof(plenty));
	return audit_register(fd, true);
}

/*
 * Fixture
 */

FIXTURE(fault)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent;
	unsigned int failed, refused;
};

static const char *no_faults(void)
{
	if (access("/proc/self/fail-nth", F_OK))
		return "no fault injection (CONFIG_FAULT_INJECTION)";
	if (access(IGNORE_WAIT, F_OK))
		return "no failing allocations (CONFIG_FAILSLAB, debugfs)";
	return NULL;
}

FIXTURE_SETUP(fault)
{
	const char *missing = cid_missing() ?: no_faults();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	ASSERT_EQ(0, audit_only(&self->log, AUDIT_CONTAINER_OP));
	failing = mmap(NULL, sizeof(*failing), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, failing);
	ASSERT_EQ(0, put_text(IGNORE_WAIT, "N"));
	ASSERT_EQ(0, put_text(VERBOSE, "0"));
}

FIXTURE_TEARDOWN(fault)
{
	put_text(IGNORE_WAIT, "Y");
	munmap(failing, sizeof(*failing));
	teardown(&self->world, &self->log);
}

/* An agent of its own for each failure, in a container that is made so. */
static long long begin(struct __test_metadata *const _metadata,
		       struct _test_data_fault *self, const char *first)
{
	self->agent = cid_start(&self->world, NULL);
	EXPECT_NE(NULL, self->agent);
	if (first)
		EXPECT_EQ(0, cid_write(self->agent->pid, "%s", first));
	EXPECT_EQ(0, audit_drop(&self->log));
	memset(failing, 0, sizeof(*failing));
	return self->agent ? cid_read(self->agent->pid) : -1;
}

/* After each failure: nobody is left. Returns whether there may be another. */
static bool end(struct __test_metadata *const _metadata,
		struct _test_data_fault *self, unsigned int nth)
{
	int none;

	if (self->agent->pid)
		cid_kill(self->agent);
	EXPECT_EQ(0, announced(_metadata, &self->log, 0, &none))
		TH_LOG("allocation %u", nth);
	if (!failing->left)
		self->failed++;
	if (failing->ret < 0)
		self->refused++;
	return !failing->left && nth < NTH_MAX && !_metadata->exit_code;
}

static void sum_up(struct __test_metadata *const _metadata,
		   struct _test_data_fault *self, unsigned int least)
{
	printf("# %u allocations failed, the step %u times\n", self->failed,
	       self->refused);
	EXPECT_LE(least, self->failed);
	EXPECT_GT(NTH_MAX, self->failed);
	/* Without any failure it goes well. */
	EXPECT_LE(0, failing->ret);
}

/* A step is logged, or it is counted that it was not. */
static void check_logged(struct __test_metadata *const _metadata,
			 struct audit_log *log, unsigned int lost_before,
			 const char *op, long long id, bool done)
{
	int records;

	ASSERT_EQ(0, audit_sync(log));
	records = audit_count(log, AUDIT_CONTAINER_OP,
			      "^op=%s ocontid=%lld .*res=1( contid=%lld)?$",
			      op, id, id);
	if (done && lost() != lost_before)
		records = 1;
	EXPECT_EQ(done, records)
		TH_LOG("op=%s of %lld: %d records", op, id, records);
}

/* One of three */
static bool is_any(long ret, long a, long b, long c)
{
	return ret == a || ret == b || ret == c;
}

/* fork(2), twice if a limit may have caused the failure. */
static bool no_memory(long ret)
{
	return ret == -ENOMEM || ret == -EAGAIN;
}

/*
 * Writes
 */

static void check_new(struct __test_metadata *const _metadata,
		      struct _test_data_fault *self, const char *first,
		      const char *text)
{
	unsigned int nth = 0, lost_before;
	long long id, now;
	int members;

	do {
		id = begin(_metadata, self, first);
		lost_before = lost();
		failing->step.fn = step_write;
		failing->step.fd = cid_open(self->agent->pid, O_WRONLY);
		snprintf(failing->step.text, sizeof(failing->step.text), text,
			 id);
		ASSERT_EQ(0, fail_nth(++nth));
		close(failing->step.fd);
		now = cid_read(self->agent->pid);
		if (failing->ret) {
			EXPECT_EQ(-ENOMEM, failing->ret);
			EXPECT_EQ(id, now);
		} else {
			EXPECT_LT(id, now);
		}
		check_logged(_metadata, &self->log, lost_before, "create", now,
			     !failing->ret);
		EXPECT_EQ(now ? 1 : 0,
			  announced(_metadata, &self->log, now, &members));
		EXPECT_EQ(now ? 1 : 0, members);
		/* Nothing of it was charged to a grant. */
		if (failing->ret)
			EXPECT_EQ(0, cid_write(self->agent->pid, "new"));
	} while (end(_metadata, self, nth));
	/* The text, the container, the index, and three for the record. */
	sum_up(_metadata, self, 5);
	EXPECT_LE(2, self->refused);
}

TEST_F_TIMEOUT(fault, new, FAULT_TIMEOUT)
{
	check_new(_metadata, self, NULL, "new");
}

TEST_F_TIMEOUT(fault, new_with_a_name_in_a_container, FAULT_TIMEOUT)
{
	check_new(_metadata, self, "new", "new name=web");
}

TEST_F_TIMEOUT(fault, new_with_a_parent, FAULT_TIMEOUT)
{
	check_new(_metadata, self, "new", "new parent=%lld");
}

/* Room for one audit container, which a failed write must not use. */
TEST_F_TIMEOUT(fault, new_below_a_grant, FAULT_TIMEOUT)
{
	check_new(_metadata, self, "new delegate=1", "new delegate=1 name=low");
}

TEST_F_TIMEOUT(fault, join, FAULT_TIMEOUT)
{
	unsigned int nth = 0, lost_before;
	struct cid_agent *member;
	int members, joined;
	long long id;

	do {
		begin(_metadata, self, NULL);
		member = cid_start(&self->world, NULL);
		ASSERT_NE(NULL, member);
		ASSERT_EQ(0, cid_write(member->pid, "new"));
		id = cid_read(member->pid);
		lost_before = lost();
		failing->step.fn = step_write;
		failing->step.fd = cid_open(self->agent->pid, O_WRONLY);
		snprintf(failing->step.text, sizeof(failing->step.text),
			 "join %lld", id);
		ASSERT_EQ(0, fail_nth(++nth));
		close(failing->step.fd);
		joined = !failing->ret;
		EXPECT_EQ(joined ? 0 : -ENOMEM, failing->ret);
		EXPECT_EQ(joined ? id : 0, cid_read(self->agent->pid));
		check_logged(_metadata, &self->log, lost_before, "join", id,
			     joined);
		EXPECT_EQ(1, announced(_metadata, &self->log, id, &members));
		EXPECT_EQ(1 + joined, members);
		cid_kill(member);
	} while (end(_metadata, self, nth));
	sum_up(_metadata, self, 3);
	EXPECT_LE(1, self->refused);
}

TEST_F_TIMEOUT(fault, announce, FAULT_TIMEOUT)
{
	unsigned int nth = 0, lost_before;
	long long id;

	do {
		id = begin(_metadata, self, "new");
		lost_before = lost();
		failing->step.fn = step_write;
		failing->step.fd = cid_open(getpid(), O_WRONLY);
		sprintf(failing->step.text, "announce");
		ASSERT_EQ(0, fail_nth(++nth));
		close(failing->step.fd);
		if (failing->ret)
			EXPECT_EQ(-ENOMEM, failing->ret);
		check_logged(_metadata, &self->log, lost_before, "announce", id,
			     !failing->ret);
		EXPECT_EQ(id, cid_read(self->agent->pid));
	} while (end(_metadata, self, nth));
	sum_up(_metadata, self, 3);
}

/* A denied write stays denied, even if the record cannot be logged. */
TEST_F_TIMEOUT(fault, refused, FAULT_TIMEOUT)
{
	unsigned int nth = 0;
	long long id;

	do {
		id = begin(_metadata, self, "new");
		failing->step.fn = step_write;
		failing->step.fd = cid_open(self->agent->pid, O_WRONLY);
		snprintf(failing->step.text, sizeof(failing->step.text),
			 "join %lld", id);
		ASSERT_EQ(0, fail_nth(++nth));
		close(failing->step.fd);
		EXPECT_EQ(true, is_any(failing->ret, -EPERM, -ENOMEM, -EPERM));
		EXPECT_EQ(id, cid_read(self->agent->pid));
	} while (end(_metadata, self, nth));
	EXPECT_LE(3, self->failed);
	EXPECT_EQ(-EPERM, failing->ret);
}

/* Activity of a member */

static void check_clone(struct __test_metadata *const _metadata,
			struct _test_data_fault *self, unsigned long flags)
{
	unsigned int nth = 0, lost_before;
	long long id;
	int members;

	do {
		id = begin(_metadata, self, "new");
		lost_before = lost();
		failing->step.fn = step_clone;
		failing->step.arg = flags;
		ASSERT_EQ(0, cid_do(self->agent, do_fail_nth, ++nth, 0));
		if (failing->ret > 0) {
			EXPECT_EQ(0, cid_do(self->agent, cid_do_reap,
					    failing->ret, 0));
			EXPECT_EQ(id, failing->child);
		} else {
			EXPECT_EQ(true, no_memory(failing->ret))
				TH_LOG("clone: %ld", failing->ret);
		}
		check_logged(_metadata, &self->log, lost_before, "clone", id,
			     flags && failing->ret > 0);
		EXPECT_EQ(id, cid_read(self->agent->pid));
		EXPECT_EQ(1, announced(_metadata, &self->log, id, &members));
		EXPECT_EQ(1, members);
	} while (end(_metadata, self, nth));
	sum_up(_metadata, self, 4);
	EXPECT_LE(3, self->refused);
}

TEST_F_TIMEOUT(fault, fork, FAULT_TIMEOUT)
{
	check_clone(_metadata, self, 0);
}

TEST_F_TIMEOUT(fault, clone_with_a_namespace, FAULT_TIMEOUT)
{
	check_clone(_metadata, self, CLONE_NEWUTS);
}

/* The same, for records that may be part of an event. */
TEST_F_TIMEOUT(fault, clone_with_a_namespace_and_a_rule, FAULT_TIMEOUT)
{
	/* A rule that matches nothing, but that has to be tried. */
	struct audit_match match = { AUDIT_PID, AUDIT_EQUAL, 0 };

	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXIT, AUDIT_ALWAYS,
				    __NR_clone, &match, 1));
	check_clone(_metadata, self, CLONE_NEWUTS);
}

/*
 * The last member to exit ends the audit container, so no failed fork was
 * counted.
 */
TEST_F_TIMEOUT(fault, thread, FAULT_TIMEOUT)
{
	unsigned int nth = 0;
	long long id;

	do {
		id = begin(_metadata, self, "new");
		failing->step.fn = step_thread;
		ASSERT_EQ(0, cid_do(self->agent, do_fail_nth, ++nth, 0));
		if (failing->ret < 0)
			EXPECT_EQ(true, no_memory(failing->ret));
		cid_end(self->agent);
		ASSERT_EQ(0, audit_sync(&self->log));
		EXPECT_EQ(1, count_exits(&self->log, id));
	} while (end(_metadata, self, nth));
	sum_up(_metadata, self, 3);
	EXPECT_LE(2, self->refused);
}

static __u64 uts_of(pid_t pid)
{
	struct stat st;

	return cid_ns_stat(pid, pid, "uts", &st) ? 0 : st.st_ino;
}

static void check_change(struct __test_metadata *const _metadata,
			 struct _test_data_fault *self, const char *op)
{
	unsigned int nth = 0, lost_before;
	struct cid_agent *other;
	long long id;
	__u64 before;

	do {
		other = cid_start_in(&self->world, NULL, CLONE_NEWUTS);
		ASSERT_NE(NULL, other);
		id = begin(_metadata, self, "new");
		before = uts_of(self->agent->pid);
		lost_before = lost();
		failing->step.arg = CLONE_NEWUTS;
		failing->step.fn = step_unshare;
		if (!strcmp(op, "setns")) {
			failing->step.fn = step_setns;
			failing->step.fd = cid_do(self->agent, do_pidfd,
						  other->pid, 0);
			ASSERT_LE(0, failing->step.fd);
		}
		ASSERT_EQ(0, cid_do(self->agent, do_fail_nth, ++nth, 0));
		if (failing->ret)
			EXPECT_EQ(-ENOMEM, failing->ret);
		EXPECT_EQ(!!failing->ret,
			  before == uts_of(self->agent->pid));
		check_logged(_metadata, &self->log, lost_before, op, id,
			     !failing->ret);
		cid_kill(other);
	} while (end(_metadata, self, nth));
	sum_up(_metadata, self, 4);
	EXPECT_LE(1, self->refused);
}

TEST_F_TIMEOUT(fault, unshare, FAULT_TIMEOUT)
{
	check_change(_metadata, self, "unshare");
}

TEST_F_TIMEOUT(fault, unshare_with_a_rule, FAULT_TIMEOUT)
{
	struct audit_match match = { AUDIT_PID, AUDIT_EQUAL, 0 };

	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXIT, AUDIT_ALWAYS,
				    __NR_unshare, &match, 1));
	check_change(_metadata, self, "unshare");
}

TEST_F_TIMEOUT(fault, setns, FAULT_TIMEOUT)
{
	check_change(_metadata, self, "setns");
}

/* The end of a container comes, with a record or without. */
TEST_F_TIMEOUT(fault, exit, FAULT_TIMEOUT)
{
	unsigned int nth, lost_before;
	long long id;

	/*
	 * A process that has exited cannot return the number of its
	 * allocations.
	 */
	for (nth = 1; nth < 12; nth++) {
		id = begin(_metadata, self, "new");
		lost_before = lost();
		failing->step.fn = step_exit;
		cid_post(self->agent, do_fail_nth, nth, 0, "%s", "");
		cid_reap(self->agent);
		check_logged(_metadata, &self->log, lost_before, "exit", id,
			     true);
		self->refused += lost() != lost_before;
		end(_metadata, self, nth);
	}
	EXPECT_LE(2, self->refused);
}

/*
 * The audit daemon
 */

TEST_F_TIMEOUT(fault, rule, FAULT_TIMEOUT)
{
	struct step delete = { .arg = AUDIT_DEL_RULE };
	unsigned int nth = 0;
	long ret;

	delete.fd = audit_control_open();
	do {
		begin(_metadata, self, NULL);
		failing->step.fn = step_add_rule;
		failing->step.arg = AUDIT_ADD_RULE;
		failing->step.fd = audit_control_open();
		ASSERT_EQ(0, fail_nth(++nth));
		close(failing->step.fd);
		ret = step_add_rule(&delete);
		if (failing->ret == -ENOBUFS) {
			/* No memory for the message, or for its answer. */
			EXPECT_EQ(true, is_any(ret, 0, -ENOENT, 0));
		} else {
			EXPECT_EQ(failing->ret ? -ENOENT : 0, ret);
			EXPECT_EQ(true, is_any(failing->ret, 0, -ENOMEM, 0));
		}
		EXPECT_EQ(-ENOENT, step_add_rule(&delete));
	} while (end(_metadata, self, nth));
	close(delete.fd);
	sum_up(_metadata, self, 4);
	EXPECT_LE(3, self->refused);
}

/*
 * The sender of a signal to the daemon: without memory, there is no reply,
 * rather than a reply without the ID.
 */
TEST_F_TIMEOUT(fault, signal_info, FAULT_TIMEOUT)
{
	/* There is no reply without memory. */
	const struct timeval patience = { .tv_sec = 2 };
	struct cid_agent *daemon = cid_start(&self->world, NULL);
	unsigned int nth = 0, without = 0;

	ASSERT_NE(NULL, daemon);
	ASSERT_EQ(0, cid_do(daemon, do_become_daemon, 0, 0));
	do {
		begin(_metadata, self, "new");
		ASSERT_EQ(0, cid_do(self->agent, do_signal, daemon->pid,
				    SIGUSR1));
		failing->step.fn = step_signal_info;
		failing->step.fd = audit_control_open();
		setsockopt(failing->step.fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			   sizeof(patience));
		ASSERT_EQ(0, fail_nth(++nth));
		close(failing->step.fd);
		EXPECT_EQ(true, failing->ret == -EAGAIN ||
			  is_any(failing->ret, 0, -ENOMEM, -ENOBUFS));
		without += !failing->ret && !failing->child;
	} while (end(_metadata, self, nth));
	cid_kill(daemon);
	sum_up(_metadata, self, 3);
	EXPECT_LT(0, failing->child);
	EXPECT_EQ(0, without);
}

/*
 * Records that are not logged: everything is done as if they were
 */

FIXTURE(mute)
{
	struct cid_world world;
	struct audit_log log;
	struct audit_status before;
	struct cid_agent *daemon;
};

FIXTURE_VARIANT(mute)
{
	void (*on)(struct __test_metadata *const _metadata,
		   struct _test_data_mute *self);
	void (*hush)(void);	/* before each step */
	bool counted;		/* records that are not logged count as lost */
	int announce;		/* the result of a requested announcement */
};

static void mute_exclude(struct __test_metadata *const _metadata,
			 struct _test_data_mute *self)
{
	struct audit_match match = {
		AUDIT_MSGTYPE, AUDIT_EQUAL, AUDIT_CONTAINER_OP,
	};

	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXCLUDE,
				    AUDIT_ALWAYS, -1, &match, 1));
}

static void mute_off(struct __test_metadata *const _metadata,
		     struct _test_data_mute *self)
{
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 0));
}

static void mute_rate(struct __test_metadata *const _metadata,
		      struct _test_data_mute *self)
{
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_RATE_LIMIT, 1));
	/* The one of this second. */
	audit_user(AUDIT_USER_AVC, "rate");
}

/* A daemon that does not read, and none of the time to wait for it. */
static void mute_backlog(struct __test_metadata *const _metadata,
			 struct _test_data_mute *self)
{
	self->daemon = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->daemon);
	ASSERT_EQ(0, cid_do(self->daemon, do_become_daemon, 1, 0));
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_BACKLOG_WAIT_TIME, 0));
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_BACKLOG_LIMIT, 1));
}

/* The kernel gives it a tenth of a second for a record; others queue up. */
static void hush_backlog(void)
{
	struct audit_status status = {};
	int i;

	for (i = 0; i < 1000 && status.backlog < 2; i++) {
		audit_user(AUDIT_USER_AVC, "backlog %d", i);
		audit_get_status(&status);
	}
}

static void hush_nothing(void)
{
}

FIXTURE_VARIANT_ADD(mute, excluded)
{
	.on = mute_exclude,
	.hush = hush_nothing,
	.announce = -EAGAIN,
};

FIXTURE_VARIANT_ADD(mute, disabled)
{
	.on = mute_off,
	.hush = hush_nothing,
	.announce = -EAGAIN,
};

FIXTURE_VARIANT_ADD(mute, too_fast)
{
	.on = mute_rate,
	.hush = hush_nothing,
	.counted = true,
};

FIXTURE_VARIANT_ADD(mute, backlog_is_full)
{
	.on = mute_backlog,
	.hush = hush_backlog,
	.counted = true,
	.announce = -EINTR,	/* it waits for room, see announce_test.c */
};

FIXTURE_SETUP(mute)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	ASSERT_EQ(0, audit_only(&self->log, AUDIT_CONTAINER_OP));
	ASSERT_EQ(0, audit_get_status(&self->before));
}

static void unmute(struct _test_data_mute *self)
{
	if (self->daemon)
		cid_kill(self->daemon);
	self->daemon = NULL;
	audit_set_status(AUDIT_STATUS_BACKLOG_LIMIT, self->before.backlog_limit);
	audit_set_status(AUDIT_STATUS_BACKLOG_WAIT_TIME,
			 self->before.backlog_wait_time);
	audit_set_status(AUDIT_STATUS_RATE_LIMIT, self->before.rate_limit);
	audit_set_status(AUDIT_STATUS_ENABLED, 1);
	audit_remove_rules(&self->log);
}

FIXTURE_TEARDOWN(mute)
{
	unmute(self);
	teardown(&self->world, &self->log);
}

/* Records about containers since the log was dropped. */
static int records_of(struct audit_log *log)
{
	int ret = audit_sync(log);

	return ret ?: audit_count(log, AUDIT_CONTAINER_OP, "^op=");
}

/* Change the namespaces of members; returns a child in some of its own. */
static struct cid_agent *
change_namespaces(struct __test_metadata *const _metadata,
		  struct cid_world *world, struct cid_agent *top,
		  void (*hush)(void))
{
	struct cid_agent *child;

	hush();
	EXPECT_EQ(0, cid_do(top, cid_do_unshare, CLONE_NEWUTS, 0));
	hush();
	child = cid_start_in(world, top, CLONE_NEWUTS);
	if (!child)
		return NULL;
	EXPECT_EQ(cid_read(top->pid), cid_read(child->pid));
	hush();
	EXPECT_EQ(0, cid_do(child, do_setns_of, top->pid, CLONE_NEWUTS));
	return child;
}

TEST_F(mute, everything_is_done)
{
	struct cid_agent *top = cid_start(&self->world, NULL);
	struct cid_agent *low = cid_start(&self->world, NULL);
	struct cid_agent *other = cid_start(&self->world, NULL);
	struct cid_agent *child;
	long long id, below;
	int members;

	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, audit_drop(&self->log));
	variant->on(_metadata, self);

	/* Each kind of record. */
	variant->hush();
	EXPECT_EQ(0, cid_write(top->pid, "new name=top"));
	id = cid_read(top->pid);
	EXPECT_LT(0, id);
	variant->hush();
	EXPECT_EQ(0, cid_write(low->pid, "join %lld", id));
	variant->hush();
	EXPECT_EQ(0, cid_write(low->pid, "new name=low"));
	below = cid_read(low->pid);
	EXPECT_LT(id, below);
	variant->hush();
	EXPECT_EQ(-EPERM, cid_write(low->pid, "join %lld", id));
	variant->hush();
	if (variant->announce != -EINTR)
		EXPECT_EQ(variant->announce, cid_write(getpid(), "announce"));
	child = change_namespaces(_metadata, &self->world, top, variant->hush);
	ASSERT_NE(NULL, child);
	variant->hush();
	EXPECT_EQ(0, cid_write(other->pid, "new"));
	variant->hush();
	cid_kill(other);
	variant->hush();
	EXPECT_EQ(-ESRCH, cid_write(low->pid, "join %lld", below + 1));

	unmute(self);
	/* None of it is in the log, and all of it is so. */
	EXPECT_EQ(0, variant->counted ? self->before.lost == lost() :
					records_of(&self->log));
	EXPECT_EQ(2, announced(_metadata, &self->log, id, &members));
	EXPECT_EQ(2, members);
	EXPECT_EQ(2, announced(_metadata, &self->log, below, &members));
	EXPECT_EQ(1, members);
	cid_kill(low);
	cid_kill(child);
	cid_kill(top);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(1, count_exits(&self->log, id));
	EXPECT_EQ(1, count_exits(&self->log, below));
}

TEST_HARNESS_MAIN
