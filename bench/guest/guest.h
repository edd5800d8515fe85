/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmark's program in the guest: the only one there, and its first
 * process. Results go to the console, one a line, for bench/report:
 *
 *	B CASE N VALUE...	instructions that N operations took, per sample
 *	V CASE VALUE		any other number
 */
#ifndef GUEST_H
#define GUEST_H

#include <libaudit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SAMPLES		7

/* Fields of rules that libaudit does not know. */
#define FIELD_CONTID	27
#define FIELD_HI	28
#define FIELD_TREE	29

/* main.c: running things and counting them */
typedef void (*op_fn)(void *arg);

void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...);
void check(bool ok, const char *what);
uint64_t count_now(void);
void row(const char *name, int ops, const uint64_t took[SAMPLES + 1]);
void samples(const char *name, int ops, op_fn round, void *arg);
void sample(const char *name, int n, op_fn op, void *arg);
void sample_logged(const char *name, int n, op_fn op, void *arg);
void value(const char *name, double number);
pid_t spawn(void (*fn)(void *arg), void *arg);
void reap(pid_t pid);
void in_child(void (*fn)(void *arg), void *arg);
void put(const char *path, const char *text);
void pin(int cpu);
void *shared(size_t size);
const char *label(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* audit.c: the kernel's audit, and a daemon that drains it */
/**
 * struct drained - what the daemon has received; shared with all processes
 * @records: number of records
 * @bytes: length of the text of all records
 * @want: number of records at which to wake who waits
 */
struct drained {
	volatile uint64_t records, bytes, want;
};

extern struct drained *drained;
extern bool have_cid;

typedef void (*record_fn)(int type, char *text);

void audit_enable(bool on);
void audit_no_wait(void);
void audit_status(struct audit_status *status);
void audit_setup(void);
pid_t daemon_start(record_fn on_record);
void daemon_stop(pid_t pid);
void expect_records(uint64_t n);
void await_records(void);
struct audit_rule_data *rule_for(const char *call);
void rule_field(struct audit_rule_data *rule, int type, int op, uint32_t val);
void rule_contid(struct audit_rule_data *rule, int type, uint64_t id);
void rule_add(struct audit_rule_data *rule, int list, int action);
void rule_drop(struct audit_rule_data *rule, int list, int action);
void contain(pid_t pid, const char *command);
void contain_self(const char *command);
uint64_t contid_of(pid_t pid);

/* The suites */
void cost_suite(void);
void event_suite(void);
void live_suite(void);
void memory_suite(void);
void others_suite(void);
void lookup_suite(void);
void smp_suite(void);
void daemon_suite(void);

/* ops.c: operations that several suites count */
void loopback_up(void);
void run_program(const char *const argv[]);
void op_getppid(void *arg);
void op_pwrite(void *arg);
void op_open(void *arg);
void op_fork(void *arg);
void op_unshare(void *arg);
void op_setns(void *arg);
void op_clone(void *arg);
void op_thread(void *arg);
void op_vfork_exec(void *arg);
void op_packet(void *arg);
pid_t fork_idle(void);

#endif
