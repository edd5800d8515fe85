/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * auditcid: put processes and containers into audit containers.
 */
#ifndef AUDITCID_H
#define AUDITCID_H

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "../../include/uapi/linux/audit_cid.h"

/* The exit statuses of env(1) and podman(1) for failures of their own */
#define EXIT_OWN		125
#define EXIT_NOT_EXECUTABLE	126
#define EXIT_NOT_FOUND		127

/* Commands that read logs: as ausearch where nothing is found; wrong use */
#define EXIT_NOTHING		1
#define EXIT_USAGE		2

/* check: something is wrong */
#define EXIT_FOUND		1

/* The sub-commands, each with argv[0] being its own name */
int run_main(int argc, char **argv);
int show_main(int argc, char **argv);
int rule_main(int argc, char **argv);
int whose_main(int argc, char **argv);
int container_main(int argc, char **argv);
int tree_main(int argc, char **argv);
int search_main(int argc, char **argv);
int report_main(int argc, char **argv);
int plugin_main(int argc, char **argv);
int check_main(int argc, char **argv);
int hook_main(int argc, char **argv);
int runtime_main(int argc, char **argv);

/* As the runtime @name, under which the program was called: auditcid-runc */
int runtime_called_as(const char *name, int argc, char **argv);

#define DIVERT_CONFIG	"/etc/auditcid/divert.json"
struct diverted {
	char		*path;		/* where the runtime is */
	char		*home;		/* where it belongs, and is if the diversion has ended */
	const char	*wrong;		/* with the configuration; NULL: nothing */
	int		count;		/* of @options, which auditcid runtime has, too */
	char		**options;
};
int runtime_diverted(const struct diverted *diverted, int argc, char **argv);

/* proc.c: what /proc says about a process, by the descriptor of its directory */
int proc_open(pid_t pid);
int proc_open_self(void);
bool proc_is_ours(void);
bool proc_in_init_userns(void);
bool proc_alive(int dir);
pid_t proc_parent(int dir);
uint64_t proc_start_time(int dir);
uint64_t proc_now(void);
ssize_t proc_read(int dir, const char *name, char *buf, size_t size);
void proc_comm(int dir, char *comm, size_t size);

/* request.c: what can be written to the file */
struct request {
	const char	*name;
	const char	*parent;
	const char	*join;
	const char	*delegate;
	bool		announce;
};

bool request_name_valid(const char *name);
bool request_id_valid(const char *text);
void request_clean_name(char *to, const char *from, size_t len);
void request_format(char *to, size_t size, const struct request *req);

/* file.c: the file itself; 0, or -1 and errno */
int cid_read(int dir, uint64_t *id);
int cid_write(int dir, const struct request *req);
const char *cid_why_unread(int dir, int err);
const char *cid_why_refused(int dir, const struct request *req, int err);

/* grants.c: what was delegated, and how much of it is in use */
struct grant {
	uint64_t	id, budget, used;	/* budget 0: no grant */
};

struct grants {
	struct grant	*list;
	size_t		count;
};

const char *grants_read(struct grants *grants);
const struct grant *grants_find(const struct grants *grants, uint64_t id);

/*
 * Set by the wrapper, as ID:CONTAINER, for a runtime (and hooks of its own) that would
 * assign an ID, too: the process with that ID is in an audit container for CONTAINER.
 */
#define ASSIGNED_ENV		"AUDIT_CONTAINERID"

/* oci.c: the state of a container as the OCI runtime specification has it */
#define OCI_STATE_MAX		(1 << 20)

struct oci_state {
	char	id[AUDIT_CID_NAME_MAX + 1];	/* as request_clean_name() gives it */
	char	status[16];
	pid_t	pid;
	char	bundle[PATH_MAX];		/* empty: none is given */
};

/* The init process of a container, as the runtime has written it down for itself */
struct oci_init {
	pid_t		pid;
	uint64_t	start;	/* as proc_start_time() has it */
	char		bundle[PATH_MAX];	/* empty: none is given */
};

const char *oci_state_read(int fd, struct oci_state *state);
const char *oci_state_parse(const char *text, size_t len,
			    struct oci_state *state);
int oci_init_read(int fd, bool is_crun, const char *id, struct oci_init *init);

/* cmdline.c: the command line of an OCI runtime */
enum runtime_verb {
	RUNTIME_OTHER,
	RUNTIME_CREATE,
	RUNTIME_EXEC,
};

struct cmdline {
	enum runtime_verb	verb;
	bool			is_crun;
	int			globals;	/* argv[1] to argv[globals - 1] */
	const char		*root, *log, *log_format;	/* NULL: not given */
	const char		*bundle, *config;	/* NULL: not known */
	const char		*id;
	const char		*unknown;	/* what could not be parsed */
};

void cmdline_parse(int argc, char **argv, struct cmdline *cmd);

/* exec.c */
char *find_program(const char *name);
int exec_program(const char *path, char **argv);
int exec_command(char **argv);

/* state.c: the init process of a container: NULL and its proc_open(), or why not */
const char *runtime_init(const char *path, char **argv, const struct cmdline *cmd,
			 int *dir, char bundle[PATH_MAX]);

/* bundle.c: what a container is called; the texts are as somebody chose them */
struct json_object;

struct bundle {
	const char		*id;
	const char		*namespace, *pod, *container;	/* Kubernetes' */
	const char		*name;				/* its manager's */
	const char		*hostname;
	char			path[PATH_MAX];
	struct json_object	*config, *other;
};

void bundle_read(struct bundle *bundle, const char *id, const char *path, const char *file);
void bundle_free(struct bundle *bundle);
const char *bundle_annotation(const struct bundle *bundle, const char *key);
bool bundle_in_sandbox(const struct bundle *bundle);
pid_t bundle_sandbox_pid(const struct bundle *bundle);

/* label.c: make a container of a runtime an audit container */
struct labelling {
	const char	*template;	/* NULL: the default */
	bool		below_sandbox;
	bool		strict;		/* better not run than without an ID */
};

extern const struct argp label_argp;	/* its input is a struct labelling */
const char *template_wrong(const char *template);
void template_name(char *to, size_t room, const char *template,
		   const struct bundle *bundle);
bool label_is_assigned(const char *value, uint64_t own, const char *id);
const char *label_new(int dir, const struct labelling *how, const struct bundle *bundle);
void warn_admin(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* complain.c: why a container did not start */
void runtime_complain(const struct cmdline *cmd, FILE *err, const char *format, va_list args);

#endif /* AUDITCID_H */
