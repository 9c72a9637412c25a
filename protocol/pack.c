#include "pack.h"

#include <stdlib.h>

#include <msgpack.h>

#define CAPACITY_MIN  256
#define CAPACITY_KEPT (1u << 20)

void wf_pack_init(struct wf_pack *pack, size_t bytes_max)
{
	*pack = (struct wf_pack){.bytes_max = bytes_max == 0 ? SIZE_MAX / 4 : bytes_max};
}

void wf_pack_close(struct wf_pack *pack)
{
	free(pack->data);
	wf_pack_init(pack, pack->bytes_max);
}

void wf_pack_reset(struct wf_pack *pack)
{
	if (pack->capacity > CAPACITY_KEPT)
		wf_pack_close(pack);
	wf_pack_rewind(pack, 0);
}

void wf_pack_rewind(struct wf_pack *pack, size_t length)
{
	pack->length = length;
	pack->error = 0;
}

char *wf_pack_take(struct wf_pack *pack, size_t *length)
{
	char *data = pack->data;

	*length = pack->length;
	if (pack->length == 0) {
		free(data);
		data = NULL;
	}
	wf_pack_init(pack, pack->bytes_max);
	return data;
}

static bool grow(struct wf_pack *pack, size_t needed)
{
	size_t capacity = pack->capacity < CAPACITY_MIN ? CAPACITY_MIN : pack->capacity * 2;
	char *data;

	if (capacity < needed)
		capacity = needed;
	data = realloc(pack->data, capacity);
	if (data == NULL)
		return false;
	pack->data = data;
	pack->capacity = capacity;
	return true;
}

static void append(struct wf_pack *pack, const char *bytes, size_t length)
{
	if (pack->error != 0 || length == 0)
		return;
	if (length > pack->bytes_max || pack->length > pack->bytes_max - length) {
		pack->error = WF_ETOOLARGE;
		return;
	}
	if (pack->capacity - pack->length < length && !grow(pack, pack->length + length)) {
		pack->error = WF_ENOMEM;
		return;
	}
	memcpy(pack->data + pack->length, bytes, length);
	pack->length += length;
}

/* What msgpack-c's packer calls; failures stay in the pack, so that the packer need not know. */
static int write_cb(void *data, const char *bytes, size_t length)
{
	append(data, bytes, length);
	return 0;
}

static msgpack_packer packer_of(struct wf_pack *pack)
{
	return (msgpack_packer){.data = pack, .callback = write_cb};
}

void wf_pack_nil(struct wf_pack *pack)
{
	msgpack_packer packer = packer_of(pack);

	(void)msgpack_pack_nil(&packer);
}

void wf_pack_boolean(struct wf_pack *pack, bool value)
{
	msgpack_packer packer = packer_of(pack);

	(void)(value ? msgpack_pack_true(&packer) : msgpack_pack_false(&packer));
}

void wf_pack_unsigned(struct wf_pack *pack, uint64_t value)
{
	msgpack_packer packer = packer_of(pack);

	(void)msgpack_pack_uint64(&packer, value);
}

void wf_pack_integer(struct wf_pack *pack, int64_t value)
{
	msgpack_packer packer = packer_of(pack);

	(void)msgpack_pack_int64(&packer, value);
}

void wf_pack_number(struct wf_pack *pack, double value)
{
	msgpack_packer packer = packer_of(pack);

	(void)msgpack_pack_double(&packer, value);
}

/* Headers hold 32 bits of length or count. */
static bool fits(struct wf_pack *pack, size_t count)
{
	if (count > UINT32_MAX && pack->error == 0)
		pack->error = WF_ETOOLARGE;
	return count <= UINT32_MAX;
}

void wf_pack_string(struct wf_pack *pack, struct wf_bytes value)
{
	msgpack_packer packer = packer_of(pack);

	if (!fits(pack, value.length))
		return;
	(void)msgpack_pack_str(&packer, value.length);
	append(pack, value.data, value.length);
}

void wf_pack_optional_string(struct wf_pack *pack, struct wf_bytes value)
{
	if (value.data == NULL)
		wf_pack_nil(pack);
	else
		wf_pack_string(pack, value);
}

void wf_pack_words(struct wf_pack *pack, const char *value)
{
	wf_pack_string(pack, wf_bytes_of(value));
}

void wf_pack_array(struct wf_pack *pack, size_t count)
{
	msgpack_packer packer = packer_of(pack);

	if (fits(pack, count))
		(void)msgpack_pack_array(&packer, count);
}

void wf_pack_map(struct wf_pack *pack, size_t count)
{
	msgpack_packer packer = packer_of(pack);

	if (fits(pack, count))
		(void)msgpack_pack_map(&packer, count);
}

void wf_pack_raw(struct wf_pack *pack, struct wf_bytes packed)
{
	append(pack, packed.data, packed.length);
}
