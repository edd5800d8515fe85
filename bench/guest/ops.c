// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations that are counted.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

void op_getppid(void *arg)
{
	(void)arg;
	syscall(SYS_getppid);
}

/* @arg: descriptor of /dev/null */
void op_pwrite(void *arg)
{
	syscall(SYS_pwrite64, (int)(intptr_t)arg, "x", 1, 0);
}

void op_open(void *arg)
{
	(void)arg;
	close(open("/proc/self/comm", O_RDONLY));
}

void op_fork(void *arg)
{
	pid_t pid = fork();

	(void)arg;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

void op_unshare(void *arg)
{
	(void)arg;
	check(!unshare(CLONE_NEWUTS), "unshare");
}

/* @arg: descriptor of a UTS namespace */
void op_setns(void *arg)
{
	check(!setns((int)(intptr_t)arg, CLONE_NEWUTS), "setns");
}

/* As op_fork(), into a UTS namespace of its own */
void op_clone(void *arg)
{
	pid_t pid = syscall(SYS_clone, CLONE_NEWUTS | SIGCHLD, NULL, NULL, NULL, NULL);

	(void)arg;
	if (!pid)
		_exit(0);
	check(waitpid(pid, NULL, 0) == pid, "clone");
}

static int thread_fn(void *arg)
{
	(void)arg;
	return 0;
}

/* A thread that ends at once; who made it waits, as CLONE_VFORK has it. */
void op_thread(void *arg)
{
	static char stack[16384] __attribute__((aligned(16)));

	(void)arg;
	clone(thread_fn, stack + sizeof(stack),
	      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
	      CLONE_SYSVSEM | CLONE_VFORK, NULL);
}

void op_vfork_exec(void *arg)
{
	pid_t pid = vfork();

	(void)arg;
	if (!pid) {
		execl("/init", "init", "true", NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

/* @arg: a socket; nobody listens */
void op_packet(void *arg)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	sendto((int)(intptr_t)arg, "x", 1, 0, (void *)&to, sizeof(to));
}

void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	check(!ioctl(fd, SIOCSIFFLAGS, &lo), "set lo up");
	close(fd);
}

void run_program(const char *const argv[])
{
	pid_t pid = fork();

	if (!pid) {
		execv(argv[0], (char *const *)argv);
		fail("%s", argv[0]);
	}
	reap(pid);
}

static int __attribute__((noreturn)) idle_fn(void *arg)
{
	(void)arg;
	for (;;)
		syscall(SYS_pause);
}

/*
 * A process that does nothing. It shares memory and files with its creator, so
 * that tens of thousands have room, and the stack with its like: they all keep
 * the same words there.
 */
pid_t fork_idle(void)
{
	static char stack[4096] __attribute__((aligned(16)));
	pid_t pid = clone(idle_fn, stack + sizeof(stack),
			  CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, NULL);

	check(pid > 0, "clone");
	return pid;
}
