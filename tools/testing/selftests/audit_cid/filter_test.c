// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: rules that filter by it
 */

#include "audit.h"
#include "bpf.h"
#include "uring.h"

#ifndef AUDIT_CONTID
#define AUDIT_CONTID		27
#define AUDIT_CONTID_HI		28
#define AUDIT_CONTID_TREE	29
#endif
#ifndef AUDIT_FEATURE_BITMAP_CONTID
#define AUDIT_FEATURE_BITMAP_CONTID	0x00000080
#endif
#define AUDIT_BPF_TYPE		1334	/* AUDIT_BPF */

/* A call that only has to match a rule: the process group does not exist. */
#define MAGIC			0x40c1d5a7

/* An ID above 32 bits, in which both words differ from those of other IDs. */
#define ID(high, low)		((__u64)(high) << 32 | (low))

/*
 * Rules as the kernel gets and lists them
 */

static void rule_start(struct audit_request *ask, __u32 list, __u32 action)
{
	memset(ask, 0, sizeof(*ask));
	ask->rule.flags = list;
	ask->rule.action = action;
	ask->header.nlmsg_len = NLMSG_LENGTH(sizeof(ask->rule));
}

static void rule_field(struct audit_request *ask, __u32 field, __u32 op,
		       __u32 value)
{
	struct audit_rule_data *rule = &ask->rule;

	if (rule->field_count < AUDIT_MAX_FIELDS) {
		rule->fields[rule->field_count] = field;
		rule->fieldflags[rule->field_count] = op;
		rule->values[rule->field_count] = value;
	}
	rule->field_count++;
}

static void rule_contid(struct audit_request *ask, __u32 field, __u32 op,
			__u64 id)
{
	rule_field(ask, field, op, id);
	rule_field(ask, AUDIT_CONTID_HI, op, id >> 32);
}

/* A key behind the other fields, as all user space has it. */
static void rule_key(struct audit_request *ask)
{
	struct audit_rule_data *rule = &ask->rule;

	rule_field(ask, AUDIT_FILTERKEY, AUDIT_EQUAL, strlen(AUDIT_TEST_KEY));
	rule->buflen = strlen(AUDIT_TEST_KEY);
	memcpy(rule->buf, AUDIT_TEST_KEY, rule->buflen);
	ask->header.nlmsg_len = NLMSG_LENGTH(sizeof(*rule) + rule->buflen);
}

static int rule_send(struct audit_request *ask, __u16 type)
{
	ask->header.nlmsg_type = type;
	return audit_ask_once(ask, NULL);
}

static int rule_add(struct audit_request *ask)
{
	return rule_send(ask, AUDIT_ADD_RULE);
}

static int rule_del(struct audit_request *ask)
{
	return rule_send(ask, AUDIT_DEL_RULE);
}

static bool same_rule(const struct audit_request *a,
		      const struct audit_request *b)
{
	return a->rule.buflen == b->rule.buflen &&
	       !memcmp(&a->rule, &b->rule, sizeof(a->rule) + a->rule.buflen);
}

/*
 * Count the rules that are listed, those only that are byte for byte like
 * @wanted if it is not NULL. Returns a negative error, too.
 */
static int rule_count(const struct audit_request *wanted)
{
	struct audit_request ask = {
		.header.nlmsg_type = AUDIT_LIST_RULES,
		.header.nlmsg_len = NLMSG_HDRLEN,
		.header.nlmsg_flags = NLM_F_REQUEST,
	}, answer;
	int fd = audit_control_open(), count = 0;
	ssize_t len;

	if (fd < 0)
		return -errno;
	if (send(fd, &ask, ask.header.nlmsg_len, 0) < 0)
		count = -errno;
	while (count >= 0) {
		len = recv(fd, &answer, sizeof(answer), 0);
		if (len < NLMSG_HDRLEN || answer.header.nlmsg_type == NLMSG_ERROR)
			count = len < 0 ? -errno : -EIO;
		else if (answer.header.nlmsg_type == NLMSG_DONE)
			break;
		else if (!wanted || same_rule(&answer, wanted))
			count++;
	}
	close(fd);
	return count;
}

/* Loading rules */

FIXTURE(load)
{
	int before;
};

FIXTURE_VARIANT(load)
{
	__u32 list;
	__u32 action;
	bool key;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(load, task) { AUDIT_FILTER_TASK, AUDIT_NEVER, false };
FIXTURE_VARIANT_ADD(load, exit) { AUDIT_FILTER_EXIT, AUDIT_ALWAYS, true };
FIXTURE_VARIANT_ADD(load, exclude) { AUDIT_FILTER_EXCLUDE, AUDIT_NEVER, false };
FIXTURE_VARIANT_ADD(load, user) { AUDIT_FILTER_USER, AUDIT_NEVER, false };
FIXTURE_VARIANT_ADD(load, uring) { AUDIT_FILTER_URING_EXIT, AUDIT_ALWAYS, true };
/* clang-format on */

FIXTURE_SETUP(load)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	self->before = rule_count(NULL);
	ASSERT_LE(0, self->before)
		TH_LOG("Cannot list rules: initial pid namespace?");
}

FIXTURE_TEARDOWN(load)
{
	EXPECT_EQ(self->before, rule_count(NULL));
}

/* A rule that matches nothing else here, because the process does not exist. */
static void load_start(struct audit_request *ask, __u32 list, __u32 action)
{
	rule_start(ask, list, action);
	rule_field(ask, AUDIT_PID, AUDIT_EQUAL, 0x7fffffff);
}

static void load_one(struct __test_metadata *const _metadata,
		     struct audit_request *ask)
{
	ASSERT_EQ(0, rule_add(ask));
	EXPECT_EQ(1, rule_count(ask));
	EXPECT_EQ(-EEXIST, rule_add(ask));
	EXPECT_EQ(0, rule_del(ask));
	EXPECT_EQ(0, rule_count(ask));
	EXPECT_EQ(-ENOENT, rule_del(ask));
}

static const __u64 some_ids[] = {
	0, 1, 0xffffffff, ID(1, 0), ID(1, 5), ID(5, 1), ID(0x7fffffff, 3), ~0ULL,
};

static const __u32 fields[] = { AUDIT_CONTID, AUDIT_CONTID_TREE };
static const __u32 ops[] = { AUDIT_EQUAL, AUDIT_NOT_EQUAL };

TEST_F(load, lists_and_deletes)
{
	struct audit_request ask;
	size_t i;

	for (i = 0; i < 4 * ARRAY_SIZE(some_ids); i++) {
		load_start(&ask, variant->list, variant->action);
		rule_contid(&ask, fields[i & 1], ops[i >> 1 & 1],
			    some_ids[i / 4]);
		if (variant->key)
			rule_key(&ask);
		load_one(_metadata, &ask);
	}
}

/* Two rules are equal only if both words, the field and the operator are. */
TEST_F(load, tells_rules_apart)
{
	static const struct {
		__u32 field;
		__u32 op;
		__u64 id;
	} other[] = {
		{ AUDIT_CONTID, AUDIT_EQUAL, ID(2, 5) },
		{ AUDIT_CONTID, AUDIT_EQUAL, ID(0, 5) },
		{ AUDIT_CONTID, AUDIT_EQUAL, ID(1, 6) },
		{ AUDIT_CONTID, AUDIT_EQUAL, ID(5, 1) },
		{ AUDIT_CONTID, AUDIT_NOT_EQUAL, ID(1, 5) },
		{ AUDIT_CONTID_TREE, AUDIT_EQUAL, ID(1, 5) },
	};
	struct audit_request one, ask;
	size_t i;

	load_start(&one, variant->list, variant->action);
	rule_contid(&one, AUDIT_CONTID, AUDIT_EQUAL, ID(1, 5));
	ASSERT_EQ(0, rule_add(&one));
	for (i = 0; i < ARRAY_SIZE(other); i++) {
		load_start(&ask, variant->list, variant->action);
		rule_contid(&ask, other[i].field, other[i].op, other[i].id);
		EXPECT_EQ(-ENOENT, rule_del(&ask));
		EXPECT_EQ(1, rule_count(&one));
		EXPECT_EQ(0, rule_add(&ask));
		EXPECT_EQ(1, rule_count(&ask));
		EXPECT_EQ(0, rule_del(&ask));
	}
	EXPECT_EQ(0, rule_del(&one));
}

/* Up to three fields that are not valid. */
static const struct audit_match malformed[][3] = {
	/* One word alone */
	{ { AUDIT_CONTID, AUDIT_EQUAL, 5 } },
	{ { AUDIT_CONTID_TREE, AUDIT_EQUAL, 5 } },
	{ { AUDIT_CONTID_HI, AUDIT_EQUAL, 1 } },
	{ { AUDIT_CONTID, AUDIT_EQUAL, 5 }, { AUDIT_UID, AUDIT_EQUAL, 0 } },
	/* The wrong way round */
	{ { AUDIT_CONTID_HI, AUDIT_EQUAL, 1 },
	  { AUDIT_CONTID, AUDIT_EQUAL, 5 } },
	/* Torn apart */
	{ { AUDIT_CONTID, AUDIT_EQUAL, 5 },
	  { AUDIT_UID, AUDIT_EQUAL, 0 },
	  { AUDIT_CONTID_HI, AUDIT_EQUAL, 1 } },
	/* One word too many */
	{ { AUDIT_CONTID, AUDIT_EQUAL, 5 },
	  { AUDIT_CONTID, AUDIT_EQUAL, 5 },
	  { AUDIT_CONTID_HI, AUDIT_EQUAL, 1 } },
	{ { AUDIT_CONTID, AUDIT_EQUAL, 5 },
	  { AUDIT_CONTID_TREE, AUDIT_EQUAL, 5 },
	  { AUDIT_CONTID_HI, AUDIT_EQUAL, 1 } },
	{ { AUDIT_CONTID, AUDIT_EQUAL, 5 },
	  { AUDIT_CONTID_HI, AUDIT_EQUAL, 1 },
	  { AUDIT_CONTID_HI, AUDIT_EQUAL, 1 } },
	/* Two operators */
	{ { AUDIT_CONTID, AUDIT_EQUAL, 5 },
	  { AUDIT_CONTID_HI, AUDIT_NOT_EQUAL, 1 } },
	{ { AUDIT_CONTID_TREE, AUDIT_NOT_EQUAL, 5 },
	  { AUDIT_CONTID_HI, AUDIT_EQUAL, 1 } },
};

TEST_F(load, refuses_malformed_pairs)
{
	struct audit_request ask;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(malformed); i++) {
		load_start(&ask, variant->list, variant->action);
		for (k = 0; k < 3 && malformed[i][k].op; k++)
			rule_field(&ask, malformed[i][k].field,
				   malformed[i][k].op, malformed[i][k].value);
		EXPECT_EQ(-EINVAL, rule_add(&ask))
			TH_LOG("malformed pair %zu", i);
		EXPECT_EQ(-EINVAL, rule_del(&ask));
	}
}

TEST_F(load, refuses_operators)
{
	static const __u32 bad[] = {
		AUDIT_LESS_THAN, AUDIT_GREATER_THAN, AUDIT_LESS_THAN_OR_EQUAL,
		AUDIT_GREATER_THAN_OR_EQUAL, AUDIT_BIT_MASK, AUDIT_BIT_TEST, 0,
		AUDIT_OPERATORS,
	};
	struct audit_request ask;
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(bad); i++) {
		load_start(&ask, variant->list, variant->action);
		rule_contid(&ask, fields[i & 1], bad[i / 2], ID(1, 5));
		EXPECT_EQ(-EINVAL, rule_add(&ask))
			TH_LOG("operator %x", bad[i / 2]);
	}
}

/* As many fields as a rule may have, with the pair in all places. */
TEST_F(load, has_64_fields)
{
	struct audit_request ask;
	unsigned int i, at;

	for (at = 0; at <= AUDIT_MAX_FIELDS - 2; at++) {
		rule_start(&ask, variant->list, variant->action);
		for (i = 0; i < AUDIT_MAX_FIELDS - 1; i++)
			if (i == at)
				rule_contid(&ask, AUDIT_CONTID, AUDIT_EQUAL,
					    ID(1, 5));
			else
				rule_field(&ask, AUDIT_UID, AUDIT_EQUAL, i);
		load_one(_metadata, &ask);
	}
}

/* The last field cannot be a low word, because no field follows. */
TEST_F(load, has_no_65_fields)
{
	struct audit_request ask;
	unsigned int i;

	rule_start(&ask, variant->list, variant->action);
	for (i = 0; i < AUDIT_MAX_FIELDS - 1; i++)
		rule_field(&ask, AUDIT_UID, AUDIT_EQUAL, i);
	rule_contid(&ask, AUDIT_CONTID, AUDIT_EQUAL, ID(1, 5));
	EXPECT_EQ(-EINVAL, rule_add(&ask));
	ask.rule.field_count = AUDIT_MAX_FIELDS;
	EXPECT_EQ(-EINVAL, rule_add(&ask));
}

/* A list that filters file systems, not tasks. */
TEST(filesystem_list)
{
	const char *missing = cid_missing();
	struct audit_request ask;

	if (missing)
		SKIP(return, "%s", missing);
	rule_start(&ask, AUDIT_FILTER_FS, AUDIT_NEVER);
	rule_contid(&ask, AUDIT_CONTID, AUDIT_EQUAL, ID(1, 5));
	EXPECT_EQ(-EINVAL, rule_add(&ask));
	rule_field(&ask, AUDIT_FSTYPE, AUDIT_EQUAL, 0x12345678);
	EXPECT_EQ(-EINVAL, rule_add(&ask));
}

TEST(feature_bit)
{
	const char *missing = cid_missing();
	struct audit_status status;

	if (missing)
		SKIP(return, "%s", missing);
	ASSERT_EQ(0, audit_get_status(&status));
	EXPECT_NE(0, status.feature_bitmap & AUDIT_FEATURE_BITMAP_CONTID);
}

/*
 * Matching: agents in a small tree
 *
 *	HOST -- TOP -- MIDDLE -- LEAF
 *	     \- SIDE
 */
enum who { HOST, TOP, MIDDLE, LEAF, SIDE, AGENTS };

#define BIT_OF(who)	(1U << (who))
#define ALL		((1U << AGENTS) - 1)

FIXTURE(match)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent[AGENTS];
	__u64 id[AGENTS];
};

FIXTURE_SETUP(match)
{
	static const enum who parent[AGENTS] = { 0, HOST, TOP, MIDDLE, HOST };
	const char *missing = cid_missing();
	int i;

	if (missing)
		SKIP(return, "%s", missing);
	cid_setup(_metadata, &self->world);
	audit_setup(_metadata, &self->log);
	for (i = 0; i < AGENTS; i++) {
		self->agent[i] = cid_start(&self->world, NULL);
		ASSERT_NE(NULL, self->agent[i]);
		if (i == HOST)
			continue;
		ASSERT_EQ(0, cid_write(self->agent[i]->pid, parent[i] == HOST ?
				       "new" : "new parent=%llu",
				       (unsigned long long)self->id[parent[i]]));
		self->id[i] = cid_read(self->agent[i]->pid);
	}
	ASSERT_EQ(0, audit_drop(&self->log));
}

FIXTURE_TEARDOWN(match)
{
	audit_close(&self->log);
	cid_teardown(&self->world);
}

static long do_magic(struct cid_world *world, const struct cid_call *call)
{
	return syscall(__NR_getpgid, MAGIC) < 0 ? -errno : 0;
}

/* Let all agents do something. Returns who of them left a record of a type. */
static unsigned int who_logs(struct _test_data_match *self, __u16 type, cid_fn fn,
			     long x)
{
	unsigned int seen = 0;
	int i;

	for (i = 0; i < AGENTS; i++)
		cid_do_text(self->agent[i], fn, x, 0, "op=filter_test");
	if (audit_sync(&self->log))
		return ~0U;
	for (i = 0; i < AGENTS; i++)
		if (audit_count(&self->log, type, "(^| )pid=%d ",
				self->agent[i]->pid) > 0)
			seen |= BIT_OF(i);
	audit_forget(&self->log);
	return seen;
}

/* Add a rule with one pair, and with one field before it. */
static int add_pair(struct audit_log *log, __u32 list, __u32 action, int nr,
		    struct audit_match first, __u32 field, __u32 op, __u64 id)
{
	struct audit_match match[] = {
		first, { field, op, id }, { AUDIT_CONTID_HI, op, id >> 32 },
	};

	return audit_add_rule(log, list, action, nr, match, ARRAY_SIZE(match));
}

static const struct {
	__u32 field;
	enum who who;
	unsigned int matches;
} expected[] = {
	{ AUDIT_CONTID, HOST, BIT_OF(HOST) },
	{ AUDIT_CONTID, TOP, BIT_OF(TOP) },
	{ AUDIT_CONTID, MIDDLE, BIT_OF(MIDDLE) },
	{ AUDIT_CONTID, LEAF, BIT_OF(LEAF) },
	{ AUDIT_CONTID, SIDE, BIT_OF(SIDE) },
	/* The host is the root of the tree. */
	{ AUDIT_CONTID_TREE, HOST, ALL },
	{ AUDIT_CONTID_TREE, TOP, BIT_OF(TOP) | BIT_OF(MIDDLE) | BIT_OF(LEAF) },
	{ AUDIT_CONTID_TREE, MIDDLE, BIT_OF(MIDDLE) | BIT_OF(LEAF) },
	{ AUDIT_CONTID_TREE, LEAF, BIT_OF(LEAF) },
	{ AUDIT_CONTID_TREE, SIDE, BIT_OF(SIDE) },
};

TEST_F(match, syscalls)
{
	struct audit_match magic = { AUDIT_ARG0, AUDIT_EQUAL, MAGIC };
	unsigned int matches;
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(expected); i++) {
		matches = expected[i / 2].matches;
		ASSERT_EQ(0, add_pair(&self->log, AUDIT_FILTER_EXIT,
				      AUDIT_ALWAYS, __NR_getpgid, magic,
				      expected[i / 2].field, ops[i & 1],
				      self->id[expected[i / 2].who]));
		EXPECT_EQ(i & 1 ? ALL & ~matches : matches,
			  who_logs(self, AUDIT_SYSCALL, do_magic, 0))
			TH_LOG("expectation %zu, operator %zu", i / 2, i & 1);
		audit_remove_rules(&self->log);
	}
}

/* An equal low word alone, or an equal high word alone, does not match. */
TEST_F(match, both_words)
{
	struct audit_match magic = { AUDIT_ARG0, AUDIT_EQUAL, MAGIC };
	const __u64 wrong[] = {
		self->id[TOP] + ID(1, 0), self->id[TOP] - ID(1, 0),
		self->id[TOP] & 0xffffffff, self->id[TOP] ^ ID(1U << 31, 0),
		self->id[TOP] | 0xffffffff,
		self->id[TOP] >> 32 | self->id[TOP] << 32,
	};
	size_t i;

	for (i = 0; i < 4 * ARRAY_SIZE(wrong); i++) {
		ASSERT_EQ(0, add_pair(&self->log, AUDIT_FILTER_EXIT,
				      AUDIT_ALWAYS, __NR_getpgid, magic,
				      fields[i & 1], ops[i >> 1 & 1],
				      wrong[i / 4]));
		EXPECT_EQ(i >> 1 & 1 ? ALL : 0,
			  who_logs(self, AUDIT_SYSCALL, do_magic, 0))
			TH_LOG("number %zu", i / 4);
		audit_remove_rules(&self->log);
	}
}

/* A rule outlives its audit container, and the ID is not assigned again. */
TEST_F(match, ended_container)
{
	struct audit_match magic = { AUDIT_ARG0, AUDIT_EQUAL, MAGIC };

	cid_end(self->agent[SIDE]);
	self->agent[SIDE] = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent[SIDE]);
	ASSERT_EQ(0, cid_write(self->agent[SIDE]->pid, "new"));
	ASSERT_EQ(0, add_pair(&self->log, AUDIT_FILTER_EXIT, AUDIT_ALWAYS,
			      __NR_getpgid, magic, AUDIT_CONTID_TREE,
			      AUDIT_EQUAL, self->id[SIDE]));
	EXPECT_EQ(0, who_logs(self, AUDIT_SYSCALL, do_magic, 0));
}

/* Two pairs in a rule: below TOP, but not in it. */
TEST_F(match, two_pairs)
{
	__u64 id = self->id[TOP];
	struct audit_match match[] = {
		{ AUDIT_ARG0, AUDIT_EQUAL, MAGIC },
		{ AUDIT_CONTID_TREE, AUDIT_EQUAL, id },
		{ AUDIT_CONTID_HI, AUDIT_EQUAL, id >> 32 },
		{ AUDIT_CONTID, AUDIT_NOT_EQUAL, id },
		{ AUDIT_CONTID_HI, AUDIT_NOT_EQUAL, id >> 32 },
	};

	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXIT, AUDIT_ALWAYS,
				    __NR_getpgid, match, ARRAY_SIZE(match)));
	EXPECT_EQ(BIT_OF(MIDDLE) | BIT_OF(LEAF),
		  who_logs(self, AUDIT_SYSCALL, do_magic, 0));
}

/*
 * A task that is created while a never,task rule matches has no audit context.
 * The rule affects the children of the agents, not the agents.
 */
TEST_F(match, never_task)
{
	struct audit_match magic = { AUDIT_ARG0, AUDIT_EQUAL, MAGIC };
	struct audit_match root = { AUDIT_UID, AUDIT_EQUAL, 0 };
	struct cid_agent *born;
	unsigned int seen = 0;
	int i;

	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXIT, AUDIT_ALWAYS,
				    __NR_getpgid, &magic, 1));
	ASSERT_EQ(0, add_pair(&self->log, AUDIT_FILTER_TASK, AUDIT_NEVER, -1,
			      root, AUDIT_CONTID_TREE, AUDIT_EQUAL,
			      self->id[MIDDLE]));
	for (i = 0; i < AGENTS; i++) {
		born = cid_start(&self->world, self->agent[i]);
		ASSERT_NE(NULL, born);
		cid_do(born, do_magic, 0, 0);
		ASSERT_EQ(0, audit_sync(&self->log));
		if (audit_count(&self->log, AUDIT_SYSCALL, " pid=%d ",
				born->pid) > 0)
			seen |= BIT_OF(i);
		cid_end(born);
	}
	EXPECT_EQ(BIT_OF(HOST) | BIT_OF(TOP) | BIT_OF(SIDE), seen);
	audit_forget(&self->log);
	EXPECT_EQ(ALL, who_logs(self, AUDIT_SYSCALL, do_magic, 0));
}

/*
 * A container that makes noise is shut up by a rule, in the list that says
 * which records there are not and in the list about user space.
 */
static void hush(struct __test_metadata *const _metadata,
		 struct _test_data_match *self, __u32 list)
{
	struct audit_match user = { AUDIT_MSGTYPE, AUDIT_EQUAL, AUDIT_USER };
	unsigned int matches;
	size_t i;

	EXPECT_EQ(ALL, who_logs(self, AUDIT_USER, do_user, AUDIT_USER));
	for (i = 0; i < 2 * ARRAY_SIZE(expected); i++) {
		matches = expected[i / 2].matches;
		ASSERT_EQ(0, add_pair(&self->log, list, AUDIT_NEVER, -1, user,
				      expected[i / 2].field, ops[i & 1],
				      self->id[expected[i / 2].who]));
		EXPECT_EQ(i & 1 ? matches : ALL & ~matches,
			  who_logs(self, AUDIT_USER, do_user, AUDIT_USER))
			TH_LOG("expectation %zu, operator %zu", i / 2, i & 1);
		audit_remove_rules(&self->log);
	}
	EXPECT_EQ(ALL, who_logs(self, AUDIT_USER, do_user, AUDIT_USER));
}

TEST_F(match, excluded_user_records)
{
	hush(_metadata, self, AUDIT_FILTER_EXCLUDE);
}

TEST_F(match, never_user)
{
	hush(_metadata, self, AUDIT_FILTER_USER);
}

/* Also the records of the kernel about a change that a member has made. */
TEST_F(match, excluded_kernel_records)
{
	struct audit_match bpf = { AUDIT_MSGTYPE, AUDIT_EQUAL, AUDIT_BPF_TYPE };
	struct audit_match root = { AUDIT_UID, AUDIT_EQUAL, 0 };
	size_t i, before, left[2] = {};
	long ret;

	ret = cid_do(self->agent[TOP], do_load_bpf, 0, 0);
	if (ret)
		SKIP(return, "no BPF: %s", strerror(-ret));
	ASSERT_EQ(0, audit_add_rule(&self->log, AUDIT_FILTER_EXIT, AUDIT_ALWAYS,
				    __NR_bpf, &root, 1));
	ASSERT_EQ(0, add_pair(&self->log, AUDIT_FILTER_EXCLUDE, AUDIT_NEVER, -1,
			      bpf, AUDIT_CONTID, AUDIT_EQUAL, self->id[TOP]));
	ASSERT_EQ(0, audit_drop(&self->log));
	for (i = 0; i < 2; i++) {
		before = self->log.count;
		ASSERT_EQ(0, cid_do(self->agent[i ? SIDE : TOP], do_load_bpf,
				    0, 0));
		ASSERT_EQ(0, audit_sync(&self->log));
		/* Unloading may be logged a little later, by nobody. */
		for (; before < self->log.count; before++)
			left[i] += self->log.record[before].type ==
				   AUDIT_BPF_TYPE &&
				   strstr(self->log.record[before].text,
					  "op=LOAD");
	}
	EXPECT_EQ(0, left[0]);
	EXPECT_EQ(1, left[1]);
	EXPECT_EQ(2, audit_count(&self->log, AUDIT_SYSCALL, " syscall=%d ",
				 __NR_bpf));
}

/* A rule that does not match is not the end of its list. */
static void goes_on(struct __test_metadata *const _metadata,
		    struct _test_data_match *self, __u32 list)
{
	struct audit_match side[] = {
		{ AUDIT_MSGTYPE, AUDIT_EQUAL, AUDIT_USER },
		{ AUDIT_PID, AUDIT_EQUAL, self->agent[SIDE]->pid },
	};
	struct audit_match user = side[0];

	ASSERT_EQ(0, add_pair(&self->log, list, AUDIT_NEVER, -1, user,
			      AUDIT_CONTID, AUDIT_EQUAL, self->id[TOP]));
	ASSERT_EQ(0, add_pair(&self->log, list, AUDIT_NEVER, -1, user,
			      AUDIT_CONTID_TREE, AUDIT_EQUAL, self->id[LEAF]));
	ASSERT_EQ(0, add_pair(&self->log, list, AUDIT_NEVER, -1, user,
			      AUDIT_CONTID_TREE, AUDIT_NOT_EQUAL, 0));
	ASSERT_EQ(0, audit_add_rule(&self->log, list, AUDIT_NEVER, -1, side,
				    ARRAY_SIZE(side)));
	EXPECT_EQ(BIT_OF(HOST) | BIT_OF(MIDDLE),
		  who_logs(self, AUDIT_USER, do_user, AUDIT_USER));
}

TEST_F(match, exclude_list_goes_on)
{
	goes_on(_metadata, self, AUDIT_FILTER_EXCLUDE);
}

TEST_F(match, user_list_goes_on)
{
	goes_on(_metadata, self, AUDIT_FILTER_USER);
}

static void uring(struct __test_metadata *const _metadata,
		  struct _test_data_match *self, __u32 ring_flags,
		  long entry_flags)
{
	struct audit_match root = { AUDIT_UID, AUDIT_EQUAL, 0 };
	unsigned int seen = 0;
	long ret;
	int i;

	ASSERT_EQ(0, add_pair(&self->log, AUDIT_FILTER_URING_EXIT, AUDIT_ALWAYS,
			      IORING_OP_OPENAT, root, AUDIT_CONTID_TREE,
			      AUDIT_EQUAL, self->id[MIDDLE]));
	for (i = 0; i < AGENTS; i++) {
		ret = cid_do(self->agent[i], cid_do_uring_open, ring_flags, 0);
		if (ret == -ENOSYS || ret == -EPERM)
			SKIP(return, "no io_uring: %s", strerror(-ret));
		ASSERT_EQ(0, ret);
		ASSERT_EQ(0, cid_do_text(self->agent[i], cid_do_uring_openat,
					 entry_flags, 0, "/dev/null"));
	}
	ASSERT_EQ(0, audit_sync(&self->log));
	for (i = 0; i < AGENTS; i++)
		if (audit_count(&self->log, AUDIT_URINGOP, " pid=%d ",
				self->agent[i]->pid) > 0)
			seen |= BIT_OF(i);
	EXPECT_EQ(BIT_OF(MIDDLE) | BIT_OF(LEAF), seen);
}

TEST_F(match, uring_worker)
{
	uring(_metadata, self, 0, IOSQE_ASYNC);
}

TEST_F(match, uring_poller)
{
	uring(_metadata, self, IORING_SETUP_SQPOLL, 0);
}

TEST_HARNESS_MAIN
