/* One connection: bytes in, replies out in the order of the requests, and no more of either than its bounds.
 *
 *   socket -> reader -> [ job | job | job | job ] -> socket
 *                         ^first      ^unsent        replies leave from the front, jobs go on from `unsent`
 *
 * A connection is not read from while its requests under way or its unread replies are over a bound, and is read from
 * again when they are under half of it. Everything here is the loop thread's.
 *
 * Where a token is asked for, a connection is a stranger until it has shown one: its requests are refused, small, and
 * its time is short. A wrong token is answered after a pause, in which the connection is not read from and stays one of
 * those that are counted, also where its client leaves: that is what a guess costs, and nobody else waits for it.
 *
 * With TLS, bytes go through a session on both ways. Its handshakes are costly: few of them move in a turn of the loop,
 * the others wait in a list of the server's. */
#ifndef WF_CONN_H
#define WF_CONN_H

#include <uv.h>

#include "access.h"
#include "conn_list.h"
#include "job.h"
#include "peer.h"
#include "sender.h"
#include "subscriber.h"

struct wf_server;

struct wf_conn {
	struct wf_server *server;
	struct wf_conn_place all;
	struct wf_conn_place waiting;  /* among those that wait for room in memory */
	struct wf_conn_place shaking;  /* among those whose handshake waits for its turn */
	struct wf_conn_place stranger; /* among those that have not shown a token, or not ended their handshake */
	struct wf_conn_place touched;  /* among those whose jobs have just come back */
	struct wf_peer *peer;          /* whose it is; NULL: one that is turned away */
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} socket;
	uv_shutdown_t shutdown;
	struct wf_reader *reader;
	struct wf_sender sender;
	struct wf_tls_session *tls;       /* NULL: plain */
	struct wf_subscriber *subscriber; /* NULL: it never subscribed, or no longer does */
	struct wf_job *first;
	struct wf_job *last;
	struct wf_job *unsent; /* first job that has not gone to the pipeline; NULL: all have */
	size_t jobs_count;
	size_t jobs_bytes;
	size_t reply_bytes;     /* of finished replies that the socket has not taken */
	size_t row_reply_bytes; /* likewise, of those in the row, behind one that is not finished */
	size_t event_bytes;     /* of reply_bytes, those of events that the socket has and has not taken */
	size_t reader_bytes;    /* as counted in the server's sum */
	size_t client_jobs;     /* as counted in its client's */
	size_t client_bytes;
	size_t jobs_out;         /* with the pipeline */
	size_t reads_sent;       /* jobs with the pipeline whose reply may be large */
	size_t barriers_count;   /* replies in the row that leave between two blocks of events */
	size_t read_reply_bytes; /* what such a reply is expected to be */
	uint64_t began_ms;
	uint64_t moved_ms;    /* when a byte last went in or out */
	uint64_t close_by_ms; /* of a connection that is said goodbye to */
	enum wf_rights rights;
	struct wf_job *guess; /* a wrong token whose reply waits; NULL: none */
	uint64_t guess_until_ms;
	bool is_reading;
	bool is_full;    /* over a bound of its own */
	bool is_ended;   /* no request is to come: end of stream, garbage, or the server stops */
	bool is_refused; /* one too many */
	bool is_eof;     /* the peer sends no more */
	bool is_leaving; /* our side is shut down, what still comes is dropped */
	bool is_closing;
	bool is_closed;
	bool is_pumping;
};

/* Replies that are not taken. Events have a bound of their own: a subscriber is told what it misses, and stays. */
static inline size_t wf_conn_replies(const struct wf_conn *conn)
{
	return conn->reply_bytes - conn->event_bytes;
}

/* Takes the next connection of a listener. Refuses it, or drops it, where there is no room.
 * Errors: WF_ENOMEM, of libuv: the connection is still to be taken. */
int wf_conn_accept(struct wf_server *server, uv_stream_t *listener);

/* A job of the connection comes back from the pipeline; wf_conn_pump() goes on from there. */
void wf_conn_job_returned(struct wf_job *job);

/* Moves all that can be moved: messages in, jobs to the pipeline, replies out. May free the connection. */
void wf_conn_pump(struct wf_conn *conn);

/* No further requests: answers what was accepted, then closes. May free the connection. */
void wf_conn_end(struct wf_conn *conn);

/* Closes at once; what was accepted still takes effect. May free the connection. */
void wf_conn_close(struct wf_conn *conn);

/* Gives the client these rights, from the next request on. */
void wf_conn_admit(struct wf_conn *conn, enum wf_rights rights);

/* The handshake has its turn. May free the connection. */
void wf_conn_shake(struct wf_conn *conn);

/* Ends what has had its time at `now_ms`: pauses, goodbyes. May free the connection. */
void wf_conn_tick(struct wf_conn *conn, uint64_t now_ms);

/* Its time to show who it is is over: it is told so. May free the connection. */
void wf_conn_dismiss(struct wf_conn *conn);

/* It makes room for others who want to show who they are, at once. May free the connection. */
void wf_conn_evict(struct wf_conn *conn);

/* Tells the client that there is no room, and closes. May free the connection. */
void wf_conn_shed(struct wf_conn *conn);

#endif
