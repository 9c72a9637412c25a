#include "cpu.h"

enum wf_cpu_level wf_cpu_level(void)
{
#if defined(__x86_64__)
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2") ||
	    !__builtin_cpu_supports("popcnt"))
		return WF_CPU_SCALAR;
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
	    __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2"))
		return WF_CPU_AVX512;
	return WF_CPU_AVX2;
#elif defined(__aarch64__)
	return WF_CPU_NEON;
#else
	return WF_CPU_SCALAR;
#endif
}

int wf_cpu_has(enum wf_cpu_level level)
{
	const enum wf_cpu_level best = wf_cpu_level();

	return level == WF_CPU_SCALAR || level == best || (best == WF_CPU_AVX512 && level == WF_CPU_AVX2);
}

const char *wf_cpu_level_word(enum wf_cpu_level level)
{
	switch (level) {
	case WF_CPU_NEON:
		return "neon";
	case WF_CPU_AVX2:
		return "avx2";
	case WF_CPU_AVX512:
		return "avx512";
	case WF_CPU_SCALAR:
		break;
	}
	return "scalar";
}
