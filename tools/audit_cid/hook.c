// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid oci-hook: called by an OCI runtime in the createRuntime stage, label
 * the container that it is about to start.
 */

#include <argp.h>
#include <err.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "auditcid.h"

#define STAGE "this hook belongs in the createRuntime stage (or prestart)"

static const struct argp_option options[] = {
	{ "lenient", 'l', NULL, 0,
	  "If the kernel does not assign an ID, warn and let the container "
	  "start", 0 },
	{}
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *lenient = state->input;

	(void)arg;
	if (key != 'l')
		return ARGP_ERR_UNKNOWN;
	*lenient = true;
	return 0;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Assign an ID to the container whose OCI state is on standard "
	       "input. An OCI runtime calls this in the createRuntime stage.",
};

static bool being_made(const struct oci_state *state)
{
	return !strcmp(state->status, "creating") ||
	       !strcmp(state->status, "created");
}

/*
 * In the other stages either the hook is inside the container, where the pid is
 * missing or one of the container's own, or the container's program already
 * runs, and its first events have gone by without an ID.
 */
static void check_stage(const struct oci_state *state)
{
	if (state->pid <= 1)
		errx(EXIT_OWN, "the state of container %s has pid %d, which is "
		     "not its number on the host: " STAGE,
		     state->id, state->pid);
	if (!being_made(state))
		errx(EXIT_OWN, "container %s is %s, no longer being created: "
		     STAGE, state->id, state->status);
	if (!proc_is_ours())
		errx(EXIT_OWN, "/proc does not belong to the PID namespace of this "
		     "hook, so pid %d has no meaning: " STAGE, state->pid);
}

static bool is_own_ancestor(pid_t pid)
{
	pid_t p = getpid();
	int dir;

	while (p > 0 && p != pid) {
		dir = proc_open(p);
		if (dir < 0)
			return false;
		p = proc_parent(dir);
		close(dir);
	}
	return p == pid;
}

static uint64_t own_start_time(void)
{
	int dir = proc_open_self();
	uint64_t t;

	if (dir < 0)
		return 0;
	t = proc_start_time(dir);
	close(dir);
	return t;
}

/* The number may have been reused, but not by a process older than this one. */
static int open_target(const struct oci_state *state)
{
	int dir;

	if (is_own_ancestor(state->pid))
		errx(EXIT_OWN, "pid %d of container %s is this hook, or an "
		     "ancestor of this hook: the state cannot be trusted",
		     state->pid, state->id);
	dir = proc_open(state->pid);
	if (dir < 0)
		err(EXIT_OWN, "cannot open /proc/%d, of container %s",
		    state->pid, state->id);
	if (!proc_alive(dir) || proc_start_time(dir) > own_start_time())
		errx(EXIT_OWN, "the process %d of container %s has exited",
		     state->pid, state->id);
	return dir;
}

int hook_main(int argc, char **argv)
{
	struct oci_state state;
	struct request req = { .name = state.id };
	bool lenient = false;
	const char *why;
	int dir;

	argp_parse(&argp, argc, argv, 0, NULL, &lenient);
	why = oci_state_read(STDIN_FILENO, &state);
	if (why)
		errx(EXIT_OWN, "malformed container state on standard input: "
		     "%s; run this as an OCI hook", why);
	check_stage(&state);
	dir = open_target(&state);
	if (cid_write(dir, &req)) {
		warnx("cannot assign an ID to container %s (pid %d): %s", state.id,
		      state.pid, cid_why_refused(dir, &req, errno));
		if (!lenient)
			return EXIT_OWN;
		warnx("container %s starts without an audit container of its "
		      "own", state.id);
	}
	close(dir);
	return 0;
}
