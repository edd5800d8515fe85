// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: read and write /proc/PID/audit_containerid, and say in words why
 * the kernel refused.
 */

#include <errno.h>
#include <fcntl.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auditcid.h"

#define FILE_NAME "audit_containerid"

int cid_read(int dir, uint64_t *id)
{
	char buf[32], *end;
	ssize_t len;

	len = proc_read(dir, FILE_NAME, buf, sizeof(buf));
	if (len < 0)
		return -1;
	errno = 0;
	*id = strtoull(buf, &end, 10);
	if (errno || end == buf || strcmp(end, "\n")) {
		errno = EPROTO;
		return -1;
	}
	return 0;
}

int cid_write(int dir, const struct request *req)
{
	char text[AUDIT_CID_WRITE_MAX];
	ssize_t len;
	int fd, err;

	request_format(text, sizeof(text), req);
	fd = openat(dir, FILE_NAME, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	len = write(fd, text, strlen(text));
	err = errno;
	close(fd);
	errno = err;
	return len < 0 ? -1 : 0;
}

static const char *why_not_allowed(void)
{
	if (!proc_in_init_userns())
		return "this user namespace is not the initial one: assign IDs "
		       "on the host, or run this in an audit container that was "
		       "made with --delegate, for processes of this user "
		       "namespace";
	if (!audit_can_control())
		return "the capability CAP_AUDIT_CONTROL (or CAP_AUDIT_CONTAINER, "
		       "if the kernel has it) is missing: run this as root, "
		       "or with that capability";
	return "the process or the ID is outside the subtree of the audit "
	       "container that auditcid itself runs in";
}

static const char *why_no_file(int dir)
{
	if (!proc_alive(dir))
		return "the process has exited";
	return "this kernel has no audit container IDs: boot a kernel that was "
	       "built with CONFIG_AUDIT_CID=y";
}

static const char *why_invalid(const struct request *req)
{
	if (req->delegate)
		return "this kernel does not support delegation: omit --delegate";
	return "the kernel rejects the command: this version of auditcid is "
	       "not compatible with the kernel";
}

static const char *why_none(int dir, const struct request *req)
{
	static char text[96];
	const char *id = req->join ? req->join : req->parent;

	if (!id || !proc_alive(dir))
		return "the process has exited or is exiting";
	snprintf(text, sizeof(text),
		 "there is no live audit container %s: auditcid show lists "
		 "those that are", id);
	return text;
}

static const char *why_no_space(const struct request *req)
{
	static char text[160];

	snprintf(text, sizeof(text),
		 "audit containers nest %d levels deep and no deeper%s",
		 AUDIT_CID_DEPTH_MAX, req->join ? "" :
		 ", or the delegation limit is reached");
	return text;
}

const char *cid_why_refused(int dir, const struct request *req, int err)
{
	switch (err) {
	case ENOENT:
		return why_no_file(dir);
	case EPERM:
	case EACCES:
		return why_not_allowed();
	case EINVAL:
		return why_invalid(req);
	case ESRCH:
		return why_none(dir, req);
	case ENOSPC:
		return why_no_space(req);
	case EPROTO:
		return "the kernel's answer is not an ID: this version of "
		       "auditcid is not compatible with the kernel";
	}
	return strerror(err);
}

const char *cid_why_unread(int dir, int err)
{
	const struct request none = {};

	return cid_why_refused(dir, &none, err);
}
