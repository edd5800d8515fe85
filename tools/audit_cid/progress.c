// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: how much of the logs is read. Debian has no library for that in C:
 * pv(1) shows it, if it is there. It gets a byte for each part of the log.
 */

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model.h"

#define LONG	(16 << 20)
#define PART	(64 << 10)

extern char **environ;

struct progress {
	pid_t	pid;
	int	fd;
	size_t	rest;
};

static pid_t run_pv(int in, off_t parts)
{
	char size[32], *argv[] = { "pv", "-N", "reading", "-pte", "-s", size, NULL };
	posix_spawn_file_actions_t files;
	pid_t pid;
	int ret;

	snprintf(size, sizeof(size), "%jd", (intmax_t)parts);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null",
					 O_WRONLY, 0);
	ret = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return ret ? 0 : pid;
}

/* Not for short logs, and not where it would be mixed with what is printed */
struct progress *progress_start(off_t total, bool prints)
{
	struct progress *progress;
	int fds[2];

	if (total < LONG || !isatty(STDERR_FILENO) ||
	    (prints && isatty(STDOUT_FILENO)))
		return NULL;
	progress = calloc(1, sizeof(*progress));
	if (!progress || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
		free(progress);
		return NULL;
	}
	progress->fd = fds[0];
	progress->pid = run_pv(fds[1], total / PART);
	close(fds[1]);
	return progress;
}

void progress_add(struct progress *progress, size_t len)
{
	if (!progress)
		return;
	for (progress->rest += len; progress->rest >= PART; progress->rest -= PART)
		send(progress->fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Its last line comes before what is printed, or complained of, next. */
void progress_end(struct progress *progress)
{
	if (!progress)
		return;
	close(progress->fd);
	if (progress->pid > 0)
		waitpid(progress->pid, NULL, 0);
	free(progress);
}
