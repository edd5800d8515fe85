// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid run: move this process into an audit container and become the
 * command, which inherits it.
 */

#include <argp.h>
#include <err.h>
#include <errno.h>
#include <unistd.h>

#include "auditcid.h"

static const struct argp_option options[] = {
	{ "name", 'n', "NAME", 0,
	  "Name of the new audit container, for the log", 0 },
	{ "parent", 'p', "ID", 0,
	  "Make the new audit container a child of the audit container ID", 0 },
	{ "join", 'j', "ID", 0,
	  "Join the audit container ID instead of making a new one", 0 },
	{ "delegate", 'd', "N", 0,
	  "Permit its members to make up to N live descendants", 0 },
	{}
};

static const char *checked_id(struct argp_state *state, const char *arg)
{
	if (!request_id_valid(arg))
		argp_error(state, "'%s' is not a decimal number", arg);
	return arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *req = state->input;

	switch (key) {
	case 'n':
		if (!request_name_valid(arg))
			argp_error(state, "a name is 1 to %d printable ASCII "
				   "characters without space", AUDIT_CID_NAME_MAX);
		req->name = arg;
		return 0;
	case 'p':
		req->parent = checked_id(state, arg);
		return 0;
	case 'j':
		req->join = checked_id(state, arg);
		return 0;
	case 'd':
		req->delegate = checked_id(state, arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "there is no command to run");
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[--] COMMAND [ARG...]",
	.doc = "Run COMMAND in a new audit container, or in a live one.",
};

int run_main(int argc, char **argv)
{
	struct request req = {};
	int first, dir;

	/* In order: the command's own options are not ours. */
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, &first, &req);
	if (req.join && (req.name || req.parent || req.delegate))
		errx(EXIT_OWN, "--join does not make a new audit container: it "
		     "cannot be combined with another option");
	dir = proc_open_self();
	if (dir < 0)
		err(EXIT_OWN, "cannot open /proc/self: is /proc mounted?");
	if (cid_write(dir, &req))
		errx(EXIT_OWN, "cannot %s audit container: %s",
		     req.join ? "join the" : "make a new",
		     cid_why_refused(dir, &req, errno));
	close(dir);
	return exec_command(argv + first);
}
