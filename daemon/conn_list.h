/* Lists of connections. A connection has a place of its own for every list that it may be in, so that it leaves one
 * without a walk and without memory. All of the loop thread. */
#ifndef WF_CONN_LIST_H
#define WF_CONN_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct wf_conn;

/* Zeros: in no list. Must stay where it is while it is in one. */
struct wf_conn_place {
	struct wf_conn *conn;
	struct wf_conn_place *next;
	struct wf_conn_place *previous;
	bool is_in;
};

/* Zeros: empty. The connection that came first is the first. */
struct wf_conn_list {
	struct wf_conn_place *first;
	struct wf_conn_place *last;
	size_t count;
};

/* Puts a connection behind all others; nothing is done where its place is in already. */
void wf_conn_list_append(struct wf_conn_list *list, struct wf_conn_place *place, struct wf_conn *conn);

/* Takes it out of the list; nothing is done where its place is not in. */
void wf_conn_list_remove(struct wf_conn_list *list, struct wf_conn_place *place);

/* NULL: there is none. */
static inline struct wf_conn *wf_conn_list_first(const struct wf_conn_list *list)
{
	return list->first == NULL ? NULL : list->first->conn;
}

static inline struct wf_conn *wf_conn_list_after(const struct wf_conn_place *place)
{
	return place->next == NULL ? NULL : place->next->conn;
}

#endif
