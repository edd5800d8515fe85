// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid rule: make a rule from auditctl's words. libaudit parses what it
 * knows, this file what it does not: fields about audit containers, and with
 * libaudit 3.0 the io_uring list.
 */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auditcid.h"
#include "rule.h"

static void note(int *where, int value)
{
	if (where)
		*where = value;
}

void rule_init(struct rule *rule)
{
	memset(rule, 0, sizeof(*rule));
	rule->list = -1;
	rule->data = audit_rule_create_data();
	note(&_audit_permadded, 0);
	note(&_audit_archadded, 0);
	note(&_audit_syscalladded, 0);
	note(&_audit_exeadded, 0);
	note(&_audit_filterfsadded, 0);
	note((int *)&_audit_elf, 0);
}

void rule_free(struct rule *rule)
{
	audit_rule_free_data(rule->data);
	rule->data = NULL;
}

static __attribute__((format(printf, 2, 3)))
const char *wrong(struct rule *rule, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(rule->why, sizeof(rule->why), format, args);
	va_end(args);
	return rule->why;
}

/* libaudit says itself what it thinks of @text. */
static const char *libaudit_says(struct rule *rule, int err, const char *text)
{
	if (!err)
		return NULL;
	audit_number_to_errmsg(err, text);
	return wrong(rule, "libaudit rejects '%s'", text);
}

static int list_number(const char *name)
{
	if (!strcmp(name, "io_uring"))
		return AUDIT_FILTER_URING_EXIT;
	return audit_name_to_flag(name);
}

static int action_number(const char *name)
{
	if (!strcmp(name, "always"))
		return AUDIT_ALWAYS;
	return strcmp(name, "never") ? -1 : AUDIT_NEVER;
}

/* LIST,ACTION or ACTION,LIST */
const char *rule_add_list(struct rule *rule, const char *text)
{
	char name[2][16];
	int n = 0, at;

	if (rule->list >= 0)
		return wrong(rule, "a rule goes to one list");
	if (sscanf(text, "%15[a-z_],%15[a-z_]%n", name[0], name[1], &n) != 2 ||
	    text[n])
		return wrong(rule, "'%s' is not LIST,ACTION", text);
	at = action_number(name[0]) < 0;
	rule->action = action_number(name[at]);
	rule->list = list_number(name[!at]);
	if (rule->action < 0 || rule->list < 0)
		return wrong(rule, "'%s' is not LIST,ACTION", text);
	return NULL;
}

static const char *no_list(struct rule *rule)
{
	if (rule->list >= 0)
		return NULL;
	return wrong(rule, "the list (-a, -A, -d) comes before the fields");
}

/* AUDIT_CONTID or AUDIT_CONTID_TREE for a field of ours, otherwise 0 */
static int contid_field(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz_");

	if (len == strlen("contid") && !strncmp(text, "contid", len))
		return AUDIT_CONTID;
	if (len == strlen("contid_tree") && !strncmp(text, "contid_tree", len))
		return AUDIT_CONTID_TREE;
	return 0;
}

static void add_word(struct rule *rule, int field, int op, uint32_t value)
{
	struct audit_rule_data *data = rule->data;

	data->fields[data->field_count] = field;
	data->fieldflags[data->field_count] = op;
	data->values[data->field_count++] = value;
}

static const char *add_contid(struct rule *rule, int field, const char *text)
{
	const char *op = text + strspn(text, "abcdefghijklmnopqrstuvwxyz_");
	size_t len = strspn(op, "!=<>&");
	bool equal = len == 1 && *op == '=';
	int number = equal ? AUDIT_EQUAL : AUDIT_NOT_EQUAL;
	uint64_t id;

	if (!equal && (len != 2 || strncmp(op, "!=", 2)))
		return wrong(rule, "'%s': contid and contid_tree accept = and != only",
			     text);
	if (!request_id_valid(op + len))
		return wrong(rule, "'%s': '%s' is not a decimal number below 2^64",
			     text, op + len);
	if (rule->data->field_count + 2 > AUDIT_MAX_FIELDS)
		return wrong(rule, "'%s': a rule cannot have more than %d fields; contid counts twice",
			     text, AUDIT_MAX_FIELDS);
	id = strtoull(op + len, NULL, 10);
	add_word(rule, field, number, id);
	add_word(rule, AUDIT_CONTID_HI, number, id >> 32);
	rule->contid = true;
	return NULL;
}

/* libaudit cuts the text in pieces, and may move the rule. */
static const char *add_pair(struct rule *rule, const char *text,
			    int (*add)(struct audit_rule_data **rule,
				       const char *pair, int list))
{
	const char *why;
	char *pair;
	int err;

	why = no_list(rule);
	if (why)
		return why;
	pair = strdup(text);
	if (!pair)
		return wrong(rule, "out of memory");
	err = add(&rule->data, pair, rule->list);
	free(pair);
	return libaudit_says(rule, err, text);
}

const char *rule_add_field(struct rule *rule, const char *text)
{
	int field = contid_field(text);

	/* All keys make one field, the last. */
	if (!strncmp(text, "key=", 4))
		return rule_add_key(rule, text + 4);
	if (field && no_list(rule))
		return rule->why;
	return field ? add_contid(rule, field, text) :
		       add_pair(rule, text, audit_rule_fieldpair_data);
}

const char *rule_add_compare(struct rule *rule, const char *text)
{
	return add_pair(rule, text, audit_rule_interfield_comp_data);
}

static int add_syscall(struct rule *rule, const char *name)
{
	/* libaudit 3.0 does not look where a number leads to. */
	if (isdigit((unsigned char)*name) &&
	    strtoul(name, NULL, 0) >= AUDIT_BITMASK_SIZE * 32)
		return -1;
	if (rule->list != AUDIT_FILTER_URING_EXIT || !strcmp(name, "all"))
		return audit_rule_syscallbyname_data(rule->data, name);
	if (audit_rule_io_uringbyname_data)
		return audit_rule_io_uringbyname_data(rule->data, name);
	/* A number is the same for syscalls and operations. */
	if (!isdigit((unsigned char)*name))
		return -1;
	return audit_rule_syscallbyname_data(rule->data, name);
}

static bool has_syscalls(const struct rule *rule)
{
	return rule->list == AUDIT_FILTER_EXIT ||
	       rule->list == AUDIT_FILTER_URING_EXIT;
}

const char *rule_add_syscalls(struct rule *rule, const char *text)
{
	char *copy, *rest, *name;
	const char *why = no_list(rule);

	if (why)
		return why;
	if (!has_syscalls(rule))
		return wrong(rule, "-S %s: only the lists exit and io_uring have syscalls or operations",
			     text);
	copy = rest = strdup(text);
	while (!why && (name = strsep(&rest, ",")))
		if (add_syscall(rule, name))
			why = wrong(rule, "'%s' is not known as a %s", name,
				    rule->list == AUDIT_FILTER_EXIT ? "syscall" :
				    "number of an io_uring operation");
	free(copy);
	rule->syscalls = true;
	note(&_audit_syscalladded, 1);
	return why;
}

const char *rule_add_watch(struct rule *rule, const char *path)
{
	size_t len = strlen(path);
	struct stat st;
	char *copy;
	int type, err;

	if (rule->list >= 0)
		return wrong(rule, "a watch (-w, -W) has a list already");
	rule->list = AUDIT_FILTER_EXIT;
	rule->action = AUDIT_ALWAYS;
	rule->syscalls = true;
	note(&_audit_syscalladded, 1);
	type = !stat(path, &st) && S_ISDIR(st.st_mode) ? AUDIT_DIR : AUDIT_WATCH;
	while (len > 1 && path[len - 1] == '/')
		len--;
	copy = strndup(path, len);
	err = audit_add_watch_dir(type, &rule->data, copy);
	free(copy);
	return err ? wrong(rule, "libaudit rejects the path '%s'", path) :
		     NULL;
}

static int perm_bit(char c)
{
	switch (c) {
	case 'r': return AUDIT_PERM_READ;
	case 'w': return AUDIT_PERM_WRITE;
	case 'x': return AUDIT_PERM_EXEC;
	case 'a': return AUDIT_PERM_ATTR;
	default:  return 0;
	}
}

const char *rule_add_perms(struct rule *rule, const char *perms)
{
	int bits = 0;
	const char *c;

	for (c = perms; *c; c++) {
		if (!perm_bit(*c))
			return wrong(rule, "-p %s: permissions are some of rwxa",
				     perms);
		bits |= perm_bit(*c);
	}
	if (audit_update_watch_perms(rule->data, bits))
		return wrong(rule, "-p %s: there is no watch (-w) before it",
			     perms);
	return NULL;
}

const char *rule_add_key(struct rule *rule, const char *key)
{
	static const char separator[] = { AUDIT_KEY_SEPARATOR, '\0' };

	if (!*key || strchr(key, AUDIT_KEY_SEPARATOR))
		return wrong(rule, "'%s' cannot be a key", key);
	if (strlen(rule->key) + !!*rule->key + strlen(key) > AUDIT_MAX_KEY_LEN)
		return wrong(rule, "the keys are longer than %d characters",
			     AUDIT_MAX_KEY_LEN);
	if (*rule->key)
		strcat(rule->key, separator);
	strcat(rule->key, key);
	return NULL;
}

/* What auditctl adds in the end: the key, and all syscalls if there are none */
const char *rule_finish(struct rule *rule)
{
	char pair[sizeof(rule->key) + 4];

	if (rule->list < 0)
		return wrong(rule, "there is no list (-a, -A, -d) and no watch (-w, -W)");
	if (!rule->syscalls && rule->list != AUDIT_FILTER_TASK)
		audit_rule_syscallbyname_data(rule->data, "all");
	if (!*rule->key)
		return NULL;
	/* A container makes a rule special enough to have a key. */
	if (rule->contid && has_syscalls(rule))
		note(&_audit_syscalladded, 1);
	snprintf(pair, sizeof(pair), "key=%s", rule->key);
	return add_pair(rule, pair, audit_rule_fieldpair_data);
}
