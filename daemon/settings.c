#include "settings.h"

#include <ctype.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_BYTES_MAX 64

struct setting {
	const char *name;
	enum wf_setting_kind kind;
	size_t offset;
	const char *preset;
	uint64_t least;
	uint64_t most;
	const char *help;
};

static const struct setting table[] = {
#define X(kind, name, preset, least, most, help) \
	{#name, WF_SETTING_##kind, offsetof(struct wf_settings, name), preset, least, most, help},
	WF_SETTINGS_MAP(X)
#undef X
};

#define TABLE_COUNT (sizeof table / sizeof table[0])

/* What a value of each kind looks like to a user. */
static const char *kind_phrase(enum wf_setting_kind kind)
{
	switch (kind) {
	case WF_SETTING_PATH:
		return "text";
	case WF_SETTING_MODE:
		return "octal digits";
	case WF_SETTING_COUNT:
		return "a number";
	case WF_SETTING_BYTES:
		return "bytes (K, M, G, T)";
	case WF_SETTING_SECONDS:
		return "a time (s, m, h, d)";
	case WF_SETTING_RATIO:
		return "a ratio";
	case WF_SETTING_SWITCH:
		return "yes or no";
	case WF_SETTING_LEVEL:
		return "error, warning, info or debug";
	}
	return "text";
}

/* The multiplier of a unit letter of the kind; 0 where it has no such letter. */
static uint64_t unit_of(enum wf_setting_kind kind, const char *unit)
{
	static const char bytes_units[] = "KMGT";
	const char *found;

	if (*unit == '\0')
		return 1;
	if (unit[1] != '\0')
		return 0;
	if (kind == WF_SETTING_BYTES) {
		found = strchr(bytes_units, toupper((unsigned char)*unit));
		return found == NULL ? 0 : UINT64_C(1) << (10 * (found - bytes_units + 1));
	}
	if (kind == WF_SETTING_SECONDS) {
		switch (*unit) {
		case 's':
			return 1;
		case 'm':
			return 60;
		case 'h':
			return 3600;
		case 'd':
			return 86400;
		default:
			return 0;
		}
	}
	return 0;
}

static int set_number(const struct setting *setting, uint64_t *slot, const char *value, const char *origin,
		      struct wf_error *error)
{
	char *end = NULL;
	unsigned long long number = 0;
	uint64_t unit = 0;

	errno = 0;
	if (isdigit((unsigned char)*value)) {
		number = strtoull(value, &end, 10);
		unit = unit_of(setting->kind, end);
	}
	if (unit == 0 || errno != 0)
		return wf_error_set(error, WF_EBADREQUEST, "%s: expected %s, got \"%s\"", origin,
				    kind_phrase(setting->kind), value);
	if (number > UINT64_MAX / unit || number * unit < setting->least || number * unit > setting->most)
		return wf_error_set(error, WF_EBADREQUEST, "%s: expected %llu to %llu, got %s", origin,
				    (unsigned long long)setting->least, (unsigned long long)setting->most, value);
	*slot = number * unit;
	return 0;
}

static int set_mode(const struct setting *setting, uint64_t *slot, const char *value, const char *origin,
		    struct wf_error *error)
{
	const size_t length = strlen(value);
	uint64_t number;

	if (length == 0 || length > 8 || strspn(value, "01234567") != length)
		return wf_error_set(error, WF_EBADREQUEST, "%s: expected permissions in octal, as 0660, got \"%s\"",
				    origin, value);
	number = strtoull(value, NULL, 8);
	if (number > setting->most)
		return wf_error_set(error, WF_EBADREQUEST, "%s: expected at most %04llo, got %s", origin,
				    (unsigned long long)setting->most, value);
	*slot = number;
	return 0;
}

static int set_ratio(const struct setting *setting, double *slot, const char *value, const char *origin,
		     struct wf_error *error)
{
	char *end;
	const double number = strtod(value, &end);

	if (end == value || *end != '\0')
		return wf_error_set(error, WF_EBADREQUEST, "%s: expected a ratio, got \"%s\"", origin, value);
	if (!(number >= (double)setting->least && number < (double)setting->most))
		return wf_error_set(error, WF_EBADREQUEST, "%s: expected at least %llu and less than %llu, got %s",
				    origin, (unsigned long long)setting->least, (unsigned long long)setting->most,
				    value);
	*slot = number;
	return 0;
}

static int set_switch(bool *slot, const char *value, const char *origin, struct wf_error *error)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};

	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		if (strcasecmp(value, yes[i]) == 0 || strcasecmp(value, no[i]) == 0) {
			*slot = strcasecmp(value, yes[i]) == 0;
			return 0;
		}
	}
	return wf_error_set(error, WF_EBADREQUEST, "%s: expected yes or no, got \"%s\"", origin, value);
}

/* Sets one setting from text. `origin` says where the text comes from, for the words of an error. */
static int set(struct wf_settings *settings, const struct setting *setting, const char *value, const char *origin,
	       struct wf_error *error)
{
	void *slot = (char *)settings + setting->offset;
	char *copy;

	switch (setting->kind) {
	case WF_SETTING_PATH:
		copy = strdup(value);
		if (copy == NULL)
			return wf_error_set(error, WF_ENOMEM, "%s: out of memory", origin);
		free(*(char **)slot);
		*(char **)slot = copy;
		return 0;
	case WF_SETTING_MODE:
		return set_mode(setting, slot, value, origin, error);
	case WF_SETTING_COUNT:
	case WF_SETTING_BYTES:
	case WF_SETTING_SECONDS:
		return set_number(setting, slot, value, origin, error);
	case WF_SETTING_RATIO:
		return set_ratio(setting, slot, value, origin, error);
	case WF_SETTING_SWITCH:
		return set_switch(slot, value, origin, error);
	case WF_SETTING_LEVEL:
		if (wf_log_level_of(value, slot))
			return 0;
		break;
	}
	return wf_error_set(error, WF_EBADREQUEST, "%s: expected %s, got \"%s\"", origin, kind_phrase(setting->kind),
			    value);
}

static const struct setting *find(const char *name, size_t length)
{
	for (size_t i = 0; i < TABLE_COUNT; i++)
		if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0)
			return &table[i];
	return NULL;
}

/* name_of_setting as --name-of-setting or WIREFOLD_NAME_OF_SETTING. */
static void flag_of(const struct setting *setting, char flag[NAME_BYTES_MAX])
{
	snprintf(flag, NAME_BYTES_MAX, "--%s", setting->name);
	for (char *c = flag; *c != '\0'; c++)
		if (*c == '_')
			*c = '-';
}

static void variable_of(const struct setting *setting, char variable[NAME_BYTES_MAX])
{
	snprintf(variable, NAME_BYTES_MAX, "WIREFOLD_%s", setting->name);
	for (char *c = variable; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
}

static const struct setting *find_flag(const char *argument, size_t length)
{
	char name[NAME_BYTES_MAX];

	if (length < 3 || length >= sizeof name || strncmp(argument, "--", 2) != 0 ||
	    memchr(argument, '_', length) != NULL)
		return NULL;
	memcpy(name, argument + 2, length - 2);
	for (size_t i = 0; i < length - 2; i++)
		if (name[i] == '-')
			name[i] = '_';
	return find(name, length - 2);
}

static bool is_wish(const char *argument, enum wf_settings_wish *wish)
{
	static const struct {
		const char *argument;
		enum wf_settings_wish wish;
	} wishes[] = {
		{"--help", WF_WISH_HELP},         {"-h", WF_WISH_HELP},
		{"--help-man", WF_WISH_HELP_MAN}, {"--help-markdown", WF_WISH_HELP_MARKDOWN},
		{"--version", WF_WISH_VERSION},
	};

	for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
		if (strcmp(argument, wishes[i].argument) == 0) {
			*wish = wishes[i].wish;
			return true;
		}
	}
	return false;
}

/* Walks over the flags. With `only` NULL all are set, else that setting alone: the file's name is needed before the
 * file is read, the other flags after it. */
static int read_flags(struct wf_settings *settings, int count, char *const *arguments, const struct setting *only,
		      enum wf_settings_wish *wish, struct wf_error *error)
{
	for (int i = 1; i < count; i++) {
		const char *argument = arguments[i];
		const char *equals = strchr(argument, '=');
		const size_t length = equals == NULL ? strlen(argument) : (size_t)(equals - argument);
		const struct setting *setting = find_flag(argument, length);
		char flag[NAME_BYTES_MAX];
		const char *value;
		int code;

		if (is_wish(argument, wish))
			continue;
		if (setting == NULL)
			return wf_error_set(error, WF_EBADREQUEST, "%s: no such flag; --help lists them", argument);
		flag_of(setting, flag);
		if (equals != NULL) {
			value = equals + 1;
		} else if (setting->kind == WF_SETTING_SWITCH) {
			value = "yes";
		} else if (i + 1 < count) {
			value = arguments[++i];
		} else {
			return wf_error_set(error, WF_EBADREQUEST, "%s: expected a value after it", flag);
		}
		if (only != NULL && setting != only)
			continue;
		code = set(settings, setting, value, flag, error);
		if (code != 0)
			return code;
	}
	return 0;
}

static int read_environment(struct wf_settings *settings, char *const *environment, const struct setting *only,
			    struct wf_error *error)
{
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		char variable[NAME_BYTES_MAX];
		size_t length;

		if (only != NULL && only != &table[i])
			continue;
		variable_of(&table[i], variable);
		length = strlen(variable);
		for (char *const *entry = environment; *entry != NULL; entry++) {
			if (strncmp(*entry, variable, length) == 0 && (*entry)[length] == '=') {
				const int code = set(settings, &table[i], *entry + length + 1, variable, error);

				if (code != 0)
					return code;
			}
		}
	}
	return 0;
}

struct file_reading {
	struct wf_settings *settings;
	struct wf_error *error;
};

static int file_key_cb(void *context, const char *section, const char *name, const char *value)
{
	struct file_reading *reading = context;
	const struct setting *setting = find(name, strlen(name));
	const char *path = reading->settings->config;
	char origin[256];

	if (reading->error->code != 0)
		return 0; /* the first mistake is the one to tell */
	snprintf(origin, sizeof origin, "%.160s: %.64s", path, name);
	if (*section != '\0')
		wf_error_set(reading->error, WF_EBADREQUEST, "%s: the file has no sections, got [%s]", origin, section);
	else if (setting == NULL || setting == &table[0])
		wf_error_set(reading->error, WF_EBADREQUEST, "%s: no such setting", origin);
	else
		set(reading->settings, setting, value, origin, reading->error);
	return reading->error->code == 0;
}

static int read_file(struct wf_settings *settings, struct wf_error *error)
{
	struct file_reading reading = {.settings = settings, .error = error};
	FILE *file;
	int line;

	file = fopen(settings->config, "re");
	if (file == NULL) {
		const int code = -errno;

		return wf_error_set(error, code, "%s: %s", settings->config, strerror(-code));
	}
	error->code = 0;
	line = ini_parse_file(file, file_key_cb, &reading);
	fclose(file);
	if (error->code != 0)
		return error->code;
	if (line != 0)
		return wf_error_set(error, WF_EBADREQUEST, "%s: line %d: expected `name = value`", settings->config,
				    line);
	return 0;
}

static int set_presets(struct wf_settings *settings, struct wf_error *error)
{
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		const int code = set(settings, &table[i], table[i].preset, table[i].name, error);

		if (code != 0)
			return code;
	}
	return 0;
}

/* What holds of several settings together. */
static int check(const struct wf_settings *settings, struct wf_error *error)
{
	if (*settings->store == '\0')
		return wf_error_set(error, WF_EBADREQUEST, "--store: a folder for the store is needed");
	if ((*settings->tls_certificate == '\0') != (*settings->tls_key == '\0'))
		return wf_error_set(error, WF_EBADREQUEST, "--tls-certificate and --tls-key: one needs the other");
	if (*settings->tls_client_ca != '\0' && *settings->tls_certificate == '\0')
		return wf_error_set(error, WF_EBADREQUEST, "--tls-client-ca: there is no --tls-certificate");
	return 0;
}

int wf_settings_read(struct wf_settings *settings, int arguments_count, char *const *arguments,
		     char *const *environment, enum wf_settings_wish *wish, struct wf_error *error)
{
	const struct setting *config = &table[0];
	int code;

	*settings = (struct wf_settings){0};
	*wish = WF_WISH_SERVE;
	code = set_presets(settings, error);
	if (code == 0)
		code = read_environment(settings, environment, config, error);
	if (code == 0)
		code = read_flags(settings, arguments_count, arguments, config, wish, error);
	if (code != 0 || *wish != WF_WISH_SERVE)
		return code;
	if (*settings->config != '\0')
		code = read_file(settings, error);
	if (code == 0)
		code = read_environment(settings, environment, NULL, error);
	if (code == 0)
		code = read_flags(settings, arguments_count, arguments, NULL, wish, error);
	return code == 0 ? check(settings, error) : code;
}

void wf_settings_close(struct wf_settings *settings)
{
	for (size_t i = 0; i < TABLE_COUNT; i++)
		if (table[i].kind == WF_SETTING_PATH)
			free(*(char **)(void *)((char *)settings + table[i].offset));
	*settings = (struct wf_settings){0};
}

size_t wf_settings_count(void)
{
	return TABLE_COUNT;
}

struct wf_setting_value wf_settings_value(const struct wf_settings *settings, size_t index)
{
	const struct setting *setting = &table[index];
	const void *slot = (const char *)settings + setting->offset;
	struct wf_setting_value value = {.name = setting->name, .kind = setting->kind};

	switch (setting->kind) {
	case WF_SETTING_PATH:
		value.text = *(char *const *)slot;
		break;
	case WF_SETTING_MODE:
	case WF_SETTING_COUNT:
	case WF_SETTING_BYTES:
	case WF_SETTING_SECONDS:
		value.number = *(const uint64_t *)slot;
		break;
	case WF_SETTING_RATIO:
		value.ratio = *(const double *)slot;
		break;
	case WF_SETTING_SWITCH:
		value.number = *(const bool *)slot;
		break;
	case WF_SETTING_LEVEL:
		value.text = wf_log_level_word(*(const enum wf_log_level *)slot);
		break;
	}
	return value;
}

void wf_settings_help(FILE *stream)
{
	fputs("Usage: wirefoldd --store DIR [--tcp HOST:PORT] [--unix PATH] [settings]\n"
	      "Groups wire stories that are copies of one another; clients speak MessagePack-RPC.\n\n"
	      "Each setting is a flag, an environment variable and a key of the file: --commit-wait-us,\n"
	      "WIREFOLD_COMMIT_WAIT_US, commit_wait_us. A flag wins over the environment, that over the file.\n\n",
	      stream);
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		char flag[NAME_BYTES_MAX];

		flag_of(&table[i], flag);
		fprintf(stream, "  %s%s\n      %s", flag, table[i].kind == WF_SETTING_SWITCH ? "" : " VALUE",
			table[i].help);
		if (*table[i].preset != '\0')
			fprintf(stream, " [%s]", table[i].preset);
		fputc('\n', stream);
	}
	fputs("  --help, --help-man, --help-markdown, --version\n      Print this text, the manual's settings in "
	      "man(7), a table in "
	      "Markdown, the version.\n",
	      stream);
}

/* A hyphen that must stay one is written \- in man(7). */
static void print_man(FILE *stream, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '-')
			fputc('\\', stream);
		if (*text != '`')
			fputc(*text, stream);
	}
}

void wf_settings_help_man(FILE *stream)
{
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		char flag[NAME_BYTES_MAX], variable[NAME_BYTES_MAX];

		flag_of(&table[i], flag);
		variable_of(&table[i], variable);
		fputs(".TP\n.B ", stream);
		print_man(stream, flag);
		fprintf(stream, "\n%s, %s. ", variable, kind_phrase(table[i].kind));
		print_man(stream, table[i].help);
		if (*table[i].preset != '\0') {
			fputs(" Default: ", stream);
			print_man(stream, table[i].preset);
			fputc('.', stream);
		}
		fputc('\n', stream);
	}
}

void wf_settings_help_markdown(FILE *stream)
{
	fputs("| setting | flag | environment | value | default | what it does |\n|---|---|---|---|---|---|\n", stream);
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		char flag[NAME_BYTES_MAX], variable[NAME_BYTES_MAX];

		flag_of(&table[i], flag);
		variable_of(&table[i], variable);
		fprintf(stream, "| `%s` | `%s` | `%s` | %s | %s%s%s | %s |\n", table[i].name, flag, variable,
			kind_phrase(table[i].kind), *table[i].preset == '\0' ? "" : "`", table[i].preset,
			*table[i].preset == '\0' ? "" : "`", table[i].help);
	}
}
