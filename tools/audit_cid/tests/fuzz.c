// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: whatever a log has in it, no command may crash on it. For libFuzzer:
 * make fuzz (FUZZ_SECONDS=600). Leaks are not looked for: libauparse 3.0.9 leaks
 * where a key or a host is malformed.
 */

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auditcid.h"
#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID "5000000001"

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
	run(&commands[*data % COUNT], path);
	close(fd);
	return 0;
}
