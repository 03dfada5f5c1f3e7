/* plugin_api.h - the part of QEMU's plugin interface, version 1, that sanitizer.c uses.
 *
 * Debian's qemu-user has no package with qemu-plugin.h, so this declares the interface as QEMU's
 * manual describes it ("QEMU TCG Plugins", releases 6.0 to 8.2).  The emulator itself exports the
 * functions.  From 9.0 on it wants version 2 and refuses to load what says 1. */
#ifndef PLUGIN_API_H
#define PLUGIN_API_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUGIN_VERSION 1
#define PLUGIN_EXPORT  __attribute__((visibility("default")))

typedef uint64_t PluginId;
typedef struct PluginTb PluginTb;     /* a block of guest code about to be translated */
typedef struct PluginInsn PluginInsn; /* an instruction of it */
typedef uint32_t PluginMemory;        /* size and direction of one access */

typedef struct PluginInfo {
	const char *target_name; /* "aarch64" */
	struct {
		int min, cur;
	} version;
	bool system_emulation;
} PluginInfo; /* more fields follow */

enum { PLUGIN_NO_REGS = 0 };                         /* a callback's claim on registers */
enum { PLUGIN_READS = 1, PLUGIN_WRITES, PLUGIN_BOTH }; /* accesses a callback is for */
enum { PLUGIN_ADD_U64 = 0 };                         /* the only inline operation */

typedef void PluginTranslated(PluginId id, PluginTb *tb);
typedef void PluginExecuted(unsigned cpu, void *data);
typedef void PluginAccessed(unsigned cpu, PluginMemory m, uint64_t at, void *data);
typedef void PluginSyscall(PluginId id, unsigned cpu, int64_t number, uint64_t a1, uint64_t a2,
			   uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7,
			   uint64_t a8);
typedef void PluginSyscallDone(PluginId id, unsigned cpu, int64_t number, int64_t result);
typedef void PluginEnded(PluginId id, void *data);

/* What a plugin exports; 0 from the second means that it is ready. */
extern int qemu_plugin_version;
int qemu_plugin_install(PluginId id, const PluginInfo *info, int argc, char **argv);

/* What the emulator exports. */
void qemu_plugin_register_vcpu_tb_trans_cb(PluginId id, PluginTranslated *f);
void qemu_plugin_register_vcpu_syscall_cb(PluginId id, PluginSyscall *f);
void qemu_plugin_register_vcpu_syscall_ret_cb(PluginId id, PluginSyscallDone *f);
void qemu_plugin_register_atexit_cb(PluginId id, PluginEnded *f, void *data);

size_t qemu_plugin_tb_n_insns(const PluginTb *tb);
PluginInsn *qemu_plugin_tb_get_insn(const PluginTb *tb, size_t index);
void qemu_plugin_register_vcpu_tb_exec_inline(PluginTb *tb, int operation, void *at,
					      uint64_t operand);

uint64_t qemu_plugin_insn_vaddr(const PluginInsn *insn);
const void *qemu_plugin_insn_data(const PluginInsn *insn);
size_t qemu_plugin_insn_size(const PluginInsn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(PluginInsn *insn, PluginExecuted *f, int registers,
					    void *data);
void qemu_plugin_register_vcpu_mem_cb(PluginInsn *insn, PluginAccessed *f, int registers,
				      int accesses, void *data);
unsigned qemu_plugin_mem_size_shift(PluginMemory m);
bool qemu_plugin_mem_is_store(PluginMemory m);

void qemu_plugin_outs(const char *text); /* to the log that -d plugin opens */
#endif
