// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid search: whole events of an audit container, by the words of ausearch(8).
 *
 * libauparse's own search cannot do it: what is asked for must be true of the event,
 * each of some record in it, and it ends an event at LOGIN.
 */

#include <argp.h>
#include <err.h>
#include <fnmatch.h>
#include <grp.h>
#include <inttypes.h>
#include <libaudit.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "checkpoint.h"
#include "model.h"

#define TYPES_MAX	64
#define CONDITIONS_MAX	32
#define HEX_DIGITS	"0123456789abcdef"
#define RUNTIME_ID	12	/* so many of them are not taken for a word */

enum {
	KEY_CONTID = 0x100, KEY_NAME, KEY_TREE, KEY_FOLLOW, KEY_TS, KEY_TE, KEY_SC, KEY_SV,
	KEY_PPID, KEY_UI, KEY_UE, KEY_UL, KEY_UA, KEY_GI, KEY_GE, KEY_GA, KEY_HN, KEY_TM,
	KEY_SESSION, KEY_ARCH, KEY_FORMAT, KEY_JUST_ONE, KEY_CHECKPOINT, KEY_NONE,
	KEY_REFUSED,
};

/* How a condition compares: texts as they are read, numbers as they are logged */
enum how { TEXT, NUMBER, USER, GROUP, EXIT, SYSCALL_NAME, RESULT };

static const struct condition {
	int		key;
	enum how	how;
	const char	*fields[4];
} conditions[] = {
	{ 'c', TEXT, { "comm" } },
	{ 'e', EXIT, { "exit" } },
	{ 'f', TEXT, { "name", "cwd", "path" } },
	{ 'k', TEXT, { "key" } },
	{ 'p', NUMBER, { "pid" } },
	{ 'x', TEXT, { "exe" } },
	{ KEY_ARCH, TEXT, { "arch" } },
	{ KEY_GA, GROUP, { "gid", "egid" } },
	{ KEY_GE, GROUP, { "egid" } },
	{ KEY_GI, GROUP, { "gid" } },
	{ KEY_HN, TEXT, { "hostname", "addr" } },
	{ KEY_PPID, NUMBER, { "ppid" } },
	{ KEY_SC, SYSCALL_NAME, { "syscall" } },
	{ KEY_SESSION, NUMBER, { "ses" } },
	{ KEY_SV, RESULT, { "success", "res" } },
	{ KEY_TM, TEXT, { "terminal", "tty" } },
	{ KEY_UA, USER, { "uid", "euid", "auid" } },
	{ KEY_UE, USER, { "euid" } },
	{ KEY_UI, USER, { "uid" } },
	{ KEY_UL, USER, { "auid" } },
	{}
};

struct search {
	const char	*contid, *name, *node, *checkpoint;
	uint64_t	id, start, end;
	unsigned long	serial;
	bool		has_serial, tree, interpret, follow, just_one, word, stamps, json;
	bool		from_checkpoint;
	int		types[TYPES_MAX];
	unsigned int	type_count, asked_count;
	struct asked {
		const struct condition	*condition;
		const char		*text;
		long long		number;
	} asked[CONDITIONS_MAX];
	struct checkpoint *point;
	char		mark[32];
	unsigned long	found;
};

#define REFUSED(name) { name, KEY_REFUSED, "X", OPTION_ARG_OPTIONAL | OPTION_HIDDEN, NULL, 8 }

static const struct argp_option options[] = {
	{ "contid", KEY_CONTID, "ID", 0, "Events of the audit container ID or about it; 0: the host", 0 },
	{ "name", KEY_NAME, "NAME", 0, "... of audit containers with this name; * and ? as in a shell", 0 },
	{ "tree", KEY_TREE, NULL, 0, "... and of their descendants", 0 },
	{ "event", 'a', "SERIAL", 0, "With this serial number", 1 },
	{ "arch", KEY_ARCH, "ARCH", 0, "Of this architecture", 1 },
	{ "comm", 'c', "NAME", 0, "By a command of this name", 1 },
	{ "exit", 'e', "CODE", 0, "With this exit code or error", 1 },
	{ "file", 'f', "FILE", 0, "With this file", 1 },
	{ "ga", KEY_GA, "GID", 0, "With this GID of any kind", 1 },
	{ "gid-all", KEY_GA, NULL, OPTION_ALIAS, NULL, 1 },
	{ "ge", KEY_GE, "GID", 0, "With this effective GID", 1 },
	{ "gid-effective", KEY_GE, NULL, OPTION_ALIAS, NULL, 1 },
	{ "gi", KEY_GI, "GID", 0, "With this GID", 1 },
	{ "gid", KEY_GI, NULL, OPTION_ALIAS, NULL, 1 },
	{ "hn", KEY_HN, "HOST", 0, "From this remote host", 1 },
	{ "host", KEY_HN, NULL, OPTION_ALIAS, NULL, 1 },
	{ "key", 'k', "KEY", 0, "With this key", 1 },
	{ "message", 'm', "TYPE", 0, "With a record of one of these types: A,B", 1 },
	{ "node", 'n', "NODE", 0, "From this node", 1 },
	{ "pid", 'p', "PID", 0, "By this process", 1 },
	{ "pp", KEY_PPID, "PID", 0, "By a child of this process", 1 },
	{ "ppid", KEY_PPID, NULL, OPTION_ALIAS, NULL, 1 },
	{ "sc", KEY_SC, "SYSCALL", 0, "Of this system call, a name or a number", 1 },
	{ "syscall", KEY_SC, NULL, OPTION_ALIAS, NULL, 1 },
	{ "session", KEY_SESSION, "ID", 0, "Of this login session", 1 },
	{ "sv", KEY_SV, "yes|no", 0, "That succeeded, or that failed", 1 },
	{ "success", KEY_SV, NULL, OPTION_ALIAS, NULL, 1 },
	{ "te", KEY_TE, "TIME", 0, "At TIME or earlier", 1 },
	{ "end", KEY_TE, NULL, OPTION_ALIAS, NULL, 1 },
	{ "tm", KEY_TM, "TERMINAL", 0, "On this terminal", 1 },
	{ "terminal", KEY_TM, NULL, OPTION_ALIAS, NULL, 1 },
	{ "ts", KEY_TS, "TIME", 0, "At TIME or later", 1 },
	{ "start", KEY_TS, NULL, OPTION_ALIAS, NULL, 1 },
	{ "ua", KEY_UA, "UID", 0, "With this UID, effective UID or login UID", 1 },
	{ "uid-all", KEY_UA, NULL, OPTION_ALIAS, NULL, 1 },
	{ "ue", KEY_UE, "UID", 0, "With this effective UID", 1 },
	{ "uid-effective", KEY_UE, NULL, OPTION_ALIAS, NULL, 1 },
	{ "ui", KEY_UI, "UID", 0, "With this UID", 1 },
	{ "uid", KEY_UI, NULL, OPTION_ALIAS, NULL, 1 },
	{ "ul", KEY_UL, "UID", 0, "With this login UID", 1 },
	{ "loginuid", KEY_UL, NULL, OPTION_ALIAS, NULL, 1 },
	{ "word", 'w', NULL, 0, "Compare whole texts, not parts", 1 },
	{ "executable", 'x', "FILE", 0, "By this program", 1 },
	{ "interpret", 'i', NULL, 0, "Print names instead of numbers", 2 },
	{ "raw", 'r', NULL, 0, "Print events as they are in the log (the default)", 2 },
	{ "format", KEY_FORMAT, "FORMAT", 0, "raw, default (with the time of each event), interpret or json", 2 },
	{ "json", 'J', NULL, 0, "Print a JSON object for each event", 2 },
	{ "just-one", KEY_JUST_ONE, NULL, 0, "Stop after the first event", 2 },
	{ "line-buffered", 'l', NULL, 0, "Write each line immediately", 2 },
	{ "checkpoint", KEY_CHECKPOINT, "FILE", 0, "Continue after the event in FILE, and save the last event there", 3 },
	{ "follow", KEY_FOLLOW, NULL, 0, "Continue with new records of the most recent log", 3 },
	{ "input-logs", KEY_NONE, NULL, OPTION_HIDDEN, NULL, 8 },
	REFUSED("debug"), REFUSED("escape"), REFUSED("eoe-timeout"), REFUSED("extra-keys"),
	REFUSED("extra-labels"), REFUSED("extra-obj2"), REFUSED("extra-time"),
	REFUSED("o"), REFUSED("object"), REFUSED("se"), REFUSED("context"), REFUSED("su"),
	REFUSED("subject"), REFUSED("uu"), REFUSED("uuid"), REFUSED("vm"), REFUSED("vm-name"),
	{}
};

/*
 * What is asked for
 */

static void add_type(struct search *search, const char *name, struct argp_state *state)
{
	int type = strcmp(name, "CONTAINER_OP") ? audit_name_to_msg_type(name) :
		   RECORD_CONTAINER_OP;

	if (type <= 0 && request_id_valid(name))
		type = atoi(name);
	if (type <= 0)
		argp_error(state, "'%s' is not a record type", name);
	if (search->type_count == TYPES_MAX)
		argp_error(state, "more than %d types", TYPES_MAX);
	search->types[search->type_count++] = type;
}

static void add_types(struct search *search, char *list, struct argp_state *state)
{
	char *name;

	if (!strcmp(list, "ALL"))
		return;
	while ((name = strsep(&list, ",")))
		add_type(search, name, state);
}

static long long take_number(const char *arg, struct argp_state *state)
{
	char *end;
	long long number = strtoll(arg, &end, 10);

	if (!*arg || *end)
		argp_error(state, "'%s' is not a number", arg);
	return number;
}

static long long number_of(enum how how, const char *arg, struct argp_state *state)
{
	struct passwd *user = how == USER ? getpwnam(arg) : NULL;
	struct group *group = how == GROUP ? getgrnam(arg) : NULL;
	int error = how == EXIT ? audit_name_to_errno(arg) : 0;

	if (how == TEXT || how == SYSCALL_NAME || how == RESULT)
		return 0;
	if (user)
		return user->pw_uid;
	if (group)
		return group->gr_gid;
	if (error)
		return error;
	if ((how == USER || how == GROUP) &&
	    (!strcmp(arg, "unset") || !strcmp(arg, "-1")))
		return UINT32_MAX;
	if ((how == USER || how == GROUP) && !request_id_valid(arg))
		argp_error(state, "'%s' is not a %s of this machine", arg,
			   how == USER ? "user" : "group");
	return take_number(arg, state);
}

static bool add_condition(struct search *search, int key, const char *arg,
			  struct argp_state *state)
{
	const struct condition *condition = conditions;

	while (condition->key && condition->key != key)
		condition++;
	if (!condition->key)
		return false;
	if (key == KEY_SV && strcmp(arg, "yes") && strcmp(arg, "no"))
		argp_error(state, "-sv is yes or no, not '%s'", arg);
	if (search->asked_count == CONDITIONS_MAX)
		argp_error(state, "more than %d conditions", CONDITIONS_MAX);
	search->asked[search->asked_count++] = (struct asked) {
		condition, arg, number_of(condition->how, arg, state)
	};
	return true;
}

static void take_format(struct search *search, const char *arg,
			struct argp_state *state)
{
	search->interpret = !strcmp(arg, "interpret");
	search->stamps = !strcmp(arg, "default");
	search->json = !strcmp(arg, "json");
	if (!search->interpret && !search->stamps && !search->json && strcmp(arg, "raw"))
		argp_error(state, "--format %s is not supported: raw, default, "
			   "interpret or json", arg);
}

static void take_start(struct search *search, char *arg, struct argp_state *state)
{
	search->from_checkpoint = !strcmp(arg, "checkpoint");
	if (!search->from_checkpoint)
		search->start = args_time(arg, false, state);
}

static void check(const struct search *search, struct argp_state *state)
{
	if (!search->contid && !search->name)
		argp_error(state, "which container? Give --contid ID or --name NAME");
	if (search->contid && !search->id && (search->tree || search->name))
		argp_error(state, "--contid 0, the host, cannot be combined with --tree or --name");
	if (search->from_checkpoint && !search->checkpoint)
		argp_error(state, "-ts checkpoint requires --checkpoint FILE");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct search *search = state->input;

	if (add_condition(search, key, arg, state))
		return 0;
	switch (key) {
	case KEY_CONTID:
		search->contid = arg;
		search->id = args_number(arg, state);
		return 0;
	case KEY_NAME: search->name = arg; return 0;
	case KEY_TREE: search->tree = true; return 0;
	case 'a':
		search->serial = args_number(arg, state);
		search->has_serial = true;
		return 0;
	case 'm': add_types(search, arg, state); return 0;
	case 'n': search->node = arg; return 0;
	case 'w': search->word = true; return 0;
	case 'i': search->interpret = true; return 0;
	case 'r': search->interpret = false; return 0;
	case 'J': search->json = true; return 0;
	case 'l': setlinebuf(stdout); return 0;
	case KEY_TS: take_start(search, arg, state); return 0;
	case KEY_TE: search->end = args_time(arg, true, state); return 0;
	case KEY_FORMAT: take_format(search, arg, state); return 0;
	case KEY_JUST_ONE: search->just_one = true; return 0;
	case KEY_CHECKPOINT: search->checkpoint = arg; return 0;
	case KEY_FOLLOW: search->follow = true; return 0;
	case KEY_NONE: return 0;
	case KEY_REFUSED:
		argp_error(state, "%s is not supported: use ausearch --raw | "
			   "auditcid search ... -", state->argv[state->next - 1]);
		return 0;
	case ARGP_KEY_END: check(search, state); return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[LOG...]",
	.doc = "Print whole events of an audit container, raw or with -i, from "
	       "LOGs ('-' is standard input) or from this machine's audit logs. "
	       "The options are those of ausearch. An event must match all of them.",
};

/*
 * Which events
 */

/* Does @name begin with the digits of @id, or with as many as it has? */
static bool begins_with_id(const char *name, const char *id, size_t len)
{
	size_t n = strspn(name, HEX_DIGITS);

	return n >= RUNTIME_ID && !strncmp(name, id, n < len ? n : len) &&
	       (!name[n] || name[n] == '/');
}

/*
 * A runtime's ID of a container, which a name is, or has behind its last @: somebody may
 * have chosen the text before that.
 */
static bool has_runtime_id(const char *name, const char *id)
{
	size_t len = strspn(id, HEX_DIGITS);
	const char *at;

	if (len < RUNTIME_ID || id[len])
		return false;
	at = strrchr(name, '@');
	return begins_with_id(at ? at + 1 : name, id, len);
}

static bool is_named(const struct search *search, const char *name)
{
	return name && (!fnmatch(search->name, name, 0) || has_runtime_id(name, search->name));
}

static bool is_it(const struct search *search, const struct container *con)
{
	return (!search->contid || con->id == search->id) &&
	       (!search->name || is_named(search, con->name));
}

/*
 * A parent has the smaller ID: there is an end to this. What is known up to the host
 * stays so, and is kept in ->data.
 */
static bool is_wanted(struct model *model, const struct search *search,
		      struct container *con)
{
	static char yes, no;
	struct container *first = con;
	bool known = true;

	while (con && !con->data && !is_it(search, con)) {
		known &= con->has_parent && (con->name || !search->name);
		con = search->tree && con->has_parent && con->pcontid ?
		      model_find(model, con->node, con->pcontid, NULL) : NULL;
	}
	if (first && (con || known))
		first->data = con && con->data != &no ? &yes : &no;
	return con && con->data != &no;
}

/* Does the kernel say of the record that it is by or about the container? */
static bool wants(struct model *model, auparse_state_t *au)
{
	const struct search *search = model->data;

	(void)au;
	if (model->wants_host)
		return false;
	return is_wanted(model, search, model->acting) ||
	       is_wanted(model, search, model->object);
}

/* What is true of some record of an event */
struct match {
	const struct search *search;
	unsigned int	conditions;	/* a bit for each */
	bool		type;
};

static bool is_same_text(const struct search *search, auparse_state_t *au,
			 const char *text)
{
	const char *value = auparse_interpret_field(au);

	return value && (search->word ? !strcmp(value, text) : !!strstr(value, text));
}

static bool is_result(const char *value, bool yes)
{
	return yes ? !strcmp(value, "yes") || !strcmp(value, "1") ||
		     !strcmp(value, "success") :
		     !strcmp(value, "no") || !strcmp(value, "0") ||
		     !strcmp(value, "failed");
}

static bool compare(const struct search *search, const struct asked *asked,
		    auparse_state_t *au, const char *value)
{
	const char *name;

	switch (asked->condition->how) {
	case TEXT:
		return is_same_text(search, au, asked->text);
	case SYSCALL_NAME:
		name = auparse_interpret_field(au);
		return !strcmp(value, asked->text) ||
		       (name && !strcmp(name, asked->text));
	case RESULT:
		return is_result(value, !strcmp(asked->text, "yes"));
	case EXIT:
		return strtoll(value, NULL, 10) == asked->number ||
		       strtoll(value, NULL, 10) == -asked->number;
	default:
		return strtoll(value, NULL, 10) == asked->number;
	}
}

static bool has_field(const struct condition *condition, const char *name)
{
	unsigned int i;

	for (i = 0; i < 4 && condition->fields[i]; i++)
		if (!strcmp(condition->fields[i], name))
			return true;
	return false;
}

/* Numbers of a sender's record are the kernel's where they come first only. */
static void match_field(struct match *match, auparse_state_t *au, int type,
			unsigned int *once)
{
	const char *name = auparse_get_field_name(au), *value = auparse_get_field_str(au);
	const struct asked *asked;
	unsigned int i;

	for (i = 0; name && value && i < match->search->asked_count; i++) {
		asked = &match->search->asked[i];
		if (!has_field(asked->condition, name))
			continue;
		/* name= is the container's there */
		if (asked->condition->key == 'f' && type == RECORD_CONTAINER_OP)
			continue;
		if (asked->condition->how == NUMBER || asked->condition->how == USER) {
			if (record_is_users(type) && (*once & 1U << i))
				continue;
			*once |= asked->condition->key == KEY_UA ? 0 : 1U << i;
		}
		if (compare(match->search, asked, au, value))
			match->conditions |= 1U << i;
	}
}

static void match_record(auparse_state_t *au, void *data)
{
	struct match *match = data;
	unsigned int i, once = 0;
	int type = record_type(au);

	for (i = 0; i < match->search->type_count; i++)
		match->type |= type == match->search->types[i];
	if (!match->search->asked_count || !auparse_first_field(au))
		return;
	do
		match_field(match, au, type, &once);
	while (auparse_next_field(au) > 0);
}

static bool is_of_node(const char *key, const char *node)
{
	size_t len = strlen(node);

	return !strncmp(key, "node=", 5) && !strncmp(key + 5, node, len) &&
	       key[5 + len] == ' ';
}

static bool matches(const struct search *search, struct log *log,
		    const struct log_event *event)
{
	struct match match = { .search = search, .type = !search->type_count };
	unsigned long serial;
	uint64_t at;

	if (!event_stamp(event, &at, &serial) || at < search->start ||
	    (search->end && at > search->end) ||
	    (search->has_serial && serial != search->serial) ||
	    (search->node && !is_of_node(event->key, search->node)))
		return false;
	if (search->type_count || search->asked_count)
		log_records(log, event, match_record, &match);
	return match.type && match.conditions + 1 == 1U << search->asked_count;
}

/*
 * Output
 */

static void print_interpreted(auparse_state_t *au, void *data)
{
	(void)data;
	event_interpret(au, stdout);
}

static void print_stamp(const struct log_event *event)
{
	unsigned long serial;
	char when[32];
	uint64_t at;
	time_t sec;

	event_stamp(event, &at, &serial);
	sec = at / 1000;
	printf("----\ntime->%s", ctime_r(&sec, when));
}

static void take_event(struct model *model, struct log *log,
		       const struct log_event *event)
{
	struct search *search = model->data;

	if (!checkpoint_is_behind(search->point, event->key) ||
	    !matches(search, log, event))
		return;
	search->found++;
	model->stop |= search->just_one;
	checkpoint_note(search->point, event->key);
	if (search->json) {
		json_print(ecs_event(model, log, event));
		return;
	}
	if (search->stamps)
		print_stamp(event);
	else if (search->interpret)
		puts("----");
	if (search->interpret)
		log_records(log, event, print_interpreted, NULL);
	else
		fwrite(event->text, 1, event->len, stdout);
}

static void prepare(struct search *search, struct model *model)
{
	model_init(model);
	model->data = search;
	model->prints = true;
	model->follow = search->follow;
	model->raw_text = search->json;
	model->wants = wants;
	model->on_event = take_event;
	model->wants_host = search->contid && !search->id;
	if (search->checkpoint)
		search->point = checkpoint_open(search->checkpoint,
						search->from_checkpoint ?
						&search->start : NULL);
	if (search->tree || search->name || !search->id)
		return;
	snprintf(search->mark, sizeof(search->mark), "contid=%s", search->contid);
	model->mark_text = search->mark;
}

int search_main(int argc, char **argv)
{
	struct search search = {};
	struct model model;
	char **files = args_parse(&argp, argc, argv, &search);

	prepare(&search, &model);
	log_read(&model, files);
	model_free(&model);
	if (fflush(stdout) || ferror(stdout))
		err(EXIT_OWN, "cannot write");
	if (!checkpoint_close(search.point))
		return EXIT_CHECKPOINT;
	if (!search.found)
		warnx("no such event");
	return search.found ? 0 : EXIT_NOTHING;
}
