// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: the file, the permissions, and all errors
 *
 * AUDIT_CID_WRITES sets the number of random writes, and AUDIT_CID_SEED repeats
 * the writes of an earlier run.
 */

#include <regex.h>
#include <sys/random.h>
#include <sys/uio.h>

#include "cid.h"

/* A new container for an agent. Returns its ID or a negative error. */
static long make_container(struct cid_agent *agent)
{
	long ret = cid_write(agent->pid, "new");

	return ret ?: cid_read(agent->pid);
}

/* An ID that was live and is not any more. */
static long ended_id(struct cid_world *world)
{
	struct cid_agent *agent = cid_start(world, NULL);
	long id = agent ? make_container(agent) : -ENOMEM;

	if (agent)
		cid_end(agent);
	return id;
}

FIXTURE(file)
{
	struct cid_world world;
	struct cid_agent *target;
};

FIXTURE_SETUP(file)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	cid_setup(_metadata, &self->world);
	self->target = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->target);
}

FIXTURE_TEARDOWN(file)
{
	cid_teardown(&self->world);
}

TEST_F(file, mode)
{
	struct stat st;

	ASSERT_EQ(0, stat("/proc/self/audit_containerid", &st));
	EXPECT_EQ(S_IFREG | 0600, st.st_mode);
	/* All threads of a process have the same ID. */
	EXPECT_EQ(-1, access("/proc/self/task/self/audit_containerid", F_OK));
}

TEST_F(file, reads_back)
{
	long first, second;

	EXPECT_EQ(0, cid_read(self->target->pid));
	first = make_container(self->target);
	/*
	 * IDs exceed 32 bits, so a program that truncates them fails at once.
	 */
	ASSERT_LT(1L << 32, first);
	EXPECT_GE(1L << 34, first);

	second = make_container(self->target);
	EXPECT_LT(first, second);
	EXPECT_EQ(second, cid_do(self->target, cid_do_read, 0, 0));
	EXPECT_EQ(0, cid_read(getpid()));
}

/* An ID is in sequence, whatever its name and its parent are. */
TEST_F(file, is_sequential)
{
	struct cid_agent *other = cid_start(&self->world, NULL);
	long first, second;

	ASSERT_NE(NULL, other);
	first = make_container(self->target);
	ASSERT_LT(0, first);
	ASSERT_EQ(0, cid_write(other->pid, "new name=x parent=%ld", first));
	second = cid_read(other->pid);
	EXPECT_LT(first, second);
	/* There may be gaps, and others may make containers meanwhile. */
	EXPECT_GT(first + 1000, second);
}

TEST_F(file, may_be_written_again)
{
	int fd = cid_open(self->target->pid, O_RDWR);
	long first;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, cid_write_fd(fd, "new", 3));
	first = cid_read_fd(fd);
	EXPECT_LT(0, first);
	/* write(2) leaves the offset at 0, so the next write succeeds. */
	EXPECT_EQ(4, write(fd, "new\n", 4));
	EXPECT_EQ(3, write(fd, "new", 3));
	EXPECT_LT(first, cid_read_fd(fd));
	close(fd);
}

TEST_F(file, thread_stands_for_its_process)
{
	long tid = cid_do(self->target, cid_do_thread, 0, 0);
	long id;

	ASSERT_LT(0, tid);
	ASSERT_EQ(0, cid_write(tid, "new"));
	id = cid_read(self->target->pid);
	EXPECT_LT(0, id);
	EXPECT_EQ(id, cid_read(tid));
}

/*
 * The tree: writers, targets and IDs
 *
 *	host -- top -- child
 *	     \- side
 */
enum who { HOST, TOP, CHILD, SIDE, TEST };

FIXTURE(tree)
{
	struct cid_world world;
	struct cid_agent *agent[TEST];
	long id[TEST];
};

/*
 * The writer has all capabilities. It is an agent, or the test itself, which is
 * on the host. The command ends with the ID of @named, unless this is TEST. A
 * writer that is denied may still read the file of the target, unless @hidden
 * is set.
 */
FIXTURE_VARIANT(tree)
{
	enum who	writer;
	enum who	target;
	const char	*command;
	enum who	named;
	int		error;
	bool		hidden;
};

#define WHERE(name, ...)						\
	FIXTURE_VARIANT_ADD(tree, name) { __VA_ARGS__ }

/* From the host, everything that leads down. */
WHERE(test_host_new, TEST, HOST, "new", TEST);
WHERE(test_host_parent_top, TEST, HOST, "new parent=", TOP);
WHERE(test_host_parent_child, TEST, HOST, "new parent=", CHILD);
WHERE(test_host_join_top, TEST, HOST, "join ", TOP);
WHERE(test_host_join_child, TEST, HOST, "join ", CHILD);
WHERE(host_host_new, HOST, HOST, "new", TEST);
WHERE(host_top_new, HOST, TOP, "new", TEST);
WHERE(test_top_parent_top, TEST, TOP, "new parent=", TOP);
WHERE(test_top_parent_child, TEST, TOP, "new parent=", CHILD);
WHERE(test_top_join_child, TEST, TOP, "join ", CHILD);
/* Not sideways, not up, and not to its own audit container. */
WHERE(test_top_parent_side, TEST, TOP, "new parent=", SIDE, EPERM);
WHERE(test_top_join_side, TEST, TOP, "join ", SIDE, EPERM);
WHERE(test_top_join_top, TEST, TOP, "join ", TOP, EPERM);
WHERE(test_child_parent_top, TEST, CHILD, "new parent=", TOP, EPERM);
WHERE(test_child_join_top, TEST, CHILD, "join ", TOP, EPERM);
WHERE(test_child_join_child, TEST, CHILD, "join ", CHILD, EPERM);
WHERE(test_side_join_child, TEST, SIDE, "join ", CHILD, EPERM);
/* A member may act on its own audit container and on descendants. */
WHERE(top_top_new, TOP, TOP, "new", TEST);
WHERE(top_top_parent_child, TOP, TOP, "new parent=", CHILD);
WHERE(top_top_join_child, TOP, TOP, "join ", CHILD);
WHERE(top_child_new, TOP, CHILD, "new", TEST);
WHERE(top_child_parent_child, TOP, CHILD, "new parent=", CHILD);
WHERE(child_child_new, CHILD, CHILD, "new", TEST);
/* From inside: nothing else, whatever is named. */
WHERE(top_host_new, TOP, HOST, "new", TEST, EPERM, true);
WHERE(top_host_parent_top, TOP, HOST, "new parent=", TOP, EPERM, true);
WHERE(top_host_join_top, TOP, HOST, "join ", TOP, EPERM, true);
WHERE(top_host_join_child, TOP, HOST, "join ", CHILD, EPERM, true);
WHERE(top_side_new, TOP, SIDE, "new", TEST, EPERM, true);
WHERE(top_side_join_side, TOP, SIDE, "join ", SIDE, EPERM, true);
WHERE(top_top_join_side, TOP, TOP, "join ", SIDE, EPERM);
WHERE(top_child_parent_side, TOP, CHILD, "new parent=", SIDE, EPERM);
WHERE(child_top_new, CHILD, TOP, "new", TEST, EPERM, true);
WHERE(child_top_join_child, CHILD, TOP, "join ", CHILD, EPERM, true);
WHERE(child_host_join_child, CHILD, HOST, "join ", CHILD, EPERM, true);
WHERE(side_child_new, SIDE, CHILD, "new", TEST, EPERM, true);
WHERE(side_host_join_side, SIDE, HOST, "join ", SIDE, EPERM, true);

FIXTURE_SETUP(tree)
{
	const char *missing = cid_missing();
	int i;

	if (missing)
		SKIP(return, "%s", missing);
	cid_setup(_metadata, &self->world);
	for (i = 0; i < TEST; i++) {
		self->agent[i] = cid_start(&self->world, NULL);
		ASSERT_NE(NULL, self->agent[i]);
	}
	self->id[TOP] = make_container(self->agent[TOP]);
	ASSERT_LT(0, self->id[TOP]);
	ASSERT_EQ(0, cid_write(self->agent[CHILD]->pid, "new parent=%ld",
			       self->id[TOP]));
	self->id[CHILD] = cid_read(self->agent[CHILD]->pid);
	self->id[SIDE] = make_container(self->agent[SIDE]);
	ASSERT_LT(self->id[CHILD], self->id[SIDE]);
}

FIXTURE_TEARDOWN(tree)
{
	cid_teardown(&self->world);
}

TEST_F(tree, leads_down)
{
	pid_t target = self->agent[variant->target]->pid;
	long before = self->id[variant->target], after;
	char text[CID_TEXT_MAX], id[24] = "";

	if (variant->named != TEST)
		sprintf(id, "%ld", self->id[variant->named]);
	snprintf(text, sizeof(text), "%s%s", variant->command, id);

	if (variant->writer == TEST) {
		EXPECT_EQ(-variant->error, cid_write(target, "%s", text));
	} else {
		struct cid_agent *writer = self->agent[variant->writer];

		EXPECT_EQ(variant->hidden ? -EPERM : before,
			  cid_do(writer, cid_do_read, target, 0));
		EXPECT_EQ(-variant->error,
			  cid_do_text(writer, cid_do_write, target, 0, "%s",
				      text));
	}

	after = cid_read(target);
	EXPECT_EQ(!variant->error, after != before);
	if (!variant->error && variant->command[0] == 'j')
		EXPECT_EQ(self->id[variant->named], after);
}

/* Permissions: both the writer and the opener require them */
FIXTURE(right)
{
	struct cid_world world;
	struct cid_agent *target;
};

/* The capability that each holds, 0 for neither of the two. */
FIXTURE_VARIANT(right)
{
	int	opener;
	int	writer;
	int	error;
};

#define WIDE	CAP_AUDIT_CONTROL
#define NARROW	CAP_AUDIT_CONTAINER

/* clang-format off */
FIXTURE_VARIANT_ADD(right, both) { WIDE, WIDE, 0 };
FIXTURE_VARIANT_ADD(right, opener) { WIDE, 0, EPERM };
FIXTURE_VARIANT_ADD(right, writer) { 0, WIDE, EPERM };
FIXTURE_VARIANT_ADD(right, neither) { 0, 0, EPERM };
FIXTURE_VARIANT_ADD(right, both_narrow) { NARROW, NARROW, 0 };
FIXTURE_VARIANT_ADD(right, opener_narrow) { NARROW, 0, EPERM };
FIXTURE_VARIANT_ADD(right, writer_narrow) { 0, NARROW, EPERM };
FIXTURE_VARIANT_ADD(right, narrow_and_wide) { NARROW, WIDE, 0 };
FIXTURE_VARIANT_ADD(right, wide_and_narrow) { WIDE, NARROW, 0 };
/* clang-format on */

static int hold_only(int cap)
{
	return cid_set_right(false) ?: cap ? cid_set_cap(cap, true) : 0;
}

FIXTURE_SETUP(right)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	if ((variant->opener == NARROW || variant->writer == NARROW) &&
	    !cid_knows_cap(NARROW))
		SKIP(return, "no CAP_AUDIT_CONTAINER in this kernel");
	cid_setup(_metadata, &self->world);
	self->target = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->target);
}

FIXTURE_TEARDOWN(right)
{
	cid_teardown(&self->world);
}

/* All other capabilities stay, and do not help. */
TEST_F(right, is_needed_twice)
{
	int fd, joined;
	long id;

	ASSERT_EQ(0, hold_only(variant->opener));
	fd = cid_open(self->target->pid, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, hold_only(variant->writer));

	EXPECT_EQ(-variant->error, cid_read_fd(fd));
	EXPECT_EQ(-variant->error, cid_write_fd(fd, "new", 3));
	joined = cid_write_fd(fd, "join 1", 6);
	EXPECT_EQ(variant->error ? -EPERM : -ESRCH, joined);
	/* Nonsense is nonsense, with and without the right. */
	EXPECT_EQ(-EINVAL, cid_write_fd(fd, "mew", 3));
	close(fd);

	ASSERT_EQ(0, cid_set_right(true));
	id = cid_read(self->target->pid);
	EXPECT_LE(0, id);
	EXPECT_EQ(!variant->error, id != 0);
}

/* The opener has the permission and passes the file to a process without it. */
static long do_drop_and_write(struct cid_world *world,
			      const struct cid_call *call)
{
	return cid_set_right(false) ?:
	       cid_write_fd(call->x, "new", 3);
}

static long do_drop_and_open(struct cid_world *world,
			     const struct cid_call *call)
{
	return cid_set_right(false) ?:
	       cid_open(call->x, O_RDWR);
}

TEST_F(file, handed_down_to_the_unprivileged)
{
	int fd = cid_open(self->target->pid, O_RDWR);
	struct cid_agent *other;

	ASSERT_LE(0, fd);
	other = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, other);
	EXPECT_EQ(-EPERM, cid_do(other, do_drop_and_write, fd, 0));
	EXPECT_EQ(0, cid_read_fd(fd));
	close(fd);
}

TEST_F(file, handed_up_to_the_privileged)
{
	struct cid_agent *other = cid_start(&self->world, NULL);
	int pidfd, fd;
	long theirs;

	ASSERT_NE(NULL, other);
	theirs = cid_do(other, do_drop_and_open, self->target->pid, 0);
	ASSERT_LE(0, theirs);
	pidfd = syscall(__NR_pidfd_open, other->pid, 0);
	ASSERT_LE(0, pidfd);
	fd = syscall(__NR_pidfd_getfd, pidfd, theirs, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, cid_write_fd(fd, "new", 3));
	EXPECT_EQ(-EPERM, cid_read_fd(fd));
	EXPECT_EQ(0, cid_read(self->target->pid));
	close(fd);
	close(pidfd);
}

/*
 * All capabilities in a user namespace do not suffice in the initial user
 * namespace.
 */
static long do_write_from_userns(struct cid_world *world,
				 const struct cid_call *call)
{
	if (unshare(CLONE_NEWUSER))
		return -ENOSYS;
	return cid_write(getpid(), "new");
}

TEST_F(file, user_namespace)
{
	long ret = cid_do(self->target, do_write_from_userns, 0, 0);

	if (ret == -ENOSYS)
		SKIP(return, "no user namespaces");
	EXPECT_EQ(-EPERM, ret);
	EXPECT_EQ(-EPERM, cid_do(self->target, cid_do_read, 0, 0));
	EXPECT_EQ(0, cid_read(self->target->pid));
}

static long do_write_as_nobody(struct cid_world *world,
			       const struct cid_call *call)
{
	if (setresuid(65534, 65534, 65534))
		return -errno;
	/* A process that changes its user gives its files to root. */
	if (prctl(PR_SET_DUMPABLE, 1))
		return -errno;
	return cid_write(getpid(), "new");
}

TEST_F(file, ordinary_user)
{
	/* Its own file can be opened. Nothing can be done with it. */
	EXPECT_EQ(-EPERM, cid_do(self->target, do_write_as_nobody, 0, 0));
	EXPECT_EQ(-EPERM, cid_do(self->target, cid_do_read, 0, 0));
	/* Those of others cannot. */
	EXPECT_EQ(-EACCES, cid_do(self->target, cid_do_read, getpid(), 0));
	EXPECT_EQ(0, cid_read(self->target->pid));
}

TEST_F(file, kernel_thread)
{
	const pid_t kthreadd = 2;

	EXPECT_EQ(0, cid_read(kthreadd));
	EXPECT_EQ(-EPERM, cid_write(kthreadd, "new"));
	EXPECT_EQ(-EPERM, cid_write(kthreadd, "join 1"));
	EXPECT_EQ(0, cid_read(kthreadd));
}

/* The grammar */

#define TEXT(_text)	.text = _text, .len = sizeof(_text) - 1

static const struct {
	const char	*text;
	size_t		len;
	int		error;
} grammar[] = {
	{ TEXT("new"), 0 },
	{ TEXT("new\n"), 0 },
	{ TEXT("new name=web-1"), 0 },
	{ TEXT("new name=!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"), 0 },
	{ TEXT("new name=name=x"), 0 },
	{ TEXT("new name=parent=1\n"), 0 },

	{ TEXT(""), EINVAL },
	{ TEXT("\n"), EINVAL },
	{ TEXT(" "), EINVAL },
	{ TEXT("\0"), EINVAL },
	{ TEXT("n"), EINVAL },
	{ TEXT("ne"), EINVAL },
	{ TEXT("newx"), EINVAL },
	{ TEXT("NEW"), EINVAL },
	{ TEXT("New"), EINVAL },
	{ TEXT("create"), EINVAL },
	{ TEXT(" new"), EINVAL },
	{ TEXT("new "), EINVAL },
	{ TEXT("new \x0a"), EINVAL },
	{ TEXT("new\n\n"), EINVAL },
	{ TEXT("\nnew"), EINVAL },
	{ TEXT("new\r\n"), EINVAL },
	{ TEXT("new\t"), EINVAL },
	{ TEXT("new\0"), EINVAL },
	{ TEXT("new\0\n"), EINVAL },
	{ TEXT("new\n\0"), EINVAL },
	{ TEXT("new\0name=x"), EINVAL },
	{ TEXT("new\nnew"), EINVAL },
	{ TEXT("new new"), EINVAL },
	{ TEXT("new join"), EINVAL },
	{ TEXT("new join 1"), EINVAL },
	{ TEXT("new 1"), EINVAL },
	{ TEXT("new x=1"), EINVAL },

	{ TEXT("new name"), EINVAL },
	{ TEXT("new name="), EINVAL },
	{ TEXT("new name=\n"), EINVAL },
	{ TEXT("new name= x"), EINVAL },
	{ TEXT("new name =x"), EINVAL },
	{ TEXT("new  name=x"), EINVAL },
	{ TEXT("new\tname=x"), EINVAL },
	{ TEXT("new name=x "), EINVAL },
	{ TEXT("new name=x y"), EINVAL },
	{ TEXT("new name=x\ty"), EINVAL },
	{ TEXT("new name=x\ny"), EINVAL },
	{ TEXT("new name=x\0y"), EINVAL },
	{ TEXT("new name=x\x1by"), EINVAL },
	{ TEXT("new name=x\x7f"), EINVAL },
	{ TEXT("new name=x\x80"), EINVAL },
	{ TEXT("new name=caf\xc3\xa9"), EINVAL },
	{ TEXT("new name=\xff"), EINVAL },
	{ TEXT("new name=x name=x"), EINVAL },
	{ TEXT("new name=x name=y"), EINVAL },
	{ TEXT("new Name=x"), EINVAL },
	{ TEXT("name=x"), EINVAL },
	{ TEXT("name=x new"), EINVAL },

	{ TEXT("new parent=0"), ESRCH },
	{ TEXT("new parent=1"), ESRCH },
	{ TEXT("new parent=1\n"), ESRCH },
	{ TEXT("new parent=18446744073709551615"), ESRCH },
	{ TEXT("new name=x parent=1"), ESRCH },
	{ TEXT("new parent=1 name=x"), ESRCH },
	{ TEXT("new parent=18446744073709551616"), EINVAL },
	{ TEXT("new parent=99999999999999999999"), EINVAL },
	{ TEXT("new parent"), EINVAL },
	{ TEXT("new parent="), EINVAL },
	{ TEXT("new parent=\n"), EINVAL },
	{ TEXT("new parent= 1"), EINVAL },
	{ TEXT("new parent=-1"), EINVAL },
	{ TEXT("new parent=+1"), EINVAL },
	{ TEXT("new parent=00"), EINVAL },
	{ TEXT("new parent=01"), EINVAL },
	{ TEXT("new parent=0x1"), EINVAL },
	{ TEXT("new parent=1x"), EINVAL },
	{ TEXT("new parent=1,"), EINVAL },
	{ TEXT("new parent=x"), EINVAL },
	{ TEXT("new parent=1\n\n"), EINVAL },
	{ TEXT("new parent=1 parent=1"), EINVAL },
	{ TEXT("new parent=1 name=x parent=1"), EINVAL },

	{ TEXT("join 0"), ESRCH },
	{ TEXT("join 0\n"), ESRCH },
	{ TEXT("join 1"), ESRCH },
	{ TEXT("join 4294967295"), ESRCH },
	{ TEXT("join 18446744073709551615"), ESRCH },
	{ TEXT("join 18446744073709551616"), EINVAL },
	{ TEXT("join 184467440737095516150"), EINVAL },
	{ TEXT("join"), EINVAL },
	{ TEXT("join "), EINVAL },
	{ TEXT("join\n"), EINVAL },
	{ TEXT("join  1"), EINVAL },
	{ TEXT("join 1 "), EINVAL },
	{ TEXT("join 1 2"), EINVAL },
	{ TEXT("join 1 name=x"), EINVAL },
	{ TEXT("join -1"), EINVAL },
	{ TEXT("join +1"), EINVAL },
	{ TEXT("join 00"), EINVAL },
	{ TEXT("join 01"), EINVAL },
	{ TEXT("join 0x1"), EINVAL },
	{ TEXT("join 1x"), EINVAL },
	{ TEXT("join 1\0"), EINVAL },
	{ TEXT("join 1\n\n"), EINVAL },
	{ TEXT("join x"), EINVAL },
	{ TEXT("join id=1"), EINVAL },
	{ TEXT("join1"), EINVAL },
	{ TEXT("JOIN 1"), EINVAL },

	/* Out-of-tree kernels accept a number that user space chooses. */
	{ TEXT("0"), EINVAL },
	{ TEXT("1"), EINVAL },
	{ TEXT("4294967297"), EINVAL },
	{ TEXT("18446744073709551615"), EINVAL },
	{ TEXT("-1"), EINVAL },
};

TEST_F(file, grammar)
{
	long before, after = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(grammar); i++) {
		before = after;
		EXPECT_EQ(-grammar[i].error,
			  cid_write_bytes(self->target->pid, grammar[i].text,
					  grammar[i].len))
			TH_LOG("in row %zu, \"%s\"", i, grammar[i].text);
		after = cid_read(self->target->pid);
		EXPECT_EQ(!grammar[i].error, after != before)
			TH_LOG("in row %zu, \"%s\"", i, grammar[i].text);
	}
}

/*
 * A name of each single byte: only printable bytes except space are accepted.
 */
TEST_F(file, name_bytes)
{
	char text[] = "new name=?";
	int byte, wanted;

	for (byte = 0; byte < 256; byte++) {
		bool good = byte > ' ' && byte < 0x7f;

		/* Each valid name adds a level, so only some are written. */
		if (good && byte % 4)
			continue;
		wanted = good ? 0 : -EINVAL;
		text[sizeof(text) - 2] = byte;
		EXPECT_EQ(wanted, cid_write_bytes(self->target->pid, text,
						  sizeof(text) - 1))
			TH_LOG("byte %d", byte);
	}
}

TEST_F(file, name_length)
{
	/* A number, filled up with zeros to this length. */
	EXPECT_EQ(0, cid_write(self->target->pid, "new name=%01d", 1));
	EXPECT_EQ(0, cid_write(self->target->pid, "new name=%0127d", 1));
	EXPECT_EQ(0, cid_write(self->target->pid, "new name=%0128d", 1));
	EXPECT_EQ(0, cid_write(self->target->pid, "new name=%0128d\n", 1));
	EXPECT_EQ(-EINVAL, cid_write(self->target->pid, "new name=%0129d", 1));
	EXPECT_EQ(-EINVAL, cid_write(self->target->pid, "new name=%0500d", 1));
}

/* The options of new, in either order. */
TEST_F(file, option_order)
{
	struct cid_agent *first, *second;
	long top = make_container(self->target);

	ASSERT_LT(0, top);
	first = cid_start(&self->world, NULL);
	second = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, second);
	EXPECT_EQ(0, cid_write(first->pid, "new name=x parent=%ld", top));
	EXPECT_EQ(0, cid_write(second->pid, "new parent=%ld name=x\n", top));
	EXPECT_LT(top, cid_read(first->pid));
	EXPECT_LT(cid_read(first->pid), cid_read(second->pid));
}

TEST_F(file, length)
{
	char text[AUDIT_CID_WRITE_MAX + 1];

	memset(text, 'x', sizeof(text));
	memcpy(text, "new", 3);
	EXPECT_EQ(-EINVAL, cid_write_bytes(self->target->pid, text,
					   sizeof(text) - 1));
	EXPECT_EQ(-EINVAL, cid_write_bytes(self->target->pid, text,
					   sizeof(text)));
	memset(text, '\n', sizeof(text));
	memcpy(text, "new", 3);
	EXPECT_EQ(-EINVAL, cid_write_bytes(self->target->pid, text,
					   sizeof(text)));
	EXPECT_EQ(0, cid_read(self->target->pid));
}

TEST_F(file, offset)
{
	int fd = cid_open(self->target->pid, O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, pwrite(fd, "new", 3, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(fd, "new", 3, 1L << 40));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(fd, "", 0, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, cid_read_fd(fd));
	close(fd);
}

/* A command is one write(2): pieces of it are commands of their own. */
TEST_F(file, no_pieces)
{
	int fd = cid_open(self->target->pid, O_RDWR);
	struct iovec pieces[] = {
		{ "new na", 6 },
		{ "me=x", 4 },
	};

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, writev(fd, pieces, 2));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, cid_read_fd(fd));
	close(fd);
}

TEST_F(file, bad_pointer)
{
	int fd = cid_open(self->target->pid, O_RDWR);
	long page = sysconf(_SC_PAGESIZE);
	char *text;

	ASSERT_LE(0, fd);
	text = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, text);
	ASSERT_EQ(0, mprotect(text + page, page, PROT_NONE));

	EXPECT_EQ(-EFAULT, cid_write_fd(fd, text + page, 3));
	memcpy(text + page - 4, "new ", 4);
	EXPECT_EQ(-EFAULT, cid_write_fd(fd, text + page - 4, 8));
	EXPECT_EQ(0, cid_read_fd(fd));
	/* The same text, all of it there. */
	EXPECT_EQ(0, cid_write_fd(fd, text + page - 4, 3));
	EXPECT_LT(0, cid_read_fd(fd));
	EXPECT_EQ(0, munmap(text, 2 * page));
	close(fd);
}

/* Targets that exist */

/* The file outlives the process, which may be a zombie for a while. */
TEST_F(file, target_exits)
{
	struct cid_agent *live = cid_start(&self->world, NULL);
	int fd = cid_open(self->target->pid, O_RDWR);
	char join[32];
	siginfo_t info;
	long id;

	ASSERT_LE(0, fd);
	ASSERT_NE(NULL, live);
	id = make_container(live);
	ASSERT_LT(0, id);
	sprintf(join, "join %ld", id);

	cid_post(self->target, cid_do_exit, 0, 0, "%s", "");
	ASSERT_EQ(0, waitid(P_PID, self->target->pid, &info,
			    WEXITED | WNOWAIT));
	ASSERT_EQ('Z', cid_state(self->target->pid, self->target->pid));
	EXPECT_EQ(-ESRCH, cid_write_fd(fd, "new", 3));
	EXPECT_EQ(-ESRCH, cid_write_fd(fd, join, strlen(join)));
	EXPECT_EQ(-ESRCH, cid_write(self->target->pid, "new"));

	cid_reap(self->target);
	EXPECT_EQ(-ESRCH, cid_write_fd(fd, "new", 3));
	EXPECT_EQ(-ESRCH, cid_write_fd(fd, join, strlen(join)));
	EXPECT_EQ(-ESRCH, cid_read_fd(fd));
	close(fd);
	EXPECT_EQ(id, cid_read(live->pid));
}

TEST_F(file, container_ends)
{
	long id = ended_id(&self->world);

	ASSERT_LT(0, id);
	EXPECT_EQ(-ESRCH, cid_write(self->target->pid, "join %ld", id));
	EXPECT_EQ(-ESRCH, cid_write(self->target->pid, "new parent=%ld", id));
	/* The IDs beside it never were, or are not any more. */
	EXPECT_EQ(-ESRCH, cid_write(self->target->pid, "join %ld", id + 1000));
	EXPECT_EQ(-ESRCH, cid_write(self->target->pid, "join %ld",
				    id + (1L << 32)));
	EXPECT_EQ(-ESRCH, cid_write(self->target->pid, "join %ld",
				    id & 0xffffffff));
	EXPECT_EQ(0, cid_read(self->target->pid));
}

/* ESRCH takes precedence over other errors of the write. */
TEST_F(file, target_exits_at_full_depth)
{
	pid_t pid = self->target->pid;
	siginfo_t info;
	int i;

	for (i = 0; i < AUDIT_CID_DEPTH_MAX; i++)
		ASSERT_EQ(0, cid_write(pid, "new"));
	cid_post(self->target, cid_do_exit, 0, 0, "%s", "");
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(-ESRCH, cid_write(pid, "new"));
	EXPECT_EQ(-ESRCH, cid_write(pid, "join %lld", cid_read(pid)));
}

/* A zombie does not keep its container, nor does a live child of it. */
TEST_F(file, zombie_is_no_member)
{
	long id = make_container(self->target);
	struct cid_agent *child, *other;
	siginfo_t info;
	long below;

	ASSERT_LT(0, id);
	child = cid_start(&self->world, self->target);
	other = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, child);
	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, cid_do(child, cid_do_outlive, 0, 0));
	below = make_container(child);
	ASSERT_LT(id, below);
	cid_post(self->target, cid_do_exit, 0, 0, "%s", "");
	child->by = NULL;
	ASSERT_EQ(0, waitid(P_PID, self->target->pid, &info,
			    WEXITED | WNOWAIT));

	EXPECT_EQ(-ESRCH, cid_write(other->pid, "join %ld", id));
	EXPECT_EQ(-ESRCH, cid_write(other->pid, "new parent=%ld", id));
	/* The descendants of an ended audit container stay live. */
	EXPECT_EQ(0, cid_write(other->pid, "join %ld", below));
	EXPECT_EQ(below, cid_read(other->pid));
}

TEST_F(file, depth)
{
	struct cid_agent *other = cid_start(&self->world, NULL);
	long deepest;
	int i;

	ASSERT_NE(NULL, other);
	for (i = 0; i < AUDIT_CID_DEPTH_MAX; i++)
		ASSERT_EQ(0, cid_write(self->target->pid, "new"));
	deepest = cid_read(self->target->pid);

	EXPECT_EQ(-ENOSPC, cid_write(self->target->pid, "new"));
	EXPECT_EQ(-ENOSPC, cid_write(self->target->pid, "new name=x"));
	EXPECT_EQ(deepest, cid_read(self->target->pid));
	EXPECT_EQ(-ENOSPC, cid_write(other->pid, "new parent=%ld", deepest));
	EXPECT_EQ(0, cid_read(other->pid));
	/* It is full only downwards. */
	EXPECT_EQ(0, cid_write(other->pid, "join %ld", deepest));
	EXPECT_EQ(deepest, cid_read(other->pid));
	EXPECT_EQ(-ENOSPC, cid_write(other->pid, "new"));
}

/*
 * Generated writes
 */

struct text {
	char	byte[AUDIT_CID_WRITE_MAX + 8];
	size_t	len;
};

static __u64 random_state;

static unsigned int random_below(unsigned int limit)
{
	/* xorshift64*: the same numbers on all machines for the same seed. */
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 2685821657736338717ULL >> 32) % limit;
}

static void add(struct text *text, const char *more)
{
	size_t room = sizeof(text->byte) - text->len;
	size_t len = strlen(more);

	len = len < room ? len : room;
	memcpy(text->byte + text->len, more, len);
	text->len += len;
}

/* Words that belong into a command, in any order. */
static void generate_words(struct text *text, long id)
{
	static const char * const words[] = {
		"new", "join", "name=x", "name=web-1", "name=", "parent=1",
		"parent=", "0", "1", "18446744073709551615",
		"18446744073709551616", "", "=", "\n", "ID", "parent=ID",
	};
	char number[32];
	int i;

	add(text, words[random_below(2)]);
	for (i = random_below(4); i; i--) {
		const char *word = words[random_below(ARRAY_SIZE(words))];
		size_t len = strlen(word);

		add(text, random_below(16) ? " " : "");
		if (strstr(word, "ID")) {
			sprintf(number, "%.*s%ld", (int)len - 2, word,
				id + random_below(4) - 1);
			word = number;
		}
		add(text, word);
	}
	add(text, random_below(4) ? "" : "\n");
}

static void generate_bytes(struct text *text)
{
	text->len = random_below(sizeof(text->byte) + 1);
	if (random_below(2))
		text->len %= 24;
	for (size_t i = 0; i < text->len; i++)
		text->byte[i] = random_below(256);
}

/* Change, double, drop a byte, or drop all from there on. */
static void mutate(struct text *text)
{
	size_t at = text->len ? random_below(text->len) : 0;
	char *byte = text->byte + at;

	if (!text->len)
		return;
	switch (random_below(4)) {
	case 0:
		*byte = random_below(2) ? random_below(256) :
					  *byte ^ (1 << random_below(8));
		break;
	case 1:
		if (text->len == sizeof(text->byte))
			return;
		memmove(byte + 1, byte, text->len++ - at);
		break;
	case 2:
		memmove(byte, byte + 1, --text->len - at);
		break;
	case 3:
		text->len = at;
		break;
	}
}

static void generate(struct text *text, long id)
{
	text->len = 0;
	if (!random_below(8)) {
		generate_bytes(text);
		return;
	}
	generate_words(text, id);
	if (random_below(2))
		return;
	for (int i = random_below(3); i >= 0; i--)
		mutate(text);
}

/* The grammar once more, so that each of the two can find the other wrong. */
#define RE_NUMBER	"(0|[1-9][0-9]*)"
#define RE_OPTION	" (name=[!-~]{1,128}|parent=" RE_NUMBER ")"
#define RE_COMMAND	"^(new(" RE_OPTION "){0,2}|join " RE_NUMBER ")\n?$"

/* Whether the second option repeats the first one. */
static bool doubled(const char *text, const char *option)
{
	const char *first = strstr(text, option);

	return first && strstr(first + 1, option);
}

static bool too_big(const char *text)
{
	const char *number = strstr(text, " parent=");

	if (!strncmp(text, "join ", 5))
		number = text + strlen("join ");
	else if (number)
		number += strlen(" parent=");
	else
		return false;
	errno = 0;
	strtoull(number, NULL, 10);
	return errno == ERANGE;
}

static bool well_formed(const regex_t *regex, const struct text *text)
{
	char copy[sizeof(text->byte) + 1];

	if (!text->len || text->len > AUDIT_CID_WRITE_MAX ||
	    memchr(text->byte, '\0', text->len))
		return false;
	memcpy(copy, text->byte, text->len);
	copy[text->len] = '\0';
	return !regexec(regex, copy, 0, NULL, 0) && !doubled(copy, " name=") &&
	       !doubled(copy, " parent=") && !too_big(copy);
}

/* Whether a write may return this. */
static bool documented(bool well, int ret)
{
	if (!well)
		return ret == -EINVAL;
	return !ret || ret == -EPERM || ret == -ESRCH || ret == -ENOSPC;
}

static void print_write(int i, int ret, const struct text *text)
{
	printf("# write %d gave %d: ", i, ret);
	for (size_t i = 0; i < text->len; i++)
		printf(text->byte[i] >= ' ' && text->byte[i] <= '~' ? "%c" :
		       "\\x%02x", (unsigned char)text->byte[i]);
	printf("\n");
}

static void start_random(const char *seed)
{
	if (seed)
		random_state = strtoull(seed, NULL, 0);
	else if (getrandom(&random_state, sizeof(random_state), 0) < 0)
		random_state = getpid();
	printf("# AUDIT_CID_SEED=%#llx\n", random_state);
}

/* The file of a target that is in no container yet, or a negative errno. */
static int open_fresh_target(struct cid_world *world, struct cid_agent **target)
{
	cid_kill(*target);
	*target = cid_start(world, NULL);
	return *target ? cid_open((*target)->pid, O_RDWR) : -ENOMEM;
}

TEST_F_TIMEOUT(file, random_writes, 1200)
{
	struct cid_agent *live = cid_start(&self->world, NULL);
	unsigned int n = cid_number("AUDIT_CID_WRITES", 100000), i;
	unsigned int made = 0, refused = 0, malformed = 0;
	long id, before, here = 0;
	int fd = -1, ret = 0;
	struct text text;
	regex_t regex;

	start_random(getenv("AUDIT_CID_SEED"));
	ASSERT_EQ(0, regcomp(&regex, RE_COMMAND, REG_EXTENDED | REG_NOSUB));
	ASSERT_NE(NULL, live);
	id = make_container(live);
	ASSERT_LT(0, id);

	for (i = 0; i < n; i++) {
		if (fd < 0 || ret == -ENOSPC) {
			/* A full target would refuse whatever is well formed. */
			close(fd);
			fd = open_fresh_target(&self->world, &self->target);
			ASSERT_LE(0, fd);
			here = 0;
		}
		generate(&text, id);
		ret = cid_write_fd(fd, text.byte, text.len);
		malformed += ret == -EINVAL;
		made += !ret;
		refused += ret && ret != -EINVAL;
		ASSERT_EQ(true, documented(well_formed(&regex, &text), ret)) {
			print_write(i, ret, &text);
		}
		/* Looking now and then finds a change as well as always. */
		if (ret && i % 8)
			continue;
		before = here;
		here = cid_read_fd(fd);
		ASSERT_EQ(!ret, here != before) {
			print_write(i, ret, &text);
		}
	}
	printf("# %u accepted, %u refused, %u malformed\n", made, refused,
	       malformed);
	/* Check that the random commands include each kind often enough. */
	EXPECT_LT(n / 100, made);
	EXPECT_LT(n / 100, refused);
	EXPECT_LT(n / 100, malformed);
	EXPECT_EQ(id, cid_read(live->pid));
	EXPECT_EQ(0, cid_read(getpid()));
	regfree(&regex);
	close(fd);
}

TEST_HARNESS_MAIN
