// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: a program for the tests to execute. It reports its ID.
 *
 *	hold SOCKET	to its parent, and stays until the parent answers
 *	hold FILE	to a file, if the kernel runs it as a helper
 *	hold SOCKET FD TEXT
 *			writes the text to the inherited file FD, and reports
 *			the result instead of the ID
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "file.h"

int main(int argc, char **argv)
{
	const char *to = argc > 1 ? argv[1] : "";
	long id = argc > 3 ? cid_write_fd(atoi(argv[2]), argv[3],
					  strlen(argv[3])) : cid_read(getpid());
	char text;
	int fd;

	if (isdigit(*to)) {
		fd = atoi(to);
		send(fd, &id, sizeof(id), MSG_NOSIGNAL);
		return recv(fd, &text, sizeof(text), 0) > 0 ? 0 : 1;
	}
	fd = open(to, O_WRONLY);
	return write(fd, &id, sizeof(id)) == sizeof(id) ? 0 : 1;
}
