// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: the ID in the records of everything else
 */

#include <sys/ptrace.h>

#include "bpf.h"
#include "fixture.h"
#include "uring.h"

static long do_set_failure(struct cid_world *world,
			   const struct cid_call *call)
{
	struct audit_status status;
	int ret = audit_get_status(&status);

	/* A write to this file fails, but the attempt is logged. */
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
		       struct cid_world *world, struct audit_log *log,
		       pid_t traced, char *text, size_t size)
{
	struct cid_agent *agent = cid_start(world, NULL);
	struct cid_agent *other = cid_start(world, NULL);
	pid_t pid;
	size_t i;

	ASSERT_NE(NULL, agent);
	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, audit_drop(log));
	for (i = 0; i < ARRAY_SIZE(script); i++)
		cid_do(agent, script[i], 0, 0);
	cid_do_text(agent, do_user, AUDIT_USER, 0, "%s", "hello");
	cid_do(agent, do_trace, traced, 0);
	pid = agent->pid;
	cid_post(agent, do_abort, 0, 0, "%s", "");
	cid_reap(agent);

	ASSERT_EQ(0, audit_sync(log));
	outline_events(log, pid, text, size);
	pid = other->pid;
	cid_post(other, do_seccomp, 0, 0, "%s", "");
	cid_reap(other);
	ASSERT_EQ(0, audit_sync(log));
	outline_events(log, pid, text, size);
	EXPECT_EQ(0, audit_count(log, 0, "contid"));
	EXPECT_EQ(0, audit_left(log, AUDIT_CONTAINER_OP));
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
	run_script(_metadata, &self->world, &self->log, self->agent->pid,
		   before, sizeof(before));
	other = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, cid_write(other->pid, "new"));
	cid_end(other);
	run_script(_metadata, &self->world, &self->log, self->agent->pid,
		   after, sizeof(after));
	EXPECT_STREQ(before, after);
	/* All of the script is in there. */
	EXPECT_NE(NULL, strstr(before, "\n1305: op=set "));
	EXPECT_EQ(has_bpf(), !!strstr(before, "\n1334: prog-id= op=LOAD\n"));
	EXPECT_NE(NULL, strstr(before, "\n1006: "));
	EXPECT_NE(NULL, strstr(before, "\n1005: "));
	EXPECT_NE(NULL, strstr(before, "\n1318: opid= "));
	EXPECT_NE(NULL, strstr(before, "\n1701: "));
	EXPECT_NE(NULL, strstr(before, "\n1326: "));
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
		unsigned long long id;

		if (record->type == AUDIT_CONTAINER_OP &&
		    sscanf(record->text, "op=create ocontid=%llu", &id) == 1) {
			ASSERT_GT(AUDIT_CID_DEPTH_MAX, created);
			serials[created] = record->serial;
			ids[created++] = id;
		}
		id = audit_contid(record);
		if (!id)
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

	id = make_container(&self->log, self->agent);
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
	id = make_container(&self->log, self->agent);
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
	int tries;
	long ret;
	__u64 id;

	ret = cid_do(self->agent, cid_do_uring_open, variant->ring_flags, 0);
	if (ret == -ENOSYS || ret == -EPERM)
		SKIP(return, "no io_uring: %s", strerror(-ret));
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_URING_EXIT,
				    AUDIT_ALWAYS, IORING_OP_OPENAT, &match, 1));
	id = make_container(&self->log, self->agent);
	ASSERT_NE(0, id);

	ASSERT_EQ(0, cid_do_text(self->agent, cid_do_uring_openat,
				 variant->entry_flags, 0, "/dev/null"));
	ASSERT_EQ(0, audit_sync(&self->log));
	/* One that would have had to wait was tried again, by a worker. */
	tries = 1 + audit_count(&self->log, AUDIT_URINGOP, " success=no exit=%d ",
				-EAGAIN);
	EXPECT_GE(variant->entry_flags & IOSQE_ASYNC ? 1 : 2, tries);
	EXPECT_EQ(tries, audit_count(&self->log, AUDIT_URINGOP, "%s", ""));
	EXPECT_EQ(tries, audit_count_contid(&self->log, AUDIT_URINGOP, id));
	EXPECT_LE(0, audit_take(&self->log, AUDIT_URINGOP, NULL,
				"^uring_op=%d success=yes exit=[0-9]+ items=[0-9]+ ppid=%d pid=%d uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0( subj=[^ ]+)? key=\"audit_cid_test\" contid=%llu$",
				IORING_OP_OPENAT, getpid(), self->agent->pid,
				id));
}

/*
 * A sender with CAP_AUDIT_WRITE chooses the text. The kernel's fields come
 * before it.
 */
TEST_F(record, user)
{
	static const __u16 types[] = {
		AUDIT_USER, AUDIT_FIRST_USER_MSG, 1112, AUDIT_LAST_USER_MSG,
		AUDIT_FIRST_USER_MSG2, AUDIT_LAST_USER_MSG2,
	};
	__u64 id = make_container(&self->log, self->agent);
	size_t i;

	ASSERT_NE(0, id);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_EQ(0, cid_do_text(self->agent, do_user, types[i], 0,
					 "op=login contid=1 x' contid=2"));
		ASSERT_EQ(0, audit_sync(&self->log));
		EXPECT_LE(0, audit_take(&self->log, types[i], NULL,
					"^pid=%d uid=0 auid=%u ses=%u( subj=[^ ]+)? contid=%llu msg='op=login contid=1 x' contid=2'$",
					self->agent->pid, auid(), ses(),
					id));
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
	bool		early;	/* may be logged before the context is in use */
	bool		ends;	/* user space takes it for the end of an event */
};

#define ALONE(name, ...)						\
	FIXTURE_VARIANT_ADD(alone, name) { __VA_ARGS__ }

ALONE(abend, do_abort, AUDIT_ANOM_ABEND, " sig=6 res=1", true);
ALONE(bpf, do_load_bpf, AUDIT_BPF, "^prog-id=[0-9]+ op=LOAD");
ALONE(config, do_set_failure, AUDIT_CONFIG_CHANGE, "^op=set audit_failure=[0-2] .* res=1");
ALONE(login, do_set_loginuid, AUDIT_LOGIN, "^pid=[0-9]+ uid=0 .* auid=0 .* res=1", .ends = true);
ALONE(seccomp, do_seccomp, AUDIT_SECCOMP, " sig=31 .* code=0x80000000", .early = true);

FIXTURE_SETUP(alone)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	if (variant->fn == do_load_bpf && !has_bpf())
		SKIP(return, "no bpf(): %s", strerror(ENOSYS));
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
		      struct cid_world *world, struct audit_log *log,
		      struct cid_agent *agent, cid_fn fn)
{
	struct cid_agent *child = cid_start(world, agent);
	int status;

	ASSERT_NE(NULL, child);
	/* In a child, which may die of it. */
	cid_post(child, fn, 0, 0, "%s", "");
	cid_post(child, cid_do_exit, 0, 0, "%s", "");
	status = cid_reap(child);
	EXPECT_TRUE(WIFSIGNALED(status) || !WEXITSTATUS(status));
	ASSERT_EQ(0, audit_sync(log));
}

TEST_F(alone, without_context)
{
	__u64 id = make_container(&self->log, self->never);

	ASSERT_NE(0, id);
	run_alone(_metadata, &self->world, &self->log, self->never,
		  variant->fn);
	EXPECT_LE(0, audit_take(&self->log, variant->type, NULL,
				"%s contid=%llu$", variant->record, id));
	EXPECT_EQ(0, audit_left(&self->log, AUDIT_SYSCALL));
}

/*
 * As part of an event, whose SYSCALL record says it. User space does not find that
 * behind a record that it takes for the end of the event. x86 asks seccomp before audit
 * knows of the call, user-mode Linux asks it after.
 */
TEST_F(alone, with_context)
{
	__u64 id = make_container(&self->log, self->agent);
	int record, event;

	ASSERT_NE(0, id);
	run_alone(_metadata, &self->world, &self->log, self->agent,
		  variant->fn);
	if (variant->always ||
	    (variant->early && !audit_count(&self->log, AUDIT_SYSCALL,
				      "%s", ""))) {
		EXPECT_LE(0, audit_take(&self->log, variant->type, NULL,
					"%s contid=%llu$", variant->record,
					id));
		return;
	}
	record = audit_take(&self->log, variant->type, NULL, "%s%s$",
			    variant->record, variant->ends ? field(id) : "");
	ASSERT_LE(0, record);
	event = audit_take(&self->log, AUDIT_SYSCALL, NULL,
			   " key=\\(null\\) contid=%llu$", id);
	ASSERT_LE(0, event);
	EXPECT_EQ(self->log.record[record].serial,
		  self->log.record[event].serial);
}

/* The ID of the target */

/* opid's record, with " ocontid=N" or without. */
static int take_target(struct audit_log *log, pid_t pid, __u64 id)
{
	char ocontid[40] = "";

	if (id)
		sprintf(ocontid, " ocontid=%llu", id);
	return audit_take(log, AUDIT_OBJ_PID, NULL,
			  "^opid=%d oauid=%d ouid=0 oses=%d%s( obj=[^ ]+)? ocomm=\"%s\"$",
			  pid, (int)auid(), (int)ses(), ocontid,
			  program_invocation_short_name);
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

	id = make_container(&self->log, self->agent);
	from = make_container(&self->log, sender);
	ASSERT_NE(0, from);
	EXPECT_EQ(0, cid_do(sender, do_signal, pid, 0));
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_target(&self->log, pid, id));
	EXPECT_EQ(1, audit_count(&self->log, AUDIT_SYSCALL,
				 " pid=%d .* key=[^ ]+ contid=%llu$",
				 sender->pid, from));
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
	id = make_container(&self->log, self->agent);
	other = make_container(&self->log, second);
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
	__u64 id = make_container(&self->log, self->agent);

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

TEST_HARNESS_MAIN
