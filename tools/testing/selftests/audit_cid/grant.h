/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: shared by the tests of delegation and of attacks:
 * ordinary users, their user namespaces, and passing descriptors
 */
#ifndef _SELFTESTS_AUDIT_CID_GRANT_H
#define _SELFTESTS_AUDIT_CID_GRANT_H

#include "record.h"

/* A user that nobody else is. */
#define USER_ID		61165

/*
 * Users
 */

static inline long do_drop_right(struct cid_world *world,
				 const struct cid_call *call)
{
	return cid_set_right(false);
}

/* A process that changes its user gives its files in /proc to root. */
static inline int own_again(void)
{
	return prctl(PR_SET_DUMPABLE, 1) ||
	       prctl(PR_SET_PDEATHSIG, SIGKILL) ? -errno : 0;
}

/* Become an ordinary user, for good. */
static inline long do_become_user(struct cid_world *world,
				  const struct cid_call *call)
{
	gid_t none;

	if (syscall(__NR_setgroups, 0, &none) ||
	    setresgid(USER_ID, USER_ID, USER_ID) ||
	    setresuid(USER_ID, USER_ID, USER_ID))
		return -errno;
	return own_again();
}

static inline __printf(2, 3)
int put_text(const char *path, const char *format, ...)
{
	char text[128];
	va_list args;
	int fd, len, ret;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ret = write(fd, text, len) == len ? 0 : -errno;
	close(fd);
	return ret;
}

/* Become root of a new user namespace, as rootless runtimes do first. */
static inline long do_enter_userns(struct cid_world *world,
				   const struct cid_call *call)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER))
		return -errno;
	return own_again() ?: put_text("/proc/self/setgroups", "deny") ?:
	       put_text("/proc/self/uid_map", "0 %u 1", uid) ?:
	       put_text("/proc/self/gid_map", "0 %u 1", gid);
}

/* Both steps: the agent is now like a rootless runtime. */
static inline long do_become_rootless(struct cid_world *world,
				      const struct cid_call *call)
{
	return do_become_user(world, call) ?: do_enter_userns(world, call);
}

/*
 * Descriptors
 */

/* All agents have both ends of this socket pair. */
static int channel[2];

static inline int send_fd(int fd)
{
	union {
		struct cmsghdr header;
		char data[CMSG_SPACE(sizeof(int))];
	} control = {
		.header = {
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(int)),
		},
	};
	struct iovec iov = { "", 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(channel[0], &msg, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

static inline int recv_fd(void)
{
	union {
		struct cmsghdr header;
		char data[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(channel[1], &msg, MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	if (msg.msg_controllen < sizeof(control.header) ||
	    control.header.cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static inline long do_send_fd(struct cid_world *world,
			      const struct cid_call *call)
{
	return send_fd(call->x);
}

static inline long do_recv_fd(struct cid_world *world,
			      const struct cid_call *call)
{
	return recv_fd();
}

/*
 * Pass a descriptor of an agent, or of the test for NULL, to another agent.
 * Return the descriptor that this agent receives.
 */
static inline long hand_over(struct cid_agent *from, int fd,
			     struct cid_agent *to)
{
	long ret = from ? cid_do(from, do_send_fd, fd, 0) : send_fd(fd);

	if (ret)
		return ret;
	return to ? cid_do(to, do_recv_fd, 0, 0) : recv_fd();
}

static inline long do_open(struct cid_world *world,
			   const struct cid_call *call)
{
	return cid_open(call->x ?: getpid(), call->y);
}

static inline long do_write_fd(struct cid_world *world,
			       const struct cid_call *call)
{
	return cid_write_fd(call->x, call->text, strlen(call->text));
}

static inline long do_read_fd(struct cid_world *world,
			      const struct cid_call *call)
{
	return cid_read_fd(call->x);
}

static inline long do_close(struct cid_world *world,
			    const struct cid_call *call)
{
	return close(call->x) ? -errno : 0;
}

static inline void channel_setup(struct __test_metadata *const _metadata)
{
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel));
}

/*
 * Words
 */

/* Let an agent write to the file of a process, or its own for 0. */
#define tell(agent, pid, ...)						\
	cid_do_text(agent, cid_do_write, pid, 0, __VA_ARGS__)

/* Each event says who acted, in the record of the call. */
static inline int event_by(const struct audit_log *log, int place, __u64 id)
{
	unsigned int serial = log->record[place].serial;
	int at = audit_event_find(log, serial, AUDIT_SYSCALL);

	if (at < 0)
		at = audit_event_find(log, serial, AUDIT_URINGOP);
	/* Alone: the record says it itself. */
	if (at < 0)
		at = place;
	return audit_contid(&log->record[at]) == id ? 0 : -EINVAL;
}

/*
 * Take the record of a refused attempt, made by a process of a container's: it
 * begins with a pattern. Returns 0 or a negative error.
 */
static inline __printf(5, 6)
int take_refused(struct audit_log *log, pid_t writer, __u64 id, pid_t opid,
		 const char *format, ...)
{
	char begin[256];
	va_list args;
	int ret;

	va_start(args, format);
	vsnprintf(begin, sizeof(begin), format, args);
	va_end(args);
	ret = audit_sync(log);
	if (ret)
		return ret;
	ret = audit_take(log, AUDIT_CONTAINER_OP, NULL,
			 "^op=%s opid=%d (.* )?pid=%d uid=[0-9]+ .* res=0( contid=[0-9]+)?$",
			 begin, opid, writer);
	return ret < 0 ? ret : event_by(log, ret, id);
}

#endif /* _SELFTESTS_AUDIT_CID_GRANT_H */
