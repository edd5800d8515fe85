// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether this machine lets user-mode Linux start: what it asks of the host, tried
 * once. Says on standard error what is refused. Usage: probe DIR
 * DIR: the folder that is to hold the guest's memory.
 */
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define XSTATE_ROOM	(1UL << 20)

static int status;

/* A call that a filter refuses may also end the process that makes it. */
static void child(void)
{
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
		_exit(errno);
	raise(SIGSTOP);
	_exit(syscall(SYS_getppid) == 12345 ? 0 : 1);
}

static void wait_for(pid_t pid)
{
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (WIFSIGNALED(status))
		errx(1, "ptrace is refused (signal %s)", strsignal(WTERMSIG(status)));
}

static void ask(long result, const char *what)
{
	if (result < 0)
		err(1, "ptrace is refused (%s)", what);
}

/* The child's system call is not run; it sees what is put into its registers. */
static void emulate_one_call(pid_t pid)
{
	struct user_regs_struct regs;

	ask(ptrace(PTRACE_SYSEMU, pid, 0, 0), "PTRACE_SYSEMU");
	wait_for(pid);
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80))
		errx(1, "ptrace does not stop at system calls (PTRACE_SYSEMU)");
	ask(ptrace(PTRACE_GETREGS, pid, 0, &regs), "PTRACE_GETREGS");
	regs.rax = 12345;
	ask(ptrace(PTRACE_SETREGS, pid, 0, &regs), "PTRACE_SETREGS");
}

static void copy_xstate(pid_t pid)
{
	struct iovec iov = { malloc(XSTATE_ROOM), XSTATE_ROOM };

	ask(ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &iov), "PTRACE_GETREGSET");
	ask(ptrace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &iov), "PTRACE_SETREGSET");
}

static void try_ptrace(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid)
		child();
	wait_for(pid);
	if (WIFEXITED(status)) {
		errno = WEXITSTATUS(status);
		err(1, "ptrace is refused (PTRACE_TRACEME)");
	}
	ask(ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL),
	    "PTRACE_SETOPTIONS");
	emulate_one_call(pid);
	copy_xstate(pid);
	ask(ptrace(PTRACE_CONT, pid, 0, 0), "PTRACE_CONT");
	wait_for(pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		errx(1, "ptrace does not emulate system calls (PTRACE_SYSEMU)");
}

static void try_memory(const char *dir)
{
	char name[4096];
	int fd;

	snprintf(name, sizeof(name), "%s/probe.XXXXXX", dir);
	fd = mkstemp(name);
	if (fd < 0)
		err(1, "%s", name);
	unlink(name);
	if (ftruncate(fd, 4096) ||
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0) == MAP_FAILED)
		err(1, "%s cannot hold executable memory", dir);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: probe DIR");
	try_ptrace();
	try_memory(argv[1]);
	return 0;
}
