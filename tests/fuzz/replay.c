/* Runs a fuzz target over files that are there, for compilers without libFuzzer: replay FILE|FOLDER ... */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PATH_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(size == 0 ? 1 : size); /* exact, so that a sanitizer sees a read past the end */
	int result = -1;

	if (file != NULL && data != NULL && fread(data, 1, size, file) == size) {
		(void)LLVMFuzzerTestOneInput(data, size);
		result = 0;
	}
	if (result != 0)
		(void)fprintf(stderr, "%s: cannot be read\n", path);
	free(data);
	if (file != NULL)
		(void)fclose(file);
	return result;
}

/* Replays a file, or the files of a folder; the number of them, or -1. */
static long replay(const char *path)
{
	struct stat facts;
	DIR *folder;
	long count = 0;

	if (stat(path, &facts) != 0) {
		(void)fprintf(stderr, "%s: cannot be read\n", path);
		return -1;
	}
	if (!S_ISDIR(facts.st_mode))
		return replay_file(path, (size_t)facts.st_size) == 0 ? 1 : -1;
	folder = opendir(path);
	if (folder == NULL)
		return -1;
	for (const struct dirent *entry = readdir(folder); entry != NULL && count >= 0; entry = readdir(folder)) {
		char inner[PATH_BYTES];
		long inner_count;

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
		inner_count = replay(inner);
		count = inner_count < 0 ? -1 : count + inner_count;
	}
	(void)closedir(folder);
	return count;
}

int main(int argc, char **argv)
{
	long count = 0;

	for (int i = 1; i < argc; i++) {
		const long found = replay(argv[i]);

		if (found < 0)
			return 1;
		count += found;
	}
	(void)printf("%ld inputs\n", count);
	return count > 0 ? 0 : 1;
}
