#include "fault_io.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "interpose_io.h"

static pthread_mutex_t fault_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fault_io fault;
static long failed_count;

void fault_io_arm(struct fault_io armed)
{
	pthread_mutex_lock(&fault_lock);
	fault = armed;
	failed_count = 0;
	pthread_mutex_unlock(&fault_lock);
}

long fault_io_disarm(void)
{
	long count;

	pthread_mutex_lock(&fault_lock);
	fault.calls = 0;
	count = failed_count;
	pthread_mutex_unlock(&fault_lock);
	return count;
}

__attribute__((constructor)) static void fault_io_read_environment(void)
{
	const char *text = getenv("WF_FAULT_IO");
	struct fault_io read = {0};
	char letters[8] = "", word[8] = "";

	if (text == NULL ||
	    sscanf(text, "%7[wms]:%ld:%ld:%d:%7s", letters, &read.countdown, &read.length, &read.error, word) < 4)
		return;
	read.calls = (strchr(letters, 'w') != NULL ? FAULT_IO_WRITE : 0u) |
		     (strchr(letters, 'm') != NULL ? FAULT_IO_META : 0u) |
		     (strchr(letters, 's') != NULL ? FAULT_IO_SYNC : 0u);
	read.is_short = strcmp(word, "short") == 0;
	fault_io_arm(read);
}

static unsigned write_kind(int file)
{
	struct stat status;
	const int saved = errno;
	const int flags = fcntl(file, F_GETFL);
	const unsigned kind = fstat(file, &status) != 0 || !S_ISREG(status.st_mode) ? 0u
			      : (flags & O_DSYNC) != 0                              ? FAULT_IO_META
										    : FAULT_IO_WRITE;

	errno = saved;
	return kind;
}

/* Whether this call is to fail; *how says in which way. */
static bool is_failing(unsigned kind, struct fault_io *how)
{
	bool is_hit = false;

	pthread_mutex_lock(&fault_lock);
	*how = fault;
	if ((fault.calls & kind) != 0) {
		is_hit = fault.countdown <= 0 && fault.countdown > -fault.length;
		fault.countdown--;
		failed_count += is_hit;
		if (is_hit) {
			fault.calls |= fault.then_calls;
			fault.is_done = false;
		}
	}
	pthread_mutex_unlock(&fault_lock);
	return is_hit;
}

static ssize_t written(int file, const struct iovec *parts, int parts_count, off_t offset)
{
	if (offset < 0)
		return syscall(SYS_writev, file, parts, parts_count);
	return syscall(SYS_pwritev, file, parts, parts_count, offset, 0);
}

static ssize_t write_parts(int file, const struct iovec *parts, int parts_count, off_t offset)
{
	struct fault_io how;

	if (!is_failing(write_kind(file), &how))
		return written(file, parts, parts_count, offset);
	if (how.is_done)
		written(file, parts, parts_count, offset);
	if (how.is_short && (parts_count > 1 || parts[0].iov_len > 1)) {
		const struct iovec half = {parts[0].iov_base, (parts[0].iov_len + 1) / 2};

		return written(file, &half, 1, offset);
	}
	errno = how.error;
	return -1;
}

static int sync_or_fail(long result)
{
	struct fault_io how;

	if (!is_failing(FAULT_IO_SYNC, &how))
		return (int)result;
	errno = how.error;
	return -1;
}

static int sync_file(int file, long call)
{
	return sync_or_fail(syscall(call, file));
}

EXPORTED int msync(void *address, size_t length, int flags)
{
	return sync_or_fail(syscall(SYS_msync, address, length, flags));
}
