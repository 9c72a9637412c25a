/* What a character folds to, by Unicode's data and our exceptions: the truth that the table of normalise.h is made
 * from. */
#ifndef WF_NORMALISE_RULE_H
#define WF_NORMALISE_RULE_H

#include "normalise.h"

struct wf_fold {
	uint32_t count;                         /* units; 0 only for an ignored character */
	uint32_t units[WF_NORMALISE_UNITS_MAX]; /* folded code points: each folds to itself */
	enum wf_class class;                    /* of the first unit; WF_CLASS_IGNORED where there is none */
	bool composes;
};

/* Folds one code point; any value is allowed. */
void wf_normalise_rule(uint32_t code_point, struct wf_fold *fold);

/* The class of a folded code point. */
enum wf_class wf_normalise_class(uint32_t code_point);

/* The letter that two folded characters make together: й, a voiced kana, a Hangul syllable; 0 where they make none. */
uint32_t wf_normalise_compose(uint32_t first, uint32_t second);

/* Writes a code point as UTF-8; returns its length, [1, 4]. */
uint32_t wf_normalise_encode(uint32_t code_point, uint8_t bytes[4]);

#endif
