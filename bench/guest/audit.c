// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's audit as the benchmarks use it: rules, containers, and a process
 * that is registered as the audit daemon and takes the records.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

struct drained *drained;
bool have_cid;
static int audit_fd, wake_pipe[2];

void audit_enable(bool on)
{
	check(audit_set_enabled(audit_fd, on) > 0, "audit_set_enabled");
}

/* Who logs is not to wait for the daemon. */
void audit_no_wait(void)
{
	check(audit_set_backlog_wait_time(audit_fd, 0) > 0, "audit_set_backlog_wait_time");
}

void audit_status(struct audit_status *status)
{
	struct audit_reply reply;

	check(audit_request_status(audit_fd) > 0, "audit_request_status");
	do {
		check(audit_get_reply(audit_fd, &reply, GET_REPLY_BLOCKING, 0) > 0,
		      "audit_get_reply");
	} while (reply.type != AUDIT_GET);
	*status = *reply.status;
}

void audit_setup(void)
{
	have_cid = !access("/proc/self/audit_containerid", F_OK);
	drained = shared(sizeof(*drained));
	audit_fd = audit_open();
	check(audit_fd >= 0, "audit_open");
	audit_enable(true);
	check(audit_set_backlog_limit(audit_fd, 8192) > 0, "audit_set_backlog_limit");
	check(!pipe2(wake_pipe, O_CLOEXEC), "pipe2");
}

static void daemon_take(int fd, record_fn on_record)
{
	static char buf[2 * MAX_AUDIT_MESSAGE_LENGTH];
	struct nlmsghdr *head = (void *)buf;
	ssize_t len = recv(fd, buf, sizeof(buf) - 1, 0);

	check(len >= (ssize_t)sizeof(*head), "recv");
	if (head->nlmsg_type < AUDIT_FIRST_USER_MSG)
		return;
	buf[len] = '\0';
	drained->bytes += len - NLMSG_HDRLEN;
	if (on_record)
		on_record(head->nlmsg_type, NLMSG_DATA(head));
	if (++drained->records == drained->want)
		check(write(wake_pipe[1], "", 1) == 1, "write");
}

/*
 * Idle priority: where nothing waits for the daemon, records are queued and sent
 * first and taken then, in one order. A daemon that looks into /proc hurries.
 */
static void daemon_run(void *on_record)
{
	struct sched_param normal = { 0 };
	int size = 256 << 20, fd = audit_open();

	if (!on_record)
		check(!sched_setscheduler(0, SCHED_IDLE, &normal), "SCHED_IDLE");

	check(!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)),
	      "SO_RCVBUFFORCE");
	check(audit_set_pid(fd, getpid(), WAIT_YES) > 0, "audit_set_pid");
	check(write(wake_pipe[1], "", 1) == 1, "write");
	for (;;)
		daemon_take(fd, on_record);
}

pid_t daemon_start(record_fn on_record)
{
	pid_t pid;
	char c;

	pid = spawn(daemon_run, on_record);
	check(read(wake_pipe[0], &c, 1) == 1, "read");
	return pid;
}

void daemon_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* @n records are about to be logged... */
void expect_records(uint64_t n)
{
	drained->want = drained->records + n;
}

/* ...and have arrived. */
void await_records(void)
{
	char c;

	check(read(wake_pipe[0], &c, 1) == 1, "read");
}

/**
 * struct logged - operations each of which is logged
 * @op: the operation
 * @arg: its argument
 * @n: how many at a time
 * @per_op: records of each
 * @caller: instructions until the last one returned, in each round
 * @round: rounds done
 */
struct logged {
	op_fn op;
	void *arg;
	int n, per_op;
	uint64_t caller[SAMPLES + 1];
	int round;
};

static void logged_round(void *arg)
{
	struct logged *logged = arg;
	uint64_t start = count_now();

	expect_records((uint64_t)logged->n * logged->per_op);
	for (int i = 0; i < logged->n; i++)
		logged->op(logged->arg);
	logged->caller[logged->round++] = count_now() - start;
	await_records();
}

/* Until no more records come: what was kept for a daemon comes when it registers */
static void settle(void)
{
	uint64_t records;

	do {
		records = drained->records;
		usleep(50000);
	} while (drained->records != records);
}

/*
 * Count operations each of which is logged: as the caller sees it, and all that
 * the machine does until the daemon has the last record. Who logs has a real-time
 * priority, so that the queue and the daemon come after it, in one order.
 */
void sample_logged(const char *name, int n, op_fn op, void *arg)
{
	struct sched_param fifo = { .sched_priority = 1 }, normal = { 0 };
	struct logged logged = { .op = op, .arg = arg, .n = n };
	uint64_t records, bytes;

	settle();
	records = drained->records;
	bytes = drained->bytes;
	op(arg);
	settle();
	logged.per_op = drained->records - records;
	if (!logged.per_op)
		fail("%s is not logged", name);
	value(label("records/%s", name), logged.per_op);
	value(label("bytes/%s", name), drained->bytes - bytes);

	check(!sched_setscheduler(0, SCHED_FIFO, &fifo), "SCHED_FIFO");
	samples(name, n, logged_round, &logged);
	check(!sched_setscheduler(0, SCHED_OTHER, &normal), "SCHED_OTHER");
	row(label("caller/%s", name), n, logged.caller);
}

struct audit_rule_data *rule_for(const char *call)
{
	struct audit_rule_data *rule = calloc(1, sizeof(*rule) + 64);

	check(rule, "calloc");
	check(!audit_rule_syscallbyname_data(rule, call), call);
	return rule;
}

void rule_field(struct audit_rule_data *rule, int type, int op, uint32_t val)
{
	rule->fields[rule->field_count] = type;
	rule->fieldflags[rule->field_count] = op;
	rule->values[rule->field_count++] = val;
}

void rule_contid(struct audit_rule_data *rule, int type, uint64_t id)
{
	rule_field(rule, type, AUDIT_EQUAL, id);
	rule_field(rule, FIELD_HI, AUDIT_EQUAL, id >> 32);
}

void rule_add(struct audit_rule_data *rule, int list, int action)
{
	check(audit_add_rule_data(audit_fd, rule, list, action) > 0, "add a rule");
}

void rule_drop(struct audit_rule_data *rule, int list, int action)
{
	check(audit_delete_rule_data(audit_fd, rule, list, action) > 0, "delete a rule");
	free(rule);
}

/* Without IDs, nothing: the unpatched kernel goes through the same motions. */
void contain(pid_t pid, const char *command)
{
	if (have_cid)
		put(label("/proc/%d/audit_containerid", pid), command);
}

void contain_self(const char *command)
{
	if (have_cid)
		put("/proc/self/audit_containerid", command);
}

uint64_t contid_of(pid_t pid)
{
	char text[32] = "";
	int fd = open(label("/proc/%d/audit_containerid", pid), O_RDONLY | O_CLOEXEC);

	check(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0, "read an ID");
	close(fd);
	return strtoull(text, NULL, 10);
}
