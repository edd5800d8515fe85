/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: an agent as the audit daemon, which derives the state of
 * audit containers only from the records that it has received
 */
#ifndef _SELFTESTS_AUDIT_CID_DAEMON_H
#define _SELFTESTS_AUDIT_CID_DAEMON_H

#include <time.h>

#include "record.h"

/* So many IDs, from the first one of the test on, and events of a witness. */
#define DAEMON_IDS	65536
#define DAEMON_EVENTS	16384

/* Small enough that it is full soon. */
#define DAEMON_RCVBUF	4096

/* Of an ID: GONE says an announcement that lacks it, EXITED its own record. */
enum known { UNHEARD, LIVE, GONE, EXITED };

/*
 * The test sets the first three members. @announces counts the records of
 * announcements that were not requested, and @round those that end them. @whole
 * counts the announcements of all audit containers whose records are complete
 * and during which no record was lost. An announcement may be interrupted, and
 * then another one begins: its records are the last ones before its end.
 */
static struct daemon_view {
	__u64		first;
	__u64		witness;	/* container of the events to count */
	unsigned int	pause_us;
	unsigned long	records;
	int		announces;
	int		round, round_begin;
	int		whole;
	int		mark;
	int		promiscuous;
	unsigned char	known[DAEMON_IDS];
	int		named_at[DAEMON_IDS];
	unsigned char	event[DAEMON_EVENTS];
} *view;

static int daemon_fd = -1;

static inline void daemon_learn(__u64 id, enum known known)
{
	unsigned char *was = &view->known[id - view->first];

	/*
	 * The daemon may receive late the records that it did not accept at
	 * once.
	 */
	if (id >= view->first && id < view->first + DAEMON_IDS && *was < known)
		set(was, known);
}

static inline void daemon_announce(__u64 id)
{
	daemon_learn(id, LIVE);
	if (id >= view->first && id < view->first + DAEMON_IDS)
		view->named_at[id - view->first] = view->announces + 1;
	count(&view->announces);
}

/* An ID up to the last one that the announcement does not list has ended. */
static inline void daemon_end_round(__u64 root, __u64 last, int n,
				    unsigned int lost)
{
	int begin = view->announces - n;
	__u64 id = view->first;

	if (begin >= view->round_begin && !lost && !root) {
		for (; id <= last && id < view->first + DAEMON_IDS; id++)
			if (view->named_at[id - view->first] <= begin)
				daemon_learn(id, GONE);
		count(&view->whole);
	}
	view->round_begin = view->announces;
	count(&view->round);
}

static inline void daemon_read_op(const char *text)
{
	unsigned int lost;
	__u64 id, last;
	int n;

	if (sscanf(text, "op=create ocontid=%llu", &id) == 1)
		daemon_learn(id, LIVE);
	else if (sscanf(text, "op=exit ocontid=%llu", &id) == 1)
		daemon_learn(id, EXITED);
	else if (strstr(text, " comm="))
		return;		/* that was asked for */
	else if (sscanf(text, "op=announce ocontid=%llu", &id) == 1)
		daemon_announce(id);
	else if (sscanf(text,
			"op=announced ocontid=%llu last=%llu count=%d lost=%u",
			&id, &last, &n, &lost) == 4)
		daemon_end_round(id, last, n, lost);
}

static inline void daemon_read_event(struct audit_record *record)
{
	char *number = strstr(record->text, " a1=");
	unsigned long n;

	if (!number || audit_contid(record) != view->witness)
		return;
	n = strtoul(number + 4, NULL, 16);
	if (n < DAEMON_EVENTS)
		set(&view->event[n], 1);
}

static inline void daemon_read_record(__u16 type, char *text)
{
	struct audit_record record = { .type = type, .text = text };
	const char *mark = strstr(text, "daemon mark=");

	if (type == AUDIT_CONTAINER_OP)
		daemon_read_op(text);
	else if (type == AUDIT_SYSCALL)
		daemon_read_event(&record);
	else if (type == AUDIT_ANOM_PROMISCUOUS)
		count(&view->promiscuous);
	else if (type == AUDIT_USER && mark)
		set(&view->mark, atoi(mark + strlen("daemon mark=")));
}

static inline void *daemon_read(void *unused)
{
	static union {
		struct nlmsghdr header;
		char data[32768];
	} in;
	char *text;
	ssize_t len;

	for (;;) {
		len = recv(daemon_fd, &in, sizeof(in) - 1, 0);
		if (len < 0)
			continue;
		in.data[len] = '\0';
		text = strstr(in.data + NLMSG_HDRLEN, "): ");
		if (text)
			daemon_read_record(in.header.nlmsg_type, text + 3);
		count(&view->records);
		if (get(&view->pause_us))
			usleep(get(&view->pause_us));
	}
	return NULL;
}

/* An agent becomes the audit daemon; x may be the size of its buffer. */
static inline long do_register(struct cid_world *world,
			       const struct cid_call *call)
{
	int size = call->x;
	pthread_t thread;
	int ret;

	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	daemon_fd = audit_control_open();
	if (daemon_fd < 0)
		return -errno;
	if (size && setsockopt(daemon_fd, SOL_SOCKET, SO_RCVBUF, &size,
			       sizeof(size)))
		return -errno;
	ret = audit_register(daemon_fd, true);
	if (ret) {
		close(daemon_fd);
		return ret;
	}
	return -pthread_create(&thread, NULL, daemon_read, NULL);
}

static inline long do_unregister(struct cid_world *world,
				 const struct cid_call *call)
{
	/* By another socket: the daemon's has records in it. */
	int fd = audit_control_open();
	int ret = audit_register(fd, false);

	close(fd);
	return ret;
}

/* Before the agents are started: they share it. */
static inline void view_setup(struct __test_metadata *const _metadata)
{
	view = mmap(NULL, sizeof(*view), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, view);
}

/* Has the daemon heard of the end of a container? */
static inline bool daemon_knows_end(__u64 id)
{
	return get(&view->known[id - view->first]) >= GONE;
}

static inline unsigned int audit_lost(void)
{
	struct audit_status status;

	return audit_get_status(&status) ? -1 : status.lost;
}

static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

#endif /* _SELFTESTS_AUDIT_CID_DAEMON_H */
