/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: functions that all tests share, except for the audit log.
 *
 * A test moves processes, so it needs processes of its own. An agent is a child
 * that waits for calls. A call has a function of this program, at the same
 * address in all agents, and its arguments. The fixture of a test contains its
 * agents, and the teardown kills them.
 */
#ifndef _SELFTESTS_AUDIT_CID_H
#define _SELFTESTS_AUDIT_CID_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "file.h"

/* A kernel may have been built without it. */
#ifndef CAP_AUDIT_CONTAINER
#define CAP_AUDIT_CONTAINER	41
#endif

/* Newer kernels have it. */
#ifndef NS_GET_ID
#define NS_GET_ID	_IOR(NSIO, 13, __u64)
#endif

#define CID_AGENTS	8

/* Settings in the environment, for long runs and to repeat a run. */
static inline unsigned int cid_number(const char *name, unsigned int fallback)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : fallback;
}

/* Without any, a test would pass without having tested. */
static inline unsigned int cid_rounds(unsigned int fallback)
{
	return cid_number("AUDIT_CID_ROUNDS", fallback) ?: fallback;
}

struct cid_world;
struct cid_call;

typedef long (*cid_fn)(struct cid_world *world, const struct cid_call *call);

/* A call of an agent. */
struct cid_call {
	cid_fn	fn;
	long	x;
	long	y;
	char	text[CID_TEXT_MAX];
};

/*
 * pid is 0 if the agent does not exist. by is the agent that forked it, or NULL
 * for the test itself. The test communicates through sock[0].
 */
struct cid_agent {
	pid_t			pid;
	struct cid_agent	*by;
	int			sock[2];
};

/*
 * stray is a process that an agent has forked and that is not an agent, or 0.
 */
struct cid_world {
	struct cid_agent	agent[CID_AGENTS];
	struct cid_agent	*self;	/* in an agent: itself */
	pid_t			stray;
};

/*
 * Agents
 */

static inline void cid_serve(struct cid_world *world, int sock)
{
	struct cid_call call;
	long ret;

	while (recv(sock, &call, sizeof(call), 0) == sizeof(call)) {
		ret = call.fn(world, &call);
		send(sock, &ret, sizeof(ret), MSG_NOSIGNAL);
	}
	_exit(0);
}

/*
 * fork() into new namespaces. Without namespaces, it is fork() of the C
 * library.
 */
static inline pid_t cid_clone(__u64 flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };

	return flags ? syscall(__NR_clone3, &args, sizeof(args)) : fork();
}

/* Fork an agent. Runs in the test or, to nest, in another agent. */
static inline pid_t cid_fork(struct cid_world *world, struct cid_agent *agent,
			     __u64 flags)
{
	pid_t parent = getpid();
	pid_t pid = cid_clone(flags);

	if (pid)
		return pid;

	/* A test that dies takes its agents along. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* 0: the first process of a PID namespace does not see its parent. */
	if (getppid() && getppid() != parent)
		_exit(0);
	world->self = agent;
	cid_serve(world, agent->sock[1]);
	return 0;
}

static inline void cid_vpost(struct cid_agent *agent, cid_fn fn, long x, long y,
			     const char *format, va_list args)
{
	struct cid_call call = { .fn = fn, .x = x, .y = y };

	vsnprintf(call.text, sizeof(call.text), format, args);
	send(agent->sock[0], &call, sizeof(call), MSG_NOSIGNAL);
}

/* Let an agent begin to do something. */
static inline __printf(5, 6)
void cid_post(struct cid_agent *agent, cid_fn fn, long x, long y,
	      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	cid_vpost(agent, fn, x, y, format, args);
	va_end(args);
}

/* Wait for the return value of a posted call. */
static inline long cid_wait(struct cid_agent *agent)
{
	long ret;

	if (recv(agent->sock[0], &ret, sizeof(ret), 0) != sizeof(ret))
		return -EPIPE;
	return ret;
}

/* Both. */
static inline __printf(5, 6)
long cid_do_text(struct cid_agent *agent, cid_fn fn, long x, long y,
		 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	cid_vpost(agent, fn, x, y, format, args);
	va_end(args);
	return cid_wait(agent);
}

static inline long cid_do(struct cid_agent *agent, cid_fn fn, long x, long y)
{
	return cid_do_text(agent, fn, x, y, "%s", "");
}

static inline long cid_do_write(struct cid_world *world,
				const struct cid_call *call)
{
	return cid_write(call->x ?: getpid(), "%s", call->text);
}

static inline long cid_do_read(struct cid_world *world,
			       const struct cid_call *call)
{
	return cid_read(call->x ?: getpid());
}

static inline long cid_do_fork(struct cid_world *world,
			       const struct cid_call *call)
{
	pid_t pid = cid_fork(world, &world->agent[call->x], call->y);

	return pid < 0 ? -errno : pid;
}

static inline long cid_do_reap(struct cid_world *world,
			       const struct cid_call *call)
{
	int status;

	return waitpid(call->x, &status, 0) < 0 ? -errno : status;
}

static inline long cid_do_exit(struct cid_world *world,
			       const struct cid_call *call)
{
	_exit(call->x);
}

static inline long cid_do_unshare(struct cid_world *world,
				  const struct cid_call *call)
{
	return unshare(call->x) ? -errno : 0;
}

/* Agents die with their parent, unless they are detached. */
static inline long cid_do_outlive(struct cid_world *world,
				  const struct cid_call *call)
{
	return prctl(PR_SET_PDEATHSIG, 0) ? -errno : 0;
}

static inline void *cid_idle(void *tid)
{
	__atomic_store_n((pid_t *)tid, gettid(), __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

/* Start a thread that does nothing. Returns its ID. */
static inline long cid_do_thread(struct cid_world *world,
				 const struct cid_call *call)
{
	static pid_t tid;
	pthread_t thread;
	int ret;

	__atomic_store_n(&tid, 0, __ATOMIC_RELAXED);
	ret = pthread_create(&thread, NULL, cid_idle, &tid);
	if (ret)
		return -ret;
	while (!__atomic_load_n(&tid, __ATOMIC_ACQUIRE))
		sched_yield();
	return tid;
}

static inline char cid_state(pid_t pid, pid_t tid)
{
	char path[64], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	file = fopen(path, "re");
	if (!file)
		return '?';
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(file);
	return state;
}

static inline void *cid_serve_thread(void *arg)
{
	struct cid_world *world = arg;
	int sock = world->self->sock[1];
	long tid = gettid();

	while (cid_state(getpid(), getpid()) != 'Z')
		sched_yield();
	send(sock, &tid, sizeof(tid), MSG_NOSIGNAL);
	cid_serve(world, sock);
	return NULL;
}

/*
 * Let the leader exit and another thread go on as the agent. Returns the ID of
 * that thread once the leader is a zombie.
 */
static inline long cid_do_leader_exit(struct cid_world *world,
				      const struct cid_call *call)
{
	pthread_t thread;
	int ret;

	ret = pthread_create(&thread, NULL, cid_serve_thread, world);
	if (ret)
		return -ret;
	/* Not pthread_exit(), which unwinds. */
	syscall(__NR_exit, 0);
	return -EIO;
}

/* The helper program, in the directory of this program. */
static inline void cid_hold_path(char *path)
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 8);

	path[len > 0 ? len : 0] = '\0';
	sprintf(strrchr(path, '/') ? strrchr(path, '/') + 1 : path, "hold");
}

static inline void *cid_exec(void *arg)
{
	struct cid_world *world = arg;
	char path[PATH_MAX], sock[16];
	long ret;

	cid_hold_path(path);
	snprintf(sock, sizeof(sock), "%d", world->self->sock[1]);
	execl(path, "hold", sock, NULL);
	ret = -errno;
	send(world->self->sock[1], &ret, sizeof(ret), MSG_NOSIGNAL);
	return NULL;
}

/*
 * Let an agent execute the program hold; if x is not 0, from a thread that is
 * not the leader. Use post: hold itself sends its ID, and exits after its next
 * message.
 */
static inline long cid_do_exec(struct cid_world *world,
			       const struct cid_call *call)
{
	pthread_t thread;
	int ret;

	if (!call->x)
		cid_exec(world);
	ret = pthread_create(&thread, NULL, cid_exec, world);
	if (ret)
		return -ret;
	for (;;)
		pause();
}

/*
 * Start an agent in its own namespaces, as a child of the test or of another
 * agent. Return NULL and set errno on failure.
 */
static inline struct cid_agent *cid_start_in(struct cid_world *world,
					     struct cid_agent *by, __u64 flags)
{
	struct cid_agent *agent = world->agent;

	while (agent->pid && agent < &world->agent[CID_AGENTS - 1])
		agent++;
	if (agent->pid)
		return NULL;
	agent->by = by;
	if (by)
		agent->pid = cid_do(by, cid_do_fork, agent - world->agent,
				    flags);
	else
		agent->pid = cid_fork(world, agent, flags);
	if (agent->pid > 0)
		return agent;
	if (by)
		errno = -agent->pid;
	agent->pid = 0;
	return NULL;
}

/* In the same namespaces. */
static inline struct cid_agent *cid_start(struct cid_world *world,
					  struct cid_agent *by)
{
	return cid_start_in(world, by, 0);
}

/* Wait for an agent that ends. Returns its wait status. */
static inline int cid_reap(struct cid_agent *agent)
{
	pid_t pid = agent->pid;
	int status;

	agent->pid = 0;
	if (agent->by)
		return cid_do(agent->by, cid_do_reap, pid, 0);
	return waitpid(pid, &status, 0) < 0 ? -errno : status;
}

/* Let an agent exit and wait for it. */
static inline int cid_end(struct cid_agent *agent)
{
	cid_post(agent, cid_do_exit, 0, 0, "%s", "");
	return cid_reap(agent);
}

static inline int cid_kill(struct cid_agent *agent)
{
	kill(agent->pid, SIGKILL);
	return cid_reap(agent);
}

/*
 * Call a function for each thread of a process, as /proc lists them. Returns
 * the number of threads for which it returned 0, or a negative error.
 */
static inline int cid_each_thread(pid_t pid, int (*fn)(pid_t tid, long arg),
				  long arg)
{
	struct dirent *entry;
	char path[32];
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && !fn(atoi(entry->d_name), arg))
			count++;
	closedir(dir);
	return count;
}

/*
 * Capabilities: glibc has no wrapper, and libcap would be another dependency.
 */

static inline int cid_set_cap(int cap, bool on)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	__u32 bit = 1U << (cap % 32);

	if (syscall(__NR_capget, &header, data))
		return -errno;
	if (on)
		data[cap / 32].effective |= bit;
	else
		data[cap / 32].effective &= ~bit;
	return syscall(__NR_capset, &header, data) ? -errno : 0;
}

static inline bool cid_knows_cap(int cap)
{
	return prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0;
}

/* Take the right to use the file, or have it back: either capability gives it. */
static inline int cid_set_right(bool on)
{
	int ret = cid_set_cap(CAP_AUDIT_CONTROL, on);

	if (ret || !cid_knows_cap(CAP_AUDIT_CONTAINER))
		return ret;
	return cid_set_cap(CAP_AUDIT_CONTAINER, on);
}

/*
 * Namespaces
 */

struct cid_ns {
	const char *field;
	const char *file;
	const char *same_as;	/* listed if it differs from this one */
};

static const struct cid_ns cid_ns_table[] = {
	{ "cgroupns", "cgroup" },
	{ "ipcns", "ipc" },
	{ "mntns", "mnt" },
	{ "netns", "net" },
	{ "pidns", "pid" },
	{ "pidns_for_children", "pid_for_children", "pid" },
	{ "timens", "time" },
	{ "timens_for_children", "time_for_children", "time" },
	{ "userns", "user" },
	{ "utsns", "uts" },
};

static inline char const *cid_ns_path(pid_t pid, pid_t tid, const char *file)
{
	static char path[80];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/ns/%s", pid, tid, file);
	return path;
}

static inline int cid_ns_stat(pid_t pid, pid_t tid, const char *file,
			      struct stat *st)
{
	return stat(cid_ns_path(pid, tid, file), st);
}

/* " FIELD_id=ID" if the kernel has namespace IDs, otherwise nothing. */
static inline int cid_ns_id(char *text, size_t size, pid_t pid, pid_t tid,
			    const struct cid_ns *ns)
{
	int fd = open(cid_ns_path(pid, tid, ns->file), O_RDONLY | O_CLOEXEC);
	bool known;
	__u64 id;

	if (fd < 0)
		return 0;
	known = !ioctl(fd, NS_GET_ID, &id);
	close(fd);
	return known ? snprintf(text, size, " %s_id=%llu", ns->field, id) : 0;
}

/* The namespace fields of a thread that a record must have. */
static inline void cid_ns_text(char *text, size_t size, pid_t pid, pid_t tid)
{
	struct stat st, same;
	size_t i, len;

	*text = '\0';
	if (cid_ns_stat(pid, tid, "mnt", &st))
		return;
	len = snprintf(text, size, "nsdev=%02x:%02x", major(st.st_dev),
		       minor(st.st_dev));
	for (i = 0; i < ARRAY_SIZE(cid_ns_table); i++) {
		const struct cid_ns *ns = &cid_ns_table[i];

		/* The kernel may be built without a type. */
		if (cid_ns_stat(pid, tid, ns->file, &st))
			continue;
		if (ns->same_as && !cid_ns_stat(pid, tid, ns->same_as, &same) &&
		    same.st_ino == st.st_ino)
			continue;
		len += snprintf(text + len, size - len, " %s=%lu", ns->field,
				(unsigned long)st.st_ino);
		len += cid_ns_id(text + len, size - len, pid, tid, ns);
	}
}

/*
 * Fixtures
 */

/* Why the tests cannot run here, or NULL. */
static inline char const *cid_missing(void)
{
	long id;

	if (access("/proc/self/audit_containerid", F_OK))
		return "no audit container IDs (CONFIG_AUDIT_CID)";
	id = cid_read(getpid());
	if (id == -EPERM || id == -EACCES)
		return "needs CAP_AUDIT_CONTROL in the initial user namespace";
	if (id)
		return "runs in an audit container: start it outside";
	return NULL;
}

static inline void cid_setup(struct __test_metadata *const _metadata,
			     struct cid_world *world)
{
	int i;

	memset(world, 0, sizeof(*world));
	for (i = 0; i < CID_AGENTS; i++)
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0,
					world->agent[i].sock));
	/* Agents whose parent has died are for this process to reap. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
}

/* Agents may hang, be stopped or hold locks of each other: no farewell. */
static inline void cid_teardown(struct cid_world *world)
{
	int i;

	for (i = 0; i < CID_AGENTS; i++) {
		if (world->agent[i].pid)
			kill(world->agent[i].pid, SIGKILL);
		close(world->agent[i].sock[0]);
		close(world->agent[i].sock[1]);
	}
	if (world->stray > 0)
		kill(world->stray, SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

#endif /* _SELFTESTS_AUDIT_CID_H */
