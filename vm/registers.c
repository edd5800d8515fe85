// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processes on one CPU keep different values in all vector registers, and neither
 * sees the other's: what vm/um-6.12 changes in the VM's kernel must not lose them.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "kselftest_harness.h"

#define ROUNDS	2000UL
#define PAGE	4096UL

struct vectors {
	uint8_t reg[32][64];
	uint64_t mask[8];
};

#define STR(n)		#n
#define TIMES8(m)	m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7)
#define TIMES16(m)	TIMES8(m) m(8) m(9) m(10) m(11) m(12) m(13) m(14) m(15)
#define TIMES32(m)	TIMES16(m) m(16) m(17) m(18) m(19) m(20) m(21) m(22) m(23) \
			m(24) m(25) m(26) m(27) m(28) m(29) m(30) m(31)

#define LOAD_YMM(n)	"vmovdqu " STR(n) "*64(%[from]), %%ymm" STR(n) "\n"
#define STORE_YMM(n)	"vmovdqu %%ymm" STR(n) ", " STR(n) "*64(%[to])\n"
#define LOAD_ZMM(n)	"vmovdqu64 " STR(n) "*64(%[from]), %%zmm" STR(n) "\n"
#define STORE_ZMM(n)	"vmovdqu64 %%zmm" STR(n) ", " STR(n) "*64(%[to])\n"
#define LOAD_MASK(n)	"kmovq 2048+" STR(n) "*8(%[from]), %%k" STR(n) "\n"
#define STORE_MASK(n)	"kmovq %%k" STR(n) ", 2048+" STR(n) "*8(%[to])\n"

/* Nothing but the kernel touches a vector register between LOAD and STORE. */
#define KEEP(LOAD, STORE)						\
	asm volatile(LOAD						\
		     "1: movb $1, (%[page])\n"				\
		     "add %[page_size], %[page]\n"			\
		     "mov %[yield], %%eax\n"				\
		     "syscall\n"					\
		     "dec %[rounds]\n"					\
		     "jnz 1b\n"						\
		     STORE						\
		     "vzeroupper\n"					\
		     : [page] "+r" (page), [rounds] "+r" (rounds)	\
		     : [from] "r" (from), [to] "r" (to),		\
		       [page_size] "i" (PAGE), [yield] "i" (SYS_sched_yield) \
		     : "memory", "cc", "rax", "rcx", "r11",		\
		       "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", \
		       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")

/* Load the registers from @from, yield and fault in a page @rounds times, store them to @to. */
typedef void keeper(const struct vectors *from, struct vectors *to, char *page,
		    unsigned long rounds);

static void keep_ymm(const struct vectors *from, struct vectors *to, char *page,
		     unsigned long rounds)
{
	KEEP(TIMES16(LOAD_YMM), TIMES16(STORE_YMM));
}

static void keep_zmm(const struct vectors *from, struct vectors *to, char *page,
		     unsigned long rounds)
{
	KEEP(TIMES32(LOAD_ZMM) TIMES8(LOAD_MASK), TIMES32(STORE_ZMM) TIMES8(STORE_MASK));
}

/* Each byte of what a register holds depends on who keeps it. */
static void fill(struct vectors *v, unsigned int regs, unsigned int bytes, unsigned int who)
{
	unsigned int i, j;

	memset(v, 0, sizeof(*v));
	for (i = 0; i < regs; i++)
		for (j = 0; j < bytes; j++)
			v->reg[i][j] = i * bytes + j + who * 101 + 1;
	for (i = 0; i < 8 && bytes == 64; i++)
		v->mask[i] = 0x0123456789abcdefUL * (2 * i + 1) + who;
}

static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* Return: 0 if all came back, 1 if not, 2 if this process was not switched away from. */
static int keep(keeper *keeper, unsigned int regs, unsigned int bytes, unsigned int who,
		volatile int *arrived)
{
	struct vectors mine, back = {};
	long before;
	char *pages;

	pages = mmap(NULL, ROUNDS * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		return 3;
	fill(&mine, regs, bytes, who);
	__sync_fetch_and_add(arrived, 1);
	while (*arrived < 2)
		sched_yield();
	before = switches();
	keeper(&mine, &back, pages, ROUNDS);
	if (switches() - before < (long)ROUNDS / 10)
		return 2;
	return memcmp(&mine, &back, sizeof(mine)) ? 1 : 0;
}

static void two_processes(struct __test_metadata *_metadata, keeper *keeper,
			  unsigned int regs, unsigned int bytes)
{
	cpu_set_t one;
	int *arrived, status;
	pid_t child;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
	arrived = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)arrived);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(keep(keeper, regs, bytes, 1, arrived));
	EXPECT_EQ(0, keep(keeper, regs, bytes, 2, arrived));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

TEST(avx)
{
	if (!__builtin_cpu_supports("avx"))
		SKIP(return, "this CPU has no AVX");
	two_processes(_metadata, keep_ymm, 16, 32);
}

TEST(avx512)
{
	if (!__builtin_cpu_supports("avx512bw"))
		SKIP(return, "this CPU has no AVX-512 (BW)");
	two_processes(_metadata, keep_zmm, 32, 64);
}

TEST_HARNESS_MAIN
