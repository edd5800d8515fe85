// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid rule: add, delete and list audit rules in auditctl's words, to which
 * it adds contid and contid_tree.
 */

#include <argp.h>
#include <err.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auditcid.h"
#include "rule.h"

/* As auditctl has it */
#define LINE_WORDS	512

enum verb { ADD, DEL, LINE };

struct words {
	enum verb	verb;
	struct rule	rule;
	const char	*file;
	bool		lenient;	/* -i, -c: go on after a wrong line */
	bool		count;		/* -c: and fail in the end */
	const char	*why;
	int		fd;
};

static const struct argp_option options[] = {
	{ NULL, 'a', "LIST,ACTION", 0,
	  "Append to LIST: task, exit, user, exclude, filesystem, io_uring; ACTION: always, never", 0 },
	{ NULL, 'A', "LIST,ACTION", 0, "Add at the beginning of LIST", 0 },
	{ NULL, 'd', "LIST,ACTION", 0, "Delete from LIST", 0 },
	{ NULL, 'F', "FIELD", 0,
	  "FIELD, operator and value: contid=ID, contid!=ID, contid_tree=ID, or one of auditctl's", 0 },
	{ NULL, 'C', "FIELD", 0, "Two fields and an operator between them", 0 },
	{ NULL, 'S', "SYSCALL", 0,
	  "System calls, by name or number, separated by commas", 0 },
	{ NULL, 'w', "PATH", 0, "Watch PATH", 0 },
	{ NULL, 'W', "PATH", 0, "Delete the watch for PATH", 0 },
	{ NULL, 'p', "PERMS", 0, "Permissions to watch for: some of rwxa", 0 },
	{ NULL, 'k', "KEY", 0, "Key for the records", 0 },
	{ NULL, 'R', "FILE", 0,
	  "Read rules from FILE, one rule for each line; pass other lines to auditctl", 0 },
	{ NULL, 'i', NULL, 0, "With -R: continue after a line that fails", 0 },
	{ NULL, 'c', NULL, 0,
	  "With -R: continue after a line that fails, but exit with an error", 0 },
	{}
};

/* Where a rule begins: its list */
static const char *begin(struct words *words, int key, const char *arg)
{
	struct rule *rule = &words->rule;

	rule->remove = key == 'd' || key == 'W' || words->verb == DEL;
	rule->prepend = key == 'A' && !rule->remove ? AUDIT_FILTER_PREPEND : 0;
	if (rule->remove && words->verb == ADD)
		return "this deletes a rule: use auditcid rule del";
	if (key == 'w' || key == 'W')
		return rule_add_watch(rule, arg);
	return rule_add_list(rule, arg);
}

static const char *take_word(struct words *words, int key, char *arg)
{
	struct rule *rule = &words->rule;

	switch (key) {
	case 'F': return rule_add_field(rule, arg);
	case 'C': return rule_add_compare(rule, arg);
	case 'S': return rule_add_syscalls(rule, arg);
	case 'p': return rule_add_perms(rule, arg);
	case 'k': return rule_add_key(rule, arg);
	default:  return begin(words, key, arg);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct words *words = state->input;

	switch (key) {
	case 'i':
	case 'c':
		words->lenient = true;
		words->count |= key == 'c';
		return 0;
	case 'R':
		if (words->verb == LINE)
			words->why = "-R: files within files are not supported";
		words->file = arg;
		return 0;
	case ARGP_KEY_ARG:
		warnx("'%s': there is no option before this word", arg);
		words->why = "this is not a rule";
		return EINVAL;
	}
	if (key == '?' || key >= 0x1000000 || key <= 0)
		return ARGP_ERR_UNKNOWN;
	words->why = take_word(words, key, arg);
	return words->why ? EINVAL : 0;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Add or delete an audit rule, in the syntax of auditctl.\v"
	       "The value of contid or contid_tree is an ID that 'auditcid show' "
	       "prints. 0 is the host, so contid!=0 matches any audit container. "
	       "contid_tree=ID also matches the descendants of ID.",
};

/* What the kernel means by refusing */
static const char *why_refused(const struct rule *rule, int error)
{
	switch (error) {
	case EEXIST:
		return "this rule exists already";
	case ENOENT:
		return "there is no such rule";
	case EPERM:
		return "this requires CAP_AUDIT_CONTROL in the initial user and PID "
		       "namespaces, and rules that are not locked (auditctl -e 2)";
	case ECONNREFUSED:
		return "this is not the initial user namespace, or the kernel does not have audit";
	case EINVAL:
		if (rule && rule->contid &&
		    !(audit_get_features() & AUDIT_FEATURE_BITMAP_CONTID))
			return "this kernel does not support contid (CONFIG_AUDIT_CID)";
		return "the kernel rejects this rule";
	default:
		return strerror(error);
	}
}

static int open_audit(void)
{
	int fd = audit_open();

	if (fd < 0)
		err(EXIT_OWN, "cannot connect to audit");
	return fd;
}

/* The message of libaudit would come on top of ours. */
static int send_rule(int fd, const struct rule *rule)
{
	int ret;

	if (set_aumessage_mode)
		set_aumessage_mode(MSG_QUIET, DBG_NO);
	if (rule->remove)
		ret = audit_delete_rule_data(fd, rule->data, rule->list,
					     rule->action);
	else
		ret = audit_add_rule_data(fd, rule->data,
					  rule->list | rule->prepend,
					  rule->action);
	if (set_aumessage_mode)
		set_aumessage_mode(MSG_STDERR, DBG_NO);
	return ret;
}

/* Parse words and do what they say. Returns NULL or why not. */
static const char *do_words(struct words *words, int argc, char **argv,
			    unsigned int flags)
{
	error_t error;
	int ret;

	error = argp_parse(&argp, argc, argv, flags, NULL, words);
	if (error || words->why)
		return words->why ? words->why : "this is not a rule";
	if (words->file)
		return NULL;
	words->why = rule_finish(&words->rule);
	if (words->why)
		return words->why;
	ret = send_rule(words->fd, &words->rule);
	return ret > 0 ? NULL : why_refused(&words->rule, -ret);
}

static bool is_rule(char **argv)
{
	static const char * const begins[] = { "-a", "-A", "-d", "-w", "-W" };
	size_t i;

	for (; *argv; argv++)
		for (i = 0; i < sizeof(begins) / sizeof(*begins); i++)
			if (!strncmp(*argv, begins[i], 2))
				return true;
	return false;
}

/* What is no rule, -D or -b 8192, is for auditctl to do. */
static const char *run_auditctl(char **argv)
{
	int status;
	pid_t pid;

	argv[0] = "auditctl";
	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ))
		return "this line is for auditctl, which cannot be run";
	if (waitpid(pid, &status, 0) < 0 || status)
		return "auditctl failed";
	return NULL;
}

static const char *do_line(struct words *file, char *line)
{
	struct words words = { .verb = LINE, .fd = file->fd };
	char *argv[LINE_WORDS], *rest = line;
	static char why[256];
	int argc = 1;

	/* At most one word per two characters, and NULL */
	while (argc < LINE_WORDS && (argv[argc] = strtok_r(rest, " \t\n", &rest)))
		argc++;
	if (argc == 1 || argv[1][0] == '#')
		return NULL;
	if (argc == LINE_WORDS)
		return "the line has too many words";
	argv[0] = "auditcid rule";
	if (!strcmp(argv[1], "-i") || !strcmp(argv[1], "-c")) {
		file->lenient = true;
		file->count |= argv[1][1] == 'c';
		return NULL;
	}
	if (!is_rule(argv + 1))
		return run_auditctl(argv);
	rule_init(&words.rule);
	words.why = do_words(&words, argc, argv, ARGP_NO_EXIT | ARGP_NO_HELP);
	if (words.why)
		snprintf(why, sizeof(why), "%s", words.why);
	rule_free(&words.rule);
	return words.why ? why : NULL;
}

static int do_file(struct words *file)
{
	FILE *stream = fopen(file->file, "re");
	unsigned int number = 0, bad = 0;
	size_t size = 0;
	char *line = NULL;
	const char *why;

	if (!stream)
		err(EXIT_OWN, "cannot open %s", file->file);
	while ((!bad || file->lenient) && getline(&line, &size, stream) >= 0) {
		number++;
		why = do_line(file, line);
		if (!why)
			continue;
		bad++;
		warnx("%s:%u: %s", file->file, number, why);
	}
	if (ferror(stream))
		err(EXIT_OWN, "cannot read %s", file->file);
	free(line);
	fclose(stream);
	return bad && (!file->lenient || file->count) ? EXIT_OWN : 0;
}

static int words_main(enum verb verb, int argc, char **argv)
{
	struct words words = { .verb = verb };
	const char *why;
	int ret = 0;

	rule_init(&words.rule);
	words.fd = open_audit();
	why = do_words(&words, argc, argv, 0);
	if (why)
		errx(EXIT_OWN, "%s", why);
	if (words.file && (words.rule.list >= 0 || verb == DEL))
		errx(EXIT_OWN, "-R requires 'add', and cannot be combined with a rule");
	if (words.file)
		ret = do_file(&words);
	rule_free(&words.rule);
	audit_close(words.fd);
	return ret;
}

static int add_main(int argc, char **argv)
{
	return words_main(ADD, argc, argv);
}

static int del_main(int argc, char **argv)
{
	return words_main(DEL, argc, argv);
}

/*
 * list
 */

static const struct argp_option list_options[] = {
	{ NULL, 'k', "KEY", 0, "Only rules whose key contains KEY", 0 },
	{}
};

static error_t list_parse(int key, char *arg, struct argp_state *state)
{
	const char **wanted = state->input;

	if (key != 'k')
		return ARGP_ERR_UNKNOWN;
	*wanted = arg;
	return 0;
}

static const struct argp list_argp = {
	.options = list_options,
	.parser = list_parse,
	.doc = "List the audit rules that are loaded. 'auditcid rule add' accepts "
	       "this output.",
};

/* Returns whether there is more to come. */
static bool list_reply(const struct audit_reply *reply, const char *key)
{
	switch (reply->type) {
	case NLMSG_DONE:
		return false;
	case NLMSG_ERROR:
		if (reply->error->error)
			errx(EXIT_OWN, "cannot list the rules: %s",
			     why_refused(NULL, -reply->error->error));
		return true;
	case AUDIT_LIST_RULES:
		if (!key || rule_has_key(reply->ruledata, key))
			rule_print(reply->ruledata);
	}
	return true;
}

static int list_main(int argc, char **argv)
{
	struct audit_reply reply;
	const char *key = NULL;
	int fd, ret;

	argp_parse(&list_argp, argc, argv, 0, NULL, &key);
	fd = open_audit();
	ret = audit_request_rules_list_data(fd);
	if (ret <= 0)
		errx(EXIT_OWN, "cannot list the rules: %s",
		     why_refused(NULL, -ret));
	do {
		if (audit_get_reply(fd, &reply, GET_REPLY_BLOCKING, 0) <= 0)
			err(EXIT_OWN, "cannot list the rules");
	} while (list_reply(&reply, key));
	audit_close(fd);
	if (fflush(stdout) || ferror(stdout))
		err(EXIT_OWN, "cannot write");
	return 0;
}

/*
 * rule
 */

static const struct verb_main {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "add", add_main },
	{ "del", del_main },
	{ "list", list_main },
	{ NULL, NULL },
};

struct choice {
	const struct verb_main	*verb;
	int			index;
};

static error_t rule_parse(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		choice->verb = verbs;
		while (choice->verb->name && strcmp(choice->verb->name, arg))
			choice->verb++;
		if (!choice->verb->name)
			argp_error(state, "'%s' is none of add, del, list", arg);
		choice->index = state->next - 1;
		/* The rest is the verb's. */
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp rule_argp = {
	.parser = rule_parse,
	.args_doc = "add|del|list [WORD...]",
	.doc = "Add, delete or list audit rules, also for audit containers, in "
	       "the syntax of auditctl.\v'auditcid rule add --help' lists the "
	       "options.",
};

int rule_main(int argc, char **argv)
{
	struct choice choice = {};
	char called[32];

	if (argp_parse(&rule_argp, argc, argv, ARGP_IN_ORDER, NULL, &choice))
		return EXIT_OWN;
	snprintf(called, sizeof(called), "auditcid rule %s", choice.verb->name);
	argv[choice.index] = called;
	return choice.verb->run(argc - choice.index, argv + choice.index);
}
