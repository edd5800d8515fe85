// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: an event as one JSON object. Names are those of the Elastic Common Schema
 * where it has one; what it has not is in "audit". auditcid.schema.json says it all.
 * Only what the kernel says becomes process and user: a sender's own text is in
 * the records alone, and marked.
 */

#include <inttypes.h>
#include <json.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auditcid.h"
#include "model.h"

#define ECS_VERSION	"8.11.0"

/* Where a field goes: an object, one in it, and the name there */
static const struct place {
	const char	*field, *in, *within, *name;
	enum { AS_NUMBER, AS_TEXT, AS_ID, AS_NAME } as;
} places[] = {
	{ "pid", "process", NULL, "pid", AS_NUMBER },
	{ "ppid", "process", "parent", "pid", AS_NUMBER },
	{ "comm", "process", NULL, "name", AS_TEXT },
	{ "exe", "process", NULL, "executable", AS_TEXT },
	{ "proctitle", "process", NULL, "title", AS_TEXT },
	{ "cwd", "process", NULL, "working_directory", AS_TEXT },
	{ "uid", "user", NULL, "id", AS_ID },
	{ "uid", "user", NULL, "name", AS_NAME },
	{ "euid", "user", "effective", "id", AS_ID },
	{ "euid", "user", "effective", "name", AS_NAME },
	{ "auid", "user", "audit", "id", AS_ID },
	{ "auid", "user", "audit", "name", AS_NAME },
	{ "gid", "group", NULL, "id", AS_ID },
	{ "gid", "group", NULL, "name", AS_NAME },
	{}
};

struct builder {
	struct model		*model;
	struct json_object	*whole, *event, *records;
	const struct log_event	*of;
};

/* The object @name in @obj, which is made if there is none */
static struct json_object *child(struct json_object *obj, const char *name)
{
	struct json_object *found;

	if (!name)
		return obj;
	if (json_object_object_get_ex(obj, name, &found))
		return found;
	found = json_object_new_object();
	json_object_object_add(obj, name, found);
	return found;
}

static void add_once(struct json_object *obj, const char *name, struct json_object *value)
{
	if (json_object_object_get_ex(obj, name, NULL))
		json_object_put(value);
	else
		json_object_object_add(obj, name, value);
}

/*
 * Containers
 */

static struct json_object *brief(const struct container *con)
{
	struct json_object *obj = json_object_new_object();
	char id[24];

	snprintf(id, sizeof(id), "%" PRIu64, con->id);
	json_object_object_add(obj, "id", json_object_new_string(id));
	if (con->name)
		json_object_object_add(obj, "name", json_text(con->name));
	return obj;
}

/* The nearest first; a parent that is unknown, or @top, ends the chain. */
static struct json_object *chain(struct model *model, const struct container *con,
				 uint64_t top)
{
	struct json_object *obj = brief(con), *parents = json_object_new_array();

	json_object_object_add(obj, "parents", parents);
	while (con && con->id != top && con->has_parent && con->pcontid) {
		con = con->parent ?: model_find(model, con->node, con->pcontid, NULL);
		if (con)
			json_object_array_add(parents, brief(con));
	}
	return obj;
}

struct json_object *ecs_container(struct model *model, const struct container *con)
{
	return chain(model, con, 0);
}

/* What all objects about a container begin with */
struct json_object *ecs_head(struct model *model, const struct container *con)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "boot", json_object_new_int(con->boot));
	json_object_object_add(obj, "boot_sure", json_object_new_boolean(!con->boot_unsure));
	json_object_object_add(obj, "node", json_text(con->node));
	json_object_object_add(obj, "contid", json_object_new_uint64(con->id));
	json_object_object_add(obj, "name", json_text(con->name));
	json_object_object_add(obj, "container", ecs_container(model, con));
	return obj;
}

/* ... and its life: from when, and until when at the latest */
void ecs_life(struct json_object *obj, const struct container *con)
{
	bool created = con->created.stream, exited = con->how_ended == END_EXIT;

	json_object_object_add(obj, "pcontid", con->has_parent ?
			       json_object_new_uint64(con->pcontid) : NULL);
	json_object_object_add(obj, "created", created ? json_when(con->created.at) : NULL);
	json_object_object_add(obj, "ended", exited ? json_when(con->end.at) : NULL);
	json_object_object_add(obj, "ended_by", con->how_ended ?
			       json_when(con->end.at) : NULL);
	json_object_object_add(obj, "ended_how", json_text(end_name(con->how_ended)));
	json_object_object_add(obj, "gap", json_object_new_boolean(!created));
	json_object_object_add(obj, "delegate", json_object_new_uint64(con->delegate));
	json_object_object_add(obj, "events", json_object_new_uint64(con->events));
	json_object_object_add(obj, "failed", json_object_new_uint64(con->failed));
}

/*
 * Records
 */

static bool is_user_field(auparse_state_t *au)
{
	int type = auparse_get_field_type(au);

	return type == AUPARSE_TYPE_UID || type == AUPARSE_TYPE_GID;
}

/* Users of another machine have no names here. */
static const char *text_of(const struct model *model, auparse_state_t *au,
			   const char *value)
{
	if (is_user_field(au) && !model->own && strcmp(value, "4294967295") &&
	    !auparse_get_record_interpretations(au))
		return value;
	return auparse_interpret_field(au);
}

static void place_field(struct builder *builder, const char *name, const char *value,
			const char *text)
{
	const struct place *place;
	struct json_object *in;

	for (place = places; place->field; place++) {
		if (*place->field != *name || strcmp(place->field, name) ||
		    (place->as == AS_NAME && !strcmp(value, text)))
			continue;
		in = child(child(builder->whole, place->in), place->within);
		add_once(in, place->name, place->as == AS_NUMBER ?
			 json_object_new_int64(strtoll(value, NULL, 10)) :
			 json_text(place->as == AS_ID ? value : text));
	}
}

static void note_event(struct builder *builder, const char *name, const char *value,
		       const char *text)
{
	bool good;

	if (!strchr("sour", *name))
		return;
	good = !strcmp(value, "yes") || !strcmp(value, "1") || !strcmp(value, "success");
	if (!strcmp(name, "syscall"))
		json_object_object_add(builder->event, "action", json_text(text));
	if (!strcmp(name, "op") || !strcmp(name, "uring_op"))
		add_once(builder->event, "action", json_text(text));
	if (!strcmp(name, "success") || !strcmp(name, "res"))
		add_once(builder->event, "outcome",
			 json_object_new_string(good ? "success" : "failure"));
}

/*
 * Half of all time went into making and freeing the objects of fields: those of the
 * event before are used again, which nobody has any more.
 */
#define POOL_MAX	512

static struct pooled {
	struct json_object *obj, *name, *value, *text;
} pool[2][POOL_MAX];		/* without a text, and with one */
static size_t pool_used[2];

/* No key of these needs a copy or a look. */
static struct json_object *add_new(struct json_object *obj, const char *name,
				   struct json_object *value)
{
	json_object_object_add_ex(obj, name, value, JSON_C_OBJECT_ADD_KEY_IS_NEW |
						    JSON_C_OBJECT_KEY_IS_CONSTANT);
	return value;
}

static struct pooled make_field(bool has_text)
{
	struct pooled field = { .obj = json_object_new_object() };

	field.name = add_new(field.obj, "name", json_object_new_string(""));
	field.value = add_new(field.obj, "value", json_object_new_string(""));
	if (has_text)
		field.text = add_new(field.obj, "text", json_object_new_string(""));
	return field;
}

/* As it stands in the list of fields, which the caller gives away */
static struct pooled field_of(bool has_text, bool sender)
{
	struct pooled *field;

	if (sender || pool_used[has_text] == POOL_MAX)
		return make_field(has_text);
	field = &pool[has_text][pool_used[has_text]++];
	if (!field->obj)
		*field = make_field(has_text);
	json_object_get(field->obj);
	return *field;
}

static struct json_object *field_json(const char *name, const char *value,
				      const char *text, bool sender)
{
	bool has_text = text && text != value && strcmp(text, value);
	struct pooled field = field_of(has_text, sender);

	json_set_text(field.name, name);
	json_set_text(field.value, value);
	if (has_text)
		json_set_text(field.text, text);
	if (sender)
		add_new(field.obj, "sender", json_object_new_boolean(true));
	return field.obj;
}

/* How many fields the kernel wrote: in a sender's record, those in front of the text */
static unsigned int count_kernels(auparse_state_t *au, int type)
{
	const char *text = auparse_get_record_text(au), *end, *is;
	unsigned int n = 0;

	if (!record_is_users(type) || !text)
		return UINT32_MAX;
	end = strstr(text, " msg='") ?: strstr(text, " data=");
	for (is = strchr(text, '='); is && (!end || is < end); is = strchr(is + 1, '='))
		n++;
	/* node=, type= and msg=audit(...) are not counted below. */
	n -= strncmp(text, "node=", 5) ? 2 : 3;
	return n;
}

static bool is_inside(struct model *model, const char *node, uint64_t id, uint64_t top)
{
	return id == top || model_is_below(model, node, id, top);
}

/* May one who sees only a part of the containers see it? */
static bool is_visible(struct builder *builder, auparse_state_t *au, int type)
{
	const struct container *object = builder->of->object;
	const char *id;

	if (!builder->of->only_ops)
		return true;
	if (type != RECORD_CONTAINER_OP || !auparse_first_field(au) ||
	    !auparse_find_field(au, "ocontid"))
		return false;
	id = auparse_get_field_str(au);
	return id && object && is_inside(builder->model, object->node,
					 strtoull(id, NULL, 10), builder->of->top);
}

static void add_record(auparse_state_t *au, void *data)
{
	struct builder *builder = data;
	struct json_object *record, *fields;
	int type = record_type(au);
	unsigned int kernels = count_kernels(au, type), n = 0;
	const char *name, *value, *text;

	if (!is_visible(builder, au, type))
		return;
	record = json_object_new_object();
	fields = json_object_new_array();
	json_object_array_add(builder->records, record);
	if (!auparse_first_field(au))
		return;
	do {
		name = auparse_get_field_name(au);
		value = auparse_get_field_str(au);
		if (!name || !value)
			continue;
		text = text_of(builder->model, au, value) ?: value;
		if (!strcmp(name, "type") && !n)
			json_object_object_add(record, "type", type == RECORD_CONTAINER_OP ?
					       json_object_new_string("CONTAINER_OP") :
					       json_text(text));
		if (!strcmp(name, "node") || (!strcmp(name, "type") && !n++))
			continue;
		json_object_array_add(fields, field_json(name, value, text, n > kernels));
		if (n++ <= kernels)
			place_field(builder, name, value, text);
		note_event(builder, name, value, text);
	} while (auparse_next_field(au) > 0);
	json_object_object_add(record, "fields", fields);
}

/*
 * The event
 */

static struct json_object *time_json(uint64_t at)
{
	time_t sec = at / 1000;
	char text[64];
	struct tm tm;
	size_t len;

	gmtime_r(&sec, &tm);
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, sizeof(text) - len, ".%03uZ", (unsigned int)(at % 1000));
	return json_object_new_string(text);
}

static void add_host(struct builder *builder)
{
	const char *node = builder->of->key;
	struct json_object *host;
	char *name;
	size_t len = strncmp(node, "node=", 5) ? 0 : strcspn(node + 5, " ");

	if (!len && !builder->of->host)
		return;
	host = child(builder->whole, "host");
	name = len ? checked(strndup(node + 5, len)) : NULL;
	json_object_object_add(host, "name", json_text(name ?: builder->of->host));
	free(name);
	if (builder->of->boot_id)
		json_object_object_add(child(host, "boot"), "id",
				       json_text(builder->of->boot_id));
}

static void add_where(struct builder *builder, struct model *model)
{
	const struct log_event *of = builder->of;
	const struct container *object = of->object;
	const struct container *con = of->only_ops ? object : of->acting ?: object;
	struct json_object *audit = child(builder->whole, "audit");

	add_host(builder);
	if (con) {
		json_object_object_add(builder->whole, "container",
				       chain(model, con, of->top));
		json_object_object_add(audit, "boot", json_object_new_int(con->boot));
		json_object_object_add(audit, "boot_sure",
				       json_object_new_boolean(!con->boot_unsure));
	}
	if (object && (!of->top || is_inside(model, object->node, object->id, of->top)))
		json_object_object_add(audit, "about", brief(object));
	json_object_object_add(audit, "records", builder->records);
}

/* What all objects begin with whose names are those of the schema */
struct json_object *ecs_begin(uint64_t at, const char *kind)
{
	struct json_object *whole = json_object_new_object(), *event;

	json_object_object_add(whole, "@timestamp", time_json(at));
	json_object_object_add(child(whole, "ecs"), "version",
			       json_object_new_string(ECS_VERSION));
	event = child(whole, "event");
	json_object_object_add(event, "kind", json_object_new_string(kind));
	json_object_object_add(event, "module", json_object_new_string("auditcid"));
	return whole;
}

/* One at a time: it is freed before the next one is made. */
struct json_object *ecs_event(struct model *model, struct log *log,
			      const struct log_event *of)
{
	struct builder builder = { .model = model, .records = json_object_new_array(),
				   .of = of };
	unsigned long serial = 0;
	uint64_t at = 0;

	pool_used[0] = pool_used[1] = 0;
	event_stamp(of, &at, &serial);
	builder.whole = ecs_begin(at, "event");
	builder.event = child(builder.whole, "event");
	json_object_object_add(builder.event, "sequence", json_object_new_uint64(serial));
	log_records(log, of, add_record, &builder);
	add_once(builder.event, "outcome", json_object_new_string("unknown"));
	add_where(&builder, model);
	return builder.whole;
}
