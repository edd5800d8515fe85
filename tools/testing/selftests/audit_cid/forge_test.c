// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: a task cannot write an ID that a reader takes for the
 * kernel's, and cannot hide the kernel's ID
 *
 * Each text that a task can choose and that audit logs is set to a value that
 * would forge an ID, end a field, begin the message of a USER record, or begin
 * a line. Then audit_contid() of audit.h, which only accepts an ID where the
 * kernel writes it, must find the right ID.
 *
 * These texts exist in Linux 6.12 and 7.3. They were found by the calls of
 * audit_log_format() and audit_log() with a %s, and of the helpers for strings:
 *
 * table= of NETFILTER_CFG, dev= of ANOM_PROMISCUOUS, name= and nametype= of
 * PATH, cwd= of CWD, aN= of EXECVE, proctitle= of PROCTITLE, saddr= of
 * SOCKADDR, comm=, exe= and key= of SYSCALL and many others, ocomm= of OBJ_PID,
 * name= of KERN_MODULE, name= of CONTAINER_OP, path=, old=, new= and key= of
 * CONFIG_CHANGE, data= of TTY and USER_TTY, msg= of USER_*, path= and name= of
 * AVC and of LANDLOCK_*.
 *
 * The other uses of %s contain words of the kernel: op=, tty=, feature=,
 * cause=, actions=, anonclass=, fn=. FANOTIFY, MQ_OPEN, BPF, IPC, CAPSET, MMAP
 * and TIME_* contain only numbers, and other records of the event contain the
 * names. The records of xfrm, NetLabel, dm, IPE, IMA, Smack and AppArmor
 * require kernels that are built with these. Yama writes to the kernel's log,
 * not to the audit log.
 */

#include <ftw.h>
#include <linux/if.h>
#include <linux/landlock.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/un.h>
#include <termios.h>

#include "bpf.h"
#include "nft.h"
#include "record.h"
#include "uring.h"

/* Missing in the headers of older kernels. */
#ifndef AUDIT_LANDLOCK_ACCESS
#define AUDIT_LANDLOCK_ACCESS	1423
#endif

/* The first version of Landlock that logs denials. */
#define LANDLOCK_LOGS		7

#define COMM_LEN		15

/*
 * The parts of a text. The victim is in an audit container of its own and does
 * nothing.
 */
static const char * const payloads[] = {
	"x contid=%llu",
	"' msg='x contid=%llu msg='",
	"q\ntype=1340 op=create contid=%llu",
	"\" contid=%llu\n\"",
	"contid=%llu",
};

/*
 * Each text in its final form, the present text, and the directory for files.
 */
static struct {
	char	text[ARRAY_SIZE(payloads)][PATH_MAX];
	int	at;
	char	dir[64];
} *used;

/* Use a text, cut to the available room, and without rejected characters. */
static const char *use(const char *text, size_t max, const char *without)
{
	char *to = used->text[used->at];
	size_t i;

	snprintf(to, sizeof(used->text[0]), "%.*s", (int)max, text);
	for (i = 0; to[i]; i++)
		if (strchr(without, to[i]))
			to[i] = '_';
	return to;
}

static char *path_of(const char *name)
{
	static char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", used->dir, name);
	return path;
}

/*
 * The name of a program
 */

static void use_comm(const struct cid_call *call)
{
	prctl(PR_SET_NAME, use(call->text, COMM_LEN, ""));
}

static long comm_abort(struct cid_world *world, const struct cid_call *call)
{
	use_comm(call);
	return do_abort(world, call);
}

static long comm_event(struct cid_world *world, const struct cid_call *call)
{
	use_comm(call);
	return do_event(world, call) == -ESRCH ? 0 : -EIO;
}

/* This ID is not live. */
static long comm_refused(struct cid_world *world, const struct cid_call *call)
{
	use_comm(call);
	return cid_write(getpid(), "join 1") ? 0 : -EIO;
}

static long comm_seccomp(struct cid_world *world, const struct cid_call *call)
{
	use_comm(call);
	return do_seccomp(world, call);
}

static long comm_bpf(struct cid_world *world, const struct cid_call *call)
{
	use_comm(call);
	return do_load_bpf(world, call);
}

static int set_protection(const char *value)
{
	int fd = open("/proc/sys/fs/protected_hardlinks", O_WRONLY | O_CLOEXEC);
	int ret = write(fd, value, 1) == 1 ? 0 : -errno;

	close(fd);
	return ret;
}

static void make_file(const char *path)
{
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

/* A link to a file of somebody else's is refused. */
static long comm_link(struct cid_world *world, const struct cid_call *call)
{
	unsigned int was = proc_number("/proc/sys/fs/protected_hardlinks");
	int dir = open(used->dir, O_PATH | O_CLOEXEC), denied;

	use_comm(call);
	make_file(path_of("file"));
	if (chmod(used->dir, 0711) || set_protection("1") || seteuid(65534))
		return -errno;
	denied = linkat(dir, "file", dir, "link", 0);
	if (seteuid(0) || set_protection(was ? "1" : "0"))
		return -errno;
	return denied ? 0 : -EIO;
}

/*
 * Programs and their arguments: hold, which says that it runs
 */

static int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t len = 1;

	while (len > 0)
		len = sendfile(out, in, NULL, 1 << 20);
	close(in);
	close(out);
	return len ? -EIO : 0;
}

static long execute(struct cid_world *world, const char *path, const char *arg0)
{
	char sock[16];

	snprintf(sock, sizeof(sock), "%d", world->self->sock[1]);
	execl(path, arg0, sock, NULL);
	return -errno;
}

static long exe_name(struct cid_world *world, const struct cid_call *call)
{
	char hold[PATH_MAX];
	char *path;

	cid_hold_path(hold);
	path = path_of(use(call->text, NAME_MAX, "/"));
	return copy_file(hold, path) ?: execute(world, path, "hold");
}

static long argument(struct cid_world *world, const struct cid_call *call)
{
	char hold[PATH_MAX];

	cid_hold_path(hold);
	return execute(world, hold, use(call->text, NAME_MAX, ""));
}

/* It does not fit into one record, and begins as if it were harmless. */
static long argument_long(struct cid_world *world, const struct cid_call *call)
{
	static char text[8000 + NAME_MAX + 1];
	char hold[PATH_MAX];

	cid_hold_path(hold);
	snprintf(text, sizeof(text), "%08000d%s", 0,
		 use(call->text, NAME_MAX, ""));
	return execute(world, hold, text);
}

static long proctitle(struct cid_world *world, const struct cid_call *call)
{
	size_t room = strlen(program_invocation_name);

	snprintf(program_invocation_name, room + 1, "%s",
		 use(call->text, room, ""));
	return do_event(world, call) == -ESRCH ? 0 : -EIO;
}

/*
 * Files
 */

static long path_opened(struct cid_world *world, const struct cid_call *call)
{
	return open(path_of(use(call->text, NAME_MAX, "/")), O_RDONLY) < 0 ?
	       0 : -EIO;
}

static long path_of_ring(struct cid_world *world, const struct cid_call *call)
{
	int ret = uring_open(&agent_ring, 0);

	if (ret)
		return ret;
	ret = uring_openat(&agent_ring,
			   path_of(use(call->text, NAME_MAX, "/")), 0);
	return ret == -ENOENT ? 0 : -EIO;
}

static long directory(struct cid_world *world, const struct cid_call *call)
{
	char *path = path_of(use(call->text, NAME_MAX, "/"));

	if ((mkdir(path, 0700) && errno != EEXIST) || chdir(path))
		return -errno;
	close(open(".", O_RDONLY));
	return 0;
}

static long queue(struct cid_world *world, const struct cid_call *call)
{
	const char *name = use(call->text, NAME_MAX, "/");
	int fd = syscall(__NR_mq_open, name, O_CREAT | O_RDWR, 0600, NULL);

	if (fd < 0)
		return -errno;
	close(fd);
	return syscall(__NR_mq_unlink, name) ? -errno : 0;
}

static long socket_path(struct cid_world *world, const struct cid_call *call)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s",
		 use(call->text, sizeof(to.sun_path) - 1, ""));
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) ? 0 : -EIO;
}

/* A file that Landlock does not let the process read. */
static long landlocked(struct cid_world *world, const struct cid_call *call)
{
	const struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE,
	};
	const char *path = path_of(use(call->text, NAME_MAX, "/"));
	int set = syscall(__NR_landlock_create_ruleset, &attr, sizeof(attr), 0);

	make_file(path);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(__NR_landlock_restrict_self, set, 0))
		return -errno;
	return open(path, O_RDONLY | O_CLOEXEC) < 0 ? 0 : -EIO;
}

/*
 * Networks
 */

static long table_name(struct cid_world *world, const struct cid_call *call)
{
	int fd;

	if (unshare(CLONE_NEWNET))
		return -errno;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	return nft_table(fd, NFT_MSG_NEWTABLE, use(call->text, NAME_MAX, ""));
}

static int rename_device(int fd, struct ifreq *ifr, const char *name)
{
	snprintf(ifr->ifr_newname, IFNAMSIZ, "%s", name);
	if (ioctl(fd, SIOCSIFNAME, ifr))
		return -errno;
	snprintf(ifr->ifr_name, IFNAMSIZ, "%s", name);
	return 0;
}

/* The name of a network device may contain most characters, but no space. */
static long device_name(struct cid_world *world, const struct cid_call *call)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	const char *name;
	int fd;

	if (unshare(CLONE_NEWNET))
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	name = use(call->text, COMM_LEN, "");
	if (strpbrk(name, "\n ") && rename_device(fd, &ifr, name) != -EINVAL)
		return -EIO;
	if (rename_device(fd, &ifr, use(call->text, COMM_LEN, "\n /:")))
		return -errno;
	ifr.ifr_flags = IFF_PROMISC;
	return ioctl(fd, SIOCSIFFLAGS, &ifr) ? -errno : 0;
}

/*
 * Other processes
 */

/* A child that does nothing, under a name. */
static pid_t named_child(const char *name)
{
	int ready[2];
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	/* It has the name when it has closed its end. */
	read(ready[0], &ready[1], 1);
	close(ready[0]);
	return pid;
}

static long end_child(pid_t pid, long ret)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret;
}

static long signalled(struct cid_world *world, const struct cid_call *call)
{
	pid_t pid = named_child(use(call->text, COMM_LEN, ""));

	return end_child(pid, kill(pid, 0) ? -errno : 0);
}

static long traced(struct cid_world *world, const struct cid_call *call)
{
	pid_t pid = named_child(use(call->text, COMM_LEN, ""));

	return end_child(pid, ptrace(PTRACE_SEIZE, pid, 0, 0) ? -errno : 0);
}

/* The name of an audit container is printable and does not contain a space. */
static long container_name(struct cid_world *world,
			   const struct cid_call *call)
{
	pid_t pid = named_child("child");
	int ret;

	if (strpbrk(call->text, "\n ") &&
	    cid_write(pid, "new name=%s", call->text) != -EINVAL)
		return end_child(pid, -EIO);
	ret = cid_write(pid, "new name=%s",
			use(call->text, AUDIT_CID_NAME_MAX, "\n "));
	return end_child(pid, ret);
}

static long module_name(struct cid_world *world, const struct cid_call *call)
{
	const char *name = use(call->text, 40, "");

	return syscall(__NR_delete_module, name, O_NONBLOCK) ? 0 : -EIO;
}

/*
 * Audit itself
 */

/* Add or remove a rule with a field that is a string. */
static int change_rule(__u16 type, __u32 field, const char *text, bool event)
{
	struct audit_request ask = { .header.nlmsg_type = type };
	struct audit_rule_data *rule = &ask.rule;

	rule->flags = AUDIT_FILTER_EXIT;
	rule->action = AUDIT_ALWAYS;
	rule->mask[AUDIT_WORD(__NR_getpgid)] = AUDIT_BIT(__NR_getpgid);
	rule->fields[0] = AUDIT_ARG0;
	rule->fieldflags[0] = AUDIT_EQUAL;
	rule->values[0] = event ? EVENT_MAGIC : 0;
	rule->fields[1] = field;
	rule->fieldflags[1] = AUDIT_EQUAL;
	rule->values[1] = strlen(text);
	rule->buflen = strlen(text);
	memcpy(rule->buf, text, rule->buflen);
	rule->field_count = 2;
	ask.header.nlmsg_len = NLMSG_LENGTH(sizeof(*rule) + rule->buflen);
	return audit_ask_once(&ask, NULL);
}

static long rule_key(struct cid_world *world, const struct cid_call *call)
{
	const char *key = use(call->text, AUDIT_MAX_KEY_LEN, "");
	int ret = change_rule(AUDIT_ADD_RULE, AUDIT_FILTERKEY, key, true);

	if (ret)
		return ret;
	do_event(world, call);
	return change_rule(AUDIT_DEL_RULE, AUDIT_FILTERKEY, key, true);
}

/* A rule on a file, which goes with the directory; x is the field. */
static long rule_path(struct cid_world *world, const struct cid_call *call)
{
	const char *name = use(call->text, NAME_MAX, "/");
	char file[NAME_MAX + 8];
	int ret;

	if (mkdir(path_of(name), 0700))
		return -errno;
	snprintf(file, sizeof(file), "%s/file", name);
	ret = change_rule(AUDIT_ADD_RULE, call->x, path_of(file), false);
	return ret ?: rmdir(path_of(name)) ? -errno : 0;
}

static long tree_names(struct cid_world *world, const struct cid_call *call)
{
	const char *name = use(call->text, NAME_MAX, "");
	struct audit_request ask = { .header.nlmsg_type = AUDIT_MAKE_EQUIV };
	__u32 sizes[2] = { strlen(name), strlen(name) };

	memcpy(ask.data, sizes, sizeof(sizes));
	memcpy(ask.data + sizeof(sizes), name, sizes[0]);
	memcpy(ask.data + sizeof(sizes) + sizes[0], name, sizes[1]);
	ask.header.nlmsg_len = NLMSG_LENGTH(sizeof(sizes) + 2 * sizes[0]);
	/* These directories do not exist. */
	return audit_ask_once(&ask, NULL) ? 0 : -EIO;
}

static int audit_own_tty(void)
{
	struct audit_request ask = {
		.header.nlmsg_type = AUDIT_TTY_SET,
		.header.nlmsg_len = NLMSG_LENGTH(sizeof(struct audit_tty_status)),
	};
	const struct audit_tty_status status = { .enabled = 1 };

	memcpy(ask.data, &status, sizeof(status));
	return audit_ask_once(&ask, NULL);
}

/* A daemon, a login program, a shell; x is the type. */
static long message(struct cid_world *world, const struct cid_call *call)
{
	if (call->x == AUDIT_USER_TTY && audit_own_tty())
		return -EIO;
	return audit_user(call->x, "%s", use(call->text, NAME_MAX, ""));
}

/* Text that is typed at a terminal is logged at exit. */
static long typed(struct cid_world *world, const struct cid_call *call)
{
	const char *text = use(call->text, NAME_MAX, "\n");
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	char line[NAME_MAX + 2];

	if (master < 0 || grantpt(master) || unlockpt(master))
		return -errno;
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0 || audit_own_tty())
		return -EIO;
	dprintf(master, "%s\n", text);
	return read(slave, line, sizeof(line)) > 0 ? 0 : -errno;
}

/*
 * The tests
 */

FIXTURE(forge)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *victim;
	__u64 id_victim;
};

/*
 * A task that is not in an audited call can only put the text into standalone
 * records. @syscall, if any, is to be audited.
 */
FIXTURE_VARIANT(forge)
{
	cid_fn	fn;
	__u16	type;		/* of the record that has the text */
	int	syscall;
	bool	event;		/* the record never stands alone */
	bool	either;		/* unless the kernel is newer */
	bool	ring;		/* syscall is an operation of io_uring */
	int	sig;		/* how a program that was executed ends */
	long	x;
};

#define FORGE(name, ...)						\
	FIXTURE_VARIANT_ADD(forge, name) { __VA_ARGS__ }

#define EVENT(_type, _syscall)						\
	.type = _type, .syscall = _syscall, .event = true

FORGE(comm_abend, comm_abort, AUDIT_ANOM_ABEND);
FORGE(comm_bpf, comm_bpf, EVENT(AUDIT_SYSCALL, __NR_bpf));
FORGE(comm_container_op, comm_refused, AUDIT_CONTAINER_OP);
FORGE(comm_link, comm_link, EVENT(AUDIT_ANOM_LINK, __NR_linkat), .either = true);
FORGE(comm_seccomp, comm_seccomp, AUDIT_SECCOMP);
FORGE(comm_syscall, comm_event, EVENT(AUDIT_SYSCALL, __NR_getpgid));
FORGE(exe_abend, exe_name, AUDIT_ANOM_ABEND, .sig = SIGABRT);
FORGE(exe_syscall, exe_name, EVENT(AUDIT_SYSCALL, __NR_execve));
FORGE(execve, argument, EVENT(AUDIT_EXECVE, __NR_execve));
FORGE(execve_long, argument_long, EVENT(AUDIT_EXECVE, __NR_execve));
FORGE(proctitle, proctitle, EVENT(AUDIT_PROCTITLE, __NR_getpgid));
FORGE(path, path_opened, EVENT(AUDIT_PATH, __NR_openat));
FORGE(path_uring, path_of_ring, EVENT(AUDIT_PATH, IORING_OP_OPENAT), .ring = true);
FORGE(cwd, directory, EVENT(AUDIT_CWD, __NR_openat));
FORGE(mq_open, queue, EVENT(AUDIT_PATH, __NR_mq_open));
FORGE(sockaddr, socket_path, EVENT(AUDIT_SOCKADDR, __NR_connect));
FORGE(landlock, landlocked, AUDIT_LANDLOCK_ACCESS);
FORGE(netfilter, table_name, AUDIT_NETFILTER_CFG);
FORGE(promiscuous, device_name, AUDIT_ANOM_PROMISCUOUS);
FORGE(ocomm_signal, signalled, EVENT(AUDIT_OBJ_PID, __NR_kill));
FORGE(ocomm_ptrace, traced, EVENT(AUDIT_OBJ_PID, __NR_ptrace));
FORGE(container, container_name, AUDIT_CONTAINER_OP);
FORGE(module, module_name, EVENT(AUDIT_KERN_MODULE, __NR_delete_module));
FORGE(key_config, rule_key, AUDIT_CONFIG_CHANGE);
FORGE(key_syscall, rule_key, EVENT(AUDIT_SYSCALL, 0));
FORGE(rule_watch, rule_path, AUDIT_CONFIG_CHANGE, .x = AUDIT_WATCH);
FORGE(rule_exe, rule_path, AUDIT_CONFIG_CHANGE, .x = AUDIT_EXE);
FORGE(tree, tree_names, AUDIT_CONFIG_CHANGE);
FORGE(tty, typed, AUDIT_TTY);
FORGE(user, message, AUDIT_USER, .x = AUDIT_USER);
FORGE(user_second, message, AUDIT_LAST_USER_MSG2, .x = AUDIT_LAST_USER_MSG2);
FORGE(user_tty, message, AUDIT_USER_TTY, .x = AUDIT_USER_TTY);

static int landlock_version(void)
{
	return syscall(__NR_landlock_create_ruleset, NULL, 0,
		       LANDLOCK_CREATE_RULESET_VERSION);
}

static const char *why_not(cid_fn fn)
{
	if (fn == landlocked && landlock_version() < LANDLOCK_LOGS)
		return "Landlock does not log here";
	if (fn == comm_bpf && !has_bpf())
		return "no bpf()";
	if (fn == table_name && !has_nft())
		return "no nf_tables";
	if (fn == module_name && syscall(__NR_delete_module, NULL, 0) &&
	    errno == ENOSYS)
		return "no modules";
	return cid_missing();
}

FIXTURE_SETUP(forge)
{
	const char *missing = why_not(variant->fn);

	if (missing)
		SKIP(return, "%s", missing);
	used = mmap(NULL, sizeof(*used), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, used);
	snprintf(used->dir, sizeof(used->dir), "/tmp/audit_cid.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(used->dir));
	setup(_metadata, &self->world, &self->log);
	self->victim = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->victim);
	self->id_victim = make_container(&self->log, self->victim);
	ASSERT_NE(0, self->id_victim);
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	return remove(path);
}

FIXTURE_TEARDOWN(forge)
{
	teardown(&self->world, &self->log);
	EXPECT_EQ(0, nftw(used->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS));
}

/* Check whether a record has the text, unchanged or encoded. */
static bool has_text(const char *record, const char *text)
{
	static char hex[2 * PATH_MAX];
	size_t i;

	for (i = 0; text[i]; i++)
		sprintf(hex + 2 * i, "%02X", (unsigned char)text[i]);
	return strstr(record, text) || strstr(record, hex);
}

static bool is_exit(const struct audit_record *record)
{
	return record->type == AUDIT_CONTAINER_OP &&
	       !strncmp(record->text, "op=exit ", 8);
}

/* No record is broken into lines, and none is in a wrong name. */
static void check_records(struct __test_metadata *const _metadata,
			  const struct audit_log *log, __u64 id)
{
	size_t i;

	for (i = 0; i < log->count; i++) {
		const struct audit_record *record = &log->record[i];
		__u64 found = audit_contid(record);

		EXPECT_EQ(NULL, memchr(record->text, '\n',
				       audit_kernel_part(record)))
			TH_LOG("%u %s", record->type, record->text);
		EXPECT_TRUE(!found || found == id)
			TH_LOG("%u %s", record->type, record->text);
	}
}

/* The events that have a text name the ID. Returns in how many of a type it is. */
static int check_text(struct __test_metadata *const _metadata,
		      const struct audit_log *log, const char *text, __u16 type,
		      __u64 id)
{
	int seen = 0;
	size_t i;

	for (i = 0; i < log->count; i++) {
		const struct audit_record *record = &log->record[i];

		if (!has_text(record->text, text) || is_exit(record))
			continue;
		EXPECT_EQ(id, audit_event_contid(log, record->serial))
			TH_LOG("%u %s", record->type, record->text);
		seen += record->type == type;
	}
	return seen;
}

/* Let a child do it, which may be killed by it. Return its result, or 0. */
static long let(struct cid_agent *child,
		const struct _fixture_variant_forge *way, const char *text)
{
	struct cid_call rest;
	long ret = 0;

	cid_post(child, way->fn, way->x, 0, "%s", text);
	if (way->sig) {
		ret = cid_wait(child);
		kill(child->pid, way->sig);
		cid_reap(child);
		return ret;
	}
	cid_post(child, cid_do_exit, 0, 0, "%s", "");
	cid_reap(child);
	recv(child->sock[0], &ret, sizeof(ret), MSG_DONTWAIT);
	/*
	 * The next child must not receive the messages that this child has not
	 * read.
	 */
	recv(child->sock[1], &rest, sizeof(rest), MSG_DONTWAIT);
	return ret;
}

/* Let a child of the actor use each text. */
static void use_all(struct __test_metadata *const _metadata,
		    struct _test_data_forge *self,
		    const struct _fixture_variant_forge *way,
		    struct cid_agent *actor)
{
	struct cid_agent *child;
	char text[128];
	long ret;

	for (used->at = 0; used->at < (int)ARRAY_SIZE(payloads); used->at++) {
		snprintf(text, sizeof(text), payloads[used->at],
			 self->id_victim);
		child = cid_start(&self->world, actor);
		ASSERT_NE(NULL, child);
		ret = let(child, way, text);
		EXPECT_TRUE(!ret || ret == cid_read(actor->pid))
			TH_LOG("%s: %ld", text, ret);
		EXPECT_NE('\0', *used->text[used->at]);
	}
}

static int add_rule(struct audit_log *log,
		    const struct _fixture_variant_forge *way,
		    struct cid_agent *actor)
{
	struct audit_match match = { AUDIT_PPID, AUDIT_EQUAL, actor->pid };

	if (!way->syscall)
		return 0;
	return audit_add_rule(log, way->ring ? AUDIT_FILTER_URING_EXIT :
			      AUDIT_FILTER_EXIT, AUDIT_ALWAYS, way->syscall,
			      &match, 1);
}

/* Wherever the actor is. */
static void try_all(struct __test_metadata *const _metadata,
		    struct _test_data_forge *self,
		    const struct _fixture_variant_forge *way,
		    struct cid_agent *actor, bool context)
{
	__u64 id = cid_read(actor->pid);
	size_t i;
	int seen;

	ASSERT_EQ(0, audit_drop(&self->log));
	use_all(_metadata, self, way, actor);
	ASSERT_EQ(0, audit_sync(&self->log));
	check_records(_metadata, &self->log, id);
	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		seen = check_text(_metadata, &self->log, used->text[i],
				  way->type, id);
		if (way->either && !context)
			continue;
		EXPECT_EQ(context || !way->event, !!seen)
			TH_LOG("%u seen %d times: %s", way->type, seen,
			       used->text[i]);
	}
}

/* From the host, and as a member. */
static void try_both(struct __test_metadata *const _metadata,
		     struct _test_data_forge *self,
		     const struct _fixture_variant_forge *way, bool context)
{
	struct cid_agent *actor;

	actor = context ? cid_start(&self->world, NULL) :
			  start_never(&self->world, &self->log);
	ASSERT_NE(NULL, actor);
	ASSERT_EQ(0, add_rule(&self->log, way, actor));
	try_all(_metadata, self, way, actor, context);
	ASSERT_EQ(0, cid_write(actor->pid, "new"));
	try_all(_metadata, self, way, actor, context);
}

TEST_F_TIMEOUT(forge, with_context, 120)
{
	try_both(_metadata, self, variant, true);
}

TEST_F_TIMEOUT(forge, without_context, 120)
{
	try_both(_metadata, self, variant, false);
}

TEST_HARNESS_MAIN
