#define KERNELS wf_kernels_portable
#include "kernel_body.h"

const struct wf_kernels *wf_kernels_at(enum wf_cpu_level level)
{
	switch (level) {
#if defined(__x86_64__)
	case WF_CPU_AVX512:
		return &wf_kernels_avx512;
	case WF_CPU_AVX2:
		return &wf_kernels_avx2;
#endif
	default:
		return &wf_kernels_portable;
	}
}

const struct wf_kernels *wf_kernels_best = &wf_kernels_portable;

/* Before main(): what a processor has is asked once, not at each of the many calls that a decision makes. */
__attribute__((constructor)) static void choose_best(void)
{
	wf_kernels_best = wf_kernels_at(wf_cpu_level());
}
