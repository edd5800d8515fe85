// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: rules that filter by it.
 *
 * The 64 bits of an ID are two fields of a rule, the low word under
 * AUDIT_CONTID or AUDIT_CONTID_TREE, right behind it the high word under
 * AUDIT_CONTID_HI with the same operator. So every program that lists or
 * deletes rules keeps its place in them, whether it knows the fields or not: a
 * text in the buffer of the rule, for one, would shift the strings behind it.
 */

#include <linux/audit.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "audit_cid.h"

/* A field that holds a low word. */
static bool audit_cid_low(const struct audit_field *f)
{
	return f->type == AUDIT_CONTID || f->type == AUDIT_CONTID_TREE;
}

/**
 * audit_cid_field_valid - may a field of a rule stand as it is
 * @f: the field, of a type that is not known otherwise
 *
 * Context: Any.
 * Return: 0, or -EINVAL if it is not about audit containers either, or its
 * operator is neither = nor !=.
 */
int audit_cid_field_valid(const struct audit_field *f)
{
	if (!audit_cid_low(f) && f->type != AUDIT_CONTID_HI)
		return -EINVAL;
	if (f->op != Audit_equal && f->op != Audit_not_equal)
		return -EINVAL;
	return 0;
}

/**
 * audit_cid_rule_valid - are the fields of a rule paired
 * @rule: the rule, whose fields are valid each by itself
 *
 * Context: Any.
 * Return: 0, or -EINVAL if a low word has no high word of the same operator
 * right behind it, or a high word no low word before it.
 */
int audit_cid_rule_valid(const struct audit_krule *rule)
{
	const struct audit_field *f, *low = NULL;
	u32 i;

	for (i = 0; i < rule->field_count; i++) {
		bool high;

		f = &rule->fields[i];
		high = f->type == AUDIT_CONTID_HI;
		if (high != !!low || (high && low->op != f->op))
			return -EINVAL;
		low = audit_cid_low(f) ? f : NULL;
	}
	return low ? -EINVAL : 0;
}

/**
 * audit_cid_match - does a container match a pair of fields
 * @cid: the container, or NULL for the host
 * @low: the field with the low word; the other follows
 *
 * The host has the ID 0 and is the root of the tree.
 *
 * Context: The caller holds a reference to @cid, or RCU.
 * Return: Whether it matches.
 */
bool audit_cid_match(const struct audit_cid *cid, const struct audit_field *low)
{
	u64 id = low[0].val | (u64)low[1].val << 32;
	bool equal;

	if (low->type == AUDIT_CONTID_TREE)
		equal = audit_cid_in_tree(cid, id);
	else
		equal = id == (cid ? cid->id : 0);
	return equal == (low->op == Audit_equal);
}

/**
 * audit_cid_filter - does a task match a field of a rule
 * @p: current, or the task that it makes
 * @f: the field, AUDIT_CONTID or AUDIT_CONTID_TREE
 *
 * The high word behind @f is compared with it, so the caller skips that field.
 * Work that no task does, such as in a softirq, matches neither operator.
 *
 * Context: The caller holds RCU, as for the rule itself.
 * Return: 1 if it matches, 0 if it does not.
 */
int audit_cid_filter(const struct task_struct *p, const struct audit_field *f)
{
	if (!in_task())
		return 0;
	return audit_cid_match(rcu_dereference(p->signal->audit_cid), f);
}
