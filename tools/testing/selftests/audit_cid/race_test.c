// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: writes at the same time as other actions of the target
 *
 * Each test ends with a check of all IDs: each was created once and ended once,
 * in this order, and cannot be joined any more. AUDIT_CID_RACES sets the number
 * of rounds.
 */

#include "accounts.h"

/* For long runs. In a short run, the user notices a hang. */
#define RACE_TIMEOUT	7200

/* Without any, a test would pass without having tested. */
static unsigned int races(unsigned int fallback)
{
	return cid_number("AUDIT_CID_RACES", fallback) ?: fallback;
}

/*
 * Processes of little cost, since it takes many: they share the memory of the
 * test, errno included, and so make no system call that could fail.
 */

enum kind { PLAIN, THREADS, LEADERLESS };

struct brief {
	pid_t		pid;
	int		pipe[2];
	enum kind	kind;
	unsigned int	turns;
	int		ready;
	char		stack[2][16384];
};

#define THREAD	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |	\
		 CLONE_SYSVSEM | CLONE_THREAD)

static char *top(char (*stack)[16384])
{
	/* Aligned down, as some architectures require. */
	return *stack + (sizeof(*stack) - (uintptr_t)*stack % 16);
}

/* Let others run for a while that differs from round to round. */
static void dawdle(unsigned int turns)
{
	while (turns--)
		sched_yield();
}

static int brief_wait(void *arg)
{
	struct brief *brief = arg;
	char go;

	__atomic_store_n(&brief->ready, 1, __ATOMIC_SEQ_CST);
	while (read(brief->pipe[0], &go, 1) != 1)
		;
	dawdle(brief->turns);
	syscall(__NR_exit_group, 0);
	return 0;
}

static int brief_idle(void *unused)
{
	for (;;)
		pause();
	return 0;
}

static int brief_main(void *arg)
{
	struct brief *brief = arg;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (brief->kind == PLAIN)
		return brief_wait(arg);
	clone(brief->kind == THREADS ? brief_idle : brief_wait,
	      top(&brief->stack[1]), THREAD, arg);
	if (brief->kind == THREADS)
		return brief_wait(arg);
	syscall(__NR_exit, 0);
	return 0;
}

static pid_t brief_start(struct brief *brief, enum kind kind)
{
	brief->kind = kind;
	brief->ready = 0;
	brief->pid = clone(brief_main, top(&brief->stack[0]),
			   CLONE_VM | SIGCHLD, brief);
	while (brief->pid > 0 &&
	       !__atomic_load_n(&brief->ready, __ATOMIC_SEQ_CST))
		sched_yield();
	return brief->pid;
}

static int brief_reap(struct brief *brief)
{
	int ret = waitpid(brief->pid, NULL, 0);

	brief->pid = 0;
	return ret;
}

static int brief_kill(struct brief *brief)
{
	kill(brief->pid, SIGKILL);
	return brief_reap(brief);
}

/* Let it exit, some time from now. */
static void brief_end(struct brief *brief, unsigned int turns)
{
	brief->turns = turns;
	while (write(brief->pipe[1], "", 1) != 1)
		;
}

FIXTURE(race)
{
	struct cid_world world;
	struct audit_log log;
	struct accounts acc;
	struct brief member, target;
};

FIXTURE_SETUP(race)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	cid_setup(_metadata, &self->world);
	audit_setup(_metadata, &self->log);
	ASSERT_EQ(0, audit_only(&self->log, AUDIT_CONTAINER_OP));
	ASSERT_EQ(0, pipe(self->member.pipe));
	ASSERT_EQ(0, pipe(self->target.pipe));
}

FIXTURE_TEARDOWN(race)
{
	if (self->member.pid > 0)
		kill(self->member.pid, SIGKILL);
	if (self->target.pid > 0)
		kill(self->target.pid, SIGKILL);
	audit_close(&self->log);
	cid_teardown(&self->world);
}

static void close_accounts(struct __test_metadata *const _metadata,
			   struct cid_world *world, struct audit_log *log,
			   struct accounts *acc)
{
	struct cid_agent *spare;
	size_t i;

	/*
	 * End all agents that are left, and the processes that they have left.
	 */
	for (i = 0; i < CID_AGENTS; i++)
		if (world->agent[i].pid)
			kill(world->agent[i].pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	for (i = 0; i < CID_AGENTS; i++)
		world->agent[i].pid = 0;

	ASSERT_EQ(0, audit_sync(log));
	account_log(acc, log);
	printf("# %lu containers\n", acc->created);
	EXPECT_LT(0, acc->created);
	EXPECT_EQ(acc->created, acc->ended);
	EXPECT_EQ(0, acc->wrong);

	spare = cid_start(world, NULL);
	ASSERT_NE(NULL, spare);
	for (i = 0; i < acc->size; i++) {
		if (acc->life[i] == UNKNOWN)
			continue;
		ASSERT_EQ(-ESRCH, cid_write(spare->pid, "join %lu",
					    acc->first + i));
	}
	free(acc->life);
}

static long do_write_soon(struct cid_world *world, const struct cid_call *call)
{
	dawdle(call->y);
	return cid_write(call->x, "%s", call->text);
}

/*
 * A container is named while its last member exits
 */

/* Either it is in, and the container is live, or nothing has happened. */
static void check_found(struct __test_metadata *const _metadata, pid_t target,
			long id, int ret, bool join)
{
	long here = cid_read(target);

	if (ret) {
		ASSERT_EQ(-ESRCH, ret);
		ASSERT_EQ(0, here);
		return;
	}
	ASSERT_EQ(true, join ? here == id : here > id);
	/* Its own: refused, but found. */
	ASSERT_EQ(-EPERM, cid_write(target, "join %ld", here));
}

static void last_exit(struct __test_metadata *const _metadata,
		      struct _test_data_race *self, enum kind kind,
		      const char *command)
{
	struct brief *member = &self->member, *target = &self->target;
	unsigned int found = 0, n = races(300), i;

	for (i = 0; i < n; i++) {
		long id;
		int ret;

		if (!target->pid)
			ASSERT_LT(0, brief_start(target, PLAIN));
		ASSERT_LT(0, brief_start(member, kind));
		ASSERT_EQ(0, cid_write(member->pid, "new"));
		id = cid_read(member->pid);
		brief_end(member, i % 7);
		dawdle(i % 5);
		ret = cid_write(target->pid, "%s%ld", command, id);
		brief_reap(member);

		check_found(_metadata, target->pid, id, ret,
			    command[0] == 'j');
		if (!ret) {
			found++;
			brief_kill(target);
		}
		keep_up(_metadata, &self->log, &self->acc);
	}
	printf("# found %u of %u\n", found, n);
	if (target->pid)
		brief_kill(target);
	close_accounts(_metadata, &self->world, &self->log, &self->acc);
}

TEST_F_TIMEOUT(race, join_and_last_exit, RACE_TIMEOUT)
{
	last_exit(_metadata, self, PLAIN, "join ");
}

TEST_F_TIMEOUT(race, join_and_last_exit_of_threads, RACE_TIMEOUT)
{
	last_exit(_metadata, self, THREADS, "join ");
}

TEST_F_TIMEOUT(race, join_and_last_exit_leaderless, RACE_TIMEOUT)
{
	last_exit(_metadata, self, LEADERLESS, "join ");
}

TEST_F_TIMEOUT(race, parent_and_last_exit, RACE_TIMEOUT)
{
	last_exit(_metadata, self, PLAIN, "new parent=");
}

TEST_F_TIMEOUT(race, parent_and_last_exit_leaderless, RACE_TIMEOUT)
{
	last_exit(_metadata, self, LEADERLESS, "new parent=");
}

/* Two writers for the same target */

TEST_F_TIMEOUT(race, two_make_containers, RACE_TIMEOUT)
{
	struct cid_agent *writer = cid_start(&self->world, NULL);
	struct brief *target = &self->target;
	unsigned int i, n = races(500);
	long before, after;

	ASSERT_NE(NULL, writer);
	for (i = 0; i < n; i++) {
		/* Two levels per round. */
		if (i % (AUDIT_CID_DEPTH_MAX / 2) == 0) {
			if (target->pid)
				brief_kill(target);
			ASSERT_LT(0, brief_start(target, PLAIN));
		}
		before = cid_read(target->pid);
		cid_post(writer, do_write_soon, target->pid, i % 3, "new");
		dawdle(i % 5);
		ASSERT_EQ(0, cid_write(target->pid, "new"));
		ASSERT_EQ(0, cid_wait(writer));
		after = cid_read(target->pid);
		ASSERT_LE(before + 2, after);
		keep_up(_metadata, &self->log, &self->acc);
	}
	brief_kill(target);
	close_accounts(_metadata, &self->world, &self->log, &self->acc);
}

TEST_F_TIMEOUT(race, one_joins_one_makes, RACE_TIMEOUT)
{
	struct cid_agent *writer = cid_start(&self->world, NULL);
	struct brief *member = &self->member, *target = &self->target;
	unsigned int i, n = races(300), first = 0;
	int made, joined;
	long id;

	ASSERT_NE(NULL, writer);
	ASSERT_LT(0, brief_start(member, PLAIN));
	ASSERT_EQ(0, cid_write(member->pid, "new"));
	id = cid_read(member->pid);
	for (i = 0; i < n; i++) {
		ASSERT_LT(0, brief_start(target, PLAIN));
		cid_post(writer, do_write_soon, target->pid, i % 3, "new");
		dawdle(i % 5);
		joined = cid_write(target->pid, "join %ld", id);
		made = cid_wait(writer);

		/*
		 * The new audit container is a child of the joined one, or the
		 * join fails.
		 */
		ASSERT_EQ(0, made);
		ASSERT_EQ(true, !joined || joined == -EPERM);
		ASSERT_LT(id, cid_read(target->pid));
		first += !joined;
		brief_kill(target);
		keep_up(_metadata, &self->log, &self->acc);
	}
	printf("# joined first in %u of %u\n", first, n);
	brief_kill(member);
	close_accounts(_metadata, &self->world, &self->log, &self->acc);
}

/*
 * The target exits, or executes
 */

static void target_exit(struct __test_metadata *const _metadata,
			struct _test_data_race *self, enum kind kind)
{
	struct brief *target = &self->target;
	unsigned int i, n = races(300), moved = 0;
	int fd, ret;

	for (i = 0; i < n; i++) {
		ASSERT_LT(0, brief_start(target, kind));
		fd = cid_open(target->pid, O_RDWR);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, cid_write_fd(fd, "new", 3));
		brief_end(target, i % 7);
		dawdle(i % 5);
		do {
			ret = cid_write_fd(fd, "new", 3);
			moved += !ret;
		} while (!ret || ret == -ENOSPC);
		ASSERT_EQ(-ESRCH, ret);
		brief_reap(target);
		ASSERT_EQ(-ESRCH, cid_write_fd(fd, "new", 3));
		close(fd);
		keep_up(_metadata, &self->log, &self->acc);
	}
	printf("# moved %u times in %u\n", moved, n);
	close_accounts(_metadata, &self->world, &self->log, &self->acc);
}

TEST_F_TIMEOUT(race, target_exits, RACE_TIMEOUT)
{
	target_exit(_metadata, self, PLAIN);
}

TEST_F_TIMEOUT(race, target_with_threads_exits, RACE_TIMEOUT)
{
	target_exit(_metadata, self, THREADS);
}

TEST_F_TIMEOUT(race, target_without_leader_exits, RACE_TIMEOUT)
{
	target_exit(_metadata, self, LEADERLESS);
}

/* Whether an agent has answered; takes the answer. */
static bool answered(struct cid_agent *agent, long *ret)
{
	return recv(agent->sock[0], ret, sizeof(*ret), MSG_DONTWAIT) ==
	       sizeof(*ret);
}

/*
 * A process whose leader is being replaced by another thread is alive: for a
 * file that is open. A look-up that finds the old leader, and then that it is
 * gone, is ENOENT in any file of /proc.
 */
TEST_F_TIMEOUT(race, target_executes, RACE_TIMEOUT)
{
	unsigned int i, n = races(200) / 4;
	int fd, ret;
	long seen;

	for (i = 0; i < n; i++) {
		struct cid_agent *target = cid_start(&self->world, NULL);

		ASSERT_NE(NULL, target);
		fd = cid_open(target->pid, O_RDWR);
		ASSERT_LE(0, fd);
		cid_post(target, cid_do_exec, true, 0, "%s", "");
		while (!answered(target, &seen)) {
			ret = cid_write_fd(fd, "new", 3);
			ASSERT_EQ(true, !ret || ret == -ENOSPC)
				TH_LOG("write to a process in exec: %d", ret);
			ret = cid_write(target->pid, "new");
			ASSERT_EQ(true, !ret || ret == -ENOSPC || ret == -ENOENT)
				TH_LOG("open and write in exec: %d", ret);
			dawdle(1 + i % 5);
		}
		ASSERT_LE(0, seen);
		ASSERT_LE(seen, cid_read(target->pid));
		close(fd);
		cid_end(target);
		keep_up(_metadata, &self->log, &self->acc);
	}
	close_accounts(_metadata, &self->world, &self->log, &self->acc);
}

/*
 * Storms
 */

/*
 * fork() would have the same effect on IDs and take longer. It also crashes
 * user-mode Linux 6.12, because flush_tlb_mm() there does not expect the state
 * that a fork leaves if it is killed in dup_mmap().
 */
static void *forks(void *unused)
{
	for (;;) {
		pid_t pid = vfork();

		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	return NULL;
}

static void *nothing(void *unused)
{
	return NULL;
}

static void *threads(void *unused)
{
	pthread_t thread;

	for (;;)
		if (!pthread_create(&thread, NULL, nothing, NULL))
			pthread_join(thread, NULL);
	return NULL;
}

static long do_storm(struct cid_world *world, const struct cid_call *call)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, threads, NULL) ||
	    pthread_create(&thread, NULL, threads, NULL) ||
	    pthread_create(&thread, NULL, forks, NULL) ||
	    pthread_create(&thread, NULL, forks, NULL))
		return -EAGAIN;
	return 0;
}

/* It is moved down some levels, and then killed in the middle of it all. */
TEST_F_TIMEOUT(race, storm, RACE_TIMEOUT)
{
	struct cid_agent *member = cid_start(&self->world, NULL);
	unsigned int i, j, n = races(200) / 8;
	long id;

	ASSERT_NE(NULL, member);
	ASSERT_EQ(0, cid_write(member->pid, "new"));
	id = cid_read(member->pid);
	for (i = 0; i < n; i++) {
		struct cid_agent *target = cid_start(&self->world, NULL);

		ASSERT_NE(NULL, target);
		ASSERT_EQ(0, cid_do(target, do_storm, 0, 0));
		dawdle(i % 5);
		if (i % 2)
			ASSERT_EQ(0, cid_write(target->pid, "join %ld", id));
		for (j = 0; j < 8; j++) {
			ASSERT_EQ(0, cid_write(target->pid, "new"));
			dawdle(1 + (i + j) % 3);
		}
		cid_kill(target);
		keep_up(_metadata, &self->log, &self->acc);
	}
	close_accounts(_metadata, &self->world, &self->log, &self->acc);
}

TEST_HARNESS_MAIN
