// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: all actions at once, for some time
 *
 * At random, processes and threads take all actions that concern audit
 * containers: they fork, enter and leave namespaces, execute, exit, write to
 * each other's file, signal each other, and send packets and records. Rules and
 * the audit daemon come and go. Any single call may fail. At the end all of
 * them are killed, and the log must be consistent: each audit container was
 * created once and ended once, in this order, none is live, and none can be
 * joined.
 *
 * The kernel's own messages (lock order, races, leaks) are for the user to
 * read. The tests that run by default do not include this program.
 *
 * AUDIT_CID_SECONDS	duration (20)
 * AUDIT_CID_SEED	repeats the random choices of a run, not the scheduling
 * AUDIT_CID_TASKS	approximate number of processes (40)
 */

#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "accounts.h"

#define STRESS_TIMEOUT	36000
/* The address of the shared memory after exec. */
#define SHARED_FD	100
#define PIDS		64
#define NAME		"stressed"
#define NS_TYPES	ARRAY_SIZE(ns_flags)

enum op {
	FORK, SPAWN, CLONE, THREAD, EXEC, UNSHARE, SETNS, WRITE, READ, SIGNAL,
	NOTE, PACKET, RECORD, CALL, OPS
};

static const char *const op_names[OPS] = {
	"fork", "vfork", "clone", "thread", "exec", "unshare", "setns",
	"write", "read", "signal", "note", "packet", "record", "call",
};

/*
 * pid: processes to act on, or 0; room: number of processes that may still
 * start; newest: the last ID. The rest is statistics.
 */
static struct shared {
	int		stop;
	int		room;
	unsigned int	tasks;
	unsigned int	pids;
	pid_t		pid[PIDS];
	pid_t		daemon;
	unsigned long	newest;
	unsigned long	done[OPS];
	unsigned long	rules;
	unsigned long	daemons;
	unsigned long	answers;	/* results of writes */
	unsigned long	refusals;
} *shared;

#define get(p)		__atomic_load_n(p, __ATOMIC_RELAXED)
#define set(p, v)	__atomic_store_n(p, v, __ATOMIC_RELAXED)
#define count(p)	__atomic_fetch_add(p, 1, __ATOMIC_RELAXED)

static const int ns_flags[] = {
	CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWCGROUP, CLONE_NEWNS,
	CLONE_NEWUSER, CLONE_NEWTIME, CLONE_NEWNET,
};

/*
 * Chance. State is a parameter: each thread has its own.
 */

static unsigned int dice(unsigned int *random)
{
	*random = *random * 1103515245 + 12345;
	return *random >> 12;
}

static unsigned int pick(unsigned int *random, unsigned int n)
{
	return dice(random) % n;
}

/* Network namespaces take long to end, and mount namespaces to start. */
static __u64 pick_ns(unsigned int *random)
{
	__u64 flags = 0;
	size_t i;

	for (i = 0; i < NS_TYPES; i++)
		if (!pick(random, ns_flags[i] == CLONE_NEWNET ? 24 : 6))
			flags |= ns_flags[i];
	return flags;
}

/* An ID that is or was live, or never will be. */
static unsigned long pick_id(unsigned int *random)
{
	unsigned long newest = get(&shared->newest);

	switch (pick(random, 16)) {
	case 0:
		return 0;
	case 1:
		return ~0UL;
	default:
		return newest + 2 - pick(random, 64);
	}
}

static pid_t pick_pid(unsigned int *random)
{
	unsigned int n = get(&shared->pids);

	return n ? get(&shared->pid[pick(random, n)]) : 0;
}

/* Processes to act on. A program is executed with its name behind its path. */

static bool is_ours(pid_t pid)
{
	char path[32], comm[20] = "";
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, comm, sizeof(comm) - 1);
	close(fd);
	return len > 0 && (!strcmp(comm, NAME "\n") || !strcmp(comm, "exe\n"));
}

/* The open file refers to its process, even if the PID is reused. */
static int open_target(unsigned int *random)
{
	pid_t pid = pick_pid(random);
	int fd;

	if (!pid)
		return -1;
	fd = cid_open(pid, O_RDWR);
	if (fd >= 0 && !is_ours(pid)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_self_or_target(unsigned int *random)
{
	if (!pick(random, 3))
		return open("/proc/self/audit_containerid",
			    O_RDWR | O_CLOEXEC);
	return open_target(random);
}

/* There are many already, and each new one requires room. */
static bool may_fork(void)
{
	return !get(&shared->stop) &&
	       __atomic_sub_fetch(&shared->room, 1, __ATOMIC_RELAXED) >= 0;
}

/*
 * Actions. Tasks are made by plain system calls, so the C library does not know
 * them, and the actions must not use its locks.
 */

static void live(unsigned int seed);

static void do_exec(unsigned int *random)
{
	char seed[16];

	snprintf(seed, sizeof(seed), "%u", dice(random));
	execl("/proc/self/exe", "stress", "--member", seed, NULL);
}

static int life(void *seed)
{
	live((uintptr_t)seed);
	return 0;
}

/*
 * Tasks share memory: a copy takes long, does not concern audit, and crashes
 * user-mode Linux 6.12 if it is killed. A stack is lost when its task exits,
 * but tasks do not live long.
 */
static void make_task(unsigned int *random, int flags)
{
	const size_t size = 32768;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stack != MAP_FAILED &&
	    clone(life, stack + size, CLONE_VM | flags,
		  (void *)(uintptr_t)dice(random)) < 0)
		munmap(stack, size);
}

static void do_fork(unsigned int *random)
{
	if (may_fork())
		make_task(random, SIGCHLD);
}

static void do_spawn(unsigned int *random)
{
	unsigned int seed = dice(random);

	if (may_fork() && !vfork()) {
		do_exec(&seed);
		_exit(1);
	}
}

static void do_clone(unsigned int *random)
{
	/* A time namespace is entered by exec: it has a page of its own. */
	int flags = pick_ns(random) & ~CLONE_NEWTIME;

	if (!pick(random, 4))
		flags |= CLONE_PARENT;
	if (may_fork())
		make_task(random, flags | SIGCHLD);
}

static void do_thread(unsigned int *random)
{
	if (!get(&shared->stop))
		make_task(random, CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
				  CLONE_SYSVSEM | CLONE_THREAD);
}

static void do_unshare(unsigned int *random)
{
	__u64 flags = pick_ns(random);

	/* Once in one of its own, it can do little else. */
	if (pick(random, 8))
		flags &= ~CLONE_NEWUSER;
	unshare(flags);
}

static void do_setns(unsigned int *random)
{
	pid_t pid = pick_pid(random);
	int fd = pid ? syscall(__NR_pidfd_open, pid, 0) : -1;

	if (fd >= 0) {
		setns(fd, pick_ns(random) ?: CLONE_NEWUTS);
		close(fd);
	}
}

static size_t pick_command(unsigned int *random, char *text, size_t size)
{
	switch (pick(random, 12)) {
	case 0:
		return snprintf(text, size, "new name=n-%u", dice(random));
	case 1:
		return snprintf(text, size, "new parent=%lu name=p",
				pick_id(random));
	case 2:
		return snprintf(text, size, "announce");
	case 3:
		return snprintf(text, size, "new delegate=%u",
				1 + pick(random, 8));
	case 4:
		return snprintf(text, size, "new name= oops");
	case 5:
	case 6:
	case 7:
		return snprintf(text, size, "join %lu", pick_id(random));
	default:
		return snprintf(text, size, "new");
	}
}

static void do_write(unsigned int *random)
{
	int fd = open_self_or_target(random);
	char text[80];
	size_t len;

	if (fd < 0)
		return;
	len = pick_command(random, text, sizeof(text));
	if (cid_write_fd(fd, text, len))
		count(&shared->refusals);
	else
		count(&shared->answers);
	close(fd);
}

static void do_read(unsigned int *random)
{
	static const char *const files[] = {
		"audit_containerid", "status", "stat", "loginuid", "sessionid",
		"cmdline", "mountinfo",
	};
	char path[64], text[256];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pick_pid(random),
		 files[pick(random, ARRAY_SIZE(files))]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while (read(fd, text, sizeof(text)) > 0 && pick(random, 4))
		;
	close(fd);
}

static void do_signal(unsigned int *random)
{
	static const int signals[] = {
		SIGUSR1, SIGUSR1, SIGUSR1, SIGSTOP, SIGCONT, SIGKILL, SIGSEGV,
		SIGTERM,
	};
	int sig = signals[pick(random, ARRAY_SIZE(signals))];
	pid_t pid = pick_pid(random);

	if (!pid || !is_ours(pid))
		return;
	kill(pid, sig);
	/* A stopped task would stay stopped for long. */
	if (sig == SIGSTOP)
		kill(pid, SIGCONT);
}

/* The kernel reports the sender to the daemon. */
static void do_note(unsigned int *random)
{
	static const int signals[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGTERM };
	pid_t pid = get(&shared->daemon);

	if (pid)
		kill(pid, signals[pick(random, pick(random, 8) ? 3 : 4)]);
}

static void do_packet(unsigned int *random)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(9),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	sendto(fd, "", 1, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

static void do_record(unsigned int *random)
{
	audit_user(AUDIT_USER, "stress contid=%u", dice(random));
}

/* Fields of rules. */
static const int calls[] = {
	__NR_getpgid, __NR_unshare, __NR_setns, __NR_kill, __NR_clone,
	__NR_clone3, __NR_execve, __NR_exit_group,
};

static void do_call(unsigned int *random)
{
	syscall(__NR_getpgid, pick_pid(random));
}

static const struct {
	void		(*fn)(unsigned int *random);
	unsigned int	weight;
} ops[OPS] = {
	[FORK]		= { do_fork, 3 },
	[SPAWN]		= { do_spawn, 2 },
	[CLONE]		= { do_clone, 3 },
	[THREAD]	= { do_thread, 2 },
	[EXEC]		= { do_exec, 1 },
	[UNSHARE]	= { do_unshare, 3 },
	[SETNS]		= { do_setns, 3 },
	[WRITE]		= { do_write, 10 },
	[READ]		= { do_read, 4 },
	[SIGNAL]	= { do_signal, 3 },
	[NOTE]		= { do_note, 1 },
	[PACKET]	= { do_packet, 2 },
	[RECORD]	= { do_record, 2 },
	[CALL]		= { do_call, 4 },
};

static void do_something(unsigned int *random)
{
	unsigned int total = 0, at, i;

	for (i = 0; i < OPS; i++)
		total += ops[i].weight;
	at = pick(random, total);
	for (i = 0; at >= ops[i].weight; i++)
		at -= ops[i].weight;
	count(&shared->done[i]);
	ops[i].fn(random);
}

/* The life of a thread. The exit of the last one ends the process. */
static void live(unsigned int seed)
{
	unsigned int random = seed, turns = 4 + pick(&random, 40);

	prctl(PR_SET_NAME, NAME);
	while (turns-- && !get(&shared->stop))
		do_something(&random);
	if (!pick(&random, 4))
		syscall(__NR_exit_group, 0);
	for (;;)
		syscall(__NR_exit, 0);
}

/*
 * Children are reaped automatically, and the handler of the signal does
 * nothing.
 */
static void ignore_signals(void)
{
	signal(SIGCHLD, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static void member_main(unsigned int seed)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		      SHARED_FD, 0);
	if (shared == MAP_FAILED)
		_exit(1);
	ignore_signals();
	live(seed);
}

/* Helpers on the host: each is a process that exits when requested */

/* Publish who is there. */
static void look_around(void)
{
	unsigned int found = 0, all = 0;
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	while (dir && (entry = readdir(dir))) {
		pid_t pid = atoi(entry->d_name);

		if (pid <= 0 || !is_ours(pid))
			continue;
		all++;
		if (found < PIDS)
			set(&shared->pid[found++], pid);
	}
	if (dir)
		closedir(dir);
	set(&shared->pids, found);
	set(&shared->room, (int)(get(&shared->tasks) - all));
}

static void scout(unsigned int random)
{
	while (!get(&shared->stop)) {
		look_around();
		usleep(5000);
	}
}

/* Moves other processes, as a runtime does. */
static void writer(unsigned int random)
{
	while (!get(&shared->stop)) {
		if (pick(&random, 8))
			do_write(&random);
		else
			do_read(&random);
	}
}

/* Starts new host processes while there is room. */
static void nursery(unsigned int random)
{
	while (!get(&shared->stop)) {
		do_spawn(&random);
		usleep(2000);
	}
}

static size_t pick_pair(unsigned int *random, struct audit_match *match)
{
	__u32 op = pick(random, 2) ? AUDIT_EQUAL : AUDIT_NOT_EQUAL;
	__u64 id = pick_id(random);

	match[0].field = pick(random, 2) ? AUDIT_CONTID : AUDIT_CONTID_TREE;
	match[0].op = op;
	match[0].value = id;
	match[1].field = AUDIT_CONTID_HI;
	/* Sometimes they do not fit, and the rule is refused. */
	match[1].op = pick(random, 8) ? op : AUDIT_EQUAL;
	match[1].value = id >> 32;
	return 2;
}

static int add_any_rule(unsigned int *random, struct audit_log *log)
{
	struct audit_match match[3];
	size_t n = pick_pair(random, match);

	switch (pick(random, 6)) {
	case 0:
		/*
		 * A task that is created while this rule is loaded is not
		 * audited.
		 */
		return audit_add_rule(log, AUDIT_FILTER_TASK, AUDIT_NEVER, -1,
				      match, n);
	case 1:
		return audit_add_rule(log, AUDIT_FILTER_USER, AUDIT_ALWAYS, -1,
				      match, n);
	case 2:
		/* Not the records that the accounts are made of. */
		match[n++] = (struct audit_match) {
			AUDIT_MSGTYPE, AUDIT_EQUAL, AUDIT_USER,
		};
		return audit_add_rule(log, AUDIT_FILTER_EXCLUDE, AUDIT_ALWAYS,
				      -1, match, n);
	default:
		return audit_add_rule(log, AUDIT_FILTER_EXIT,
				      pick(random, 4) ? AUDIT_ALWAYS :
							AUDIT_NEVER,
				      calls[pick(random, ARRAY_SIZE(calls))],
				      match, n);
	}
}

static void rules(unsigned int random)
{
	struct audit_log log = {};

	while (!get(&shared->stop)) {
		if (!add_any_rule(&random, &log))
			count(&shared->rules);
		usleep(pick(&random, 20000));
		if (!pick(&random, 6))
			audit_remove_rules(&log);
	}
	audit_remove_rules(&log);
}

/* The last sender of a signal to the daemon. */
static void ask_signal_info(void)
{
	struct audit_request ask = {
		.header.nlmsg_type = AUDIT_SIGNAL_INFO,
		.header.nlmsg_len = NLMSG_HDRLEN,
	}, reply;

	audit_ask_once(&ask, &reply);
}

/* An audit daemon that may be slow, and may end without a word. */
static void daemon_main(unsigned int random)
{
	int fd = audit_control_open(), turns = 20 + pick(&random, 600);
	struct timeval patience = { .tv_usec = 100000 };
	static char record[32768];

	/* As a process among the others it is labelled and killed, too. */
	if (pick(&random, 2))
		prctl(PR_SET_NAME, NAME);
	signal(SIGTERM, SIG_DFL);
	while (audit_register(fd, true) && !get(&shared->stop))
		usleep(10000);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	count(&shared->daemons);
	while (turns-- && !get(&shared->stop)) {
		if (recv(fd, record, sizeof(record), 0) < 0 && errno != EAGAIN)
			continue;
		if (!pick(&random, 100))
			usleep(pick(&random, 300000));
		if (!pick(&random, 50))
			ask_signal_info();
	}
	if (pick(&random, 2))
		audit_register(fd, false);
}

/*
 * The test
 */

FIXTURE(stress)
{
	struct cid_world world;
	struct audit_log log;
	struct accounts acc;
	struct audit_status before;
	unsigned int random;
	bool packets;
	pid_t helper[8];
	unsigned int helpers;
};

static void share(struct __test_metadata *const _metadata)
{
	struct rlimit none = {};
	int fd = memfd_create("stress", 0);

	ASSERT_EQ(0, ftruncate(fd, sizeof(*shared)));
	ASSERT_EQ(SHARED_FD, dup2(fd, SHARED_FD));
	close(fd);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		      SHARED_FD, 0);
	ASSERT_NE(MAP_FAILED, shared);
	/* Some die of signals that dump core. */
	ASSERT_EQ(0, setrlimit(RLIMIT_CORE, &none));
}

static int packet_rule(const char *what)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "{ iptables-legacy %s || iptables %s; } >/dev/null 2>&1",
		 what, what);
	return system(command);
}

FIXTURE_SETUP(stress)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	cid_setup(_metadata, &self->world);
	audit_setup(_metadata, &self->log);
	ASSERT_EQ(0, audit_only(&self->log, AUDIT_CONTAINER_OP));
	/* The daemon itself does not wait for room, and the accounts count. */
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_BACKLOG_LIMIT, 65536));
	ASSERT_EQ(0, audit_get_status(&self->before));
	self->packets = !packet_rule("-A OUTPUT -p udp -j AUDIT --type accept");
	share(_metadata);
	self->random = cid_number("AUDIT_CID_SEED",
				  getpid() ^ (unsigned int)time(NULL));
	shared->tasks = cid_number("AUDIT_CID_TASKS", 40);
}

FIXTURE_TEARDOWN(stress)
{
	if (self->packets)
		packet_rule("-D OUTPUT -p udp -j AUDIT --type accept");
	audit_set_status(AUDIT_STATUS_BACKLOG_LIMIT,
			 self->log.status.backlog_limit);
	audit_close(&self->log);
	cid_teardown(&self->world);
	free(self->acc.life);
}

static pid_t start(struct _test_data_stress *self, void (*fn)(unsigned int),
		   const char *name)
{
	unsigned int seed = dice(&self->random);
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, name);
	ignore_signals();
	fn(seed);
	_exit(0);
}

static void start_helper(struct __test_metadata *const _metadata,
			 struct _test_data_stress *self,
			 void (*fn)(unsigned int), const char *name)
{
	pid_t pid = start(self, fn, name);

	ASSERT_LT(0, pid);
	self->helper[self->helpers++] = pid;
}

/* Reap who is left to this process, and note whether the daemon is gone. */
static pid_t reap(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
		if (pid == get(&shared->daemon))
			set(&shared->daemon, 0);
	return pid;
}

static void turn(struct __test_metadata *const _metadata,
		 struct _test_data_stress *self)
{
	ASSERT_LE(0, audit_receive(&self->log, 20));
	keep_up(_metadata, &self->log, &self->acc);
	set(&shared->newest, self->acc.newest);
	reap();
	if (get(&shared->stop))
		return;
	if (!get(&shared->daemon))
		set(&shared->daemon, start(self, daemon_main, "daemon"));
	else if (!pick(&self->random, 100))
		kill(get(&shared->daemon), SIGKILL);
}

static bool any_helper(struct _test_data_stress *self)
{
	unsigned int i;

	for (i = 0; i < self->helpers; i++)
		if (!kill(self->helper[i], 0))
			return true;
	return false;
}

static void kill_all(void)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	while (dir && (entry = readdir(dir))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && is_ours(pid))
			kill(pid, SIGKILL);
	}
	if (dir)
		closedir(dir);
}

/* Helpers first: they clean up. They may wait for records to be read. */
static void stop(struct __test_metadata *const _metadata,
		 struct _test_data_stress *self)
{
	time_t limit = time(NULL) + 300;

	set(&shared->stop, 1);
	while (any_helper(self) && time(NULL) < limit)
		turn(_metadata, self);
	ASSERT_EQ(false, any_helper(self))
		TH_LOG("a helper hangs");
	do {
		if (get(&shared->daemon))
			kill(get(&shared->daemon), SIGKILL);
		kill_all();
		turn(_metadata, self);
	} while (reap() != -1 && time(NULL) < limit);
	ASSERT_EQ(-1, reap())
		TH_LOG("a process does not die");
}

static void print_statistics(const struct _test_data_stress *self)
{
	unsigned int i;

	printf("# %lu containers, %lu writes, %lu refused; %lu rules, %lu daemons%s\n#",
	       self->acc.created, shared->answers, shared->refusals,
	       shared->rules, shared->daemons,
	       self->packets ? "" : "; no packets are logged here");
	for (i = 0; i < OPS; i++)
		printf(" %lu %s", shared->done[i], op_names[i]);
	printf("\n");
}

/* Counts that differ now will stay different. */
static void close_accounts(struct __test_metadata *const _metadata,
			   struct _test_data_stress *self)
{
	struct audit_status after;
	unsigned long id;

	ASSERT_EQ(0, audit_sync(&self->log));
	account_log(&self->acc, &self->log);
	print_statistics(self);
	EXPECT_LT(0, self->acc.created);
	EXPECT_EQ(self->acc.created, self->acc.ended);
	EXPECT_EQ(0, self->acc.wrong);

	/* Only request it: if a daemon is killed, records are lost with it. */
	ASSERT_EQ(0, audit_get_status(&after));
	printf("# lost records: %u\n", after.lost - self->before.lost);

	EXPECT_EQ(0, cid_write(getpid(), "announce"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_count(&self->log, AUDIT_CONTAINER_OP,
				 "^op=announce "));
	for (id = self->acc.newest; id && id > self->acc.newest - 4096; id--)
		ASSERT_EQ(-ESRCH, cid_write(getpid(), "join %lu", id));
}

TEST_F_TIMEOUT(stress, everything_at_once, STRESS_TIMEOUT)
{
	time_t end = time(NULL) + cid_number("AUDIT_CID_SECONDS", 20);
	int i;

	printf("# AUDIT_CID_SEED=%u\n", self->random);
	start_helper(_metadata, self, scout, "scout");
	start_helper(_metadata, self, nursery, "nursery");
	start_helper(_metadata, self, rules, "rules");
	for (i = 0; i < 2; i++)
		start_helper(_metadata, self, writer, "writer");
	while (time(NULL) < end)
		turn(_metadata, self);
	stop(_metadata, self);
	close_accounts(_metadata, self);
}

int main(int argc, char **argv)
{
	/* A process that has executed itself. */
	if (argc == 3 && !strcmp(argv[1], "--member"))
		member_main(strtoul(argv[2], NULL, 10));
	return test_harness_run(argc, argv);
}
