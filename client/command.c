#include "command.h"

#include <stdarg.h>
#include <stdlib.h>

#include "wire_error.h"

/* Requests under way at once where many items are asked for one by one. */
#define CALLS_OUTSTANDING_MAX 64

void wf_command_common_options(struct wf_context *context, struct wf_option options[WF_COMMON_OPTIONS_COUNT])
{
	const struct wf_option common[WF_COMMON_OPTIONS_COUNT] = {
		{"connect", WF_OPTION_TEXT, "ADDRESS",
		 "tcp://HOST:PORT, tls://HOST:PORT or unix:PATH, where the daemon listens\n"
		 "(default: $WIREFOLD, or " WF_CLIENT_ADDRESS_DEFAULT ")",
		 .text = &context->address},
		{"token-file", WF_OPTION_TEXT, "FILE",
		 "the token to show to the daemon (default: $WIREFOLD_TOKEN_FILE,\nor $WIREFOLD_TOKEN, the token "
		 "itself)",
		 .text = &context->token_file},
		{"tls-ca", WF_OPTION_TEXT, "FILE",
		 "the CAs that the daemon's certificate may be of, PEM\n(default: $WIREFOLD_TLS_CA, or the system's)",
		 .text = &context->client_settings.tls_ca_file},
		{"tls-certificate", WF_OPTION_TEXT, "FILE", "the certificate to show to the daemon, PEM",
		 .text = &context->client_settings.tls_certificate_file},
		{"tls-key", WF_OPTION_TEXT, "FILE", "its key, PEM (default: in the same file)",
		 .text = &context->client_settings.tls_key_file},
		{"tls-name", WF_OPTION_TEXT, "NAME",
		 "what the daemon's certificate must be for\n(default: the HOST of the address)",
		 .text = &context->client_settings.tls_name},
		{"tls-insecure", WF_OPTION_FLAG, NULL,
		 "take any certificate: whoever is in between can read and change all",
		 .flag = &context->client_settings.tls_unverified},
		{"json", WF_OPTION_FLAG, NULL, "JSON also on a terminal", .flag = &context->wants_json},
		{"plain", WF_OPTION_FLAG, NULL, "tables and sentences also into a pipe", .flag = &context->wants_plain},
		{"help", WF_OPTION_FLAG, NULL, "this text", .flag = &context->wants_help},
		{"version", WF_OPTION_FLAG, NULL, "the version of this program", .flag = &context->wants_version},
	};

	memcpy(options, common, sizeof(common));
}

static void help_print(const struct wf_command *command, const struct wf_option *options, size_t options_count,
		       const struct wf_option *common)
{
	printf("usage: wirefold %s %s\n\n%s\n", command->name, command->arguments, command->summary);
	if (options_count > 0)
		printf("\noptions:\n");
	wf_options_print(options, options_count, stdout);
	printf("\noptions of all commands:\n");
	/* --version is no option of a command. */
	wf_options_print(common, WF_COMMON_OPTIONS_COUNT - 1, stdout);
}

int wf_command_parse(struct wf_context *context, const struct wf_command *command, const struct wf_option *options,
		     size_t options_count, char **arguments, int *count)
{
	struct wf_option common[WF_COMMON_OPTIONS_COUNT];
	struct wf_error error;

	wf_command_common_options(context, common);

	const struct wf_option_set sets[] = {
		{common, WF_COMMON_OPTIONS_COUNT - 1},
		{options, options_count},
		{NULL, 0},
	};
	int left = wf_options_parse(sets, arguments, *count, false, context->now, &error);

	if (left < 0)
		return wf_command_misused(context, command, "%s", error.text);
	if (context->wants_json && context->wants_plain)
		return wf_command_misused(context, command, "--json and --plain exclude each other");
	if (context->wants_help) {
		help_print(command, options, options_count, common);
		return WF_EXIT_DONE;
	}
	*count = left;
	return WF_COMMAND_GOES_ON;
}

static void complain_begin(const struct wf_context *context)
{
	fputs(wf_terminal_style(context->terminal.error_has_colour, WF_STYLE_BAD), stderr);
	fputs("wirefold:", stderr);
	fputs(wf_terminal_style(context->terminal.error_has_colour, WF_STYLE_PLAIN), stderr);
	putc(' ', stderr);
}

/* The words may quote what came from a file or a daemon: they go through the terminal's filter. */
static void complain(const struct wf_context *context, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void complain(const struct wf_context *context, const char *format, va_list arguments)
{
	char text[2048];
	int length = vsnprintf(text, sizeof(text), format, arguments);

	if (length < 0)
		length = 0;
	if ((size_t)length >= sizeof(text))
		length = (int)sizeof(text) - 1;
	complain_begin(context);
	wf_terminal_write(stderr, (struct wf_bytes){text, (size_t)length}, SIZE_MAX);
	putc('\n', stderr);
}

void wf_command_complain(const struct wf_context *context, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(context, format, arguments);
	va_end(arguments);
}

int wf_command_misused(const struct wf_context *context, const struct wf_command *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(context, format, arguments);
	va_end(arguments);
	if (command == NULL)
		fputs("try: wirefold --help\n", stderr);
	else
		fprintf(stderr, "usage: wirefold %s %s\ntry: wirefold %s --help\n", command->name, command->arguments,
			command->name);
	return WF_EXIT_USAGE;
}

/* Where a token of the environment is taken from, zeros stay: /proc/PID/environ then shows none. */
static int take_variable(struct wf_context *context, struct wf_error *error)
{
	char *value = getenv("WIREFOLD_TOKEN");
	int result;

	if (value == NULL || *value == '\0')
		return 0;
	result = wf_token_of(&context->token, wf_bytes_of(value), "WIREFOLD_TOKEN", error);
	explicit_bzero(value, strlen(value));
	return result;
}

/* Reads the token of --token-file, or else of the environment. Returns WF_COMMAND_GOES_ON, or WF_EXIT_USAGE, said. */
static int take_token(struct wf_context *context)
{
	struct wf_error error = {0};
	bool is_exposed = false;
	int result = take_variable(context, &error);

	if (context->token_file != NULL)
		result = wf_token_read(&context->token, context->token_file, &is_exposed, &error);
	if (result < 0)
		return wf_command_misused(context, NULL, "%s", error.text);
	if (is_exposed)
		wf_command_complain(context, "%s: everybody on this machine may read the token in this file",
				    context->token_file);
	context->client_settings.token = (struct wf_bytes){context->token.data, context->token.length};
	return WF_COMMAND_GOES_ON;
}

/* What a person can do about a connection that is refused. */
static const char *hint_of(const struct wf_context *context, int code)
{
	switch (code) {
	case WF_EDENIED:
		return context->token.length == 0 ? "The daemon asks for a token: --token-file or $WIREFOLD_TOKEN.\n"
						  : "It is another token that the daemon asks for.\n";
	case -EPROTO:
		return "--tls-ca says whom to trust, --tls-certificate shows who you are; see wirefold(1).\n";
	default:
		return "Is wirefoldd running? --connect or $WIREFOLD says where.\n";
	}
}

int wf_command_connect(struct wf_context *context)
{
	struct wf_error error = {0};
	int result = take_token(context);

	if (result != WF_COMMAND_GOES_ON)
		return result;
	result = wf_client_connect(&context->client, context->address, &context->client_settings, &error);
	if (result == 0)
		return WF_COMMAND_GOES_ON;
	context->client = NULL;
	wf_command_complain(context, "no connection: %s", error.text);
	if (result == WF_EBADREQUEST)
		return WF_EXIT_USAGE;
	fputs(hint_of(context, result), stderr);
	return WF_EXIT_UNCONNECTED;
}

bool wf_command_is_refusal(int code)
{
	return code <= WF_EBADREQUEST && code >= WF_EINTERNAL;
}

int wf_command_failed(const struct wf_context *context, const char *subject, const struct wf_error *error)
{
	if (!wf_command_is_refusal(error->code)) {
		wf_command_complain(context, "%s: the connection was lost: %s", subject, error->text);
		return WF_EXIT_UNCONNECTED;
	}
	wf_command_complain(context, "%s: %s: %s", subject, wf_wire_error_word(error->code), error->text);
	if (error->code == WF_EDENIED && context->token.length == 0)
		fputs(hint_of(context, WF_EDENIED), stderr);
	return WF_EXIT_REFUSED;
}

bool wf_command_writes_json(const struct wf_context *context)
{
	return context->wants_json || (!context->wants_plain && !context->terminal.out_is_terminal);
}

bool wf_command_read_cluster(const char *text, uint64_t *cluster)
{
	char *end;

	errno = 0;
	*cluster = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && text[0] >= '0' && text[0] <= '9' &&
	       *cluster <= WF_NUMBER_MAX;
}

size_t wf_command_table_width(void)
{
	return wf_terminal_columns(stdout, SIZE_MAX);
}

int wf_command_call_each(const struct wf_context *context, const struct wf_command_calls *calls, size_t count)
{
	struct wf_error error = {0};
	struct wf_reply reply = {0};
	size_t asked = 0;
	int status = WF_EXIT_DONE;

	for (size_t answered = 0; answered < count; answered++) {
		/* In bursts, so that a request does not cost a write of its own. */
		bool is_low = asked - answered <= CALLS_OUTSTANDING_MAX / 2;

		for (; is_low && asked < count && asked - answered < CALLS_OUTSTANDING_MAX; asked++)
			calls->pack(calls->state, asked, wf_client_request(context->client, calls->method, 1, NULL));
		if (wf_client_receive(context->client, &reply, &error) < 0)
			return wf_command_failed(context, calls->method, &error);
		if (reply.is_notification || !reply.has_msgid) {
			wf_command_complain(context, "%s: the daemon sent what was not asked for", calls->method);
			wf_reply_close(&reply);
			return WF_EXIT_UNCONNECTED;
		}

		int result = calls->handle(calls->state, answered, &reply);

		wf_reply_close(&reply);
		if (result > status)
			status = result;
		if (status == WF_EXIT_UNCONNECTED)
			break;
	}
	return status;
}
