// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: the bundle of a container, config.json, and what the container's manager
 * keeps near it: the names that people gave to the container and its pod.
 *
 * Kubernetes' names and nerdctl's are annotations. docker and podman put no name into
 * the bundle, but paths that lead to their own files about the container.
 */

#include <json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"

/* Of containerd, CRI-O and, where it differs, older CRI-O */
static const char * const namespace_keys[] = {
	"io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace",
	"io.kubernetes.cri-o.Namespace", NULL
};
static const char * const pod_keys[] = {
	"io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name",
	"io.kubernetes.cri-o.KubeName", NULL
};
static const char * const container_keys[] = {
	"io.kubernetes.cri.container-name", "io.kubernetes.container.name", NULL
};
static const char * const type_keys[] = {
	"io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType", NULL
};
/* podman's pods have CRI-O's key. */
static const char * const sandbox_keys[] = {
	"io.kubernetes.cri.sandbox-id", "io.kubernetes.cri-o.SandboxID", NULL
};
static const char * const own_keys[] = { "nerdctl/name", NULL };

static struct json_object *get(struct json_object *obj, const char *key, enum json_type type)
{
	struct json_object *value;

	if (!json_object_is_type(obj, json_type_object) ||
	    !json_object_object_get_ex(obj, key, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

/* Return: NULL if there is none, or if it is empty */
static const char *get_text(struct json_object *obj, const char *key)
{
	struct json_object *value = get(obj, key, json_type_string);
	const char *text = value ? json_object_get_string(value) : NULL;

	return text && *text ? text : NULL;
}

const char *bundle_annotation(const struct bundle *bundle, const char *key)
{
	return get_text(get(bundle->config, "annotations", json_type_object), key);
}

static const char *first_of(const struct bundle *bundle, const char * const *keys)
{
	const char *text = NULL;

	while (*keys && !text)
		text = bundle_annotation(bundle, *keys++);
	return text;
}

static bool is_sandbox(const struct bundle *bundle)
{
	const char *type = first_of(bundle, type_keys);

	return type && !strcmp(type, "sandbox");
}

/* The list of the storage, in which podman's bundles are: ID/userdata */
static const char *name_in_storage(struct bundle *bundle, const char *file)
{
	char path[PATH_MAX + 64];
	struct json_object *entry, *names;
	const char *id;
	size_t i;

	snprintf(path, sizeof(path), "%s/../../%s", bundle->path, file);
	bundle->other = json_object_from_file(path);
	if (!json_object_is_type(bundle->other, json_type_array))
		return NULL;
	for (i = 0; i < json_object_array_length(bundle->other); i++) {
		entry = json_object_array_get_idx(bundle->other, i);
		id = get_text(entry, "id");
		names = get(entry, "names", json_type_array);
		if (id && !strcmp(id, bundle->id) && names)
			return json_object_get_string(json_object_array_get_idx(names, 0));
	}
	return NULL;
}

static const char *podman_name(struct bundle *bundle)
{
	const char *name, *last = strrchr(bundle->path, '/');

	if (!last || strcmp(last, "/userdata"))
		return NULL;
	name = name_in_storage(bundle, "containers.json");
	if (name)
		return name;
	json_object_put(bundle->other);
	return name_in_storage(bundle, "volatile-containers.json");
}

/*
 * docker mounts its files of a container into it, or those of the container whose
 * network it shares: CONTAINERS/ID/hostname. Return: the length of CONTAINERS, or 0.
 */
static size_t docker_root(const char *source)
{
	const char *file = strrchr(source, '/'), *dir;

	if (!file || (strcmp(file, "/hostname") && strcmp(file, "/hosts") &&
		      strcmp(file, "/resolv.conf")))
		return 0;
	dir = memrchr(source, '/', file - source);
	if (!dir || dir - source < 11 || memcmp(dir - 11, "/containers", 11))
		return 0;
	return dir - source;
}

static const char *docker_name(struct bundle *bundle)
{
	struct json_object *mounts = get(bundle->config, "mounts", json_type_array);
	const char *source, *name = NULL;
	char path[PATH_MAX];
	size_t i, len = 0;

	for (i = 0; mounts && !len && i < json_object_array_length(mounts); i++) {
		source = get_text(json_object_array_get_idx(mounts, i), "source");
		len = source ? docker_root(source) : 0;
	}
	if (!len || len > INT_MAX)
		return NULL;
	snprintf(path, sizeof(path), "%.*s/%s/config.v2.json", (int)len, source, bundle->id);
	json_object_put(bundle->other);
	bundle->other = json_object_from_file(path);
	name = get_text(bundle->other, "Name");
	return name && *name == '/' ? name + 1 : name;
}

static const char *manager_name(struct bundle *bundle)
{
	const char *name = first_of(bundle, own_keys);

	if (!name && bundle->config)
		name = podman_name(bundle);
	if (!name && bundle->config)
		name = docker_name(bundle);
	return name;
}

/*
 * Read the bundle of container @id in the directory @path; NULL: it is not known.
 * What cannot be read is as if it were empty: a container has no name then but its ID.
 */
void bundle_read(struct bundle *bundle, const char *id, const char *path, const char *file)
{
	char *full;

	*bundle = (struct bundle) { .id = id };
	if (!path || !realpath(path, bundle->path))
		return;
	if (asprintf(&full, "%s/%s", *file == '/' ? "" : bundle->path, file) < 0)
		return;
	bundle->config = json_object_from_file(full);
	free(full);
	bundle->namespace = first_of(bundle, namespace_keys);
	bundle->pod = first_of(bundle, pod_keys);
	bundle->container = is_sandbox(bundle) ? NULL : first_of(bundle, container_keys);
	bundle->hostname = get_text(bundle->config, "hostname");
	bundle->name = manager_name(bundle);
}

void bundle_free(struct bundle *bundle)
{
	json_object_put(bundle->config);
	json_object_put(bundle->other);
}

bool bundle_in_sandbox(const struct bundle *bundle)
{
	const char *sandbox = first_of(bundle, sandbox_keys);

	return sandbox && strcmp(sandbox, bundle->id) && !is_sandbox(bundle);
}

/*
 * The process whose namespaces the containers of a pod share is the sandbox's.
 * Return: 0 if the bundle does not say which it is. CRI-O gives files of its own
 * instead, and often has no process there.
 */
pid_t bundle_sandbox_pid(const struct bundle *bundle)
{
	struct json_object *linux_obj = get(bundle->config, "linux", json_type_object);
	struct json_object *list = get(linux_obj, "namespaces", json_type_array);
	const char *path;
	char type[8];
	size_t i;
	int pid;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		path = get_text(json_object_array_get_idx(list, i), "path");
		/* The PID namespace may be another container's of the pod. */
		if (path && sscanf(path, "/proc/%d/ns/%7s", &pid, type) == 2 && pid > 1 &&
		    (!strcmp(type, "net") || !strcmp(type, "ipc") || !strcmp(type, "uts")))
			return pid;
	}
	return 0;
}
