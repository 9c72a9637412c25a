/* The calls by which a program writes and syncs, taken over: every form of a write comes as one call of write_parts(),
 * every sync of a file as one of sync_file(); whoever includes this defines the two. For a test that is linked with it,
 * or a library that is loaded by LD_PRELOAD; one file of a program includes it. */
#ifndef WF_INTERPOSE_IO_H
#define WF_INTERPOSE_IO_H

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

/* Writes at `offset`, or where the file stands for -1. */
static ssize_t write_parts(int file, const struct iovec *parts, int parts_count, off_t offset);

/* call: SYS_fsync or SYS_fdatasync. */
static int sync_file(int file, long call);

static struct iovec part_of(const void *bytes, size_t count)
{
	/* iovec serves reads too and has no const. */
	union {
		const void *read;
		void *write;
	} data = {bytes};

	return (struct iovec){data.write, count};
}

EXPORTED ssize_t write(int file, const void *bytes, size_t count)
{
	const struct iovec part = part_of(bytes, count);

	return write_parts(file, &part, 1, -1);
}

EXPORTED ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset)
{
	const struct iovec part = part_of(bytes, count);

	return write_parts(file, &part, 1, offset);
}

EXPORTED ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset)
{
	const struct iovec part = part_of(bytes, count);

	return write_parts(file, &part, 1, offset);
}

EXPORTED ssize_t writev(int file, const struct iovec *parts, int parts_count)
{
	return write_parts(file, parts, parts_count, -1);
}

EXPORTED ssize_t pwritev(int file, const struct iovec *parts, int parts_count, off_t offset)
{
	return write_parts(file, parts, parts_count, offset);
}

EXPORTED int fsync(int file)
{
	return sync_file(file, SYS_fsync);
}

EXPORTED int fdatasync(int file)
{
	return sync_file(file, SYS_fdatasync);
}

#endif
