// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: whatever a log has in it, no command may crash on it. For libFuzzer:
 * make fuzz (FUZZ_SECONDS=600). Leaks are not looked for: libauparse 3.0.9 leaks
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

enum { PLUGIN_INPUT = COUNT, PLUGIN_STATE, PLUGIN_CONF, ALL };

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

/* The first byte says which command. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("log", MFD_CLOEXEC);
	char path[64];

	if (!size || is_compressed(data + 1, size - 1))
		return 0;
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)size - 1)
		err(EXIT_OWN, "cannot write the input");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	switch (*data % ALL) {
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
	default:
		run(&commands[*data % ALL], path);
	}
	close(fd);
	return 0;
}
