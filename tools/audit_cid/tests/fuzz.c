// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: whatever a log has in it, reading it must not crash. For libFuzzer:
 * make fuzz, then O/fuzz -detect_leaks=0 CORPUS (libauparse 3.0.9 leaks where a key
 * or a host is malformed)
 */

#include <err.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auditcid.h"
#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], *files[] = { path, NULL };
	int fd = memfd_create("log", MFD_CLOEXEC);
	struct model model;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		err(EXIT_OWN, "cannot write the input");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	model_init(&model);
	log_read(&model, files);
	model_free(&model);
	close(fd);
	return 0;
}
