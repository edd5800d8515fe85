// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid plugin: the configuration, a JSON object. What is not known in it is refused.
 */

#include <errno.h>
#include <grp.h>
#include <json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"
#include "plugin.h"

#define OUTPUTS_MAX	1024
#define KEEP_MAX	999
#define CONF_MAX	(1 << 20)

static char why[512];

__attribute__((format(printf, 1, 2)))
static bool wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return false;
}

static bool take_text(struct json_object *value, const char *key, const char **text)
{
	if (!json_object_is_type(value, json_type_string) ||
	    !json_object_get_string_len(value) ||
	    strlen(json_object_get_string(value)) !=
	    (size_t)json_object_get_string_len(value))
		return wrong("\"%s\" is not a string", key);
	*text = json_object_get_string(value);
	return true;
}

static bool take_number(struct json_object *value, const char *key, uint64_t min,
			uint64_t max, uint64_t *number)
{
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return wrong("\"%s\" is not a number", key);
	*number = json_object_get_uint64(value);
	if (*number < min || *number > max)
		return wrong("\"%s\" is not from %ju to %ju", key, (uintmax_t)min,
			     (uintmax_t)max);
	return true;
}

static bool take_mode(struct json_object *value, mode_t *mode)
{
	const char *text;
	char *end;

	if (!take_text(value, "mode", &text))
		return false;
	*mode = strtoul(text, &end, 8);
	if (*end || *mode > 0777)
		return wrong("\"mode\" is not an octal number up to 0777: %s", text);
	return true;
}

static bool take_group(struct json_object *value, gid_t *gid)
{
	const struct group *group;
	const char *text;

	if (!take_text(value, "group", &text))
		return false;
	group = getgrnam(text);
	if (!group)
		return wrong("there is no group %s", text);
	*gid = group->gr_gid;
	return true;
}

/* As text or number: beyond 2^53 not all write numbers right. */
static bool take_id(struct json_object *value, uint64_t *id)
{
	const char *text = json_object_get_string(value);

	if (!text || !request_id_valid(text) || !strtoull(text, NULL, 10))
		return wrong("\"id\" is not an audit container ID");
	*id = strtoull(text, NULL, 10);
	return true;
}

/*
 * Outputs
 */

struct draft {
	struct sink_conf sink;
	const char	*where, *name;
	uint64_t	id, max_mib, keep;
	unsigned int	places;
	bool		of_file;	/* there is what only a file has */
};

static bool take_place(struct draft *draft, const char *key, struct json_object *value)
{
	static const char * const keys[] = {
		[SINK_FILE] = "file", [SINK_UNIX] = "unix", [SINK_TCP] = "tcp",
		[SINK_SYSLOG] = "syslog",
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(key, keys[i])) {
			draft->sink.kind = i;
			draft->places++;
			return take_text(value, key, &draft->where);
		}
	if (strcmp(key, "stdout"))
		return wrong("an output cannot have the key \"%.64s\"", key);
	draft->sink.kind = SINK_STDOUT;
	draft->where = "";
	draft->places += json_object_get_boolean(value);
	return true;
}

static bool take_output_key(struct draft *draft, const char *key,
			    struct json_object *value)
{
	if (!strcmp(key, "name"))
		return take_text(value, key, &draft->name);
	if (!strcmp(key, "id"))
		return take_id(value, &draft->id);
	draft->of_file |= !strcmp(key, "max_mib") || !strcmp(key, "keep") ||
			  !strcmp(key, "mode") || !strcmp(key, "group");
	if (!strcmp(key, "max_mib"))
		return take_number(value, key, 1, 1 << 20, &draft->max_mib);
	if (!strcmp(key, "keep"))
		return take_number(value, key, 1, KEEP_MAX, &draft->keep);
	if (!strcmp(key, "mode"))
		return take_mode(value, &draft->sink.mode);
	if (!strcmp(key, "group"))
		return take_group(value, &draft->sink.group);
	return take_place(draft, key, value);
}

static bool check_draft(const struct draft *draft)
{
	if (draft->places != 1)
		return wrong("an output must have one of \"file\", \"unix\", \"tcp\", \"syslog\", "
			     "\"stdout\"");
	if (draft->of_file && draft->sink.kind != SINK_FILE)
		return wrong("\"max_mib\", \"keep\", \"mode\" and \"group\" require \"file\"");
	if (draft->name && draft->id)
		return wrong("an output can have \"name\" or \"id\", not both");
	return true;
}

static bool is_new(const struct plugin_conf *conf, const char *name)
{
	size_t i;

	for (i = 0; i < conf->count; i++)
		if (!strcmp(sink_name(conf->outputs[i].sink), name))
			return wrong("two outputs go to %s", name);
	return true;
}

static bool add_output(struct plugin_conf *conf, const struct draft *draft)
{
	struct output *output = &conf->outputs[conf->count];
	struct sink_conf sink = draft->sink;
	const char *wrong_with = NULL;

	sink.where = (char *)draft->where;
	sink.max_size = draft->max_mib << 20;
	sink.keep = draft->keep;
	output->sink = sink_new(&sink, &wrong_with);
	if (!output->sink)
		return wrong("%s", wrong_with);
	if (!is_new(conf, sink_name(output->sink))) {
		sink_free(output->sink);
		return false;
	}
	output->name = draft->name ? checked(strdup(draft->name)) : NULL;
	output->id = draft->id;
	conf->count++;
	return true;
}

static bool take_output(struct plugin_conf *conf, struct json_object *obj)
{
	struct draft draft = { .sink = { .mode = 0600, .group = -1 }, .max_mib = 64,
			       .keep = 4 };

	if (!json_object_is_type(obj, json_type_object))
		return wrong("an output is not an object");
	json_object_object_foreach(obj, key, value)
		if (!take_output_key(&draft, key, value))
			return false;
	return check_draft(&draft) && add_output(conf, &draft);
}

static bool take_outputs(struct plugin_conf *conf, struct json_object *list)
{
	size_t i, n;

	if (!json_object_is_type(list, json_type_array))
		return wrong("\"outputs\" is not a list");
	n = json_object_array_length(list);
	if (n > OUTPUTS_MAX)
		return wrong("there are more than %d outputs", OUTPUTS_MAX);
	conf->outputs = checked(calloc(n + 1, sizeof(*conf->outputs)));
	for (i = 0; i < n; i++)
		if (!take_output(conf, json_object_array_get_idx(list, i)))
			return false;
	return true;
}

/*
 * All of it
 */

static bool set_text(struct json_object *value, const char *key, char **to)
{
	const char *text;

	if (!take_text(value, key, &text))
		return false;
	free(*to);
	*to = checked(strdup(text));
	return true;
}

static bool take_key(struct plugin_conf *conf, const char *key, struct json_object *value)
{
	if (!strcmp(key, "state"))
		return set_text(value, key, &conf->state) &&
		       (*conf->state == '/' || wrong("\"state\" does not begin with a /"));
	if (!strcmp(key, "node"))
		return set_text(value, key, &conf->node);
	if (!strcmp(key, "outputs"))
		return take_outputs(conf, value);
	if (strcmp(key, "serials"))
		return wrong("unknown key \"%.64s\"", key);
	if (!json_object_is_type(value, json_type_boolean))
		return wrong("\"serials\" is neither true nor false");
	conf->serials = json_object_get_boolean(value);
	return true;
}

static bool take_all(struct plugin_conf *conf, struct json_object *obj)
{
	if (!json_object_is_type(obj, json_type_object))
		return wrong("it is not an object");
	json_object_object_foreach(obj, key, value)
		if (!take_key(conf, key, value))
			return false;
	return conf->count || wrong("it has no output");
}

void conf_free(struct plugin_conf *conf)
{
	while (conf->count) {
		sink_free(conf->outputs[--conf->count].sink);
		free(conf->outputs[conf->count].name);
	}
	free(conf->outputs);
	free(conf->state);
	free(conf->node);
	*conf = (struct plugin_conf) {};
}

const char *conf_parse(const char *text, size_t len, struct plugin_conf *conf)
{
	struct json_tokener *tokener = checked(json_tokener_new());
	struct json_object *obj;
	bool good = false;

	*conf = (struct plugin_conf) { .serials = true };
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	obj = json_tokener_parse_ex(tokener, text, len + 1);
	if (obj)
		good = take_all(conf, obj);
	else
		wrong("%s", json_tokener_error_desc(json_tokener_get_error(tokener)));
	json_object_put(obj);
	json_tokener_free(tokener);
	if (!good)
		conf_free(conf);
	return good ? NULL : why;
}

const char *conf_read(const char *path, struct plugin_conf *conf)
{
	static char text[CONF_MAX];
	FILE *file = fopen(path, "re");
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	bool bad = !file || ferror(file);

	*conf = (struct plugin_conf) {};
	if (file)
		fclose(file);
	if (bad) {
		wrong("%s", strerror(errno));
		return why;
	}
	text[len] = 0;
	return conf_parse(text, len, conf);
}
