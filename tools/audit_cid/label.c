// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: make a container of an OCI runtime an audit container: under which name,
 * and below which other.
 */

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "auditcid.h"

#define DEFAULT_TEMPLATE	"{name}@{short}"
#define SHORT_ID		12	/* characters: as docker, podman and crictl print it */
#define FIELDS_MAX		12
#define PIECES_MAX		(FIELDS_MAX * 6 + 1)	/* {name} has five, text between them */

/* A name is put together from these. What is not fixed may be cut. */
struct piece {
	const char	*text;
	size_t		len;
	bool		fixed;
};

struct pieces {
	struct piece	list[PIECES_MAX];
	size_t		count;
	bool		missing;	/* the container does not have this */
};

enum field { FIELD_ID, FIELD_SHORT, FIELD_NAME, FIELD_NAMESPACE, FIELD_POD,
	     FIELD_CONTAINER, FIELD_HOSTNAME, FIELD_ANNOTATION };

static const char * const fields[] = {
	[FIELD_ID] = "id", [FIELD_SHORT] = "short", [FIELD_NAME] = "name",
	[FIELD_NAMESPACE] = "namespace", [FIELD_POD] = "pod",
	[FIELD_CONTAINER] = "container", [FIELD_HOSTNAME] = "hostname",
};

static enum field find_field(const char *word, size_t len)
{
	enum field i = 0;

	while (i < FIELD_ANNOTATION && (strlen(fields[i]) != len || memcmp(fields[i], word, len)))
		i++;
	return i;
}

/* NULL, or what is wrong with the template of a name */
const char *template_wrong(const char *template)
{
	const char *end;
	int n = 0;

	for (; *template; template++) {
		if (*template == '}' || !isascii((unsigned char)*template) ||
		    !isgraph((unsigned char)*template))
			return "has a character that a name does not have, or } without {";
		if (*template != '{')
			continue;
		end = strchr(template, '}');
		if (!end)
			return "has { without }";
		template++;
		if (find_field(template, end - template) == FIELD_ANNOTATION &&
		    !memchr(template, '.', end - template) &&
		    !memchr(template, '/', end - template))
			return "has a field that is neither id, short, name, namespace, pod, "
			       "container, hostname nor the key of an annotation";
		if (++n > FIELDS_MAX)
			return "has too many fields";
		template = end;
	}
	return n ? NULL : "has no field, such as {name}";
}

static void add(struct pieces *pieces, const char *text, size_t len, bool fixed)
{
	if (pieces->count < PIECES_MAX)
		pieces->list[pieces->count++] = (struct piece) { text, len, fixed };
}

static void add_value(struct pieces *pieces, const char *text)
{
	if (text)
		add(pieces, text, strlen(text), false);
	else
		pieces->missing = true;
}

static void add_name(struct pieces *pieces, const struct bundle *bundle)
{
	if (!bundle->namespace || !bundle->pod) {
		add_value(pieces, bundle->name);
		return;
	}
	add_value(pieces, bundle->namespace);
	add(pieces, "/", 1, true);
	add_value(pieces, bundle->pod);
	if (!bundle->container)
		return;
	add(pieces, "/", 1, true);
	add_value(pieces, bundle->container);
}

static bool is_long_id(const char *id)
{
	return strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
}

static void add_annotation(struct pieces *pieces, const struct bundle *bundle,
			   const char *word, size_t len)
{
	char key[256];

	snprintf(key, sizeof(key), "%.*s", (int)len, word);
	add_value(pieces, bundle_annotation(bundle, key));
}

static void add_field(struct pieces *pieces, const struct bundle *bundle,
		      const char *word, size_t len)
{
	switch (find_field(word, len)) {
	case FIELD_ID:
		add(pieces, bundle->id, strlen(bundle->id), true);
		return;
	case FIELD_SHORT:
		add(pieces, bundle->id, is_long_id(bundle->id) ? SHORT_ID :
		    strlen(bundle->id), true);
		return;
	case FIELD_NAME: add_name(pieces, bundle); return;
	case FIELD_NAMESPACE: add_value(pieces, bundle->namespace); return;
	case FIELD_POD: add_value(pieces, bundle->pod); return;
	case FIELD_CONTAINER: add_value(pieces, bundle->container); return;
	case FIELD_HOSTNAME: add_value(pieces, bundle->hostname); return;
	case FIELD_ANNOTATION: add_annotation(pieces, bundle, word, len); return;
	}
}

static void expand(struct pieces *pieces, const char *template, const struct bundle *bundle)
{
	const char *end;
	size_t len;

	for (; *template; template = end + 1) {
		len = strcspn(template, "{");
		if (len)
			add(pieces, template, len, true);
		template += len;
		if (!*template)
			return;
		end = strchr(++template, '}');
		add_field(pieces, bundle, template, end - template);
	}
}

/* The longest value gives way, so that the ID and each of the others stay readable. */
static void shorten(struct pieces *pieces, size_t room)
{
	struct piece *longest;
	size_t i, total;

	for (;;) {
		longest = NULL;
		for (i = total = 0; i < pieces->count; i++) {
			struct piece *piece = &pieces->list[i];

			total += piece->len;
			if (!piece->fixed && piece->len > 1 &&
			    (!longest || piece->len > longest->len))
				longest = piece;
		}
		if (total <= room || !longest)
			return;
		longest->len--;
	}
}

/*
 * The name of a container by a template that is not wrong, of at most @room characters;
 * @to has AUDIT_CID_NAME_MAX + 1. A container that lacks a field has its ID as the name.
 */
void template_name(char *to, size_t room, const char *template, const struct bundle *bundle)
{
	struct pieces pieces = {};
	char text[AUDIT_CID_NAME_MAX + 1] = "";
	size_t i, n, len = 0;

	expand(&pieces, template ? template : DEFAULT_TEMPLATE, bundle);
	if (pieces.missing || !pieces.count) {
		pieces = (struct pieces) {};
		add(&pieces, bundle->id, strlen(bundle->id), true);
	}
	shorten(&pieces, room);
	for (i = 0; i < pieces.count; i++) {
		n = pieces.list[i].len < room - len ? pieces.list[i].len : room - len;
		memcpy(text + len, pieces.list[i].text, n);
		len += n;
	}
	request_clean_name(to, text, len);
}

/*
 * The options of oci-hook and runtime
 */

static const struct argp_option options[] = {
	{ "name-from", 'n', "TEMPLATE", 0,
	  "Name audit containers by TEMPLATE, by default " DEFAULT_TEMPLATE, 0 },
	{ "parent-of", 'p', "sandbox", 0,
	  "Make the containers of a pod children of the audit container of its sandbox", 0 },
	{ "strict", 's', NULL, 0,
	  "If the kernel does not assign an ID, do not start the container or session", 0 },
	{}
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct labelling *how = state->input;
	const char *why;

	switch (key) {
	case 'n':
		why = template_wrong(arg);
		if (why)
			argp_error(state, "the template '%s' %s", arg, why);
		how->template = arg;
		return why ? EINVAL : 0;
	case 'p':
		if (strcmp(arg, "sandbox"))
			argp_error(state, "--parent-of is sandbox, not '%s'", arg);
		how->below_sandbox = true;
		return strcmp(arg, "sandbox") ? EINVAL : 0;
	case 's':
		how->strict = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp label_argp = { .options = options, .parser = parse };

/*
 * The parent of a new audit container
 */

/*
 * A container that runs may have any descriptor of this process: only the system's log
 * is the administrator's for certain.
 */
void warn_admin(const char *format, ...)
{
	va_list args;

	openlog("auditcid", LOG_PID, LOG_DAEMON);
	va_start(args, format);
	vsyslog(LOG_WARNING, format, args);
	va_end(args);
	closelog();
}

/*
 * Does @value, of ASSIGNED_ENV, say that the process with the ID @own is in an audit
 * container for the container @id, which is as request_clean_name() gives it? The host's
 * 0 is no container's.
 */
bool label_is_assigned(const char *value, uint64_t own, const char *id)
{
	char clean[AUDIT_CID_NAME_MAX + 1], *rest;

	if (!own || strtoull(value, &rest, 10) != own || *rest != ':')
		return false;
	request_clean_name(clean, rest + 1, strlen(rest + 1));
	return !strcmp(clean, id);
}

/* Return: the ID of the sandbox that the container belongs to, or 0 */
static uint64_t find_sandbox(const struct bundle *bundle)
{
	pid_t pid = bundle_sandbox_pid(bundle);
	int dir = pid && proc_is_ours() ? proc_open(pid) : -1;
	uint64_t id = 0;

	if (dir < 0)
		return 0;
	if (cid_read(dir, &id))
		id = 0;
	close(dir);
	return id;
}

/* Write to @parent the number of the sandbox that process @dir is to be below. */
static bool take_sandbox(int dir, const struct bundle *bundle, char *parent, size_t size)
{
	uint64_t own = 0, id = find_sandbox(bundle);

	if (!id) {
		warn_admin("the container %s is not below its sandbox: no process of the "
			   "sandbox has an audit container ID", bundle->id);
		return false;
	}
	snprintf(parent, size, "%" PRIu64, id);
	return cid_read(dir, &own) || id != own;
}

/* Make the process @dir, of a container, an audit container. Return: NULL, or why not */
const char *label_new(int dir, const struct labelling *how, const struct bundle *bundle)
{
	char name[AUDIT_CID_NAME_MAX + 1], parent[24];
	struct request req = { .name = name };

	template_name(name, AUDIT_CID_NAME_MAX, how->template, bundle);
	if (how->below_sandbox && bundle_in_sandbox(bundle) &&
	    take_sandbox(dir, bundle, parent, sizeof(parent)))
		req.parent = parent;
	if (!cid_write(dir, &req))
		return NULL;
	/* The sandbox may have ended by now: better elsewhere than without an ID. */
	if (errno == ESRCH && req.parent) {
		req.parent = NULL;
		if (!cid_write(dir, &req))
			return NULL;
	}
	return cid_why_refused(dir, &req, errno);
}
