// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: fields of audit rules.
 *
 * The 64 bits of an ID are two fields: the low word as AUDIT_CONTID or
 * AUDIT_CONTID_TREE, then the high word as AUDIT_CONTID_HI with the same
 * operator. So a program that does not know these fields can still list and
 * delete rules. If the ID were a string in the buffer of the rule, such a
 * program would read the strings behind it at wrong offsets.
 */

#include <linux/audit.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "audit_cid.h"

static bool audit_cid_low(const struct audit_field *f)
{
	return f->type == AUDIT_CONTID || f->type == AUDIT_CONTID_TREE;
}

/**
 * audit_cid_field_valid - check a field of a rule
 * @f: the field, of a type that audit itself does not know
 *
 * Return: 0, or -EINVAL if the type is not one of this file, or if the operator
 * is neither = nor !=.
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
 * audit_cid_rule_valid - check that low words and high words come in pairs
 * @rule: the rule, after audit_cid_field_valid() has checked its fields
 *
 * Return: 0, or -EINVAL if a low word is not followed by a high word with the
 * same operator, or if a high word does not follow a low word.
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
 * audit_cid_match - compare an audit container with a pair of fields
 * @cid: the audit container, or NULL for the host, which has the ID 0 and is
 *	the root of the tree
 * @low: the field with the low word, followed by the high word
 *
 * Context: The caller holds a reference to @cid, or RCU.
 * Return: Whether the fields match.
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
 * audit_cid_filter - compare the audit container of a task with a pair of
 * fields
 * @p: current, or the task that it creates
 * @f: the field AUDIT_CONTID or AUDIT_CONTID_TREE. The caller skips the next
 *	field, the high word.
 *
 * In a softirq, for example, the event is not caused by a task. Then the fields
 * match with neither operator.
 *
 * Context: The caller holds RCU, as for the rule itself.
 * Return: 1 if the fields match, otherwise 0.
 */
int audit_cid_filter(const struct task_struct *p, const struct audit_field *f)
{
	if (!in_task())
		return 0;
	return audit_cid_match(rcu_dereference(p->signal->audit_cid), f);
}
