/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: check that the log has one creation and then one end of
 * every ID
 */
#ifndef _SELFTESTS_AUDIT_CID_ACCOUNTS_H
#define _SELFTESTS_AUDIT_CID_ACCOUNTS_H

#include "audit.h"

/* The records of an ID that the log has. */
enum life { UNKNOWN, CREATED, ENDED };

struct accounts {
	unsigned long	first;
	unsigned long	newest;
	unsigned char	*life;
	size_t		size;
	unsigned long	created;
	unsigned long	ended;
	unsigned long	wrong;
};

static inline void account(struct accounts *acc, unsigned long id,
			   enum life life)
{
	size_t at;

	if (!acc->first)
		acc->first = id;
	at = id - acc->first;
	if (at >= acc->size) {
		size_t size = 2 * at + 4096;

		acc->life = realloc(acc->life, size);
		memset(acc->life + acc->size, UNKNOWN, size - acc->size);
		acc->size = size;
	}
	/* From unknown to created to ended, and no other way. */
	if (acc->life[at] != life - 1) {
		printf("# ID %lu: from state %d to %d\n", id, acc->life[at],
		       life);
		acc->wrong++;
	}
	acc->life[at] = life;
	acc->newest = id > acc->newest ? id : acc->newest;
}

/* Count the records of the log, and drop them. */
static inline void account_log(struct accounts *acc, struct audit_log *log)
{
	unsigned long id;
	size_t i;

	for (i = 0; i < log->count; i++) {
		const char *text = log->record[i].text;

		/*
		 * The records of denied attempts, and of other operations, are
		 * not counted.
		 */
		if (sscanf(text, "op=create ocontid=%lu", &id) == 1) {
			account(acc, id, CREATED);
			acc->created++;
		} else if (sscanf(text, "op=exit ocontid=%lu", &id) == 1) {
			account(acc, id, ENDED);
			acc->ended++;
		}
	}
	audit_forget(log);
}

/* Read along, or the log would take all of the memory in the end. */
static inline void keep_up(struct __test_metadata *const _metadata,
			   struct audit_log *log, struct accounts *acc)
{
	int ret;

	do {
		ret = audit_receive(log, 0);
		ASSERT_LE(0, ret);
	} while (ret);
	account_log(acc, log);
}

#endif /* _SELFTESTS_AUDIT_CID_ACCOUNTS_H */
