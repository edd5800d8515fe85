/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * auditcid: the event that was printed last, kept in a file between two searches.
 */
#ifndef AUDITCID_CHECKPOINT_H
#define AUDITCID_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

/* As ausearch's: the event of the checkpoint is not in the logs */
#define EXIT_CHECKPOINT	12

/*
 * Read it, if there is one. With @start, its time is where to begin, whether the
 * event is still in the logs or not.
 */
struct checkpoint *checkpoint_open(const char *path, uint64_t *start);
/* Does the event come behind it? To be asked for each, in order; NULL: always */
bool checkpoint_is_behind(struct checkpoint *point, const char *key);
void checkpoint_note(struct checkpoint *point, const char *key);
/* Write it. False: the event was never found. */
bool checkpoint_close(struct checkpoint *point);

#endif /* AUDITCID_CHECKPOINT_H */
