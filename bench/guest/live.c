// SPDX-License-Identifier: GPL-2.0-only
/*
 * What writers pay: the write itself, its record, the end of a container, a change
 * of namespaces; and all that against the number of live containers and the depth.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define LIVE_MAX	50000
#define DEPTH_MAX	32

/* The ID that everybody joins */
static char join_command[40];

/* What a child counts of its own doings */
static volatile uint64_t *counted;

/* Make a process that moves into a container, as a runtime would, and ends */
static void op_fork_write(void *command)
{
	pid_t pid = fork();

	if (!pid) {
		contain_self(command);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* The same, and nothing but the write is counted, to *counted */
static void op_write(void *command)
{
	pid_t pid = fork();
	int fd;

	if (!pid) {
		uint64_t start;
		size_t len = strlen(command);

		fd = open("/proc/self/audit_containerid", O_WRONLY);
		start = count_now();
		if (write(fd, command, len) != (ssize_t)len)
			_exit(1);
		*counted += count_now() - start;
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* Samples of what the children counted */
static void sample_writes(const char *name, int n, void *command)
{
	uint64_t took[SAMPLES + 1];

	for (int s = 0; s <= SAMPLES; s++) {
		*counted = 0;
		for (int i = 0; i < n; i++)
			op_write(command);
		took[s] = *counted;
	}
	row(name, n, took);
}

static void against_live(int live)
{
	sample(label("live-fork/%d", live), 50, op_fork, NULL);
	sample(label("live-create/%d", live), 50, op_fork_write, "new");
	sample(label("live-join/%d", live), 50, op_fork_write, join_command);
	sample_writes(label("live-create-write/%d", live), 50, "new");
	sample_writes(label("live-join-write/%d", live), 50, join_command);
}

static void all_live(void)
{
	static const int stops[] = { 10, 100, 1000, 10000, LIVE_MAX };
	int live = 0;

	put("/proc/sys/kernel/pid_max", "4194304");
	put("/proc/sys/kernel/threads-max", "200000");
	for (size_t i = 0; i < sizeof(stops) / sizeof(*stops); i++) {
		while (live < stops[i]) {
			pid_t pid = fork_idle();

			contain(pid, "new");
			/* In the middle of those that were made by then */
			if (++live == stops[i] / 2)
				strcpy(join_command, label("join %llu",
					(unsigned long long)contid_of(pid)));
		}
		against_live(live);
	}
}

/* The write and the record apart: without audit there is no record */
static void record(void)
{
	sample_writes("create-write/audit", 200, "new");
	sample_writes("create-named-write/audit",  200,
		      "new name=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	sample_writes("join-write/audit", 200, join_command);
	audit_enable(false);
	sample_writes("create-write/off", 200, "new");
	sample_writes("join-write/off", 200, join_command);
	audit_enable(true);
}

/* No more than the limit of records lets pass, which each container has anew */
static void unshare_in(void *name)
{
	contain_self("new");
	sample(name, 3, op_unshare, NULL);
}

static void transitions(void)
{
	in_child(unshare_in, "unshare/in");
}

static void depth_rule(const char *name, int depth, uint64_t id)
{
	struct audit_rule_data *rule = rule_for("getppid");

	rule_contid(rule, FIELD_TREE, id);
	rule_add(rule, AUDIT_FILTER_EXIT, AUDIT_NEVER);
	sample(label("%s/%d", name, depth), 1000, op_getppid, NULL);
	rule_drop(rule, AUDIT_FILTER_EXIT, AUDIT_NEVER);
}

/* Ever deeper; a rule about the top, and one about an older sibling of the top */
static void depths(void *arg)
{
	uint64_t top = 0, stranger = *(uint64_t *)arg;

	for (int depth = 1; depth <= DEPTH_MAX; depth++) {
		contain_self("new");
		if (!top)
			top = contid_of(getpid());
		depth_rule("depth-hit", depth, top);
		depth_rule("depth-miss", depth, stranger);
		sample(label("depth-fork/%d", depth), 25, op_fork, NULL);
	}
}

void live_suite(void)
{
	uint64_t first;
	pid_t pid;

	check(have_cid, "no audit container IDs in this kernel");
	counted = shared(sizeof(*counted));
	daemon_start(NULL);
	pid = fork_idle();
	contain(pid, "new");
	first = contid_of(pid);
	strcpy(join_command, label("join %llu", (unsigned long long)first));
	record();
	transitions();
	in_child(depths, &first);
	all_live();
}
