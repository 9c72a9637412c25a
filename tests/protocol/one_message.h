/* What the tests of protocol/ share: bytes to one message, and MessagePack written by hand. */
#ifndef WF_TEST_ONE_MESSAGE_H
#define WF_TEST_ONE_MESSAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reader.h"

/* A literal with bytes of zero in it. */
#define BYTES(literal) ((struct wf_bytes){(literal), sizeof(literal) - 1})

/* The message that `bytes` are, no less and no more. */
static inline struct wf_message *one_message(struct wf_bytes bytes)
{
	struct wf_reader *reader;
	struct wf_message *message = NULL;
	struct wf_message *more = NULL;
	struct wf_refusal refusal;

	assert_int_equal(wf_reader_new(&reader, NULL), 0);
	assert_int_equal(wf_reader_feed(reader, bytes), 0);
	assert_int_equal(wf_reader_next(reader, &message, &refusal), 1);
	assert_int_equal(wf_reader_next(reader, &more, &refusal), 0);
	assert_false(wf_reader_is_inside(reader));
	wf_reader_free(reader);
	return message;
}

static inline void assert_bytes(struct wf_bytes found, const char *expected)
{
	assert_non_null(found.data);
	assert_int_equal(found.length, strlen(expected));
	assert_memory_equal(found.data, expected, found.length);
}

#endif
