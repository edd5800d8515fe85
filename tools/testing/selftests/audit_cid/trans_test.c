// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: the records of members that come into other namespaces,
 * and of others that do
 */

#include <time.h>

#include "fixture.h"

#define CLONE_NEWALL	(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNS |	\
			 CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWPID |	\
			 CLONE_NEWUSER)

/* So many changes of a container, within 5 s, are not delayed. */
#define BOUND	1000

static long do_gettid(struct cid_world *world, const struct cid_call *call)
{
	return gettid();
}

/* Enter some of the namespaces of a process. */
static long do_setns(struct cid_world *world, const struct cid_call *call)
{
	int fd = syscall(__NR_pidfd_open, call->x, 0);
	long ret;

	if (fd < 0)
		return -errno;
	ret = setns(fd, call->y) ? -errno : 0;
	close(fd);
	return ret;
}

/* unshare() x over and over, y times. */
static long do_unshare_often(struct cid_world *world,
			     const struct cid_call *call)
{
	long i;

	for (i = 0; i < call->y; i++)
		if (unshare(call->x))
			return -errno;
	return 0;
}

static void *unshare_thread(void *arg)
{
	long *flags = arg;
	long tid = unshare(*flags) ? -errno : gettid();

	__atomic_store_n(flags, tid, __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

/* Start a thread in namespaces of its own. Returns its ID. */
static long do_unshare_in_thread(struct cid_world *world,
				 const struct cid_call *call)
{
	static long flags;
	pthread_t thread;
	long tid;

	flags = call->x;
	if (pthread_create(&thread, NULL, unshare_thread, &flags))
		return -EAGAIN;
	while ((tid = __atomic_load_n(&flags, __ATOMIC_ACQUIRE)) == call->x)
		sched_yield();
	return tid;
}

static long do_vfork(struct cid_world *world, const struct cid_call *call)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(0);
	return pid < 0 || waitpid(pid, NULL, 0) != pid ? -errno : 0;
}

static long do_setuid(struct cid_world *world, const struct cid_call *call)
{
	return setresuid(-1, call->x, -1) ? -errno : 0;
}

/* Outside any event, and without another record of the same change. */
static void expect_alone(struct __test_metadata *const _metadata,
			 const struct audit_log *log, int at)
{
	ASSERT_LE(0, at);
	EXPECT_EQ(1, audit_event_size(log, log->record[at].serial));
	EXPECT_NE(0, audit_contid(&log->record[at]));
}

/* In the event of a system call, before the record that ends it. */
static void expect_in_event(struct __test_metadata *const _metadata,
			    struct audit_log *log, int at, int syscall,
			    pid_t pid, __u64 id)
{
	unsigned int serial;
	int event, last;

	ASSERT_LE(0, at);
	serial = log->record[at].serial;
	event = audit_take(log, AUDIT_SYSCALL, NULL,
			   "^arch=[0-9a-f]+ syscall=%d success=yes .* pid=%d .* exe=\"%s\"( subj=[^ ]+)? key=\"audit_cid_test\"%s$",
			   syscall, pid, self_exe(), field(id));
	ASSERT_LE(0, event);
	EXPECT_EQ(serial, log->record[event].serial);
	last = audit_event_find(log, serial, AUDIT_PROCTITLE);
	EXPECT_LT(at, last);
	EXPECT_LT(event, last);
}

static int add_call_rule(struct audit_log *log, int syscall, pid_t pid)
{
	struct audit_match match = { AUDIT_PID, AUDIT_EQUAL, pid };

	return audit_add_rule(log, AUDIT_FILTER_EXIT, AUDIT_ALWAYS, syscall,
			      &match, 1);
}

/*
 * Each way into each type of namespace
 */

enum op { UNSHARE, SETNS, CLONE };

static const struct {
	const char	*name;
	int		syscall;
} ops[] = {
	[UNSHARE] = { "unshare", __NR_unshare },
	[SETNS] = { "setns", __NR_setns },
	[CLONE] = { "clone", __NR_clone3 },
};

/* A member, a host process, and a process in the target namespaces. */
FIXTURE(transition)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *member, *host, *peer;
	__u64 id;
};

FIXTURE_VARIANT(transition)
{
	enum op		op;
	__u64		flags;
};

#define TRANSITION(name, ...)						\
	FIXTURE_VARIANT_ADD(transition, name) { __VA_ARGS__ }

TRANSITION(unshare_cgroup, UNSHARE, CLONE_NEWCGROUP);
TRANSITION(setns_cgroup, SETNS, CLONE_NEWCGROUP);
TRANSITION(clone_cgroup, CLONE, CLONE_NEWCGROUP);
TRANSITION(unshare_ipc, UNSHARE, CLONE_NEWIPC);
TRANSITION(setns_ipc, SETNS, CLONE_NEWIPC);
TRANSITION(clone_ipc, CLONE, CLONE_NEWIPC);
TRANSITION(unshare_mnt, UNSHARE, CLONE_NEWNS);
TRANSITION(setns_mnt, SETNS, CLONE_NEWNS);
TRANSITION(clone_mnt, CLONE, CLONE_NEWNS);
TRANSITION(unshare_net, UNSHARE, CLONE_NEWNET);
TRANSITION(setns_net, SETNS, CLONE_NEWNET);
TRANSITION(clone_net, CLONE, CLONE_NEWNET);
TRANSITION(unshare_pid, UNSHARE, CLONE_NEWPID);
TRANSITION(setns_pid, SETNS, CLONE_NEWPID);
TRANSITION(clone_pid, CLONE, CLONE_NEWPID);
TRANSITION(unshare_time, UNSHARE, CLONE_NEWTIME);
TRANSITION(setns_time, SETNS, CLONE_NEWTIME);
TRANSITION(clone_time, CLONE, CLONE_NEWTIME);
TRANSITION(unshare_user, UNSHARE, CLONE_NEWUSER);
TRANSITION(setns_user, SETNS, CLONE_NEWUSER);
TRANSITION(clone_user, CLONE, CLONE_NEWUSER);
TRANSITION(unshare_uts, UNSHARE, CLONE_NEWUTS);
TRANSITION(setns_uts, SETNS, CLONE_NEWUTS);
TRANSITION(clone_uts, CLONE, CLONE_NEWUTS);
TRANSITION(unshare_all, UNSHARE, CLONE_NEWALL);
TRANSITION(setns_all, SETNS, CLONE_NEWALL);
TRANSITION(clone_all, CLONE, CLONE_NEWALL);

FIXTURE_SETUP(transition)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->peer = cid_start_in(&self->world, NULL, variant->flags);
	if (!self->peer && errno == EINVAL)
		SKIP(return, "the kernel has no such namespaces");
	ASSERT_NE(NULL, self->peer);
	self->member = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->member);
	self->host = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->host);
	self->id = make_container(&self->log, self->member);
	ASSERT_NE(0, self->id);
}

FIXTURE_TEARDOWN(transition)
{
	teardown(&self->world, &self->log);
}

/* Let an agent move. Return the agent that is elsewhere now. */
static struct cid_agent *go(struct cid_world *world, struct cid_agent *agent,
			    struct cid_agent *peer,
			    const struct _fixture_variant_transition *way)
{
	switch (way->op) {
	case UNSHARE:
		if (cid_do(agent, cid_do_unshare, way->flags, 0))
			return NULL;
		/*
		 * A PID namespace is visible after its first process exists.
		 * Making it is not a namespace change.
		 */
		return cid_start(world, agent) ? agent : NULL;
	case SETNS:
		return cid_do(agent, do_setns, peer->pid, way->flags) ?
		       NULL : agent;
	case CLONE:
		return cid_start_in(world, agent, way->flags);
	}
	return NULL;
}

/* Take the one record that this leaves. Returns its place. */
static int check_went(struct __test_metadata *const _metadata,
		      struct audit_log *log, struct cid_agent *went,
		      struct cid_agent *agent, const char *op, __u64 id)
{
	char set[512];
	int at;

	ASSERT_NE(NULL, went);
	cid_ns_text(set, sizeof(set), went->pid, went->pid);
	EXPECT_STRNE(namespaces(getpid()), set);
	ASSERT_EQ(0, audit_sync(log));
	at = take_transition(log, op, id, went->pid, went->pid, set,
			     agent->pid);
	EXPECT_LE(0, at);
	EXPECT_EQ(0, audit_left(log, AUDIT_CONTAINER_OP));
	return at;
}

TEST_F(transition, stands_alone)
{
	struct cid_agent *went;
	int at;

	went = go(&self->world, self->member, self->peer, variant);
	at = check_went(_metadata, &self->log, went, self->member,
			ops[variant->op].name, self->id);
	expect_alone(_metadata, &self->log, at);
}

/* An event that is logged has the record; the ID is in its SYSCALL record. */
TEST_F(transition, in_event)
{
	int syscall = ops[variant->op].syscall, at;
	struct cid_agent *went;

	ASSERT_EQ(0, add_call_rule(&self->log, syscall, self->member->pid));
	ASSERT_EQ(0, audit_drop(&self->log));
	went = go(&self->world, self->member, self->peer, variant);
	at = check_went(_metadata, &self->log, went, self->member,
			ops[variant->op].name, self->id);
	expect_in_event(_metadata, &self->log, at, syscall, self->member->pid,
			self->id);
	EXPECT_EQ(1, audit_count(&self->log, 0, " contid="));
}

/* Host processes that enter namespaces. */
TEST_F(transition, of_the_host)
{
	int syscall = ops[variant->op].syscall, at;
	struct cid_agent *went;

	ASSERT_EQ(0, add_call_rule(&self->log, syscall, self->host->pid));
	ASSERT_EQ(0, audit_drop(&self->log));
	went = go(&self->world, self->host, self->peer, variant);
	at = check_went(_metadata, &self->log, went, self->host,
			ops[variant->op].name, 0);
	expect_in_event(_metadata, &self->log, at, syscall, self->host->pid,
			0);
	EXPECT_EQ(0, audit_count(&self->log, 0, " contid="));
}

TEST_F(transition, of_the_host_without_rule)
{
	struct cid_agent *member = self->member, *went;

	ASSERT_EQ(0, audit_drop(&self->log));
	ASSERT_NE(NULL, go(&self->world, self->host, self->peer, variant));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_SYSCALL));
	/* A member that does the same is logged. */
	went = go(&self->world, member, self->peer, variant);
	check_went(_metadata, &self->log, went, member,
		   ops[variant->op].name, self->id);
}

/*
 * No transition
 */

/*
 * Each of these calls is logged, without a record of namespaces. Only setns()
 * of a host process has one, whether anything changes or not.
 */
static void stay(struct __test_metadata *const _metadata,
		 struct cid_world *world, struct audit_log *log,
		 struct cid_agent *agent, bool member)
{
	const int here = CLONE_NEWALL & ~CLONE_NEWUSER;
	struct cid_agent *child;
	long failed;

	ASSERT_EQ(0, add_call_rule(log, __NR_unshare, agent->pid));
	ASSERT_EQ(0, add_call_rule(log, __NR_setns, agent->pid));
	ASSERT_EQ(0, add_call_rule(log, __NR_clone, agent->pid));
	ASSERT_EQ(0, add_call_rule(log, __NR_clone3, agent->pid));
	ASSERT_EQ(0, add_call_rule(log, __NR_vfork, agent->pid));
	ASSERT_EQ(0, audit_drop(log));

	EXPECT_EQ(0, cid_do(agent, cid_do_unshare, 0, 0));
	EXPECT_EQ(0, cid_do(agent, cid_do_unshare, CLONE_FILES, 0));
	EXPECT_EQ(0, cid_do(agent, cid_do_unshare, CLONE_SYSVSEM, 0));
	EXPECT_EQ(0, cid_do(agent, cid_do_unshare, CLONE_FS, 0));
	/* Into its own, and those are its own already. */
	EXPECT_EQ(0, cid_do(agent, do_setns, getpid(), here));
	EXPECT_EQ(-ESRCH, cid_do(agent, do_setns, INT_MAX - 1, here));
	EXPECT_EQ(-EINVAL, cid_do(agent, do_setns, getpid(), 1));
	EXPECT_EQ(0, cid_do(agent, do_vfork, 0, 0));
	child = cid_start(world, agent);
	ASSERT_NE(NULL, child);
	EXPECT_EQ(NULL, cid_start_in(world, agent, CLONE_NEWNS | CLONE_FS));
	EXPECT_LT(0, cid_do(agent, cid_do_thread, 0, 0));
	/* A thread cannot change the user namespace alone. */
	EXPECT_EQ(-EINVAL, cid_do(agent, cid_do_unshare, CLONE_NEWUSER, 0));
	EXPECT_EQ(0, cid_do(agent, do_setuid, 65534, 0));
	failed = cid_do(agent, cid_do_unshare, CLONE_NEWNS, 0);
	EXPECT_EQ(-EPERM, failed);

	ASSERT_EQ(0, audit_sync(log));
	EXPECT_LE(9, audit_count(log, AUDIT_SYSCALL, " pid=%d .*audit_cid_test",
				 agent->pid));
	if (!member)
		EXPECT_LE(0, take_transition(log, "setns", 0, agent->pid,
					     agent->pid, namespaces(getpid()),
					     agent->pid));
	EXPECT_EQ(0, audit_left(log, AUDIT_CONTAINER_OP));
}

/* The rest of the test, with a process that stays as a comparison. */
static void leave(struct __test_metadata *const _metadata,
		  struct audit_log *log, struct cid_agent *agent, __u64 id)
{
	EXPECT_EQ(0, cid_do(agent, do_setuid, 0, 0));
	EXPECT_EQ(0, cid_do(agent, cid_do_unshare, CLONE_NEWUTS, 0));
	check_went(_metadata, log, agent, agent, "unshare", id);
}

TEST_F(record, members_that_stay)
{
	__u64 id = make_container(&self->log, self->agent);

	ASSERT_NE(0, id);
	stay(_metadata, &self->world, &self->log, self->agent, true);
	leave(_metadata, &self->log, self->agent, id);
}

TEST_F(record, others_that_stay)
{
	struct cid_agent *other = cid_start(&self->world, NULL);

	ASSERT_NE(NULL, other);
	ASSERT_NE(0, make_container(&self->log, other));
	stay(_metadata, &self->world, &self->log, self->agent, false);
	leave(_metadata, &self->log, self->agent, 0);
}

/*
 * Children
 */

/*
 * The record of the parent has listed the namespaces of the child, unless the
 * child has a different set.
 */
TEST_F(record, child_in_namespaces_for_children)
{
	__u64 id = make_container(&self->log, self->agent);
	struct cid_agent *plain, *other;
	pid_t pid = self->agent->pid;
	char set[512];

	ASSERT_NE(0, id);
	ASSERT_EQ(0, cid_do(self->agent, cid_do_unshare, CLONE_NEWPID, 0));
	plain = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, plain);
	other = cid_start_in(&self->world, self->agent, CLONE_NEWUTS);
	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, audit_sync(&self->log));
	cid_ns_text(set, sizeof(set), pid, pid);
	EXPECT_NE(NULL, strstr(set, " pidns_for_children="));
	EXPECT_LE(0, take_transition(&self->log, "unshare", id, pid, pid, set,
				     pid));
	cid_ns_text(set, sizeof(set), other->pid, other->pid);
	EXPECT_EQ(NULL, strstr(set, " pidns_for_children="));
	EXPECT_LE(0, take_transition(&self->log, "clone", id, other->pid,
				     other->pid, set, pid));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	/* Nor does a grandchild have anything new. */
	ASSERT_LE(0, cid_do(plain, cid_do_fork, 7, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	/* Back to the namespace of its children. */
	ASSERT_EQ(0, cid_do(self->agent, do_setns, getpid(), CLONE_NEWPID));
	ASSERT_NE(NULL, cid_start(&self->world, self->agent));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_transition(&self->log, "setns", id, pid, pid,
				     namespaces(pid), pid));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* A child that fails to be made, and threads, which are in the set anyway. */
TEST_F(record, clone_that_fails)
{
	__u64 id = make_container(&self->log, self->agent);

	ASSERT_NE(0, id);
	EXPECT_EQ(NULL, cid_start_in(&self->world, self->agent,
				     CLONE_NEWUTS | CLONE_NEWNS | CLONE_FS));
	EXPECT_EQ(NULL, cid_start_in(&self->world, self->agent,
				     CLONE_NEWUTS | CLONE_PIDFD | CLONE_DETACHED));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
	ASSERT_NE(NULL, cid_start_in(&self->world, self->agent, CLONE_NEWUTS));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(1, audit_count(&self->log, AUDIT_CONTAINER_OP,
				 "^op=clone ocontid=%llu ", id));
}

/* The container of a child is its own by the time it unshares. */
TEST_F(record, transition_below)
{
	__u64 id = make_container(&self->log, self->agent), below;
	struct cid_agent *child = cid_start(&self->world, self->agent);

	ASSERT_NE(0, id);
	ASSERT_NE(NULL, child);
	below = make_container(&self->log, child);
	ASSERT_LT(id, below);
	ASSERT_EQ(0, cid_do(child, cid_do_unshare, CLONE_NEWUTS, 0));
	check_went(_metadata, &self->log, child, child, "unshare", below);
}

/*
 * Threads: each has namespaces of its own
 */

TEST_F(record, transition_of_a_thread)
{
	__u64 id = make_container(&self->log, self->agent);
	pid_t pid = self->agent->pid;
	char set[512];
	long tid;

	ASSERT_NE(0, id);
	tid = cid_do(self->agent, do_unshare_in_thread, CLONE_NEWUTS, 0);
	ASSERT_LT(pid, tid);
	ASSERT_EQ(0, audit_sync(&self->log));
	cid_ns_text(set, sizeof(set), pid, tid);
	EXPECT_STRNE(namespaces(pid), set);
	EXPECT_LE(0, take_transition(&self->log, "unshare", id, pid, tid, set,
				     pid));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	/* The leader has not changed its namespaces. */
	ASSERT_EQ(0, cid_do(self->agent, cid_do_unshare, CLONE_NEWIPC, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_transition(&self->log, "unshare", id, pid, pid,
				     namespaces(pid), pid));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

TEST_F(record, transition_after_the_leader)
{
	__u64 id = make_container(&self->log, self->agent);
	pid_t pid = self->agent->pid;
	char set[512];
	long tid;

	ASSERT_NE(0, id);
	ASSERT_LT(0, cid_do(self->agent, cid_do_leader_exit, 0, 0));
	tid = cid_do(self->agent, do_gettid, 0, 0);
	ASSERT_LT(pid, tid);
	ASSERT_EQ(0, cid_do(self->agent, cid_do_unshare, CLONE_NEWUTS, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	cid_ns_text(set, sizeof(set), pid, tid);
	EXPECT_LE(0, take_transition(&self->log, "unshare", id, pid, tid, set,
				     pid));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/*
 * Without an event to belong to
 */

TEST_F(record, transition_without_context)
{
	struct cid_agent *never = start_never(&self->world, &self->log);
	__u64 id;

	ASSERT_NE(NULL, never);
	id = make_container(&self->log, never);
	ASSERT_NE(0, id);
	ASSERT_EQ(0, cid_do(never, cid_do_unshare, CLONE_NEWUTS, 0));
	expect_alone(_metadata, &self->log,
		     check_went(_metadata, &self->log, never, never, "unshare",
				id));
}

/* A rule that keeps the call out of the log keeps this record in. */
TEST_F(record, transition_with_a_rule_against)
{
	struct audit_match match = { AUDIT_PID, AUDIT_EQUAL,
				     self->agent->pid };
	__u64 id = make_container(&self->log, self->agent);

	ASSERT_NE(0, id);
	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXIT, AUDIT_NEVER,
				    __NR_unshare, &match, 1));
	ASSERT_EQ(0, audit_drop(&self->log));
	ASSERT_EQ(0, cid_do(self->agent, cid_do_unshare, CLONE_NEWUTS, 0));
	expect_alone(_metadata, &self->log,
		     check_went(_metadata, &self->log, self->agent,
				self->agent, "unshare", id));
}

TEST_F(record, transition_with_audit_disabled)
{
	__u64 id = make_container(&self->log, self->agent);

	ASSERT_NE(0, id);
	if (self->log.status.enabled == 2)
		SKIP(return, "the configuration of audit is locked");
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 0));
	EXPECT_EQ(0, cid_do(self->agent, cid_do_unshare, CLONE_NEWUTS, 0));
	ASSERT_NE(NULL, cid_start_in(&self->world, self->agent, CLONE_NEWUTS));
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 1));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	EXPECT_EQ(0, cid_do(self->agent, cid_do_unshare, CLONE_NEWUTS, 0));
	check_went(_metadata, &self->log, self->agent, self->agent, "unshare",
		   id);
}

/*
 * exec: the time namespace for children becomes the process's own
 */

static bool has_time_namespaces(void)
{
	return !access("/proc/self/ns/time", F_OK);
}

static int take_exec(struct audit_log *log, __u64 id, pid_t pid)
{
	/* At the point of exec between the old program and the new one. */
	return audit_take(log, AUDIT_CONTAINER_OP, NULL,
			  "^op=exec ocontid=%llu opid=%d otid=%d %s pid=%d uid=0 auid=%u ses=%u( subj=[^ ]+)? comm=\"[^\"]*\" exe=\"[^\"]*\" res=1 contid=%llu$",
			  id, pid, pid, namespaces(pid), pid, auid(), ses(), id);
}

static void check_exec(struct __test_metadata *const _metadata,
		       struct audit_log *log, struct cid_agent *agent,
		       bool thread)
{
	__u64 id = make_container(log, agent);

	ASSERT_NE(0, id);
	ASSERT_EQ(0, add_call_rule(log, __NR_execve, agent->pid));
	ASSERT_EQ(0, audit_drop(log));
	ASSERT_EQ(0, cid_do(agent, cid_do_unshare, CLONE_NEWTIME, 0));
	check_went(_metadata, log, agent, agent, "unshare", id);
	EXPECT_NE(NULL, strstr(namespaces(agent->pid),
			       " timens_for_children="));

	cid_post(agent, cid_do_exec, thread, 0, "%s", "");
	EXPECT_EQ(id, cid_wait(agent));
	EXPECT_EQ(NULL, strstr(namespaces(agent->pid),
			       " timens_for_children="));
	ASSERT_EQ(0, audit_sync(log));
	expect_alone(_metadata, log, take_exec(log, id, agent->pid));
	EXPECT_EQ(0, audit_left(log, AUDIT_CONTAINER_OP));
	/* It is not in the event of its call, which is logged. */
	EXPECT_EQ(1, audit_count(log, AUDIT_SYSCALL,
				 " syscall=%d .* pid=%d .* key=[^ ]+ contid=%llu$",
				 __NR_execve, agent->pid, id));
}

TEST_F(record, exec_into_time_namespace)
{
	if (!has_time_namespaces())
		SKIP(return, "the kernel has no time namespaces");
	check_exec(_metadata, &self->log, self->agent, false);
}

/* A thread gets the leader's number, and not its namespaces. */
TEST_F(record, exec_by_thread_into_time_namespace)
{
	if (!has_time_namespaces())
		SKIP(return, "the kernel has no time namespaces");
	check_exec(_metadata, &self->log, self->agent, true);
}

TEST_F(record, child_in_time_namespace)
{
	__u64 id = make_container(&self->log, self->agent);
	struct cid_agent *child;

	ASSERT_NE(0, id);
	if (!has_time_namespaces())
		SKIP(return, "the kernel has no time namespaces");
	ASSERT_EQ(0, cid_do(self->agent, cid_do_unshare, CLONE_NEWTIME, 0));
	check_went(_metadata, &self->log, self->agent, self->agent, "unshare",
		   id);
	child = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, child);
	ASSERT_EQ(0, cid_do(self->agent, do_vfork, 0, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

TEST_F(record, exec_in_the_same_namespaces)
{
	__u64 id = make_container(&self->log, self->agent);

	ASSERT_NE(0, id);
	ASSERT_EQ(0, cid_do(self->agent, cid_do_unshare, CLONE_NEWUTS, 0));
	check_went(_metadata, &self->log, self->agent, self->agent, "unshare",
		   id);
	cid_post(self->agent, cid_do_exec, false, 0, "%s", "");
	EXPECT_EQ(id, cid_wait(self->agent));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/*
 * Nothing is left out
 */

/* unshare() x, y times, and note the sets that a member has been in. */
static long do_unshare_noted(struct cid_world *world,
			     const struct cid_call *call)
{
	int fd = open(call->text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
		      0600);
	char set[512];
	long i;

	for (i = 0; i < call->y; i++) {
		if (unshare(call->x))
			return -errno;
		cid_ns_text(set, sizeof(set), getpid(), getpid());
		if (cid_read(getpid()))
			dprintf(fd, "%s\n", set);
	}
	close(fd);
	return 0;
}

/* How many of the sets in a file no record gives for a container. */
static int count_unlogged(const struct audit_log *log, const char *path,
			  __u64 id)
{
	char set[512], wanted[640];
	FILE *file = fopen(path, "re");
	int unlogged = 0;

	if (!file)
		return -errno;
	while (fgets(set, sizeof(set), file)) {
		set[strcspn(set, "\n")] = '\0';
		snprintf(wanted, sizeof(wanted),
			 "^op=[a-z]+ ocontid=%llu .* %s pid=", id, set);
		unlogged += audit_count(log, AUDIT_CONTAINER_OP, "%s",
					wanted) < 1;
	}
	fclose(file);
	return unlogged;
}

static int count_logged(const struct audit_log *log, __u64 id)
{
	return audit_count(log, AUDIT_CONTAINER_OP,
			   "^op=(unshare|clone|setns) ocontid=%llu ", id);
}

/* All sets of all members. */
TEST_F_TIMEOUT(record, transitions_often, 120)
{
	__u64 id = make_container(&self->log, self->agent);
	struct cid_agent *child = cid_start(&self->world, self->agent);
	char path[] = "/tmp/audit_cid.XXXXXX";
	const int each = 100;

	ASSERT_NE(0, id);
	ASSERT_NE(NULL, child);
	close(mkstemp(path));
	cid_post(child, do_unshare_noted, CLONE_NEWUTS, each, "%s", path);
	EXPECT_EQ(0, cid_do_text(self->agent, do_unshare_noted,
				 CLONE_NEWUTS | CLONE_NEWIPC, each, "%s",
				 path));
	EXPECT_EQ(0, cid_wait(child));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(2 * each, count_logged(&self->log, id));
	EXPECT_EQ(0, count_unlogged(&self->log, path, id));
	unlink(path);
}

/* A change that races with the write. */
TEST_F_TIMEOUT(record, transitions_while_moved, 300)
{
	unsigned int round, rounds = cid_rounds(20);

	for (round = 0; round < rounds; round++) {
		struct cid_agent *agent = cid_start(&self->world, NULL);
		char path[] = "/tmp/audit_cid.XXXXXX";

		ASSERT_NE(NULL, agent);
		ASSERT_EQ(0, audit_drop(&self->log));
		close(mkstemp(path));
		cid_post(agent, do_unshare_noted, CLONE_NEWUTS, 30, "%s",
			 path);
		usleep(round * 100);
		EXPECT_EQ(0, cid_write(agent->pid, "new"));
		EXPECT_EQ(0, cid_wait(agent));
		ASSERT_EQ(0, audit_sync(&self->log));
		EXPECT_EQ(0, count_unlogged(&self->log, path,
					    cid_read(agent->pid)));
		unlink(path);
		cid_kill(agent);
	}
}

/* Above the rate, a change takes longer, and is logged. */
TEST_F_TIMEOUT(record, transitions_too_often, 120)
{
	struct cid_agent *other = cid_start(&self->world, NULL);
	time_t start = time(NULL);
	__u64 id, id_other;

	ASSERT_NE(NULL, other);
	id_other = make_container(&self->log, other);
	id = make_container(&self->log, self->agent);
	ASSERT_NE(0, id);
	ASSERT_EQ(0, cid_do(self->agent, do_unshare_often, CLONE_NEWUTS,
			    BOUND + 200));
	EXPECT_LE(1, time(NULL) - start);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(BOUND + 200, count_logged(&self->log, id));
	audit_forget(&self->log);
	/* The bound is on this container. */
	ASSERT_EQ(0, cid_do(other, cid_do_unshare, CLONE_NEWUTS, 0));
	check_went(_metadata, &self->log, other, other, "unshare", id_other);
}

/* A delayed task can be killed, and its change is logged. */
TEST_F_TIMEOUT(record, transitions_of_the_killed, 60)
{
	__u64 id = make_container(&self->log, self->agent);
	time_t start;

	ASSERT_NE(0, id);
	cid_post(self->agent, do_unshare_often, CLONE_NEWUTS, 10 * BOUND,
		 "%s", "");
	while (count_logged(&self->log, id) < BOUND)
		ASSERT_LE(0, audit_receive(&self->log, AUDIT_TIMEOUT_POLL_MS));
	start = time(NULL);
	cid_kill(self->agent);
	EXPECT_GT(5, time(NULL) - start);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(1, count_exits(&self->log, id));
}

/*
 * The threads of a process that is moved
 */

static int take_thread(struct audit_log *log, __u64 id, pid_t pid, pid_t tid,
		       const char *set, pid_t writer)
{
	return audit_take(log, AUDIT_CONTAINER_OP, NULL,
			  "^op=thread ocontid=%llu opid=%d otid=%d %s %s exe=\"%s\" res=1$",
			  id, pid, tid, set, subject(writer), self_exe());
}

/* The write is logged, and in its event the thread, which is elsewhere. */
static void check_thread(struct __test_metadata *const _metadata,
			 struct audit_log *log, pid_t pid, pid_t tid,
			 const char *op)
{
	int move, thread;
	char set[512];

	ASSERT_EQ(0, audit_sync(log));
	move = audit_take(log, AUDIT_CONTAINER_OP, NULL,
			  "^op=%s .* opid=%d %s ", op, pid, namespaces(pid));
	cid_ns_text(set, sizeof(set), pid, tid);
	thread = take_thread(log, cid_read(pid), pid, tid, set, getpid());
	ASSERT_LE(0, move);
	ASSERT_LT(move, thread);
	EXPECT_EQ(log->record[move].serial, log->record[thread].serial);
}

/*
 * A thread changed its namespaces before the process was moved: a record
 * op=thread lists its set. The record of the move has the set of the other
 * thread.
 */
TEST_F(record, threads_elsewhere)
{
	struct cid_agent *low = cid_start(&self->world, NULL);
	pid_t pid = self->agent->pid;
	long tid;

	ASSERT_NE(NULL, low);
	ASSERT_LT(0, cid_do(self->agent, cid_do_thread, 0, 0));
	tid = cid_do(self->agent, do_unshare_in_thread, CLONE_NEWNET, 0);
	ASSERT_LT(pid, tid);
	ASSERT_EQ(0, audit_drop(&self->log));
	ASSERT_EQ(0, cid_write(pid, "new"));
	check_thread(_metadata, &self->log, pid, tid, "create");
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	ASSERT_EQ(0, cid_write(low->pid, "new parent=%lld", cid_read(pid)));
	ASSERT_EQ(0, audit_drop(&self->log));
	ASSERT_EQ(0, cid_write(pid, "join %lld", cid_read(low->pid)));
	check_thread(_metadata, &self->log, pid, tid, "join");
	/* Of the container that it left. */
	EXPECT_EQ(1, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* The leader has exited: the record has the set of the first live thread. */
TEST_F(record, threads_elsewhere_without_leader)
{
	pid_t pid = self->agent->pid;
	long first, second;
	char set[512];

	ASSERT_LT(0, cid_do(self->agent, cid_do_leader_exit, 0, 0));
	first = cid_do(self->agent, do_gettid, 0, 0);
	second = cid_do(self->agent, do_unshare_in_thread, CLONE_NEWUTS, 0);
	ASSERT_LT(first, second);
	ASSERT_EQ(0, audit_drop(&self->log));
	ASSERT_EQ(0, cid_write(pid, "new"));
	ASSERT_EQ(0, audit_sync(&self->log));
	cid_ns_text(set, sizeof(set), pid, first);
	EXPECT_LE(0, take_create(&self->log, NULL, 0, "\\(null\\)", pid, set,
				 getpid()));
	cid_ns_text(set, sizeof(set), pid, second);
	EXPECT_LE(0, take_thread(&self->log, cid_read(pid), pid, second, set,
				 getpid()));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/*
 * A task that is in no container
 */

/* How often our locks were acquired, if the kernel counts this, or -1 */
static long long lock_acquisitions(void)
{
	unsigned long long n, sum = 0;
	char line[512], name[64];
	FILE *file = fopen("/proc/lock_stat", "re");

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " %63[^:]: %*u %*u %*f %*f %*f %*f %*u %llu",
			   name, &n) == 2 && !strncmp(name, "audit_cid_", 10))
			sum += n;
	fclose(file);
	return sum;
}

static long do_change_often(struct cid_world *world, const struct cid_call *call)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	int i, status = 0;
	pid_t pid;

	for (i = 0; fd >= 0 && !status && i < call->x; i++) {
		if (unshare(CLONE_NEWUTS) || setns(fd, CLONE_NEWUTS))
			break;
		pid = cid_clone(CLONE_NEWUTS);
		if (!pid)
			_exit(0);
		if (waitpid(pid, &status, 0) != pid)
			break;
	}
	close(fd);
	return i;
}

/* Such a kernel is slow. */
TEST_F_TIMEOUT(record, no_lock_outside, 240)
{
	struct cid_agent *host = cid_start(&self->world, NULL);
	const int often = 100;
	long long before, after;

	if (lock_acquisitions() < 0)
		SKIP(return, "the kernel keeps no count of locks (CONFIG_LOCK_STAT)");
	ASSERT_NE(NULL, host);
	before = lock_acquisitions();
	ASSERT_NE(0, make_container(&self->log, self->agent));
	after = lock_acquisitions();
	/* A writer is counted. */
	EXPECT_LT(before, after);
	EXPECT_EQ(often, cid_do(host, do_change_often, often, 0));
	EXPECT_EQ(after, lock_acquisitions());
}

TEST_HARNESS_MAIN
