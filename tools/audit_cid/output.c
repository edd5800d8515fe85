// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: files that a command writes. A file is written beside its place, and put
 * there when it is whole; whatever else is there, a log for one, is left as it is.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auditcid.h"
#include "model.h"

static void check_old(const struct output_file *output)
{
	char head[1024] = "";
	struct stat st;
	int fd = open(output->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0)
		err(EXIT_OWN, "cannot write %s", output->path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    read(fd, head, sizeof(head) - 1) < 0 || *head != '<' ||
	    !strstr(head, output->mark))
		errx(EXIT_OWN, "%s exists and is not %s: it was not changed",
		     output->path, output->what);
	close(fd);
}

void output_open(struct output_file *output)
{
	mode_t mask = umask(0);

	umask(mask);
	output->beside = NULL;
	if (!strcmp(output->path, "-")) {
		output->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 16);
		return;
	}
	check_old(output);
	if (asprintf(&output->beside, "%s.XXXXXX", output->path) < 0)
		err(EXIT_OWN, "cannot write %s", output->path);
	output->fd = mkostemp(output->beside, O_CLOEXEC);
	if (output->fd < 0 || fchmod(output->fd, 0666 & ~mask))
		err(EXIT_OWN, "cannot write beside %s", output->path);
}

void output_put(struct output_file *output)
{
	if (close(output->fd) || (output->beside && rename(output->beside, output->path)))
		err(EXIT_OWN, "cannot write %s", output->path);
	free(output->beside);
}

void output_give_up(const struct output_file *output, const char *why)
{
	if (output->beside)
		unlink(output->beside);
	errx(EXIT_OWN, "%s", why);
}
