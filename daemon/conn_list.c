#include "conn_list.h"

void wf_conn_list_append(struct wf_conn_list *list, struct wf_conn_place *place, struct wf_conn *conn)
{
	if (place->is_in)
		return;
	*place = (struct wf_conn_place){.conn = conn, .previous = list->last, .is_in = true};
	if (list->last == NULL)
		list->first = place;
	else
		list->last->next = place;
	list->last = place;
	list->count++;
}

void wf_conn_list_remove(struct wf_conn_list *list, struct wf_conn_place *place)
{
	if (!place->is_in)
		return;
	if (place->previous == NULL)
		list->first = place->next;
	else
		place->previous->next = place->next;
	if (place->next == NULL)
		list->last = place->previous;
	else
		place->next->previous = place->previous;
	list->count--;
	*place = (struct wf_conn_place){.is_in = false};
}
