// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of audit container IDs: random input, compared with a simpler
 * computation of the result. Each input has a buffer of exactly its size, so
 * that KASAN detects a read behind it.
 *
 *	audit_cid_fuzz_kunit.rounds=N	inputs per test
 *	audit_cid_fuzz_kunit.seed=N	seed; the same seed repeats the inputs
 */

#include <kunit/test.h>

#include <linux/audit.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../audit_cid.h"

static unsigned int rounds = 20000;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "inputs per test");

static unsigned int seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "of the random inputs");

/* A write is at most so long; mutations make some longer. */
#define TEXT_MAX	(AUDIT_CID_WRITE_MAX + 64)

static u32 pick(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n;
}

/* Numbers near the limits come up more often than by chance. */
static u64 pick_number(struct rnd_state *rnd)
{
	static const u64 edges[] = {
		0, 1, 9, 10, U32_MAX, BIT_ULL(32), S64_MAX, U64_MAX - 1,
		U64_MAX,
	};
	u64 number = prandom_u32_state(rnd);

	if (!pick(rnd, 3))
		return edges[pick(rnd, ARRAY_SIZE(edges))];
	return number << 32 | prandom_u32_state(rnd);
}

/*
 * Text
 */

struct sample {
	char text[TEXT_MAX];
	size_t len;
	char name[AUDIT_CID_NAME_MAX + 1];	/* req.name points here */
	struct audit_cid_request req;		/* the expected result */
};

static void pick_name(struct rnd_state *rnd, struct sample *s)
{
	size_t len = 1 + (pick(rnd, 4) ? pick(rnd, 12) :
					 pick(rnd, AUDIT_CID_NAME_MAX));
	size_t i;

	for (i = 0; i < len; i++)
		s->name[i] = '!' + pick(rnd, '~' - '!' + 1);
	s->name[len] = '\0';
	s->req.name = s->name;
}

static void add_name(struct sample *s)
{
	if (s->req.name)
		s->len += scnprintf(s->text + s->len, sizeof(s->text) - s->len,
				    " name=%s", s->req.name);
}

static void add_parent(struct sample *s)
{
	if (s->req.has_parent)
		s->len += scnprintf(s->text + s->len, sizeof(s->text) - s->len,
				    " parent=%llu", s->req.parent);
}

static void add_delegate(struct sample *s)
{
	if (s->req.delegate)
		s->len += scnprintf(s->text + s->len, sizeof(s->text) - s->len,
				    " delegate=%d", s->req.delegate);
}

/* Orders of options. */
static void (*const orders[][3])(struct sample *s) = {
	{ add_name, add_parent, add_delegate },
	{ add_name, add_delegate, add_parent },
	{ add_parent, add_name, add_delegate },
	{ add_parent, add_delegate, add_name },
	{ add_delegate, add_name, add_parent },
	{ add_delegate, add_parent, add_name },
};

/* Write the text of a request. Only the order of options varies. */
static void print(struct sample *s, u32 order)
{
	int i;

	switch (s->req.op) {
	case AUDIT_CID_NEW:
		s->len = scnprintf(s->text, sizeof(s->text), "new");
		for (i = 0; i < ARRAY_SIZE(orders[order]); i++)
			orders[order][i](s);
		break;
	case AUDIT_CID_JOIN:
		s->len = scnprintf(s->text, sizeof(s->text), "join %llu",
				   s->req.id);
		break;
	case AUDIT_CID_ANNOUNCE:
		s->len = scnprintf(s->text, sizeof(s->text), "announce");
		break;
	}
}

static void pick_options(struct rnd_state *rnd, struct sample *s)
{
	if (pick(rnd, 2))
		pick_name(rnd, s);
	if (pick(rnd, 2)) {
		s->req.has_parent = true;
		s->req.parent = pick_number(rnd);
	}
	if (pick(rnd, 2))
		s->req.delegate = clamp(pick_number(rnd), 1ULL,
					(u64)AUDIT_CID_DELEGATE_MAX);
}

static void pick_command(struct rnd_state *rnd, struct sample *s)
{
	static const enum audit_cid_op ops[] = {
		AUDIT_CID_NEW, AUDIT_CID_NEW, AUDIT_CID_NEW, AUDIT_CID_JOIN,
		AUDIT_CID_JOIN, AUDIT_CID_ANNOUNCE,
	};

	s->req = (struct audit_cid_request) {
		.op = ops[pick(rnd, ARRAY_SIZE(ops))],
	};
	if (s->req.op == AUDIT_CID_NEW)
		pick_options(rnd, s);
	if (s->req.op == AUDIT_CID_JOIN)
		s->req.id = pick_number(rnd);
	print(s, pick(rnd, ARRAY_SIZE(orders)));
}

static void insert(struct sample *s, size_t at, const char *what, size_t len)
{
	if (s->len + len > sizeof(s->text))
		return;
	memmove(s->text + at + len, s->text + at, s->len - at);
	memcpy(s->text + at, what, len);
	s->len += len;
}

/* Change the text in one place, with words of the grammar or any byte. */
static void mutate(struct rnd_state *rnd, struct sample *s)
{
	static const char *const words[] = {
		"new", "join", "announce", " name=", " parent=", " delegate=",
		"name=", "parent=", "delegate=", " ", "  ", "\n", "0", "00", "-", "+", "0x",
		"18446744073709551616", "=", ",", "%s", "\t", "\r", "\177",
		"\303\251", "1", "2147483648",
	};
	const char *word = words[pick(rnd, ARRAY_SIZE(words))];
	char byte = pick(rnd, 256);
	size_t at = pick(rnd, s->len + 1);

	switch (pick(rnd, 5)) {
	case 0:
		insert(s, at, word, strlen(word));
		break;
	case 1:
		insert(s, at, &byte, 1);
		break;
	case 2:
		if (at < s->len)
			s->text[at] = byte;
		break;
	case 3:
		s->len = at;
		break;
	case 4:
		memmove(s->text + at / 2, s->text + at, s->len - at);
		s->len -= at - at / 2;
		break;
	}
}

/* Is a text what a request prints as? */
static bool says(const char *text, size_t len,
		 const struct audit_cid_request *req, struct sample *spare)
{
	u32 order;

	if (len && text[len - 1] == '\n')
		len--;
	spare->req = *req;
	for (order = 0; order < ARRAY_SIZE(orders); order++) {
		print(spare, order);
		if (spare->len == len && !memcmp(spare->text, text, len))
			return true;
	}
	return false;
}

static bool same_request(const struct audit_cid_request *a,
			 const struct audit_cid_request *b)
{
	return a->op == b->op && a->id == b->id && a->parent == b->parent &&
	       a->has_parent == b->has_parent && a->delegate == b->delegate &&
	       !a->name == !b->name &&
	       (!a->name || !strcmp(a->name, b->name));
}

/* Parse a copy of a text, and return whether the result is right. */
static bool parse_is_right(struct kunit *test, const struct sample *s,
			   bool valid, struct sample *spare, u32 *accepted)
{
	char *text = kmalloc(s->len + 1, GFP_KERNEL);
	struct audit_cid_request req;
	bool right;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, text);
	memcpy(text, s->text, s->len);
	text[s->len] = '\0';
	ret = audit_cid_parse(text, s->len, &req);
	if (ret)
		right = ret == -EINVAL && !valid;
	else
		right = valid ? same_request(&req, &s->req) :
				says(s->text, s->len, &req, spare);
	*accepted += !ret;
	kfree(text);
	return right;
}

static void pick_text(struct rnd_state *rnd, struct sample *s, bool valid)
{
	u32 changes;

	pick_command(rnd, s);
	if (!valid)
		for (changes = 1 + pick(rnd, 3); changes; changes--)
			mutate(rnd, s);
	else if (pick(rnd, 2))
		insert(s, s->len, "\n", 1);
}

static void parse_takes_what_a_request_prints_as(struct kunit *test)
{
	struct sample *s = kunit_kzalloc(test, 2 * sizeof(*s), GFP_KERNEL);
	u32 i, all_valid = 0, accepted = 0;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, s);
	prandom_seed_state(&rnd, seed);
	for (i = 0; i < rounds; i++) {
		bool valid = !pick(&rnd, 4);

		pick_text(&rnd, s, valid);
		all_valid += valid;
		if (!parse_is_right(test, s, valid, s + 1, &accepted))
			KUNIT_FAIL(test, "round %u: %*pE", i, (int)s->len,
				   s->text);
		cond_resched();
	}
	kunit_info(test, "%u texts, %u valid by design, %u accepted\n",
		   rounds, all_valid, accepted);
	/* A change may leave a command, but mostly it does not. */
	KUNIT_EXPECT_GT(test, accepted, all_valid);
	KUNIT_EXPECT_LT(test, accepted, rounds / 2);
}

/*
 * Rules
 */

static const u32 types[] = {
	AUDIT_CONTID, AUDIT_CONTID_TREE, AUDIT_CONTID_HI, AUDIT_CONTID_HI,
	AUDIT_PID, AUDIT_EXIT,
};

static bool is_low(u32 type)
{
	return type == AUDIT_CONTID || type == AUDIT_CONTID_TREE;
}

/* A high word follows each low word, and a low word precedes each high word. */
static bool paired(const struct audit_field *f, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (is_low(f[i].type) &&
		    (i + 1 == n || f[i + 1].type != AUDIT_CONTID_HI ||
		     f[i + 1].op != f[i].op))
			return false;
		if (f[i].type == AUDIT_CONTID_HI &&
		    (!i || !is_low(f[i - 1].type)))
			return false;
	}
	return true;
}

static void rule_is_valid_if_all_words_are_paired(struct kunit *test)
{
	struct audit_krule rule = {};
	u32 i, j, n, valid = 0;
	struct rnd_state rnd;
	bool right;

	prandom_seed_state(&rnd, seed);
	for (i = 0; i < rounds; i++) {
		n = pick(&rnd, 7);
		rule.field_count = n;
		rule.fields = kcalloc(n, sizeof(*rule.fields), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, rule.fields);
		for (j = 0; j < n; j++) {
			rule.fields[j].type = types[pick(&rnd,
							 ARRAY_SIZE(types))];
			rule.fields[j].op = pick(&rnd, 4) ? Audit_equal :
							    Audit_not_equal;
		}
		right = paired(rule.fields, n);
		valid += right;
		KUNIT_EXPECT_EQ(test, audit_cid_rule_valid(&rule),
				right ? 0 : -EINVAL);
		kfree(rule.fields);
		cond_resched();
	}
	kunit_info(test, "%u rules, %u valid\n", rounds, valid);
	KUNIT_EXPECT_GT(test, valid, rounds / 20);
	KUNIT_EXPECT_LT(test, valid, rounds - rounds / 20);
}

/*
 * Trees
 */

#define TREE_SIZE	64

/* Numbers grow, so parents are older than their children. */
static void grow(struct kunit *test, struct rnd_state *rnd,
		 struct audit_cid **tree)
{
	u64 id = BIT_ULL(32) - 100 + pick(rnd, 200);
	u32 i, parent;

	for (i = 0; i < TREE_SIZE; i++) {
		tree[i] = audit_cid_alloc(NULL);
		KUNIT_ASSERT_NOT_NULL(test, tree[i]);
		id += 1 + pick(rnd, 3);
		tree[i]->id = id;
		/* Mostly deep. */
		parent = pick(rnd, 3) ? i : pick(rnd, i + 1);
		if (parent && tree[parent - 1]->depth == AUDIT_CID_DEPTH_MAX)
			parent = 0;
		audit_cid_set_parent(tree[i], parent ?
				     audit_cid_get(tree[parent - 1]) : NULL);
	}
}

static bool matches(const struct audit_cid *cid, u32 type, u32 op, u64 id)
{
	bool found = id == audit_cid_id(cid);

	if (type == AUDIT_CONTID_TREE) {
		found = !id;
		for (; cid; cid = cid->parent)
			found |= cid->id == id;
	}
	return found == (op == Audit_equal);
}

static void match_says_what_a_walk_to_the_root_says(struct kunit *test)
{
	struct audit_cid *tree[TREE_SIZE];
	struct audit_field pair[2] = {};
	struct audit_cid *cid;
	struct rnd_state rnd;
	u32 i, j, hits = 0;
	bool wanted;
	u64 id;

	prandom_seed_state(&rnd, seed);
	for (i = 0; i < rounds; i++) {
		if (i % 1024 == 0) {
			for (j = 0; i && j < TREE_SIZE; j++)
				audit_cid_put(tree[j]);
			grow(test, &rnd, tree);
			cond_resched();
		}
		cid = pick(&rnd, 20) ? tree[pick(&rnd, TREE_SIZE)] : NULL;
		id = pick(&rnd, 20) ? tree[pick(&rnd, TREE_SIZE)]->id +
				      pick(&rnd, 3) - 1 : pick_number(&rnd);
		pair[0].type = types[pick(&rnd, 2)];
		pair[0].op = pick(&rnd, 2) ? Audit_equal : Audit_not_equal;
		pair[1].type = AUDIT_CONTID_HI;
		pair[1].op = pair[0].op;
		pair[0].val = lower_32_bits(id);
		pair[1].val = upper_32_bits(id);
		wanted = matches(cid, pair[0].type, pair[0].op, id);
		hits += wanted;
		KUNIT_EXPECT_EQ(test, audit_cid_match(cid, pair), wanted);
	}
	for (j = 0; j < TREE_SIZE; j++)
		audit_cid_put(tree[j]);
	kunit_info(test, "%u pairs, %u match\n", rounds, hits);
	KUNIT_EXPECT_GT(test, hits, rounds / 20);
}

static struct kunit_case audit_cid_fuzz_cases[] = {
	KUNIT_CASE_SLOW(parse_takes_what_a_request_prints_as),
	KUNIT_CASE_SLOW(rule_is_valid_if_all_words_are_paired),
	KUNIT_CASE_SLOW(match_says_what_a_walk_to_the_root_says),
	{}
};

static struct kunit_suite audit_cid_fuzz_suite = {
	.name = "audit_cid_fuzz",
	.test_cases = audit_cid_fuzz_cases,
};

kunit_test_suite(audit_cid_fuzz_suite);

MODULE_DESCRIPTION("KUnit tests of audit container IDs with random input");
MODULE_LICENSE("GPL");
