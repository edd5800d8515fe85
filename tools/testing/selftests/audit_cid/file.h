/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: reading and writing /proc/PID/audit_containerid
 */
#ifndef _SELFTESTS_AUDIT_CID_FILE_H
#define _SELFTESTS_AUDIT_CID_FILE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/audit_cid.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "kselftest.h"

#define CID_TEXT_MAX	(AUDIT_CID_WRITE_MAX + 8)

static inline int cid_open(pid_t pid, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/audit_containerid", pid);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Write to an open file, at offset 0. Returns 0 or a negative error. */
static inline int cid_write_fd(int fd, const void *text, size_t len)
{
	ssize_t ret = pwrite(fd, text, len, 0);

	if (ret < 0)
		return -errno;
	return (size_t)ret == len ? 0 : -EIO;
}

/* Read from an open file. Returns the ID or a negative error. */
static inline long long cid_read_fd(int fd)
{
	char text[32] = "";
	ssize_t ret = pread(fd, text, sizeof(text) - 1, 0);
	unsigned long long id;
	char newline, more;

	if (ret < 0)
		return -errno;
	if (sscanf(text, "%llu%c%c", &id, &newline, &more) != 2 ||
	    newline != '\n')
		return -EIO;
	return id;
}

static inline int cid_write_bytes(pid_t pid, const void *text, size_t len)
{
	int fd = cid_open(pid, O_WRONLY);
	int ret;

	if (fd < 0)
		return fd;
	ret = cid_write_fd(fd, text, len);
	close(fd);
	return ret;
}

static inline __printf(2, 3)
int cid_write(pid_t pid, const char *format, ...)
{
	char text[CID_TEXT_MAX];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return cid_write_bytes(pid, text, len);
}

static inline long long cid_read(pid_t pid)
{
	int fd = cid_open(pid, O_RDONLY);
	long long ret;

	if (fd < 0)
		return fd;
	ret = cid_read_fd(fd);
	close(fd);
	return ret;
}

#endif /* _SELFTESTS_AUDIT_CID_FILE_H */
