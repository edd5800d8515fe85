/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Audit container ID: the scene of an attempt, and how it must be afterwards
 */
#ifndef _SELFTESTS_AUDIT_CID_SCENE_H
#define _SELFTESTS_AUDIT_CID_SCENE_H

#include "grant.h"

#define BUDGET		2

#define add(p, n)	__atomic_fetch_add(p, n, __ATOMIC_SEQ_CST)

enum who { HOST, SIDE, CELL, USER, PEER, ACTORS, NOBODY = ACTORS };

static const char * const names[] = { "host", "side", "cell", "grant", NULL };

/*
 * The count, over all tests. Each test is a process of its own.
 */

static struct {
	int	made;
	int	succeeded;
} *attempts;

static inline void __attribute__((constructor)) share_attempts(void)
{
	attempts = mmap(NULL, sizeof(*attempts), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/*
 * The scene
 */

struct scene {
	struct cid_world	world;
	struct audit_log	log;
	struct cid_agent	*actor[ACTORS];
	__u64			id[ACTORS + 1];
	char			*live;	/* live audit containers */
	char			*dir;	/* of programs that an attempt made */
	int			attempts;
};

/* How many attempts it stands for. They have succeeded, for the time being. */
static inline void scene_attempts(struct scene *s, int n)
{
	add(&attempts->made, n - s->attempts);
	add(&attempts->succeeded, n - s->attempts);
	s->attempts = n;
}

static inline pid_t pid_of(const struct scene *s, enum who who)
{
	return who == NOBODY ? 0 : s->actor[who]->pid;
}

/*
 * The live audit containers that an announcement to the host lists, without
 * those that are older than the scene.
 */
static inline char *list_live(struct scene *s)
{
	char *list = calloc(1, 1);
	size_t i, len = 0;
	__u64 id;

	if (cid_write(getpid(), "announce") || audit_sync(&s->log))
		return list;
	for (i = 0; i < s->log.count; i++) {
		struct audit_record *record = &s->log.record[i];
		char *end = strstr(record->text, " pid=");

		if (record->taken || !end ||
		    sscanf(record->text, "op=announce ocontid=%llu", &id) != 1)
			continue;
		record->taken = true;
		if (id < s->id[SIDE])
			continue;
		*end = '\0';
		list = realloc(list, len + strlen(record->text) + 2);
		len += sprintf(list + len, "%s\n", record->text);
	}
	return list;
}

/* A killed process may take some time to exit. */
static inline bool same_live(struct scene *s)
{
	int tries;

	for (tries = 0; tries < 100; tries++) {
		char *now = list_live(s);
		bool same = !strcmp(s->live, now);

		if (!same && tries == 99)
			printf("# live before:\n%s# live now:\n%s", s->live,
			       now);
		free(now);
		if (same)
			return true;
		usleep(20000);
	}
	return false;
}

static inline void make_actor(struct __test_metadata *const _metadata,
			      struct scene *s, enum who who)
{
	struct cid_agent *agent = cid_start(&s->world, NULL);
	int ret = 0;

	ASSERT_NE(NULL, agent);
	s->actor[who] = agent;
	if (who == PEER) {
		ret = cid_write(agent->pid, "join %llu", s->id[USER]);
		ASSERT_EQ(0, cid_do(agent, do_become_user, 0, 0));
	} else if (who == USER) {
		ret = cid_write(agent->pid, "new name=%s delegate=%d",
				names[who], BUDGET);
		ASSERT_EQ(0, cid_do(agent, do_become_rootless, 0, 0))
			TH_LOG("no user namespaces?");
	} else if (who != HOST) {
		ret = cid_write(agent->pid, "new name=%s", names[who]);
	}
	ASSERT_EQ(0, ret)
		TH_LOG("cannot make %s", names[who] ?: "the peer");
	s->id[who] = cid_read(agent->pid);
}

static inline void scene_setup(struct __test_metadata *const _metadata,
			       struct scene *s, enum who first, enum who last)
{
	enum who who;

	memset(s, 0, sizeof(*s));
	scene_attempts(s, 1);
	channel_setup(_metadata);
	setup(_metadata, &s->world, &s->log);
	make_actor(_metadata, s, HOST);
	make_actor(_metadata, s, SIDE);
	for (who = first; who <= last; who++)
		make_actor(_metadata, s, who);
	ASSERT_EQ(0, audit_drop(&s->log));
	s->live = list_live(s);
}

/* All that an attempt has left behind ends here. */
static inline void end_strays(struct scene *s)
{
	int i;

	if (s->world.stray > 0) {
		kill(s->world.stray, SIGKILL);
		waitpid(s->world.stray, NULL, __WALL);
	}
	s->world.stray = 0;
	for (i = CID_AGENTS - 1; i >= 0; i--) {
		struct cid_agent *agent = &s->world.agent[i];
		enum who who = 0;

		while (who < ACTORS && s->actor[who] != agent)
			who++;
		if (who < ACTORS || !agent->pid)
			continue;
		kill(agent->pid, SIGKILL);
		/* Whichever process reaps it, it is not a member any more. */
		while (!kill(agent->pid, 0) &&
		       cid_state(agent->pid, agent->pid) != 'Z')
			usleep(1000);
		agent->pid = 0;
	}
}

static inline void remove_programs(struct scene *s)
{
	char command[PATH_MAX + 16];

	if (!s->dir)
		return;
	snprintf(command, sizeof(command), "rm -rf '%s'", s->dir);
	if (system(command))
		printf("# left behind: %s\n", s->dir);
	free(s->dir);
}

/*
 * Expected records of writes that succeeded or were denied, and that an attempt
 * has not checked itself.
 */
static inline int left_over(struct scene *s)
{
	static const char * const words[] = {
		"op=create ", "op=join ", "op=announce ",
	};
	int left = 0;
	size_t i, j;

	for (i = 0; i < s->log.count; i++) {
		struct audit_record *record = &s->log.record[i];

		if (record->taken || record->type != AUDIT_CONTAINER_OP)
			continue;
		for (j = 0; j < ARRAY_SIZE(words); j++) {
			if (strncmp(record->text, words[j], strlen(words[j])))
				continue;
			printf("# not expected: %s\n", record->text);
			left++;
		}
	}
	return left;
}

static inline void scene_teardown(struct __test_metadata *const _metadata,
				  struct scene *s)
{
	enum who who;

	end_strays(s);
	for (who = 0; who < ACTORS; who++)
		if (s->actor[who])
			EXPECT_EQ(s->id[who], cid_read(pid_of(s, who)));
	EXPECT_EQ(true, same_live(s));
	EXPECT_EQ(0, left_over(s));
	if (__test_passed(_metadata))
		add(&attempts->succeeded, -s->attempts);
	if (_metadata->exit_code == KSFT_SKIP)
		add(&attempts->made, -s->attempts);
	free(s->live);
	remove_programs(s);
	teardown(&s->world, &s->log);
}

/*
 * The attempt has changed the scene on purpose: the state to expect afterwards.
 */
static inline void settle(struct __test_metadata *const _metadata, struct scene *s)
{
	free(s->live);
	s->live = list_live(s);
}

/* The record of a container that was made with full right. Returns its ID. */
static inline __u64 made(struct __test_metadata *const _metadata,
			 struct scene *s, pid_t opid, __u64 pcontid)
{
	__u64 id = 0;

	EXPECT_EQ(0, audit_sync(&s->log));
	EXPECT_LE(0, audit_take(&s->log, AUDIT_CONTAINER_OP, &id,
				"^op=create ocontid=([0-9]+) pcontid=%llu .* opid=%d .* res=1$",
				pcontid, opid));
	return id;
}

/*
 * An attempt is denied, and the log has it: the writer, the target, the
 * command.
 */
#define REFUSED_BY(pid, id, opid, ...)					\
	EXPECT_EQ(0, take_refused(&s->log, pid, id, opid, __VA_ARGS__))

#define REFUSED(_who, opid, ...)					\
	do {								\
		const enum who who_ = _who;				\
									\
		REFUSED_BY(pid_of(s, who_), s->id[who_], opid,		\
			   __VA_ARGS__);				\
	} while (0)

#define tell_read(agent, pid)	cid_do(agent, cid_do_read, pid, 0)

/* Of "new", and of "join". */
#define CREATE		"create ocontid=\\? pcontid=%llu name=\\(null\\)"
#define JOIN		"join ocontid=%llu prev=%llu"

/* Attempts that only need HOST and SIDE. */
FIXTURE(prisoner)
{
	struct scene scene;
};

FIXTURE_SETUP(prisoner)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	scene_setup(_metadata, &self->scene, CELL, CELL);
}

FIXTURE_TEARDOWN(prisoner)
{
	scene_teardown(_metadata, &self->scene);
}

FIXTURE(delegate)
{
	struct scene scene;
};

FIXTURE_SETUP(delegate)
{
	const char *missing = cid_missing();

	if (missing)
		SKIP(return, "%s", missing);
	scene_setup(_metadata, &self->scene, USER, PEER);
}

FIXTURE_TEARDOWN(delegate)
{
	scene_teardown(_metadata, &self->scene);
}

/* In seconds; a slow machine that checks all it does needs some. */
#define ATTEMPT_TIMEOUT	120

#define ATTEMPT(fixture, name)						\
	static void fixture##_tries_##name(				\
		struct __test_metadata *const _metadata,		\
		struct scene *s);					\
	TEST_F_TIMEOUT(fixture, name, ATTEMPT_TIMEOUT)			\
	{								\
		fixture##_tries_##name(_metadata, &self->scene);	\
	}								\
	static void fixture##_tries_##name(				\
		struct __test_metadata *const _metadata,		\
		struct scene *s)

#endif /* _SELFTESTS_AUDIT_CID_SCENE_H */
