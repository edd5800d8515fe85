// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: understand the command line of an OCI runtime.
 *
 * All that is wanted is the sub-command and the container, but which word they
 * are depends on which options before them take an argument. The tables below
 * have the options of runc and crun, which agree with each other. An option
 * that is not in them makes the rest unclear, unless its value is part of the
 * same word, or no word of the rest is a sub-command that matters. This is
 * reported, not guessed.
 */

#include <getopt.h>
#include <string.h>

#include "auditcid.h"

/* Flags, too, can be given a value in the same word: --debug=true */
#define FLAG(name)	{ name, optional_argument, NULL, 0 }
#define VALUE(name)	{ name, required_argument, NULL, 0 }

static const struct option global_options[] = {
	VALUE("cgroup-manager"), VALUE("criu"), FLAG("debug"), FLAG("help"),
	VALUE("log"), VALUE("log-format"), VALUE("log-level"), VALUE("root"),
	VALUE("rootless"), FLAG("systemd-cgroup"), FLAG("usage"),
	FLAG("version"),
	{}
};

/* Of create, run and restore */
static const struct option create_options[] = {
	FLAG("auto-dedup"), VALUE("bundle"), VALUE("config"),
	VALUE("console-socket"), FLAG("detach"), VALUE("empty-ns"),
	FLAG("ext-unix-sk"), FLAG("file-locks"), FLAG("help"),
	VALUE("image-path"), FLAG("keep"), FLAG("lazy-pages"),
	VALUE("lsm-mount-context"), VALUE("lsm-profile"),
	VALUE("manage-cgroups-mode"), FLAG("no-new-keyring"), FLAG("no-pivot"),
	FLAG("no-subreaper"), VALUE("pid-file"), VALUE("pidfd-socket"),
	VALUE("preserve-fds"), FLAG("shell-job"), FLAG("tcp-established"),
	FLAG("usage"), VALUE("work-path"),
	{}
};

static const struct option exec_options[] = {
	VALUE("additional-gids"), VALUE("apparmor"), VALUE("cap"),
	VALUE("cgroup"), VALUE("console-socket"), VALUE("cwd"), FLAG("detach"),
	VALUE("env"), FLAG("help"), FLAG("ignore-paused"),
	FLAG("no-new-privs"), VALUE("pid-file"), VALUE("pidfd-socket"),
	VALUE("preserve-fds"), VALUE("process"), VALUE("process-label"),
	FLAG("tty"), FLAG("usage"), VALUE("user"),
	{}
};

/* "+": stop at the first word that is no option; ":": say nothing */
#define GLOBAL_LETTERS	"+:hvV"
#define CREATE_LETTERS	"+:b:df:h"
#define EXEC_LETTERS	"+:c:de:g:hp:t::u:"

static const struct {
	const char		*name;
	enum runtime_verb	verb;
	const struct option	*options;
	const char		*letters;
} subcommands[] = {
	{ "create", RUNTIME_CREATE, create_options, CREATE_LETTERS },
	{ "exec", RUNTIME_EXEC, exec_options, EXEC_LETTERS },
	{ "restore", RUNTIME_CREATE, create_options, CREATE_LETTERS },
	{ "run", RUNTIME_CREATE, create_options, CREATE_LETTERS },
	{}
};

/* getopt takes --pid for --pid-file: a runtime may have an option --pid. */
static bool is_exact(const char *word, const char *name)
{
	word += strspn(word, "-");
	return !strncmp(word, name, strlen(name)) &&
	       (!word[strlen(name)] || word[strlen(name)] == '=');
}

/* Programs in Go take -root for --root; crun takes it for -r -o -o -t. */
static bool is_go(const char *path)
{
	const char *name = strrchr(path, '/');

	return strncmp(name ? name + 1 : path, "crun", 4);
}

/* Was @word, that getopt returned @c and @name for, understood as it was meant? */
static bool is_clear(const char *word, int c, const char *name, bool go)
{
	if (name)
		return c != ':' && is_exact(word, name);
	if (c == '?')
		return !strncmp(word, "--", 2) && strchr(word, '=');
	/* Go knows no letters run together, nor with their value. */
	return c != ':' && (!go || strlen(word) == 2);
}

/*
 * Go over the options of @argv, argv[0] being the name before them.
 * Return: the index of the first word after them, or 0 and @unknown.
 */
static int skip_options(bool go, int argc, char **argv, const char *letters,
			const struct option *options, const char **unknown)
{
	int c, index, at;

	optind = 0;
	for (at = 1;; at = optind) {
		index = -1;
		c = (go ? getopt_long_only : getopt_long)(argc, argv, letters,
							  options, &index);
		if (c == -1)
			return optind;
		if (!is_clear(argv[at], c, index < 0 ? NULL : options[index].name,
			      go)) {
			*unknown = argv[at];
			return 0;
		}
	}
}

static int find_subcommand(const char *name)
{
	int i = 0;

	while (subcommands[i].name && strcmp(subcommands[i].name, name))
		i++;
	return i;
}

static bool mentions_subcommand(int argc, char **argv)
{
	while (argc--)
		if (subcommands[find_subcommand(argv[argc])].name)
			return true;
	return false;
}

void cmdline_parse(int argc, char **argv, struct cmdline *cmd)
{
	bool go = is_go(argv[0]);
	int i, n;

	*cmd = (struct cmdline) {};
	n = skip_options(go, argc, argv, GLOBAL_LETTERS, global_options,
			 &cmd->unknown);
	if (!n && !mentions_subcommand(argc - 1, argv + 1))
		cmd->unknown = NULL;
	if (!n || n >= argc)
		return;
	cmd->globals = n;
	i = find_subcommand(argv[n]);
	cmd->verb = subcommands[i].verb;
	if (cmd->verb == RUNTIME_OTHER)
		return;

	argc -= n;
	argv += n;
	n = skip_options(go, argc, argv, subcommands[i].letters,
			 subcommands[i].options, &cmd->unknown);
	if (n && n < argc)
		cmd->id = argv[n];
}
