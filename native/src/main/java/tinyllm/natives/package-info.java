/** This lab's own kernels as JavaCPP maps them (C++ in {@code src/main/cpp/tinyllm}); {@code tinyllm.kernel} is the door to them. */
package tinyllm.natives;
