// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: a 32-bit process on a 64-bit kernel; its type long cannot
 * hold an ID
 */

#include <linux/audit.h>
#include <sys/mman.h>

#include "fixture.h"

#ifdef __LP64__
#error "This is to be built for 32 bits"
#endif

#define OTHER_ARCH	AUDIT_ARCH_X86_64
#define OWN_ARCH	AUDIT_ARCH_I386

/* The ID of an agent, in all its bits. */
static __u64 read_id(const struct cid_agent *agent)
{
	return cid_read(agent->pid);
}

/* A 32-bit process writes and reads the same ID that the kernel logs. */
TEST_F(record, file)
{
	long long top, below;
	__u64 logged;

	ASSERT_EQ(0, cid_do_text(self->agent, cid_do_write, 0, 0, "new"));
	top = read_id(self->agent);
	EXPECT_LT(1ULL << 32, top);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_create(&self->log, &logged, 0, "\\(null\\)",
				 self->agent->pid, namespaces(self->agent->pid),
				 self->agent->pid));
	EXPECT_EQ(logged, top);

	ASSERT_EQ(0, cid_write(self->agent->pid, "new parent=%lld name=below",
			       top));
	below = read_id(self->agent);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_create(&self->log, &logged, top, "\"below\"",
				 self->agent->pid, namespaces(self->agent->pid),
				 getpid()));
	EXPECT_EQ(logged, below);
	EXPECT_EQ(top + 1, below);
}

/* An ID that is cut off to 32 bits is another number. */
TEST_F(record, joins_64_bits)
{
	struct cid_agent *joiner = cid_start(&self->world, NULL);
	__u64 id = make_container(&self->log, self->agent);

	ASSERT_NE(NULL, joiner);
	ASSERT_NE(0, id);
	EXPECT_EQ(-ESRCH, cid_write(joiner->pid, "join %u", (__u32)id));
	EXPECT_EQ(0, read_id(joiner));
	EXPECT_EQ(0, cid_write(joiner->pid, "join %llu",
			       (unsigned long long)id));
	EXPECT_EQ(id, read_id(joiner));
}

/* Its system calls are logged with its own architecture and with the ID. */
TEST_F(record, syscall)
{
	__u64 id = make_container(&self->log, self->agent);

	ASSERT_NE(0, id);
	ASSERT_EQ(0, add_event_rule(&self->log));
	cid_do(self->agent, do_event, 0, 0);
	ASSERT_EQ(0, audit_sync(&self->log));
	EXPECT_LE(0, take_event(&self->log, self->agent, id));
	EXPECT_EQ(1, audit_count(&self->log, AUDIT_SYSCALL,
				 "^arch=%x syscall=%d .* contid=%llu$",
				 OWN_ARCH, __NR_getpgid,
				 (unsigned long long)id));
}

/* Add a rule on the event of an agent, by architecture and ID. */
static int add_arch_rule(struct audit_log *log, __u32 arch, __u32 field,
			 __u32 op, __u64 id)
{
	struct audit_match match[] = {
		{ AUDIT_ARCH, AUDIT_EQUAL, arch },
		{ AUDIT_ARG0, AUDIT_EQUAL, EVENT_MAGIC },
		{ field, op, id },
		{ AUDIT_CONTID_HI, op, id >> 32 },
	};

	return audit_add_rule(log, AUDIT_FILTER_EXIT, AUDIT_ALWAYS,
			      __NR_getpgid, match, ARRAY_SIZE(match));
}

/* auditctl -F arch=b32 -F contid=ID, and rules in which one word differs */
TEST_F(record, rule)
{
	__u64 id = make_container(&self->log, self->agent);
	const struct {
		__u32 arch, field, op;
		__u64 id;
		int events;
	} rule[] = {
		{ OWN_ARCH, AUDIT_CONTID, AUDIT_EQUAL, id, 1 },
		{ OWN_ARCH, AUDIT_CONTID_TREE, AUDIT_EQUAL, id, 1 },
		{ OWN_ARCH, AUDIT_CONTID, AUDIT_NOT_EQUAL, 0, 1 },
		{ OWN_ARCH, AUDIT_CONTID, AUDIT_NOT_EQUAL, id, 0 },
		{ OWN_ARCH, AUDIT_CONTID, AUDIT_EQUAL, (__u32)id, 0 },
		{ OWN_ARCH, AUDIT_CONTID, AUDIT_EQUAL, id + (1ULL << 32), 0 },
		{ OTHER_ARCH, AUDIT_CONTID, AUDIT_EQUAL, id, 0 },
	};
	size_t i;

	ASSERT_NE(0, id);
	for (i = 0; i < ARRAY_SIZE(rule); i++) {
		ASSERT_EQ(0, add_arch_rule(&self->log, rule[i].arch,
					   rule[i].field, rule[i].op,
					   rule[i].id));
		cid_do(self->agent, do_event, 0, 0);
		ASSERT_EQ(0, audit_sync(&self->log));
		EXPECT_EQ(rule[i].events,
			  audit_count(&self->log, AUDIT_SYSCALL, " pid=%d ",
				      self->agent->pid))
			TH_LOG("rule %zu", i);
		audit_remove_rules(&self->log);
		audit_forget(&self->log);
	}
}

TEST_HARNESS_MAIN
