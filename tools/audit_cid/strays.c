// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid check: processes without an ID in the namespaces of audit containers, or that
 * a container runtime has started.
 *
 * A runtime starts a container or a session before its hook labels it. So a process
 * counts that is found twice.
 */

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auditcid.h"
#include "check.h"
#include "model.h"

#define AGAIN_US	500000
#define CONTIDS_MAX	4	/* of the containers that one process is in, that are listed */

static const char * const types[] = {
	"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts",
};

#define TYPES		(sizeof(types) / sizeof(*types))
#define TYPE_PID	4

struct task {
	pid_t		pid, parent;
	uint64_t	start, contid;
	ino_t		ns[TYPES];	/* 0: the kernel does not have the type */
	char		comm[32];
	bool		is_init;	/* of its PID namespace */
};

/* A namespace that members are in */
struct space {
	unsigned int	type;
	ino_t		ino;
	uint64_t	contid;		/* of one of the containers */
};

struct scan {
	struct task	*tasks;		/* by PID */
	size_t		count, hidden;
	ino_t		host[TYPES], own[TYPES];
	void		*spaces;	/* a tree of struct space */
};

static void read_ns(int dir, ino_t *ns)
{
	char path[16];
	struct stat st;
	size_t i;

	for (i = 0; i < TYPES; i++) {
		snprintf(path, sizeof(path), "ns/%s", types[i]);
		ns[i] = fstatat(dir, path, &st, 0) ? 0 : st.st_ino;
	}
}

static bool is_init(int dir)
{
	char buf[4096], *line, *end;

	if (proc_read(dir, "status", buf, sizeof(buf)) <= 0)
		return false;
	line = strstr(buf, "\nNSpid:");
	end = line ? strchr(line + 1, '\n') : NULL;
	return end && end - line > 2 && end[-1] == '1' && isspace((unsigned char)end[-2]);
}

/* Return: 0, or -1 if the process is gone or not for us to see */
static int read_task(int dir, struct task *task)
{
	if (cid_read(dir, &task->contid))
		return -1;
	read_ns(dir, task->ns);
	if (!task->ns[TYPE_PID])
		return -1;
	task->parent = proc_parent(dir);
	task->start = proc_start_time(dir);
	task->is_init = is_init(dir);
	proc_comm(dir, task->comm, sizeof(task->comm));
	return 0;
}

static void add_task(struct scan *scan, pid_t pid)
{
	struct task task = { .pid = pid };
	int dir = proc_open(pid);

	if (dir < 0)
		return;
	if (!read_task(dir, &task)) {
		scan->tasks = checked(reallocarray(scan->tasks, scan->count + 1, sizeof(task)));
		scan->tasks[scan->count++] = task;
	} else if (proc_alive(dir)) {
		scan->hidden++;
	}
	close(dir);
}

static int compare_tasks(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int compare_spaces(const void *a, const void *b)
{
	const struct space *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

static bool is_hosts(const struct scan *scan, unsigned int type, ino_t ino)
{
	return !ino || ino == scan->host[type] || ino == scan->own[type];
}

static void add_space(struct scan *scan, unsigned int type, const struct task *task)
{
	struct space *space = checked(malloc(sizeof(*space))), **found;

	*space = (struct space) { type, task->ns[type], task->contid };
	found = checked(tsearch(space, &scan->spaces, compare_spaces));
	if (*found != space)
		free(space);
}

static const struct space *find_space(const struct scan *scan, unsigned int type, ino_t ino)
{
	struct space key = { .type = type, .ino = ino };
	struct space **found = tfind(&key, &scan->spaces, compare_spaces);

	return found ? *found : NULL;
}

static void add_spaces(struct scan *scan, const struct task *task)
{
	unsigned int i;

	for (i = 0; task->contid && i < TYPES; i++)
		if (!is_hosts(scan, i, task->ns[i]))
			add_space(scan, i, task);
}

static void read_known(int dir, ino_t *ns)
{
	if (dir < 0)
		return;
	read_ns(dir, ns);
	close(dir);
}

static void read_all(struct scan *scan)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t i;

	if (!proc)
		err(EXIT_OWN, "cannot open /proc");
	read_known(proc_open(1), scan->host);
	read_known(proc_open_self(), scan->own);
	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)*entry->d_name))
			add_task(scan, atoi(entry->d_name));
	closedir(proc);
	if (scan->count)
		qsort(scan->tasks, scan->count, sizeof(*scan->tasks), compare_tasks);
	for (i = 0; i < scan->count; i++)
		add_spaces(scan, &scan->tasks[i]);
}

static const struct task *find_task(const struct scan *scan, pid_t pid)
{
	const struct task key = { .pid = pid };

	return scan->count ? bsearch(&key, scan->tasks, scan->count, sizeof(key),
				     compare_tasks) : NULL;
}

static bool is_inside(const struct scan *scan, const struct task *task)
{
	unsigned int i;

	for (i = 0; i < TYPES; i++)
		if (!is_hosts(scan, i, task->ns[i]) && find_space(scan, i, task->ns[i]))
			return true;
	return false;
}

static bool is_elsewhere(const struct scan *scan, const struct task *task)
{
	return !is_hosts(scan, TYPE_PID, task->ns[TYPE_PID]);
}

/*
 * Why
 */

static const struct starter {
	const char	*comm;		/* begins so */
	const char	*session;	/* how a process got into a container that has an ID */
	const char	*container;	/* ... a container came to be without one; NULL: not known */
} starters[] = {
	{ "conmon", "a session of podman or CRI-O: auditcid runtime did not run it, and hooks do "
	  "not run for sessions", "a container of podman or CRI-O that neither the hook nor "
	  "auditcid runtime has labelled" },
	{ "containerd-shim", "a session of docker, containerd or Kubernetes: auditcid runtime did "
	  "not run it, and hooks do not run for sessions", "a container of docker, containerd or "
	  "Kubernetes that auditcid runtime did not run" },
	{ "dockerd", "a step of docker build: BuildKit calls runc by its own name", "a step of "
	  "docker build: BuildKit calls runc by its own name" },
	{ "buildkitd", "a step of a build: BuildKit calls runc by its own name", "a step of a "
	  "build: BuildKit calls runc by its own name" },
	{ "runc", "a session of runc that auditcid runtime did not run",
	  "a container of runc that neither the hook nor auditcid runtime has labelled" },
	{ "crun", "a session of crun that auditcid runtime did not run",
	  "a container of crun that neither the hook nor auditcid runtime has labelled" },
	{ "lxc-attach", "lxc-attach, which runs no hook", NULL },
	{ "lxc-start", "a session of LXC, which runs no hook for sessions",
	  "a container of LXC without the hook" },
	{ "incusd", "incus exec, for which no hook runs", "a container of Incus without the hook" },
	{ "lxd", "lxc exec, for which no hook runs", "a container of LXD without the hook" },
	{ "systemd-nspawn", "a process of systemd-nspawn", "systemd-nspawn without auditcid run" },
	{ "nsenter", "nsenter, by a host process", NULL },
	{}
};

static const struct starter *find_starter(const char *comm)
{
	const struct starter *starter = starters;

	while (starter->comm && strncmp(comm, starter->comm, strlen(starter->comm)))
		starter++;
	return starter->comm ? starter : NULL;
}

/* The nearest process outside from which @task descends; NULL: it is gone */
static const struct task *find_entrance(const struct scan *scan, const struct task *task)
{
	size_t steps = scan->count;

	do
		task = find_task(scan, task->parent);
	while (task && !find_starter(task->comm) && steps-- &&
	       (is_inside(scan, task) || is_elsewhere(scan, task)));
	/* The parent of a process that has lost its own */
	return task && task->pid > 1 && !task->contid ? task : NULL;
}

/* runc run stays the parent of what it runs: who has called it says more. */
static const struct starter *starter_of(const struct scan *scan, const struct task *entrance)
{
	const struct starter *starter = find_starter(entrance->comm), *caller = NULL;
	const struct task *parent = find_task(scan, entrance->parent);

	if (starter && parent && (!strcmp(starter->comm, "runc") || !strcmp(starter->comm, "crun")))
		caller = find_starter(parent->comm);
	return caller ? caller : starter;
}

static char *session_text(const struct scan *scan, const struct task *entrance)
{
	const struct starter *starter = entrance ? starter_of(scan, entrance) : NULL;
	char *text;
	int len;

	if (!entrance)
		len = asprintf(&text, "not known: the process that started it is gone");
	else if (starter)
		len = asprintf(&text, "%s (%s %d)", starter->session, entrance->comm, entrance->pid);
	else
		len = asprintf(&text, "a host process entered: %s %d, or its child", entrance->comm,
			       entrance->pid);
	return len < 0 ? checked(NULL) : text;
}

/*
 * What is found
 */

static bool has_number(struct json_object *list, uint64_t number)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++)
		if (json_object_get_uint64(json_object_array_get_idx(list, i)) == number)
			return true;
	return false;
}

static void add_places(const struct scan *scan, const struct task *task, struct json_object *obj)
{
	struct json_object *contids = json_object_new_array(), *spaces = json_object_new_array();
	const struct space *space;
	unsigned int i;

	for (i = 0; i < TYPES; i++) {
		space = is_hosts(scan, i, task->ns[i]) ? NULL : find_space(scan, i, task->ns[i]);
		if (!space)
			continue;
		json_object_array_add(spaces, json_object_new_string(types[i]));
		if (!has_number(contids, space->contid) &&
		    json_object_array_length(contids) < CONTIDS_MAX)
			json_object_array_add(contids, json_object_new_uint64(space->contid));
	}
	json_object_object_add(obj, "contids", contids);
	json_object_object_add(obj, "namespaces", spaces);
}

static void report(struct check *check, const struct scan *scan, const struct task *task,
		   const struct task *entrance, const char *text)
{
	struct json_object *obj = json_object_new_object(), *by = NULL;

	if (entrance) {
		by = json_object_new_object();
		json_object_object_add(by, "pid", json_object_new_int(entrance->pid));
		json_object_object_add(by, "comm", json_text(entrance->comm));
	}
	json_object_object_add(obj, "pid", json_object_new_int(task->pid));
	json_object_object_add(obj, "comm", json_text(task->comm));
	add_places(scan, task, obj);
	json_object_object_add(obj, "started_by", by);
	json_object_object_add(obj, "text", json_text(text));
	json_object_array_add(check->processes, obj);
	check->problems++;
}

/* Is it the first process of a container, none of whose processes has an ID? */
static const char *unlabelled(const struct scan *scan, const struct task *task,
			      const struct task *entrance)
{
	const struct starter *starter;

	if (!task->is_init || !is_elsewhere(scan, task) || !entrance)
		return NULL;
	starter = starter_of(scan, entrance);
	return starter ? starter->container : NULL;
}

static bool was_found(const struct scan *before, const struct task *task)
{
	const struct task *same = find_task(before, task->pid);

	return same && same->start == task->start && !same->contid;
}

/* Return: how many there are. With @before, only those count that were there, too. */
static unsigned int look_at(struct check *check, const struct scan *scan,
			    const struct scan *before)
{
	const struct task *task, *entrance;
	unsigned int found = 0;
	const char *why;
	char *text;

	for (task = scan->tasks; task < scan->tasks + scan->count; task++) {
		if (task->contid || task->pid == getpid() || (before && !was_found(before, task)))
			continue;
		entrance = find_entrance(scan, task);
		text = is_inside(scan, task) ? session_text(scan, entrance) : NULL;
		why = text ? text : unlabelled(scan, task, entrance);
		found += why ? 1 : 0;
		if (why && before)
			report(check, scan, task, entrance, why);
		free(text);
	}
	return found;
}

static void free_scan(struct scan *scan)
{
	tdestroy(scan->spaces, free);
	free(scan->tasks);
}

void check_processes(struct check *check)
{
	struct scan before = {}, now = {};

	read_all(&before);
	if (look_at(check, &before, NULL)) {
		usleep(AGAIN_US);
		read_all(&now);
		look_at(check, &now, &before);
		free_scan(&now);
	}
	if (before.hidden)
		check_say(check, "processes", CHECK_PROBLEM, "the IDs or namespaces of %zu could "
			  "not be read: run this as root, outside any audit container",
			  before.hidden);
	free_scan(&before);
}
