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
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

#define MANY	4000

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
}
