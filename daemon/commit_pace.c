#include "commit_pace.h"

uint64_t wf_commit_pace_wait_us(const struct wf_commit_pace *pace, uint64_t now_us, uint32_t writes, uint64_t pace_us)
{
	const uint64_t since_us = now_us - pace->ended_us;
	uint32_t most = 0;

	for (uint32_t i = 0; i < WF_COMMIT_PACE_BATCHES; i++)
		most = pace->writes[i] > most ? pace->writes[i] : most;
	if (writes >= most || since_us >= pace_us)
		return 0;
	return pace_us - since_us < WF_COMMIT_PACE_GAP_US ? pace_us - since_us : WF_COMMIT_PACE_GAP_US;
}

void wf_commit_pace_note(struct wf_commit_pace *pace, uint64_t now_us, uint32_t writes)
{
	pace->ended_us = now_us;
	pace->writes[pace->next] = writes;
	pace->next = (pace->next + 1) % WF_COMMIT_PACE_BATCHES;
}
