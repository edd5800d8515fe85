// SPDX-License-Identifier: GPL-2.0-only
/* Audit container ID: inheritance, through each way to make a task */

#include <linux/sched.h>

#include "cid.h"
#include "uring.h"

/* A container for an agent. Returns its ID or a negative error. */
static long make_container(struct cid_agent *agent)
{
	long ret = cid_write(agent->pid, "new");

	return ret ?: cid_read(agent->pid);
}

static long read_self(void)
{
	int fd = open("/proc/self/audit_containerid", O_RDONLY | O_CLOEXEC);
	long ret = fd < 0 ? -errno : cid_read_fd(fd);

	close(fd);
	return ret;
}

/* For cid_each_thread(): which threads it is to count. */

static int has_id(pid_t tid, long id)
{
	return cid_read(tid) != id;
}

static int has_other(pid_t tid, long id)
{
	long seen = cid_read(tid);

	/* A thread that has exited meanwhile does not have an ID. */
	return seen < 0 || seen == id;
}

static int any(pid_t tid, long unused)
{
	return 0;
}

/* Memory that the test, its agents and their children share. */
struct shared {
	long	seen;	/* the ID that a child found itself with */
	long	known;	/* an ID that the target is known to have */
	int	stop;
	int	forks;
	int	threads;
	int	wrong;
};

static struct shared *shared;

#define get(p)		__atomic_load_n(p, __ATOMIC_SEQ_CST)
#define set(p, v)	__atomic_store_n(p, v, __ATOMIC_SEQ_CST)
#define count(p)	__atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST)

static void setup(struct __test_metadata *const _metadata,
		  struct cid_world *world)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	cid_setup(_metadata, world);
}

/*
 * Every way to make a process
 */

FIXTURE(born)
{
	struct cid_world world;
	struct cid_agent *agent;
};

FIXTURE_VARIANT(born)
{
	__u64	flags;
	bool	clone3;
	bool	blind;	/* cannot read its own ID */
};

#define BORN(name, ...)							\
	FIXTURE_VARIANT_ADD(born, name) { __VA_ARGS__ }

BORN(fork, 0);
BORN(vfork, CLONE_VM | CLONE_VFORK);
BORN(share_memory, CLONE_VM);
BORN(share_all, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND);
BORN(sibling, CLONE_PARENT);
BORN(pid_namespace, CLONE_NEWPID);
BORN(user_namespace, CLONE_NEWUSER, .blind = true);
BORN(clone3, 0, .clone3 = true);
BORN(clone3_sibling, CLONE_PARENT, .clone3 = true);
BORN(clone3_handlers, CLONE_CLEAR_SIGHAND, .clone3 = true);

FIXTURE_SETUP(born)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world);
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
}

FIXTURE_TEARDOWN(born)
{
	cid_teardown(&self->world);
	munmap(shared, sizeof(*shared));
}

static int child_main(void *once)
{
	set(&shared->seen, read_self());
	while (!once)
		pause();
	_exit(0);
}

/* Make a child with flags x, by clone3() if y. Returns its process ID. */
static long do_clone(struct cid_world *world, const struct cid_call *call)
{
	static char stack[65536];
	void *once = call->x & CLONE_VFORK ? stack : NULL;
	/* Aligned down: the child starts at its end. */
	char *top = stack + sizeof(stack) - (uintptr_t)stack % 16;
	struct clone_args args = {
		.flags = call->x,
		.exit_signal = call->x & CLONE_PARENT ? 0 : SIGCHLD,
	};
	pid_t pid;

	set(&shared->seen, LONG_MIN);
	if (call->y) {
		pid = syscall(__NR_clone3, &args, sizeof(args));
		if (!pid)
			child_main(once);
	} else {
		pid = clone(child_main, top, call->x | SIGCHLD, once);
	}
	if (pid < 0)
		return -errno;
	while (get(&shared->seen) == LONG_MIN)
		sched_yield();
	return pid;
}

TEST_F(born, inherits)
{
	long id = make_container(self->agent);
	long pid;

	ASSERT_LT(0, id);
	pid = cid_do(self->agent, do_clone, variant->flags, variant->clone3);
	if (pid == -ENOSYS || (variant->blind && pid < 0))
		SKIP(return, "clone: %s", strerror(-pid));
	ASSERT_LT(0, pid);
	self->world.stray = pid;

	EXPECT_EQ(variant->blind ? -EPERM : id, get(&shared->seen));
	if (!(variant->flags & CLONE_VFORK))
		EXPECT_EQ(id, cid_read(pid));
}

/*
 * Families
 */

FIXTURE(family)
{
	struct cid_world world;
	struct cid_agent *agent;
};

FIXTURE_SETUP(family)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world);
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
}

FIXTURE_TEARDOWN(family)
{
	cid_teardown(&self->world);
	munmap(shared, sizeof(*shared));
}

TEST_F(family, earlier_children_keep_theirs)
{
	struct cid_agent *early, *late, *grandchild;
	long first, second;

	early = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, early);
	first = make_container(self->agent);
	ASSERT_LT(0, first);
	EXPECT_EQ(0, cid_read(early->pid));

	late = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, late);
	EXPECT_EQ(first, cid_read(late->pid));
	second = make_container(self->agent);
	EXPECT_LT(first, second);
	EXPECT_EQ(0, cid_read(early->pid));
	EXPECT_EQ(first, cid_read(late->pid));

	grandchild = cid_start(&self->world, early);
	ASSERT_NE(NULL, grandchild);
	EXPECT_EQ(0, cid_read(grandchild->pid));
	grandchild = cid_start(&self->world, late);
	ASSERT_NE(NULL, grandchild);
	EXPECT_EQ(first, cid_read(grandchild->pid));
}

static long do_getppid(struct cid_world *world, const struct cid_call *call)
{
	return getppid();
}

/* The process that reaps another one does not influence the ID. */
TEST_F(family, orphan_keeps_its_own)
{
	long id = make_container(self->agent);
	struct cid_agent *child = cid_start(&self->world, self->agent);

	ASSERT_LT(0, id);
	ASSERT_NE(NULL, child);
	ASSERT_EQ(0, cid_do(child, cid_do_outlive, 0, 0));
	cid_end(self->agent);
	child->by = NULL;
	EXPECT_EQ(getpid(), cid_do(child, do_getppid, 0, 0));
	EXPECT_EQ(id, cid_read(child->pid));
}

TEST_F(family, threads)
{
	long early = cid_do(self->agent, cid_do_thread, 0, 0);
	long late, id;

	ASSERT_LT(0, early);
	id = make_container(self->agent);
	ASSERT_LT(0, id);
	late = cid_do(self->agent, cid_do_thread, 0, 0);
	ASSERT_LT(0, late);

	EXPECT_EQ(id, cid_read(early));
	EXPECT_EQ(id, cid_read(late));
	EXPECT_EQ(3, cid_each_thread(self->agent->pid, has_id, id));
}

TEST_F(family, leader_is_a_zombie)
{
	struct cid_agent *early, *late;
	long id, tid;

	early = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, early);
	/* Its parent is a thread, by which this goes, and not a process. */
	ASSERT_EQ(0, cid_do(early, cid_do_outlive, 0, 0));
	tid = cid_do(self->agent, cid_do_leader_exit, 0, 0);
	ASSERT_LT(0, tid);
	ASSERT_EQ('Z', cid_state(self->agent->pid, self->agent->pid));

	/* A process without its leader is alive: it moves like any other. */
	id = make_container(self->agent);
	ASSERT_LT(0, id);
	EXPECT_EQ(id, cid_read(tid));
	EXPECT_EQ(id, cid_do(self->agent, cid_do_read, 0, 0));
	late = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, late);
	EXPECT_EQ(id, cid_read(late->pid));
	EXPECT_EQ(0, cid_read(early->pid));

	EXPECT_EQ(0, cid_write(early->pid, "join %ld", id));
	EXPECT_EQ(id, cid_read(early->pid));
}

/* exec keeps the ID, also if another thread replaces the leader. */
static void check_exec(struct __test_metadata *const _metadata,
		       struct cid_agent *agent, bool thread)
{
	long id = make_container(agent);

	ASSERT_LT(0, id);
	cid_post(agent, cid_do_exec, thread, 0, "%s", "");
	EXPECT_EQ(id, cid_wait(agent));
	EXPECT_EQ(id, cid_read(agent->pid));
	EXPECT_EQ(1, cid_each_thread(agent->pid, has_id, id));
	/* It can move on. */
	EXPECT_EQ(0, cid_write(agent->pid, "new"));
	EXPECT_LT(id, cid_read(agent->pid));
	EXPECT_EQ(0, cid_end(agent));
}

TEST_F(family, exec_by_leader)
{
	check_exec(_metadata, self->agent, false);
}

TEST_F(family, exec_by_thread)
{
	check_exec(_metadata, self->agent, true);
}

/* The target of the write is a process that has executed its own program. */
TEST_F(family, exec_before_the_write)
{
	cid_post(self->agent, cid_do_exec, 0, 0, "%s", "");
	EXPECT_EQ(0, cid_wait(self->agent));
	EXPECT_LT(0, make_container(self->agent));
}

/*
 * Threads that the kernel makes for a process
 */

FIXTURE(ring)
{
	struct cid_world world;
	struct cid_agent *agent;
};

FIXTURE_VARIANT(ring)
{
	__u32	ring_flags;
	__u8	entry_flags;
	int	most;	/* threads: a poller may need a worker, too */
};

/* clang-format off */
FIXTURE_VARIANT_ADD(ring, worker) { .entry_flags = IOSQE_ASYNC, .most = 2 };
FIXTURE_VARIANT_ADD(ring, poller) { .ring_flags = IORING_SETUP_SQPOLL, .most = 3 };
/* clang-format on */

FIXTURE_SETUP(ring)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world);
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
}

FIXTURE_TEARDOWN(ring)
{
	cid_teardown(&self->world);
	munmap(shared, sizeof(*shared));
}

TEST_F(ring, threads)
{
	struct cid_agent *child;
	long ret, id, next;
	int threads;

	ret = cid_do(self->agent, cid_do_uring_open, variant->ring_flags, 0);
	if (ret == -ENOSYS || ret == -EPERM)
		SKIP(return, "no io_uring: %s", strerror(-ret));
	ASSERT_EQ(0, ret);

	/* The thread is there before the write, or made after it. */
	id = make_container(self->agent);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, cid_do_text(self->agent, cid_do_uring_openat,
				 variant->entry_flags, 0, "/dev/null"));
	threads = cid_each_thread(self->agent->pid, any, 0);
	EXPECT_LE(2, threads);
	EXPECT_GE(variant->most, threads);
	EXPECT_EQ(threads, cid_each_thread(self->agent->pid, has_id, id));

	next = make_container(self->agent);
	EXPECT_LT(id, next);
	ASSERT_EQ(0, cid_do_text(self->agent, cid_do_uring_openat,
				 variant->entry_flags, 0, "/dev/null"));
	threads = cid_each_thread(self->agent->pid, any, 0);
	EXPECT_LE(2, threads);
	EXPECT_GE(variant->most, threads);
	EXPECT_EQ(threads, cid_each_thread(self->agent->pid, has_id, next));

	child = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, child);
	EXPECT_EQ(next, cid_read(child->pid));
}

/* Tasks that never have an ID */

static bool is_kernel_thread(pid_t pid)
{
	const unsigned int pf_kthread = 0x00200000;
	unsigned int flags = 0;
	char path[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
		flags = 0;
	fclose(file);
	return flags & pf_kthread;
}

TEST_F(family, kernel_threads_have_none)
{
	struct dirent *entry;
	int threads = 0;
	DIR *dir;

	ASSERT_LT(0, make_container(self->agent));
	dir = opendir("/proc");
	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		pid_t pid = atoi(entry->d_name);
		long id;

		if (!pid || !is_kernel_thread(pid))
			continue;
		id = cid_read(pid);
		/* A worker may end meanwhile. */
		EXPECT_TRUE(!id || id == -ESRCH || id == -ENOENT)
			TH_LOG("thread %d: %ld", pid, id);
		threads++;
	}
	closedir(dir);
	EXPECT_LT(1, threads);
}

static long do_abort(struct cid_world *world, const struct cid_call *call)
{
	signal(SIGABRT, SIG_DFL);
	prctl(PR_SET_DUMPABLE, 1);
	abort();
}

/* The core of a contained process goes to a helper, which the kernel starts. */
TEST_F(family, helper_has_none)
{
	static const char setting[] = "/proc/sys/kernel/core_pattern";
	char dir[] = "/tmp/cid.XXXXXX", hold[PATH_MAX], link[64], fifo[64];
	char saved[256] = "", pattern[160];
	long id = make_container(self->agent), seen = -1;
	int core, result, len;

	ASSERT_LT(0, id);
	ASSERT_NE(NULL, mkdtemp(dir));
	/* A pattern is short, the path of this folder may be long. */
	cid_hold_path(hold);
	snprintf(link, sizeof(link), "%s/hold", dir);
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	EXPECT_EQ(0, symlink(hold, link));
	EXPECT_EQ(0, mkfifo(fifo, 0600));
	result = open(fifo, O_RDWR | O_CLOEXEC);
	EXPECT_LE(0, result);

	core = open(setting, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, core);
	EXPECT_LT(0, read(core, saved, sizeof(saved) - 1));
	len = snprintf(pattern, sizeof(pattern), "|%s %s", link, fifo);
	EXPECT_EQ(len, pwrite(core, pattern, len, 0));
	cid_post(self->agent, do_abort, 0, 0, "%s", "");
	EXPECT_EQ(SIGABRT, WTERMSIG(cid_reap(self->agent)));
	EXPECT_EQ(sizeof(seen), read(result, &seen, sizeof(seen)));
	EXPECT_EQ(strlen(saved), pwrite(core, saved, strlen(saved), 0));
	EXPECT_EQ(0, seen);

	close(core);
	close(result);
	unlink(link);
	unlink(fifo);
	rmdir(dir);
}

/*
 * A write against a process that forks and makes threads all the time
 */

/*
 * Children have larger IDs, so an ID that has become smaller reveals a way out.
 */
static void check_known(long known)
{
	if (read_self() < known)
		count(&shared->wrong);
}

static void *fork_storm(void *unused)
{
	while (!get(&shared->stop)) {
		long known = get(&shared->known);
		pid_t pid = fork();

		if (!pid) {
			check_known(known);
			/*
			 * The audit containers that it makes are no exception.
			 */
			known = read_self();
			if (!vfork()) {
				if (read_self() != known)
					count(&shared->wrong);
			}
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
		count(&shared->forks);
	}
	return NULL;
}

static void *in_thread(void *known)
{
	check_known((long)known);
	return NULL;
}

static void *thread_storm(void *unused)
{
	pthread_t thread;

	while (!get(&shared->stop)) {
		long known = get(&shared->known);

		if (!pthread_create(&thread, NULL, in_thread, (void *)known))
			pthread_join(thread, NULL);
		count(&shared->threads);
	}
	return NULL;
}

static long do_storm(struct cid_world *world, const struct cid_call *call)
{
	pthread_t thread[4];
	int i;

	for (i = 0; i < 4; i++)
		if (pthread_create(&thread[i], NULL,
				   i % 2 ? fork_storm : thread_storm, NULL))
			return -EAGAIN;
	for (i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	return shared->wrong;
}

TEST_F_TIMEOUT(family, storm, 120)
{
	int i, forks, threads;

	cid_post(self->agent, do_storm, 0, 0, "%s", "");
	for (i = 0; i < AUDIT_CID_DEPTH_MAX; i++) {
		long id = make_container(self->agent);

		ASSERT_LT(0, id);
		set(&shared->known, id);
		EXPECT_EQ(0, cid_each_thread(self->agent->pid, has_other, id));

		/* Some of each are made under this ID. */
		forks = get(&shared->forks);
		threads = get(&shared->threads);
		while (get(&shared->forks) < forks + 2 ||
		       get(&shared->threads) < threads + 2)
			sched_yield();
	}
	set(&shared->stop, 1);
	EXPECT_EQ(0, cid_wait(self->agent));
	printf("# %d forks, %d threads\n", shared->forks, shared->threads);
}

TEST_HARNESS_MAIN
