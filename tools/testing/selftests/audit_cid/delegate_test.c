// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: delegation: which processes may make audit containers
 * without being privileged, how many, and how the descendants are counted
 *
 * attack_test.c has the attempts to exceed a delegation.
 *
 * AUDIT_CID_SEED repeats the random steps of a run, and AUDIT_CID_ROUNDS sets
 * their number.
 */

#include <sys/random.h>

#include "grant.h"

/* The limit of the delegation in most tests. */
#define BUDGET		3

/*
 * Scenes
 */

FIXTURE(grant)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent;	/* a rootless runtime in the container */
	__u64 id;
};

/* A process that is about to be contained. */
static struct cid_agent *start(struct __test_metadata *const _metadata,
			       struct cid_world *world, struct cid_agent *by)
{
	struct cid_agent *agent = cid_start(world, by);

	ASSERT_NE(NULL, agent);
	return agent;
}

static void rootless(struct __test_metadata *const _metadata,
		     struct cid_agent *agent)
{
	ASSERT_EQ(0, cid_do(agent, do_become_rootless, 0, 0))
		TH_LOG("no user namespaces?");
}

FIXTURE_SETUP(grant)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	channel_setup(_metadata);
	self->agent = start(_metadata, &self->world, NULL);
	ASSERT_EQ(0, cid_write(self->agent->pid, "new name=grant delegate=%d",
			       BUDGET));
	self->id = cid_read(self->agent->pid);
	rootless(_metadata, self->agent);
	ASSERT_EQ(0, audit_drop(&self->log));
}

FIXTURE_TEARDOWN(grant)
{
	teardown(&self->world, &self->log);
}

/*
 * The child of an agent, in a new audit container that the agent makes for it.
 */
static struct cid_agent *make(struct __test_metadata *const _metadata,
			      struct cid_world *world, struct cid_agent *by)
{
	struct cid_agent *child = start(_metadata, world, by);

	EXPECT_EQ(0, tell(by, child->pid, "new"));
	return child;
}

/* The same, but the write must fail and must not move the child. */
static void cannot_make(struct __test_metadata *const _metadata,
			struct cid_world *world, struct cid_agent *by,
			int error)
{
	struct cid_agent *child = start(_metadata, world, by);
	long before = cid_read(child->pid);

	EXPECT_EQ(-error, tell(by, child->pid, "new"));
	EXPECT_EQ(before, cid_read(child->pid));
	cid_end(child);
}

/* Limit and use of a delegation, as an announcement lists them. */
struct account {
	int	budget;
	int	used;
};

static struct account account(struct audit_log *log, __u64 id)
{
	struct account account = { -1, -1 };
	char begin[64], *at;
	size_t i;

	snprintf(begin, sizeof(begin), "op=announce ocontid=%llu ", id);
	if (cid_write(getpid(), "announce") || audit_sync(log))
		return account;
	for (i = 0; i < log->count; i++) {
		struct audit_record *record = &log->record[i];

		if (record->taken || strncmp(record->text, begin, strlen(begin)))
			continue;
		account = (struct account) {};
		at = strstr(record->text, " delegate=");
		if (at && sscanf(at, " delegate=%d delegated=%d ",
				 &account.budget, &account.used) != 2)
			account.used = -1;
	}
	audit_forget(log);
	return account;
}

static void check_account(struct __test_metadata *const _metadata,
			  struct audit_log *log, __u64 id, int budget, int used)
{
	struct account now = account(log, id);

	EXPECT_EQ(budget, now.budget);
	EXPECT_EQ(used, now.used);
}

#define CHECK_ACCOUNT(used)						\
	check_account(_metadata, &self->log, self->id, BUDGET, used)

/*
 * The grant
 */

FIXTURE(option)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent;
};

/* The options of "new", and the fields that they are logged as. */
FIXTURE_VARIANT(option)
{
	const char	*text;
	int		error;
	const char	*name;
	int		budget;
};

#define OPTION(name, ...)						\
	FIXTURE_VARIANT_ADD(option, name) { __VA_ARGS__ }

OPTION(one, " delegate=1", 0, "\\(null\\)", 1);
OPTION(largest, " delegate=2147483647", 0, "\\(null\\)", 2147483647);
OPTION(newline, " delegate=7\n", 0, "\\(null\\)", 7);
OPTION(before_the_name, " delegate=2 name=x", 0, "\"x\"", 2);
OPTION(after_the_name, " name=x delegate=2", 0, "\"x\"", 2);
OPTION(in_the_name, " name=delegate=2", 0, "\"delegate=2\"");
OPTION(nothing, " delegate=", EINVAL);
OPTION(zero, " delegate=0", EINVAL);
OPTION(negative, " delegate=-1", EINVAL);
OPTION(sign, " delegate=+1", EINVAL);
OPTION(leading_zero, " delegate=01", EINVAL);
OPTION(hexadecimal, " delegate=0x1", EINVAL);
OPTION(trailing, " delegate=1x", EINVAL);
OPTION(fraction, " delegate=1.0", EINVAL);
OPTION(two_numbers, " delegate=1,2", EINVAL);
OPTION(no_value, " delegate", EINVAL);
OPTION(other_case, " Delegate=1", EINVAL);
OPTION(too_large, " delegate=2147483648", EINVAL);
OPTION(wraps_32_bits, " delegate=4294967297", EINVAL);
OPTION(wraps_64_bits, " delegate=18446744073709551617", EINVAL);
OPTION(twice, " delegate=1 delegate=1", EINVAL);
OPTION(twice_apart, " delegate=1 name=x delegate=2", EINVAL);

FIXTURE_SETUP(option)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->agent = start(_metadata, &self->world, NULL);
}

FIXTURE_TEARDOWN(option)
{
	teardown(&self->world, &self->log);
}

TEST_F(option, is_logged)
{
	pid_t pid = self->agent->pid;
	char delegate[40] = "";
	__u64 id;

	EXPECT_EQ(-variant->error, cid_write(pid, "new%s", variant->text));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(!variant->error, cid_read(pid) != 0);
	EXPECT_EQ(!variant->error,
		  audit_count(&self->log, AUDIT_CONTAINER_OP, "^op=create "));
	if (variant->error)
		return;
	if (variant->budget)
		sprintf(delegate, " delegate=%d", variant->budget);
	EXPECT_LE(0, audit_take(&self->log, AUDIT_CONTAINER_OP, &id,
				"^op=create ocontid=([0-9]+) pcontid=0 name=%s opid=%d %s%s %s exe=\"%s\" res=1$",
				variant->name, pid, namespaces(pid), delegate,
				subject(getpid()), self_exe()));
	EXPECT_EQ(id, cid_read(pid));
	check_account(_metadata, &self->log, id, variant->budget, 0);
}

/*
 * The records of an audit container without a delegation do not have the field.
 */
TEST_F(grant, is_announced)
{
	struct cid_agent *child;

	CHECK_ACCOUNT(0);
	child = make(_metadata, &self->world, self->agent);
	CHECK_ACCOUNT(1);
	check_account(_metadata, &self->log, cid_read(child->pid), 0, 0);

	ASSERT_EQ(0, cid_write(getpid(), "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, audit_take(&self->log, AUDIT_CONTAINER_OP, NULL,
				"^op=announce ocontid=%llu pcontid=0 name=\"grant\" nsdev=.* members=1 delegate=%d delegated=1 %s exe=\"%s\" res=1$",
				self->id, BUDGET, subject(getpid()),
				self_exe()));
	EXPECT_EQ(0, audit_count(&self->log, AUDIT_CONTAINER_OP,
				 "^op=announce ocontid=%lld .* delegate",
				 cid_read(child->pid)));
}

/* The commands of a delegatee */

/* The record has the delegatee as the subject, with its numbers on the host. */
TEST_F(grant, lets_make_for_oneself)
{
	pid_t pid = self->agent->pid;
	__u64 id;

	EXPECT_EQ(self->id, cid_do(self->agent, cid_do_read, 0, 0));
	EXPECT_EQ(0, tell(self->agent, 0, "new name=inner"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, audit_take(&self->log, AUDIT_CONTAINER_OP, &id,
				"^op=create ocontid=([0-9]+) pcontid=%llu name=\"inner\" opid=%d %s pid=%d uid=%d .* res=1$",
				self->id, pid, namespaces(pid), pid, USER_ID));
	EXPECT_EQ(id, cid_read(pid));
	EXPECT_EQ(id, cid_do(self->agent, cid_do_read, 0, 0));
	/*
	 * The old audit container has ended, because its only member has moved.
	 */
	EXPECT_EQ(1, count_exits(&self->log, self->id));
}

TEST_F(grant, lets_make_for_a_child)
{
	struct cid_agent *child = make(_metadata, &self->world, self->agent);
	long id = cid_read(child->pid);

	EXPECT_LT(self->id, id);
	EXPECT_EQ(id, cid_do(self->agent, cid_do_read, child->pid, 0));
	EXPECT_EQ(id, cid_do(child, cid_do_read, 0, 0));
	/*
	 * A process in the descendant cannot read the file of an ancestor's
	 * member.
	 */
	EXPECT_EQ(-EPERM, cid_do(child, cid_do_read, self->agent->pid, 0));
}

/* Runtimes move processes that are in a user namespace of their own. */
TEST_F(grant, reaches_inner_namespaces)
{
	struct cid_agent *child = start(_metadata, &self->world, self->agent);

	ASSERT_EQ(0, cid_do(child, do_enter_userns, 0, 0));
	EXPECT_EQ(0, tell(self->agent, child->pid, "new"));
	EXPECT_LT(self->id, cid_read(child->pid));
	/* This process can do the same. */
	make(_metadata, &self->world, child);
	CHECK_ACCOUNT(2);
}

TEST_F(grant, lets_name_parents)
{
	struct cid_agent *child = make(_metadata, &self->world, self->agent);
	struct cid_agent *exec = start(_metadata, &self->world, self->agent);
	long id = cid_read(child->pid);

	ASSERT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(0, tell(self->agent, exec->pid, "new parent=%ld name=exec",
			  id));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, audit_take(&self->log, AUDIT_CONTAINER_OP, NULL,
				"^op=create ocontid=%lld pcontid=%ld name=\"exec\" ",
				cid_read(exec->pid), id));
	CHECK_ACCOUNT(2);
}

TEST_F(grant, lets_join)
{
	struct cid_agent *child = make(_metadata, &self->world, self->agent);
	struct cid_agent *other = start(_metadata, &self->world, self->agent);
	long id = cid_read(child->pid);

	EXPECT_EQ(0, tell(self->agent, other->pid, "join %ld", id));
	EXPECT_EQ(id, cid_read(other->pid));
	/* No container more. */
	CHECK_ACCOUNT(1);
}

/* A descendant of the delegation has the same right. */
TEST_F(grant, holds_below)
{
	struct cid_agent *child = make(_metadata, &self->world, self->agent);
	struct cid_agent *below = make(_metadata, &self->world, child);

	make(_metadata, &self->world, below);
	CHECK_ACCOUNT(3);
	cannot_make(_metadata, &self->world, below, ENOSPC);
}

/*
 * The right belongs to the audit container: a process that joins it has the
 * right.
 */
TEST_F(grant, is_for_who_joins)
{
	struct cid_agent *other = start(_metadata, &self->world, NULL);

	rootless(_metadata, other);
	EXPECT_EQ(-EPERM, tell(other, 0, "new"));
	ASSERT_EQ(0, cid_write(other->pid, "join %llu", self->id));
	/*
	 * Another user namespace, in which the process has the same capability.
	 */
	make(_metadata, &self->world, other);
	CHECK_ACCOUNT(1);
	EXPECT_EQ(-EPERM, tell(other, self->agent->pid, "new"));
}

/* Either capability, in the own namespace. */
static long do_set_cap(struct cid_world *world, const struct cid_call *call)
{
	return cid_set_cap(call->x, call->y);
}

TEST_F(grant, takes_a_capability)
{
	struct cid_agent *child;

	ASSERT_EQ(0, cid_do(self->agent, do_drop_right, 0, 0));
	cannot_make(_metadata, &self->world, self->agent, EPERM);
	EXPECT_EQ(-EPERM, cid_do(self->agent, cid_do_read, 0, 0));
	ASSERT_EQ(0, cid_do(self->agent, do_set_cap, CAP_AUDIT_CONTROL, true));
	child = make(_metadata, &self->world, self->agent);
	cid_end(child);
	if (!cid_knows_cap(CAP_AUDIT_CONTAINER))
		SKIP(return, "no CAP_AUDIT_CONTAINER in this kernel");
	ASSERT_EQ(0, cid_do(self->agent, do_drop_right, 0, 0));
	ASSERT_EQ(0, cid_do(self->agent, do_set_cap, CAP_AUDIT_CONTAINER,
			    true));
	make(_metadata, &self->world, self->agent);
}

/* Its members are as without a grant, and so is everybody else. */
TEST_F(grant, is_needed)
{
	struct cid_agent *other = start(_metadata, &self->world, NULL);

	ASSERT_EQ(0, cid_write(other->pid, "new"));
	rootless(_metadata, other);
	cannot_make(_metadata, &self->world, other, EPERM);
	EXPECT_EQ(-EPERM, cid_do(other, cid_do_read, 0, 0));
}

/* The error is the same, whether the ID is live elsewhere or not. */
TEST_F(grant, is_no_oracle)
{
	struct cid_agent *other = start(_metadata, &self->world, NULL);
	struct cid_agent *child = start(_metadata, &self->world, self->agent);
	struct cid_agent *gone;
	long live, ended, i;

	ASSERT_EQ(0, cid_write(other->pid, "new"));
	live = cid_read(other->pid);
	gone = make(_metadata, &self->world, self->agent);
	ended = cid_read(gone->pid);
	cid_end(gone);
	ASSERT_EQ(0, audit_drop(&self->log));
	for (i = 0; i < 2; i++) {
		static const char * const command[] = { "join ", "new parent=" };
		const char *text = command[i];

		EXPECT_EQ(-EPERM, tell(self->agent, child->pid, "%s%ld", text,
				       live));
		EXPECT_EQ(-EPERM, tell(self->agent, child->pid, "%s%ld", text,
				       ended));
		EXPECT_EQ(-EPERM, tell(self->agent, child->pid, "%s%ld", text,
				       ended + 1000));
		EXPECT_EQ(-EPERM, tell(self->agent, child->pid, "%s0", text));
		EXPECT_EQ(-EPERM, tell(self->agent, child->pid,
				       "%s18446744073709551615", text));
	}
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(10, audit_count(&self->log, AUDIT_CONTAINER_OP,
				  "^op=(create|join) .* pid=%d uid=%d .* res=0( contid=[0-9]+)?$",
				  self->agent->pid, USER_ID));
	/* The PID of a process that is gone is still in the subtree. */
	ASSERT_LT(0, cid_read(child->pid));
	live = cid_do(self->agent, do_open, child->pid, O_RDWR);
	ASSERT_LE(0, live);
	cid_end(child);
	EXPECT_EQ(-ESRCH, cid_do_text(self->agent, do_write_fd, live, 0, "new"));
	EXPECT_EQ(-ESRCH, cid_do(self->agent, do_read_fd, live, 0));
}

/*
 * The budget
 */

/* Nobody is left out of the count, and nobody is asked for more. */
TEST_F(grant, counts_everybody)
{
	struct cid_agent *root = start(_metadata, &self->world, NULL);
	struct cid_agent *far = start(_metadata, &self->world, NULL);

	/* A privileged member, a privileged process outside the subtree, ... */
	ASSERT_EQ(0, cid_write(root->pid, "join %llu", self->id));
	make(_metadata, &self->world, root);
	CHECK_ACCOUNT(1);
	ASSERT_EQ(0, cid_write(far->pid, "new parent=%llu", self->id));
	CHECK_ACCOUNT(2);
	/* ... and the delegate. */
	make(_metadata, &self->world, self->agent);
	CHECK_ACCOUNT(3);
	cannot_make(_metadata, &self->world, self->agent, ENOSPC);
	cannot_make(_metadata, &self->world, root, ENOSPC);
	cid_end(far);
	far = start(_metadata, &self->world, NULL);
	ASSERT_EQ(0, cid_write(far->pid, "new parent=%llu", self->id));
	EXPECT_EQ(-ENOSPC, cid_write(far->pid, "new"));
	CHECK_ACCOUNT(3);
}

TEST_F(grant, is_used_up_for_itself_alone)
{
	struct cid_agent *other = start(_metadata, &self->world, NULL);
	int i;

	ASSERT_EQ(0, cid_write(other->pid, "new delegate=1"));
	rootless(_metadata, other);
	for (i = 0; i < BUDGET; i++)
		make(_metadata, &self->world, self->agent);
	ASSERT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(-ENOSPC, tell(self->agent, 0, "new name=more"));
	EXPECT_EQ(0, take_refused(&self->log, self->agent->pid, self->id,
				  self->agent->pid,
				  "create ocontid=\\? pcontid=%llu name=\\(null\\)",
				  self->id));
	make(_metadata, &self->world, other);
	CHECK_ACCOUNT(BUDGET);
}

/* A write that fails, for whatever reason, is not counted. */
TEST_F(grant, is_not_charged_in_vain)
{
	struct cid_agent *child = start(_metadata, &self->world, self->agent);
	long fd;

	EXPECT_EQ(-EINVAL, tell(self->agent, child->pid, "new delegate=0"));
	EXPECT_EQ(-EPERM, tell(self->agent, child->pid, "new delegate=1"));
	EXPECT_EQ(-EPERM, tell(self->agent, child->pid, "new parent=1"));
	fd = cid_do(self->agent, do_open, child->pid, O_RDWR);
	cid_kill(child);
	EXPECT_EQ(-ESRCH, cid_do_text(self->agent, do_write_fd, fd, 0, "new"));
	CHECK_ACCOUNT(0);
	/* Both audit containers are live before the old one ends. */
	EXPECT_EQ(0, tell(self->agent, 0, "new"));
	EXPECT_EQ(0, tell(self->agent, 0, "new"));
	EXPECT_EQ(0, tell(self->agent, 0, "new"));
	EXPECT_EQ(0, tell(self->agent, 0, "new"));
}

/*
 * If the limit is reached, a move to a new one fails: for a moment, both are
 * live.
 */
TEST_F(grant, is_the_most_there_ever_is)
{
	struct cid_agent *top = start(_metadata, &self->world, NULL);
	struct cid_agent *child;
	__u64 id;

	ASSERT_EQ(0, cid_write(top->pid, "new delegate=1"));
	id = cid_read(top->pid);
	rootless(_metadata, top);
	child = make(_metadata, &self->world, top);
	EXPECT_EQ(-ENOSPC, tell(child, 0, "new"));
	check_account(_metadata, &self->log, id, 1, 1);
	cid_end(child);
	check_account(_metadata, &self->log, id, 1, 0);
	make(_metadata, &self->world, top);
}

TEST_F(grant, does_not_go_deeper)
{
	struct cid_agent *top = start(_metadata, &self->world, NULL);
	int i;

	ASSERT_EQ(0, cid_write(top->pid, "new delegate=100"));
	rootless(_metadata, top);
	for (i = 1; i < AUDIT_CID_DEPTH_MAX; i++)
		ASSERT_EQ(0, tell(top, 0, "new"));
	EXPECT_EQ(-ENOSPC, tell(top, 0, "new"));
}

/* After the audit container has ended, its descendants still count. */
TEST_F(grant, outlives_its_container)
{
	struct cid_agent *one = make(_metadata, &self->world, self->agent);
	struct cid_agent *two;

	ASSERT_EQ(0, cid_do(one, cid_do_outlive, 0, 0));
	cid_end(self->agent);
	one->by = NULL;
	EXPECT_EQ(-ESRCH, cid_write(getpid(), "join %llu", self->id));
	two = make(_metadata, &self->world, one);
	make(_metadata, &self->world, one);
	cannot_make(_metadata, &self->world, one, ENOSPC);
	cid_end(two);
	make(_metadata, &self->world, one);
}

/*
 * Several levels
 */

FIXTURE(levels)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *outer, *inner;
	__u64 outer_id, inner_id;
};

#define OUTER	4
#define INNER	2

FIXTURE_SETUP(levels)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->outer = start(_metadata, &self->world, NULL);
	self->inner = start(_metadata, &self->world, NULL);
	ASSERT_EQ(0, cid_write(self->outer->pid, "new delegate=%d", OUTER));
	self->outer_id = cid_read(self->outer->pid);
	ASSERT_EQ(0, cid_write(self->inner->pid, "new parent=%llu delegate=%d",
			       self->outer_id, INNER));
	self->inner_id = cid_read(self->inner->pid);
	rootless(_metadata, self->outer);
	rootless(_metadata, self->inner);
}

FIXTURE_TEARDOWN(levels)
{
	teardown(&self->world, &self->log);
}

#define CHECK_LEVELS(outer, inner)					\
	do {								\
		check_account(_metadata, &self->log, self->outer_id,	\
			      OUTER, outer);				\
		check_account(_metadata, &self->log, self->inner_id,	\
			      INNER, inner);				\
	} while (0)

TEST_F(levels, inner_is_used_up)
{
	struct cid_agent *one, *two;

	CHECK_LEVELS(1, 0);
	one = make(_metadata, &self->world, self->inner);
	two = make(_metadata, &self->world, one);
	CHECK_LEVELS(3, 2);
	cannot_make(_metadata, &self->world, two, ENOSPC);
	cannot_make(_metadata, &self->world, self->inner, ENOSPC);
	/* The outer delegation has one left, which the inner one cannot use. */
	make(_metadata, &self->world, self->outer);
	CHECK_LEVELS(4, 2);
	cid_end(two);
	CHECK_LEVELS(3, 1);
	make(_metadata, &self->world, one);
	CHECK_LEVELS(4, 2);
}

TEST_F(levels, outer_is_used_up)
{
	struct cid_agent *one = make(_metadata, &self->world, self->outer);
	struct cid_agent *two = make(_metadata, &self->world, one);

	ASSERT_EQ(0, cid_do(two, cid_do_outlive, 0, 0));
	make(_metadata, &self->world, self->outer);
	CHECK_LEVELS(4, 0);
	/*
	 * The inner delegation has all of its limit left, but the outer one
	 * does not.
	 */
	cannot_make(_metadata, &self->world, self->inner, ENOSPC);
	CHECK_LEVELS(4, 0);
	cid_kill(one);
	two->by = NULL;
	/* Its descendants stay live, and count. */
	CHECK_LEVELS(3, 0);
	make(_metadata, &self->world, self->inner);
	CHECK_LEVELS(4, 1);
}

/* The outer delegate reaches the inner containers, by the inner budget. */
TEST_F(levels, outer_makes_in_the_inner)
{
	struct cid_agent *one, *two;

	one = start(_metadata, &self->world, self->outer);
	EXPECT_EQ(0, tell(self->outer, one->pid, "new parent=%llu",
			  self->inner_id));
	CHECK_LEVELS(2, 1);
	two = start(_metadata, &self->world, self->outer);
	EXPECT_EQ(0, tell(self->outer, two->pid, "new parent=%lld",
			  cid_read(one->pid)));
	CHECK_LEVELS(3, 2);
	one = start(_metadata, &self->world, self->outer);
	EXPECT_EQ(-ENOSPC, tell(self->outer, one->pid, "new parent=%llu",
				self->inner_id));
	EXPECT_EQ(0, tell(self->outer, one->pid, "join %llu", self->inner_id));
	CHECK_LEVELS(3, 2);
}

/* Each audit container is uncounted at its own end, in any order. */
TEST_F(levels, inner_ends_first)
{
	struct cid_agent *one = make(_metadata, &self->world, self->inner);
	struct cid_agent *two = make(_metadata, &self->world, one);
	struct cid_agent *last;

	ASSERT_EQ(0, cid_do(one, cid_do_outlive, 0, 0));
	ASSERT_EQ(0, cid_do(two, cid_do_outlive, 0, 0));
	cid_end(self->inner);
	one->by = NULL;
	check_account(_metadata, &self->log, self->outer_id, OUTER, 2);
	/* The inner limit stays, though its container is gone. */
	cannot_make(_metadata, &self->world, two, ENOSPC);
	cid_end(one);
	two->by = NULL;
	check_account(_metadata, &self->log, self->outer_id, OUTER, 1);
	last = make(_metadata, &self->world, two);
	cannot_make(_metadata, &self->world, two, ENOSPC);
	check_account(_metadata, &self->log, self->outer_id, OUTER, 2);
	cid_end(last);
	cid_kill(two);
	check_account(_metadata, &self->log, self->outer_id, OUTER, 0);
}

/*
 * Counts, checked by a second count
 *
 * Random processes move to random places and exit. After each step, the limits
 * and counts of the kernel are compared with those of a list of processes.
 */

struct model {
	__u64	id;		/* 0: the host */
	int	parent;
	int	members;
	int	budget;		/* 0: no grant */
	int	depth;
};

#define PLACES		4096
#define PLAYERS		CID_AGENTS

FIXTURE(accounts)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *player[PLAYERS];
	int where[PLAYERS];
	struct model *place;
	int places;
};

FIXTURE_SETUP(accounts)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	ASSERT_EQ(0, audit_only(&self->log, AUDIT_CONTAINER_OP));
	self->place = calloc(PLACES, sizeof(*self->place));
	ASSERT_NE(NULL, self->place);
	self->places = 1;
}

FIXTURE_TEARDOWN(accounts)
{
	free(self->place);
	teardown(&self->world, &self->log);
}

static __u64 random_state;

static unsigned int random_below(unsigned int limit)
{
	/* xorshift64*: the same numbers on all machines for the same seed. */
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 2685821657736338717ULL >> 32) % limit;
}

static bool below(const struct _test_data_accounts *self, int at, int top)
{
	for (; at; at = self->place[at].parent)
		if (self->place[at].parent == top)
			return true;
	return false;
}

static int used(const struct _test_data_accounts *self, int top)
{
	int at, count = 0;

	for (at = 1; at < self->places; at++)
		count += self->place[at].members && below(self, at, top);
	return count;
}

static bool has_room(const struct _test_data_accounts *self, int parent)
{
	int at;

	if (self->place[parent].depth == AUDIT_CID_DEPTH_MAX)
		return false;
	for (at = parent; at; at = self->place[at].parent)
		if (self->place[at].budget &&
		    used(self, at) >= self->place[at].budget)
			return false;
	return true;
}

/* A random place in a subtree, live if possible. */
static int pick(const struct _test_data_accounts *self, int top)
{
	int tries, at;

	for (tries = 0; tries < 20; tries++) {
		at = random_below(self->places);
		if ((at == top || below(self, at, top)) &&
		    self->place[at].members)
			return at;
	}
	return top;
}

static void move(struct _test_data_accounts *self, int i, int to)
{
	self->place[self->where[i]].members--;
	self->place[to].members++;
	self->where[i] = to;
}

static void step_new(struct __test_metadata *const _metadata,
		     struct _test_data_accounts *self, int i)
{
	int from = self->where[i], parent = pick(self, from);
	int budget = random_below(3) ? 0 : 1 + random_below(4);
	struct model *place = &self->place[self->places];
	char text[64];
	int len, ret;

	len = sprintf(text, "new");
	if (parent != from)
		len += sprintf(text + len, " parent=%llu",
			       self->place[parent].id);
	if (budget)
		sprintf(text + len, " delegate=%d", budget);
	ret = cid_write(self->player[i]->pid, "%s", text);
	ASSERT_EQ(has_room(self, parent) ? 0 : -ENOSPC, ret)
		TH_LOG("%s", text);
	if (ret)
		return;
	*place = (struct model) {
		.id = cid_read(self->player[i]->pid),
		.parent = parent,
		.budget = budget,
		.depth = self->place[parent].depth + 1,
	};
	move(self, i, self->places++);
}

static void step_join(struct __test_metadata *const _metadata,
		      struct _test_data_accounts *self, int i)
{
	int to = pick(self, self->where[i]);

	if (to == self->where[i])
		return;
	ASSERT_EQ(0, cid_write(self->player[i]->pid, "join %llu",
			       self->place[to].id));
	move(self, i, to);
}

/*
 * A player exits, and another one starts, as a child of the host or of a
 * player.
 */
static void step_end(struct __test_metadata *const _metadata,
		     struct _test_data_accounts *self, int i)
{
	int by = random_below(PLAYERS);

	self->place[self->where[i]].members--;
	cid_kill(self->player[i]);
	self->player[i] = NULL;
	self->where[i] = 0;
	if (by == i || !self->player[by] || self->player[by]->by) {
		self->player[i] = start(_metadata, &self->world, NULL);
	} else {
		self->player[i] = start(_metadata, &self->world,
					self->player[by]);
		ASSERT_EQ(0, cid_do(self->player[i], cid_do_outlive, 0, 0));
		self->where[i] = self->where[by];
	}
	self->place[self->where[i]].members++;
}

/* The test reaps the children of a player that exits. */
static void adopt(struct _test_data_accounts *self, int i)
{
	int j;

	for (j = 0; j < PLAYERS; j++)
		if (self->player[j] && self->player[j]->by == self->player[i])
			self->player[j]->by = NULL;
}

static void compare(struct __test_metadata *const _metadata,
		    struct _test_data_accounts *self)
{
	int at, announced = 0;

	ASSERT_EQ(0, cid_write(getpid(), "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	for (at = 1; at < self->places; at++) {
		struct model *place = &self->place[at];
		char account[48] = "";

		if (!place->members)
			continue;
		if (place->budget)
			sprintf(account, " delegate=%d delegated=%d",
				place->budget, used(self, at));
		announced++;
		ASSERT_LE(0, audit_take(&self->log, AUDIT_CONTAINER_OP, NULL,
					"^op=announce ocontid=%llu pcontid=%llu .* members=%d%s pid=",
					place->id,
					self->place[place->parent].id,
					place->members, account));
	}
	ASSERT_EQ(announced, audit_count(&self->log, AUDIT_CONTAINER_OP,
					 "^op=announce "));
	audit_forget(&self->log);
}

TEST_F_TIMEOUT(accounts, are_right, 7200)
{
	const char *seed = getenv("AUDIT_CID_SEED");
	unsigned int step, n = cid_rounds(400);
	int i;

	ASSERT_EQ(sizeof(random_state), getrandom(&random_state,
						  sizeof(random_state), 0));
	if (seed)
		random_state = strtoull(seed, NULL, 0);
	printf("# AUDIT_CID_SEED=%#llx\n", random_state);
	for (i = 0; i < PLAYERS; i++)
		self->player[i] = start(_metadata, &self->world, NULL);
	self->place[0].members = PLAYERS;

	/* A bad start has most steps refused: then there are more of them. */
	for (step = 0; step < n || (self->places <= n / 10 && step < 10 * n);
	     step++) {
		if (self->places == PLACES)
			break;
		i = random_below(PLAYERS);
		switch (random_below(4)) {
		case 0:
			step_join(_metadata, self, i);
			break;
		case 1:
			adopt(self, i);
			step_end(_metadata, self, i);
			break;
		default:
			step_new(_metadata, self, i);
			break;
		}
		compare(_metadata, self);
	}
	printf("# %d containers\n", self->places - 1);
	EXPECT_LT(n / 10, self->places);
}

/*
 * Descriptors
 */

/* Opened by root, used by a delegate, and the other way: for both is for both. */
TEST_F(grant, descriptor_of_roots)
{
	struct cid_agent *child = start(_metadata, &self->world, self->agent);
	int fd = cid_open(child->pid, O_RDWR);
	long theirs = hand_over(NULL, fd, self->agent);

	ASSERT_LE(0, theirs);
	EXPECT_EQ(self->id, cid_do(self->agent, do_read_fd, theirs, 0));
	EXPECT_EQ(-EPERM, cid_do_text(self->agent, do_write_fd, theirs, 0,
				      "new delegate=1"));
	EXPECT_EQ(0, cid_do_text(self->agent, do_write_fd, theirs, 0, "new"));
	EXPECT_EQ(-EPERM, cid_do_text(self->agent, do_write_fd, theirs, 0,
				      "announce"));
	/* Root can use the delegation as root. */
	EXPECT_EQ(0, cid_write_fd(fd, "new delegate=1", 14));
	close(fd);
}

TEST_F(grant, descriptor_for_root)
{
	struct cid_agent *child = start(_metadata, &self->world, self->agent);
	long theirs = cid_do(self->agent, do_open, child->pid, O_RDWR);
	long fd;

	ASSERT_LE(0, theirs);
	fd = hand_over(self->agent, theirs, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(self->id, cid_read_fd(fd));
	EXPECT_EQ(-EPERM, cid_write_fd(fd, "new delegate=1", 14));
	EXPECT_EQ(-EPERM, cid_write_fd(fd, "announce", 8));
	EXPECT_EQ(0, cid_write_fd(fd, "new", 3));
	/* The process reads only what a delegatee may read. */
	EXPECT_EQ(-EPERM, cid_write_fd(fd, "join 1", 6));
	close(fd);
}

/* Opened before the process had its user namespace and audit container. */
TEST_F(grant, descriptor_from_before)
{
	struct cid_agent *late = start(_metadata, &self->world, NULL);
	long fd;

	ASSERT_EQ(0, cid_do(late, do_become_user, 0, 0));
	fd = cid_do(late, do_open, 0, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, cid_write(late->pid, "join %llu", self->id));
	ASSERT_EQ(0, cid_do(late, do_enter_userns, 0, 0));
	EXPECT_EQ(-EPERM, cid_do_text(late, do_write_fd, fd, 0, "new"));
	EXPECT_EQ(0, tell(late, 0, "new"));
}

/* The grant must be there when it is opened, not only when it is used. */
TEST_F(grant, descriptor_from_before_the_grant)
{
	struct cid_agent *late = start(_metadata, &self->world, NULL);
	long fd;

	rootless(_metadata, late);
	fd = cid_do(late, do_open, 0, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, cid_write(late->pid, "join %llu", self->id));
	EXPECT_EQ(-EPERM, cid_do_text(late, do_write_fd, fd, 0, "new"));
	EXPECT_EQ(0, tell(late, 0, "new"));
}

/*
 * Refused attempts
 */

/*
 * All audit containers of a delegation share one rate limit. An attempt above
 * the rate takes longer, and is logged.
 */
TEST_F_TIMEOUT(grant, bounds_what_is_refused, 60)
{
	const int bound = 32, each = 30;
	struct cid_agent *member[BUDGET];
	struct cid_agent *other = start(_metadata, &self->world, NULL);
	time_t begin, end;
	int i, j;

	ASSERT_EQ(0, cid_write(other->pid, "new"));
	for (i = 0; i < BUDGET; i++)
		member[i] = make(_metadata, &self->world, self->agent);
	ASSERT_EQ(0, audit_drop(&self->log));
	begin = time(NULL);
	for (i = 0; i < BUDGET; i++)
		for (j = 0; j < each; j++)
			EXPECT_EQ(-EPERM, tell(member[i], 0, "join 1"));
	end = time(NULL);
	EXPECT_LE((BUDGET * each - bound) * 5 / 32 - 2, end - begin);
	/* Somebody else is not delayed. */
	EXPECT_EQ(-ESRCH, tell(other, 0, "join 1"));
	EXPECT_GT(5, time(NULL) - end);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(BUDGET * each,
		  audit_count(&self->log, AUDIT_CONTAINER_OP,
			      "^op=join ocontid=1 .* uid=%d .* res=0$",
			      USER_ID));
	EXPECT_EQ(1, audit_count(&self->log, AUDIT_CONTAINER_OP,
				 "^op=join ocontid=1 .* pid=%d .* res=0$",
				 other->pid));
}

TEST_HARNESS_MAIN
