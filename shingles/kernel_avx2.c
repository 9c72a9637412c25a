#if defined(__x86_64__)
#define KERNELS wf_kernels_avx2
#include "kernel_body.h"
#else
typedef int wf_kernel_avx2_is_empty;
#endif
