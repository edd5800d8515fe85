// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes on 1 to N CPUs that all fork, in one container, or in none. Outside and
 * inside take turns, so that what else the host does falls on both.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define FORKS	100

static int start_pipe[2];

static void worker(void *cpu)
{
	char c;

	pin((intptr_t)cpu);
	check(read(start_pipe[0], &c, 1) == 1, "read");
	for (int i = 0; i < FORKS; i++)
		op_fork(NULL);
}

/* A round: @cpus workers */
static void round_fn(void *arg)
{
	static const char go[64];
	unsigned int cpus = (uintptr_t)arg;
	pid_t pids[sizeof(go)];

	check(cpus <= sizeof(go), "too many CPUs");

	for (unsigned int i = 0; i < cpus; i++)
		pids[i] = spawn(worker, (void *)(intptr_t)i);
	check(write(start_pipe[1], go, cpus) == (ssize_t)cpus, "write");
	for (unsigned int i = 0; i < cpus; i++)
		reap(pids[i]);
}

static void stage(const char *where, int cpus)
{
	samples(label("smp-%d/%s", cpus, where), cpus * FORKS, round_fn,
		(void *)(intptr_t)cpus);
}

static void contained(void *cpus)
{
	contain_self("new");
	stage("in", (intptr_t)cpus);
}

void smp_suite(void)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);

	check(cpus > 1, "only one CPU came up");
	check(!pipe(start_pipe), "pipe");
	for (int n = 1; n <= cpus; n++)
		stage("none", n);
	contain(fork_idle(), "new");
	for (int n = 1; n <= cpus; n++) {
		stage("host", n);
		in_child(contained, (void *)(intptr_t)n);
	}
}
