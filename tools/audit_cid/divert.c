// SPDX-License-Identifier: GPL-2.0-only
/*
 * In place of a runtime that the package auditcid-divert has diverted: what auditcid
 * runtime does, as a program of its own. The runtimes of a machine are called through it,
 * so it does not depend on the package auditcid.
 */

#include <err.h>
#include <errno.h>
#include <json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auditcid.h"

#define STAND_IN	"/stand-in/"
#define DIVERTED	"/diverted/"

/*
 * DIR/stand-in/sbin/runc is this program and DIR/diverted/sbin/runc the runtime, whatever
 * name or link this was called by.
 */
static void find_diverted(struct diverted *diverted)
{
	char self[PATH_MAX], *at;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len < 0)
		err(EXIT_OWN, "cannot find the diverted runtime: is /proc mounted?");
	self[len] = '\0';
	/* The package has just been upgraded. */
	at = strstr(self, " (deleted)");
	if (at)
		*at = '\0';
	at = strstr(self, STAND_IN);
	if (!at || asprintf(&diverted->path, "%.*s" DIVERTED "%s", (int)(at - self), self,
			    at + strlen(STAND_IN)) < 0 ||
	    asprintf(&diverted->home, "/usr/%s", at + strlen(STAND_IN)) < 0)
		errx(EXIT_OWN, "%s is not where the package auditcid-divert has put it", self);
}

static bool is_list_of_texts(struct json_object *list)
{
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(list); i++)
		if (!json_object_is_type(json_object_array_get_idx(list, i), json_type_string))
			return false;
	return true;
}

/* {"options": ["--strict"]}. Return: the options, or NULL, and @wrong */
static struct json_object *read_options(const char **wrong)
{
	struct json_object *config = json_object_from_file(DIVERT_CONFIG), *options = NULL;

	*wrong = NULL;
	if (!config && !access(DIVERT_CONFIG, F_OK))
		*wrong = DIVERT_CONFIG " cannot be read, or is not JSON";
	else if (config && (!json_object_is_type(config, json_type_object) ||
			    !json_object_object_get_ex(config, "options", &options) ||
			    !is_list_of_texts(options)))
		*wrong = DIVERT_CONFIG " is not an object with \"options\": [TEXT...]";
	return *wrong ? NULL : options;
}

int main(int argc, char **argv)
{
	struct diverted diverted = {};
	struct json_object *options = read_options(&diverted.wrong);
	size_t i, count = options ? json_object_array_length(options) : 0;
	char **list = calloc(count + 2, sizeof(*list));

	/* In messages: whatever the runtime is called */
	program_invocation_short_name = "auditcid";
	if (!list)
		err(EXIT_OWN, "cannot run a runtime");
	list[0] = program_invocation_short_name;
	for (i = 0; i < count; i++)
		list[i + 1] = (char *)json_object_get_string(json_object_array_get_idx(options, i));
	diverted.count = count + 1;
	diverted.options = list;
	find_diverted(&diverted);
	return runtime_diverted(&diverted, argc, argv);
}
