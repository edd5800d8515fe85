// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: what /proc says about processes. A process is named by the open
 * directory /proc/PID: its number can be reused, the directory cannot.
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "auditcid.h"

/* The inode number of the initial user namespace; fixed in the kernel */
#define USERNS_INIT_INO 0xEFFFFFFDU

#define STAT_PPID	4
#define STAT_STARTTIME	22

static int open_dir(const char *path)
{
	struct statfs fs;
	int dir;

	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0 && (fstatfs(dir, &fs) || fs.f_type != PROC_SUPER_MAGIC)) {
		close(dir);
		errno = ENODEV;
		return -1;
	}
	return dir;
}

int proc_open(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return open_dir(path);
}

int proc_open_self(void)
{
	return open_dir("/proc/self");
}

/* Read a small file whole; the text is cut at @size and ends in a NUL. */
ssize_t proc_read(int dir, const char *name, char *buf, size_t size)
{
	ssize_t len;
	int fd;

	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	len = read(fd, buf, size - 1);
	close(fd);
	buf[len > 0 ? len : 0] = '\0';
	return len;
}

/* The name is the process's own choice: keep it from steering the terminal. */
void proc_comm(int dir, char *comm, size_t size)
{
	if (proc_read(dir, "comm", comm, size) < 0)
		*comm = '\0';
	comm[strcspn(comm, "\n")] = '\0';
	for (; *comm; comm++)
		if (!isascii((unsigned char)*comm) ||
		    !isprint((unsigned char)*comm))
			*comm = '?';
}

/* Field @n of the stat file, from 1; the second, which may hold spaces, not. */
static uint64_t stat_field(int dir, int n)
{
	char buf[1024], *word, *rest;

	if (proc_read(dir, "stat", buf, sizeof(buf)) <= 0)
		return 0;
	rest = strrchr(buf, ')');
	if (!rest)
		return 0;
	rest++;
	for (word = strtok_r(rest, " ", &rest); word && n > 3; n--)
		word = strtok_r(NULL, " ", &rest);
	return word ? strtoull(word, NULL, 10) : 0;
}

bool proc_alive(int dir)
{
	return faccessat(dir, "stat", F_OK, 0) == 0;
}

pid_t proc_parent(int dir)
{
	return stat_field(dir, STAT_PPID);
}

/* In clock ticks since boot, as proc_now() */
uint64_t proc_start_time(int dir)
{
	return stat_field(dir, STAT_STARTTIME);
}

uint64_t proc_now(void)
{
	long hz = sysconf(_SC_CLK_TCK);
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * hz + now.tv_nsec / (1000000000 / hz);
}

/*
 * Is /proc of the PID namespace that this process is in? Then the list of its
 * numbers, from the namespace of /proc on inwards, has one entry. A hook in a
 * container may see the host's /proc, where the number 1 is the host's init.
 */
bool proc_is_ours(void)
{
	char buf[4096], *line;
	int pid, n = 0, inner;
	int dir;

	dir = proc_open_self();
	if (dir < 0)
		return false;
	if (proc_read(dir, "status", buf, sizeof(buf)) > 0) {
		line = strstr(buf, "\nNSpid:");
		n = line ? sscanf(line, "\nNSpid: %d%*[\t]%d", &pid, &inner) : 0;
	}
	close(dir);
	return n == 1 && pid == getpid();
}

bool proc_in_init_userns(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) || st.st_ino == USERNS_INIT_INO;
}
