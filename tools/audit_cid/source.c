// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: where audit logs are: files, those that auditd rotates, standard
 * input; and waiting for more.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "auditcid.h"
#include "model.h"

#define BLOCK		(256 << 10)
#define FIRST_BLOCK	(32 << 10)
#define LOGS_MAX	1024		/* auditd keeps 999 */
#define CONFIG		"/etc/audit/auditd.conf"
#define NAP_MS		200
#define TAIL		64

static volatile sig_atomic_t interrupted;

struct source {
	const char	*path;
	int		fd;
	gzFile		gz;		/* NULL: it is not compressed */
	struct stat	stat;
	uint64_t	at;
	size_t		base;		/* the length of the name without .N */
	int		number;		/* N; 0: none */
	unsigned int	chain;
};

struct reader {
	struct model	*model;
	struct log	*log;
	struct progress	*progress;
	size_t		have;
	char		tail[TAIL];	/* the last bytes that were read */
	size_t		tail_len;
	char		block[BLOCK + 1];
};

/*
 * Blocks
 */

static void bad_gz(const struct source *source)
{
	int error;
	const char *why = gzerror(source->gz, &error);

	errx(EXIT_OWN, "cannot read %s: %s", source->path,
	     error == Z_ERRNO ? strerror(errno) : why);
}

static ssize_t read_some(const struct source *source, char *buf, size_t size)
{
	ssize_t len;
	int error;

	if (source->gz) {
		len = gzread(source->gz, buf, size);
		gzerror(source->gz, &error);
		if (len < 0 || error)
			bad_gz(source);
		return len;
	}
	do
		len = read(source->fd, buf, size);
	while (len < 0 && errno == EINTR && !interrupted);
	if (len < 0 && !interrupted)
		err(EXIT_OWN, "cannot read %s", source->path);
	return len < 0 ? 0 : len;
}

/* To know again where it was: a log may be emptied and written anew. */
static void keep_tail(struct reader *reader, const char *end)
{
	reader->tail_len = reader->have < TAIL ? reader->have : TAIL;
	memcpy(reader->tail, end - reader->tail_len, reader->tail_len);
}

/* False: there is no more for now */
static bool read_block(struct reader *reader, const struct source *source)
{
	ssize_t len;

	if (reader->model->stop || interrupted)
		return false;
	len = read_some(source, reader->block + reader->have, BLOCK - reader->have);
	if (!len)
		return false;
	reader->have += len;
	keep_tail(reader, reader->block + reader->have);
	reader->have = log_block(reader->log, reader->block, reader->have);
	progress_add(reader->progress, len);
	return true;
}

static void end_line(struct reader *reader)
{
	log_block_end(reader->log, reader->block, reader->have);
	reader->have = 0;
}

static void read_all(struct reader *reader, const struct source *source)
{
	unsigned long before = log_counted(reader->log)->records;
	bool empty = true;

	while (read_block(reader, source))
		empty = false;
	end_line(reader);
	if (log_counted(reader->log)->records == before && !reader->model->stop)
		warnx("%s %s", strcmp(source->path, "-") ? source->path :
		      "standard input", empty ? "is empty" : "has no audit records");
}

/*
 * Which file comes first
 */

static void note_time(auparse_state_t *au, auparse_cb_event_t type, void *data)
{
	uint64_t at = auparse_get_time(au) * 1000ULL + auparse_get_milli(au);
	uint64_t *latest = data;

	(void)type;
	if (at > *latest)
		*latest = at;
}

/*
 * When a log begins. A SYSCALL record has the time at which the call began,
 * maybe long before: the latest of the first records it is.
 */
static uint64_t begin_of(const struct source *source, char *block)
{
	uint64_t latest = 0;
	auparse_state_t *au;
	ssize_t len;

	if (source->gz) {
		len = gzread(source->gz, block, FIRST_BLOCK);
		gzrewind(source->gz);
	} else {
		len = pread(source->fd, block, FIRST_BLOCK, 0);
	}
	if (len <= 0)
		return latest;
	au = checked(auparse_init(AUSOURCE_FEED, NULL));
	auparse_add_callback(au, note_time, &latest, NULL);
	auparse_feed(au, block, len);
	auparse_flush_feed(au);
	auparse_destroy(au);
	return latest;
}

/* audit.log.2 is 2; 0: the name has no such end */
static int rotation_of(const char *path, size_t *base)
{
	const char *dot = strrchr(path, '.');
	int number = 0;

	*base = strlen(path);
	if (dot && !strcmp(dot, ".gz"))
		dot = memrchr(path, '.', dot - path);
	if (!dot || !dot[1] || strcspn(dot + 1, ".") > 4)
		return 0;
	for (const char *c = dot + 1; *c && *c != '.'; c++) {
		if (*c < '0' || *c > '9')
			return 0;
		number = number * 10 + *c - '0';
	}
	*base = dot - path;
	return number;
}

static bool is_same_name(const struct source *a, const struct source *b)
{
	return a->base == b->base && !memcmp(a->path, b->path, a->base);
}

/* A name with a number is a rotated log's only where there is the log itself. */
static void find_chain(struct source *source)
{
	char base[PATH_MAX];

	source->number = rotation_of(source->path, &source->base);
	if (!source->number || source->base >= sizeof(base))
		return;
	memcpy(base, source->path, source->base);
	base[source->base] = 0;
	if (!access(base, F_OK))
		return;
	source->number = 0;
	source->base = strlen(source->path);
}

/* Of one name: the oldest first, which has the greatest number */
static int by_number(const void *a, const void *b)
{
	const struct source *x = a, *y = b;
	size_t len = x->base < y->base ? x->base : y->base;
	int order = memcmp(x->path, y->path, len);

	if (order || x->base != y->base)
		return order ? order : x->base < y->base ? -1 : 1;
	return y->number - x->number;
}

/*
 * By when they begin, but rotated logs by their numbers, whatever the clock
 * showed: of all that come first among their like, the one that begins first.
 */
static void sort_sources(struct source *sources, size_t count)
{
	struct source *sorted = checked(calloc(count + 1, sizeof(*sorted)));
	bool *taken = checked(calloc(count + 1, sizeof(*taken)));
	size_t i, j, best;

	qsort(sources, count, sizeof(*sources), by_number);
	for (i = 0; i < count; i++)
		sources[i].chain = i && is_same_name(&sources[i], &sources[i - 1]) ?
				   sources[i - 1].chain : i + 1;
	for (i = 0; i < count; i++) {
		for (best = count, j = 0; j < count; j++) {
			if (taken[j])
				continue;
			if (best == count || sources[j].at < sources[best].at)
				best = j;
			while (j + 1 < count && sources[j + 1].chain == sources[j].chain)
				j++;
		}
		taken[best] = true;
		sorted[i] = sources[best];
	}
	memcpy(sources, sorted, count * sizeof(*sources));
	free(sorted);
	free(taken);
}

static const struct {
	const char	*magic, *name;
} compressors[] = {
	{ "\xfd" "7zXZ", "xz" }, { "BZh", "bzip2" }, { "\x28\xb5\x2f\xfd", "zstd" },
};

/* zlib reads what is not compressed as it is; but it waits for a whole buffer. */
static void open_gz(const struct reader *reader, struct source *source)
{
	bool is_file = S_ISREG(source->stat.st_mode);
	char magic[8] = "";
	size_t i;

	if (is_file && pread(source->fd, magic, sizeof(magic) - 1, 0) < 2)
		return;
	for (i = 0; is_file && i < sizeof(compressors) / sizeof(*compressors); i++)
		if (!strncmp(magic, compressors[i].magic, strlen(compressors[i].magic)))
			errx(EXIT_OWN, "%s is compressed by %s: pipe the output "
			     "of '%s -dc' to 'auditcid ... -'", source->path,
			     compressors[i].name, compressors[i].name);
	if (is_file ? memcmp(magic, "\x1f\x8b", 2) : reader->model->follow)
		return;
	source->gz = checked(gzdopen(dup(source->fd), "r"));
	gzbuffer(source->gz, BLOCK);
}

static bool open_source(struct reader *reader, struct source *source,
			const char *path)
{
	source->path = path;
	find_chain(source);
	source->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) :
		     STDIN_FILENO;
	if (source->fd < 0 || fstat(source->fd, &source->stat))
		return false;
	open_gz(reader, source);
	source->at = S_ISREG(source->stat.st_mode) ?
		     begin_of(source, reader->block) : UINT64_MAX;
	return true;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* auditd may rotate meanwhile: a file that was open already comes again. */
static size_t drop_double(struct source *sources, size_t count)
{
	size_t i;

	for (i = 0; i + 1 < count; i++) {
		if (!S_ISREG(sources[i].stat.st_mode) ||
		    !is_same_file(&sources[i].stat, &sources[count - 1].stat))
			continue;
		if (sources[count - 1].fd != STDIN_FILENO)
			close(sources[count - 1].fd);
		return count - 1;
	}
	return count;
}

static void rotated_name(char *to, size_t size, const char *path, int i)
{
	if (i)
		snprintf(to, size, "%s.%d", path, i);
	else
		snprintf(to, size, "%s", path);
}

/*
 * The machine's own logs: where auditd puts them, the newest first. libauparse finds
 * them, too (AUSOURCE_LOGS), but does not give their names.
 */
static char **own_logs(void)
{
	static char *list[LOGS_MAX + 1];
	char path[4096] = "/var/log/audit/audit.log", text[4096 + 16];
	FILE *config = fopen(CONFIG, "re");
	int i;

	while (config && fgets(text, sizeof(text), config))
		sscanf(text, " log_file = %4095s", path);
	if (config)
		fclose(config);
	for (i = 0; i < LOGS_MAX; i++) {
		rotated_name(text, sizeof(text), path, i);
		if (i && access(text, F_OK))
			break;
		list[i] = checked(strdup(text));
	}
	return list;
}

static size_t open_all(struct reader *reader, struct source *sources, char **files)
{
	struct rlimit limit;
	size_t count = 0;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (; *files; files++) {
		if (!open_source(reader, &sources[count], *files))
			err(EXIT_OWN, "cannot open %s", *files);
		count = drop_double(sources, count + 1);
	}
	sort_sources(sources, count);
	return count;
}

/*
 * Following
 */

static void idle(struct reader *reader)
{
	log_settle(reader->log);
	if (reader->model->on_idle)
		reader->model->on_idle(reader->model);
	if (fflush(stdout))
		err(EXIT_OWN, "cannot write");
}

static void follow_pipe(struct reader *reader, const struct source *source)
{
	struct pollfd poll_fd = { .fd = source->fd, .events = POLLIN };

	do {
		idle(reader);
		while (!interrupted && !poll(&poll_fd, 1, NAP_MS))
			idle(reader);
	} while (read_block(reader, source));
	end_line(reader);
}

/* Where auditd has moved the file to: 0 if nowhere */
static int rotated_to(const struct source *source)
{
	char path[4096 + 16];
	struct stat stat_buf;
	int i;

	for (i = 1; i < LOGS_MAX; i++) {
		rotated_name(path, sizeof(path), source->path, i);
		if (!stat(path, &stat_buf) &&
		    is_same_file(&stat_buf, &source->stat))
			return i;
	}
	return 0;
}

/*
 * The file that was begun after the one that was read. auditd may be renaming
 * them all: it is the next one only if the former is where it was before, and
 * for a moment there may be none.
 */
static void next_file(struct source *source)
{
	char path[4096 + 16];
	int fd = -1, i;

	for (; !interrupted; poll(NULL, 0, NAP_MS)) {
		i = rotated_to(source);
		rotated_name(path, sizeof(path), source->path, i ? i - 1 : 0);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && rotated_to(source) == i)
			break;
		if (fd >= 0)
			close(fd);
		else if (errno != ENOENT)
			err(EXIT_OWN, "cannot open %s", path);
	}
	if (interrupted)
		return;
	close(source->fd);
	source->fd = fd;
	if (fstat(fd, &source->stat))
		err(EXIT_OWN, "cannot open %s", path);
}

static bool is_moved(const struct source *source)
{
	struct stat stat_buf;

	return !stat(source->path, &stat_buf) &&
	       !is_same_file(&stat_buf, &source->stat);
}

/* It was emptied in place, and is another one now, if it is not shorter. */
static bool is_rewritten(const struct reader *reader, const struct source *source)
{
	off_t at = lseek(source->fd, 0, SEEK_CUR);
	char tail[TAIL];
	struct stat now;

	if (fstat(source->fd, &now) || at < (off_t)reader->tail_len)
		return false;
	return now.st_size < at ||
	       pread(source->fd, tail, reader->tail_len, at - reader->tail_len) !=
	       (ssize_t)reader->tail_len ||
	       memcmp(tail, reader->tail, reader->tail_len);
}

static void begin_again(struct reader *reader, const struct source *source)
{
	warnx("%s was emptied in place: records may be lost", source->path);
	lseek(source->fd, 0, SEEK_SET);
	reader->have = 0;
	reader->tail_len = 0;
}

static void follow_file(struct reader *reader, struct source *source)
{
	bool moved;

	while (!reader->model->stop && !interrupted) {
		/* In this order: what is there when it has moved is all. */
		moved = is_moved(source);
		if (is_rewritten(reader, source))
			begin_again(reader, source);
		while (read_block(reader, source))
			idle(reader);
		if (moved) {
			end_line(reader);
			next_file(source);
			continue;
		}
		idle(reader);
		poll(NULL, 0, NAP_MS);
	}
}

static void interrupt(int signal)
{
	(void)signal;
	interrupted = true;
}

/* What has come is printed before it ends. */
static void follow(struct reader *reader, struct source *source)
{
	const struct sigaction action = { .sa_handler = interrupt };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	if (S_ISREG(source->stat.st_mode))
		follow_file(reader, source);
	else
		follow_pipe(reader, source);
}

static void read_sources(struct reader *reader, struct source *sources,
			 size_t count)
{
	size_t i, last = count - reader->model->follow;
	off_t total = 0;

	for (i = 0; i < count; i++)
		if (S_ISREG(sources[i].stat.st_mode))
			total += sources[i].stat.st_size;
	if (!reader->model->follow)
		reader->progress = progress_start(total, reader->model->prints);
	for (i = 0; i < count; i++) {
		reader->model->chain = sources[i].chain;
		if (i == last)
			follow(reader, &sources[i]);
		else
			read_all(reader, &sources[i]);
		if (sources[i].gz)
			gzclose(sources[i].gz);
		if (sources[i].fd != STDIN_FILENO)
			close(sources[i].fd);
	}
	progress_end(reader->progress);
}

void log_read(struct model *model, char **files)
{
	struct reader *reader = checked(calloc(1, sizeof(*reader)));
	struct source *sources;
	size_t count = 0;

	model->own = !files || !*files;
	if (model->own)
		files = own_logs();
	while (files[count])
		count++;
	sources = checked(calloc(count, sizeof(*sources)));
	reader->model = model;
	reader->log = log_start(model);
	count = open_all(reader, sources, files);
	read_sources(reader, sources, count);
	log_finish(reader->log);
	model_finish(model);
	free(sources);
	free(reader);
}
