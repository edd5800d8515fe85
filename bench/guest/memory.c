// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it weighs: the objects in all slabs, before and after many processes,
 * threads or containers were made.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

#define MANY	2000

static pid_t pids[MANY];

/*
 * Bytes in use in all caches, but for those of /proc: what the writes leave there
 * goes when memory is needed, or when it is asked to, but not all of it at once.
 */
static double slabs(void)
{
	unsigned long active, size;
	char line[512], cache[64];
	double sum = 0;
	FILE *file;

	put("/proc/sys/vm/drop_caches", "2");
	/* What RCU has yet to free */
	sleep(1);
	file = fopen("/proc/slabinfo", "r");
	check(file, "/proc/slabinfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %lu %*u %lu", cache, &active, &size) == 3 &&
		    strcmp(cache, "proc_inode_cache") && strcmp(cache, "dentry"))
			sum += (double)active * size;
	fclose(file);
	return sum;
}

static int __attribute__((noreturn)) thread_idle(void *arg)
{
	(void)arg;
	for (;;)
		syscall(SYS_pause);
}

static void thread_make(void)
{
	static char stack[4096] __attribute__((aligned(16)));

	check(clone(thread_idle, stack + sizeof(stack),
		    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		    CLONE_THREAD | CLONE_SYSVSEM, NULL) > 0, "clone");
}

static void per_process(void)
{
	double before = slabs();

	for (int i = 0; i < MANY; i++)
		pids[i] = fork_idle();
	value("memory-process", (slabs() - before) / MANY);
}

static void threads(void *arg)
{
	double before = slabs();

	(void)arg;
	for (int i = 0; i < MANY; i++)
		thread_make();
	value("memory-thread", (slabs() - before) / MANY);
}

/* What a cgroup is charged for, up to now */
static double charged(void)
{
	char line[128];
	double bytes = -1;
	FILE *file;

	/* The kernel adds it up every two seconds */
	sleep(3);
	file = fopen("/cgroup/maker/memory.stat", "r");
	check(file, "memory.stat");
	while (fgets(line, sizeof(line), file))
		sscanf(line, "slab_unreclaimable %lf", &bytes);
	fclose(file);
	return bytes;
}

/* The maker's cgroup pays, wherever the process is that it is made for. */
static void charge(void *arg)
{
	double before;

	(void)arg;
	for (int i = 0; i < MANY; i++)
		pids[i] = fork_idle();
	put("/cgroup/cgroup.subtree_control", "+memory");
	check(!mkdir("/cgroup/maker", 0755), "mkdir");
	put("/cgroup/maker/cgroup.procs", "0");
	/* What the first write makes beside its container */
	contain(fork_idle(), "new");
	before = charged();
	for (int i = 0; i < MANY; i++)
		contain(pids[i], "new");
	value("memory-charged", (charged() - before) / MANY);
}

static void end_self(void *arg)
{
	(void)arg;
	contain_self("new");
}

/* One lives, the 63 after it do not. */
static void sparse(void *arg)
{
	double before;

	(void)arg;
	for (int i = 0; i < MANY; i++)
		pids[i] = fork_idle();
	before = slabs();
	for (int i = 0; i < MANY; i++) {
		contain(pids[i], "new");
		for (int j = 1; j < 64; j++)
			in_child(end_self, NULL);
	}
	value("memory-container-sparse", (slabs() - before) / MANY);
}

/* Containers for processes that are there already: the names are of @len bytes */
static void per_container(int len)
{
	char command[256] = "new";
	double before;

	if (len) {
		strcat(command, " name=");
		memset(command + strlen(command), 'n', len);
	}
	for (int i = 0; i < MANY; i++)
		pids[i] = fork_idle();
	before = slabs();
	for (int i = 0; i < MANY; i++)
		contain(pids[i], command);
	value(label("memory-container/%d", len), (slabs() - before) / MANY);
}

void memory_suite(void)
{
	static const int lengths[] = { 0, 12, 64, 128 };

	put("/proc/sys/kernel/pid_max", "4194304");
	put("/proc/sys/kernel/threads-max", "200000");
	/* Without a daemon, records would stay, and weigh more */
	audit_enable(false);
	per_process();
	in_child(threads, NULL);
	for (size_t i = 0; have_cid && i < sizeof(lengths) / sizeof(*lengths); i++)
		per_container(lengths[i]);
	if (!have_cid)
		return;
	in_child(sparse, NULL);
	in_child(charge, NULL);
}
