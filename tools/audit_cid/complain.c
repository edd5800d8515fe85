// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: say why no container was started where the caller of an OCI runtime reads
 * it, in the form in which the runtime itself would have said it.
 */

#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "auditcid.h"
#include "model.h"

static const char *now(char *to, size_t size)
{
	time_t t = time(NULL);
	struct tm tm;

	strftime(to, size, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	return to;
}

static void put_json(FILE *to, const char *message)
{
	struct json_object *obj = json_object_new_object();
	char when[32];

	json_object_object_add(obj, "level", json_text("error"));
	json_object_object_add(obj, "msg", json_text(message));
	json_object_object_add(obj, "time", json_text(now(when, sizeof(when))));
	json_put(to, obj);
}

/* runc quotes the message as JSON does. */
static void put_text(FILE *to, const struct cmdline *cmd, const char *message)
{
	char when[32];

	if (cmd->is_crun) {
		fprintf(to, "%s\n", message);
		return;
	}
	fprintf(to, "time=\"%s\" level=error msg=", now(when, sizeof(when)));
	json_put(to, json_text(message));
}

static bool is_json(const struct cmdline *cmd)
{
	return cmd->log_format && !strcmp(cmd->log_format, "json");
}

/* crun's is [file:]PATH, syslog:NAME or journald:NAME. */
static void put_log(const struct cmdline *cmd, const char *message)
{
	const char *path = cmd->log;
	FILE *log;

	if (cmd->is_crun && (!strncmp(path, "syslog:", 7) || !strncmp(path, "journald:", 9))) {
		syslog(LOG_USER | LOG_ERR, "%s", message);
		return;
	}
	if (cmd->is_crun && !strncmp(path, "file:", 5))
		path += 5;
	log = fopen(path, "ae");
	if (!log)
		return;
	if (is_json(cmd))
		put_json(log, message);
	else
		put_text(log, cmd, message);
	fclose(log);
}

/* As runc and crun do: to the log, if there is one, and as plain text to @err */
void runtime_complain(const struct cmdline *cmd, FILE *err, const char *format, va_list args)
{
	bool has_log = cmd->log && *cmd->log;
	char *text = NULL, *message = NULL;

	if (vasprintf(&text, format, args) < 0 ||
	    asprintf(&message, "auditcid: %s", text) < 0)
		exit(EXIT_OWN);
	if (has_log)
		put_log(cmd, message);
	if (!has_log && is_json(cmd))
		put_json(err, message);
	else
		fprintf(err, "%s\n", message);
	fflush(err);
	free(message);
	free(text);
}
