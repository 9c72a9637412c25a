#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "event.h"

static void an_event_passes_by_the_larger_size_and_its_outlet(void **state)
{
	const struct wf_event event = {.size = 1, .size_most = 3, .outlets = 1u << 5};

	(void)state;
	assert_true(wf_event_passes(&event, 0, WF_EVENT_OUTLET_ANY));
	assert_true(wf_event_passes(&event, 3, WF_EVENT_OUTLET_ANY));
	assert_false(wf_event_passes(&event, 4, WF_EVENT_OUTLET_ANY));
	assert_true(wf_event_passes(&event, 3, 5));
	assert_false(wf_event_passes(&event, 3, 4));
	assert_false(wf_event_passes(&event, 4, 5));
}

static void outlets_share_a_place_and_give_it_back(void **state)
{
	struct wf_events events = {.subscriptions = 0};
	uint32_t place, again, any;

	(void)state;
	assert_false(wf_events_are_wanted(&events));
	assert_int_equal(wf_events_subscribe(&events, 0, &any), 0);
	assert_int_equal(any, WF_EVENT_OUTLET_ANY);
	assert_true(wf_events_are_wanted(&events));
	for (uint64_t source = 1; source <= WF_EVENT_OUTLETS_MAX; source++)
		assert_int_equal(wf_events_subscribe(&events, source, &place), 0);
	assert_int_equal(wf_events_subscribe(&events, 1000, &again), WF_EOVERLOADED);
	assert_int_equal(wf_events_subscribe(&events, WF_EVENT_OUTLETS_MAX, &again), 0);
	assert_int_equal(again, place);
	wf_events_unsubscribe(&events, place);
	assert_int_equal(wf_events_subscribe(&events, 1000, &again), WF_EOVERLOADED);
	wf_events_unsubscribe(&events, place);
	assert_int_equal(wf_events_subscribe(&events, 1000, &again), 0);
	assert_int_equal(again, place);
	for (uint32_t i = 0; i < WF_EVENT_OUTLETS_MAX; i++)
		wf_events_unsubscribe(&events, i);
	wf_events_unsubscribe(&events, any);
	assert_false(wf_events_are_wanted(&events));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_passes_by_the_larger_size_and_its_outlet),
		cmocka_unit_test(outlets_share_a_place_and_give_it_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
