// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid rule: print a rule as auditctl's words.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auditcid.h"
#include "rule.h"

/* The fields that AUDIT_COMPARE_* compare */
static const unsigned char compared[][2] = {
	[AUDIT_COMPARE_UID_TO_OBJ_UID]	 = { AUDIT_UID, AUDIT_OBJ_UID },
	[AUDIT_COMPARE_GID_TO_OBJ_GID]	 = { AUDIT_GID, AUDIT_OBJ_GID },
	[AUDIT_COMPARE_EUID_TO_OBJ_UID]	 = { AUDIT_EUID, AUDIT_OBJ_UID },
	[AUDIT_COMPARE_EGID_TO_OBJ_GID]	 = { AUDIT_EGID, AUDIT_OBJ_GID },
	[AUDIT_COMPARE_AUID_TO_OBJ_UID]	 = { AUDIT_LOGINUID, AUDIT_OBJ_UID },
	[AUDIT_COMPARE_SUID_TO_OBJ_UID]	 = { AUDIT_SUID, AUDIT_OBJ_UID },
	[AUDIT_COMPARE_SGID_TO_OBJ_GID]	 = { AUDIT_SGID, AUDIT_OBJ_GID },
	[AUDIT_COMPARE_FSUID_TO_OBJ_UID] = { AUDIT_FSUID, AUDIT_OBJ_UID },
	[AUDIT_COMPARE_FSGID_TO_OBJ_GID] = { AUDIT_FSGID, AUDIT_OBJ_GID },
	[AUDIT_COMPARE_UID_TO_AUID]	 = { AUDIT_UID, AUDIT_LOGINUID },
	[AUDIT_COMPARE_UID_TO_EUID]	 = { AUDIT_UID, AUDIT_EUID },
	[AUDIT_COMPARE_UID_TO_FSUID]	 = { AUDIT_UID, AUDIT_FSUID },
	[AUDIT_COMPARE_UID_TO_SUID]	 = { AUDIT_UID, AUDIT_SUID },
	[AUDIT_COMPARE_AUID_TO_FSUID]	 = { AUDIT_LOGINUID, AUDIT_FSUID },
	[AUDIT_COMPARE_AUID_TO_SUID]	 = { AUDIT_LOGINUID, AUDIT_SUID },
	[AUDIT_COMPARE_AUID_TO_EUID]	 = { AUDIT_LOGINUID, AUDIT_EUID },
	[AUDIT_COMPARE_EUID_TO_SUID]	 = { AUDIT_EUID, AUDIT_SUID },
	[AUDIT_COMPARE_EUID_TO_FSUID]	 = { AUDIT_EUID, AUDIT_FSUID },
	[AUDIT_COMPARE_SUID_TO_FSUID]	 = { AUDIT_SUID, AUDIT_FSUID },
	[AUDIT_COMPARE_GID_TO_EGID]	 = { AUDIT_GID, AUDIT_EGID },
	[AUDIT_COMPARE_GID_TO_FSGID]	 = { AUDIT_GID, AUDIT_FSGID },
	[AUDIT_COMPARE_GID_TO_SGID]	 = { AUDIT_GID, AUDIT_SGID },
	[AUDIT_COMPARE_EGID_TO_FSGID]	 = { AUDIT_EGID, AUDIT_FSGID },
	[AUDIT_COMPARE_EGID_TO_SGID]	 = { AUDIT_EGID, AUDIT_SGID },
	[AUDIT_COMPARE_SGID_TO_FSGID]	 = { AUDIT_SGID, AUDIT_FSGID },
};

/* One field, taken apart */
struct field {
	uint32_t	type;
	uint32_t	value;
	const char	*op;
	const char	*text;	/* value is its length */
};

size_t rule_text_len(const struct audit_rule_data *data, unsigned int i)
{
	switch (data->fields[i]) {
	case AUDIT_SUBJ_USER ... AUDIT_SUBJ_CLR:
	case AUDIT_OBJ_USER ... AUDIT_OBJ_LEV_HIGH:
	case AUDIT_WATCH:
	case AUDIT_DIR:
	case AUDIT_EXE:
	case AUDIT_FILTERKEY:
		return data->values[i];
	default:
		return 0;
	}
}

bool rule_has_key(const struct audit_rule_data *data, const char *key)
{
	const char *text = data->buf;
	unsigned int i;

	for (i = 0; i < data->field_count; i++) {
		if (data->fields[i] == AUDIT_FILTERKEY &&
		    memmem(text, data->values[i], key, strlen(key)))
			return true;
		text += rule_text_len(data, i);
	}
	return false;
}

static void print_keys(const struct field *f)
{
	const char *at = f->text, *end = f->text + f->value;
	size_t len;

	for (; at < end; at += len + 1) {
		for (len = 0; at + len < end && at[len] != AUDIT_KEY_SEPARATOR;)
			len++;
		printf(" -F key=%.*s", (int)len, at);
	}
}

static void print_compare(const struct field *f)
{
	const unsigned char *pair;

	if (!f->value || f->value >= sizeof(compared) / sizeof(*compared)) {
		printf(" -F field_compare%s%u", f->op, f->value);
		return;
	}
	pair = compared[f->value];
	printf(" -C %s%s%s", audit_field_to_name(pair[0]), f->op,
	       audit_field_to_name(pair[1]));
}

static void print_arch(const struct field *f)
{
	int machine = audit_elf_to_machine(f->value);
	int native = audit_detect_machine();
	bool b32 = machine == MACH_X86 && native == MACH_86_64;

	if (machine == native || b32)
		printf(" -F arch%s%s", f->op, b32 ? "b32" : "b64");
	else
		printf(" -F arch%s0x%X", f->op, f->value);
}

static void print_perms(const struct field *f)
{
	printf(" -F perm%s%s%s%s%s", f->op,
	       f->value & AUDIT_PERM_READ ? "r" : "",
	       f->value & AUDIT_PERM_WRITE ? "w" : "",
	       f->value & AUDIT_PERM_EXEC ? "x" : "",
	       f->value & AUDIT_PERM_ATTR ? "a" : "");
}

/* The name of a value, or NULL if it has none */
static const char *value_name(const struct field *f)
{
	switch (f->type) {
	case AUDIT_MSGTYPE:	return audit_msg_type_to_name(f->value);
	case AUDIT_FILETYPE:	return audit_ftype_to_name(f->value);
	case AUDIT_FSTYPE:	return audit_fstype_to_name(f->value);
	default:		return NULL;
	}
}

static void print_number(const struct field *f, const char *name)
{
	const char *value = value_name(f);

	if (value)
		printf(" -F %s%s%s", name, f->op, value);
	else if (f->type >= AUDIT_ARG0 && f->type <= AUDIT_ARG3)
		printf(" -F %s%s0x%X", name, f->op, f->value);
	else if (f->type == AUDIT_EXIT || f->value == ~0U)
		printf(" -F %s%s%d", name, f->op, f->value);
	else
		printf(" -F %s%s%u", name, f->op, f->value);
}

static void print_field(const struct field *f)
{
	const char *name = audit_field_to_name(f->type);

	if (f->type == AUDIT_FILTERKEY)
		print_keys(f);
	else if (f->type == AUDIT_FIELD_COMPARE)
		print_compare(f);
	else if (f->type == AUDIT_ARCH)
		print_arch(f);
	else if (f->type == AUDIT_PERM)
		print_perms(f);
	else if (f->text)
		printf(" -F %s%s%.*s", name, f->op, (int)f->value, f->text);
	else if (name)
		print_number(f, name);
	else
		printf(" -F f%u%s%u", f->type, f->op, f->value);
}

static void print_contid(const struct field *low, uint32_t high)
{
	printf(" -F %s%s%" PRIu64,
	       low->type == AUDIT_CONTID ? "contid" : "contid_tree", low->op,
	       low->value | (uint64_t)high << 32);
}

static const char *syscall_name(const struct audit_rule_data *data,
				unsigned int nr, int machine)
{
	if ((data->flags & RULE_LIST_MASK) == AUDIT_FILTER_EXIT)
		return audit_syscall_to_name(nr, machine);
	return audit_uringop_to_name ? audit_uringop_to_name(nr) : NULL;
}

/* The kernel takes the classes out of the last word. */
static bool all_syscalls(const struct audit_rule_data *data)
{
	int i;

	for (i = 0; i < AUDIT_BITMASK_SIZE - 1; i++)
		if (data->mask[i] != ~0U)
			return false;
	return true;
}

static void print_syscalls(const struct audit_rule_data *data, int machine)
{
	const char *name, *before = " -S ";
	unsigned int nr;

	if (all_syscalls(data)) {
		printf(" -S all");
		return;
	}
	for (nr = 0; nr < AUDIT_BITMASK_SIZE * 32; nr++) {
		if (!(data->mask[AUDIT_WORD(nr)] & AUDIT_BIT(nr)))
			continue;
		name = syscall_name(data, nr, machine);
		if (name)
			printf("%s%s", before, name);
		else
			printf("%s%u", before, nr);
		before = ",";
	}
}

static bool has_syscalls(const struct audit_rule_data *data)
{
	uint32_t list = data->flags & RULE_LIST_MASK;

	return list == AUDIT_FILTER_EXIT || list == AUDIT_FILTER_URING_EXIT;
}

/* The field of the architecture, which gives the syscalls their names, or -1 */
static int arch_field(const struct audit_rule_data *data)
{
	unsigned int i;

	for (i = 0; i < data->field_count; i++)
		if (data->fields[i] == AUDIT_ARCH)
			return i;
	return -1;
}

/*
 * The syscalls are printed behind the architecture, wherever it stands: in the
 * order of the fields two rules can differ.
 */
static void print_fields(const struct audit_rule_data *data)
{
	int arch = arch_field(data);
	int machine = arch < 0 ? audit_detect_machine() :
				 audit_elf_to_machine(data->values[arch]);
	const char *text = data->buf;
	int i;

	if (arch < 0 && has_syscalls(data))
		print_syscalls(data, machine);
	for (i = 0; i < (int)data->field_count; i++) {
		struct field f = {
			.type = data->fields[i],
			.value = data->values[i],
			.op = audit_operator_to_symbol(data->fieldflags[i]),
			.text = rule_text_len(data, i) ? text : NULL,
		};

		if (f.type == AUDIT_CONTID || f.type == AUDIT_CONTID_TREE)
			print_contid(&f, data->values[++i]);
		else
			print_field(&f);
		text += f.text ? f.value : 0;
		if (i == arch && has_syscalls(data))
			print_syscalls(data, machine);
	}
}

void rule_print(const struct audit_rule_data *data)
{
	int list = data->flags & RULE_LIST_MASK;
	const char *name = audit_flag_to_name(list);

	printf("-a %s,%s", audit_action_to_name(data->action),
	       list == AUDIT_FILTER_URING_EXIT ? "io_uring" : name ? name : "?");
	print_fields(data);
	putchar('\n');
}
