// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: the log contains the namespaces of all members, whatever
 * they do
 *
 * Actors in nested audit containers change namespaces at random. After each
 * step, the set of each actor in /proc must be one that the log lists for its
 * audit container. A namespace that a record lists as "for_children" may be the
 * namespace itself, as it is for children. If the last record about the actor
 * itself has a set, its set must be this one.
 *
 * AUDIT_CID_SEQUENCES sets the number of sequences, and AUDIT_CID_SEED the
 * first one. A sequence that fails prints its seed.
 */

#include "audit.h"

#define ACTORS		8
#define STEPS		16
#define CONTAINERS	64
#define SETS		64
/* The sockets of the actors have the same descriptors in all actors. */
#define ACTOR_FD	100
#define PROP_TIMEOUT	7200

enum op { UNSHARE, SETNS, CLONE, EXEC, EXIT, NEW, JOIN, OPS };

static const char *const op_names[OPS] = {
	"unshare", "setns", "clone", "exec", "exit", "new", "join",
};

/* To an actor, along with a pidfd for setns. */
struct order {
	enum op	op;
	__u64	flags;
	int	child;
};

/*
 * Actors
 */

static void actor(int i);

static long act(const struct order *order, int pidfd, int self)
{
	char number[16];
	pid_t pid;

	switch (order->op) {
	case UNSHARE:
		return unshare(order->flags) ? -errno : 0;
	case SETNS:
		return setns(pidfd, order->flags) ? -errno : 0;
	case CLONE:
		pid = cid_clone(order->flags);
		if (!pid)
			actor(order->child);
		return pid < 0 ? -errno : 0;
	case EXEC:
		snprintf(number, sizeof(number), "%d", self);
		execl("/proc/self/exe", "prop_test", "--actor", number, NULL);
		return -errno;
	default:
		_exit(0);
	}
}

/* Receive an order. Returns the pidfd with it, -1 for none, -2 at the end. */
static int receive(int fd, struct order *order)
{
	union {
		struct cmsghdr header;
		char data[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { order, sizeof(*order) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int pidfd = -1;

	if (recvmsg(fd, &msg, 0) != sizeof(*order))
		return -2;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg)
		memcpy(&pidfd, CMSG_DATA(cmsg), sizeof(pidfd));
	return pidfd;
}

/* Say hello, and then obey. */
static void actor(int i)
{
	struct order order;
	long ret = 0;
	int pidfd;

	for (;;) {
		send(ACTOR_FD + i, &ret, sizeof(ret), MSG_NOSIGNAL);
		pidfd = receive(ACTOR_FD + i, &order);
		if (pidfd == -2)
			_exit(0);
		ret = act(&order, pidfd, i);
		if (pidfd >= 0)
			close(pidfd);
	}
}

/*
 * Sets, from the log and from /proc
 */

#define TYPES	ARRAY_SIZE(cid_ns_table)
#define UNKNOWN	(~0UL)

struct set {
	unsigned long	ns[TYPES];
};

static void set_from_record(struct set *set, const char *text)
{
	char field[40];
	size_t i;

	for (i = 0; i < TYPES; i++) {
		const char *found;

		sprintf(field, " %s=", cid_ns_table[i].field);
		found = strstr(text, field);
		if (found)
			set->ns[i] = strtoul(found + strlen(field), NULL, 10);
		else
			set->ns[i] = cid_ns_table[i].same_as ?
				     set->ns[i - 1] : 0;
	}
}

/* Returns whether it is a live process. */
static bool set_from_proc(struct set *set, pid_t pid)
{
	struct stat st;
	size_t i;

	for (i = 0; i < TYPES; i++) {
		set->ns[i] = 0;
		if (!cid_ns_stat(pid, pid, cid_ns_table[i].file, &st))
			set->ns[i] = st.st_ino;
		else if (cid_ns_table[i].same_as && set->ns[i - 1])
			/* Not to be seen before it has a process. */
			set->ns[i] = UNKNOWN;
	}
	return !strchr("ZX?", cid_state(pid, pid));
}

static bool set_equal(const struct set *real, const struct set *logged)
{
	size_t i;

	for (i = 0; i < TYPES; i++)
		if (real->ns[i] != logged->ns[i] && real->ns[i] != UNKNOWN)
			return false;
	return true;
}

/* As a sibling, or as a child of a live actor. */
static bool set_follows(const struct set *real, const struct set *logged)
{
	unsigned int which, bit;
	size_t i;

	for (which = 0; which < 4; which++) {
		struct set child = *logged;

		for (bit = 0, i = 0; i < TYPES; i++)
			if (cid_ns_table[i].same_as && which & (1 << bit++))
				child.ns[i - 1] = child.ns[i];
		if (set_equal(real, &child))
			return true;
	}
	return false;
}

static void set_print(const char *what, const struct set *set)
{
	size_t i;

	printf("# %s:", what);
	for (i = 0; i < TYPES; i++)
		printf(" %s=%ld", cid_ns_table[i].field, set->ns[i]);
	printf("\n");
}

/*
 * A sequence
 */

struct container {
	unsigned long	id;
	struct set	set[SETS];
	int		sets;
};

struct player {
	pid_t		pid;	/* 0: none */
	int		sock;
	bool		said;	/* the namespaces in the record: */
	struct set	set;
};

FIXTURE(property)
{
	struct cid_world world;
	struct audit_log log;
	struct player player[ACTORS];
	struct container container[CONTAINERS];
	int containers;
	unsigned int random;
	unsigned long done[OPS], checked, records;
	char history[4096];
	bool failed;
};

FIXTURE_SETUP(property)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	cid_setup(_metadata, &self->world);
	/*
	 * Nor do actors reap their children: the end of a PID namespace waits
	 * for members that came from outside.
	 */
	signal(SIGCHLD, SIG_IGN);
	audit_setup(_metadata, &self->log);
	ASSERT_EQ(0, audit_only(&self->log, AUDIT_CONTAINER_OP));
}

FIXTURE_TEARDOWN(property)
{
	audit_close(&self->log);
	cid_teardown(&self->world);
}

static unsigned int pick(struct _test_data_property *self, unsigned int n)
{
	/* The low bits of this kind of number are not that random. */
	self->random = self->random * 1103515245 + 12345;
	return (self->random >> 16) % n;
}

static bool one_in(struct _test_data_property *self, unsigned int n)
{
	return !pick(self, n);
}

static __u64 pick_flags(struct _test_data_property *self)
{
	static const __u64 cheap[] = {
		CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNS, CLONE_NEWPID,
		CLONE_NEWPID, CLONE_NEWTIME, CLONE_NEWUTS,
	};
	__u64 flags = cheap[pick(self, ARRAY_SIZE(cheap))];

	if (one_in(self, 3))
		flags |= cheap[pick(self, ARRAY_SIZE(cheap))];
	if (one_in(self, 8))
		flags |= CLONE_NEWNET;
	if (one_in(self, 16))
		flags |= CLONE_NEWUSER;
	/* All of them would fail on a kernel without this. */
	if (access("/proc/self/ns/time", F_OK))
		flags &= ~CLONE_NEWTIME;
	return flags ?: CLONE_NEWUTS;
}

static struct container *find(struct _test_data_property *self,
			      unsigned long id)
{
	int i;

	for (i = 0; i < self->containers; i++)
		if (self->container[i].id == id)
			return &self->container[i];
	if (i == CONTAINERS)
		return NULL;
	self->container[i] = (struct container) { .id = id };
	self->containers++;
	return &self->container[i];
}

/* Evaluate the records of the log. */
static void learn(struct __test_metadata *const _metadata,
		  struct _test_data_property *self)
{
	struct audit_log *log = &self->log;
	struct container *container;
	unsigned long id;
	char op[16];
	size_t i;
	int j;

	ASSERT_EQ(0, audit_sync(log));
	for (i = 0; i < log->count; i++) {
		const char *text = log->record[i].text;
		const char *opid = strstr(text, " opid=");
		struct set set;

		if (sscanf(text, "op=%15s ocontid=%lu", op, &id) != 2 ||
		    !opid || !strcmp(op, "exit"))
			continue;
		self->records++;
		set_from_record(&set, text);
		container = find(self, id);
		ASSERT_NE(NULL, container);
		ASSERT_GT(SETS, container->sets);
		container->set[container->sets++] = set;
		/* The ID of the thread, not of the process. */
		if (!strcmp(op, "thread"))
			continue;
		for (j = 0; j < ACTORS; j++) {
			struct player *player = &self->player[j];

			if (player->pid != atoi(opid + strlen(" opid=")))
				continue;
			player->said = true;
			player->set = set;
		}
	}
	audit_forget(log);
}

static void wrong(struct _test_data_property *self, struct player *player,
		  unsigned long id, const struct set *real)
{
	struct container *container = find(self, id);
	int i;

	self->failed = true;
	printf("# process %d of %lu, after:%s\n", player->pid, id,
	       self->history);
	set_print("is in", real);
	if (player->said)
		set_print("was said to be in", &player->set);
	for (i = 0; container && i < container->sets; i++)
		set_print("its container has", &container->set[i]);
}

static void check(struct __test_metadata *const _metadata,
		  struct _test_data_property *self, struct player *player)
{
	struct container *container;
	struct set real;
	bool found;
	long id;
	int i;

	id = cid_read(player->pid);
	if (!set_from_proc(&real, player->pid) || id < 0) {
		player->pid = 0;
		return;
	}
	self->checked++;
	/* The log does not contain all changes of host processes. */
	found = !id;
	container = find(self, id);
	ASSERT_NE(NULL, container);
	for (i = 0; i < container->sets && !found; i++)
		found = set_follows(&real, &container->set[i]);
	if (id && player->said)
		found = found && set_equal(&real, &player->set);
	if (!found)
		wrong(self, player, id, &real);
	EXPECT_EQ(true, found);
}

static void order(struct player *player, const struct order *order, int pidfd)
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
	struct iovec iov = { (void *)order, sizeof(*order) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (pidfd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		memcpy(CMSG_DATA(&control.header), &pidfd, sizeof(pidfd));
	}
	sendmsg(player->sock, &msg, MSG_NOSIGNAL);
}

/*
 * Wait for an answer or for the first message of an actor, which has its
 * number.
 */
static long answer(struct player *player)
{
	union {
		struct cmsghdr header;
		char data[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	long ret = -EPIPE;
	struct iovec iov = { &ret, sizeof(ret) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	struct ucred cred;

	if (recvmsg(player->sock, &msg, 0) != sizeof(ret))
		return -EPIPE;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!player->pid && cmsg && cmsg->cmsg_type == SCM_CREDENTIALS) {
		memcpy(&cred, CMSG_DATA(cmsg), sizeof(cred));
		player->pid = cred.pid;
		player->said = false;
	}
	return ret;
}

static struct player *pick_player(struct _test_data_property *self, bool alive)
{
	int i, start = pick(self, ACTORS);

	for (i = 0; i < ACTORS; i++) {
		struct player *player = &self->player[(start + i) % ACTORS];

		if (!player->pid == !alive)
			return player;
	}
	return NULL;
}

/* The end of an actor may end others. */
static void wait_end(struct player *player)
{
	while (!strchr("ZX?", cid_state(player->pid, player->pid)))
		sched_yield();
	player->pid = 0;
}

static long do_order(struct _test_data_property *self, struct player *player,
		     enum op op)
{
	struct player *other = pick_player(self, op != CLONE);
	struct order what = { .op = op, .flags = pick_flags(self) };
	int pidfd = -1;
	long ret;

	if (op == CLONE && !other)
		return -EAGAIN;
	if (op == CLONE && one_in(self, 2))
		what.flags = 0;
	if (op == SETNS)
		pidfd = syscall(__NR_pidfd_open,
				one_in(self, 3) ? getpid() : other->pid, 0);
	what.child = other - self->player;
	order(player, &what, pidfd);
	if (pidfd >= 0)
		close(pidfd);
	if (op == EXIT) {
		wait_end(player);
		return 0;
	}
	ret = answer(player);
	if (op == CLONE && !ret)
		ret = answer(other);
	return ret;
}

static long do_write(struct _test_data_property *self, struct player *player,
		     enum op op)
{
	int i, start = pick(self, self->containers);
	long ret = -ESRCH;

	if (op == NEW)
		return cid_write(player->pid, "new");
	/* Whichever can be joined. */
	for (i = 0; i < self->containers && ret; i++) {
		int at = (start + i) % self->containers;

		ret = cid_write(player->pid, "join %lu",
				self->container[at].id);
	}
	return ret;
}

static enum op pick_op(struct _test_data_property *self)
{
	static const enum op often[] = {
		UNSHARE, UNSHARE, UNSHARE, UNSHARE, SETNS, SETNS, SETNS, SETNS,
		CLONE, CLONE, CLONE, CLONE, EXEC, EXEC, EXIT, NEW, NEW, JOIN,
		JOIN,
	};

	return often[pick(self, ARRAY_SIZE(often))];
}

static void step(struct __test_metadata *const _metadata,
		 struct _test_data_property *self)
{
	struct player *player = pick_player(self, true);
	enum op op = pick_op(self);
	size_t len;
	long ret;
	int i;

	if (!player)
		return;
	len = strlen(self->history);
	snprintf(self->history + len, sizeof(self->history) - len, " %d %s",
		 player->pid, op_names[op]);
	ret = op < NEW ? do_order(self, player, op) :
			 do_write(self, player, op);
	self->done[op] += !ret;
	len = strlen(self->history);
	snprintf(self->history + len, sizeof(self->history) - len, "=%ld;",
		 ret);
	ASSERT_NE(-EPIPE, ret);
	learn(_metadata, self);
	for (i = 0; i < ACTORS; i++)
		if (self->player[i].pid)
			check(_metadata, self, &self->player[i]);
}

static void open_sockets(struct __test_metadata *const _metadata,
			 struct _test_data_property *self)
{
	int i, pair[2], on = 1;

	for (i = 0; i < ACTORS; i++) {
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC,
					0, pair));
		ASSERT_EQ(0, setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on,
					sizeof(on)));
		ASSERT_LE(0, dup2(pair[1], ACTOR_FD + i));
		close(pair[1]);
		self->player[i] = (struct player) { .sock = pair[0] };
	}
}

static void start(struct __test_metadata *const _metadata,
		  struct _test_data_property *self, struct player *player)
{
	pid_t pid = fork();
	int i;

	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (i = 0; i < ACTORS; i++)
			close(self->player[i].sock);
		actor(player - self->player);
	}
	ASSERT_EQ(0, answer(player));
}

/* A container and somebody outside of it, to begin with. */
static void sequence(struct __test_metadata *const _metadata,
		     struct _test_data_property *self)
{
	int i;

	self->containers = 0;
	*self->history = '\0';
	open_sockets(_metadata, self);
	start(_metadata, self, &self->player[0]);
	start(_metadata, self, &self->player[1]);
	ASSERT_EQ(0, cid_write(self->player[0].pid, "new"));
	learn(_metadata, self);
	for (i = 0; i < STEPS && !self->failed; i++)
		step(_metadata, self);
	for (i = 0; i < ACTORS; i++) {
		if (self->player[i].pid > 0)
			kill(self->player[i].pid, SIGKILL);
		close(self->player[i].sock);
		close(ACTOR_FD + i);
	}
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

static void run(struct __test_metadata *const _metadata,
		struct _test_data_property *self)
{
	unsigned int n = cid_number("AUDIT_CID_SEQUENCES", 60), i;
	unsigned int seed = cid_number("AUDIT_CID_SEED", getpid() ^
				       (unsigned int)time(NULL));

	ASSERT_LT(0, n);
	printf("# AUDIT_CID_SEED=%u\n", seed);
	for (i = 0; i < n && !self->failed; i++) {
		self->random = seed + i;
		sequence(_metadata, self);
	}
	if (self->failed)
		printf("# this one alone: AUDIT_CID_SEED=%u AUDIT_CID_SEQUENCES=1\n",
		       seed + i - 1);
	printf("# %u sequences, %lu records, %lu checks;", i, self->records,
	       self->checked);
	for (i = 0; i < OPS; i++)
		printf(" %lu %s", self->done[i], op_names[i]);
	printf("\n");
	/* A single sequence may miss some of the actions. */
	for (i = 0; n > 20 && !self->failed && i < OPS; i++)
		EXPECT_LT(0, self->done[i]);
}

TEST_F_TIMEOUT(property, holds, PROP_TIMEOUT)
{
	run(_metadata, self);
}

/* The same with records that belong to events. */
TEST_F_TIMEOUT(property, holds_with_rules, PROP_TIMEOUT)
{
	static const int calls[] = {
		__NR_unshare, __NR_setns, __NR_clone, __NR_clone3,
	};
	struct audit_match match = { AUDIT_UID, AUDIT_EQUAL, 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXIT,
					    AUDIT_ALWAYS, calls[i], &match,
					    1));
	run(_metadata, self);
}

int main(int argc, char **argv)
{
	/* An actor that has executed itself. */
	if (argc == 3 && !strcmp(argv[1], "--actor"))
		actor(atoi(argv[2]));
	return test_harness_run(argc, argv);
}
