/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: how the tests read the audit log.
 *
 * The reader is a multicast listener. It can run beside the audit daemon,
 * because it does not register.
 *
 * The kernel delivers a record some time after the record was logged, but in
 * order. So audit_sync() logs a marker and reads until the marker arrives: the
 * records before it were logged before the call. A test never waits for a time
 * to check that there is no record.
 */
#ifndef _SELFTESTS_AUDIT_CID_AUDIT_H
#define _SELFTESTS_AUDIT_CID_AUDIT_H

#include <arpa/inet.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <regex.h>
#include <stddef.h>

#include "cid.h"

/* The longest that a mark may take to come back; only a failing test waits. */
#define AUDIT_TIMEOUT_MARK_MS	20000
/* How long to wait for a record that the kernel may not log yet. */
#define AUDIT_TIMEOUT_POLL_MS	50

#define AUDIT_RCVBUF		(64 << 20)

#ifndef AUDIT_SIGNAL_INFO2
#define AUDIT_SIGNAL_INFO2	1020

struct audit_sig_info2 {
	__u32		uid;
	__s32		pid;
	__u64		contid;
	char		ctx[];
};
#endif

#define AUDIT_RULES		8
#define AUDIT_PATTERN_MAX	4096

/*
 * The key of all rules. An operator can delete rules that a crash has left
 * behind.
 */
#define AUDIT_TEST_KEY		"audit_cid_test"

struct audit_record {
	__u16		type;
	unsigned int	serial;
	bool		taken;
	char		*text;	/* without the time stamp */
};

struct audit_request {
	struct nlmsghdr header;
	union {
		struct audit_status	status;
		struct audit_rule_data	rule;
		struct nlmsgerr		error;
		char			data[2048];
	};
};

struct audit_log {
	int			fd;
	int			control;
	unsigned int		mark;
	struct audit_status	status;	/* to be restored */
	struct audit_record	*record;
	size_t			count;
	struct audit_request	rule[AUDIT_RULES];
	size_t			rules;
};

/* One condition of a rule. */
struct audit_match {
	__u32	field;
	__u32	op;
	__u32	value;
};

/*
 * Requests
 */

/*
 * Send a request and receive its reply, of the type of the request, if one is
 * expected. Return 0 or the error.
 */
static inline int audit_ask(int fd, struct audit_request *ask,
			    struct audit_request *reply)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct audit_request answer = {};
	ssize_t len;

	ask->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (sendto(fd, ask, ask->header.nlmsg_len, 0,
		   (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;

	for (;;) {
		len = recv(fd, &answer, sizeof(answer), 0);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < (ssize_t)sizeof(answer.header))
			return len < 0 ? -errno : -EIO;
		/* The reply may come before or after its ack. */
		if (reply &&
		    answer.header.nlmsg_type == ask->header.nlmsg_type) {
			*reply = answer;
			return 0;
		}
		if (answer.header.nlmsg_type == NLMSG_ERROR &&
		    (answer.error.error || !reply))
			return answer.error.error;
	}
}

static inline int audit_control_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
}

/*
 * Each request has its own socket, so that it cannot receive the reply to
 * another one.
 */
static inline int audit_ask_once(struct audit_request *ask,
				 struct audit_request *reply)
{
	int fd = audit_control_open();
	int ret;

	if (fd < 0)
		return -errno;
	ret = audit_ask(fd, ask, reply);
	close(fd);
	return ret;
}

static inline int audit_get_status(struct audit_status *status)
{
	struct audit_request ask = {
		.header.nlmsg_type = AUDIT_GET,
		.header.nlmsg_len = NLMSG_HDRLEN,
	}, reply = {};
	int ret = audit_ask_once(&ask, &reply);

	*status = reply.status;
	return ret;
}

static inline int audit_set_status(__u32 mask, __u32 value)
{
	struct audit_request ask = {
		.header.nlmsg_type = AUDIT_SET,
		.header.nlmsg_len = NLMSG_LENGTH(sizeof(ask.status)),
		.status.mask = mask,
	};

	switch (mask) {
	case AUDIT_STATUS_ENABLED:
		ask.status.enabled = value;
		break;
	case AUDIT_STATUS_FAILURE:
		ask.status.failure = value;
		break;
	case AUDIT_STATUS_RATE_LIMIT:
		ask.status.rate_limit = value;
		break;
	case AUDIT_STATUS_BACKLOG_LIMIT:
		ask.status.backlog_limit = value;
		break;
	case AUDIT_STATUS_BACKLOG_WAIT_TIME:
		ask.status.backlog_wait_time = value;
		break;
	}
	return audit_ask_once(&ask, NULL);
}

/*
 * Make this process the audit daemon, which gets the records at a socket, or
 * no longer.
 */
static inline int audit_register(int fd, bool on)
{
	struct audit_request ask = {
		.header.nlmsg_type = AUDIT_SET,
		.header.nlmsg_len = NLMSG_LENGTH(sizeof(ask.status)),
		.status.mask = AUDIT_STATUS_PID,
		.status.pid = on ? getpid() : 0,
	};

	return audit_ask(fd, &ask, NULL);
}

/* Log a record of user space. */
static inline __printf(2, 3)
int audit_user(__u16 type, const char *format, ...)
{
	struct audit_request ask = { .header.nlmsg_type = type };
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(ask.data, sizeof(ask.data), format, args);
	va_end(args);
	ask.header.nlmsg_len = NLMSG_LENGTH(len + 1);
	return audit_ask_once(&ask, NULL);
}

/* For an agent: send the text as a record of type x. */
static inline long do_user(struct cid_world *world, const struct cid_call *call)
{
	return audit_user(call->x, "%s", call->text);
}

/*
 * Rules
 */

/*
 * Add a rule to a list. A syscall of -1 omits the system call, which some lists
 * do not support. audit_close() removes the rule.
 */
static inline int audit_add_rule(struct audit_log *log, __u32 list,
				 __u32 action, int syscall,
				 const struct audit_match *match, size_t count)
{
	struct audit_request *ask = &log->rule[log->rules];
	struct audit_rule_data *rule = &ask->rule;
	size_t i;
	int ret;

	if (log->rules == AUDIT_RULES)
		return -ENOSPC;

	memset(ask, 0, sizeof(*ask));
	rule->flags = list;
	rule->action = action;
	if (syscall >= 0)
		rule->mask[AUDIT_WORD(syscall)] = AUDIT_BIT(syscall);
	for (i = 0; i < count; i++) {
		rule->fields[i] = match[i].field;
		rule->fieldflags[i] = match[i].op;
		rule->values[i] = match[i].value;
	}
	if (syscall >= 0) {
		rule->fields[i] = AUDIT_FILTERKEY;
		rule->fieldflags[i] = AUDIT_EQUAL;
		rule->values[i] = strlen(AUDIT_TEST_KEY);
		rule->buflen = strlen(AUDIT_TEST_KEY);
		memcpy(rule->buf, AUDIT_TEST_KEY, rule->buflen);
		i++;
	}
	rule->field_count = i;
	ask->header.nlmsg_len = NLMSG_LENGTH(sizeof(*rule) + rule->buflen);
	ask->header.nlmsg_type = AUDIT_ADD_RULE;
	ret = audit_ask_once(ask, NULL);
	if (!ret)
		log->rules++;
	return ret;
}

static inline void audit_remove_rules(struct audit_log *log)
{
	while (log->rules) {
		struct audit_request *ask = &log->rule[--log->rules];

		ask->header.nlmsg_type = AUDIT_DEL_RULE;
		audit_ask_once(ask, NULL);
	}
}

/*
 * Records
 */

static inline void audit_forget(struct audit_log *log)
{
	while (log->count)
		free(log->record[--log->count].text);
}

static inline int audit_keep(struct audit_log *log, __u16 type, char *text)
{
	struct audit_record record = { .type = type };
	void *bigger;
	int skip = 0;

	if (sscanf(text, "audit(%*[0-9.]:%u): %n", &record.serial, &skip) < 1 ||
	    !skip)
		return -EIO;
	record.text = strdup(text + skip);
	/* Grown in steps: most tests keep a few records, some thousands. */
	if (!(log->count & (log->count + 1))) {
		bigger = realloc(log->record,
				 2 * (log->count + 1) * sizeof(record));
		if (!bigger)
			return -ENOMEM;
		log->record = bigger;
	}
	log->record[log->count++] = record;
	return record.text ? 0 : -ENOMEM;
}

/* Receive a record. Return 1, or 0 on time-out. */
static inline int audit_receive(struct audit_log *log, int timeout_ms)
{
	static union {
		struct nlmsghdr header;
		char data[32768];
	} in;
	struct pollfd poll_fd = { .fd = log->fd, .events = POLLIN };
	ssize_t len;
	int ret;

	ret = poll(&poll_fd, 1, timeout_ms);
	if (ret <= 0)
		return ret < 0 ? -errno : 0;
	len = recv(log->fd, &in, sizeof(in) - 1, 0);
	if (len < 0)
		return -errno;
	in.data[len] = '\0';
	ret = audit_keep(log, in.header.nlmsg_type,
			 in.data + NLMSG_HDRLEN);
	return ret ?: 1;
}

/* Keep all records that were logged before this call. */
static inline int audit_sync(struct audit_log *log)
{
	char mark[64];
	int ret;

	snprintf(mark, sizeof(mark), "audit_cid mark=%u pid=%d", ++log->mark,
		 getpid());
	/* This type is let through even with audit disabled. */
	ret = audit_user(AUDIT_USER_AVC, "%s", mark);
	if (ret)
		return ret;
	for (;;) {
		ret = audit_receive(log, AUDIT_TIMEOUT_MARK_MS);
		if (ret <= 0)
			return ret ?: -ETIME;
		if (strstr(log->record[log->count - 1].text, mark))
			break;
	}
	free(log->record[--log->count].text);
	return 0;
}

/* Drop all records that were logged before this call. */
static inline int audit_drop(struct audit_log *log)
{
	int ret = audit_sync(log);

	audit_forget(log);
	return ret;
}

static inline int audit_compile(regex_t *regex, const char *format,
				va_list args)
{
	char pattern[AUDIT_PATTERN_MAX];

	vsnprintf(pattern, sizeof(pattern), format, args);
	return regcomp(regex, pattern, REG_EXTENDED) ? -EINVAL : 0;
}

/* Print the records that a search has skipped, to explain its failure. */
static inline void audit_show(const struct audit_log *log, __u16 type)
{
	size_t i;

	for (i = 0; i < log->count; i++)
		if (!type || log->record[i].type == type)
			printf("# %u:%u%s %s\n", log->record[i].type,
			       log->record[i].serial,
			       log->record[i].taken ? " (taken)" : "",
			       log->record[i].text);
}

/*
 * Take the first record of a type, not taken yet, that matches an extended
 * regular expression. *id is set to its first group. Returns its place in the
 * log or a negative error.
 */
static inline __printf(4, 5)
int audit_take(struct audit_log *log, __u16 type, __u64 *id,
	       const char *format, ...)
{
	regmatch_t group[2];
	regex_t regex;
	va_list args;
	size_t i;
	int ret;

	va_start(args, format);
	ret = audit_compile(&regex, format, args);
	va_end(args);
	if (ret)
		return ret;

	for (i = 0; i < log->count; i++) {
		struct audit_record *record = &log->record[i];

		if (record->taken || record->type != type ||
		    regexec(&regex, record->text, 2, group, 0))
			continue;
		record->taken = true;
		if (id)
			*id = strtoull(record->text + group[1].rm_so, NULL, 10);
		break;
	}
	regfree(&regex);
	if (i < log->count)
		return i;

	va_start(args, format);
	printf("# no record of type %u matches ", type);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	audit_show(log, type);
	return -ENOENT;
}

/* Count the records of a type, or of all types for 0, that match. */
static inline __printf(3, 4)
int audit_count(const struct audit_log *log, __u16 type,
		const char *format, ...)
{
	regex_t regex;
	int count = 0;
	va_list args;
	size_t i;

	va_start(args, format);
	count = audit_compile(&regex, format, args);
	va_end(args);
	if (count)
		return count;

	for (i = 0; i < log->count; i++)
		if ((!type || log->record[i].type == type) &&
		    !regexec(&regex, log->record[i].text, 0, NULL, 0))
			count++;
	regfree(&regex);
	return count;
}

/* Count the records of a type that were not taken; print them if any. */
static inline int audit_left(const struct audit_log *log, __u16 type)
{
	int left = 0;
	size_t i;

	for (i = 0; i < log->count; i++)
		if (log->record[i].type == type && !log->record[i].taken)
			left++;
	if (left)
		audit_show(log, type);
	return left;
}

/* Count the records of an event. */
static inline int audit_event_size(const struct audit_log *log,
				   unsigned int serial)
{
	int size = 0;
	size_t i;

	for (i = 0; i < log->count; i++)
		size += log->record[i].serial == serial;
	return size;
}

/* The place of the first record of a type in an event, or -ENOENT. */
static inline int audit_event_find(const struct audit_log *log,
				   unsigned int serial, __u16 type)
{
	size_t i;

	for (i = 0; i < log->count; i++)
		if (log->record[i].serial == serial &&
		    log->record[i].type == type)
			return i;
	return -ENOENT;
}

/*
 * Find the ID of the acting task. A reader of the log must accept contid= only
 * where the kernel writes it: the sender chooses the text behind msg=', and a
 * task may choose the text in other places.
 */

static inline bool audit_from_user(__u16 type)
{
	return type == AUDIT_USER ||
	       (type >= AUDIT_FIRST_USER_MSG && type <= AUDIT_LAST_USER_MSG) ||
	       (type >= AUDIT_FIRST_USER_MSG2 && type <= AUDIT_LAST_USER_MSG2);
}

/* Length of the part of a record that the kernel has written. */
static inline size_t audit_kernel_part(const struct audit_record *record)
{
	const char *msg = audit_from_user(record->type) ?
			  strstr(record->text, " msg='") : NULL;

	return msg ? msg - record->text : strlen(record->text);
}

/* The contid= of a record: its last field, or the field in front of msg='. */
static inline __u64 audit_contid(const struct audit_record *record)
{
	static const char key[] = " contid=";
	const size_t len = sizeof(key) - 1;
	const char *start = record->text;
	const char *digits = start + audit_kernel_part(record);

	while (digits > start && digits[-1] >= '0' && digits[-1] <= '9')
		digits--;
	if (digits - start < (ssize_t)len || memcmp(digits - len, key, len))
		return 0;
	return strtoull(digits, NULL, 10);
}

/* The ID that an event names, ~0 if it names several. */
static inline __u64 audit_event_contid(const struct audit_log *log,
				       unsigned int serial)
{
	__u64 id, found = 0;
	size_t i;

	for (i = 0; i < log->count; i++) {
		if (log->record[i].serial != serial)
			continue;
		id = audit_contid(&log->record[i]);
		if (id && found && id != found)
			return ~0ULL;
		found = id ?: found;
	}
	return found;
}

/* The records of a type that name an ID. */
static inline int audit_count_contid(const struct audit_log *log, __u16 type,
				     __u64 id)
{
	int count = 0;
	size_t i;

	for (i = 0; i < log->count; i++)
		count += (!type || log->record[i].type == type) &&
			 audit_contid(&log->record[i]) == id;
	return count;
}

/*
 * Life
 */

/* Exclude all records but one type and markers, for tests with many records. */
static inline int audit_only(struct audit_log *log, __u16 type)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
			 offsetof(struct nlmsghdr, nlmsg_type)),
		/* A filter loads in network byte order. */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(type), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(AUDIT_USER_AVC),
			 0, 1),
		BPF_STMT(BPF_RET | BPF_K, ~0U),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = {
		.len = ARRAY_SIZE(code),
		.filter = code,
	};

	return setsockopt(log->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
			  sizeof(filter)) ? -errno : 0;
}

static inline void audit_close(struct audit_log *log)
{
	audit_remove_rules(log);
	if (!log->status.enabled)
		audit_set_status(AUDIT_STATUS_ENABLED, 0);
	audit_forget(log);
	free(log->record);
	close(log->fd);
}

static inline int audit_open(struct audit_log *log)
{
	struct sockaddr_nl group = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1),
	};
	int size = AUDIT_RCVBUF;
	int ret;

	memset(log, 0, sizeof(*log));
	ret = audit_get_status(&log->status);
	if (ret)
		return ret;
	log->fd = audit_control_open();
	if (log->fd < 0)
		return -errno;
	if (setsockopt(log->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
		       sizeof(size)) ||
	    bind(log->fd, (struct sockaddr *)&group, sizeof(group))) {
		ret = -errno;
		close(log->fd);
		return ret;
	}
	if (!log->status.enabled)
		ret = audit_set_status(AUDIT_STATUS_ENABLED, 1);
	return ret ?: audit_drop(log);
}

static inline void audit_setup(struct __test_metadata *const _metadata,
			       struct audit_log *log)
{
	ASSERT_EQ(0, audit_open(log))
		TH_LOG("Cannot read the audit log: initial pid namespace? CAP_AUDIT_READ?");
}

#endif /* _SELFTESTS_AUDIT_CID_AUDIT_H */
