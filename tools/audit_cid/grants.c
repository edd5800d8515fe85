// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: grants, and how much of each is in use. No file tells that: the
 * kernel is asked to announce its containers, and the audit log, as the kernel
 * sends it to all who listen, is read until a mark of our own comes back.
 */

#include <auparse.h>
#include <errno.h>
#include <libaudit.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auditcid.h"

#define TYPE_CONTAINER_OP	1340
#define TIMEOUT_MS		10000
#define ROOM			(16 << 20)	/* of what is not yet read */

static int listen_to_log(void)
{
	struct sockaddr_nl group = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1),
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	int room = ROOM;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (!bind(fd, (struct sockaddr *)&group, sizeof(group)))
		return fd;
	close(fd);
	return -1;
}

/* A record that tells where in the log the answer ends */
static const char *put_mark(char *mark, size_t size)
{
	int fd = audit_open();
	const char *why = NULL;

	if (fd < 0)
		return strerror(errno);
	snprintf(mark, size, "auditcid-show=%d.%jx", getpid(),
		 (uintmax_t)proc_now());
	if (audit_is_enabled(fd) <= 0)
		why = "auditing is disabled, so the kernel cannot announce them";
	else if (audit_log_user_message(fd, AUDIT_USER, mark, NULL, NULL, NULL,
					1) <= 0)
		why = "this requires CAP_AUDIT_WRITE";
	audit_close(fd);
	return why;
}

static const char *ask(char *mark, size_t size)
{
	const struct request announce = { .announce = true };
	int dir = proc_open_self();
	const char *why = NULL;

	if (dir < 0)
		return "cannot open /proc/self";
	if (cid_write(dir, &announce))
		why = cid_why_refused(dir, &announce, errno);
	close(dir);
	return why ? why : put_mark(mark, size);
}

/* Up to the mark, what is about containers, as lines of a log */
static const char *read_answer(int fd, const char *mark, FILE *lines)
{
	static union {
		struct nlmsghdr	header;
		char		data[MAX_AUDIT_MESSAGE_LENGTH + 1];
	} in;
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	const char *text = in.data + NLMSG_HDRLEN;
	ssize_t len;

	for (;;) {
		if (poll(&ready, 1, TIMEOUT_MS) <= 0)
			return "the kernel's answer did not come";
		len = recv(fd, &in, sizeof(in) - 1, 0);
		if (len < 0 && errno == ENOBUFS)
			return "the kernel logged more than could be read";
		if (len < NLMSG_HDRLEN)
			return strerror(len < 0 ? errno : EPROTO);
		in.data[len] = '\0';
		if (strstr(text, mark))
			return NULL;
		if (in.header.nlmsg_type == TYPE_CONTAINER_OP)
			fprintf(lines, "type=UNKNOWN[%d] msg=%s\n",
				TYPE_CONTAINER_OP, text);
	}
}

static uint64_t field(auparse_state_t *au, const char *name)
{
	const char *value;

	auparse_first_record(au);
	value = auparse_find_field(au, name);
	return value ? strtoull(value, NULL, 10) : 0;
}

static bool is_announcement(auparse_state_t *au)
{
	const char *op;

	auparse_first_record(au);
	op = auparse_find_field(au, "op");
	return op && !strcmp(op, "announce");
}

static bool add(struct grants *grants, auparse_state_t *au)
{
	struct grant *grant;

	grant = reallocarray(grants->list, grants->count + 1, sizeof(*grant));
	if (!grant)
		return false;
	grants->list = grant;
	grant += grants->count++;
	grant->id = field(au, "ocontid");
	grant->budget = field(au, "delegate");
	grant->used = field(au, "delegated");
	return true;
}

static const char *parse(struct grants *grants, const char *text)
{
	auparse_state_t *au = auparse_init(AUSOURCE_BUFFER, text);
	bool good = au;

	while (good && auparse_next_event(au) > 0)
		good = !is_announcement(au) || add(grants, au);
	if (au)
		auparse_destroy(au);
	return good ? NULL : strerror(ENOMEM);
}

/* NULL, or why they cannot be told */
const char *grants_read(struct grants *grants)
{
	char *text = NULL, mark[64];
	const char *why;
	FILE *lines;
	size_t len;
	int fd;

	*grants = (struct grants) {};
	fd = listen_to_log();
	if (fd < 0)
		return errno == EPERM ? "this requires CAP_AUDIT_READ" :
					strerror(errno);
	lines = open_memstream(&text, &len);
	why = lines ? ask(mark, sizeof(mark)) : strerror(errno);
	if (!why)
		why = read_answer(fd, mark, lines);
	if (lines && fclose(lines) && !why)
		why = strerror(errno);
	if (!why && len)
		why = parse(grants, text);
	free(text);
	close(fd);
	return why;
}

/* What was announced of a container, or NULL */
const struct grant *grants_find(const struct grants *grants, uint64_t id)
{
	size_t i;

	for (i = 0; i < grants->count; i++)
		if (grants->list[i].id == id)
			return &grants->list[i];
	return NULL;
}
