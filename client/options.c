#include "options.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

#include "published.h"

#define HELP_COLUMN 26

static const struct wf_option *option_find(const struct wf_option_set *sets, struct wf_bytes name)
{
	for (; sets->count > 0; sets++) {
		for (size_t i = 0; i < sets->count; i++) {
			if (wf_bytes_equal(wf_bytes_of(sets->options[i].name), name))
				return &sets->options[i];
		}
	}
	return NULL;
}

/* Digits alone: no sign, no blank. `*end` is behind them. */
static bool read_digits(const char *value, uint64_t *number, const char **end)
{
	*number = 0;
	*end = value;
	for (; isdigit((unsigned char)**end); (*end)++) {
		uint64_t digit = (uint64_t)(**end - '0');

		if (*number > (UINT64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return *end > value;
}

static bool read_bytes(const char *value, uint64_t *number)
{
	static const char units[] = "KMG";
	const char *end;
	const char *unit;
	unsigned shift;

	if (!read_digits(value, number, &end))
		return false;
	if (*end == '\0')
		return true;
	unit = strchr(units, toupper((unsigned char)*end));
	if (unit == NULL || end[1] != '\0')
		return false;
	shift = 10 * (unsigned)(unit - units + 1);
	if (*number > UINT64_MAX >> shift)
		return false;
	*number <<= shift;
	return true;
}

static bool read_ago(const char *value, int64_t now, int64_t *time)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	uint64_t number;
	const char *end;

	if (!read_digits(value, &number, &end) || number > 1000000 || end[0] == '\0' || end[1] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].unit != end[0])
			continue;
		*time = now - (int64_t)number * units[i].seconds;
		return true;
	}
	return false;
}

static int option_take_number(const struct wf_option *option, const char *value, struct wf_error *error)
{
	uint64_t number;
	const char *end = "";
	bool is_read = option->kind == WF_OPTION_BYTES ? read_bytes(value, &number) : read_digits(value, &number, &end);

	if (!is_read || *end != '\0')
		return wf_error_set(error, WF_EBADREQUEST, "--%s: expected a number, got \"%.64s\"", option->name,
				    value);
	if (number < option->least || number > option->most)
		return wf_error_set(error, WF_EBADREQUEST, "--%s: must lie between %" PRIu64 " and %" PRIu64,
				    option->name, option->least, option->most);
	*option->number = number;
	return 0;
}

static int option_take(const struct wf_option *option, const char *value, int64_t now, struct wf_error *error)
{
	switch (option->kind) {
	case WF_OPTION_FLAG:
		*option->flag = true;
		return 0;
	case WF_OPTION_TEXT:
		*option->text = value;
		return 0;
	case WF_OPTION_NUMBER:
	case WF_OPTION_BYTES:
		return option_take_number(option, value, error);
	case WF_OPTION_TIME:
		if (read_ago(value, now, option->time) || wf_published_read(wf_bytes_of(value), option->time))
			return 0;
		return wf_error_set(
			error, WF_EBADREQUEST,
			"--%s: expected a date (2025-11-03, 2025-11-03T10:00:00Z) or an age (30d, 12h), got "
			"\"%.40s\"",
			option->name, value);
	}
	return 0;
}

/* Handles the option at `arguments[*index]`, and its value where that is the next argument. */
static int option_parse(const struct wf_option_set *sets, char **arguments, int count, int *index, int64_t now,
			struct wf_error *error)
{
	const char *argument = arguments[*index];
	const char *name = argument + (argument[1] == '-' ? 2 : 1);
	const char *equals = strchr(name, '=');
	size_t length = equals == NULL ? strlen(name) : (size_t)(equals - name);
	const struct wf_option *option;
	const char *value = NULL;

	if (argument[1] != '-' && strcmp(argument, "-h") == 0)
		name = "help", length = strlen(name);
	option = option_find(sets, (struct wf_bytes){name, length});
	if (option == NULL || (argument[1] != '-' && strcmp(argument, "-h") != 0))
		return wf_error_set(error, WF_EBADREQUEST, "unknown option \"%.64s\"", argument);
	if (option->kind == WF_OPTION_FLAG) {
		if (equals != NULL)
			return wf_error_set(error, WF_EBADREQUEST, "--%s takes no value", option->name);
	} else if (equals != NULL) {
		value = equals + 1;
	} else {
		if (*index + 1 >= count)
			return wf_error_set(error, WF_EBADREQUEST, "--%s needs a value: %s", option->name,
					    option->value);
		value = arguments[++*index];
	}
	return option_take(option, value, now, error);
}

int wf_options_parse(const struct wf_option_set *sets, char **arguments, int count, bool stops_at_argument, int64_t now,
		     struct wf_error *error)
{
	int kept = 0;
	bool all_arguments = false;

	for (int i = 0; i < count; i++) {
		if (all_arguments || arguments[i][0] != '-' || arguments[i][1] == '\0') {
			arguments[kept++] = arguments[i];
			all_arguments = all_arguments || stops_at_argument;
		} else if (strcmp(arguments[i], "--") == 0) {
			all_arguments = true;
		} else {
			int result = option_parse(sets, arguments, count, &i, now, error);

			if (result < 0)
				return result;
		}
	}
	return kept;
}

void wf_options_print(const struct wf_option *options, size_t count, FILE *file)
{
	for (size_t i = 0; i < count; i++) {
		int written = fprintf(file, "  --%s%s%s", options[i].name, options[i].value == NULL ? "" : " ",
				      options[i].value == NULL ? "" : options[i].value);

		if (written >= HELP_COLUMN) {
			putc('\n', file);
			written = 0;
		}
		fprintf(file, "%*s", HELP_COLUMN - written, "");
		for (const char *at = options[i].help; *at != '\0'; at++) {
			putc(*at, file);
			if (*at == '\n')
				fprintf(file, "%*s", HELP_COLUMN, "");
		}
		putc('\n', file);
	}
}
