// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one would have instead of a field.
 *
 * A record of its own: no kernel here writes it, so another one of the same length
 * stands in for it. sendto(2) to an address adds a SOCKADDR record ("saddr=" and
 * the address in hex) to an event, and can do without. The same calls while they
 * are not logged tell what else the address costs.
 *
 * A list of namespaces: a record of the length of the list, by the same means,
 * without what it takes to find the numbers and to format them; and the record
 * about namespaces that this kernel writes when a task of the host has changed
 * one, which has all that, and who did it as well.
 *
 * A look-up in user space: a daemon that reads /proc/PID/cgroup for each event.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"

/* Lengths of addresses whose records are as long as what they stand in for */
#define CONTID_LEN	((sizeof("contid=5931998640") - sizeof("saddr=") + 1) / 2)
#define NSLIST_LEN	((sizeof("nsdev=00:03 cgroupns=4026532132 ipcns=4026532081 " \
			 "mntns=4026532079 netns=4026532083 pidns=4026532082 " \
			 "timens=4026531834 userns=4026531837 utsns=4026532080") - \
			 sizeof("saddr=") + 1) / 2)

struct send {
	int fd;
	socklen_t len;
};

/* Refused at once: the socket is not connected, and the address of no family */
static void op_send(void *arg)
{
	static const struct sockaddr_storage to = { .ss_family = AF_UNSPEC };
	struct send *send = arg;

	sendto(send->fd, "x", 1, 0, send->len ? (void *)&to : NULL, send->len);
}

static struct send sends[] = {
	{ .len = 0 }, { .len = CONTID_LEN }, { .len = NSLIST_LEN },
};

static const char *const send_names[] = { "plain", "contid", "nslist" };

static void records(void *where)
{
	struct audit_rule_data *rule;
	pid_t daemon;

	for (int i = 0; i < 3; i++)
		sends[i].fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	/* A rule about another call: audit keeps the addresses */
	rule = rule_for("uname");
	rule_add(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	for (int i = 0; i < 3; i++)
		sample(label("send-%s/%s", send_names[i], (char *)where), 1000, op_send, &sends[i]);
	rule_drop(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);

	daemon = daemon_start(NULL);
	rule = rule_for("sendto");
	rule_add(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	for (int i = 0; i < 3; i++)
		sample_logged(label("logged-send-%s/%s", send_names[i], (char *)where),
			      500, op_send, &sends[i]);
	rule_drop(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	daemon_stop(daemon);
}

static void contained_records(void *where)
{
	contain_self("new");
	records(where);
}

static void logged_unshare(void *where)
{
	struct audit_rule_data *rule = rule_for("unshare");
	pid_t daemon = daemon_start(NULL);

	rule_add(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	sample_logged(label("logged-unshare/%s", (char *)where), 100, op_unshare, NULL);
	rule_drop(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	daemon_stop(daemon);
}

static volatile bool found;

/* What a tool does for each event: the process, its cgroup, the container's name */
static void look_up(int type, char *text)
{
	char path[64], cgroup[256], *pid;
	ssize_t len;
	int fd;

	if (type != AUDIT_SYSCALL)
		return;
	pid = strstr(text, " pid=");
	if (!pid)
		return;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", atoi(pid + 5));
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return;
	len = read(fd, cgroup, sizeof(cgroup) - 1);
	close(fd);
	if (len <= 0)
		return;
	cgroup[len] = '\0';
	found = strrchr(cgroup, '/');
}

static void look_at(int type, char *text)
{
	found = type == AUDIT_SYSCALL && *text;
}

static void with_daemon(const char *name, record_fn on_record)
{
	int fd = open("/dev/null", O_RDWR);
	struct audit_rule_data *rule = rule_for("pwrite");
	pid_t daemon = daemon_start(on_record);

	rule_add(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	sample_logged(name, 500, op_pwrite, (void *)(intptr_t)fd);
	rule_drop(rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
	daemon_stop(daemon);
	close(fd);
}

/* The same daemon, without and with the look-up */
static void looked_up(void *where)
{
	with_daemon(label("hasty-pwrite/%s", (char *)where), look_at);
	with_daemon(label("lookup-pwrite/%s", (char *)where), look_up);
}

void others_suite(void)
{
	in_child(records, "none");
	in_child(logged_unshare, "none");
	in_child(looked_up, "none");
	contain(fork_idle(), "new");
	in_child(logged_unshare, "host");
	in_child(contained_records, "in");
}
