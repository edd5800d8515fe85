// SPDX-License-Identifier: GPL-2.0-only
/* Open a file through an io_uring, in a worker of the kernel: uring FILE */

#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct io_uring_params params;

static void *map(int fd, off_t what)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, what);
}

static int submit(int fd, const char *path, char *ring,
		  struct io_uring_sqe *sqe)
{
	struct io_uring_cqe *cqe = (void *)(ring + params.cq_off.cqes);

	*sqe = (struct io_uring_sqe) {
		.opcode = IORING_OP_OPENAT,
		.flags = IOSQE_ASYNC,
		.fd = AT_FDCWD,
		.addr = (uintptr_t)path,
		.open_flags = O_RDONLY,
	};
	*(unsigned int *)(ring + params.sq_off.array) = 0;
	__atomic_store_n((unsigned int *)(ring + params.sq_off.tail), 1,
			 __ATOMIC_SEQ_CST);
	if (syscall(__NR_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL,
		    0) != 1)
		return -1;
	return cqe->res;
}

int main(int argc, char **argv)
{
	int fd = syscall(__NR_io_uring_setup, 1, &params);
	void *ring, *sqe;

	if (fd < 0 || argc != 2) {
		perror("io_uring");
		return 2;
	}
	ring = map(fd, IORING_OFF_SQ_RING);
	sqe = map(fd, IORING_OFF_SQES);
	if (ring == MAP_FAILED || sqe == MAP_FAILED)
		return 2;
	return submit(fd, argv[1], ring, sqe) < 0;
}
