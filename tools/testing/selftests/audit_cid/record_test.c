// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: the records about containers, and the ID in all others
 */

#include <linux/bpf.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>

#include "audit.h"
#include "uring.h"

/* A call that does nothing but match a rule: there is no such process group. */
#define EVENT_MAGIC	(0x40000000 | event_owner)

/* Tasks born with this effective group have no audit context. */
#define NEVER_GID	61166

static pid_t event_owner;

/* What the test shares with its agents. */
static struct {
	int	stop;
	int	events;
} *shared;

#define get(p)		__atomic_load_n(p, __ATOMIC_SEQ_CST)
#define set(p, v)	__atomic_store_n(p, v, __ATOMIC_SEQ_CST)
#define count(p)	__atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST)

typedef unsigned long long ull;

/*
 * Patterns
 */

static unsigned int proc_number(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned int number = -1;

	if (file && fscanf(file, "%u", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

static unsigned int auid(void)
{
	return proc_number("/proc/self/loginuid");
}

static unsigned int ses(void)
{
	return proc_number("/proc/self/sessionid");
}

/* This program's path, as a regular expression. */
static const char *exe(void)
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

#define RE_SUBJ		"( subj=[^ ]+)?"

/* Who acts: a process that runs this program, or a given one. */
static const char *subject_comm(pid_t pid, const char *comm)
{
	static char text[256];

	snprintf(text, sizeof(text),
		 "pid=%d uid=0 auid=%u ses=%u" RE_SUBJ " comm=\"%s\"", pid,
		 auid(), ses(), comm);
	return text;
}

static const char *subject(pid_t pid)
{
	return subject_comm(pid, "record_test");
}

/* The namespaces of a process. */
static const char *namespaces(pid_t pid)
{
	static char text[512];

	cid_ns_text(text, sizeof(text), pid, pid);
	return text;
}

static int take_create(struct audit_log *log, __u64 *id, __u64 pcontid,
		       const char *name, pid_t opid, const char *nsset,
		       pid_t writer)
{
	return audit_take(log, AUDIT_CONTAINER_OP, id,
			  "^op=create ocontid=([0-9]+) pcontid=%llu name=%s opid=%d %s %s exe=\"%s\" res=1$",
			  (ull)pcontid, name, opid, nsset, subject(writer),
			  exe());
}

static int take_join(struct audit_log *log, __u64 id, __u64 prev, pid_t opid,
		     const char *nsset, pid_t writer)
{
	return audit_take(log, AUDIT_CONTAINER_OP, NULL,
			  "^op=join ocontid=%llu prev=%llu opid=%d %s %s exe=\"%s\" res=1$",
			  (ull)id, (ull)prev, opid, nsset, subject(writer),
			  exe());
}

static int take_exit(struct audit_log *log, __u64 id, __u64 pcontid,
		     const char *name, pid_t opid, const char *acting)
{
	return audit_take(log, AUDIT_CONTAINER_OP, NULL,
			  "^op=exit ocontid=%llu pcontid=%llu name=%s opid=%d %s res=1$",
			  (ull)id, (ull)pcontid, name, opid, acting);
}

static int count_exits(const struct audit_log *log, __u64 id)
{
	return audit_count(log, AUDIT_CONTAINER_OP, "^op=exit ocontid=%llu ",
			   (ull)id);
}

/* " contid=N", or nothing for 0. */
static const char *field(__u64 id)
{
	static char text[40];

	*text = '\0';
	if (id)
		snprintf(text, sizeof(text), " contid=%llu", (ull)id);
	return text;
}

/* The SYSCALL record of do_event(). */
static int take_event(struct audit_log *log, struct cid_agent *agent, __u64 id)
{
	pid_t ppid = agent->by ? agent->by->pid : getpid();

	return audit_take(log, AUDIT_SYSCALL, NULL,
			  "^arch=[0-9a-f]+ syscall=%d success=no exit=-3 a0=%x a1=[0-9a-f]+ a2=[0-9a-f]+ a3=[0-9a-f]+ items=0 ppid=%d pid=%d auid=%u uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=[^ ]+ ses=%u comm=\"record_test\" exe=\"%s\"" RE_SUBJ "%s key=\"" AUDIT_TEST_KEY "\"$",
			  __NR_getpgid, EVENT_MAGIC, ppid, agent->pid, auid(),
			  ses(), exe(), field(id));
}

/*
 * What agents do
 */

static long do_event(struct cid_world *world, const struct cid_call *call)
{
	return syscall(__NR_getpgid, EVENT_MAGIC) < 0 ? -errno : 0;
}

static int add_event_rule(struct audit_log *log)
{
	struct audit_match match = { AUDIT_ARG0, AUDIT_EQUAL, EVENT_MAGIC };

	return audit_add_rule(log, AUDIT_FILTER_EXIT, AUDIT_ALWAYS,
			      __NR_getpgid, &match, 1);
}

static long do_set_group(struct cid_world *world, const struct cid_call *call)
{
	return setresgid(-1, call->x, -1) ? -errno : 0;
}

/* Start an agent without an audit context, as "-a task,never" makes them. */
static struct cid_agent *start_never(struct cid_world *world,
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

static long do_abort(struct cid_world *world, const struct cid_call *call)
{
	signal(SIGABRT, SIG_DFL);
	abort();
}

static long do_seccomp(struct cid_world *world, const struct cid_call *call)
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

static long do_set_failure(struct cid_world *world,
			   const struct cid_call *call)
{
	struct audit_status status;
	int ret = audit_get_status(&status);

	/* To what it is: this is logged all the same. */
	return ret ?: audit_set_status(AUDIT_STATUS_FAILURE, status.failure);
}

static long do_set_loginuid(struct cid_world *world,
			    const struct cid_call *call)
{
	int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
	long ret = write(fd, "0", 1) == 1 ? 0 : -errno;

	close(fd);
	return ret;
}

static long do_load_bpf(struct cid_world *world, const struct cid_call *call)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)code,
		.insn_cnt = ARRAY_SIZE(code),
		.license = (uintptr_t)"GPL",
	};
	int fd = syscall(__NR_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	return fd < 0 ? -errno : close(fd);
}

static long do_user(struct cid_world *world, const struct cid_call *call)
{
	return audit_user(call->x, "%s", call->text);
}

static long do_gettid(struct cid_world *world, const struct cid_call *call)
{
	return gettid();
}

static long do_open(struct cid_world *world, const struct cid_call *call)
{
	return cid_open(call->x, O_RDWR);
}

/* Through a descriptor, which can outlive its process. */
static long do_write_fd(struct cid_world *world, const struct cid_call *call)
{
	return cid_write_fd(call->x, call->text, strlen(call->text));
}

static long do_signal(struct cid_world *world, const struct cid_call *call)
{
	return kill(call->x, 0) ? -errno : 0;
}

static long do_trace(struct cid_world *world, const struct cid_call *call)
{
	if (ptrace(PTRACE_SEIZE, call->x, 0, 0))
		return -errno;
	kill(call->x, SIGSTOP);
	waitpid(call->x, NULL, __WALL);
	return ptrace(PTRACE_DETACH, call->x, 0, SIGCONT) ? -errno : 0;
}

static long do_set_pgid(struct cid_world *world, const struct cid_call *call)
{
	return setpgid(0, call->x) ? -errno : 0;
}

/*
 * Fixture
 */

FIXTURE(record)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent;
};

static void setup(struct __test_metadata *const _metadata,
		  struct cid_world *world, struct audit_log *log)
{
	event_owner = getpid();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	cid_setup(_metadata, world);
	audit_setup(_metadata, log);
}

static void teardown(struct cid_world *world, struct audit_log *log)
{
	/* Rules first: how agents end is not to be logged. */
	audit_close(log);
	cid_teardown(world);
	munmap(shared, sizeof(*shared));
}

FIXTURE_SETUP(record)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
}

FIXTURE_TEARDOWN(record)
{
	teardown(&self->world, &self->log);
}

/* A container for an agent, whose records the test is not about. */
static __u64 make_container(struct cid_world *world, struct audit_log *log,
			    struct cid_agent *agent)
{
	long id = cid_write(agent->pid, "new") ?: cid_read(agent->pid);

	return audit_drop(log) || id < 0 ? 0 : id;
}

/*
 * Without containers
 */

/* The names of a record's fields, and those values that hold no number. */
static void outline(char *text)
{
	char *from = text, *to = text;

	while (*from) {
		size_t len = strcspn(from, " ");
		char *value = memchr(from, '=', len);
		size_t keep = len;

		if (value && memchr(value, '"', len - (value - from)))
			keep = value - from + 1;
		if (value && strcspn(value, "0123456789") < len - (value - from))
			keep = value - from + 1;
		memmove(to, from, keep);
		to += keep;
		from += len;
		while (*from == ' ')
			*to++ = *from++;
	}
	*to = '\0';
}

static bool has_serial(const unsigned int *serials, size_t count,
		       unsigned int serial)
{
	while (count--)
		if (serials[count] == serial)
			return true;
	return false;
}

/* Append the outlines of all events of a process to a text. */
static void outline_events(struct audit_log *log, pid_t pid, char *text,
			   size_t size)
{
	unsigned int serials[64];
	size_t i, len, count = 0;
	char mine[32];

	snprintf(mine, sizeof(mine), "pid=%d ", pid);
	for (i = 0; i < log->count && count < ARRAY_SIZE(serials); i++)
		if (strstr(log->record[i].text, mine))
			serials[count++] = log->record[i].serial;
	for (i = 0; i < log->count; i++) {
		if (!has_serial(serials, count, log->record[i].serial))
			continue;
		len = strlen(text);
		snprintf(text + len, size - len, "%u: %s",
			 log->record[i].type, log->record[i].text);
		outline(text + len);
		strcat(text + len, "\n");
	}
}

/* One process does all that is logged here, but for that which kills it. */
static const cid_fn script[] = {
	do_event, do_set_failure, do_load_bpf, do_set_loginuid,
};

static void run_script(struct __test_metadata *const _metadata,
		       FIXTURE_DATA(record) *self, char *text, size_t size)
{
	struct cid_agent *agent = cid_start(&self->world, NULL);
	struct cid_agent *other = cid_start(&self->world, NULL);
	pid_t pid;
	size_t i;

	ASSERT_NE(NULL, agent);
	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, audit_drop(&self->log));
	for (i = 0; i < ARRAY_SIZE(script); i++)
		cid_do(agent, script[i], 0, 0);
	cid_do_text(agent, do_user, AUDIT_USER, 0, "%s", "hello");
	cid_do(agent, do_trace, self->agent->pid, 0);
	pid = agent->pid;
	cid_post(agent, do_abort, 0, 0, "%s", "");
	cid_reap(agent);

	ASSERT_EQ(0, audit_sync(&self->log));
	outline_events(&self->log, pid, text, size);
	pid = other->pid;
	cid_post(other, do_seccomp, 0, 0, "%s", "");
	cid_reap(other);
	ASSERT_EQ(0, audit_sync(&self->log));
	outline_events(&self->log, pid, text, size);
	EXPECT_EQ(0, audit_count(&self->log, 0, "contid"));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* Comes first: no container has been made then, unless by somebody else. */
TEST_F(record, logs_as_ever_without_containers)
{
	struct audit_match trace = {
		AUDIT_ARG1, AUDIT_EQUAL, self->agent->pid,
	};
	static char before[16384], after[16384];
	struct cid_agent *other;

	ASSERT_EQ(0, add_event_rule(&self->log));
	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXIT,
				    AUDIT_ALWAYS, __NR_ptrace, &trace, 1));
	run_script(_metadata, self, before, sizeof(before));
	other = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, cid_write(other->pid, "new"));
	cid_end(other);
	run_script(_metadata, self, after, sizeof(after));
	EXPECT_STREQ(before, after);
	/* All of the script is in there. */
	EXPECT_NE(NULL, strstr(before, "\n1305: op=set "));
	EXPECT_NE(NULL, strstr(before, "\n1334: prog-id= op=LOAD\n"));
	EXPECT_NE(NULL, strstr(before, "\n1006: "));
	EXPECT_NE(NULL, strstr(before, "\n1005: "));
	EXPECT_NE(NULL, strstr(before, "\n1318: opid= "));
	EXPECT_NE(NULL, strstr(before, "\n1701: "));
	EXPECT_NE(NULL, strstr(before, "\n1326: "));
}

/*
 * Creation
 */

FIXTURE(create)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent;
};

FIXTURE_VARIANT(create)
{
	const char *options;
	const char *name;	/* as the log has it, a regular expression */
};

#define CREATE(name, ...)						\
	FIXTURE_VARIANT_ADD(create, name) { __VA_ARGS__ }

#define NAME_64 "1234567890123456789012345678901234567890123456789012345678901234"

CREATE(nameless, "", "\\(null\\)");
CREATE(named, " name=web-1", "\"web-1\"");
CREATE(named_null, " name=(null)", "\"\\(null\\)\"");
CREATE(named_like_a_field, " name=contid=1", "\"contid=1\"");
/* A quote would end the field: such a name is logged in hexadecimal. */
CREATE(named_with_a_quote, " name=a\"b", "612262");
CREATE(named_at_length, " name=" NAME_64 NAME_64,
       "\"" NAME_64 NAME_64 "\"");

FIXTURE_SETUP(create)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
	ASSERT_EQ(0, audit_drop(&self->log));
}

FIXTURE_TEARDOWN(create)
{
	teardown(&self->world, &self->log);
}

TEST_F(create, record)
{
	pid_t pid = self->agent->pid;
	unsigned int serial;
	int create, event;
	__u64 id;

	ASSERT_EQ(0, cid_write(pid, "new%s", variant->options));
	ASSERT_EQ(0, audit_sync(&self->log));
	create = take_create(&self->log, &id, 0, variant->name, pid,
			     namespaces(pid), getpid());
	ASSERT_LE(0, create);
	EXPECT_EQ(id, cid_read(pid));

	/* It comes first in the event of the write, which is the writer's. */
	serial = self->log.record[create].serial;
	event = audit_take(&self->log, AUDIT_SYSCALL, NULL,
			   "^arch=[0-9a-f]+ syscall=%d success=yes .* pid=%d .* key=\\(null\\)$",
			   __NR_pwrite64, getpid());
	ASSERT_LT(create, event);
	EXPECT_EQ(serial, self->log.record[event].serial);
	event = audit_take(&self->log, AUDIT_PROCTITLE, NULL, "^proctitle=");
	ASSERT_LT(create, event);
	EXPECT_EQ(serial, self->log.record[event].serial);
	EXPECT_EQ(0, audit_count(&self->log, 0, " contid="));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	cid_kill(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LT(create, take_exit(&self->log, id, 0, variant->name, pid,
				    subject(pid)));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* Below the target's own, or below another one that is named. */
TEST_F(record, create_names_the_parent)
{
	struct cid_agent *other = cid_start(&self->world, NULL);
	__u64 top, child, named;

	ASSERT_NE(NULL, other);
	top = make_container(&self->world, &self->log, self->agent);
	ASSERT_NE(0, top);
	ASSERT_EQ(0, cid_write(self->agent->pid, "new"));
	/* The agent may be the last in the upper one: keep that alive. */
	ASSERT_EQ(0, audit_sync(&self->log));
	ASSERT_LE(0, take_create(&self->log, &child, top, "\\(null\\)",
				 self->agent->pid,
				 namespaces(self->agent->pid), getpid()));
	ASSERT_EQ(0, cid_write(other->pid, "new name=exec parent=%llu",
			       (ull)child));
	ASSERT_EQ(0, audit_sync(&self->log));
	ASSERT_LE(0, take_create(&self->log, &named, child, "\"exec\"",
				 other->pid, namespaces(other->pid),
				 getpid()));
	EXPECT_EQ(named, cid_read(other->pid));
	EXPECT_EQ(1, count_exits(&self->log, top));
}

/* A write to one's own file: its event names the ID at its end. */
TEST_F(record, create_for_oneself)
{
	pid_t pid = self->agent->pid;
	int create, event;
	__u64 id;

	ASSERT_EQ(0, audit_drop(&self->log));
	ASSERT_EQ(0, cid_do_text(self->agent, cid_do_write, 0, 0, "new"));
	ASSERT_EQ(0, audit_sync(&self->log));
	create = take_create(&self->log, &id, 0, "\\(null\\)", pid,
			     namespaces(pid), pid);
	ASSERT_LE(0, create);
	event = audit_take(&self->log, AUDIT_SYSCALL, NULL,
			   " pid=%d .* contid=%llu key=\\(null\\)$", pid,
			   (ull)id);
	EXPECT_LT(create, event);
	EXPECT_EQ(1, audit_count(&self->log, 0, "contid=%llu key", (ull)id));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* Without an event to belong to, the record says where the writer is. */
TEST_F(record, create_without_context)
{
	struct cid_agent *never = start_never(&self->world, &self->log);
	const char *nsset;
	__u64 top, id;
	int create;

	ASSERT_NE(NULL, never);
	ASSERT_EQ(0, audit_drop(&self->log));
	ASSERT_EQ(0, cid_do_text(never, cid_do_write, 0, 0, "new"));
	ASSERT_EQ(0, audit_sync(&self->log));
	nsset = namespaces(never->pid);
	ASSERT_LE(0, take_create(&self->log, &top, 0, "\\(null\\)",
				 never->pid, nsset, never->pid));
	EXPECT_EQ(0, audit_count(&self->log, AUDIT_SYSCALL, " pid=%d ",
				 never->pid));

	ASSERT_EQ(0, cid_do_text(never, cid_do_write, 0, 0, "new"));
	ASSERT_EQ(0, audit_sync(&self->log));
	create = audit_take(&self->log, AUDIT_CONTAINER_OP, &id,
			    "^op=create ocontid=([0-9]+) pcontid=%llu name=\\(null\\) opid=%d %s %s exe=\"%s\" contid=%llu res=1$",
			    (ull)top, never->pid, nsset, subject(never->pid),
			    exe(), (ull)top);
	ASSERT_LE(0, create);
	EXPECT_EQ(id, cid_read(never->pid));
	EXPECT_LT(create, take_exit(&self->log, top, 0, "\\(null\\)",
				    never->pid, subject(never->pid)));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/*
 * The namespace set
 */

FIXTURE(namespace)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent;
};

FIXTURE_VARIANT(namespace)
{
	int	flags;
	bool	leader_exits;
};

#define NAMESPACE(name, ...)						\
	FIXTURE_VARIANT_ADD(namespace, name) { __VA_ARGS__ }

#define CLONE_NEWALL	(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNS |	\
			 CLONE_NEWNET | CLONE_NEWUTS)

NAMESPACE(cgroup, CLONE_NEWCGROUP);
NAMESPACE(ipc, CLONE_NEWIPC);
NAMESPACE(mnt, CLONE_NEWNS);
NAMESPACE(net, CLONE_NEWNET);
NAMESPACE(pid, CLONE_NEWPID);
NAMESPACE(time, CLONE_NEWTIME);
NAMESPACE(user, CLONE_NEWUSER);
NAMESPACE(uts, CLONE_NEWUTS);
NAMESPACE(all, CLONE_NEWALL | CLONE_NEWPID | CLONE_NEWUSER);
NAMESPACE(all_but_leader, CLONE_NEWALL, .leader_exits = true);

FIXTURE_SETUP(namespace)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
}

FIXTURE_TEARDOWN(namespace)
{
	teardown(&self->world, &self->log);
}

static void check_namespaces(struct __test_metadata *const _metadata,
			     struct audit_log *log, struct cid_agent *target,
			     pid_t tid, const char *here)
{
	char set[512];

	cid_ns_text(set, sizeof(set), target->pid, tid);
	EXPECT_STRNE(here, set);
	ASSERT_EQ(0, audit_drop(log));
	ASSERT_EQ(0, cid_write(target->pid, "new"));
	ASSERT_EQ(0, audit_sync(log));
	EXPECT_LE(0, take_create(log, NULL, 0, "\\(null\\)", target->pid, set,
				 getpid()));
}

TEST_F(namespace, record)
{
	struct cid_agent *child;
	char here[512];
	long tid, ret;

	cid_ns_text(here, sizeof(here), getpid(), getpid());
	if (variant->leader_exits)
		ASSERT_LT(0, cid_do(self->agent, cid_do_leader_exit, 0, 0));
	tid = cid_do(self->agent, do_gettid, 0, 0);
	ret = cid_do(self->agent, cid_do_unshare, variant->flags, 0);
	if (ret == -EINVAL && !variant->leader_exits)
		SKIP(return, "the kernel has no such namespaces");
	ASSERT_EQ(0, ret);
	/* A PID namespace can be seen from when it has a process. */
	child = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, child);
	check_namespaces(_metadata, &self->log, self->agent, tid, here);
	/* The child is in the agent's namespaces for children. */
	check_namespaces(_metadata, &self->log, child, child->pid, here);
}

/*
 * Joining
 */

TEST_F(record, join)
{
	struct cid_agent *other = cid_start(&self->world, NULL);
	__u64 id = make_container(&self->world, &self->log, self->agent);
	int join, event;

	ASSERT_NE(NULL, other);
	ASSERT_NE(0, id);
	ASSERT_EQ(0, cid_write(other->pid, "join %llu", (ull)id));
	ASSERT_EQ(0, audit_sync(&self->log));
	join = take_join(&self->log, id, 0, other->pid, namespaces(other->pid),
			 getpid());
	ASSERT_LE(0, join);
	event = audit_take(&self->log, AUDIT_SYSCALL, NULL,
			   "^arch=[0-9a-f]+ syscall=%d success=yes .* pid=%d .* key=\\(null\\)$",
			   __NR_pwrite64, getpid());
	ASSERT_LT(join, event);
	EXPECT_EQ(self->log.record[join].serial,
		  self->log.record[event].serial);
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* A container whose last member moves down ends, by the doing of the writer. */
TEST_F(record, join_ends_what_is_left)
{
	struct cid_agent *low = cid_start(&self->world, NULL);
	pid_t pid = self->agent->pid;
	int join, ended;
	__u64 top, id;

	ASSERT_NE(NULL, low);
	top = make_container(&self->world, &self->log, self->agent);
	ASSERT_EQ(0, cid_write(low->pid, "new parent=%llu", (ull)top));
	id = cid_read(low->pid);
	ASSERT_EQ(0, audit_drop(&self->log));

	ASSERT_EQ(0, cid_write(pid, "join %llu", (ull)id));
	ASSERT_EQ(0, audit_sync(&self->log));
	join = take_join(&self->log, id, top, pid, namespaces(pid), getpid());
	ended = take_exit(&self->log, top, 0, "\\(null\\)", pid,
			  subject(getpid()));
	EXPECT_LE(0, join);
	EXPECT_LT(join, ended);
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	/* The lower one ends with both, and is below one that is long gone. */
	cid_kill(low);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, count_exits(&self->log, id));
	cid_kill(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_exit(&self->log, id, top, "\\(null\\)", pid,
			       subject(pid)));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/*
 * Refused attempts: in a container of the writer's, whose limit is its own
 */

FIXTURE(refused)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *writer, *target, *below;
	__u64 id, id_below, id_ended;
};

enum target { HOST, WRITER, BELOW, KERNEL, GONE };
enum named { NONE, OWN, LOWER, ENDED };

FIXTURE_VARIANT(refused)
{
	enum target	target;
	const char	*command;
	enum named	named;
	int		error;
};

#define REFUSED(name, ...)						\
	FIXTURE_VARIANT_ADD(refused, name) { __VA_ARGS__ }

REFUSED(create, HOST, "new", NONE, EPERM);
REFUSED(create_named, HOST, "new name=do-not-repeat", NONE, EPERM);
REFUSED(create_parent, HOST, "new parent=", LOWER, EPERM);
REFUSED(create_below_ended, WRITER, "new parent=", ENDED, ESRCH);
REFUSED(create_too_deep, BELOW, "new", NONE, ENOSPC);
REFUSED(create_for_kernel, KERNEL, "new", NONE, EPERM);
REFUSED(create_for_gone, GONE, "new", NONE, ESRCH);
REFUSED(join, HOST, "join ", LOWER, EPERM);
REFUSED(join_own, WRITER, "join ", OWN, EPERM);
REFUSED(join_ended, WRITER, "join ", ENDED, ESRCH);
REFUSED(join_for_gone, GONE, "join ", LOWER, ESRCH);

FIXTURE_SETUP(refused)
{
	const char *missing = cid_missing();
	struct cid_agent *agent;
	int i;

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->writer = cid_start(&self->world, NULL);
	self->target = cid_start(&self->world, NULL);
	self->below = cid_start(&self->world, NULL);
	agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, agent);
	self->id_ended = make_container(&self->world, &self->log, agent);
	cid_kill(agent);
	self->id = make_container(&self->world, &self->log, self->writer);
	ASSERT_EQ(0, cid_write(self->below->pid, "join %llu",
			       (ull)self->id));
	for (i = 1; i < AUDIT_CID_DEPTH_MAX; i++)
		ASSERT_EQ(0, cid_write(self->below->pid, "new"));
	self->id_below = cid_read(self->below->pid);
	ASSERT_EQ(0, audit_drop(&self->log));
}

FIXTURE_TEARDOWN(refused)
{
	teardown(&self->world, &self->log);
}

static pid_t refused_target(FIXTURE_DATA(refused) *self, enum target target)
{
	const pid_t kthreadd = 2;

	switch (target) {
	case WRITER:
		return self->writer->pid;
	case BELOW:
		return self->below->pid;
	case KERNEL:
		return kthreadd;
	default:
		return self->target->pid;
	}
}

TEST_F(refused, record)
{
	const __u64 named[] = { 0, self->id, self->id_below, self->id_ended };
	pid_t target = refused_target(self, variant->target);
	__u64 id = named[variant->named], here = cid_read(target);
	char set[512] = " ", what[128], text[24] = "";
	int refused, event;
	long fd;

	cid_ns_text(set + 1, sizeof(set) - 1, target, target);
	fd = cid_do(self->writer, do_open, target, 0);
	ASSERT_LE(0, fd);
	if (variant->target == GONE) {
		/* All that is left of it is its number. */
		cid_kill(self->target);
		here = 0;
		*set = '\0';
	}
	if (variant->named != NONE)
		sprintf(text, "%llu", (ull)id);
	EXPECT_EQ(-variant->error,
		  cid_do_text(self->writer, do_write_fd, fd, 0, "%s%s",
			      variant->command, text));
	ASSERT_EQ(0, audit_sync(&self->log));

	if (variant->command[0] == 'j')
		sprintf(what, "join ocontid=%llu prev=%llu", (ull)id,
			(ull)here);
	else
		sprintf(what,
			"create ocontid=\\? pcontid=%llu name=\\(null\\)",
			variant->named == NONE ? (ull)here : (ull)id);
	refused = audit_take(&self->log, AUDIT_CONTAINER_OP, NULL,
			     "^op=%s opid=%d%s %s exe=\"%s\" res=0$", what,
			     target, set, subject(self->writer->pid), exe());
	ASSERT_LE(0, refused);
	event = audit_take(&self->log, AUDIT_SYSCALL, NULL,
			   "^arch=[0-9a-f]+ syscall=%d success=no exit=-%d .* pid=%d .* contid=%llu key=\\(null\\)$",
			   __NR_pwrite64, variant->error, self->writer->pid,
			   (ull)self->id);
	ASSERT_LT(refused, event);
	EXPECT_EQ(self->log.record[refused].serial,
		  self->log.record[event].serial);
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
	EXPECT_EQ(0, audit_count(&self->log, 0, "do-not-repeat"));
}

/* What is no command is no attempt at anything. */
TEST_F(record, malformed_writes_are_not_logged)
{
	ASSERT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(-EINVAL, cid_write(self->agent->pid, "mew"));
	EXPECT_EQ(-EINVAL, cid_write(self->agent->pid, "new name="));
	EXPECT_EQ(-EINVAL, cid_write(self->agent->pid, "join x"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
	EXPECT_EQ(0, audit_count(&self->log, AUDIT_SYSCALL, " pid=%d ",
				 getpid()));
}

TEST_F(record, refused_without_context)
{
	struct cid_agent *never = start_never(&self->world, &self->log);
	__u64 id;

	ASSERT_NE(NULL, never);
	id = make_container(&self->world, &self->log, never);
	EXPECT_EQ(-EPERM, cid_do_text(never, cid_do_write, getpid(), 0,
				      "new"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, audit_take(&self->log, AUDIT_CONTAINER_OP, NULL,
				"^op=create ocontid=\\? pcontid=0 name=\\(null\\) opid=%d %s %s exe=\"%s\" contid=%llu res=0$",
				getpid(), namespaces(getpid()),
				subject(never->pid), exe(), (ull)id));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/*
 * Anybody may be refused as often as they like. The log has the first of these
 * attempts, and from time to time one with the number of the others.
 */
TEST_F_TIMEOUT(record, refused_too_often, 60)
{
	struct cid_agent *other = cid_start(&self->world, NULL), *child;
	pid_t pid = self->agent->pid;
	const int burst = 32;
	int attempts, i;
	__u64 id, made;

	ASSERT_NE(NULL, other);
	ASSERT_NE(0, make_container(&self->world, &self->log, other));
	id = make_container(&self->world, &self->log, self->agent);
	ASSERT_NE(0, id);
	child = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, child);

	for (attempts = 0; attempts < 2 * burst; attempts++)
		EXPECT_EQ(-EPERM, cid_do_text(self->agent, cid_do_write,
					      getpid(), 0, "new"));
	ASSERT_EQ(0, audit_sync(&self->log));
	for (i = 0; i < burst; i++)
		EXPECT_LE(0, audit_take(&self->log, AUDIT_CONTAINER_OP, NULL,
					"^op=create ocontid=\\? .* pid=%d .* res=0$",
					pid));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
	EXPECT_EQ(0, audit_count(&self->log, 0, "suppressed="));
	/* Nor does the system call that was refused leave a record. */
	EXPECT_EQ(burst, audit_count(&self->log, AUDIT_SYSCALL, " pid=%d ",
				     pid));

	/* The limit is on what is refused, and on this container. */
	EXPECT_EQ(0, cid_do_text(child, cid_do_write, 0, 0, "new"));
	EXPECT_EQ(-EPERM, cid_do_text(other, cid_do_write, getpid(), 0,
				      "new"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_create(&self->log, &made, id, "\\(null\\)",
				 child->pid, namespaces(child->pid),
				 child->pid));
	EXPECT_LE(0, audit_take(&self->log, AUDIT_CONTAINER_OP, NULL,
				"^op=create ocontid=\\? .* pid=%d .* res=0$",
				other->pid));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	/* In the next interval, one tells how many were left out. */
	while (!audit_count(&self->log, AUDIT_CONTAINER_OP, "suppressed=")) {
		EXPECT_EQ(-EPERM, cid_do_text(self->agent, cid_do_write,
					      getpid(), 0, "new"));
		attempts++;
		ASSERT_LE(0, audit_receive(&self->log, AUDIT_TIMEOUT_POLL_MS));
	}
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, audit_take(&self->log, AUDIT_CONTAINER_OP, NULL,
				"^op=create ocontid=\\? pcontid=0 name=\\(null\\) opid=%d %s suppressed=%d %s exe=\"%s\" res=0$",
				getpid(), namespaces(getpid()),
				attempts - burst - 1, subject(pid), exe()));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/*
 * The end
 */

FIXTURE(end)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent;
};

/* What happens to the agent before it ends, and how it ends. */
FIXTURE_VARIANT(end)
{
	cid_fn	before;
	cid_fn	last;
	long	arg;
};

static long do_nothing(struct cid_world *world, const struct cid_call *call)
{
	return 0;
}

static long do_kill_oneself(struct cid_world *world,
			    const struct cid_call *call)
{
	kill(getpid(), SIGKILL);
	return 0;
}

static void *exit_group(void *unused)
{
	_exit(0);
}

/* exit_group() by a thread that is not the leader. */
static long do_exit_by_thread(struct cid_world *world,
			      const struct cid_call *call)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exit_group, NULL))
		return -EAGAIN;
	for (;;)
		pause();
}

#define END(name, ...)							\
	FIXTURE_VARIANT_ADD(end, name) { __VA_ARGS__ }

END(exits, do_nothing, cid_do_exit);
END(is_killed, do_nothing, do_kill_oneself);
END(crashes, do_nothing, do_abort);
END(threads_exit, cid_do_thread, cid_do_exit);
END(threads_are_killed, cid_do_thread, do_kill_oneself);
END(thread_ends_all, cid_do_thread, do_exit_by_thread);
END(after_the_leader, cid_do_leader_exit, cid_do_exit);

FIXTURE_SETUP(end)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
}

FIXTURE_TEARDOWN(end)
{
	teardown(&self->world, &self->log);
}

/*
 * audit_sync() reads what was logged before it was called: that the record is
 * there after wait(2) means that it was logged before wait(2) returned.
 */
TEST_F(end, record)
{
	__u64 id = make_container(&self->world, &self->log, self->agent);
	pid_t pid = self->agent->pid;

	ASSERT_NE(0, id);
	EXPECT_LE(0, cid_do(self->agent, variant->before, 0, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	cid_post(self->agent, variant->last, 0, 0, "%s", "");
	cid_reap(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_exit(&self->log, id, 0, "\\(null\\)", pid,
			       subject(pid)));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* exec ends the other threads, not the process. */
static void check_exec(struct __test_metadata *const _metadata,
		       FIXTURE_DATA(record) *self, bool thread)
{
	__u64 id = make_container(&self->world, &self->log, self->agent);
	pid_t pid = self->agent->pid;

	ASSERT_NE(0, id);
	cid_post(self->agent, cid_do_exec, thread, 0, "%s", "");
	EXPECT_EQ(id, cid_wait(self->agent));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
	cid_end(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_exit(&self->log, id, 0, "\\(null\\)", pid,
			       subject_comm(pid, "hold")));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

TEST_F(record, end_after_exec)
{
	check_exec(_metadata, self, false);
}

TEST_F(record, end_after_exec_by_thread)
{
	check_exec(_metadata, self, true);
}

/* The last one is not the one it was made for. */
TEST_F(record, end_by_child)
{
	struct cid_agent *child, *grandchild;
	pid_t pid;
	__u64 id;

	ASSERT_EQ(0, cid_write(self->agent->pid, "new name=web-1"));
	id = cid_read(self->agent->pid);
	ASSERT_EQ(0, audit_drop(&self->log));
	child = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, child);
	grandchild = cid_start(&self->world, child);
	ASSERT_NE(NULL, grandchild);
	ASSERT_EQ(0, cid_do(grandchild, cid_do_outlive, 0, 0));
	cid_kill(child);
	cid_kill(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	grandchild->by = NULL;
	pid = grandchild->pid;
	cid_end(grandchild);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_exit(&self->log, id, 0, "\"web-1\"", pid,
			       subject(pid)));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* A zombie has ended, whether or not somebody waits for it. */
TEST_F(record, end_of_a_zombie)
{
	__u64 id = make_container(&self->world, &self->log, self->agent);
	pid_t pid = self->agent->pid;
	siginfo_t info;

	ASSERT_NE(0, id);
	cid_post(self->agent, cid_do_exit, 0, 0, "%s", "");
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_exit(&self->log, id, 0, "\\(null\\)", pid,
			       subject(pid)));
	cid_reap(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

/* What the last member does, its exit included, comes before the end. */
TEST_F(record, end_comes_last)
{
	struct audit_match match[] = {
		{ AUDIT_PID, AUDIT_EQUAL, self->agent->pid },
	};
	__u64 id = make_container(&self->world, &self->log, self->agent);
	pid_t pid = self->agent->pid;
	int event, ended, i;

	ASSERT_NE(0, id);
	ASSERT_LT(0, cid_do(self->agent, cid_do_thread, 0, 0));
	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXIT,
				    AUDIT_ALWAYS, __NR_exit_group, match, 1));
	ASSERT_EQ(0, audit_drop(&self->log));
	cid_post(self->agent, cid_do_exit, 0, 0, "%s", "");
	cid_reap(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	event = audit_take(&self->log, AUDIT_SYSCALL, NULL,
			   "^arch=[0-9a-f]+ syscall=%d .* pid=%d .* contid=%llu key=\"" AUDIT_TEST_KEY "\"$",
			   __NR_exit_group, pid, (ull)id);
	ended = take_exit(&self->log, id, 0, "\\(null\\)", pid, subject(pid));
	EXPECT_LE(0, event);
	EXPECT_LT(event, ended);
	for (i = ended + 1; i < (int)self->log.count; i++)
		EXPECT_EQ(NULL, strstr(self->log.record[i].text, " contid="));
}

/*
 * The beginning comes first, while a process makes events all the time
 */

static void *event_storm(void *unused)
{
	while (!get(&shared->stop)) {
		syscall(__NR_getpgid, EVENT_MAGIC);
		count(&shared->events);
		sched_yield();
	}
	return NULL;
}

static long do_event_storm(struct cid_world *world,
			   const struct cid_call *call)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, event_storm, NULL))
		return -EAGAIN;
	event_storm(NULL);
	return pthread_join(thread, NULL);
}

/* Every ID was created before it is mentioned. Returns how often it is. */
static int check_order(struct __test_metadata *const _metadata,
		       const struct audit_log *log)
{
	unsigned int serials[AUDIT_CID_DEPTH_MAX];
	__u64 ids[AUDIT_CID_DEPTH_MAX];
	int created = 0, mentioned = 0, at;

	for (size_t i = 0; i < log->count; i++) {
		const struct audit_record *record = &log->record[i];
		const char *contid = strstr(record->text, " contid=");
		ull id;

		if (record->type == AUDIT_CONTAINER_OP &&
		    sscanf(record->text, "op=create ocontid=%llu", &id) == 1) {
			ASSERT_GT(AUDIT_CID_DEPTH_MAX, created);
			serials[created] = record->serial;
			ids[created++] = id;
		}
		if (!contid || sscanf(contid, " contid=%llu", &id) != 1)
			continue;
		for (at = 0; at < created && ids[at] != id; at++)
			;
		EXPECT_LT(at, created)
			TH_LOG("%s", record->text);
		if (at < created)
			EXPECT_LT(serials[at], record->serial);
		mentioned++;
	}
	EXPECT_EQ(AUDIT_CID_DEPTH_MAX, created);
	return mentioned;
}

TEST_F_TIMEOUT(record, create_comes_first, 120)
{
	int i, events;

	ASSERT_EQ(0, add_event_rule(&self->log));
	ASSERT_EQ(0, audit_drop(&self->log));
	cid_post(self->agent, do_event_storm, 0, 0, "%s", "");
	for (i = 0; i < AUDIT_CID_DEPTH_MAX; i++) {
		events = get(&shared->events);
		while (get(&shared->events) < events + 4)
			sched_yield();
		ASSERT_EQ(0, cid_write(self->agent->pid, "new"));
	}
	set(&shared->stop, 1);
	EXPECT_EQ(0, cid_wait(self->agent));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LT(AUDIT_CID_DEPTH_MAX, check_order(_metadata, &self->log));
}

/*
 * The ID in the records of others
 */

TEST_F(record, syscall)
{
	struct cid_agent *child;
	__u64 id;

	ASSERT_EQ(0, add_event_rule(&self->log));
	ASSERT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(-ESRCH, cid_do(self->agent, do_event, 0, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_event(&self->log, self->agent, 0));

	id = make_container(&self->world, &self->log, self->agent);
	ASSERT_NE(0, id);
	EXPECT_EQ(-ESRCH, cid_do(self->agent, do_event, 0, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_event(&self->log, self->agent, id));
	/* Once is enough for the whole event. */
	EXPECT_EQ(1, audit_count(&self->log, 0, "contid="));

	child = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, child);
	EXPECT_EQ(-ESRCH, cid_do(child, do_event, 0, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_event(&self->log, child, id));
}

TEST_F(record, syscall_of_a_thread)
{
	__u64 id;
	long tid = cid_do(self->agent, cid_do_leader_exit, 0, 0);

	ASSERT_LT(0, tid);
	ASSERT_EQ(0, add_event_rule(&self->log));
	id = make_container(&self->world, &self->log, self->agent);
	ASSERT_NE(0, id);
	EXPECT_EQ(-ESRCH, cid_do(self->agent, do_event, 0, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_event(&self->log, self->agent, id));
}

FIXTURE(ring)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent;
};

FIXTURE_VARIANT(ring)
{
	__u32	ring_flags;
	__u8	entry_flags;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(ring, submitter) {};
FIXTURE_VARIANT_ADD(ring, worker) { .entry_flags = IOSQE_ASYNC };
FIXTURE_VARIANT_ADD(ring, poller) { .ring_flags = IORING_SETUP_SQPOLL };
/* clang-format on */

FIXTURE_SETUP(ring)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
}

FIXTURE_TEARDOWN(ring)
{
	teardown(&self->world, &self->log);
}

TEST_F(ring, record)
{
	struct audit_match match = {
		AUDIT_PID, AUDIT_EQUAL, self->agent->pid,
	};
	long ret;
	__u64 id;

	ret = cid_do(self->agent, cid_do_uring_open, variant->ring_flags, 0);
	if (ret == -ENOSYS || ret == -EPERM)
		SKIP(return, "no io_uring: %s", strerror(-ret));
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_URING_EXIT,
				    AUDIT_ALWAYS, IORING_OP_OPENAT, &match, 1));
	id = make_container(&self->world, &self->log, self->agent);
	ASSERT_NE(0, id);

	ASSERT_EQ(0, cid_do_text(self->agent, cid_do_uring_openat,
				 variant->entry_flags, 0, "/dev/null"));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(1, audit_count(&self->log, AUDIT_URINGOP, " contid=%llu ",
				 (ull)id));
	EXPECT_LE(0, audit_take(&self->log, AUDIT_URINGOP, NULL,
				"^uring_op=%d success=yes exit=[0-9]+ items=[0-9]+ ppid=%d pid=%d uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0" RE_SUBJ " contid=%llu key=\"" AUDIT_TEST_KEY "\"$",
				IORING_OP_OPENAT, getpid(), self->agent->pid,
				(ull)id));
}

/*
 * What anybody with CAP_AUDIT_WRITE sends can say anything. Where the sender is
 * comes before it.
 */
TEST_F(record, user)
{
	static const __u16 types[] = {
		AUDIT_USER, AUDIT_FIRST_USER_MSG, 1112, AUDIT_LAST_USER_MSG,
		AUDIT_FIRST_USER_MSG2, AUDIT_LAST_USER_MSG2,
	};
	__u64 id = make_container(&self->world, &self->log, self->agent);
	size_t i;

	ASSERT_NE(0, id);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_EQ(0, cid_do_text(self->agent, do_user, types[i], 0,
					 "op=login contid=1 x' contid=2"));
		ASSERT_EQ(0, audit_sync(&self->log));
		EXPECT_LE(0, audit_take(&self->log, types[i], NULL,
					"^pid=%d uid=0 auid=%u ses=%u" RE_SUBJ " contid=%llu msg='op=login contid=1 x' contid=2'$",
					self->agent->pid, auid(), ses(),
					(ull)id));
	}
}

/*
 * Records that stand alone
 */

FIXTURE(alone)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent, *never;
};

FIXTURE_VARIANT(alone)
{
	cid_fn		fn;
	__u16		type;
	const char	*record;
	bool		always;	/* belongs to no event even with a context */
};

#define ALONE(name, ...)						\
	FIXTURE_VARIANT_ADD(alone, name) { __VA_ARGS__ }

ALONE(abend, do_abort, AUDIT_ANOM_ABEND_TYPE, " sig=6 res=1", true);
ALONE(bpf, do_load_bpf, 1334, "^prog-id=[0-9]+ op=LOAD");
ALONE(config_change, do_set_failure, AUDIT_CONFIG_CHANGE,
      "^op=set audit_failure=[0-2] old=[0-2] .* res=1");
ALONE(login, do_set_loginuid, AUDIT_LOGIN, "^pid=[0-9]+ uid=0 .* auid=0 .* res=1");
ALONE(seccomp, do_seccomp, AUDIT_SECCOMP, " sig=31 .* code=0x80000000");

FIXTURE_SETUP(alone)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->agent = cid_start(&self->world, NULL);
	self->never = start_never(&self->world, &self->log);
	ASSERT_NE(NULL, self->agent);
	ASSERT_NE(NULL, self->never);
}

FIXTURE_TEARDOWN(alone)
{
	teardown(&self->world, &self->log);
}

static void run_alone(struct __test_metadata *const _metadata,
		      FIXTURE_DATA(alone) *self, struct cid_agent *agent,
		      cid_fn fn)
{
	struct cid_agent *child = cid_start(&self->world, agent);
	int status;

	ASSERT_NE(NULL, child);
	/* In a child, which may die of it. */
	cid_post(child, fn, 0, 0, "%s", "");
	cid_post(child, cid_do_exit, 0, 0, "%s", "");
	status = cid_reap(child);
	EXPECT_TRUE(WIFSIGNALED(status) || !WEXITSTATUS(status));
	ASSERT_EQ(0, audit_sync(&self->log));
}

TEST_F(alone, without_context)
{
	__u64 id = make_container(&self->world, &self->log, self->never);

	ASSERT_NE(0, id);
	run_alone(_metadata, self, self->never, variant->fn);
	EXPECT_LE(0, audit_take(&self->log, variant->type, NULL,
				"%s contid=%llu$", variant->record, (ull)id));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_SYSCALL));
}

/* As part of an event, whose SYSCALL record says it. */
TEST_F(alone, with_context)
{
	__u64 id = make_container(&self->world, &self->log, self->agent);
	int record, event;

	ASSERT_NE(0, id);
	run_alone(_metadata, self, self->agent, variant->fn);
	if (variant->always) {
		EXPECT_LE(0, audit_take(&self->log, variant->type, NULL,
					"%s contid=%llu$", variant->record,
					(ull)id));
		return;
	}
	record = audit_take(&self->log, variant->type, NULL, "%s$",
			    variant->record);
	ASSERT_LE(0, record);
	EXPECT_EQ(0, audit_count(&self->log, variant->type, "contid"));
	event = audit_take(&self->log, AUDIT_SYSCALL, NULL,
			   " contid=%llu key=\\(null\\)$", (ull)id);
	ASSERT_LE(0, event);
	EXPECT_EQ(self->log.record[record].serial,
		  self->log.record[event].serial);
}

/*
 * The ID of who is acted on
 */

/* opid's record, with " ocontid=N" or without. */
static int take_target(struct audit_log *log, pid_t pid, __u64 id)
{
	char ocontid[40] = "";

	if (id)
		sprintf(ocontid, " ocontid=%llu", (ull)id);
	return audit_take(log, AUDIT_OBJ_PID, NULL,
			  "^opid=%d oauid=%d ouid=0 oses=%d%s( obj=[^ ]+)? ocomm=\"record_test\"$",
			  pid, (int)auid(), (int)ses(), ocontid);
}

TEST_F(record, signal)
{
	struct cid_agent *sender = cid_start(&self->world, NULL);
	struct audit_match match[] = {
		{ AUDIT_ARG0, AUDIT_EQUAL, self->agent->pid },
		{ AUDIT_ARG1, AUDIT_EQUAL, 0 },
	};
	pid_t pid = self->agent->pid;
	__u64 id, from;

	ASSERT_NE(NULL, sender);
	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXIT,
				    AUDIT_ALWAYS, __NR_kill, match, 2));
	ASSERT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(0, cid_do(sender, do_signal, pid, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_target(&self->log, pid, 0));
	EXPECT_EQ(0, audit_count(&self->log, 0, "contid"));

	id = make_container(&self->world, &self->log, self->agent);
	from = make_container(&self->world, &self->log, sender);
	ASSERT_NE(0, from);
	EXPECT_EQ(0, cid_do(sender, do_signal, pid, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_target(&self->log, pid, id));
	EXPECT_EQ(1, audit_count(&self->log, AUDIT_SYSCALL,
				 " pid=%d .* contid=%llu key=", sender->pid,
				 (ull)from));
}

TEST_F(record, signal_to_group)
{
	struct cid_agent *second = cid_start(&self->world, NULL);
	struct cid_agent *host = cid_start(&self->world, NULL);
	struct audit_match match[] = {
		{ AUDIT_ARG0, AUDIT_EQUAL, -self->agent->pid },
		{ AUDIT_ARG1, AUDIT_EQUAL, 0 },
	};
	pid_t group = self->agent->pid;
	__u64 id, other;

	ASSERT_NE(NULL, second);
	ASSERT_NE(NULL, host);
	ASSERT_EQ(0, cid_do(self->agent, do_set_pgid, 0, 0));
	ASSERT_EQ(0, cid_do(second, do_set_pgid, group, 0));
	ASSERT_EQ(0, cid_do(host, do_set_pgid, group, 0));
	id = make_container(&self->world, &self->log, self->agent);
	other = make_container(&self->world, &self->log, second);
	ASSERT_NE(0, id);
	ASSERT_NE(0, other);
	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXIT,
				    AUDIT_ALWAYS, __NR_kill, match, 2));
	ASSERT_EQ(0, audit_drop(&self->log));

	EXPECT_EQ(0, cid_do(host, do_signal, -group, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_target(&self->log, group, id));
	EXPECT_LE(0, take_target(&self->log, second->pid, other));
	EXPECT_LE(0, take_target(&self->log, host->pid, 0));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_OBJ_PID));
}

TEST_F(record, ptrace)
{
	struct audit_match match = {
		AUDIT_ARG1, AUDIT_EQUAL, self->agent->pid,
	};
	struct cid_agent *tracer = cid_start(&self->world, NULL);
	__u64 id = make_container(&self->world, &self->log, self->agent);

	ASSERT_NE(NULL, tracer);
	ASSERT_NE(0, id);
	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXIT,
				    AUDIT_ALWAYS, __NR_ptrace, &match, 1));
	ASSERT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(0, cid_do(tracer, do_trace, self->agent->pid, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_target(&self->log, self->agent->pid, id));
	EXPECT_EQ(0, audit_count(&self->log, 0, " contid="));
}

/*
 * Without audit
 */

/* IDs do not depend on whether anybody logs them. */
TEST_F(record, audit_disabled)
{
	struct cid_agent *child;
	long id;

	if (self->log.status.enabled == 2)
		SKIP(return, "the configuration of audit is locked");
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 0));
	ASSERT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(0, cid_write(self->agent->pid, "new"));
	id = cid_read(self->agent->pid);
	EXPECT_LT(0, id);
	child = cid_start(&self->world, self->agent);
	ASSERT_NE(NULL, child);
	EXPECT_EQ(id, cid_read(child->pid));
	EXPECT_EQ(-EPERM, cid_do_text(child, cid_do_write, getpid(), 0,
				      "new"));
	EXPECT_EQ(0, cid_write(child->pid, "new"));
	EXPECT_EQ(0, cid_write(self->agent->pid, "join %ld",
			       cid_read(child->pid)));
	cid_kill(child);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));

	/* From here on, there are records, also of what was made before. */
	ASSERT_EQ(0, audit_set_status(AUDIT_STATUS_ENABLED, 1));
	id = cid_read(self->agent->pid);
	cid_kill(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(1, count_exits(&self->log, id));
}

/* A record that is not wanted is no reason to refuse the write. */
TEST_F(record, excluded)
{
	struct audit_match match = {
		AUDIT_MSGTYPE, AUDIT_EQUAL, AUDIT_CONTAINER_OP,
	};

	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXCLUDE,
				    AUDIT_NEVER, -1, &match, 1));
	ASSERT_EQ(0, audit_drop(&self->log));
	EXPECT_EQ(0, cid_write(self->agent->pid, "new"));
	EXPECT_LT(0, cid_read(self->agent->pid));
	EXPECT_EQ(-EPERM, cid_do_text(self->agent, cid_do_write, getpid(), 0,
				      "new"));
	cid_kill(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_CONTAINER_OP));
}

TEST_HARNESS_MAIN
