/* When articles that are too old are looked for again: seldom while there are none, in short steps while there are.
 * Where articles come faster than such steps take them out, a step is due for every so many that come, a quarter fewer
 * than it takes out; otherwise the store would grow beyond what it is to keep for as long as the load lasts. */
#ifndef WF_EXPIRE_PACE_H
#define WF_EXPIRE_PACE_H

#include <stdbool.h>

#include "base/bytes.h"

#define WF_EXPIRE_ARTICLES_MAX 256u  /* taken out in one step */
#define WF_EXPIRE_ARTICLES_DUE 192u  /* that came: a step is due, while there is more to take out */
#define WF_EXPIRE_PAUSE_MS     20u   /* between two steps while there is more, and few come */
#define WF_EXPIRE_INTERVAL_MS  1000u /* between two looks while there is not */

struct wf_expire_pace {
	uint64_t next_ms; /* on the caller's clock */
	uint64_t number;  /* the steps since have made up for the articles below it */
	bool has_more;    /* the last step has taken out all that one may */
};

/* number_next: of the next article. */
bool wf_expire_is_due(const struct wf_expire_pace *pace, uint64_t now_ms, uint64_t number_next);

/* A step has taken out so many. */
void wf_expire_note(struct wf_expire_pace *pace, uint64_t now_ms, uint64_t number_next, uint32_t taken_out);

/* How long no step is due, unless articles come. */
uint64_t wf_expire_wait_ms(const struct wf_expire_pace *pace, uint64_t now_ms);

#endif
