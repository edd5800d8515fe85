/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * auditcid rule: a rule as auditctl's words, and as the kernel has it.
 */
#ifndef AUDITCID_RULE_H
#define AUDITCID_RULE_H

#include <libaudit.h>
#include <stdbool.h>

#include "../../include/uapi/linux/audit_cid.h"

/* An include/uapi/linux/audit.h without the patch does not have them. */
#ifndef AUDIT_CONTID
#define AUDIT_CONTID		27
#define AUDIT_CONTID_HI		28
#define AUDIT_CONTID_TREE	29
#endif
#ifndef AUDIT_FEATURE_BITMAP_CONTID
#define AUDIT_FEATURE_BITMAP_CONTID	0x00000080
#endif
#ifndef AUDIT_FILTER_URING_EXIT
#define AUDIT_FILTER_URING_EXIT	0x07
#endif
#define RULE_LIST_MASK		0x07	/* of the flags of a rule */

/*
 * libaudit's memory of the rule that it is parsing. auditctl sets it, too: a
 * key, for one, wants a syscall before it, of which libaudit 3.0 keeps no note.
 */
extern int _audit_permadded;
extern int _audit_archadded;
extern int _audit_syscalladded;
extern int _audit_exeadded;
extern int _audit_filterfsadded;
extern unsigned int _audit_elf;
#pragma weak _audit_permadded
#pragma weak _audit_archadded
#pragma weak _audit_syscalladded
#pragma weak _audit_exeadded
#pragma weak _audit_filterfsadded
#pragma weak _audit_elf

/* Where libaudit's messages go */
void set_aumessage_mode(message_t mode, debug_message_t debug);
#pragma weak set_aumessage_mode

/* From libaudit 3.1 on */
int audit_rule_io_uringbyname_data(struct audit_rule_data *rule, const char *op);
const char *audit_uringop_to_name(int op);
#pragma weak audit_rule_io_uringbyname_data
#pragma weak audit_uringop_to_name

struct rule {
	struct audit_rule_data	*data;
	int	list;		/* AUDIT_FILTER_*; negative: none was given */
	int	prepend;	/* AUDIT_FILTER_PREPEND or 0 */
	int	action;
	bool	remove;		/* -d or -W */
	bool	syscalls;	/* -S was given */
	bool	contid;		/* has a field of ours */
	char	key[AUDIT_MAX_KEY_LEN + 1];
	char	why[256];
};

/*
 * rule_parse.c: a word of the command line each. They return what is wrong, or
 * NULL. A rule that has been freed can be initialized again.
 */
void rule_init(struct rule *rule);
void rule_free(struct rule *rule);
const char *rule_add_list(struct rule *rule, const char *text);
const char *rule_add_field(struct rule *rule, const char *text);
const char *rule_add_compare(struct rule *rule, const char *text);
const char *rule_add_syscalls(struct rule *rule, const char *text);
const char *rule_add_watch(struct rule *rule, const char *path);
const char *rule_add_perms(struct rule *rule, const char *perms);
const char *rule_add_key(struct rule *rule, const char *key);
const char *rule_finish(struct rule *rule);

/* rule_print.c: print a rule as such words, on a line */
void rule_print(const struct audit_rule_data *data);
bool rule_has_key(const struct audit_rule_data *data, const char *key);

/* The length of the text that a field has in the rule's buffer, or 0 */
size_t rule_text_len(const struct audit_rule_data *data, unsigned int i);

#endif /* AUDITCID_RULE_H */
