// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: the sub-commands and the names the program can be called by.
 */

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auditcid.h"

#define CALLED_AS "auditcid-"

const char *argp_program_version = "auditcid 1.0";
const char *argp_program_bug_address = "<audit@vger.kernel.org>";

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "run", run_main },
	{ "show", show_main },
	{ "rule", rule_main },
	{ "whose", whose_main },
	{ "container", container_main },
	{ "tree", tree_main },
	{ "search", search_main },
	{ "report", report_main },
	{ "plugin", plugin_main },
	{ "check", check_main },
	{ "oci-hook", hook_main },
	{ "runtime", runtime_main },
	{ NULL, NULL },
};

static const char doc[] =
	"Assign audit container IDs, and read audit logs by container.\v"
	"Commands:\n"
	"  run        run a command in an audit container\n"
	"  show       show the audit container IDs of processes\n"
	"  rule       add, delete or list audit rules, also for audit containers\n"
	"  whose      read logs: print the audit containers that used a namespace\n"
	"  container  read logs: print the life of an audit container\n"
	"  tree       read logs: print the tree of audit containers\n"
	"  search     read logs: print the events of an audit container\n"
	"  report     read logs: count the events of audit containers\n"
	"  plugin     run as a plugin of auditd: write events as JSON, live\n"
	"  check      look for containers and processes that have no ID\n"
	"  oci-hook   run as a createRuntime hook: assign an ID to the container\n"
	"  runtime    run in place of an OCI runtime: assign IDs to its containers\n"
	"\n"
	"'auditcid COMMAND --help' lists the options of a command; see auditcid(8).";

static const struct command *find_command(const char *name)
{
	const struct command *cmd = commands;

	while (cmd->name && strcmp(cmd->name, name))
		cmd++;
	return cmd->name ? cmd : NULL;
}

struct choice {
	const struct command	*cmd;
	int			index;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		choice->cmd = find_command(arg);
		choice->index = state->next - 1;
		if (!choice->cmd)
			argp_error(state, "'%s' is not a command of auditcid", arg);
		/* The rest is the command's. */
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "COMMAND [ARG...]",
	.doc = doc,
};

int main(int argc, char **argv)
{
	const char *name = program_invocation_short_name;
	struct choice choice = {};
	char called[32];

	argp_err_exit_status = EXIT_OWN;
	if (!strncmp(name, CALLED_AS, strlen(CALLED_AS)))
		return runtime_called_as(name + strlen(CALLED_AS), argc, argv);

	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice) ||
	    !choice.cmd)
		return EXIT_OWN;
	/* How argp calls the command in its messages */
	snprintf(called, sizeof(called), "auditcid %s", choice.cmd->name);
	argv[choice.index] = called;
	return choice.cmd->run(argc - choice.index, argv + choice.index);
}
