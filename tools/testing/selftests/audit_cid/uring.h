/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: an io_uring that opens files, in an agent
 *
 * A ring does its work in the thread that submits it, in a worker, or in a
 * thread that polls the ring: each is a thread of the agent that the kernel
 * made.
 */
#ifndef _SELFTESTS_AUDIT_CID_URING_H
#define _SELFTESTS_AUDIT_CID_URING_H

#include <linux/io_uring.h>

#include "cid.h"

struct uring {
	int			fd;
	struct io_uring_params	params;
	char			*rings;
	struct io_uring_sqe	*sqes;
};

static inline __u32 *uring_at(struct uring *ring, __u32 offset)
{
	return (__u32 *)(ring->rings + offset);
}

static inline int uring_open(struct uring *ring, __u32 flags)
{
	size_t size = 4096;

	memset(ring, 0, sizeof(*ring));
	ring->params.flags = flags;
	ring->params.sq_thread_idle = 60000;
	ring->fd = syscall(__NR_io_uring_setup, 1, &ring->params);
	if (ring->fd < 0)
		return -errno;

	/* With room for one entry, both rings fit into a page. */
	ring->rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			   ring->fd, IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  ring->fd, IORING_OFF_SQES);
	if (ring->rings == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -errno;
	return ring->params.features & IORING_FEAT_SINGLE_MMAP ? 0 : -EOPNOTSUPP;
}

/* Submit an operation. Return its result or a negative error. */
static inline int uring_do(struct uring *ring, const struct io_uring_sqe *sqe)
{
	const struct io_sqring_offsets *sq = &ring->params.sq_off;
	const struct io_cqring_offsets *cq = &ring->params.cq_off;
	__u32 *head = uring_at(ring, cq->head), tail;
	unsigned int flags = IORING_ENTER_GETEVENTS;
	struct io_uring_cqe *cqes;
	int ret;

	*ring->sqes = *sqe;
	*uring_at(ring, sq->array) = 0;
	tail = *uring_at(ring, sq->tail);
	__atomic_store_n(uring_at(ring, sq->tail), tail + 1, __ATOMIC_SEQ_CST);

	if (__atomic_load_n(uring_at(ring, sq->flags), __ATOMIC_SEQ_CST) &
	    IORING_SQ_NEED_WAKEUP)
		flags |= IORING_ENTER_SQ_WAKEUP;
	if (syscall(__NR_io_uring_enter, ring->fd, 1, 1, flags, NULL, 0) < 0)
		return -errno;
	if (__atomic_load_n(uring_at(ring, cq->tail), __ATOMIC_ACQUIRE) ==
	    *head)
		return -EAGAIN;

	cqes = (struct io_uring_cqe *)uring_at(ring, cq->cqes);
	ret = cqes[*head & (ring->params.cq_entries - 1)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return ret;
}

/* Open a file through the ring. Returns a descriptor or a negative error. */
static inline int uring_openat(struct uring *ring, const char *path,
			       __u8 sqe_flags)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT,
		.flags = sqe_flags,
		.fd = AT_FDCWD,
		.addr = (uintptr_t)path,
		.open_flags = O_RDONLY | O_CLOEXEC,
	};

	return uring_do(ring, &sqe);
}

/* Write a text to the beginning of an open file, with a personality or 0. */
static inline int uring_write(struct uring *ring, int fd, const char *text,
			      __u8 sqe_flags, __u16 personality)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE,
		.flags = sqe_flags,
		.fd = fd,
		.addr = (uintptr_t)text,
		.len = strlen(text),
		.personality = personality,
	};

	return uring_do(ring, &sqe);
}

/* How an agent is to use a ring: flags of the ring and of the entry. */
static struct uring agent_ring;

static inline long cid_do_uring_open(struct cid_world *world,
				     const struct cid_call *call)
{
	return uring_open(&agent_ring, call->x);
}

static inline long cid_do_uring_openat(struct cid_world *world,
				       const struct cid_call *call)
{
	int fd = uring_openat(&agent_ring, call->text, call->x);

	return fd < 0 ? fd : close(fd);
}

#endif /* _SELFTESTS_AUDIT_CID_URING_H */
