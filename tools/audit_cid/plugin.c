// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid plugin: a plugin of auditd, which writes each event as a JSON object to the
 * places that its configuration names.
 */

#include <argp.h>
#include <err.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <json.h>
#include <libaudit.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "auditcid.h"
#include "model.h"
#include "plugin.h"

#define CONFIG		"/etc/auditcid/plugin.json"
#define BOOT_ID		"/proc/sys/kernel/random/boot_id"
#define BLOCK		(256 << 10)
#define NAP_MS		250
#define GRACE_S		5	/* events of a container that has ended may come that late */
#define SWEEP_S		60
#define SAVE_S		10
#define DRAIN_S		5	/* after SIGTERM, */
#define SILENCE_MS	500	/* or until nothing comes: auditd may write still */

/* Where the events of a container go, as long as the configuration is this one */
struct route {
	unsigned int	generation;
	size_t		count;
	struct way {
		struct output	*output;
		uint64_t	top;	/* the topmost of its containers that the output names */
	} ways[];
};

struct plugin {
	const char	*path;
	struct plugin_conf conf;
	unsigned int	generation;
	struct model	model;
	struct log	*log;
	struct serials	*serials;
	struct state	state;
	int		lock;
	char		host[256], short_host[256];
	const char	*locals[5];
	FILE		*line;		/* the object that goes out */
	char		*text;
	size_t		len;
	uint64_t	before[GRACE_S];	/* positions in the last seconds */
	unsigned int	second;
	time_t		ticked, saved, swept;
	size_t		left;		/* containers after the last sweep */
	unsigned int	save_s;
	bool		changed;
	size_t		have;
	char		block[BLOCK + 1];
};

static volatile sig_atomic_t terminated, hung_up;

void say(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsyslog(LOG_DAEMON | priority, format, args);
	va_end(args);
	va_start(args, format);
	vwarnx(format, args);
	va_end(args);
}

time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/*
 * Output
 */

static void put(struct plugin *plugin, struct output *output)
{
	sink_put(output->sink, plugin->text, plugin->len);
}

/* The object is freed. */
static void make_line(struct plugin *plugin, struct json_object *obj)
{
	rewind(plugin->line);
	json_put(plugin->line, obj);
	if (fflush(plugin->line))
		checked(NULL);
}

static void put_all(struct plugin *plugin)
{
	size_t i;

	for (i = 0; i < plugin->conf.count; i++)
		put(plugin, &plugin->conf.outputs[i]);
}

static void flush_all(struct plugin *plugin)
{
	size_t i;

	for (i = 0; i < plugin->conf.count; i++)
		sink_flush(plugin->conf.outputs[i].sink);
}

/* What was lost, as an object of its own. No @count: it is not known. */
static void make_loss(struct plugin *plugin, const char *action, const char *text,
		      struct json_object *lost)
{
	struct json_object *obj = ecs_begin(time(NULL) * 1000ULL, "pipeline_error");
	struct json_object *part, *boot;

	json_object_object_get_ex(obj, "event", &part);
	json_object_object_add(part, "action", json_object_new_string(action));
	part = json_object_new_object();
	json_object_object_add(obj, "host", part);
	json_object_object_add(part, "name", json_text(plugin->host));
	boot = json_object_new_object();
	json_object_object_add(part, "boot", boot);
	json_object_object_add(boot, "id", json_text(plugin->state.boot_id));
	json_object_object_add(obj, "message", json_object_new_string(text));
	part = json_object_new_object();
	json_object_object_add(obj, "audit", part);
	json_object_object_add(part, "lost", lost);
	make_line(plugin, obj);
}

__attribute__((format(printf, 4, 5)))
static void lost(struct plugin *plugin, const char *action, struct json_object *what,
		 const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say(LOG_WARNING, "%s", text);
	make_loss(plugin, action, text, what);
}

static struct json_object *count_json(uint64_t count)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "count", json_object_new_uint64(count));
	return obj;
}

/*
 * Which outputs
 */

static bool is_named(const struct output *output, const struct container *con)
{
	if (output->id)
		return con->id == output->id;
	return con->name && !fnmatch(output->name, con->name, 0);
}

/* The topmost of @con and those above it that the output names; 0: none */
static uint64_t find_top(struct model *model, const struct output *output,
			 const struct container *con)
{
	uint64_t top = 0;

	while (con) {
		if (is_named(output, con))
			top = con->id;
		con = con->has_parent && con->pcontid ?
		      model_find(model, con->node, con->pcontid, NULL) : NULL;
	}
	return top;
}

/* No record to come can change which names there are up to the host. */
static bool is_settled(struct model *model, const struct container *con)
{
	while (con && con->has_parent && (con->name || con->created.stream)) {
		if (!con->pcontid)
			return true;
		con = model_find(model, con->node, con->pcontid, NULL);
	}
	return false;
}

static struct route *make_route(struct plugin *plugin, const struct container *con)
{
	struct plugin_conf *conf = &plugin->conf;
	struct route *route = checked(calloc(1, sizeof(*route) +
					     conf->count * sizeof(*route->ways)));
	struct output *output;
	uint64_t top;

	route->generation = is_settled(&plugin->model, con) ? plugin->generation : 0;
	for (output = conf->outputs; output < conf->outputs + conf->count; output++) {
		if (!output->name && !output->id)
			continue;
		top = find_top(&plugin->model, output, con);
		if (top)
			route->ways[route->count++] = (struct way) { output, top };
	}
	return checked(realloc(route, sizeof(*route) +
			       route->count * sizeof(*route->ways)));
}

static const struct route *route_of(struct plugin *plugin, struct container *con)
{
	static const struct route none;
	struct route *route = con ? con->data : NULL;

	if (!con)
		return &none;
	if (route && route->generation == plugin->generation)
		return route;
	free(route);
	return con->data = make_route(plugin, con);
}

static void forget(struct container *con)
{
	free(con->data);
	con->data = NULL;
}

/*
 * Events
 */

static bool is_local(const struct plugin *plugin, const char *key)
{
	const char * const *local = plugin->locals;
	size_t len;

	if (strncmp(key, "node=", 5))
		return true;
	len = strcspn(key + 5, " ");
	while (*++local)
		if (strlen(*local) == len && !strncmp(*local, key + 5, len))
			return true;
	return false;
}

static bool is_daemons(const struct log_event *event)
{
	const char *type = memmem(event->text, event->len, "type=", 5);

	return type && !strncmp(type, "type=DAEMON_", 12);
}

static bool has_records(struct json_object *obj)
{
	struct json_object *audit, *records;

	return json_object_object_get_ex(obj, "audit", &audit) &&
	       json_object_object_get_ex(audit, "records", &records) &&
	       json_object_array_length(records);
}

static void give_whole(struct plugin *plugin, const struct log_event *event)
{
	struct output *output = plugin->conf.outputs, *end = output + plugin->conf.count;
	bool made = false;

	for (; output < end; output++) {
		if (output->name || output->id)
			continue;
		if (!made)
			make_line(plugin, ecs_event(&plugin->model, plugin->log, event));
		made = true;
		put(plugin, output);
	}
}

/* Those of @con whose outputs do not have the event already */
static void give_ways(struct plugin *plugin, struct log_event *event,
		      struct container *con, const struct route *but)
{
	const struct route *route = route_of(plugin, con);
	struct json_object *obj;
	uint64_t made = 0;
	size_t i, j;

	for (i = 0; i < route->count; i++) {
		for (j = 0; j < but->count; j++)
			if (but->ways[j].output == route->ways[i].output)
				break;
		if (j < but->count)
			continue;
		event->top = route->ways[i].top;
		if (made != event->top) {
			obj = ecs_event(&plugin->model, plugin->log, event);
			if (!has_records(obj)) {
				json_object_put(obj);
				continue;
			}
			make_line(plugin, obj);
		}
		made = event->top;
		put(plugin, route->ways[i].output);
	}
}

static void take_event(struct model *model, struct log *log, const struct log_event *given)
{
	static const struct route none;
	struct plugin *plugin = model->data;
	struct log_event event = *given;
	unsigned long serial;
	uint64_t at;

	(void)log;
	model->own = is_local(plugin, event.key);
	if (model->own) {
		event.host = plugin->host;
		event.boot_id = plugin->state.boot_id;
	}
	if (model->own && event_stamp(&event, &at, &serial) && !is_daemons(&event))
		serials_note(plugin->serials, serial);
	give_whole(plugin, &event);
	give_ways(plugin, &event, event.acting, &none);
	event.only_ops = true;
	/* Else its outputs have the event already */
	if (event.object != event.acting)
		give_ways(plugin, &event, event.object, route_of(plugin, event.acting));
}

static void note_op(struct model *model, struct container *con, const struct op *op)
{
	struct plugin *plugin = model->data;

	(void)con;
	(void)op;
	plugin->changed = true;
}

/* The kernel says how many records it lost while it announced the containers. */
static void note_announced(struct plugin *plugin, auparse_state_t *au)
{
	const char *value;
	uint64_t n;

	if (record_type(au) != RECORD_CONTAINER_OP || !auparse_first_field(au) ||
	    !auparse_find_field(au, "op"))
		return;
	value = auparse_get_field_str(au);
	if (!value || strcmp(value, "announced") || !auparse_find_field(au, "lost"))
		return;
	value = auparse_get_field_str(au);
	n = value && request_id_valid(value) ? strtoull(value, NULL, 10) : 0;
	if (!n)
		return;
	lost(plugin, "kernel-lost", count_json(n), "the kernel lost %" PRIu64 " record%s "
	     "while it announced the audit containers", n, n == 1 ? "" : "s");
	put_all(plugin);
}

static bool wants(struct model *model, auparse_state_t *au)
{
	note_announced(model->data, au);
	return true;
}

/*
 * Each second
 */

static void say_missing(uint64_t count, uint64_t from, uint64_t to, void *data)
{
	struct plugin *plugin = data;
	struct json_object *what;

	if (!plugin->conf.serials)
		return;
	what = count_json(count);
	json_object_object_add(what, "from", json_object_new_uint64(from));
	json_object_object_add(what, "to", json_object_new_uint64(to));
	lost(plugin, "serials-missing", what, "%" PRIu64 " event%s with a serial number from %"
	     PRIu64 " to %" PRIu64 " did not arrive: lost before this plugin", count,
	     count == 1 ? "" : "s", from, to);
	put_all(plugin);
}

static void say_dropped(struct plugin *plugin)
{
	struct output *output = plugin->conf.outputs, *end = output + plugin->conf.count;
	unsigned long n;

	for (; output < end; output++) {
		n = sink_dropped(output->sink);
		if (!n)
			continue;
		lost(plugin, "output-dropped", count_json(n),
		     "%s did not accept events in time: %lu dropped", sink_name(output->sink), n);
		put(plugin, output);
	}
}

static void hold(const struct log_event *event, time_t came, void *data)
{
	(void)came;
	(void)data;
	if (event->acting)
		event->acting->held = true;
	if (event->object)
		event->object->held = true;
}

static void sweep(struct plugin *plugin, time_t now)
{
	uint64_t *before = &plugin->before[plugin->second++ % GRACE_S];
	struct model *model = &plugin->model;

	if (now >= plugin->swept + SWEEP_S ||
	    model->count > plugin->left + plugin->left / 4 + 1000) {
		log_waiting(plugin->log, hold, NULL);
		model_sweep(model, *before, forget);
		plugin->swept = now;
		plugin->left = model->count;
	}
	*before = model->pos;
}

static void save(struct plugin *plugin, bool clean)
{
	struct timespec begin, end;
	const char *why;

	if (!plugin->conf.state)
		return;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	plugin->state.clean = clean;
	why = state_save(plugin->conf.state, &plugin->state, &plugin->model, plugin->log,
			 plugin->serials, &plugin->conf);
	if (why)
		say(LOG_ERR, "cannot write %s: %s", plugin->conf.state, why);
	clock_gettime(CLOCK_MONOTONIC, &end);
	plugin->changed = false;
	plugin->saved = end.tv_sec;
	/* At most a hundredth of all time */
	plugin->save_s = SAVE_S + 100 * (end.tv_sec - begin.tv_sec) +
			 (end.tv_nsec - begin.tv_nsec) / 10000000;
}

static void tick(struct plugin *plugin)
{
	time_t now = now_s();

	log_settle(plugin->log);
	if (now == plugin->ticked)
		return;
	plugin->ticked = now;
	serials_check(plugin->serials, say_missing, plugin);
	say_dropped(plugin);
	sweep(plugin, now);
	if (plugin->changed && now >= plugin->saved + plugin->save_s)
		save(plugin, false);
}

/*
 * Configuration
 */

static void reload(struct plugin *plugin)
{
	struct plugin_conf conf, *old = &plugin->conf;
	const char *why = conf_read(plugin->path, &conf);
	size_t i, j;

	hung_up = false;
	if (why) {
		say(LOG_ERR, "%s: %s: the old configuration stays in effect", plugin->path, why);
		return;
	}
	flush_all(plugin);
	for (i = 0; i < conf.count; i++)
		for (j = 0; j < old->count; j++)
			if (!strcmp(sink_name(conf.outputs[i].sink),
				    sink_name(old->outputs[j].sink)))
				sink_take_over(conf.outputs[i].sink, old->outputs[j].sink);
	for (j = 0; j < old->count; j++)
		sink_drain(old->outputs[j].sink);
	/* These two are of the whole run. */
	free(conf.state);
	free(conf.node);
	conf.state = old->state;
	conf.node = old->node;
	old->state = old->node = NULL;
	conf_free(old);
	*old = conf;
	plugin->generation++;
	save(plugin, false);
	say(LOG_INFO, "%s was read again", plugin->path);
}

static const struct argp_option options[] = {
	{ "config", 'c', "FILE", 0, "Read the configuration from FILE instead of " CONFIG, 0 },
	{}
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct plugin *plugin = state->input;

	switch (key) {
	case 'c': plugin->path = arg; return 0;
	case ARGP_KEY_ARG: argp_error(state, "records come from standard input");
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Run as a plugin of auditd: write each event as a JSON object to files, sockets or "
	       "syslog. An output can be limited to the events of an audit container.",
};

/*
 * Beginning and end
 */

static void take_signal(int signal)
{
	if (signal == SIGHUP)
		hung_up = true;
	else
		terminated = true;
}

static void take_signals(sigset_t *open)
{
	const struct sigaction action = { .sa_handler = take_signal };
	sigset_t closed;

	sigemptyset(&closed);
	sigaddset(&closed, SIGHUP);
	sigaddset(&closed, SIGTERM);
	sigaddset(&closed, SIGINT);
	sigprocmask(SIG_BLOCK, &closed, open);
	sigdelset(open, SIGHUP);
	sigdelset(open, SIGTERM);
	sigdelset(open, SIGINT);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void find_host(struct plugin *plugin)
{
	size_t n = 1;

	gethostname(plugin->host, sizeof(plugin->host) - 1);
	snprintf(plugin->short_host, sizeof(plugin->short_host), "%.*s",
		 (int)strcspn(plugin->host, "."), plugin->host);
	if (plugin->conf.node)
		plugin->locals[n++] = plugin->conf.node;
	plugin->locals[n++] = plugin->host;
	plugin->locals[n++] = plugin->short_host;
	if (plugin->conf.node)
		snprintf(plugin->host, sizeof(plugin->host), "%s", plugin->conf.node);
	plugin->state.locals = plugin->locals;
}

/* Empty: it is not known. */
static void find_boot_id(char *to)
{
	FILE *file = fopen(BOOT_ID, "re");

	if (file && fgets(to, BOOT_ID_SIZE, file))
		to[strcspn(to, "\n")] = 0;
	if (file)
		fclose(file);
}

static void set_boot(struct plugin *plugin, unsigned int boot)
{
	const char **local = plugin->locals;

	plugin->state.boot = boot;
	do
		stream_set_boot(stream_of(&plugin->model, *local), boot);
	while (*++local);
}

/* Events that were left of a boot before are of that one. */
static void load(struct plugin *plugin)
{
	struct state *state = &plugin->state;
	char boot_id[BOOT_ID_SIZE] = "";
	const char *why;

	find_boot_id(boot_id);
	snprintf(state->boot_id, sizeof(state->boot_id), "%s", boot_id);
	state->clean = true;
	plugin->lock = plugin->conf.state ? state_lock(plugin->conf.state) : -1;
	if (plugin->conf.state && plugin->lock < 0)
		say(LOG_ERR, "cannot lock %s: %s", plugin->conf.state, strerror(errno));
	why = plugin->conf.state ? state_load(plugin->conf.state, state, &plugin->model,
					      plugin->log, plugin->serials, &plugin->conf) : NULL;
	if (why)
		say(LOG_ERR, "%s: %s", plugin->conf.state, why);
	if (!state->clean) {
		lost(plugin, "restart", json_object_new_object(), "the plugin did not exit "
		     "cleanly: events that it had not written yet are missing");
		put_all(plugin);
	}
	log_settle(plugin->log);
	set_boot(plugin, (state->boot ?: 1) + !!strcmp(state->boot_id, boot_id));
	if (strcmp(state->boot_id, boot_id)) {
		model_sweep(&plugin->model, UINT64_MAX, forget);
		serials_free(plugin->serials);
		plugin->serials = serials_new();
	}
	snprintf(state->boot_id, sizeof(state->boot_id), "%s", boot_id);
}

static void start(struct plugin *plugin)
{
	struct model *model = &plugin->model;

	plugin->generation = 1;
	plugin->save_s = SAVE_S;
	plugin->line = checked(open_memstream(&plugin->text, &plugin->len));
	plugin->serials = serials_new();
	model_init(model);
	model->data = plugin;
	model->live = model->follow = true;
	model->raw_text = true;
	model->wants_host = true;
	model->wants = wants;
	model->on_op = note_op;
	model->on_event = take_event;
	plugin->log = log_start(model);
	find_host(plugin);
	load(plugin);
	plugin->swept = plugin->ticked = now_s();
	save(plugin, false);
}

/* What can be saved is written by the next run, when it is whole. */
static void finish(struct plugin *plugin)
{
	struct container *con;
	size_t i;

	log_block_end(plugin->log, plugin->block, plugin->have);
	log_settle(plugin->log);
	say_dropped(plugin);
	for (i = 0; i < plugin->conf.count; i++)
		sink_drain(plugin->conf.outputs[i].sink);
	save(plugin, true);
	plugin->model.stop = plugin->conf.state;
	log_finish(plugin->log);
	for (i = 0; i < plugin->conf.count; i++)
		sink_drain(plugin->conf.outputs[i].sink);
	for (con = plugin->model.all; con; con = con->next)
		forget(con);
	model_free(&plugin->model);
	serials_free(plugin->serials);
	fclose(plugin->line);
	free(plugin->text);
	conf_free(&plugin->conf);
	if (plugin->lock >= 0)
		close(plugin->lock);
}

/* False: nothing more comes. */
static bool read_some(struct plugin *plugin)
{
	ssize_t len = read(STDIN_FILENO, plugin->block + plugin->have, BLOCK - plugin->have);

	if (len < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (len < 0)
		say(LOG_ERR, "cannot read: %s", strerror(errno));
	if (len <= 0)
		return false;
	plugin->have = log_block(plugin->log, plugin->block, plugin->have + len);
	return true;
}

static void run(struct plugin *plugin, const sigset_t *open)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	struct timespec nap = { .tv_nsec = NAP_MS * 1000000L };
	struct timespec silence = { .tv_nsec = SILENCE_MS * 1000000L };
	time_t end = 0;
	int ready;

	do {
		if (terminated && !end)
			end = now_s() + DRAIN_S;
		ready = ppoll(&in, 1, end ? &silence : &nap, open);
		if (hung_up)
			reload(plugin);
		if (ready > 0 && !read_some(plugin))
			break;
		tick(plugin);
		flush_all(plugin);
	} while (!end || (ready && now_s() < end));
}

int plugin_main(int argc, char **argv)
{
	struct plugin *plugin = checked(calloc(1, sizeof(*plugin)));
	const char *why;
	sigset_t open;

	plugin->path = CONFIG;
	args_parse(&argp, argc, argv, plugin);
	openlog("auditcid", LOG_PID, LOG_DAEMON);
	why = conf_read(plugin->path, &plugin->conf);
	if (why) {
		say(LOG_ERR, "%s: %s", plugin->path, why);
		return EXIT_OWN;
	}
	take_signals(&open);
	start(plugin);
	run(plugin, &open);
	finish(plugin);
	free(plugin);
	return 0;
}
