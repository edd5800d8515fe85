// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: find the init process of a container, in the file in which runc and
 * crun keep it, or else by the runtime's own "state" command.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auditcid.h"

extern char **environ;

static const char *because(const char *format, ...)
{
	static char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return text;
}

/*
 * Where the runtime keeps its state, as runc(8) and crun(1) describe it.
 * Return: false if that is not certain. In a user namespace runc's root depends on more.
 */
static bool find_root(const struct cmdline *cmd, char *root, size_t size)
{
	const char *name = cmd->is_crun ? "crun" : "runc";
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	bool is_root = !geteuid() && !cmd->is_crun;

	if (cmd->root)
		snprintf(root, size, "%s", cmd->root);
	else if (!xdg || !*xdg || (is_root && proc_in_init_userns()))
		snprintf(root, size, "/run/%s", name);
	else if (!is_root)
		snprintf(root, size, "%s/%s", xdg, name);
	else
		return false;
	return *root;
}

static int open_file(const struct cmdline *cmd)
{
	char root[PATH_MAX - NAME_MAX], path[PATH_MAX];
	int len;

	if (strchr(cmd->id, '/') || !find_root(cmd, root, sizeof(root)))
		return -1;
	len = snprintf(path, sizeof(path), "%s/%s/%s", root, cmd->id,
		       cmd->is_crun ? "status" : "state.json");
	return len < (int)sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

/* The same number is the same process if it is as old. */
static int open_as_kept(const struct cmdline *cmd, char bundle[PATH_MAX])
{
	int fd = open_file(cmd), dir = -1;
	struct oci_init init;

	if (fd < 0)
		return -1;
	if (!oci_init_read(fd, cmd->is_crun, cmd->id, &init) && proc_is_ours())
		dir = proc_open(init.pid);
	close(fd);
	if (dir < 0)
		return -1;
	if (proc_start_time(dir) != init.start) {
		close(dir);
		return -1;
	}
	memcpy(bundle, init.bundle, PATH_MAX);
	return dir;
}

/* The command line so far, up to the sub-command, and "state ID" */
static char **state_argv(char **argv, const struct cmdline *cmd)
{
	char **list = calloc(cmd->globals + 3, sizeof(*list));

	if (!list)
		err(EXIT_OWN, "cannot run %s", argv[0]);
	memcpy(list, argv, cmd->globals * sizeof(*list));
	list[cmd->globals] = "state";
	list[cmd->globals + 1] = (char *)cmd->id;
	return list;
}

static pid_t spawn(const char *path, char **argv, int out)
{
	posix_spawn_file_actions_t files;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null",
					 O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	errno = posix_spawn(&pid, path, &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return errno ? -1 : pid;
}

static const char *read_state(const char *path, char **argv, int *status,
			      struct oci_state *state)
{
	const char *why = "it could not be run";
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return strerror(errno);
	pid = spawn(path, argv, fds[1]);
	close(fds[1]);
	if (pid > 0)
		why = oci_state_read(fds[0], state);
	close(fds[0]);
	if (pid > 0 && waitpid(pid, status, 0) != pid)
		return "its exit status was lost";
	return why;
}

/* The exit status must be seen, even where SIGCHLD came in as ignored. */
static const char *run_state(const char *path, char **argv, int *status,
			     struct oci_state *state)
{
	const struct sigaction dfl = { .sa_handler = SIG_DFL };
	struct sigaction old;
	const char *why;

	sigaction(SIGCHLD, &dfl, &old);
	why = read_state(path, argv, status, state);
	sigaction(SIGCHLD, &old, NULL);
	return why;
}

/*
 * The runtime vouches that the process was alive after @asked. If the one that
 * has its number now is older than that, it is the same.
 */
static const char *open_init(const struct oci_state *state, uint64_t asked, int *dir)
{
	*dir = proc_open(state->pid);
	if (*dir >= 0 && proc_start_time(*dir) <= asked)
		return NULL;
	if (*dir >= 0)
		close(*dir);
	return because("its init process %d has exited", state->pid);
}

/* NULL, or why @state is not to be relied on */
static const char *why_implausible(const char *path, const struct cmdline *cmd,
				   const struct oci_state *state)
{
	char id[AUDIT_CID_NAME_MAX + 1];

	request_clean_name(id, cmd->id, strlen(cmd->id));
	if (strcmp(id, state->id))
		return because("%s gave the state of %s instead", path, state->id);
	if (state->pid <= 1)
		return because("it is %s and has no process", state->status);
	if (!proc_is_ours())
		return "/proc does not belong to this PID namespace: mount it";
	return NULL;
}

static const char *ask(const char *path, char **argv, const struct cmdline *cmd,
		       int *dir, char bundle[PATH_MAX])
{
	char **list = state_argv(argv, cmd);
	uint64_t asked = proc_now();
	struct oci_state state;
	const char *why;
	int status = 0;

	why = run_state(path, list, &status, &state);
	free(list);
	if (status || why)
		return because("'%s state %s' does not report its state: %s", path,
			       cmd->id, status ? "it failed" : why);
	why = why_implausible(path, cmd, &state);
	memcpy(bundle, state.bundle, PATH_MAX);
	return why ? why : open_init(&state, asked, dir);
}

const char *runtime_init(const char *path, char **argv, const struct cmdline *cmd,
			 int *dir, char bundle[PATH_MAX])
{
	*dir = open_as_kept(cmd, bundle);
	return *dir < 0 ? ask(path, argv, cmd, dir, bundle) : NULL;
}
