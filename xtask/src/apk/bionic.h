/* All that LLVM's unwinder includes of Android's C library, in one page: `natif.rs` makes each header that it asks for a
   mention of this one. The layouts are those of bionic on 64-bit and 32-bit processors. Nothing is printed: what the
   unwinder gives up on ends in abort(), as it would with its message. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define assert(condition) ((void)0)
#define stderr 0
#define fprintf(...) ((void)0)
#define fflush(stream) ((void)0)

#ifdef __cplusplus
extern "C" {
#endif

void abort(void) __attribute__((noreturn));
void *malloc(size_t);
void free(void *);
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
size_t strlen(const char *);
int snprintf(char *, size_t, const char *, ...);

int *__errno(void);
#define errno (*__errno())
#define EFAULT 14
#define EINVAL 22

/* Asked only on arm64, whether an address can be read; the number is that processor's. */
long syscall(long, ...);
#define SYS_rt_sigprocmask 135
#define NSIG 64
typedef uint64_t sigset_t;

/* What is loaded where. */
#ifdef __LP64__
typedef uint64_t Elf_Addr;
typedef struct {
    uint32_t p_type, p_flags;
    uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
} Elf_Phdr;
#else
typedef uint32_t Elf_Addr;
typedef struct {
    uint32_t p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_flags, p_align;
} Elf_Phdr;
#endif
typedef uint16_t Elf_Half;
#define ElfW(kind) Elf_##kind
#define PT_LOAD 1
#define PT_DYNAMIC 2
#define PT_GNU_EH_FRAME 0x6474e550
#define PT_ARM_EXIDX 0x70000001
struct dl_phdr_info {
    Elf_Addr dlpi_addr;
    const char *dlpi_name;
    const Elf_Phdr *dlpi_phdr;
    Elf_Half dlpi_phnum;
    unsigned long long dlpi_adds, dlpi_subs;
    size_t dlpi_tls_modid;
    void *dlpi_tls_data;
};
int dl_iterate_phdr(int (*)(struct dl_phdr_info *, size_t, void *), void *);

typedef struct {
    const char *dli_fname;
    void *dli_fbase;
    const char *dli_sname;
    void *dli_saddr;
} Dl_info;
int dladdr(const void *, Dl_info *);

#ifdef __LP64__
typedef struct { int32_t opaque[14]; } pthread_rwlock_t;
#else
typedef struct { int32_t opaque[10]; } pthread_rwlock_t;
#endif
#define PTHREAD_RWLOCK_INITIALIZER {{0}}
int pthread_rwlock_rdlock(pthread_rwlock_t *);
int pthread_rwlock_wrlock(pthread_rwlock_t *);
int pthread_rwlock_unlock(pthread_rwlock_t *);

#ifdef __cplusplus
}
#endif
