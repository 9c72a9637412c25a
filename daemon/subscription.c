#include "subscription.h"

#include <stdlib.h>

#include "server.h"

/* Nothing is put into its blocks any more. */
static void end_subscription(struct wf_conn *conn)
{
	struct wf_subscriber *subscriber = conn->subscriber;

	if (subscriber == NULL || !subscriber->is_active)
		return;
	subscriber->is_active = false;
	wf_events_unsubscribe(&conn->server->pipeline.events, subscriber->outlet);
}

void wf_subscription_drop(struct wf_conn *conn)
{
	struct wf_server *server = conn->server;
	struct wf_subscriber *subscriber = conn->subscriber;

	if (subscriber == NULL)
		return;
	end_subscription(conn);
	if (subscriber->next != NULL)
		subscriber->next->previous = subscriber->previous;
	if (subscriber->previous != NULL)
		subscriber->previous->next = subscriber->next;
	else
		server->subscribers = subscriber->next;
	server->subscribers_count--;
	wf_subscriber_close(subscriber);
	free(subscriber);
	conn->subscriber = NULL;
}

static int make_subscriber(struct wf_conn *conn, struct wf_error *error)
{
	struct wf_server *server = conn->server;
	const struct wf_settings *settings = server->settings;
	struct wf_subscriber *subscriber;

	if (server->subscribers_count >= settings->subscribers_max)
		return wf_error_set(error, WF_EOVERLOADED,
				    "too many connections are subscribed: subscribers_max is %llu",
				    (unsigned long long)settings->subscribers_max);
	subscriber = malloc(sizeof *subscriber);
	if (subscriber == NULL)
		return wf_error_set(error, WF_ENOMEM, "out of memory for the subscription");
	wf_subscriber_init(subscriber, settings->subscriber_bytes_max);
	subscriber->conn = conn;
	subscriber->next = server->subscribers;
	if (server->subscribers != NULL)
		server->subscribers->previous = subscriber;
	server->subscribers = subscriber;
	server->subscribers_count++;
	conn->subscriber = subscriber;
	return 0;
}

void wf_subscription_settle(struct wf_job *job)
{
	struct wf_conn *conn = job->conn;
	struct wf_subscription *subscription = job->subscription;
	int code = job->error.code;

	if (!subscription->is_wanted && code == 0)
		end_subscription(conn);
	if (subscription->is_wanted && code == 0 && conn->is_closing)
		code = WF_ECLOSED;
	if (subscription->is_wanted && code == 0 && conn->subscriber == NULL)
		code = make_subscriber(conn, &job->error);
	if (subscription->is_wanted && code == 0) {
		end_subscription(conn);
		conn->subscriber->is_active = true;
		conn->subscriber->size_min = subscription->size_min;
		conn->subscriber->outlet = subscription->outlet;
	} else if (subscription->is_counted) {
		wf_events_unsubscribe(&conn->server->pipeline.events, subscription->outlet);
	}
	subscription->blocks_before = conn->subscriber == NULL ? 0 : wf_subscriber_bar(conn->subscriber);
	subscription->is_settled = true;
	conn->barriers_count++;
}

static bool is_told(const struct wf_subscriber *subscriber)
{
	return subscriber->is_active && !subscriber->conn->is_ended;
}

static void tell_one(struct wf_server *server, const struct wf_event *event, struct wf_pack *pack)
{
	struct wf_counters *counters = &server->counters;

	wf_pack_reset(pack);
	for (struct wf_subscriber *one = server->subscribers; one != NULL; one = one->next) {
		if (!is_told(one) || !wf_event_passes(event, one->size_min, one->outlet))
			continue;
		if (pack->length == 0 && pack->error == 0)
			wf_event_pack(pack, event);
		if (pack->error != 0)
			wf_subscriber_lose(one, 1);
		if (pack->error == 0 && wf_subscriber_put(one, wf_pack_bytes(pack)))
			wf_counter_add(&counters->events_sent, 1);
		else
			wf_counter_add(&counters->events_lost, 1);
	}
}

void wf_subscribers_tell(struct wf_server *server, const struct wf_event_row *events)
{
	struct wf_pack pack;

	wf_pack_init(&pack, 0);
	for (const struct wf_event *event = events->first; event != NULL; event = event->next)
		tell_one(server, event, &pack);
	wf_pack_close(&pack);
	for (struct wf_subscriber *one = server->subscribers; one != NULL && events->lost > 0; one = one->next)
		if (is_told(one))
			wf_subscriber_lose(one, events->lost);
}
