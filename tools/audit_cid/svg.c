// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: draw containers over time, a lane each, children under their parents.
 * gnuplot(1) draws. It reads the lanes from a file of its own, as names that
 * somebody chose must not come near its language.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "auditcid.h"
#include "model.h"

#define LANE_PX		18
#define CHAR_PX		8
#define TALL		40	/* lanes */
#define INDENT		"\u00b7\u00a0"	/* spaces in front would get lost */
#define LANES_FD	3
#define SCRIPT_FD	4

extern char **environ;

enum kind { ENDED, LIVE, GAP, TITLE };

struct picture {
	FILE		*lanes, *script;
	struct container **list;
	size_t		count;
	uint64_t	from, to;
	unsigned int	y;
	int		label_max;
	bool		has[GAP + 1], has_parents;
};

static bool is_same_boot(const struct container *a, const struct container *b)
{
	return a->boot == b->boot &&
	       !strcmp(a->node ? a->node : "", b->node ? b->node : "");
}

/* Where no record says so, it ended with its boot at the latest. */
static uint64_t end_of(const struct picture *pic, const struct container *con,
		       size_t i)
{
	uint64_t end = con->last;

	if (con->how_ended)
		return con->end.at;
	while (i && is_same_boot(pic->list[i - 1], con))
		i--;
	for (; i < pic->count && is_same_boot(pic->list[i], con); i++)
		if (pic->list[i]->last > end)
			end = pic->list[i]->last;
	return end;
}

/* gnuplot's times have no zone: it gets the local time as if it were UTC. */
static double local(uint64_t at)
{
	time_t sec = at / 1000;
	struct tm tm = {};

	localtime_r(&sec, &tm);
	return at / 1000.0 + tm.tm_gmtoff;
}

/* gnuplot takes a backslash for an escape, and a quote for one of a column. */
static void put_text(FILE *to, const char *text)
{
	for (; text && *text; text++)
		fputc((unsigned char)*text < ' ' || *text == '\\' ? '?' :
		      *text == '"' ? '\'' : *text, to);
}

static void note_width(struct picture *pic, int width)
{
	if (width > pic->label_max)
		pic->label_max = width;
}

static void add_title(struct picture *pic, const struct container *con)
{
	fprintf(pic->lanes, "%d\t%u\t-\t-\t-\tnode ", TITLE, pic->y++);
	put_text(pic->lanes, con->node ? con->node : "-");
	fprintf(pic->lanes, ", boot %u\n", con->boot);
	note_width(pic, 20 + (con->node ? strlen(con->node) : 0));
}

/* A parent comes first: its lane is known */
static void add_lane(struct picture *pic, size_t i, unsigned int *lanes)
{
	struct container *con = pic->list[i];
	enum kind kind = !con->created.stream ? GAP : con->how_ended ? ENDED : LIVE;
	uint64_t from = con->created.stream ? con->created.at : con->first;
	uint64_t to = end_of(pic, con, i);
	size_t above = i;

	while (con->parent && above && pic->list[above] != con->parent)
		above--;
	lanes[i] = pic->y++;
	fprintf(pic->lanes, "%d\t%u\t%.3f\t%.3f\t", kind, lanes[i], local(from),
		local(to));
	pic->has[kind] = true;
	if (con->parent && pic->list[above] == con->parent) {
		fprintf(pic->lanes, "%u\t", lanes[above]);
		pic->has_parents = true;
	} else {
		fprintf(pic->lanes, "-\t");
	}
	for (above = 0; above <= con->depth; above++)
		fputs(INDENT, pic->lanes);
	fprintf(pic->lanes, "%" PRIu64 " ", con->id);
	put_text(pic->lanes, con->name);
	fputc('\n', pic->lanes);
	note_width(pic, 2 * con->depth + 15 + (con->name ? strlen(con->name) : 0));
	if (!pic->from || from < pic->from)
		pic->from = from;
	if (to > pic->to)
		pic->to = to;
}

static const char *format_of(const struct picture *pic)
{
	uint64_t span = pic->to - pic->from;

	if (span < 5 * 1000)
		return "%H:%M:%.3S";
	if (span < 24 * 3600 * 1000)
		return "%H:%M:%S";
	return "%Y-%m-%d %H:%M";
}

static void print_day(FILE *f, uint64_t at, const char *format)
{
	time_t sec = at / 1000;
	char text[64];
	struct tm tm;

	localtime_r(&sec, &tm);
	strftime(text, sizeof(text), format, &tm);
	fputs(text, f);
}

/* The days that the picture is of, and the zone, which may change meanwhile */
static void print_axis_label(const struct picture *pic)
{
	FILE *f = pic->script;

	print_day(f, pic->from, "%Y-%m-%d");
	print_day(f, pic->from, " %Z (UTC%z)");
	if (pic->to - pic->from < 3600 * 1000)
		return;
	print_day(f, pic->to, " to %Y-%m-%d");
	print_day(f, pic->to, " %Z (UTC%z)");
}

/* The top of a tall picture is far from the axis at the bottom. */
static void write_axes(const struct picture *pic)
{
	FILE *f = pic->script;
	unsigned int i;

	if (pic->y > TALL)
		fprintf(f, "set link x2\nset border 7\nset tmargin 10\n");
	for (i = 0; i < (pic->y > TALL ? 2 : 1); i++) {
		const char *axis = i ? "x2" : "x";

		fprintf(f, "set format %s \"%s\" time\nset %stics time nomirror rotate by %d%s\n"
			"set %slabel '", axis, format_of(pic), axis, i ? 30 : -30,
			i ? " left" : "", axis);
		print_axis_label(pic);
		fprintf(f, "'\n");
	}
}

static const char * const looks[] = {
	[ENDED]	= "lc rgb '#4682b4' title 'ended'",
	[LIVE]	= "lc rgb '#2e8b57' title 'no end known'",
	[GAP]	= "fs pattern 4 lc rgb '#d2691e' title 'no create record'",
};

static void write_script(const struct picture *pic)
{
	double from = local(pic->from), to = local(pic->to);
	double edge = to > from ? (to - from) / 50 : .5;
	FILE *f = pic->script;
	enum kind kind;

	fprintf(f, "set encoding utf8\nset terminal svg noenhanced size %d,%u background 'white' "
		"font 'monospace,11'\n", 900 + pic->label_max * CHAR_PX,
		(pic->y + 2) * LANE_PX + (pic->y > TALL ? 290 : 150));
	fprintf(f, "set datafile separator \"\\t\"\n");
	fprintf(f, "set lmargin %d\n", pic->label_max + 2);
	fprintf(f, "set xrange [%.3f:%.3f]\nset yrange [%u:-1]\n", from - edge,
		to + edge, pic->y);
	fprintf(f, "unset ytics\nset grid x\n");
	fprintf(f, "set rmargin 14\nset bmargin 9\nset key outside bottom center horizontal\n"
		"set style fill solid .7 border\nset border 3\n"
		"lanes = '/proc/self/fd/%d'\n", LANES_FD);
	write_axes(pic);
	fprintf(f, "least(from, to) = to - from < %.6f ? from + %.6f : to\n",
		edge / 8, edge / 8);
	fprintf(f, "bar(kind) = $1 == kind ? $3 : NaN\n"
		"plot lanes using (%.3f):2:(stringcolumn(6)) with labels left offset %d,0 "
		"notitle", from - edge, -pic->label_max);
	/* It warns of what has no data. */
	if (pic->has_parents)
		fprintf(f, ", \\\n lanes using 3:5:(0):($2-$5) with vectors nohead "
			"lc rgb '#808080' title 'parent'");
	for (kind = ENDED; kind <= GAP; kind++)
		if (pic->has[kind])
			fprintf(f, ", \\\n lanes using (bar(%d)):2:3:(least($3,$4)):($2-.35):"
			"($2+.35) with boxxyerror %s", kind, looks[kind]);
	fputc('\n', f);
}

static FILE *scratch(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");

	if (!file)
		err(EXIT_OWN, "cannot draw");
	return file;
}

static void run_gnuplot(struct picture *pic, const struct output_file *output)
{
	char script[32], *argv[] = { "gnuplot", script, NULL };
	posix_spawn_file_actions_t files;
	int status = 0, ret;
	pid_t pid;

	/* Above those that they become */
	int lanes = fcntl(fileno(pic->lanes), F_DUPFD_CLOEXEC, 16);
	int commands = fcntl(fileno(pic->script), F_DUPFD_CLOEXEC, 16);

	snprintf(script, sizeof(script), "/proc/self/fd/%d", SCRIPT_FD);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, output->fd, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, lanes, LANES_FD);
	posix_spawn_file_actions_adddup2(&files, commands, SCRIPT_FD);
	ret = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (ret == ENOENT)
		output_give_up(output, "--svg needs gnuplot: install it (Debian: "
			       "gnuplot-nox), or use --dot");
	if (ret || waitpid(pid, &status, 0) != pid || status)
		output_give_up(output, "gnuplot failed: no picture was written");
	close(lanes);
	close(commands);
}

void svg_draw(const char *path, struct container **list, size_t count)
{
	struct picture pic = { .list = list, .count = count, .label_max = 20 };
	unsigned int *lanes = checked(calloc(count + 1, sizeof(*lanes)));
	struct output_file output = { .path = path, .mark = "<svg", .what = "an SVG picture" };
	size_t i;

	if (!count)
		errx(EXIT_OWN, "there is no container to draw");
	output_open(&output);
	pic.lanes = scratch("lanes");
	pic.script = scratch("script");
	for (i = 0; i < count; i++) {
		if (!i || !is_same_boot(list[i - 1], list[i]))
			add_title(&pic, list[i]);
		add_lane(&pic, i, lanes);
	}
	write_script(&pic);
	if (fflush(pic.lanes) || fflush(pic.script))
		err(EXIT_OWN, "cannot draw");
	run_gnuplot(&pic, &output);
	output_put(&output);
	fclose(pic.lanes);
	fclose(pic.script);
	free(lanes);
}
