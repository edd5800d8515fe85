// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: become another program.
 */

#include <err.h>
#include <errno.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auditcid.h"

static char *find_in(const char *dirs, const char *name)
{
	char *list = strdup(dirs), *rest = list, *dir, *path;

	while (list && (dir = strsep(&rest, ":"))) {
		if (asprintf(&path, "%s/%s", *dir ? dir : ".", name) < 0)
			break;
		if (!access(path, X_OK)) {
			free(list);
			return path;
		}
		free(path);
	}
	free(list);
	return NULL;
}

/* Daemons call runtimes with a short PATH, or none: look in the usual places. */
char *find_program(const char *name)
{
	const char *dirs = getenv("PATH");
	char *path;

	if (strchr(name, '/'))
		return strdup(name);
	path = dirs ? find_in(dirs, name) : NULL;
	return path ? path : find_in(_PATH_STDPATH ":/usr/local/bin:/usr/local/sbin", name);
}

static int failed(const char *name)
{
	int status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;

	warn("cannot run %s", name);
	return status;
}

int exec_program(const char *path, char **argv)
{
	execv(path, argv);
	return failed(path);
}

int exec_command(char **argv)
{
	execvp(argv[0], argv);
	return failed(argv[0]);
}
