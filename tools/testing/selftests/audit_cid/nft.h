/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: tables of nf_tables
 */
#ifndef _SELFTESTS_AUDIT_CID_NFT_H
#define _SELFTESTS_AUDIT_CID_NFT_H

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "audit.h"

/* Append a message to a batch for nf_tables; a table may be named. */
static inline size_t nft_add_message(char *batch, size_t at, __u16 type,
				     const char *table)
{
	struct nlmsghdr *header = (struct nlmsghdr *)(batch + at);
	struct nfgenmsg *gen = NLMSG_DATA(header);
	struct nlattr *attr = (struct nlattr *)(gen + 1);

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST;
	header->nlmsg_len = NLMSG_LENGTH(sizeof(*gen));
	if (!table) {
		gen->res_id = htons(NFNL_SUBSYS_NFTABLES);
		return at + header->nlmsg_len;
	}
	header->nlmsg_flags |= NLM_F_CREATE | NLM_F_ACK;
	gen->nfgen_family = AF_INET;
	attr->nla_type = NFTA_TABLE_NAME;
	attr->nla_len = NLA_HDRLEN + strlen(table) + 1;
	memcpy(attr + 1, table, strlen(table));
	header->nlmsg_len += NLA_ALIGN(attr->nla_len);
	return at + header->nlmsg_len;
}

/* Make or remove a table, as type says, and give the error. */
static inline int nft_table(int fd, __u16 type, const char *table)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct audit_request answer = {};
	char batch[2048] = "";
	size_t len;

	type |= NFNL_SUBSYS_NFTABLES << 8;
	len = nft_add_message(batch, 0, NFNL_MSG_BATCH_BEGIN, NULL);
	len = nft_add_message(batch, len, type, table);
	len = nft_add_message(batch, len, NFNL_MSG_BATCH_END, NULL);
	if (sendto(fd, batch, len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		return -errno;
	return answer.error.error;
}

/* Has the kernel nf_tables? Asked in a network namespace of its own. */
static inline bool has_nft(void)
{
	int status = 0, fd;
	pid_t pid = fork();

	if (!pid) {
		if (unshare(CLONE_NEWNET))
			_exit(1);
		fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
		_exit(fd < 0 || nft_table(fd, NFT_MSG_NEWTABLE, "probe"));
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

#endif /* _SELFTESTS_AUDIT_CID_NFT_H */
