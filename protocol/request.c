#include "request.h"

#include "wire_error.h"

/* Length of the UTF-8 sequence at `text`, or 0 where there is none. */
static size_t sequence_length(const unsigned char *text, size_t length)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const size_t size = text[0] < 0x80   ? 1
			    : text[0] < 0xC2 ? 0
			    : text[0] < 0xE0 ? 2
			    : text[0] < 0xF0 ? 3
			    : text[0] < 0xF5 ? 4
					     : 0;
	uint32_t point;

	if (size < 2 || size > length)
		return size <= length ? size : 0;
	point = text[0] & (0x7Fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((text[i] & 0xC0) != 0x80)
			return 0;
		point = point << 6 | (text[i] & 0x3Fu);
	}
	return point < least[size] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF) ? 0 : size;
}

/* Error texts may quote what a client sent, or be cut anywhere: what is no UTF-8 or a control becomes a question mark,
 * for a client that checks its strings must be able to read why it was refused. */
static void pack_readable(struct wf_pack *pack, const char *text)
{
	unsigned char readable[WF_ERROR_TEXT_BYTES];
	size_t length = strnlen(text, sizeof readable);

	memcpy(readable, text, length);
	for (size_t i = 0; i < length;) {
		const size_t size = sequence_length(readable + i, length - i);

		if (size == 0 || readable[i] < 0x20 || readable[i] == 0x7F)
			readable[i] = '?';
		i += size == 0 ? 1 : size;
	}
	wf_pack_string(pack, (struct wf_bytes){(const char *)readable, length});
}

void wf_error_pack(struct wf_pack *pack, const struct wf_error *error)
{
	wf_pack_array(pack, 2);
	wf_pack_words(pack, wf_wire_error_word(error->code));
	pack_readable(pack, error->text[0] == '\0' ? wf_error_sentence(error->code) : error->text);
}

void wf_response_start(struct wf_pack *pack, uint64_t msgid)
{
	wf_pack_array(pack, 4);
	wf_pack_unsigned(pack, WF_REQUEST_RESPONSE);
	wf_pack_unsigned(pack, msgid);
	wf_pack_nil(pack);
}

void wf_response_error(struct wf_pack *pack, bool has_msgid, uint64_t msgid, const struct wf_error *error)
{
	wf_pack_array(pack, 4);
	wf_pack_unsigned(pack, WF_REQUEST_RESPONSE);
	if (has_msgid)
		wf_pack_unsigned(pack, msgid);
	else
		wf_pack_nil(pack);
	wf_error_pack(pack, error);
	wf_pack_nil(pack);
}

void wf_request_start(struct wf_pack *pack, uint64_t msgid, struct wf_bytes method, size_t params_count)
{
	wf_pack_array(pack, 4);
	wf_pack_unsigned(pack, WF_REQUEST_CALL);
	wf_pack_unsigned(pack, msgid);
	wf_pack_string(pack, method);
	wf_pack_array(pack, params_count);
}

void wf_notification_start(struct wf_pack *pack, struct wf_bytes method, size_t params_count)
{
	wf_pack_array(pack, 3);
	wf_pack_unsigned(pack, WF_REQUEST_NOTIFICATION);
	wf_pack_string(pack, method);
	wf_pack_array(pack, params_count);
}

/* Method and params of a call or a notification: the last two elements. */
static int read_method(const struct wf_cursor *message, size_t index, struct wf_request *request)
{
	const struct wf_cursor method = wf_cursor_element(message, index, "method");
	const struct wf_cursor params = wf_cursor_element(message, index + 1, "params");

	request->method = wf_cursor_string(&method, 0, SIZE_MAX);
	(void)wf_cursor_array(&params, SIZE_MAX);
	request->params = params.value;
	return message->error->code;
}

static int read_response(const struct wf_cursor *message, struct wf_request *request)
{
	const struct wf_cursor msgid = wf_cursor_element(message, 1, "msgid");

	if (!request->has_msgid && !wf_cursor_is_absent(&msgid))
		(void)wf_cursor_unsigned(&msgid, UINT64_MAX);
	request->error = wf_cursor_element(message, 2, "error").value;
	request->result = wf_cursor_element(message, 3, "result").value;
	return message->error->code;
}

int wf_request_of(struct wf_value root, struct wf_request *request, struct wf_error *error)
{
	const struct wf_cursor message = wf_cursor_of(root, NULL, WF_EBADREQUEST, error);
	const struct wf_cursor type = wf_cursor_element(&message, 0, "type");
	const struct wf_cursor msgid = wf_cursor_element(&message, 1, "msgid");
	const size_t count = wf_value_count(root);
	uint64_t number;

	*request = (struct wf_request){.kind = WF_REQUEST_CALL};
	if (wf_value_kind(root) != WF_VALUE_ARRAY)
		return wf_cursor_fail(&message, WF_EBADREQUEST, "expected [0, msgid, method, params], got %s",
				      wf_value_kind_phrase(wf_value_kind(root)));
	number = wf_cursor_unsigned(&type, WF_REQUEST_NOTIFICATION);
	if (wf_cursor_failed(&message))
		return error->code;
	request->kind = (enum wf_request_kind)number;
	if (request->kind != WF_REQUEST_NOTIFICATION)
		request->has_msgid = wf_value_unsigned(msgid.value, &request->msgid);
	if (count != (request->kind == WF_REQUEST_NOTIFICATION ? 3 : 4))
		return wf_cursor_fail(&message, WF_EBADREQUEST, "expected %s, got an array of %zu elements",
				      request->kind == WF_REQUEST_CALL       ? "[0, msgid, method, params]"
				      : request->kind == WF_REQUEST_RESPONSE ? "[1, msgid, error, result]"
									     : "[2, method, params]",
				      count);
	if (request->kind == WF_REQUEST_RESPONSE)
		return read_response(&message, request);
	if (request->kind == WF_REQUEST_NOTIFICATION)
		return read_method(&message, 1, request);
	(void)wf_cursor_unsigned(&msgid, UINT64_MAX);
	return read_method(&message, 2, request);
}

struct wf_cursor wf_request_params(const struct wf_request *request, size_t count_min, size_t count_max,
				   const char *shape, struct wf_error *error)
{
	const struct wf_cursor params = wf_cursor_of(request->params, NULL, WF_EBADREQUEST, error);
	const size_t count = wf_value_count(request->params);

	if (count < count_min || count > count_max)
		(void)wf_cursor_fail(&params, WF_EBADREQUEST, "params: expected %s, got %zu element%s", shape, count,
				     count == 1 ? "" : "s");
	return params;
}
