// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid runtime: stand in for an OCI runtime. Move this process into the
 * right audit container and become the real runtime, whose children inherit it.
 */

#include <argp.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auditcid.h"

#define EXEC_SUFFIX "/exec"

struct settings {
	const char	*runtime;
	bool		join;		/* exec joins the container's own ID */
	bool		lenient;	/* better unlabelled than not run */
};

static const struct argp_option options[] = {
	{ "runtime", 'r', "RUNTIME", 0, "The real runtime: runc, crun, or a path", 0 },
	{ "exec", 'e', "child|join", 0,
	  "Give exec sessions IDs of their own below the container's ID (the "
	  "default), or the container's ID", 0 },
	{ "lenient", 'l', NULL, 0,
	  "If the ID cannot be assigned, warn and run the runtime", 0 },
	{}
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct settings *set = state->input;

	switch (key) {
	case 'r':
		set->runtime = arg;
		return 0;
	case 'e':
		set->join = !strcmp(arg, "join");
		if (!set->join && strcmp(arg, "child"))
			argp_error(state, "--exec is child or join, not '%s'", arg);
		return 0;
	case 'l':
		set->lenient = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "-- [RUNTIME-ARG...]",
	.doc = "Run an OCI runtime. A container that it creates or runs becomes "
	       "an audit container. An exec session becomes a child of the "
	       "container's audit container.",
};

static int write_own(const struct request *req, const char *id)
{
	int dir = proc_open_self();
	int ret;

	if (dir < 0) {
		warn("cannot open /proc/self");
		return -1;
	}
	ret = cid_write(dir, req);
	if (ret)
		warnx("cannot assign an ID to container %s: %s", id,
		      cid_why_refused(dir, req, errno));
	close(dir);
	return ret;
}

static int read_own(uint64_t *contid)
{
	int dir = proc_open_self();
	int ret = dir < 0 ? -1 : cid_read(dir, contid);

	if (ret)
		warnx("cannot read the audit container ID of this process: %s",
		      cid_why_unread(dir, errno));
	if (dir >= 0)
		close(dir);
	return ret;
}

static int label_create(const char *id)
{
	char name[AUDIT_CID_NAME_MAX + 1];
	struct request req = { .name = name };

	request_clean_name(name, id, strlen(id));
	return write_own(&req, id);
}

static int enter(const struct settings *set, const char *id, uint64_t contid,
		 uint64_t own)
{
	char clean[AUDIT_CID_NAME_MAX + 1];
	char name[AUDIT_CID_NAME_MAX + sizeof(EXEC_SUFFIX)];
	char number[24];
	struct request req = {};

	snprintf(number, sizeof(number), "%" PRIu64, contid);
	request_clean_name(clean, id, strlen(id));
	snprintf(name, sizeof(name), "%.*s" EXEC_SUFFIX,
		 (int)(AUDIT_CID_NAME_MAX - strlen(EXEC_SUFFIX)), clean);
	/* The own ID, which may be 0, can be neither joined nor named. */
	if (set->join) {
		req.join = number;
		return contid == own ? 0 : write_own(&req, id);
	}
	req.name = name;
	req.parent = contid == own ? NULL : number;
	return write_own(&req, id);
}

static int label_exec(const struct settings *set, const char *path, char **argv,
		      const struct cmdline *cmd)
{
	uint64_t own, contid;

	if (read_own(&own) || runtime_ask(path, argv, cmd, &contid))
		return -1;
	return enter(set, cmd->id, contid, own);
}

static int label(const struct settings *set, const char *path, int argc,
		 char **argv)
{
	struct cmdline cmd;

	cmdline_parse(argc, argv, &cmd);
	if (cmd.unknown) {
		warnx("the option %s of %s is not known to auditcid, so it is "
		      "unclear which container this is", cmd.unknown, path);
		return -1;
	}
	/* Without a container, the runtime has an error to report. */
	if (cmd.verb == RUNTIME_OTHER || !cmd.id)
		return 0;
	if (cmd.verb == RUNTIME_EXEC)
		return label_exec(set, path, argv, &cmd);
	return label_create(cmd.id);
}

/* @argv[0] is where the real runtime's name goes. */
static int run_labelled(const struct settings *set, int argc, char **argv)
{
	char *path = find_program(set->runtime);
	int status;

	if (!path)
		errx(EXIT_NOT_FOUND, "cannot find the runtime %s", set->runtime);
	argv[0] = path;
	if (label(set, path, argc, argv)) {
		if (!set->lenient)
			errx(EXIT_OWN, "%s was not run, because its events could "
			     "not be distinguished in the log", path);
		warnx("running %s without an audit container of its own", path);
	}
	status = exec_program(path, argv);
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
