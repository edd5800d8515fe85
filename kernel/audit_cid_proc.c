// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit container ID: /proc/PID/audit_containerid. The commands are described
 * in include/uapi/linux/audit_cid.h.
 */

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/parser.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "audit_cid.h"

enum {
	OPT_DELEGATE,
	OPT_NAME,
	OPT_PARENT,
	OPT_UNKNOWN,
};

static const match_table_t audit_cid_options = {
	{ OPT_DELEGATE, "delegate=%s" },
	{ OPT_NAME, "name=%s" },
	{ OPT_PARENT, "parent=%s" },
	{ OPT_UNKNOWN, NULL },
};

/* Canonical decimal: no sign, leading zero or trailing text. */
static int audit_cid_parse_id(const char *word, u64 *id)
{
	size_t digits = strspn(word, "0123456789");

	if (!digits || word[digits] || (*word == '0' && digits > 1))
		return -EINVAL;
	return kstrtou64(word, 10, id) ? -EINVAL : 0;
}

static int audit_cid_parse_budget(const char *word, int *budget)
{
	u64 n;
	int ret = audit_cid_parse_id(word, &n);

	if (ret)
		return ret;
	if (!n || n > AUDIT_CID_DELEGATE_MAX)
		return -EINVAL;
	*budget = n;
	return 0;
}

static bool audit_cid_name_valid(const char *name)
{
	size_t len;

	for (len = 0; name[len]; len++)
		if (!isascii(name[len]) || !isgraph(name[len]))
			return false;
	return len > 0 && len <= AUDIT_CID_NAME_MAX;
}

static int audit_cid_parse_option(char *word, struct audit_cid_request *req)
{
	substring_t args[MAX_OPT_ARGS];

	switch (match_token(word, audit_cid_options, args)) {
	case OPT_DELEGATE:
		if (req->delegate)
			return -EINVAL;
		return audit_cid_parse_budget(args[0].from, &req->delegate);
	case OPT_NAME:
		if (req->name || !audit_cid_name_valid(args[0].from))
			return -EINVAL;
		req->name = args[0].from;
		return 0;
	case OPT_PARENT:
		if (req->has_parent)
			return -EINVAL;
		req->has_parent = true;
		return audit_cid_parse_id(args[0].from, &req->parent);
	default:
		return -EINVAL;
	}
}

static int audit_cid_parse_new(char *text, struct audit_cid_request *req)
{
	char *word;
	int ret;

	req->op = AUDIT_CID_NEW;
	while ((word = strsep(&text, " "))) {
		ret = audit_cid_parse_option(word, req);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * audit_cid_parse - parse one write to the file
 * @text: the @len bytes written and a NUL; modified, and @req points into it
 * @len: number of bytes written
 * @req: set to the request
 *
 * Return: 0, or -EINVAL if the text is not a command.
 */
int audit_cid_parse(char *text, size_t len, struct audit_cid_request *req)
{
	char *word;

	*req = (struct audit_cid_request) {};

	if (len && text[len - 1] == '\n')
		text[--len] = '\0';
	if (strlen(text) != len)
		return -EINVAL;

	word = strsep(&text, " ");
	if (!strcmp(word, "new"))
		return audit_cid_parse_new(text, req);
	if (!strcmp(word, "join") && text) {
		req->op = AUDIT_CID_JOIN;
		return audit_cid_parse_id(text, &req->id);
	}
	if (!strcmp(word, "announce") && !text) {
		req->op = AUDIT_CID_ANNOUNCE;
		return 0;
	}
	return -EINVAL;
}

static bool audit_cid_holds(const struct file *file, struct user_namespace *ns,
			    int cap)
{
	return file ? file_ns_capable(file, ns, cap) : ns_capable(ns, cap);
}

/*
 * Either capability is sufficient. LSMs log denials, so the check starts with
 * the capability that permits less.
 */
static bool audit_cid_capable(const struct file *file, struct user_namespace *ns)
{
	return audit_cid_holds(file, ns, CAP_AUDIT_CONTAINER) ||
	       audit_cid_holds(file, ns, CAP_AUDIT_CONTROL);
}

/* Without a delegation, the check could only cause a denial that LSMs log. */
static struct audit_cid_right audit_cid_right_of(const struct file *file,
						 struct user_namespace *user_ns,
						 const struct audit_cid *cid)
{
	struct audit_cid_right right = { .cid = cid, .user_ns = user_ns };

	right.privileged = audit_cid_capable(file, &init_user_ns);
	if (!right.privileged && audit_cid_grant(cid))
		right.delegate = audit_cid_capable(file, user_ns);
	return right;
}

/*
 * The audit container of the opener was stored in the file at that time. The
 * audit container of the caller may still change, so it is filled in later.
 */
static struct audit_cid_rights audit_cid_rights_of(const struct file *file)
{
	struct audit_cid *cid = audit_cid_get_of(current);
	struct audit_cid_rights rights = {
		.opener = audit_cid_right_of(file, file->f_cred->user_ns,
					     file->private_data),
		.caller = audit_cid_right_of(NULL, current_user_ns(), cid),
	};

	rights.caller.cid = NULL;
	audit_cid_put(cid);
	return rights;
}

static int audit_containerid_open(struct inode *inode, struct file *file)
{
	file->private_data = audit_cid_get_of(current);
	return 0;
}

static int audit_containerid_release(struct inode *inode, struct file *file)
{
	audit_cid_put(file->private_data);
	return 0;
}

static ssize_t audit_containerid_write(struct file *file,
				       const char __user *buf, size_t count,
				       loff_t *ppos)
{
	struct audit_cid_rights rights;
	struct audit_cid_request req;
	int ret;

	if (*ppos || !count || count > AUDIT_CID_WRITE_MAX)
		return -EINVAL;

	char *text __free(kfree) = memdup_user_nul(buf, count);

	if (IS_ERR(text))
		return PTR_ERR(text);

	ret = audit_cid_parse(text, count, &req);
	if (ret)
		return ret;
	rights = audit_cid_rights_of(file);
	ret = audit_cid_apply(proc_audit_containerid_pid(file), &req, &rights);
	/* The offset stays 0, so that one open file accepts several writes. */
	return ret ?: count;
}

static ssize_t audit_containerid_read(struct file *file, char __user *buf,
				      size_t count, loff_t *ppos)
{
	/* The longest u64, a newline, and a NUL. */
	char text[20 + 1 + 1];
	struct audit_cid_rights rights = audit_cid_rights_of(file);
	u64 id;
	int ret;

	ret = audit_cid_read(proc_audit_containerid_pid(file), &rights, &id);
	if (ret)
		return ret;
	ret = scnprintf(text, sizeof(text), "%llu\n", id);
	return simple_read_from_buffer(buf, count, ppos, text, ret);
}

const struct file_operations proc_audit_containerid_operations = {
	.open		= audit_containerid_open,
	.read		= audit_containerid_read,
	.write		= audit_containerid_write,
	.llseek		= generic_file_llseek,
	.release	= audit_containerid_release,
};
