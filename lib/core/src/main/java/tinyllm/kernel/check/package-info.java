/**
 * What only Apple's compiler would see in a kernel: words and names that Metal has not, and pointers of the wrong address space
 * (chapter 4.5).
 */
@NullMarked
package tinyllm.kernel.check;

import org.jspecify.annotations.NullMarked;
