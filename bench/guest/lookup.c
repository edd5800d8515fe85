// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who attributes events rightly: 1,000 containers, each a cgroup, a name and one
 * short process, whose execve and exit_group are logged. A daemon takes the records
 * and looks for the cgroup in /proc/PID/cgroup, as tools do; it reads contid= as
 * well. Who starts the containers knows the truth. They are started by one process,
 * or by several at once.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define CONTAINERS	1000
#define PIDS		65536

/**
 * struct truth - which container a process is in, and what was found out
 * @of: number of the container, by PID; 0 is none
 * @id: the ID that the record of its creation tells, by number
 * @events: events of the containers
 * @by_lookup: for which /proc/PID/cgroup told the container
 * @gone: for which there was no such file any more
 * @by_contid: for which contid= was the ID of the container
 */
static struct truth {
	volatile int of[PIDS];
	volatile uint64_t id[CONTAINERS + 1];
	volatile int events, by_lookup, gone, by_contid;
} *truth;

static uint64_t number(const char *text, const char *field)
{
	const char *at = strstr(text, field);

	return at ? strtoull(at + strlen(field), NULL, 10) : 0;
}

static void note_created(const char *text)
{
	const char *name = strstr(text, " name=\"c");
	int i;

	if (!strstr(text, "op=create") || !name)
		return;
	i = atoi(name + strlen(" name=\"c"));
	if (i > 0 && i <= CONTAINERS)
		truth->id[i] = number(text, " ocontid=");
}

static void judge(const char *text)
{
	char cgroup[256], *leaf;
	pid_t pid = number(text, " pid=");
	int i = truth->of[pid % PIDS], fd;
	ssize_t len = 0;

	if (!i)
		return;
	truth->events++;
	if (have_cid && number(text, " contid=") == truth->id[i])
		truth->by_contid++;
	fd = open(label("/proc/%d/cgroup", pid), O_RDONLY);
	if (fd >= 0) {
		len = read(fd, cgroup, sizeof(cgroup) - 1);
		close(fd);
	}
	if (len <= 0) {
		truth->gone++;
		return;
	}
	cgroup[len] = '\0';
	leaf = strrchr(cgroup, '/');
	if (leaf && leaf[1] == 'c' && atoi(leaf + 2) == i)
		truth->by_lookup++;
}

static void on_record(int type, char *text)
{
	if (type == 1340)
		note_created(text);
	else if (type == AUDIT_SYSCALL)
		judge(text);
}

/* What a runtime does, and the process of the container */
static void short_container(int i)
{
	truth->of[getpid() % PIDS] = i;
	put(label("/cgroup/c%d/cgroup.procs", i), "0");
	contain_self(label("new name=c%d", i));
	execl("/init", "init", "true", NULL);
	_exit(127);
}

/* One of @starters processes that share the work */
static int starters;

static void starter(void *nr)
{
	for (int i = 1 + (intptr_t)nr; i <= CONTAINERS; i += starters) {
		pid_t pid;

		check(!mkdir(label("/cgroup/c%d", i), 0755), "mkdir");
		pid = fork();
		if (!pid)
			short_container(i);
		waitpid(pid, NULL, 0);
		rmdir(label("/cgroup/c%d", i));
	}
}

static void share(int by)
{
	pid_t pids[64];

	memset((void *)truth, 0, sizeof(*truth));
	starters = by;
	for (int i = 0; i < by; i++)
		pids[i] = spawn(starter, (void *)(intptr_t)i);
	for (int i = 0; i < by; i++)
		reap(pids[i]);
	sleep(2);
	value(label("share-events/%d", by), truth->events);
	value(label("share-lookup/%d", by), truth->by_lookup);
	value(label("share-gone/%d", by), truth->gone);
	value(label("share-contid/%d", by), truth->by_contid);
}

void lookup_suite(void)
{
	struct audit_rule_data *rule = rule_for("execve");

	check(!audit_rule_syscallbyname_data(rule, "exit_group"), "exit_group");
	truth = shared(sizeof(*truth));
	daemon_start(on_record);
	rule_add(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	share(1);
	share(8);
}
