// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid runtime: stand in for an OCI runtime. Move this process into the
 * right audit container and become the real runtime, whose children inherit it.
 */

#include <argp.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auditcid.h"

#define EXEC_SUFFIX "/exec"

/*
 * Set for what this process becomes, as PID:TIMES. A wrapper may find the stand-in of
 * another one, and that one find itself.
 */
#define PASSED_ENV "AUDITCID_PASSED"
#define PASSES_MAX 8

struct settings {
	const char	*runtime;
	const char	*home;		/* of a diverted runtime; NULL: not diverted */
	const char	*wrong;		/* with the configuration; NULL: nothing */
	bool		join;		/* exec joins the container's own ID */
	struct labelling how;
};

static const struct argp_option options[] = {
	{ "runtime", 'r', "RUNTIME", 0, "The real runtime: runc, crun, or a path", 0 },
	{ "exec", 'e', "child|join", 0,
	  "Give exec sessions IDs of their own below the container's ID (the "
	  "default), or the container's ID", 0 },
	{}
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct settings *set = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &set->how;
		return 0;
	case 'r':
		set->runtime = arg;
		return 0;
	case 'e':
		set->join = !strcmp(arg, "join");
		if (!set->join && strcmp(arg, "child"))
			argp_error(state, "--exec is child or join, not '%s'", arg);
		return set->join || !strcmp(arg, "child") ? 0 : EINVAL;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = { { &label_argp, 0, NULL, 0 }, {} };

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.children = children,
	.args_doc = "-- [RUNTIME-ARG...]",
	.doc = "Run an OCI runtime. A container that it creates or runs becomes "
	       "an audit container. An exec session becomes a child of the "
	       "container's audit container.",
};

/* These return NULL, or why it could not be done. */

static const char *write_own(const struct request *req)
{
	int dir = proc_open_self();
	const char *why = NULL;

	if (dir < 0)
		return "/proc/self cannot be opened: mount /proc";
	if (cid_write(dir, req))
		why = cid_why_refused(dir, req, errno);
	close(dir);
	return why;
}

/* Reads and closes @dir */
static const char *read_and_close(int dir, uint64_t *contid)
{
	const char *why = NULL;

	if (dir < 0)
		return "/proc/self cannot be opened: mount /proc";
	if (cid_read(dir, contid))
		why = cid_why_unread(dir, errno);
	close(dir);
	return why;
}

/* A runtime or hook that assigns IDs leaves this one. */
static void tell_runtime(const char *id)
{
	uint64_t own;
	char *value;

	if (read_and_close(proc_open_self(), &own) ||
	    asprintf(&value, "%" PRIu64 ":%s", own, id) < 0)
		return;
	setenv(ASSIGNED_ENV, value, 1);
	free(value);
}

static const char *label_create(const struct settings *set, const struct cmdline *cmd)
{
	int dir = proc_open_self();
	struct bundle bundle;
	const char *why;

	if (dir < 0)
		return "/proc/self cannot be opened: mount /proc";
	bundle_read(&bundle, cmd->id, cmd->bundle, cmd->config);
	why = label_new(dir, &set->how, &bundle);
	bundle_free(&bundle);
	close(dir);
	if (!why)
		tell_runtime(cmd->id);
	return why;
}

/* An exec session is called as its container. */
static void name_session(char *name, const struct settings *set, const char *id,
			 const char *path)
{
	struct bundle bundle;

	bundle_read(&bundle, id, path, "config.json");
	template_name(name, AUDIT_CID_NAME_MAX - strlen(EXEC_SUFFIX), set->how.template,
		      &bundle);
	bundle_free(&bundle);
	strcat(name, EXEC_SUFFIX);
}

static const char *enter(const struct settings *set, const char *id, const char *bundle,
			 uint64_t contid, uint64_t own)
{
	char name[AUDIT_CID_NAME_MAX + 1], number[24];
	struct request req = {};
	const char *why = NULL;

	snprintf(number, sizeof(number), "%" PRIu64, contid);
	/* The own ID, which may be 0, can be neither joined nor named. */
	if (set->join) {
		req.join = number;
	} else {
		name_session(name, set, id, bundle);
		req.name = name;
		req.parent = contid == own ? NULL : number;
	}
	if (!set->join || contid != own)
		why = write_own(&req);
	if (!why)
		tell_runtime(id);
	return why;
}

/* Without the feature, or rootless without a delegation, one line at the start will do. */
static bool was_logged_at_start(void)
{
	return access("/proc/self/audit_containerid", F_OK) || !proc_in_init_userns();
}

static const char *label_exec(const struct settings *set, const char *path, char **argv,
			      const struct cmdline *cmd)
{
	char bundle[PATH_MAX];
	uint64_t own, contid;
	const char *why;
	int dir;

	why = read_and_close(proc_open_self(), &own);
	if (why)
		return !set->how.strict && was_logged_at_start() ? NULL : why;
	why = runtime_init(path, argv, cmd, &dir, bundle);
	if (!why)
		why = read_and_close(dir, &contid);
	return why ? why : enter(set, cmd->id, bundle, contid, own);
}

/* How often this process has already executed this program: exec keeps the PID */
static int passes(void)
{
	const char *value = getenv(PASSED_ENV);
	int pid, times;

	return value && sscanf(value, "%d:%d", &pid, &times) == 2 && pid == getpid() &&
	       times > 0 ? times : 0;
}

static void count_pass(int times)
{
	char value[32];

	snprintf(value, sizeof(value), "%d:%d", getpid(), times);
	setenv(PASSED_ENV, value, 1);
}

/* Has a wrapper, which then executed this program, assigned the ID? */
static bool is_labelled(const struct cmdline *cmd)
{
	const char *value = getenv(ASSIGNED_ENV);
	char id[AUDIT_CID_NAME_MAX + 1];
	uint64_t own;

	if (!value || read_and_close(proc_open_self(), &own))
		return false;
	request_clean_name(id, cmd->id, strlen(cmd->id));
	return label_is_assigned(value, own, id);
}

static const char *label(const struct settings *set, const char *path, char **argv,
			 const struct cmdline *cmd)
{
	/* Without a container, the runtime has an error to report. */
	if (cmd->verb == RUNTIME_OTHER || !cmd->id || is_labelled(cmd))
		return NULL;
	/* The wrapper before this one has logged why there is no ID. */
	if (passes() && !set->how.strict)
		return NULL;
	if (cmd->verb == RUNTIME_EXEC)
		return label_exec(set, path, argv, cmd);
	return label_create(set, cmd);
}

static __attribute__((noreturn, format(printf, 2, 3)))
void refuse(const struct cmdline *cmd, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	runtime_complain(cmd, stderr, format, args);
	va_end(args);
	exit(EXIT_OWN);
}

static void check_call(const struct settings *set, const struct cmdline *cmd, const char *path)
{
	if (passes() >= PASSES_MAX)
		refuse(cmd, "%s is auditcid itself, or leads to it again: no runtime was run", path);
	if (set->wrong && cmd->verb != RUNTIME_OTHER)
		refuse(cmd, "%s; %s was not run", set->wrong, path);
	if (cmd->unknown)
		refuse(cmd, "the option %s of %s is not known to auditcid, so it is "
		       "unclear which container this is; %s was not run", cmd->unknown,
		       path, path);
}

static int run(const struct settings *set, const char *path, char **argv)
{
	count_pass(passes() + 1);
	if (set->home) {
		execv(path, argv);
		/* The diversion has just ended, which moved the runtime back. */
		if (errno == ENOENT)
			execv(set->home, argv);
	}
	return exec_program(path, argv);
}

/* @argv[0] is where the real runtime's name goes. */
static int run_labelled(const struct settings *set, int argc, char **argv)
{
	char *path = find_program(set->runtime);
	struct cmdline cmd;
	const char *why;
	int status;

	if (!path)
		errx(EXIT_NOT_FOUND, "cannot find the runtime %s", set->runtime);
	argv[0] = path;
	cmdline_parse(argc, argv, &cmd);
	check_call(set, &cmd, path);
	why = label(set, path, argv, &cmd);
	if (why && set->how.strict)
		refuse(&cmd, "cannot assign an ID to container %s: %s; %s was not run",
		       cmd.id, why, path);
	if (why)
		warn_admin("%s container %s runs without an audit container ID of its "
			   "own: %s", cmd.verb == RUNTIME_EXEC ? "an exec session in" :
			   "the", cmd.id, why);
	status = run(set, path, argv);
	free(path);
	return status;
}

int runtime_main(int argc, char **argv)
{
	struct settings set = {};
	int first;

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, &first, &set);
	if (!set.runtime)
		errx(EXIT_OWN, "which runtime? Give --runtime runc, crun or a path");
	return run_labelled(&set, argc - first + 1, argv + first - 1);
}

int runtime_called_as(const char *name, int argc, char **argv)
{
	const struct settings set = { .runtime = name };

	return run_labelled(&set, argc, argv);
}

int runtime_diverted(const struct diverted *diverted, int argc, char **argv)
{
	struct settings set = { .wrong = diverted->wrong };
	int first = 0;

	if (!set.wrong && (argp_parse(&argp, diverted->count, diverted->options, ARGP_IN_ORDER |
				      ARGP_NO_ERRS | ARGP_NO_EXIT | ARGP_NO_HELP, &first, &set) ||
			   first != diverted->count))
		set.wrong = "an option in " DIVERT_CONFIG " is wrong";
	set.runtime = diverted->path;
	set.home = diverted->home;
	return run_labelled(&set, argc, argv);
}
