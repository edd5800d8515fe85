// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid show: the audit container IDs of processes.
 */

#include <argp.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auditcid.h"

static const struct argp_option options[] = {
	{ "json", 'J', NULL, 0, "Print a JSON array of objects", 0 },
	{ "grants", 'g', NULL, 0,
	  "Also print the delegation of each audit container: the number of "
	  "live descendants, and the limit", 0 },
	{}
};

struct show {
	struct json_object	*json;		/* NULL: print text */
	bool			with_grants;
	struct grants		grants;
	int			shown;
	int			failed;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct show *show = state->input;

	(void)arg;
	switch (key) {
	case 'J':
		if (!show->json)
			show->json = json_object_new_array();
		return 0;
	case 'g':
		show->with_grants = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[PID...]",
	.doc = "Show the process ID, audit container ID and command name of each "
	       "PID, by default of all visible processes. The ID of a host "
	       "process is 0.",
};

/* Made after the kernel was asked, or the record was excluded: not known */
static void add_json_grant(const struct show *show, struct json_object *obj,
			   uint64_t id)
{
	const struct grant *grant = grants_find(&show->grants, id);

	json_object_object_add(obj, "delegate", !id || !grant ? NULL :
			       json_object_new_uint64(grant->budget));
	json_object_object_add(obj, "delegated", !id || !grant ? NULL :
			       json_object_new_uint64(grant->used));
}

static const char *grant_text(const struct show *show, uint64_t id)
{
	static char text[48];
	const struct grant *grant = grants_find(&show->grants, id);

	if (!id || (grant && !grant->budget))
		return "-";
	if (!grant)
		return "?";
	snprintf(text, sizeof(text), "%" PRIu64 "/%" PRIu64, grant->used,
		 grant->budget);
	return text;
}

static void add_json(const struct show *show, pid_t pid, uint64_t id,
		     const char *comm)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "pid", json_object_new_int(pid));
	json_object_object_add(obj, "contid", json_object_new_uint64(id));
	json_object_object_add(obj, "comm", json_object_new_string(comm));
	if (show->with_grants)
		add_json_grant(show, obj, id);
	json_object_array_add(show->json, obj);
}

static void print_row(struct show *show, pid_t pid, uint64_t id,
		      const char *comm)
{
	if (!show->shown++ && !show->json)
		printf("%7s %20s %s%s\n", "PID", "ID",
		       show->with_grants ? "     GRANT " : "", "COMM");
	if (show->json)
		add_json(show, pid, id, comm);
	else if (show->with_grants)
		printf("%7d %20" PRIu64 " %10s %s\n", pid, id,
		       grant_text(show, id), comm);
	else
		printf("%7d %20" PRIu64 " %s\n", pid, id, comm);
}

static int show_dir(struct show *show, pid_t pid, int dir)
{
	char comm[64];
	uint64_t id;

	if (cid_read(dir, &id))
		return -1;
	proc_comm(dir, comm, sizeof(comm));
	print_row(show, pid, id, comm);
	return 0;
}

static pid_t pid_number(const char *text)
{
	if (!request_id_valid(text) || strlen(text) > 10 ||
	    strtoull(text, NULL, 10) > INT_MAX)
		return 0;
	return strtoull(text, NULL, 10);
}

static void show_named(struct show *show, const char *text)
{
	pid_t pid = pid_number(text);
	int dir;

	dir = pid ? proc_open(pid) : -1;
	if (dir < 0) {
		warnx("there is no process %s", text);
		show->failed++;
	} else if (show_dir(show, pid, dir)) {
		warnx("cannot read the ID of process %d: %s", pid,
		      cid_why_unread(dir, errno));
		show->failed++;
	}
	if (dir >= 0)
		close(dir);
}

/* Processes that are gone by now, or not for us to see, are left out. */
static void show_all(struct show *show)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t pid;
	int dir;

	if (!proc)
		err(EXIT_OWN, "cannot open /proc");
	while ((entry = readdir(proc))) {
		pid = pid_number(entry->d_name);
		dir = pid ? proc_open(pid) : -1;
		if (dir < 0)
			continue;
		show_dir(show, pid, dir);
		close(dir);
	}
	closedir(proc);
}

/* Where even the own ID cannot be read, no other can, for the same reason. */
static void check_self(void)
{
	int dir = proc_open_self();
	uint64_t id;

	if (dir < 0)
		err(EXIT_OWN, "cannot open /proc/self: is /proc mounted?");
	if (cid_read(dir, &id))
		errx(EXIT_OWN, "cannot read audit container IDs: %s",
		     cid_why_unread(dir, errno));
	close(dir);
}

static void ask_for_grants(struct show *show)
{
	const char *why = grants_read(&show->grants);

	if (why)
		errx(EXIT_OWN, "cannot read the delegation limits: %s", why);
}

static void print_json(struct json_object *list)
{
	puts(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY |
						  JSON_C_TO_STRING_SPACED));
	json_object_put(list);
}

int show_main(int argc, char **argv)
{
	struct show show = {};
	int first;

	argp_parse(&argp, argc, argv, 0, &first, &show);
	check_self();
	if (show.with_grants)
		ask_for_grants(&show);
	if (first == argc)
		show_all(&show);
	for (; first < argc; first++)
		show_named(&show, argv[first]);
	if (show.json)
		print_json(show.json);
	free(show.grants.list);
	if (fflush(stdout) || ferror(stdout))
		err(EXIT_OWN, "cannot write");
	return show.failed ? EXIT_OWN : 0;
}
