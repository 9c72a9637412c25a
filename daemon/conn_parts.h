/* What the files of a connection share, for these alone.
 *
 *   conn.c         its life: what is counted of it, its rights, its end
 *   conn_accept.c  whether it is let in
 *   conn_in.c      socket -> reader -> job -> pipeline, and back from there
 *   conn_out.c     finished replies and events -> socket
 *
 * wf_conn_pump() has each of the last two do what can be done. */
#ifndef WF_CONN_PARTS_H
#define WF_CONN_PARTS_H

#include "conn.h"

/* ---- conn.c ---- */

/* Bring the server's sums up to date: with what the reader holds, with replies that have come and gone, with what the
 * socket has just taken. */
void wf_conn_count_reader(struct wf_conn *conn);
void wf_conn_count_reply(struct wf_conn *conn, size_t added, size_t taken);
void wf_conn_written(struct wf_conn *conn, size_t bytes);

/* Puts a job at the end of the row. */
void wf_conn_append(struct wf_conn *conn, struct wf_job *job);

/* The job's reply is there: it leaves when all before it have. */
void wf_conn_finish(struct wf_job *job);

/* Closes without a pump; the connection stays until the next one. */
void wf_conn_close_socket(struct wf_conn *conn);

/* Hands on what the TLS session has to say. */
void wf_conn_flush(struct wf_conn *conn);

/* Whether it has shown who it is. */
bool wf_conn_is_known(const struct wf_conn *conn);

struct wf_reader_settings wf_conn_reader_settings(const struct wf_conn *conn);

/* Keeps the reply to a wrong token back. */
void wf_conn_pause(struct wf_conn *conn, struct wf_job *job);

/* ---- conn_in.c ---- */

void wf_conn_take_messages(struct wf_conn *conn);
void wf_conn_send_jobs(struct wf_conn *conn);
void wf_conn_set_reading(struct wf_conn *conn, bool wanted);

/* Answers what was refused before it was a request. */
void wf_conn_refuse(struct wf_conn *conn, const struct wf_error *error, bool has_msgid, uint64_t msgid);

/* ---- conn_out.c ---- */

/* Replies and events, as far as they may go. Whether a reply left the row. */
bool wf_conn_write(struct wf_conn *conn);

/* Drops what a closed connection will never take. */
void wf_conn_drop_replies(struct wf_conn *conn);

void wf_conn_moved_cb(struct wf_sender *sender, size_t bytes, int status);

#endif
