// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: attempts to leave an audit container, to remove or forge
 * an ID, to move sideways or up, to use up the resources of others, to confuse
 * the log, and to read what others do
 *
 * Each attempt is a test, which passes only if the attempt was seen to fail.
 * The scene:
 *
 *	HOST	root, a host process
 *	SIDE	root, in an audit container of its own: a victim
 *	CELL	root with all capabilities, in an audit container of its own: a
 *		prisoner that makes the attempts of privileged containers
 *	USER	root of its own user namespace and an ordinary user outside, in
 *		an audit container with a delegation of BUDGET: the delegatee
 *	PEER	the same user in the same audit container, in the user namespace
 *		that USER has left: a delegatee must not reach it
 *
 * After an attempt, all processes have their old IDs, the same audit containers
 * are live with the same numbers of members and descendants, and the log has
 * the record of each denied attempt and nothing else.
 *
 * AUDIT_CID_ROUNDS sets the number of rounds of the races.
 */

#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#include "scene.h"
#include "uring.h"

/* Commands */

/*
 * Who writes which command to whose file. The command ends with the ID of
 * @named. Errors of the file system or of the grammar are not logged.
 */
struct words {
	const char	*name;
	enum who	who;
	enum who	whose;
	const char	*command;
	enum who	named;
	int		error;
};

static void try_words(struct __test_metadata *const _metadata,
		      struct scene *s, const struct words *words)
{
	pid_t target = pid_of(s, words->whose);
	char id[24] = "";

	if (words->named != NOBODY)
		sprintf(id, "%llu", s->id[words->named]);
	EXPECT_EQ(-words->error, tell(s->actor[words->who], target, "%s%s",
				      words->command, id))
		TH_LOG("attempt %s", words->name);
	EXPECT_EQ(s->id[words->whose], cid_read(target))
		TH_LOG("attempt %s", words->name);
	if (words->error == EINVAL || words->error == EACCES)
		return;
	switch (*words->command) {
	case 'n':
		REFUSED(words->who, target, "create ocontid=\\? pcontid=%s.* name=\\(null\\)",
			id);
		break;
	case 'j':
		REFUSED(words->who, target, "join ocontid=%s%s prev=%llu",
			words->command + strlen("join "), id,
			s->id[words->whose]);
		break;
	case 'a':
		REFUSED(words->who, target, "announce ocontid=\\?");
		break;
	}
}

static void try_all(struct __test_metadata *const _metadata, struct scene *s,
		    const struct words *words, int count)
{
	int i;

	scene_attempts(s, count);
	for (i = 0; i < count; i++)
		try_words(_metadata, s, &words[i]);
}

static const struct words prisoner_says[] = {
	/* Out, sideways, and to pull others in. */
	{ "leave", CELL, CELL, "join 0", NOBODY, ESRCH },
	{ "be_a_child_of_the_host", CELL, CELL, "new parent=0", NOBODY, ESRCH },
	{ "move_sideways", CELL, CELL, "join ", SIDE, EPERM },
	{ "be_a_child_of_another", CELL, CELL, "new parent=", SIDE, EPERM },
	{ "join_oneself", CELL, CELL, "join ", CELL, EPERM },
	{ "label_the_host", CELL, HOST, "new", NOBODY, EPERM },
	{ "label_another", CELL, SIDE, "new", NOBODY, EPERM },
	{ "pull_the_host_in", CELL, HOST, "join ", CELL, EPERM },
	{ "pull_another_in", CELL, SIDE, "join ", CELL, EPERM },
	{ "push_the_host_into_another", CELL, HOST, "join ", SIDE, EPERM },
	{ "list_what_the_host_has", CELL, HOST, "announce", NOBODY, EPERM },
	{ "list_what_another_has", CELL, SIDE, "announce", NOBODY, EPERM },
	{ "smuggle_a_second_parent", CELL, CELL, "new parent=1 parent=", SIDE, EINVAL },
	/* Values that mean "none" in other implementations. */
	{ "clear_by_0", CELL, CELL, "0", NOBODY, EINVAL },
	{ "clear_by_unset", CELL, CELL, "18446744073709551615", NOBODY, EINVAL },
	{ "clear_by_minus_1", CELL, CELL, "-1", NOBODY, EINVAL },
	{ "choose_an_id", CELL, CELL, "", SIDE, EINVAL },
	/* Numbers that become another number if they are truncated. */
	{ "wrap_around", CELL, CELL, "join 18446744073709551616", NOBODY, EINVAL },
	{ "hide_in_zeros", CELL, CELL, "join 0000", SIDE, EINVAL },
	{ "hide_in_a_sign", CELL, CELL, "join +", SIDE, EINVAL },
	/* Names that would look like more in the log. */
	{ "name_with_a_space", CELL, CELL, "new name=a res=1 ocontid=", SIDE, EINVAL },
	{ "name_with_a_newline", CELL, CELL, "new name=a\ntype=USER contid=", SIDE, EINVAL },
	{ "name_with_an_escape", CELL, CELL, "new name=\033[2J", NOBODY, EINVAL },
	{ "name_with_a_delete", CELL, CELL, "new name=a\177", NOBODY, EINVAL },
	{ "name_with_a_separator", CELL, CELL, "new name=a\035contid=", SIDE, EINVAL },
	{ "name_in_utf_8", CELL, CELL, "new name=a\302\240b", NOBODY, EINVAL },
	{ "name_that_was_refused", CELL, CELL, "new name=forged parent=", SIDE, EPERM },
};

ATTEMPT(prisoner, words)
{
	try_all(_metadata, s, prisoner_says, ARRAY_SIZE(prisoner_says));
}

static const struct words delegate_says[] = {
	/*
	 * Errors do not reveal to a delegatee whether an ID outside its subtree
	 * is live.
	 */
	{ "leave", USER, USER, "join 0", NOBODY, EPERM },
	{ "find_a_live_one", USER, USER, "join ", SIDE, EPERM },
	{ "find_one_that_never_was", USER, USER, "join 1", NOBODY, EPERM },
	{ "find_a_live_parent", USER, USER, "new parent=", SIDE, EPERM },
	{ "find_a_parent_that_never_was", USER, USER, "new parent=1", NOBODY, EPERM },
	{ "join_oneself", USER, USER, "join ", USER, EPERM },
	{ "label_the_outer_user", USER, PEER, "new", NOBODY, EPERM },
	{ "join_for_the_outer_user", USER, PEER, "join ", USER, EPERM },
	{ "list_for_the_outer_user", USER, PEER, "announce", NOBODY, EPERM },
	{ "label_the_host", USER, HOST, "new", NOBODY, EACCES },
	{ "label_another", USER, SIDE, "new", NOBODY, EACCES },
	/* The budget is not a delegate's to make. */
	{ "grant_oneself_more", USER, USER, "new delegate=1", NOBODY, EPERM },
	{ "grant_oneself_all", USER, USER, "new name=x delegate=2147483647", NOBODY, EPERM },
	{ "grant_oneself_nothing", USER, USER, "new delegate=0", NOBODY, EINVAL },
	{ "grant_oneself_less_than_nothing", USER, USER, "new delegate=-1", NOBODY, EINVAL },
	{ "wrap_the_budget", USER, USER, "new delegate=18446744073709551617", NOBODY, EINVAL },
	{ "announce", USER, USER, "announce", NOBODY, EPERM },
	/*
	 * A delegation requires the capability in the user namespace of the
	 * delegatee.
	 */
	{ "do_without_a_capability", PEER, PEER, "new", NOBODY, EPERM },
	{ "push_the_delegate", PEER, USER, "new", NOBODY, EPERM },
};

ATTEMPT(delegate, words)
{
	try_all(_metadata, s, delegate_says, ARRAY_SIZE(delegate_says));
}

/*
 * Children that are made some other way
 */

struct shared_line {
	long	ret;	/* the result that a child reports */
	pid_t	pid;
	int	ready;
	char	text[CID_TEXT_MAX];
	char	program[PATH_MAX];
};

static struct shared_line *line;

static void __attribute__((constructor)) share_line(void)
{
	line = mmap(NULL, sizeof(*line), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* A process that the child of an agent has forked, and that stays. */
static void stay(void)
{
	prctl(PR_SET_PDEATHSIG, 0);
	line->pid = syscall(__NR_getpid);
	set(&line->ready, 1);
	for (;;)
		pause();
}

static pid_t clone_raw(__u64 flags, int exit_signal, pid_t *set_tid)
{
	struct clone_args args = {
		.flags = flags,
		.exit_signal = exit_signal,
		.set_tid = (uintptr_t)set_tid,
		.set_tid_size = set_tid ? 1 : 0,
	};

	return syscall(__NR_clone3, &args, sizeof(args));
}

static long do_clone(struct cid_world *world, const struct cid_call *call)
{
	pid_t pid;

	set(&line->ready, 0);
	pid = clone_raw(call->x, call->y, NULL);
	if (!pid)
		stay();
	if (pid < 0)
		return -errno;
	while (!get(&line->ready))
		sched_yield();
	return pid;
}

/* The daemon's way: nobody who made it is left. */
static long do_daemonise(struct cid_world *world, const struct cid_call *call)
{
	pid_t pid;

	set(&line->ready, 0);
	pid = fork();
	if (!pid) {
		if (setsid() < 0 || chdir("/"))
			_exit(1);
		if (!fork())
			stay();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) < 0)
		return -errno;
	while (!get(&line->ready))
		sched_yield();
	return line->pid;
}

ATTEMPT(prisoner, double_fork)
{
	long pid = cid_do(s->actor[CELL], do_daemonise, 0, 0);

	ASSERT_LT(0, pid);
	s->world.stray = pid;
	EXPECT_EQ(s->id[CELL], cid_read(pid));
}

/* Its parent is the host process that started the prisoner. */
ATTEMPT(prisoner, clone_parent)
{
	long pid = cid_do(s->actor[CELL], do_clone, CLONE_PARENT, 0);

	ASSERT_LT(0, pid);
	s->world.stray = pid;
	EXPECT_EQ(s->id[CELL], cid_read(pid));
}

ATTEMPT(prisoner, no_exit_signal)
{
	long pid = cid_do(s->actor[CELL], do_clone, 0, 0);

	ASSERT_LT(0, pid);
	s->world.stray = pid;
	EXPECT_EQ(s->id[CELL], cid_read(pid));
	/* Nobody reaps it but its maker. */
	kill(pid, SIGKILL);
	while (cid_state(pid, pid) != 'Z')
		sched_yield();
	EXPECT_LE(0, cid_end(s->actor[CELL]));
	s->actor[CELL] = NULL;
	settle(_metadata, s);
}

ATTEMPT(prisoner, every_namespace)
{
	long flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
		     CLONE_NEWPID | CLONE_NEWCGROUP | CLONE_NEWUSER;
	long pid = cid_do(s->actor[CELL], do_clone, flags, SIGCHLD);

	ASSERT_LT(0, pid);
	s->world.stray = pid;
	EXPECT_EQ(s->id[CELL], cid_read(pid));
}

/* While the child is in the memory of its parent, which is not running. */
static long do_vfork_and_write(struct cid_world *world,
			       const struct cid_call *call)
{
	pid_t pid = vfork();

	if (!pid) {
		line->pid = getpid();
		line->ret = cid_write(line->pid, "%s", call->text);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) < 0)
		return -errno;
	return line->ret;
}

ATTEMPT(prisoner, vfork)
{
	EXPECT_EQ(-EPERM, cid_do_text(s->actor[CELL], do_vfork_and_write, 0, 0,
				      "join %llu", s->id[SIDE]));
	REFUSED_BY(line->pid, s->id[CELL], line->pid, JOIN, s->id[SIDE],
		   s->id[CELL]);
}

static int share_memory(void *unused)
{
	stay();
	return 0;
}

static long do_clone_vm(struct cid_world *world, const struct cid_call *call)
{
	static char stack[16384];
	/* Aligned down: the child starts at its end. */
	char *top = stack + sizeof(stack) - (uintptr_t)stack % 16;
	pid_t pid;

	set(&line->ready, 0);
	pid = clone(share_memory, top, call->x | SIGCHLD, NULL);
	while (pid > 0 && !get(&line->ready))
		sched_yield();
	return pid < 0 ? -errno : pid;
}

/* Two processes that share their memory can be in two audit containers. */
ATTEMPT(prisoner, shared_memory)
{
	long pid = cid_do(s->actor[HOST], do_clone_vm,
			  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND, 0);

	ASSERT_LT(0, pid);
	s->world.stray = pid;
	ASSERT_EQ(0, cid_write(pid, "join %llu", s->id[CELL]));
	EXPECT_EQ(s->id[CELL], cid_read(pid));
	EXPECT_EQ(0, cid_read(pid_of(s, HOST)));
	EXPECT_EQ(0, audit_drop(&s->log));
}

/* The process goes on without the thread that it is named after. */
ATTEMPT(prisoner, leader_exits)
{
	ASSERT_LT(0, cid_do(s->actor[CELL], cid_do_leader_exit, 0, 0));
	EXPECT_EQ(s->id[CELL], cid_read(pid_of(s, CELL)));
	EXPECT_EQ(-EPERM, tell(s->actor[CELL], pid_of(s, CELL), "join %llu",
			       s->id[SIDE]));
	REFUSED(CELL, pid_of(s, CELL), JOIN, s->id[SIDE], s->id[CELL]);
}

static long do_write_for_thread(struct cid_world *world,
				const struct cid_call *call)
{
	char path[80];

	snprintf(path, sizeof(path), "/proc/%d/task/%ld/audit_containerid",
		 getpid(), call->x);
	return put_text(path, "new");
}

/* Threads do not have the file, so a thread cannot be moved alone. */
ATTEMPT(prisoner, split_a_process)
{
	long tid = cid_do(s->actor[CELL], cid_do_thread, 0, 0);

	ASSERT_LT(0, tid);
	EXPECT_EQ(-ENOENT, cid_do(s->actor[CELL], do_write_for_thread, tid, 0));
	EXPECT_EQ(-EPERM, tell(s->actor[CELL], tid, "join %llu", s->id[SIDE]));
	REFUSED(CELL, pid_of(s, CELL), JOIN, s->id[SIDE], s->id[CELL]);
	EXPECT_EQ(s->id[CELL], cid_read(tid));
}

ATTEMPT(prisoner, exec_by_a_thread)
{
	cid_post(s->actor[CELL], cid_do_exec, true, 0, "%s", "");
	EXPECT_EQ(s->id[CELL], cid_wait(s->actor[CELL]));
}

/* Everything that a namespace of the host's gives, and still no other ID. */
static long do_setns(struct cid_world *world, const struct cid_call *call)
{
	int pidfd = syscall(__NR_pidfd_open, call->x, 0);
	long ret = setns(pidfd, call->y) ? -errno : 0;

	close(pidfd);
	return ret;
}

ATTEMPT(prisoner, setns_to_the_host)
{
	long flags = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWPID |
		     CLONE_NEWCGROUP | CLONE_NEWNS;
	struct cid_agent *child;

	ASSERT_EQ(0, cid_do(s->actor[CELL], cid_do_unshare, flags, 0));
	ASSERT_EQ(0, cid_do(s->actor[CELL], do_setns, pid_of(s, HOST), flags));
	EXPECT_EQ(s->id[CELL], cid_read(pid_of(s, CELL)));
	child = cid_start(&s->world, s->actor[CELL]);
	ASSERT_NE(NULL, child);
	EXPECT_EQ(-ESRCH, tell(child, 0, "join 0"));
	REFUSED_BY(child->pid, s->id[CELL], child->pid, "join ocontid=0 prev=%llu",
		   s->id[CELL]);
}

/* A way out for implementations that derive the container from the cgroup. */
#define CGROUPS		"/sys/fs/cgroup"

static long do_change_cgroup(struct cid_world *world,
			     const struct cid_call *call)
{
	return put_text(call->text, "0");
}

ATTEMPT(prisoner, leave_the_cgroup)
{
	char path[80], procs[96];
	long ret;

	snprintf(path, sizeof(path), CGROUPS "/audit_cid_%d", getpid());
	if (mkdir(path, 0755))
		SKIP(return, "%s: %s", path, strerror(errno));
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	ret = cid_do_text(s->actor[CELL], do_change_cgroup, 0, 0, "%s", procs);
	EXPECT_EQ(0, ret);
	EXPECT_EQ(s->id[CELL], cid_read(pid_of(s, CELL)));
	EXPECT_EQ(0, cid_do_text(s->actor[CELL], do_change_cgroup, 0, 0,
				 CGROUPS "/cgroup.procs"));
	EXPECT_EQ(s->id[CELL], cid_read(pid_of(s, CELL)));
	rmdir(path);
}

/* Move it back to its old cgroup. */
ATTEMPT(prisoner, move_up)
{
	__u64 above = s->id[CELL];
	struct cid_agent *other = cid_start(&s->world, s->actor[CELL]);

	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, tell(s->actor[CELL], 0, "new"));
	s->id[CELL] = made(_metadata, s, pid_of(s, CELL), above);
	EXPECT_EQ(-EPERM, tell(s->actor[CELL], 0, "join %llu", above));
	REFUSED(CELL, pid_of(s, CELL), JOIN, above, s->id[CELL]);
	EXPECT_EQ(-EPERM, tell(s->actor[CELL], 0, "new parent=%llu", above));
	REFUSED(CELL, pid_of(s, CELL), CREATE, above);
	/* Nor does a process of an ancestor move the prisoner. */
	EXPECT_EQ(-EPERM, tell(other, pid_of(s, CELL), "join %llu", above));
	REFUSED_BY(other->pid, above, pid_of(s, CELL), JOIN, above,
		   s->id[CELL]);
	EXPECT_EQ(s->id[CELL], tell_read(other, pid_of(s, CELL)));
	end_strays(s);
	EXPECT_EQ(0, audit_drop(&s->log));
	settle(_metadata, s);
}

/*
 * Numbers of processes that are used again
 */

/* A process of the host's that gets a number. */
static pid_t victim(pid_t pid)
{
	pid_t child = clone_raw(0, SIGCHLD, &pid);

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static void end_victim(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

ATTEMPT(prisoner, reuse_of_a_number)
{
	struct cid_agent *child = cid_start(&s->world, s->actor[CELL]);
	pid_t pid;
	long fd;

	ASSERT_NE(NULL, child);
	pid = child->pid;
	fd = cid_do(s->actor[CELL], do_open, pid, O_RDWR);
	ASSERT_LE(0, fd);
	cid_kill(child);
	ASSERT_EQ(pid, victim(pid));
	EXPECT_EQ(-ESRCH, cid_do_text(s->actor[CELL], do_write_fd, fd, 0,
				      "new"));
	REFUSED(CELL, pid, CREATE, 0ULL);
	EXPECT_EQ(-ESRCH, cid_do(s->actor[CELL], do_read_fd, fd, 0));
	EXPECT_EQ(0, cid_read(pid));
	end_victim(pid);
}

static long do_open_dir(struct cid_world *world, const struct cid_call *call)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld", call->x);
	fd = open(path, O_PATH | O_DIRECTORY);
	return fd < 0 ? -errno : fd;
}

static long do_write_in_dir(struct cid_world *world,
			    const struct cid_call *call)
{
	int fd = openat(call->x, "audit_containerid", O_WRONLY);
	long ret = fd < 0 ? -errno : cid_write_fd(fd, call->text,
						  strlen(call->text));

	close(fd);
	return ret;
}

ATTEMPT(prisoner, reuse_of_a_directory)
{
	struct cid_agent *child = cid_start(&s->world, s->actor[CELL]);
	pid_t pid;
	long dir;

	ASSERT_NE(NULL, child);
	pid = child->pid;
	dir = cid_do(s->actor[CELL], do_open_dir, pid, 0);
	ASSERT_LE(0, dir);
	cid_kill(child);
	ASSERT_EQ(pid, victim(pid));
	EXPECT_EQ(-ESRCH, cid_do_text(s->actor[CELL], do_write_in_dir, dir, 0,
				      "new"));
	EXPECT_EQ(0, cid_read(pid));
	end_victim(pid);
}

/* Write to the same PID all the time, whichever process has it. */
static void *write_on(void *pid)
{
	while (!get(&line->ready)) {
		cid_write((long)pid, "new");
		sched_yield();
	}
	return NULL;
}

static long do_write_on(struct cid_world *world, const struct cid_call *call)
{
	static pthread_t thread;

	if (call->y)
		return -pthread_create(&thread, NULL, write_on,
				       (void *)call->x);
	return -pthread_join(thread, NULL);
}

static long do_brief_child(struct cid_world *world,
			   const struct cid_call *call)
{
	pid_t pid = call->x;
	pid_t child = clone_raw(0, SIGCHLD, &pid);

	if (!child)
		_exit(0);
	return waitpid(child, NULL, 0) == child ? 0 : -errno;
}

/* The number changes hands between the prisoner's children and the host's. */
ATTEMPT(prisoner, race_for_a_number)
{
	struct cid_agent *child = cid_start(&s->world, s->actor[CELL]);
	struct cid_agent *writer = cid_start(&s->world, s->actor[CELL]);
	unsigned int i, n = cid_rounds(16);
	pid_t pid;

	ASSERT_NE(NULL, writer);
	pid = child->pid;
	cid_kill(child);
	set(&line->ready, 0);
	ASSERT_EQ(0, cid_do(writer, do_write_on, pid, true));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, cid_do(s->actor[CELL], do_brief_child, pid, 0));
		ASSERT_EQ(pid, victim(pid));
		sched_yield();
		EXPECT_EQ(0, cid_read(pid));
		end_victim(pid);
	}
	set(&line->ready, 1);
	EXPECT_EQ(0, cid_do(writer, do_write_on, 0, false));
	EXPECT_EQ(0, audit_sync(&s->log));
	EXPECT_EQ(0, audit_count(&s->log, AUDIT_CONTAINER_OP,
				 "^op=create ocontid=[0-9]+ pcontid=0 "));
	audit_forget(&s->log);
}

/* A zombie, or a process that was reaped, does not become a member again. */
ATTEMPT(prisoner, raise_a_zombie)
{
	struct cid_agent *child = cid_start(&s->world, s->actor[CELL]);
	pid_t pid;

	ASSERT_NE(NULL, child);
	pid = child->pid;
	kill(pid, SIGKILL);
	while (cid_state(pid, pid) != 'Z')
		sched_yield();
	EXPECT_EQ(-ESRCH, tell(s->actor[CELL], pid, "new"));
	REFUSED(CELL, pid, CREATE, s->id[CELL]);
	cid_reap(child);
}

ATTEMPT(prisoner, label_a_kernel_thread)
{
	EXPECT_EQ(-EPERM, tell(s->actor[CELL], 2, "new"));
	REFUSED(CELL, 2, CREATE, 0ULL);
	/* Nor the host, which reaches everything. */
	EXPECT_EQ(-EPERM, tell(s->actor[HOST], 2, "join %llu", s->id[CELL]));
	REFUSED(HOST, 2, JOIN, s->id[CELL], 0ULL);
	EXPECT_EQ(0, cid_read(2));
}

/*
 * Descriptors that change hands
 */

/* Opened on the host, and then contained. */
ATTEMPT(prisoner, keep_a_descriptor)
{
	struct cid_agent *late = cid_start(&s->world, NULL);
	long fd;

	ASSERT_NE(NULL, late);
	fd = cid_do(late, do_open, pid_of(s, HOST), O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, cid_write(late->pid, "join %llu", s->id[CELL]));
	EXPECT_EQ(0, audit_drop(&s->log));
	EXPECT_EQ(-EPERM, cid_do_text(late, do_write_fd, fd, 0, "new"));
	REFUSED_BY(late->pid, s->id[CELL], pid_of(s, HOST), CREATE, 0ULL);
	EXPECT_EQ(-EPERM, cid_do(late, do_read_fd, fd, 0));
}

ATTEMPT(prisoner, be_handed_the_hosts)
{
	int fd = cid_open(pid_of(s, HOST), O_RDWR);
	long theirs = hand_over(NULL, fd, s->actor[CELL]);

	ASSERT_LE(0, theirs);
	EXPECT_EQ(-EPERM, cid_do_text(s->actor[CELL], do_write_fd, theirs, 0,
				      "join %llu", s->id[CELL]));
	REFUSED(CELL, pid_of(s, HOST), JOIN, s->id[CELL], 0ULL);
	close(fd);
}

static long do_steal(struct cid_world *world, const struct cid_call *call)
{
	int pidfd = syscall(__NR_pidfd_open, call->x, 0);
	long fd = syscall(__NR_pidfd_getfd, pidfd, call->y, 0);

	close(pidfd);
	return fd < 0 ? -errno : fd;
}

ATTEMPT(prisoner, steal_the_hosts)
{
	long theirs = cid_do(s->actor[HOST], do_open, 0, O_RDWR);
	long fd;

	ASSERT_LE(0, theirs);
	fd = cid_do(s->actor[CELL], do_steal, pid_of(s, HOST), theirs);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, cid_do_text(s->actor[CELL], do_write_fd, fd, 0,
				      "new"));
	REFUSED(CELL, pid_of(s, HOST), CREATE, 0ULL);
}

/* A host process must not be used to write to a file that it is handed. */
ATTEMPT(prisoner, use_the_hosts_hand)
{
	long theirs = cid_do(s->actor[CELL], do_open, pid_of(s, HOST), O_RDWR);
	long fd;

	ASSERT_LE(0, theirs);
	fd = hand_over(s->actor[CELL], theirs, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, cid_write_fd(fd, "new", 3));
	REFUSED_BY(getpid(), 0, pid_of(s, HOST), CREATE, 0ULL);
	EXPECT_EQ(-EPERM, cid_read_fd(fd));
	close(fd);
}

ATTEMPT(prisoner, use_the_hosts_hand_on_another)
{
	long theirs = cid_do(s->actor[CELL], do_open, pid_of(s, SIDE), O_RDWR);
	long fd;

	ASSERT_LE(0, theirs);
	fd = hand_over(s->actor[CELL], theirs, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, cid_write_fd(fd, "new name=forged", 15));
	REFUSED_BY(getpid(), 0, pid_of(s, SIDE), CREATE, s->id[SIDE]);
	close(fd);
}

/* The opener was further up the tree than the writer is now. */
ATTEMPT(prisoner, take_a_descriptor_down)
{
	struct cid_agent *other = cid_start(&s->world, s->actor[CELL]);
	__u64 above = s->id[CELL];
	long fd;

	ASSERT_NE(NULL, other);
	fd = cid_do(s->actor[CELL], do_open, other->pid, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, tell(s->actor[CELL], 0, "new"));
	s->id[CELL] = made(_metadata, s, pid_of(s, CELL), above);
	EXPECT_EQ(-EPERM, cid_do_text(s->actor[CELL], do_write_fd, fd, 0,
				      "join %llu", s->id[CELL]));
	REFUSED(CELL, other->pid, JOIN, s->id[CELL], above);
	EXPECT_EQ(above, cid_read(other->pid));
	end_strays(s);
	EXPECT_EQ(0, audit_drop(&s->log));
	settle(_metadata, s);
}

/* Reopen a descriptor that another process has opened for reading. */
static long do_open_again(struct cid_world *world, const struct cid_call *call)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%ld", call->x);
	return put_text(path, "%s", call->text);
}

ATTEMPT(prisoner, open_again)
{
	int fd = cid_open(pid_of(s, HOST), O_RDONLY);
	long theirs = hand_over(NULL, fd, s->actor[CELL]);

	ASSERT_LE(0, theirs);
	EXPECT_EQ(-EBADF, cid_do_text(s->actor[CELL], do_write_fd, theirs, 0,
				      "new"));
	EXPECT_EQ(-EPERM, cid_do_text(s->actor[CELL], do_open_again, theirs, 0,
				      "new"));
	REFUSED(CELL, pid_of(s, HOST), CREATE, 0ULL);
	close(fd);
}

/*
 * Other ways to write
 */

static long do_sendfile(struct cid_world *world, const struct cid_call *call)
{
	int from = memfd_create("text", MFD_CLOEXEC);
	int to = cid_open(getpid(), O_WRONLY);
	ssize_t len = strlen(call->text);
	off_t at = 0;
	long ret;

	if (write(from, call->text, len) != len)
		return -errno;
	ret = sendfile(to, from, &at, len) < 0 ? -errno : 0;
	close(from);
	close(to);
	return ret;
}

ATTEMPT(prisoner, sendfile)
{
	EXPECT_EQ(-EINVAL, cid_do_text(s->actor[CELL], do_sendfile, 0, 0,
				       "join %llu", s->id[SIDE]));
}

static long do_write_pieces(struct cid_world *world,
			    const struct cid_call *call)
{
	struct iovec pieces[] = {
		{ "new name=", 9 },
		{ (void *)call->text, strlen(call->text) },
	};
	int fd = cid_open(getpid(), O_WRONLY);
	long ret = writev(fd, pieces, ARRAY_SIZE(pieces)) < 0 ? -errno : 0;

	close(fd);
	return ret;
}

ATTEMPT(prisoner, pieces)
{
	EXPECT_EQ(-EINVAL, cid_do_text(s->actor[CELL], do_write_pieces, 0, 0,
				       "x parent=%llu", s->id[SIDE]));
}

static long do_write_behind(struct cid_world *world,
			    const struct cid_call *call)
{
	int fd = cid_open(getpid(), O_WRONLY);
	long ret = pwrite(fd, call->text, strlen(call->text), 4) < 0 ? -errno :
								       0;

	close(fd);
	return ret;
}

ATTEMPT(prisoner, offset)
{
	EXPECT_EQ(-EINVAL, cid_do_text(s->actor[CELL], do_write_behind, 0, 0,
				       "new parent=%llu", s->id[SIDE]));
}

static long do_write_nul(struct cid_world *world, const struct cid_call *call)
{
	char text[CID_TEXT_MAX] = "new name=x";
	size_t len = strlen(text) + 1;

	len += snprintf(text + len, sizeof(text) - len, " %s", call->text);
	return cid_write_bytes(getpid(), text, len);
}

ATTEMPT(prisoner, nul)
{
	EXPECT_EQ(-EINVAL, cid_do_text(s->actor[CELL], do_write_nul, 0, 0,
				       "parent=%llu", s->id[SIDE]));
}

/*
 * The text changes while the kernel parses it. Both texts have the same length,
 * and one of them is permitted.
 */
static void *change_text(void *good)
{
	char bad[sizeof(line->text)];

	memcpy(bad, line->text, sizeof(bad));
	while (!get(&line->ready)) {
		memcpy(line->text, good, strlen(bad));
		sched_yield();
		memcpy(line->text, bad, strlen(bad));
	}
	return NULL;
}

static long do_change_text(struct cid_world *world,
			   const struct cid_call *call)
{
	char good[sizeof(line->text)];
	int fd = cid_open(getpid(), O_WRONLY);
	pthread_t thread;
	long i, ret = 0;

	set(&line->ready, 0);
	memcpy(line->text, call->text, sizeof(line->text));
	snprintf(good, sizeof(good), "new name=%0*d",
		 (int)(strlen(line->text) - strlen("new name=")), 0);
	if (pthread_create(&thread, NULL, change_text, good))
		return -EAGAIN;
	for (i = 0; i < call->x && ret != -ENOSPC; i++) {
		ret = cid_write_fd(fd, line->text, strlen(good));
		sched_yield();
	}
	set(&line->ready, 1);
	pthread_join(thread, NULL);
	close(fd);
	return i;
}

ATTEMPT(prisoner, change_the_text)
{
	struct cid_agent *racer = cid_start(&s->world, s->actor[CELL]);
	struct cid_agent *warder = cid_start(&s->world, s->actor[CELL]);

	ASSERT_NE(NULL, warder);
	EXPECT_LT(0, cid_do_text(racer, do_change_text, cid_rounds(150), 0,
				 "join %llu", s->id[SIDE]));
	/* Only a member of a descendant of CELL can see it. */
	EXPECT_LE((long)s->id[CELL], tell_read(warder, racer->pid));
	EXPECT_EQ(0, audit_sync(&s->log));
	EXPECT_EQ(0, audit_count(&s->log, AUDIT_CONTAINER_OP,
				 "^op=join .* res=1$"));
	end_strays(s);
	EXPECT_EQ(0, audit_drop(&s->log));
}

/* io_uring: the kernel has made the thread that acts */

/* A poller is in its own process's memory: the text is in everybody's. */
static long do_uring_write(struct cid_world *world,
			   const struct cid_call *call)
{
	memcpy(line->text, call->text, sizeof(line->text));
	return uring_write(&agent_ring, call->x, line->text, call->y & 0xff,
			   call->y >> 8);
}

static long open_ring(struct __test_metadata *const _metadata,
		      struct cid_agent *agent, __u32 flags)
{
	long ret = cid_do(agent, cid_do_uring_open, flags, 0);

	if (ret && ret != -ENOSYS && ret != -EPERM)
		ASSERT_EQ(0, ret);
	return ret;
}

static void ring(struct __test_metadata *const _metadata, struct scene *s,
		 __u32 ring_flags, __u8 sqe_flags)
{
	long fd = cid_do(s->actor[CELL], do_open, 0, O_WRONLY);

	ASSERT_LE(0, fd);
	if (open_ring(_metadata, s->actor[CELL], ring_flags))
		SKIP(return, "no io_uring");
	EXPECT_EQ(-EPERM, cid_do_text(s->actor[CELL], do_uring_write, fd,
				      sqe_flags, "join %llu", s->id[SIDE]));
	REFUSED(CELL, pid_of(s, CELL), JOIN, s->id[SIDE], s->id[CELL]);
}

ATTEMPT(prisoner, ring)
{
	ring(_metadata, s, 0, 0);
}

ATTEMPT(prisoner, worker_of_a_ring)
{
	ring(_metadata, s, 0, IOSQE_ASYNC);
}

ATTEMPT(prisoner, poller_of_a_ring)
{
	ring(_metadata, s, IORING_SETUP_SQPOLL, 0);
}

/* The capabilities of the past, kept in a ring: they reach no further. */
static long do_register_personality(struct cid_world *world,
				    const struct cid_call *call)
{
	int ret = syscall(__NR_io_uring_register, agent_ring.fd,
			  IORING_REGISTER_PERSONALITY, NULL, 0);

	return ret < 0 ? -errno : ret;
}

ATTEMPT(prisoner, personality_of_a_ring)
{
	struct cid_agent *late = cid_start(&s->world, NULL);
	long fd, root;

	ASSERT_NE(NULL, late);
	fd = cid_do(late, do_open, pid_of(s, HOST), O_RDWR);
	if (open_ring(_metadata, late, 0))
		SKIP(return, "no io_uring");
	root = cid_do(late, do_register_personality, 0, 0);
	ASSERT_LT(0, root);
	ASSERT_EQ(0, cid_write(late->pid, "join %llu", s->id[CELL]));
	ASSERT_EQ(0, cid_do(late, do_become_user, 0, 0));
	EXPECT_EQ(0, audit_drop(&s->log));
	EXPECT_EQ(-EPERM, cid_do_text(late, do_uring_write, fd, root << 8,
				      "new"));
	REFUSED_BY(late->pid, s->id[CELL], pid_of(s, HOST), CREATE, 0ULL);
}

/* The poller is the parent's thread: the parent's right, and only downwards. */
ATTEMPT(prisoner, ring_of_the_parent)
{
	struct cid_agent *parent = cid_start(&s->world, s->actor[CELL]);
	struct cid_agent *child;
	long fd;
	__u64 id;

	ASSERT_NE(NULL, parent);
	if (open_ring(_metadata, parent, IORING_SETUP_SQPOLL))
		SKIP(return, "no io_uring");
	child = cid_start(&s->world, parent);
	ASSERT_NE(NULL, child);
	fd = cid_do(parent, do_open, child->pid, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, tell(parent, child->pid, "new"));
	id = made(_metadata, s, child->pid, s->id[CELL]);
	EXPECT_EQ(-EPERM, cid_do_text(child, do_uring_write, fd, 0,
				      "join %llu", s->id[CELL]));
	REFUSED_BY(parent->pid, s->id[CELL], child->pid, JOIN, s->id[CELL], id);
	EXPECT_EQ(id, cid_read(child->pid));
}

/* Programs with more rights than their callers */

static void make_program_dir(struct __test_metadata *const _metadata,
			     struct scene *s)
{
	char dir[] = "/tmp/audit_cid.XXXXXX";

	s->dir = strdup(mkdtemp(dir) ?: "");
	ASSERT_EQ(0, chmod(s->dir, 0755));
	snprintf(line->program, sizeof(line->program), "%s", s->dir);
}

/* A copy of hold at line->program. */
static void make_program(struct __test_metadata *const _metadata)
{
	char hold[PATH_MAX];
	int from, to;

	cid_hold_path(hold);
	from = open(hold, O_RDONLY | O_CLOEXEC);
	to = open(line->program, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	ASSERT_LE(0, to);
	while (sendfile(to, from, NULL, 1 << 20) > 0)
		;
	close(from);
	close(to);
}

/* A copy of hold under a name, in a folder that everybody can look into. */
static void copy_program(struct __test_metadata *const _metadata,
			 struct scene *s, const char *name)
{
	make_program_dir(_metadata, s);
	strcat(strcat(line->program, "/"), name);
	make_program(_metadata);
}

/* The same at the end of a path that is so long, in names full of spaces. */
static void copy_program_below(struct __test_metadata *const _metadata,
			       struct scene *s, size_t length)
{
	char name[NAME_MAX + 1];

	snprintf(name, sizeof(name), "/%*s", 200, "d");
	make_program_dir(_metadata, s);
	while (strlen(line->program) < length) {
		strcat(line->program, name);
		ASSERT_EQ(0, mkdir(line->program, 0755));
	}
	strcat(line->program, "/p");
	make_program(_metadata);
}

static bool no_setuid(const struct scene *s)
{
	struct statvfs fs;

	return statvfs(s->dir, &fs) || fs.f_flag & ST_NOSUID;
}

/* Run it with a file open at descriptor x, to which it writes a text. */
static long do_run_program(struct cid_world *world,
			   const struct cid_call *call)
{
	char sock[16], fd[16];

	snprintf(sock, sizeof(sock), "%d", world->self->sock[1]);
	snprintf(fd, sizeof(fd), "%ld", call->x);
	execl(line->program, "hold", sock, fd, call->text, NULL);
	return -errno;
}

static long do_open_to_keep(struct cid_world *world,
			    const struct cid_call *call)
{
	int fd = cid_open(call->x ?: getpid(), O_RDWR);

	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
	return fd;
}

/* An ordinary user in the cell that runs a program which may do more. */
static void run_program(struct __test_metadata *const _metadata,
			struct scene *s)
{
	struct cid_agent *user = cid_start(&s->world, s->actor[CELL]);
	long fd;

	ASSERT_NE(NULL, user);
	ASSERT_EQ(0, cid_do(user, do_become_user, 0, 0));
	fd = cid_do(user, do_open_to_keep, 0, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, cid_do_text(user, do_run_program, fd, 0, "new"));
	REFUSED_BY(user->pid, s->id[CELL], user->pid, CREATE, s->id[CELL]);
}

ATTEMPT(prisoner, set_user_id)
{
	copy_program(_metadata, s, "hold");
	ASSERT_EQ(0, chmod(line->program, 04755));
	if (no_setuid(s))
		SKIP(return, "%s is mounted nosuid", s->dir);
	run_program(_metadata, s);
	/* It really ran as root. */
	EXPECT_EQ(1, audit_count(&s->log, AUDIT_SYSCALL,
				 " uid=%d .* euid=0 .* comm=\"hold\"",
				 USER_ID));
}

ATTEMPT(prisoner, file_capability)
{
	struct vfs_cap_data data = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data[0].permitted = 1U << CAP_AUDIT_CONTROL,
	};

	copy_program(_metadata, s, "hold");
	if (no_setuid(s))
		SKIP(return, "%s is mounted nosuid", s->dir);
	if (setxattr(line->program, "security.capability", &data, XATTR_CAPS_SZ_2, 0))
		SKIP(return, "no file capabilities: %s", strerror(errno));
	run_program(_metadata, s);
}

/* The tracer is not root, so the program is not either. */
static long do_trace_program(struct cid_world *world,
			     const struct cid_call *call)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		_exit(-do_run_program(world, call));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	if (!WIFSTOPPED(status))
		return -EIO;
	line->pid = pid;
	return ptrace(PTRACE_DETACH, pid, 0, 0) ? -errno : 0;
}

ATTEMPT(prisoner, trace_a_set_user_id_program)
{
	struct cid_agent *user;
	long fd;

	copy_program(_metadata, s, "hold");
	ASSERT_EQ(0, chmod(line->program, 04755));
	user = cid_start(&s->world, s->actor[CELL]);
	ASSERT_NE(NULL, user);
	ASSERT_EQ(0, cid_do(user, do_become_user, 0, 0));
	fd = cid_do(user, do_open_to_keep, 0, 0);
	ASSERT_LE(0, fd);
	/* Two answers, of the program and of the tracer: 0. */
	EXPECT_EQ(-EPERM, cid_do_text(user, do_trace_program, fd, 0, "new") +
			  cid_wait(user));
	s->world.stray = line->pid;
	REFUSED_BY(line->pid, s->id[CELL], user->pid, CREATE, s->id[CELL]);
}

static long do_attach(struct cid_world *world, const struct cid_call *call)
{
	return ptrace(PTRACE_SEIZE, call->x, 0, 0) ? -errno : 0;
}

ATTEMPT(prisoner, trace_another)
{
	ASSERT_EQ(0, cid_do(s->actor[CELL], do_become_user, 0, 0));
	EXPECT_EQ(-EPERM, cid_do(s->actor[CELL], do_attach, pid_of(s, SIDE),
				 0));
	EXPECT_EQ(-EPERM, cid_do(s->actor[CELL], do_attach, pid_of(s, HOST),
				 0));
}

/* Root, with all other capabilities. */
ATTEMPT(prisoner, do_without_the_capability)
{
	ASSERT_EQ(0, cid_do(s->actor[CELL], do_drop_right, 0, 0));
	EXPECT_EQ(-EPERM, tell(s->actor[CELL], 0, "new"));
	REFUSED(CELL, pid_of(s, CELL), CREATE, s->id[CELL]);
	EXPECT_EQ(-EPERM, tell(s->actor[CELL], 0, "announce"));
	REFUSED(CELL, pid_of(s, CELL), "announce ocontid=\\?");
	EXPECT_EQ(-EPERM, tell_read(s->actor[CELL], 0));
}

/* All capabilities in a user namespace of its own, but no delegation. */
ATTEMPT(prisoner, be_root_of_a_user_namespace)
{
	ASSERT_EQ(0, cid_do(s->actor[CELL], do_become_rootless, 0, 0));
	EXPECT_EQ(-EPERM, tell(s->actor[CELL], 0, "new"));
	REFUSED(CELL, pid_of(s, CELL), CREATE, s->id[CELL]);
	EXPECT_EQ(-EPERM, tell_read(s->actor[CELL], 0));
}

/*
 * The opener had the right. The user has lost it, or gets it back in between.
 */
ATTEMPT(prisoner, keep_a_right_in_a_descriptor)
{
	long fd = cid_do(s->actor[CELL], do_open, 0, O_RDWR);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, cid_do(s->actor[CELL], do_become_rootless, 0, 0));
	EXPECT_EQ(-EPERM, cid_do_text(s->actor[CELL], do_write_fd, fd, 0,
				      "new"));
	REFUSED(CELL, pid_of(s, CELL), CREATE, s->id[CELL]);
}

/* Settings that make the kernel run a program on the host. */
static long do_put_text(struct cid_world *world, const struct cid_call *call)
{
	return put_text(call->text, "|/bin/true");
}

ATTEMPT(prisoner, be_run_by_the_kernel)
{
	static const char * const paths[] = {
		"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
		"/proc/sys/kernel/poweroff_cmd", "/proc/sys/kernel/hotplug",
	};
	size_t i;

	ASSERT_EQ(0, cid_do(s->actor[CELL], do_become_rootless, 0, 0));
	for (i = 0; i < ARRAY_SIZE(paths); i++)
		if (!access(paths[i], F_OK))
			EXPECT_EQ(-EACCES, cid_do_text(s->actor[CELL],
						       do_put_text, 0, 0, "%s",
						       paths[i]));
}

/*
 * /proc of other PID namespaces
 */

static long do_mount_proc(struct cid_world *world, const struct cid_call *call)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, call->text))
		return -errno;
	return 0;
}

static struct cid_agent *start_apart(struct __test_metadata *const _metadata,
				     struct scene *s, struct cid_agent *by)
{
	struct cid_agent *agent;

	agent = cid_start_in(&s->world, by, CLONE_NEWPID | CLONE_NEWNS);
	EXPECT_NE(NULL, agent);
	return agent;
}

/* In the old /proc, the writer's own PID is another process. */
ATTEMPT(prisoner, proc_of_the_host)
{
	struct cid_agent *one = start_apart(_metadata, s, s->actor[CELL]);

	ASSERT_NE(NULL, one);
	EXPECT_EQ(-EPERM, tell(one, 1, "new"));
	REFUSED_BY(one->pid, s->id[CELL], 1, CREATE, 0ULL);
	EXPECT_EQ(0, cid_read(1));
}

/*
 * In the new /proc, PID 1 is the writer, and the host's PID 1 is not visible.
 */
ATTEMPT(prisoner, proc_of_ones_own)
{
	struct cid_agent *one = start_apart(_metadata, s, s->actor[CELL]);
	__u64 id;

	ASSERT_NE(NULL, one);
	ASSERT_EQ(0, cid_do_text(one, do_mount_proc, 0, 0, "%s", ""));
	EXPECT_EQ(-ENOENT, tell(one, pid_of(s, SIDE), "new"));
	EXPECT_EQ(-EPERM, tell(one, 1, "join %llu", s->id[SIDE]));
	REFUSED_BY(one->pid, s->id[CELL], one->pid, JOIN, s->id[SIDE],
		   s->id[CELL]);
	EXPECT_EQ(0, tell(one, 1, "new"));
	id = made(_metadata, s, one->pid, s->id[CELL]);
	EXPECT_EQ(id, cid_read(one->pid));
	EXPECT_EQ(0, cid_read(1));
}

/* The number of a child of somebody who is in another PID namespace. */
static pid_t only_child(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	return proc_number(path);
}

ATTEMPT(prisoner, proc_that_hides)
{
	struct cid_agent *one = start_apart(_metadata, s, s->actor[CELL]);
	struct cid_agent *user;

	ASSERT_NE(NULL, one);
	ASSERT_EQ(0, cid_do_text(one, do_mount_proc, 0, 0,
				 "hidepid=invisible,subset=pid"));
	user = cid_start(&s->world, one);
	ASSERT_NE(NULL, user);
	/* Its maker sees another number. */
	user->pid = only_child(one->pid);
	ASSERT_LT(0, user->pid);
	ASSERT_EQ(0, cid_do(user, do_become_user, 0, 0));
	EXPECT_EQ(-ENOENT, tell(user, 1, "new"));
	/* Its own is there, and no right with it. */
	EXPECT_EQ(-EPERM, tell(user, 0, "new"));
	REFUSED_BY(user->pid, s->id[CELL], user->pid, CREATE, s->id[CELL]);
}

/* Text in the log */

/* Text of user space is behind the fields of the kernel, and in quotes. */
ATTEMPT(prisoner, forge_a_user_message)
{
	EXPECT_EQ(0, cid_do_text(s->actor[CELL], do_user, AUDIT_USER, 0,
				 "' contid=%llu ocontid=1 res=1", s->id[SIDE]));
	EXPECT_EQ(0, audit_sync(&s->log));
	EXPECT_EQ(1, audit_count(&s->log, AUDIT_USER,
				 "^pid=%d uid=0 .* contid=%llu msg='' contid=%llu",
				 pid_of(s, CELL), s->id[CELL], s->id[SIDE]));
}

ATTEMPT(prisoner, forge_a_line)
{
	EXPECT_EQ(0, cid_do_text(s->actor[CELL], do_user, AUDIT_LAST_USER_MSG, 0,
				 "x\ntype=CONTAINER_OP msg=audit(1.000:1): op=exit ocontid=%llu",
				 s->id[SIDE]));
	EXPECT_EQ(0, audit_sync(&s->log));
	EXPECT_EQ(1, audit_count(&s->log, AUDIT_LAST_USER_MSG,
				 "^pid=%d [^']* contid=%llu msg='x",
				 pid_of(s, CELL), s->id[CELL]));
}

ATTEMPT(prisoner, forge_a_record_of_ours)
{
	EXPECT_EQ(-EINVAL, cid_do_text(s->actor[CELL], do_user,
				       AUDIT_CONTAINER_OP, 0,
				       "op=exit ocontid=%llu pcontid=0 res=1",
				       s->id[SIDE]));
	EXPECT_EQ(0, audit_sync(&s->log));
	EXPECT_EQ(0, audit_count(&s->log, AUDIT_CONTAINER_OP, "^op=exit"));
}

/* The host opened and connected this socket. The sender is still the writer. */
static long do_user_by(struct cid_world *world, const struct cid_call *call)
{
	struct audit_request ask = { .header.nlmsg_type = AUDIT_USER };

	memcpy(ask.data, call->text, sizeof(call->text));
	ask.header.nlmsg_len = NLMSG_LENGTH(strlen(ask.data) + 1);
	return audit_ask(call->x, &ask, NULL);
}

ATTEMPT(prisoner, speak_as_the_host)
{
	int fd = audit_control_open();
	long theirs = hand_over(NULL, fd, s->actor[CELL]);

	ASSERT_LE(0, theirs);
	ASSERT_EQ(0, cid_do_text(s->actor[CELL], do_user_by, theirs, 0,
				 "speaks for the host"));
	EXPECT_EQ(0, audit_sync(&s->log));
	EXPECT_EQ(1, audit_count(&s->log, AUDIT_USER,
				 "^pid=%d .* contid=%llu msg='speaks",
				 pid_of(s, CELL), s->id[CELL]));
	close(fd);
}

/* Text with a quote, a space or a control character, as audit encodes it. */
static inline char const *hex(const char *text)
{
	static char out[512];
	size_t len = 0;

	for (; *text; text++)
		len += sprintf(out + len, "%02X", (unsigned char)*text);
	return out;
}

static long do_set_comm(struct cid_world *world, const struct cid_call *call)
{
	return prctl(PR_SET_NAME, call->text) ? -errno : 0;
}

ATTEMPT(prisoner, forge_by_a_command_name)
{
	static const char comm[] = "a\" contid=1";

	ASSERT_EQ(0, cid_do_text(s->actor[CELL], do_set_comm, 0, 0, "%s",
				 comm));
	EXPECT_EQ(-EPERM, tell(s->actor[CELL], 0, "join %llu", s->id[SIDE]));
	REFUSED(CELL, pid_of(s, CELL), JOIN, s->id[SIDE], s->id[CELL]);
	EXPECT_EQ(1, audit_count(&s->log, AUDIT_CONTAINER_OP,
				 "^op=join .* comm=%s exe=\"[^\"]+\" res=0$",
				 hex(comm)));
}

/* A member runs the program, which tries to join another container. */
static void join_by_program(struct __test_metadata *const _metadata,
			    struct scene *s)
{
	struct cid_agent *user = cid_start(&s->world, s->actor[CELL]);
	long fd;

	ASSERT_NE(NULL, user);
	fd = cid_do(user, do_open_to_keep, 0, 0);
	EXPECT_EQ(-EPERM, cid_do_text(user, do_run_program, fd, 0, "join %llu",
				      s->id[SIDE]));
	REFUSED_BY(user->pid, s->id[CELL], user->pid, JOIN, s->id[SIDE],
		   s->id[CELL]);
}

ATTEMPT(prisoner, forge_by_a_program_name)
{
	static const char name[] = "x\" contid=1 res=1";

	copy_program(_metadata, s, name);
	join_by_program(_metadata, s);
	EXPECT_EQ(1, audit_count(&s->log, AUDIT_CONTAINER_OP,
				 "^op=join .* exe=%s res=0$", hex(line->program)));
}

/* Each byte is logged as two digits, and auditd receives 8,970 of a record. */
ATTEMPT(prisoner, hide_by_a_long_program_name)
{
	size_t i;

	copy_program_below(_metadata, s, 3900);
	join_by_program(_metadata, s);
	EXPECT_EQ(1, audit_count(&s->log, AUDIT_CONTAINER_OP,
				 "^op=join .* exe=\"<too_long>\" res=0$"));
	for (i = 0; i < s->log.count; i++)
		if (s->log.record[i].type == AUDIT_CONTAINER_OP)
			EXPECT_GT(8970 / 2, strlen(s->log.record[i].text));
}

/* A name that the grammar accepts cannot end its field. */
ATTEMPT(prisoner, forge_by_a_name)
{
	static const char name[] = "a\"b'c=d,res=1;contid=1";
	struct cid_agent *child = cid_start(&s->world, s->actor[CELL]);

	ASSERT_NE(NULL, child);
	ASSERT_EQ(0, tell(child, 0, "new name=%s", name));
	made(_metadata, s, child->pid, s->id[CELL]);
	EXPECT_EQ(1, audit_count(&s->log, AUDIT_CONTAINER_OP,
				 "^op=create ocontid=[0-9]+ pcontid=%llu name=%s opid=",
				 s->id[CELL], hex(name)));
}

ATTEMPT(prisoner, have_a_refused_name_logged)
{
	EXPECT_EQ(-EPERM, tell(s->actor[CELL], 0, "new name=forged parent=%llu",
			       s->id[SIDE]));
	REFUSED(CELL, pid_of(s, CELL), CREATE, s->id[SIDE]);
	EXPECT_EQ(0, audit_count(&s->log, 0, "forged"));
}

/*
 * Too much
 */

ATTEMPT(prisoner, go_too_deep)
{
	struct cid_agent *child = cid_start(&s->world, s->actor[CELL]);
	__u64 id = s->id[CELL];
	int i;

	ASSERT_NE(NULL, child);
	for (i = 1; i < AUDIT_CID_DEPTH_MAX; i++) {
		ASSERT_EQ(0, tell(child, 0, "new"));
		id = made(_metadata, s, child->pid, id);
	}
	EXPECT_EQ(-ENOSPC, tell(child, 0, "new"));
	REFUSED_BY(child->pid, id, child->pid, CREATE, id);
	EXPECT_EQ(-ENOSPC, tell(s->actor[CELL], 0, "new parent=%llu", id));
	REFUSED(CELL, pid_of(s, CELL), CREATE, id);
}

/* More refusals than are logged without a delay, in 5 s and for each container. */
#define MANY		48

/* Its flood does not hide an attempt of another process. */
static void fill_the_log(struct __test_metadata *const _metadata,
			 struct scene *s, enum who who)
{
	int i;

	for (i = 0; i < MANY; i++)
		EXPECT_EQ(-EPERM, tell(s->actor[who], 0, "join %llu",
				       s->id[SIDE]));
	EXPECT_EQ(-EPERM, tell(s->actor[SIDE], 0, "join %llu", s->id[who]));
	REFUSED(SIDE, pid_of(s, SIDE), JOIN, s->id[who], s->id[SIDE]);
	EXPECT_EQ(MANY, audit_count(&s->log, AUDIT_CONTAINER_OP,
				    "^op=join .* pid=%d .* res=0$",
				    pid_of(s, who)));
	audit_forget(&s->log);
}

ATTEMPT(prisoner, fill_the_log)
{
	fill_the_log(_metadata, s, CELL);
}

static long do_bomb(struct cid_world *world, const struct cid_call *call)
{
	long i, made = 0, other = 0, ret;
	pid_t pid[128];
	int from[2], to[2];

	if (pipe(from) || pipe(to))
		return -errno;
	for (i = 0; i < call->x; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		close(to[1]);
		ret = cid_write(getpid(), "%s", call->text);
		if (write(from[1], &ret, sizeof(ret)) == sizeof(ret))
			/* Until all have tried. */
			read(to[0], &ret, 1);
		_exit(0);
	}
	for (i = 0; i < call->x; i++) {
		if (read(from[0], &ret, sizeof(ret)) != sizeof(ret))
			break;
		made += !ret;
		other += ret && ret != -call->y;
	}
	close(to[1]);
	while (i--)
		waitpid(pid[i], NULL, 0);
	close(to[0]);
	close(from[0]);
	close(from[1]);
	return other ? -EBADE : made;
}

ATTEMPT(prisoner, fork_bomb)
{
	EXPECT_EQ(0, cid_do_text(s->actor[CELL], do_bomb, 50, EPERM,
				 "join %llu", s->id[SIDE]));
	EXPECT_EQ(0, audit_sync(&s->log));
	EXPECT_EQ(50, audit_count(&s->log, AUDIT_CONTAINER_OP,
				  "^op=join ocontid=%llu prev=%llu .* res=0$",
				  s->id[SIDE], s->id[CELL]));
	audit_forget(&s->log);
}

/* Reading about others */

ATTEMPT(prisoner, read_others)
{
	EXPECT_EQ(-EPERM, tell_read(s->actor[CELL], pid_of(s, HOST)));
	EXPECT_EQ(-EPERM, tell_read(s->actor[CELL], pid_of(s, SIDE)));
	EXPECT_EQ(-EPERM, tell_read(s->actor[CELL], 1));
	EXPECT_EQ(s->id[CELL], tell_read(s->actor[CELL], 0));
}

/* An announcement only lists the subtree of the target. */
ATTEMPT(prisoner, announce)
{
	EXPECT_EQ(0, audit_drop(&s->log));
	EXPECT_EQ(0, tell(s->actor[CELL], 0, "announce"));
	EXPECT_EQ(0, audit_sync(&s->log));
	EXPECT_LE(0, audit_take(&s->log, AUDIT_CONTAINER_OP, NULL,
				"^op=announce ocontid=%llu .* res=1%s$",
				s->id[CELL], field(s->id[CELL])));
	EXPECT_EQ(0, audit_count(&s->log, AUDIT_CONTAINER_OP,
				 "^op=announce ocontid=%llu ", s->id[SIDE]));
}

static long do_listen(struct cid_world *world, const struct cid_call *call)
{
	struct sockaddr_nl group = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1),
	};
	int fd = audit_control_open();
	long ret = bind(fd, (struct sockaddr *)&group, sizeof(group)) ? -errno :
									0;

	close(fd);
	return ret;
}

static long do_list_rules(struct cid_world *world, const struct cid_call *call)
{
	struct audit_request ask = {
		.header.nlmsg_type = AUDIT_LIST_RULES,
		.header.nlmsg_len = NLMSG_HDRLEN,
	};

	return audit_ask_once(&ask, NULL);
}

/*
 * A delegate
 */

ATTEMPT(delegate, read_others)
{
	EXPECT_EQ(-EACCES, tell_read(s->actor[USER], pid_of(s, HOST)));
	EXPECT_EQ(-EACCES, tell_read(s->actor[USER], pid_of(s, SIDE)));
	/*
	 * The same user in the same audit container, but in an outer user
	 * namespace.
	 */
	EXPECT_EQ(-EPERM, tell_read(s->actor[USER], pid_of(s, PEER)));
	EXPECT_EQ(s->id[USER], tell_read(s->actor[USER], 0));
}

ATTEMPT(delegate, listen_to_the_log)
{
	EXPECT_EQ(-EPERM, cid_do(s->actor[USER], do_listen, 0, 0));
	EXPECT_EQ(-EPERM, cid_do(s->actor[PEER], do_listen, 0, 0));
}

ATTEMPT(delegate, read_the_rules)
{
	long ret = cid_do(s->actor[USER], do_list_rules, 0, 0);

	/* Out of the initial user namespace, audit does not even answer. */
	EXPECT_EQ(true, ret == -EPERM || ret == -ECONNREFUSED)
		TH_LOG("rules: %ld", ret);
}

ATTEMPT(delegate, write_the_log)
{
	long ret = cid_do_text(s->actor[USER], do_user, AUDIT_USER, 0,
			       "contid=%llu", s->id[SIDE]);

	EXPECT_EQ(true, ret == -EPERM || ret == -ECONNREFUSED)
		TH_LOG("message: %ld", ret);
	EXPECT_EQ(0, audit_sync(&s->log));
	EXPECT_EQ(0, audit_count(&s->log, AUDIT_USER, "contid=%llu",
				 s->id[SIDE]));
}

ATTEMPT(delegate, trace_the_outer_user)
{
	EXPECT_EQ(-EPERM, cid_do(s->actor[USER], do_attach, pid_of(s, PEER),
				 0));
}

static long do_setns_of(struct cid_world *world, const struct cid_call *call)
{
	char path[64];
	long ret;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/ns/user", call->x);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = setns(fd, CLONE_NEWUSER) ? -errno : 0;
	close(fd);
	return ret;
}

ATTEMPT(delegate, return_to_the_outer_namespace)
{
	/* Not even the link to it can be followed. */
	EXPECT_EQ(-EACCES, cid_do(s->actor[USER], do_setns_of, pid_of(s, PEER),
				  0));
	EXPECT_EQ(-EPERM, cid_do(s->actor[USER], do_setns, pid_of(s, PEER),
				 CLONE_NEWUSER));
	EXPECT_EQ(-EPERM, tell(s->actor[USER], pid_of(s, PEER), "new"));
	REFUSED(USER, pid_of(s, PEER), CREATE, s->id[USER]);
}

/* Handed the outer namespace by somebody in it, it may still not go there. */
static long do_open_ns(struct cid_world *world, const struct cid_call *call)
{
	int fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static long do_setns_fd(struct cid_world *world, const struct cid_call *call)
{
	return setns(call->x, CLONE_NEWUSER) ? -errno : 0;
}

ATTEMPT(delegate, be_handed_the_outer_namespace)
{
	long theirs = cid_do(s->actor[PEER], do_open_ns, 0, 0);
	long fd;

	ASSERT_LE(0, theirs);
	fd = hand_over(s->actor[PEER], theirs, s->actor[USER]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, cid_do(s->actor[USER], do_setns_fd, fd, 0));
	EXPECT_EQ(-EPERM, tell(s->actor[USER], pid_of(s, PEER), "new"));
	REFUSED(USER, pid_of(s, PEER), CREATE, s->id[USER]);
}

/* A namespace within the namespace reaches no further up. */
ATTEMPT(delegate, be_root_of_an_inner_namespace)
{
	struct cid_agent *child = cid_start(&s->world, s->actor[USER]);

	ASSERT_NE(NULL, child);
	ASSERT_EQ(0, cid_do(child, do_enter_userns, 0, 0));
	EXPECT_EQ(-EPERM, tell(child, pid_of(s, USER), "new"));
	REFUSED_BY(child->pid, s->id[USER], pid_of(s, USER), CREATE,
		   s->id[USER]);
	EXPECT_EQ(-EPERM, tell_read(child, pid_of(s, USER)));
}

/* From an inner user namespace to its sibling, at the same depth. */
ATTEMPT(delegate, reach_a_sister_namespace)
{
	struct cid_agent *one = cid_start(&s->world, s->actor[USER]);
	struct cid_agent *two = cid_start(&s->world, s->actor[USER]);

	ASSERT_NE(NULL, two);
	ASSERT_EQ(0, cid_do(one, do_enter_userns, 0, 0));
	ASSERT_EQ(0, cid_do(two, do_enter_userns, 0, 0));
	EXPECT_EQ(-EPERM, tell(one, two->pid, "new"));
	REFUSED_BY(one->pid, s->id[USER], two->pid, CREATE, s->id[USER]);
}

ATTEMPT(delegate, drop_the_capability)
{
	ASSERT_EQ(0, cid_do(s->actor[USER], do_drop_right, 0, 0));
	EXPECT_EQ(-EPERM, tell(s->actor[USER], 0, "new"));
	REFUSED(USER, pid_of(s, USER), CREATE, s->id[USER]);
	EXPECT_EQ(-EPERM, tell_read(s->actor[USER], 0));
}

/* An outer user namespace gives no right below the delegation. */
ATTEMPT(delegate, do_without_the_capability_on_the_host)
{
	struct cid_agent *root = cid_start(&s->world, NULL);

	ASSERT_NE(NULL, root);
	ASSERT_EQ(0, cid_write(root->pid, "join %llu", s->id[USER]));
	EXPECT_EQ(0, audit_drop(&s->log));
	ASSERT_EQ(0, cid_do(root, do_drop_right, 0, 0));
	EXPECT_EQ(-EPERM, tell(root, 0, "new"));
	REFUSED_BY(root->pid, s->id[USER], root->pid, CREATE, s->id[USER]);
}

/* Root is root there only. */
ATTEMPT(delegate, set_user_id)
{
	struct cid_agent *child;
	long fd;

	copy_program(_metadata, s, "hold");
	ASSERT_EQ(0, chmod(line->program, 04755));
	child = cid_start(&s->world, s->actor[USER]);
	ASSERT_NE(NULL, child);
	fd = cid_do(child, do_open_to_keep, pid_of(s, PEER), 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, cid_do_text(child, do_run_program, fd, 0, "new"));
	REFUSED_BY(child->pid, s->id[USER], pid_of(s, PEER), CREATE,
		   s->id[USER]);
}

/*
 * Its descriptors, and others'
 */

ATTEMPT(delegate, be_handed_a_file_of_the_outer_user)
{
	int fd = cid_open(pid_of(s, PEER), O_RDWR);
	long theirs = hand_over(NULL, fd, s->actor[USER]);

	ASSERT_LE(0, theirs);
	EXPECT_EQ(-EPERM, cid_do_text(s->actor[USER], do_write_fd, theirs, 0,
				      "new"));
	REFUSED(USER, pid_of(s, PEER), CREATE, s->id[USER]);
	EXPECT_EQ(-EPERM, cid_do(s->actor[USER], do_read_fd, theirs, 0));
	close(fd);
}

ATTEMPT(delegate, be_handed_a_file_of_another)
{
	int fd = cid_open(pid_of(s, SIDE), O_RDWR);
	long theirs = hand_over(NULL, fd, s->actor[USER]);

	ASSERT_LE(0, theirs);
	EXPECT_EQ(-EPERM, cid_do_text(s->actor[USER], do_write_fd, theirs, 0,
				      "new"));
	REFUSED(USER, pid_of(s, SIDE), CREATE, s->id[SIDE]);
	EXPECT_EQ(-EPERM, cid_do(s->actor[USER], do_read_fd, theirs, 0));
	close(fd);
}

/* A descriptor of a delegate's is worth no more in the hands of root. */
static void use_roots_hand(struct __test_metadata *const _metadata,
			   struct scene *s, enum who whose, const char *command,
			   const char *record)
{
	long theirs = cid_do(s->actor[USER], do_open, pid_of(s, whose), O_RDWR);
	long fd;

	ASSERT_LE(0, theirs);
	fd = hand_over(s->actor[USER], theirs, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, cid_write_fd(fd, command, strlen(command)));
	REFUSED_BY(getpid(), 0, pid_of(s, whose), "%s", record);
	close(fd);
}

ATTEMPT(delegate, have_root_label_the_outer_user)
{
	use_roots_hand(_metadata, s, PEER, "new", "create ocontid=\\?.*");
}

ATTEMPT(delegate, have_root_grant_more)
{
	use_roots_hand(_metadata, s, USER, "new delegate=100",
		       "create ocontid=\\?.*");
}

ATTEMPT(delegate, have_root_announce)
{
	use_roots_hand(_metadata, s, USER, "announce", "announce ocontid=\\?");
}

ATTEMPT(delegate, have_root_join)
{
	char join[40], record[80];

	snprintf(join, sizeof(join), "join %llu", s->id[SIDE]);
	snprintf(record, sizeof(record), JOIN, s->id[SIDE], s->id[USER]);
	use_roots_hand(_metadata, s, USER, join, record);
}

/* Two delegates do not add up. */
ATTEMPT(delegate, be_handed_the_file_of_another_grant)
{
	struct cid_agent *other = cid_start(&s->world, NULL);
	long theirs, fd;
	__u64 id;

	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, cid_write(other->pid, "new delegate=5"));
	id = made(_metadata, s, other->pid, 0);
	ASSERT_EQ(0, cid_do(other, do_become_rootless, 0, 0));
	theirs = cid_do(other, do_open, 0, O_RDWR);
	ASSERT_LE(0, theirs);
	fd = hand_over(other, theirs, s->actor[USER]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, cid_do_text(s->actor[USER], do_write_fd, fd, 0,
				      "new"));
	REFUSED(USER, other->pid, CREATE, id);
	EXPECT_EQ(id, cid_read(other->pid));
}

/* Opened in the old audit container, used in the new one. */
ATTEMPT(delegate, take_a_descriptor_down)
{
	struct cid_agent *child = cid_start(&s->world, s->actor[USER]);
	__u64 id;
	long fd;

	ASSERT_NE(NULL, child);
	fd = cid_do(child, do_open, pid_of(s, USER), O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, tell(child, 0, "new"));
	id = made(_metadata, s, child->pid, s->id[USER]);
	EXPECT_EQ(-EPERM, cid_do_text(child, do_write_fd, fd, 0, "join %llu",
				      id));
	REFUSED_BY(child->pid, id, pid_of(s, USER), JOIN, id, s->id[USER]);
	EXPECT_EQ(-EPERM, cid_do(child, do_read_fd, fd, 0));
}

/* The reverse: from a descendant to an ancestor. */
ATTEMPT(delegate, hand_a_descriptor_up)
{
	struct cid_agent *child = cid_start(&s->world, s->actor[USER]);
	long theirs, fd;
	__u64 id;

	ASSERT_NE(NULL, child);
	ASSERT_EQ(0, tell(child, 0, "new"));
	id = made(_metadata, s, child->pid, s->id[USER]);
	theirs = cid_do(child, do_open, pid_of(s, USER), O_RDWR);
	ASSERT_LE(0, theirs);
	fd = hand_over(child, theirs, s->actor[USER]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, cid_do_text(s->actor[USER], do_write_fd, fd, 0,
				      "join %llu", id));
	REFUSED(USER, pid_of(s, USER), JOIN, id, s->id[USER]);
}

ATTEMPT(delegate, be_run_by_the_kernel)
{
	EXPECT_EQ(-EACCES, cid_do_text(s->actor[USER], do_put_text, 0, 0,
				       "/proc/sys/kernel/core_pattern"));
}

ATTEMPT(delegate, proc_of_ones_own)
{
	struct cid_agent *one = start_apart(_metadata, s, s->actor[USER]);
	__u64 id;

	ASSERT_NE(NULL, one);
	ASSERT_EQ(0, cid_do_text(one, do_mount_proc, 0, 0, "%s", ""));
	EXPECT_EQ(-ENOENT, tell(one, pid_of(s, PEER), "new"));
	EXPECT_EQ(-EPERM, tell(one, 1, "join %llu", s->id[SIDE]));
	REFUSED_BY(one->pid, s->id[USER], one->pid, JOIN, s->id[SIDE],
		   s->id[USER]);
	EXPECT_EQ(0, tell(one, 1, "new"));
	id = made(_metadata, s, one->pid, s->id[USER]);
	EXPECT_EQ(id, cid_read(one->pid));
	EXPECT_EQ(0, cid_read(1));
}

/*
 * More than the budget
 */

/* Make a container for each of some children; the error of the first refusal. */
static long use_up(struct __test_metadata *const _metadata, struct scene *s,
		   struct cid_agent *by, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		struct cid_agent *child = cid_start(&s->world, by);
		long ret;

		ASSERT_NE(NULL, child);
		ret = tell(child, 0, "new");
		if (ret) {
			REFUSED_BY(child->pid, s->id[USER], child->pid, CREATE,
				   s->id[USER]);
			return ret;
		}
		made(_metadata, s, child->pid, s->id[USER]);
	}
	return 0;
}

ATTEMPT(delegate, overflow)
{
	struct cid_agent *child;

	EXPECT_EQ(-ENOSPC, use_up(_metadata, s, s->actor[USER], BUDGET + 1));
	/* It is nobody else's want. */
	child = cid_start(&s->world, s->actor[SIDE]);
	ASSERT_NE(NULL, child);
	EXPECT_EQ(0, tell(child, 0, "new"));
	made(_metadata, s, child->pid, s->id[SIDE]);
}

/* All at once. */
ATTEMPT(delegate, race_to_overflow)
{
	unsigned int round, n = cid_rounds(10);
	struct cid_agent *child[CID_AGENTS - ACTORS];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(child); i++) {
		child[i] = cid_start(&s->world, s->actor[USER]);
		ASSERT_NE(NULL, child[i]);
	}
	for (round = 0; round < n; round++) {
		int good = 0, full = 0;

		for (i = 0; i < ARRAY_SIZE(child); i++)
			cid_post(child[i], do_bomb, 2, ENOSPC, "new");
		for (i = 0; i < ARRAY_SIZE(child); i++) {
			long ret = cid_wait(child[i]);

			/* Each of these waits for its own two only. */
			ASSERT_LE(0, ret);
			good += ret;
			full += 2 - ret;
		}
		ASSERT_LE(BUDGET, good);
		ASSERT_LE(0, full);
		ASSERT_EQ(0, audit_drop(&s->log));
	}
}

/* Each is alive until all have tried. */
ATTEMPT(delegate, fork_bomb)
{
	struct cid_agent *child;

	EXPECT_EQ(BUDGET, cid_do_text(s->actor[USER], do_bomb, 40, ENOSPC,
				      "new"));
	EXPECT_EQ(BUDGET, cid_do_text(s->actor[USER], do_bomb, 40, ENOSPC,
				      "new name=bomb"));
	EXPECT_EQ(0, audit_sync(&s->log));
	EXPECT_EQ(2 * BUDGET, audit_count(&s->log, AUDIT_CONTAINER_OP,
					  "^op=create ocontid=[0-9]+ pcontid=%llu .* res=1$",
					  s->id[USER]));
	EXPECT_EQ(2 * BUDGET, audit_count(&s->log, AUDIT_CONTAINER_OP,
					  "^op=exit ocontid=[0-9]+ pcontid=%llu ",
					  s->id[USER]));
	EXPECT_EQ(2 * (40 - BUDGET),
		  audit_count(&s->log, AUDIT_CONTAINER_OP,
			      "^op=create ocontid=\\? .* res=0( contid=[0-9]+)?$"));
	audit_forget(&s->log);
	/* Others are as free as before. */
	child = cid_start(&s->world, s->actor[SIDE]);
	ASSERT_NE(NULL, child);
	EXPECT_EQ(0, tell(child, 0, "new"));
	made(_metadata, s, child->pid, s->id[SIDE]);
}

/* The delegation has the same number left as before, not more. */
ATTEMPT(delegate, wear_the_budget_out)
{
	unsigned int i, n = cid_rounds(16);

	for (i = 0; i < n; i++)
		ASSERT_EQ(1, cid_do_text(s->actor[USER], do_bomb, 1, 0, "new"));
	EXPECT_EQ(0, audit_drop(&s->log));
	EXPECT_EQ(BUDGET, cid_do_text(s->actor[USER], do_bomb, BUDGET + 3,
				      ENOSPC, "new"));
	EXPECT_EQ(0, audit_drop(&s->log));
}

/* A deeper delegatee cannot exceed the limit either. */
ATTEMPT(delegate, hide_in_the_depth)
{
	struct cid_agent *child = cid_start(&s->world, s->actor[USER]);
	struct cid_agent *below, *last;
	__u64 id, deep;

	ASSERT_NE(NULL, child);
	ASSERT_EQ(0, tell(child, 0, "new"));
	id = made(_metadata, s, child->pid, s->id[USER]);
	below = cid_start(&s->world, child);
	ASSERT_NE(NULL, below);
	ASSERT_EQ(0, tell(below, 0, "new"));
	deep = made(_metadata, s, below->pid, id);
	last = cid_start(&s->world, below);
	ASSERT_NE(NULL, last);
	EXPECT_EQ(-ENOSPC, tell(last, 0, "new"));
	REFUSED_BY(last->pid, deep, last->pid, CREATE, deep);
}

/* If an ancestor ends, the delegation remains. */
ATTEMPT(delegate, outlive_a_container)
{
	struct cid_agent *child = cid_start(&s->world, s->actor[USER]);
	struct cid_agent *below, *last;
	__u64 id, deep;

	ASSERT_NE(NULL, child);
	ASSERT_EQ(0, tell(child, 0, "new"));
	id = made(_metadata, s, child->pid, s->id[USER]);
	below = cid_start(&s->world, child);
	ASSERT_NE(NULL, below);
	ASSERT_EQ(0, cid_do(below, cid_do_outlive, 0, 0));
	ASSERT_EQ(0, tell(below, 0, "new"));
	deep = made(_metadata, s, below->pid, id);
	cid_end(child);
	below->by = NULL;
	last = cid_start(&s->world, below);
	ASSERT_NE(NULL, last);
	/* One of two was given back. */
	EXPECT_EQ(0, tell(last, 0, "new"));
	made(_metadata, s, last->pid, deep);
	EXPECT_EQ(-ENOSPC, use_up(_metadata, s, s->actor[USER], 1));
}

/*
 * A privileged member may delegate a larger limit, but the outer limit applies.
 */
ATTEMPT(delegate, be_granted_more_from_inside)
{
	struct cid_agent *root = cid_start(&s->world, NULL);
	__u64 id;

	ASSERT_NE(NULL, root);
	ASSERT_EQ(0, cid_write(root->pid, "join %llu", s->id[USER]));
	EXPECT_EQ(0, audit_drop(&s->log));
	ASSERT_EQ(0, tell(root, 0, "new delegate=1000"));
	id = made(_metadata, s, root->pid, s->id[USER]);
	EXPECT_EQ(BUDGET - 1, cid_do_text(root, do_bomb, 10, ENOSPC, "new"));
	EXPECT_EQ(0, audit_sync(&s->log));
	EXPECT_EQ(BUDGET - 1, audit_count(&s->log, AUDIT_CONTAINER_OP,
					  "^op=create ocontid=[0-9]+ pcontid=%llu .* res=1$",
					  id));
	audit_forget(&s->log);
}

ATTEMPT(delegate, fill_the_log)
{
	fill_the_log(_metadata, s, USER);
}

/*
 * The sum
 */

FIXTURE(attempts)
{
	int unused;
};

FIXTURE_SETUP(attempts)
{
}

FIXTURE_TEARDOWN(attempts)
{
}

/* Comes last. */
TEST_F(attempts, have_not_succeeded)
{
	EXPECT_LE(60, attempts->made)
		TH_LOG("not all attempts were made");
	printf("# %d attempts, %d succeeded\n", attempts->made,
	       attempts->succeeded);
	EXPECT_EQ(0, attempts->succeeded);
}

TEST_HARNESS_MAIN
