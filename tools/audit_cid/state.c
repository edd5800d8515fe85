// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: find the audit container of a container, by its init process, as
 * the runtime's own "state" command tells it.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auditcid.h"

extern char **environ;

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
static int read_init(const struct oci_state *state, uint64_t asked,
		     uint64_t *contid)
{
	int dir = proc_open(state->pid);
	int ret = -1;

	if (dir < 0 || proc_start_time(dir) > asked)
		warnx("the init process %d of container %s has exited",
		      state->pid, state->id);
	else if (cid_read(dir, contid))
		warnx("cannot read the audit container ID of container %s: %s",
		      state->id, cid_why_unread(dir, errno));
	else
		ret = 0;
	if (dir >= 0)
		close(dir);
	return ret;
}

static bool is_plausible(const char *path, const struct cmdline *cmd,
			 const struct oci_state *state)
{
	char id[AUDIT_CID_NAME_MAX + 1];

	request_clean_name(id, cmd->id, strlen(cmd->id));
	if (strcmp(id, state->id))
		warnx("%s gave the state of %s instead of %s", path, state->id, id);
	else if (state->pid <= 1)
		warnx("container %s is %s: it has no process", id, state->status);
	else if (!proc_is_ours())
		warnx("/proc does not belong to this PID namespace: mount it");
	else
		return true;
	return false;
}

int runtime_ask(const char *path, char **argv, const struct cmdline *cmd,
		uint64_t *contid)
{
	char **list = state_argv(argv, cmd);
	uint64_t asked = proc_now();
	struct oci_state state;
	const char *why;
	int status = 0;

	why = run_state(path, list, &status, &state);
	free(list);
	if (status || why) {
		warnx("'%s state %s' does not report the state of the "
		      "container: %s", path, cmd->id,
		      status ? "it failed" : why);
		return -1;
	}
	if (!is_plausible(path, cmd, &state))
		return -1;
	return read_init(&state, asked, contid);
}
