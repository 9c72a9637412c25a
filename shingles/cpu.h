/* Which vector instructions this processor has, and so which version of a function to run. */
#ifndef WF_CPU_H
#define WF_CPU_H

#include <stdint.h>

enum wf_cpu_level {
	WF_CPU_SCALAR, /* portable C */
	WF_CPU_NEON,   /* AArch64: always there */
	WF_CPU_AVX2,   /* with BMI1, BMI2, LZCNT, POPCNT */
	WF_CPU_AVX512, /* F, BW, VL, DQ, VBMI, VBMI2 besides */
};

/* The best level of this processor; the same in every call, cheap enough for each. */
enum wf_cpu_level wf_cpu_level(void);

/* Whether this processor runs code of `level`. */
int wf_cpu_has(enum wf_cpu_level level);

/* "scalar", "neon", "avx2", "avx512". */
const char *wf_cpu_level_word(enum wf_cpu_level level);

#endif
