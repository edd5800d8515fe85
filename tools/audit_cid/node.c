// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid check: the kernel, audit and the container runtimes of this machine. What
 * a program knows of its own configuration, it is asked for.
 */

#include <err.h>
#include <errno.h>
#include <glob.h>
#include <json.h>
#include <libaudit.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auditcid.h"
#include "check.h"
#include "model.h"

/* A tool may ask a daemon that does not answer. */
#define ASK	"LC_ALL=C timeout 60 "
#define QUIET	" 2>/dev/null </dev/null"

/* The output of a command, to be freed; NULL if there is none */
static char *output_of(const char *command)
{
	FILE *pipe = popen(command, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t len = -1;

	if (!pipe)
		return NULL;
	len = getdelim(&text, &size, '\0', pipe);
	pclose(pipe);
	if (len > 0)
		return text;
	free(text);
	return NULL;
}

static struct json_object *json_of(const char *command)
{
	char *text = output_of(command);
	struct json_object *obj = text ? json_tokener_parse(text) : NULL;

	free(text);
	return obj;
}

static bool have(const char *name)
{
	char *path = find_program(name);

	free(path);
	return path;
}

static const char *get_text(struct json_object *obj, const char *key)
{
	return json_object_get_string(json_object_object_get(obj, key));
}

/*
 * The kernel and audit
 */

static void check_kernel(struct check *check)
{
	int dir = proc_open_self();
	uint64_t id;

	if (dir < 0)
		errx(EXIT_OWN, "cannot open /proc/self: is /proc mounted?");
	if (!cid_read(dir, &id)) {
		check->can_read = true;
		check_say(check, "kernel", CHECK_OK, "it has audit container IDs, and this process "
			  "may assign them");
	} else {
		check_say(check, "kernel", CHECK_PROBLEM, "%s", cid_why_unread(dir, errno));
	}
	close(dir);
}

/* Return: 0, or -1 */
static int read_status(int fd, struct audit_status *status)
{
	struct audit_reply reply;

	if (audit_request_status(fd) <= 0)
		return -1;
	do {
		if (audit_get_reply(fd, &reply, GET_REPLY_BLOCKING, 0) <= 0 ||
		    (reply.type == NLMSG_ERROR && reply.error->error))
			return -1;
	} while (reply.type != AUDIT_GET);
	*status = *reply.status;
	return 0;
}

static void check_daemon(struct check *check, const struct audit_status *status)
{
	if (!status->enabled)
		check_say(check, "audit", CHECK_PROBLEM, "auditing is disabled: nothing is logged");
	else
		check_say(check, "audit", CHECK_OK, "auditing is enabled");
	if (status->pid)
		check_say(check, "auditd", CHECK_OK, "process %u receives the records", status->pid);
	else
		check_say(check, "auditd", CHECK_PROBLEM, "no audit daemon is registered");
	if (status->lost)
		check_say(check, "records", CHECK_NOTE, "%u were lost since the machine started",
			  status->lost);
}

static void check_audit(struct check *check)
{
	struct audit_status status;
	int fd = audit_open();

	if (fd < 0 || read_status(fd, &status))
		check_say(check, "audit", CHECK_PROBLEM, "its status cannot be read: run this as "
			  "root, with audit in the kernel");
	else
		check_daemon(check, &status);
	if (fd >= 0)
		audit_close(fd);
}

/*
 * Runtimes. auditcid stands in for one as a link to it, or as a script that calls it.
 */

static bool has_word(const char *path, const char *word)
{
	char text[4096];
	FILE *file = fopen(path, "re");
	size_t len = file ? fread(text, 1, sizeof(text), file) : 0;

	if (file)
		fclose(file);
	return len && memmem(text, len, word, strlen(word));
}

static bool is_script(const char *path)
{
	char text[2] = "";
	FILE *file = fopen(path, "re");
	size_t len = file ? fread(text, 1, sizeof(text), file) : 0;

	if (file)
		fclose(file);
	return len == 2 && !memcmp(text, "#!", 2);
}

static bool is_wrapped(const char *name)
{
	char *path = find_program(name), *real = path ? realpath(path, NULL) : NULL;
	const char *base = real ? strrchr(real, '/') : NULL;
	bool wrapped = base && (!strcmp(base, "/auditcid") || strstr(real, "/auditcid/stand-in/") ||
				(is_script(real) && has_word(real, "auditcid")));

	free(path);
	free(real);
	return wrapped;
}

/*
 * The line of dpkg-divert: [local] diversion of PATH to REAL [by PACKAGE]. A path may be
 * diverted where there is no runtime. Return: is there one?
 */
static bool check_diversion(struct check *check, const char *line)
{
	char path[256], real[256];
	const char *base, *of = strstr(line, "diversion of ");

	if (!of || sscanf(of, "diversion of %255s to %255s", path, real) != 2 ||
	    (access(path, F_OK) && access(real, F_OK)))
		return false;
	base = strrchr(path, '/');
	if (access(real, X_OK))
		check_say(check, base + 1, CHECK_PROBLEM, "dpkg-divert has moved %s to %s, which "
			  "does not exist or is not executable", path, real);
	else if (!is_wrapped(path))
		check_say(check, base + 1, CHECK_PROBLEM, "dpkg-divert has moved %s to %s, but "
			  "auditcid does not stand in for it", path, real);
	else
		check_say(check, base + 1, CHECK_OK, "auditcid stands in for %s, which is moved to "
			  "%s by dpkg-divert", path, real);
	return true;
}

/*
 * A runtime that a diversion does not reach. If PATH leads to it, callers get it without
 * having chosen it.
 */
static void check_bypass(struct check *check, const char *path)
{
	const char *base = strrchr(path, '/') + 1;
	char *found = find_program(base);

	if (!is_wrapped(path) && found && !strcmp(found, path))
		check_say(check, base, CHECK_PROBLEM, "%s bypasses auditcid: it is not diverted, and "
			  "PATH leads to it", path);
	else if (!is_wrapped(path))
		check_say(check, base, CHECK_NOTE, "%s is not diverted: what is configured to run it "
			  "bypasses auditcid", path);
	free(found);
}

/* Where runtimes are that packages of distributions do not have under the usual path */
static void check_bypasses(struct check *check)
{
	glob_t files;
	size_t i;

	if (glob("/usr/{local/bin,local/sbin,libexec/crio,lib/cri-o-runc/sbin}/{runc,crun}",
		 GLOB_BRACE, NULL, &files))
		return;
	for (i = 0; i < files.gl_pathc; i++)
		check_bypass(check, files.gl_pathv[i]);
	globfree(&files);
}

static void check_diverted_options(struct check *check)
{
	struct json_object *config = json_object_from_file(DIVERT_CONFIG);

	if (!config && !access(DIVERT_CONFIG, F_OK))
		check_say(check, "diversion", CHECK_PROBLEM, DIVERT_CONFIG " cannot be read, or is "
			  "not JSON: no diverted runtime starts a container");
	json_object_put(config);
}

static void check_diversions(struct check *check)
{
	char *text = output_of(ASK "dpkg-divert --list '*/runc' '*/crun'" QUIET), *rest = text, *line;
	unsigned int found = 0;

	while (rest && (line = strsep(&rest, "\n")))
		found += check_diversion(check, line);
	free(text);
	if (!found)
		return;
	check_bypasses(check);
	check_diverted_options(check);
}

/* What a manager of containers has configured: its runtimes, by their names */
struct runtimes {
	struct check	*check;
	const char	*manager;
	const char	*by_default;
	unsigned int	wrapped;
};

static void check_runtime(struct runtimes *set, const char *name, const char *path)
{
	bool is_default = set->by_default && !strcmp(name, set->by_default);

	if (is_wrapped(path))
		set->wrapped++;
	else
		check_say(set->check, set->manager, CHECK_PROBLEM, "its %sruntime %s runs %s without "
			  "auditcid: containers and sessions have no ID", is_default ? "default " : "",
			  name, path);
}

static void check_wrapped(const struct runtimes *set)
{
	if (set->wrapped)
		check_say(set->check, set->manager, CHECK_OK, "auditcid stands in for %u of its "
			  "runtimes", set->wrapped);
}

/*
 * docker
 */

static const char *docker_path(struct json_object *runtime)
{
	struct json_object *options = json_object_object_get(runtime, "options");
	const char *path = get_text(runtime, "path");

	if (!path || !*path)
		path = get_text(options, "BinaryName");
	return path && *path ? path : "runc";
}

/* docker info names runc under each of the names by which it is reserved. */
static bool is_reserved(const char *name)
{
	return !strcmp(name, "runc") || !strcmp(name, "io.containerd.runc.v2");
}

static void check_reserved(const struct runtimes *set)
{
	if (!is_wrapped("runc"))
		check_say(set->check, "docker", CHECK_PROBLEM, "docker build (BuildKit, the default since "
			  "23) and docker run --runtime runc call runc by its own name, without "
			  "auditcid: divert runc");
}

static void check_docker_list(struct check *check, struct json_object *list, const char *by_default)
{
	struct runtimes set = { check, "docker", by_default ? by_default : "runc", 0 };

	json_object_object_foreach(list, name, runtime)
		if (!is_reserved(name))
			check_runtime(&set, name, docker_path(runtime));
	if (is_reserved(set.by_default))
		check_runtime(&set, "runc", "runc");
	check_reserved(&set);
	check_wrapped(&set);
}

static void check_docker(struct check *check)
{
	struct json_object *info, *list, *none = json_object_new_object();

	if (!have("dockerd")) {
		json_object_put(none);
		return;
	}
	info = json_of(ASK "docker info --format '{{json .}}'" QUIET);
	list = json_object_object_get(info, "Runtimes");
	if (json_object_is_type(list, json_type_object)) {
		check_docker_list(check, list, get_text(info, "DefaultRuntime"));
	} else {
		json_object_put(info);
		check_say(check, "docker", CHECK_NOTE, "the daemon does not answer: this is what "
			  "/etc/docker/daemon.json says");
		info = json_object_from_file("/etc/docker/daemon.json");
		list = json_object_object_get(info, "runtimes");
		check_docker_list(check, list ? list : none, get_text(info, "default-runtime"));
	}
	json_object_put(info);
	json_object_put(none);
}

/*
 * containerd and CRI-O print the configuration that is in effect, as TOML of a line for
 * each key: [...runtimes.NAME] or [...runtimes.NAME.options], and under it the path.
 */

struct dump {
	struct runtimes	set;
	char		name[64], path[256], type[64], by_default[64];
	bool		disabled;
};

/* The value of a line: KEY = "VALUE" or KEY = 'VALUE' */
static bool take_value(const char *line, const char *key, char *to, size_t size)
{
	char quote, format[32];

	line += strspn(line, " \t#");
	if (strncmp(line, key, strlen(key)))
		return false;
	line += strlen(key);
	line += strspn(line, " =");
	quote = *line;
	if (quote != '"' && quote != '\'')
		return false;
	*to = '\0';
	snprintf(format, sizeof(format), "%%%zu[^\"']", size - 1);
	sscanf(line + 1, format, to);
	return true;
}

/* Without a path, containerd runs runc, and CRI-O what has the name of the runtime. */
static void end_runtime(struct dump *dump)
{
	bool is_containerd = !strcmp(dump->set.manager, "containerd");

	if (*dump->name && *dump->type && !strstr(dump->type, "runc") && strcmp(dump->type, "oci"))
		check_say(dump->set.check, dump->set.manager, CHECK_NOTE, "its runtime %s is of the "
			  "type %s, for which auditcid cannot stand in", dump->name, dump->type);
	else if (*dump->name)
		check_runtime(&dump->set, dump->name, *dump->path ? dump->path :
			      is_containerd ? "runc" : dump->name);
	*dump->name = *dump->path = *dump->type = '\0';
}

static void begin_table(struct dump *dump, const char *line)
{
	const char *at = strstr(line, ".runtimes.");
	char name[64] = "";

	if (at)
		sscanf(at + strlen(".runtimes."), "%63[^].]", name);
	if (strcmp(name, dump->name))
		end_runtime(dump);
	memcpy(dump->name, name, sizeof(name));
}

static void take_line(struct dump *dump, const char *line)
{
	line += strspn(line, " \t");
	if (*line == '[')
		begin_table(dump, line);
	else if (*dump->name && *line != '#')
		(void)(take_value(line, "BinaryName", dump->path, sizeof(dump->path)) ||
		       take_value(line, "runtime_path", dump->path, sizeof(dump->path)) ||
		       take_value(line, "runtime_type", dump->type, sizeof(dump->type)));
}

/* What has to be known before the runtimes. A runtime's table comes after it or before. */
static void take_general(struct dump *dump, char *text)
{
	size_t size = sizeof(dump->by_default);
	char *line;

	while (text && (line = strsep(&text, "\n"))) {
		if (!strncmp(line, "disabled_plugins", 16) && strstr(line, "cri"))
			dump->disabled = true;
		if (!*dump->by_default &&
		    !take_value(line, "default_runtime_name", dump->by_default, size))
			take_value(line, "default_runtime", dump->by_default, size);
	}
}

static void check_lines(struct dump *dump, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		take_line(dump, line);
	end_runtime(dump);
	check_wrapped(&dump->set);
}

static void check_dump(struct check *check, const char *manager, const char *command)
{
	char *text = output_of(command), *copy = text ? checked(strdup(text)) : NULL;
	struct dump dump = { .set = { .check = check, .manager = manager } };

	dump.set.by_default = dump.by_default;
	take_general(&dump, copy);
	if (!text)
		check_say(check, manager, CHECK_NOTE, "its configuration cannot be read");
	else if (dump.disabled)
		check_say(check, manager, CHECK_NOTE, "its CRI plugin is disabled: runtimes were not "
			  "checked");
	else
		check_lines(&dump, text);
	free(text);
	free(copy);
}

/*
 * podman and CRI-O may have the hook instead.
 */

static bool has_hook(void)
{
	glob_t files;
	bool found = false;
	size_t i;

	if (glob("/{usr/share,etc}/containers/oci/hooks.d/*.json", GLOB_BRACE, NULL, &files))
		return false;
	for (i = 0; i < files.gl_pathc; i++)
		found |= has_word(files.gl_pathv[i], "auditcid");
	globfree(&files);
	return found;
}

static void check_podman(struct check *check)
{
	struct json_object *info, *host, *runtime;
	const char *path;

	if (!have("podman"))
		return;
	info = json_of(ASK "podman info --format json" QUIET);
	host = json_object_object_get(info, "host");
	runtime = json_object_object_get(host, "ociRuntime");
	path = get_text(runtime, "path");
	if (!path)
		check_say(check, "podman", CHECK_NOTE, "podman info does not say which runtime it uses");
	else if (is_wrapped(path))
		check_say(check, "podman", CHECK_OK, "its default runtime is %s, which is auditcid", path);
	else if (has_hook())
		check_say(check, "podman", CHECK_PROBLEM, "the hook labels its containers, but "
			  "sessions (podman exec, health checks) have no ID: %s runs without auditcid", path);
	else
		check_say(check, "podman", CHECK_PROBLEM, "its default runtime %s runs without auditcid, "
			  "and there is no hook: containers and sessions have no ID", path);
	json_object_put(info);
}

static void check_others(struct check *check)
{
	if (have("containerd"))
		check_dump(check, "containerd", ASK "containerd config dump" QUIET);
	if (have("crio"))
		check_dump(check, "CRI-O", ASK "crio config" QUIET);
	if (have("lxc-attach"))
		check_say(check, "LXC", CHECK_NOTE, "lxc-attach runs no hook: its sessions have no ID, "
			  "unless auditcid run --join starts it");
	if (have("incusd"))
		check_say(check, "Incus", CHECK_NOTE, "incus exec runs no hook: its sessions have no ID");
}

void check_node(struct check *check)
{
	check_kernel(check);
	check_audit(check);
	check_diversions(check);
	check_docker(check);
	check_podman(check);
	check_others(check);
}
