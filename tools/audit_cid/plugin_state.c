// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid plugin: what the next run has to know: containers, events that may get more
 * lines, lines that no place has taken yet. A JSON object a line, for as much memory as
 * one line takes.
 *
 * Lines are in it at a clean end only: auditd gives nothing twice, so what was written
 * since the last save needs no trace.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "auditcid.h"
#include "model.h"
#include "plugin.h"

#define TITLE	"state of auditcid plugin"
#define VERSION	1

/*
 * Saving
 */

struct saver {
	FILE		*file;
	const char	*to;
};

static void add_id(struct json_object *obj, const char *key, uint64_t id)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, id);
	json_object_object_add(obj, key, json_object_new_string(text));
}

static void save_head(FILE *file, const struct state *state, const struct serials *serials)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "title", json_object_new_string(TITLE));
	json_object_object_add(obj, "version", json_object_new_int(VERSION));
	json_object_object_add(obj, "boot_id", json_text(state->boot_id));
	json_object_object_add(obj, "boot", json_object_new_int64(state->boot));
	json_object_object_add(obj, "clean", json_object_new_boolean(state->clean));
	json_object_object_add(obj, "serials", serials_save(serials));
	json_put(file, obj);
}

static void save_container(FILE *file, const struct container *con)
{
	struct json_object *obj = json_object_new_object();

	add_id(obj, "id", con->id);
	json_object_object_add(obj, "boot", json_object_new_int64(con->boot));
	if (con->node)
		json_object_object_add(obj, "node", json_text(con->node));
	if (con->name)
		json_object_object_add(obj, "name", json_text(con->name));
	if (con->has_parent)
		add_id(obj, "pcontid", con->pcontid);
	if (con->created.stream)
		json_object_object_add(obj, "created", json_object_new_boolean(true));
	if (con->exited.stream || con->announced.stream)
		json_object_object_add(obj, "ended", json_object_new_boolean(true));
	json_put(file, obj);
}

static void save_event(const struct log_event *event, time_t came, void *data)
{
	struct saver *saver = data;
	const char *text = event->text, *end = text + event->len, *next;
	struct json_object *obj;

	for (; text < end; text = next) {
		next = memchr(text, '\n', end - text);
		next = next ? next + 1 : end;
		obj = json_object_new_object();
		json_object_object_add(obj, "line", json_object_new_string_len(text, next - text));
		json_object_object_add(obj, "came", json_object_new_int64(came));
		json_put(saver->file, obj);
	}
}

static void save_rest(FILE *file, const struct sink *sink)
{
	struct json_object *obj;
	const char *text, *end, *next;
	size_t len;

	text = sink_rest(sink, &len);
	for (end = text + len; text < end; text = next) {
		next = (const char *)memchr(text, '\n', end - text) + 1;
		obj = json_object_new_object();
		json_object_object_add(obj, "unsent", json_object_new_string_len(text, next - text));
		json_object_object_add(obj, "to", json_object_new_string(sink_name(sink)));
		json_put(file, obj);
	}
}

const char *state_save(const char *path, const struct state *state, struct model *model,
		       struct log *log, const struct serials *serials,
		       const struct plugin_conf *conf)
{
	char beside[4096];
	struct saver saver;
	struct container *con;
	bool bad;
	size_t i;

	snprintf(beside, sizeof(beside), "%s.new", path);
	saver.file = fopen(beside, "we");
	if (!saver.file)
		return strerror(errno);
	fchmod(fileno(saver.file), 0600);
	save_head(saver.file, state, serials);
	for (con = model->all; con; con = con->next)
		save_container(saver.file, con);
	if (state->clean)
		log_waiting(log, save_event, &saver);
	for (i = 0; state->clean && i < conf->count; i++)
		save_rest(saver.file, conf->outputs[i].sink);
	/* A disk may take seconds: records come meanwhile. */
	bad = fflush(saver.file) || ferror(saver.file) ||
	      (state->clean && fsync(fileno(saver.file)));
	bad |= fclose(saver.file) || bad || rename(beside, path);
	return bad ? strerror(errno) : NULL;
}

/* One run at a time: a former one may be saving still. */
int state_lock(const char *path)
{
	char lock[4096];
	int fd;

	snprintf(lock, sizeof(lock), "%s.lock", path);
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || !flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	say(LOG_NOTICE, "waiting for another instance, which holds %s", lock);
	flock(fd, LOCK_EX);
	return fd;
}

/*
 * Loading
 */

struct loader {
	struct state	*state;
	struct model	*model;
	struct log	*log;
	struct serials	*serials;
	const struct plugin_conf *conf;
	bool		same_boot;
};

static const char *text_of(struct json_object *obj, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(obj, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

static uint64_t number_of(struct json_object *obj, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(obj, key, &value) ? json_object_get_uint64(value) : 0;
}

static bool is_true(struct json_object *obj, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(obj, key, &value) && json_object_get_boolean(value);
}

static bool is_local(const struct state *state, const char *node)
{
	const char * const *local = state->locals;

	if (!node)
		return true;
	while (*++local)
		if (!strcmp(*local, node))
			return true;
	return false;
}

static bool load_head(struct loader *loader, struct json_object *obj)
{
	const char *title = text_of(obj, "title"), *boot_id = text_of(obj, "boot_id");
	struct state *state = loader->state;
	const char * const *local = state->locals;
	struct json_object *serials;

	if (!title || strcmp(title, TITLE) || number_of(obj, "version") != VERSION || !boot_id)
		return false;
	loader->same_boot = !strcmp(boot_id, state->boot_id);
	snprintf(state->boot_id, sizeof(state->boot_id), "%s", boot_id);
	state->boot = number_of(obj, "boot") ?: 1;
	state->clean = is_true(obj, "clean");
	do
		stream_set_boot(stream_of(loader->model, *local), state->boot);
	while (*++local);
	if (loader->same_boot && json_object_object_get_ex(obj, "serials", &serials))
		serials_load(loader->serials, serials);
	return true;
}

static void load_container(struct loader *loader, struct json_object *obj)
{
	const char *name = text_of(obj, "name"), *node = text_of(obj, "node");
	bool local = is_local(loader->state, node);
	unsigned int boot = local ? loader->state->boot : number_of(obj, "boot") ?: 1;
	struct spot spot = { stream_of(loader->model, node), ++loader->model->pos, 0 };
	uint64_t id = number_of(obj, "id"), parent = number_of(obj, "pcontid");
	struct container *con;

	if (!id)
		return;
	con = model_restore(loader->model, &spot, id, boot);
	if (!local)
		stream_set_boot(spot.stream, 0);
	if (name && !con->name)
		con->name = checked(strdup(name));
	if (text_of(obj, "pcontid") && parent < id) {
		con->has_parent = true;
		con->pcontid = parent;
	}
	if (is_true(obj, "created"))
		con->created = spot;
	if (is_true(obj, "ended"))
		con->exited = spot;
}

/* Of a boot before, an event gets no more lines. */
static void load_line(struct loader *loader, struct json_object *obj)
{
	const char *text = text_of(obj, "line");
	size_t len = strlen(text);
	char *line;

	if (!len || text[len - 1] != '\n')
		return;
	line = checked(strdup(text));
	log_line_of(loader->log, line, len, loader->same_boot ? number_of(obj, "came") : 0);
	free(line);
}

static void load_unsent(struct loader *loader, struct json_object *obj)
{
	const char *to = text_of(obj, "to"), *line = text_of(obj, "unsent");
	size_t i;

	for (i = 0; to && i < loader->conf->count; i++)
		if (!strcmp(sink_name(loader->conf->outputs[i].sink), to)) {
			sink_put(loader->conf->outputs[i].sink, line, strlen(line));
			return;
		}
	say(LOG_WARNING, "there is no output to %s any more: the lines that waited for it are lost", to ?: "?");
}

static bool load_line_of_file(struct loader *loader, const char *text, bool first)
{
	struct json_object *obj = json_tokener_parse(text);
	bool good = json_object_is_type(obj, json_type_object);

	if (good && first)
		good = load_head(loader, obj);
	else if (good && text_of(obj, "line"))
		load_line(loader, obj);
	else if (good && text_of(obj, "unsent"))
		load_unsent(loader, obj);
	else if (good)
		load_container(loader, obj);
	json_object_put(obj);
	return good;
}

const char *state_load(const char *path, struct state *state, struct model *model,
		       struct log *log, struct serials *serials,
		       const struct plugin_conf *conf)
{
	struct loader loader = { state, model, log, serials, conf, false };
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	bool first = true, good = true;

	if (!file)
		return errno == ENOENT ? NULL : strerror(errno);
	for (; good && getline(&line, &room, file) > 0; first = false)
		good = load_line_of_file(&loader, line, first);
	free(line);
	fclose(file);
	return good && !first ? NULL : "it is not a complete state of auditcid plugin";
}
