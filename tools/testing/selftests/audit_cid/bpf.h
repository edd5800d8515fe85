/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: a program of the kernel's virtual machine, loaded by an
 * agent
 */
#ifndef _SELFTESTS_AUDIT_CID_BPF_H
#define _SELFTESTS_AUDIT_CID_BPF_H

#include <linux/bpf.h>

#include "cid.h"

static inline bool has_bpf(void)
{
	return !syscall(__NR_bpf, BPF_PROG_LOAD, NULL, 0) || errno != ENOSYS;
}

static inline long do_load_bpf(struct cid_world *world,
			       const struct cid_call *call)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)code,
		.insn_cnt = ARRAY_SIZE(code),
		.license = (uintptr_t)"GPL",
	};
	int fd = syscall(__NR_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	return fd < 0 ? -errno : close(fd);
}

#endif /* _SELFTESTS_AUDIT_CID_BPF_H */
