// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid oci-hook: called by an OCI runtime in the createRuntime stage, label
 * the container that it is about to start.
 */

#include <argp.h>
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "auditcid.h"

#define WORDS_MAX 256

#define STAGE "this hook belongs in the createRuntime stage (or prestart)"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = state->input;
	return 0;
}

static const struct argp_child children[] = { { &label_argp, 0, NULL, 0 }, {} };

static const struct argp argp = {
	.parser = parse,
	.children = children,
	.doc = "Assign an ID to the container whose OCI state is on standard "
	       "input. An OCI runtime calls this in the createRuntime stage.",
};

/* Not if it is /dev/null, which crun gives its hooks */
static bool is_heard(void)
{
	struct stat err, null;

	return fstat(STDERR_FILENO, &err) || stat("/dev/null", &null) ||
	       err.st_rdev != null.st_rdev;
}

/* Parse the command line of the process @dir. Return: is it a runtime? */
static bool read_cmdline(int dir, struct cmdline *cmd)
{
	static char words[65536];
	char *argv[WORDS_MAX + 1];
	ssize_t len = proc_read(dir, "cmdline", words, sizeof(words));
	int argc = 0, at = 0;

	for (; at < len && argc < WORDS_MAX; at += strlen(words + at) + 1)
		argv[argc++] = words + at;
	argv[argc] = NULL;
	if (!argc)
		return false;
	cmdline_parse(argc, argv, cmd);
	return cmd->verb == RUNTIME_CREATE;
}

/* Its very descriptor: a file that is opened again has an offset of its own. */
static FILE *open_stderr(pid_t pid)
{
	int pidfd = pidfd_open(pid, 0);
	int fd = pidfd < 0 ? -1 : pidfd_getfd(pidfd, STDERR_FILENO, 0);

	if (pidfd >= 0)
		close(pidfd);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

/*
 * Log it as the runtime, the parent of a hook, logs its own errors.
 * Return: false if it has nowhere to log to, or is not a runtime.
 */
static bool complain_as_runtime(const char *format, va_list args)
{
	int dir = proc_is_ours() ? proc_open(getppid()) : -1;
	struct cmdline cmd;
	bool is_runtime = dir >= 0 && read_cmdline(dir, &cmd);
	FILE *err = is_runtime ? open_stderr(getppid()) : NULL;
	bool good = err || (is_runtime && cmd.log);

	if (good)
		runtime_complain(&cmd, err ? err : stderr, format, args);
	if (err)
		fclose(err);
	if (dir >= 0)
		close(dir);
	return good;
}

static __attribute__((noreturn, format(printf, 1, 2)))
void refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (is_heard())
		vwarnx(format, args);
	else if (!complain_as_runtime(format, args))
		vsyslog(LOG_DAEMON | LOG_ERR, format, args);
	exit(EXIT_OWN);
}

static bool being_made(const struct oci_state *state)
{
	return !strcmp(state->status, "creating") ||
	       !strcmp(state->status, "created");
}

/*
 * In the other stages either the hook is inside the container, where the pid is
 * missing or one of the container's own, or the container's program already
 * runs, and its first events have gone by without an ID.
 */
static void check_stage(const struct oci_state *state)
{
	if (state->pid <= 1)
		refuse("the state of container %s has pid %d, which is not its "
		       "number on the host: " STAGE, state->id, state->pid);
	if (!being_made(state))
		refuse("container %s is %s, no longer being created: " STAGE,
		       state->id, state->status);
	if (!proc_is_ours())
		refuse("/proc does not belong to the PID namespace of this hook, so "
		       "pid %d has no meaning: " STAGE, state->pid);
}

static bool is_own_ancestor(pid_t pid)
{
	pid_t p = getpid();
	int dir;

	while (p > 0 && p != pid) {
		dir = proc_open(p);
		if (dir < 0)
			return false;
		p = proc_parent(dir);
		close(dir);
	}
	return p == pid;
}

static uint64_t own_start_time(void)
{
	int dir = proc_open_self();
	uint64_t t;

	if (dir < 0)
		return 0;
	t = proc_start_time(dir);
	close(dir);
	return t;
}

/* The number may have been reused, but not by a process older than this one. */
static int open_target(const struct oci_state *state)
{
	int dir;

	if (is_own_ancestor(state->pid))
		refuse("pid %d of container %s is this hook, or an ancestor of this "
		       "hook: the state cannot be trusted", state->pid, state->id);
	dir = proc_open(state->pid);
	if (dir < 0)
		refuse("cannot open /proc/%d, of container %s: %s",
		       state->pid, state->id, strerror(errno));
	if (!proc_alive(dir) || proc_start_time(dir) > own_start_time())
		refuse("the process %d of container %s has exited", state->pid,
		       state->id);
	return dir;
}

/* Did the wrapper make the ID of the runtime, our parent, for this very container? */
static bool runtime_is_wrapped(const struct oci_state *state, uint64_t own)
{
	static char words[65536];
	int dir = proc_is_ours() ? proc_open(getppid()) : -1;
	ssize_t len = dir < 0 ? 0 : proc_read(dir, "environ", words, sizeof(words));
	const char *word = words;

	if (dir >= 0)
		close(dir);
	for (; word < words + len; word += strlen(word) + 1)
		if (!strncmp(word, ASSIGNED_ENV "=", strlen(ASSIGNED_ENV "=")))
			return label_is_assigned(word + strlen(ASSIGNED_ENV "="), own, state->id);
	return false;
}

/* By the runtime itself, or before that by the wrapper */
static bool is_assigned(int dir, const struct oci_state *state)
{
	int self = proc_open_self();
	uint64_t own, contid;
	bool known = self >= 0 && !cid_read(self, &own) && !cid_read(dir, &contid);

	if (self >= 0)
		close(self);
	return known && (contid != own || runtime_is_wrapped(state, own));
}

static const char *label(const struct labelling *how, const struct oci_state *state)
{
	int dir = open_target(state);
	struct bundle bundle;
	const char *why = NULL;

	if (!is_assigned(dir, state)) {
		bundle_read(&bundle, state->id, *state->bundle ? state->bundle : NULL,
			    "config.json");
		why = label_new(dir, how, &bundle);
		bundle_free(&bundle);
	}
	close(dir);
	return why;
}

int hook_main(int argc, char **argv)
{
	struct labelling how = {};
	struct oci_state state;
	const char *why;

	argp_parse(&argp, argc, argv, 0, NULL, &how);
	why = oci_state_read(STDIN_FILENO, &state);
	if (why)
		refuse("malformed container state on standard input: %s; run this as "
		       "an OCI hook", why);
	check_stage(&state);
	why = label(&how, &state);
	if (why && how.strict)
		refuse("cannot assign an ID to container %s (pid %d): %s", state.id,
		       state.pid, why);
	if (why)
		warn_admin("the container %s starts without an audit container ID of its "
			   "own: %s", state.id, why);
	return 0;
}
