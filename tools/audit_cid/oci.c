// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: the state of a container, in JSON, as OCI runtimes give it to hooks
 * and print it, and as runc and crun keep it.
 */

#include <ctype.h>
#include <errno.h>
#include <json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auditcid.h"

static bool only_space(const char *text, size_t len)
{
	while (len && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	return !len;
}

static struct json_object *parse_json(const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *obj;
	size_t end;

	if (!tok)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT |
				    JSON_TOKENER_ALLOW_TRAILING_CHARS);
	obj = json_tokener_parse_ex(tok, text, len);
	end = json_tokener_get_parse_end(tok);
	json_tokener_free(tok);

	if (obj && !only_space(text + end, len - end)) {
		json_object_put(obj);
		return NULL;
	}
	return obj;
}

static struct json_object *member(struct json_object *obj, const char *key,
				  enum json_type type)
{
	struct json_object *value;

	if (!json_object_object_get_ex(obj, key, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

static const char *take_id(struct json_object *obj, struct oci_state *state)
{
	struct json_object *id = member(obj, "id", json_type_string);

	if (!id || !json_object_get_string_len(id))
		return "it has no id";
	request_clean_name(state->id, json_object_get_string(id),
			   json_object_get_string_len(id));
	return NULL;
}

static const char *take_status(struct json_object *obj, struct oci_state *state)
{
	struct json_object *status = member(obj, "status", json_type_string);

	if (!status)
		return "it has no status";
	snprintf(state->status, sizeof(state->status), "%s",
		 json_object_get_string(status));
	return NULL;
}

/* A container that is stopped, or not yet created, need not have one. */
static const char *take_pid(struct json_object *obj, struct oci_state *state)
{
	struct json_object *pid;
	int64_t n;

	state->pid = 0;
	if (!json_object_object_get_ex(obj, "pid", &pid))
		return NULL;
	n = json_object_get_int64(pid);
	if (!json_object_is_type(pid, json_type_int) || n < 0 || n > INT_MAX)
		return "its pid is not a process ID";
	state->pid = n;
	return NULL;
}

static void take_bundle(struct json_object *obj, char bundle[PATH_MAX])
{
	struct json_object *path = member(obj, "bundle", json_type_string);

	snprintf(bundle, PATH_MAX, "%s", path ? json_object_get_string(path) : "");
}

static const char *take_all(struct json_object *obj, struct oci_state *state)
{
	const char *why;

	if (!json_object_is_type(obj, json_type_object))
		return "it is not a JSON object";
	if (!member(obj, "ociVersion", json_type_string))
		return "it has no ociVersion";
	take_bundle(obj, state->bundle);
	why = take_id(obj, state);
	if (!why)
		why = take_status(obj, state);
	return why ? why : take_pid(obj, state);
}

/* NULL if the state is well-formed, or what is wrong with it */
const char *oci_state_parse(const char *text, size_t len,
			    struct oci_state *state)
{
	struct json_object *obj;
	const char *why;

	if (only_space(text, len))
		return "it is empty";
	obj = parse_json(text, len);
	if (!obj)
		return "it is not JSON";
	why = take_all(obj, state);
	json_object_put(obj);
	return why;
}

/* Read to the end of the file; -1 if there is no end within @size bytes. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, buf + len, size - len);
		if (n == 0)
			return len;
		if (n > 0)
			len += n;
		else if (errno != EINTR)
			return -1;
	}
	errno = EFBIG;
	return -1;
}

/* Return: the file's bytes, to be freed, and @len; NULL and errno */
static char *read_file(int fd, size_t *len)
{
	char *buf = malloc(OCI_STATE_MAX);
	ssize_t n = buf ? read_all(fd, buf, OCI_STATE_MAX) : -1;

	if (n < 0) {
		free(buf);
		return NULL;
	}
	*len = n;
	return buf;
}

const char *oci_state_read(int fd, struct oci_state *state)
{
	const char *why;
	size_t len;
	char *buf = read_file(fd, &len);

	if (!buf)
		return strerror(errno);
	why = oci_state_parse(buf, len, state);
	free(buf);
	return why;
}

/* runc has it as one of the labels: bundle=PATH */
static void take_label(struct json_object *obj, char bundle[PATH_MAX])
{
	struct json_object *config = member(obj, "config", json_type_object);
	struct json_object *list = config ? member(config, "labels", json_type_array) : NULL;
	const char *label;
	size_t i;

	*bundle = '\0';
	for (i = 0; list && i < json_object_array_length(list); i++) {
		label = json_object_get_string(json_object_array_get_idx(list, i));
		if (label && !strncmp(label, "bundle=", 7))
			snprintf(bundle, PATH_MAX, "%s", label + 7);
	}
}

static int take_init(struct json_object *obj, bool is_crun, const char *id,
		     struct oci_init *init)
{
	struct json_object *pid, *start, *own;

	pid = member(obj, is_crun ? "pid" : "init_process_pid", json_type_int);
	start = member(obj, is_crun ? "process-start-time" : "init_process_start",
		       json_type_int);
	own = member(obj, "id", json_type_string);
	/* crun's file has no ID. */
	if (!pid || !start || (!is_crun && !own) ||
	    (own && strcmp(json_object_get_string(own), id)))
		return -1;
	(is_crun ? take_bundle : take_label)(obj, init->bundle);
	init->pid = json_object_get_int(pid);
	init->start = json_object_get_uint64(start);
	return init->pid > 1 && init->start ? 0 : -1;
}

/*
 * Read runc's state.json or crun's status of container @id.
 * Return: 0, or -1 if that is not what the file is, nor of a version known here.
 */
int oci_init_read(int fd, bool is_crun, const char *id, struct oci_init *init)
{
	size_t len;
	char *buf = read_file(fd, &len);
	struct json_object *obj = buf ? parse_json(buf, len) : NULL;
	int ret = obj ? take_init(obj, is_crun, id, init) : -1;

	json_object_put(obj);
	free(buf);
	return ret;
}
