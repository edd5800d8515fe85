// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: writes against everything that a target may be doing
 *
 * Each test ends with the accounts: every ID was created once and ended once,
 * in this order, and none can be joined any more.
 *
 * AUDIT_CID_ROUNDS sets the number of rounds, for a long run.
 */

#include "audit.h"

/* For long runs; a hang of a short one is for who runs it to notice. */
#define RACE_TIMEOUT	7200

/* What the log says of an ID. */
enum life { UNKNOWN, CREATED, ENDED };

struct accounts {
	unsigned long	first;
	unsigned char	*life;
	size_t		size;
	unsigned long	created;
	unsigned long	ended;
	unsigned long	wrong;
};

static unsigned int rounds(unsigned int fallback)
{
	const char *text = getenv("AUDIT_CID_ROUNDS");
	unsigned int wanted = text ? strtoul(text, NULL, 0) : 0;

	return wanted ?: fallback;
}

static void account(struct accounts *acc, unsigned long id, enum life life)
{
	size_t at;

	if (!acc->first)
		acc->first = id;
	at = id - acc->first;
	if (at >= acc->size) {
		size_t size = 2 * at + 4096;

		acc->life = realloc(acc->life, size);
		memset(acc->life + acc->size, UNKNOWN, size - acc->size);
		acc->size = size;
	}
	/* From unknown to created to ended, and no other way. */
	if (acc->life[at] != life - 1) {
		printf("# ID %lu: from state %d to %d\n", id, acc->life[at],
		       life);
		acc->wrong++;
	}
	acc->life[at] = life;
}

/* Enter what is in the log, and drop it. */
static void account_log(struct accounts *acc, struct audit_log *log)
{
	unsigned long id;
	size_t i;

	for (i = 0; i < log->count; i++) {
		const char *text = log->record[i].text;

		/* Refused ones have no number, or were no creation. */
		if (sscanf(text, "op=create ocontid=%lu", &id) == 1) {
			account(acc, id, CREATED);
			acc->created++;
		} else if (sscanf(text, "op=exit ocontid=%lu", &id) == 1) {
			account(acc, id, ENDED);
			acc->ended++;
		}
	}
	audit_forget(log);
}

FIXTURE(race)
{
	struct cid_world world;
	struct audit_log log;
	struct accounts acc;
	struct cid_agent *spare;
};

static void setup(struct __test_metadata *const _metadata,
		  struct cid_world *world, struct audit_log *log)
{
	cid_setup(_metadata, world);
	audit_setup(_metadata, log);
	ASSERT_EQ(0, audit_only(log, AUDIT_CONTAINER_OP));
}

/* Read along, or the log would take all of the memory in the end. */
static void keep_up(struct __test_metadata *const _metadata,
		    struct audit_log *log, struct accounts *acc)
{
	int ret;

	do {
		ret = audit_receive(log, 0);
		ASSERT_LE(0, ret);
	} while (ret);
	account_log(acc, log);
}

static void close_accounts(struct __test_metadata *const _metadata,
			   struct cid_world *world, struct audit_log *log,
			   struct accounts *acc)
{
	struct cid_agent *spare;
	size_t i;

	/* End all agents that are still there, and what they left behind. */
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

/* Let others run for a while that differs from round to round. */
static void dawdle(unsigned int turns)
{
	while (turns--)
		sched_yield();
}

static long do_exit_soon(struct cid_world *world, const struct cid_call *call)
{
	dawdle(call->x);
	_exit(0);
}

static long do_write_soon(struct cid_world *world, const struct cid_call *call)
{
	dawdle(call->y);
	return cid_write(call->x, "%s", call->text);
}

static long do_nothing(struct cid_world *world, const struct cid_call *call)
{
	return 0;
}

FIXTURE_SETUP(race)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
}

FIXTURE_TEARDOWN(race)
{
	audit_close(&self->log);
	cid_teardown(&self->world);
}

/*
 * A container is named while its last member exits
 */

FIXTURE(last_exit)
{
	struct cid_world world;
	struct audit_log log;
	struct accounts acc;
};

FIXTURE_VARIANT(last_exit)
{
	cid_fn		prepare;
	const char	*command;
};

#define LAST_EXIT(name, ...)						\
	FIXTURE_VARIANT_ADD(last_exit, name) { __VA_ARGS__ }

LAST_EXIT(join, do_nothing, "join ");
LAST_EXIT(join_threads, cid_do_thread, "join ");
LAST_EXIT(join_leaderless, cid_do_leader_exit, "join ");
LAST_EXIT(parent, do_nothing, "new parent=");
LAST_EXIT(parent_threads, cid_do_thread, "new parent=");

FIXTURE_SETUP(last_exit)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
}

FIXTURE_TEARDOWN(last_exit)
{
	audit_close(&self->log);
	cid_teardown(&self->world);
}

/* Either it is in, and the container is live, or nothing has happened. */
static void check_joined(struct __test_metadata *const _metadata, pid_t target,
			 long id, int ret, bool join)
{
	if (!ret) {
		ASSERT_EQ(true, join ? cid_read(target) == id :
				       cid_read(target) > id);
		/* Its own: refused, but found. */
		ASSERT_EQ(-EPERM, cid_write(target, "join %ld",
					    cid_read(target)));
		return;
	}
	ASSERT_EQ(-ESRCH, ret);
	ASSERT_EQ(0, cid_read(target));
}

TEST_F_TIMEOUT(last_exit, finds_it_or_not, RACE_TIMEOUT)
{
	bool join = variant->command[0] == 'j';
	struct cid_agent *target = NULL;
	unsigned int found = 0, n = rounds(250), i;

	for (i = 0; i < n; i++) {
		struct cid_agent *member = cid_start(&self->world, NULL);
		long id;
		int ret;

		if (!target)
			target = cid_start(&self->world, NULL);
		ASSERT_NE(NULL, member);
		ASSERT_NE(NULL, target);
		ASSERT_LE(0, cid_do(member, variant->prepare, 0, 0));
		ASSERT_EQ(0, cid_write(member->pid, "new"));
		id = cid_read(member->pid);
		cid_post(member, do_exit_soon, i % 7, 0, "%s", "");
		dawdle(i % 5);
		ret = cid_write(target->pid, "%s%ld", variant->command, id);
		cid_reap(member);

		check_joined(_metadata, target->pid, id, ret, join);
		if (!ret) {
			found++;
			cid_kill(target);
			target = NULL;
		}
		keep_up(_metadata, &self->log, &self->acc);
	}
	printf("# found %u of %u\n", found, n);
	close_accounts(_metadata, &self->world, &self->log, &self->acc);
}

/*
 * Two writers and one target
 */

TEST_F_TIMEOUT(race, two_make_containers, RACE_TIMEOUT)
{
	struct cid_agent *writer = cid_start(&self->world, NULL);
	struct cid_agent *target = NULL;
	unsigned int i, n = rounds(1000);
	long before, after;

	ASSERT_NE(NULL, writer);
	for (i = 0; i < n; i++) {
		/* Two levels per round. */
		if (i % (AUDIT_CID_DEPTH_MAX / 2) == 0) {
			if (target)
				cid_kill(target);
			target = cid_start(&self->world, NULL);
			ASSERT_NE(NULL, target);
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
	/* Both have nested: one more round would be too deep. */
	close_accounts(_metadata, &self->world, &self->log, &self->acc);
}

TEST_F_TIMEOUT(race, one_joins_one_makes, RACE_TIMEOUT)
{
	struct cid_agent *writer = cid_start(&self->world, NULL);
	struct cid_agent *member = cid_start(&self->world, NULL);
	unsigned int i, n = rounds(500), first = 0;
	int made, joined;
	long id, after;

	ASSERT_NE(NULL, writer);
	ASSERT_NE(NULL, member);
	ASSERT_EQ(0, cid_write(member->pid, "new"));
	id = cid_read(member->pid);
	for (i = 0; i < n; i++) {
		struct cid_agent *target = cid_start(&self->world, NULL);

		ASSERT_NE(NULL, target);
		cid_post(writer, do_write_soon, target->pid, i % 3, "new");
		dawdle(i % 5);
		joined = cid_write(target->pid, "join %ld", id);
		made = cid_wait(writer);
		after = cid_read(target->pid);

		/* The new one is below the joined one, or keeps it out. */
		ASSERT_EQ(0, made);
		ASSERT_EQ(true, !joined || joined == -EPERM);
		ASSERT_LT(id, after);
		first += !joined;
		cid_kill(target);
		keep_up(_metadata, &self->log, &self->acc);
	}
	printf("# joined first in %u of %u\n", first, n);
	close_accounts(_metadata, &self->world, &self->log, &self->acc);
}

/*
 * The target exits, or executes
 */

FIXTURE(target_exit)
{
	struct cid_world world;
	struct audit_log log;
	struct accounts acc;
};

FIXTURE_VARIANT(target_exit)
{
	cid_fn prepare;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(target_exit, plain) { do_nothing };
FIXTURE_VARIANT_ADD(target_exit, threads) { cid_do_thread };
FIXTURE_VARIANT_ADD(target_exit, leaderless) { cid_do_leader_exit };
/* clang-format on */

FIXTURE_SETUP(target_exit)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
}

FIXTURE_TEARDOWN(target_exit)
{
	audit_close(&self->log);
	cid_teardown(&self->world);
}

TEST_F_TIMEOUT(target_exit, moves_or_not, RACE_TIMEOUT)
{
	unsigned int i, n = rounds(250);
	int fd, ret;

	for (i = 0; i < n; i++) {
		struct cid_agent *target = cid_start(&self->world, NULL);

		ASSERT_NE(NULL, target);
		ASSERT_LE(0, cid_do(target, variant->prepare, 0, 0));
		fd = cid_open(target->pid, O_RDWR);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, cid_write_fd(fd, "new", 3));
		cid_post(target, do_exit_soon, i % 7, 0, "%s", "");
		dawdle(i % 5);
		do {
			ret = cid_write_fd(fd, "new", 3);
		} while (!ret || ret == -ENOSPC);
		ASSERT_EQ(-ESRCH, ret);
		cid_reap(target);
		ASSERT_EQ(-ESRCH, cid_write_fd(fd, "new", 3));
		close(fd);
		keep_up(_metadata, &self->log, &self->acc);
	}
	close_accounts(_metadata, &self->world, &self->log, &self->acc);
}

/* Whether an agent has answered; takes the answer. */
static bool answered(struct cid_agent *agent, long *ret)
{
	return recv(agent->sock[0], ret, sizeof(*ret), MSG_DONTWAIT) ==
	       sizeof(*ret);
}

/* A process whose leader is being replaced by another thread is alive. */
TEST_F_TIMEOUT(race, target_executes, RACE_TIMEOUT)
{
	unsigned int i, n = rounds(400) / 4;
	long seen;
	int ret;

	for (i = 0; i < n; i++) {
		struct cid_agent *target = cid_start(&self->world, NULL);

		ASSERT_NE(NULL, target);
		cid_post(target, cid_do_exec, true, 0, "%s", "");
		while (!answered(target, &seen)) {
			ret = cid_write(target->pid, "new");
			ASSERT_EQ(true, !ret || ret == -ENOSPC)
				TH_LOG("write to a process in exec: %d", ret);
			dawdle(1 + i % 5);
		}
		ASSERT_LE(0, seen);
		ASSERT_LE(seen, cid_read(target->pid));
		cid_end(target);
		keep_up(_metadata, &self->log, &self->acc);
	}
	close_accounts(_metadata, &self->world, &self->log, &self->acc);
}

/*
 * Storms
 */

/*
 * fork() would do the same to IDs and take longer. It also kills user-mode
 * Linux 6.12, whose flush_tlb_mm() cannot take what a fork that is killed in
 * dup_mmap() leaves behind.
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
	unsigned int i, j, n = rounds(400) / 8;
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
