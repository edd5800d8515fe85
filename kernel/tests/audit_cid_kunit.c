// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of audit container IDs: code that requires neither a task nor an
 * audit daemon.
 */

#include <kunit/test.h>

#include <linux/audit.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/proc_ns.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>

#include "../audit.h"
#include "../audit_cid.h"

/* A text and its length, which a NUL in the text does not end. */
#define TEXT(s)		.text = s, .len = sizeof(s) - 1

/* As long as a name may be. */
#define NAME_128	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct parse_case {
	const char *desc;
	const char *text;
	size_t len;
	struct audit_cid_request req;
};

static const struct parse_case parse_accepted[] = {
	{
		.desc = "new",
		TEXT("new"),
		.req = { .op = AUDIT_CID_NEW },
	}, {
		.desc = "new and a newline",
		TEXT("new\n"),
		.req = { .op = AUDIT_CID_NEW },
	}, {
		.desc = "a name",
		TEXT("new name=web-1"),
		.req = { .op = AUDIT_CID_NEW, .name = "web-1" },
	}, {
		.desc = "a name with the signs that records use",
		TEXT("new name=a=\"b\"'%s,contid=7"),
		.req = { .op = AUDIT_CID_NEW, .name = "a=\"b\"'%s,contid=7" },
	}, {
		.desc = "the longest name",
		TEXT("new name=" NAME_128 "\n"),
		.req = { .op = AUDIT_CID_NEW, .name = NAME_128 },
	}, {
		.desc = "a parent",
		TEXT("new parent=4294967296"),
		.req = { .op = AUDIT_CID_NEW, .has_parent = true,
			 .parent = 4294967296ULL },
	}, {
		.desc = "a parent that no container has",
		TEXT("new parent=0"),
		.req = { .op = AUDIT_CID_NEW, .has_parent = true },
	}, {
		.desc = "options in one order",
		TEXT("new name=a parent=5"),
		.req = { .op = AUDIT_CID_NEW, .name = "a", .has_parent = true,
			 .parent = 5 },
	}, {
		.desc = "options in the other order",
		TEXT("new parent=5 name=a\n"),
		.req = { .op = AUDIT_CID_NEW, .name = "a", .has_parent = true,
			 .parent = 5 },
	}, {
		.desc = "a budget",
		TEXT("new delegate=1"),
		.req = { .op = AUDIT_CID_NEW, .delegate = 1 },
	}, {
		.desc = "the largest budget",
		TEXT("new delegate=2147483647\n"),
		.req = { .op = AUDIT_CID_NEW, .delegate = INT_MAX },
	}, {
		.desc = "all options",
		TEXT("new delegate=7 parent=5 name=delegate=8"),
		.req = { .op = AUDIT_CID_NEW, .name = "delegate=8",
			 .has_parent = true, .parent = 5, .delegate = 7 },
	}, {
		.desc = "join",
		TEXT("join 4294967297"),
		.req = { .op = AUDIT_CID_JOIN, .id = 4294967297ULL },
	}, {
		.desc = "join the largest number",
		TEXT("join 18446744073709551615\n"),
		.req = { .op = AUDIT_CID_JOIN, .id = U64_MAX },
	}, {
		.desc = "join 0",
		TEXT("join 0"),
		.req = { .op = AUDIT_CID_JOIN },
	}, {
		.desc = "announce",
		TEXT("announce"),
		.req = { .op = AUDIT_CID_ANNOUNCE },
	}, {
		.desc = "announce and a newline",
		TEXT("announce\n"),
		.req = { .op = AUDIT_CID_ANNOUNCE },
	},
};

static const struct parse_case parse_refused[] = {
	{ .desc = "nothing", TEXT("") },
	{ .desc = "a newline only", TEXT("\n") },
	{ .desc = "two newlines", TEXT("new\n\n") },
	{ .desc = "a newline inside", TEXT("new\nname=a") },
	{ .desc = "a NUL at the end", TEXT("new\0") },
	{ .desc = "a NUL inside", TEXT("new name=a\0b") },
	{ .desc = "a NUL before the newline", TEXT("new\0\n") },
	{ .desc = "a leading space", TEXT(" new") },
	{ .desc = "a trailing space", TEXT("new ") },
	{ .desc = "a double space", TEXT("new  name=a") },
	{ .desc = "a tab", TEXT("new\tname=a") },
	{ .desc = "an unknown command", TEXT("leave") },
	{ .desc = "a command in capitals", TEXT("NEW") },
	{ .desc = "a longer command", TEXT("newer") },
	{ .desc = "a bare number", TEXT("4294967297") },
	{ .desc = "the unset value of older patches",
	  TEXT("18446744073709551615") },
	{ .desc = "an unknown option", TEXT("new colour=red") },
	{ .desc = "a bare word as option", TEXT("new web-1") },
	{ .desc = "an empty name", TEXT("new name=") },
	{ .desc = "an empty name before an option", TEXT("new name= parent=5") },
	{ .desc = "a name that is too long", TEXT("new name=" NAME_128 "x") },
	{ .desc = "a name with a control byte", TEXT("new name=a\033b") },
	{ .desc = "a name with DEL", TEXT("new name=a\177") },
	{ .desc = "a name in Latin-1", TEXT("new name=caf\351") },
	{ .desc = "a name in UTF-8", TEXT("new name=caf\303\251") },
	{ .desc = "two names", TEXT("new name=a name=b") },
	{ .desc = "two parents", TEXT("new parent=5 parent=5") },
	{ .desc = "an empty parent", TEXT("new parent=") },
	{ .desc = "a parent with a sign", TEXT("new parent=+5") },
	{ .desc = "a parent with a leading zero", TEXT("new parent=05") },
	{ .desc = "a parent in hex", TEXT("new parent=0x5") },
	{ .desc = "a parent of 2^64", TEXT("new parent=18446744073709551616") },
	{ .desc = "a budget of 0", TEXT("new delegate=0") },
	{ .desc = "an empty budget", TEXT("new delegate=") },
	{ .desc = "a budget with a sign", TEXT("new delegate=-1") },
	{ .desc = "a budget with a leading zero", TEXT("new delegate=08") },
	{ .desc = "a budget of 2^31", TEXT("new delegate=2147483648") },
	{ .desc = "a budget of 2^32 + 1", TEXT("new delegate=4294967297") },
	{ .desc = "a budget of 2^64 + 1",
	  TEXT("new delegate=18446744073709551617") },
	{ .desc = "two budgets", TEXT("new delegate=5 delegate=5") },
	{ .desc = "join with a budget", TEXT("join 5 delegate=5") },
	{ .desc = "join nothing", TEXT("join") },
	{ .desc = "join an empty word", TEXT("join ") },
	{ .desc = "join a negative number", TEXT("join -1") },
	{ .desc = "join a number and a word", TEXT("join 5 name=a") },
	{ .desc = "join a number and a space", TEXT("join 5 ") },
	{ .desc = "join 00", TEXT("join 00") },
	{ .desc = "join a number and two newlines", TEXT("join 5\n\n") },
	{ .desc = "join 2^64", TEXT("join 18446744073709551616") },
	{ .desc = "join a word", TEXT("join web-1") },
	{ .desc = "announce a number", TEXT("announce 5") },
	{ .desc = "announce and a space", TEXT("announce ") },
};

KUNIT_ARRAY_PARAM_DESC(parse_accepted, parse_accepted, desc);
KUNIT_ARRAY_PARAM_DESC(parse_refused, parse_refused, desc);

static int parse(struct kunit *test, struct audit_cid_request *req)
{
	const struct parse_case *c = test->param_value;
	char *text = kunit_kzalloc(test, c->len + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	memcpy(text, c->text, c->len);
	return audit_cid_parse(text, c->len, req);
}

static void parse_accepts(struct kunit *test)
{
	const struct parse_case *c = test->param_value;
	struct audit_cid_request req;

	KUNIT_ASSERT_EQ(test, parse(test, &req), 0);
	KUNIT_EXPECT_EQ(test, req.op, c->req.op);
	KUNIT_EXPECT_EQ(test, req.id, c->req.id);
	KUNIT_EXPECT_EQ(test, req.has_parent, c->req.has_parent);
	KUNIT_EXPECT_EQ(test, req.parent, c->req.parent);
	KUNIT_EXPECT_EQ(test, req.delegate, c->req.delegate);
	KUNIT_EXPECT_EQ(test, !req.name, !c->req.name);
	if (req.name && c->req.name)
		KUNIT_EXPECT_STREQ(test, req.name, c->req.name);
}

static void parse_refuses(struct kunit *test)
{
	struct audit_cid_request req;

	KUNIT_EXPECT_EQ(test, parse(test, &req), -EINVAL);
}

static void next_starts_above_32_bits(struct kunit *test)
{
	static const u32 seeds[] = { 0, 1, 0x80000000, U32_MAX };
	int i;

	for (i = 0; i < ARRAY_SIZE(seeds); i++) {
		atomic64_t last = ATOMIC64_INIT(0);
		u64 first = audit_cid_next(&last, seeds[i]);

		KUNIT_EXPECT_EQ(test, first, BIT_ULL(32) + seeds[i]);
	}
}

static void next_follows_in_sequence_whatever_the_seed(struct kunit *test)
{
	atomic64_t last = ATOMIC64_INIT(0);
	u64 first = audit_cid_next(&last, 7);
	int i;

	for (i = 1; i < 1000; i++)
		KUNIT_EXPECT_EQ(test, audit_cid_next(&last, i * 3), first + i);
}

/* A container below @parent, whose reference to it is its own. */
static struct audit_cid *make_granted(struct kunit *test,
				      struct audit_cid *parent, int budget)
{
	struct audit_cid *cid = audit_cid_alloc("test");

	KUNIT_ASSERT_NOT_NULL(test, cid);
	cid->budget = budget;
	/* Numbers grow down the tree. */
	cid->id = parent ? parent->id + 3 : BIT_ULL(32);
	audit_cid_set_parent(cid, audit_cid_get(parent));
	return cid;
}

static struct audit_cid *make(struct kunit *test, struct audit_cid *parent)
{
	return make_granted(test, parent, 0);
}

static void alloc_copies_the_name(struct kunit *test)
{
	struct audit_cid *named = audit_cid_alloc(NAME_128);
	struct audit_cid *nameless = audit_cid_alloc(NULL);

	KUNIT_ASSERT_NOT_NULL(test, named);
	KUNIT_ASSERT_NOT_NULL(test, nameless);
	KUNIT_EXPECT_EQ(test, named->name_len, strlen(NAME_128));
	KUNIT_EXPECT_MEMEQ(test, named->name, NAME_128, strlen(NAME_128));
	/* Its weight: no more than the name, in kmalloc()'s sizes. */
	KUNIT_EXPECT_LE(test, ksize(named->name), strlen(NAME_128));
	KUNIT_EXPECT_NULL(test, nameless->name);
	KUNIT_EXPECT_EQ(test, atomic_read(&named->members), 0);
	audit_cid_put(nameless);
	audit_cid_put(named);
}

/* The sizes of kmalloc() that it is to fit. */
static void object_stays_small(struct kunit *test)
{
	bool with_ids = sizeof(struct audit_cid_nsset) >
			AUDIT_CID_NS_ROWS * sizeof(unsigned int);

	KUNIT_EXPECT_LE(test, sizeof(struct audit_cid), with_ids ? 256 : 192);
}

/* Index an audit container, live or not. The caller releases it. */
static struct audit_cid *make_indexed(struct kunit *test, int members)
{
	struct audit_cid *cid = make(test, NULL);

	guard(mutex)(&audit_cid_mutex);
	audit_cid_insert(cid);
	atomic_set(&cid->members, members);
	return cid;
}

static void remove_indexed(struct audit_cid *cid)
{
	audit_cid_erase(cid);
	atomic_set(&cid->members, 0);
	audit_cid_put(cid);
}

/* Compare and release the result of find or next. */
static struct audit_cid *put(struct audit_cid *cid)
{
	audit_cid_put(cid);
	return cid;
}

static void index_finds_live_ones_by_their_whole_id(struct kunit *test)
{
	struct audit_cid *live = make_indexed(test, 1);
	struct audit_cid *made = make_indexed(test, 0);

	scoped_guard(mutex, &audit_cid_mutex) {
		KUNIT_EXPECT_PTR_EQ(test, put(audit_cid_find(live->id)), live);
		KUNIT_EXPECT_NULL(test, audit_cid_find(made->id));
		KUNIT_EXPECT_NULL(test, audit_cid_find(made->id + 1));
		KUNIT_EXPECT_NULL(test, audit_cid_find(0));
		KUNIT_EXPECT_NULL(test, audit_cid_find(U64_MAX));
		KUNIT_EXPECT_NULL(test, audit_cid_find((u32)live->id));
	}
	KUNIT_EXPECT_EQ(test, refcount_read(&live->refs), 1);
	remove_indexed(live);
	remove_indexed(made);
}

static void index_is_walked_in_the_order_of_ids(struct kunit *test)
{
	struct audit_cid *cid[40], *next = NULL;
	u64 id;
	int i;

	for (i = 0; i < ARRAY_SIZE(cid); i++)
		cid[i] = make_indexed(test, i % 3);
	/* Those with members; others may be there as well. */
	scoped_guard(mutex, &audit_cid_mutex) {
		for (i = 0, id = cid[0]->id; i < ARRAY_SIZE(cid); i++) {
			if (i % 3 == 0)
				continue;
			next = put(audit_cid_next_live(id));
			KUNIT_EXPECT_PTR_EQ(test, next, cid[i]);
			id = cid[i]->id + 1;
		}
		KUNIT_EXPECT_NULL(test, put(audit_cid_next_live(id)));
	}
	/* Out of order, as containers end. */
	for (i = 0; i < ARRAY_SIZE(cid); i++)
		remove_indexed(cid[i * 7 % ARRAY_SIZE(cid)]);
}

static void put_of_the_last_child_frees_its_hold_on_the_parent(struct kunit *test)
{
	struct audit_cid *top = make(test, NULL);
	struct audit_cid *mid = make(test, top);
	struct audit_cid *leaf = make(test, mid);

	/* Nobody but its child holds it now. */
	audit_cid_put(mid);
	KUNIT_EXPECT_EQ(test, refcount_read(&top->refs), 2);
	KUNIT_EXPECT_EQ(test, refcount_read(&mid->refs), 1);
	KUNIT_EXPECT_PTR_EQ(test, leaf->parent->parent, top);

	audit_cid_put(leaf);
	KUNIT_EXPECT_EQ(test, refcount_read(&top->refs), 1);
	audit_cid_put(top);
}

static void put_unwinds_the_deepest_chain(struct kunit *test)
{
	struct audit_cid *top = make(test, NULL);
	struct audit_cid *leaf = audit_cid_get(top);
	int i;

	for (i = 1; i < AUDIT_CID_DEPTH_MAX; i++) {
		struct audit_cid *next = make(test, leaf);

		audit_cid_put(leaf);
		leaf = next;
	}
	KUNIT_EXPECT_EQ(test, leaf->depth, AUDIT_CID_DEPTH_MAX);
	KUNIT_EXPECT_EQ(test, refcount_read(&top->refs), 2);
	audit_cid_put(leaf);
	KUNIT_EXPECT_EQ(test, refcount_read(&top->refs), 1);
	audit_cid_put(top);
}

/*
 *	     a
 *	   /   \
 *	 b       c
 *	 |
 *	 d
 */
static void within_is_the_subtree_and_its_root(struct kunit *test)
{
	struct audit_cid *a = make(test, NULL);
	struct audit_cid *b = make(test, a);
	struct audit_cid *c = make(test, a);
	struct audit_cid *d = make(test, b);

	/* A younger sister of b, older than d. */
	c->id = b->id + 1;

	KUNIT_EXPECT_TRUE(test, audit_cid_within(NULL, NULL));
	KUNIT_EXPECT_TRUE(test, audit_cid_within(d, NULL));
	KUNIT_EXPECT_TRUE(test, audit_cid_within(a, a));
	KUNIT_EXPECT_TRUE(test, audit_cid_within(d, a));
	KUNIT_EXPECT_TRUE(test, audit_cid_within(d, b));
	KUNIT_EXPECT_FALSE(test, audit_cid_within(NULL, a));
	KUNIT_EXPECT_FALSE(test, audit_cid_within(a, d));
	KUNIT_EXPECT_FALSE(test, audit_cid_within(b, c));
	KUNIT_EXPECT_FALSE(test, audit_cid_within(d, c));
	KUNIT_EXPECT_FALSE(test, audit_cid_within(c, d));

	audit_cid_put(d);
	audit_cid_put(c);
	audit_cid_put(b);
	audit_cid_put(a);
}

static bool on_the_way_up(const struct audit_cid *cid, u64 id)
{
	for (; cid; cid = cid->parent)
		if (cid->id == id)
			return true;
	return id == 0;
}

/* Steps that audit_cid_in_tree() takes. */
static int steps_up(const struct audit_cid *cid, u64 id)
{
	int steps = 0;

	for (; cid && cid->id > id; steps++)
		cid = cid->jump && cid->jump->id >= id ? cid->jump :
							 cid->parent;
	return steps;
}

static void in_tree_finds_each_ancestor_and_nothing_else(struct kunit *test)
{
	struct audit_cid *chain[AUDIT_CID_DEPTH_MAX];
	u64 id, last;
	int i;

	for (i = 0; i < AUDIT_CID_DEPTH_MAX; i++)
		chain[i] = make(test, i ? chain[i - 1] : NULL);
	last = chain[AUDIT_CID_DEPTH_MAX - 1]->id;

	for (i = 0; i < AUDIT_CID_DEPTH_MAX; i++) {
		for (id = chain[0]->id - 2; id <= last + 2; id++)
			KUNIT_EXPECT_EQ(test, audit_cid_in_tree(chain[i], id),
					on_the_way_up(chain[i], id));
		KUNIT_EXPECT_TRUE(test, audit_cid_in_tree(chain[i], 0));
		KUNIT_EXPECT_FALSE(test, audit_cid_in_tree(chain[i], U64_MAX));
		/* 2 log2(32) */
		KUNIT_EXPECT_LE(test, steps_up(chain[AUDIT_CID_DEPTH_MAX - 1],
					       chain[i]->id), 10);
	}
	KUNIT_EXPECT_TRUE(test, audit_cid_in_tree(NULL, 0));
	KUNIT_EXPECT_FALSE(test, audit_cid_in_tree(NULL, 1));

	while (i--)
		audit_cid_put(chain[i]);
}

/* A chain from the host down: no grant, 2, none, 3, none. */
struct grants {
	struct audit_cid *cid[5];
};

static void make_grants(struct kunit *test, struct grants *g)
{
	static const int budgets[] = { 0, 2, 0, 3, 0 };
	int i;

	for (i = 0; i < ARRAY_SIZE(budgets); i++)
		g->cid[i] = make_granted(test, i ? g->cid[i - 1] : NULL,
					 budgets[i]);
}

static void put_grants(struct grants *g)
{
	int i = ARRAY_SIZE(g->cid);

	while (i--)
		audit_cid_put(g->cid[i]);
}

static void grant_is_the_next_one_up_or_oneself(struct kunit *test)
{
	struct grants g;

	make_grants(test, &g);
	KUNIT_EXPECT_NULL(test, audit_cid_grant(NULL));
	KUNIT_EXPECT_NULL(test, audit_cid_grant(g.cid[0]));
	KUNIT_EXPECT_PTR_EQ(test, audit_cid_grant(g.cid[1]), g.cid[1]);
	KUNIT_EXPECT_PTR_EQ(test, audit_cid_grant(g.cid[2]), g.cid[1]);
	KUNIT_EXPECT_PTR_EQ(test, audit_cid_grant(g.cid[3]), g.cid[3]);
	KUNIT_EXPECT_PTR_EQ(test, audit_cid_grant(g.cid[4]), g.cid[3]);
	put_grants(&g);
}

static void charge_goes_to_every_grant_above(struct kunit *test)
{
	struct grants g;
	int i;

	make_grants(test, &g);
	for (i = 0; i < ARRAY_SIZE(g.cid); i++)
		audit_cid_charge(g.cid[i], 1);
	/* Not to itself, and not to containers without a grant. */
	KUNIT_EXPECT_EQ(test, atomic_read(&g.cid[0]->delegated), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&g.cid[1]->delegated), 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&g.cid[2]->delegated), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&g.cid[3]->delegated), 1);

	/*
	 * Parents first: an ended audit container still precedes its
	 * descendants.
	 */
	for (i = 0; i < ARRAY_SIZE(g.cid); i++)
		audit_cid_charge(g.cid[i], -1);
	KUNIT_EXPECT_EQ(test, atomic_read(&g.cid[1]->delegated), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&g.cid[3]->delegated), 0);
	put_grants(&g);
}

static void budget_is_left_if_every_grant_has_some(struct kunit *test)
{
	struct grants g;

	make_grants(test, &g);
	KUNIT_EXPECT_TRUE(test, audit_cid_budget_left(NULL));
	KUNIT_EXPECT_TRUE(test, audit_cid_budget_left(g.cid[0]));
	KUNIT_EXPECT_TRUE(test, audit_cid_budget_left(g.cid[4]));

	/*
	 * The limit of the lower delegation is reached, that of the upper one
	 * is not.
	 */
	atomic_set(&g.cid[3]->delegated, 3);
	atomic_set(&g.cid[1]->delegated, 1);
	KUNIT_EXPECT_TRUE(test, audit_cid_budget_left(g.cid[2]));
	KUNIT_EXPECT_FALSE(test, audit_cid_budget_left(g.cid[3]));
	KUNIT_EXPECT_FALSE(test, audit_cid_budget_left(g.cid[4]));

	/* The other way round. */
	atomic_set(&g.cid[3]->delegated, 0);
	atomic_set(&g.cid[1]->delegated, 2);
	KUNIT_EXPECT_TRUE(test, audit_cid_budget_left(g.cid[0]));
	KUNIT_EXPECT_FALSE(test, audit_cid_budget_left(g.cid[1]));
	KUNIT_EXPECT_FALSE(test, audit_cid_budget_left(g.cid[4]));
	put_grants(&g);
}

/* Callers: without a right, a delegatee, and a privileged one. */
#define NOBODY		{}
#define DELEGATE	{ .delegate = true }
#define PRIVILEGED	{ .privileged = true }

struct try_case {
	const char *desc;
	struct audit_cid_rights rights;
	bool may_try;
	bool privileged;
};

static const struct try_case try_cases[] = {
	{ "nobody", { NOBODY, NOBODY }, false, false },
	{ "opener only", { PRIVILEGED, NOBODY }, false, false },
	{ "caller only", { NOBODY, PRIVILEGED }, false, false },
	{ "delegate opens only", { DELEGATE, NOBODY }, false, false },
	{ "delegate calls only", { NOBODY, DELEGATE }, false, false },
	{ "delegates", { DELEGATE, DELEGATE }, true, false },
	{ "privileged opens for delegate", { PRIVILEGED, DELEGATE },
	  true, false },
	{ "delegate opens for privileged", { DELEGATE, PRIVILEGED },
	  true, false },
	{ "privileged", { PRIVILEGED, PRIVILEGED }, true, true },
};

KUNIT_ARRAY_PARAM_DESC(try_cases, try_cases, desc);

static void rights_of_opener_and_caller_have_to_meet(struct kunit *test)
{
	const struct try_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, audit_cid_may_try(&c->rights), c->may_try);
	KUNIT_EXPECT_EQ(test, audit_cid_privileged(&c->rights), c->privileged);
}

/* The scope of the permissions of opener and caller. */
static bool covers(struct audit_cid_right right, struct audit_cid *cid,
		   struct user_namespace *user_ns)
{
	const struct audit_cid_right all = { .privileged = true };
	const struct audit_cid_rights opener = { right, all };
	const struct audit_cid_rights caller = { all, right };
	bool covered = audit_cid_covers(&opener, cid, user_ns);

	return audit_cid_covers(&caller, cid, user_ns) == covered && covered;
}

static void right_of_the_privileged_covers_their_subtree(struct kunit *test)
{
	struct audit_cid_right right = { .privileged = true };
	struct grants g;

	make_grants(test, &g);
	KUNIT_EXPECT_TRUE(test, covers(right, NULL, &init_user_ns));
	KUNIT_EXPECT_TRUE(test, covers(right, g.cid[4], &init_user_ns));

	/* A grant or its lack makes no difference. */
	right.cid = g.cid[0];
	KUNIT_EXPECT_TRUE(test, covers(right, g.cid[0], &init_user_ns));
	KUNIT_EXPECT_TRUE(test, covers(right, g.cid[4], &init_user_ns));
	KUNIT_EXPECT_FALSE(test, covers(right, NULL, &init_user_ns));
	right.cid = g.cid[2];
	KUNIT_EXPECT_FALSE(test, covers(right, g.cid[1], &init_user_ns));
	put_grants(&g);
}

static void right_of_a_delegate_takes_a_grant(struct kunit *test)
{
	struct audit_cid_right right = {
		.delegate = true, .user_ns = &init_user_ns
	};
	struct grants g;

	make_grants(test, &g);
	KUNIT_EXPECT_FALSE(test, covers(right, NULL, &init_user_ns));
	right.cid = g.cid[0];
	KUNIT_EXPECT_FALSE(test, covers(right, g.cid[0], &init_user_ns));
	KUNIT_EXPECT_FALSE(test, covers(right, g.cid[2], &init_user_ns));
	right.cid = g.cid[2];
	KUNIT_EXPECT_TRUE(test, covers(right, g.cid[2], &init_user_ns));
	KUNIT_EXPECT_TRUE(test, covers(right, g.cid[4], &init_user_ns));
	KUNIT_EXPECT_FALSE(test, covers(right, g.cid[1], &init_user_ns));

	/* Without the capability, a grant gives nothing. */
	right.delegate = false;
	KUNIT_EXPECT_FALSE(test, covers(right, g.cid[2], &init_user_ns));
	put_grants(&g);
}

static void right_of_a_delegate_ends_with_the_user_namespace(struct kunit *test)
{
	struct user_namespace *own, *below, *sister;
	struct audit_cid_right right = { .delegate = true };
	struct grants g;

	if (!IS_ENABLED(CONFIG_USER_NS))
		kunit_skip(test, "no user namespaces");

	own = kunit_kzalloc(test, sizeof(*own), GFP_KERNEL);
	below = kunit_kzalloc(test, sizeof(*below), GFP_KERNEL);
	sister = kunit_kzalloc(test, sizeof(*sister), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, own);
	KUNIT_ASSERT_NOT_NULL(test, below);
	KUNIT_ASSERT_NOT_NULL(test, sister);
	own->parent = &init_user_ns;
	own->level = 1;
	sister->parent = &init_user_ns;
	sister->level = 1;
	below->parent = own;
	below->level = 2;

	make_grants(test, &g);
	right.cid = g.cid[1];
	right.user_ns = own;
	KUNIT_EXPECT_TRUE(test, covers(right, g.cid[2], own));
	KUNIT_EXPECT_TRUE(test, covers(right, g.cid[2], below));
	KUNIT_EXPECT_FALSE(test, covers(right, g.cid[2], sister));
	KUNIT_EXPECT_FALSE(test, covers(right, g.cid[2], &init_user_ns));

	/* A privileged caller is limited only by the tree. */
	right.privileged = true;
	KUNIT_EXPECT_TRUE(test, covers(right, g.cid[2], sister));
	put_grants(&g);
}

struct match_case {
	const char *desc;
	u32 type;
	u32 op;
	u64 id;
	bool host;
	bool top;
	bool leaf;
};

#define TOP	BIT_ULL(32)
#define LEAF	(BIT_ULL(32) + 3)
#define IS	Audit_equal
#define NOT	Audit_not_equal

static const struct match_case match_cases[] = {
	/* desc, type, op, id, host, top, leaf */
	{ "contid=0", AUDIT_CONTID, IS, 0, true, false, false },
	{ "contid!=0", AUDIT_CONTID, NOT, 0, false, true, true },
	{ "contid=top", AUDIT_CONTID, IS, TOP, false, true, false },
	{ "contid!=top", AUDIT_CONTID, NOT, TOP, true, false, true },
	{ "contid=leaf", AUDIT_CONTID, IS, LEAF, false, false, true },
	{ "leaf's low word", AUDIT_CONTID, IS, 3, false, false, false },
	{ "its high word", AUDIT_CONTID, IS, TOP + 1, false, false, false },
	{ "another one", AUDIT_CONTID, IS, LEAF + TOP, false, false, false },
	{ "contid_tree=0", AUDIT_CONTID_TREE, IS, 0, true, true, true },
	{ "contid_tree!=0", AUDIT_CONTID_TREE, NOT, 0, false, false, false },
	{ "contid_tree=top", AUDIT_CONTID_TREE, IS, TOP, false, true, true },
	{ "contid_tree!=top", AUDIT_CONTID_TREE, NOT, TOP, true, false, false },
	{ "contid_tree=leaf", AUDIT_CONTID_TREE, IS, LEAF, false, false, true },
	{ "between", AUDIT_CONTID_TREE, IS, TOP + 1, false, false, false },
};

KUNIT_ARRAY_PARAM_DESC(match_cases, match_cases, desc);

static void match_compares_64_bits_or_the_subtree(struct kunit *test)
{
	const struct match_case *c = test->param_value;
	const struct audit_field pair[] = {
		{ .type = c->type, .op = c->op, .val = lower_32_bits(c->id) },
		{ .type = AUDIT_CONTID_HI, .op = c->op,
		  .val = upper_32_bits(c->id) },
	};
	struct audit_cid *top = make(test, NULL);
	struct audit_cid *leaf = make(test, top);

	KUNIT_ASSERT_EQ(test, top->id, TOP);
	KUNIT_ASSERT_EQ(test, leaf->id, LEAF);
	KUNIT_EXPECT_EQ(test, audit_cid_match(NULL, pair), c->host);
	KUNIT_EXPECT_EQ(test, audit_cid_match(top, pair), c->top);
	KUNIT_EXPECT_EQ(test, audit_cid_match(leaf, pair), c->leaf);
	audit_cid_put(leaf);
	audit_cid_put(top);
}

struct rule_case {
	const char *desc;
	u32 count;
	int ret;
	struct audit_field fields[4];
};

#define EQ(t)	{ .type = AUDIT_ ## t, .op = Audit_equal }
#define NE(t)	{ .type = AUDIT_ ## t, .op = Audit_not_equal }

static const struct rule_case rule_cases[] = {
	{ "no field", 0, 0, {} },
	{ "other fields", 2, 0, { EQ(PID), NE(UID) } },
	{ "a pair", 2, 0, { EQ(CONTID), EQ(CONTID_HI) } },
	{ "a pair with !=", 2, 0, { NE(CONTID_TREE), NE(CONTID_HI) } },
	{ "two pairs", 4, 0,
	  { EQ(CONTID_TREE), EQ(CONTID_HI), NE(CONTID), NE(CONTID_HI) } },
	{ "a pair among others", 4, 0,
	  { EQ(PID), EQ(CONTID), EQ(CONTID_HI), EQ(UID) } },
	{ "a low word alone", 1, -EINVAL, { EQ(CONTID) } },
	{ "a low word last", 2, -EINVAL, { EQ(PID), EQ(CONTID_TREE) } },
	{ "a high word alone", 1, -EINVAL, { EQ(CONTID_HI) } },
	{ "a high word first", 2, -EINVAL, { EQ(CONTID_HI), EQ(CONTID) } },
	{ "two low words", 3, -EINVAL,
	  { EQ(CONTID), EQ(CONTID), EQ(CONTID_HI) } },
	{ "two high words", 3, -EINVAL,
	  { EQ(CONTID), EQ(CONTID_HI), EQ(CONTID_HI) } },
	{ "a pair torn apart", 3, -EINVAL,
	  { EQ(CONTID), EQ(PID), EQ(CONTID_HI) } },
	{ "two operators", 2, -EINVAL, { EQ(CONTID), NE(CONTID_HI) } },
};

KUNIT_ARRAY_PARAM_DESC(rule_cases, rule_cases, desc);

static void rule_takes_whole_pairs_only(struct kunit *test)
{
	const struct rule_case *c = test->param_value;
	struct audit_krule rule = { .field_count = c->count };
	struct audit_field fields[ARRAY_SIZE(c->fields)];

	memcpy(fields, c->fields, sizeof(fields));
	rule.fields = fields;
	KUNIT_EXPECT_EQ(test, audit_cid_rule_valid(&rule), c->ret);
}

static void field_takes_equal_and_not_equal_only(struct kunit *test)
{
	static const u32 types[] = {
		AUDIT_CONTID, AUDIT_CONTID_HI, AUDIT_CONTID_TREE
	};
	struct audit_field f = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		f.type = types[i];
		for (f.op = Audit_equal; f.op < Audit_bad; f.op++)
			KUNIT_EXPECT_EQ(test, audit_cid_field_valid(&f),
					f.op == IS || f.op == NOT ? 0 : -EINVAL);
	}
	f.type = AUDIT_CONTID_TREE + 1;
	f.op = Audit_equal;
	KUNIT_EXPECT_EQ(test, audit_cid_field_valid(&f), -EINVAL);
}

static void inherit_counts_a_member_and_holds_the_container(struct kunit *test)
{
	struct signal_struct *parent, *child;
	struct audit_cid *cid = make(test, NULL);

	parent = kunit_kzalloc(test, sizeof(*parent), GFP_KERNEL);
	child = kunit_kzalloc(test, sizeof(*child), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, parent);
	KUNIT_ASSERT_NOT_NULL(test, child);

	atomic_set(&cid->members, 1);
	RCU_INIT_POINTER(parent->audit_cid, cid);
	audit_cid_inherit(child, parent);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(child->audit_cid), cid);
	KUNIT_EXPECT_EQ(test, atomic_read(&cid->members), 2);
	KUNIT_EXPECT_EQ(test, refcount_read(&cid->refs), 2);

	atomic_set(&cid->members, 0);
	audit_cid_free(child);
	KUNIT_EXPECT_EQ(test, refcount_read(&cid->refs), 1);
	audit_cid_free(parent);
}

/* The tests run in a kernel thread. */
static void kernel_thread_has_no_contid(struct kunit *test)
{
	u64 contid = 1;

	audit_note_contid(&contid, current);
	KUNIT_EXPECT_EQ(test, contid, 0);
}

/* Put the thread that runs the test into a container. */
static struct audit_cid *enter_a_container(struct kunit *test)
{
	struct audit_cid *cid = make(test, NULL);

	static_branch_inc(&audit_cid_used);
	RCU_INIT_POINTER(current->signal->audit_cid, cid);
	return cid;
}

/* No deferred action does: those run in another thread. */
static void leave_the_container(struct audit_cid *cid)
{
	RCU_INIT_POINTER(current->signal->audit_cid, NULL);
	audit_note_signaller();
	static_branch_dec(&audit_cid_used);
	audit_cid_put(cid);
}

static void in_event_is_a_running_system_call_or_ring_operation(struct kunit *test)
{
	struct audit_context *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	KUNIT_EXPECT_FALSE(test, audit_cid_in_event(NULL));
	ctx->context = AUDIT_CTX_UNUSED;
	KUNIT_EXPECT_FALSE(test, audit_cid_in_event(ctx));
	ctx->context = AUDIT_CTX_SYSCALL;
	KUNIT_EXPECT_TRUE(test, audit_cid_in_event(ctx));
	ctx->context = AUDIT_CTX_URING;
	KUNIT_EXPECT_TRUE(test, audit_cid_in_event(ctx));
}

static void note_alone_is_for_records_that_no_other_one_explains(struct kunit *test)
{
	struct audit_cid *cid = enter_a_container(test);
	u64 contid = 0;

	audit_note_contid_alone(&contid, AUDIT_NETFILTER_PKT);
	KUNIT_EXPECT_EQ(test, contid, 0);
	audit_note_contid_alone(&contid, AUDIT_CONTAINER_OP);
	KUNIT_EXPECT_EQ(test, contid, 0);
	audit_note_contid_alone(&contid, AUDIT_USER);
	KUNIT_EXPECT_EQ(test, contid, cid->id);
	contid = 0;
	audit_note_contid_alone(&contid, AUDIT_SECCOMP);
	KUNIT_EXPECT_EQ(test, contid, cid->id);
	leave_the_container(cid);
}

static void note_event_is_for_records_that_end_it(struct kunit *test)
{
	static const struct {
		int type;
		bool ends;
	} types[] = {
		{ AUDIT_LOGIN, true }, { AUDIT_SYSCALL, false },
		{ AUDIT_PATH, false }, { AUDIT_CONTAINER_OP, false },
		{ AUDIT_AVC, false }, { AUDIT_MAC_UNLBL_ALLOW, true },
		{ AUDIT_MAC_CALIPSO_DEL, true }, { AUDIT_MAC_CALIPSO_DEL + 1, false },
	};
	struct audit_context *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->contid = 7;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		u64 contid = 0;

		__audit_note_contid_event(&contid, ctx, types[i].type);
		KUNIT_EXPECT_EQ_MSG(test, contid, types[i].ends ? 7 : 0,
				    "type %d", types[i].type);
	}
}

static int filter(const struct audit_field *f)
{
	guard(rcu)();
	return audit_cid_filter(current, f);
}

static void filter_finds_the_container_of_a_task(struct kunit *test)
{
	struct audit_field f[] = {
		{ .type = AUDIT_CONTID, .op = Audit_equal },
		{ .type = AUDIT_CONTID_HI, .op = Audit_equal },
	};
	struct audit_cid *cid;

	KUNIT_EXPECT_EQ(test, filter(&f[0]), 1);
	cid = enter_a_container(test);
	KUNIT_EXPECT_EQ(test, filter(&f[0]), 0);
	f[0].val = lower_32_bits(cid->id);
	f[1].val = upper_32_bits(cid->id);
	KUNIT_EXPECT_EQ(test, filter(&f[0]), 1);
	leave_the_container(cid);
}

/* Out of memory, or switched off: the record is not there, and nobody asks. */
static void log_takes_a_missing_record(struct kunit *test)
{
	struct audit_cid *cid = enter_a_container(test);
	struct audit_cid_nsset set;
	u64 contid = 5;

	audit_cid_nsset_fill(&set, current, current->nsproxy);
	audit_cid_log_name(NULL, "a", 1);
	audit_cid_log_name(NULL, NULL, 0);
	audit_cid_log_nsset(NULL, &set);
	audit_cid_log_subject(NULL);
	audit_cid_log_actor(NULL);
	audit_cid_log_res(NULL, NULL, 1);
	audit_log_contid(NULL, 5);
	audit_log_ocontid(NULL, 5);
	audit_log_contid_once(NULL, &contid);
	KUNIT_EXPECT_EQ(test, contid, 0);
	audit_log_cancel(NULL);
	leave_the_container(cid);
}

static void signaller_is_the_one_noted_last(struct kunit *test)
{
	struct audit_cid *cid = enter_a_container(test);

	audit_note_signaller();
	KUNIT_EXPECT_EQ(test, audit_signaller_contid(), cid->id);
	leave_the_container(cid);
	KUNIT_EXPECT_EQ(test, audit_signaller_contid(), 0);
}

/* 10 in one second, and a burst of 10. */
static const struct audit_cid_bound bound = {
	.interval = NSEC_PER_SEC / 10,
	.burst = NSEC_PER_SEC,
};

static void bound_lets_a_burst_pass(struct kunit *test)
{
	atomic64_t due = ATOMIC64_INIT(0);
	u64 now = 5 * NSEC_PER_SEC;
	int i;

	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, audit_cid_bound_wait(&due, &bound, now), 0);
	/* After the burst, each record waits for one more interval. */
	for (i = 1; i <= 10; i++)
		KUNIT_EXPECT_EQ(test, audit_cid_bound_wait(&due, &bound, now),
				i * bound.interval);
	/* When all of that is over, the burst is there again. */
	now += 3 * NSEC_PER_SEC;
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, audit_cid_bound_wait(&due, &bound, now), 0);
}

static void bound_never_delays_what_keeps_its_interval(struct kunit *test)
{
	atomic64_t due = ATOMIC64_INIT(0);
	u64 now = 0;
	int i;

	for (i = 0; i < 1000; i++, now += bound.interval)
		KUNIT_EXPECT_EQ(test, audit_cid_bound_wait(&due, &bound, now), 0);
}

static void bound_sleeps_five_seconds_at_most(struct kunit *test)
{
	atomic64_t due = ATOMIC64_INIT(0);
	u64 now = NSEC_PER_SEC, wait = 0;
	int i;

	for (i = 0; i < 1000; i++)
		wait = max(wait, audit_cid_bound_wait(&due, &bound, now));
	KUNIT_EXPECT_EQ(test, wait, 5 * NSEC_PER_SEC);
	/* A record that did not wait causes no delay for later ones. */
	now += 5 * NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, audit_cid_bound_wait(&due, &bound, now),
			bound.interval);
}

/* All rows of a set, in the form of a record. */
static char *text_of(struct kunit *test, const struct audit_cid_nsset *set)
{
	const size_t size = AUDIT_CID_NS_ROWS * AUDIT_CID_NS_TEXT;
	char *text = kunit_kzalloc(test, size, GFP_KERNEL);
	size_t len = 0;
	int row;

	KUNIT_ASSERT_NOT_NULL(test, text);
	for (row = 0; row < AUDIT_CID_NS_ROWS; row++) {
		int added = audit_cid_ns_print(text + len, AUDIT_CID_NS_TEXT,
					       set, row);

		KUNIT_ASSERT_GE(test, added, 0);
		len += added;
	}
	return text;
}

static unsigned int row_of(const char *text, const char *field)
{
	unsigned int inum = 0;
	const char *at = strstr(text, field);

	if (at)
		sscanf(at + strlen(field), "%u", &inum);
	return inum;
}

/* No two rows alike. */
static void fill(struct audit_cid_nsset *set, unsigned int first)
{
	int i;

	for (i = 0; i < AUDIT_CID_NS_ROWS; i++) {
		set->inum[i] = first + i;
#ifdef AUDIT_NS_ID
		set->id[i] = U64_MAX - i;
#endif
	}
}

static void nsset_lists_the_namespaces_of_a_task(struct kunit *test)
{
	struct audit_cid_nsset set;
	char *text;

	KUNIT_ASSERT_TRUE(test, audit_cid_nsset_read(&set, current));
	text = text_of(test, &set);
	KUNIT_EXPECT_NE(test, row_of(text, " mntns="), 0);
	if (IS_ENABLED(CONFIG_UTS_NS))
		KUNIT_EXPECT_EQ(test, row_of(text, " utsns="),
				init_uts_ns.ns.inum);
	if (IS_ENABLED(CONFIG_PID_NS))
		KUNIT_EXPECT_EQ(test, row_of(text, " pidns="),
				init_pid_ns.ns.inum);
	if (IS_ENABLED(CONFIG_USER_NS))
		KUNIT_EXPECT_EQ(test, row_of(text, " userns="),
				init_user_ns.ns.inum);
	if (IS_ENABLED(CONFIG_NET_NS))
		KUNIT_EXPECT_EQ(test, row_of(text, " netns="),
				init_net.ns.inum);
}

#ifdef AUDIT_NS_ID
static void nsset_lists_64_bit_ids(struct kunit *test)
{
	struct audit_cid_nsset set;
	char want[64];

	KUNIT_ASSERT_TRUE(test, audit_cid_nsset_read(&set, current));
	snprintf(want, sizeof(want), " netns=%u netns_id=%llu ",
		 init_net.ns.inum, init_net.ns.ns_id);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text_of(test, &set), want));
}
#endif

static void nsset_lists_for_children_where_it_differs(struct kunit *test)
{
	struct audit_cid_nsset set;
	char *text;

	audit_cid_nsset_fill(&set, current, current->nsproxy);
	KUNIT_EXPECT_NULL(test, strstr(text_of(test, &set), "_for_children"));

	fill(&set, 100);
	text = text_of(test, &set);
	if (IS_ENABLED(CONFIG_PID_NS))
		KUNIT_EXPECT_EQ(test, row_of(text, " pidns_for_children="),
				row_of(text, " pidns=") + 1);
	if (IS_ENABLED(CONFIG_TIME_NS))
		KUNIT_EXPECT_EQ(test, row_of(text, " timens_for_children="),
				row_of(text, " timens=") + 1);
}

static void nsset_is_equal_if_all_of_it_is(struct kunit *test)
{
	struct audit_cid_nsset a, b;
	int i;

	fill(&a, 100);
	for (i = 0; i < AUDIT_CID_NS_ROWS; i++) {
		b = a;
		KUNIT_EXPECT_TRUE(test, audit_cid_nsset_equal(&a, &b));
		b.inum[i] = 4711;
		KUNIT_EXPECT_FALSE(test, audit_cid_nsset_equal(&a, &b));
#ifdef AUDIT_NS_ID
		/* An inode number that came back is another namespace. */
		b = a;
		b.id[i] = 4711;
		KUNIT_EXPECT_FALSE(test, audit_cid_nsset_equal(&a, &b));
#endif
	}
}

#ifdef CONFIG_PID_NS
static void nsset_of_a_child_follows_from_its_parent(struct kunit *test)
{
	const int own = AUDIT_CID_NS_pidns;
	const int kept = AUDIT_CID_NS_pidns_for_children;
	struct audit_cid_nsset parent, child;

	fill(&parent, 100);
	child = parent;
	KUNIT_EXPECT_TRUE(test, audit_cid_nsset_follows(&child, &parent));

	child.inum[own] = parent.inum[kept];
	KUNIT_EXPECT_TRUE(test, audit_cid_nsset_follows(&child, &parent));

	/* The other way round it does not. */
	child = parent;
	child.inum[kept] = parent.inum[own];
	KUNIT_EXPECT_FALSE(test, audit_cid_nsset_follows(&child, &parent));
}
#endif

static void nsset_with_any_new_namespace_does_not_follow(struct kunit *test)
{
	struct audit_cid_nsset parent, child;
	int i;

	fill(&parent, 100);
	for (i = 0; i < AUDIT_CID_NS_ROWS; i++) {
		child = parent;
		child.inum[i] = 4711;
		KUNIT_EXPECT_FALSE(test, audit_cid_nsset_follows(&child, &parent));
	}
}

static void nsset_fits_its_text_at_its_longest(struct kunit *test)
{
	struct audit_cid_nsset set;
	char text[AUDIT_CID_NS_TEXT];
	int row;

	/* Ten and twenty digits. */
	fill(&set, U32_MAX - AUDIT_CID_NS_ROWS);
	for (row = 0; row < AUDIT_CID_NS_ROWS; row++) {
		KUNIT_EXPECT_GT(test, audit_cid_ns_print(text, sizeof(text),
							 &set, row), 0);
		KUNIT_EXPECT_EQ(test, audit_cid_ns_print(text, 8, &set, row),
				-E2BIG);
	}
}

static struct kunit_case audit_cid_cases[] = {
	KUNIT_CASE_PARAM(parse_accepts, parse_accepted_gen_params),
	KUNIT_CASE_PARAM(parse_refuses, parse_refused_gen_params),
	KUNIT_CASE(next_starts_above_32_bits),
	KUNIT_CASE(next_follows_in_sequence_whatever_the_seed),
	KUNIT_CASE(alloc_copies_the_name),
	KUNIT_CASE(object_stays_small),
	KUNIT_CASE(index_finds_live_ones_by_their_whole_id),
	KUNIT_CASE(index_is_walked_in_the_order_of_ids),
	KUNIT_CASE(put_of_the_last_child_frees_its_hold_on_the_parent),
	KUNIT_CASE(put_unwinds_the_deepest_chain),
	KUNIT_CASE(within_is_the_subtree_and_its_root),
	KUNIT_CASE(in_tree_finds_each_ancestor_and_nothing_else),
	KUNIT_CASE(grant_is_the_next_one_up_or_oneself),
	KUNIT_CASE(charge_goes_to_every_grant_above),
	KUNIT_CASE(budget_is_left_if_every_grant_has_some),
	KUNIT_CASE_PARAM(rights_of_opener_and_caller_have_to_meet,
			 try_cases_gen_params),
	KUNIT_CASE(right_of_the_privileged_covers_their_subtree),
	KUNIT_CASE(right_of_a_delegate_takes_a_grant),
	KUNIT_CASE(right_of_a_delegate_ends_with_the_user_namespace),
	KUNIT_CASE_PARAM(match_compares_64_bits_or_the_subtree,
			 match_cases_gen_params),
	KUNIT_CASE_PARAM(rule_takes_whole_pairs_only, rule_cases_gen_params),
	KUNIT_CASE(field_takes_equal_and_not_equal_only),
	KUNIT_CASE(inherit_counts_a_member_and_holds_the_container),
	KUNIT_CASE(kernel_thread_has_no_contid),
	KUNIT_CASE(in_event_is_a_running_system_call_or_ring_operation),
	KUNIT_CASE(note_alone_is_for_records_that_no_other_one_explains),
	KUNIT_CASE(filter_finds_the_container_of_a_task),
	KUNIT_CASE(log_takes_a_missing_record),
	KUNIT_CASE(note_event_is_for_records_that_end_it),
	KUNIT_CASE(signaller_is_the_one_noted_last),
	KUNIT_CASE(bound_lets_a_burst_pass),
	KUNIT_CASE(bound_never_delays_what_keeps_its_interval),
	KUNIT_CASE(bound_sleeps_five_seconds_at_most),
	KUNIT_CASE(nsset_lists_the_namespaces_of_a_task),
#ifdef AUDIT_NS_ID
	KUNIT_CASE(nsset_lists_64_bit_ids),
#endif
	KUNIT_CASE(nsset_lists_for_children_where_it_differs),
	KUNIT_CASE(nsset_is_equal_if_all_of_it_is),
#ifdef CONFIG_PID_NS
	KUNIT_CASE(nsset_of_a_child_follows_from_its_parent),
#endif
	KUNIT_CASE(nsset_with_any_new_namespace_does_not_follow),
	KUNIT_CASE(nsset_fits_its_text_at_its_longest),
	{}
};

static struct kunit_suite audit_cid_suite = {
	.name = "audit_cid",
	.test_cases = audit_cid_cases,
};

kunit_test_suite(audit_cid_suite);

MODULE_DESCRIPTION("KUnit tests of audit container IDs");
MODULE_LICENSE("GPL");
