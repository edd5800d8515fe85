/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * auditcid check: what was found, as the JSON that is printed
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

struct json_object;

enum verdict { CHECK_OK, CHECK_NOTE, CHECK_PROBLEM };

struct check {
	struct json_object	*node;		/* an object for each part of the configuration */
	struct json_object	*processes;	/* ... for each process without an ID */
	unsigned int		problems;	/* of both */
	bool			can_read;	/* the IDs of processes */
};

void check_say(struct check *check, const char *what, enum verdict verdict,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

void check_node(struct check *check);		/* node.c */
void check_processes(struct check *check);	/* strays.c */

#endif /* CHECK_H */
