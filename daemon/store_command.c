#include "store_command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "store_copy.h"

#define TOLD_MAX 1000u /* faults in words; all are counted */

enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_MISUSED = 2 };

static const char help[] =
	"Usage: wirefoldd check [--salvage NEW] STORE\n"
	"       wirefoldd backup STORE NEW\n"
	"       wirefoldd restore [--replace] BACKUP STORE\n"
	"\n"
	"check    looks through all pages and records of a store that no daemon has open, and names what is damaged.\n"
	"         --salvage NEW: writes what is whole into a new store.\n"
	"backup   copies a store, also while a daemon writes it, as of one moment; the copy is synced and checked.\n"
	"restore  makes STORE what the backup holds. --replace: in place of the store that is there.\n"
	"\n"
	"Exit status: 0 done and no damage, 1 damage or failure, 2 wrong use.\n";

static void fault_cb(void *context, const struct wf_check_fault *fault)
{
	unsigned *told = context;

	if (++*told > TOLD_MAX)
		return;
	printf("damage: %s", fault->place);
	if (fault->number != 0)
		printf(" %llu", (unsigned long long)fault->number);
	if (fault->offset != 0)
		printf(" at byte %llu", (unsigned long long)fault->offset);
	printf(": %s\n", fault->text);
}

static void print_summary(const char *path, const struct wf_check_summary *summary, unsigned told)
{
	if (told > TOLD_MAX)
		printf("... and %u more\n", told - TOLD_MAX);
	printf("%s: %llu articles, %llu redirects, %llu of %llu pages free: ", path,
	       (unsigned long long)summary->articles, (unsigned long long)summary->redirects,
	       (unsigned long long)summary->pages.pages_free, (unsigned long long)summary->pages.pages);
	if (summary->faults == 0)
		printf("no damage\n");
	else
		printf("%llu damaged\n", (unsigned long long)summary->faults);
}

static int fail(const struct wf_error *error)
{
	fflush(stdout);
	fprintf(stderr, "wirefoldd: %s\n", error->text);
	return STATUS_FAILED;
}

static int run_check(const char *path, const char *into)
{
	struct wf_check_summary summary;
	struct wf_error error;
	unsigned told = 0;
	uint64_t saved = 0;
	int code;

	if (into == NULL)
		code = wf_store_check(path, fault_cb, &told, &summary, &error);
	else
		code = wf_store_salvage(path, into, fault_cb, &told, &summary, &saved, &error);
	if (code < 0)
		return fail(&error);
	print_summary(path, &summary, told);
	if (into != NULL)
		printf("%s: %llu articles saved\n", into, (unsigned long long)saved);
	return summary.faults == 0 ? STATUS_DONE : STATUS_FAILED;
}

static int run_backup(const char *path, const char *to)
{
	struct wf_check_summary summary;
	struct wf_error error;
	unsigned told = 0;

	if (wf_store_backup(path, to, fault_cb, &told, &summary, &error) < 0)
		return fail(&error);
	print_summary(to, &summary, told);
	return STATUS_DONE;
}

static int run_restore(const char *from, const char *path, bool replaces)
{
	struct wf_check_summary summary;
	struct wf_error error;
	unsigned told = 0;
	const int code = wf_store_restore(from, path, replaces, fault_cb, &told, &summary, &error);

	if (code == -EEXIST)
		fputs("wirefoldd: --replace puts the backup in place of what is there\n", stderr);
	if (code < 0)
		return fail(&error);
	print_summary(path, &summary, told);
	return STATUS_DONE;
}

static int misused(const char *words)
{
	fprintf(stderr, "wirefoldd: %s\n%s", words, help);
	return STATUS_MISUSED;
}

bool wf_store_command_is(const char *word)
{
	return strcmp(word, "check") == 0 || strcmp(word, "backup") == 0 || strcmp(word, "restore") == 0;
}

int wf_store_command(int count, char **arguments)
{
	const char *const name = arguments[0];
	const char *paths[2] = {NULL, NULL};
	const char *into = NULL;
	bool replaces = false;
	int paths_count = 0;

	signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is then an error of the write */
	for (int i = 1; i < count; i++) {
		if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0) {
			fputs(help, stdout);
			return STATUS_DONE;
		}
		if (strcmp(arguments[i], "--replace") == 0 && strcmp(name, "restore") == 0)
			replaces = true;
		else if (strcmp(arguments[i], "--salvage") == 0 && strcmp(name, "check") == 0 && i + 1 < count)
			into = arguments[++i];
		else if (arguments[i][0] == '-' || paths_count == 2)
			return misused("an argument too many, or one that is not known");
		else
			paths[paths_count++] = arguments[i];
	}
	if (strcmp(name, "check") == 0)
		return paths_count == 1 ? run_check(paths[0], into) : misused("check: expected a store");
	if (paths_count != 2)
		return misused("expected two folders");
	return strcmp(name, "backup") == 0 ? run_backup(paths[0], paths[1]) : run_restore(paths[0], paths[1], replaces);
}
