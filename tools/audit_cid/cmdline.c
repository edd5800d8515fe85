// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: understand the command line of an OCI runtime.
 *
 * Which word is the sub-command, and which the container, depends on which options
 * before them take an argument. The tables below have the options of runc and crun,
 * which agree with each other. An option that is not in them makes the rest unclear,
 * unless its value is part of the same word, no word of the rest is a sub-command
 * that matters, or the container can only be the last word. This is reported, not
 * guessed.
 */

#include <getopt.h>
#include <string.h>

#include "auditcid.h"

/* Flags, too, can be given a value in the same word: --debug=true */
#define FLAG(name)	{ name, optional_argument, NULL, 0 }
#define VALUE(name)	{ name, required_argument, NULL, 0 }

static const struct option global_options[] = {
	VALUE("audit-container"), VALUE("cgroup-manager"), VALUE("criu"), FLAG("debug"), FLAG("help"),
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
	VALUE("manage-cgroups-mode"), VALUE("network-lock"),
	FLAG("no-new-keyring"), FLAG("no-pivot"), FLAG("no-subreaper"),
	VALUE("pid-file"), VALUE("pidfd-socket"), VALUE("preserve-fds"),
	FLAG("shell-job"), FLAG("tcp-close"), FLAG("tcp-established"),
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

static bool is_crun(const char *path)
{
	const char *name = strrchr(path, '/');

	return !strncmp(name ? name + 1 : path, "crun", 4);
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

/* No option of a sub-command has one of these names. */
static void note(struct cmdline *cmd, const char *name)
{
	if (!strcmp(name, "root"))
		cmd->root = optarg;
	else if (!strcmp(name, "log"))
		cmd->log = optarg;
	else if (!strcmp(name, "log-format"))
		cmd->log_format = optarg;
	else if (!strcmp(name, "bundle"))
		cmd->bundle = optarg;
	else if (!strcmp(name, "config"))
		cmd->config = optarg;
}

/* Only create, run and restore have these letters. */
static const char *name_of(int c, int index, const struct option *options)
{
	if (index >= 0)
		return options[index].name;
	return c == 'b' ? "bundle" : c == 'f' ? "config" : NULL;
}

/*
 * Go over the options of @argv, argv[0] being the name before them. Programs in Go
 * take -root for --root; crun takes it for -r -o -o -t.
 * Return: the index of the first word after them, or 0 and @cmd->unknown.
 */
static int skip_options(struct cmdline *cmd, int argc, char **argv,
			const char *letters, const struct option *options)
{
	const char *name;
	int c, index, at;

	optind = 0;
	for (at = 1;; at = optind) {
		index = -1;
		c = (cmd->is_crun ? getopt_long : getopt_long_only)(argc, argv, letters,
								    options, &index);
		if (c == -1)
			return optind;
		name = index < 0 ? NULL : options[index].name;
		if (!is_clear(argv[at], c, name, !cmd->is_crun)) {
			cmd->unknown = argv[at];
			return 0;
		}
		name = name_of(c, index, options);
		if (name)
			note(cmd, name);
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

static bool has_process(int argc, char **argv)
{
	while (argc--)
		if (!strncmp(argv[argc], "--", 2) && is_exact(argv[argc], "process"))
			return true;
	return false;
}

/*
 * Whether or not an unknown option takes an argument, the one container of create,
 * run and restore is the last word. It is that of exec, too, where --process has the
 * command, as it is with every daemon.
 */
static void take_last_word(struct cmdline *cmd, int argc, char **argv)
{
	const char *last = argv[argc - 1];

	if (*last == '-' || (cmd->verb == RUNTIME_EXEC && !has_process(argc, argv)))
		return;
	cmd->id = last;
	cmd->unknown = NULL;
}

void cmdline_parse(int argc, char **argv, struct cmdline *cmd)
{
	int i, n;

	*cmd = (struct cmdline) { .is_crun = is_crun(argv[0]) };
	n = skip_options(cmd, argc, argv, GLOBAL_LETTERS, global_options);
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
	cmd->bundle = ".";
	cmd->config = "config.json";
	n = skip_options(cmd, argc, argv, subcommands[i].letters, subcommands[i].options);
	if (!n) {
		cmd->bundle = NULL;
		take_last_word(cmd, argc, argv);
	} else if (n < argc) {
		cmd->id = argv[n];
	}
}
