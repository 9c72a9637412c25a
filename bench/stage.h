/* What the stage bench measures: a row a stage, rounds of processor and wall time an article, and what bounds it.
 *
 *   texts -> text stages (tokenise, evidence, sketch, analyse, compress)
 *   articles -> an index that grows -> index stages (query, decide and apply, lookups of its table) */
#ifndef WF_STAGE_H
#define WF_STAGE_H

#include "base/error.h"
#include "machine.h"
#include "memory_speed.h"
#include "text_set.h"

#define WF_STAGE_ROUNDS_MAX 64u
#define WF_STAGE_SIZES_MAX  16u

struct wf_stage_row {
	const char *set; /* whose articles */
	const char *stage;
	uint64_t articles; /* in the index; 0 for a stage without one */
	size_t rounds;
	double cpu_us[WF_STAGE_ROUNDS_MAX]; /* an article, of the thread */
	double wall_us[WF_STAGE_ROUNDS_MAX];
	double limit_us;   /* the least that the machine's memory allows; 0 where nothing is told */
	const char *limit; /* what that is */
	double bytes_in;   /* an article */
	double bytes_out;  /* an article: of the stage's result, or of memory in the index */
	double candidates; /* examined for an article */
};

struct wf_stage_run {
	struct wf_machine machine;
	struct wf_memory_speed memory;
	size_t rounds;
	uint64_t sizes[WF_STAGE_SIZES_MAX]; /* of the index, ascending */
	size_t sizes_count;
	uint64_t window; /* articles of a round in the index stages */
	void (*print)(const struct wf_stage_row *row);
};

/* A moment, by the thread's processor time and by the wall. */
struct wf_stage_clock {
	double cpu_us;
	double wall_us;
};

struct wf_stage_clock wf_stage_now(void);

/* Adds what passed since `start` to `sum`. */
void wf_stage_add(struct wf_stage_clock *sum, struct wf_stage_clock start);

/* What a stage costs a text. Errors: WF_ENOMEM, and those of the stages. */
int wf_stage_texts(const struct wf_stage_run *run, const struct wf_text_set *set);

/* What an article costs an index of the sizes of the run, fed with the set's articles. Sizes that the set has not the
 * articles for are passed over. Errors: WF_ENOMEM, and those of the index. */
int wf_stage_index(const struct wf_stage_run *run, struct wf_text_set *set);

#endif
