// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debian's auditd, writing to a file: how fast it takes events, and what is lost
 * when nobody waits for it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

/* Several processes log them: one alone would take turns with the daemon */
#define EVENTS		10000
#define PRODUCERS	8

/* SYSCALL, PROCTITLE, EOE */
#define RECORDS		3

static int null_fd;

static void auditd(void *arg)
{
	(void)arg;
	execl("/usr/sbin/auditd", "auditd", "-n", NULL);
	fail("auditd");
}

/* The log is written to until it has not grown for a while: then when it had all */
static uint64_t settled(void)
{
	off_t size = -1;
	uint64_t since = 0;
	struct stat st;

	for (;;) {
		if (stat("/var/log/audit/audit.log", &st))
			st.st_size = 0;
		if (st.st_size != size) {
			size = st.st_size;
			since = count_now();
		} else if (count_now() - since > 500000000) {
			return since;
		}
		usleep(1000);
	}
}

static void produce(void *arg)
{
	(void)arg;
	for (int i = 0; i < EVENTS / PRODUCERS; i++)
		op_pwrite((void *)(intptr_t)null_fd);
}

static void flood(void *where)
{
	struct audit_status before, after;
	pid_t pids[PRODUCERS];
	uint64_t start, end;
	unsigned int lost;

	audit_status(&before);
	start = count_now();
	for (int i = 0; i < PRODUCERS; i++)
		pids[i] = spawn(produce, NULL);
	for (int i = 0; i < PRODUCERS; i++)
		reap(pids[i]);
	end = settled();
	audit_status(&after);
	lost = after.lost - before.lost;
	value(label("auditd-records-per-second/%s", (char *)where),
	      ((double)EVENTS * RECORDS - lost) * 1e9 / (end - start));
	value(label("auditd-lost/%s", (char *)where), lost);
}

static void contained_flood(void *where)
{
	contain_self("new");
	flood(where);
}

/* As long as the backlog is full, who logs waits for the daemon; or does not */
static void floods(const char *how)
{
	in_child(flood, (void *)label("%s-%s", how, have_cid ? "host" : "none"));
	if (have_cid)
		in_child(contained_flood, (void *)label("%s-in", how));
}

void daemon_suite(void)
{
	struct audit_rule_data *rule = rule_for("pwrite");
	struct audit_status status;
	pid_t daemon;

	null_fd = open("/dev/null", O_RDWR);
	check(null_fd >= 0, "/dev/null");
	daemon = spawn(auditd, NULL);
	do {
		if (waitpid(daemon, NULL, WNOHANG))
			fail("auditd has ended");
		usleep(10000);
		audit_status(&status);
	} while (!status.pid);

	rule_add(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	in_child(flood, "wait-none");
	if (have_cid) {
		contain(fork_idle(), "new");
		floods("wait");
	}
	audit_no_wait();
	floods("nowait");
}
