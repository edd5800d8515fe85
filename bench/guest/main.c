// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first process of the guest: mounts, one suite of benchmarks, the end.
 *
 * Time is what QEMU's instruction counter says: with -icount shift=0 one
 * instruction takes one nanosecond, and the time stamp counter runs at 1 GHz.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

void fail(const char *fmt, ...)
{
	int err = errno;
	va_list args;

	va_start(args, fmt);
	printf("FAILED: ");
	vprintf(fmt, args);
	printf(": %s\n", strerror(err));
	va_end(args);
	fflush(stdout);
	if (getpid() == 1)
		reboot(RB_AUTOBOOT);
	exit(1);
}

void check(bool ok, const char *what)
{
	if (!ok)
		fail("%s", what);
}

uint64_t count_now(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) :: "memory");
	return low | (uint64_t)high << 32;
}

/* Print samples; the first one was for warming up. */
void row(const char *name, int ops, const uint64_t took[SAMPLES + 1])
{
	printf("B %s %d", name, ops);
	for (int s = 1; s <= SAMPLES; s++)
		printf(" %llu", (unsigned long long)took[s]);
	printf("\n");
	fflush(stdout);
}

/*
 * A record's time has three digits of milliseconds, but to print 99 takes less than to
 * print 100: some 70 instructions in an event of five records. Begin where both kernels
 * have three digits for 900 ms; no case takes longer.
 */
static void await_millisecond_100(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	until.tv_nsec = 100 * 1000 * 1000;
	while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL))
		;
}

/* Count rounds of @ops operations. The first one warms up and does not count. */
void samples(const char *name, int ops, op_fn round, void *arg)
{
	uint64_t took[SAMPLES + 1];

	await_millisecond_100();
	for (int s = 0; s <= SAMPLES; s++) {
		uint64_t start = count_now();

		round(arg);
		took[s] = count_now() - start;
	}
	row(name, ops, took);
}

struct repeated {
	op_fn op;
	void *arg;
	int n;
};

static void repeat(void *arg)
{
	struct repeated *repeated = arg;

	for (int i = 0; i < repeated->n; i++)
		repeated->op(repeated->arg);
}

void sample(const char *name, int n, op_fn op, void *arg)
{
	struct repeated repeated = { .op = op, .arg = arg, .n = n };

	samples(name, n, repeat, &repeated);
}

void value(const char *name, double number)
{
	printf("V %s %.4f\n", name, number);
	fflush(stdout);
}

pid_t spawn(void (*fn)(void *arg), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	check(pid >= 0, "fork");
	if (pid)
		return pid;
	fn(arg);
	fflush(stdout);
	_exit(0);
}

void reap(pid_t pid)
{
	int status;

	check(waitpid(pid, &status, 0) == pid, "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail("process %d: status %#x", pid, status);
}

void in_child(void (*fn)(void *arg), void *arg)
{
	reap(spawn(fn, arg));
}

void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail("write \"%s\" to %s", text, path);
	close(fd);
}

void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	check(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

void *shared(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	check(mem != MAP_FAILED, "mmap");
	return mem;
}

/* A text that lives until the next but seven. */
const char *label(const char *fmt, ...)
{
	static char text[8][256];
	static unsigned int next;
	char *to = text[next++ % 8];
	va_list args;

	va_start(args, fmt);
	vsnprintf(to, sizeof(text[0]), fmt, args);
	va_end(args);
	return to;
}

/*
 * When the console has taken a character, the host says, and that is never the same.
 * So results wait in a file until all is counted. Return: the console.
 */
static int keep_results(const char *path)
{
	int console = dup(STDOUT_FILENO);

	check(console >= 0 && freopen(path, "a", stdout), path);
	return console;
}

static void show_results(const char *path, int console)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	fflush(stdout);
	while ((len = read(fd, text, sizeof(text))) > 0)
		if (write(console, text, len) != len)
			break;
	tcdrain(console);
}

static void mounts(void)
{
	static const struct { const char *type, *path; } mount_points[] = {
		{ "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" },
		{ "tmpfs", "/tmp" }, { "tmpfs", "/run" }, { "cgroup2", "/cgroup" },
	};

	for (size_t i = 0; i < sizeof(mount_points) / sizeof(*mount_points); i++) {
		mkdir(mount_points[i].path, 0755);
		if (mount("none", mount_points[i].path, mount_points[i].type, 0, NULL))
			fail("mount %s", mount_points[i].path);
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} suites[] = {
	{ "cost", cost_suite },		{ "live", live_suite },
	{ "memory", memory_suite },	{ "others", others_suite },
	{ "lookup", lookup_suite },	{ "smp", smp_suite },
	{ "daemon", daemon_suite },	{ "event", event_suite },
};

static void run_suite(void *name)
{
	audit_setup();
	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++)
		if (!strcmp(suites[i].name, name)) {
			suites[i].run();
			printf("bench: done\n");
			return;
		}
	errno = EINVAL;
	fail("suite %s", (char *)name);
}

int main(int argc, char **argv)
{
	static const char results[] = "/run/results";
	char *name = getenv("suite");
	int console;

	/* What vfork+exec runs */
	if (argc > 1 && !strcmp(argv[1], "true"))
		return 0;
	check(getpid() == 1, "not the first process");
	mounts();
	check(name, "no suite= on the kernel's command line");
	console = keep_results(results);
	/* Children are reaped by who made them, and not by what init would do */
	spawn(run_suite, name);
	wait(NULL);
	show_results(results, console);
	reboot(RB_AUTOBOOT);
}
