/* SPDX-License-Identifier: GPL-2.0-only */
/* Audit container ID: a fixture with an agent and the log of its actions */
#ifndef _SELFTESTS_AUDIT_CID_FIXTURE_H
#define _SELFTESTS_AUDIT_CID_FIXTURE_H

#include "record.h"

FIXTURE(record)
{
	struct cid_world world;
	struct audit_log log;
	struct cid_agent *agent;
};

FIXTURE_SETUP(record)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	setup(_metadata, &self->world, &self->log);
	self->agent = cid_start(&self->world, NULL);
	ASSERT_NE(NULL, self->agent);
}

FIXTURE_TEARDOWN(record)
{
	teardown(&self->world, &self->log);
}

#endif /* _SELFTESTS_AUDIT_CID_FIXTURE_H */
