/* Who is told of events: subscriptions begin and end here, and each event goes to those whose filter it passes.
 *
 *   job of subscribe, back from the committer -> the connection's subscriber, in the server's list
 *   job with events, back likewise            -> every subscriber's blocks, written out when the connection is pumped
 *
 * Everything here is the loop thread's. */
#ifndef WF_SUBSCRIPTION_H
#define WF_SUBSCRIPTION_H

#include "job.h"

struct wf_conn;
struct wf_server;

/* A subscribe or unsubscribe has come back, in its place among all effects: what came before it has been told, what
 * comes after it has not. Where it is refused, the words are in job->error. */
void wf_subscription_settle(struct wf_job *job);

/* The connection is no subscriber any more; what it has not taken is dropped. */
void wf_subscription_drop(struct wf_conn *conn);

/* Notes events for every subscriber; the connections are pumped afterwards. */
void wf_subscribers_tell(struct wf_server *server, const struct wf_event_row *events);

#endif
