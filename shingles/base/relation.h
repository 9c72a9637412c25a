/* How an article stands to the stored article that it is nearest to: the words of the contract, in one map. */
#ifndef WF_BASE_RELATION_H
#define WF_BASE_RELATION_H

/* The values are written to the store: add at the end, never renumber. */
#define WF_RELATION_MAP(X)                                                                   \
	X(UNIQUE, 0, "unique")     /* nothing like it */                                     \
	X(EXACT, 1, "exact")       /* same content once normalised */                        \
	X(NEAR, 2, "near")         /* an edited version */                                   \
	X(EXCERPT, 3, "excerpt")   /* most of it is in the match, which has clearly more */  \
	X(EXPANDED, 4, "expanded") /* most of the match is in it, and it has clearly more */ \
	X(PARTIAL, 5, "partial")   /* shares passages, but is a story of its own */

enum wf_relation {
#define X(name, value, word) WF_RELATION_##name = (value),
	WF_RELATION_MAP(X)
#undef X
};

/* The word of the contract; never NULL, static. */
static inline const char *wf_relation_word(enum wf_relation relation)
{
	switch (relation) {
#define X(name, value, word)     \
	case WF_RELATION_##name: \
		return word;
		WF_RELATION_MAP(X)
#undef X
	}
	return "unknown";
}

#endif
