// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: what all commands have in common that read logs: LOGs, -if before them,
 * and no abbreviations. argp would take -p for its own --program-name.
 */

#include <argp.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"

enum { KEY_IF = 0x1001, KEY_HELP, KEY_USAGE, KEY_VERSION };

static const struct argp_option common[] = {
	{ "if", KEY_IF, NULL, 0, "Accepted before LOGs, as in ausearch", 9 },
	{ "input", KEY_IF, NULL, OPTION_HIDDEN, NULL, 9 },
	{ "help", KEY_HELP, NULL, 0, "Print this help", -1 },
	{ "usage", KEY_USAGE, NULL, 0, "Print a short usage message", -1 },
	{ "version", KEY_VERSION, NULL, 0, "Print the version", -1 },
	{}
};

struct args {
	const struct argp	*argp;		/* the command's own */
	struct argp_option	*options;	/* these, and the common ones */
	void			*input;
	char			**files;
};

static size_t count_options(const struct argp_option *options)
{
	size_t n = 0;

	while (options && (options[n].name || options[n].key || options[n].doc))
		n++;
	return n;
}

/* getopt takes the beginning of a word for the word. */
static void refuse_abbreviation(const struct args *args, const char *arg,
				struct argp_state *state)
{
	int at = state->next - 1;
	const char *word = state->argv[at - (arg && arg == state->argv[at])];
	const char *name = word + strspn(word, "-");
	size_t len = strcspn(name, "="), i;

	if (len == 1 || name == word)
		return;
	for (i = 0; args->options[i].name; i++)
		if (strlen(args->options[i].name) == len &&
		    !strncmp(args->options[i].name, name, len))
			return;
	argp_error(state, "unknown option '%s'", word);
}

static error_t parse_common(int key, struct args *args, struct argp_state *state)
{
	switch (key) {
	case KEY_IF:
		return 0;
	case KEY_HELP:
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	case KEY_USAGE:
		argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	case KEY_VERSION:
		puts(argp_program_version);
		exit(0);
	case ARGP_KEY_ARGS:
		args->files = state->argv + state->next;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;
	error_t ret = ARGP_ERR_UNKNOWN;

	if (key != ARGP_KEY_ARG && key < 0x1000000)
		refuse_abbreviation(args, arg, state);
	state->input = args->input;
	if (args->argp->parser)
		ret = args->argp->parser(key, arg, state);
	state->input = args;
	return ret == ARGP_ERR_UNKNOWN ? parse_common(key, args, state) : ret;
}

/*
 * Parse a command line into @input. Wrong use ends the program with EXIT_USAGE.
 * Return: the LOGs; NULL: this machine's.
 */
char **args_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	size_t n = count_options(argp->options);
	struct args args = { .argp = argp, .input = input };
	struct argp whole = *argp;

	args.options = checked(calloc(n + sizeof(common) / sizeof(*common),
				      sizeof(*args.options)));
	if (n)
		memcpy(args.options, argp->options, n * sizeof(*args.options));
	memcpy(args.options + n, common, sizeof(common));
	whole.options = args.options;
	whole.parser = parse;
	whole.args_doc = argp->args_doc;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&whole, argc, argv, ARGP_LONG_ONLY | ARGP_NO_HELP, NULL, &args);
	free(args.options);
	return args.files;
}

/* Memory, which is there or ends the program */
void *checked(void *p)
{
	if (!p)
		err(EXIT_OWN, "cannot keep the contents of the logs in memory");
	return p;
}

/* A number of an audit container or namespace: decimal */
uint64_t args_number(const char *arg, struct argp_state *state)
{
	if (!request_id_valid(arg))
		argp_error(state, "'%s' is not a decimal number of at most 64 bits", arg);
	return strtoull(arg, NULL, 10);
}

/* A time; with @end, the end of a range. The time of a day may be a word of its own. */
uint64_t args_time(char *arg, bool end, struct argp_state *state)
{
	char both[128];
	uint64_t at = 0;
	const char *why;

	snprintf(both, sizeof(both), "%s", arg);
	if (!when_is_clock(arg) && !strpbrk(arg, " T:") && state->next < state->argc &&
	    when_is_clock(state->argv[state->next]))
		snprintf(both, sizeof(both), "%s %s", arg, state->argv[state->next++]);
	why = when_parse(both, end, &at);
	if (why)
		argp_error(state, "'%s' %s", both, why);
	return at;
}
