// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: tests of what can be told without a kernel. Prints TAP.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auditcid.h"

static int tests, bad;

static void check(bool good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, what);
	bad += !good;
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

#define MAX_WORDS 16

static const struct {
	const char		*line;
	enum runtime_verb	verb;
	const char		*id;
	const char		*unknown;
} lines[] = {
	{ "runc", RUNTIME_OTHER, NULL, NULL },
	{ "runc --version", RUNTIME_OTHER, NULL, NULL },
	{ "runc list", RUNTIME_OTHER, NULL, NULL },
	{ "runc create c", RUNTIME_CREATE, "c", NULL },
	{ "runc --root run create exec", RUNTIME_CREATE, "exec", NULL },
	{ "/usr/sbin/runc --root=/x --log l --log-format json create --bundle "
	  "b --pid-file p c", RUNTIME_CREATE, "c", NULL },
	{ "runc -root run create c", RUNTIME_CREATE, "c", NULL },
	{ "runc --debug=true run -b dir c", RUNTIME_CREATE, "c", NULL },
	{ "runc --debug run --bundle run c", RUNTIME_CREATE, "c", NULL },
	{ "runc -- run c", RUNTIME_CREATE, "c", NULL },
	{ "runc run", RUNTIME_OTHER, NULL, NULL },
	{ "runc restore --image-path i c", RUNTIME_CREATE, "c", NULL },
	{ "runc exec c ls -l", RUNTIME_EXEC, "c", NULL },
	{ "runc exec -t --user 0 -e A=b c sh", RUNTIME_EXEC, "c", NULL },
	{ "runc exec --process p -d c", RUNTIME_EXEC, "c", NULL },
	{ "runc exec -p p --pid-file f --detach c", RUNTIME_EXEC, "c", NULL },
	{ "runc exec --tty=false -cap CAP_X c sh", RUNTIME_EXEC, "c", NULL },
	{ "runc --new run c", RUNTIME_OTHER, NULL, "--new" },
	{ "runc --new x list", RUNTIME_OTHER, NULL, NULL },
	{ "runc --new=1 run c", RUNTIME_CREATE, "c", NULL },
	{ "runc --roo /x run c", RUNTIME_OTHER, NULL, "--roo" },
	{ "runc exec --pid 1 c sh", RUNTIME_EXEC, NULL, "--pid" },
	{ "runc exec -z c sh", RUNTIME_EXEC, NULL, "-z" },
	{ "runc run --new x c", RUNTIME_CREATE, "c", NULL },
	{ "runc create -b dir -z c", RUNTIME_CREATE, "c", NULL },
	{ "crun restore --new c", RUNTIME_CREATE, "c", NULL },
	{ "runc run --new", RUNTIME_CREATE, NULL, "--new" },
	{ "runc run --new -x", RUNTIME_CREATE, NULL, "--new" },
	{ "runc exec --new x --process p -d c", RUNTIME_EXEC, "c", NULL },
	{ "crun exec --new c mkdir -p x", RUNTIME_EXEC, NULL, "--new" },
	{ "runc exec --process=p --new c", RUNTIME_EXEC, "c", NULL },
	{ "runc exec --new c sh --processes", RUNTIME_EXEC, NULL, "--new" },
	{ "crun restore --tcp-close c x", RUNTIME_CREATE, "c", NULL },
	{ "crun restore --network-lock skip c x", RUNTIME_CREATE, "c", NULL },
	{ "runc delete --new run", RUNTIME_OTHER, NULL, NULL },
	{ "crun ps --new x exec", RUNTIME_OTHER, NULL, NULL },
	{ "runc exec -td c sh", RUNTIME_EXEC, NULL, "-td" },
	{ "runc exec --env", RUNTIME_EXEC, NULL, "--env" },
	{ "crun --cgroup-manager disabled run -f conf c", RUNTIME_CREATE, "c", NULL },
	{ "crun exec -cCAP_X -dt c sh", RUNTIME_EXEC, "c", NULL },
	{ "crun exec -cap c sh", RUNTIME_EXEC, "c", NULL },
	{ "crun exec --tty=/dev/x c sh", RUNTIME_EXEC, "c", NULL },
	{}
};

static void test_line(int i)
{
	char text[256], *argv[MAX_WORDS + 1] = {}, *rest = text;
	struct cmdline cmd;
	int argc = 0;

	snprintf(text, sizeof(text), "%s", lines[i].line);
	while (rest && argc < MAX_WORDS)
		argv[argc++] = strsep(&rest, " ");
	cmdline_parse(argc, argv, &cmd);
	check(same(cmd.id, lines[i].id) &&
	      same(cmd.unknown, lines[i].unknown) &&
	      (!cmd.id || cmd.verb == lines[i].verb), lines[i].line);
}

static void test_globals(void)
{
	char *argv[] = { "/usr/bin/crun", "--root=/x", "--log", "l", "--log-format", "json",
			 "exec", "--root", "c", NULL };
	struct cmdline cmd;

	cmdline_parse(9, argv, &cmd);
	check(cmd.is_crun && same(cmd.root, "/x") && same(cmd.log, "l") &&
	      same(cmd.log_format, "json"), "--root, --log and --log-format");
	cmdline_parse(1, argv, &cmd);
	check(!cmd.root && !cmd.log && !cmd.log_format, "... that are not given");
}

#define STATE(rest) "{\"ociVersion\":\"1.0\"" rest "}"

static const struct {
	const char	*text;
	const char	*why;
	const char	*id;
	pid_t		pid;
} states[] = {
	{ STATE(",\"id\":\"c\",\"status\":\"created\",\"pid\":7"), NULL, "c", 7 },
	{ STATE(",\"id\":\"c\",\"status\":\"created\",\"pid\":7") " \n", NULL, "c", 7 },
	{ STATE(",\"id\":\"c\",\"status\":\"stopped\""), NULL, "c", 0 },
	{ STATE(",\"id\":\"a b\\u0000\\u00e9\",\"status\":\"x\""), NULL, "a_b___", 0 },
	{ " \n", "it is empty", NULL, 0 },
	{ "x", "it is not JSON", NULL, 0 },
	{ "{", "it is not JSON", NULL, 0 },
	{ STATE("") "x", "it is not JSON", NULL, 0 },
	{ "[]", "it is not a JSON object", NULL, 0 },
	{ "7 ", "it is not a JSON object", NULL, 0 },
	{ "{\"ociVersion\":1}", "it has no ociVersion", NULL, 0 },
	{ STATE(""), "it has no id", NULL, 0 },
	{ STATE(",\"id\":\"\""), "it has no id", NULL, 0 },
	{ STATE(",\"id\":7"), "it has no id", NULL, 0 },
	{ STATE(",\"id\":\"c\""), "it has no status", NULL, 0 },
	{ STATE(",\"id\":\"c\",\"status\":\"x\",\"pid\":\"7\""),
	  "its pid is not a process ID", NULL, 0 },
	{ STATE(",\"id\":\"c\",\"status\":\"x\",\"pid\":1.5"),
	  "its pid is not a process ID", NULL, 0 },
	{ STATE(",\"id\":\"c\",\"status\":\"x\",\"pid\":-7"),
	  "its pid is not a process ID", NULL, 0 },
	{ STATE(",\"id\":\"c\",\"status\":\"x\",\"pid\":4294967303"),
	  "its pid is not a process ID", NULL, 0 },
	{}
};

static void test_state(int i)
{
	struct oci_state state = {};
	const char *why;

	why = oci_state_parse(states[i].text, strlen(states[i].text), &state);
	check(same(why, states[i].why) &&
	      (why || (same(state.id, states[i].id) &&
		       state.pid == states[i].pid)), states[i].text);
}

static void test_names(void)
{
	char name[AUDIT_CID_NAME_MAX + 1], too_long[AUDIT_CID_NAME_MAX + 2];

	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	check(request_name_valid("web-1_a.b/c\"=~!"), "a name of printable ASCII");
	check(!request_name_valid(""), "no empty name");
	check(!request_name_valid("a b"), "no space in a name");
	check(!request_name_valid("a\n"), "no newline in a name");
	check(!request_name_valid("\xc3\xa9"), "no letter beyond ASCII in a name");
	check(!request_name_valid(too_long), "no name of 129 bytes");
	check(request_name_valid(too_long + 1), "a name of 128 bytes");
	request_clean_name(name, too_long, strlen(too_long));
	check(request_name_valid(name), "a long name is cut");
	request_clean_name(name, "a b\n", 4);
	check(same(name, "a_b_"), "other characters are replaced");
}

static void test_numbers(void)
{
	check(request_id_valid("0"), "the number 0");
	check(request_id_valid("18446744073709551615"), "the largest number");
	check(!request_id_valid("18446744073709551616"), "no larger number");
	check(!request_id_valid(""), "no empty number");
	check(!request_id_valid("-1"), "no negative number");
	check(!request_id_valid(" 1"), "no space in a number");
	check(!request_id_valid("01"), "no leading zero");
	check(!request_id_valid("0x1"), "no hexadecimal number");
}

static void test_format(void)
{
	const struct request all = { .name = "n", .parent = "5", .delegate = "3" };
	const struct request join = { .join = "7" };
	const struct request none = {};
	char text[AUDIT_CID_WRITE_MAX];

	request_format(text, sizeof(text), &none);
	check(same(text, "new"), "new");
	request_format(text, sizeof(text), &all);
	check(same(text, "new name=n parent=5 delegate=3"), "new with all options");
	request_format(text, sizeof(text), &join);
	check(same(text, "join 7"), "join");
}

static void test_proc(void)
{
	int dir = proc_open_self();

	check(dir >= 0 && proc_alive(dir), "the own process is alive");
	check(proc_parent(dir) == getppid(), "its parent");
	check(proc_start_time(dir) > 0 && proc_start_time(dir) <= proc_now(),
	      "its start time is not in the future");
	check(proc_is_ours(), "/proc is of the own PID namespace");
	close(dir);
	check(proc_open(0) < 0, "there is no process 0");
}

/*
 * The init process of container c is this process. What its runtime prints as the state
 * says the same; that it was run is seen by the file "asked".
 */
static char dir_path[] = "/tmp/auditcid-units-XXXXXX";

static void put(const char *name, int mode, const char *format, ...)
{
	va_list args;
	FILE *file = fopen(name, "w");

	va_start(args, format);
	if (file)
		vfprintf(file, format, args);
	va_end(args);
	if (!file || fclose(file) || chmod(name, mode))
		check(false, name);
}

static uint64_t own_start(void)
{
	int dir = proc_open_self();
	uint64_t start = proc_start_time(dir);

	close(dir);
	return start;
}

static char found_bundle[PATH_MAX];

/* With @root: as --root, else XDG_RUNTIME_DIR. Return: was this process found? */
static bool finds_itself(const char *runtime, bool root)
{
	char *with[] = { (char *)runtime, "--root", "xdg/run", "exec", "c", "sh", NULL };
	char *without[] = { (char *)runtime, "exec", "c", "sh", NULL };
	struct cmdline cmd;
	char path[32], bundle[PATH_MAX];
	int dir = -1;
	const char *why;

	snprintf(path, sizeof(path), "./%s", runtime);
	cmdline_parse(root ? 6 : 4, root ? with : without, &cmd);
	why = runtime_init(path, root ? with : without, &cmd, &dir,
			   bundle);
	if (why)
		printf("# %s\n", why);
	if (why || proc_start_time(dir) != own_start())
		return false;
	close(dir);
	snprintf(found_bundle, sizeof(found_bundle), "%s", bundle);
	return true;
}

static void check_kept(const char *runtime, const char *what)
{
	check(finds_itself(runtime, true) && access("asked", F_OK), what);
	unlink("asked");
}

static void check_asked(const char *runtime, const char *what)
{
	check(finds_itself(runtime, true) && !access("asked", F_OK), what);
	unlink("asked");
}

static void test_runc_state(const char *file)
{
	int pid = getpid();
	uint64_t start = own_start();

	check_asked("runc", "runc: no state.json: asked");
	check(same(found_bundle, "/asked"), "... and the bundle");
	put(file, 0600, "{\"id\":\"c\",\"init_process_pid\":%d,\"init_process_start\":%"
	    PRIu64 ",\"config\":{\"a\":[{}],\"labels\":[7,\"a=b\",\"bundle=/b=c\"]}}\n",
	    pid, start);
	check_kept("runc", "runc: state.json");
	check(same(found_bundle, "/b=c"), "... and the bundle");
	setenv("XDG_RUNTIME_DIR", "xdg", 1);
	check(!rename("xdg/run", "xdg/runc") && finds_itself("runc", false) == !!geteuid(),
	      "runc: XDG_RUNTIME_DIR, unless as root");
	check(!rename("xdg/runc", "xdg/run"), "... and back");
	unlink("asked");
	put(file, 0600, "{\"id\":\"d\",\"init_process_pid\":%d,\"init_process_start\":%"
	    PRIu64 "}", pid, start);
	check_asked("runc", "runc: state.json of another container: asked");
	put(file, 0600, "{\"id\":\"c\",\"init_process_pid\":%d,\"init_process_start\":%"
	    PRIu64 "}", pid, start + 1);
	check_asked("runc", "runc: another process has the number: asked");
	put(file, 0600, "{\"id\":\"c\",\"init_process_pid\":%d}", pid);
	check_asked("runc", "runc: no start time: asked");
	put(file, 0600, "{\"id\":\"c\",\"init_process_pid\":\"%d\",\"init_process_start\":%"
	    PRIu64 "}", pid, start);
	check_asked("runc", "runc: a PID that is no number: asked");
	put(file, 0600, "{\"id\":\"c\",\"init_process_pid\":%d,\"init_proc", pid);
	check_asked("runc", "runc: half a file: asked");
	put(file, 0600, "{\"id\":\"c\",\"init_process_pid\":2147483647,"
	    "\"init_process_start\":0}");
	check_asked("runc", "runc: no such process: asked");
}

static void test_crun_state(const char *file)
{
	int pid = getpid();
	uint64_t start = own_start();

	check_asked("crun", "crun: no status: asked");
	put(file, 0600, "{\n \"pid\": %d,\n \"process-start-time\": %" PRIu64
	    ",\n \"bundle\": \"/b\"\n}\n", pid, start);
	check_kept("crun", "crun: status");
	check(same(found_bundle, "/b"), "... and the bundle");
	setenv("XDG_RUNTIME_DIR", "xdg", 1);
	check(!rename("xdg/run", "xdg/crun") && finds_itself("crun", false) &&
	      access("asked", F_OK), "crun: status in XDG_RUNTIME_DIR");
	check(!rename("xdg/crun", "xdg/run"), "... and back");
	unlink("asked");
	put(file, 0600, "{\"pid\":%d,\"process-start-time\":0}", pid);
	check_asked("crun", "crun: no start time: asked");
	put(file, 0600, "{\"pid\":%d,\"process-start-time\":%" PRIu64 "}", pid, start - 1);
	check_asked("crun", "crun: another process has the number: asked");
}

static int remove_all(const char *path)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", path);
	return system(command);
}

static void test_init(void)
{
	static const char * const runtimes[] = { "runc", "crun" };
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), i;

	if (!mkdtemp(dir_path) || chdir(dir_path) || mkdir("xdg", 0700) ||
	    mkdir("xdg/run", 0700) || mkdir("xdg/run/c", 0700)) {
		check(false, dir_path);
		return;
	}
	for (i = 0; i < 2; i++)
		put(runtimes[i], 0700, "#!/bin/sh\n>asked\n[ \"$*\" = '--root xdg/run state c' ] &&\n"
		    "echo '{\"ociVersion\":\"1.0\",\"id\":\"c\",\"status\":\"running\","
		    "\"pid\":%d,\"bundle\":\"/asked\"}'\n", getpid());
	test_runc_state("xdg/run/c/state.json");
	test_crun_state("xdg/run/c/status");
	check(!fchdir(here) && !remove_all(dir_path), "the rest");
	close(here);
}

static const struct {
	const char	*line, *bundle, *config;
} places[] = {
	{ "runc create c", ".", "config.json" },
	{ "runc create --bundle /b c", "/b", "config.json" },
	{ "runc run -b /b c", "/b", "config.json" },
	{ "runc create --bundle=/b c", "/b", "config.json" },
	{ "crun run -f f -b /b c", "/b", "f" },
	{ "crun create --config=f c", ".", "f" },
	{ "crun run -b/b c", "/b", "config.json" },
	{ "runc restore --image-path -b c", ".", "config.json" },
	/* Where the rest is unclear, so is the bundle. */
	{ "runc create --bundle /b --new x c", NULL, "config.json" },
	{}
};

static void test_place(int i)
{
	char text[256], *argv[MAX_WORDS + 1] = {}, *rest = text;
	struct cmdline cmd;
	int argc = 0;

	snprintf(text, sizeof(text), "%s", places[i].line);
	while (rest && argc < MAX_WORDS)
		argv[argc++] = strsep(&rest, " ");
	cmdline_parse(argc, argv, &cmd);
	check(same(cmd.bundle, places[i].bundle) && same(cmd.config, places[i].config) &&
	      same(cmd.id, "c"), places[i].line);
}

/*
 * Names
 */

#define HEX(c)	c c c c c c c c c c c c c c c c
#define LONG_ID	"0123456789ab" HEX("cde") "0123"
#define CRI	"\"io.kubernetes.cri.sandbox-namespace\":\"shop\"," \
		"\"io.kubernetes.cri.sandbox-name\":\"web-7d\"," \
		"\"io.kubernetes.cri.sandbox-id\":\"s\","
static const struct {
	const char	*template, *id, *annotations, *name;
} named[] = {
	{ NULL, "web-1", "", "web-1" },
	{ NULL, LONG_ID, "", LONG_ID },
	{ NULL, LONG_ID, CRI "\"io.kubernetes.cri.container-name\":\"nginx\"",
	  "shop/web-7d/nginx@0123456789ab" },
	{ NULL, LONG_ID, CRI "\"io.kubernetes.cri.container-type\":\"sandbox\"",
	  "shop/web-7d@0123456789ab" },
	{ NULL, "short", CRI "\"x\":\"y\"", "shop/web-7d@short" },
	{ NULL, LONG_ID, "\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.pod.name\":"
	  "\"web-7d\",\"io.kubernetes.container.name\":\"nginx\","
	  "\"io.kubernetes.cri-o.ContainerType\":\"container\"",
	  "shop/web-7d/nginx@0123456789ab" },
	{ NULL, LONG_ID, "\"io.kubernetes.cri-o.Namespace\":\"shop\",\"io.kubernetes.cri-o.KubeName\":"
	  "\"web-7d\",\"io.kubernetes.container.name\":\"POD\","
	  "\"io.kubernetes.cri-o.ContainerType\":\"sandbox\"", "shop/web-7d@0123456789ab" },
	{ NULL, LONG_ID, "\"nerdctl/name\":\"web\"", "web@0123456789ab" },
	{ NULL, LONG_ID, "\"nerdctl/name\":\"\"", LONG_ID },
	{ NULL, LONG_ID, "\"nerdctl/name\":7", LONG_ID },
	{ NULL, LONG_ID, "\"nerdctl/name\":\"a b\\u0007\\u00e9\"", "a_b___@0123456789ab" },
	{ "{id}", LONG_ID, "\"nerdctl/name\":\"web\"", LONG_ID },
	{ "{pod}.{namespace}:{short}", LONG_ID, CRI "\"x\":\"y\"", "web-7d.shop:0123456789ab" },
	{ "{pod}/{container}", LONG_ID, CRI "\"x\":\"y\"", LONG_ID },
	{ "x-{org.example/app}-{short}", LONG_ID, "\"org.example/app\":\"till\"", "x-till-0123456789ab" },
	{ "{hostname}@{short}", LONG_ID, "", "box@0123456789ab" },
	/* The longest gives way, the ID does not. */
	{ NULL, LONG_ID, "\"io.kubernetes.cri.sandbox-namespace\":\"shop\","
	  "\"io.kubernetes.cri.sandbox-name\":\"" HEX("0123456789") "\","
	  "\"io.kubernetes.cri.container-name\":\"nginx\"",
	  "shop/01234567890123456789012345678901234567890123456789012345678901234567890123456789"
	  "012345678901234567890123/nginx@0123456789ab" },
	{}
};

static char bundle_path[] = "/tmp/auditcid-bundle-XXXXXX";

static void test_name(int i)
{
	char name[AUDIT_CID_NAME_MAX + 1];
	struct bundle bundle;

	put("config.json", 0600, "{\"hostname\":\"box\",\"annotations\":{%s}}", named[i].annotations);
	bundle_read(&bundle, named[i].id, ".", "config.json");
	template_name(name, AUDIT_CID_NAME_MAX, named[i].template, &bundle);
	bundle_free(&bundle);
	check(!strcmp(name, named[i].name) && request_name_valid(name), named[i].name);
	if (strcmp(name, named[i].name))
		printf("# %s\n", name);
}

/* The name of the container in the bundle @path; an exec session's has less room. */
static bool is_called(const char *path, const char *id, const char *want)
{
	char name[AUDIT_CID_NAME_MAX + 1];
	struct bundle bundle;

	bundle_read(&bundle, id, path, "config.json");
	template_name(name, 40, NULL, &bundle);
	bundle_free(&bundle);
	if (!same(name, want))
		printf("# %s\n", name);
	return same(name, want);
}

static void test_managers(void)
{
	const char *user = "overlay-containers/" LONG_ID "/userdata";
	const char *list = "[{\"id\":\"x\",\"names\":[\"other\"]},7,{\"id\":\"" LONG_ID
			   "\",\"names\":[\"%s\"]}]";

	check(!system("mkdir -p overlay-containers/" LONG_ID "/userdata containers/" LONG_ID),
	      "directories");
	put("overlay-containers/" LONG_ID "/userdata/config.json", 0600, "{}");
	check(is_called(user, LONG_ID, "0123456789abcdecdecdecdecdecdecdecdecdec"),
	      "podman: no list: the ID, cut to what there is room for");
	put("overlay-containers/volatile-containers.json", 0600, list, "passing");
	check(is_called(user, LONG_ID, "passing@0123456789ab"), "podman: run --rm");
	put("overlay-containers/containers.json", 0600, list, "web");
	check(is_called(user, LONG_ID, "web@0123456789ab"), "podman");
	check(is_called(user, "y", "y"), "podman: a container that is not in the list");
	check(is_called("/nonesuch", "web-1", "web-1") && is_called(NULL, "web-1", "web-1"),
	      "no bundle");
	put("config.json", 0600, "{\"mounts\":[{\"source\":\"proc\"},{\"source\":"
	    "\"/hostname\"},{\"source\":\"%s/containers/x/resolv.conf\"}]}", bundle_path);
	check(is_called(".", "web-1", "web-1"), "docker: no file of the container");
	put("containers/" LONG_ID "/config.v2.json", 0600, "{\"Name\":\"/till\"}");
	check(is_called(".", LONG_ID, "till@0123456789ab"),
	      "docker, also with another container's network");
	put("config.json", 0600, "{\"mounts\":7}");
	check(is_called(".", "web-1", "web-1"), "mounts that are none");
	put("config.json", 0600, "[");
	check(is_called(".", "web-1", "web-1"), "half a file");
}

static const struct {
	const char	*config;
	bool		in;
	pid_t		pid;
} sandboxes[] = {
	{ "{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"s\"},\"linux\":{\"namespaces\":["
	  "{\"type\":\"pid\",\"path\":\"/proc/7/ns/pid\"},{\"type\":\"mount\"},"
	  "{\"type\":\"network\",\"path\":\"/proc/42/ns/net\"}]}}", true, 42 },
	{ "{\"annotations\":{\"io.kubernetes.cri-o.SandboxID\":\"s\"},\"linux\":{\"namespaces\":["
	  "{\"type\":\"ipc\",\"path\":\"/var/run/ipcns/x\"}]}}", true, 0 },
	{ "{\"annotations\":{\"io.kubernetes.cri-o.SandboxID\":\"c\"}}", false, 0 },
	{ "{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"s\","
	  "\"io.kubernetes.cri.container-type\":\"sandbox\"}}", false, 0 },
	{ "{\"linux\":{\"namespaces\":[{\"path\":\"/proc/1/ns/net\"}]}}", false, 0 },
	{ "{\"linux\":{\"namespaces\":[7,{\"path\":\"/proc/self/ns/net\"}]}}", false, 0 },
	{}
};

static void test_sandbox(int i)
{
	struct bundle bundle;

	put("config.json", 0600, "%s", sandboxes[i].config);
	bundle_read(&bundle, "c", ".", "config.json");
	check(bundle_in_sandbox(&bundle) == sandboxes[i].in &&
	      bundle_sandbox_pid(&bundle) == sandboxes[i].pid, sandboxes[i].config);
	bundle_free(&bundle);
}

static void test_bundles(void)
{
	static const char * const wrong[] = { "", "web", "{", "{name", "}", "{name}}", "{frob}", "{}",
					      "a {name}", "{name}\n", "{name}\xc3\xa9" };
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		check(template_wrong(wrong[i]), "a template that is wrong");
	check(!template_wrong("{namespace}/{pod}/{container}@{short}") &&
	      !template_wrong("{a.b}{c/d}-{id}"), "templates that are right");
	if (!mkdtemp(bundle_path) || chdir(bundle_path)) {
		check(false, bundle_path);
		return;
	}
	for (i = 0; named[i].name; i++)
		test_name(i);
	for (i = 0; sandboxes[i].config; i++)
		test_sandbox(i);
	test_managers();
	check(!fchdir(here) && !remove_all(bundle_path), "the rest");
	close(here);
}

int main(void)
{
	int i;

	for (i = 0; lines[i].line; i++)
		test_line(i);
	test_globals();
	for (i = 0; states[i].text; i++)
		test_state(i);
	test_names();
	test_numbers();
	test_format();
	test_proc();
	test_init();
	for (i = 0; places[i].line; i++)
		test_place(i);
	test_bundles();
	printf("1..%d\n", tests);
	return bad > 0;
}
