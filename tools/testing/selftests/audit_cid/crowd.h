/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: many processes that do nothing, each in a container or
 * each in none. They share the memory of the test.
 */
#ifndef _SELFTESTS_AUDIT_CID_CROWD_H
#define _SELFTESTS_AUDIT_CID_CROWD_H

#include "record.h"

/* At most AUDIT_CID_CROWD processes, for slow kernels. */
static inline unsigned int crowd_size(unsigned int n)
{
	unsigned int most = cid_number("AUDIT_CID_CROWD", n);

	return most < n ? most : n;
}

struct crowd {
	unsigned int	n;
	pid_t		*pid;
	char		(*stack)[4096];
	__u64		first, last;	/* their IDs, if any */
};

static inline int crowd_idle(void *unused)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
	return 0;
}

static inline void raise_limit(const char *path, unsigned int wanted)
{
	FILE *file;

	if (proc_number(path) >= wanted)
		return;
	file = fopen(path, "we");
	if (file) {
		fprintf(file, "%u\n", wanted);
		fclose(file);
	}
}

static inline void crowd_start(struct __test_metadata *const _metadata,
			       struct crowd *crowd, unsigned int n)
{
	unsigned int i;

	raise_limit("/proc/sys/kernel/pid_max", 2 * n + 1000);
	raise_limit("/proc/sys/kernel/threads-max", 2 * n + 1000);
	memset(crowd, 0, sizeof(*crowd));
	crowd->pid = calloc(n, sizeof(*crowd->pid));
	crowd->stack = calloc(n, sizeof(*crowd->stack));
	ASSERT_NE(NULL, crowd->pid);
	ASSERT_NE(NULL, crowd->stack);
	for (i = 0; i < n; i++) {
		crowd->pid[i] = clone(crowd_idle, crowd->stack[i + 1],
				      CLONE_VM | SIGCHLD, NULL);
		ASSERT_LT(0, crowd->pid[i]);
		crowd->n++;
	}
}

/* Move each process to its own audit container. */
static inline void crowd_contain(struct __test_metadata *const _metadata,
				 struct crowd *crowd, struct audit_log *log)
{
	unsigned int i;

	for (i = 0; i < crowd->n; i++) {
		ASSERT_EQ(0, cid_write(crowd->pid[i], "new"));
		crowd->last = cid_read(crowd->pid[i]);
		crowd->first = crowd->first ?: crowd->last;
		if (i % 256 == 255)
			ASSERT_EQ(0, audit_drop(log));
	}
	ASSERT_EQ(0, audit_drop(log));
}

/* Kill all at once, and wait until all are gone. */
static inline void crowd_kill(struct crowd *crowd)
{
	unsigned int i;

	for (i = 0; i < crowd->n; i++)
		if (crowd->pid[i] > 0)
			kill(crowd->pid[i], SIGKILL);
	for (i = 0; i < crowd->n; i++)
		if (crowd->pid[i] > 0)
			waitpid(crowd->pid[i], NULL, 0);
	free(crowd->pid);
	free(crowd->stack);
	memset(crowd, 0, sizeof(*crowd));
}

#endif /* _SELFTESTS_AUDIT_CID_CROWD_H */
