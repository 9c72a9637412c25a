/* The daemon as a whole: its loop, its listeners, its connections, its end.
 *
 *   start: store, pipeline (index brought back) -> listeners -> `ready`
 *   stop:  first signal: no new connection, no further request; accepted requests are answered, then the pipeline ends.
 *          second signal: connections are closed at once; accepted writes still reach the disk. */
#ifndef WF_SERVER_H
#define WF_SERVER_H

#include <uv.h>

#include "access.h"
#include "base/error.h"
#include "conn.h"
#include "listen.h"
#include "log.h"
#include "metric.h"
#include "pipeline.h"
#include "service.h"
#include "settings.h"

#define WF_SERVER_VERSION          WIREFOLD_VERSION
#define WF_LISTENERS_INHERITED_MAX 8
#define WF_LISTENERS_MAX           (WF_LISTENERS_INHERITED_MAX + 2)
#define WF_SIGNALS_COUNT           3

struct wf_server {
	const struct wf_settings *settings;
	struct wf_log log;
	struct wf_access access;
	struct wf_service service;
	struct wf_counters counters;
	struct wf_histogram latency;
	uint64_t started_ms;
	uv_loop_t loop;
	struct wf_listener listeners[WF_LISTENERS_MAX];
	size_t listeners_count;
	struct sockaddr_storage tcp_address; /* of the setting; family 0: none */
	bool inherits_tcp;                   /* sockets that were handed over take the place of the settings' */
	bool inherits_unix;
	uv_signal_t signals[WF_SIGNALS_COUNT]; /* SIGTERM, SIGINT, SIGHUP */
	uv_async_t returned;
	uv_timer_t tick;
	uv_prepare_t turn;        /* before each wait for events */
	unsigned accepts;         /* connections taken since */
	unsigned prepares_left;   /* small requests that may still be prepared by the loop in this turn */
	uint64_t refusal_told_ms; /* when the log last told of a connection that could not be accepted */
	bool is_stopping;
	bool is_hurried;
	bool is_pipeline_started;
	uint64_t stopping_since_ms;
	struct wf_conn_list conns;
	size_t conns_open_count;    /* of them, those that have a socket and were not turned away */
	size_t conns_refused_count; /* of them, those that are told that they are too many */
	struct wf_subscriber *subscribers;
	size_t subscribers_count;
	struct wf_conn_list waiting; /* those that wait for room in memory, in turn */
	bool is_resuming;
	struct wf_tls *tls;            /* for TCP connections; NULL: they are plain */
	struct wf_conn_list shaking;   /* those whose handshake waits for a turn */
	struct wf_conn_list strangers; /* those that have not shown who they are */
	struct wf_peers peers;
	unsigned shakes_left;   /* steps of handshakes that may still be made in this turn */
	uv_idle_t idle;         /* active: the loop does not wait for events */
	size_t bytes;           /* of requests, replies and readers of all connections */
	uint64_t full_since_ms; /* memory has been over half, and was full, since; 0: it is not */
	size_t jobs_out;        /* with the pipeline */
	uint64_t jobs_back;     /* ever returned by it */
	uint64_t jobs_back_at_tick;
	struct wf_pipeline pipeline;
	char *write_space; /* where small replies are put together */
};

#define WF_SERVER_WRITE_BYTES 65536u

/* Serves until a signal ends it. `environment` is looked through for tokens (access.h).
 * Errors: of the store, of the addresses, of memory; `error` says it in words. */
int wf_server_run(struct wf_server *server, const struct wf_settings *settings, char *const *environment,
		  struct wf_error *error);

/* Whether the sum of bytes is over the setting. */
bool wf_server_is_full(const struct wf_server *server);
/* Likewise, whether one client has as much as it may; `peer` may be NULL. */
bool wf_server_is_client_full(const struct wf_server *server, const struct wf_peer *peer);

/* Wakes connections that wait for room, while there is some. */
void wf_server_resume(struct wf_server *server);

#endif
