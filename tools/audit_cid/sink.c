// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid plugin: places to which lines go: a file that is rotated, a socket, syslog,
 * standard output.
 */

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#define SYSLOG_NAMES
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "auditcid.h"
#include "model.h"
#include "plugin.h"

#define RETRY_S		1
#define DRAIN_S		5
#define PATH_SIZE	4096
#define ALL_MAX		(4 * SINK_MAX)	/* of all places; beyond it, each has */
#define LEAST		(64 << 10)

static size_t waiting;		/* bytes of all places */

struct sink {
	struct sink_conf conf;
	char		*name;
	struct addrinfo	*addresses;
	int		priority;
	int		fd;		/* -1: none */
	bool		connecting, complained;
	uint64_t	size;		/* of the file */
	time_t		retry;
	unsigned long	dropped;
	char		*buf;		/* lines; the first one may have gone in part */
	size_t		len, room, sent, sent_of_line;
};

static const char * const kinds[] = {
	[SINK_FILE] = "file", [SINK_UNIX] = "unix", [SINK_TCP] = "tcp",
	[SINK_SYSLOG] = "syslog", [SINK_STDOUT] = "stdout",
};

static bool is_socket(const struct sink *sink)
{
	return sink->conf.kind == SINK_UNIX || sink->conf.kind == SINK_TCP;
}

/*
 * Where it is
 */

static int value_of(const CODE *codes, const char *name, size_t len)
{
	for (; codes->c_name; codes++)
		if (strlen(codes->c_name) == len && !strncmp(codes->c_name, name, len))
			return codes->c_val;
	return -1;
}

static const char *find_priority(struct sink *sink)
{
	const char *dot = strchr(sink->conf.where, '.');
	int facility, level;

	if (!dot)
		return "is not FACILITY.LEVEL";
	facility = value_of(facilitynames, sink->conf.where, dot - sink->conf.where);
	level = value_of(prioritynames, dot + 1, strlen(dot + 1));
	if (facility < 0 || level < 0)
		return "is not a FACILITY.LEVEL of syslog";
	sink->priority = facility | level;
	return NULL;
}

/* Names are looked up here, once: later on it would hold up all others. */
static const char *find_host(struct sink *sink)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	char *host = checked(strdup(sink->conf.where)), *port = strrchr(host, ':');
	const char *name = host;
	int error;

	if (!port) {
		free(host);
		return "is not HOST:PORT";
	}
	*port++ = 0;
	if (*host == '[' && port - host > 2 && port[-2] == ']') {
		port[-2] = 0;
		name++;
	}
	error = getaddrinfo(name, port, &hints, &sink->addresses);
	free(host);
	return error ? gai_strerror(error) : NULL;
}

static const char *find_place(struct sink *sink)
{
	struct sockaddr_un address;

	switch (sink->conf.kind) {
	case SINK_TCP:
		return find_host(sink);
	case SINK_SYSLOG:
		return find_priority(sink);
	case SINK_UNIX:
		if (strlen(sink->conf.where) >= sizeof(address.sun_path))
			return "is too long for a socket";
		/* fallthrough */
	case SINK_FILE:
		if (*sink->conf.where != '/')
			return "does not begin with a /";
		if (strlen(sink->conf.where) > PATH_SIZE - 16)
			return "is too long";
		return NULL;
	default:
		return NULL;
	}
}

struct sink *sink_new(const struct sink_conf *conf, const char **why)
{
	struct sink *sink = checked(calloc(1, sizeof(*sink)));
	static char text[256];
	const char *wrong;

	sink->conf = *conf;
	sink->conf.where = checked(strdup(conf->where));
	sink->fd = conf->kind == SINK_STDOUT ? STDOUT_FILENO : -1;
	if (asprintf(&sink->name, "%s:%s", kinds[conf->kind], conf->where) < 0)
		checked(NULL);
	wrong = find_place(sink);
	if (!wrong)
		return sink;
	snprintf(text, sizeof(text), "%.200s %s", sink->name, wrong);
	*why = text;
	sink_free(sink);
	return NULL;
}

const char *sink_name(const struct sink *sink)
{
	return sink->name;
}

void sink_free(struct sink *sink)
{
	if (!sink)
		return;
	waiting -= sink->len - sink->sent;
	if (sink->fd > STDERR_FILENO)
		close(sink->fd);
	if (sink->addresses)
		freeaddrinfo(sink->addresses);
	free(sink->conf.where);
	free(sink->name);
	free(sink->buf);
	free(sink);
}

/* Once, until it works again */
static void complain(struct sink *sink, const char *what)
{
	if (!sink->complained)
		say(LOG_ERR, "%s: cannot %s: %s", sink->name, what, strerror(errno));
	sink->complained = true;
	sink->retry = now_s() + RETRY_S;
}

/*
 * Files
 */

/* A line that a crash cut is ended. */
static void end_cut_line(int fd, off_t size)
{
	char last = '\n';

	if (size && pread(fd, &last, 1, size - 1) == 1 && last != '\n' &&
	    write(fd, "\n", 1) != 1)
		say(LOG_ERR, "cannot end a line: %s", strerror(errno));
}

static bool open_file(struct sink *sink)
{
	struct stat stat;
	int fd;

	fd = open(sink->conf.where, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
		  O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0) {
		complain(sink, "open it");
		return false;
	}
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode)) {
		close(fd);
		errno = EINVAL;
		complain(sink, "write to it, because it is not a file");
		return false;
	}
	if ((sink->conf.group != (gid_t)-1 && fchown(fd, -1, sink->conf.group)) ||
	    fchmod(fd, sink->conf.mode))
		complain(sink, "set its mode");
	end_cut_line(fd, stat.st_size);
	sink->fd = fd;
	sink->size = stat.st_size;
	return true;
}

/* FILE.1 is the youngest, as auditd has it. */
static void rotate(struct sink *sink)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	bool is_moved = false;
	unsigned int i;

	for (i = sink->conf.keep; i; i--) {
		snprintf(to, sizeof(to), "%s.%u", sink->conf.where, i);
		if (i > 1)
			snprintf(from, sizeof(from), "%s.%u", sink->conf.where, i - 1);
		else
			snprintf(from, sizeof(from), "%s", sink->conf.where);
		is_moved = !rename(from, to) || errno == ENOENT;
		if (!is_moved)
			complain(sink, "rotate it");
	}
	if (!is_moved) {
		sink->size = 0;		/* It grows on. */
		return;
	}
	close(sink->fd);
	sink->fd = -1;
}

/* How much of what waits goes into this file: whole lines, one at least */
static size_t fits(const struct sink *sink, size_t len)
{
	const char *from = sink->buf + sink->sent, *end;
	size_t room;

	if (!sink->conf.max_size || sink->conf.kind != SINK_FILE ||
	    sink->size + len <= sink->conf.max_size)
		return len;
	room = sink->size < sink->conf.max_size ? sink->conf.max_size - sink->size : 0;
	end = room ? memrchr(from, '\n', room) : NULL;
	if (end)
		return end + 1 - from;
	if (sink->size && !sink->sent_of_line)
		return 0;
	end = memchr(from, '\n', len);
	return end + 1 - from;
}

/*
 * Sockets
 */

static int begin_connect(const struct sockaddr *address, socklen_t len, bool *waits)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	*waits = false;
	if (!connect(fd, address, len))
		return fd;
	if (errno == EINPROGRESS) {
		*waits = true;
		return fd;
	}
	close(fd);
	return -1;
}

static bool open_socket(struct sink *sink)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct addrinfo *a;

	if (sink->conf.kind == SINK_UNIX) {
		strcpy(address.sun_path, sink->conf.where);
		sink->fd = begin_connect((void *)&address, sizeof(address), &sink->connecting);
	}
	for (a = sink->addresses; a && sink->fd < 0; a = a->ai_next)
		sink->fd = begin_connect(a->ai_addr, a->ai_addrlen, &sink->connecting);
	if (sink->fd < 0)
		complain(sink, "connect");
	return sink->fd >= 0;
}

static void hang_up(struct sink *sink, const char *what)
{
	complain(sink, what);
	close(sink->fd);
	sink->fd = -1;
	sink->connecting = false;
	/* The line that went in part goes again, whole. */
	sink->sent -= sink->sent_of_line;
	waiting += sink->sent_of_line;
	sink->sent_of_line = 0;
}

static bool is_connected(struct sink *sink)
{
	struct pollfd poll_fd = { .fd = sink->fd, .events = POLLOUT };
	socklen_t len = sizeof(errno);
	int error = 0;

	if (!sink->connecting)
		return true;
	if (poll(&poll_fd, 1, 0) <= 0)
		return false;
	getsockopt(sink->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	sink->connecting = false;
	if (!error)
		return true;
	errno = error;
	hang_up(sink, "connect");
	return false;
}

/*
 * Lines
 */

static bool is_open(struct sink *sink)
{
	if (sink->fd >= 0)
		return is_connected(sink);
	if (sink->retry > now_s())
		return false;
	if (!is_socket(sink))
		return open_file(sink);
	return open_socket(sink) && is_connected(sink);
}

static ssize_t write_some(struct sink *sink, size_t len)
{
	const char *from = sink->buf + sink->sent;

	if (is_socket(sink))
		return send(sink->fd, from, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	return write(sink->fd, from, len);
}

static void note_sent(struct sink *sink, size_t len)
{
	const char *from = sink->buf + sink->sent, *newline = memrchr(from, '\n', len);

	sink->sent_of_line = newline ? (size_t)(from + len - newline - 1) : sink->sent_of_line + len;
	sink->sent += len;
	waiting -= len;
	sink->size += len;
	sink->complained = false;
}

static void failed(struct sink *sink)
{
	if (errno == EAGAIN || errno == EINTR)
		return;
	if (is_socket(sink))
		hang_up(sink, "send");
	else
		complain(sink, "write");
}

/* The part of a line that has gone stays: a socket may have to send it again. */
static void shift(struct sink *sink)
{
	size_t gone = sink->sent - sink->sent_of_line;

	if (!gone || (gone < sink->len / 2 && sink->len < SINK_MAX))
		return;
	memmove(sink->buf, sink->buf + gone, sink->len - gone);
	sink->len -= gone;
	sink->sent -= gone;
}

void sink_flush(struct sink *sink)
{
	size_t len;
	ssize_t n;

	while (sink->sent < sink->len && sink->retry <= now_s() && is_open(sink)) {
		len = fits(sink, sink->len - sink->sent);
		if (!len) {
			rotate(sink);
			continue;
		}
		n = write_some(sink, len);
		if (n < 0) {
			failed(sink);
			break;
		}
		note_sent(sink, n);
	}
	shift(sink);
}

static bool is_full(const struct sink *sink, size_t len)
{
	len += sink->len - sink->sent;
	return len > SINK_MAX || (waiting > ALL_MAX && len > LEAST);
}

void sink_put(struct sink *sink, const char *line, size_t len)
{
	if (sink->conf.kind == SINK_SYSLOG) {
		syslog(sink->priority, "%.*s", (int)len - 1, line);
		return;
	}
	if (is_full(sink, len))
		sink_flush(sink);
	if (is_full(sink, len)) {
		if (!sink->dropped++)
			say(LOG_ERR, "%s: it does not accept more: events are dropped", sink->name);
		return;
	}
	if (sink->len + len > sink->room) {
		sink->room = sink->len + len + sink->len / 2;
		sink->buf = checked(realloc(sink->buf, sink->room));
	}
	memcpy(sink->buf + sink->len, line, len);
	sink->len += len;
	waiting += len;
	if (sink->len - sink->sent > SINK_MAX / 16)
		sink_flush(sink);
}

void sink_drain(struct sink *sink)
{
	time_t end = now_s() + DRAIN_S;

	for (sink_flush(sink); sink->sent < sink->len && now_s() < end; sink_flush(sink)) {
		if (sink->fd < 0)
			break;
		poll(NULL, 0, 20);
	}
	if (sink->conf.kind == SINK_FILE && sink->fd >= 0 && fdatasync(sink->fd))
		complain(sink, "write it to the disk");
}

/* Once there is room again: it is said there. */
unsigned long sink_dropped(struct sink *sink)
{
	unsigned long dropped = sink->dropped;

	if (is_full(sink, LEAST / 2))
		return 0;

	sink->dropped = 0;
	return dropped;
}

/* Somebody else may have moved the file. */
void sink_reopen(struct sink *sink)
{
	sink_flush(sink);
	sink->retry = 0;
	if (sink->conf.kind != SINK_FILE || sink->fd < 0 || sink->sent_of_line)
		return;
	close(sink->fd);
	sink->fd = -1;
}

void sink_take_over(struct sink *sink, struct sink *old)
{
	sink_reopen(old);
	sink->fd = old->fd;
	sink->connecting = old->connecting;
	sink->size = old->size;
	sink->dropped = old->dropped;
	free(sink->buf);
	sink->buf = old->buf;
	sink->len = old->len;
	sink->room = old->room;
	sink->sent = old->sent;
	sink->sent_of_line = old->sent_of_line;
	old->fd = -1;
	old->buf = NULL;
	old->len = old->room = old->sent = old->sent_of_line = 0;
}

const char *sink_rest(const struct sink *sink, size_t *len)
{
	size_t gone = sink->sent - sink->sent_of_line;

	*len = sink->len - gone;
	return sink->buf ? sink->buf + gone : "";
}
