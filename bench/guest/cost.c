// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is paid by whom: the same operations in a kernel in which no container was
 * ever made ("none"), outside of containers where one lives ("host"), and inside
 * ("in"). In a kernel that knows no containers these are repetitions, so that each is
 * compared with what was done as much later.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"

/* Sessions and containers that nobody is in */
#define NO_SESSION	1000
#define NO_CONTAINER	(1ULL << 33)
#define UNSET_SESSION	UINT32_MAX

static int null_fd;

#define NULL_ARG	((void *)(intptr_t)null_fd)

static void plain_calls(const char *where)
{
	sample(label("getppid/%s", where), 2000, op_getppid, NULL);
	sample(label("pwrite/%s", where), 2000, op_pwrite, NULL_ARG);
	sample(label("open/%s", where), 200, op_open, NULL);
}

static void processes(const char *where)
{
	sample(label("fork/%s", where), 400, op_fork, NULL);
	sample(label("thread/%s", where), 400, op_thread, NULL);
	sample(label("exec/%s", where), 100, op_vfork_exec, NULL);
}

enum kind { SESSION, CONTID, TREE };

static const char *const kinds[] = { "sessionid", "contid", "tree" };

static bool known(enum kind kind)
{
	return kind == SESSION || have_cid;
}

/*
 * A kernel that knows no containers takes as many rules about sessions instead. Each
 * is an event, and the records of two events are as long only if their serial numbers
 * are: the 10,000th has to come at the same place in both kernels.
 */
static struct audit_rule_data *one_rule(enum kind kind, uint64_t val)
{
	struct audit_rule_data *rule = rule_for("getppid");

	if (kind == SESSION || !have_cid)
		rule_field(rule, AUDIT_SESSIONID, AUDIT_EQUAL, val);
	else
		rule_contid(rule, kind == CONTID ? FIELD_CONTID : FIELD_TREE, val);
	return rule;
}

/* Rules that do not match, and that all the same the call is held against */
static void missed_rules(const char *where, enum kind kind, int n)
{
	struct audit_rule_data *rules[100];

	for (int i = 0; i < n; i++) {
		rules[i] = one_rule(kind, (kind == SESSION ? NO_SESSION : NO_CONTAINER) + i);
		rule_add(rules[i], AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	}
	if (known(kind))
		sample(label("rules-%s-%d/%s", kinds[kind], n, where), 1000, op_getppid, NULL);
	for (int i = 0; i < n; i++)
		rule_drop(rules[i], AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
}

/* One that matches and says not to log the call */
static void hit_rule(const char *where, enum kind kind, uint64_t val)
{
	struct audit_rule_data *rule = one_rule(kind, val);

	rule_add(rule, AUDIT_FILTER_EXIT, AUDIT_NEVER);
	if (known(kind))
		sample(label("hit-%s/%s", kinds[kind], where), 1000, op_getppid, NULL);
	rule_drop(rule, AUDIT_FILTER_EXIT, AUDIT_NEVER);
}

static void rules(const char *where)
{
	static const int numbers[] = { 1, 10, 100 };

	for (enum kind kind = SESSION; kind <= TREE; kind++)
		for (int i = 0; i < 3; i++)
			missed_rules(where, kind, numbers[i]);
	hit_rule(where, SESSION, UNSET_SESSION);
	for (enum kind kind = CONTID; kind <= TREE; kind++)
		hit_rule(where, kind, have_cid ? contid_of(getpid()) : UNSET_SESSION);
}

/* A call that a rule is not about, while there are rules */
static void other_call(const char *where)
{
	struct audit_rule_data *rule = rule_for("uname");

	rule_add(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	sample(label("getppid-other-rule/%s", where), 2000, op_getppid, NULL);
	sample(label("pwrite-other-rule/%s", where), 2000, op_pwrite, NULL_ARG);
	rule_drop(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
}

static void logged_calls(const char *where)
{
	struct audit_rule_data *rule = rule_for("pwrite");
	pid_t daemon = daemon_start(NULL);

	rule_add(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	sample_logged(label("logged-pwrite/%s", where), 500, op_pwrite, NULL_ARG);
	rule_drop(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);

	rule = rule_for("openat");
	rule_add(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	sample_logged(label("logged-open/%s", where), 200, op_open, NULL);
	rule_drop(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	daemon_stop(daemon);
}

static void event_stage(void *where)
{
	logged_calls(where);
}

static void packets(const char *where)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	pid_t daemon = daemon_start(NULL);

	sample_logged(label("packet/%s", where), 200, op_packet, (void *)(intptr_t)fd);
	daemon_stop(daemon);
	close(fd);
}

/* By a task that is in no container; what one that is in it changes is logged. */
static void namespaces(void *where)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY);

	check(fd >= 0, "/proc/self/ns/uts");
	sample(label("unshare/%s", (char *)where), 200, op_unshare, NULL);
	sample(label("setns/%s", (char *)where), 500, op_setns, (void *)(intptr_t)fd);
	sample(label("clone/%s", (char *)where), 200, op_clone, NULL);
}

static void stage(void *where)
{
	plain_calls(where);
	other_call(where);
	rules(where);
	processes(where);
	logged_calls(where);
	packets(where);
}

static void contained_stage(void *where)
{
	contain_self("new");
	stage(where);
}

void cost_suite(void)
{
	static const char *const nft[] = {
		"/usr/sbin/nft", "add table t;"
		"add chain t out { type filter hook output priority 0; };"
		"add rule t out udp dport 9 log level audit", NULL
	};

	null_fd = open("/dev/null", O_RDWR);
	check(null_fd >= 0, "/dev/null");
	loopback_up();
	run_program(nft);

	in_child(stage, "none");
	in_child(namespaces, "none");
	contain(fork_idle(), "new");
	in_child(stage, "host");
	in_child(namespaces, "host");
	in_child(contained_stage, "in");
}

/* A logged call, in a kernel that may write a record of its own for it */
void event_suite(void)
{
	null_fd = open("/dev/null", O_RDWR);
	check(null_fd >= 0, "/dev/null");
	in_child(event_stage, "event");
}
