// SPDX-License-Identifier: GPL-2.0-only
/*
 * What libaudit's functions about audit container IDs do with a real kernel.
 * Prints the first thing that is not as it should be.
 */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define must(x) do { if (!(x)) wrong(#x, __LINE__); } while (0)

static void wrong(const char *what, int line)
{
	printf("line %d: not %s (%s)\n", line, what, strerror(errno));
	exit(1);
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		pause();
		_exit(0);
	}
	return pid;
}

static void plain(void)
{
	must(audit_get_containerid(0) == UINT64_MAX && errno == ENOSYS);
	must(audit_new_containerid(0, "x", 0, 0) == -1 && errno == ENOSYS);
	must(audit_join_containerid(0, 5) == -1 && errno == ENOSYS);
	must(audit_announce_containerids(0) == -1 && errno == ENOSYS);
	exit(0);
}

int main(int argc, char **argv)
{
	pid_t a, b, c;
	uint64_t id;

	if (argc > 1)
		plain();
	a = sleeper();
	b = sleeper();
	must(audit_get_containerid(0) == 0);
	must(audit_get_containerid(a) == 0);
	must(audit_new_containerid(a, "ids-a", 0, 0) == 0);
	id = audit_get_containerid(a);
	must(id > UINT32_MAX && id != UINT64_MAX);
	must(audit_get_containerid(b) == 0);
	must(audit_join_containerid(b, id) == 0);
	must(audit_get_containerid(b) == id);
	must(audit_new_containerid(b, NULL, 0, 0) == 0);
	must(audit_get_containerid(b) > id);
	c = sleeper();
	must(audit_new_containerid(c, "ids-c", id, 0) == 0);
	must(audit_join_containerid(a, id + 1000) == -1 && errno == ESRCH);
	must(audit_join_containerid(a, 0) == -1 && errno == ESRCH);
	must(audit_announce_containerids(0) == 0);
	must(audit_new_containerid(0, NULL, 0, 0) == 0);
	must(audit_get_containerid(0) != 0);
	must(audit_new_containerid(a, NULL, 0, 0) == -1 && errno == EPERM);
	kill(a, SIGKILL);
	kill(b, SIGKILL);
	kill(c, SIGKILL);
	must(waitpid(a, NULL, 0) == a);
	must(audit_get_containerid(a) == UINT64_MAX && errno == ESRCH);
	return 0;
}
