// asm_asmjit.cc - the stream of asm.c through asmjit's Assembler, for comparison.
#include <asmjit/x86.h>

using namespace asmjit;
using namespace asmjit::x86;

static void
emit_round(Assembler &a, const Label &top)
{
	Label out = a.newLabel();

	a.mov(rax, rdi);
	a.mov(ecx, 1234567);
	a.add(rax, rsi);
	a.add(r9, 8);
	a.lea(rdx, ptr(rdi, rcx, 3, 16));
	a.mov(r10, ptr(rsp, 24));
	a.mov(ptr(rsp, 32), r10);
	a.cmp(eax, 1000);
	a.jge(out);
	a.imul(r8, rdx);
	a.shl(r8, 3);
	a.xor_(r11d, r11d);
	a.movsd(xmm0, ptr(rdi, 8));
	a.mulsd(xmm0, xmm1);
	a.addsd(xmm9, xmm0);
	a.movsd(ptr(rdi, rax, 3, 0), xmm9);
	a.test(r8, r8);
	a.cmove(rax, rbx);
	a.bind(out);
	a.sub(rsi, 1);
	a.jne(out);
	a.call(top);
	a.movzx(eax, al);
	a.push(r12);
	a.pop(r12);
}

extern "C" void
bench_asmjit(int rounds, unsigned long *instructions, unsigned long *bytes)
{
	static CodeHolder code;
	static Assembler a;

	code.reset(); // keeps its memory, as trivet_asm_reset() does
	code.init(Environment::host());
	code.attach(&a);
	Label top = a.newLabel();
	a.bind(top);
	for (int k = 0; k < rounds; k++)
		emit_round(a, top);
	*instructions = 24ul * (unsigned long)rounds;
	*bytes = (unsigned long)a.offset();
}
