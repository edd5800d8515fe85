// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: the records about containers
 */

#include <time.h>

#include "fixture.h"

static long do_gettid(struct cid_world *world, const struct cid_call *call)
{
	return gettid();
}

static long do_open(struct cid_world *world, const struct cid_call *call)
{
	return cid_open(call->x, O_RDWR);
}

/* Through a descriptor, which can outlive its process. */
static long do_write_fd(struct cid_world *world, const struct cid_call *call)
{
	return cid_write_fd(call->x, call->text, strlen(call->text));
}

/*
 * Creation
 */

FIXTURE(create)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent;
};

FIXTURE_VARIANT(create)
{
	const char *options;
	const char *name;	/* as the log has it, a regular expression */
};

#define CREATE(name, ...)						\
	FIXTURE_VARIANT_ADD(create, name) { __VA_ARGS__ }

#define NAME_64 "1234567890123456789012345678901234567890123456789012345678901234"

CREATE(nameless, "", "\\(null\\)");
CREATE(named, " name=web-1", "\"web-1\"");
CREATE(named_null, " name=(null)", "\"\\(null\\)\"");
CREATE(named_like_a_field, " name=contid=1", "\"contid=1\"");
/* A quote would end the field: such a name is logged in hexadecimal. */
CREATE(named_with_a_quote, " name=a\"b", "612262");
CREATE(named_long, " name=" NAME_64 NAME_64, "\"" NAME_64 NAME_64 "\"");

FIXTURE_SETUP(create)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
	ASSERT_EQ(0, audit_drop(&self->log));
}

FIXTURE_TEARDOWN(create)
{
	teardown(&self->world, &self->log);
}

TEST_F(create, record)
{
	pid_t pid = self->agent->pid;
	unsigned int serial;
	int create, event;
	__u64 id;

	ASSERT_EQ(0, cid_write(pid, "new%s", variant->options));
	ASSERT_EQ(0, audit_sync(&self->log));
	create = take_create(&self->log, &id, 0, variant->name, pid,
			     namespaces(pid), getpid());
	ASSERT_LE(0, create);
	EXPECT_EQ(id, cid_read(pid));

	/* It comes first in the event of the write, which is the writer's. */
	serial = self->log.record[create].serial;
	event = audit_take(&self->log, AUDIT_SYSCALL, NULL,
			   "^arch=[0-9a-f]+ syscall=%d success=yes .* pid=%d .* key=\\(null\\)$",
			   __NR_pwrite64, getpid());
	ASSERT_LT(create, event);
	EXPECT_EQ(serial, self->log.record[event].serial);
	event = audit_take(&self->log, AUDIT_PROCTITLE, NULL, "^proctitle=");
	ASSERT_LT(create, event);
	EXPECT_EQ(serial, self->log.record[event].serial);
	EXPECT_EQ(0, audit_count(&self->log, 0, " contid="));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	cid_kill(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LT(create, take_exit(&self->log, id, 0, variant->name, pid,
				    subject(pid)));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* Below the target's own audit container, or below parent=. */
TEST_F(record, create_names_the_parent)
{
	struct cid_agent *other = cid_start(&self->world, NULL);
	__u64 top, child, named;

	ASSERT_NE(NULL, other);
	top = make_container(&self->log, self->agent);
	ASSERT_NE(0, top);
	ASSERT_EQ(0, cid_write(self->agent->pid, "new"));
	/*
	 * The agent may be the last member of the upper audit container: keep
	 * this live.
	 */
	ASSERT_EQ(0, audit_sync(&self->log));
	ASSERT_LE(0, take_create(&self->log, &child, top, "\\(null\\)",
				 self->agent->pid,
				 namespaces(self->agent->pid), getpid()));
	ASSERT_EQ(0, cid_write(other->pid, "new name=exec parent=%llu",
			       child));
	ASSERT_EQ(0, audit_sync(&self->log));
	ASSERT_LE(0, take_create(&self->log, &named, child, "\"exec\"",
				 other->pid, namespaces(other->pid),
				 getpid()));
	EXPECT_EQ(named, cid_read(other->pid));
	EXPECT_EQ(1, count_exits(&self->log, top));
}

/* A process that writes to its own file: its event has the new ID. */
TEST_F(record, create_for_oneself)
{
	pid_t pid = self->agent->pid;
	int create, event;
	__u64 id;

	ASSERT_EQ(0, audit_drop(&self->log));
	ASSERT_EQ(0, cid_do_text(self->agent, cid_do_write, 0, 0, "new"));
	ASSERT_EQ(0, audit_sync(&self->log));
	create = take_create(&self->log, &id, 0, "\\(null\\)", pid,
			     namespaces(pid), pid);
	ASSERT_LE(0, create);
	event = audit_take(&self->log, AUDIT_SYSCALL, NULL,
			   " pid=%d .* key=\\(null\\) contid=%llu$", pid,
			   id);
	EXPECT_LT(create, event);
	EXPECT_EQ(1, audit_count_contid(&self->log, 0, id));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* If the record is standalone, it has the ID of the writer. */
TEST_F(record, create_without_context)
{
	struct cid_agent *never = start_never(&self->world, &self->log);
	const char *nsset;
	__u64 top, id;
	int create;

	ASSERT_NE(NULL, never);
	ASSERT_EQ(0, audit_drop(&self->log));
	ASSERT_EQ(0, cid_do_text(never, cid_do_write, 0, 0, "new"));
	ASSERT_EQ(0, audit_sync(&self->log));
	nsset = namespaces(never->pid);
	ASSERT_LE(0, take_create(&self->log, &top, 0, "\\(null\\)",
				 never->pid, nsset, never->pid));
	EXPECT_EQ(0, audit_count(&self->log, AUDIT_SYSCALL, " pid=%d ",
				 never->pid));

	ASSERT_EQ(0, cid_do_text(never, cid_do_write, 0, 0, "new"));
	ASSERT_EQ(0, audit_sync(&self->log));
	create = audit_take(&self->log, AUDIT_CONTAINER_OP, &id,
			    "^op=create ocontid=([0-9]+) pcontid=%llu name=\\(null\\) opid=%d %s %s exe=\"%s\" res=1 contid=%llu$",
			    top, never->pid, nsset, subject(never->pid),
			    self_exe(), top);
	ASSERT_LE(0, create);
	EXPECT_EQ(id, cid_read(never->pid));
	EXPECT_LT(create, take_exit(&self->log, top, 0, "\\(null\\)",
				    never->pid, subject(never->pid)));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/*
 * The namespace set
 */

FIXTURE(namespace)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent;
};

FIXTURE_VARIANT(namespace)
{
	int	flags;
	bool	leader_exits;
};

#define NAMESPACE(name, ...)						\
	FIXTURE_VARIANT_ADD(namespace, name) { __VA_ARGS__ }

#define CLONE_NEWALL	(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNS |	\
			 CLONE_NEWNET | CLONE_NEWUTS)

NAMESPACE(cgroup, CLONE_NEWCGROUP);
NAMESPACE(ipc, CLONE_NEWIPC);
NAMESPACE(mnt, CLONE_NEWNS);
NAMESPACE(net, CLONE_NEWNET);
NAMESPACE(pid, CLONE_NEWPID);
NAMESPACE(time, CLONE_NEWTIME);
NAMESPACE(user, CLONE_NEWUSER);
NAMESPACE(uts, CLONE_NEWUTS);
NAMESPACE(all, CLONE_NEWALL | CLONE_NEWPID | CLONE_NEWUSER);
NAMESPACE(all_but_leader, CLONE_NEWALL, .leader_exits = true);

FIXTURE_SETUP(namespace)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
}

FIXTURE_TEARDOWN(namespace)
{
	teardown(&self->world, &self->log);
}

static void check_namespaces(struct __test_metadata *const _metadata,
			     struct audit_log *log, struct cid_agent *target,
			     pid_t tid, const char *here)
{
	char set[512];

	cid_ns_text(set, sizeof(set), target->pid, tid);
	EXPECT_STRNE(here, set);
	ASSERT_EQ(0, audit_drop(log));
	ASSERT_EQ(0, cid_write(target->pid, "new"));
	ASSERT_EQ(0, audit_sync(log));
	EXPECT_LE(0, take_create(log, NULL, 0, "\\(null\\)", target->pid, set,
				 getpid()));
}

TEST_F(namespace, record)
{
	struct cid_agent *child;
	char here[512];
	long tid, ret;

	cid_ns_text(here, sizeof(here), getpid(), getpid());
	if (variant->leader_exits)
		ASSERT_LT(0, cid_do(self->agent, cid_do_leader_exit, 0, 0));
	tid = cid_do(self->agent, do_gettid, 0, 0);
	ret = cid_do(self->agent, cid_do_unshare, variant->flags, 0);
	if (ret == -EINVAL && !variant->leader_exits)
		SKIP(return, "the kernel has no such namespaces");
	ASSERT_EQ(0, ret);
	/* A PID namespace can be seen from when it has a process. */
	child = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, child);
	check_namespaces(_metadata, &self->log, self->agent, tid, here);
	/* The child is in the agent's namespaces for children. */
	check_namespaces(_metadata, &self->log, child, child->pid, here);
}

/*
 * Joining
 */

TEST_F(record, join)
{
	struct cid_agent *other = cid_start(&self->world, NULL);
	__u64 id = make_container(&self->log, self->agent);
	int join, event;

	ASSERT_NE(NULL, other);
	ASSERT_NE(0, id);
	ASSERT_EQ(0, cid_write(other->pid, "join %llu", id));
	ASSERT_EQ(0, audit_sync(&self->log));
	join = take_join(&self->log, id, 0, other->pid, namespaces(other->pid),
			 getpid());
	ASSERT_LE(0, join);
	event = audit_take(&self->log, AUDIT_SYSCALL, NULL,
			   "^arch=[0-9a-f]+ syscall=%d success=yes .* pid=%d .* key=\\(null\\)$",
			   __NR_pwrite64, getpid());
	ASSERT_LT(join, event);
	EXPECT_EQ(self->log.record[join].serial,
		  self->log.record[event].serial);
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* A container whose last member moves down ends, by the doing of the writer. */
TEST_F(record, join_ends_what_is_left)
{
	struct cid_agent *low = cid_start(&self->world, NULL);
	pid_t pid = self->agent->pid;
	int join, ended;
	__u64 top, id;

	ASSERT_NE(NULL, low);
	top = make_container(&self->log, self->agent);
	ASSERT_EQ(0, cid_write(low->pid, "new parent=%llu", top));
	id = cid_read(low->pid);
	ASSERT_EQ(0, audit_drop(&self->log));

	ASSERT_EQ(0, cid_write(pid, "join %llu", id));
	ASSERT_EQ(0, audit_sync(&self->log));
	join = take_join(&self->log, id, top, pid, namespaces(pid), getpid());
	ended = take_exit(&self->log, top, 0, "\\(null\\)", pid,
			  subject(getpid()));
	EXPECT_LE(0, join);
	EXPECT_LT(join, ended);
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	/* It ends with its last member, long after its parent. */
	cid_kill(low);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, count_exits(&self->log, id));
	cid_kill(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_exit(&self->log, id, top, "\\(null\\)", pid,
			       subject(pid)));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/*
 * Refused attempts: in a container of the writer's, whose limit is its own
 */

FIXTURE(refused)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *writer, *target, *below;
	__u64 id, id_below, id_ended;
};

enum target { HOST, WRITER, BELOW, KERNEL, GONE };
enum named { NONE, OWN, LOWER, ENDED };

FIXTURE_VARIANT(refused)
{
	enum target	target;
	const char	*command;
	enum named	named;
	int		error;
};

#define REFUSED(name, ...)						\
	FIXTURE_VARIANT_ADD(refused, name) { __VA_ARGS__ }

REFUSED(create, HOST, "new", NONE, EPERM);
REFUSED(create_named, HOST, "new name=do-not-repeat", NONE, EPERM);
REFUSED(create_parent, HOST, "new parent=", LOWER, EPERM);
REFUSED(create_below_ended, WRITER, "new parent=", ENDED, ESRCH);
REFUSED(create_too_deep, BELOW, "new", NONE, ENOSPC);
REFUSED(create_for_kernel, KERNEL, "new", NONE, EPERM);
REFUSED(create_for_gone, GONE, "new", NONE, ESRCH);
REFUSED(join, HOST, "join ", LOWER, EPERM);
REFUSED(join_own, WRITER, "join ", OWN, EPERM);
REFUSED(join_ended, WRITER, "join ", ENDED, ESRCH);
REFUSED(join_for_gone, GONE, "join ", LOWER, ESRCH);

FIXTURE_SETUP(refused)
{
	const char *missing = cid_missing();
	struct cid_agent *agent;
	int i;

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->writer = cid_start(&self->world, NULL);
	self->target = cid_start(&self->world, NULL);
	self->below = cid_start(&self->world, NULL);
	agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, agent);
	self->id_ended = make_container(&self->log, agent);
	cid_kill(agent);
	self->id = make_container(&self->log, self->writer);
	ASSERT_EQ(0, cid_write(self->below->pid, "join %llu",
			       self->id));
	for (i = 1; i < AUDIT_CID_DEPTH_MAX; i++)
		ASSERT_EQ(0, cid_write(self->below->pid, "new"));
	self->id_below = cid_read(self->below->pid);
	ASSERT_EQ(0, audit_drop(&self->log));
}

FIXTURE_TEARDOWN(refused)
{
	teardown(&self->world, &self->log);
}

TEST_F(refused, record)
{
	const pid_t kthreadd = 2;
	const __u64 named[] = { 0, self->id, self->id_below, self->id_ended };
	const pid_t targets[] = {
		self->target->pid, self->writer->pid, self->below->pid,
		kthreadd, self->target->pid,
	};
	pid_t target = targets[variant->target];
	__u64 id = named[variant->named], here = cid_read(target);
	char set[512] = " ", what[128], text[24] = "";
	int refused, event;
	long fd;

	cid_ns_text(set + 1, sizeof(set) - 1, target, target);
	fd = cid_do(self->writer, do_open, target, 0);
	ASSERT_LE(0, fd);
	if (variant->target == GONE) {
		/* All that is left of it is its number. */
		cid_kill(self->target);
		here = 0;
		*set = '\0';
	}
	if (variant->named != NONE)
		sprintf(text, "%llu", id);
	EXPECT_EQ(-variant->error,
		  cid_do_text(self->writer, do_write_fd, fd, 0, "%s%s",
			      variant->command, text));
	ASSERT_EQ(0, audit_sync(&self->log));

	if (variant->command[0] == 'j')
		sprintf(what, "join ocontid=%llu prev=%llu", id,
			here);
	else
		sprintf(what,
			"create ocontid=\\? pcontid=%llu name=\\(null\\)",
			variant->named == NONE ? here : id);
	refused = audit_take(&self->log, AUDIT_CONTAINER_OP, NULL,
			     "^op=%s opid=%d%s %s exe=\"%s\" res=0$", what,
			     target, set, subject(self->writer->pid), self_exe());
	ASSERT_LE(0, refused);
	event = audit_take(&self->log, AUDIT_SYSCALL, NULL,
			   "^arch=[0-9a-f]+ syscall=%d success=no exit=-%d .* pid=%d .* key=\\(null\\) contid=%llu$",
			   __NR_pwrite64, variant->error, self->writer->pid,
			   self->id);
	ASSERT_LT(refused, event);
	EXPECT_EQ(self->log.record[refused].serial,
		  self->log.record[event].serial);
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
	EXPECT_EQ(0, audit_count(&self->log, 0, "do-not-repeat"));
}

/* A malformed command is not logged. */
TEST_F(record, malformed_writes_are_not_logged)
{
	ASSERT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(-EINVAL, cid_write(self->agent->pid, "mew"));
	EXPECT_EQ(-EINVAL, cid_write(self->agent->pid, "new name="));
	EXPECT_EQ(-EINVAL, cid_write(self->agent->pid, "join x"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
	EXPECT_EQ(0, audit_count(&self->log, AUDIT_SYSCALL, " pid=%d ",
				 getpid()));
}

TEST_F(record, refused_without_context)
{
	struct cid_agent *never = start_never(&self->world, &self->log);
	__u64 id;

	ASSERT_NE(NULL, never);
	id = make_container(&self->log, never);
	EXPECT_EQ(-EPERM, cid_do_text(never, cid_do_write, getpid(), 0,
				      "new"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, audit_take(&self->log, AUDIT_CONTAINER_OP, NULL,
				"^op=create ocontid=\\? pcontid=0 name=\\(null\\) opid=%d %s %s exe=\"%s\" res=0 contid=%llu$",
				getpid(), namespaces(getpid()),
				subject(never->pid), self_exe(), id));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/*
 * A writer may be denied any number of times. Each attempt and its system call
 * are logged. A writer with the capability is not even delayed.
 */
TEST_F(record, refused_often)
{
	pid_t pid = self->agent->pid;
	const int attempts = 100;
	time_t start = time(NULL);
	int i;

	ASSERT_NE(0, make_container(&self->log, self->agent));
	for (i = 0; i < attempts; i++)
		EXPECT_EQ(-EPERM, cid_do_text(self->agent, cid_do_write,
					      getpid(), 0, "new"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(attempts, audit_count(&self->log, AUDIT_CONTAINER_OP,
					"^op=create ocontid=\\? .* pid=%d .* res=0$",
					pid));
	EXPECT_EQ(attempts, audit_count(&self->log, AUDIT_SYSCALL, " pid=%d ",
					pid));
	/* At the rate of the others it would take 10 s more. */
	EXPECT_GT(10, time(NULL) - start);
}

/*
 * The end
 */

FIXTURE(end)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent;
};

/* How the agent ends, and what it does before. */
FIXTURE_VARIANT(end)
{
	cid_fn	before;
	cid_fn	last;
	long	arg;
};

static long do_nothing(struct cid_world *world, const struct cid_call *call)
{
	return 0;
}

static long do_kill_oneself(struct cid_world *world,
			    const struct cid_call *call)
{
	kill(getpid(), SIGKILL);
	return 0;
}

static void *exit_group(void *unused)
{
	_exit(0);
}

/* exit_group() by a thread that is not the leader. */
static long do_exit_by_thread(struct cid_world *world,
			      const struct cid_call *call)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exit_group, NULL))
		return -EAGAIN;
	for (;;)
		pause();
}

#define END(name, ...)							\
	FIXTURE_VARIANT_ADD(end, name) { __VA_ARGS__ }

END(exits, do_nothing, cid_do_exit);
END(is_killed, do_nothing, do_kill_oneself);
END(crashes, do_nothing, do_abort);
END(threads_exit, cid_do_thread, cid_do_exit);
END(threads_are_killed, cid_do_thread, do_kill_oneself);
END(thread_ends_all, cid_do_thread, do_exit_by_thread);
END(after_the_leader, cid_do_leader_exit, cid_do_exit);

FIXTURE_SETUP(end)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
}

FIXTURE_TEARDOWN(end)
{
	teardown(&self->world, &self->log);
}

/*
 * audit_sync() reads the records that were logged before it was called. So if
 * it finds the record, this was logged before wait(2) returned.
 */
TEST_F(end, record)
{
	__u64 id = make_container(&self->log, self->agent);
	pid_t pid = self->agent->pid;

	ASSERT_NE(0, id);
	EXPECT_LE(0, cid_do(self->agent, variant->before, 0, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	cid_post(self->agent, variant->last, 0, 0, "%s", "");
	cid_reap(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_exit(&self->log, id, 0, "\\(null\\)", pid,
			       subject(pid)));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* exec ends the other threads, not the process. */
static void check_exec(struct __test_metadata *const _metadata,
		       struct audit_log *log, struct cid_agent *agent,
		       bool thread)
{
	__u64 id = make_container(log, agent);
	pid_t pid = agent->pid;

	ASSERT_NE(0, id);
	cid_post(agent, cid_do_exec, thread, 0, "%s", "");
	EXPECT_EQ(id, cid_wait(agent));
	ASSERT_EQ(0, audit_sync(log));
	EXPECT_EQ(0, audit_left(log, AUDIT_CONTAINER_OP));
	cid_end(agent);
	ASSERT_EQ(0, audit_sync(log));
	EXPECT_LE(0, take_exit(log, id, 0, "\\(null\\)", pid,
			       subject_comm(pid, "hold")));
	EXPECT_EQ(0, audit_left(log, AUDIT_CONTAINER_OP));
}

TEST_F(record, end_after_exec)
{
	check_exec(_metadata, &self->log, self->agent, false);
}

TEST_F(record, end_after_exec_by_thread)
{
	check_exec(_metadata, &self->log, self->agent, true);
}

/* The last member is not the first one. */
TEST_F(record, end_by_child)
{
	struct cid_agent *child, *grandchild;
	pid_t pid;
	__u64 id;

	ASSERT_EQ(0, cid_write(self->agent->pid, "new name=web-1"));
	id = cid_read(self->agent->pid);
	ASSERT_EQ(0, audit_drop(&self->log));
	child = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, child);
	grandchild = cid_start(&self->world, child);
	ASSERT_NE(NULL, grandchild);
	ASSERT_EQ(0, cid_do(grandchild, cid_do_outlive, 0, 0));
	cid_kill(child);
	cid_kill(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	grandchild->by = NULL;
	pid = grandchild->pid;
	cid_end(grandchild);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_exit(&self->log, id, 0, "\"web-1\"", pid,
			       subject(pid)));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* A zombie has ended, whether or not somebody waits for it. */
TEST_F(record, end_of_a_zombie)
{
	__u64 id = make_container(&self->log, self->agent);
	pid_t pid = self->agent->pid;
	siginfo_t info;

	ASSERT_NE(0, id);
	cid_post(self->agent, cid_do_exit, 0, 0, "%s", "");
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_exit(&self->log, id, 0, "\\(null\\)", pid,
			       subject(pid)));
	cid_reap(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* The actions of the last member, its exit included, precede the end. */
TEST_F(record, end_comes_last)
{
	struct audit_match match[] = {
		{ AUDIT_PID, AUDIT_EQUAL, self->agent->pid },
	};
	__u64 id = make_container(&self->log, self->agent);
	pid_t pid = self->agent->pid;
	int event, ended, i;

	ASSERT_NE(0, id);
	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXIT,
				    AUDIT_ALWAYS, __NR_exit_group, match, 1));
	ASSERT_EQ(0, audit_drop(&self->log));
	cid_post(self->agent, cid_do_exit, 0, 0, "%s", "");
	cid_reap(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	event = audit_take(&self->log, AUDIT_SYSCALL, NULL,
			   "^arch=[0-9a-f]+ syscall=%d .* pid=%d .* key=\"audit_cid_test\" contid=%llu$",
			   __NR_exit_group, pid, id);
	ended = take_exit(&self->log, id, 0, "\\(null\\)", pid, subject(pid));
	EXPECT_LE(0, event);
	EXPECT_LT(event, ended);
	for (i = ended + 1; i < (int)self->log.count; i++)
		EXPECT_EQ(0, audit_contid(&self->log.record[i]));
}

/*
 * Without audit
 */

/* IDs do not depend on whether anybody logs them. */
TEST_F(record, audit_disabled)
{
	struct cid_agent *child;
	long id;

	if (self->log.status.enabled == 2)
		SKIP(return, "the configuration of audit is locked");
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 0));
	ASSERT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(0, cid_write(self->agent->pid, "new"));
	id = cid_read(self->agent->pid);
	EXPECT_LT(0, id);
	child = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, child);
	EXPECT_EQ(id, cid_read(child->pid));
	EXPECT_EQ(-EPERM, cid_do_text(child, cid_do_write, getpid(), 0,
				      "new"));
	EXPECT_EQ(0, cid_write(child->pid, "new"));
	EXPECT_EQ(0, cid_write(self->agent->pid, "join %lld",
			       cid_read(child->pid)));
	cid_kill(child);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	/*
	 * From here on, records are logged, also about older audit containers.
	 */
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 1));
	id = cid_read(self->agent->pid);
	cid_kill(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(1, count_exits(&self->log, id));
}

/* If the record is excluded, the write succeeds nevertheless. */
TEST_F(record, excluded)
{
	struct audit_match match = {
		AUDIT_MSGTYPE, AUDIT_EQUAL, AUDIT_CONTAINER_OP,
	};

	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXCLUDE,
				    AUDIT_NEVER, -1, &match, 1));
	ASSERT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(0, cid_write(self->agent->pid, "new"));
	EXPECT_LT(0, cid_read(self->agent->pid));
	EXPECT_EQ(-EPERM, cid_do_text(self->agent, cid_do_write, getpid(), 0,
				      "new"));
	cid_kill(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

TEST_HARNESS_MAIN
