// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: the state of a container, in JSON, as OCI runtimes give it to hooks
 * and print it.
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

static const char *take_all(struct json_object *obj, struct oci_state *state)
{
	const char *why;

	if (!json_object_is_type(obj, json_type_object))
		return "it is not a JSON object";
	if (!member(obj, "ociVersion", json_type_string))
		return "it has no ociVersion";
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

const char *oci_state_read(int fd, struct oci_state *state)
{
	char *buf = malloc(OCI_STATE_MAX);
	const char *why;
	ssize_t len;

	if (!buf)
		return "out of memory";
	len = read_all(fd, buf, OCI_STATE_MAX);
	why = len < 0 ? strerror(errno) : oci_state_parse(buf, len, state);
	free(buf);
	return why;
}
