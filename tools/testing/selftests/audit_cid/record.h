/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: shared by the tests of records: patterns, agents that
 * cause events, and setup and teardown of a fixture
 */
#ifndef _SELFTESTS_AUDIT_CID_RECORD_H
#define _SELFTESTS_AUDIT_CID_RECORD_H

#include <linux/seccomp.h>

#include "audit.h"

#define EVENT_MAGIC	(0x40000000 | event_owner)

/* Tasks that are created with this effective group have no audit context. */
#define NEVER_GID	61166

static pid_t event_owner;

/* Memory that the test shares with its agents. */
static struct {
	int	stop;
	int	events;
} *shared;

#define get(p)		__atomic_load_n(p, __ATOMIC_SEQ_CST)
#define set(p, v)	__atomic_store_n(p, v, __ATOMIC_SEQ_CST)
#define count(p)	__atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST)

/*
 * Patterns
 */

static inline unsigned int proc_number(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned int number = -1;

	if (file && fscanf(file, "%u", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

static inline unsigned int auid(void)
{
	return proc_number("/proc/self/loginuid");
}

static inline unsigned int ses(void)
{
	return proc_number("/proc/self/sessionid");
}

/* The path of this program, as a regular expression. */
static inline char const *self_exe(void)
{
	static char quoted[2 * PATH_MAX];
	char path[PATH_MAX], *to = quoted;
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path));

	for (ssize_t i = 0; i < len; i++) {
		if (strchr(".*+?[](){}|^$\\", path[i]))
			*to++ = '\\';
		*to++ = path[i];
	}
	*to = '\0';
	return quoted;
}

/* The subject: a process that runs this program, or a given process. */
static inline char const *subject_comm(pid_t pid, const char *comm)
{
	static char text[256];

	snprintf(text, sizeof(text),
		 "pid=%d uid=0 auid=%u ses=%u( subj=[^ ]+)? comm=\"%s\"", pid,
		 auid(), ses(), comm);
	return text;
}

static inline char const *subject(pid_t pid)
{
	return subject_comm(pid, program_invocation_short_name);
}

/* The namespaces of a process. */
static inline char const *namespaces(pid_t pid)
{
	static char text[512];

	cid_ns_text(text, sizeof(text), pid, pid);
	return text;
}

static inline int take_create(struct audit_log *log, __u64 *id, __u64 pcontid,
			      const char *name, pid_t opid, const char *nsset,
			      pid_t writer)
{
	return audit_take(log, AUDIT_CONTAINER_OP, id,
			  "^op=create ocontid=([0-9]+) pcontid=%llu name=%s opid=%d %s %s exe=\"%s\" res=1$",
			  pcontid, name, opid, nsset, subject(writer),
			  self_exe());
}

static inline int take_join(struct audit_log *log, __u64 id, __u64 prev,
			    pid_t opid, const char *nsset, pid_t writer)
{
	return audit_take(log, AUDIT_CONTAINER_OP, NULL,
			  "^op=join ocontid=%llu prev=%llu opid=%d %s %s exe=\"%s\" res=1$",
			  id, prev, opid, nsset, subject(writer),
			  self_exe());
}

static inline int take_exit(struct audit_log *log, __u64 id, __u64 pcontid,
			    const char *name, pid_t opid, const char *acting)
{
	return audit_take(log, AUDIT_CONTAINER_OP, NULL,
			  "^op=exit ocontid=%llu pcontid=%llu name=%s opid=%d %s res=1$",
			  id, pcontid, name, opid, acting);
}

/*
 * A thread of a member, or of a host process for 0, has other namespaces. A
 * standalone record also has the ID of the acting task.
 */
static inline int take_transition(struct audit_log *log, const char *op,
				  __u64 id, pid_t pid, pid_t tid,
				  const char *nsset, pid_t acting)
{
	return audit_take(log, AUDIT_CONTAINER_OP, NULL,
			  "^op=%s ocontid=%llu opid=%d otid=%d %s %s exe=\"%s\" res=1( contid=%llu)?$",
			  op, id, pid, tid, nsset, subject(acting),
			  self_exe(), id);
}

static inline int count_exits(const struct audit_log *log, __u64 id)
{
	return audit_count(log, AUDIT_CONTAINER_OP, "^op=exit ocontid=%llu ",
			   id);
}

/* " contid=N", or nothing for 0. */
static inline char const *field(__u64 id)
{
	static char text[40];

	*text = '\0';
	if (id)
		snprintf(text, sizeof(text), " contid=%llu", id);
	return text;
}

/* The SYSCALL record of do_event(). */
static inline int take_event(struct audit_log *log, struct cid_agent *agent, __u64 id)
{
	pid_t ppid = agent->by ? agent->by->pid : getpid();

	return audit_take(log, AUDIT_SYSCALL, NULL,
			  "^arch=[0-9a-f]+ syscall=%d success=no exit=-3 a0=%x a1=[0-9a-f]+ a2=[0-9a-f]+ a3=[0-9a-f]+ items=0 ppid=%d pid=%d auid=%u uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=[^ ]+ ses=%u comm=\"%s\" exe=\"%s\"( subj=[^ ]+)? key=\"audit_cid_test\"%s$",
			  __NR_getpgid, EVENT_MAGIC, ppid, agent->pid, auid(),
			  ses(), program_invocation_short_name, self_exe(), field(id));
}

/* Actions of agents */

static inline long do_event(struct cid_world *world, const struct cid_call *call)
{
	return syscall(__NR_getpgid, EVENT_MAGIC) < 0 ? -errno : 0;
}

static inline int add_event_rule(struct audit_log *log)
{
	struct audit_match match = { AUDIT_ARG0, AUDIT_EQUAL, EVENT_MAGIC };

	return audit_add_rule(log, AUDIT_FILTER_EXIT, AUDIT_ALWAYS,
			      __NR_getpgid, &match, 1);
}

static inline long do_set_group(struct cid_world *world, const struct cid_call *call)
{
	return setresgid(-1, call->x, -1) ? -errno : 0;
}

/* Start an agent without an audit context, as "-a task,never" makes them. */
static inline struct cid_agent *start_never(struct cid_world *world,
					    struct audit_log *log)
{
	struct audit_match match = { AUDIT_EGID, AUDIT_EQUAL, NEVER_GID };
	struct cid_agent *parent = cid_start(world, NULL);

	if (!parent ||
	    audit_add_rule(log, AUDIT_FILTER_TASK, AUDIT_NEVER, -1, &match, 1))
		return NULL;
	if (cid_do(parent, do_set_group, NEVER_GID, 0))
		return NULL;
	return cid_start(world, parent);
}

static inline long do_seccomp(struct cid_world *world, const struct cid_call *call)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getpgid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {
		.len = ARRAY_SIZE(code),
		.filter = code,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return -errno;
	return syscall(__NR_getpgid, 0);
}

static inline long do_abort(struct cid_world *world, const struct cid_call *call)
{
	signal(SIGABRT, SIG_DFL);
	abort();
}

/*
 * Setup
 */

static inline void setup(struct __test_metadata *const _metadata,
			 struct cid_world *world, struct audit_log *log)
{
	event_owner = getpid();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	cid_setup(_metadata, world);
	audit_setup(_metadata, log);
}

static inline void teardown(struct cid_world *world, struct audit_log *log)
{
	/* Rules first: how agents end is not to be logged. */
	audit_close(log);
	cid_teardown(world);
	munmap(shared, sizeof(*shared));
}

/* A container for an agent, whose records the test is not about. */
static inline __u64 make_container(struct audit_log *log,
				   struct cid_agent *agent)
{
	long long id = cid_write(agent->pid, "new") ?: cid_read(agent->pid);

	return audit_drop(log) || id < 0 ? 0 : id;
}

#endif /* _SELFTESTS_AUDIT_CID_RECORD_H */
