// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: whatever a log, a rule, the state of a container or a command line has in
 * it, no command may crash on it. For libFuzzer:
 * make fuzz (FUZZ_SECONDS=600, FUZZ_TARGET=log|plugin|state|conf|rule|oci|cmdline for
 * one of them). Leaks are not looked for: libauparse 3.0.9 leaks
 * where a key or a host is malformed.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auditcid.h"
#include "model.h"
#include "plugin.h"
#include "rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID "5000000001"

/* The plugin: what auditd gives it, its state, and its configuration */
#define CONF	"/dev/shm/auditcid-fuzz.conf"
#define STATE	"/dev/shm/auditcid-fuzz.state"
#define OUTPUTS	"\"outputs\": [{\"syslog\": \"local6.debug\"}, {\"name\": \"w*\", \"syslog\": \"local7.debug\"}, " \
		"{\"id\": \"" ID "\", \"unix\": \"/nowhere\"}]}"

static const struct command {
	int		(*run)(int argc, char **argv);
	const char	*args[8];
} commands[] = {
	{ tree_main, { "tree" } },
	{ tree_main, { "tree", "--json" } },
	{ tree_main, { "tree", "--dot", "--live" } },
	{ search_main, { "search", "--contid", ID, "--tree" } },
	{ search_main, { "search", "--contid", ID, "-i" } },
	{ search_main, { "search", "--contid", ID, "-f", "a" } },
	{ report_main, { "report" } },
	{ report_main, { "report", "--json" } },
	{ search_main, { "search", "--name", "w*", "--json" } },
	{ search_main, { "search", "--contid", "0", "-ui", "0", "-p", "9" } },
	{ container_main, { "container", ID } },
	{ container_main, { "container", "--json", ID } },
	{ whose_main, { "whose", "--netns", "70" } },
	{ whose_main, { "whose", "--netns", "70", "--json" } },
	{ tree_main, { "tree", "--html", "-" } },
};

#define COUNT (sizeof(commands) / sizeof(*commands))

enum { PLUGIN_INPUT = COUNT, PLUGIN_STATE, PLUGIN_CONF, RULE, OCI_STATE, CMDLINE, ALL };

#define WORDS_MAX	64

static void run(const struct command *command, const char *path)
{
	char *argv[10];
	int argc = 0;

	while (command->args[argc]) {
		argv[argc] = (char *)command->args[argc];
		argc++;
	}
	argv[argc++] = (char *)path;
	argv[argc] = NULL;
	command->run(argc, argv);
}

static void write_to(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(data, 1, size, file) != size || fclose(file))
		err(EXIT_OWN, "cannot write %s", path);
}

static void run_plugin(const char *conf, const char *input)
{
	static const struct command plugin = { plugin_main, { "plugin", "--config" } };

	if (!freopen(input, "r", stdin))
		err(EXIT_OWN, "cannot read %s", input);
	write_to(CONF, conf, strlen(conf));
	run(&plugin, CONF);
}

/* A name of a host would be looked up. */
static void parse_conf(const uint8_t *data, size_t size)
{
	char *text = checked(calloc(1, size + 1));
	struct plugin_conf conf;

	memcpy(text, data, size);
	if (!memmem(text, size, "tcp", 3) && !memmem(text, size, "\\u", 2) &&
	    !conf_parse(text, size, &conf))
		conf_free(&conf);
	free(text);
}

/* The words of a text, in place. Return: how many */
static int split(char *text, char **words)
{
	char *rest = text;
	int n = 0;

	while (n < WORDS_MAX && (words[n] = strtok_r(rest, " \t\n", &rest)))
		n++;
	words[n] = NULL;
	return n;
}

/* As auditctl's, without the dash: Fcontid=1 */
static const char *add_word(struct rule *rule, const char *word)
{
	switch (*word) {
	case 'a': return rule_add_list(rule, word + 1);
	case 'F': return rule_add_field(rule, word + 1);
	case 'C': return rule_add_compare(rule, word + 1);
	case 'S': return rule_add_syscalls(rule, word + 1);
	case 'w': return rule_add_watch(rule, word + 1);
	case 'p': return rule_add_perms(rule, word + 1);
	case 'k': return rule_add_key(rule, word + 1);
	default:  return "no word of a rule";
	}
}

/* libaudit has no limit for the texts of a rule. */
static void parse_rule(char *text)
{
	char *words[WORDS_MAX + 1];
	const char *why = NULL;
	struct rule rule;
	int i, n = strlen(text) < 4096 ? split(text, words) : 0;

	rule_init(&rule);
	for (i = 0; i < n && !why; i++)
		why = add_word(&rule, words[i]);
	if (!why && !rule_finish(&rule)) {
		rule_print(rule.data);
		rule_has_key(rule.data, "k");
	}
	rule_free(&rule);
}

static void parse_cmdline(char *text)
{
	char *words[WORDS_MAX + 1];
	struct cmdline cmd;
	int n = split(text, words);

	if (!n)
		return;
	cmdline_parse(n, words, &cmd);
	if (cmd.globals > n || (cmd.id && !*cmd.id))
		abort();
}

static void parse_state(const char *text, size_t size)
{
	struct oci_state state;

	if (!oci_state_parse(text, size, &state) && (state.pid < 0 || !*state.id))
		abort();
}

static void parse(unsigned int what, const uint8_t *data, size_t size)
{
	char *text = checked(calloc(1, size + 1));

	memcpy(text, data, size);
	if (what == RULE)
		parse_rule(text);
	else if (what == CMDLINE)
		parse_cmdline(text);
	else
		parse_state(text, size);
	free(text);
}

/* zlib is not what is tested here, and a cut file ends the program. */
static bool is_compressed(const uint8_t *data, size_t size)
{
	static const char * const magics[] = { "\x1f\x8b", ("\xfd" "7zXZ"), "BZh",
					       "\x28\xb5\x2f\xfd" };
	size_t i;

	for (i = 0; i < sizeof(magics) / sizeof(*magics); i++)
		if (size >= strlen(magics[i]) &&
		    !memcmp(data, magics[i], strlen(magics[i])))
			return true;
	return false;
}

/* The first byte says which command, if that is not asked for. */
static unsigned int choose(unsigned char first)
{
	static const char * const targets[] = { "plugin", "state", "conf", "rule", "oci",
						"cmdline" };
	const char *wanted = getenv("FUZZ_TARGET");
	size_t i;

	for (i = 0; wanted && i < sizeof(targets) / sizeof(*targets); i++)
		if (!strcmp(wanted, targets[i]))
			return COUNT + i;
	return first % (wanted && *wanted ? COUNT : ALL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("log", MFD_CLOEXEC);
	unsigned int target;
	char path[64];

	if (!size || is_compressed(data + 1, size - 1)) {
		close(fd);
		return 0;
	}
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)size - 1)
		err(EXIT_OWN, "cannot write the input");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	target = choose(*data);
	switch (target) {
	case PLUGIN_INPUT:
		run_plugin("{" OUTPUTS, path);
		break;
	case PLUGIN_STATE:
		write_to(STATE, data + 1, size - 1);
		run_plugin("{\"state\": \"" STATE "\", " OUTPUTS, "/dev/null");
		break;
	case PLUGIN_CONF:
		parse_conf(data + 1, size - 1);
		break;
	case RULE:
	case OCI_STATE:
	case CMDLINE:
		parse(target, data + 1, size - 1);
		break;
	default:
		run(&commands[target], path);
	}
	close(fd);
	return 0;
}
