// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: a member that causes records as fast as it can, while the
 * audit daemon is slow
 *
 * It must not harm others: their actions are logged, or an announcement repairs
 * the log; memory does not grow without limit; and the host makes progress.
 *
 * AUDIT_CID_HOSTILE	seconds for each kind of record (3)
 */

#include <linux/if.h>
#include <spawn.h>
#include <time.h>

#include "daemon.h"
#include "grant.h"
#include "nft.h"

#define HOSTILE_TIMEOUT	3600
#define HOSTILES	2
#define BUDGET		4

/* Of the audit daemon: 1,000 records a second at most. */
#define SLOW_US		1000

/* In seconds: until the log is whole again. */
#define HEAL_MAX	120

/*
 * In kB: the queues of audit filled up to the backlog limit, and memory of
 * namespaces that is not freed yet.
 */
#define GROWTH_MAX	(64 << 10)

/* How much longer a program of the host's may take than beside busy loops. */
#define EXEC_RATIO	2

/* The number of programs that the host runs to measure the time of one. */
#define EXECS_MIN	12
#define EXECS_MAX	65536

static int *stop;

/*
 * The ways. Each is done over and over by a process that is root in a user
 * namespace of its own, and in a container with a grant.
 */

static void spin(void)
{
	int i;

	for (i = 0; i < 100000; i++)
		__asm__ __volatile__("" : : : "memory");
}

static void way_unshare(void)
{
	unshare(CLONE_NEWUTS);
}

static void way_clone(void)
{
	pid_t pid = cid_clone(CLONE_NEWUTS | CLONE_NEWIPC);

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void way_refused(void)
{
	cid_write(getpid(), "join 1");
}

static void way_containers(void)
{
	pid_t pid = fork();

	if (!pid) {
		cid_write(getpid(), "new name=evil");
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void way_tables(void)
{
	static const char name[] = "t contid=1";
	static int fd = -1;

	if (fd < 0 && !unshare(CLONE_NEWNET))
		fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			    NETLINK_NETFILTER);
	nft_table(fd, NFT_MSG_NEWTABLE, name);
	nft_table(fd, NFT_MSG_DELTABLE, name);
}

/* These records do not wait for room. */
static void way_promiscuous(void)
{
	static struct ifreq ifr = { .ifr_name = "lo" };
	static int fd = -1;

	if (fd < 0 && !unshare(CLONE_NEWNET))
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ifr.ifr_flags ^= IFF_PROMISC;
	ioctl(fd, SIOCSIFFLAGS, &ifr);
}

static void way_abort(void)
{
	pid_t pid = fork();

	if (!pid)
		do_abort(NULL, NULL);
	waitpid(pid, NULL, 0);
}

/* Do it until the test stops it. The argument points to the kind. */
static long do_way(struct cid_world *world, const struct cid_call *call)
{
	void (*way)(void) = (void (*)(void))call->x;
	long turns = 0;

	while (!get(stop)) {
		way();
		turns++;
	}
	return turns;
}

/* Measurements */

static long slab_kb(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	long kb = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Slab: %ld", &kb) == 1)
			break;
	if (file)
		fclose(file);
	return kb;
}

/* In seconds, of a program that does next to nothing. */
static double time_exec(void)
{
	char path[PATH_MAX], *argv[] = { "hold", "/dev/null", NULL };
	double start = now();
	int status;
	pid_t pid;

	cid_hold_path(path);
	if (posix_spawn(&pid, path, NULL, NULL, argv, NULL) ||
	    waitpid(pid, &status, 0) < 0 || status)
		return -1;
	return now() - start;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* How long each program of the host's took. */
struct execs {
	double		seconds[EXECS_MAX];
	unsigned int	count;
};

static double median(struct execs *execs)
{
	qsort(execs->seconds, execs->count, sizeof(*execs->seconds), compare);
	return execs->seconds[execs->count / 2];
}

/*
 * The test
 */

FIXTURE(hostile)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *daemon, *witness, *hostile[HOSTILES];
	unsigned int events;
	long slab, slab_max;
	struct execs busy, idle;
};

FIXTURE_VARIANT(hostile)
{
	void	(*way)(void);
};

#define HOSTILE(name)							\
	FIXTURE_VARIANT_ADD(hostile, name) { way_##name }

/* clang-format off */
HOSTILE(unshare);
HOSTILE(clone);
HOSTILE(refused);
HOSTILE(containers);
HOSTILE(tables);
HOSTILE(promiscuous);
HOSTILE(abort);
/* clang-format on */

static void start_hostiles(struct __test_metadata *const _metadata,
			   struct _test_data_hostile *self)
{
	int i;

	for (i = 0; i < HOSTILES; i++) {
		struct cid_agent *agent = cid_start(&self->world, NULL);

		ASSERT_NE(NULL, agent);
		ASSERT_EQ(0, cid_write(agent->pid, "new delegate=%d", BUDGET));
		ASSERT_EQ(0, cid_do(agent, do_become_rootless, 0, 0));
		self->hostile[i] = agent;
	}
}

FIXTURE_SETUP(hostile)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	view_setup(_metadata);
	stop = mmap(NULL, sizeof(*stop), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, stop);
	setup(_metadata, &self->world, &self->log);
	if (self->log.status.pid)
		SKIP(return, "an audit daemon is running: stop it");
	/* Only the log that the daemon has received counts. */
	ASSERT_EQ(0, audit_only(&self->log, 0));
	ASSERT_EQ(0, add_event_rule(&self->log));
	self->daemon = cid_start(&self->world, NULL);
	self->witness = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->daemon);
	ASSERT_NE(NULL, self->witness);
	ASSERT_EQ(0, cid_write(self->witness->pid, "new name=witness"));
	view->witness = cid_read(self->witness->pid);
	view->first = view->witness;
	start_hostiles(_metadata, self);
	view->pause_us = SLOW_US;
	ASSERT_EQ(0, cid_do(self->daemon, do_register, 0, 0));
}

FIXTURE_TEARDOWN(hostile)
{
	set(stop, 1);
	cid_do(self->daemon, do_unregister, 0, 0);
	teardown(&self->world, &self->log);
}

static long do_numbered_event(struct cid_world *world,
			      const struct cid_call *call)
{
	return syscall(__NR_getpgid, EVENT_MAGIC, call->x) < 0 ? 0 : -EIO;
}

/* Somebody else's container comes and goes, and an event. */
static void others(struct __test_metadata *const _metadata,
		   struct _test_data_hostile *self)
{
	pid_t pid = fork();

	if (!pid) {
		cid_write(getpid(), "new");
		_exit(0);
	}
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(0, cid_do(self->witness, do_numbered_event, self->events++,
			    0));
}

/* For some time, with all hostile members active. */
static void watch(struct __test_metadata *const _metadata,
		  struct _test_data_hostile *self, void (*way)(void),
		  double seconds, struct execs *execs)
{
	unsigned int least = execs->count + EXECS_MIN;
	double end = now() + seconds;
	long slab;
	int i;

	set(stop, 0);
	for (i = 0; i < HOSTILES; i++)
		cid_post(self->hostile[i], do_way, (long)way, 0, "%s", "");
	while ((now() < end || execs->count < least) &&
	       execs->count + 2 <= EXECS_MAX) {
		others(_metadata, self);
		for (i = 0; i < 2; i++)
			execs->seconds[execs->count++] = time_exec();
		slab = slab_kb();
		if (slab > self->slab_max)
			self->slab_max = slab;
	}
	set(stop, 1);
	for (i = 0; i < HOSTILES; i++)
		EXPECT_LT(0, cid_wait(self->hostile[i]));
}

/* Events of the witness that the daemon has not heard of. */
static unsigned int count_missing(const struct _test_data_hostile *self)
{
	unsigned int missing = 0, i;

	for (i = 0; i < self->events && i < DAEMON_EVENTS; i++)
		missing += !get(&view->event[i]);
	return missing;
}

/* Containers that have ended, and the daemon does not know. */
static unsigned int count_unknown(__u64 after, __u64 before)
{
	unsigned int unknown = 0;
	__u64 id;

	for (id = after + 1; id < before; id++)
		unknown += !daemon_knows_end(id);
	return unknown;
}

/* One that is made now has an ID that is larger than all others. */
static __u64 newest(struct __test_metadata *const _metadata,
		    struct _test_data_hostile *self)
{
	struct cid_agent *agent = cid_start(&self->world, NULL);

	EXPECT_EQ(0, cid_write(agent->pid, "new"));
	return cid_read(agent->pid);
}

TEST_F_TIMEOUT(hostile, does_no_harm, HOSTILE_TIMEOUT)
{
	double seconds = cid_number("AUDIT_CID_HOSTILE", 3), idle, busy, end;
	__u64 last = cid_read(self->hostile[HOSTILES - 1]->pid), next;
	unsigned int lost = audit_lost(), unknown, missing, absent, events;
	long grown;

	watch(_metadata, self, spin, seconds / 6, &self->idle);
	self->slab = slab_kb();
	self->slab_max = self->slab;
	watch(_metadata, self, variant->way, seconds, &self->busy);
	view->pause_us = 0;
	next = newest(_metadata, self);
	lost = audit_lost() - lost;
	end = now() + HEAL_MAX;
	do {
		usleep(10000);
		unknown = count_unknown(last, next);
		missing = lost ? 0 : count_missing(self);
	} while ((unknown || missing) && now() < end);
	absent = count_missing(self);
	events = self->events;
	grown = self->slab_max - self->slab;
	/* Again, as other guests may have come or gone */
	watch(_metadata, self, spin, seconds / 6, &self->idle);
	idle = median(&self->idle);
	busy = median(&self->busy);
	EXPECT_EQ(0, unknown);
	EXPECT_EQ(0, missing);
	EXPECT_GT(GROWTH_MAX, grown);
	EXPECT_GT(EXEC_RATIO, busy / idle);
	printf("# %lu records, %u lost, %u of %u events missing\n",
	       get(&view->records), lost, absent, events);
	printf("# slab: +%ld kB; exec: %.2f ms, beside busy loops: %.2f ms, %u and %u of them\n",
	       grown, 1e3 * busy, 1e3 * idle,
	       self->busy.count, self->idle.count);
}

TEST_HARNESS_MAIN
