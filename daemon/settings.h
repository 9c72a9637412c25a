/* Every setting of the daemon, in one table: it feeds the flags, the environment, the file, the help text, the manual
 * and `info`.
 *
 *   name commit_wait_us -> flag --commit-wait-us, environment WIREFOLD_COMMIT_WAIT_US, file key commit_wait_us
 *
 * A flag wins over the environment, the environment over the file, the file over the default. */
#ifndef WF_SETTINGS_H
#define WF_SETTINGS_H

#include <stdio.h>

#include "base/error.h"
#include "base/limits.h"
#include "log.h"

/* X(kind, name, default, least, most, help). The default is text, read as a user's value is.
 * Kinds: PATH text; MODE permissions of a file; COUNT a whole number; BYTES likewise, with K, M, G, T for powers of
 * 1024; SECONDS likewise, with s, m, h, d; RATIO a number; SWITCH yes or no, as a flag without a value; LEVEL a log
 * level. Least and most hold for numbers. */
#define WF_SETTINGS_MAP(X)                                                                                            \
	X(PATH, config, "", 0, 0, "File with settings, one `name = value` a line; not itself a key of the file.")     \
	X(PATH, store, "", 0, 0, "Folder of the store; made where there is none. Required.")                          \
	X(PATH, tcp, "127.0.0.1:7411", 0, 0, "Address to listen on, HOST:PORT, or `none`. Port 0: any free port.")    \
	X(PATH, unix, "", 0, 0, "Path of a Unix socket to listen on besides.")                                        \
	X(MODE, unix_mode, "0660", 0, 0777, "Permissions of the Unix socket's file, in octal.")                       \
	X(SWITCH, unix_trusted, "no", 0, 1, "Clients of the Unix socket need no token.")                              \
	X(PATH, token_file, "", 0, 0,                                                                                 \
	  "File with the token that clients must show by `auth`; or in WIREFOLD_TOKEN. Without: none is asked for.")  \
	X(PATH, read_token_file, "", 0, 0,                                                                            \
	  "File with a second token, which allows reading alone; or in WIREFOLD_READ_TOKEN.")                         \
	X(PATH, tls_certificate, "", 0, 0,                                                                            \
	  "File with the certificate for TLS, in PEM, those between it and its CA behind it. Without: no TLS.")       \
	X(PATH, tls_key, "", 0, 0, "File with the key of the certificate, in PEM, without a passphrase.")             \
	X(PATH, tls_client_ca, "", 0, 0,                                                                              \
	  "File with the CAs, in PEM, of which clients must show a certificate. Without: they need none.")            \
	X(SWITCH, insecure, "no", 0, 1, "Listen on addresses other than loopback also without a token or TLS.")       \
	X(SECONDS, keep, "0", 0, 3155760000, "Remove articles this long after they came, as in 30d; 0: never.")       \
	X(SWITCH, mend, "yes", 0, 1,                                                                                  \
	  "Look again at an outlet's first articles that stand alone, once what it repeats is known.")                \
	X(SWITCH, no_text, "no", 0, 1, "Store no texts: `get` then answers without one.")                             \
	X(SWITCH, dense_text, "no", 0, 1, "Compress texts to a quarter fewer bytes, in more than twice the time.")    \
	X(COUNT, workers, "0", 0, 256, "Threads that analyse texts; 0: one a processor.")                             \
	X(COUNT, fetch_threads, "8", 0, 64,                                                                           \
	  "Threads that read old articles ahead where the store is larger than the memory; 0: none.")                 \
	X(COUNT, commit_wait_us, "5000", 0, 1000000,                                                                  \
	  "The longest that a write on its way to disk waits for companions.")                                        \
	X(COUNT, commit_pace_us, "2000", 0, 1000000,                                                                  \
	  "While writes keep coming, the time from one commit to the next, so that more of them share it; 0: none.")  \
	X(BYTES, request_bytes_max, "64M", 1024, WF_REQUEST_BYTES_MAX_LIMIT, "The largest request.")                  \
	X(BYTES, text_bytes_max, "16M", 1, WF_ARTICLE_TEXT_BYTES_MAX_LIMIT, "The longest text of an article.")        \
	X(BYTES, reply_bytes_max, "64M", 65536, WF_REQUEST_BYTES_MAX_LIMIT, "The largest reply.")                     \
	X(COUNT, connections_max, "10000", 1, 1000000, "Connections at a time; more are refused.")                    \
	X(COUNT, connections_per_client_max, "0", 0, 1000000,                                                         \
	  "Likewise of one address, IPv6 network (/64) or local user; 0: four fifths of connections_max.")            \
	X(SECONDS, auth_timeout, "30", 0, 86400,                                                                      \
	  "The longest that a TLS handshake and `auth` may take together, where they are asked for; 0: any time.")    \
	X(SECONDS, idle_timeout, "0", 0, 31536000,                                                                    \
	  "Close a connection on which no byte has moved for this long and nothing is under way; 0: never.")          \
	X(COUNT, connection_requests_max, "16384", 1, 1000000,                                                        \
	  "Requests of one connection under way, over which it is not read from.")                                    \
	X(BYTES, connection_bytes_max, "16M", 65536, UINT64_C(1) << 40,                                               \
	  "Bytes of requests of one connection under way, over which it is not read from.")                           \
	X(BYTES, connection_reply_bytes_max, "8M", 65536, UINT64_C(1) << 40,                                          \
	  "Bytes of replies that one connection has not taken, over which nothing more is done for it.")              \
	X(COUNT, subscribers_max, "256", 0, 1000000, "Connections that are subscribed at a time.")                    \
	X(BYTES, subscriber_bytes_max, "1M", 65536, UINT64_C(1) << 32,                                                \
	  "Bytes of events that one subscriber has not taken, over which it is told how many it misses.")             \
	X(COUNT, client_requests_max, "65536", 1, 100000000,                                                          \
	  "Requests of one client's connections under way, over which only its idle ones are read from.")             \
	X(BYTES, client_bytes_max, "0", 0, UINT64_C(1) << 40,                                                         \
	  "Bytes of requests and replies likewise; 0: half of in_flight_bytes_max.")                                  \
	X(BYTES, in_flight_bytes_max, "256M", 1048576, UINT64_C(1) << 40,                                             \
	  "Bytes of requests and replies of all connections, over which only idle ones are read from.")               \
	X(BYTES, map_bytes_min, "64M", 1048576, UINT64_C(1) << 44, "First size of the store's memory map; it grows.") \
	X(BYTES, recent_bytes_max, "32M", 0, UINT64_C(1) << 40,                                                       \
	  "Memory for what the newest articles are compared by, else read from the store; 0: none.")                  \
	X(BYTES, room_bytes_min, "64M", 0, UINT64_C(1) << 44,                                                         \
	  "Free bytes of the store's file system under which writes are refused.")                                    \
	X(RATIO, threshold, "0", 0, 1, "Resemblance from which two articles must meet; 0: as built in.")              \
	X(COUNT, candidates_max, "0", 0, 100000, "Stored articles examined for one article; 0: as built in.")         \
	X(COUNT, state_every, "100000", 1, 1000000000, "Articles between two savings of what was learned.")           \
	X(LEVEL, log_level, "info", 0, 0, "The least weighty lines to log: error, warning, info or debug.")

#define WF_SETTING_TYPE_PATH    char *
#define WF_SETTING_TYPE_MODE    uint64_t
#define WF_SETTING_TYPE_COUNT   uint64_t
#define WF_SETTING_TYPE_BYTES   uint64_t
#define WF_SETTING_TYPE_SECONDS uint64_t
#define WF_SETTING_TYPE_RATIO   double
#define WF_SETTING_TYPE_SWITCH  bool
#define WF_SETTING_TYPE_LEVEL   enum wf_log_level

struct wf_settings {
#define X(kind, name, preset, least, most, help) WF_SETTING_TYPE_##kind name;
	WF_SETTINGS_MAP(X)
#undef X
};

/* What the command line asks for. */
enum wf_settings_wish { WF_WISH_SERVE, WF_WISH_HELP, WF_WISH_HELP_MAN, WF_WISH_HELP_MARKDOWN, WF_WISH_VERSION };

/* Fills all settings from the flags, the environment and the file that `config` names.
 * In:     arguments of main(), the program's name first; environment as in environ(7), NULL-terminated.
 * Errors: WF_EBADREQUEST: an unknown flag or key, a value of the wrong form or out of range, no store: `error` says
 *         which, in words; errno where the file cannot be read; WF_ENOMEM. Close also after an error. */
int wf_settings_read(struct wf_settings *settings, int arguments_count, char *const *arguments,
		     char *const *environment, enum wf_settings_wish *wish, struct wf_error *error);
void wf_settings_close(struct wf_settings *settings);

/* One setting, as `info` shows it. */
enum wf_setting_kind {
	WF_SETTING_PATH,
	WF_SETTING_MODE,
	WF_SETTING_COUNT,
	WF_SETTING_BYTES,
	WF_SETTING_SECONDS,
	WF_SETTING_RATIO,
	WF_SETTING_SWITCH,
	WF_SETTING_LEVEL,
};

struct wf_setting_value {
	const char *name;
	enum wf_setting_kind kind;
	const char *text; /* PATH, LEVEL */
	uint64_t number;  /* MODE, COUNT, BYTES, SECONDS, SWITCH */
	double ratio;
};

size_t wf_settings_count(void);
struct wf_setting_value wf_settings_value(const struct wf_settings *settings, size_t index);

void wf_settings_help(FILE *stream);
void wf_settings_help_man(FILE *stream);      /* the settings section of wirefoldd(8), in man(7) */
void wf_settings_help_markdown(FILE *stream); /* a table */

#endif
